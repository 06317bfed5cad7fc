"""Excisive clustering against cliques listed one by one, and the laws that it is made for."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator

import partita as pt
from oracles.schemes import blocks_at, blocks_of, clique_scale
from partita.dissimilarities import ExcisiveClustering


@st.composite
def distance_matrices(draw: st.DrawFn, most: int = 11) -> np.ndarray:
    """Symmetric matrices with many ties, metric or not; some of distances between points."""
    n = draw(st.integers(1, most))
    if draw(st.booleans()):
        return (
            squareform(pdist(draw(hnp.arrays(np.int64, (n, 2), elements=st.integers(0, 4)))))
            if n > 1
            else np.zeros((1, 1))
        )
    values = draw(hnp.arrays(np.float64, n * (n - 1) // 2, elements=st.integers(0, 6).map(float)))
    return squareform(values) if n > 1 else np.zeros((1, 1))


def heights_between(h: pt.Hierarchy) -> np.ndarray:
    """The scale at which any two items lie in one block, condensed."""
    i, j = np.triu_indices(h.n_items, 1)
    return h.cophenetic(i, j)


@given(D=distance_matrices(), m=st.integers(2, 5))
def test_blocks_at_every_scale_are_what_cliques_hold_together(D: np.ndarray, m: int):
    every = ExcisiveClustering(m).fit(D)
    every.hierarchy_.check()
    for height in np.unique(D):
        expected = set(blocks_at(D, m, height))
        assert blocks_of(every.hierarchy_.cut(height=float(height)).labels) == expected
        assert blocks_of(ExcisiveClustering(m, height=float(height)).fit(D).labels_) == expected


@pytest.mark.parametrize("m", [3, 4, 5, 6])
def test_blocks_of_larger_cliques_in_random_graphs(m: int):
    rng = np.random.default_rng(m)
    for share in (0.3, 0.5, 0.7, 0.8) * 8:
        D = squareform(np.where(rng.random(66) < share, 1.0, 2.0))
        labels = ExcisiveClustering(m, height=1.0).fit(D).labels_
        assert blocks_of(labels) == set(blocks_at(D, m, 1.0))


@given(D=distance_matrices(8), m=st.integers(2, 4))
def test_the_dendrogram_is_single_linkage_of_the_scale_of_common_cliques(D: np.ndarray, m: int):
    if len(D) < 2:
        return
    scale = np.minimum(clique_scale(D, m), 1e9)
    np.fill_diagonal(scale, 0.0)
    expected = cophenet(linkage(squareform(scale), "single"))
    np.testing.assert_array_equal(
        np.minimum(heights_between(ExcisiveClustering(m).fit(D).hierarchy_), 1e9), expected
    )


@pytest.mark.parametrize("n", [2, 3, 50, 200])
def test_m_2_is_single_linkage(n: int):
    X = np.random.default_rng(n).standard_normal((n, 3))
    expected = cophenet(linkage(pdist(X), "single"))
    np.testing.assert_array_equal(heights_between(ExcisiveClustering().fit(pdist(X)).hierarchy_), expected)
    np.testing.assert_array_equal(
        heights_between(ExcisiveClustering().fit(squareform(pdist(X))).hierarchy_), expected
    )
    for metric in ("euclidean", "sqeuclidean", "cosine", "cityblock", "chebyshev"):
        expected = cophenet(linkage(pdist(X, metric), "single"))
        found = heights_between(ExcisiveClustering(metric=metric).fit(X).hierarchy_)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@given(D=distance_matrices(), m=st.integers(2, 4), share=st.floats(0.1, 1.0))
def test_a_block_clustered_alone_is_one_block(D: np.ndarray, m: int, share: float):
    height = float(share * D.max())
    labels = ExcisiveClustering(m, height=height).fit(D).labels_
    for block in blocks_of(labels):
        items = sorted(block)
        alone = ExcisiveClustering(m, height=height).fit(D[np.ix_(items, items)])
        assert alone.n_clusters_ == 1
        assert not alone.labels_.any()


@given(D=distance_matrices(), m=st.integers(2, 4), data=st.data())
def test_added_items_and_shorter_distances_divide_no_block(D: np.ndarray, m: int, data: st.DataObject):
    height = float(data.draw(st.sampled_from(np.unique(D).tolist())))
    kept = np.flatnonzero(data.draw(hnp.arrays(bool, len(D))))
    shorter = np.minimum(D, data.draw(st.integers(1, 6)) + np.zeros_like(D))
    np.fill_diagonal(shorter, 0.0)
    whole = ExcisiveClustering(m, height=height).fit(D).labels_
    nearer = ExcisiveClustering(m, height=height).fit(shorter).labels_
    assert all(len(set(nearer[sorted(block)])) == 1 for block in blocks_of(whole))
    if len(kept):
        fewer = ExcisiveClustering(m, height=height).fit(D[np.ix_(kept, kept)]).labels_
        assert all(len(set(whole[kept[sorted(block)]])) == 1 for block in blocks_of(fewer))


def test_chains_share_one_item_only():
    # Two triangles with one corner in common: clique percolation, which asks for two, would keep them apart.
    x = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.8], [2.0, 0.0], [1.5, 0.8]])
    found = ExcisiveClustering(3, height=1.0, metric="euclidean").fit(x)
    assert found.n_clusters_ == 1


def test_a_bridge_of_single_items_joins_nothing_when_cliques_are_larger():
    rng = np.random.default_rng(0)
    ends = np.concatenate([rng.normal(0, 0.3, (60, 2)), rng.normal([8, 0], 0.3, (60, 2))])
    bridge = np.column_stack([np.arange(0.5, 8.0, 0.5), np.zeros(15)])
    X = np.concatenate([ends, bridge])
    assert len(set(ExcisiveClustering(2, height=0.6, metric="euclidean").fit(X).labels_[:120])) == 1
    labels = ExcisiveClustering(3, height=0.6, metric="euclidean").fit(X).labels_
    assert labels[:60].max() == labels[:60].min() != labels[60:120].min() == labels[60:120].max()


@pytest.mark.parametrize("m", [2, 3, 4])
def test_the_order_of_items_leaves_no_trace(m: int):
    rng = np.random.default_rng(m)
    for X in (rng.standard_normal((80, 2)), rng.integers(0, 6, (60, 2)).astype(float)):
        order = rng.permutation(len(X))
        for metric, first, second in (
            ("euclidean", X, X[order]),
            ("precomputed", squareform(pdist(X)), squareform(pdist(X[order]))),
        ):
            one = ExcisiveClustering(m, metric=metric).fit(first)
            two = ExcisiveClustering(m, metric=metric, n_jobs=2).fit(second)
            assert one.height_ == two.height_
            np.testing.assert_array_equal(one.hierarchy_.height, two.hierarchy_.height)
            assert blocks_of(one.labels_[order]) == blocks_of(two.labels_)
            if metric == "euclidean":
                np.testing.assert_array_equal(one.labels_[order], two.labels_)


def test_scales_are_scaled_with_the_data():
    X = np.random.default_rng(4).standard_normal((60, 3))
    for m in (2, 3):
        one = ExcisiveClustering(m, metric="euclidean").fit(X)
        for factor in (2.0**-100, 8.0, 2.0**200):
            two = ExcisiveClustering(m, metric="euclidean").fit(factor * X)
            np.testing.assert_array_equal(two.hierarchy_.height, factor * one.hierarchy_.height)
            np.testing.assert_array_equal(two.labels_, one.labels_)


def test_blocks_are_found_without_parameters():
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(4), [100, 60, 40, 30])
    X = rng.normal(10.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1]])[truth], 0.6)
    for m in (2, 3, 4):
        found = ExcisiveClustering(m, metric="euclidean").fit(X)
        assert pt.compare(found.labels_, truth)["ari"] > 0.95
        assert "last over a ratio" in found.made_by_.choices["height"]
    even = ExcisiveClustering(metric="euclidean").fit(rng.random((400, 2)))
    assert even.n_clusters_ == 1


def test_a_number_of_blocks_is_met_or_refused_with_the_nearest():
    x = np.array([0.0, 1.0, 2.0, 4.0, 8.0])[:, None]
    for k, labels in ((5, [0, 1, 2, 3, 4]), (3, [0, 0, 0, 1, 2]), (2, [0, 0, 0, 0, 1]), (1, [0] * 5)):
        found = ExcisiveClustering(n_clusters=k, metric="euclidean").fit(x)
        assert found.n_clusters_ == k
        assert blocks_of(found.labels_) == blocks_of(np.array(labels))
    with pytest.raises(pt.InfeasibleError, match="No scale has 4") as caught:
        ExcisiveClustering(n_clusters=4, metric="euclidean").fit(x)
    assert caught.value.smallest_relaxation == "n_clusters=3 or n_clusters=5"
    with pytest.raises(pt.InfeasibleError, match="equal items") as caught:
        ExcisiveClustering(n_clusters=6, metric="euclidean").fit(np.vstack([x, x[:1]]))
    assert caught.value.smallest_relaxation == "n_clusters=5"
    with pytest.raises(pt.InfeasibleError, match="5 items"):
        ExcisiveClustering(n_clusters=6, metric="euclidean").fit(x)
    with pytest.raises(pt.InfeasibleError) as caught:
        ExcisiveClustering(9, n_clusters=2, metric="euclidean").fit(x)
    assert caught.value.smallest_relaxation == "n_clusters=5"


@pytest.mark.parametrize("m", [2, 3])
def test_degenerate_data(m: int):
    for metric in ("euclidean", "cosine", "cityblock"):
        one = ExcisiveClustering(m, metric=metric).fit([[1.0, 2.0]])
        assert one.labels_.tolist() == [0]
        equal = ExcisiveClustering(m, metric=metric).fit(np.ones((70, 2)))
        assert equal.n_clusters_ == 1
        assert equal.height_ == 0.0
    two = ExcisiveClustering(m, metric="euclidean").fit([[0.0], [1e300]])
    assert two.hierarchy_.height[0] == (1e300 if m == 2 else np.inf)
    far = np.concatenate([np.random.default_rng(0).normal(0, 1e-3, (100, 2)), [[1e9, 1e9]]])
    labels = ExcisiveClustering(m, height=1.0, metric="euclidean").fit(far).labels_
    assert labels.tolist() == [0] * 100 + [1]
    assert ExcisiveClustering(m).fit(np.zeros((4, 4))).n_clusters_ == 1


@pytest.mark.parametrize(
    ("D", "words"),
    [
        (np.zeros((2, 3)), "square"),
        (np.zeros(4), "condensed"),
        (np.array([[0.0, np.nan], [np.nan, 0.0]]), "row 0, column 1"),
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), "row 0, column 1"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), "not symmetric"),
        (np.array([[0.0, 1.0], [1.0, 3.0]]), "row 1, column 1"),
    ],
)
def test_what_is_no_dissimilarity_is_refused(D: np.ndarray, words: str):
    with pytest.raises(pt.InvalidDataError, match=words):
        ExcisiveClustering().fit(D)


def test_parameters_are_checked():
    for wrong in ({"m": 1}, {"height": -1.0}, {"metric": "euclid"}, {"n_clusters": 0}):
        with pytest.raises(pt.InvalidParameterError, match=next(iter(wrong))):
            ExcisiveClustering(**wrong).fit(np.zeros((2, 2)))
    with pytest.raises(pt.InvalidParameterError, match="together"):
        ExcisiveClustering(height=1.0, n_clusters=1).fit(np.zeros((2, 2)))


def test_squares_of_numbers_are_refused_beyond_the_budget(monkeypatch):
    monkeypatch.setenv("PARTITA_MEMORY", "1MiB")
    X = np.random.default_rng(0).random((400, 2))
    with pytest.raises(pt.BudgetError, match="400 x 400"):
        ExcisiveClustering(3, metric="euclidean").fit(X)
    assert ExcisiveClustering(2, metric="euclidean").fit(X).n_clusters_ >= 1


@pytest.mark.parametrize("m", [2, 3])
def test_check_estimator(m: int):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", SkipTestWarning)
        results = check_estimator(ExcisiveClustering(m, metric="euclidean"), on_fail=None)
    assert not {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}


def test_larger_cliques_join_later():
    X = np.random.default_rng(9).standard_normal((150, 3))
    heights = [
        heights_between(ExcisiveClustering(m, metric="euclidean").fit(X).hierarchy_) for m in (2, 3, 4, 5)
    ]
    assert all((low <= high).all() for low, high in pairwise(heights))
