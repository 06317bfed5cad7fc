// The map: tiles of the view, zoom, keyboard. Callers: main.js, search.js, details.js.
const map = document.getElementById("map");
const state = { view: { part: 0, from: 0 }, selected: 0, mode: "branch", stopAt: null, hits: null, tiles: [] };
const TILE_OF = new Map();

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
function sampleText(sample) {
  return DATA.samples.text ? DATA.samples.text[sample] : null;
}

function paintTile(node, tile) {
  const colour = fillOf(tile.part, tile.kind === "part" || tile.kind === "more" ? state.mode : "branch", !tile.leaf || tile.kind !== "part");
  const ink = inkOn(colour);
  node.style.setProperty("--fill", css(colour));
  node.style.setProperty("--on", ink);
  node.style.setProperty("--edge", ink === "#ffffff" ? "rgb(255 255 255 / 26%)" : "rgb(17 21 26 / 22%)");
  node.style.setProperty("--hatch", ink === "#ffffff" ? "rgb(255 255 255 / 20%)" : "rgb(17 21 26 / 22%)");
  return ink;
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
  const what = `${tileTitle(tile)}, ${countText(tile.size, "item", "items")}, ${shareText(tile.size, TOTAL)}`;
  node.setAttribute("role", "treeitem");
  node.setAttribute("aria-level", String(tile.depth));
  node.setAttribute("aria-label", what);
  if (!tile.leaf) node.setAttribute("aria-expanded", "true");
  node.title = what;
  node.tabIndex = -1;
  node.dataset.part = String(PARTS.id[tile.part]);
  node.dataset.kind = tile.kind;
  if (state.hits) node.classList.toggle("hit", state.hits.has(tile.part));
  labelTile(node, tile, w, h, ink);
  node.tile = tile;
  tile.node = node;
  return node;
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
  const samples = PARTS.samples[tile.part];
  if (PICTURES && samples.length && w >= 17 && h >= 17) {
    const large = node.classList.contains("huge") ? 58 : node.classList.contains("big") ? 49 : 44;
    const begin = top === null ? (h < 44 ? 24 : large) : top;
    const pad = w < 60 ? 2 : 7;
    const box = { x: pad, y: begin, w: w - 2 * pad, h: h - begin - Math.min(pad, 5) };
    if (box.w >= 14 && box.h >= 14) node.append(drawMosaic(box, samples, ink));
    return;
  }
  if (!label || w < 120 || h < 92) return;
  const terms = PARTS.terms && PARTS.terms[tile.part];
  const body = element("div", "body");
  const lines = Math.min(12, Math.floor((h - 72) / 18));
  const further = (terms || []).filter((term) => !partName(tile.part).includes(term));
  const texts = further.length ? [further.join(", ")] : [];
  if (DATA.columns) texts.push(...DATA.columns.of[tile.part].map(([column, away]) => `${awayText(away)} ${DATA.columns.name[column]}`));
  for (const sample of samples) if (sampleText(sample)) texts.push(`${DATA.samples.named ? `${DATA.samples.label[sample]}: ` : ""}${sampleText(sample)}`);
  for (const text of texts.slice(0, Math.max(0, lines))) body.append(element("p", "", text));
  label.append(body);
}

function draw(motion) {
  const { width, height } = map.getBoundingClientRect();
  const old = map.querySelector(".layer:not(.leaving)");
  const hadFocus = map.contains(document.activeElement);
  const layer = element("div", "layer");
  layer.setAttribute("role", "presentation");
  TILE_OF.clear();
  if (TOTAL === 0) {
    layer.append(element("p", "empty", "There are no items to draw."));
    state.tiles = [];
  } else {
    state.tiles = layoutView(state.view, width, height, state.stopAt);
    for (const tile of state.tiles) {
      layer.append(makeTile(tile));
      if (!TILE_OF.has(tileKey(tile))) TILE_OF.set(tileKey(tile), tile);
    }
  }
  map.append(layer);
  if (old) moveLayers(old, layer, motion, width, height);
  markSelected(hadFocus);
}
function moveLayers(old, layer, motion, width, height) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!motion || calm) { old.remove(); return; }
  const { box, inward } = motion;
  const sx = Math.max(box.w, 1) / width, sy = Math.max(box.h, 1) / height;
  const small = `translate(${box.x}px, ${box.y}px) scale(${sx}, ${sy})`;
  const large = `scale(${1 / sx}, ${1 / sy}) translate(${-box.x}px, ${-box.y}px)`;
  old.classList.add("leaving");
  layer.style.transform = inward ? small : large;
  layer.style.opacity = "0";
  layer.getBoundingClientRect();
  for (const moved of [old, layer]) moved.classList.add("moving");
  layer.style.transform = "none";
  layer.style.opacity = "1";
  old.style.transform = inward ? large : small;
  old.style.opacity = "0";
  setTimeout(() => { old.remove(); layer.classList.remove("moving"); }, 280);
}
function markSelected(focus) {
  for (const tile of state.tiles) {
    const chosen = tile.kind === "part" && tile.part === state.selected;
    tile.node.setAttribute("aria-selected", String(chosen));
    tile.node.tabIndex = -1;
  }
  const entry = TILE_OF.get(`part:${state.selected}`) || state.tiles[0];
  if (!entry) return;
  entry.node.tabIndex = 0;
  if (focus) entry.node.focus({ preventScroll: true });
}

