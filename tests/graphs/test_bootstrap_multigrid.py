"""Coordinates by bootstrap multigrid: smooth, and of use where attributes say what edges do not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import adjusted_rand_score

import partita as pt
from partita.graphs._input import as_graph
from partita.graphs._multigrid import cycle_of, grounded_laplacian, run_cycle, smooth_vectors
from partita.graphs.bootstrap_multigrid import (
    BootstrapMultigrid,
    informative_ties,
    modularity_of,
    modularity_of_ties,
)


def planted(groups: int, size: int, inside: float, across: float, seed: int) -> tuple[csr_array, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(groups), size)
    chance = np.where(labels[:, None] == labels, inside, across)
    half = np.triu(rng.random(chance.shape) < chance, 1)
    return csr_array((half + half.T).astype(float)), labels


def grid(side: int) -> csr_array:
    at = np.arange(side * side).reshape(side, side)
    A = np.zeros((side * side,) * 2)
    A[at[:, :-1].ravel(), at[:, 1:].ravel()] = 1.0
    A[at[:-1].ravel(), at[1:].ravel()] = 1.0
    return csr_array(A + A.T)


def test_cycles_take_away_more_the_more_there_are():
    L = grounded_laplacian(grid(20), np.array([0]))
    vectors, shares = smooth_vectors(L, 6, 0.0, 15)
    assert np.allclose(np.einsum("ij,ij->j", vectors, L @ vectors), 1.0)
    assert shares[-1] < shares[1] < 1.0
    x = np.random.default_rng(1).standard_normal(400)
    cycle = cycle_of(L, vectors[:, 0])
    before = x @ (L @ x)
    for _ in range(5):
        x = x - run_cycle(cycle, L @ x)
    assert x @ (L @ x) < 0.2 * before
    lowest = np.linalg.eigvalsh(L.toarray())
    rayleigh = 1.0 / np.einsum("ij,ij->j", vectors, vectors)
    assert rayleigh.min() < 3.0 * lowest[0]


def test_planted_parts_are_found_and_counted():
    A, labels = planted(4, 50, 0.3, 0.01, 0)
    told = BootstrapMultigrid(4).fit(A)
    assert adjusted_rand_score(labels, told.labels_) > 0.95
    free = BootstrapMultigrid().fit(A)
    assert free.n_clusters_ == 4
    assert free.made_by_.certificates["modularity"] == pytest.approx(
        modularity_of(as_graph(A), as_graph(A).canonical(free.labels_))
    )
    free.hierarchy_.check()


def test_attributes_tell_parts_that_edges_hardly_tell():
    A, labels = planted(4, 60, 0.09, 0.04, 1)
    rng = np.random.default_rng(0)
    tags = np.where(rng.random((240, 3)) < 0.6, labels[:, None], rng.integers(0, 4, (240, 3)))
    alone = adjusted_rand_score(labels, BootstrapMultigrid(4).fit(A).labels_)
    both = adjusted_rand_score(labels, BootstrapMultigrid(4).fit(A, attributes=tags).labels_)
    assert both > alone + 0.2
    words = np.hstack([tags == c for c in range(4)]).astype(float)
    sparse = BootstrapMultigrid(4).fit(A, attributes=csr_array(words))
    assert adjusted_rand_score(labels, sparse.labels_) > alone + 0.2


def test_words_that_edges_know_nothing_of_do_no_harm():
    A, labels = planted(4, 50, 0.2, 0.02, 5)
    rng = np.random.default_rng(3)
    noise = (rng.random((200, 300)) < 0.15).astype(float)
    telling = ((rng.random((200, 20)) < 0.4) & (labels[:, None] == np.arange(20) % 4)).astype(float)
    alone = adjusted_rand_score(labels, BootstrapMultigrid(4).fit(A).labels_)
    mixed = BootstrapMultigrid(4).fit(A, attributes=csr_array(np.hstack([noise, telling])))
    assert adjusted_rand_score(labels, mixed.labels_) >= alone - 0.02
    as_given = BootstrapMultigrid(4, attribute_weight=1.0, attribute_values="equal")
    harmed = as_given.fit(A, attributes=csr_array(noise))
    assert adjusted_rand_score(labels, harmed.labels_) < alone - 0.2
    only_noise = BootstrapMultigrid(4).fit(A, attributes=csr_array(noise))
    assert adjusted_rand_score(labels, only_noise.labels_) >= alone - 0.05
    left_out = BootstrapMultigrid(4, attribute_weight=0.0).fit(A, attributes=csr_array(noise))
    assert np.array_equal(left_out.labels_, BootstrapMultigrid(4).fit(A).labels_)


def test_values_that_hold_edges_together_are_weighed_by_definition():
    A, labels = planted(3, 20, 0.4, 0.05, 1)
    given_graph = as_graph(A)
    tags = csr_array(
        np.column_stack([labels == 0, labels == 1, np.ones(60), np.arange(60) % 2]).astype(float)
    )
    kept, _ = informative_ties(given_graph, tags[given_graph.order])
    degree, total = np.asarray(A.sum(axis=1)).ravel(), A.sum()
    for column, members in ((0, labels == 0), (1, labels == 1)):
        volume, within = degree[members].sum() / total, A.toarray()[np.ix_(members, members)].sum() / total
        excess = (within - volume**2) / (volume * (1 - volume))
        assert kept[:, [column]].toarray().max() == pytest.approx(excess**2)
    assert kept[:, [2, 3]].nnz == 0
    share = np.array([[given_graph.canonical(labels) == c] for c in range(3)])[:, 0].astype(float)
    ties = tags[given_graph.order][:, [0, 1]]
    table = share @ ties.toarray() / ties.sum()
    expected = sum(max(table[c, a] - table[c].sum() * table[:, a].sum() for c in range(3)) for a in range(2))
    assert modularity_of_ties(ties, given_graph.canonical(labels)) == pytest.approx(expected)


def test_numbers_of_nodes_make_no_difference():
    A, labels = planted(3, 30, 0.3, 0.02, 2)
    shuffle = np.random.default_rng(0).permutation(90)
    one = BootstrapMultigrid().fit(A, attributes=labels)
    moved = BootstrapMultigrid().fit(A[shuffle][:, shuffle], attributes=labels[shuffle])
    assert np.array_equal(one.labels_[shuffle], moved.labels_)


def test_small_graphs_and_refusals():
    assert BootstrapMultigrid().fit(csr_array((0, 0))).labels_.shape == (0,)
    assert BootstrapMultigrid().fit(csr_array((1, 1))).labels_.tolist() == [0]
    assert len(BootstrapMultigrid().fit(csr_array((5, 5))).labels_) == 5
    with pytest.raises(pt.InfeasibleError, match="n_clusters=4"):
        BootstrapMultigrid(4).fit(np.ones((3, 3)))
    with pytest.raises(pt.InvalidDataError, match="categories"):
        BootstrapMultigrid(2).fit(np.ones((3, 3)), attributes=np.full((3, 1), 0.5))
    with pytest.raises(pt.InvalidDataError, match="one row of attributes"):
        BootstrapMultigrid(2).fit(np.ones((3, 3)), attributes=[[0], [1]])
