"""Covers by rule: against their definitions, and their promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist

import partita as pt
from oracles.tree_oracles import closure
from partita.hierarchy import Cover, Hierarchy


def _cells(n=200, k=12, d=3, seed=0):
    """Points in nearest-centre cells whose centres are the means of their points."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    centers, labels = X[:k], None
    for _ in range(200):
        new = cdist(X, centers).argmin(axis=1)
        if labels is not None and np.array_equal(new, labels):
            break
        labels = new
        centers = np.stack([X[labels == c].mean(axis=0) for c in range(k)])
    return X, Hierarchy.from_labels([labels])


def _means(X, h):
    return np.stack([X[h.members(part)].mean(axis=0) for part in h.levels[-1]])


@pytest.mark.parametrize("most", [1, 3, 8, 50])
def test_nearest_against_a_sort(most):
    X, h = _cells()
    cover, D = h.cover("nearest", X=X, max_copies=most), cdist(X, _means(X, h))
    for i in range(len(X)):
        held = cover.matrix[[i]].indices
        assert set(held) == set(np.argsort(D[i])[:most]) | {h.labels()[i]}
    near = h.cover("nearest", X=X, max_copies=50, radius=1.0)
    wanted = D <= 1.0
    wanted[np.arange(len(X)), h.labels()] = True
    assert np.array_equal(near.matrix.toarray() > 0, wanted)


@pytest.mark.parametrize("radius", [None, 1.2])
def test_closure_against_its_rule(radius):
    X, h = _cells()
    cover, centers, labels = h.cover("closure", X=X, max_copies=4, radius=radius), _means(X, h), h.labels()
    for i in range(len(X)):
        wanted = closure(X[i], centers, labels[i], 4, np.inf if radius is None else radius)
        assert set(cover.matrix[[i]].indices) == set(wanted)


@given(st.integers(0, 30), st.sampled_from([0.05, 0.2, 0.6]))
def test_bisector_misses_no_close_pair(seed, radius):
    X, h = _cells(120, 8, 2, seed)
    cover = h.cover("bisector", X=X, radius=radius, max_copies=8)
    assert cover.n_capped == 0
    held, labels = cover.matrix.toarray() > 0, h.labels()
    for i, j in np.argwhere(cdist(X, X) <= radius):
        assert held[i, labels[j]]
    assert held.sum() < 120 * 8


def test_many_parts_take_the_way_by_blas():
    """More parts than candidates: the same answer as from all distances."""
    X, h = _cells(1500, 150, 4)
    D = cdist(X, _means(X, h))
    nearest = h.cover("nearest", X=X, max_copies=5)
    assert all(set(np.argsort(D[i])[:5]) <= set(nearest.matrix[[i]].indices) for i in range(1500))
    radius, labels = 0.02, h.labels()
    gaps = cdist(_means(X, h), _means(X, h))[labels]
    margins = (D**2 - D[np.arange(1500), labels][:, None] ** 2) / (2 * np.where(gaps > 0, gaps, np.inf))
    bisector = h.cover("bisector", X=X, max_copies=60, radius=radius)
    assert np.array_equal(bisector.matrix.toarray() > 0, margins <= radius)


@pytest.mark.parametrize("rule", ["nearest", "closure", "bisector"])
def test_laws_of_every_rule(rule):
    X, h = _cells(100, 6)
    labels = h.labels().copy()
    labels[:5] = pt.NOISE
    noisy = Hierarchy.from_labels([labels])
    cover = noisy.cover(rule, X=X, max_copies=3, radius=0.5)
    assert (np.diff(cover.matrix.indptr) >= 1).all()
    assert (np.diff(cover.matrix.indptr) <= 3).all()
    assert cover.matrix.dtype == np.float64
    assert cover.matrix.max() == 1.0
    hard = cover.partition().labels
    assert np.array_equal(hard[5:], noisy.labels()[5:])
    assert np.array_equal(hard[:5], cdist(X[:5], _means(X, noisy)).argmin(axis=1))
    assert sum(len(cover.members(k)) for k in range(cover.n_parts)) == cover.matrix.nnz == cover.sizes.sum()
    rows = np.random.default_rng(0).permutation(100)
    again = Hierarchy.from_labels([labels[rows]], item_rank=rows).cover(
        rule, X=X[rows], max_copies=3, radius=0.5
    )
    assert np.array_equal(again.matrix.toarray() > 0, cover.matrix.toarray()[rows] > 0)
    single = noisy.cover(rule, X=X.astype(np.float32), max_copies=3, radius=0.5)
    assert (single.partition().labels == hard).mean() > 0.95


def test_equal_points_and_empty_levels():
    h = Hierarchy.from_labels([[0, 0, 1, 1]])
    cover = h.cover("nearest", X=np.zeros((4, 2)))
    assert cover.partition() == h.cut(level=-1)
    assert cover.matrix.nnz == 8
    nothing = Hierarchy.from_labels([[-1, -1]])
    assert nothing.cover("closure", X=np.zeros((2, 1))).partition().labels.tolist() == [0, 0]


def test_capped_items_are_counted():
    X, h = _cells(100, 6)
    assert h.cover("nearest", X=X, max_copies=2).n_capped == 100
    assert h.cover("nearest", X=X, max_copies=6).n_capped == 0


def test_a_cover_of_one_s_own():
    cover = Cover(sparse.csr_array(np.array([[0.2, 0.8, 0], [0, 0, 0], [0.5, 0.5, 0]])))
    assert cover.partition().labels.tolist() == [1, pt.NOISE, 0]
    assert cover.members(0).tolist() == [0, 2]
    assert cover.n_parts == 3
    with pytest.raises(pt.InvalidParameterError):
        cover.members(3)
    with pytest.raises(ValueError, match="read-only"):
        cover.matrix.data[0] = 3.0
    with pytest.raises(AttributeError):
        cover.matrix = None
    with pytest.raises(pt.InvalidDataError, match="item 1 is in no part"):
        Cover(np.array([[1.0], [0.0]]), hierarchy=Hierarchy.from_labels([0, 0]))


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_weights_of_no_use(weight):
    with pytest.raises(pt.InvalidDataError, match="row 1, column 0"):
        Cover(np.array([[1.0, 0.0], [weight, 1.0]]))


@pytest.mark.parametrize(
    "options",
    [{"rule": "closer"}, {"rule": "bisector"}, {"max_copies": 0}, {"radius": -1.0}, {"level": 7}],
)
def test_options_of_no_use(options):
    with pytest.raises(pt.InvalidParameterError):
        Hierarchy.from_labels([0, 1]).cover(**{"X": np.zeros((2, 2)), **options})


@pytest.mark.parametrize("X", [np.zeros(2), np.zeros((3, 2)), np.array([[0.0], [np.nan]]), [["a"], ["b"]]])
def test_points_of_no_use(X):
    with pytest.raises(pt.InvalidDataError):
        Hierarchy.from_labels([0, 1]).cover("nearest", X=X)
