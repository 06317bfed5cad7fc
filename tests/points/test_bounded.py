"""Cells of bounded size: bounds held on every level, good cells, equal rows together, new rows alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from partita.points import HierarchicalKMeans, _bounded
from partita.points._bounded import _united


def power_law(n: int, d: int, groups: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, groups + 1)
    centers = 4 * rng.standard_normal((groups, d))
    return centers[rng.choice(groups, n, p=weights / weights.sum())] + rng.standard_normal((n, d))


@given(
    n=st.integers(1, 150),
    k=st.integers(1, 20),
    branching=st.sampled_from([None, 2, 3]),
    balance=st.sampled_from([1.0, 1.05, 1.5]),
    seed=st.integers(0, 5),
)
def test_bounds_hold_on_every_level(n, k, branching, balance, seed):
    X = np.random.default_rng(seed).standard_normal((n, 2)) ** 3
    if k > n:
        return
    fitted = HierarchicalKMeans(k, branching=branching, balance=balance).fit(X)
    h, low, high = fitted.hierarchy_, min(n // k, np.ceil(n / k / balance)), max(-(-n // k), n / k * balance)
    leaves = np.zeros(h.n_parts, int)
    for leaf in h.leaves:
        leaves[[leaf, *h.ancestors(leaf)]] += 1
    assert fitted.n_clusters_ == k
    assert (h.sizes >= leaves * low).all()
    assert (h.sizes <= leaves * high).all()
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_sizes_hardly_vary_and_cells_stay_compact():
    X = power_law(6000, 8, 6)
    free, equal = HierarchicalKMeans(30).fit(X), HierarchicalKMeans(30, balance=1.05).fit(X)
    sizes = np.bincount(equal.labels_)
    assert sizes.std() / sizes.mean() <= 0.05
    assert equal.inertia_ < 1.05 * free.inertia_
    apart = ((X - equal.cluster_centers_[equal.labels_]) ** 2).sum()
    assert equal.inertia_ == pytest.approx(apart, rel=1e-6)


@pytest.mark.parametrize(("k", "parts"), [(30, 5), (36, 6), (31, None), (7, None), (4, 2)])
def test_parts_of_every_level_are_nearly_equal(k, parts):
    X = power_law(3000, 4, 9)
    fitted = HierarchicalKMeans(k, balance=1.05).fit(X)
    h = fitted.hierarchy_
    assert len(h.levels) == (2 if parts is None else 3)
    for level in range(1, len(h.levels)):
        sizes = np.bincount(h.labels(level))
        mean = 3000 / len(sizes)
        assert sizes.max() <= max(1.05 * mean, np.ceil(mean) * k / len(sizes))
    if parts is not None:
        assert len(h.levels[1]) == parts
        np.testing.assert_array_equal(np.bincount(h.parent[h.levels[2]])[h.levels[1]], k // parts)


@pytest.mark.parametrize(("balance", "low"), [(1.05, None), (None, 20)])
def test_more_cells_than_are_made_at_once(monkeypatch, balance, low):
    monkeypatch.setattr(_bounded, "_AT_ONCE", 6)
    X = power_law(1500, 3, 7)
    fitted = HierarchicalKMeans(40, balance=balance, min_size=low, branching=5).fit(X)
    sizes = np.bincount(fitted.labels_)
    assert len(sizes) == 40
    assert sizes.min() >= (20 if low else 1500 // 40 / 1.05)
    assert sizes.max() <= (np.ceil(1500 / 40 * 1.05) if balance else 1500)
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


@pytest.mark.parametrize("branching", [None, 2])
@pytest.mark.parametrize(("k", "bounds"), [(1, {}), (120, {}), (8, {"min_size": 15}), (8, {"max_size": 15})])
def test_bounds_without_any_slack(k, bounds, branching):
    X = power_law(120, 3, 5)
    fitted = HierarchicalKMeans(k, branching=branching, **(bounds or {"balance": 1.0})).fit(X)
    assert np.bincount(fitted.labels_).tolist() == [120 // k] * k
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_few_rows_are_divided_from_several_starts(monkeypatch):
    X = power_law(1000, 3, 20, seed=3)
    best = HierarchicalKMeans(20, balance=1.05).fit(X)
    monkeypatch.setattr(_bounded, "_STARTS", 1)
    assert best.inertia_ < 0.95 * HierarchicalKMeans(20, balance=1.05).fit(X).inertia_


def test_least_and_most_rows():
    X = power_law(2000, 3, 10)
    fitted = HierarchicalKMeans(12, min_size=100, max_size=250).fit(X)
    sizes = np.bincount(fitted.labels_)
    assert sizes.min() >= 100
    assert sizes.max() <= 250
    assert np.bincount(HierarchicalKMeans(12, min_size=100).fit(X).labels_).min() >= 100
    new = X + 1e-9
    assert (fitted.predict(new) == fitted.labels_).mean() > 0.99


def test_what_no_assignment_keeps_is_refused_before_work():
    X = power_law(100, 2, 3)
    with pytest.raises(pt.InfeasibleError, match="hold 90") as caught:
        HierarchicalKMeans(9, max_size=10).fit(X)
    assert caught.value.smallest_relaxation == "max_size=12"
    with pytest.raises(pt.InfeasibleError, match="need 110") as caught:
        HierarchicalKMeans(10, min_size=11).fit(X)
    assert caught.value.smallest_relaxation == "min_size=10"
    with pytest.raises(pt.InfeasibleError, match="repeated 60 times"):
        HierarchicalKMeans(2, balance=1.0).fit(np.vstack([np.zeros((60, 2)), X[:40]]))
    with pytest.raises(pt.InvalidDataError, match="weights"):
        HierarchicalKMeans(2, balance=1.5).fit(X, sample_weight=np.arange(1, 101))


def test_equal_rows_stay_together():
    X = np.repeat(power_law(60, 2, 5), 4, axis=0)
    fitted = HierarchicalKMeans(6, balance=1.3).fit(X)
    assert (fitted.labels_.reshape(60, 4) == fitted.labels_[::4, None]).all()
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_many_equal_rows_end():
    X = np.zeros((20_000, 2), np.float32)
    X[:5] = np.arange(5)[:, None] + 1.0
    with pytest.raises(pt.InfeasibleError, match="repeated 19995 times"):
        HierarchicalKMeans(3, balance=1.5).fit(X)
    assert HierarchicalKMeans(3, max_size=19_996).fit(X).n_clusters_ == 3


def test_groups_of_equal_rows_go_where_there_is_room():
    labels, value = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 2, 3, 4])
    low, high = np.array([2, 2]), np.array([4, 4])
    assert _united(labels, value, low, high).tolist() == [0, 0, 0, 0, 1, 1]
    assert _united(labels, value, low, np.array([3, 4])).tolist() == [0, 0, 1, 1, 1, 1]
    with pytest.raises(pt.InfeasibleError, match="repeated 2 times"):
        _united(labels, value, low, np.array([3, 3]))


def test_cosine_cells_of_equal_size():
    X = np.random.default_rng(0).standard_normal((300, 4)) + [1, 0, 0, 0]
    fitted = HierarchicalKMeans(5, balance=1.0, metric="cosine").fit(X)
    assert np.bincount(fitted.labels_).tolist() == [60] * 5
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_rows_of_one_direction_are_told_apart_by_content():
    rng = np.random.default_rng(2)
    X = np.repeat(rng.integers(1, 4, (12, 2)), 5, axis=0) * rng.uniform(1, 2, (60, 1))
    shuffle = rng.permutation(60)
    first = HierarchicalKMeans(4, min_size=14, max_size=16, metric="cosine").fit(X)
    second = HierarchicalKMeans(4, min_size=14, max_size=16, metric="cosine").fit(X[shuffle])
    np.testing.assert_array_equal(first.labels_[shuffle], second.labels_)
    np.testing.assert_array_equal(first.predict(X), first.labels_)


def test_resampling_spreads_the_cells():
    rng = np.random.default_rng(0)
    X = np.vstack([0.3 * rng.standard_normal((9000, 2)), 3 * rng.uniform(-3, 3, (1000, 2))])
    plain, spread = HierarchicalKMeans(40).fit(X), HierarchicalKMeans(40, resample=4).fit(X)
    dense = [(np.linalg.norm(cells.cluster_centers_, axis=1) < 1.0).sum() for cells in (plain, spread)]
    assert dense[1] < dense[0]
    np.testing.assert_array_equal(spread.predict(X), spread.labels_)