function select(part, focus = false) {
  state.selected = part;
  markSelected(focus);
  showDetails(part);
}
function zoomTo(part, { from = 0, selected = part, remember = true } = {}) {
  const before = state.view;
  const target = TILE_OF.get(from ? `more:${part}` : `part:${part}`);
  const inward = before.part !== part ? isInside(part, before.part) : from > before.from;
  let motion = inward && target ? { box: { x: target.x, y: target.y, w: target.w, h: target.h }, inward: true } : null;
  state.view = { part, from };
  state.selected = selected;
  if (!motion && isInside(before.part, part) && (before.part !== part || before.from > from)) {
    const { width, height } = map.getBoundingClientRect();
    const tiles = layoutView(state.view, width, height, state.stopAt);
    const origin = tiles.find((tile) => (before.from && before.part === part ? tile.kind === "more" : tile.kind === "part" && tile.part === before.part));
    if (origin) motion = { box: origin, inward: false };
  }
  draw(motion);
  showCrumbs();
  showDetails(selected);
  const address = `#part=${PARTS.id[part]}${from ? `&from=${from}` : ""}`;
  if (remember) location.hash = part === 0 && !from ? "" : address;
  say(`${partName(part)}: ${countText(PARTS.size[part], "item", "items")}, ${countText(CHILDREN[part].length, "sub-part", "sub-parts")}`);
}
function zoomOut() {
  const { part, from } = state.view;
  if (from) zoomTo(part, { selected: part });
  else if (part > 0) zoomTo(UP[part], { selected: part });
}
function activate(tile) {
  if (tile.kind === "more") zoomTo(tile.part, { from: tile.from });
  else if (tile.kind !== "part") select(tile.part);
  else if (canOpen(tile) && tile.part !== state.view.part) zoomTo(tile.part);
  else if (state.selected === tile.part && tile.part !== state.view.part) zoomTo(tile.part);
  else select(tile.part);
}
function showCrumbs() {
  const list = document.getElementById("crumbs");
  list.replaceChildren();
  const stops = pathTo(state.view.part).map((part) => ({ part, from: 0, name: partName(part) }));
  if (state.view.from) stops.push({ ...state.view, name: "smaller parts" });
  stops.forEach((stop, i) => {
    const button = element("button", "", stop.name);
    button.type = "button";
    button.title = stop.name;
    if (i === stops.length - 1) button.setAttribute("aria-current", "location");
    button.addEventListener("click", () => zoomTo(stop.part, { from: stop.from }));
    const item = element("li");
    item.append(button);
    list.append(item);
  });
}

// The nearest tile in a direction; the same depth first, so that the arrows walk among siblings.
function neighbour(tile, key) {
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const along = key === "ArrowLeft" || key === "ArrowRight" ? "x" : "y";
  const across = along === "x" ? "y" : "x";
  const middle = (t, axis) => t[axis] + (axis === "x" ? t.w : t.h) / 2;
  let best = null, bestScore = Infinity;
  for (const other of state.tiles) {
    if (other === tile || (other.depth !== tile.depth && !(other.leaf && other.depth < tile.depth))) continue;
    const ahead = sign * (middle(other, along) - middle(tile, along));
    if (ahead <= 1) continue;
    const score = ahead + 2 * Math.abs(middle(other, across) - middle(tile, across));
    if (score < bestScore) { best = other; bestScore = score; }
  }
  return best;
}
function focusTile(tile) {
  if (!tile) return;
  for (const other of state.tiles) other.node.tabIndex = -1;
  tile.node.tabIndex = 0;
  tile.node.focus({ preventScroll: true });
  state.selected = tile.part;
  for (const other of state.tiles) other.node.setAttribute("aria-selected", String(other === tile && tile.kind === "part"));
  showDetails(tile.part);
}
function mapKeys(event) {
  const tile = event.target.tile;
  if (!tile || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key.startsWith("Arrow")) focusTile(neighbour(tile, event.key));
  else if (event.key === "Enter" || event.key === " ") {
    if (tile.kind === "part" && tile.part !== state.view.part) zoomTo(tile.part, { selected: CHILDREN[tile.part][0] ?? tile.part });
    else activate(tile);
  } else if (event.key === "Escape" || event.key === "Backspace") zoomOut();
  else if (event.key === "PageUp") focusTile(TILE_OF.get(`part:${UP[tile.part]}`));
  else if (event.key === "PageDown") focusTile(TILE_OF.get(`part:${CHILDREN[tile.part][0]}`));
  else if (event.key === "Home") focusTile(state.tiles[0]);
  else if (event.key === "End") focusTile(state.tiles[state.tiles.length - 1]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
map.addEventListener("click", (event) => {
  const node = event.target.closest(".tile");
  if (node) { node.focus({ preventScroll: true }); activate(node.tile); }
});
map.addEventListener("keydown", mapKeys);
