// Treemaps of polygons, laid out when the page was written; corners count in 65535ths of the box around their parent. Callers: looks.js.
const SHAPES = DATA.shapes;
const MOST_STRETCH = 1.6;
const BORDERS = [5, 3, 1.5, 1];

function shapeOf(node) {
  const { corner, offset } = SHAPES.of[state.layout];
  return corner.subarray(2 * offset[node], 2 * offset[node + 1]);
}
function boxAround(shape, frame) {
  let left = 65535, right = 0, top = 65535, bottom = 0;
  for (let i = 0; i < shape.length; i += 2) {
    left = Math.min(left, shape[i]); right = Math.max(right, shape[i]);
    top = Math.min(top, shape[i + 1]); bottom = Math.max(bottom, shape[i + 1]);
  }
  return { x: frame.x + (left / 65535) * frame.w, y: frame.y + (top / 65535) * frame.h, w: ((right - left) / 65535) * frame.w, h: ((bottom - top) / 65535) * frame.h };
}
function pointsIn(shape, frame) {
  const points = new Float64Array(shape.length);
  for (let i = 0; i < shape.length; i += 2) {
    points[i] = frame.x + (shape[i] / 65535) * frame.w;
    points[i + 1] = frame.y + (shape[i + 1] / 65535) * frame.h;
  }
  return points;
}
// The box of the window into which the whole picture goes when `part` fills the stage.
function frameFor(part, width, height) {
  const ups = [];
  for (let at = part; at >= 0; at = PARTS.parent[at]) ups.unshift(at);
  let box = { x: 0, y: 0, w: SHAPES.aspect, h: 1 };
  for (const at of ups) box = boxAround(shapeOf(SHAPES.node[at]), box);
  let sx = width / Math.max(box.w, 1e-12), sy = height / Math.max(box.h, 1e-12);
  if (sx > sy * MOST_STRETCH) sx = sy * MOST_STRETCH; else if (sy > sx * MOST_STRETCH) sy = sx * MOST_STRETCH;
  return { x: (width - box.w * sx) / 2, y: (height - box.h * sy) / 2, w: box.w * sx, h: box.h * sy };
}
function areaOf(points) {
  let twice = 0;
  for (let i = 0; i < points.length; i += 2) {
    const j = (i + 2) % points.length;
    twice += points[i] * points[j + 1] - points[j] * points[i + 1];
  }
  return Math.abs(twice) / 2;
}
// The polygon of a node: its corners are given in the box around its parent as it is drawn.
function placed(entry, node, outer) {
  const shape = shapeOf(node);
  return { ...entry, ...boxAround(shape, outer), points: pointsIn(shape, outer), leaf: true };
}
function rootTile(part, width, height) {
  const own = frameFor(part, width, height);
  const shape = shapeOf(SHAPES.node[part]);
  const unit = boxAround(shape, { x: 0, y: 0, w: 1, h: 1 });
  const w = own.w / Math.max(unit.w, 1e-9), h = own.h / Math.max(unit.h, 1e-9);
  return placed({ kind: "part", part, size: PARTS.size[part], depth: 0 }, SHAPES.node[part], { x: own.x - unit.x * w, y: own.y - unit.y * h, w, h });
}
function shapesView(view, width, height, layer) {
  const top = rootTile(view.part, width, height);
  const tiles = [];
  let round = [top];
  for (let depth = 1; round.length && tiles.length < MOST_SHAPES; depth++) {
    const next = [];
    for (const tile of round) {
      if (tile.kind !== "part" || stopsAt(tile.part) || tile.w * tile.h < 8 * LEAST_AREA) continue;
      const inner = shapesInside(tile, depth, MOST_SHAPES - tiles.length);
      if (!inner.length) continue;
      tile.leaf = false;
      tiles.push(...inner);
      next.push(...inner);
    }
    round = next.sort((a, b) => b.w * b.h - a.w * a.h);
  }
  if (!tiles.length) tiles.push({ ...top, depth: 1, leaf: true });
  placeLabels(tiles);
  layer.append(ringPicture(width, height));
  return tiles;
}
const MOST_SHAPES = 1000;
function shapesInside(tile, depth, room) {
  const entries = contents(tile.part, 0).entries.filter((entry) => entry.kind !== "hidden");
  if (!entries.some((entry) => entry.kind === "part")) return [];
  const inner = [];
  for (const entry of entries.slice(0, room)) {
    if (entry.kind === "own" && SHAPES.own[entry.part] < 0) continue;
    const node = entry.kind === "own" ? SHAPES.own[entry.part] : SHAPES.node[entry.part];
    const made = placed({ ...entry, depth }, node, frameOfNode(entry, node, tile));
    if (made.w * made.h >= LEAST_AREA && made.points.length) inner.push(made);
  }
  return inner;
}
// Parts that are not drawn may lie between a tile and one inside it: their boxes are walked through.
function frameOfNode(entry, node, tile) {
  if (entry.kind === "own") return tile;
  const between = [];
  for (let at = PARTS.parent[entry.part]; at !== tile.part && at > tile.part; at = PARTS.parent[at]) between.unshift(at);
  return between.reduce((frame, part) => boxAround(shapeOf(SHAPES.node[part]), frame), tile);
}
function pathText(points) {
  let text = "";
  for (let i = 0; i < points.length; i += 2) text += `${i ? "L" : "M"}${points[i].toFixed(1)} ${points[i + 1].toFixed(1)}`;
  return `${text}Z`;
}
function ringPicture(width, height) {
  const picture = document.getElementById("ring").content.firstElementChild.cloneNode(true);
  picture.setAttribute("width", width);
  picture.setAttribute("height", height);
  return picture;
}
// All polygons on one canvas: their colours, then their borders, the innermost first.
function paintShapes(tiles, width, height) {
  const canvas = pictureCanvas(width, height);
  canvas.className = "plain-tiles";
  canvas.setAttribute("aria-hidden", "true");
  const paint = canvas.getContext("2d");
  const trace = (points) => {
    paint.moveTo(points[0], points[1]);
    for (let i = 2; i < points.length; i += 2) paint.lineTo(points[i], points[i + 1]);
    paint.closePath();
  };
  for (const tile of tiles) {
    paint.globalAlpha = state.lit && tile.leaf && !state.lit.has(tile.part) ? 0.28 : 1;
    const colour = tileColour(tile);
    paint.fillStyle = css(colour);
    paint.beginPath();
    trace(tile.points);
    paint.fill();
    if (tile.kind === "own") { paint.fillStyle = hatchOn(paint, inkOn(colour)); paint.fill(); }
  }
  paint.globalAlpha = 1;
  paint.strokeStyle = isDark() ? "#101317" : "#f6f7f9";
  paint.lineJoin = "round";
  for (let i = BORDERS.length - 1; i >= 0; i--) {
    paint.beginPath();
    for (const tile of tiles) if (Math.min(tile.depth, BORDERS.length) === i + 1) trace(tile.points);
    paint.lineWidth = BORDERS[i];
    paint.stroke();
  }
  return canvas;
}
function outline(tile) {
  const ring = map.querySelector(".layer:not(.leaving) .ring");
  if (ring) ring.setAttribute("d", tile && tile.points ? pathText(tile.points) : "");
}
// How far one can go left and right (or up and down) from the middle of a polygon and stay in it.
function chord(points, x, y, across) {
  let low = -Infinity, high = Infinity;
  const [a, b] = across ? [0, 1] : [1, 0];
  const [at, level] = across ? [x, y] : [y, x];
  for (let i = 0; i < points.length; i += 2) {
    const j = (i + 2) % points.length;
    const p = points[i + b], q = points[j + b];
    if (p === q || (p > level) === (q > level)) continue;
    const cut = points[i + a] + ((level - p) / (q - p)) * (points[j + a] - points[i + a]);
    if (cut <= at) low = Math.max(low, cut); else high = Math.min(high, cut);
  }
  return [low, high];
}
function middleOfShape(points) {
  let x = 0, y = 0, area = 0;
  for (let i = 0; i < points.length; i += 2) {
    const j = (i + 2) % points.length;
    const cross = points[i] * points[j + 1] - points[j] * points[i + 1];
    area += cross; x += (points[i] + points[j]) * cross; y += (points[i + 1] + points[j + 1]) * cross;
  }
  return area ? [x / (3 * area), y / (3 * area)] : [points[0], points[1]];
}
// Names of large parts first, as plates; then those of leaves, where they cover no other.
function placeLabels(tiles) {
  const taken = [];
  const free = (box) => !taken.some((other) => box.x < other.x + other.w && other.x < box.x + box.w && box.y < other.y + other.h && other.y < box.y + box.h);
  const order = [...tiles].sort((a, b) => (a.leaf ? 1 : 0) - (b.leaf ? 1 : 0) || a.depth - b.depth || b.size - a.size);
  for (const tile of order) {
    if (tile.w < 50 || tile.h < 26) continue;
    const [cx, cy] = middleOfShape(tile.points);
    const [left, right] = chord(tile.points, cx, cy, true);
    const [top, bottom] = chord(tile.points, cx, cy, false);
    if (!(right - left > 46 && bottom - top > 24) || (!tile.leaf && (tile.depth > 2 || right - left < 110))) continue;
    const words = tile.leaf ? (right - left) * 0.92 : Math.min((right - left) * 0.92, 24 + 7.6 * [...tileTitle(tile)].length);
    const high = tile.leaf && bottom - top > 44 ? 36 : 22;
    const box = { x: (left + right) / 2 - words / 2, y: (tile.leaf ? cy - high / 2 : Math.max(top, cy - high / 2)), w: words, h: high };
    if (!free(box)) continue;
    taken.push(box);
    tile.label = { ...box, room: { x: left, w: right - left, y: box.y + high, h: bottom - box.y - high } };
  }
}
// The element of a polygon: a box without a colour, for the keyboard and for its name; what is seen is on the canvas.
function makeShape(tile) {
  const node = element("div", `tile shape ${tile.leaf ? "leaf" : "group"}`);
  node.style.cssText = `left:${tile.x}px;top:${tile.y}px;width:${tile.w}px;height:${tile.h}px`;
  const ink = paintTile(node, tile);
  describe(node, tile);
  if (!tile.label) return node;
  const { x, y, w, h, room } = tile.label;
  const label = element("div", tile.leaf ? "label centred" : "label plate");
  label.style.cssText = `left:${x - tile.x}px;top:${y - tile.y}px;width:${w}px;height:${h}px`;
  label.append(element("span", "name", shortTitle(tile, w)));
  if (h > 30) label.append(element("span", "count", whole.format(tile.size)));
  node.append(label);
  if (tile.leaf && PICTURES && tile.kind === "part" && room.w > 40 && room.h > 24) {
    node.append(drawMosaic({ x: room.x - tile.x + room.w * 0.2, y: room.y - tile.y, w: room.w * 0.6, h: room.h * 0.6 }, samplesOf(tile.part), ink));
  }
  return node;
}
