"""KMedoids: the searches agree with one another and with slow twins, and say what they can't take."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator

import partita as pt
from oracles.medoids import best_medoids, can_gain, can_raise, loss, medoid_silhouette
from partita._core.progress import Progress
from partita.dissimilarities import KMedoids, _choose
from partita.dissimilarities._swap import LOSS, SILHOUETTE, Problem, start_rows, swap_best, swap_eagerly

METHODS = ("fasterpam", "fastpam1", "pam", "fastermsc", "fastclara", "fastclarans", "onebatch", "alternate")
every_method = pytest.mark.parametrize("method", METHODS)


def rows(n: int = 300, d: int = 4, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = 6 * rng.standard_normal((8, d))
    return (centers[rng.integers(0, 8, n)] + rng.standard_normal((n, d))).astype(np.float32)


def distances(n: int = 300, seed: int = 0, kind: type = np.float32) -> np.ndarray:
    return squareform(pdist(rows(n, seed=seed))).astype(kind)


def odd_distances(rng: np.random.Generator, n: int) -> np.ndarray:
    """Symmetric, with many ties and zeros, and no triangle inequality."""
    D = rng.integers(0, 6, (n, n)).astype(np.float32)
    D = np.maximum(D, D.T)
    np.fill_diagonal(D, 0)
    return D


# --- the searches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(50))
def test_fastpam1_makes_the_swaps_of_pam(seed: int):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(20, 120)), int(rng.integers(2, 12))
    D = odd_distances(rng, n) if seed % 2 else squareform(pdist(rng.standard_normal((n, 3))))
    problem = Problem(D, rng.integers(1, 4, n).astype(float), rng.permutation(n))
    start = problem.order[:k].copy()
    for most in range(60):
        quick, slow = (swap_best(problem, start, most, pairwise=pairwise) for pairwise in (False, True))
        np.testing.assert_array_equal(quick.rows, slow.rows)
        assert quick.n_swap == slow.n_swap
        if quick.converged:
            return
    raise AssertionError("60 swaps were not enough")


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6), ties=st.booleans(), method=st.sampled_from(["fasterpam", "fastpam1", "pam"])
)
def test_no_swap_is_left_that_gains(seed: int, ties: bool, method: str):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(3, 26)), int(rng.integers(1, 6))
    k = min(k, n)
    D = odd_distances(rng, n) if ties else squareform(pdist(rng.standard_normal((n, 2))))
    weight = rng.integers(1, 4, n).astype(float)
    found = KMedoids(k, method=method).fit(D, sample_weight=weight)
    medoids = found.medoid_indices_.tolist()
    assert len(set(medoids)) == k
    np.testing.assert_allclose(found.inertia_, loss(D, weight, medoids), rtol=1e-6)
    assert can_gain(D, weight, medoids) <= 1e-6 * max(1.0, found.inertia_)
    np.testing.assert_allclose(
        D[found.medoid_indices_[found.labels_], np.arange(n)], D[medoids].min(axis=0), rtol=1e-6
    )


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), ties=st.booleans())
def test_no_swap_is_left_that_raises_the_silhouette(seed: int, ties: bool):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 22))
    k = min(n, int(rng.integers(2, 6)))
    D = odd_distances(rng, n) if ties else squareform(pdist(rng.standard_normal((n, 2))))
    weight = rng.integers(1, 4, n).astype(float)
    problem = Problem(D, weight, rng.permutation(n))
    start = start_rows(problem, k, "first")
    found = swap_eagerly(problem, start, None, 1, Progress(), SILHOUETTE)
    state = problem.thirds(found.rows)
    told = _choose.medoid_silhouette(state)
    np.testing.assert_allclose(told, medoid_silhouette(D, weight, found.rows.tolist()), atol=1e-9)
    assert told >= medoid_silhouette(D, weight, start.tolist()) - 1e-9
    assert can_raise(D, weight, found.rows.tolist()) <= 1e-9


@pytest.mark.parametrize("seed", range(12))
def test_gains_of_the_silhouette_are_what_swaps_change(seed: int):
    """From any medoids, not only from the good ones that a search ends with."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(6, 30)), int(rng.integers(2, 6))
    D = odd_distances(rng, n) if seed % 2 else squareform(pdist(rng.standard_normal((n, 3))))
    weight = rng.integers(1, 4, n).astype(float)
    problem = Problem(D, weight, np.arange(n))
    rows = rng.permutation(n)[:k]
    gain, slot = np.empty(n, np.int64), np.empty(n, np.intp)
    state = problem.thirds(rows)
    SILHOUETTE.scan(D, problem.order, state, 0, n, gain, slot)
    now, steps = medoid_silhouette(D, weight, rows.tolist()), state.unit.sum()
    for c in set(range(n)) - set(rows.tolist()):
        options = [medoid_silhouette(D, weight, [*rows[:j], c, *rows[j + 1 :]]) for j in range(k)]
        np.testing.assert_allclose(-gain[c] / steps, max(options) - now, atol=1e-9)
        np.testing.assert_allclose(options[slot[c]], max(options), atol=1e-9)
    c = int(np.setdiff1d(np.arange(n), rows)[0])
    SILHOUETTE.enter(D, state, slot[c], c)
    again = problem.thirds(state.rows)
    np.testing.assert_array_equal(state.share, again.share)
    np.testing.assert_array_equal(state.removal, again.removal)


