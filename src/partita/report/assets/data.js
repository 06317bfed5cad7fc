// The data, read once, and the tree that is drawn. Callers: every other script of the page.
"use strict";
const NUMBERS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i1: Int8Array, i2: Int16Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };
async function inflate(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}
async function readData() {
  const node = document.getElementById("partita-data");
  const data = JSON.parse(node.textContent);
  node.remove();
  const buffer = await inflate(data.packed.block);
  let at = 0;
  for (const [path, kind, length] of data.packed.columns) {
    const piece = buffer.slice(at, at + length);
    at += length;
    const place = path.slice(0, -1).reduce((inner, key) => inner[key], data);
    place[path[path.length - 1]] = kind === "text" ? textLines(piece) : new NUMBERS[kind](piece);
  }
  delete data.packed;
  return data;
}
function textLines(piece) {
  const text = new TextDecoder().decode(piece);
  return text === "" ? [] : text === "\n" ? [""] : text.split("\n");
}
const DATA = await readData();
const PARTS = DATA.parts;
const COUNT = PARTS.size.length;
const TOTAL = COUNT ? PARTS.size[0] : 0;
const LEVELS = Array.from({ length: DATA.n_levels }, (_, i) => DATA.levels[i]);

// The tree that is drawn: the parts of the named levels alone, or every part. Parts that are not drawn are members of the nearest that is.
const OUTLINE = (() => {
  if (LEVELS.length <= 1) return null;
  const named = new Set([0]);
  for (const level of LEVELS) for (const part of level) named.add(part);
  return named.size < COUNT ? named : null;
})();
let EVERY_PART = !OUTLINE;
let CHILDREN, DEPTH, BELOW, UP, KEPT, OWN, HIDDEN, HIDDEN_SIZE, HIDDEN_CHILDREN;
const NO_CHILDREN = [];
function growTree(everyPart) {
  EVERY_PART = everyPart;
  CHILDREN = new Array(COUNT).fill(NO_CHILDREN);
  DEPTH = new Int32Array(COUNT);
  BELOW = new Int32Array(COUNT);
  UP = new Int32Array(COUNT).fill(-1);
  KEPT = new Int32Array(COUNT);
  for (let part = 1; part < COUNT; part++) {
    const above = KEPT[PARTS.parent[part]];
    KEPT[part] = everyPart || OUTLINE.has(part) ? part : above;
    if (KEPT[part] !== part) continue;
    UP[part] = above;
    DEPTH[part] = DEPTH[above] + 1;
    if (CHILDREN[above] === NO_CHILDREN) CHILDREN[above] = [];
    CHILDREN[above].push(part);
  }
  for (let part = COUNT - 1; part > 0; part--) if (KEPT[part] === part) BELOW[UP[part]] = Math.max(BELOW[UP[part]], BELOW[part] + 1);
  for (const list of CHILDREN) if (list.length > 1) list.sort((a, b) => PARTS.size[b] - PARTS.size[a] || a - b);
  const none = new Int32Array(COUNT);
  OWN = everyPart ? PARTS.own : CHILDREN.map((list, part) => list.reduce((left, child) => left - PARTS.size[child], PARTS.size[part]));
  HIDDEN = everyPart ? PARTS.hidden : none;
  HIDDEN_SIZE = everyPart ? PARTS.hidden_size : none;
  HIDDEN_CHILDREN = everyPart ? PARTS.hidden_children : none;
}
growTree(EVERY_PART);
const ROW_OF_PART = new Map();
for (let part = 0; part < COUNT; part++) ROW_OF_PART.set(PARTS.id[part], part);

// The first part behind a part and all that lies in it.
const END = Uint32Array.from({ length: COUNT }, (_, part) => part + 1);
for (let part = COUNT - 1; part > 0; part--) END[PARTS.parent[part]] = Math.max(END[PARTS.parent[part]], END[part]);

const whole = new Intl.NumberFormat("en");
const decimal = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumSignificantDigits: 2 });

// Texts that run from right to left keep to themselves when they are joined with others.
function alone(text) {
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(text) ? `\u2068${text}\u2069` : text;
}
function partName(part) {
  if (part === 0) return "All items";
  return (PARTS.name && PARTS.name[part]) || `Part ${PARTS.id[part]}`;
}
function termsOf(part) {
  const terms = PARTS.terms;
  if (!terms) return [];
  return Array.from(terms.of.subarray(terms.start[part], terms.start[part + 1]), (word) => terms.word[word]);
}
function samplesOf(part) {
  return PARTS.samples.of.subarray(PARTS.samples.start[part], PARTS.samples.start[part + 1]);
}
// The columns in which a part stands apart, as [name, deviations].
function farOf(part) {
  const far = DATA.columns;
  if (!far) return [];
  return Array.from(far.column.subarray(far.start[part], far.start[part + 1]), (column, i) => [far.name[column], far.away[far.start[part] + i] / 100]);
}
function sampleLabel(sample) {
  return DATA.samples.label ? DATA.samples.label[sample] : String(DATA.samples.item[sample]);
}
function sampleText(sample) {
  return DATA.samples.text ? DATA.samples.text[sample] : null;
}
function countText(number, one, many) {
  return `${whole.format(number)} ${number === 1 ? one : many}`;
}
function shareText(size, of) {
  return of > 0 ? percent.format(size / of) : "–";
}
function numberText(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return Number.isFinite(value) ? decimal.format(value) : value > 0 ? "∞" : "−∞";
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
// The first place in ascending values that is not below `value`.
function lowerBound(values, value) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}
function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
function button(text, className, run) {
  const node = element("button", className, text);
  node.type = "button";
  node.addEventListener("click", run);
  return node;
}
function say(text) {
  document.getElementById("say").textContent = text;
}
