"""DenseVote: dense rows make parts, loose rows are voted in, and nobody is moved silently."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN

import partita as pt
from partita.points import DenseVote
from partita.points._grid import largest_square


def votes_by_hand(
    X: np.ndarray, min_samples: int, radius: float, most: float
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and rounds, the obvious way; parts are numbered by DBSCAN's components of core rows."""
    D = cdist(X, X)
    dense = (radius >= D).sum(axis=1) >= min_samples
    core = DBSCAN(eps=radius, min_samples=min_samples).fit(X)
    label = np.where(dense, core.labels_, -1)
    turn, rounds = 0, np.where(dense, 0, -1)
    while turn < most:
        turn += 1
        now = label.copy()
        for i in np.flatnonzero(label < 0):
            votes = np.zeros(max(label.max() + 1, 1))
            for j in np.flatnonzero((D[i] <= radius) & (label >= 0)):
                votes[label[j]] += 1.0 / (1.0 + (D[i, j] / radius) ** 2)
            if votes.max() > 0:
                # Equal votes are left open here.
                best = np.flatnonzero(votes > votes.max() * (1 - 1e-12))
                now[i], rounds[i] = (best[0] if len(best) == 1 else -2), turn
        if (now == label).all():
            break
        label = now
    return label, rounds


def same_blocks(a: np.ndarray, b: np.ndarray) -> bool:
    pairs = np.unique(np.column_stack([a, b]), axis=0)
    return len(pairs) == len(np.unique(a)) == len(np.unique(b))


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 60),
    min_samples=st.integers(1, 6),
    most=st.sampled_from([0, 1, 2, 99]),
)
def test_labels_are_those_of_the_obvious_way(seed: int, n: int, min_samples: int, most: int):
    X = np.random.default_rng(seed).random((n, 2))
    found = DenseVote(min_samples, radius=0.12, max_rounds=most).fit(X)
    label, rounds = votes_by_hand(X, min_samples, 0.12, most)
    np.testing.assert_array_equal(found.rounds_, rounds)
    assert same_blocks(found.labels_, label)
    np.testing.assert_array_equal(found.dense_, rounds == 0)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 80), wanted=st.integers(1, 8), ties=st.booleans())
def test_counted_rows_and_the_tree_of_reachability_agree(seed: int, n: int, wanted: int, ties: bool):
    rng = np.random.default_rng(seed)
    X = 0.25 * rng.integers(0, 6, (n, 2)) if ties else rng.random((n, 2))
    # Columns of zeros change no distance, and are too many for the counts.
    wide = np.column_stack([X, np.zeros((n, 8))])
    one, two = (DenseVote(wanted, radius=0.25).fit(rows) for rows in (X, wide))
    np.testing.assert_array_equal(one.rounds_, two.rounds_)
    assert same_blocks(one.labels_, two.labels_)


@pytest.mark.parametrize("radius", [0.5, None])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_rows_in_cubes_are_as_rows_among_all(d: int, radius: float | None, monkeypatch):
    """Dense blobs far apart, copies, weights, negative places: with the grid and without."""
    rng = np.random.default_rng(d)
    X = np.concatenate([rng.normal(c, s, (60, d)) for c, s in ((-40, 0.01), (-3, 1), (0, 0.3), (2e4, 0.3))])
    X = np.concatenate([np.round(X, 1), np.round(X[:90], 1)])
    weight = rng.integers(0, 4, len(X)).astype(float)
    found = [DenseVote(12, radius=radius).fit(X, sample_weight=weight)]
    monkeypatch.setattr("partita.points._votes.cubes_for", lambda points, radius: None)
    found.append(DenseVote(12, radius=radius).fit(X, sample_weight=weight))
    np.testing.assert_allclose(found[0].radius_, found[1].radius_, rtol=1e-9)
    for name in ("labels_", "rounds_", "dense_"):
        np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))
    assert found[0].n_clusters_ > (2 if radius else 0)
    assert (found[0].rounds_ > 0).any()
    shares = [one.membership_.matrix for one in found]
    assert abs(shares[0] - shares[1]).max() <= (0.0 if radius else 1e-6)


@pytest.mark.parametrize("radius", [1e-3, 0.1, 1 / 3, 7.0, 1e-170, 1e200])
def test_squares_of_distances_are_cut_where_their_roots_are(radius: float):
    square = largest_square(radius)
    assert math.sqrt(square) <= radius < math.sqrt(math.nextafter(square, math.inf))