def test_silhouettes_of_fewer_and_fewer_medoids_are_those_of_a_slow_search():
    X = rows(120, seed=2).astype(np.float64)
    D = cdist(X, X)
    problem = Problem(D, np.ones(120), np.arange(120))
    best, table = _choose.choose_medoids(problem, None, 1, Progress())
    assert sorted(table) == list(range(2, 12))
    np.testing.assert_allclose(
        table[len(best.rows)], medoid_silhouette(D, np.ones(120), best.rows.tolist()), atol=1e-9
    )
    assert table[len(best.rows)] == max(table.values())
    assert can_raise(D, np.ones(120), best.rows.tolist()) <= 1e-9


def test_small_problems_are_solved_nearly_as_well_as_by_trying_all():
    ratios = []
    for seed in range(12):
        D = distances(14, seed=seed, kind=np.float64)
        ratios.append(KMedoids(3).fit(D).inertia_ / best_medoids(D, np.ones(14), 3))
    assert min(ratios) >= 1 - 1e-9
    assert np.median(ratios) < 1.02


@pytest.mark.parametrize("aim", [LOSS, SILHOUETTE], ids=["loss", "silhouette"])
@pytest.mark.parametrize("k", [2, 7, 40])
def test_looking_ahead_on_threads_changes_no_swap(k: int, aim, monkeypatch):
    monkeypatch.setattr("partita.dissimilarities._swap._CALM", 2)
    D = distances(900, seed=3)
    problem = Problem(D, np.ones(900), np.random.default_rng(1).permutation(900))
    start = start_rows(problem, k, "first")
    from partita._core.threads import thread_scope

    outcomes = []
    for n_threads in (1, 2, 3):
        with thread_scope(n_threads):
            outcomes.append(swap_eagerly(problem, start, None, n_threads, Progress(), aim))
    for other in outcomes[1:]:
        np.testing.assert_array_equal(other.rows, outcomes[0].rows)
        assert other.n_swap == outcomes[0].n_swap > 0


@every_method
def test_every_method_comes_close_to_the_best(method: str):
    X = rows(600)
    found = KMedoids(8, metric="euclidean", method=method).fit(X)
    best = KMedoids(8, metric="euclidean", method="pam").fit(X)
    assert found.n_clusters_ == 8
    np.testing.assert_allclose(
        found.inertia_, cdist(X, X[found.medoid_indices_]).min(axis=1).sum(), rtol=1e-6
    )
    assert found.inertia_ <= best.inertia_ * (1.35 if method in ("alternate", "fastermsc") else 1.06)
    found.hierarchy_.check()


