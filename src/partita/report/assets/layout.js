// Squarified treemap (Bruls, Huizing and van Wijk 2000), laid out only as far as the eye can see. Callers: looks.js, icicle.js.
const MOST_TILES = 1500;
const LEAST_AREA = 26;
const HEADER = 22;
const GAP = 2;

function squarify(values, box) {
  const boxes = new Array(values.length);
  let { x, y, w, h } = box;
  let left = values.reduce((sum, value) => sum + value, 0);
  for (let first = 0; first < values.length; ) {
    const side = Math.min(w, h);
    const scale = left > 0 ? (w * h) / left : 0;
    let last = first, sum = 0, best = Infinity;
    while (last < values.length) {
      const grown = sum + values[last];
      const thickness = (grown * scale) / side;
      const aspect = (value) => Math.max((value * scale) / thickness ** 2, thickness ** 2 / (value * scale));
      const worst = Math.max(aspect(values[first]), aspect(values[last]));
      if (last > first && worst > best) break;
      best = worst;
      sum = grown;
      last += 1;
    }
    const thickness = left > 0 ? (sum / left) * (w < h ? h : w) : 0;
    let at = w < h ? x : y;
    for (let i = first; i < last; i++) {
      const length = sum > 0 ? (values[i] / sum) * side : 0;
      boxes[i] = w < h ? { x: at, y, w: length, h: thickness } : { x, y: at, w: thickness, h: length };
      at += length;
    }
    if (w < h) { y += thickness; h -= thickness; } else { x += thickness; w -= thickness; }
    left -= sum;
    first = last;
  }
  return boxes;
}

// What lies directly in a part: its children, its own items, and what was left out of the page; the least of very many as a sum.
function contents(part, from) {
  const list = CHILDREN[part];
  const entries = [];
  const rest = { size: 0, count: 0 };
  for (let i = from; i < list.length && PARTS.size[list[i]] > 0; i++) {
    if (entries.length < MOST_TILES) entries.push({ kind: "part", part: list[i], size: PARTS.size[list[i]] });
    else { rest.size += PARTS.size[list[i]]; rest.count += 1; }
  }
  if (!from && OWN[part] > 0 && entries.length + HIDDEN[part] > 0) entries.push({ kind: "own", part, size: OWN[part] });
  if (HIDDEN_SIZE[part] > 0) entries.push({ kind: "hidden", part, size: HIDDEN_SIZE[part] });
  entries.sort((a, b) => b.size - a.size);
  return { entries, rest };
}

// Children too small to see become one tile that opens them.
function foldTail({ entries, rest }, part, from, area, room, force, least = LEAST_AREA) {
  const total = entries.reduce((sum, entry) => sum + entry.size, rest.size);
  let shown = entries.findIndex((entry) => (entry.size / total) * area < least);
  if (shown < 0) shown = entries.length;
  if (force && shown < 2) shown = entries.length;
  shown = Math.min(shown, room);
  if (!rest.count && shown >= entries.length - 1) return shown >= entries.length || room >= entries.length ? entries : null;
  if (shown < 1) return null;
  const tail = entries.slice(shown);
  const hidden = tail.reduce((sum, entry) => sum + entry.size, rest.size);
  const partsBefore = entries.slice(0, shown).filter((entry) => entry.kind === "part").length;
  const more = { kind: "more", part, from: from + partsBefore, size: hidden, count: tail.length + rest.count };
  return [...entries.slice(0, shown), more].sort((a, b) => b.size - a.size);
}

function squarifiedView(view, width, height) {
  const tiles = [];
  const open = (part, from, box, depth, force) => {
    const found = contents(part, from);
    if (!found.entries.length) return false;
    const drawn = foldTail(found, part, from, box.w * box.h, MOST_TILES - tiles.length, force);
    if (!drawn) return false;
    const boxes = squarify(drawn.map((entry) => entry.size), box);
    drawn.forEach((entry, i) => tiles.push({ ...entry, ...boxes[i], depth, leaf: true }));
    return true;
  };
  const frame = { x: 0, y: 0, w: width, h: height };
  const stopped = stopsAt(view.part);
  if (stopped || !open(view.part, view.from, frame, 1, true)) {
    return [{ kind: "part", part: view.part, size: PARTS.size[view.part], depth: 1, leaf: true, ...frame }];
  }
  for (let begin = 0; begin < tiles.length && tiles.length < MOST_TILES; ) {
    const end = tiles.length;
    const round = tiles.slice(begin, end).filter((tile) => tile.kind === "part" && !stopsAt(tile.part));
    round.sort((a, b) => b.w * b.h - a.w * a.h);
    for (const tile of round) {
      if (tile.w < 26 || tile.h < 26 || (!CHILDREN[tile.part].length && !HIDDEN[tile.part])) continue;
      const header = tile.w >= 64 && tile.h >= 56 ? HEADER : 3;
      const inner = { x: tile.x + 4, y: tile.y + header, w: tile.w - 8 + GAP, h: tile.h - header - 4 + GAP };
      if (open(tile.part, 0, inner, tile.depth + 1, false)) {
        tile.leaf = false;
        tile.header = header;
      }
    }
    begin = end;
  }
  return tiles;
}
