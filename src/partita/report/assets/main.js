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
function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  const part = ROW_OF_PART.get(Number(words.get("part") ?? NaN)) ?? 0;
  const from = Math.floor(Number(words.get("from") ?? 0));
  const look = words.get("view");
  return { part: KEPT[part], from: from > 0 && from < CHILDREN[KEPT[part]].length ? from : 0, look: Object.hasOwn(LOOKS, look) ? look : "treemap" };
}
function followAddress() {
  const at = readAddress();
  if (at.look !== state.look) chooseLook(at.look, { remember: false });
  if (at.part !== state.view.part || at.from !== state.view.from) zoomTo(at.part, { from: at.from, remember: false });
}
function setUp() {
  setTheme(darkWanted.matches ? "dark" : "light");
  darkWanted.addEventListener("change", () => { if (darkWanted.matches !== isDark()) chooseTheme(); });
  document.getElementById("summary").textContent = DATA.summary;
  document.getElementById("note").textContent = DATA.note || "";
  document.getElementById("made").textContent = DATA.made.line;
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
  state.layout = DATA.layouts[0];
  fillSelect("layout", DATA.layouts.map((name) => [name, name])).addEventListener("change", (event) => {
    state.layout = event.target.value;
    zoomTo(state.view.part, { selected: state.selected });
    showLegend();
  });
  makeSlider();
  makeTabs();
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); box.focus(); box.select(); }
    else if (event.key === "Escape") zoomOut();
  });
  window.addEventListener("hashchange", followAddress);
  let frame = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => draw());
  }).observe(document.getElementById("stage"));
  if (!COUNT) return;
  loadPictures().then(() => {
    const at = readAddress();
    state.look = at.look;
    state.view = { part: at.part, from: at.from };
    state.selected = at.part;
    chooseLook(at.look, { remember: false });
    showCrumbs();
    showDetails(at.part);
    root.dataset.ready = "yes";
    whenIdle([searchNames, searchWords, searchTexts, searchIds, ownerOfSample]);
  });
}
function whenIdle(jobs) {
  const next = () => { jobs.shift()?.(); if (jobs.length) later(next); };
  const later = window.requestIdleCallback || ((run) => setTimeout(run, 50));
  later(next);
}
setUp();
