"""The looks of the page in a real browser: icicle, map, table, comparison, certificates, layouts."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from report_builders import HOSTILE, nested, wide_and_deep
from webdriver import Browser

import partita as pt
from partita.draw._layouts import LAYOUTS
from partita.hierarchy import MadeBy

pytestmark = pytest.mark.browser

LOOKS = ["treemap", "icicle", "map", "table", "compare", "record"]
HEADING = "return document.querySelector('#details h2').textContent"
CRUMBS = "return [...document.querySelectorAll('#crumbs button')].map(b => b.textContent)"
ROWS = "return [...document.querySelectorAll('#table tbody tr:not(.space)')].map(r => r.textContent)"
PARTS = (
    "return [...document.querySelectorAll('#table tbody tr:not(.space)')].map(r => Number(r.dataset.part))"
)
INPUT = """const node = document.querySelector(arguments[0]);
    node.value = arguments[1];
    node.dispatchEvent(new Event(node.tagName === 'SELECT' ? 'change' : 'input'))"""
MIDDLE = """const box = document.querySelector(arguments[0]).getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2]"""


def full_page(path: Path, hostile: bool = False) -> Path:
    """A page with every look; with hostile words wherever words can be given."""
    h = nested(300, seed=2)
    X = np.random.default_rng(0).normal(size=(300, 3))
    X[h.members(1), 2] += 9
    names = [HOSTILE[v % 5].replace("\ud800", "") if hostile else f"name {v}" for v in range(h.n_parts)]
    words = list(HOSTILE[:3]) if hostile else ["wide", "high", "weight"]
    made = MadeBy("Maker", {words[0]: words[1]}, "0", certificates={words[1]: 0.25}, notes=(words[0],))
    h = h.replace(part_data={"name": names, words[0]: np.arange(h.n_parts)}, made_by=made)
    other = nested(300, seed=2).replace(part_data={"name": names})
    return pt.report.write(
        h, path, X=X, columns=words, other=other, other_title=words[1], note=words[0],
        texts=[HOSTILE[i % 5] for i in range(300)] if hostile else None,
        layout=["squarified", *(name for name in LAYOUTS if name != "squarified")],
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return full_page(tmp_path_factory.mktemp("looks") / "page.html")


def show(browser: Browser, page: Path, look: str) -> None:
    browser.open(page, f"#view={look}")
    chosen = browser.run("return document.querySelector('#looks [aria-selected=true]').dataset.look")
    assert chosen == look


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", LOOKS)
def test_each_look_opens_clean_and_asks_for_nothing(
    browser: Browser, page: Path, look: str, scheme: str
) -> None:
    browser.prefer(scheme)
    show(browser, page, look)
    asked = [address for address in browser.requests() if not address.startswith(("data:", "about:"))]
    assert asked == [page.resolve().as_uri() + f"#view={look}"] or asked == [page.resolve().as_uri()]
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    browser.click("#theme")
    assert browser.run("return document.documentElement.dataset.theme") != scheme


def test_tabs_obey_the_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('#look-treemap').focus()")
    for look in [*LOOKS[1:], LOOKS[0]]:
        browser.type("Right")
        assert browser.run("return document.activeElement.id") == f"look-{look}"
        assert browser.run("return document.querySelector('#stage').getAttribute('aria-labelledby')") == (
            f"look-{look}"
        )
    assert browser.run("return location.hash") == ""


def test_icicle_widths_are_the_sizes(browser: Browser, page: Path) -> None:
    show(browser, page, "icicle")
    h = nested(300, seed=2)
    tiles = browser.run("""const whole = document.querySelector('#map').getBoundingClientRect().width;
        return [...document.querySelectorAll('.tile')].map(t =>
            [Number(t.dataset.part), (t.getBoundingClientRect().width + 2) / whole, t.ariaLevel])""")
    assert len(tiles) == h.n_parts
    for part, width, level in tiles:
        assert width == pytest.approx(h.sizes[part] / 300, abs=0.004)
        assert int(level) == h.depth[part] + 1
    browser.click(".tile[data-part='1']")
    assert browser.run(CRUMBS) == ["All items", "name 1"]
    browser.type("Escape")
    assert browser.run(CRUMBS) == ["All items"]


def test_map_shows_items_and_names_their_parts(browser: Browser, page: Path) -> None:
    show(browser, page, "map")
    pins = browser.run("return [...document.querySelectorAll('.pin')].map(p => p.dataset.part)")
    assert set(pins) <= {str(part) for part in nested(300, seed=2).children(0)}
    assert pins
    colours = """const canvas = document.querySelector('canvas.points');
        const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const data = new Uint32Array(image.data.buffer);
        return new Set(data.filter(value => value)).size"""
    assert browser.run(colours) >= 3
    before = browser.run(MIDDLE, ".pin:last-child")
    browser.run("document.querySelector('.pin').focus()")
    browser.type("+")
    browser.wait_for(
        f"const now = (() => {{ {MIDDLE} }})(); return now[0] !== arguments[1]", ".pin:last-child", before[0]
    )
    part = browser.run("return document.querySelector('.pin').dataset.part")
    browser.run("document.querySelector('.pin').click()")
    assert browser.run("return location.hash") == f"#part={part}&view=map"


def test_table_sorts_filters_and_tells(browser: Browser, page: Path) -> None:
    show(browser, page, "table")
    h = nested(300, seed=2)
    sizes = [int(h.sizes[part]) for part in browser.run(PARTS)]
    assert sizes == sorted(h.sizes.tolist(), reverse=True)
    browser.run("document.querySelector('#table thead button').click()")
    assert browser.run("return document.querySelector('#table th').getAttribute('aria-sort')") == "ascending"
    order = browser.run(PARTS)
    assert order == sorted(range(h.n_parts), key=lambda part: f"name {part}")
    browser.run(INPUT, "#table-filter", "NAME 1")
    assert sorted(browser.run(PARTS)) == [1, 10, 11, 12]
    assert browser.run("return document.querySelector('#table table').ariaRowCount") == "5"
    browser.run("document.querySelector('#table tbody button').focus()")
    browser.type("Down")
    browser.type("Enter")
    assert browser.run(HEADING) == "name 10"
    assert browser.run("return document.querySelectorAll('.rows tbody tr').length") > 2
    heads = browser.run("return [...document.querySelectorAll('.rows thead th')].map(t => t.textContent)")
    assert heads == ["Item", "wide", "high", "weight"]


def test_a_long_table_makes_only_what_is_seen(browser: Browser, tmp_path: Path) -> None:
    h = wide_and_deep(60_000, 120, 2)
    show(browser, pt.report.write(h, tmp_path / "long.html"), "table")
    assert 10 < len(browser.run(PARTS)) < 60
    browser.run("document.querySelector('#table tbody button').focus()")
    browser.run("""document.activeElement.dispatchEvent(
        new KeyboardEvent('keydown', {key: 'End', bubbles: true}))""")
    last = browser.run("return Number(document.activeElement.closest('tr').dataset.part)")
    assert h.sizes[last] == h.sizes.min()


def test_comparison_finds_the_twin_of_a_part(browser: Browser, page: Path) -> None:
    show(browser, page, "compare")
    browser.run("document.querySelector(\".tile[data-kind='part'][data-part='2']\").focus()")
    browser.run("""document.activeElement.dispatchEvent(
        new KeyboardEvent('keydown', {key: 'Home', bubbles: true}))""")
    browser.run("document.querySelector(\".tile[data-kind='other'][data-part='2']\").click()")
    assert browser.run(HEADING) == "name 2"
    assert (
        browser.run("return document.querySelector('#details .kids button').textContent")
        == "name 2100% alike"
    )
    fills = browser.run("""return ['1', '2'].map(part => getComputedStyle(
        document.querySelector(`.tile[data-kind='part'][data-part='${part}']`)).backgroundColor)""")
    assert fills[0] != fills[1]
    assert "Adjusted Rand" in browser.run("return document.querySelector('.agreement').textContent")
    browser.run("document.querySelector('#details .kids button').click()")
    assert browser.run(HEADING) == "name 2"


def test_certificates_are_shown(browser: Browser, page: Path) -> None:
    show(browser, page, "record")
    text = browser.run("return document.querySelector('#record').innerText")
    for words in ("Certificates", "high", "0.25", "Parameters", "Maker", "Notes", "wide"):
        assert words in text


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "squarified"])
def test_layouts_draw_zoom_and_obey_the_keyboard(browser: Browser, page: Path, layout: str) -> None:
    browser.open(page)
    browser.run(INPUT, "#layout", layout)
    assert browser.run("return document.querySelectorAll('canvas.plain-tiles').length") == 1
    x, y = browser.run(MIDDLE, ".tile.shape.leaf .label")
    part = browser.run("return document.querySelector('.tile.shape.leaf').dataset.part")
    for kind in ("mousePressed", "mouseReleased"):
        browser.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    assert browser.run(HEADING) == f"name {part}"
    assert browser.run("return document.querySelector('.ring').getAttribute('d').startsWith('M')")
    browser.type("Right")
    assert browser.run(HEADING) != f"name {part}"
    browser.run("document.querySelector('.tile.shape.group').click()")
    assert len(browser.run(CRUMBS)) == 2


def test_slider_obeys_the_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('#level').focus()")
    browser.type("Left")
    browser.type("Left")
    assert browser.run("return document.querySelector('#level').ariaValueText") == "level 1: 3 parts"
    assert len(browser.run("return [...document.querySelectorAll('.tile')]")) == 3


def test_hostile_words_do_nothing_in_any_look(browser: Browser, tmp_path: Path) -> None:
    page = full_page(tmp_path / "hostile.html", hostile=True)
    for look in LOOKS:
        browser.open(page, f"#part=1&view={look}")
        browser.run("document.querySelectorAll('.tile, #table tbody button').forEach(t => t.click?.())")
        assert browser.run("return typeof window.hacked") == "undefined"
        assert (
            browser.run("return document.querySelectorAll('img, iframe, #stage b, #details b').length") == 0
        )
    assert browser.run("return document.body.textContent.includes(arguments[0])", HOSTILE[0])


def checker() -> str:
    for package in ("axe_playwright_python", "axe_core_python"):
        found = importlib.util.find_spec(package)
        if found and found.submodule_search_locations:
            return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    pytest.skip("needs the accessibility checker axe: pip install axe-core-python")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", LOOKS)
def test_an_accessibility_checker_finds_nothing_serious(
    browser: Browser, page: Path, look: str, scheme: str
) -> None:
    source = checker()
    browser.prefer(scheme)
    show(browser, page, look)
    browser.run(source)
    found = browser.run("""
        const options = {preload: false, resultTypes: ['violations']};
        return axe.run(document, options).then(result => result.violations.map(broken =>
            [broken.impact, broken.id, broken.nodes.slice(0, 4).map(node => node.html.slice(0, 200))]))""")
    assert [broken for broken in found if broken[0] in ("serious", "critical")] == []
