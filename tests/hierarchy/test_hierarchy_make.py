"""Makers: the common door, linkage matrices, parent pointers, label arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage
from tree_builders import hierarchies, loose_trees, random_linkage

import partita as pt
from oracles.tree_oracles import part_sets
from partita.hierarchy import Hierarchy, MadeBy, assemble


@given(loose_trees())
def test_assembled_parts_are_the_parts_that_were_given(tree):
    item_part, parent, height = tree
    column = np.arange(len(parent))
    h, new_id = assemble(item_part, parent, height, part_data={"old": column})
    h.check()
    for old, items in enumerate(part_sets(parent.tolist(), item_part.tolist())):
        new = new_id[old]
        assert frozenset(h.members(new).tolist()) == items
        assert h.height[new] == height[old]
        assert h.part_data["old"][new] == old
        assert h.parent[new] == (-1 if parent[old] < 0 else new_id[parent[old]])
    assert np.array_equal(h.item_part, new_id[item_part])


@given(loose_trees(), st.randoms(use_true_random=False))
def test_canonical_whatever_the_numbering(tree, random):
    """Siblings stand by size, key and lowest rank, so that renumbered parts give the very same arrays."""
    item_part, parent, height = tree
    m = len(parent)
    key = np.zeros((m, 2))
    h, _ = assemble(item_part, parent, height, part_key=key)
    sizes, lowest = h.sizes, [min(h.members(v), default=99) for v in range(m)]
    for v in range(m):
        ranks = [(-sizes[c], lowest[c]) for c in h.children(v)]
        assert ranks == sorted(ranks)
        assert h.own_items(v).tolist() == sorted(h.own_items(v).tolist())
    new = list(range(m))
    random.shuffle(new)
    new = np.array(new)
    renamed = np.empty(m, dtype=np.intp)
    renamed[new] = np.where(parent < 0, -1, new[parent])
    heights = np.empty(m)
    heights[new] = height
    again, _ = assemble(new[item_part], renamed, heights)
    if (h.sizes > 0).all():
        assert all(np.array_equal(a, b) for a, b in zip(h._arrays, again._arrays))


@given(loose_trees(), st.randoms(use_true_random=False))
def test_permuted_items_give_permuted_labels(tree, random):
    """With ranks by content, labels of permuted rows are the permuted labels."""
    item_part, parent, height = tree
    n = len(item_part)
    rows = list(range(n))
    random.shuffle(rows)
    rows = np.array(rows, dtype=np.intp)
    levels = [np.flatnonzero(parent == np.flatnonzero(parent < 0)[0])]
    one, _ = assemble(item_part, parent, height, levels=levels)
    two, _ = assemble(item_part[rows], parent, height, levels=levels, item_rank=rows)
    if (one.sizes > 0).all():
        assert np.array_equal(one.labels()[rows], two.labels())
        assert np.array_equal(one.order, rows[two.order])


def test_part_key_breaks_ties_before_items_do():
    h, new_id = assemble([0, 1], [2, 2, -1], [0.0, 0, 1], part_key=[[1.0, 9.0], [1.0, 2.0], [0.0, 0.0]])
    assert new_id.tolist() == [2, 1, 0]
    assert h.order.tolist() == [1, 0]


def test_many_siblings_are_sorted():
    rng = np.random.default_rng(0)
    m = 5000
    item_part = rng.integers(0, m - 1, 9000)
    parent = np.append(np.full(m - 1, m - 1), -1)
    h, _ = assemble(item_part, parent, np.append(np.zeros(m - 1), 1.0))
    assert (np.diff(h.sizes[1:]) <= 0).all()
    firsts = h.order[np.minimum(h.start[1:], 8999)]
    ties = (np.diff(h.sizes[1:]) == 0) & (h.sizes[2:] > 0)
    assert (np.diff(firsts)[ties] > 0).all()


@pytest.mark.parametrize(
    ("item_part", "parent", "height", "words"),
    [
        ([0], [-1, -1], [0, 0], "2 roots"),
        ([0], [1, 0], [0, 0], "0 roots"),
        ([0], [-1, 2, 1], [0, 0, 0], "cycle"),
        ([0], [-1, 7], [0, 0], "largest parent 7"),
        ([3], [-1], [0], "names no part"),
        ([0], [-1, 0], [0.0, 1.0], "higher"),
        ([], [], [], "roots"),
        ([0], [-1], [np.nan], "NaN"),
    ],
)
def test_what_is_no_tree_is_refused(item_part, parent, height, words):
    with pytest.raises(pt.InvalidDataError, match=words):
        assemble(item_part, np.array(parent, dtype=np.intp), np.array(height, dtype=float))


def test_levels_by_old_numbers():
    h, _ = assemble([1, 2], [-1, 0, 0], [1.0, 0, 0], levels=[[2, 1]])
    assert [level.tolist() for level in h.levels] == [[0], [1, 2]]
    with pytest.raises(pt.InvalidDataError, match="outside"):
        assemble([0], [-1], [0.0], levels=[[4]])


# ---------------------------------------------------------------------- linkage


@pytest.mark.parametrize("method", ["single", "complete", "average", "ward", "centroid", "median"])
def test_linkage_goes_there_and_back(method):
    X = np.random.default_rng(1).normal(size=(60, 3))
    Z = linkage(X, method)
    h = Hierarchy.from_linkage(Z)
    assert (h.n_items, h.n_parts, h.own_items_are) == (60, 59, "singletons")
    inverted = bool((np.maximum.accumulate(Z[:, 2]) > Z[:, 2] + 1e-12).any())
    assert any("inversion" in note for note in h.made_by.notes) == inverted
    assert Hierarchy.from_linkage(h.to_linkage()) == h
    if not inverted:
        assert np.array_equal(h.to_linkage()[:, 2:], Z[:, 2:])


@pytest.mark.parametrize("seed", range(5))
def test_merges_are_the_parts(seed):
    Z = random_linkage(30, seed)
    h = Hierarchy.from_linkage(Z)
    sets = [{i} for i in range(30)]
    for a, b, _, _ in Z:
        sets.append(sets[int(a)] | sets[int(b)])
    assert {frozenset(s) for s in sets[30:]} == {frozenset(h.members(v).tolist()) for v in range(29)}


def test_inversions_are_raised_and_counted():
    h = Hierarchy.from_linkage([[0, 1, 5.0], [2, 3, 1.0], [4, 5, 2.0]], made_by=MadeBy("mine"))
    assert h.height.tolist() == [5.0, 5.0, 1.0]
    assert h.made_by.notes == ("1 inversions repaired: parts raised to their highest child",)
    assert h.made_by.method == "mine"


@pytest.mark.parametrize(
    ("Z", "words"),
    [
        ([[0, 1, 1, 2], [0, 2, 1, 2]], "Row 1 .* twice"),
        ([[0, 3, 1, 2], [1, 2, 1, 2]], "Row 0"),
        ([[0, 1, np.nan, 2]], "NaN"),
        ([[0, 1.5, 1, 2], [0, 1, 1, 3]], "fraction"),
        ([[0, -1, 1, 2]], "no cluster"),
        ([[0, np.inf, 1, 2]], "no cluster"),
        ([[0, 1, 1, 5]], "size in row 0"),
        ([[0, 1]], "columns"),
        ([0, 1, 2, 3], "columns"),
        ([["a", "b", "c", "d"]], "columns"),
        ([[0, 0, 1, 2]], "Row 0"),
    ],
)
def test_what_is_no_linkage_is_refused(Z, words):
    with pytest.raises(pt.InvalidDataError, match=words):
        Hierarchy.from_linkage(Z)


# ---------------------------------------------------------------------- parent pointers


@given(hierarchies())
def test_parents_with_parts_of_items(h):
    back = Hierarchy.from_parent(
        h.parent, h.item_part, height=h.height, levels=h.levels, own_items_are=h.own_items_are
    )
    assert back == h


@given(hierarchies())
def test_parents_with_items_as_nodes(h):
    """Items hung below their parts as nodes: parts without any node below would turn into items."""
    bare = [v for v in range(h.n_parts) if h.sizes[v] == 0]
    if bare:
        return
    parent = np.concatenate([h.item_part + h.n_items, np.where(h.parent < 0, -1, h.parent + h.n_items)])
    height = np.concatenate([np.zeros(h.n_items), h.height])
    back = Hierarchy.from_parent(parent, height=height)
    assert back == h.replace(levels=None, own_items_are="singletons")


def test_forests_get_a_root_of_infinite_height():
    h = Hierarchy.from_parent([4, 4, 5, 5, -1, -1])  # two trees and, with node 4 and 5 as parts, items 0 to 3
    assert (h.n_items, h.n_parts, h.height.tolist()) == (4, 3, [np.inf, 1.0, 1.0])
    h = Hierarchy.from_parent([-1, -1, 0], [0, 1, 2])
    assert h.height[0] == np.inf
    assert h.n_parts == 4
    h = Hierarchy.from_parent([0, 1, 2])
    assert (h.n_items, h.n_parts) == (3, 1)
    with pytest.raises(pt.InvalidDataError, match="joins several trees"):
        Hierarchy.from_parent([-1, -1], [0, 1], part_data={"x": [1, 2]})


def test_heights_count_edges_and_inversions_are_repaired():
    h = Hierarchy.from_parent([-1, 0, 1, 0], [3, 2])
    assert dict(zip(h.sizes.tolist(), h.height.tolist()))[2] == 2.0
    h = Hierarchy.from_parent([-1, 0], [1], height=[0.0, 3.0])
    assert h.height.tolist() == [3.0, 3.0]
    assert "1 inversions" in h.made_by.notes[0]


@pytest.mark.parametrize("parent", [[1, 0], [1, 2, 0, -1], [5], [-3], [0.5], [[0]]])
def test_pointers_that_are_no_tree(parent):
    with pytest.raises(pt.InvalidDataError):
        Hierarchy.from_parent(parent)


def test_levels_of_nodes():
    h = Hierarchy.from_parent([3, 3, 4, 4, -1], levels=[[4], [3]])
    assert [level.tolist() for level in h.levels] == [[0], [1]]
    for bad in ([[0]], [[9]]):
        with pytest.raises(pt.InvalidDataError):
            Hierarchy.from_parent([3, 3, 4, 4, -1], levels=bad)


# ---------------------------------------------------------------------- label arrays


@given(st.lists(st.integers(-1, 5), max_size=20), st.data())
def test_labels_come_back_up_to_their_names(fine, data):
    fine = np.array(fine, dtype=np.intp)
    up = np.array([data.draw(st.integers(0, 2)) for _ in range(6)])
    coarse = np.where(fine >= 0, up[fine], data.draw(st.sampled_from([-1, 0])))
    h = Hierarchy.from_labels([coarse, fine])
    h.check()
    for level, given_labels in ((1, coarse), (2, fine)):
        labels = h.labels(level)
        assert np.array_equal(labels < 0, given_labels < 0)
        assert pt.compare(labels, given_labels)["ari"] == 1.0
        names = h.part_data["label"][h.levels[level]]
        assert np.array_equal(names[labels[labels >= 0]], given_labels[given_labels >= 0])


def test_texts_one_array_and_none_at_all():
    h = Hierarchy.from_labels(["b", "a", "a"])
    assert h.labels().tolist() == [1, 0, 0]
    assert h.part_data["label"].tolist() == ["", "a", "b"]
    assert Hierarchy.from_labels(np.array([0, 1])).n_parts == 3
    assert Hierarchy.from_labels(np.zeros((2, 3), dtype=int)).n_parts == 3
    assert Hierarchy.from_labels([[]]).n_items == 0
    assert Hierarchy.from_labels([0, 0], heights=[0.5]).height.tolist() == [1.5, 0.5]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([[0, 1], [0, 0]], "array 1 does not refine array 0: items 0 and 1"),
        ([[0, -1], [0, 0]], "does not refine"),
        ([[-1, -1], [0, 0]], "does not refine"),
        ([[0, 0], [0]], "has 1 items"),
        ([[0.5, 1.0]], "one integer or text"),
        ([[-2, 0]], "negative"),
        ([], "no label arrays"),
        ([[[0]]], "one integer or text"),
    ],
)
def test_labels_that_are_no_hierarchy(labels, words):
    with pytest.raises(pt.InvalidDataError, match=words):
        Hierarchy.from_labels(labels)
