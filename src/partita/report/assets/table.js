// The table of the parts: only the rows in sight are made. Callers: looks.js.
const tablePlace = document.getElementById("table");
const tableScroll = document.getElementById("table-scroll");
const tableBody = document.querySelector("#table tbody");
const tableFilter = document.getElementById("table-filter");
const ROW_HEIGHT = 34;
const TABLE_COLUMNS = [
  { title: "Part", text: partName, key: (part) => (PARTS.name_rank ? PARTS.name_rank[part] : PARTS.id[part]), down: false },
  { title: "Items", text: (part) => whole.format(PARTS.size[part]), key: (part) => PARTS.size[part], down: true },
  { title: "Share", text: (part) => shareText(PARTS.size[part], TOTAL), key: (part) => PARTS.size[part], down: true },
  { title: "Depth", text: (part) => String(DEPTH[part]), key: (part) => DEPTH[part], down: false },
  { title: "Sub-parts", text: (part) => whole.format(CHILDREN[part].length + HIDDEN_CHILDREN[part]), key: (part) => CHILDREN[part].length + HIDDEN_CHILDREN[part], down: true },
  { title: "Height", text: (part) => numberText(PARTS.height[part]), key: (part) => PARTS.height[part], down: true },
];
if (PARTS.quality) TABLE_COLUMNS.push({ title: DATA.quality_name, text: (part) => numberText(PARTS.quality[part]), key: (part) => PARTS.quality[part], down: true });
DATA.extra.name.forEach((name, i) => TABLE_COLUMNS.push({ title: heading(name), text: (part) => numberText(DATA.extra.of[i][part]), key: (part) => DATA.extra.of[i][part], down: true }));
const table = { column: 1, down: true, rows: [], from: -1, orders: new Map(), at: 0 };

function heading(name) {
  return name ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : name;
}
// Ascending order of all parts by a column. Numbers are sorted alone, which needs no comparisons in script, and then found again.
function orderBy(index) {
  const known = table.orders.get(index);
  if (known) return known;
  const values = Float64Array.from({ length: COUNT }, (_, part) => TABLE_COLUMNS[index].key(part));
  for (let part = 0; part < COUNT; part++) if (Number.isNaN(values[part])) values[part] = -Infinity;
  const sorted = values.slice().sort();
  const taken = new Uint32Array(COUNT);
  const order = new Uint32Array(COUNT);
  for (let part = 0; part < COUNT; part++) {
    const place = lowerBound(sorted, values[part]);
    order[place + taken[place]++] = part;
  }
  table.orders.set(index, order);
  return order;
}
function findRows() {
  const words = fold(tableFilter.value).split(/\s+/).filter(Boolean);
  const order = orderBy(table.column);
  const rows = [];
  const last = END[state.view.part];
  const names = words.length ? searchNames() : null;
  for (let i = 0; i < COUNT; i++) {
    const part = order[table.down ? COUNT - 1 - i : i];
    if (KEPT[part] !== part || part < state.view.part || part >= last) continue;
    if (names && !words.every((word) => names[part].includes(word))) continue;
    rows.push(part);
  }
  return rows;
}
function showTable() {
  state.tiles = [];
  TILE_OF.clear();
  if (!tablePlace.dataset.made) makeHead();
  refillTable();
}
function refillTable() {
  table.rows = COUNT ? findRows() : [];
  table.from = -1;
  document.getElementById("table-count").textContent = countText(table.rows.length, "part", "parts");
  document.querySelector("#table table").setAttribute("aria-rowcount", String(table.rows.length + 1));
  tableScroll.scrollTop = 0;
  drawRows();
}
function makeHead() {
  tablePlace.dataset.made = "yes";
  const row = document.querySelector("#table thead tr");
  TABLE_COLUMNS.forEach((column, i) => {
    const cell = element("th", i ? "num" : "");
    cell.scope = "col";
    cell.append(button(column.title, "", () => sortBy(i)));
    row.append(cell);
  });
  markHead();
}
function markHead() {
  document.querySelectorAll("#table th").forEach((cell, i) => {
    if (i === table.column) cell.setAttribute("aria-sort", table.down ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
}
function sortBy(column) {
  table.down = column === table.column ? !table.down : TABLE_COLUMNS[column].down;
  table.column = column;
  markHead();
  refillTable();
  say(`Sorted by ${TABLE_COLUMNS[column].title}, ${table.down ? "largest" : "smallest"} first`);
}
function drawRows() {
  const seen = Math.ceil(tableScroll.clientHeight / ROW_HEIGHT) + 1;
  const from = Math.max(0, Math.min(table.rows.length - seen, Math.floor(tableScroll.scrollTop / ROW_HEIGHT)) - 4);
  if (from === table.from) return;
  const focused = tableBody.contains(document.activeElement) ? document.activeElement.closest("tr").dataset.row : null;
  table.from = from;
  const to = Math.min(table.rows.length, from + seen + 8);
  const rows = [];
  for (let i = from; i < to; i++) rows.push(makeRow(table.rows[i], i));
  tableBody.replaceChildren(space(from * ROW_HEIGHT), ...rows, space((table.rows.length - to) * ROW_HEIGHT));
  if (focused !== null) tableBody.querySelector(`tr[data-row="${focused}"] button`)?.focus({ preventScroll: true });
}
function space(height) {
  const row = element("tr", "space");
  row.setAttribute("aria-hidden", "true");
  row.style.height = `${height}px`;
  return row;
}
function makeRow(part, index) {
  const row = element("tr", part === state.selected ? "chosen" : "");
  row.dataset.row = String(index);
  row.dataset.part = String(PARTS.id[part]);
  row.setAttribute("aria-rowindex", String(index + 2));
  TABLE_COLUMNS.forEach((column, i) => {
    const cell = element(i ? "td" : "th", i ? "num" : "");
    if (i) cell.textContent = column.text(part);
    else {
      cell.scope = "row";
      const name = button(column.text(part), "", () => select(part));
      name.title = column.text(part);
      cell.append(name);
    }
    row.append(cell);
  });
  return row;
}
function markRow() {
  for (const row of tableBody.children) row.classList.toggle("chosen", row.dataset.part === String(PARTS.id[state.selected]));
}
function stepRow(event) {
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -COUNT, End: COUNT }[event.key];
  const row = event.target.closest("tbody tr");
  if (!row || !step) return;
  event.preventDefault();
  const index = Math.max(0, Math.min(table.rows.length - 1, Number(row.dataset.row) + step));
  const top = index * ROW_HEIGHT;
  const seen = tableScroll.clientHeight - 2 * ROW_HEIGHT;
  if (top < tableScroll.scrollTop) tableScroll.scrollTop = top;
  else if (top > tableScroll.scrollTop + seen) tableScroll.scrollTop = top - seen;
  drawRows();
  tableBody.querySelector(`tr[data-row="${index}"] button`)?.focus({ preventScroll: true });
}
tableScroll.addEventListener("scroll", drawRows, { passive: true });
tableBody.addEventListener("keydown", stepRow);
tableFilter.addEventListener("input", refillTable);
tableFilter.addEventListener("keydown", (event) => event.stopPropagation());
