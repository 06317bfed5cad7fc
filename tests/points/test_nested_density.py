"""NestedDensity: DBSCAN at every distance, from one tree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_blobs

import partita as pt
from oracles.density import cluster_births, clusters_at, distances, reachability
from partita.points import NestedDensity


def groups(partition: pt.Partition) -> set[frozenset[int]]:
    return {frozenset(partition.members(k).tolist()) for k in range(partition.n_parts)}


@given(seed=st.integers(0, 10**6), min_samples=st.integers(2, 6), kind=st.sampled_from(["lattice", "plane"]))
def test_every_distance_is_there(seed: int, min_samples: int, kind: str):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6, (30, 2)).astype(float) if kind == "lattice" else rng.standard_normal((30, 2))
    R = reachability(distances(X), min_samples)
    tree = NestedDensity(min_samples=min_samples).fit(X)
    scales = np.unique(R)
    for eps in [*((scales[:-1] + scales[1:]) / 2), scales[-1] * 2]:
        assert groups(tree.at(eps)) == clusters_at(R, eps, min_samples)


def test_the_tree_of_the_loop_over_distances():
    """Merges as a loop over all distances finds them, each old cluster in the one that holds it."""
    X = make_blobs(80, centers=6, random_state=4)[0]
    h = NestedDensity(min_samples=4).fit(X).hierarchy_
    found = {frozenset(h.members(v).tolist()): h.part_data["birth"][v] for v in range(1, h.n_parts)}
    expected = cluster_births(reachability(distances(X), 4), 4)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[c] for c in expected], list(expected.values()), rtol=1e-12)


def test_core_items_of_dbscan():
    X = make_blobs(400, centers=5, random_state=6)[0]
    tree = NestedDensity(min_samples=5).fit(X)
    for eps in (0.2, 0.5, 0.9, 1.7):
        peer = DBSCAN(eps=eps, min_samples=5).fit(X)
        core = peer.core_sample_indices_
        labels = peer.labels_[core]
        expected = {frozenset(core[labels == k].tolist()) for k in range(labels.max(initial=-1) + 1)}
        assert groups(tree.at(eps)) == {group for group in expected if len(group) >= 5}


def test_predict_gives_the_training_labels():
    X = np.round(make_blobs(300, centers=5, random_state=7)[0], 1)
    tree = NestedDensity().fit(X)
    np.testing.assert_array_equal(tree.predict(X), tree.labels_)
    np.testing.assert_array_equal(tree.apply(X), tree.hierarchy_.item_part)
    assert tree.hierarchy_.leaves.tolist() == tree.hierarchy_.levels[-1].tolist()


def test_distances_must_be_numbers_from_nought_on():
    tree = NestedDensity().fit(np.arange(10.0)[:, None])
    for eps in (-1.0, float("nan"), "near", None, True):
        with pytest.raises(pt.InvalidParameterError, match="eps"):
            tree.at(eps)
