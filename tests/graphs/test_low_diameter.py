"""Parts of bounded diameter, and distances through them, against all shortest ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, shortest_path

import partita as pt
from partita.graphs.low_diameter import DistanceOracle, LowDiameter


@st.composite
def lengths_matrices(draw: st.DrawFn, most: int = 14) -> np.ndarray:
    n = draw(st.integers(1, most))
    above = draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 5, 0.25]), min_size=n * n, max_size=n * n))
    half = np.triu(np.reshape(above, (n, n)).astype(float), 1)
    return half + half.T


def grid(side: int) -> csr_array:
    at = np.arange(side * side).reshape(side, side)
    tail = np.concatenate((at[:, :-1].ravel(), at[:-1].ravel()))
    head = np.concatenate((at[:, 1:].ravel(), at[1:].ravel()))
    half = coo_array((np.ones(len(tail)), (tail, head)), shape=(side * side,) * 2)
    return csr_array(half + half.T)


@given(A=lengths_matrices(), seed=st.integers(0, 5), shrink=st.sampled_from([1.5, 2.0, 4.0]))
def test_parts_are_connected_and_no_wider_than_their_height(A: np.ndarray, seed: int, shrink: float):
    tree = LowDiameter(lengths="weights", shrink=shrink, random_state=seed).fit(A)
    h = tree.hierarchy_
    h.check()
    n_components = connected_components(csr_array(A), directed=False)[0]
    assert (h.height[0] == np.inf) == (n_components > 1)
    for part in range(h.n_parts):
        members = h.members(part)
        within = shortest_path(np.where(A > 0, A, np.inf)[np.ix_(members, members)])
        assert within.max() <= h.height[part] * (1 + 1e-12) or (part == 0 and n_components > 1)


@given(A=lengths_matrices(), seed=st.integers(0, 5))
def test_distances_lie_between_the_bounds(A: np.ndarray, seed: int):
    oracle = DistanceOracle(3, lengths="weights", random_state=seed).fit(A)
    true = shortest_path(np.where(A > 0, A, np.inf))
    i, j = np.indices(A.shape)
    low, high = oracle.bounds(i, j)
    assert np.all(low <= true * (1 + 1e-12))
    assert np.all(high >= true * (1 - 1e-12))
    assert np.array_equal(np.isinf(high), np.isinf(true))
    assert np.all(np.diag(high) == 0.0)


def test_certificates_are_what_one_measures():
    A = grid(24)
    tree = LowDiameter().fit(A)
    certificates = tree.made_by_.certificates
    h, true = tree.hierarchy_, shortest_path(A, unweighted=True)
    labels = [h.labels(level) for level in range(len(h.levels))]
    tail, head = A.nonzero()
    for own, scale, diameter, cut in zip(
        labels, certificates["scales"], certificates["diameters"], certificates["cut"]
    ):
        assert diameter <= scale
        assert cut == pytest.approx((own[tail] != own[head]).mean())
        widest = max(true[np.ix_(own == c, own == c)].max() for c in np.unique(own))
        assert widest <= diameter
    assert certificates["stretch_mean"] >= 1.0
    assert certificates["overlap_max"][0] == 1
    assert max(certificates["overlap_max"]) < 40
    assert tree.radius_.shape == (len(h.levels), 576)


def test_more_trees_come_nearer():
    A = grid(20)
    few, many = (DistanceOracle(count).fit(A) for count in (1, 24))
    assert many.made_by_.certificates["stretch_mean"] < 0.6 * few.made_by_.certificates["stretch_mean"]
    assert many.made_by_.certificates["stretch_mean"] < 1.6
    assert many.nbytes_ == many.made_by_.certificates["nbytes"]


def test_numbers_of_nodes_make_no_difference():
    rng = np.random.default_rng(0)
    half = np.triu(rng.random((40, 40)) * (rng.random((40, 40)) < 0.1), 1)
    A = half + half.T
    shuffle = rng.permutation(40)
    one = LowDiameter(lengths="weights").fit(A)
    moved = LowDiameter(lengths="weights").fit(A[np.ix_(shuffle, shuffle)])
    assert np.array_equal(one.labels_[shuffle], moved.labels_)
    oracle = DistanceOracle(4, lengths="weights").fit(A)
    again = DistanceOracle(4, lengths="weights").fit(A[np.ix_(shuffle, shuffle)])
    i, j = np.triu_indices(40, 1)
    assert np.array_equal(oracle.distances(shuffle[i], shuffle[j]), again.distances(i, j))


def test_small_graphs_and_refusals():
    assert LowDiameter().fit(csr_array((0, 0))).labels_.shape == (0,)
    assert LowDiameter().fit(csr_array((3, 3))).n_clusters_ == 3
    oracle = DistanceOracle(2).fit(np.ones((3, 3)))
    assert oracle.distances(0, 1) in (1.0, 2.0)
    with pytest.raises(pt.InvalidDataError, match="'j'"):
        oracle.bounds([0], [3])
    with pytest.raises(ValueError, match="lengths"):
        LowDiameter(lengths="feet").fit(np.ones((2, 2)))
