// Sampled rows of a table, with the columns in which parts differ most. Callers: lists.js.
const MOST_ROWS = 12;
function rowTable(samples) {
  const { column, value } = DATA.rows;
  const frame = element("div", "rows");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Rows of this part");
  const node = element("table");
  const head = element("tr");
  for (const title of ["Item", ...column.map((index) => DATA.columns.name[index])]) {
    const cell = element("th", "", title);
    cell.scope = "col";
    cell.title = title;
    head.append(cell);
  }
  const top = element("thead");
  top.append(head);
  const body = element("tbody");
  for (const sample of samples.slice(0, MOST_ROWS)) {
    const row = element("tr");
    const name = element("th", "", sampleLabel(sample));
    name.scope = "row";
    row.append(name);
    column.forEach((_, i) => row.append(element("td", "", numberText(value[sample * column.length + i]))));
    body.append(row);
  }
  node.append(top, body);
  frame.append(node);
  return frame;
}
