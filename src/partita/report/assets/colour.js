// Colours that people with any colour vision can tell apart (Paul Tol's "light" scheme; cividis for scales). Callers: tiles.js, points.js, compare.js, lists.js.
const BRANCHES = ["#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#44bb99", "#99ddff", "#bbcc33", "#c9b8e8", "#aaaa00"];
const NEUTRAL = "#c8ccd2";
const SCALE = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"];

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}
function mix(a, b, share) {
  return a.map((value, i) => Math.round(value * share + b[i] * (1 - share)));
}
function luminance(colour) {
  const [r, g, b] = colour.map((value) => {
    const v = value / 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function inkOn(colour) {
  const light = luminance(colour);
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? "#000000" : "#ffffff";
}
function css(colour) {
  return `rgb(${colour.join(" ")})`;
}
function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

// The parts that carry a colour of their own: the greatest heights are split first, as in a cut, while colours last.
function findBranches() {
  const finite = (value) => (Number.isNaN(value) ? -Infinity : value);
  let front = COUNT ? [0] : [];
  for (;;) {
    const open = front.filter((part) => CHILDREN[part].length
      && (front.length + CHILDREN[part].length - 1 <= BRANCHES.length || front.length === 1));
    if (!open.length || front.length >= BRANCHES.length) break;
    const key = (part) => finite(PARTS.height[part]);
    const chosen = open.reduce((a, b) => (key(b) > key(a) || (key(b) === key(a) && PARTS.size[b] > PARTS.size[a]) ? b : a));
    front = front.flatMap((part) => (part === chosen ? CHILDREN[part] : [part]));
  }
  const branch = new Int32Array(COUNT).fill(-1);
  if (front.length > 1) front.forEach((part, i) => { branch[part] = i % BRANCHES.length; });
  for (let part = 1; part < COUNT; part++) if (branch[part] < 0) branch[part] = branch[PARTS.parent[part]];
  return branch;
}
let BRANCH_OF = findBranches();

const HEIGHT_RANGE = (() => {
  let low = Infinity, high = -Infinity;
  for (const value of PARTS.height) if (Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  return low <= high ? [low, high] : [0, 0];
})();

function scaleColour(share) {
  const at = Math.max(0, Math.min(1, share)) * (SCALE.length - 1);
  const low = Math.min(SCALE.length - 2, Math.floor(at));
  return mix(rgb(SCALE[low + 1]), rgb(SCALE[low]), at - low);
}
function measure(part, mode) {
  if (mode === "quality") return Number.isNaN(PARTS.quality[part]) ? null : PARTS.quality[part];
  const height = PARTS.height[part];
  if (!Number.isFinite(height)) return height === Infinity ? 1 : null;
  return HEIGHT_RANGE[1] > HEIGHT_RANGE[0] ? (height - HEIGHT_RANGE[0]) / (HEIGHT_RANGE[1] - HEIGHT_RANGE[0]) : 1;
}
function fillOf(part, mode, group) {
  const dark = isDark();
  const page = rgb(dark ? "#14171c" : "#ffffff");
  if (mode !== "branch") {
    const share = measure(part, mode);
    return share === null ? mix(rgb(NEUTRAL), page, dark ? 0.3 : 0.6) : scaleColour(share);
  }
  const base = rgb(BRANCH_OF[part] < 0 ? NEUTRAL : BRANCHES[BRANCH_OF[part]]);
  const sibling = (part % 3) * 0.07;
  if (group) return mix(base, page, dark ? 0.22 : 0.42);
  return mix(base, page, (dark ? 0.42 : 1) - sibling * (dark ? 0.8 : 1.6));
}