@given(X=hnp.arrays(np.int64, st.tuples(st.integers(2, 25), st.just(2)), elements=st.integers(0, 4)))
def test_ties_are_broken_by_content(X: np.ndarray):
    order = np.random.default_rng(0).permutation(len(X))
    one, two = (DenseVote(4, radius=1.0).fit(rows) for rows in (X, X[order]))
    np.testing.assert_array_equal(one.labels_[order], two.labels_)
    np.testing.assert_array_equal(one.predict(X), one.labels_)


def test_objects_that_touch_are_divided_where_they_touch():
    rng = np.random.default_rng(2)
    left, right = rng.normal([0.0, 0], 1.0, (400, 2)), rng.normal([4.5, 0], 1.0, (400, 2))
    X, truth = np.concatenate([left, right]), np.repeat([0, 1], 400)
    found = DenseVote(35, radius=0.7).fit(X)
    assert found.n_clusters_ == 2
    assert pt.compare(found.labels_[found.labels_ >= 0], truth[found.labels_ >= 0])["ari"] > 0.93
    assert (found.labels_ >= 0).mean() > (found.dense_).mean()


def test_rows_without_votes_stay_noise():
    X = np.concatenate(
        [np.random.default_rng(0).normal(0, 0.1, (50, 2)), [[5.0, 5.0], [5.1, 5.0], [-9.0, 0.0]]]
    )
    found = DenseVote(5, radius=0.3).fit(X)
    assert found.labels_[50:].tolist() == [-1, -1, -1]
    assert found.rounds_[50:].tolist() == [-1, -1, -1]
    assert found.hierarchy_.own_items(0).tolist() == [50, 51, 52] or set(found.hierarchy_.own_items(0)) >= {
        50,
        51,
        52,
    }
    matrix = found.membership_.matrix.toarray()
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    assert (matrix[50:, -1] == 1.0).all()


def test_new_rows_are_voted_in():
    X = np.random.default_rng(0).normal(np.repeat([[0.0, 0], [10.0, 0]], 80, axis=0), 0.5)
    found = DenseVote(5, radius=0.6).fit(X)
    near = found.predict([[0.05, 0.0], [10.02, 0.1], [5.0, 0.0], [1e300, 0.0]])
    assert near.tolist() == [found.labels_[0], found.labels_[100], -1, -1]


def test_a_radius_is_found_for_parts_in_a_field():
    rng = np.random.default_rng(5)
    truth = np.repeat([0, 1, 2, -1], [300, 200, 150, 120])
    centers = np.array([[0.0, 0], [6, 0], [0, 7], [3, 3]])
    X = rng.normal(centers[truth], 0.5)
    X[truth < 0] = rng.uniform(-4, 12, (120, 2))
    found = DenseVote().fit(X)
    kept = truth >= 0
    assert found.n_clusters_ >= 3
    assert pt.compare(np.where(found.labels_ < 3, found.labels_, 3)[kept], truth[kept])["ari"] > 0.9
    assert "radius" in found.made_by_.choices


def test_rounds_can_be_limited():
    x = np.concatenate([np.zeros(5), np.arange(1.0, 8.0)])[:, None]
    assert DenseVote(5, radius=1.0).fit(x).labels_.tolist() == [0] * 12
    once = DenseVote(6, radius=1.0, max_rounds=1).fit(x)
    assert once.labels_.tolist() == [0] * 6 + [0] + [-1] * 5
    assert not once.made_by_.converged
    assert once.predict([[2.5]]).tolist() == [-1]
    assert DenseVote(6, radius=1.0).fit(x).rounds_.tolist() == [0] * 6 + [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("n", [1, 2, 4])
def test_few_rows_are_noise(n: int):
    found = DenseVote().fit(np.arange(float(n))[:, None])
    assert found.n_clusters_ == 0
    assert found.labels_.tolist() == [-1] * n


def test_one_dense_blob_and_a_hundred_thousand_far_points():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1e-2, (2000, 2)), rng.uniform(-1e5, 1e5, (100_000, 2))])
    found = DenseVote(5, radius=0.1).fit(X)
    assert found.n_clusters_ == 1
    np.testing.assert_array_equal(found.labels_ == 0, np.arange(len(X)) < 2000)


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_rows_of_any_size(factor: float):
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(c, 0.01, (30, 2)) for c in (0, 1)])
    assert DenseVote(5, radius=0.1 * factor).fit(factor * X).labels_.tolist() == [0] * 30 + [1] * 30
    assert DenseVote(5).fit(factor * X).n_clusters_ == DenseVote(5).fit(X).n_clusters_
