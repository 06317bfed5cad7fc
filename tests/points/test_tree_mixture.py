"""TreeMixture on simulated star fields: who is a member, how surely, and against a plain mixture."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler
from star_fields import completeness, contamination, star_field

import partita as pt
from partita.points import TreeMixture
from partita.points._length_cut import cut_lengths


def main_cluster(labels: np.ndarray, member: np.ndarray) -> np.ndarray:
    """The cluster that most members are in."""
    return labels == np.bincount(labels[member & (labels >= 0)]).argmax()


@pytest.mark.parametrize("gaussian_field", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_members_of_a_cluster_in_a_field(seed: int, gaussian_field: bool):
    X, member = star_field(200, 2000, seed, gaussian_field=gaussian_field)
    found = TreeMixture().fit(X)
    cluster = main_cluster(found.labels_, member)
    assert completeness(cluster, member) > 0.97
    assert contamination(cluster, member) < 0.03
    assert found.n_clusters_ == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_higher_threshold_is_purer_and_less_complete(seed: int):
    X, member = star_field(150, 3000, seed)
    X = X[:, 2:]
    masks = [TreeMixture(threshold=t).fit(X).labels_ == 0 for t in (0.2, 0.5, 0.8, 0.95)]
    assert all((strict <= loose).all() for loose, strict in pairwise(masks))
    assert completeness(masks[0], member) > completeness(masks[-1], member)
    assert contamination(masks[-1], member) < contamination(masks[0], member)


def test_probabilities_are_calibrated():
    """Of the stars that are members with a probability of about p, a share of about p are."""
    chances, truths = [], []
    for seed in range(8):
        X, member = star_field(200, 8000, 20 + seed)
        found = TreeMixture().fit(X[:, 2:4])
        chances.append(found.probabilities_)
        truths.append(member)
    chance, truth = np.concatenate(chances), np.concatenate(truths)
    for low, high in ((0.1, 0.5), (0.5, 0.9)):
        some = (chance >= low) & (chance < high)
        assert some.sum() > 100
        assert abs(truth[some].mean() - chance[some].mean()) < 0.1


def test_a_plain_mixture_of_two_finds_less():
    shares = []
    for seed in range(4):
        X, member = star_field(60, 3000, seed)
        found = TreeMixture().fit(X)
        cluster = main_cluster(found.labels_, member)
        ours = completeness(cluster, member) - contamination(cluster, member)
        Z = StandardScaler().fit_transform(X)
        plain = GaussianMixture(2, random_state=seed).fit(Z)
        compact = np.linalg.det(plain.covariances_).argmin()
        their = plain.predict_proba(Z)[:, compact] >= 0.5
        shares.append((ours, completeness(their, member) - contamination(their, member)))
    assert min(ours for ours, _ in shares) > 0.9
    assert np.mean([ours - theirs for ours, theirs in shares]) > 0.05


def test_a_field_without_a_cluster_has_none():
    X = np.random.default_rng(3).uniform(-1, 1, (1500, 3))
    found = TreeMixture().fit(X)
    assert found.n_clusters_ == 0
    assert (found.labels_ == pt.NOISE).all()
    assert found.membership_.matrix.shape == (1500, 1)


def test_two_clusters_and_how_surely_each_item_belongs():
    X, member = star_field(200, 2000, 5)
    second = np.random.default_rng(5).normal([0.3, 0.4, 5.0, -4.0, 2.0], [0.1, 0.1, 0.2, 0.2, 0.05], (120, 5))
    found = TreeMixture().fit(np.concatenate([X, second]))
    assert found.n_clusters_ == 2
    assert completeness(found.labels_[: len(X)] == 0, member) > 0.97
    assert (found.labels_[len(X) :] == 1).mean() > 0.97
    matrix = found.membership_.matrix.toarray()
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    np.testing.assert_array_equal(matrix[:, :2].max(axis=1), found.probabilities_)
    assert found.membership_.parts.tolist() == [1, 2, 0]
    np.testing.assert_array_equal(
        found.membership_.matrix.toarray(), found.predict_proba(np.concatenate([X, second]))
    )
    np.testing.assert_allclose(found.cluster_centers_[1], [0.3, 0.4, 5.0, -4.0, 2.0], atol=0.06)


def test_a_given_cut_and_size_are_kept():
    X, _ = star_field(200, 1000, 6)
    assert TreeMixture(cut=0.0).fit(X).n_clusters_ == 0
    assert TreeMixture(min_size=2000).fit(X).n_clusters_ == 0
    found = TreeMixture(cut=0.4).fit(X)
    assert found.cut_length_ == 0.4
    assert "cut" not in found.made_by_.choices


def test_core_distances_keep_thin_chains_out():
    X, member = star_field(100, 4000, 7)
    found = TreeMixture(5).fit(X[:, 2:])
    cluster = main_cluster(found.labels_, member)
    assert completeness(cluster, member) > 0.85


def test_many_rows_in_many_columns_are_refused_beyond_the_budget(monkeypatch):
    monkeypatch.setenv("PARTITA_MEMORY", "2MiB")
    with pytest.raises(pt.BudgetError, match="30 coordinates of 1,000 rows"):
        TreeMixture().fit(np.random.default_rng(0).standard_normal((1000, 30)))


def test_two_populations_of_lengths_are_told_apart():
    rng = np.random.default_rng(0)
    short, long = np.exp(rng.normal(-3.0, 0.3, 300)), np.exp(rng.normal(0.0, 0.4, 900))
    length = np.sort(np.concatenate([short, long]))
    cut = cut_lengths(length, np.ones(len(length)))
    assert "two populations" in cut.why
    assert short.max() < cut.value < np.quantile(long, 0.01)
    np.testing.assert_allclose(cut_lengths(1e-50 * length, np.ones(len(length))).value, 1e-50 * cut.value)
    twice = cut_lengths(np.repeat(length, 2), np.ones(2 * len(length)))
    np.testing.assert_allclose(cut_lengths(length, np.full(len(length), 2.0)).value, twice.value)
    alone = cut_lengths(long, np.ones(len(long)))
    assert "one population" in alone.why
    assert cut_lengths(np.zeros(5), np.ones(5)).value == 0.0
    assert cut_lengths(np.empty(0), np.empty(0)).value == 0.0


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_rows_of_any_size(factor: float):
    X, _ = star_field(150, 600, 0)
    found, large = TreeMixture().fit(X), TreeMixture().fit(factor * X)
    assert found.n_clusters_ == large.n_clusters_ == 1
    assert (found.labels_ == large.labels_).mean() > 0.99


def test_one_dense_blob_and_many_far_points():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1e-2, (1000, 2)), rng.uniform(-1e3, 1e3, (5000, 2))])
    found = TreeMixture().fit(X)
    assert found.n_clusters_ == 1
    np.testing.assert_array_equal(found.labels_ == 0, np.arange(len(X)) < 1000)
