"""match_graphs: correlated graphs with and without communities, certificates, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import partita as pt
from graphs.planted import planted_graph
from partita.graphs import match_graphs


def correlated(n: int, inside: float, between: float, kept: float, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Two graphs that keep each edge of one with two communities with probability `kept`; the true nodes."""
    rng = np.random.default_rng(seed)
    A, z = planted_graph([n // 2] * 2, [between, inside], fanout=(2,), seed=seed)
    parent = A.toarray()
    both = []
    for _ in range(2):
        half = np.triu(parent * (rng.random((n, n)) < kept), 1)
        both.append(half + half.T)
    order = rng.permutation(n)
    true = np.argsort(order)
    return both[0], both[1][order][:, order], z, z[order], true


def test_copies_are_matched_exactly():
    A, _ = planted_graph([60] * 2, [0.2, 0.4], fanout=(2,), seed=0)
    A = A.toarray()
    order = np.random.default_rng(1).permutation(120)
    found = match_graphs(A, A[order][:, order])
    np.testing.assert_array_equal(order[found.nodes], np.arange(120))
    assert (found.agreement, found.settled, found.converged) == (1.0, 1.0, True)


@pytest.mark.parametrize("communities", ["labels", 2])
def test_correlated_blocks(communities: object):
    A, B, z, w, true = correlated(400, 0.5, 0.2, 0.95)
    found = match_graphs(A, B, communities=(z, w) if communities == "labels" else communities)
    np.testing.assert_array_equal(found.nodes, true)
    common = (A * B[np.ix_(found.nodes, found.nodes)]).sum() / 2
    assert found.common_edges == common
    assert found.agreement == common / min(A.sum() / 2, B.sum() / 2)
    assert found.settled == 1.0


def test_start_is_better_than_chance_before_any_round():
    A, B, z, w, true = correlated(400, 0.5, 0.2, 0.95)
    start = match_graphs(A, B, communities=(z, w), max_iter=0)
    assert (start.nodes == true).mean() > 10 / 200
    assert not start.converged


def test_order_of_nodes_does_not_matter():
    A, B, z, w, _ = correlated(200, 0.5, 0.2, 0.95, seed=3)
    p = np.random.default_rng(0).permutation(200)
    one = match_graphs(A, B, communities=(z, w), depth=2)
    other = match_graphs(A[p][:, p], B, communities=(z[p], w), depth=2, n_jobs=1)
    np.testing.assert_array_equal(one.nodes[p], other.nodes)


def test_small_and_unequal_graphs():
    assert match_graphs(np.zeros((0, 0)), np.zeros((0, 0))).agreement == 1.0
    A = np.ones((3, 3)) - np.eye(3)
    found = match_graphs(np.pad(A, (0, 1)), A)
    assert (found.nodes == -1).sum() == 1
    assert found.nodes[3] == -1
    assert found.common_edges == 3


def test_refusals():
    A = np.ones((3, 3)) - np.eye(3)
    with pytest.raises(pt.InvalidDataError, match="Community 1 is in one"):
        match_graphs(A, A, communities=([0, 0, 1], [0, 0, 0]))
    with pytest.raises(ValueError, match="communities"):
        match_graphs(A, A, communities=9)
    with pytest.raises(ValueError, match="communities"):
        match_graphs(A, A, communities="two")
    with pytest.raises(ValueError, match="depth"):
        match_graphs(A, A, depth=0)
