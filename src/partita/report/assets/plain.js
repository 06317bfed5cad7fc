// Tiles without a label are painted on one canvas; they become elements when the keyboard or a click reaches them. Callers: map.js, search.js.
const MOST_ELEMENTS = 240;

function wantsElement(tile) {
  if (tile.kind === "more" || state.tiles.length <= MOST_ELEMENTS) return true;
  if (tile.points) return Boolean(tile.label);
  return tile.leaf ? tile.w >= 48 && tile.h >= 24 : tile.header >= HEADER;
}
function nodeOf(tile) {
  if (!tile.node) {
    const look = LOOKS[state.look];
    const node = look.node ? look.node(tile) : makeTile(tile);
    node.classList.add("late");
    map.querySelector(".layer:not(.leaving)").append(node);
  }
  return tile.node;
}
function fillLayer(layer, width, height) {
  const look = LOOKS[state.look];
  const plain = [], leaves = [];
  for (const tile of state.tiles) {
    if (!wantsElement(tile)) { plain.push(tile); continue; }
    const node = look.node ? look.node(tile) : makeTile(tile);
    if (tile.leaf) leaves.push(node); else layer.append(node);
  }
  if (state.tiles.some((tile) => tile.points)) layer.prepend(paintShapes(state.tiles, width, height));
  else if (plain.length) {
    const canvas = pictureCanvas(width, height);
    canvas.className = "plain-tiles";
    canvas.setAttribute("aria-hidden", "true");
    layer.append(canvas);
    paintPlain(canvas, plain);
    layer.plain = { canvas, tiles: plain };
  }
  layer.append(...leaves);
}
let hatchTile = null;
function hatchOn(paint, ink) {
  hatchTile ??= new Map();
  if (!hatchTile.has(ink)) {
    const cell = element("canvas");
    cell.width = cell.height = 6;
    const line = cell.getContext("2d");
    line.strokeStyle = ink === "#ffffff" ? "rgb(255 255 255 / 20%)" : "rgb(17 21 26 / 24%)";
    line.beginPath();
    for (const at of [-6, 0, 6]) { line.moveTo(at, 6); line.lineTo(at + 6, 0); }
    line.stroke();
    hatchTile.set(ink, paint.createPattern(cell, "repeat"));
  }
  return hatchTile.get(ink);
}
function plainColour(tile) {
  if (tile.kind === "other" || tile.kind === "rest") return comparedColour(tile);
  if (state.other >= 0 && state.look === "compare") return comparedColour(tile);
  return tileColour(tile);
}
function paintPlain(canvas, tiles) {
  const paint = canvas.getContext("2d");
  paint.clearRect(0, 0, canvas.width, canvas.height);
  for (const tile of tiles) {
    const w = Math.max(1, tile.w - GAP), h = Math.max(1, tile.h - GAP);
    const colour = plainColour(tile);
    paint.globalAlpha = state.lit && tile.leaf && !state.lit.has(tile.part) ? 0.28 : 1;
    paint.fillStyle = css(colour);
    paint.beginPath();
    if (w < 14 || h < 14) paint.rect(tile.x, tile.y, w, h); else paint.roundRect(tile.x, tile.y, w, h, 3);
    paint.fill();
    if (tile.kind === "own" || tile.kind === "hidden" || tile.kind === "rest") { paint.fillStyle = hatchOn(paint, inkOn(colour)); paint.fill(); }
    if (!tile.leaf) { paint.strokeStyle = inkOn(colour) === "#ffffff" ? "rgb(255 255 255 / 26%)" : "rgb(17 21 26 / 22%)"; paint.stroke(); }
    if (PICTURES && tile.leaf && tile.kind === "part" && !tile.bare && w >= 17 && h >= 17) paintMosaic(paint, { x: tile.x + 2, y: tile.y + 2, w: w - 4, h: h - 4 }, samplesOf(tile.part), inkOn(colour));
  }
  paint.globalAlpha = 1;
}
function repaintPlain() {
  const layer = map.querySelector(".layer:not(.leaving)");
  if (layer && layer.plain) paintPlain(layer.plain.canvas, layer.plain.tiles.filter((tile) => !tile.node));
}
function inPolygon(points, x, y) {
  let inside = false;
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
    if (points[i + 1] > y !== points[j + 1] > y && x < ((points[j] - points[i]) * (y - points[i + 1])) / (points[j + 1] - points[i + 1]) + points[i]) inside = !inside;
  }
  return inside;
}
// The deepest tile under the pointer.
function tileAt(event) {
  const box = map.getBoundingClientRect();
  const x = event.clientX - box.x, y = event.clientY - box.y;
  for (let i = state.tiles.length - 1; i >= 0; i--) {
    const tile = state.tiles[i];
    if (x >= tile.x && x < tile.x + tile.w && y >= tile.y && y < tile.y + tile.h && (!tile.points || inPolygon(tile.points, x, y))) return tile;
  }
  return null;
}
