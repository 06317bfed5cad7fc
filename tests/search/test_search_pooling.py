"""Pooling of documents: the clusters of SciPy, what is promised of errors, order and protected tokens."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from oracles import pooling as oracle
from partita.search import Pooled, pool, pool_sequence, pseudo_queries


def ragged(sizes=(30, 0, 1, 57, 2, 80), d: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Documents of tokens around a few senses each."""
    rng = np.random.default_rng(seed)
    parts = [
        rng.standard_normal((6, d))[rng.integers(0, 6, n)] + 0.5 * rng.standard_normal((n, d)) for n in sizes
    ]
    return np.concatenate(parts).astype(np.float32), np.concatenate([[0], np.cumsum(sizes)])


def assert_consistent(pooled: Pooled, tokens: np.ndarray, offsets: np.ndarray, metric: str) -> None:
    """All that the result says about itself, computed anew."""
    X = oracle.unit(tokens) if metric == "cosine" else tokens.astype(np.float64)
    assert pooled.vectors.dtype == tokens.dtype
    assert len(pooled) == len(offsets) - 1
    assert pooled.counts.tolist() == np.bincount(pooled.labels, minlength=len(pooled.vectors)).tolist()
    for b in range(len(pooled)):
        own = np.unique(pooled.labels[offsets[b] : offsets[b + 1]])
        assert own.tolist() == list(range(pooled.offsets[b], pooled.offsets[b + 1]))
    centers = [oracle.centroid(X[pooled.labels == c], metric == "cosine") for c in range(len(pooled.vectors))]
    centers = np.array(centers).reshape(-1, tokens.shape[1])
    np.testing.assert_allclose(pooled.vectors, centers, atol=1e-6)
    np.testing.assert_allclose(
        pooled.distances, np.linalg.norm(X - centers[pooled.labels], axis=1), atol=1e-7
    )
    first = [np.flatnonzero(pooled.labels == c)[0] for c in range(len(pooled.vectors))]
    assert pooled.position.tolist() == first == sorted(first)
    assert pooled.made_by.cost == pytest.approx(float((pooled.distances**2).sum()))
    assert pooled.made_by.certificates["largest_error"] == pytest.approx(pooled.largest_error)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("factor", [1, 1.5, 2, 4, 1000])
def test_the_clusters_of_scipy(metric: str, factor: float):
    tokens, offsets = ragged()
    pooled = pool(tokens, offsets, factor=factor, metric=metric)
    assert_consistent(pooled, tokens, offsets, metric)
    X = oracle.unit(tokens) if metric == "cosine" else tokens.astype(np.float64)
    for a, b in itertools.pairwise(offsets):
        expected = oracle.ward_labels(X[a:b], int(np.ceil((b - a) / factor)))
        assert oracle.same_division(pooled.labels[a:b], expected)


def test_the_clusters_of_scipy_for_a_long_document():
    tokens = ragged((700,), d=37, seed=3)[0]
    expected = oracle.ward_labels(oracle.unit(tokens), 233)
    assert oracle.same_division(pool(tokens, factor=3.01).labels, expected)


@given(data=st.data())
def test_the_clusters_of_scipy_for_repeated_tokens(data: st.DataObject):
    n, d, distinct = data.draw(st.tuples(st.integers(1, 60), st.integers(1, 9), st.integers(1, 40)))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    X = rng.standard_normal((distinct, d))[rng.integers(0, distinct, n)]
    factor = data.draw(st.floats(1, 20))
    expected = oracle.ward_labels(X, int(np.ceil(n / factor)))
    assert oracle.same_division(pool(X, factor=factor, metric="euclidean").labels, expected)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 40), bound=st.floats(0, 1.5))
