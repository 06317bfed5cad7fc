"""An order of parts along which neighbours are alike: a short path through all of them. For users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita.graphs._input import InputGraph, as_graph
from partita.kernels.canonical import column_keys, rows_hash
from partita.kernels.csr import contract
from partita.kernels.path_order import path_exact, path_greedy, path_improve

_EXACT = 14


@dataclass(frozen=True)
class PartOrder:
    """Parts in order.

    Attributes
    ----------
    order : intp[k]
        ``order[0]`` is the first part.
    position : intp[k]
        Where each part stands: ``position[order[i]] == i``.
    length : float
        Sum of the distances from each part to the next.
    exact : bool
        Whether no other order is shorter.
    lower_bound : float
        No order is shorter than that: `length` where it is exact, else that of a spanning tree.

    Examples
    --------
    >>> import numpy as np
    >>> order = np.array([1, 0])
    >>> PartOrder(order, np.argsort(order), 3.0, True, 3.0).labels([0, 0, 1, -1]).tolist()
    [1, 1, 0, -1]
    """

    order: np.ndarray
    position: np.ndarray
    length: float
    exact: bool
    lower_bound: float

    def labels(self, labels: Any) -> np.ndarray:
        """The `labels` of items by the order of their parts, int32[n]; -1 stays."""
        labels = np.asarray(labels)
        return np.where(labels >= 0, self.position[np.maximum(labels, 0)], -1).astype(np.int32)


def order_parts(
    parts: Any, *, graph: Any = None, level: int = -1, first: int | None = None, exact_up_to: int = _EXACT
) -> PartOrder:
    """The order of parts in which the sum of distances from each to the next is least.

    *When to choose this*: parts that follow one another, such as the floors of a building, stages of a
    process or districts along a road; and colours or columns in a drawing that should change little from one
    to the next.

    Parameters
    ----------
    parts : array of shape (k, k), Hierarchy, Partition or labels (n,)
        Distances between parts; or parts of the nodes of `graph`.
    graph : what ``scipy.sparse`` holds, networkx or igraph graph, edges (n_edges, 2 or 3), optional
        Distances are then 1 - w(a, b) / (w(a) + w(b) - w(a, b)), w(a, b) the weight between two parts and
        w(a) all that leaves a.
    level : int
        Of a Hierarchy.
    first : int, optional
        The part that comes first, such as the one floor that is known. Default: the shortest path from any;
        of its two ends the one nearer to all others comes last.
    exact_up_to : int
        So many parts, at most 16, are ordered exactly; more by exchanges.

    Returns
    -------
    ordered : PartOrder

    Raises
    ------
    InvalidParameterError, InvalidDataError
        Also for distances that are negative, not finite or not symmetric.

    Notes
    -----
    Up to `exact_up_to` parts by dynamic programming over sets, O(2^k k^2); beyond, from the best of greedy
    paths (from every part, at most 64), by 2-opt and Or-opt until nothing helps, O(k^2) a round.

    References
    ----------
    W. Zhuo et al., FIS-ONE: floor identification system with one label for crowdsourced RF signals, ICDCS
    2023. https://arxiv.org/abs/2307.05914

    M. Held and R. Karp, A dynamic programming approach to sequencing problems, J. SIAM 10 (1962).
    https://doi.org/10.1137/0110015

    Examples
    --------
    >>> import numpy as np
    >>> floor = np.array([3.0, 0.0, 2.0, 1.0])
    >>> ordered = order_parts(np.abs(floor[:, None] - floor), first=1)
    >>> ordered.order.tolist(), ordered.length, ordered.exact
    ([1, 3, 2, 0], 3.0, True)
    """
    distances = _distances(parts, graph, level)
    k = len(distances)
    start = _checked_first(first, k)
    if not isinstance(exact_up_to, (int, np.integer)) or not 0 <= exact_up_to <= 16:
        raise InvalidParameterError(
            "The 'exact_up_to' of order_parts is not valid.",
            name="exact_up_to",
            allowed="an integer between 0 and 16",
            got=exact_up_to,
        )
    if k < 2:
        return PartOrder(np.arange(k), np.arange(k), 0.0, True, 0.0)
    seen = _by_content(distances, start)
    own = np.ascontiguousarray(distances[np.ix_(seen, seen)])
    exact = k <= exact_up_to
    path = path_exact(own, 0 if start >= 0 else -1) if exact else _exchanged(own, start >= 0)
    if start < 0 and own[path[0]].sum() < own[path[-1]].sum():
        path = path[::-1]
    order = seen[path]
    position = np.empty(k, np.intp)
    position[order] = np.arange(k)
    length = float(distances[order[:-1], order[1:]].sum())
    return PartOrder(order, position, length, exact, length if exact else _spanning_length(own))


def _exchanged(distances: np.ndarray, fixed: bool) -> np.ndarray:
    best, shortest = np.arange(len(distances)), np.inf
    for start in range(1 if fixed else min(64, len(distances))):
        path = path_greedy(distances, start)
        path_improve(distances, path, fixed)
        length = distances[path[:-1], path[1:]].sum()
        if length < shortest * (1.0 - 1e-12):
            best, shortest = path, length
    return best


def _spanning_length(distances: np.ndarray) -> float:
    """Weight of a spanning tree: a path is one."""
    nearest, left = distances[0].copy(), np.ones(len(distances), bool)
    left[0], total = False, 0.0
    for _ in range(len(distances) - 1):
        v = int(np.argmin(np.where(left, nearest, np.inf)))
        total += nearest[v]
        left[v] = False
        nearest = np.minimum(nearest, distances[v])
    return float(total)


def _by_content(distances: np.ndarray, first: int) -> np.ndarray:
    """Parts sorted by their distances to others, the first one in front: ties don't go by number."""
    rows = np.sort(distances, axis=1)
    key = np.zeros(len(rows), np.uint64)
    rows_hash(rows, 0, len(rows), column_keys(rows.shape[1]), key)
    order = np.lexsort((key, rows.sum(axis=1)))
    return np.concatenate(([first], order[order != first])).astype(np.intp) if first >= 0 else order


