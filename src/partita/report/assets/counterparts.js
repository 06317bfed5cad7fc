// How the items of a part lie in the other hierarchy, from a sample of items: their places in both orders. Callers: compare.js, details.js.
const OTHER = DATA.other;
const PAIRS = OTHER && (() => {
  const { here, there, step } = OTHER.items;
  const back = new Uint32Array(here.length);
  for (let i = 0; i < here.length; i++) back[here[i] / step] = there[i];
  const bounds = (places, starts, sizes) => [
    Uint32Array.from(starts, (start) => lowerBound(places, start)),
    Uint32Array.from(starts, (start, part) => lowerBound(places, start + sizes[part])),
  ];
  const mine = Uint32Array.from(here, (_, i) => i * step);
  return {
    // Of each item in the order of the one side, its place in the order of the other.
    toHere: here, toThere: back,
    mine: bounds(mine, PARTS.start, PARTS.size),
    theirs: bounds(there, OTHER.parts.start, OTHER.parts.size),
    running: new Uint32Array(here.length + 1),
  };
})();

function otherName(part) {
  if (part === 0) return "All items";
  return (OTHER.parts.name && OTHER.parts.name[part]) || `Part ${OTHER.parts.id[part]}`;
}
// For each part of the far side, how many sampled items it shares with the given slice of the near side.
function sharedWith(partHere, partThere) {
  const near = partHere >= 0 ? PARTS : OTHER.parts;
  const part = partHere >= 0 ? partHere : partThere;
  const places = partHere >= 0 ? PAIRS.toHere : PAIRS.toThere;
  const [first, last] = partHere >= 0 ? PAIRS.theirs : PAIRS.mine;
  const begin = near.start[part], end = begin + near.size[part];
  const running = PAIRS.running;
  let sum = 0;
  for (let i = 0; i < places.length; i++) {
    if (places[i] >= begin && places[i] < end) sum += 1;
    running[i + 1] = sum;
  }
  const shared = new Uint32Array(first.length);
  for (let far = 0; far < first.length; far++) shared[far] = running[last[far]] - running[first[far]];
  return { shared, first, last, size: sum };
}
// The parts of the other side that are most alike: shared items over all items of either.
function bestMatches(found, most) {
  const best = [];
  for (let far = 0; far < found.shared.length; far++) {
    const both = found.shared[far];
    if (!both) continue;
    const alike = both / (found.size + found.last[far] - found.first[far] - both);
    if (best.length === most && alike <= best[most - 1].alike) continue;
    let at = best.length;
    while (at > 0 && best[at - 1].alike < alike) at -= 1;
    best.splice(at, 0, { part: far, alike, share: both / Math.max(1, found.size) });
    if (best.length > most) best.pop();
  }
  return best;
}
function addCounterparts(part) {
  if (!OTHER) return;
  const best = bestMatches(sharedWith(part, -1), 5);
  listMatches(`Most alike in ${alone(OTHER.title)}`, best, otherName, selectOther);
}
function listMatches(title, best, nameOf, open) {
  if (!best.length) return;
  addHeading(title);
  const list = element("ul", "kids");
  for (const { part, alike, share } of best) {
    const node = button("", "", () => open(part));
    node.title = `${nameOf(part)}: it holds ${percent.format(share)} of these items; Jaccard index ${decimal.format(alike)}`;
    const dot = element("span", "dot");
    dot.style.setProperty("--fill", css(shareColour(alike)));
    node.append(dot, element("span", "name", nameOf(part)), element("span", "num", `${percent.format(alike)} alike`));
    const item = element("li");
    item.append(node);
    list.append(item);
  }
  panel.append(list);
}