def test_a_bound_of_the_error_is_kept_by_the_widest_parts(seed: int, n: int, bound: float):
    tokens, offsets = ragged((n,), d=5, seed=seed)
    for metric in ("cosine", "euclidean"):
        X = oracle.unit(tokens) if metric == "cosine" else tokens.astype(np.float64)
        pooled = pool(tokens, error_bound=bound, metric=metric)
        assert pooled.largest_error <= bound + 1e-12
        assert_consistent(pooled, tokens, offsets, metric)
        assert oracle.same_division(pooled.labels, oracle.widest_within(X, bound, metric == "cosine"))


def test_no_similarity_changes_by_more_than_the_bound():
    tokens, offsets = ragged(seed=2)
    pooled = pool(tokens, offsets, error_bound=0.4)
    queries = oracle.unit(np.random.default_rng(0).standard_normal((50, tokens.shape[1])))
    before, after = oracle.unit(tokens) @ queries.T, pooled.vectors @ queries.T
    for b in range(len(pooled)):
        own, fewer = slice(offsets[b], offsets[b + 1]), slice(pooled.offsets[b], pooled.offsets[b + 1])
        if offsets[b + 1] > offsets[b]:
            assert np.abs(before[own].max(axis=0) - after[fewer].max(axis=0)).max() <= 0.4 + 1e-6
    assert 0 < pooled.share < 1


def test_protected_tokens_stay_as_they_are():
    tokens, offsets = ragged()
    mask = np.zeros(len(tokens), bool)
    mask[[5, 40, 41, len(tokens) - 1]] = True
    first = np.zeros(len(tokens), bool)
    first[[0, 1, 30, 31, 32, 88, 89, 90, 91]] = True
    for protected, wanted in ((mask, mask), (2, first)):
        pooled = pool(tokens, offsets, factor=3, protected=protected)
        assert (pooled.counts[pooled.labels[wanted]] == 1).all()
        np.testing.assert_allclose(
            pooled.vectors[pooled.labels[wanted]], oracle.unit(tokens)[wanted], atol=1e-6
        )
        assert pooled.made_by.certificates["n_protected"] == wanted.sum()
        for a, b in itertools.pairwise(offsets):
            n_kept, n_free = wanted[a:b].sum(), (~wanted[a:b]).sum()
            assert len(np.unique(pooled.labels[a:b])) == n_kept + np.ceil(n_free / 3)
            free = np.flatnonzero(~wanted[a:b]) + a
            expected = oracle.ward_labels(oracle.unit(tokens[free]), int(np.ceil(n_free / 3)))
            assert oracle.same_division(pooled.labels[free], expected)


def test_threads_and_neighbours_make_no_difference():
    tokens, offsets = ragged(tuple(np.random.default_rng(1).integers(0, 90, 60)), d=40)
    for way in (pool, pseudo_queries, lambda X, o, **k: pool_sequence(X, offsets=o, **k)):
        expected = way(tokens, offsets, n_jobs=1)
        found = way(tokens, offsets, n_jobs=3)
        np.testing.assert_array_equal(found.labels, expected.labels)
        np.testing.assert_array_equal(found.vectors, expected.vectors)
        for b in (0, 17, 59):
            alone = way(tokens[offsets[b] : offsets[b + 1]], None)
            np.testing.assert_array_equal(alone.vectors, expected.document(b))


def test_no_documents_no_tokens_and_one_token():
    for way in (pool, pseudo_queries):
        assert len(way(np.empty((0, 4)), [0])) == 0
        empty = way(np.empty((0, 4)), [0, 0, 0])
        assert empty.vectors.shape == (0, 4)
        assert (empty.share, empty.error, empty.largest_error) == (1.0, 0.0, 0.0)
        assert empty.document_errors().tolist() == [0.0, 0.0]
        one = way(np.array([[0.0, 2.0]]))
        assert one.vectors.tolist() == [[0.0, 1.0]]
    assert len(pool_sequence(np.empty((0, 3))).vectors) == 0


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_lengths_make_no_difference_to_cosines(scale: float):
    tokens, offsets = ragged()
    expected = pool(tokens.astype(np.float64), offsets)
    found = pool(tokens.astype(np.float64) * scale, offsets)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-14)


