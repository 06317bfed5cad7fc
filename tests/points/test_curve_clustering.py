"""CurveClustering: clusters of irregular curves, and forecasts better than without clusters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.optimize import check_grad
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.metrics import adjusted_rand_score

import partita as pt
from partita.points import CurveClustering
from partita.points._curves import read_curves
from partita.points._mean_processes import Kernel, _moments_cost

SHAPES = (
    lambda t: 3.0 * np.sin(t),
    lambda t: 0.8 * t - 4.0,
    lambda t: 3.0 * np.cos(0.7 * t) - 0.2 * t,
)
GRID = np.linspace(0, 10, 41)


def sample(n: int, seed: int, least: int = 6, most: int = 14) -> tuple[list[np.ndarray], np.ndarray]:
    """Curves of three shapes at their own times, each with a smooth deviation of its own and noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    curves = []
    for label in labels:
        t = np.sort(rng.choice(GRID, rng.integers(least, most), replace=False))
        own = 0.4 * rng.standard_normal() + 0.3 * rng.standard_normal() * np.sin(0.5 * t + rng.uniform(0, 6))
        curves.append(np.column_stack([t, SHAPES[label](t) + own + 0.2 * rng.standard_normal(len(t))]))
    return curves, labels


@pytest.fixture(scope="module")
def fitted() -> tuple[CurveClustering, list[np.ndarray], np.ndarray]:
    curves, labels = sample(30, 0)
    return CurveClustering(3, max_iter=15).fit(curves), curves, labels


def test_clusters_of_irregular_curves_are_recovered(fitted):
    found, curves, labels = fitted
    assert adjusted_rand_score(labels, found.labels_) == 1.0
    found.hierarchy_.check()
    np.testing.assert_array_equal(found.predict(curves), found.labels_)
    np.testing.assert_array_equal(found.apply(curves), found.hierarchy_.item_part)
    np.testing.assert_allclose(found.membership_.matrix.sum(axis=1), 1.0)
    new, truth = sample(30, 99)
    assert adjusted_rand_score(truth, found.predict(new)) > 0.9


def test_mean_processes_are_near_the_shapes(fitted):
    found, _, labels = fitted
    for k in range(3):
        shape = SHAPES[labels[found.labels_ == k][0]](found.times_)
        inside = np.abs(found.cluster_means_[k] - shape) < 4 * np.sqrt(found.cluster_variances_[k]) + 0.5
        assert inside.mean() > 0.9
        assert np.sqrt(np.mean((found.cluster_means_[k] - shape) ** 2)) < 0.6