@pytest.mark.parametrize("init", ["first", "build", "lab", np.array([3, 50, 99, 140])])
def test_any_start_ends_where_nothing_gains(init):
    D = distances(150, kind=np.float64)
    found = KMedoids(4, init=init).fit(D)
    assert can_gain(D, np.ones(150), found.medoid_indices_.tolist()) <= 1e-6 * found.inertia_


def test_build_takes_the_greatest_gain_first():
    D = distances(60, kind=np.float64)
    problem = Problem(D, np.ones(60), np.arange(60))
    chosen = start_rows(problem, 4, "build").tolist()
    for k in range(1, 4):
        losses = [loss(D, np.ones(60), [*chosen[:k], c]) for c in range(60)]
        np.testing.assert_allclose(min(losses), loss(D, np.ones(60), chosen[: k + 1]))


def test_max_iter_stops_and_says_so():
    found = KMedoids(20, max_iter=1).fit(distances())
    assert found.n_iter_ == 1
    assert found.made_by_.converged is False


# --- what goes in -------------------------------------------------------------------------------------------


def test_square_condensed_and_vectors_are_one():
    X = rows().astype(np.float64)
    square = KMedoids(6).fit(cdist(X, X).astype(np.float32))
    condensed = KMedoids(6).fit(pdist(X).astype(np.float32))
    np.testing.assert_array_equal(square.labels_, condensed.labels_)
    vectors = KMedoids(6, metric="euclidean").fit(X)
    np.testing.assert_allclose(vectors.inertia_, square.inertia_, rtol=0.03)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(("k", "max_iter"), [(1, None), (2, None), (9, None), (9, 1)])
def test_condensed_beyond_the_budget_makes_the_swaps_of_the_square(k: int, max_iter, kind: type, monkeypatch):
    condensed = pdist(rows(400, seed=5)).astype(kind)
    weight = np.random.default_rng(0).integers(0, 3, 400).astype(float)
    square = KMedoids(k, max_iter=max_iter).fit(squareform(condensed), sample_weight=weight)
    monkeypatch.setenv("PARTITA_MEMORY", str(condensed.itemsize * 400 * 399))
    found = KMedoids(k, max_iter=max_iter).fit(condensed, sample_weight=weight)
    assert "row by row" in found.made_by_.choices["distances"]
    np.testing.assert_array_equal(found.medoid_indices_, square.medoid_indices_)
    np.testing.assert_array_equal(found.labels_, square.labels_)
    assert (found.n_swap_, found.n_iter_) == (square.n_swap_, square.n_iter_)
    assert found.made_by_.fingerprint == square.made_by_.fingerprint
    assert found.made_by_.converged == square.made_by_.converged


def test_condensed_beyond_the_budget_by_every_method(monkeypatch):
    X = rows(400)
    condensed = pdist(X).astype(np.float32)
    monkeypatch.setenv("PARTITA_MEMORY", str(4 * 400 * 399))
    assert KMedoids().fit(condensed).n_clusters_ > 1
    assert KMedoids(init=np.array([3, 90, 270])).fit(condensed).n_clusters_ == 3
    for method in ("fastclara", "fastclarans", "onebatch"):
        assert KMedoids(4, method=method).fit(condensed).n_clusters_ == 4
    for options in ({"method": "pam"}, {"method": "fastermsc"}, {"init": "build"}):
        with pytest.raises(pt.BudgetError, match="fasterpam"):
            KMedoids(4, **options).fit(condensed)


def test_a_float32_matrix_is_not_copied():
    D = distances()
    found = KMedoids(5)
    from partita.dissimilarities._precomputed import check_square

    assert check_square(D) is D
    found.fit(D)
    wide = check_square(D.astype(np.float64))
    assert wide.dtype == np.float64


