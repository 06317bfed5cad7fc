"""Federated distances: never below the truth, near it, and nothing but interpolants is sent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

import partita as pt
from oracles import transport as oracle
from partita.transport import LocalClient, federated_wasserstein
from partita.transport._coupling import couple, rounded
from partita.transport.federated import Client


def clouds(seed: int, n: int, d: int, away: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 1.5 * rng.normal(size=(n, d)) + away / np.sqrt(d)


def truth(X: np.ndarray, Y: np.ndarray) -> float:
    C = cdist(X, Y, "sqeuclidean")
    rows, columns = linear_sum_assignment(C)
    return float(np.sqrt(C[rows, columns].mean()))


class Witness:
    """A client that notes what it sends."""

    def __init__(self, X: np.ndarray) -> None:
        self._client = LocalClient(X)
        self.n_points, self.n_features = X.shape
        self.sent: list[np.ndarray] = []

    def interpolate(self, points: np.ndarray, share: float) -> tuple[np.ndarray, float]:
        answer = self._client.interpolate(points, share)
        self.sent.append(answer[0])
        return answer


@pytest.mark.parametrize(("n", "d", "away"), [(200, 2, 3.0), (200, 2, 0.0), (150, 5, 3.0), (150, 10, 3.0)])
def test_gaussians_are_within_a_hundredth(n, d, away):
    X, Y = clouds(7, n, d, away)
    found = federated_wasserstein([X, Y], share=0.1, random_state=1)
    assert truth(X, Y) <= found.distance * (1 + 1e-12)
    assert found.distance < 1.01 * truth(X, Y)
    assert found.converged
    assert found.n_iter <= 20


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 9),
    m=st.integers(1, 9),
    size=st.integers(1, 12),
    weighted=st.booleans(),
)
def test_the_distance_is_never_below_the_true_one(seed, n, m, size, weighted):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, 2)), rng.normal(size=(m, 2)) + 1
    a = rng.random(n) + 0.1 if weighted else np.ones(n)
    found = federated_wasserstein([(X, a), Y], n_points=size, max_iter=5)
    least = oracle.cheapest(cdist(X, Y, "sqeuclidean"), a / a.sum(), np.full(m, 1 / m))
    assert found.distance >= np.sqrt(least) - 1e-9
    assert (np.diff(found.history[0]) <= 0).all()
    assert found.distance == found.history[0][-1]


def test_only_interpolants_leave_a_client():
    X, Y = clouds(3, 60, 3, 2.0)
    clients = [Witness(X), Witness(Y)]
    assert isinstance(clients[0], Client)
    found = federated_wasserstein(clients, n_points=20, share=0.4)
    assert found.n_iter == len(clients[0].sent) == len(clients[1].sent)
    assert found.n_sent == sum(points.size + 1 for client in clients for points in client.sent)
    for client, own in zip(clients, (X, Y)):
        assert min(cdist(points, own).min() for points in client.sent) > 1e-6
    np.testing.assert_allclose(
        found.distance, federated_wasserstein([X, Y], n_points=20, share=0.4).distance, rtol=1e-12
    )


def test_several_clients_give_a_matrix():
    sets = [clouds(seed, 30, 2, 0.0)[0] + 4 * seed for seed in range(3)]
    found = federated_wasserstein(sets, share=0.1)
    assert found.matrix.shape == (3, 3)
    np.testing.assert_array_equal(found.matrix, found.matrix.T)
    assert not found.matrix.diagonal().any()
    for i in range(3):
        for j in range(i):
            assert found.matrix[i, j] == pytest.approx(truth(sets[i], sets[j]), rel=0.01)
    assert len(found.history) == len(found.between) == 3


def test_the_points_between_prove_the_distance():
    X, Y = clouds(5, 40, 2, 3.0)
    found = federated_wasserstein([X, Y])
    middle = found.between[0]
    assert truth(X, middle) + truth(middle, Y) == pytest.approx(found.distance, rel=1e-12)


def test_order_of_rows_and_seeds():
    X, Y = clouds(6, 50, 3, 1.0)
    found = federated_wasserstein([X, Y], random_state=3)
    other = federated_wasserstein([X[::-1], Y[::-1]], random_state=3, n_jobs=1)
    assert other.distance == found.distance
    assert federated_wasserstein([X, Y]).distance == federated_wasserstein([X, Y]).distance


def test_rows_of_equal_place_and_a_set_with_itself():
    X = clouds(8, 30, 2, 0.0)[0]
    assert federated_wasserstein([X, X[::-1]], random_state=5, share=0.1, max_iter=50, tol=0.0).distance < 0.2
    assert federated_wasserstein([np.zeros((5, 2)), np.zeros((3, 2))], max_iter=60, tol=0.0).distance < 1e-6


@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), m=st.integers(1, 6))
def test_rounding_gives_exact_sums(seed, n, m):
    rng = np.random.default_rng(seed)
    a, b = rng.random(n) + 0.01, rng.random(m) + 0.01
    a, b = a / a.sum(), b / b.sum()
    P = rounded(rng.random((n, m)) * rng.integers(0, 2, (n, m)), a, b)
    assert (P >= 0).all()
    np.testing.assert_allclose(P.sum(1), a, atol=1e-12)
    np.testing.assert_allclose(P.sum(0), b, atol=1e-12)


def test_unequal_numbers_are_coupled_nearly_as_well_as_can_be():
    X, Z = clouds(9, 60, 2, 1.0)
    _, cost = couple(X, None, Z[:45])
    least = oracle.cheapest(cdist(Z[:45], X, "sqeuclidean"), np.full(45, 1 / 45), np.full(60, 1 / 60))
    assert least <= cost <= 1.01 * least


@pytest.mark.parametrize(
    ("clients", "error", "says"),
    [
        ([[[0.0]]], pt.PartitaError, "at least two"),
        ([[[0.0]], [[0.0, 1.0]]], pt.InvalidDataError, "columns"),
        ([[[0.0]], [[np.nan]]], pt.InvalidDataError, "row 0, column 0"),
        ([[[0.0]], np.empty((0, 1))], pt.InvalidDataError, "wrong shape"),
        ([[[0.0]], ([[1.0]], [-1.0])], pt.InvalidDataError, r"weight\[0\]"),
    ],
)
def test_what_cannot_be_compared_is_refused(clients, error, says):
    with pytest.raises(error, match=says):
        federated_wasserstein(clients)


@pytest.mark.parametrize(
    "bad", [{"share": 0.0}, {"share": 1.5}, {"n_points": 0}, {"max_iter": 0}, {"tol": -1}]
)
def test_parameters_are_checked(bad):
    with pytest.raises(pt.InvalidParameterError):
        federated_wasserstein([[[0.0]], [[1.0]]], **bad)