@pytest.mark.parametrize("scale", [1e-300, 1e-120, 1e120, 1e300])
def test_scale_makes_no_difference_to_euclidean_clusters(scale: float):
    tokens, offsets = ragged()
    expected = pool(tokens.astype(np.float64), offsets, metric="euclidean")
    with np.errstate(over="ignore"):
        found = pool(tokens.astype(np.float64) * scale, offsets, metric="euclidean")
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_an_offset_hides_no_clusters():
    tokens, offsets = ragged()
    tokens = np.rint(64 * tokens.astype(np.float64)) / 64
    expected = pool(tokens, offsets, metric="euclidean")
    np.testing.assert_array_equal(pool(tokens + 2.0**20, offsets, metric="euclidean").labels, expected.labels)


def test_tokens_of_zeros_and_opposite_tokens():
    tokens = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    pooled = pool(tokens, factor=2)
    assert np.isfinite(pooled.vectors).all()
    assert pooled.labels[0] == pooled.labels[1]
    assert np.isfinite(pool(tokens, factor=4).vectors).all()


def test_errors_of_documents_and_the_hierarchy():
    tokens, offsets = ragged()
    pooled = pool(tokens, offsets, factor=2)
    for b, error in enumerate(pooled.document_errors()):
        own = pooled.distances[offsets[b] : offsets[b + 1]]
        assert error == pytest.approx(np.sqrt(np.mean(own**2)) if len(own) else 0.0)
    h = pooled.hierarchy()
    h.check()
    assert h.n_items == len(tokens)
    assert len(h.levels[-1]) == len(pooled.vectors)
    assert oracle.same_division(h.labels(), pooled.labels)


def test_pseudo_queries_are_k_means_of_each_document():
    tokens, offsets = ragged()
    pooled, start = pseudo_queries(tokens, offsets, n_queries=5), pool(tokens, offsets, factor=1)
    assert_consistent(pooled, tokens, offsets, "cosine")
    assert np.diff(pooled.offsets).tolist() == [5, 0, 1, 5, 2, 5]
    X = oracle.unit(tokens)
    for a, b in itertools.pairwise(offsets):
        if b - a < 6:
            continue
        own, centers = X[a:b], pooled.vectors[np.unique(pooled.labels[a:b])]
        nearest = ((own[:, None] - centers[None]) ** 2).sum(axis=2).argmin(axis=1)
        assert (nearest + pooled.labels[a:b].min() == pooled.labels[a:b]).all()
        ward = oracle.ward_labels(own, 5)
        loss = sum(
            ((own[ward == c] - oracle.centroid(own[ward == c], True)) ** 2).sum() for c in np.unique(ward)
        )
        assert (pooled.distances[a:b] ** 2).sum() <= loss + 1e-12
    assert start.share == 1.0


def test_fewer_pseudo_queries_than_asked_where_tokens_repeat():
    tokens = np.repeat(np.eye(3), [4, 2, 3], axis=0)
    assert len(pseudo_queries(tokens, n_queries=5).vectors) == 3


@given(data=st.data())
def test_soft_matching_is_what_one_would_write_down(data: st.DataObject):
    n, chunk = data.draw(st.integers(1, 50)), data.draw(st.integers(2, 60))
    ratio = data.draw(st.sampled_from([0.0, 0.1, 0.25, 0.5]))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    keys, values, counts = rng.standard_normal((n, 4)), rng.standard_normal((n, 2, 3)), rng.integers(1, 5, n)
    protected = rng.random(n) < 0.2
    pooled = pool_sequence(keys, values, chunk=chunk, ratio=ratio, counts=counts, protected=protected)
    into = oracle.matched(keys, ~protected, chunk, ratio)
    stays = np.flatnonzero(into == np.arange(n))
    assert pooled.position.tolist() == stays.tolist()
    np.testing.assert_array_equal(pooled.position[pooled.labels], into)
    for c, i in enumerate(stays):
        own = into == i
        np.testing.assert_allclose(pooled.vectors[c], np.average(keys[own], axis=0, weights=counts[own]))
        np.testing.assert_allclose(pooled.values[c], np.average(values[own], axis=0, weights=counts[own]))
        assert pooled.counts[c] == counts[own].sum()