def test_forecasts_beat_one_process_and_the_pooled_mean(fitted):
    found, curves, _ = fitted
    pooled = np.concatenate(curves)
    errors, covered = {"ours": [], "own process": [], "pooled": []}, []
    new, _ = sample(24, 7, least=12, most=16)
    for curve in new:
        past, future = curve[: len(curve) // 2], curve[len(curve) // 2 :]
        ahead = found.forecast(past, future[:, 0])
        low, high = ahead.interval(0.9)
        covered.append((low <= future[:, 1]) & (future[:, 1] <= high))
        errors["ours"].append((ahead.mean - future[:, 1]) ** 2)
        kernel = ConstantKernel(4.0, "fixed") * RBF(1.5, "fixed") + WhiteKernel(0.05, "fixed")
        alone = GaussianProcessRegressor(kernel, normalize_y=True, optimizer=None).fit(
            past[:, :1], past[:, 1]
        )
        errors["own process"].append((alone.predict(future[:, :1]) - future[:, 1]) ** 2)
        near = np.exp(-0.5 * ((future[:, :1] - pooled[:, 0]) / 0.5) ** 2)
        errors["pooled"].append((near @ pooled[:, 1] / near.sum(axis=1) - future[:, 1]) ** 2)
    mse = {name: np.concatenate(values).mean() for name, values in errors.items()}
    assert mse["ours"] < 0.25 * mse["own process"]
    assert mse["ours"] < 0.25 * mse["pooled"]
    assert 0.75 <= np.concatenate(covered).mean() <= 0.99


def test_forecasts_without_a_past_mix_the_clusters(fitted):
    found, curves, _ = fitted
    ahead = found.forecast(None, [2.0, 12.0])
    np.testing.assert_allclose(ahead.probability, [1 / 3, 1 / 3, 1 / 3], atol=0.05)
    narrow, wide = ahead.interval(0.5), ahead.interval(0.99)
    assert (wide[0] < narrow[0]).all()
    assert (narrow[1] < wide[1]).all()
    known = found.forecast(curves[0], curves[0][:, 0])
    assert np.abs(known.mean - curves[0][:, 1]).max() < 1.0
    assert known.probability.argmax() == found.labels_[0]
    with pytest.raises(pt.InvalidDataError, match="between 0 and 1"):
        ahead.interval(1.5)
    with pytest.raises(pt.InvalidDataError, match="finite"):
        found.forecast(None, [np.nan])


def test_the_order_of_curves_and_times_leaves_no_trace(fitted):
    found, curves, _ = fitted
    rng = np.random.default_rng(3)
    order = rng.permutation(len(curves))
    shuffled = [tuple(curves[i][rng.permutation(len(curves[i]))].T) for i in order]
    again = CurveClustering(3, max_iter=15, n_jobs=2).fit(shuffled)
    np.testing.assert_array_equal(again.labels_, found.labels_[order])
    np.testing.assert_array_equal(again.hierarchy_.height, found.hierarchy_.height)
    assert again.made_by_.fingerprint == found.made_by_.fingerprint
    assert again.lower_bound_ == found.lower_bound_


def test_the_bound_never_falls():
    curves, _ = sample(12, 4)
    bounds = [CurveClustering(3, max_iter=i, tol=0.0).fit(curves).lower_bound_ for i in (1, 2, 4, 8)]
    assert (np.diff(bounds) > -1e-3).all()


def test_gradients_are_those_of_the_cost():
    rng = np.random.default_rng(0)
    terms = []
    for p in (4, 6):
        root = rng.standard_normal((p, p))
        terms.append((np.sort(rng.random(p)), root @ root.T))
    for x, noisy in (([0.3, -1.0, -2.0], True), ([0.2, -1.5], False)):
        error = check_grad(
            lambda x: _moments_cost(Kernel(*x), terms, noisy)[0],  # noqa: B023
            lambda x: _moments_cost(Kernel(*x), terms, noisy)[1],  # noqa: B023
            np.array(x),
        )
        assert error < 1e-2 * np.abs(_moments_cost(Kernel(*x), terms, noisy)[1]).max()


def test_equal_curves_one_observation_and_one_time():
    curves = [([0.0], [1.0]), ([0.0], [1.0]), ([0.0], [5.0])]
    found = CurveClustering(2, max_iter=3).fit(curves)
    assert found.labels_[0] == found.labels_[1]
    assert CurveClustering(1, max_iter=2).fit([([1.0, 1.0], [2.0, 3.0])]).labels_.tolist() == [0]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([], "no curves"),
        ("text", "no curves"),
        ([([0.0, 1.0], [1.0])], "Curve 0"),
        ([np.zeros((3, 2)), np.zeros((3, 4))], "Curve 1 is no curve"),
        ([np.zeros((3, 2)), ([0.0, 1.0, 2.0], [0.0, np.nan, 1.0])], "Curve 1 contains NaN .*value 1"),
        ([([np.inf, 1.0, 2.0], [0.0, 0.0, 1.0])], "Curve 0 contains .*time 0"),
    ],
)
def test_what_is_no_curve_is_refused(bad, words):
    with pytest.raises(pt.InvalidDataError, match=words):
        CurveClustering(1).fit(bad)


def test_bounds_that_can_t_be_met_are_refused():
    curves, _ = sample(5, 1)
    with pytest.raises(pt.InfeasibleError, match="5 distinct curves"):
        CurveClustering(6).fit(curves)
    with pytest.raises(pt.InfeasibleError, match="round the times"):
        CurveClustering(2, max_times=10).fit(curves)
    with pytest.raises(pt.InvalidParameterError):
        CurveClustering(0).fit(curves)


def test_with_one_cluster_the_bound_is_the_evidence():
    """The posterior of the only mean process is exact, and so is the bound."""
    curves, _ = sample(6, 5)
    found = CurveClustering(1, max_iter=4).fit(curves)
    read, model = read_curves(curves, 300), found._model
    place = np.concatenate([curve.place for curve in read.curves])
    own = [model.own_kernel.noisy(curve.time) for curve in read.curves]
    covariance = model.mean_kernel.jittered(read.grid)[np.ix_(place, place)] + block_diag(*own)
    values = np.concatenate([curve.value for curve in read.curves])
    evidence = multivariate_normal(cov=covariance).logpdf(values)
    np.testing.assert_allclose(found.lower_bound_, evidence, rtol=1e-5)