@pytest.mark.parametrize("seed", range(3))
def test_order_and_threads_leave_no_trace_in_precomputed_distances(seed: int):
    D = distances(250)
    order = np.random.default_rng(seed).permutation(len(D))
    first, second = KMedoids(9, n_jobs=1).fit(D), KMedoids(9, n_jobs=2).fit(D[np.ix_(order, order)])
    np.testing.assert_array_equal(second.labels_, first.labels_[order])
    np.testing.assert_array_equal(order[second.medoid_indices_], first.medoid_indices_)
    np.testing.assert_array_equal(second.hierarchy_.height, first.hierarchy_.height)
    assert second.made_by_.fingerprint == first.made_by_.fingerprint


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([[0, 1.0], [2.0, 0]], r"not symmetric: row 0, column 1 holds 1, row 1, column 0 holds 2"),
        ([[0, -1.0], [-1.0, 0]], "row 0, column 1 is negative"),
        ([[0, 1.0], [np.nan, 0]], "row 1, column 0 is NaN"),
        ([[0, np.inf], [np.inf, 0]], "row 0, column 1 is no finite number"),
        ([[0, 1.0], [1.0, 0.5]], "row 1, column 1 is not 0"),
        (np.zeros((2, 3)), "square"),
        (np.zeros((0, 0)), "0 sample"),
        (np.zeros(5), "belong to no number of items"),
        ([1.0, 2.0, -1.0], "row 1, column 2 is negative"),
        ([1.0, np.nan, 2.0], "row 0, column 2 is NaN"),
        (
            [1.0, 1.0, 1.0, 1.0, np.inf, 1.0],
            "row 1, column 3 is no finite number",
        ),
        ([["a", "b"], ["b", "a"]], "can't be read as distances"),
    ],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_are_no_distances_is_refused_with_its_place(bad, words: str, kind: type):
    try:
        bad = np.asarray(bad, kind)
    except ValueError:
        bad = np.asarray(bad)
    with pytest.raises(pt.InvalidDataError, match=words):
        KMedoids(2).fit(bad)


def test_an_asymmetric_pair_far_out_is_found():
    D = distances(200)
    D[31, 170] += 1
    with pytest.raises(pt.InvalidDataError, match="row 31, column 170"):
        KMedoids(2).fit(D)


@pytest.mark.parametrize(("how", "value"), [("mean", 1.5), ("min", 1.0), ("max", 2.0)])
def test_told_what_holds_asymmetric_distances_are_taken(how: str, value: float):
    D = np.array([[0, 1.0, 9], [2.0, 0, 9], [9, 9, 0]])
    assert KMedoids(2, symmetric=how).fit(D).inertia_ == value


def test_distances_without_triangle_inequality_are_fine():
    D = odd_distances(np.random.default_rng(0), 40)
    found = KMedoids(6).fit(D)
    found.hierarchy_.check()
    np.testing.assert_array_equal(found.predict(D), found.labels_)
    assert "no metric" in found.made_by_.notes[0]
    assert not KMedoids(6).fit(distances(40)).made_by_.notes


def test_items_at_distance_zero():
    D = np.zeros((9, 9))
    assert KMedoids().fit(D).n_clusters_ == 1
    assert KMedoids(3).fit(D).inertia_ == 0.0
    X = np.repeat(rows(20), 5, axis=0)
    assert KMedoids(20, metric="euclidean").fit(X).inertia_ == 0.0
    with pytest.raises(pt.InfeasibleError, match="20 distinct"):
        KMedoids(21, metric="euclidean").fit(X)


@pytest.mark.parametrize("n", [1, 2])
def test_one_and_two_items(n: int):
    D = np.array([[0.0, 3.0], [3.0, 0.0]])[:n, :n]
    assert KMedoids().fit(D).n_clusters_ == n
    assert KMedoids(1).fit(D).labels_.tolist() == [0] * n


def test_far_points_get_medoids_of_their_own():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.standard_normal((500, 2)), [[1e6, 0.0], [0.0, 1e6]]])
    assert sorted(KMedoids(3, metric="euclidean").fit(X).hierarchy_.cut(level=-1).sizes) == [1, 1, 500]


