// The search box: names, terms, sampled texts, part numbers and item ids. Callers: main.js.
const box = document.getElementById("search");
const hitList = document.getElementById("hits");
const MOST_HITS = 40;
let hits = [];
let chosenHit = -1;

const ITEM_PART = (() => {
  if (!DATA.item_part) return null;
  const bytes = Uint8Array.from(atob(DATA.item_part), (c) => c.charCodeAt(0));
  return new Uint32Array(bytes.buffer);
})();
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const LOWER_NAMES = Array.from({ length: COUNT }, (_, part) => fold([partName(part), ...((PARTS.terms && PARTS.terms[part]) || [])].join(" ")));
const LOWER_TEXTS = (DATA.samples.text || []).map(fold);
const LOWER_LABELS = DATA.samples.label.map(fold);
const LOWER_IDS = (DATA.item_ids || []).map(fold);

// The smallest parts come first among the owners of a sample: the last part, in preorder, that lists it.
const OWNER_OF_SAMPLE = (() => {
  const owner = new Int32Array(DATA.samples.label.length);
  PARTS.samples.forEach((list, part) => { for (const sample of list) owner[sample] = part; });
  return owner;
})();

// Parts that match by name come first, the most specific of them first.
function partHits(matches, phrase) {
  const rank = (part) => {
    const name = fold(partName(part));
    return name === phrase ? 0 : name.startsWith(phrase) ? 1 : matches(name) ? 2 : 3;
  };
  const parts = [];
  for (let part = 0; part < COUNT; part++) if (KEPT[part] === part && matches(LOWER_NAMES[part])) parts.push([rank(part), PARTS.size[part], part]);
  parts.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return parts.slice(0, 300).map(([, size, part]) => {
    const terms = PARTS.terms && PARTS.terms[part] ? ` · ${PARTS.terms[part].join(", ")}` : "";
    return { part, title: partName(part), note: countText(size, "item", "items") + terms };
  });
}
function findHits(query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const all = (text) => words.every((word) => text.includes(word));
  const found = [];
  if (/^#?\d+$/.test(query.trim())) {
    const number = Number(query.trim().replace("#", ""));
    const part = ROW_OF_PART.get(number);
    if (part !== undefined) found.push({ part, title: partName(part), note: `part ${number}, ${countText(PARTS.size[part], "item", "items")}` });
    if (ITEM_PART && number < ITEM_PART.length) found.push({ part: ITEM_PART[number], title: `Item ${DATA.item_ids ? DATA.item_ids[number] : number}`, note: `row ${number}, in ${partName(ITEM_PART[number])}` });
  }
  found.push(...partHits(all, words.join(" ")));
  LOWER_TEXTS.forEach((text, sample) => {
    if (found.length < 400 && all(text)) found.push({ part: OWNER_OF_SAMPLE[sample], title: DATA.samples.text[sample], note: `${DATA.samples.label[sample]}, in ${partName(OWNER_OF_SAMPLE[sample])}` });
  });
  const ids = ITEM_PART && LOWER_IDS.length ? LOWER_IDS : LOWER_LABELS;
  const owner = ids === LOWER_IDS ? ITEM_PART : OWNER_OF_SAMPLE;
  ids.forEach((id, item) => {
    if (found.length < 400 && all(id)) found.push({ part: owner[item], title: ids === LOWER_IDS ? DATA.item_ids[item] : `Item ${DATA.samples.label[item]}`, note: `in ${partName(owner[item])}` });
  });
  return found;
}
function closeHits() {
  hitList.hidden = true;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}
function markHit(index) {
  chosenHit = index;
  [...hitList.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === index)));
  const node = hitList.children[index];
  if (node) {
    node.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", node.id);
  }
}
function runSearch() {
  const query = box.value.trim();
  hitList.replaceChildren();
  hits = query ? findHits(query) : [];
  state.hits = query ? new Set(hits.map((hit) => hit.part)) : null;
  map.classList.toggle("searching", Boolean(query && hits.length));
  lightTiles();
  if (!query) { closeHits(); return; }
  hits.slice(0, MOST_HITS).forEach((hit, i) => {
    const item = element("li");
    item.id = `hit-${i}`;
    item.setAttribute("role", "option");
    item.append(element("b", "", hit.title), element("small", "", hit.note));
    item.addEventListener("mousedown", (event) => { event.preventDefault(); openHit(i); });
    hitList.append(item);
  });
  if (!hits.length) hitList.append(element("li", "none", DATA.samples.complete ? "Nothing found." : "Nothing found among the names, ids and sampled texts of this page."));
  hitList.hidden = false;
  box.setAttribute("aria-expanded", "true");
  if (hits.length) markHit(0);
  say(hits.length ? countText(hits.length, "result", "results") : "Nothing found");
}
// A tile is lit when a hit lies in it or it lies in a hit.
function lightTiles() {
  if (!state.hits) return;
  const lit = new Set();
  for (const part of state.hits) for (let at = KEPT[part]; at >= 0 && !lit.has(at); at = UP[at]) lit.add(at);
  for (const tile of state.tiles) tile.node.classList.toggle("hit", lit.has(tile.part));
}
function openHit(index) {
  const hit = hits[index];
  if (!hit) return;
  closeHits();
  const part = KEPT[hit.part];
  const leaf = !CHILDREN[part].length && part > 0;
  zoomTo(leaf ? UP[part] : part, { selected: part });
  lightTiles();
}
box.addEventListener("input", runSearch);
box.addEventListener("focus", () => { if (box.value.trim() && hits.length) { hitList.hidden = false; box.setAttribute("aria-expanded", "true"); } });
box.addEventListener("blur", closeHits);
box.addEventListener("keydown", (event) => {
  const last = Math.min(hits.length, MOST_HITS) - 1;
  if (event.key === "ArrowDown") markHit(Math.min(last, chosenHit + 1));
  else if (event.key === "ArrowUp") markHit(Math.max(0, chosenHit - 1));
  else if (event.key === "Enter") openHit(chosenHit);
  else if (event.key === "Escape") { box.value = ""; runSearch(); map.querySelector('[tabindex="0"]')?.focus(); }
  else return;
  event.preventDefault();
  event.stopPropagation();
});
