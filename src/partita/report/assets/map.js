// The stage: the tiles of the view, zoom and selection. Callers: every script that shows another part.
const map = document.getElementById("map");
const state = { look: "treemap", view: { part: 0, from: 0 }, selected: 0, other: -1, mode: "branch", stops: null, hits: null, lit: null, tiles: [] };
const TILE_OF = new Map();

function stopsAt(part) {
  return state.stops !== null && state.stops(part);
}
function draw(motion) {
  const look = LOOKS[state.look];
  showPanels(look);
  if (!look.tiles) { look.show(); return; }
  const { width, height } = map.getBoundingClientRect();
  const old = map.querySelector(".layer:not(.leaving)");
  const hadFocus = map.contains(document.activeElement);
  const layer = element("div", "layer");
  layer.setAttribute("role", "presentation");
  TILE_OF.clear();
  state.tiles = TOTAL === 0 ? [] : look.tiles(state.view, width, height, layer);
  if (TOTAL === 0) layer.append(element("p", "empty", "There are no items to draw."));
  for (const tile of state.tiles) if (!TILE_OF.has(tileKey(tile))) TILE_OF.set(tileKey(tile), tile);
  map.dataset.tiles = String(state.tiles.length);
  fillLayer(layer, width, height);
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
let marked = [];
function markSelected(focus) {
  for (const node of marked) { node.setAttribute("aria-selected", "false"); node.tabIndex = -1; }
  const chosen = state.other >= 0 ? TILE_OF.get(`other:${state.other}`) : TILE_OF.get(`part:${state.selected}`);
  const entry = chosen || state.tiles[0];
  marked = entry ? [nodeOf(entry)] : [];
  outline(chosen);
  if (!entry) return;
  entry.node.setAttribute("aria-selected", String(Boolean(chosen)));
  entry.node.tabIndex = 0;
  if (focus) entry.node.focus({ preventScroll: true });
}

function select(part, focus = false) {
  state.selected = part;
  state.other = -1;
  markSelected(focus);
  LOOKS[state.look].selected?.();
  showDetails(part);
}
function zoomTo(part, { from = 0, selected = part, remember = true } = {}) {
  const motion = motionTo(part, from);
  state.view = { part, from };
  state.selected = selected;
  state.other = -1;
  draw(motion);
  showCrumbs();
  showDetails(selected);
  if (remember) location.hash = address();
  say(`${alone(partName(part))}: ${countText(PARTS.size[part], "item", "items")}, ${countText(CHILDREN[part].length, "sub-part", "sub-parts")}`);
}
// Where the picture flies from: a tile of what is seen now, or the whole when the way leads out.
function motionTo(part, from) {
  const before = state.view;
  if (!LOOKS[state.look].flies) return null;
  const target = TILE_OF.get(from ? `more:${part}` : `part:${part}`);
  const inward = before.part !== part ? isInside(part, before.part) : from > before.from;
  if (inward && target) return { box: target, inward: true };
  if (inward || !isInside(before.part, part)) return null;
  const { width, height } = map.getBoundingClientRect();
  return { box: { x: width / 3, y: height / 3, w: width / 3, h: height / 3 }, inward: false };
}
function address() {
  const { part, from } = state.view;
  const words = [];
  if (part > 0 || from) words.push(`part=${PARTS.id[part]}`);
  if (from) words.push(`from=${from}`);
  if (state.look !== "treemap") words.push(`view=${state.look}`);
  return words.length ? `#${words.join("&")}` : "";
}
function zoomOut() {
  const { part, from } = state.view;
  if (from) zoomTo(part, { selected: part });
  else if (part > 0) zoomTo(UP[part], { selected: part });
}
function activate(tile) {
  if (tile.kind === "other") selectOther(tile.part);
  else if (tile.kind === "more") zoomTo(tile.part, { from: tile.from });
  else if (tile.kind !== "part") select(tile.part);
  else if (tile.part === state.view.part) select(tile.part);
  else if (canOpen(tile) || state.selected === tile.part) zoomTo(tile.part);
  else select(tile.part);
}
function showCrumbs() {
  const list = document.getElementById("crumbs");
  list.replaceChildren();
  const stops = pathTo(state.view.part).map((part) => ({ part, from: 0, name: partName(part) }));
  if (state.view.from) stops.push({ ...state.view, name: "smaller parts" });
  stops.forEach((stop, i) => {
    const node = button(stop.name, "", () => zoomTo(stop.part, { from: stop.from }));
    node.title = stop.name;
    if (i === stops.length - 1) node.setAttribute("aria-current", "location");
    const item = element("li");
    item.append(node);
    list.append(item);
  });
}
