"""PPP: the right number of parts without being told, every number when told, and honest about both."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score, homogeneity_score

import partita as pt
from partita.points import PPP, ppp_space


def blobs(k: int, d: int, seed: int, n_each: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Gaussians of deviation 1 whose means lie at least 7 apart."""
    rng = np.random.default_rng(seed)
    centers: list[np.ndarray] = []
    while len(centers) < k:
        center = rng.uniform(0.0, 12.0 * k ** (1.0 / d), d)
        if all(np.linalg.norm(center - other) > 7.0 for other in centers):
            centers.append(center)
    truth = np.repeat(np.arange(k), n_each)
    return np.array(centers)[truth] + rng.standard_normal((len(truth), d)), truth


def rings(seed: int, thickness: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1], 500)
    turn, radius = rng.uniform(0.0, 2.0 * np.pi, 1000), rng.normal(1.0, thickness, 1000)
    return np.column_stack([4.0 * truth + radius * np.cos(turn), radius * np.sin(turn)]), truth


def squares(seed: int) -> tuple[np.ndarray, np.ndarray]:
    truth = np.repeat([0, 1], 400)
    X = np.random.default_rng(seed).uniform(size=(800, 2))
    X[:, 0] += 2.0 * truth
    return X, truth


def nested(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three groups far apart in six columns, each of two that differ in two columns of their own."""
    rng = np.random.default_rng(seed)
    coarse, half = np.repeat(np.arange(3), 300), np.arange(900) % 2
    apart = rng.standard_normal((900, 6)) + np.repeat([[0, 0], [20, 0], [10, 17]], 3, axis=1)[coarse]
    own = rng.standard_normal((900, 3, 2))
    own[np.arange(900), coarse] += 6.0 * (half[:, None] - 0.5)
    return np.hstack([apart, own.reshape(900, 6)]), 2 * coarse + half


@pytest.fixture(scope="module")
def fitted() -> tuple[PPP, np.ndarray]:
    X, _ = blobs(5, 2, seed=1)
    return PPP().fit(X), X


@pytest.fixture(scope="module")
def digits() -> tuple[PPP, np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return PPP().fit(X), X, y


def refines(fine: np.ndarray, coarse: np.ndarray) -> bool:
    return len(np.unique(np.stack([fine, coarse]), axis=1).T) == len(np.unique(fine))


# -- how many -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("n", [200, 1000])
@pytest.mark.parametrize("d", [2, 3, 8])
def test_one_gaussian_is_one_part(d, n, seed):
    fit = PPP().fit(np.random.default_rng(seed).standard_normal((n, d)))
    assert fit.n_clusters_ == 1
    assert fit.labels_.max() == 0


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("n", [200, 1000])
@pytest.mark.parametrize("d", [2, 3, 8])
def test_one_uniform_blob_is_one_part(d, n, seed):
    assert PPP().fit(np.random.default_rng(seed).uniform(size=(n, d))).n_clusters_ == 1


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("d", [2, 8])
@pytest.mark.parametrize("k", [2, 5, 20])
def test_separated_gaussians_are_counted(k, d, seed):
    X, truth = blobs(k, d, seed)
    fit = PPP().fit(X)
    assert fit.n_clusters_ == k
    assert adjusted_rand_score(truth, fit.labels_) > 0.98


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("make", [lambda seed: rings(seed, 0.08), squares], ids=["rings", "squares"])
def test_parts_that_are_no_gaussians(make, seed):
    X, truth = make(seed)
    fit = PPP().fit(X)
    assert fit.n_components_ > 2
    # A ring may be divided further (docs/methods.md), but never joined with the other one.
    assert 2 <= fit.n_clusters_ < fit.n_components_ / 2
    assert homogeneity_score(truth, fit.labels_) > 0.98
    assert adjusted_rand_score(truth, fit.hierarchy_.cut(n_clusters=2).labels) > 0.98


def test_digits_without_k(digits):
    fit, _X, y = digits
    assert adjusted_rand_score(y, fit.labels_) > 0.5
    assert adjusted_rand_score(y, fit.hierarchy_.cut(n_clusters=10).labels) > 0.5


# -- every number, levels -------------------------------------------------------------------------------


def test_every_number_of_parts_and_nested():
    X = np.round(blobs(2, 2, seed=3, n_each=20)[0], 1)
    X = np.concatenate([X, X[:7]])
    distinct = len(np.unique(X, axis=0))
    hierarchy, before = PPP().fit(X).hierarchy_, np.zeros(len(X), int)
    for k in range(1, distinct + 1):
        cut = hierarchy.cut(n_clusters=k)
        assert cut.n_parts == k == len(np.unique(cut.labels))
        assert cut.labels.min() == 0
        assert refines(cut.labels, before)
        before = cut.labels
    np.testing.assert_array_equal(before[:7], before[-7:])
    with pytest.raises(pt.InfeasibleError):
        hierarchy.cut(n_clusters=distinct + 1)


def test_heights_and_separability_keep_their_laws(fitted, digits):
    for fit in (fitted[0], digits[0]):
        hierarchy = fit.hierarchy_
        separability = hierarchy.part_data["separability"]
        assert ((separability >= 0.0) & (separability <= 1.0)).all()
        assert (hierarchy.height[1:] <= hierarchy.height[hierarchy.parent[1:]]).all()
        assert np.isfinite(hierarchy.height).all()
        assert (separability[hierarchy.levels[-1]] > 0.0).all()


def test_many_parts_have_a_coarse_level_which_they_refine():
    rng = np.random.default_rng(2)
    far = 200.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 0]])
    centers = (far[:, None] + 10.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1]])).reshape(-1, 2)
    X = np.repeat(centers, 40, axis=0) + rng.standard_normal((800, 2))
    fit = PPP().fit(X)
    assert fit.n_clusters_ == 20
    levels = [fit.hierarchy_.labels(j) for j in range(len(fit.hierarchy_.levels))]
    assert len(levels) == 3
    for coarse, fine in itertools.pairwise(levels):
        assert refines(fine, coarse)
        assert fine.max() > coarse.max()
    for j, labels in enumerate(levels):
        np.testing.assert_array_equal(fit.predict(X, level=j), labels)


def test_looking_anew_adds_a_finer_level(monkeypatch):
    # As where there are more columns than directions to look in.
    monkeypatch.setattr(ppp_space, "MOST_DIRECTIONS", 2)
    X, fine = nested(seed=0)
    once, twice = PPP().fit(X), PPP(max_depth=2).fit(X)
    assert once.n_clusters_ < twice.n_clusters_
    assert len(twice.hierarchy_.levels) == len(once.hierarchy_.levels) + 1
    assert refines(twice.labels_, twice.hierarchy_.labels(-2))
    assert adjusted_rand_score(twice.hierarchy_.labels(-2), once.labels_) == 1.0
    assert (once.n_clusters_, twice.n_clusters_) == (3, 6)
    assert adjusted_rand_score(fine, twice.labels_) > 0.98
    for level in range(len(twice.hierarchy_.levels)):
        np.testing.assert_array_equal(twice.predict(X, level=level), twice.hierarchy_.labels(level))


# -- parameters and attributes --------------------------------------------------------------------------


def test_centers_are_the_means(fitted):
    fit, X = fitted
    rng = np.random.default_rng(8)
    weight = rng.integers(1, 4, len(X)).astype(float)
    for f, w in ((fit, np.ones(len(X))), (PPP().fit(X, sample_weight=weight), weight)):
        means = [
            np.average(X[f.labels_ == c], axis=0, weights=w[f.labels_ == c]) for c in range(f.n_clusters_)
        ]
        np.testing.assert_allclose(f.cluster_centers_, means, rtol=1e-10)


def test_rows_without_weight_are_placed_but_not_counted(fitted):
    fit, X = fitted
    stray = X[:30] + 1000.0
    weight = np.concatenate([np.ones(len(X)), np.zeros(60)])
    weighted = PPP().fit(np.concatenate([X, stray, X[:30] + 1e-3]), sample_weight=weight)
    # Parts of equal size are numbered by content, and so by what else is there.
    assert weighted.n_clusters_ == fit.n_clusters_
    assert adjusted_rand_score(weighted.labels_[: len(X)], fit.labels_) == 1.0
    number = dict(zip(fit.labels_.tolist(), weighted.labels_[: len(X)].tolist(), strict=True))
    assert weighted.labels_[len(X) : len(X) + 30].tolist() == [number[c] for c in fit.predict(stray).tolist()]
    np.testing.assert_array_equal(weighted.labels_[-30:], weighted.labels_[:30])
    kept = [number[c] for c in range(fit.n_clusters_)]
    np.testing.assert_allclose(weighted.cluster_centers_[kept], fit.cluster_centers_, rtol=1e-9)


def test_units_do_not_matter(fitted):
    fit, X = fitted
    for scale, offset in (([8.0, 0.25], 0.0), ([1e-5, 1e7], [3.0, -1e8]), (1.0, 1e6)):
        assert adjusted_rand_score(PPP().fit(X * scale + offset).labels_, fit.labels_) == 1.0
    widened = np.column_stack([X, np.full(len(X), 4e5)])
    assert adjusted_rand_score(PPP().fit(widened).labels_, fit.labels_) == 1.0


def test_lengths_do_not_matter_to_the_cosine():
    rng = np.random.default_rng(9)
    turn = np.repeat([0.2, 1.4], 150) + rng.normal(0.0, 0.05, 300)
    X = np.column_stack([np.cos(turn), np.sin(turn), rng.normal(0.2, 0.05, 300)])
    fit = PPP(metric="cosine").fit(X * rng.uniform(0.1, 50.0, (300, 1)))
    assert fit.n_clusters_ == 2
    assert adjusted_rand_score(np.repeat([0, 1], 150), fit.labels_) == 1.0


def test_a_column_constant_but_for_rounding_is_constant():
    rng = np.random.default_rng(9)
    turn = np.repeat([0.2, 1.4], 150) + rng.normal(0.0, 0.05, 300)
    X = np.column_stack([np.cos(turn), np.sin(turn), np.full(300, 0.2)])
    assert PPP(metric="cosine").fit(X * rng.uniform(0.1, 50.0, (300, 1))).n_clusters_ == 2


def with_a_small_blob(center: list[float]) -> np.ndarray:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((120, 2))
    X[60:, 0] += 9.0
    return np.concatenate([X, rng.normal(center, 0.7, (20, 2))])


def test_no_part_smaller_than_asked():
    X = with_a_small_blob([4.5, 7.0])
    assert PPP().fit(X).n_clusters_ == 3
    few = PPP(min_size=30).fit(X)
    assert few.n_clusters_ == 2
    assert np.bincount(few.labels_).min() >= 30


def test_most_separable_is_sorted_and_above_the_threshold():
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(m, 1.0, (300, 1)) for m in (0.0, 5.0, 30.0)])
    fit = PPP().fit(np.column_stack([X, rng.standard_normal(900)]))
    assert fit.n_clusters_ == 3
    separability = fit.hierarchy_.part_data["separability"]
    everything = fit.most_separable(0.0)
    assert sorted(everything) == sorted(fit.hierarchy_.levels[-1])
    assert (np.diff(separability[everything]) <= 0.0).all()
    far = X[fit.hierarchy_.members(everything[0])]
    assert far.min() > 20.0
    threshold = float(separability[everything[1]])
    above = fit.most_separable(threshold)
    assert (separability[above] >= threshold).all()
    assert len(above) == (separability[everything] >= threshold).sum()
    assert len(fit.most_separable(1.0)) < 3


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), "high", None])
def test_most_separable_refuses_what_is_no_share(fitted, threshold):
    with pytest.raises(pt.InvalidParameterError) as caught:
        fitted[0].most_separable(threshold)
    assert caught.value.name == "threshold"


def test_it_says_what_it_chose(fitted):
    fit, _ = fitted
    choices = fit.made_by_.choices
    assert choices["components"] == f"{fit.n_components_}, by evidence"
    assert choices["parts"].startswith("5:")
    assert fit.made_by_.method == "PPP"


@pytest.mark.slow
@pytest.mark.data
def test_mnist_is_the_same_for_any_order_seed_and_threads(real_data):
    with np.load(real_data("mnist-digits", "mnist.npz")) as held:
        name = max(held.files, key=lambda key: held[key].size)
        X = held[name].reshape(len(held[name]), -1).astype(np.float32)
    labels = PPP(random_state=0, n_jobs=1).fit(X).labels_
    assert labels.max() >= 1
    for seed, threads in ((1, 2), (2, 1)):
        order = np.random.default_rng(seed).permutation(len(X))
        again = PPP(random_state=seed, n_jobs=threads).fit(X[order]).labels_
        np.testing.assert_array_equal(again, labels[order])