def _checked_first(first: int | None, k: int) -> int:
    if first is None:
        return -1
    if isinstance(first, (bool, np.bool_)) or not isinstance(first, (int, np.integer)) or not 0 <= first < k:
        raise InvalidParameterError(
            "The 'first' of order_parts is no part.", name="first", allowed=f"0 to {k - 1}", got=first
        )
    return int(first)


def _distances(parts: Any, graph: Any, level: int) -> np.ndarray:
    if graph is not None:
        return _graph_distances(_labels(parts, level), graph)
    if hasattr(parts, "labels"):
        raise InvalidParameterError(
            "Parts alone have no distances.",
            name="graph",
            hint="pass the graph too, or a matrix of distances",
        )
    distances = np.asarray(parts, dtype=np.float64)
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1]:
        raise InvalidDataError(
            "Distances between parts are a square matrix.",
            name="parts",
            got=f"shape {distances.shape}",
            hint="with labels, pass the graph too",
        )
    wrong = np.argwhere(~(np.isfinite(distances) & (distances >= 0)) | (distances != distances.T))
    if len(wrong):
        a, b = wrong[0]
        raise InvalidDataError(
            f"The distance of parts {a} and {b} is not valid.",
            name="parts",
            allowed="finite, at least 0 and the same both ways",
            got=f"{distances[a, b]} and {distances[b, a]}",
        )
    return distances


def _labels(parts: Any, level: int) -> np.ndarray:
    if callable(getattr(parts, "labels", None)):
        return np.asarray(parts.labels(level))
    return np.asarray(getattr(parts, "labels", parts))


def _graph_distances(labels: np.ndarray, graph: Any) -> np.ndarray:
    """One less the share that two parts have in what leaves either."""
    given = graph if isinstance(graph, InputGraph) else as_graph(graph)
    if labels.shape != (given.n,) or labels.dtype.kind not in "iu":
        raise InvalidDataError(
            "There must be one integer label for each node.",
            name="parts",
            allowed=f"shape ({given.n},)",
            got=f"{labels.dtype} of shape {labels.shape}",
        )
    k = int(labels.max(initial=-1)) + 1
    own = np.where(labels < 0, k, labels).astype(np.int32)
    between = contract(given.graph, given.canonical(own), k + 1)
    weight = np.zeros((k + 1, k + 1))
    tail = np.repeat(np.arange(k + 1), np.diff(between.indptr))
    weight[tail, between.indices] = between.weights
    weight = 0.5 * (weight[:k, :k] + weight[:k, :k].T)
    leaving = weight.sum(axis=1)
    either = leaving[:, None] + leaving - weight
    distances = 1.0 - np.divide(weight, either, out=np.zeros_like(weight), where=either > 0)
    np.fill_diagonal(distances, 0.0)
    return distances
