"""Treemaps: exact areas, nothing lost, stable, and the same bytes each time."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from drawing_tools import leaf_paths, overlaps, random_tree, words_of
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from partita.draw._drawn import drawn_tree, heaviest_first
from partita.draw._layouts import LEAST_SHARE, measure, regions_of
from partita.kernels.treemap_rectangular import SLACK

NESTED = pt.Hierarchy.from_labels([[0, 0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 3, 4]])


def test_the_same_hierarchy_gives_the_same_bytes_in_every_process():
    code = (
        "import partita as pt; h = pt.Hierarchy.from_labels([[0, 0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 3, 4]]);"
        "import sys; sys.stdout.write(pt.draw.treemap(h).svg)"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert other == pt.draw.treemap(NESTED).svg


@given(st.integers(0, 10**6), st.integers(2, 120), st.booleans())
def test_squarified_areas_are_exact_and_every_leaf_is_there(seed, parts, deep):
    h, weight = random_tree(seed, parts, deep=deep)
    drawing = pt.draw.treemap(h, sample_weight=weight)
    assert drawing.area_error <= 1e-9
    assert drawing.aspect >= 1.0
    lost = drawing.measures.get("without region", 0.0)
    assert len(leaf_paths(drawing.svg)) + lost == drawing.measures["leaves"]
    total = weight.sum()
    drawn = drawn_tree(h, weight)
    assert lost == (drawn.weight[drawn.leaf] <= LEAST_SHARE * total).sum()


@given(st.integers(0, 10**6), st.integers(2, 120), st.booleans(), st.sampled_from([0.3, 1.0, 4.0]))
def test_rectangles_keep_their_shape_and_nearly_their_area(seed, parts, deep, form):
    h, weight = random_tree(seed, parts, deep=deep)
    drawn = drawn_tree(h, weight)
    regions = regions_of("rectangular", drawn, 100.0 * form, 100.0)
    share = drawn.weight[regions.node] / drawn.weight[0]
    measured = measure(regions.polygons, regions.leaf, drawn.weight[regions.node])
    assert measured.area_error <= SLACK + 1e-9
    depth = int(drawn.depth.max())
    assert measured.aspect <= max(4.0, form, 1.0 / form, depth / (3.0 * SLACK)) * (1 + 1e-9)
    corners = regions.polygons.corners.reshape(-1, 4, 2)
    low, high = corners.min(axis=1), corners.max(axis=1)
    up = regions.parent[1:]
    assert (low[1:] >= low[up] - 1e-9).all()
    assert (high[1:] <= high[up] + 1e-9).all()
    areas = (high - low).prod(axis=1) / (1e4 * form)
    assert (areas[regions.leaf] <= share[regions.leaf] * (1 + 1e-9)).all()


def test_siblings_do_not_overlap():
    h, weight = random_tree(7, 80)
    drawn = drawn_tree(h, weight)
    for layout in ("squarified", "rectangular"):
        regions = regions_of(layout, drawn, 960.0, 600.0)
        corners = regions.polygons.corners.reshape(-1, 4, 2)[regions.leaf]
        low, high = corners.min(axis=1), corners.max(axis=1)
        shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        shared = np.where((shared > 0).all(axis=2), shared.prod(axis=2), 0.0)
        np.fill_diagonal(shared, 0.0)
        assert shared.max() <= 1e-6


def test_rectangles_stay_fat_where_squarified_ones_do_not():
    weight = 0.5 ** np.arange(1, 31)
    h = pt.Hierarchy.from_labels([np.arange(31)])
    weight = np.append(weight, weight[-1])
    assert pt.draw.treemap(h, sample_weight=weight[::-1]).aspect > 100
    assert pt.draw.treemap(h, "rectangular", sample_weight=weight[::-1]).aspect <= 5


def test_a_part_without_weight_leaves_a_dot():
    with_it = pt.draw.treemap(NESTED, sample_weight=[1, 1, 1, 1, 1, 1, 0])
    assert with_it.measures["without region"] == 1
    assert 'stroke-linecap="round"' in with_it.svg
    assert 'stroke-linecap="round"' not in pt.draw.treemap(NESTED).svg


def test_parts_far_too_small_leave_a_dot_as_well():
    drawing = pt.draw.treemap(NESTED, sample_weight=[1, 1, 1, 1, 1, 1, 1e-30])
    assert drawing.measures["without region"] == 1
    assert drawing.area_error < 1e-9
    assert 'stroke-linecap="round"' in pt.draw.treemap(NESTED, sample_weight=[1, 1, 1, 1, 1, 1, 1e-7]).svg


def test_nothing_one_item_and_chains_are_drawn():
    nothing = pt.draw.treemap(pt.Hierarchy([], [-1], [0], [0], [0.0]))
    assert nothing.aspect is None
    assert nothing.measures["leaves"] == 1
    one = pt.draw.treemap(pt.Hierarchy([0], [-1], [0], [1], [0.0]), width=300, height=100)
    assert one.aspect == pytest.approx(3.0)
    chain = pt.Hierarchy([0, 1], [-1, *range(60)], [0] * 61, [2] * 61, np.arange(61.0)[::-1])
    assert pt.draw.treemap(chain).measures["leaves"] == 1
    assert pt.draw.treemap(chain, "rectangular").area_error < 1e-12


def test_own_items_have_a_region_beside_the_children():
    h = pt.Hierarchy([0, 1, 2, 3], [-1, 0], [0, 0], [4, 3], [1.0, 0.0], part_data={"name": ["all", "some"]})
    drawing = pt.draw.treemap(h)
    assert drawing.measures["leaves"] == 2
    assert "all, in no sub-part&#10;1 item, 25 %" in drawing.svg


def test_depth_and_levels_choose_the_parts():
    assert pt.draw.treemap(NESTED, depth=1).measures["leaves"] == 3
    assert pt.draw.treemap(NESTED, levels=1).measures["leaves"] == 3
    assert pt.draw.treemap(NESTED, levels=[2]).measures["leaves"] == 5
    assert pt.draw.treemap(NESTED, depth=0).measures["leaves"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layout": "squarefied"}, "did you mean 'squarified'"),
        ({"theme": "blue"}, "theme"),
        ({"width": 3}, "width"),
        ({"depth": -1}, "depth"),
        ({"levels": [9]}, "level"),
        ({"names": ["a"]}, "names"),
        ({"sample_weight": [1, 1, -1, 1, 1, 1, 1]}, "row 2"),
        ({"order": "size"}, "order"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, words):
    with pytest.raises((pt.InvalidParameterError, pt.InvalidDataError), match=words):
        pt.draw.treemap(NESTED, **options)


def test_heaviest_first_keeps_the_tree():
    h, weight = random_tree(3, 200)
    drawn = drawn_tree(h, weight)
    sorted_ = heaviest_first(drawn)
    assert (sorted_.parent[1:] < np.arange(1, len(sorted_.parent))).all()
    assert edges(sorted_) == edges(drawn)
    for up in range(len(drawn.parent)):
        weights = sorted_.weight[sorted_.parent == up]
        assert (np.diff(weights) <= 0).all()


def edges(drawn):
    """What hangs from what, by parts."""
    ups = drawn.part[drawn.parent[1:]].tolist()
    return sorted(zip(drawn.part[1:].tolist(), drawn.own[1:].tolist(), ups))


def centres(drawn, layout):
    regions = regions_of(layout, drawn, 1.0, 1.0)
    corners = regions.polygons.corners.reshape(-1, 4, 2)
    at = np.full((len(drawn.parent), 2), np.nan)
    at[regions.node] = corners.mean(axis=1)
    return at[drawn.leaf]


@pytest.mark.parametrize("layout", ["squarified", "rectangular"])
def test_small_changes_of_weight_move_parts_little(layout):
    moved = []
    for seed in range(10):
        h, weight = random_tree(seed, 150)
        change = 1 + 0.01 * np.random.default_rng(seed).uniform(-1, 1, len(weight))
        one, other = (centres(drawn_tree(h, w), layout) for w in (weight, weight * change))
        moved.append(np.nanmean(np.linalg.norm(one - other, axis=1)))
    assert np.mean(moved) < 0.02


def test_labels_never_overlap_and_stay_within():
    h, weight = random_tree(5, 120)
    names = [f"some part {v} with a name" for v in range(h.n_parts)]
    words = words_of(pt.draw.treemap(h, sample_weight=weight, names=names).svg)
    assert len(words) > 10
    assert not any(overlaps(a.box, b.box) for a, b in combinations(words, 2))
    assert all(
        w.box.left >= 0 and w.box.right <= 960 and w.box.top >= 0 and w.box.bottom <= 600 for w in words
    )


ODD_NAMES = [
    "<script>alert(1)</script>",
    '" onload="alert(1)" x=\'',
    "]]><svg onload=alert(1)>&#x0;&lt;",
    "\x00\x07\x1b[31m red \ud800 \uffff",
    "\u202eright to left override",
    "עברית و عربية",
    "👩‍👩‍👧‍👦🇩🇪e\u0301" * 30,
    "a long one " * 1000,
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_names_are_only_ever_text(name):
    drawings = [
        draw(NESTED, names=[name] * NESTED.n_parts, title=name)
        for draw in (pt.draw.treemap, pt.draw.dendrogram, pt.draw.icicle)
    ]
    for drawing in drawings:
        assert drawing.svg.encode("utf-8")
        root = ElementTree.fromstring(drawing.svg)
        kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert kinds <= {"svg", "style", "rect", "path", "g", "title", "text", "line", "circle"}
        attributes = {key for element in root.iter() for key in element.attrib}
        assert not any(key.startswith("on") or "href" in key for key in attributes)
        assert "\u202e" not in drawing.svg
        assert "url(" not in drawing.svg
        assert max(len(words.text) for words in words_of(drawing.svg)) < 320


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["squarified", "rectangular"])
def test_a_hundred_thousand_leaves_are_drawn_in_five_seconds(layout):
    rng = np.random.default_rng(0)
    coarse = np.sort(rng.integers(0, 50, 100_000))
    h = pt.Hierarchy.from_labels([coarse, np.arange(100_000)])
    weight = rng.pareto(1.2, 100_000) + 1e-3
    pt.draw.treemap(NESTED, layout)
    start = time.perf_counter()
    drawing = pt.draw.treemap(h, layout, sample_weight=weight)
    assert time.perf_counter() - start < 5
    assert drawing.measures["leaves"] == 100_000
    assert len(drawing.svg) < 12e6
