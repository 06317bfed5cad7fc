"""How fast the page answers at 10^6 items in 10^5 parts, in a headless Chromium; and how large it is.

python benchmarks/report_page.py [PARTS] [ITEMS]

Each action is a click or a key as a reader gives it; its time ends when the next frame has been painted.
"""

from __future__ import annotations

import heapq
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import partita as pt
from partita.draw._layouts import LAYOUTS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
from webdriver import Browser, find_browser

WORDS = (
    "river",
    "stone",
    "winter",
    "market",
    "engine",
    "garden",
    "signal",
    "harbour",
    "copper",
    "meadow",
    "orbit",
)
ROUNDS = 1
TIMED = """
const act = new Function(arguments[0]);
const begin = performance.now();
act();
return new Promise((done) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => done(performance.now() - begin);
  channel.port2.postMessage(0);
}));
"""
LARGEST = "[...document.querySelectorAll(\".layer:not(.leaving) .tile[data-kind='part']\")]"
SLIDE = "const s = document.querySelector('#level'); s.value = {0}; s.dispatchEvent(new Event('input'))"
LAY = "const s = document.querySelector('#layout'); s.value = '{0}'; s.dispatchEvent(new Event('change'))"
TYPE = "const box = document.querySelector('{0}'); box.value = '{1}'; box.dispatchEvent(new Event('input'));"
ACTIONS = {
    "treemap": {
        "zoom in": f"{LARGEST}[0].click()",
        "zoom in again": f"({LARGEST}.find(t => t.getAttribute('aria-expanded')) || {LARGEST}[0]).click()",
        "zoom out": "document.querySelector('#crumbs button').click()",
        "arrow key": f"{LARGEST}[0].focus(); document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))",
        "search, one letter": TYPE.format("#search", "r"),
        "search, two words": TYPE.format("#search", "river 77"),
        "search, by number": TYPE.format("#search", "#4711"),
        "end of search": TYPE.format("#search", ""),
        "level": SLIDE.format("2"),
        "all levels": SLIDE.format("s.max"),
        "theme": "document.querySelector('#theme').click()",
    },
    "icicle": {
        "zoom in": f"{LARGEST}[1].click()",
        "zoom out": "document.querySelector('#crumbs button').click()",
        "theme": "document.querySelector('#theme').click()",
    },
    "map": {
        "zoom in": f"{LARGEST}[0].click()",
        "zoom out": "document.querySelector('#crumbs button').click()",
        "magnify": "document.querySelector('#map').dispatchEvent(new WheelEvent('wheel', {deltaY: -200}))",
        "choose": f"{LARGEST}[1].focus(); document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))",
    },
    "table": {
        "sort by name": "document.querySelectorAll('#table thead button')[0].click()",
        "sort by items": "document.querySelectorAll('#table thead button')[1].click()",
        "sort by height": "document.querySelectorAll('#table thead button')[5].click()",
        "filter": TYPE.format("#table-filter", "stone"),
        "end of filter": TYPE.format("#table-filter", ""),
        "scroll": "const s = document.querySelector('#table-scroll'); s.scrollTop = s.scrollHeight / 2;",
        "choose": "document.querySelectorAll('#table tbody button')[9].click()",
    },
    "compare": {
        "choose here": f"{LARGEST}[5].focus(); document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))",
        "choose there": "document.querySelectorAll(\".tile[data-kind='other']\")[5].click()",
        "zoom in": f"{LARGEST}[1].click()",
        "zoom out": "document.querySelector('#crumbs button').click()",
    },
}


def tree(n_items: int, n_parts: int, seed: int) -> pt.Hierarchy:
    """A random tree of power-law parts: the largest part is divided until there are enough."""
    rng = np.random.default_rng(seed)
    start, stop, kids = [0], [n_items], {}
    largest = [(-n_items, 0)]
    while len(start) < n_parts:
        size, part = heapq.heappop(largest)
        count = int(min(rng.integers(2, 14), n_parts - len(start), -size))
        if count < 2:
            break
        share = rng.pareto(1.2, count) + 0.2
        sizes = np.maximum(1, np.floor(share / share.sum() * -size * 0.98)).astype(int)
        sizes[np.argmax(sizes)] += min(0, -size - sizes.sum())
        ends = start[part] + np.cumsum(sizes)
        kids[part] = list(range(len(start), len(start) + count))
        for kid, (a, b) in zip(kids[part], zip(ends - sizes, ends)):
            start.append(int(a))
            stop.append(int(b))
            heapq.heappush(largest, (int(a - b), kid))
    return numbered(rng.permutation(n_items), start, stop, kids, rng)


