"""Trees and dissimilarities in the hyperbolic plane: distances as promised, pictures with measures."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from oracles import planes
from partita.draw import embed_tree, hyperbolic, hyperbolic_mds
from partita.draw.hyperbolic_drawing import short_tree


def random_tree(rng: np.random.Generator, n: int, bend: float = 1.0) -> np.ndarray:
    return np.array([-1, *(int(v * rng.random() ** bend) for v in range(1, n))])


@st.composite
def trees(draw: st.DrawFn) -> np.ndarray:
    n = draw(st.integers(1, 25))
    return np.array([-1, *(draw(st.integers(0, v - 1)) for v in range(1, n))])


@given(parent=trees(), epsilon=st.sampled_from([1.0, 0.1, 0.01]), seed=st.integers(0, 99))
def test_distances_are_those_along_the_tree_but_for_epsilon(parent, epsilon, seed):
    lengths = np.random.default_rng(seed).uniform(0.5, 4.0, len(parent))
    tree = embed_tree(parent, lengths, epsilon=epsilon)
    lengths[0] = 0.0
    along = planes.tree_distances(parent, lengths)
    apart = np.array([tree.distances(v) for v in range(len(parent))])
    pairs = np.triu_indices(len(parent), 1)
    ratio = apart[pairs] / along[pairs]
    worst = ratio.max() / ratio.min() if len(ratio) else 1.0
    assert worst <= (1.0 + epsilon) * (1.0 + 1e-9)
    assert tree.fit.distortion == pytest.approx(max(1.0, worst), rel=1e-9)


@given(parent=trees())
def test_next_nodes_are_nearest_in_small_trees(parent):
    tree = embed_tree(parent, epsilon=0.1)
    apart = np.array([tree.distances(v) for v in range(len(parent))])
    assert tree.fit.average_precision == 1.0
    if len(parent) > 1:
        assert planes.mean_average_precision(parent, np.round(apart, 9)) == 1.0


@given(parent=trees(), seed=st.integers(0, 99))
def test_distances_agree_with_long_double_coordinates(parent, seed):
    rng = np.random.default_rng(seed)
    tree = short_tree(parent, np.ones(len(parent)))
    object.__setattr__(tree, "length", np.where(parent < 0, 0.0, rng.uniform(0.3, 1.2, len(parent))))
    apart = np.array([tree.distances(v) for v in range(len(parent))])
    exact = planes.hyperboloid_distances(planes.hyperboloid(tree.parent, tree.angle, tree.length))
    np.testing.assert_allclose(apart, exact, atol=1e-7)
    if len(parent) > 1:
        wanted = planes.mean_average_precision(parent, np.round(apart, 9))
        assert 0.0 < wanted <= 1.0


def test_average_precision_is_that_of_its_definition():
    parent = random_tree(np.random.default_rng(1), 60)
    tree = short_tree(parent, np.ones(60))
    object.__setattr__(tree, "length", np.where(parent < 0, 0.0, 0.4))
    apart = np.array([tree.distances(v) for v in range(60)])
    assert tree.fit.average_precision == pytest.approx(planes.mean_average_precision(parent, apart), abs=0.02)
    assert tree.fit.average_precision < 0.99


def test_distances_far_from_the_root_keep_their_digits():
    n = 400
    tree = embed_tree([-1, *range(n - 1)], epsilon=0.01)
    far = tree.distances(n - 1)
    assert far[0] > 500
    np.testing.assert_allclose(far[:-1] / np.arange(n - 1, 0, -1), tree.length[1], rtol=1e-12)


@pytest.mark.slow
def test_a_tree_of_ten_thousand_nodes_keeps_who_is_next_to_whom():
    tree = embed_tree(random_tree(np.random.default_rng(0), 10_000, 1.5), epsilon=0.1)
    assert tree.fit.n_sources == 10_000
    assert tree.fit.distortion <= 1.1
    assert tree.fit.average_precision >= 0.98


def test_any_number_of_threads_measures_the_same():
    parent = random_tree(np.random.default_rng(2), 300)
    assert embed_tree(parent, n_jobs=1).fit == embed_tree(parent, n_jobs=3).fit


@pytest.mark.parametrize(
    ("parent", "lengths", "said"),
    [
        ([-1, 1], None, "node 1"),
        ([0, 0], None, "node 0"),
        ([-1, -1], None, "node 1"),
        ([-1, 0], [1.0, 0.0], "node 1"),
        ([-1, 0], [1.0], "shape"),
        ([], None, "no tree"),
    ],
    ids=["forward", "no root", "two roots", "zero", "short", "none"],
)
def test_trees_that_are_none_are_refused(parent, lengths, said):
    with pytest.raises(pt.InvalidDataError, match=said):
        embed_tree(parent, lengths)


def test_points_of_the_hyperbolic_plane_are_found_again():
    rng = np.random.default_rng(0)
    space = rng.normal(size=(30, 2))
    points = np.column_stack([np.sqrt(1 + (space**2).sum(axis=1)), space]).astype(np.longdouble)
    distances = planes.hyperboloid_distances(points)
    np.fill_diagonal(distances, 0.0)
    found = hyperbolic_mds((distances + distances.T) / 2, scale=1.0)
    assert found.distortion == pytest.approx(1.0, abs=1e-5)
    assert found.error < 1e-6
    np.testing.assert_allclose(found.distances(), distances, atol=1e-5)
    assert (np.hypot(*found.positions.T) < 1.0).all()


def test_a_scale_is_chosen_for_distances_in_a_tree():
    parent = random_tree(np.random.default_rng(3), 40)
    given = planes.tree_distances(parent, np.ones(40))
    found = hyperbolic_mds(given)
    others = [hyperbolic_mds(given, scale=s / given.max()).error for s in (1.0, 12.0)]
    assert found.error <= min(others)


@pytest.mark.parametrize(
    "distances",
    [[[0, 1], [2, 0]], [[0, -1], [-1, 0]], [[0, np.nan], [np.nan, 0]], [[1, 1], [1, 0]], [[0, 1]]],
    ids=["one way", "negative", "nan", "self", "oblong"],
)
def test_distances_that_are_none_are_refused(distances):
    with pytest.raises(pt.InvalidDataError):
        hyperbolic_mds(distances)


def nested() -> pt.Hierarchy:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 4, 200)
    return pt.Hierarchy.from_labels([coarse, coarse * 5 + rng.integers(0, 5, 200)])


def test_every_part_is_drawn_inside_the_disc():
    h = nested()
    drawing = hyperbolic(h, names=[f"n{v}" for v in range(h.n_parts)])
    assert drawing.svg == hyperbolic(h, names=[f"n{v}" for v in range(h.n_parts)]).svg
    assert drawing.measures["nodes"] == h.n_parts
    assert len(re.findall("<circle", drawing.svg)) == h.n_parts + 1
    for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawing.svg):
        assert np.hypot(float(x) - 400, float(y) - 400) <= 388


@given(parent=trees())
def test_short_edges_do_not_cross(parent):
    z = short_tree(parent, np.ones(len(parent))).positions()
    klein = 2 * z / (1 + np.abs(z) ** 2)  # where geodesics are straight
    for v in range(1, len(parent)):
        for w in range(1, v):
            if len({v, w, parent[v], parent[w]}) == 4:
                assert not _cross(klein[parent[v]], klein[v], klein[parent[w]], klein[w])


def _cross(a: complex, b: complex, c: complex, d: complex) -> bool:
    def side(p: complex, q: complex, r: complex) -> float:
        return ((q - p).conjugate() * (r - p)).imag

    return side(a, b, c) * side(a, b, d) < -1e-20 and side(c, d, a) * side(c, d, b) < -1e-20


def test_focus_epsilon_heights_and_bad_requests():
    h = nested()
    assert hyperbolic(h, focus=3).svg != hyperbolic(h).svg
    assert hyperbolic(h, epsilon=0.2, lengths="height").measures["distortion"] <= 1.2
    with pytest.raises(pt.InvalidParameterError, match="isn't drawn"):
        hyperbolic(h, depth=0, focus=3)
    with pytest.raises(pt.InvalidParameterError, match="epsilon"):
        hyperbolic(h, epsilon=0.0)


def test_names_are_safe():
    h = pt.Hierarchy.from_labels([[0, 1]])
    svg = hyperbolic(h, names=["<script>alert(1)</script>", "a" * 10_000, "\u202eb"]).svg
    assert "<script" not in svg
    assert "\u202e" not in svg


def test_items_by_their_dissimilarities():
    given = planes.tree_distances(random_tree(np.random.default_rng(4), 20), np.ones(20))
    drawing = hyperbolic(given, labels=np.arange(20) % 3 - 1, names=[f"i{v}" for v in range(20)])
    assert len(re.findall("<circle", drawing.svg)) == 21
    assert drawing.measures["distortion"] >= 1.0
    with pytest.raises(pt.InvalidDataError, match="labels"):
        hyperbolic(given, labels=[0])


def test_one_part():
    assert hyperbolic(pt.Hierarchy.from_labels([[0, 0]])).measures["distortion"] == 1.0
    assert hyperbolic([[0.0]]).measures["distortion"] == 1.0
