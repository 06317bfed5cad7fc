"""KMeans: good centres, each row at its nearest one; from memory, in blocks, call by call; its kernels."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans as SklearnKMeans
from sklearn.datasets import load_digits

import partita as pt
from oracles import points as oracle
from partita.kernels.seed import seeds_choose, shares_deal
from partita.kernels.swap import cells_halve, swaps_make
from partita.points import HierarchicalKMeans, KMeans
from partita.points._nearest import Frame, Nearest, Tally
from partita.points._refine import Effort, refine
from partita.points._sample import Cells, Sample, assign_all, largest


def gaussian(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def blocks_of(X: np.ndarray, size: int, weight: np.ndarray | None = None):
    def blocks() -> Iterator[object]:
        for start in range(0, len(X), size):
            part = slice(start, start + size)
            yield X[part] if weight is None else (X[part], weight[part])

    return blocks


def sample_of(X: np.ndarray) -> Sample:
    X = np.ascontiguousarray(X, np.float32)
    return Sample(X, np.ones(len(X)), (X * X).sum(1, dtype=np.float32))


@given(n=st.integers(1, 60), k=st.integers(1, 60))
def test_exactly_as_many_cells_as_asked(n, k):
    X = gaussian(n, 2, seed=n)
    if k > n:
        with pytest.raises(pt.InfeasibleError, match=f"n_samples={n}") as caught:
            KMeans(k).fit(X)
        assert caught.value.smallest_relaxation == f"n_clusters={n}"
        return
    fitted = KMeans(k).fit(X)
    assert fitted.n_clusters_ == k
    assert np.bincount(fitted.labels_, minlength=k).min() >= 1
    assert len(fitted.hierarchy_.levels) == (1 if k == 1 else 2)


@pytest.mark.parametrize("k", [2, 5, 10, 25, 60, 150])
def test_better_than_the_best_of_several_random_starts(k):
    X = load_digits().data
    best = SklearnKMeans(k, n_init=5, random_state=0).fit(X).inertia_
    assert KMeans(k, max_iter=50, tol=1e-4).fit(X).inertia_ <= 1.005 * best


def test_every_row_is_at_its_nearest_centre_and_inertia_is_what_it_says():
    X = load_digits().data
    weight = np.random.default_rng(0).uniform(0, 2, len(X))
    fitted = KMeans(200).fit(X, sample_weight=weight)
    expected, squared = oracle.nearest(X, fitted.cluster_centers_)
    np.testing.assert_array_equal(fitted.labels_, expected)
    assert fitted.inertia_ == pytest.approx(weight @ squared, rel=1e-9)
    assert fitted.made_by_.cost == fitted.inertia_


def test_more_rows_than_are_learnt_from():
    X = gaussian(50_000, 3, seed=4).astype(np.float32)
    few = KMeans(40, rows_per_cell=1, polish=0).fit(X)
    polished = KMeans(40, rows_per_cell=1, polish=5, tol=0.0).fit(X)
    assert polished.inertia_ < few.inertia_
    means = np.array([X[polished.labels_ == c].mean(axis=0, dtype=np.float64) for c in range(40)])
    assert np.abs(means - polished.cluster_centers_).max() < 0.05
    order = np.random.default_rng(0).permutation(len(X))
    again = KMeans(40, rows_per_cell=1, polish=5, tol=0.0, n_jobs=2).fit(X[order].astype(np.float64))
    np.testing.assert_array_equal(again.labels_, polished.labels_[order])
    np.testing.assert_array_equal(again.cluster_centers_.astype(np.float32), polished.cluster_centers_)


def test_polishing_heeds_weights_and_repeated_rows():
    X = gaussian(36_000, 2, seed=1)
    weight = np.random.default_rng(2).integers(1, 4, len(X)).astype(float)
    weighted = KMeans(8).fit(X, sample_weight=weight)
    repeated = KMeans(8).fit(np.repeat(X, weight.astype(int), axis=0))
    first, second = (np.sort(cells.cluster_centers_, axis=0) for cells in (weighted, repeated))
    np.testing.assert_array_equal(first, second)
    assert weighted.inertia_ == pytest.approx(repeated.inertia_, rel=1e-12)


def test_far_rows_beyond_the_sample_do_not_spoil_the_sums():
    X = gaussian(40_000, 2, seed=3)
    plain = KMeans(5, max_iter=2).fit(X).inertia_
    for size in (1e3, 1e5):
        far = np.vstack([X, [[size, size]]])
        fitted = KMeans(6, max_iter=2).fit(far)
        near = fitted.predict(X)
        assert ((X - fitted.cluster_centers_[near]) ** 2).sum() < 1.5 * plain


@pytest.mark.parametrize("size", [100, 999, 5000])
def test_blocks_give_what_fit_gives(size):
    X = load_digits().data
    whole, parts = KMeans(30).fit(X), KMeans(30).fit_blocks(blocks_of(X, size))
    np.testing.assert_allclose(parts.cluster_centers_.sum(), whole.cluster_centers_.sum(), rtol=0.02)
    inertia = oracle.nearest(X, parts.cluster_centers_)[1].sum()
    assert inertia <= 1.01 * whole.inertia_
    assert parts.inertia_ == pytest.approx(inertia, rel=0.01)
    assert parts.labels_.shape == (0,)
    np.testing.assert_array_equal(parts.predict(X), oracle.nearest(X, parts.cluster_centers_)[0])
    parts.hierarchy_.check()


def test_the_order_and_the_size_of_blocks_leave_no_trace():
    X = gaussian(70_000, 4, seed=5)
    weight = np.random.default_rng(0).uniform(0.1, 2, len(X))
    first = KMeans(20, rows_per_cell=1).fit_blocks(blocks_of(X, 10_000, weight))
    order = np.random.default_rng(1).permutation(len(X))
    second = KMeans(20, rows_per_cell=1, n_jobs=2).fit_blocks(blocks_of(X[order], 33_333, weight[order]))
    np.testing.assert_array_equal(first.cluster_centers_, second.cluster_centers_)


def test_blocks_refuse_what_fit_refuses():
    X = load_digits().data
    with pytest.raises(pt.InvalidParameterError, match="count the distinct rows") as caught:
        KMeans().fit_blocks(blocks_of(X, 100))
    assert caught.value.name == "n_clusters"
    with pytest.raises(pt.InfeasibleError, match="5 distinct"):
        KMeans(6).fit_blocks(blocks_of(np.repeat(X[:5], 9, axis=0), 10))
    with pytest.raises(pt.InvalidDataError, match="no block"):
        KMeans(2).fit_blocks(lambda: [])
    with pytest.raises(pt.InvalidDataError, match="features"):
        KMeans(2).fit_blocks(lambda: [X, X[:, 1:]])
    bad = X.copy()
    bad[150, 3] = np.nan
    with pytest.raises(pt.InvalidDataError, match="row 50, column 3"):
        KMeans(2).fit_blocks(blocks_of(bad, 100))


def test_call_by_call():
    X = np.random.default_rng(0).permutation(load_digits().data)
    fitted = KMeans(20)
    for start in range(0, len(X), 300):
        fitted.partial_fit(X[start : start + 300])
    assert oracle.nearest(X, fitted.cluster_centers_)[1].sum() < 1.2 * KMeans(20).fit(X).inertia_
    revived = pickle.loads(pickle.dumps(fitted)).partial_fit(X)
    np.testing.assert_array_equal(revived.cluster_centers_, fitted.partial_fit(X).cluster_centers_)
    fitted.fit(X)
    np.testing.assert_array_equal(fitted.labels_, KMeans(20).fit(X).labels_)


def test_a_centre_is_the_mean_of_all_that_it_received():
    first, second = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([[2.0], [9.0], [9.0]])
    fitted = KMeans(2).partial_fit(first).partial_fit(second)
    np.testing.assert_allclose(np.sort(fitted.cluster_centers_.ravel()), [1.0, 39 / 4], rtol=1e-9)


@given(seed=st.integers(0, 200), weighted=st.booleans())
def test_sums_in_whole_steps(seed, weighted):
    rng = np.random.default_rng(seed)
    X, centers = rng.standard_normal((50, 5)), rng.standard_normal((4, 5))
    weight = rng.uniform(0.1, 3, 50) if weighted else np.empty(0)
    nearest = Nearest(Frame(np.zeros(5), 1.0, False), centers, centers[:1], [np.arange(4)])
    tally = nearest.tally(lambda sums: nearest.add(X, np.arange(50), weight, sums), 150.0)
    labels, squared = oracle.nearest(X, centers)
    every = weight if weighted else np.ones(50)
    means, mass = oracle.lloyd_step(X, every, labels, centers)
    np.testing.assert_allclose(tally.mass / tally.steps[1], mass, rtol=1e-9)
    np.testing.assert_allclose(tally.means(centers, unit=False), means, atol=1e-6)
    expected = np.bincount(labels, every * squared, 4)
    np.testing.assert_allclose(tally.inertia(centers), expected, atol=1e-5)


def test_steps_are_fine_and_never_overflow():
    for total in (1.0, 1e9, 1e-300, 1e12):
        for bound in (4.0, 4096.0):
            steps = Tally.empty((1, 64), total, bound).steps
            assert (steps * np.array([bound, 1.0, bound**2 * 64]) * total < 2.0**62).all()
            assert (np.log2(steps) % 1 == 0).all()


def test_halves_of_a_cell():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.standard_normal((60, 3)), rng.standard_normal((40, 3)) + [9, 0, 0]])
    sample = sample_of(X)
    centers, mass = X.mean(axis=0)[None].copy(), np.array([100.0])
    gain, upper = np.zeros(1), np.zeros(100, bool)
    first, members = np.array([0, 100]), np.arange(100)
    cells_halve(
        sample.points, sample.weight, first, members, np.array([0]), 0, 1, centers, mass, 3, gain, upper
    )
    assert len(np.unique(upper[:60])) == len(np.unique(upper[60:])) == 1
    within = sum(((half - half.mean(axis=0)) ** 2).sum() for half in (X[:60], X[60:]))
    assert gain[0] == pytest.approx(((X - X.mean(axis=0)) ** 2).sum() - within, rel=1e-5)


def test_swaps_save_what_they_say():
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.standard_normal((100, 2)) + 30 * np.array([i, i % 2]) for i in range(6)])
    sample = sample_of(X)
    poor = np.array([[0.0, 0], [0.5, 0.5], [-0.5, 0.2], [30, 30], [75, 15], [140, 20]])
    cells, _, _ = refine(sample, poor.copy(), assign_all(sample, poor), Effort(0, 20, 0.0))
    stuck = float(cells.distances.sum())
    cells, _, _ = refine(sample, poor, assign_all(sample, poor), Effort(5, 20, 0.0))
    assert float(cells.distances.sum()) < 0.1 * stuck
    assert np.bincount(cells.labels, minlength=6).tolist() == [100] * 6


def test_no_cell_takes_part_in_two_swaps():
    labels = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    first, members = np.array([0, 2, 4, 6, 8]), np.arange(8)
    second, upper = np.array([1, 1, 0, 0, 3, 3, 2, 2]), np.array([0, 1] * 4, bool)
    saved, swaps = swaps_make(
        first,
        members,
        second,
        upper,
        np.array([0.0, 1.0, 9.0, 8.0]),
        np.array([1.0, 2.0, 50.0, 60.0]),
        4,
        labels,
    )
    assert (saved, swaps) == (8.0, 1)
    assert labels.tolist() == [1, 1, 1, 1, 2, 0, 3, 3]


def test_seats_are_dealt_as_by_the_twin():
    rng = np.random.default_rng(0)
    for _ in range(50):
        shares, most = rng.uniform(0, 9, 6), rng.integers(1, 30, 6)
        total, given_ = int(rng.integers(6, most.sum() + 1)), np.ones(6, np.intp)
        shares_deal(shares, most, given_, total)
        expected = np.ones(6, int)
        while expected.sum() < total:
            expected[np.argmax(np.where(expected < most, shares / (expected + 0.5), -1))] += 1
        np.testing.assert_array_equal(given_, expected)


def test_seeds_are_rows_and_differ():
    sample = sample_of(gaussian(500, 3))
    chosen = np.empty(20, np.intp)
    seeds_choose(sample.points, sample.weight, sample.squares, 4, chosen)
    assert len(set(chosen.tolist())) == 20


@given(values=st.lists(st.integers(0, 5).map(float), min_size=1, max_size=30), data=st.data())
def test_largest_values_first_of_equal_ones_the_first(values, data):
    count = data.draw(st.integers(1, len(values)))
    expected = sorted(range(len(values)), key=lambda i: (-values[i], i))[:count]
    assert largest(np.array(values), count).tolist() == expected


def test_the_same_cells_as_the_nested_ones_where_no_guide_is_needed():
    X = gaussian(33_000, 2)
    assert KMeans(60, polish=1).fit(X).inertia_ == HierarchicalKMeans(60).fit(X).inertia_


def test_more_starts_where_they_are_cheap_and_the_record_tells():
    X = load_digits().data
    one, several = KMeans(10, n_init=1).fit(X), KMeans(10).fit(X)
    assert several.inertia_ < one.inertia_
    assert several.made_by_.choices == {"n_init": 7, "max_iter": 300, "tol": 0.0}
    assert KMeans(10, n_init=1, max_iter=2, tol=0.1).fit(X).made_by_.choices == {}
    assert KMeans(900).fit(X).made_by_.choices == {"n_init": 1, "max_iter": 10, "tol": 2e-3}


@pytest.mark.parametrize("k", [1, 7])
def test_one_start_where_no_other_can_be_better(k):
    assert KMeans(k).fit(gaussian(7, 2)).made_by_.choices["n_init"] == 1


def test_rows_beyond_the_sample_leave_the_default_as_it_is():
    fitted = KMeans(2, rows_per_cell=1).fit(gaussian(33_000, 1))
    assert fitted.made_by_.choices == {"n_init": 1, "max_iter": 10, "tol": 2e-3}


@pytest.mark.parametrize("k", [2, 12])
def test_without_further_starts_overlapping_cells_still_reach_a_fixed_point(k):
    X = gaussian(2000, 40, seed=k)
    X[:1000, 0] += 2.0
    fitted = KMeans(k).fit(X)
    means = np.array([X[fitted.labels_ == c].mean(axis=0) for c in range(k)])
    np.testing.assert_allclose(fitted.cluster_centers_, means, atol=1e-5)
    assert fitted.inertia_ <= 1.0005 * SklearnKMeans(k, n_init=10, random_state=0).fit(X).inertia_


@given(seed=st.integers(0, 50), factor=st.sampled_from([2.0**-40, 1e-3, 3.0, 1e12]), k=st.integers(1, 9))
def test_a_factor_on_all_values_leaves_the_labels(seed, factor, k):
    X = gaussian(60, 3, seed=seed)
    np.testing.assert_array_equal(KMeans(k).fit(factor * X).labels_, KMeans(k).fit(X).labels_)


def test_empty_cells_take_far_rows():
    X = np.repeat(np.arange(6.0), 3)[:, None]
    sample = sample_of(X)
    centers = np.zeros((6, 1))
    cells, _, _ = refine(sample, centers, Cells(np.zeros(18, np.intp), np.zeros(18)), Effort(2, 10, 0.0))
    assert float(cells.distances.sum()) == 0.0
