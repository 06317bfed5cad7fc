// The data, read once. Callers: every other script of the page.
"use strict";
const DATA = JSON.parse(document.getElementById("partita-data").textContent);
const PARTS = DATA.parts;
const COUNT = PARTS.size.length;
const TOTAL = COUNT ? PARTS.size[0] : 0;

// The tree that is drawn: the parts of the named levels alone, or every part. Parts that are not drawn are members of the nearest that is.
const OUTLINE = (() => {
  const named = new Set([0, ...DATA.levels.flat()]);
  return DATA.levels.length > 1 && named.size < COUNT ? named : null;
})();
let EVERY_PART = !OUTLINE;
let CHILDREN, DEPTH, UP, KEPT, OWN, HIDDEN, HIDDEN_SIZE, HIDDEN_CHILDREN;
function growTree(everyPart) {
  EVERY_PART = everyPart;
  CHILDREN = Array.from({ length: COUNT }, () => []);
  DEPTH = new Int32Array(COUNT);
  UP = new Int32Array(COUNT).fill(-1);
  KEPT = new Int32Array(COUNT);
  for (let part = 1; part < COUNT; part++) {
    const above = KEPT[PARTS.parent[part]];
    KEPT[part] = everyPart || OUTLINE.has(part) ? part : above;
    if (KEPT[part] !== part) continue;
    UP[part] = above;
    DEPTH[part] = DEPTH[above] + 1;
    CHILDREN[above].push(part);
  }
  for (const list of CHILDREN) list.sort((a, b) => PARTS.size[b] - PARTS.size[a] || a - b);
  const none = new Int32Array(COUNT);
  OWN = everyPart ? PARTS.own : CHILDREN.map((list, part) => list.reduce((left, child) => left - PARTS.size[child], PARTS.size[part]));
  HIDDEN = everyPart ? PARTS.hidden : none;
  HIDDEN_SIZE = everyPart ? PARTS.hidden_size : none;
  HIDDEN_CHILDREN = everyPart ? PARTS.hidden_children : none;
}
growTree(EVERY_PART);
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
  for (let at = KEPT[part]; at >= 0; at = UP[at]) path.push(at);
  return path.reverse();
}
function isInside(part, ancestor) {
  while (part > ancestor) part = UP[part];
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
