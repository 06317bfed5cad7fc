"""BottomUp: linkage and descriptions against their definitions, planted trees, and what is refused."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import block_diag
from sklearn.metrics import adjusted_mutual_info_score

import partita as pt
from graphs.planted import planted_graph
from oracles.descriptions import densest_merges, log_multisets, nats_of_graph, nats_of_labels
from partita.graphs import BottomUp, TopDown
from partita.graphs._bethe import adjacency, non_backtracking_radius, spectrum
from partita.graphs._density import density_tree
from partita.graphs._description import description_length
from partita.graphs._input import as_graph
from partita.kernels.blocks import blocks_improve

every_bottom = pytest.mark.parametrize("bottom", ["auto", "bethe-hessian", "moves"])


def random_adjacency(data: st.DataObject, *, weighted: bool = False) -> np.ndarray:
    n, seed = data.draw(st.integers(1, 14)), data.draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    A = np.triu(rng.random((n, n)) < rng.choice([0.15, 0.4, 0.8]), 1).astype(float)
    if weighted:
        A *= 0.5 + rng.random((n, n))
    return A + A.T


def random_labels(data: st.DataObject, n: int) -> np.ndarray:
    k = data.draw(st.integers(1, n))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    return np.concatenate([np.arange(k), rng.integers(0, k, n - k)]).astype(np.int32)


@given(data=st.data())
def test_linkage_is_greedy_and_has_no_inversions(data: st.DataObject):
    A = random_adjacency(data, weighted=True)
    labels = random_labels(data, len(A))
    tree = BottomUp(bottom=labels).fit(A)
    h = tree.hierarchy_
    h.check()
    component = sp.csgraph.connected_components(A)[1]
    labels = np.unique(labels * len(A) + component, return_inverse=True)[1]
    own = np.eye(labels.max() + 1)[labels]
    expected = densest_merges(own.T @ A @ own, own.sum(axis=0))
    merged = np.sort(h.part_data["density"][(h.height > 0) & np.isfinite(h.height)])
    np.testing.assert_allclose(merged, np.sort(expected), rtol=1e-9)
    assert tree.made_by_.certificates["inversions"] == 0
    assert (h.height[h.parent[1:]] >= h.height[1:]).all()


@given(data=st.data())
def test_description_by_definition_and_along_merges(data: st.DataObject):
    A = random_adjacency(data)
    if not A.any():
        return
    given_graph = as_graph(A)
    labels = random_labels(data, len(A))
    got = description_length(given_graph.graph, given_graph.canonical(labels), int(labels.max()) + 1)
    assert got == pytest.approx(nats_of_graph(A, labels), abs=1e-8)


@given(data=st.data())
def test_certificate_recomputed_from_the_levels(data: st.DataObject):
    A = random_adjacency(data)
    if not A.any():
        return
    tree = BottomUp(bottom="moves").fit(A)
    h = tree.hierarchy_
    levels = [h.labels(i) for i in range(len(h.levels) - 1, 0, -1)] or [np.zeros(len(A), int)]
    nats = nats_of_graph(A, levels[0])
    k = levels[0].max() + 1
    edges = int(A.sum()) // 2
    nats -= log_multisets(k * (k + 1) // 2, edges)
    for below, above in pairwise(levels):
        nats += nats_of_counts(A, below, above)
        k = above.max() + 1
    nats += log_multisets(k * (k + 1) // 2, edges)
    assert tree.made_by_.certificates["description_length"] == pytest.approx(nats, abs=1e-6)


def nats_of_counts(A: np.ndarray, below: np.ndarray, above: np.ndarray) -> float:
    """Counts of edges between parts of a level, given those of the level above; and the partition."""
    k, g = below.max() + 1, above.max() + 1
    group = np.array([above[below == r][0] for r in range(k)])
    own = np.eye(g)[above]
    e = own.T @ A @ own
    size = np.bincount(group)
    total = nats_of_labels(group)
    for r in range(g):
        total += log_multisets(int(size[r] * (size[r] + 1)) // 2, int(e[r, r]) // 2)
        total += sum(log_multisets(int(size[r] * size[s]), int(e[r, s])) for s in range(r + 1, g))
    return total


@every_bottom
def test_planted_tree(bottom: str):
    A, leaf = planted_graph([60] * 8, [0.01, 0.04, 0.12, 0.5], fanout=(2, 2, 2), seed=2)
    tree = BottomUp(bottom=bottom).fit(A)
    assert tree.n_clusters_ == 8
    for k, truth in ((8, leaf), (4, leaf // 2), (2, leaf // 4)):
        assert adjusted_mutual_info_score(tree.hierarchy_.cut(n_clusters=k).labels, truth) > 0.999


def test_two_thousand_nodes_in_two_levels():
    rng = np.random.default_rng(0)
    n, size, wide = 2000, 50, 500
    ends = []
    for block, mean in ((size, 8.0), (wide, 3.0), (n, 1.5)):
        u = rng.integers(0, n, int(n * mean / 2))
        ends.append((u, u // block * block + rng.integers(0, block, len(u))))
    u, v = (np.concatenate(x) for x in zip(*ends))
    half = sp.csr_array((np.ones(len(u)), (u, v)), shape=(n, n))
    A = ((half + half.T) > 0).astype(float)
    A.setdiag(0)
    tree = BottomUp(bottom="moves").fit(A)
    assert tree.n_clusters_ == 40
    assert adjusted_mutual_info_score(tree.labels_, np.arange(n) // size) > 0.97
    assert adjusted_mutual_info_score(tree.hierarchy_.cut(n_clusters=4).labels, np.arange(n) // wide) > 0.99
    assert tree.hierarchy_.cut(n_clusters=4).n_parts in [len(level) for level in tree.hierarchy_.levels]


def test_order_of_nodes_and_threads_do_not_matter():
    A, _ = planted_graph([40] * 4, [0.03, 0.1, 0.5], fanout=(2, 2), seed=3)
    p = np.random.default_rng(0).permutation(160)
    for bottom in ("auto", "moves", "bethe-hessian"):
        one = BottomUp(bottom=bottom).fit(A)
        other = BottomUp(bottom=bottom, n_jobs=1, random_state=7).fit(A[p][:, p])
        np.testing.assert_array_equal(one.labels_[p], other.labels_)
        np.testing.assert_array_equal(one.hierarchy_.height, other.hierarchy_.height)


def test_spectrum_of_the_bethe_hessian():
    """So many eigenvalues stand out as the Bethe Hessian has negative ones; the radius is that of walks."""
    A, _ = planted_graph([80] * 3, [0.02, 0.2], fanout=(3,), seed=1)
    graph = as_graph(A).graph
    found = spectrum(graph)
    M = adjacency(graph).toarray()
    D = np.diag(M.sum(axis=1))
    eye = np.eye(len(M))
    walks = np.linalg.eigvals(np.block([[M, eye - D], [eye, np.zeros_like(M)]]))
    assert found.radius == pytest.approx(walks.real.max(), rel=1e-5)
    r = np.sqrt(found.radius)
    negative = (np.linalg.eigvalsh((r * r - 1) * eye + D - r * M) < 0).sum()
    assert len(found.values) == negative == 3
    assert non_backtracking_radius(adjacency(as_graph(np.eye(4)[[1, 0, 3, 2]]).graph)) <= 1.0


@given(data=st.data())
def test_moves_of_nodes_end_where_none_raises_the_likelihood(data: st.DataObject):
    A = random_adjacency(data, weighted=True)
    labels = random_labels(data, len(A))
    graph = as_graph(A)
    k = int(labels.max()) + 1

    def likelihood(z: np.ndarray) -> float:
        own = np.eye(k)[z]
        M = graph.canonical(A)[:, graph.order]
        e = own.T @ M @ own
        x = np.where(e > 0, e * np.log(np.where(e > 0, e, 1.0)), 0.0).sum()
        d = e.sum(axis=1)
        return float(x - 2.0 * (d * np.log(np.where(d > 0, d, 1.0))).sum())

    moved = labels.copy()
    count = blocks_improve(graph.graph, moved, k, 100)
    assert len(np.unique(moved)) == k
    assert likelihood(moved) >= likelihood(labels) - 1e-9
    assert count == 0 or likelihood(moved) > likelihood(labels)
    M = graph.canonical(A)[:, graph.order] > 0
    for v in range(len(A)):
        for s in set(moved[M[v]].tolist()):
            other = moved.copy()
            other[v] = s
            if len(np.unique(other)) == k:
                assert likelihood(other) <= likelihood(moved) + 1e-6


def test_levels_by_number_size_and_labels():
    A, leaf = planted_graph([40] * 4, [0.03, 0.1, 0.5], fanout=(2, 2), seed=3)
    for k in (1, 2, 3, 7, 40, 160):
        assert BottomUp(n_clusters=k, bottom="moves").fit(A).n_clusters_ == k
    assert BottomUp(n_clusters=2).fit(A).n_clusters_ == 2
    capped = BottomUp(max_size=25).fit(A)
    assert capped.hierarchy_.sizes[capped.hierarchy_.levels[-1]].max() <= 25
    own = BottomUp(bottom=leaf.tolist()).fit(A)
    assert adjusted_mutual_info_score(own.labels_, leaf) == 1.0
    assert BottomUp(2, bottom=leaf).fit(A).n_clusters_ == 2


@every_bottom
def test_graphs_of_little(bottom: str):
    """No node, no edge, one edge, isolated nodes, a star, two components."""
    for n in (0, 1, 4):
        tree = BottomUp(bottom=bottom).fit(np.zeros((n, n)))
        assert len(np.unique(tree.labels_)) == n
        tree.hierarchy_.check()
    star = np.zeros((7, 7))
    star[0, 1:6] = star[1:6, 0] = 1
    tree = BottomUp(bottom=bottom).fit(star)
    assert np.isinf(tree.hierarchy_.height[0])
    assert tree.labels_[6] not in tree.labels_[:6]
    two = BottomUp(bottom=bottom).fit(block_diag(*[np.ones((5, 5)) - np.eye(5)] * 2))
    assert two.n_clusters_ == 2
    assert np.isinf(two.hierarchy_.height[0])
    assert BottomUp(1, bottom=bottom).fit(star).n_clusters_ == 1


def test_heavy_weights_don_t_break_the_spectrum():
    A, leaf = planted_graph([60] * 4, [0.03, 0.4], fanout=(4,), seed=5)
    rng = np.random.default_rng(0)
    W = sp.triu(A).tocsr()
    W.data = np.ceil(rng.pareto(0.8, len(W.data)) * 10)
    W = W + W.T
    for weights in ("raw", "log", "binary"):
        tree = BottomUp(bottom="bethe-hessian", weights=weights).fit(W)
        assert tree.n_clusters_ == 4
        assert adjusted_mutual_info_score(tree.labels_, leaf) == 1.0
        assert tree.made_by_.choices["weights"] == weights


def test_density_tree_tells_inversions_if_there_were_any():
    """The check that counts them is alive: a tree whose densities are tampered with has one."""
    A, leaf = planted_graph([20] * 4, [0.05, 0.2, 0.6], fanout=(2, 2), seed=1)
    given_graph = as_graph(A)
    tree = density_tree(given_graph.graph, given_graph.canonical(leaf.astype(np.int32)), 4)
    assert tree.inversions == 0
    assert (np.diff(tree.density) <= 0).all()


def test_refusals():
    A = np.ones((4, 4)) - np.eye(4)
    with pytest.raises(pt.InfeasibleError, match="4 nodes can't make 5 parts"):
        BottomUp(5).fit(A)
    with pytest.raises(pt.InfeasibleError, match="3 connected components"):
        BottomUp(2).fit(np.zeros((3, 3)))
    with pytest.raises(pt.InfeasibleError, match="leave no such cut"):
        BottomUp(4, bottom=[0, 0, 1, 1]).fit(A)
    with pytest.raises(pt.InfeasibleError, match="leave no such cut"):
        BottomUp(max_size=1, bottom=[0, 0, 1, 1]).fit(A)
    with pytest.raises(pt.InvalidDataError, match="Node 2 has no part"):
        BottomUp(bottom=[0, 0, -1, 1]).fit(A)
    with pytest.raises(pt.InvalidDataError, match="bottom"):
        BottomUp(bottom=[0, 1]).fit(A)
    with pytest.raises(ValueError, match="max_size"):
        BottomUp(bottom="bethe-hessian", max_size=2).fit(A)
    with pytest.raises(ValueError, match="bottom"):
        BottomUp(bottom="louvain").fit(A)


def test_departments_of_email(real_data: Callable[..., Path]):
    """42 departments, of 1 to 109 people: nearer to them than modularity (.57), and no inversions."""
    with gzip.open(real_data("graphs-email-eu-core", "edges.txt.gz"), "rt") as file:
        edges = np.loadtxt(file, dtype=np.int64)
    labels = np.loadtxt(real_data("graphs-email-eu-core", "labels.txt"), dtype=np.int64)
    n = len(labels)
    half = sp.csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    A = ((half + half.T) > 0).astype(float)
    truth = labels[np.argsort(labels[:, 0]), 1]
    tree = BottomUp().fit(A)
    assert adjusted_mutual_info_score(truth, tree.labels_) > 0.62
    assert tree.made_by_.certificates["inversions"] == 0
    assert TopDown().fit(A).made_by_.certificates["inversions"] > 0
