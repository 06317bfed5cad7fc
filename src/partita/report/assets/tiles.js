// Tiles: one focusable box for what is drawn, with its colour, label and body. Callers: map.js, compare.js.
function tileKey(tile) {
  return `${tile.kind}:${tile.part}`;
}
function tileTitle(tile) {
  if (tile.kind === "own") return DATA.own_items_are === "singletons" ? "single items" : "own items, in no sub-part";
  if (tile.kind === "hidden") return `${countText(HIDDEN[tile.part], "smaller part", "smaller parts")}, not in this page`;
  if (tile.kind === "more") return countText(tile.count, "smaller part", "smaller parts");
  return partName(tile.part);
}
function canOpen(tile) {
  return tile.kind === "more" || (tile.kind === "part" && CHILDREN[tile.part].length > 0);
}
function tileColour(tile) {
  return fillOf(tile.part, tile.kind === "part" || tile.kind === "more" ? state.mode : "branch", !tile.leaf || tile.kind !== "part");
}
function paintTile(node, tile) {
  const colour = tileColour(tile);
  const ink = inkOn(colour);
  node.style.setProperty("--fill", css(colour));
  node.style.setProperty("--on", ink);
  node.style.setProperty("--edge", ink === "#ffffff" ? "rgb(255 255 255 / 26%)" : "rgb(17 21 26 / 22%)");
  node.style.setProperty("--hatch", ink === "#ffffff" ? "rgb(255 255 255 / 20%)" : "rgb(17 21 26 / 22%)");
  return ink;
}
function markHits(node, tile) {
  if (state.lit) node.classList.toggle("hit", state.lit.has(tile.part));
}
function makeTile(tile) {
  const node = element("div", "tile");
  const w = Math.max(1, tile.w - GAP), h = Math.max(1, tile.h - GAP);
  node.style.cssText = `left:${tile.x}px;top:${tile.y}px;width:${w}px;height:${h}px`;
  node.classList.toggle("leaf", tile.leaf);
  node.classList.toggle("group", !tile.leaf);
  node.classList.toggle("own", tile.kind === "own" || tile.kind === "hidden");
  node.classList.toggle("more", tile.kind === "more");
  node.classList.toggle("plain", tile.kind === "own" || tile.kind === "hidden");
  node.classList.toggle("small", tile.leaf && w < 112);
  node.classList.toggle("big", w >= 150 && h >= 90);
  node.classList.toggle("huge", w >= 300 && h >= 190);
  const ink = paintTile(node, tile);
  describe(node, tile);
  labelTile(node, tile, w, h, ink);
  return node;
}
// What a reader of the screen hears of a tile, and what the keyboard needs.
function describe(node, tile) {
  const what = `${alone(tileTitle(tile))}, ${countText(tile.size, "item", "items")}, ${shareText(tile.size, TOTAL)}`;
  node.setAttribute("role", "treeitem");
  node.setAttribute("aria-level", String(tile.depth));
  node.setAttribute("aria-label", what);
  if (!tile.leaf || tile.open) node.setAttribute("aria-expanded", "true");
  node.title = what;
  node.tabIndex = -1;
  node.dataset.part = String(PARTS.id[tile.part]);
  node.dataset.kind = tile.kind;
  markHits(node, tile);
  node.tile = tile;
  tile.node = node;
}
function shortTitle(tile, w) {
  if (tile.kind === "own") return DATA.own_items_are === "singletons" ? "single items" : "own items";
  if (tile.kind === "part" && w < 104 && !(PARTS.name && PARTS.name[tile.part])) return `#${PARTS.id[tile.part]}`;
  return tileTitle(tile);
}
function labelTile(node, tile, w, h, ink) {
  const group = !tile.leaf;
  if (group ? tile.header < HEADER : w < 46 || h < 24) {
    if (!group && tile.kind === "part" && PICTURES) fillBody(node, tile, w, h, 2, ink);
    return;
  }
  const label = element("div", "label");
  const name = element("span", "name", shortTitle(tile, w));
  label.append(name);
  const beside = group || (h < 76 && w > 96);
  const lines = PICTURES || beside ? 1 : Math.max(1, Math.min(3, Math.floor((h - 26) / 20)));
  if (!group) name.style.webkitLineClamp = String(lines);
  label.classList.toggle("row", beside && !group);
  const needed = 62 + 7 * Math.min(14, name.textContent.length);
  if (beside ? w > needed : h >= 44) {
    const share = w > needed + 50 || (!beside && w > 100) ? ` · ${shareText(tile.size, TOTAL)}` : "";
    label.append(element(group ? "span" : "div", "count", whole.format(tile.size) + share));
  }
  node.append(label);
  if (!group && tile.kind === "part") fillBody(node, tile, w, h, beside ? 25 : null, ink, label);
}
function fillBody(node, tile, w, h, top, ink, label) {
  if (tile.bare) return;
  const samples = samplesOf(tile.part);
  if (PICTURES && samples.length && w >= 17 && h >= 17) {
    const large = node.classList.contains("huge") ? 58 : node.classList.contains("big") ? 49 : 44;
    const begin = top === null ? (h < 44 ? 24 : large) : top;
    const pad = w < 60 ? 2 : 7;
    const box = { x: pad, y: begin, w: w - 2 * pad, h: h - begin - Math.min(pad, 5) };
    if (box.w >= 14 && box.h >= 14) node.append(drawMosaic(box, samples, ink));
    return;
  }
  if (!label || w < 120 || h < 92) return;
  const body = element("div", "body");
  const lines = Math.min(12, Math.floor((h - 72) / 18));
  const further = termsOf(tile.part).filter((term) => !partName(tile.part).includes(term));
  const texts = further.length ? [further.join(", ")] : [];
  texts.push(...farOf(tile.part).map(([column, away]) => `${awayText(away)} ${column}`));
  for (const sample of samples) if (sampleText(sample)) texts.push(`${DATA.samples.label ? `${DATA.samples.label[sample]}: ` : ""}${sampleText(sample)}`);
  for (const text of texts.slice(0, Math.max(0, lines))) body.append(element("p", "", text));
  label.append(body);
}
