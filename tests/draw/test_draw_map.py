"""Maps: near rows stay near, the same picture for any order of rows and threads, regions and names."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import partita as pt
from oracles import planes
from partita._core.progress import Progress
from partita.draw import plane_positions
from partita.draw._contours import area, density, height_around, outlines
from partita.hierarchy.rows import canonical_rows
from partita.kernels.map_layout import lists_weigh
from partita.points._near_graph import near_graph


def blobs(n: int, d: int, k: int, seed: int = 0, spread: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = np.arange(n) % k
    return (rng.normal(size=(k, d)) * spread)[label] + rng.normal(size=(n, d)), label


@pytest.mark.parametrize(("n", "d"), [(300, 3), (500, 20)], ids=["few columns", "many"])
def test_near_rows_are_exact_where_it_says_so(n, d):
    X, _ = blobs(n, d, 4)
    rows = canonical_rows(X)
    graph = near_graph(rows, 7, Progress())
    assert graph.exact
    squares, near = planes.nearest_rows(rows.points[graph.ids], 7)
    np.testing.assert_allclose(graph.squares, squares, rtol=1e-9)
    assert (graph.number == near).all()


@pytest.mark.parametrize("d", [20, 80])
def test_near_rows_of_many_columns_are_nearly_exact(d):
    X, _ = blobs(5000, d, 20, spread=1.5)
    rows = canonical_rows(X.astype(np.float32))
    graph = near_graph(rows, 10, Progress())
    assert not graph.exact
    assert (np.diff(graph.squares, axis=1) >= 0).all()
    some = np.arange(0, 5000, 25)
    points = rows.points[graph.ids].astype(np.float64)
    apart = ((points[some][:, None, :] - points[None]) ** 2).sum(axis=2)
    apart[np.arange(len(some)), some] = np.inf
    wanted = np.argsort(apart, axis=1)[:, :10]
    recall = np.mean([np.isin(graph.number[row], own).mean() for row, own in zip(some, wanted)])
    assert recall > 0.85


@given(perplexity=st.floats(1.5, 9.0), seed=st.integers(0, 999))
def test_weights_have_the_perplexity_asked_for(perplexity, seed):
    squares = np.sort(np.random.default_rng(seed).random((3, 10)) * 10.0 ** (seed % 7 - 3), axis=1)
    weights = np.empty((3, 10))
    lists_weigh(squares, perplexity, 0, 3, weights)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert (np.diff(weights, axis=1) <= 0).all()
    entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum(axis=1)
    np.testing.assert_allclose(np.exp(entropy), perplexity, rtol=1e-3)


def test_equal_distances_weigh_the_same():
    weights = np.empty((1, 4))
    lists_weigh(np.full((1, 4), 3.0), 2.0, 0, 1, weights)
    assert weights.tolist() == [[0.25] * 4]


def test_groups_stay_together():
    X, label = blobs(1200, 10, 6, spread=4.0)
    places = plane_positions(X)
    near = planes.nearest_rows(places, 10)[1]
    assert (label[near] == label[:, None]).mean() > 0.97
    np.testing.assert_allclose(places.mean(axis=0), 0.0, atol=1e-4)


def test_neither_order_nor_threads_nor_type_of_rows_matter():
    X = blobs(5000, 12, 8)[0].astype(np.float32)
    turned = np.random.default_rng(1).permutation(len(X))
    places = plane_positions(X, n_rounds=40, n_jobs=1)
    again = plane_positions(X[turned].astype(np.float64), n_rounds=40, n_jobs=3)
    assert (places[turned] == again).all()


@given(X=arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(-2, 2)))
def test_any_rows_have_finite_places_and_equal_rows_share_one(X):
    places = plane_positions(X, n_rounds=20)
    assert np.isfinite(places).all()
    first, which = np.unique(X, axis=0, return_inverse=True)
    for row in range(len(first)):
        assert len(np.unique(places[which.ravel() == row], axis=0)) == 1


def test_without_rounds_it_is_principal_components():
    X = np.random.default_rng(0).normal(size=(200, 5)) * [9, 4, 1, 1, 1]
    places = plane_positions(X, n_rounds=0)
    assert abs(np.corrcoef(places[:, 0], X[:, 0])[0, 1]) > 0.99


@pytest.mark.parametrize("factor", [1e-200, 1e200])
@pytest.mark.parametrize("d", [3, 60])
def test_very_small_and_very_large_rows_are_placed(factor, d):
    X = blobs(80, d, 4)[0]
    places = plane_positions(X * factor, n_rounds=5)
    assert np.isfinite(places).all()
    assert len(np.unique(places, axis=0)) == 80


def test_bad_rows_are_refused():
    with pytest.raises(pt.InvalidDataError, match="row 1, column 0"):
        plane_positions([[0.0], [np.nan]])
    with pytest.raises(pt.InvalidParameterError, match="n_neighbors"):
        plane_positions([[0.0], [1.0]], n_neighbors=1)


# --- outlines -----------------------------------------------------------------------------------------------


@given(arrays(np.float64, (6, 7), elements=st.integers(0, 3)), st.sampled_from([0.5, 1.5, 2.5]))
def test_outlines_are_closed_and_part_high_cells_from_low(grid, height):
    lines = outlines(grid, height)
    for row in range(6):
        for column in range(7):
            inside = -sum(_winding(line, column + 0.5, row + 0.5) for line in lines)
            assert inside == (grid[row, column] > height)


def _winding(line: np.ndarray, x: float, y: float) -> int:
    angle = np.arctan2(line[:, 1] - y, line[:, 0] - x)
    turns = (np.diff(np.append(angle, angle[0])) + np.pi) % (2 * np.pi) - np.pi
    return round(turns.sum() / (2 * np.pi))


def test_most_points_are_within_their_outline():
    points = np.random.default_rng(0).normal(size=(4000, 2)) * 20 + 100
    grid = density(points, (60, 60), 4.0, 2.0)
    high = grid >= height_around(grid, 0.9)
    column, row = (points / 4.0).astype(int).T
    assert 0.85 < high[row, column].mean() < 0.95
    assert sum(area(line) for line in outlines(grid, height_around(grid, 0.9))) == pytest.approx(
        high.sum(), rel=0.05
    )


# --- drawings -----------------------------------------------------------------------------------------------


def drawn(n: int = 240, **options: object) -> pt.draw.Drawing:
    X, label = blobs(n, 4, 6, spread=5.0)
    h = pt.Hierarchy.from_labels([label // 2, label])
    names = [f"<part {v}>" for v in range(h.n_parts)]
    return pt.draw.map(X, h, names=names, **options)


def test_regions_at_both_levels_have_names():
    drawing = drawn()
    assert drawing.measures["names"] == 9
    assert drawing.measures["agreement"] > 0.95
    assert "<part" not in drawing.svg
    assert drawing.svg.count("&lt;part") == 18  # once as a label, once as a tip


def test_the_picture_does_not_go_by_the_order_of_rows():
    X, label = blobs(240, 4, 6, spread=5.0)
    keep = np.arange(240) // 6 >= label  # siblings of equal size would stand by number
    X, label = X[keep], label[keep]
    turned = np.random.default_rng(0).permutation(len(X))
    one = pt.draw.map(X, pt.Hierarchy.from_labels([label // 2, label]))
    other = pt.draw.map(X[turned], pt.Hierarchy.from_labels([(label // 2)[turned], label[turned]]))
    assert one.svg == other.svg


def test_shades_instead_of_dots_are_said():
    drawing = drawn(max_dots=100)
    assert "as shades of density, not one by one" in drawing.svg
    assert "fill-opacity" in drawing.svg
    assert "as shades" not in drawn().svg


def test_a_million_items_are_drawn_from_known_positions():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 12, 1_000_000)
    places = rng.normal(size=(1_000_000, 2)) + 8 * rng.normal(size=(12, 2))[label]
    h = pt.Hierarchy.from_labels([label])
    drawing = pt.draw.map(None, h, positions=places)
    assert len(drawing.svg) < 2_000_000
    assert "1,000,000 items as shades" in drawing.svg


def test_one_level_can_be_chosen_and_items_in_no_part_are_faint():
    X, label = blobs(60, 3, 3, spread=6.0)
    h = pt.Hierarchy.from_labels([np.where(np.arange(60) < 6, -1, label)])
    svg = pt.draw.map(X, h, levels=-1).svg
    assert re.search('class="rule"[^>]*stroke-opacity', svg)
    with pytest.raises(pt.InvalidDataError, match="levels"):
        pt.draw.map(X, h, levels=[])


def test_rows_and_hierarchy_must_fit():
    h = pt.Hierarchy.from_labels([[0, 1]])
    with pytest.raises(pt.InvalidDataError, match="2 rows"):
        pt.draw.map([[0.0], [1.0], [2.0]], h)
    with pytest.raises(pt.InvalidDataError, match="item 1"):
        pt.draw.map(None, h, positions=[[0.0, 0.0], [np.inf, 0.0]])


@pytest.mark.parametrize("n", [1, 2])
def test_few_items(n):
    assert pt.draw.map(np.eye(n), pt.Hierarchy.from_labels([[0] * n])).measures["items"] == n