def numbered(
    order: np.ndarray, start: list, stop: list, kids: dict, rng: np.random.Generator
) -> pt.Hierarchy:
    """The tree in preorder, with names and scores."""
    preorder, parent, depth, open_parts = [], [], [], [(0, -1, 0)]
    while open_parts:
        part, above, level = open_parts.pop()
        parent.append(above)
        depth.append(level)
        open_parts.extend((kid, len(preorder), level + 1) for kid in reversed(kids.get(part, [])))
        preorder.append(part)
    height = max(depth) - np.array(depth, dtype=float)
    h = pt.Hierarchy(order, parent, np.array(start)[preorder], np.array(stop)[preorder], height)
    names = [f"{WORDS[i % 11]} {WORDS[(i // 11) % 11]} {i}" for i in range(h.n_parts)]
    return h.replace(part_data={"name": names, "score": rng.random(h.n_parts)})


def write(folder: Path, n_parts: int, n_items: int) -> Path:
    """The page with everything that it can show."""
    h, other = tree(n_items, n_parts, 0), tree(n_items, n_parts, 1)
    rng = np.random.default_rng(2)
    X = np.empty((n_items, 12), np.float32)
    X[h.order] = np.cumsum(rng.normal(size=X.shape), axis=0) / 100
    texts = [f"text {i} about {WORDS[i % 11]} and {WORDS[i % 7]}, with more words" for i in range(n_items)]
    layouts = ["squarified", *(name for name in LAYOUTS if name != "squarified")]
    begin = time.perf_counter()
    page = pt.report.write(h, folder / "page.html", X=X, texts=texts, other=other, layout=layouts[:3])
    print(f"{h.n_items:,} items, {h.n_parts:,} parts, layouts {', '.join(layouts[:3])}")
    print(f"written in {time.perf_counter() - begin:.1f} s: {page.stat().st_size / 1e6:.2f} MB")
    return page


def measure(page: Path) -> float:
    """Print the median and the largest time of each action, over fresh openings of the page."""
    browser = Browser(*find_browser())
    worst = 0.0
    try:
        browser.prefer("light", motion="no-preference")
        browser.resize(1400, 900)
        times: dict[tuple[str, str], list[float]] = {}
        loads = []
        for _ in range(ROUNDS):
            for look, actions in ACTIONS.items():
                begin = time.perf_counter()
                browser.open(page, f"#view={look}")
                loads.append(time.perf_counter() - begin)
                time.sleep(1.0)
                for name, script in actions.items():
                    times.setdefault((look, name), []).append(browser.run(TIMED, script))
                    time.sleep(0.35)
        layouts = browser.run("return [...document.querySelector('#layout').options].map(o => o.value)")
        for layout in layouts[1:]:
            browser.open(page)
            choose = LAY.format(layout)
            zoom = {
                "choose": choose,
                **{k: ACTIONS["treemap"][k] for k in ("zoom in", "zoom in again", "zoom out")},
            }
            time.sleep(1.0)
            for name, script in zoom.items():
                times.setdefault((layout, name), []).append(browser.run(TIMED, script))
                time.sleep(0.35)
        assert browser.console() == []
    finally:
        browser.close()
    print(f"opened in {statistics.median(loads):.2f} s (median), {max(loads):.2f} s (largest)")
    print(f"{'':12}{'':22}{'median':>9}{'largest':>9}  ms")
    for (look, name), found in times.items():
        print(f"{look:12}{name:22}{statistics.median(found):9.0f}{max(found):9.0f}")
        worst = max(worst, statistics.median(found))
    return worst


def main() -> None:
    n_parts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    n_items = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    if find_browser() is None:
        raise SystemExit("needs a Chromium and its chromedriver on the PATH")
    with tempfile.TemporaryDirectory() as folder:
        print(f"slowest action: {measure(write(Path(folder), n_parts, n_items)):.0f} ms (median)")


if __name__ == "__main__":
    main()
