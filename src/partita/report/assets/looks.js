// The ways to look at the parts, and the tabs that choose one. Callers: map.js, main.js.
const LOOKS = {
  treemap: {
    title: "Treemap",
    tiles: (...view) => (state.layout === "squarified" ? squarifiedView(...view) : shapesView(...view)),
    node: (tile) => (tile.points ? makeShape(tile) : makeTile(tile)),
    flies: true,
    legend: () => [`Area is the number of items${state.layout === "rectangular" ? ", less at most 5 % of it" : ""}`],
  },
  icicle: { title: "Icicle", tiles: icicleView, flies: true, legend: () => ["Width is the number of items; each row is one step down"] },
  map: { title: "Map", tiles: pointsView, node: makePin, selected: markPoints, legend: pointsLegend },
  table: { title: "Table", show: showTable, panel: "table", selected: markRow },
  compare: { title: "Compare", tiles: compareView, node: makeCompared, selected: shadeCompared, legend: compareLegend },
  record: { title: "Certificates", show: showRecord, panel: "record" },
};
if (!DATA.points) delete LOOKS.map;
if (!DATA.other) delete LOOKS.compare;

function showPanels(look) {
  map.hidden = Boolean(look.panel);
  for (const id of ["table", "record"]) document.getElementById(id).hidden = look.panel !== id;
  document.getElementById("layout-choice").hidden = state.look !== "treemap" || DATA.layouts.length < 2;
  document.getElementById("colour-choice").hidden = Boolean(look.panel) || document.getElementById("colour").options.length < 2;
}
function chooseLook(name, { remember = true } = {}) {
  state.look = name;
  for (const tab of document.querySelectorAll("#looks [role=tab]")) {
    const chosen = tab.dataset.look === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
  document.getElementById("stage").setAttribute("aria-labelledby", `look-${name}`);
  draw();
  showLegend();
  if (remember) location.hash = address();
}
function makeTabs() {
  const list = document.getElementById("looks");
  const names = Object.keys(LOOKS);
  for (const name of names) {
    const tab = button(LOOKS[name].title, "", () => chooseLook(name));
    tab.id = `look-${name}`;
    tab.dataset.look = name;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "stage");
    list.append(tab);
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = names[(names.indexOf(state.look) + step + names.length) % names.length];
    chooseLook(next);
    document.getElementById(`look-${next}`).focus();
    event.preventDefault();
    event.stopPropagation();
  });
}
function showLegend() {
  const legend = document.getElementById("legend");
  legend.replaceChildren();
  const look = LOOKS[state.look];
  if (!look.legend) return;
  for (const words of look.legend()) legend.append(typeof words === "string" ? element("span", "", words) : words);
  if (state.look === "compare") return;
  if (state.mode === "branch") { legend.append(element("span", "", "A colour is a branch of the tree")); return; }
  const ramp = element("span", "ramp");
  ramp.style.background = `linear-gradient(90deg, ${SCALE.join(", ")})`;
  const [low, high] = state.mode === "quality" ? [0, 1] : HEIGHT_RANGE;
  const line = element("span");
  line.append(state.mode === "quality" ? DATA.quality_name : "Height", " ", numberText(low), ramp, numberText(high));
  legend.append(line);
}
