// The map: a dot an item, labels for parts; it can be dragged and magnified. Callers: looks.js.
const POINTS = DATA.points;
const lens = { k: 1, x: 0, y: 0, of: -1, width: 0, height: 0 };

function runOf(part) {
  return [lowerBound(POINTS.position, PARTS.start[part]), lowerBound(POINTS.position, PARTS.start[part] + PARTS.size[part])];
}
// The parts that carry a colour and a label: those of the level, or the children of what is seen.
function frontOf(part) {
  const kids = (at) => (stopsAt(at) ? [] : CHILDREN[at]);
  let front = kids(part).length ? [...kids(part)] : [part];
  if (state.stops) {
    for (let i = 0; i < front.length && front.length < 4000; ) {
      const inner = kids(front[i]);
      if (inner.length) front.splice(i, 1, ...inner); else i += 1;
    }
  }
  return front;
}
function frontColours(front) {
  const branches = new Set(front.map((part) => BRANCH_OF[part]));
  const page = rgb(isDark() ? "#ffffff" : "#000000");
  return front.map((part, i) => {
    const base = state.mode !== "branch" ? fillOf(part, state.mode, false)
      : branches.size === front.length && !branches.has(-1) ? rgb(BRANCHES[BRANCH_OF[part]]) : rgb(BRANCHES[i % BRANCHES.length]);
    return mix(base, page, isDark() ? 0.95 : 0.78);
  });
}
function fitLens(part, width, height) {
  const [first, last] = runOf(part);
  const inside = (values) => Float64Array.from(values.subarray(first, last)).sort();
  const range = (sorted) => (sorted.length ? [sorted[Math.floor(0.01 * (sorted.length - 1))], sorted[Math.ceil(0.99 * (sorted.length - 1))]] : [0, 65535]);
  const [left, right] = range(inside(POINTS.x)), [top, bottom] = range(inside(POINTS.y));
  const k = Math.min((width - 56) / Math.max(60, right - left), (height - 56) / Math.max(60, bottom - top));
  Object.assign(lens, { k, x: width / 2 - (k * (left + right)) / 2, y: height / 2 - (k * (top + bottom)) / 2, of: part, width, height });
}
function pointsView(view, width, height, layer) {
  if (lens.of !== view.part || lens.width !== width || lens.height !== height) fitLens(view.part, width, height);
  const canvas = pictureCanvas(width, height);
  canvas.className = "points";
  canvas.setAttribute("aria-hidden", "true");
  layer.append(canvas);
  const front = frontOf(view.part);
  state.front = { parts: front, colours: frontColours(front), canvas };
  paintPoints(width, height);
  return pinTiles(front, state.front.colours, width, height);
}
// Dots are written into the pixels: tens of thousands of rectangles would take too long.
function paintPoints(width, height) {
  const paint = state.front.canvas.getContext("2d");
  const ratio = state.front.canvas.width / width;
  const image = paint.createImageData(state.front.canvas.width, state.front.canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const columns = image.width, rows = image.height;
  const k = lens.k * ratio, left = lens.x * ratio, top = lens.y * ratio;
  const dots = (first, last, [r, g, b], size) => {
    const colour = (255 << 24) | (b << 16) | (g << 8) | r;
    const side = Math.max(1, Math.round(size * ratio)), half = side >> 1;
    for (let i = first; i < last; i++) {
      const x = Math.round(POINTS.x[i] * k + left) - half, y = Math.round(POINTS.y[i] * k + top) - half;
      if (x < 0 || y < 0 || x + side > columns || y + side > rows) continue;
      for (let row = y * columns + x, end = row + side * columns; row < end; row += columns) pixels.fill(colour, row, row + side);
    }
  };
  const { parts, colours } = state.front;
  const [begin, end] = runOf(state.view.part);
  const size = Math.max(2, Math.min(7, Math.sqrt((width * height) / Math.max(1, end - begin)) / 3.2));
  const faint = rgb(isDark() ? "#3a424d" : "#ccd2da"), quiet = rgb(isDark() ? "#2a313a" : "#e4e8ed");
  dots(0, begin, faint, 2);
  dots(end, POINTS.position.length, faint, 2);
  dots(begin, end, rgb(isDark() ? "#7b8592" : "#8a93a0"), size);
  const chosen = parts.length > 1 ? parts.indexOf(state.selected) : -1;
  parts.forEach((part, i) => { if (i !== chosen) dots(...runOf(part), chosen < 0 ? colours[i] : mix(colours[i], quiet, 0.45), size); });
  if (chosen >= 0) dots(...runOf(parts[chosen]), colours[chosen], size + 1);
  paint.putImageData(image, 0, 0);
}
function middleOf(part) {
  const [first, last] = runOf(part);
  if (first === last) return null;
  const median = (values) => values.slice(first, last).sort()[(last - first) >> 1];
  return [median(POINTS.x) * lens.k + lens.x, median(POINTS.y) * lens.k + lens.y];
}
// Labels where their part is densest, the largest parts first; one that would cover another is left out.
function pinTiles(front, colours, width, height) {
  const bySize = front.map((part, i) => ({ part, colour: colours[i] })).sort((a, b) => PARTS.size[b.part] - PARTS.size[a.part] || a.part - b.part);
  const placed = [];
  for (const { part, colour } of bySize.slice(0, 400)) {
    const middle = middleOf(part);
    if (!middle || placed.length >= 60) continue;
    const w = Math.min(200, 42 + 8 * [...partName(part)].length), h = 24;
    const x = Math.max(4, Math.min(width - w - 4, middle[0] - w / 2)), y = Math.max(4, Math.min(height - h - 4, middle[1] - h / 2));
    const covers = placed.some((other) => x < other.x + other.w + 2 && other.x < x + w + 2 && y < other.y + other.h + 2 && other.y < y + h + 2);
    if (!covers) placed.push({ kind: "part", part, size: PARTS.size[part], x, y, w, h, depth: 1, leaf: true, bare: true, colour });
  }
  return placed;
}
function makePin(tile) {
  const node = element("div", "tile leaf pin");
  node.style.cssText = `left:${tile.x}px;top:${tile.y}px;width:${tile.w}px;height:${tile.h}px`;
  const dot = element("span", "dot");
  dot.style.setProperty("--fill", css(tile.colour));
  node.append(dot, element("span", "name", partName(tile.part)));
  node.setAttribute("role", "treeitem");
  node.setAttribute("aria-level", "1");
  node.setAttribute("aria-label", `${alone(partName(tile.part))}, ${countText(tile.size, "item", "items")}, ${shareText(tile.size, TOTAL)}`);
  node.title = node.getAttribute("aria-label");
  node.tabIndex = -1;
  node.dataset.part = String(PARTS.id[tile.part]);
  node.dataset.kind = "part";
  node.tile = tile;
  tile.node = node;
  return node;
}
function markPoints() {
  const { width, height } = map.getBoundingClientRect();
  paintPoints(width, height);
}
function pointsLegend() {
  const shown = POINTS.position.length;
  const few = shown < TOTAL ? ` (${whole.format(shown)} of them, evenly spread)` : "";
  return [`A dot is an item${few}; ${POINTS.source}`, "Drag to move, scroll or press + and − to magnify"];
}
function magnify(factor, x, y) {
  lens.k *= factor;
  lens.x = x - (x - lens.x) * factor;
  lens.y = y - (y - lens.y) * factor;
  redrawPoints();
}
let pointsFrame = 0;
function redrawPoints() {
  cancelAnimationFrame(pointsFrame);
  pointsFrame = requestAnimationFrame(() => draw());
}
function nearestPoint(x, y) {
  let best = -1, least = 144;
  for (let i = 0; i < POINTS.position.length; i++) {
    const away = (POINTS.x[i] * lens.k + lens.x - x) ** 2 + (POINTS.y[i] * lens.k + lens.y - y) ** 2;
    if (away < least) { least = away; best = i; }
  }
  return best;
}
function pickPoint(x, y) {
  const found = nearestPoint(x, y);
  if (found < 0) return;
  const position = POINTS.position[found];
  const holds = (part) => PARTS.start[part] <= position && position < PARTS.start[part] + PARTS.size[part];
  const part = state.front.parts.find(holds) ?? (holds(state.view.part) ? state.view.part : 0);
  select(part);
}
if (POINTS) {
  let grip = null;
  map.addEventListener("wheel", (event) => {
    if (state.look !== "map") return;
    event.preventDefault();
    const box = map.getBoundingClientRect();
    magnify(Math.exp(-event.deltaY / 400), event.clientX - box.x, event.clientY - box.y);
  }, { passive: false });
  map.addEventListener("pointerdown", (event) => {
    if (state.look === "map" && !event.target.closest(".tile")) grip = { x: event.clientX, y: event.clientY, moved: 0 };
  });
  map.addEventListener("pointermove", (event) => {
    if (!grip || state.look !== "map") return;
    const dx = event.clientX - grip.x, dy = event.clientY - grip.y;
    grip = { x: event.clientX, y: event.clientY, moved: grip.moved + Math.abs(dx) + Math.abs(dy) };
    if (grip.moved < 4) return;
    lens.x += dx; lens.y += dy;
    redrawPoints();
  });
  window.addEventListener("pointerup", (event) => {
    if (grip && grip.moved < 4 && state.look === "map") {
      const box = map.getBoundingClientRect();
      pickPoint(event.clientX - box.x, event.clientY - box.y);
    }
    grip = null;
  });
  map.addEventListener("keydown", (event) => {
    if (state.look !== "map" || !["+", "-", "="].includes(event.key)) return;
    const { width, height } = map.getBoundingClientRect();
    magnify(event.key === "-" ? 1 / 1.5 : 1.5, width / 2, height / 2);
    event.preventDefault();
  });
}
