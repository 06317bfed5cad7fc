"""The start of k-means: the kernel that divides again and again does what dividing one by one does."""

from __future__ import annotations

import numpy as np
import pytest

from partita._core.threads import thread_scope
from partita.points._sample import Sample, mean_of, normalise
from partita.points._start import nested_start, share_leaves, split


def sample_of(n: int, d: int, *, weighted: bool, unit: bool) -> Sample:
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, d)) + 4.0 * rng.normal(size=(7, d))[rng.integers(0, 7, n)]
    if unit:
        normalise(X)
    points = X.astype(np.float32)
    weight = rng.integers(1, 5, n).astype(float) if weighted else np.ones(n)
    return Sample(points, weight, np.einsum("ij,ij->i", points, points), unit)


def one_by_one(sample: Sample, k: int, fanout: int, by_size: bool) -> tuple[np.ndarray, np.ndarray]:
    """Shares divided by ``split``, the first level first."""
    centers, labels = np.empty((k, sample.points.shape[1])), np.empty(len(sample), np.intp)
    waiting = [(np.arange(len(sample)), 0, k, mean_of(sample.points, sample.weight))]
    for rows, begin, count, center in waiting:
        if count == 1:
            centers[begin], labels[rows] = center, begin
            continue
        own = sample.take(rows)
        means, cells = split(own, min(fanout, count))
        first, members = cells.groups(len(means))
        kept = np.flatnonzero(np.diff(first))
        amount = own.weight if by_size else own.weight * cells.distances
        shares = np.bincount(cells.labels, amount, len(means))[kept]
        given = share_leaves(shares, np.diff(first)[kept], count)
        for c, own_count in zip(kept, given):
            waiting.append((rows[members[first[c] : first[c + 1]]], begin, int(own_count), means[c]))
            begin += int(own_count)
    return centers, labels


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("by_size", [False, True])
def test_division_in_one_kernel_is_division_one_by_one(weighted, unit, by_size):
    sample, k = sample_of(3000, 5, weighted=weighted, unit=unit), 130
    centers, labels = nested_start(sample, k, by_size=by_size)
    fanout = int(np.ceil(np.sqrt(k))) if k <= 32**2 else 0
    twin_centers, twin_labels = one_by_one(sample, k, fanout, by_size)
    np.testing.assert_array_equal(labels, twin_labels)
    np.testing.assert_allclose(centers, twin_centers, rtol=1e-12, atol=1e-12)


def test_three_levels_give_every_centre_rows():
    sample = sample_of(6000, 3, weighted=False, unit=False)
    centers, labels = nested_start(sample, 1500)
    assert np.bincount(labels, minlength=1500).min() >= 1
    assert np.isfinite(centers).all()


def test_rows_that_float32_cannot_tell_apart_are_dealt_out():
    rows = np.repeat(np.array([[0.0, 0.0], [9.0, 9.0]], np.float32), 60, axis=0)
    sample = Sample(rows, np.ones(120), np.einsum("ij,ij->i", rows, rows))
    centers, labels = nested_start(sample, 80)
    assert np.bincount(labels, minlength=80).min() >= 1
    np.testing.assert_array_equal(centers[labels], rows)


def test_threads_leave_no_trace():
    sample = sample_of(5000, 6, weighted=True, unit=False)
    alone = nested_start(sample, 200)
    with thread_scope(3):
        together = nested_start(sample, 200)
    for one, other in zip(alone, together):
        np.testing.assert_array_equal(one, other)
