// The panel: what is known of one part. Callers: map.js, compare.js, main.js.
const panel = document.getElementById("details");

function addRow(list, name, value, share) {
  const cell = element("dd");
  if (typeof share === "number") {
    const bar = element("span", "bar");
    const fill = element("i");
    fill.style.width = `${Math.round(100 * Math.max(0, Math.min(1, share)))}%`;
    bar.append(fill);
    cell.append(bar);
  }
  cell.append(value);
  const term = element("dt", "", name);
  term.title = name;
  list.append(term, cell);
}
function addHeading(text) {
  panel.append(element("h3", "", text));
}
function addFacts(part) {
  const list = element("dl");
  const parent = UP[part];
  addRow(list, "Items", whole.format(PARTS.size[part]));
  addRow(list, "Share of all", shareText(PARTS.size[part], TOTAL), TOTAL ? PARTS.size[part] / TOTAL : 0);
  if (parent > 0) addRow(list, "Share of its parent", shareText(PARTS.size[part], PARTS.size[parent]), PARTS.size[part] / PARTS.size[parent]);
  if (PARTS.quality && !Number.isNaN(PARTS.quality[part])) addRow(list, DATA.quality_name, numberText(PARTS.quality[part]), PARTS.quality[part]);
  addRow(list, "Height", numberText(PARTS.height[part]));
  addRow(list, "Sub-parts", whole.format(CHILDREN[part].length + HIDDEN_CHILDREN[part]));
  if (OWN[part] > 0 && CHILDREN[part].length) addRow(list, DATA.own_items_are === "singletons" ? "Single items" : "In no sub-part", whole.format(OWN[part]));
  DATA.extra.name.forEach((name, i) => {
    const value = DATA.extra.of[i][part];
    if (!Number.isNaN(value)) addRow(list, heading(name), numberText(value));
  });
  panel.append(list);
}
function addTerms(part) {
  const terms = termsOf(part);
  if (!terms.length) return;
  addHeading("What sets it apart");
  const list = element("ul", "terms");
  for (const term of terms) list.append(element("li", "", term));
  panel.append(list);
}
// The columns in which a part lies far from all, as bars to the left (lower) and right (higher) of the middle.
function addColumns(part) {
  const far = farOf(part);
  if (!far.length) return;
  addHeading("What sets it apart, in standard deviations of all");
  const list = element("dl", "far");
  const most = Math.max(1, ...far.map(([, away]) => Math.abs(away)));
  for (const [column, away] of far) {
    const cell = element("dd");
    const track = element("span", "swing");
    const fill = element("i");
    const length = (50 * Math.abs(away)) / most;
    fill.style.width = `${length}%`;
    fill.style.left = `${away < 0 ? 50 - length : 50}%`;
    track.append(fill);
    cell.append(track, awayText(away));
    const term = element("dt", "", column);
    term.title = column;
    list.append(term, cell);
  }
  panel.append(list);
}
function showDetails(part) {
  if (!COUNT) return;
  panel.replaceChildren();
  panel.scrollTop = 0;
  const path = pathTo(part).slice(1, -1).map((above) => alone(partName(above)));
  panel.append(element("p", "kind", part === 0 ? "Everything" : path.length ? path.join(" › ") : `Part ${PARTS.id[part]}`));
  panel.append(element("h2", "", partName(part)));
  const actions = element("div", "actions");
  const act = (text, run) => actions.append(button(text, "", run));
  if (part !== state.view.part) act("Zoom in", () => zoomTo(part));
  if (state.view.part > 0) act("Zoom out", zoomOut);
  if (actions.children.length) panel.append(actions);
  addFacts(part);
  addTerms(part);
  addColumns(part);
  addCounterparts(part);
  addKids(part);
  addSamples(part);
}
