"""Graphs in: every source gives one graph, whose nodes are numbered by content; bad edges are named."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from partita.graphs._input import as_graph
from partita.kernels.csr import Graph, components, contract, part_components, transpose


def dense(graph: Graph) -> np.ndarray:
    n = len(graph.loops)
    rows = np.repeat(np.arange(n), np.diff(graph.indptr))
    out = np.diag(graph.loops)
    np.add.at(out, (rows, graph.indices), graph.weights)
    return out


@st.composite
def adjacencies(draw, directed: bool = False, most: int = 12) -> np.ndarray:
    n = draw(st.integers(1, most))
    weight = st.sampled_from([0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 0.3])
    flat = draw(st.lists(weight, min_size=n * n, max_size=n * n))
    matrix = np.array(flat).reshape(n, n)
    np.fill_diagonal(matrix, 0.0)
    return matrix if directed else np.triu(matrix) + np.triu(matrix).T


@given(st.booleans().flatmap(lambda d: st.tuples(st.just(d), adjacencies(directed=d))))
def test_the_canonical_graph_is_the_given_one_renumbered(drawn):
    directed, matrix = drawn
    if directed:
        matrix = matrix + 4 * matrix.T  # both ways, unequal
    found = as_graph(matrix, directed=directed)
    np.testing.assert_array_equal(dense(found.graph), matrix[np.ix_(found.order, found.order)])
    for v in range(found.n):
        row = found.graph.indices[found.graph.indptr[v] : found.graph.indptr[v + 1]]
        assert (np.diff(row) > 0).all()


@pytest.mark.parametrize("directed", [False, True])
def test_the_order_of_nodes_leaves_no_trace(directed):
    rng = np.random.default_rng(3)
    matrix = np.where(rng.random((60, 60)) < 0.1, rng.integers(1, 3, (60, 60)), 0).astype(float)
    np.fill_diagonal(matrix, 0.0)
    if not directed:
        matrix = np.triu(matrix) + np.triu(matrix).T
    permutation = rng.permutation(60)
    a = as_graph(matrix, directed=directed)
    b = as_graph(matrix[np.ix_(permutation, permutation)], directed=directed)
    assert a.fingerprint == b.fingerprint
    np.testing.assert_array_equal(permutation[b.order], a.order)
    for left, right in zip(a.graph, b.graph):
        np.testing.assert_array_equal(left, right)


@given(adjacencies(), st.data())
def test_contraction_sums_what_the_parts_hold(matrix, data):
    graph = as_graph(matrix).graph
    n = len(matrix)
    count = data.draw(st.integers(1, 4))
    labels = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=n, max_size=n)), np.int32)
    member = np.eye(count)[labels]
    small = contract(graph, labels, count)
    np.testing.assert_allclose(dense(small), member.T @ dense(graph) @ member)
    np.testing.assert_array_equal(small.node_weight, member.sum(axis=0))
    again = contract(small, np.zeros(count, np.int32), 1)
    assert again.loops[0] == pytest.approx(matrix.sum())


@given(adjacencies(directed=True))
def test_transposition_turns_every_entry(matrix):
    graph = as_graph(matrix, directed=True).graph
    np.testing.assert_array_equal(dense(transpose(graph)), dense(graph).T)


@given(adjacencies(), st.integers(0, 2**31 - 1))
def test_components_are_those_of_networkx(matrix, seed):
    graph = as_graph(matrix).graph
    structure = nx.from_numpy_array(dense(graph))
    _, count = components(graph)
    assert count == nx.number_connected_components(structure)
    parts = np.random.default_rng(seed).integers(0, 2, len(matrix)).astype(np.int32)
    pieces, n_pieces = part_components(graph, parts)
    expected = [
        sorted(piece)
        for part in (0, 1)
        for piece in nx.connected_components(structure.subgraph(np.flatnonzero(parts == part).tolist()))
    ]
    assert n_pieces == len(expected)
    assert sorted(np.flatnonzero(pieces == p).tolist() for p in range(n_pieces)) == sorted(expected)


def test_every_source_of_one_graph_gives_the_same():
    graph = nx.karate_club_graph()
    matrix = nx.to_scipy_sparse_array(graph, dtype=float)
    ends = np.array([(u, v, d["weight"]) for u, v, d in graph.edges(data=True)])
    wide = sp.csr_array(matrix)
    wide.indptr, wide.indices = wide.indptr.astype(np.int64), wide.indices.astype(np.int64)
    sources = [matrix.tocoo(), matrix.tolil(), sp.csr_matrix(matrix), sp.triu(matrix), wide, matrix.toarray()]
    sources += [graph, ends, pd.DataFrame(ends, columns=["a", "b", "w"])]
    prints = {as_graph(source).fingerprint for source in sources}
    assert len(prints) == 1


def test_names_of_nodes_are_kept():
    found = as_graph(nx.Graph([("b", "a"), ("a", "c")]))
    assert found.names.tolist() == ["b", "a", "c"]
    gaps = as_graph(np.array([[10, 30], [30, 20], [20, 10]]))
    assert gaps.names.tolist() == [10, 20, 30]
    assert gaps.n == 3


@pytest.mark.parametrize("n", [0, 1, 5])
def test_graphs_without_edges_are_legal(n):
    found = as_graph(sp.csr_array((n, n)))
    assert found.n == n
    assert len(found.graph.indices) == 0
    assert components(found.graph)[1] == n


def test_repeats_are_summed_and_loops_are_set_aside():
    repeated = sp.coo_array(([1.0, 2.0, 3.0, 5.0], ([0, 0, 1, 1], [1, 1, 0, 1])), shape=(2, 2))
    found = as_graph(repeated)
    assert found.graph.weights.tolist() == [3.0, 3.0]
    assert "loops of 1 nodes left out" in found.notes
    assert sorted(as_graph(repeated, loops="keep").graph.loops.tolist()) == [0.0, 5.0]
    with pytest.raises(pt.InvalidDataError, match="Node 1"):
        as_graph(repeated, loops="refuse")


def test_the_input_is_left_as_it_was():
    matrix = sp.csr_array(np.array([[1.0, 2.0], [2.0, 0.0]]))
    before = matrix.toarray()
    as_graph(matrix)
    np.testing.assert_array_equal(matrix.toarray(), before)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[0, np.nan], [np.nan, 0]], "0 - 1 .* not finite"),
        ([[0, 1, 0], [1, 0, -2], [0, -2, 0]], "1 - 2 .* negative"),
        ([[0, 1], [3, 0]], "not symmetric: 0 - 1"),
    ],
)
def test_bad_edges_are_named(matrix, words):
    with pytest.raises(pt.InvalidDataError, match=words):
        as_graph(np.array(matrix, dtype=float))


def test_other_shapes_and_types_are_refused():
    with pytest.raises(pt.InvalidDataError, match="not square"):
        as_graph(sp.csr_array((3, 4)))
    with pytest.raises(pt.InvalidDataError, match="can't be read as a graph"):
        as_graph(np.zeros((5, 4)))
    with pytest.raises(pt.InvalidDataError, match="not real"):
        as_graph(sp.csr_array(np.eye(2, dtype=complex)))
    with pytest.raises(pt.InvalidDataError, match="integers or strings"):
        as_graph(np.array([[0.5, 1.0], [1.0, 2.0], [1.0, 3.0]])[:, :2])