def test_two_passes_of_soft_matching_keep_the_mass():
    keys = ragged((256,))[0]
    once = pool_sequence(keys, keys, chunk=32)
    twice = pool_sequence(once.vectors, once.values, counts=once.counts, chunk=32)
    assert len(once.vectors) == 128
    assert len(twice.vectors) == 64
    assert twice.counts.sum() == 256
    np.testing.assert_allclose(twice.counts @ twice.values, keys.sum(axis=0), rtol=1e-4, atol=1e-4)


BAD = [
    ({"offsets": [0, 3]}, "run from 0 to 3"),
    ({"offsets": [0, 7, 5, 10]}, "fall at document 1"),
    ({"offsets": [0.0, 10.0]}, "not bounds"),
    ({"offsets": []}, "not bounds"),
    ({"protected": -1}, "protected"),
    ({"protected": np.ones(3, bool)}, "protected"),
    ({"protected": True}, "protected"),
    ({"factor": 0.5}, "factor"),
    ({"factor": np.nan}, "factor"),
    ({"error_bound": -0.1}, "error_bound"),
    ({"factor": 2, "error_bound": 0.1}, "both"),
    ({"metric": "cosinus"}, "cosine"),
    ({"n_jobs": 0}, "n_jobs"),
]


@pytest.mark.parametrize(("options", "words"), BAD)
def test_wrong_arguments_are_refused(options: dict, words: str):
    with pytest.raises(pt.PartitaError, match=words):
        pool(np.ones((10, 2)), **options)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (np.ones(5), "1 dimensions"),
        (np.ones((2, 2, 2)), "3 dimensions"),
        ([["a"]], "numbers"),
        ([[1.0, 2.0], [1.0]], "numbers"),
        (np.ones((2, 2)) * 1j, "complex"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "NaN in row 1, column 1"),
        (np.array([[1.0, np.inf]]), "infinity in row 0, column 1"),
    ],
)
def test_wrong_tokens_are_refused(tokens, words: str):
    for way in (pool, pseudo_queries, pool_sequence):
        with pytest.raises(pt.InvalidDataError, match=words):
            way(tokens)


def test_wrong_sequences_are_refused():
    keys = np.ones((6, 2))
    for options, words in (
        ({"chunk": 1}, "chunk"),
        ({"ratio": 0.6}, "ratio"),
        ({"counts": np.zeros(6)}, "row 0"),
        ({"counts": np.ones(5)}, "5 entries"),
        ({"values": np.ones(5)}, "5 rows"),
        ({"values": np.array([1, 2, np.nan, 3, 4, 5])}, "row 2"),
    ):
        with pytest.raises(pt.PartitaError, match=words):
            pool_sequence(keys, **options)
    with pytest.raises(pt.InvalidParameterError, match="n_queries"):
        pseudo_queries(keys, n_queries=0)


def test_a_document_too_long_for_the_memory_is_refused(monkeypatch):
    monkeypatch.setenv("PARTITA_MEMORY", "1 MiB")
    with pytest.raises(pt.BudgetError, match="1000 tokens"):
        pool(np.ones((1000, 2)))


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int64])
def test_types_of_tokens(kind: type):
    tokens = np.rint(4 * ragged()[0]).astype(kind)
    before = tokens.copy()
    found = pool(tokens, [0, len(tokens)])
    assert found.vectors.dtype == (np.float32 if kind in (np.float16, np.float32) else np.float64)
    np.testing.assert_array_equal(found.labels, pool(tokens.astype(np.float64)).labels)
    np.testing.assert_array_equal(tokens, before)
