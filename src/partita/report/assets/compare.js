// Two hierarchies of the same items, one over the other; what is chosen in one is shaded in the other. Callers: looks.js.
const CAPTION = 26;
let otherKids = null;
function otherTree() {
  if (otherKids) return otherKids;
  const { size, parent } = OTHER.parts;
  const children = Array.from(size, () => []);
  const below = new Uint16Array(size.length);
  for (let part = 1; part < size.length; part++) children[parent[part]].push(part);
  for (let part = size.length - 1; part > 0; part--) below[parent[part]] = Math.max(below[parent[part]], below[part] + 1);
  for (const list of children) list.sort((a, b) => size[b] - size[a] || a - b);
  const inside = (part, from) => {
    const entries = children[part].slice(from, from + MOST_TILES).filter((kid) => size[kid] > 0).map((kid) => ({ kind: "other", part: kid, size: size[kid] }));
    const left = size[part] - children[part].reduce((sum, kid) => sum + size[kid], 0);
    if (left > 0 && entries.length) entries.push({ kind: "rest", part, size: left });
    return { entries: entries.sort((a, b) => b.size - a.size), rest: { size: 0, count: 0 } };
  };
  otherKids = { kind: "other", size: (part) => size[part], below: (part) => below[part], stops: () => false, contents: inside };
  return otherKids;
}
function compareView(view, width, height, layer) {
  const half = height / 2;
  const words = [["This hierarchy", 0], [OTHER.title, half]];
  for (const [text, top] of words) {
    const caption = element("p", "caption", text);
    caption.style.top = `${top}px`;
    layer.append(caption);
  }
  const here = icicleTiles(view, { x: 0, y: CAPTION, w: width, h: half - CAPTION - 4 }, THIS_TREE);
  const there = icicleTiles({ part: 0, from: 0 }, { x: 0, y: half + CAPTION, w: width, h: half - CAPTION }, otherTree());
  for (const tile of there) if (tile.kind === "more") tile.kind = "rest";
  state.shades = shades();
  return [...here, ...there];
}
function makeCompared(tile) {
  if (tile.kind !== "other" && tile.kind !== "rest") {
    const node = makeTile(tile);
    if (state.other >= 0 && tile.kind === "part") shadeTile(tile);
    return node;
  }
  const node = element("div", "tile leaf");
  node.style.cssText = `left:${tile.x}px;top:${tile.y}px;width:${Math.max(1, tile.w - GAP)}px;height:${Math.max(1, tile.h - GAP)}px`;
  node.tile = tile;
  tile.node = node;
  node.dataset.kind = tile.kind;
  node.classList.toggle("own", tile.kind === "rest");
  shadeTile(tile);
  node.setAttribute("role", tile.kind === "other" ? "treeitem" : "presentation");
  if (tile.kind !== "other") return node;
  node.setAttribute("aria-level", String(tile.depth));
  node.setAttribute("aria-label", `${alone(OTHER.title)}: ${alone(otherName(tile.part))}, ${countText(tile.size, "item", "items")}`);
  node.title = node.getAttribute("aria-label");
  node.tabIndex = -1;
  node.dataset.part = String(OTHER.parts.id[tile.part]);
  if (tile.w > 46) {
    const label = element("div", "label row");
    label.append(element("span", "name", otherName(tile.part)));
    node.append(label);
  }
  return node;
}
function shareColour(share) {
  return mix(rgb(isDark() ? "#5aa9f5" : "#2b78c8"), rgb(isDark() ? "#2a313a" : "#e4e8ed"), Math.max(0, Math.min(1, share)));
}
// What is shared with the chosen part; of everything, what is shared with each branch that has a colour.
let branchShades = null;
function shades() {
  if (state.other >= 0) return sharedWith(-1, state.other);
  if (state.selected > 0) return sharedWith(state.selected, -1);
  if (branchShades && branchShades.of === BRANCH_OF) return branchShades;
  const heads = [];
  for (let part = 1; part < COUNT; part++) if (BRANCH_OF[part] >= 0 && BRANCH_OF[PARTS.parent[part]] < 0) heads.push(part);
  const each = heads.map((part) => sharedWith(part, -1));
  branchShades = { ...sharedWith(0, -1), of: BRANCH_OF, heads, each };
  return branchShades;
}
// The colour of the branch to which most items of a part belong, the purer the stronger.
function branchColour(part, count) {
  const { heads, each } = state.shades;
  const shared = each.map((found) => found.shared[part]);
  const most = shared.indexOf(Math.max(...shared));
  if (most < 0) return shareColour(0);
  return mix(rgb(BRANCHES[BRANCH_OF[heads[most]]]), shareColour(0), (isDark() ? 0.6 : 1) * (shared[most] / count));
}
function comparedColour(tile) {
  const far = tile.kind === "part" ? state.other >= 0 : state.other < 0;
  if (!far || tile.kind === "rest") return shareColour(0);
  const { shared, first, last, heads } = state.shades;
  const count = Math.max(1, last[tile.part] - first[tile.part]);
  return heads ? branchColour(tile.part, count) : shareColour(shared[tile.part] / count);
}
function shadeTile(tile) {
  const colour = comparedColour(tile);
  const ink = inkOn(colour);
  tile.node.style.setProperty("--fill", css(colour));
  tile.node.style.setProperty("--on", ink);
  tile.node.style.setProperty("--hatch", ink === "#ffffff" ? "rgb(255 255 255 / 20%)" : "rgb(17 21 26 / 22%)");
}
function shadeCompared() {
  state.shades = shades();
  repaintPlain();
  for (const tile of state.tiles) {
    if (!tile.node) continue;
    if (tile.kind === "part" && state.other < 0) paintTile(tile.node, tile);
    else if (tile.kind === "part" || tile.kind === "other") shadeTile(tile);
  }
}
function selectOther(part, quiet = false) {
  state.other = part;
  if (state.look !== "compare") { chooseLook("compare"); state.other = part; }
  shadeCompared();
  if (!quiet) markSelected(map.contains(document.activeElement));
  panel.replaceChildren();
  panel.append(element("p", "kind", OTHER.title), element("h2", "", otherName(part)));
  const list = element("dl");
  addRow(list, "Items", whole.format(OTHER.parts.size[part]));
  addRow(list, "Share of all", shareText(OTHER.parts.size[part], TOTAL), OTHER.parts.size[part] / TOTAL);
  addRow(list, "Height", numberText(OTHER.parts.height[part]));
  panel.append(list);
  listMatches("Most alike in this hierarchy", bestMatches(sharedWith(-1, part), 5), partName, (match) => select(match));
}
function compareLegend() {
  const words = ["Choose a part: the darker a part of the other hierarchy, the more of its items lie in the chosen one"];
  if (isDark()) words[0] = words[0].replace("darker", "brighter");
  if (OTHER.items.step > 1) words.push(`Shares are of ${whole.format(OTHER.items.here.length)} items, evenly spread`);
  if (OTHER.agreement.length) words.push(agreementTable());
  return words;
}
function agreementTable() {
  const node = element("table", "agreement");
  const titles = ["This hierarchy", OTHER.title, "Adjusted Rand", "Adjusted information"];
  const head = element("tr");
  for (const title of titles) {
    const cell = element("th", "", title);
    cell.scope = "col";
    head.append(cell);
  }
  const top = element("thead");
  top.append(head);
  const body = element("tbody");
  for (const [mine, theirs, ari, ami] of OTHER.agreement) {
    const row = element("tr");
    for (const text of [mine, theirs, ari.toFixed(3), ami.toFixed(3)]) row.append(element("td", "", text));
    body.append(row);
  }
  node.append(top, body);
  return node;
}
