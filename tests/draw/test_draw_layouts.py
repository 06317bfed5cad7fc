"""Layouts with bounds: exact areas, shapes as promised, nothing lost, on random and on extreme trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from oracles.treemaps import (
    area_of,
    aspect_of,
    contains,
    depths,
    distance_to_outline,
    is_convex,
    is_orthoconvex,
    is_simple,
    polygons_of,
    random_tree,
    summed,
    treemap_measure,
)
from partita.kernels import treemap_convex, treemap_orthoconvex, treemap_polygonal, treemap_squarified
from partita.kernels.treemap_binary import NEGLIGIBLE

LAYOUTS = {
    "polygonal": treemap_polygonal,
    "convex": treemap_convex,
    "orthoconvex": treemap_orthoconvex,
    "squarified": treemap_squarified,
}
BOUNDED = ("polygonal", "convex", "orthoconvex")
LEAF_ASPECT, INNER_ASPECT = 12.0, 64.0
CONVEX_ASPECT = 8.0

trees = st.integers(0, 10**9).map(lambda seed: random_tree(seed, 60))


def lay_out(name, parent, weight, width, height):
    return LAYOUTS[name].layout(parent, weight, width, height)


def relative_error(polygons, weight):
    area, _ = treemap_measure(*polygons)
    share = weight / weight[0]
    error = np.abs(area / area[0] - share)
    return error.max(), (error / np.maximum(share, 1e-300))[share > 1e-12]


def is_leaf(parent):
    leaf = np.ones(len(parent), dtype=bool)
    leaf[parent[1:]] = False
    return leaf


def hold_bounds(name, seed):
    """Area and aspect of one random tree; returns the largest aspect."""
    parent, weight = random_tree(seed)
    polygons = lay_out(name, parent, weight, 1.0, 1.0)
    absolute, relative = relative_error(polygons, weight)
    assert absolute <= 1e-14
    assert relative.max() <= 1e-9
    assert np.diff(polygons.offset).min() >= 1
    drawn = weight > NEGLIGIBLE * weight[0]
    _, aspect = treemap_measure(*polygons)
    leaf = is_leaf(parent)
    deepest = depths(parent).max()
    if name == "orthoconvex":
        assert aspect[drawn & leaf].max() <= LEAF_ASPECT, seed
        assert aspect[drawn].max() <= INNER_ASPECT, seed
    elif name == "convex":
        assert aspect[drawn].max() <= CONVEX_ASPECT * deepest, seed
    else:
        assert aspect[drawn].max() <= CONVEX_ASPECT * (deepest + np.log2(len(parent))), seed
    return aspect[drawn].max()


def largest_squarified_aspect(seed):
    parent, weight = random_tree(seed)
    kept = np.flatnonzero(weight > 0)
    number = np.full(len(parent), -1)
    number[kept] = np.arange(len(kept))
    up = np.where(parent[kept] >= 0, number[parent[kept]], -1)
    return treemap_measure(*lay_out("squarified", up, weight[kept], 1.0, 1.0))[1].max()


@pytest.mark.parametrize("name", BOUNDED)
def test_areas_are_exact_and_aspects_bounded_on_random_trees(name):
    for seed in range(150):
        hold_bounds(name, seed)


def test_squarified_has_slivers_on_the_same_trees():
    assert max(largest_squarified_aspect(seed) for seed in range(20)) > 100


@pytest.mark.slow
@pytest.mark.parametrize("name", BOUNDED)
def test_ten_thousand_random_trees(name):
    worst = max(hold_bounds(name, seed) for seed in range(10_000))
    assert worst > 1


@pytest.mark.parametrize("name", BOUNDED)
@given(tree=trees, form=st.sampled_from([(1.0, 1.0), (960.0, 600.0), (3.0, 7.0)]), seed=st.integers(0, 99))
def test_regions_nest_and_do_not_overlap(name, tree, form, seed):
    parent, weight = tree
    regions = polygons_of(lay_out(name, parent, weight, *form))
    points = np.random.default_rng(seed).random((60, 2)) * form
    holds = np.array([contains(corners, points) for corners in regions])
    assert (holds[is_leaf(parent)].sum(axis=0) == 1).all()
    assert (holds[1:] <= holds[parent[1:]]).all()


@pytest.mark.parametrize("name", BOUNDED)
@given(tree=trees)
def test_regions_have_the_promised_shapes(name, tree):
    parent, weight = tree
    for corners, heavy in zip(polygons_of(lay_out(name, parent, weight, 1.0, 1.0)), weight / weight[0]):
        if heavy <= 1e-12:
            continue
        assert is_simple(corners)
        assert area_of(corners) > 0
        assert is_orthoconvex(corners) if name == "orthoconvex" else is_convex(corners, 1e-14)


@given(tree=trees)
def test_orthoconvex_leaves_are_rectangles_or_have_one_or_two_notches(tree):
    parent, weight = tree
    polygons = lay_out("orthoconvex", parent, weight, 1.0, 1.0)
    count = np.diff(polygons.offset)[is_leaf(parent) & (weight > 0)]
    assert np.isin(count, [4, 6, 8]).all()


@pytest.mark.parametrize("name", BOUNDED)
def test_nodes_without_weight_are_points_on_the_outline_of_their_parent(name):
    parent = np.array([-1, 0, 1, 1, 1, 0, 5, 0])
    weight = summed(parent, np.array([0, 0, 3.0, 0, 0, 0, 0, 2.0]))
    regions = polygons_of(lay_out(name, parent, weight, 2.0, 1.0))
    assert [len(regions[v]) for v in (3, 4, 5, 6)] == [1, 1, 1, 1]
    assert not np.array_equal(regions[3], regions[4])
    assert max(distance_to_outline(regions[parent[v]], regions[v][0]) for v in (3, 4, 5, 6)) < 1e-12


@pytest.mark.parametrize("name", BOUNDED)
def test_nothing_has_weight(name):
    regions = polygons_of(lay_out(name, np.array([-1, 0, 0]), np.zeros(3), 2.0, 1.0))
    assert area_of(regions[0]) == 2.0
    assert [len(corners) for corners in regions[1:]] == [1, 1]


@pytest.mark.parametrize("name", BOUNDED)
def test_one_node_is_the_whole(name):
    polygons = lay_out(name, np.array([-1]), np.ones(1), 3.0, 2.0)
    assert area_of(polygons.corners) == 6.0


@pytest.mark.parametrize("name", BOUNDED)
def test_single_children_have_the_region_of_their_parent(name):
    parent = np.array([-1, 0, 1, 2, 2, 0])
    regions = polygons_of(lay_out(name, parent, summed(parent, np.array([0, 0, 0, 1.0, 2.0, 3.0])), 1.0, 1.0))
    assert np.array_equal(regions[1], regions[2])


@pytest.mark.parametrize("name", BOUNDED)
def test_a_chain_of_a_hundred_thousand_parts_does_not_overflow(name):
    count = 100_000
    parent = np.append(np.arange(-1, count - 1), count - 1)
    regions = lay_out(name, np.append(parent, count - 1), np.full(count + 2, 2.0), 1.0, 1.0)
    area, _ = treemap_measure(*regions)
    assert area[count - 1] == 1.0
    assert area[count:] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("name", BOUNDED)
def test_a_deep_spine_with_a_leaf_at_each_part(name):
    count = 3000
    parent = np.empty(2 * count, dtype=np.intp)
    parent[0::2], parent[1::2] = np.arange(-2, 2 * count - 2, 2), np.arange(0, 2 * count, 2)
    parent[0] = -1
    weight = np.zeros(2 * count)
    weight[1::2] = 1.0
    weight = summed(parent, weight)
    absolute, relative = relative_error(lay_out(name, parent, weight, 1.0, 1.0), weight)
    assert absolute < 1e-13
    assert relative.max() < 1e-9


@pytest.mark.parametrize("name", BOUNDED)
def test_shares_of_a_million_millionth_are_exact(name):
    parent = np.zeros(9, dtype=np.intp)
    parent[0] = -1
    weight = summed(parent, np.array([0, 1.0, 1e-12, 1e-11, 1e-6, 1e-12, 1e-3, 2e-12, 0.5]))
    _, relative = relative_error(lay_out(name, parent, weight, 1.0, 1.0), weight)
    assert relative.max() < 1e-9


@pytest.mark.parametrize("name", BOUNDED)
def test_a_little_more_weight_moves_regions_little(name):
    parent, weight = np.append(-1, np.zeros(40, dtype=np.intp)), np.linspace(1.0, 3.0, 41)
    weight[0] = 0.0
    one = lay_out(name, parent, summed(parent, weight), 1.0, 1.0)
    other = lay_out(name, parent, summed(parent, weight * (1 + 1e-9)), 1.0, 1.0)
    assert np.array_equal(one.offset, other.offset)
    assert np.abs(one.corners - other.corners).max() < 1e-6


@pytest.mark.parametrize("name", BOUNDED)
def test_a_drawing_prints_what_was_measured(name):
    h = pt.Hierarchy.from_labels([[0, 0, 0, 1, 1, 2, 2, 2], [0, 0, 1, 2, 3, 4, 5, 5]])
    drawing = pt.draw.treemap(h, name, sample_weight=[1e6, 1, 1, 5, 3, 1e-30, 0, 0], width=300, height=200)
    assert drawing.area_error <= 1e-9
    assert drawing.aspect <= LEAF_ASPECT
    assert f"{name} treemap" in repr(drawing)
    assert drawing.measures["leaves"] == 6


def test_larger_aspects_would_be_seen():
    parent, weight = random_tree(3)
    polygons = lay_out("orthoconvex", parent, weight, 1.0, 1.0)
    _, aspect = treemap_measure(*polygons)
    regions = polygons_of(polygons)
    heavy = np.flatnonzero(weight > 1e-9 * weight[0])
    assert aspect[heavy] == pytest.approx([aspect_of(regions[v]) for v in heavy], rel=1e-6)
