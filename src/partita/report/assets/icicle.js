// Icicles: a row for each depth, a part under its parent, its width its share. Callers: looks.js, compare.js.
const LEAST_WIDTH = 3;
const LEAST_ROW = 30;

// `box` is what may be filled; `tree` tells the contents of a part and how many levels lie below it.
function icicleTiles(root, box, tree) {
  const rows = Math.max(1, Math.min(tree.below(root.part) + 1, Math.floor(box.h / LEAST_ROW)));
  const h = box.h / rows;
  const tiles = [{ kind: tree.kind, part: root.part, size: tree.size(root.part), x: box.x, y: box.y, w: box.w, h, depth: 1, leaf: true, bare: true }];
  for (let begin = 0, depth = 2; depth <= rows && begin < tiles.length; depth++) {
    const end = tiles.length;
    for (const tile of tiles.slice(begin, end)) {
      if (tile.kind === tree.kind && tile.w >= LEAST_WIDTH && !tree.stops(tile.part)) openRow(tile, depth === 2 ? root.from : 0);
    }
    begin = end;
  }
  return tiles;

  function openRow(tile, from) {
    const found = tree.contents(tile.part, from);
    if (!found.entries.length) return;
    const drawn = foldTail(found, tile.part, from, tile.w, MOST_TILES - tiles.length, tile.depth === 1, LEAST_WIDTH);
    if (!drawn) return;
    tile.open = true;
    const total = drawn.reduce((sum, entry) => sum + entry.size, 0);
    let x = tile.x;
    for (const entry of drawn) {
      const w = (tile.w * entry.size) / total;
      tiles.push({ ...entry, x, y: tile.y + h, w, h, depth: tile.depth + 1, leaf: true, bare: true });
      x += w;
    }
  }
}
const THIS_TREE = {
  kind: "part",
  size: (part) => PARTS.size[part],
  below: (part) => BELOW[part],
  stops: (part) => stopsAt(part),
  contents,
};
function icicleView(view, width, height) {
  return icicleTiles(view, { x: 0, y: 0, w: width, h: height }, THIS_TREE);
}