@pytest.mark.parametrize(
    "metric",
    ["euclidean", "sqeuclidean", "cityblock", "chebyshev", "cosine", "correlation", "hamming", "canberra",
     "braycurtis", "jensenshannon"],
)  # fmt: skip
def test_metrics_by_name_are_those_of_scipy(metric: str):
    rng = np.random.default_rng(1)
    X = np.rint(rng.random((80, 6)) * 4 + 1).astype(np.float32)
    found = KMedoids(5, metric=metric).fit(X)
    D = cdist(X.astype(np.float64), X[found.medoid_indices_].astype(np.float64), metric)
    np.testing.assert_allclose(found.inertia_, D.min(axis=1).sum(), rtol=1e-5, atol=1e-9)
    np.testing.assert_array_equal(found.predict(X), found.labels_)


def test_functions_compiled_or_not_are_metrics():
    numba = pytest.importorskip("numba")
    X = rows(60)

    def apart(a, b):
        return np.abs(a - b).sum()

    expected = KMedoids(4, metric="cityblock").fit(X)
    for metric in (apart, numba.njit(apart)):
        found = KMedoids(4, metric=metric).fit(X)
        np.testing.assert_allclose(found.inertia_, expected.inertia_, rtol=1e-6)
        assert can_gain(cdist(X, X, "cityblock"), np.ones(60), found.medoid_indices_.tolist()) < 1e-4
    with pytest.raises(pt.InvalidDataError, match="no distance"):
        KMedoids(2, metric=lambda a, b: -1.0).fit(X)


def test_a_matrix_beyond_the_budget_is_refused_and_one_batch_named(monkeypatch):
    monkeypatch.setenv("PARTITA_MEMORY", "1MiB")
    X = rows(1000)
    with pytest.raises(pt.BudgetError, match="onebatch"):
        KMedoids(5, metric="euclidean").fit(X)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_clusters": 0}, "n_clusters"),
        ({"metric": "euclid"}, "metric"),
        ({"method": "fasterpan"}, "did you mean 'fasterpam'"),
        ({"init": "random"}, "init"),
        ({"n_clusters": 3, "init": np.array([0, 1])}, "another number"),
        ({"n_clusters": 2, "init": np.array([0, 300])}, "no row"),
        ({"n_clusters": 2, "init": np.array([4, 4])}, "equal rows"),
        ({"symmetric": "no"}, "symmetric"),
        ({"n_clusters": 2, "method": "onebatch", "init": "build"}, "starts in its own way"),
    ],
)
def test_wrong_parameters(options: dict, words: str):
    with pytest.raises(pt.InvalidParameterError, match=words):
        KMedoids(**options).fit(distances(50))


# --- what comes out -----------------------------------------------------------------------------------------


def test_the_number_of_blobs_is_found():
    rng = np.random.default_rng(5)
    for k in (2, 4, 7):
        centers = 25.0 * rng.permutation(list(product(range(3), repeat=3)))[:k]
        X = np.repeat(centers, 40, axis=0) + rng.standard_normal((40 * k, 3))
        for method in ("fasterpam", "onebatch"):
            found = KMedoids(metric="euclidean", method=method).fit(X)
            assert found.n_clusters_ == k
            assert "medoid silhouette" in found.made_by_.choices["n_clusters"]


def test_coarser_medoids_are_some_of_the_finer_and_costs_fall():
    X = rows(500)
    found = KMedoids(30, metric="euclidean").fit(X)
    h = found.hierarchy_
    assert len(h.levels) >= 3
    medoid, cost = h.part_data["medoid"], h.part_data["cost"]
    for coarse, fine in zip(h.levels, h.levels[1:]):
        assert set(medoid[coarse]) <= set(medoid[fine])
        for part in set(fine) - set(coarse):
            costs = cdist(X[h.members(part)], X[medoid[coarse]]).sum(axis=0)
            assert medoid[h.parent[part]] == medoid[coarse][costs.argmin()]
    for part in range(h.n_parts):
        members = h.members(part)
        assert medoid[part] in members
        np.testing.assert_allclose(cost[part], cdist(X[members], X[[medoid[part]]]).sum(), rtol=1e-5)
        children = h.children(part)
        if len(children):
            assert cost[part] >= cost[children].sum() * (1 - 1e-9)


