"""What no set of a given volume can beat: conductance from below, by low eigenvectors and by flows.

Called by graphs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from partita.kernels.absorb import Absorbing, least_conductance
from partita.kernels.csr import Graph, components

_DENSE = 1500
_MOST_COMPONENTS = 512
_PRICES = 6


class LowVectors(NamedTuple):
    """The lowest eigenvectors of the normalised Laplacian, of nodes with edges.

    Attributes
    ----------
    values : float64[k], ascending
    vectors : float64 (n, k)
    beyond : float
        No other eigenvalue is smaller.
    residual : float
        Norm of what the vectors miss of being eigenvectors.
    """

    values: np.ndarray
    vectors: np.ndarray
    beyond: float
    residual: float


def low_vectors(graph: Graph, degree: np.ndarray, count: int) -> LowVectors:
    """The indicators of components and the `count` lowest eigenvectors beside them; all of small graphs.

    Lanczos' method can pass over copies of an eigenvalue. So the components' vectors, all of eigenvalue 0,
    are put in by hand, and what is lowest beside all vectors found is sought once more by itself.
    """
    from scipy.sparse import csr_array, diags_array

    tied = np.flatnonzero(degree > 0)
    n = len(tied)
    if not n or not count:
        return LowVectors(np.empty(0), np.empty((n, 0)), 0.0, 0.0)
    matrix = csr_array((graph.weights, graph.indices, graph.indptr), shape=(len(degree),) * 2)[tied][:, tied]
    scale = diags_array(1.0 / np.sqrt(degree[tied]))
    walk = (scale @ matrix @ scale).tocsr()
    if n <= _DENSE:
        values, vectors = np.linalg.eigh(np.eye(n) - walk.toarray())
        count = min(count, n)
        beyond = float(values[count]) if count < n else 2.0
        values, vectors = values[:count], vectors[:, :count]
    else:
        known = _component_vectors(components(graph)[0][tied], degree[tied])
        if known.shape[1] > _MOST_COMPONENTS:
            return LowVectors(np.empty(0), np.empty((n, 0)), 0.0, 0.0)
        found = _lowest_beside(walk, known, min(count, n - known.shape[1] - 1))
        vectors = np.linalg.qr(np.hstack((known, found)))[0]
        last = _lowest_beside(walk, vectors, 1)
        values = 1.0 - np.einsum("ij,ij->j", vectors, walk @ vectors)
        beyond = float(1.0 - (last.T @ (walk @ last))[0, 0])
        order = np.argsort(values, kind="stable")
        values, vectors = values[order], vectors[:, order]
    missed = vectors - walk @ vectors - vectors * values
    residual = float(np.linalg.norm(missed))
    kept = values <= beyond
    return LowVectors(np.maximum(values[kept], 0.0), vectors[:, kept], max(0.0, beyond - residual), residual)


def _component_vectors(piece: np.ndarray, degree: np.ndarray) -> np.ndarray:
    """For each component the roots of its degrees, of length 1; all have eigenvalue 0."""
    number = np.unique(piece, return_inverse=True)[1]
    if number.max() >= _MOST_COMPONENTS:
        return np.empty((len(piece), _MOST_COMPONENTS + 1))
    vectors = np.zeros((len(piece), int(number.max()) + 1))
    vectors[np.arange(len(piece)), number] = np.sqrt(degree)
    return vectors / np.linalg.norm(vectors, axis=0)


def _lowest_beside(walk: Any, known: np.ndarray, count: int) -> np.ndarray:
    """The lowest eigenvectors of the Laplacian that are orthogonal to known ones."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    def apply(x: np.ndarray) -> np.ndarray:
        x = x - known @ (known.T @ x)
        x = 0.5 * (x + walk @ x)
        return x - known @ (known.T @ x)

    n = walk.shape[0]
    start = np.random.default_rng(0).standard_normal(n)
    return eigsh(LinearOperator((n, n), matvec=apply, dtype=np.float64), k=count, which="LA", v0=start)[1]


