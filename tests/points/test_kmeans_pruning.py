"""Ways to spare centres leave every label, and every distance, as the search among all centres has them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles import points as oracle
from partita._core.threads import thread_scope
from partita.points import KMeans
from partita.points import _prune as prune
from partita.points._nearest import Frame, Nearest
from partita.points._prune import Neighbours, Projection, principal_directions

KINDS = ("uniform", "clustered", "duplicated", "grid", "far", "tiny", "line")


def rows_of(kind: str, n: int, d: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "uniform":
        return rng.random((n, d))
    if kind == "clustered":
        return 9 * rng.standard_normal((12, d))[rng.integers(0, 12, n)] + rng.standard_normal((n, d))
    if kind == "duplicated":
        return rng.standard_normal((max(n // 7, 1), d))[rng.integers(0, max(n // 7, 1), n)]
    if kind == "grid":  # many rows exactly between centres
        return rng.integers(0, 3, (n, d)).astype(float)
    if kind == "far":  # where float32 tells few rows apart
        return 1e5 + rng.standard_normal((n, d))
    if kind == "tiny":
        return 1e-9 * rng.standard_normal((n, d))
    return np.outer(np.arange(n) % 50, np.ones(d)) + 1e-7 * rng.standard_normal((n, d))


def search_of(X: np.ndarray, k: int, seed: int) -> tuple[Nearest, Nearest]:
    """Centres among the rows and midpoints of rows, in their plain order; behind guides, and without."""
    rng = np.random.default_rng(seed)
    some = X[rng.integers(0, len(X), k)].astype(np.float64)
    some[k // 2 :] = (some[k // 2 :] + some[: k - k // 2]) / 2
    frame = Frame(np.zeros(X.shape[1]), 1.0, False)
    guides = some[: max(2, k // 9)]
    of = ((some[:, None] - guides) ** 2).sum(2).argmin(1)
    lists = [np.flatnonzero(of == g) for g in range(len(guides))]
    lists = [own if len(own) else np.arange(k) for own in lists]
    guided = Nearest(frame, some, guides, lists)
    return guided, guided.without_guides()


def found(nearest: Nearest, X: np.ndarray, way: object) -> tuple[np.ndarray, np.ndarray]:
    nearest._chosen[:] = [way]
    labels, distances = np.full(len(X), -7, np.int32), np.full(len(X), np.nan)
    nearest.find(X, np.arange(len(X)), labels, distances)
    return labels, distances


def same(nearest: Nearest, X: np.ndarray, way: object) -> None:
    for one, other in zip(found(nearest, X, None), found(nearest, X, way)):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(KINDS),
    n=st.integers(1, 400),
    d=st.integers(1, 20),
    k=st.integers(2, 60),
    m=st.integers(1, 60),
    single=st.booleans(),
    seed=st.integers(0, 99),
)
def test_neighbours_spare_no_centre_that_matters(kind, n, d, k, m, single, seed):
    X = rows_of(kind, n, d, seed).astype(np.float32 if single else np.float64)
    _, nearest = search_of(X, k, seed)
    same(nearest, X, Neighbours.of(nearest.centers, min(m, k)))


@settings(max_examples=60)
@given(
    kind=st.sampled_from(KINDS),
    n=st.integers(1, 400),
    d=st.integers(1, 90),
    k=st.integers(2, 60),
    p=st.integers(1, 40),
    single=st.booleans(),
    seed=st.integers(0, 99),
)
def test_projections_spare_no_centre_that_matters(kind, n, d, k, p, single, seed):
    X = rows_of(kind, n, d, seed).astype(np.float32 if single else np.float64)
    _, nearest = search_of(X, k, seed)
    same(nearest, X, Projection.of(nearest.centers, principal_directions(nearest.centers, min(p, d))))


@settings(max_examples=20)
@given(d=st.integers(2, 30), p=st.integers(1, 30), seed=st.integers(0, 99))
def test_any_directions_do(d, p, seed):
    rng = np.random.default_rng(seed)
    X = rows_of("clustered", 300, d, seed)
    _, nearest = search_of(X, 40, seed)
    basis = np.linalg.qr(rng.standard_normal((d, min(p, d))))[0].astype(np.float32)
    same(nearest, X, Projection.of(nearest.centers, basis))
    skew = (1 + 0.3 * rng.standard_normal((d, min(p, d)))).astype(np.float32)
    same(nearest, X, Projection.of(nearest.centers, skew / np.linalg.norm(skew)))


def test_most_centres_are_spared():
    """The bounds are worth something: few are compared, and rows seldom left to the search among all."""
    from partita.kernels.prune import neighbours_decide, projection_decide

    X = rows_of("uniform", 2000, 2, 0)
    guided, nearest = search_of(X, 400, 0)
    way, frame, rows = Neighbours.of(nearest.centers, 64), nearest.frame, np.arange(len(X))
    labels, distances, left = np.empty(len(X), np.int32), np.empty(len(X)), np.empty(len(X), bool)
    guided.find(X, rows, labels, distances)
    compared = neighbours_decide(
        X, rows, frame.shift, 1.0, False, nearest.centers, way.numbers, way.apart, way.horizon, labels,
        distances, left,
    )  # fmt: skip
    assert compared < 20 * len(X)
    assert left.mean() < 0.01

    X = rows_of("clustered", 2000, 64, 0)
    _, nearest = search_of(X, 400, 0)
    one = Projection.of(nearest.centers, principal_directions(nearest.centers, 24))
    completed = projection_decide(
        X, rows, np.zeros(64), 1.0, False, one.basis, one.error, one.table, one.rows32, one.half, one.longest,
        nearest.centers, labels, distances, left,
    )  # fmt: skip
    assert completed < 40 * len(X)
    assert not left.any()


@pytest.mark.parametrize("factor", [1e18, 1e25, 1e150])
@pytest.mark.parametrize("way", [Neighbours, Projection])
def test_rows_so_far_out_that_products_overflow(way, factor):
    X = rows_of("clustered", 500, 24, 3)
    _, nearest = search_of(X, 50, 3)
    centers = nearest.centers
    chosen = Neighbours.of(centers, 20) if way is Neighbours else Projection.of(
        centers, principal_directions(centers, 8)
    )  # fmt: skip
    X[::7] *= factor
    same(nearest, X, chosen)


@pytest.mark.parametrize(
    ("n", "d", "k", "expected"),
    [(30_000, 2, 600, Neighbours), (6_000, 400, 200, Projection), (30_000, 12, 400, type(None))],
)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_what_is_chosen_shows_in_no_result(n, d, k, expected, metric, monkeypatch):
    """Low dimensions: neighbours. High: projections. Noise in between: all centres."""
    kind = "clustered" if d == 400 else "uniform"
    X = rows_of(kind, n, d, 5).astype(np.float32)
    maker = KMeans(k, swaps=0, max_iter=1, polish=1, rows_per_cell=8, metric=metric)
    fitted = maker.fit(X)
    way = fitted._nested.root.nearest._chosen
    if metric == "euclidean":
        assert [type(one) for one in way] == [expected]
    labels, inertia = fitted.labels_, fitted.inertia_
    order = np.random.default_rng(0).permutation(n)
    np.testing.assert_array_equal(fitted.predict(X[order]), labels[order])
    monkeypatch.setattr(prune, "_LEAST_WORK", np.inf)
    monkeypatch.setattr(maker, "n_jobs", 2)
    plain = maker.fit(X[order])
    assert plain._nested.root.nearest._chosen == []
    np.testing.assert_array_equal(plain.labels_, labels[order])
    assert plain.inertia_ == inertia
    np.testing.assert_array_equal(plain.cluster_centers_, fitted.cluster_centers_)


def test_every_row_is_at_its_nearest_centre_when_centres_are_spared():
    X = rows_of("clustered", 5000, 400, 1)
    fitted = KMeans(150, swaps=0, max_iter=1, polish=0, rows_per_cell=8).fit(X)
    assert isinstance(fitted._nested.root.nearest._chosen[0], Projection)
    expected, squared = oracle.nearest(X, fitted.cluster_centers_)
    np.testing.assert_array_equal(fitted.labels_, expected)
    assert fitted.inertia_ == pytest.approx(squared.sum(), rel=1e-9)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.labels_)


@pytest.mark.parametrize("size", [1e-30, 9e18])
def test_centres_whose_squares_float32_cannot_hold_are_all_met(size):
    _, nearest = search_of(size * rows_of("uniform", 500, 3, 0), 200, 0)
    assert not prune.worth(nearest, 10**9)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_number_of_threads(threads):
    X = rows_of("grid", 3000, 40, 2)
    _, nearest = search_of(X, 80, 2)
    way = Projection.of(nearest.centers, principal_directions(nearest.centers, 16))
    expected = found(nearest, X, None)
    with thread_scope(threads):
        for one, other in zip(expected, found(nearest, X, way)):
            np.testing.assert_array_equal(one, other)


def test_directions_are_the_longest_and_orthonormal():
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((300, 50)) * 0.8 ** np.arange(50)
    basis = principal_directions(centers, 12)
    np.testing.assert_allclose(basis.T @ basis, np.eye(12), atol=1e-5)
    held = ((centers @ basis) ** 2).sum(0)
    assert (np.diff(held) <= 1e-3 * held[0]).all()
    best = np.sort(np.linalg.eigvalsh(centers.T @ centers))[::-1][:12].sum()
    assert held.sum() >= 0.99 * best
