// Lists in the panel: sub-parts and sampled members. Callers: details.js.
const FIRST_KIDS = 12;
function addKids(part, most = FIRST_KIDS) {
  const kids = CHILDREN[part];
  if (!kids.length) return;
  addHeading(countText(kids.length, "sub-part", "sub-parts"));
  const list = element("ul", "kids");
  const fill = (begin, end) => kids.slice(begin, end).forEach((kid) => {
    const node = button("", "", () => zoomTo(kid));
    const dot = element("span", "dot");
    dot.style.setProperty("--fill", css(fillOf(kid, state.mode, false)));
    node.append(dot, element("span", "name", partName(kid)), element("span", "num", `${whole.format(PARTS.size[kid])} · ${shareText(PARTS.size[kid], PARTS.size[part])}`));
    node.title = partName(kid);
    const item = element("li");
    item.append(node);
    list.append(item);
  });
  fill(0, most);
  panel.append(list);
  let shown = most;
  if (kids.length > shown) {
    const more = button("Show more", "morelist", () => {
      fill(shown, shown + 100);
      shown += 100;
      if (shown >= kids.length) more.remove();
    });
    panel.append(more);
  }
}
function addSamples(part) {
  const samples = samplesOf(part);
  if (!samples.length) return;
  const all = samples.length >= PARTS.size[part];
  const medoid = PARTS.medoid ? "The medoid, and members near it" : null;
  addHeading(all ? "Members" : medoid || (DATA.samples.typical ? "Most typical members" : "Some members"));
  if (PICTURES) panel.append(pictureGrid(samples));
  else if (DATA.samples.text) panel.append(textList(samples));
  else if (DATA.rows) panel.append(rowTable(samples));
  else {
    const list = element("ul", "ids");
    for (const sample of samples) list.append(element("li", "", sampleLabel(sample)));
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
    const label = sampleLabel(sample);
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
    item.append(element("small", "", sampleLabel(sample)), sampleText(sample));
    list.append(item);
  }
  return list;
}
