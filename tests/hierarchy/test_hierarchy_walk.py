"""Passes, smallest common parts, cophenetic heights, Dasgupta's cost; bridges."""

from __future__ import annotations

import networkx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import squareform
from tree_builders import hierarchies, rich_hierarchy

import partita as pt
from oracles.tree_oracles import Twin, subtree
from partita.hierarchy import Hierarchy


@given(hierarchies(), st.integers(0, 99))
def test_passes(h, seed):
    twin = Twin(h)
    values = np.random.default_rng(seed).normal(size=h.n_parts)
    below = [values[subtree(twin.kids, v)] for v in range(h.n_parts)]
    above = [values[[v, *h.ancestors(v)]] for v in range(h.n_parts)]
    assert np.allclose(h.sum_up(values), [x.sum() for x in below])
    assert h.max_up(values).tolist() == [x.max() for x in below]
    assert h.min_up(values).tolist() == [x.min() for x in below]
    assert np.allclose(h.sum_down(values), [x.sum() for x in above])
    assert h.min_down(values).tolist() == [x.min() for x in above]
    own = np.bincount(h.item_part, minlength=h.n_parts)
    assert h.sum_up(own).tolist() == h.sizes.tolist()


@given(hierarchies())
def test_smallest_common_parts(h):
    twin, items = Twin(h), np.arange(h.n_items)
    found = h.lca(items[:, None], items)
    heights = h.cophenetic(items[:, None], items)
    assert found.shape == heights.shape == (h.n_items, h.n_items)
    for i in items:
        for j in items:
            assert found[i, j] == twin.lca(i, j)
            assert heights[i, j] == (0.0 if i == j else h.height[twin.lca(i, j)])
            assert h.lca(i, j) == found[i, j]


def test_a_path_of_many_parts():
    """Deep trees: no recursion, and few steps for each pair."""
    m = 300_000
    h = Hierarchy.from_parent(np.arange(-1, m - 1), np.arange(m), height=np.arange(m)[::-1])
    i, j = np.random.default_rng(0).integers(0, m, (2, 100_000))
    assert np.array_equal(h.lca(i, j), np.minimum(h.item_part[i], h.item_part[j]))
    assert h.depth.max() == m - 1
    assert h.cut(n_clusters=1).n_parts == 1


def test_cophenetic_heights_are_scipys():
    Z = linkage(np.random.default_rng(0).normal(size=(50, 3)), "average")
    h, i = Hierarchy.from_linkage(Z), np.arange(50)
    assert np.allclose(h.cophenetic(i[:, None], i), squareform(cophenet(Z)), rtol=0, atol=0)


@pytest.mark.parametrize("items", [[-1], [5], [0.5], [True]])
def test_no_such_item(items):
    h = Hierarchy.from_labels([0, 0, 1, 1, 1])
    with pytest.raises(pt.InvalidDataError):
        h.lca(items, 0)


@given(hierarchies(), st.integers(0, 99))
def test_dasgupta(h, seed):
    rng = np.random.default_rng(seed)
    S = np.triu(rng.normal(size=(h.n_items, h.n_items)) * (rng.random((h.n_items, h.n_items)) < 0.6))
    S = S + S.T
    wanted = Twin(h).dasgupta(S)
    for similarity in (S, sparse.csr_matrix(S), sparse.coo_array(S)):
        assert h.dasgupta_cost(similarity) == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("S", "words"),
    [
        ([[0, 1], [2, 0]], "symmetric"),
        ([[0, np.nan], [np.nan, 0]], "row 0, column 1"),
        ([[0, 1, 2]], "each item"),
        ([["a", "b"], ["c", "d"]], "numbers"),
    ],
)
def test_similarities_of_no_use(S, words):
    with pytest.raises(pt.InvalidDataError, match=words):
        Hierarchy.from_labels([0, 1]).dasgupta_cost(np.array(S))


def test_values_of_no_use():
    with pytest.raises(pt.InvalidDataError):
        Hierarchy.from_labels([0, 1]).sum_up([1.0])


@given(hierarchies())
def test_to_linkage(h):
    """Binary merges hold all parts of two or more items; heights rise."""
    Z = h.to_linkage()
    assert Z.shape == (max(h.n_items - 1, 0), 4)
    if h.n_items < 2:
        return
    assert (Z[1:, 2] >= Z[:-1, 2]).all()
    back = Hierarchy.from_linkage(Z)
    parts = {frozenset(back.members(v).tolist()) for v in range(back.n_parts)}
    assert {frozenset(h.members(v).tolist()) for v in range(h.n_parts) if h.sizes[v] > 1} <= parts
    i = np.arange(h.n_items)
    assert np.array_equal(back.cophenetic(i[:, None], i), h.cophenetic(i[:, None], i))


def test_to_networkx():
    h = rich_hierarchy()
    graph = h.to_networkx()
    assert networkx.is_arborescence(graph)
    assert [sorted(graph.successors(v)) for v in range(h.n_parts)] == [
        h.children(v).tolist() for v in range(h.n_parts)
    ]
    assert graph.nodes[3]["size"] == h.sizes[3]
    assert graph.nodes[2]["name"] == h.part_data["name"][2]
    assert graph.graph["order"] == h.order.tolist()


def test_to_arrow():
    h = rich_hierarchy()
    tables = h.to_arrow()
    parts, items = tables["parts"], tables["items"]
    assert parts["parent"].to_pylist() == h.parent.tolist()
    assert parts["data_height"].to_pylist() == h.part_data["height"].tolist()
    assert parts["terms"].to_pylist() == [list(row) for row in h.part_data["terms"]]
    assert parts.schema.field("center").type == pa.list_(pa.float32(), 3)
    assert items["item_id"].to_pylist() == h.item_ids.tolist()
    assert items["level_2"].to_pylist() == h.labels(2).tolist()
