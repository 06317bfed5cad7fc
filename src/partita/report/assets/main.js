// Sets the page up. Nothing calls this.
const root = document.documentElement;
const darkWanted = window.matchMedia("(prefers-color-scheme: dark)");

function setTheme(theme) {
  root.dataset.theme = theme;
  document.getElementById("theme").setAttribute("aria-pressed", String(theme === "dark"));
}
function chooseTheme() {
  setTheme(isDark() ? "light" : "dark");
  draw();
  showDetails(state.selected);
  showLegend();
}
function fillSelect(id, options) {
  const node = document.getElementById(id);
  for (const [value, text] of options) {
    const option = element("option", "", text);
    option.value = value;
    node.append(option);
  }
  document.getElementById(`${id}-choice`).hidden = options.length < 2;
  return node;
}
function showLegend() {
  const legend = document.getElementById("legend");
  legend.replaceChildren();
  if (state.mode === "branch") {
    legend.append(element("span", "", "Area is the number of items; a colour is a branch of the tree."));
    return;
  }
  const ramp = element("span", "ramp");
  ramp.style.background = `linear-gradient(90deg, ${SCALE.join(", ")})`;
  const [low, high] = state.mode === "quality" ? [0, 1] : HEIGHT_RANGE;
  const line = element("span");
  line.append(state.mode === "quality" ? DATA.quality_name : "Height", " ", numberText(low), ramp, numberText(high));
  legend.append(line);
}
function chooseLevel(choice) {
  state.stopAt = /^\d+$/.test(choice) ? new Set(DATA.levels[Number(choice)]) : null;
  if (OUTLINE && EVERY_PART !== (choice === "every")) {
    growTree(choice === "every");
    BRANCH_OF = findBranches();
  }
  zoomTo(KEPT[state.view.part], { selected: KEPT[state.selected] });
}
function readAddress() {
  const match = location.hash.match(/^#part=(\d+)(?:&from=(\d+))?$/);
  const part = match ? ROW_OF_PART.get(Number(match[1])) : 0;
  return { part: KEPT[part ?? 0], from: match && match[2] ? Number(match[2]) : 0 };
}
function setUp() {
  setTheme(darkWanted.matches ? "dark" : "light");
  darkWanted.addEventListener("change", () => { if (darkWanted.matches !== isDark()) chooseTheme(); });
  document.getElementById("summary").textContent = DATA.summary;
  document.getElementById("note").textContent = DATA.note || "";
  document.getElementById("made").textContent = DATA.made;
  document.getElementById("theme").addEventListener("click", chooseTheme);
  const colours = [["branch", "by branch"]];
  if (PARTS.quality) colours.push(["quality", `by ${DATA.quality_name.toLowerCase()}`]);
  if (HEIGHT_RANGE[1] > HEIGHT_RANGE[0]) colours.push(["height", "by height"]);
  fillSelect("colour", colours).addEventListener("change", (event) => {
    state.mode = event.target.value;
    draw();
    showDetails(state.selected);
    showLegend();
  });
  const choices = [["all", OUTLINE ? "all named levels" : "all levels"]];
  const levels = DATA.levels.map((level, i) => [String(i), `level ${i}: ${countText(level.length, "part", "parts")}`]).slice(1);
  choices.push(...levels);
  if (OUTLINE) choices.push(["every", `every part: ${whole.format(COUNT)}`]);
  fillSelect("level", choices).addEventListener("change", (event) => chooseLevel(event.target.value));
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); box.focus(); box.select(); }
    else if (event.key === "Escape") zoomOut();
  });
  const go = () => { const at = readAddress(); if (at.part !== state.view.part || at.from !== state.view.from) zoomTo(at.part, { from: at.from, remember: false }); };
  window.addEventListener("hashchange", go);
  let frame = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => { draw(); lightTiles(); });
  }).observe(map);
  loadPictures().then(() => {
    const at = readAddress();
    showLegend();
    zoomTo(at.part, { from: at.from, remember: false });
    root.dataset.ready = "yes";
  });
}
setUp();
