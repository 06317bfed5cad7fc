// The slider: how far down the tree is drawn. Callers: main.js.
const slider = document.getElementById("level");
const LEVEL_CHOICES = (() => {
  const named = LEVELS.map((level, i) => ({ kind: "level", level: i, text: `level ${i}: ${countText(level.length, "part", "parts")}` })).slice(1);
  if (OUTLINE) return [...named, { kind: "all", text: "all named levels" }, { kind: "every", text: `every part: ${whole.format(COUNT)}` }];
  if (named.length) return [...named, { kind: "all", text: "all levels" }];
  const deepest = BELOW.length ? Math.min(BELOW[0], 24) : 0;
  const depths = Array.from({ length: Math.max(0, deepest - 1) }, (_, i) => ({ kind: "depth", depth: i + 1, text: `${countText(i + 1, "level", "levels")} deep` }));
  return [...depths, { kind: "all", text: "all levels" }];
})();

function chooseLevel(choice) {
  if (choice.kind === "level") {
    const parts = new Set(LEVELS[choice.level]);
    state.stops = (part) => parts.has(part);
  } else state.stops = choice.kind === "depth" ? (part) => DEPTH[part] >= choice.depth : null;
  if (OUTLINE && EVERY_PART !== (choice.kind === "every")) {
    growTree(choice.kind === "every");
    BRANCH_OF = findBranches();
  }
  nameLevel(choice);
  zoomTo(KEPT[state.view.part], { selected: KEPT[state.selected] });
}
function nameLevel(choice) {
  document.getElementById("level-text").textContent = choice.text;
  slider.setAttribute("aria-valuetext", choice.text);
}
function makeSlider() {
  document.getElementById("level-choice").hidden = LEVEL_CHOICES.length < 2;
  slider.max = String(LEVEL_CHOICES.length - 1);
  slider.value = String(LEVEL_CHOICES.findIndex((choice) => choice.kind === "all"));
  nameLevel(LEVEL_CHOICES[Number(slider.value)]);
  slider.addEventListener("input", () => chooseLevel(LEVEL_CHOICES[Number(slider.value)]));
}