def test_medoids_lie_in_their_parts_and_centers_are_their_rows():
    X = rows()
    found = KMedoids(12, metric="cityblock").fit(X)
    np.testing.assert_array_equal(found.labels_[found.medoid_indices_], np.arange(12))
    np.testing.assert_array_equal(found.cluster_centers_, X[found.medoid_indices_])
    assert not hasattr(KMedoids(3).fit(distances(50)), "cluster_centers_")


@pytest.mark.parametrize("factor", [1e300, 1e-290])
def test_distances_of_any_size(factor: float):
    """In float64 they are taken as they are; the searches that work in float32 say what it can't hold."""
    D = distances(60, kind=np.float64)
    found, large = KMedoids(5).fit(D), KMedoids(5).fit(factor * D)
    np.testing.assert_array_equal(found.labels_, large.labels_)
    if factor > 1:
        for given in (factor * D, squareform(factor * D)):
            with pytest.raises(pt.InvalidDataError, match="too large for float32"):
                KMedoids(5, method="fastclarans").fit(given)


@pytest.mark.parametrize("method", ["onebatch", "fastclara"])
def test_one_dense_blob_and_many_far_points(method: str):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1e-3, (2000, 2)), rng.uniform(-1e5, 1e5, (8000, 2))])
    found = KMedoids(4, metric="euclidean", method=method).fit(X)
    assert found.n_clusters_ == 4
    assert len(np.unique(found.labels_[:2000])) == 1
    np.testing.assert_array_equal(found.predict(X), found.labels_)


def test_new_items_by_their_distances_to_the_old():
    X, new = rows(), rows(40, seed=0)[::-1] + 0.25
    found = KMedoids(6).fit(cdist(X, X))
    np.testing.assert_array_equal(
        found.predict(cdist(new, X)), cdist(new, X[found.medoid_indices_]).argmin(axis=1)
    )


def test_polishing_one_batch_never_makes_it_worse():
    from partita.dissimilarities._sampled import place, polish
    from partita.dissimilarities._swap import Outcome
    from partita.dissimilarities._vectors import VectorItems

    items = VectorItems(rows(900, seed=4), None, "euclidean")
    start = np.arange(12)
    before = place(items, start).d1.sum()
    after = place(items, polish(items, Outcome(start.copy())).rows).d1.sum()
    assert after < before


@settings(max_examples=20)
@given(
    X=hnp.arrays(
        np.float64, st.tuples(st.integers(2, 25), st.integers(1, 3)), elements=st.integers(-2, 2).map(float)
    ),
    method=st.sampled_from(METHODS),
)
def test_small_data_full_of_ties(X: np.ndarray, method: str):
    found = KMedoids(2, metric="cityblock", method=method)
    if len(np.unique(X, axis=0)) < 2:
        with pytest.raises(pt.InfeasibleError):
            found.fit(X)
        return
    found.fit(X)
    found.hierarchy_.check()
    np.testing.assert_array_equal(found.predict(X), found.labels_)
    np.testing.assert_array_equal(
        KMedoids(2, metric="cityblock", method=method, n_jobs=2).fit(X[::-1]).labels_, found.labels_[::-1]
    )


def test_an_infinite_distance_is_refused():
    with pytest.raises(pt.InvalidDataError, match="infinite"):
        KMedoids(2, metric="braycurtis").fit([[1.0, 0.0], [-1.0, 0.0], [1.0, 1.0]])


def test_precomputed_distances_pass_the_checks_of_scikit_learn():
    """All but those that give rows of numbers where a square matrix is needed."""
    rows_given = dict.fromkeys(("check_clustering", "check_estimators_nan_inf"), "gives rows of numbers")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        results = check_estimator(KMedoids(), expected_failed_checks=rows_given, on_fail=None)
    assert not {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert sum(r["status"] == "passed" for r in results) > 40