def lower_bounds(low: LowVectors, degree: np.ndarray, volumes: np.ndarray) -> np.ndarray:
    """For each class of volume, what the conductance of a set is at least."""
    classes = len(volumes) - 1
    if not len(low.values):
        return np.zeros(classes)
    caps = np.array([_caps(low.vectors[:, i], degree, volumes) for i in range(len(low.values))])
    leverage, joint = np.zeros(len(degree)), np.empty_like(caps)
    for i in range(len(low.values)):
        leverage += low.vectors[:, i] ** 2
        joint[i] = np.interp(volumes[1:], *_best_choice(leverage, degree))
    bound = np.zeros(classes)
    held = np.zeros(classes)
    for i, value in enumerate(low.values):
        most = np.minimum(np.minimum(1.0, joint[i]), held + caps[i])
        most = np.maximum(most, held)
        bound += value * (most - held)
        held = most
    bound += low.beyond * (1.0 - held)
    return np.maximum(0.0, bound - 2.0 * low.residual - 1e-12)


def _caps(vector: np.ndarray, degree: np.ndarray, volumes: np.ndarray) -> np.ndarray:
    """The largest squared share of a set's unit vector along `vector`, for each class of volume.

    The best gain within a volume v is concave and piecewise linear, so that its square over v is largest at
    one of its corners, or at an end of the class.
    """
    most = np.zeros(len(volumes) - 1)
    for gain in (vector * np.sqrt(degree), -vector * np.sqrt(degree)):
        corner, total = _best_choice(np.maximum(gain, 0.0), degree)
        for c in range(len(most)):
            low, high = volumes[c], volumes[c + 1]
            first, last = np.searchsorted(corner, (low, high))
            at = np.concatenate(([low], corner[first:last], [high]))
            most[c] = max(most[c], float((np.interp(at, corner, total) ** 2 / at).max()))
    return most


def _best_choice(gain: np.ndarray, degree: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the largest fractional gain against volume."""
    order = np.argsort(-gain / degree, kind="stable")
    return np.concatenate(([0.0], np.cumsum(degree[order]))), np.concatenate(([0.0], np.cumsum(gain[order])))


class FlowBound(NamedTuple):
    """What flows say of one class of volume, and of what node and price this is.

    Attributes
    ----------
    bound : float
    node : int
        The canonical number of the node whose sets could be best.
    price : float
    flow : float
    """

    bound: float
    node: int
    price: float
    flow: float


def absorbing(graph: Graph) -> Absorbing:
    """The state of flows over the rows of a graph, at rest."""
    n, entries = len(graph.loops), len(graph.indices)
    rows = np.repeat(np.arange(n), np.diff(graph.indptr))
    return Absorbing(
        np.lexsort((rows, graph.indices)).astype(np.int64),
        np.zeros(entries),
        np.zeros(n),
        np.full(n, -1, np.int32),
        np.zeros(n, bool),
        np.empty(n, np.int64),
        np.empty(n, np.int32),
        np.empty(n, np.int64),
        np.empty(n, np.int32),
    )


def flow_bounds(
    graph: Graph, degree: np.ndarray, volumes: np.ndarray, most: float, lower: np.ndarray
) -> list[FlowBound]:
    """For each class of volume up to `most`, from the smallest on, what flows around each node allow.

    A set S with node v has ``cut(S) + p volume(S) >= F``, F the least cut between v and all others where
    each of them absorbs p times its volume (the easy side of duality: any flow will do). So a set of volume
    up to h has a conductance of at least ``F / h - p``; the price p is sought for each node, and the least
    over all nodes holds for all sets. Where that is not above `lower`, what is known already, the node is -1.
    """
    state = absorbing(graph)
    nodes, found = np.argsort(degree, kind="stable"), []
    for high, known in zip(volumes[1:][volumes[1:] <= most], lower):
        bound, node, price, flow = least_conductance(
            graph, state, degree, nodes, float(high), float(known), _PRICES
        )
        bound = max(0.0, bound - 1e-12 * (1.0 + flow)) if np.isfinite(bound) else 0.0
        found.append(FlowBound(float(bound), int(node), float(price), float(flow)))
    return found
