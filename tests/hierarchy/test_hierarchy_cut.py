"""Cuts by every rule, against cuts by definition on sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from tree_builders import HEIGHTS, hierarchies

import partita as pt
from oracles.tree_oracles import Twin, cut_sets
from partita.hierarchy import Hierarchy


def check_cut(h, partition, wanted: set[frozenset[int]]) -> None:
    """The partition is the wanted one, numbered in the order of the tree, and knows where it came from."""
    assert cut_sets(partition) == wanted - {frozenset()}
    first = {}
    for place, item in enumerate(h.order.tolist()):
        first.setdefault(int(partition.labels[item]), place)
    held = [label for label in first if label >= 0]
    assert held == sorted(held)
    assert partition.hierarchy is h
    for label, part in enumerate(partition.parts.tolist()):
        items = partition.members(label).tolist()
        assert len(items) == 1 if part < 0 else items == sorted(h.members(part).tolist())
        if part >= 0:
            assert set(partition.part_labels[part : h._end[part]]) == {label}
    for item in range(h.n_items):
        held_by = partition.part_labels[h.item_part[item]]
        lone = partition.labels[item] >= 0 and partition.parts[partition.labels[item]] < 0
        assert lone or held_by == partition.labels[item]


@given(hierarchies())
def test_into_k_parts(h):
    twin, possible = Twin(h), {}
    for k in range(1, h.n_items + 1):
        wanted = twin.cut_k(k)
        if wanted is not None:
            possible[k] = h.cut(n_clusters=k)
            assert possible[k].n_parts == k
            check_cut(h, possible[k], wanted)
    for k in range(1, h.n_items + 3):
        if k not in possible and h.n_items:
            with pytest.raises(pt.InfeasibleError) as caught:
                h.cut(n_clusters=k)
            named = [int(word.split("=")[1]) for word in caught.value.hint.split() if "=" in word]
            if k <= h.n_items:
                below, above = [j for j in possible if j < k], [j for j in possible if j > k]
                assert named == [max(below)] + ([min(above)] if above else [])


@given(hierarchies(), HEIGHTS)
def test_at_a_height(h, height):
    wanted = Twin(h).cut_height(height)
    if h.own_items_are == "noise":
        wanted = {h_set for h_set in wanted if h_set}
    check_cut(h, h.cut(height=height), wanted)


@given(hierarchies(), st.integers(1, 6))
def test_by_largest_size(h, size):
    wanted = Twin(h).cut_max_size(size)
    if wanted is None:
        with pytest.raises(pt.InfeasibleError, match="leaf") as caught:
            h.cut(max_size=size)
        relaxed = int(caught.value.hint.split("=")[1])
        assert Twin(h).cut_max_size(relaxed) is not None
    else:
        check_cut(h, h.cut(max_size=size), wanted)


@given(hierarchies(), st.integers(1, 6))
def test_by_smallest_size(h, size):
    twin = Twin(h)
    if size > h.n_items:
        with pytest.raises(pt.InfeasibleError):
            h.cut(min_size=size)
        return
    wanted = twin.cut_least(lambda v: len(twin.members[v]), lambda v: 1, size)
    check_cut(h, h.cut(min_size=size), wanted)
    assert (h.cut(min_size=size).sizes >= size).all()


@given(hierarchies(), st.sampled_from([0.0, 0.5, 1.0, 1.5]))
def test_by_persistence(h, least):
    twin = Twin(h)

    def lasting(v):
        above = twin.height[twin.parent[v]]
        return np.inf if v == 0 else 0.0 if above == twin.height[v] else above - twin.height[v]

    check_cut(h, h.cut(persistence=least), twin.cut_least(lasting, lambda v: twin.height[v], least))
    column = np.arange(h.n_parts) % 3 * 1.0
    h = h.replace(part_data={"persistence": column})
    wanted = twin.cut_least(lambda v: column[v], lambda v: twin.height[v], least)
    check_cut(h, h.cut(persistence=least), wanted)


@given(hierarchies())
def test_named_levels(h):
    for j in range(len(h.levels)):
        cut = h.cut(level=j)
        assert np.array_equal(cut.labels, h.labels(j))
        assert cut.parts.tolist() == h.levels[j].tolist()
        assert np.array_equal(cut.part_labels, h.part_labels(j))
        assert h.cut(level=j - len(h.levels)) == cut


@given(hierarchies(), st.integers(1, 8), st.integers(1, 4), st.integers(2, 8))
def test_k_with_bounds_on_sizes(h, k, smallest, largest):
    """Whatever comes back obeys every bound; what is refused has no such cut among the unbounded ones."""
    if not h.n_items:
        return
    for bounds in (
        {"min_size": smallest},
        {"max_size": largest},
        {"min_size": smallest, "max_size": largest},
    ):
        for k_bound in ({}, {"n_clusters": k}):
            try:
                cut = h.cut(**bounds, **k_bound)
            except pt.InfeasibleError:
                continue
            sizes = cut.sizes
            assert (sizes >= bounds.get("min_size", 0)).all()
            assert (sizes <= bounds.get("max_size", h.n_items)).all()
            assert cut.n_parts == k_bound.get("n_clusters", cut.n_parts)
    try:
        free = h.cut(n_clusters=k)
    except pt.InfeasibleError:
        return
    if free.sizes.max() <= largest:
        assert h.cut(n_clusters=k, max_size=largest).n_parts == k


@pytest.mark.parametrize("method", ["single", "average", "ward"])
def test_dendrograms_are_cut_as_scipy_cuts_them(method):
    X = np.random.default_rng(0).normal(size=(70, 4))
    Z = linkage(X, method)
    h = Hierarchy.from_linkage(Z)
    for k in range(1, 71):
        assert pt.compare(h.cut(n_clusters=k), fcluster(Z, k, "maxclust"))["vi"] == 0.0
    for height in [-1.0, *Z[:, 2], 1e9]:
        assert pt.compare(h.cut(height=height), fcluster(Z, height, "distance"))["vi"] == 0.0


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"n_clusters": 0},
        {"n_clusters": 2.0},
        {"n_clusters": True},
        {"height": np.nan},
        {"height": "1"},
        {"height": True},
        {"level": 5},
        {"level": -9},
        {"level": 0.0},
        {"max_size": 0},
        {"persistence": np.inf},
        {"height": 1, "level": 0},
        {"n_clusters": 2, "height": 1},
    ],
)
def test_rules_that_are_none(rules):
    with pytest.raises(pt.InvalidParameterError):
        Hierarchy.from_labels([0, 1]).cut(**rules)


def test_messages_name_the_nearest():
    h = Hierarchy.from_labels([[0, 0, 0, 1], [0, 1, 2, 3]])
    with pytest.raises(pt.InfeasibleError, match=r"one split goes from 2 to 4"):
        h.cut(n_clusters=3)
    with pytest.raises(pt.InfeasibleError, match="can't make 9 parts"):
        h.cut(n_clusters=9)
    with pytest.raises(pt.InvalidDataError, match="persistence"):
        h.replace(part_data={"persistence": np.zeros((h.n_parts, 2))}).cut(persistence=1.0)
