"""LikelihoodSDP: the bound is one, labels are recovered, and bad starts of EM are left behind."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

import partita as pt
from partita.points import LikelihoodSDP
from partita.points._lifted import solve_lifted
from partita.points._lifted_rounds import _costs, _value, fit_gaussians


def mixture(n: int, K: int, d: int, seed: int, apart: float = 7.0) -> tuple[np.ndarray, np.ndarray]:
    """Parts of different scales around centres at a given distance from each other."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % K
    centers = np.linalg.qr(rng.standard_normal((d, d)))[0][:K] * apart / np.sqrt(2)
    scale = np.linspace(0.6, 1.3, K)[labels][:, None]
    return centers[labels] + scale * rng.standard_normal((n, d)), labels


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_the_bound_holds_for_every_labelling(kind: str):
    """All divisions of nine rows into two parts, none above the bound; the best one is found."""
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(0, 0.3, (5, 2)), rng.normal(2, 0.6, (4, 2))])
    weight = np.array([1, 2, 1, 1, 3, 1, 1, 2, 1.0])
    sums = np.sqrt(weight)
    gaussians = fit_gaussians(X, weight, np.repeat([0, 1], [5, 4]), 2, kind)
    A = _costs(X, sums, gaussians)
    solution = solve_lifted(A, 1.0, sums, 2000, 1e-4)
    values = [
        _value(A, sums, np.array(labels)) for labels in product((0, 1), repeat=9) if len(set(labels)) == 2
    ]
    assert solution.bound >= max(values) - 1e-9
    assert solution.bound - max(values) < 0.05
    assert solution.residual < 1e-3
    np.testing.assert_allclose(np.trace(solution.Z, axis1=1, axis2=2), 1.0, atol=1e-3)


def test_an_unfinished_program_still_has_a_bound():
    X, labels = mixture(30, 2, 3, 0, apart=1.0)
    gaussians = fit_gaussians(X, np.ones(30), labels, 2, "full")
    A = _costs(X, np.ones(30), gaussians)
    for steps in (1, 5, 30, 200):
        assert solve_lifted(A, 1.0, np.ones(30), steps, 1e-6).bound >= _value(A, np.ones(30), labels)


def test_the_objective_is_the_likelihood():
    X, labels = mixture(40, 3, 4, 2)
    gaussians = fit_gaussians(X, np.ones(40), labels, 3, "full")
    density = gaussians.log_densities(X)[np.arange(40), labels].sum()
    np.testing.assert_allclose(_value(_costs(X, np.ones(40), gaussians), np.ones(40), labels), density)


@pytest.mark.parametrize(("K", "d"), [(2, 4), (3, 4), (4, 6), (3, 50)])
def test_labels_are_recovered_where_em_fails_from_bad_starts(K: int, d: int):
    X, truth = mixture(60, K, d, K + d)
    found = LikelihoodSDP(K).fit(X)
    assert adjusted_rand_score(truth, found.labels_) > 0.95
    assert found.made_by_.certificates["gap"] < 1.0
    np.testing.assert_allclose(
        found.cluster_centers_, [X[found.labels_ == k].mean(axis=0) for k in range(K)], rtol=1e-6, atol=1e-9
    )
    bad = np.repeat(X[truth == 0].mean(axis=0)[None], K, axis=0) + 0.05 * np.arange(K)[:, None]
    em = GaussianMixture(K, means_init=bad, reg_covar=1e-3, random_state=0).fit_predict(X)
    if K > 2:
        assert adjusted_rand_score(truth, em) < adjusted_rand_score(truth, found.labels_) - 0.05


def test_parts_of_one_centre_are_told_apart_by_shape():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, [3, 0.15], (40, 2)), rng.normal([0, 1.2], [3, 0.15], (40, 2))])
    found = LikelihoodSDP(2).fit(X)
    assert adjusted_rand_score(np.repeat([0, 1], 40), found.labels_) == 1.0
    assert found.covariances_[0][0, 0] > 20 * found.covariances_[0][1, 1]


def test_rows_beyond_the_program_go_to_the_likeliest_part():
    X, truth = mixture(400, 2, 3, 1)
    found = LikelihoodSDP(2, max_rows=50).fit(X)
    assert adjusted_rand_score(truth, found.labels_) > 0.95
    assert "350 of 400" in found.made_by_.notes[0]
    np.testing.assert_allclose(found.membership_.matrix.sum(axis=1), 1.0)
    np.testing.assert_array_equal(found.predict(X), found.labels_)
    assert (found.predict_proba(X).argmax(axis=1) == found.labels_).mean() > 0.98


def test_more_parts_than_rows_are_refused_before_work():
    with pytest.raises(pt.InfeasibleError, match="3 distinct rows") as refused:
        LikelihoodSDP(4).fit([[0.0], [1.0], [2.0], [2.0]])
    assert refused.value.smallest_relaxation == "n_clusters=3"


def test_too_large_a_program_is_refused(monkeypatch):
    monkeypatch.setenv("PARTITA_MEMORY", "1MiB")
    with pytest.raises(pt.BudgetError, match="max_rows"):
        LikelihoodSDP(2, max_rows=300).fit(np.random.default_rng(0).normal(size=(300, 2)))
