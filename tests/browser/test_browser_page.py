"""The page in a real browser: it opens clean, zooms, finds, tells and obeys the keyboard, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from report_builders import HOSTILE, deep_with_levels, nested, wide_and_deep
from webdriver import Browser

import partita as pt

pytestmark = pytest.mark.browser

TILES = """return [...document.querySelectorAll('.layer:not(.leaving) .tile')]
    .map(t => t.dataset.kind + t.dataset.part)"""
CHOOSE = """const select = document.querySelector(arguments[0]);
    select.value = arguments[1];
    select.dispatchEvent(new Event('change'))"""
SLIDE = """const slider = document.querySelector('#level');
    slider.value = arguments[0] === 'last' ? slider.max : arguments[0];
    slider.dispatchEvent(new Event('input'));
    return document.querySelector('#level-text').textContent"""
CRUMBS = "return [...document.querySelectorAll('#crumbs button')].map(b => b.textContent)"
HEADING = "return document.querySelector('#details h2').textContent"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    h = nested(400)
    images = np.zeros((400, 8, 8))
    images[:, 2:6, 3:5] = np.arange(1, 401)[:, None, None]
    texts = [f"the text of item {i}, côte à côte" for i in range(400)]
    path = tmp_path_factory.mktemp("page") / "page.html"
    return pt.report.write(h, path, texts=texts, images=images, title="Test page", note="A note.")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    h = nested(300)
    names = [HOSTILE[part % len(HOSTILE)].replace("\ud800", "") for part in range(h.n_parts)]
    h = h.replace(part_data={"name": names, "terms": [[HOSTILE[0]]] * h.n_parts})
    path = tmp_path_factory.mktemp("words") / "words.html"
    return pt.report.write(h, path, texts=[HOSTILE[i % len(HOSTILE)] for i in range(300)], title=HOSTILE[1])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 860), (390, 780), (820, 1100)])
def test_opens_clean_and_asks_for_nothing(
    browser: Browser, page: Path, scheme: str, width: int, height: int
) -> None:
    browser.prefer(scheme)
    browser.resize(width, height, mobile=width < 800)
    browser.open(page)
    asked = [address for address in browser.requests() if not address.startswith(("data:", "about:"))]
    assert asked == [page.resolve().as_uri()]
    assert browser.run("return document.documentElement.dataset.theme") == scheme
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.run("return document.querySelector('#summary').textContent").startswith(
        "400 items in 13 parts"
    )
    assert len(browser.run(TILES)) == 12
    assert (
        browser.run(
            "return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length"
        )
        == 0
    )


def test_areas_are_the_sizes(browser: Browser, page: Path) -> None:
    browser.open(page)
    tiles = browser.run("""return [...document.querySelectorAll('.tile')].map(t => {
        const box = t.getBoundingClientRect();
        return [Number(t.dataset.part), box.width + 2, box.height + 2, t.getAttribute('aria-level')];
    })""")
    h = nested(400)
    map_area = browser.run(
        "const b = document.querySelector('#map').getBoundingClientRect(); return b.width * b.height"
    )
    for part, width, height, level in tiles:
        if level == "1":
            assert width * height / map_area == pytest.approx(h.sizes[part] / 400, abs=0.02)
            assert max(width / height, height / width) < 4


def test_tiles_do_not_overlap(browser: Browser, page: Path) -> None:
    browser.open(page)
    overlaps = browser.run("""
        const boxes = [...document.querySelectorAll('.tile.leaf')].map(t => t.getBoundingClientRect());
        return boxes.filter((a, i) => boxes.some((b, j) => j > i && a.left < b.right - 1
            && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length""")
    assert overlaps == 0


def test_zoom_by_click_and_back_by_crumb(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.click(".tile[data-part='1']")
    browser.wait_for("return document.querySelectorAll('#crumbs button').length === 2")
    assert browser.run(CRUMBS) == ["All items", "name 1"]
    assert browser.run("return location.hash") == "#part=1"
    assert browser.run(HEADING) == "name 1"
    inside = nested(400).children(1)
    assert sorted(browser.run(TILES)) == sorted(f"part{v}" for v in inside)
    browser.click("#crumbs button")
    browser.wait_for("return document.querySelectorAll('#crumbs button').length === 1")
    browser.run("history.back()")
    browser.wait_for("return document.querySelectorAll('#crumbs button').length === 2")


def test_an_address_opens_its_part(browser: Browser, page: Path) -> None:
    browser.open(page, "#part=2")
    assert browser.run(CRUMBS)[-1] == browser.run(HEADING)
    browser.open(page, "#part=999999")
    assert len(browser.run(CRUMBS)) == 1


def test_details_tell_the_facts(browser: Browser, page: Path) -> None:
    h = nested(400)
    browser.open(page, "#part=3")
    facts = browser.run("""return [...document.querySelectorAll('#details dt')]
        .map(t => [t.textContent, t.nextSibling.textContent])""")
    assert dict(facts)["Items"] == f"{h.sizes[3]:,}"
    assert dict(facts)["Separability"] == f"{3 / (h.n_parts - 1):.3g}"
    assert browser.run(
        "return [...document.querySelectorAll('#details .terms li')].map(t => t.textContent)"
    ) == [
        "term3",
        "other",
    ]
    pictures = browser.run("return document.querySelectorAll('#details .pics canvas').length")
    assert pictures == min(60, h.sizes[3])
    assert browser.run("""
        const canvas = document.querySelector('#details .pics canvas');
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return pixels.data.some(value => value > 0)""")


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("name 7", "name 7"),
        ("#7", "name 7"),
        ("TERM7", "name 7"),
        ("item 12,", "the text of item 12, côte à côte"),
    ],
)
def test_search_finds_names_terms_ids_and_texts(browser: Browser, page: Path, query: str, title: str) -> None:
    browser.open(page)
    browser.type("/")
    browser.type(query)
    hits = browser.wait_for("return [...document.querySelectorAll('#hits b')].map(b => b.textContent)")
    assert title in hits
    assert browser.run("return document.querySelector('#search').getAttribute('aria-expanded')") == "true"


def test_search_folds_accents_and_opens_with_enter(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.type("/")
    browser.type("cote item 33,")
    browser.wait_for("return document.querySelectorAll('#hits b').length")
    browser.type("Enter")
    h = nested(400)
    assert browser.run("return document.querySelector('.tile[aria-selected=true]').dataset.part") == str(
        h.item_part[33]
    )
    assert browser.run("return document.querySelector('#hits').hidden")


def test_columns_that_set_a_part_apart(browser: Browser, tmp_path: Path) -> None:
    h = nested(90)
    X = np.random.default_rng(0).normal(size=(90, 3))
    X[h.members(1), 2] += 9
    path = pt.report.write(h, tmp_path / "columns.html", X=X, columns=["<b>a</b>", "b", "weight"])
    browser.open(path, "#part=1")
    rows = browser.run("""return [...document.querySelectorAll('.far dt')]
        .map(t => [t.textContent, t.nextSibling.textContent])""")
    assert rows[0][0] == "weight"
    assert rows[0][1].startswith("+")
    assert browser.run("return document.querySelectorAll('#details b, #map b').length") == 0


def test_search_puts_the_nearest_name_first(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.type("/")
    browser.type("name 1")
    hits = browser.wait_for("return [...document.querySelectorAll('#hits b')].map(b => b.textContent)")
    assert hits[0] == "name 1"
    assert set(hits[1:]) == {"name 10", "name 11", "name 12"}


def test_search_says_when_nothing_is_there(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.type("/")
    browser.type("zzzz")
    assert browser.wait_for("return document.querySelector('#hits .none')?.textContent").startswith(
        "Nothing found"
    )
    browser.type("Escape")
    assert browser.run("return document.querySelector('#search').value") == ""


def test_keyboard_walks_zooms_and_returns(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('.tile').focus()")
    first = browser.run("return document.activeElement.dataset.part")
    reached = {first}
    for key in ("Right", "Down", "Left", "Right"):
        browser.type(key)
        reached.add(browser.run("return document.activeElement.dataset.part"))
    assert len(reached) >= 2
    here = browser.run("return document.activeElement.getAttribute('aria-label')")
    assert browser.run(HEADING) in here
    part = browser.run("return document.activeElement.dataset.part")
    browser.type("Enter")
    assert browser.run("return location.hash") == f"#part={part}"
    assert browser.run("return document.activeElement.classList.contains('tile')")
    browser.type("Escape")
    assert len(browser.run(CRUMBS)) == 1
    assert browser.run("return document.activeElement.dataset.part") == part
    assert browser.run("return document.querySelectorAll('.tile[tabindex=\"0\"]').length") == 1


def test_theme_toggle(browser: Browser, page: Path) -> None:
    browser.open(page)
    light = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.click("#theme")
    assert browser.run("return document.documentElement.dataset.theme") == "dark"
    assert browser.run("return getComputedStyle(document.body).backgroundColor") != light
    browser.click("#theme")
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == light


CONTRAST = """
const rgb = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
const light = colour => {
    const linear = value => value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
    const [r, g, b] = colour.map(value => linear(value / 255));
    return .2126 * r + .7152 * g + .0722 * b + .05;
};
const ratio = (a, b) => Math.max(light(a) / light(b), light(b) / light(a));
const ground = node => {
    for (; node; node = node.parentElement) {
        const colour = getComputedStyle(node).backgroundColor;
        if (!/, 0\\)|transparent/.test(colour)) return rgb(colour);
    }
    return [255, 255, 255];
};
const silent = ['SCRIPT', 'STYLE', 'OPTION', 'NOSCRIPT'];
const speaks = node => node.checkVisibility() && !silent.includes(node.tagName)
    && [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
const speakers = [...document.querySelectorAll('body *')].filter(speaks);
return [speakers.length, speakers
    .map(node => [ratio(rgb(getComputedStyle(node).color), ground(node)), node.className, node.textContent])
    .filter(found => found[0] < 4.5)];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["branch", "quality", "height"])
def test_every_word_stands_out_from_its_ground(
    browser: Browser, page: Path, scheme: str, colour: str
) -> None:
    browser.prefer(scheme)
    browser.open(page)
    browser.run(CHOOSE, "#colour", colour)
    count, faint = browser.run(CONTRAST)
    assert count > 30
    assert faint == []


def test_levels_limit_the_depth(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.run(SLIDE, "0") == "level 1: 3 parts"
    assert sorted(browser.run(TILES)) == sorted(f"part{v}" for v in nested(400).children(0))


def test_named_levels_first_and_every_part_on_request(browser: Browser, tmp_path: Path) -> None:
    h = deep_with_levels()
    browser.open(pt.report.write(h, tmp_path / "deep.html"))
    named = {int(v) for level in h.levels[1:] for v in level}
    shown = {int(tile[4:]) for tile in browser.run(TILES) if tile.startswith("part")}
    assert shown == named
    assert browser.run(SLIDE, "last") == f"every part: {h.n_parts}"
    every = {int(tile[4:]) for tile in browser.run(TILES) if tile.startswith("part")}
    assert every > shown
    deepest = int(np.argmax(h.depth))
    browser.type("/")
    browser.type(f"#{deepest}")
    browser.type("Enter")
    assert browser.run(HEADING) == f"Part {deepest}"
    assert browser.run(SLIDE, "2") == "all named levels"
    kept = max(v for v in named if v == deepest or v in h.ancestors(deepest))
    assert browser.run(HEADING) == f"Part {kept}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_words_do_nothing(browser: Browser, words: Path, scheme: str) -> None:
    browser.prefer(scheme)
    browser.open(words, "#part=1")
    browser.type("/")
    browser.type("script")
    browser.wait_for("return document.querySelectorAll('#hits b').length")
    browser.type("Enter")
    assert browser.run("return typeof window.hacked") == "undefined"
    assert (
        browser.run(
            "return document.querySelectorAll('img, iframe, body script:not([type]) ~ script').length"
        )
        == 0
    )
    assert browser.run("return document.title") == HOSTILE[1]
    assert browser.run("return document.body.textContent.includes(arguments[0])", HOSTILE[0])


def test_many_parts_stay_fluid(browser: Browser, tmp_path: Path) -> None:
    h = wide_and_deep(120_000, 130, 2)
    assert h.n_parts > 10_000
    path = pt.report.write(h, tmp_path / "many.html")
    browser.open(path)
    assert 300 < int(browser.run("return document.querySelector('#map').dataset.tiles")) <= 2201
    assert len(browser.run(TILES)) < 1000
    took = browser.run("""
        const begin = performance.now();
        document.querySelector(".tile[data-kind='part']").click();
        document.body.getBoundingClientRect();
        return performance.now() - begin""")
    assert took < 500
    assert len(browser.run(CRUMBS)) == 2


def test_parts_too_small_to_see_open_from_one_tile(browser: Browser, tmp_path: Path) -> None:
    h = pt.Hierarchy.from_labels([np.repeat(np.arange(6000), 2)])
    browser.open(pt.report.write(h, tmp_path / "wide.html"))
    tiles = browser.run(TILES)
    assert any(tile.startswith("more") for tile in tiles)
    label = browser.run("return document.querySelector('.tile.more').getAttribute('aria-label')")
    assert re.match(r"[\d,]+ smaller parts", label)
    browser.run("document.querySelector('.tile.more').click()")
    assert browser.run(CRUMBS) == ["All items", "smaller parts"]
    assert not set(browser.run(TILES)) & {tile for tile in tiles if tile.startswith("part")}
    browser.type("Escape")
    assert len(browser.run(CRUMBS)) == 1


@pytest.mark.parametrize("n_items", [0, 1, 2])
def test_tiny_hierarchies_open(browser: Browser, tmp_path: Path, n_items: int) -> None:
    h = pt.Hierarchy(np.arange(n_items), [-1], [0], [n_items], [0.0])
    browser.open(pt.report.write(h, tmp_path / "tiny.html", images=np.zeros((n_items, 3, 3, 3))))
    assert len(browser.run(TILES)) == (1 if n_items else 0)


def test_every_control_has_a_name(browser: Browser, page: Path) -> None:
    browser.open(page)
    nameless = browser.run("""
        const named = node => node.getAttribute('aria-label') || node.textContent.trim()
            || node.labels?.length || ['presentation', 'status'].includes(node.getAttribute('role'));
        return [...document.querySelectorAll('button, input, select, [role]')].filter(node => !named(node))
            .map(node => node.outerHTML.slice(0, 80))""")
    assert nameless == []
