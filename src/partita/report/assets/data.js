// The data, read once. Callers: every other script of the page.
"use strict";
const DATA = JSON.parse(document.getElementById("partita-data").textContent);
const PARTS = DATA.parts;
const COUNT = PARTS.size.length;
const TOTAL = COUNT ? PARTS.size[0] : 0;
const CHILDREN = Array.from({ length: COUNT }, () => []);
const DEPTH = new Int32Array(COUNT);
for (let part = 1; part < COUNT; part++) {
  CHILDREN[PARTS.parent[part]].push(part);
  DEPTH[part] = DEPTH[PARTS.parent[part]] + 1;
}
for (const list of CHILDREN) list.sort((a, b) => PARTS.size[b] - PARTS.size[a] || a - b);
const ROW_OF_PART = new Map(PARTS.id.map((id, row) => [id, row]));

const whole = new Intl.NumberFormat("en");
const decimal = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumSignificantDigits: 2 });

function partName(part) {
  if (part === 0) return "All items";
  return (PARTS.name && PARTS.name[part]) || `Part ${PARTS.id[part]}`;
}
function countText(number, one, many) {
  return `${whole.format(number)} ${number === 1 ? one : many}`;
}
function shareText(size, of) {
  return of > 0 ? percent.format(size / of) : "–";
}
function numberText(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? decimal.format(value) : String(value).replace("inf", "∞");
}
function awayText(away) {
  return `${away < 0 ? "−" : "+"}${Math.abs(away).toFixed(1)}`;
}
function pathTo(part) {
  const path = [];
  for (let at = part; at >= 0; at = PARTS.parent[at]) path.push(at);
  return path.reverse();
}
function isInside(part, ancestor) {
  while (part > ancestor) part = PARTS.parent[part];
  return part === ancestor;
}
function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
function say(text) {
  document.getElementById("say").textContent = text;
}
