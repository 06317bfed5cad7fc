"""Wasserstein distances between clients who never show their points, only points on the way. For users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita._core.params import Integer, Optional, Real, Rule, Seed, check_parameters
from partita._core.rng import block_stream, seed_from
from partita._core.threads import thread_scope
from partita.transport._coupling import couple
from partita.transport._problem import check_masses, check_rows

_RULES: dict[str, Rule] = {
    "n_points": Optional(Integer(low=1)),
    "share": Real(low=0.0, high=1.0, open_low=True),
    "tol": Real(low=0.0),
    "max_iter": Integer(low=1),
    "random_state": Seed(),
    "n_jobs": Optional(Integer()),
}


@runtime_checkable
class Client(Protocol):
    """What is asked of a client: a message in, a message out. It may live on another machine.

    Examples
    --------
    >>> isinstance(LocalClient([[0.0], [1.0]]), Client)
    True
    """

    n_points: int
    n_features: int

    def interpolate(self, points: np.ndarray, share: float) -> tuple[np.ndarray, float]:
        """Points on the way from the client's own to `points`, at `share` of it, and the distance.

        Parameters
        ----------
        points : float64 (s, d), of equal weights
        share : float
            0 would be the client's own points, 1 is `points`.

        Returns
        -------
        interpolants : float64 (s, d)
        distance : float
            At least the 2-Wasserstein distance between the client's points and `points`.
        """


class LocalClient:
    """A client whose points are an array in this process.

    Parameters
    ----------
    X : array-like of shape (n, d)
    weight : array-like of shape (n,), optional
        Default: all equal.

    Examples
    --------
    >>> import numpy as np
    >>> points, distance = LocalClient([[0.0], [1.0]]).interpolate(np.array([[3.0], [2.0]]), 0.5)
    >>> points.ravel().tolist(), distance
    ([2.0, 1.0], 2.0)
    """

    def __init__(self, X: Any, weight: Any = None) -> None:
        X = check_rows(X)
        masses = check_masses(weight, len(X), "weight")
        order = np.lexsort(X.T[::-1])
        self._X, self._weight = X[order], None if masses is None else masses[order]
        self.n_points, self.n_features = X.shape

    def interpolate(self, points: np.ndarray, share: float) -> tuple[np.ndarray, float]:
        """Points on the way to `points`, at `share` of it, and the distance; see ``Client``."""
        images, cost = couple(self._X, self._weight, points)
        return images + share * (points - images), float(np.sqrt(cost))


@dataclass(frozen=True, eq=False, repr=False)
class FederatedDistances:
    """Upper bounds of the distances between all clients, and how they were reached.

    Parameters
    ----------
    matrix : float64 (k, k)
        The best bound for each pair; 0 on the diagonal.
    history : tuple of float64 arrays
        The best bound so far after each round, for the pairs (0, 1), (0, 2), …
    between : tuple of float64 (s, d)
        For each pair, points on the way between the two, of equal weights: the bound is the sum of the
        distances of both clients to them.
    n_iter : int
        Rounds of all pairs.
    n_sent : int
        Numbers that left a client, in all.
    converged : bool
        Whether every pair stopped because its bound fell no more.

    Examples
    --------
    >>> found = federated_wasserstein([[[0.0], [1.0]], [[5.0], [6.0]]])
    >>> found
    FederatedDistances(2 clients, 3 rounds)
    >>> round(found.distance, 3)
    5.0
    """

    matrix: np.ndarray
    history: tuple[np.ndarray, ...]
    between: tuple[np.ndarray, ...]
    n_iter: int
    n_sent: int
    converged: bool

    @property
    def distance(self) -> float:
        """The distance of the first two clients."""
        return float(self.matrix[0, 1])

    def __repr__(self) -> str:
        ending = "" if self.converged else ", not converged"
        return f"FederatedDistances({len(self.matrix)} clients, {self.n_iter} rounds{ending})"


def federated_wasserstein(
    clients: Sequence[Any],
    *,
    n_points: int | None = None,
    share: float = 0.2,
    tol: float = 1e-3,
    max_iter: int = 20,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> FederatedDistances:
    """2-Wasserstein distances between the point sets of clients, of which only interpolants are sent.

    *When to choose this*: the points can't be brought together, and a distance between the data sets of the
    clients is wanted all the same. It is **no privacy guarantee**: who knows the points that were sent to a
    client, and `share`, can work out where the client moved them to. With as many points as the client has
    rows these are its rows, in unknown order; with fewer, they are means of several rows each.

    Parameters
    ----------
    clients : sequence of at least two
        Arrays (n, d); pairs of an array and weights; or objects with ``n_points``, ``n_features`` and
        ``interpolate`` (see ``partita.transport.federated.Client``), which may ask another machine.
    n_points : int, optional
        Points in every message, of equal weights. Default: the largest number of points of a client. Fewer
        hide more, and loosen the bounds by the error of describing a client by so few points.
    share : float
        How far from the client's points the interpolants lie, as a share of the way to the points it was
        sent. A small share tells more of the client, and the bound is tighter.
    tol : float
        A pair is done when a round lowers its bound by less than this share.
    max_iter : int
        Most rounds of a pair.
    random_state : None, int or generator
        Draws the first points, which are Gaussian. Default: 0.
    n_jobs : int, optional
        Threads.

    Returns
    -------
    FederatedDistances

    Raises
    ------
    InvalidParameterError, InvalidDataError
    BudgetError
        When four matrices of a client's points by `n_points` don't fit into memory.

    Notes
    -----
    In a round both clients of a pair move the present points towards their own, along the coupling of least
    cost (with unequal weights or numbers, along its mean for each point: the coupling is then entropic with
    little regularisation, and rounded to exact sums). The midpoint of the two answers is next. By the
    triangle inequality the sum of the two distances is never below the distance sought; the least sum of all
    rounds is kept. It falls to the distance where the way that is found is a shortest one; in many dimensions
    a way can be locally, not globally, shortest, and then a smaller `share` helps.

    A round costs O(s^3) at worst for s points a message, and s d numbers for each client.

    References
    ----------
    A. Rakotomamonjy, K. Nadjahi and L. Ralaivola, Federated Wasserstein distance, ICLR 2024.
    https://arxiv.org/abs/2310.01973

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> found = federated_wasserstein([rng.normal(size=(100, 2)), 4 + rng.normal(size=(100, 2))])
    >>> found.converged, 5.3 < found.distance < 6.0
    (True, True)
    """
    given: dict[str, Any] = {"n_points": n_points, "share": share, "tol": tol, "max_iter": max_iter}
    check_parameters(
        "federated_wasserstein", _RULES, {**given, "random_state": random_state, "n_jobs": n_jobs}
    )
    with thread_scope(n_jobs):
        asked = _clients(clients)
        d = asked[0].n_features
        size = max(client.n_points for client in asked) if n_points is None else int(n_points)
        start = block_stream(seed_from(random_state)).standard_normal((size, d))
        matrix, ways = np.zeros((len(asked), len(asked))), []
        for i in range(len(asked)):
            for j in range(i + 1, len(asked)):
                way = _walk(asked[i], asked[j], start, float(share), float(tol), int(max_iter))
                matrix[i, j] = matrix[j, i] = way.history[-1]
                ways.append(way)
        rounds = sum(len(way.history) for way in ways)
        history, between = tuple(way.history for way in ways), tuple(way.points for way in ways)
        converged = all(way.converged for way in ways)
        return FederatedDistances(matrix, history, between, rounds, 2 * rounds * (size * d + 1), converged)


@dataclass(frozen=True)
class _Way:
    history: np.ndarray
    points: np.ndarray
    converged: bool


def _walk(one: Client, other: Client, points: np.ndarray, share: float, tol: float, max_iter: int) -> _Way:
    history: list[float] = []
    best, least = points, np.inf
    for _ in range(max_iter):
        from_one, to_one = one.interpolate(points, share)
        from_other, to_other = other.interpolate(points, share)
        before, least = least, min(least, to_one + to_other)
        best = points if least < before else best
        history.append(least)
        if before - least <= tol * least and len(history) > 2:
            return _Way(np.array(history), best, True)
        images, _ = couple(from_other, None, from_one)
        points = 0.5 * (from_one + images)
    return _Way(np.array(history), best, False)


def _clients(clients: Any) -> list[Client]:
    asked = [_client(client) for client in clients]
    if len(asked) < 2:
        raise InvalidParameterError(
            "There is no distance to find.", name="clients", allowed="at least two clients", got=len(asked)
        )
    for position, client in enumerate(asked):
        if client.n_features != asked[0].n_features:
            raise InvalidDataError(
                f"Client {position} has {client.n_features} columns and client 0 has {asked[0].n_features}.",
                name="clients",
                hint="all clients need the same columns",
            )
    return asked


def _client(client: Any) -> Client:
    if isinstance(client, Client):
        return client
    if isinstance(client, tuple) and len(client) == 2:
        return LocalClient(*client)
    return LocalClient(client)
