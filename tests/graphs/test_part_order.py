"""Orders of parts against all permutations, and along a line of floors."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from partita.graphs.part_order import order_parts


@st.composite
def distance_matrices(draw: st.DrawFn, low: int = 1, most: int = 7) -> np.ndarray:
    n = draw(st.integers(low, most))
    half = np.triu(np.reshape(draw(st.lists(st.integers(0, 9), min_size=n * n, max_size=n * n)), (n, n)), 1)
    return (half + half.T).astype(float)


def length(D: np.ndarray, order: tuple[int, ...]) -> float:
    return float(sum(D[a, b] for a, b in pairwise(order)))


@given(D=distance_matrices(), data=st.data())
def test_no_order_is_shorter(D: np.ndarray, data: st.DataObject):
    first = data.draw(st.none() | st.integers(0, len(D) - 1))
    ordered = order_parts(D, first=first)
    allowed = [p for p in permutations(range(len(D))) if first is None or p[0] == first]
    assert tuple(ordered.order) in allowed
    assert ordered.exact
    assert ordered.length == length(D, tuple(ordered.order)) == min(length(D, p) for p in allowed)
    assert ordered.position[ordered.order].tolist() == list(range(len(D)))


@given(D=distance_matrices(), data=st.data())
def test_exchanges_leave_nothing_that_helps_and_stay_above_the_bound(D: np.ndarray, data: st.DataObject):
    first = data.draw(st.none() | st.integers(0, len(D) - 1))
    exact, ordered = order_parts(D, first=first), order_parts(D, first=first, exact_up_to=0)
    assert sorted(ordered.order) == list(range(len(D)))
    assert first is None or ordered.order[0] == first
    assert ordered.length == length(D, tuple(ordered.order))
    assert ordered.lower_bound <= exact.length <= ordered.length


@pytest.mark.parametrize("floors", [6, 14, 40])
def test_floors_come_in_order_from_the_one_that_is_known(floors: int):
    rng = np.random.default_rng(floors)
    height = rng.permutation(floors)
    D = np.abs(height[:, None] - height) + 0.0
    ordered = order_parts(D, first=int(np.flatnonzero(height == 0)[0]))
    assert height[ordered.order].tolist() == list(range(floors))
    free = height[order_parts(D).order]
    assert free.tolist() in (list(range(floors)), list(range(floors))[::-1])


def test_exchanges_come_near_the_shortest_path_in_the_plane():
    rng = np.random.default_rng(0)
    for _ in range(5):
        X = rng.random((13, 2))
        D = np.sqrt(((X[:, None] - X) ** 2).sum(-1))
        assert order_parts(D, exact_up_to=0).length <= 1.02 * order_parts(D).length


@given(D=distance_matrices(2), data=st.data())
def test_numbers_of_parts_make_no_difference(D: np.ndarray, data: st.DataObject):
    shuffle = np.array(data.draw(st.permutations(range(len(D)))))
    for exact_up_to in (0, 14):
        one = order_parts(D, exact_up_to=exact_up_to)
        moved = order_parts(D[np.ix_(shuffle, shuffle)], exact_up_to=exact_up_to)
        if len({tuple(sorted(row)) for row in D.tolist()}) == len(D):
            assert np.array_equal(shuffle[moved.order], one.order)
        elif exact_up_to:
            assert moved.length == one.length


def test_parts_of_a_graph_stand_beside_what_they_are_tied_to():
    n, per = 60, 10
    rng = np.random.default_rng(1)
    labels = rng.permutation(np.repeat(np.arange(n // per), per))
    apart = np.abs(labels[:, None] - labels)
    half = np.triu(rng.random((n, n)) < np.where(apart == 0, 0.8, np.where(apart == 1, 0.2, 0.01)), 1)
    A = (half + half.T).astype(float)
    found = order_parts(labels, graph=A).order.tolist()
    assert found in (list(range(6)), list(range(6))[::-1])
    h = pt.Hierarchy.from_labels([labels])
    ordered = order_parts(h, graph=A, first=int(h.labels()[labels == 0][0]))
    assert np.array_equal(ordered.labels(h.labels()), labels)
    assert order_parts(h.cut(level=1), graph=A).length == pytest.approx(ordered.length)


def test_none_one_and_refusals():
    assert len(order_parts(np.empty((0, 0))).order) == 0
    assert order_parts([[0.0]]).order.tolist() == [0]
    with pytest.raises(pt.InvalidDataError, match="parts 0 and 1"):
        order_parts([[0.0, 1.0], [2.0, 0.0]])
    with pytest.raises(pt.InvalidDataError, match="parts 0 and 1"):
        order_parts([[0.0, np.nan], [np.nan, 0.0]])
    with pytest.raises(ValueError, match="first"):
        order_parts(np.zeros((3, 3)), first=3)
    with pytest.raises(ValueError, match="graph"):
        order_parts(pt.Hierarchy.from_labels([[0, 1]]))
    with pytest.raises(pt.InvalidDataError, match="one integer label"):
        order_parts([0, 1], graph=np.ones((3, 3)))
