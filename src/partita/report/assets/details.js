// The panel: what is known of one part. Callers: map.js, main.js.
const panel = document.getElementById("details");
const FIRST_KIDS = 12;

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
  if (PARTS.quality && PARTS.quality[part] !== null) addRow(list, DATA.quality_name, numberText(PARTS.quality[part]), PARTS.quality[part]);
  addRow(list, "Height", numberText(PARTS.height[part]));
  addRow(list, "Sub-parts", whole.format(CHILDREN[part].length + HIDDEN_CHILDREN[part]));
  if (OWN[part] > 0 && CHILDREN[part].length) addRow(list, DATA.own_items_are === "singletons" ? "Single items" : "In no sub-part", whole.format(OWN[part]));
  for (const [name, values] of Object.entries(DATA.extra)) if (values[part] !== null) addRow(list, name[0].toUpperCase() + name.slice(1).replaceAll("_", " "), numberText(values[part]));
  panel.append(list);
}
function addTerms(part) {
  const terms = PARTS.terms && PARTS.terms[part];
  if (!terms || !terms.length) return;
  addHeading("What sets it apart");
  const list = element("ul", "terms");
  for (const term of terms) list.append(element("li", "", term));
  panel.append(list);
}
// The columns in which a part lies far from all, as bars to the left (lower) and right (higher) of the middle.
function addColumns(part) {
  const far = DATA.columns ? DATA.columns.of[part] : [];
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
    const term = element("dt", "", DATA.columns.name[column]);
    term.title = DATA.columns.name[column];
    list.append(term, cell);
  }
  panel.append(list);
}
function addKids(part, most = FIRST_KIDS) {
  const kids = CHILDREN[part];
  if (!kids.length) return;
  addHeading(countText(kids.length, "sub-part", "sub-parts"));
  const list = element("ul", "kids");
  const fill = (begin, end) => kids.slice(begin, end).forEach((kid) => {
    const button = element("button");
    button.type = "button";
    const dot = element("span", "dot");
    dot.style.setProperty("--fill", css(fillOf(kid, state.mode, false)));
    button.append(dot, element("span", "name", partName(kid)), element("span", "num", `${whole.format(PARTS.size[kid])} · ${shareText(PARTS.size[kid], PARTS.size[part])}`));
    button.title = partName(kid);
    button.addEventListener("click", () => zoomTo(kid));
    const item = element("li");
    item.append(button);
    list.append(item);
  });
  fill(0, most);
  panel.append(list);
  let shown = most;
  if (kids.length > shown) {
    const more = element("button", "morelist", "Show more");
    more.type = "button";
    more.addEventListener("click", () => {
      fill(shown, shown + 100);
      shown += 100;
      if (shown >= kids.length) more.remove();
    });
    panel.append(more);
  }
}
function addSamples(part) {
  const samples = PARTS.samples[part];
  if (!samples.length) return;
  const all = samples.length >= PARTS.size[part];
  addHeading(DATA.samples.typical && !all ? "Most typical members" : all ? "Members" : "Some members");
  if (PICTURES) panel.append(pictureGrid(samples));
  else if (DATA.samples.text) panel.append(textList(samples));
  else {
    const list = element("ul", "ids");
    for (const sample of samples) list.append(element("li", "", DATA.samples.label[sample]));
    panel.append(list);
  }
  if (!all) panel.append(element("p", "note", `${whole.format(samples.length)} of ${whole.format(PARTS.size[part])}`));
}
function pictureGrid(samples) {
  const grid = element("div", "pics");
  const ink = isDark() ? "#ffffff" : "#11151a";
  for (const sample of samples.slice(0, 60)) {
    const figure = element("figure");
    const canvas = pictureCanvas(56, 56);
    drawPicture(canvas.getContext("2d"), sample, 3, 3, 50, ink);
    canvas.setAttribute("role", "img");
    const label = DATA.samples.label[sample];
    canvas.setAttribute("aria-label", `Item ${label}`);
    const text = sampleText(sample);
    figure.title = text ? `${label}: ${text}` : label;
    figure.append(canvas, element("figcaption", "", label));
    grid.append(figure);
  }
  return grid;
}
function textList(samples) {
  const list = element("ul", "texts");
  for (const sample of samples) {
    const item = element("li");
    item.append(element("small", "", DATA.samples.label[sample]), sampleText(sample));
    list.append(item);
  }
  return list;
}
function showDetails(part) {
  if (!COUNT) return;
  panel.replaceChildren();
  panel.scrollTop = 0;
  const path = pathTo(part).slice(1, -1).map(partName);
  panel.append(element("p", "kind", part === 0 ? "Everything" : path.length ? path.join(" › ") : `Part ${PARTS.id[part]}`));
  panel.append(element("h2", "", partName(part)));
  const actions = element("div", "actions");
  const act = (text, run) => {
    const button = element("button", "", text);
    button.type = "button";
    button.addEventListener("click", run);
    actions.append(button);
  };
  if (part !== state.view.part) act("Zoom in", () => zoomTo(part));
  if (state.view.part > 0) act("Zoom out", zoomOut);
  if (actions.children.length) panel.append(actions);
  addFacts(part);
  addTerms(part);
  addColumns(part);
  addKids(part);
  addSamples(part);
}
