// The keyboard and the pointer on the map. Nothing calls this but map.js.
// The nearest tile in a direction; the same depth first, so that the arrows walk among siblings.
function neighbour(tile, key) {
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const along = key === "ArrowLeft" || key === "ArrowRight" ? "x" : "y";
  const across = along === "x" ? "y" : "x";
  const middle = (t, axis) => t[axis] + (axis === "x" ? t.w : t.h) / 2;
  let best = null, bestScore = Infinity;
  for (const other of state.tiles) {
    if (other === tile || other.kind === "rest" || (other.depth !== tile.depth && !(other.leaf && other.depth < tile.depth))) continue;
    const ahead = sign * (middle(other, along) - middle(tile, along));
    if (ahead <= 1) continue;
    const score = ahead + 2 * Math.abs(middle(other, across) - middle(tile, across));
    if (score < bestScore) { best = other; bestScore = score; }
  }
  return best;
}
function focusTile(tile) {
  if (!tile) return;
  if (tile.kind === "other") selectOther(tile.part, true);
  else {
    state.selected = tile.part;
    state.other = -1;
    LOOKS[state.look].selected?.();
    showDetails(tile.part);
  }
  for (const node of marked) { node.setAttribute("aria-selected", "false"); node.tabIndex = -1; }
  marked = [nodeOf(tile)];
  tile.node.tabIndex = 0;
  tile.node.focus({ preventScroll: true });
  const chosen = tile.kind === "part" || tile.kind === "other";
  tile.node.setAttribute("aria-selected", String(chosen));
  outline(chosen ? tile : null);
}
function mapKeys(event) {
  const tile = event.target.tile;
  if (!tile || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key.startsWith("Arrow")) focusTile(neighbour(tile, event.key));
  else if (event.key === "Enter" || event.key === " ") {
    if (tile.kind === "part" && tile.part !== state.view.part && LOOKS[state.look].flies) zoomTo(tile.part, { selected: CHILDREN[tile.part][0] ?? tile.part });
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
  const tile = event.target.closest(".tile")?.tile || (state.look === "map" ? null : tileAt(event));
  if (!tile || tile.kind === "rest") return;
  nodeOf(tile).focus({ preventScroll: true });
  activate(tile);
});
map.addEventListener("pointermove", (event) => {
  const tile = event.target.closest(".tile") || state.look === "map" ? null : tileAt(event);
  const title = tile && tile.kind !== "rest" && tile.kind !== "other" ? `${tileTitle(tile)}, ${countText(tile.size, "item", "items")}` : "";
  if (map.title !== title) map.title = title;
});
map.addEventListener("keydown", mapKeys);
