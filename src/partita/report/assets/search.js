// The search box: names, terms, sampled texts, part numbers and item ids. Callers: main.js.
const box = document.getElementById("search");
const hitList = document.getElementById("hits");
const MOST_HITS = 40;
let hits = [];
let chosenHit = -1;

const ITEM_PART = DATA.item_part;
const PLAIN = /^[\x00-\x7f]*$/;
const fold = (text) => (PLAIN.test(text) ? text : text.normalize("NFKD").replace(/\p{M}/gu, "")).toLowerCase();
// Folded texts are made when they are first asked for, or when the page has nothing else to do.
const once = (make) => { let value = null; return () => (value ??= make()); };
const searchNames = once(() => Array.from({ length: COUNT }, (_, part) => fold(partName(part))));
const searchWords = once(() => (PARTS.terms ? PARTS.terms.word.map(fold) : []));
const searchTexts = once(() => (DATA.samples.text || []).map(fold));
const searchIds = once(() => (DATA.item_ids || DATA.samples.label || []).map(fold));
const MOST_FOUND = 200;

// The smallest parts come first among the owners of a sample: the last part, in preorder, that lists it.
const ownerOfSample = once(() => {
  const owner = new Int32Array(DATA.samples.item.length);
  for (let part = 0; part < COUNT; part++) for (const sample of samplesOf(part)) owner[sample] = part;
  return owner;
});

// Parts that match by name come first (their rank, size and number as one number, which sorts fast), the most specific of them first; then those that match by their terms.
function partHits(words, phrase) {
  const names = searchNames();
  const known = words.map((word) => Uint8Array.from(searchWords(), (term) => (term.includes(word) ? 1 : 0)));
  const { start, of } = PARTS.terms || {};
  const inTerms = (part, i) => { for (let at = start[part]; at < start[part + 1]; at++) if (known[i][of[at]]) return true; return false; };
  const keys = new Float64Array(COUNT);
  let count = 0;
  for (let part = 0; part < COUNT; part++) {
    if (KEPT[part] !== part) continue;
    const name = names[part];
    let byName = true, found = true;
    for (let i = 0; i < words.length && found; i++) {
      if (name.includes(words[i])) continue;
      byName = false;
      found = start !== undefined && inTerms(part, i);
    }
    if (found) keys[count++] = ((name === phrase ? 0 : name.startsWith(phrase) ? 1 : byName ? 2 : 3) * 2 ** 32 + PARTS.size[part]) * 2 ** 18 + part;
  }
  return Array.from(keys.subarray(0, count).sort().subarray(0, 150), (key) => {
    const part = key % 2 ** 18, size = PARTS.size[part];
    const terms = termsOf(part);
    return { part, title: partName(part), note: countText(size, "item", "items") + (terms.length ? ` · ${terms.join(", ")}` : "") };
  });
}
function numberHits(query) {
  if (!/^#?\d+$/.test(query)) return [];
  const number = Number(query.replace("#", ""));
  const part = ROW_OF_PART.get(number);
  const found = [];
  if (part !== undefined) found.push({ part, title: partName(part), note: `part ${number}, ${countText(PARTS.size[part], "item", "items")}` });
  if (ITEM_PART && number < ITEM_PART.length) found.push({ part: ITEM_PART[number], title: `Item ${DATA.item_ids ? DATA.item_ids[number] : number}`, note: `row ${number}, in ${alone(partName(ITEM_PART[number]))}` });
  return found;
}
function findHits(query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const all = (text) => words.every((word) => text.includes(word));
  const found = [...numberHits(query.trim()), ...partHits(words, words.join(" "))];
  searchTexts().forEach((text, sample) => {
    if (found.length >= MOST_FOUND || !all(text)) return;
    const part = ownerOfSample()[sample];
    found.push({ part, title: DATA.samples.text[sample], note: `${sampleLabel(sample)}, in ${alone(partName(part))}` });
  });
  searchIds().forEach((id, item) => {
    if (found.length >= MOST_FOUND || !all(id)) return;
    const part = DATA.item_ids ? ITEM_PART[item] : ownerOfSample()[item];
    found.push({ part, title: DATA.item_ids ? DATA.item_ids[item] : `Item ${sampleLabel(item)}`, note: `in ${alone(partName(part))}` });
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
  const before = state.lit;
  state.lit = state.hits && new Set();
  if (!state.hits) { if (before) repaintPlain(); return; }
  for (const part of state.hits) for (let at = KEPT[part]; at >= 0 && !state.lit.has(at); at = UP[at]) state.lit.add(at);
  for (const tile of state.tiles) if (tile.node && tile.kind !== "other") markHits(tile.node, tile);
  repaintPlain();
}
function openHit(index) {
  const hit = hits[index];
  if (!hit) return;
  closeHits();
  const part = KEPT[hit.part];
  const leaf = !CHILDREN[part].length && part > 0;
  zoomTo(leaf ? UP[part] : part, { selected: part });
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
