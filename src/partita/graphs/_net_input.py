"""Hypergraphs, realisations of nodes and capacities, checked and in an order of content.

Called by multilevel_partition.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._net_parts import nets_of
from partita.kernels.nets import Nets


class Realisations(NamedTuple):
    """Rows ``start[u]`` to ``start[u + 1] - 1`` of `need` float64 (w, r) are what node u may use."""

    start: np.ndarray
    need: np.ndarray


class InputNets(NamedTuple):
    """A hypergraph in canonical numbers; ``order[v]`` is the given number of canonical node v."""

    nets: Nets
    order: np.ndarray
    fingerprint: str


def check_personalities(values: Any, n: int) -> Realisations:
    """Realisations of the nodes, from an array (p, r) a node or an array (n, p, r); rows of NaN are left out.

    Raises
    ------
    InvalidDataError
        Naming the node.
    """
    if values is None or len(values) != n:
        raise InvalidDataError(
            f"There are {n} nodes, and personalities of {0 if values is None else len(values)}.",
            name="personalities",
            allowed="for each node an array (personalities, resources)",
        )
    rows, n_resources = [], None
    for u in range(n):
        need = np.atleast_2d(np.asarray(values[u], dtype=np.float64))
        need = need[~np.isnan(need).all(axis=1)]
        n_resources = need.shape[1] if n_resources is None else n_resources
        if need.ndim != 2 or not len(need) or need.shape[1] != n_resources or not _usable(need):
            raise InvalidDataError(
                f"The personalities of node {u} are not rows of {n_resources} finite numbers of at least 0.",
                name="personalities",
                got=values[u],
            )
        rows.append(need)
    start = np.concatenate(([0], np.cumsum([len(need) for need in rows])))
    return Realisations(start.astype(np.int64), np.concatenate(rows) if rows else np.empty((0, 1)))


def _usable(need: np.ndarray) -> bool:
    return bool((np.isfinite(need) & (need >= 0)).all())


def check_capacity(values: Any, k: int, n_resources: int) -> np.ndarray:
    """Capacities float64 (k, r).

    Raises
    ------
    InvalidParameterError
    """
    cap = np.asarray(values, dtype=np.float64) if values is not None else np.empty(0)
    cap = np.repeat(np.atleast_2d(cap), k, axis=0) if cap.ndim < 2 else cap
    if values is None or cap.shape != (k, n_resources) or not (cap >= 0).all():
        raise InvalidParameterError(
            "The 'capacity' of MultilevelPartition is not valid.",
            name="capacity",
            allowed=f"numbers of at least 0 of shape ({n_resources},) or ({k}, {n_resources}); needed with "
            "personalities, whose sum depends on what is chosen",
            got=values,
        )
    return np.ascontiguousarray(cap)


def see_nets(incidence: Any, ways: Realisations, fixed: np.ndarray) -> InputNets:
    """The hypergraph of a matrix nodes x nets, or of a graph's edges, in an order of content.

    Raises
    ------
    InvalidDataError
        For prices of nets that are negative, not finite, or differ between the pins of a net.
    """
    from scipy.sparse import block_array, csr_array, diags_array

    matrix = csr_array(incidence, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    _check_prices(matrix)
    n, e = matrix.shape
    kind = _kinds(ways, fixed) + 2.0
    both = as_graph(
        block_array([[None, matrix], [matrix.T, None]], format="csr")
        + diags_array(np.concatenate((kind, np.ones(e)))),
        loops="keep",
    )
    nodes, nets = both.order[both.order < n], both.order[both.order >= n] - n
    size = np.diff(ways.start)[nodes]
    rows = np.repeat(ways.start[nodes] - np.concatenate(([0], np.cumsum(size)[:-1])), size) + np.arange(
        size.sum()
    )
    start = np.concatenate(([0], np.cumsum(size)))
    sorted_matrix = csr_array(matrix[nodes][:, nets])
    sorted_matrix.sort_indices()
    return InputNets(nets_of(sorted_matrix, start, ways.need[rows]), nodes, both.fingerprint)


def edges_as_nets(given: InputGraph) -> Any:
    """The matrix nodes x edges of a graph, in the order in which its nodes were given."""
    from scipy.sparse import coo_array

    graph = given.graph
    tail = np.repeat(np.arange(given.n), np.diff(graph.indptr))
    once = np.flatnonzero(tail < graph.indices)
    rows = given.order[np.concatenate((tail[once], graph.indices[once]))]
    columns = np.tile(np.arange(len(once)), 2)
    return coo_array((np.tile(graph.weights[once], 2), (rows, columns)), shape=(given.n, len(once))).tocsr()


def check_floor(value: float | None, ways: Realisations, cap: np.ndarray) -> np.ndarray:
    """What each part must hold at least of each resource, float64 (k, r).

    Raises
    ------
    InfeasibleError
        For more than there can be, and for floors above capacities.
    """
    floor = np.full(cap.shape, float(value or 0.0))
    if not value:
        return floor
    most = np.maximum.reduceat(ways.need, ways.start[:-1], axis=0).sum(axis=0)
    largest = min(float((most / len(cap)).min()), float(cap.min()))
    if value > largest * (1.0 + 1e-12):
        raise InfeasibleError(
            f"{len(cap)} parts can't each hold {value:g} of every resource: all nodes bring at most "
            f"{most.min():g} of one, and the smallest capacity is {cap.min():g}.",
            f"min_weight={largest:g}",
            name="min_weight",
            got=value,
        )
    return floor


def check_room(ways: Realisations, cap: np.ndarray, n: int) -> None:
    """Refuse what provably does not fit.

    Raises
    ------
    InfeasibleError
    """
    if len(cap) > n:
        raise InfeasibleError(
            f"{len(cap)} parts of at least one node need {len(cap)} nodes, and there are {n}.",
            f"n_parts={n}" if n else "give a graph with nodes",
            name="n_parts",
            got=len(cap),
        )
    least = np.minimum.reduceat(ways.need, ways.start[:-1], axis=0).sum(axis=0)
    short = np.flatnonzero(least > cap.sum(axis=0) * (1 + 1e-12))
    if len(short):
        r = int(short[0])
        raise InfeasibleError(
            f"All nodes need at least {least[r]:g} of resource {r}, and all parts hold {cap[:, r].sum():g}.",
            f"{least[r] / cap[:, r].sum():.4g} times the capacity of resource {r}",
            name="capacity",
        )
    fits = np.any(np.all(ways.need[:, None, :] <= cap[None], axis=2), axis=1)
    homeless = np.flatnonzero(~np.logical_or.reduceat(fits, ways.start[:-1]))
    if len(homeless):
        raise InfeasibleError(
            f"Node {homeless[0]} fits into no part in any of its personalities.",
            "larger parts, or divide the node",
            name="capacity",
        )


def _check_prices(matrix: Any) -> None:
    if not (np.isfinite(matrix.data) & (matrix.data > 0)).all():
        raise InvalidDataError("Prices of nets must be finite and at least 0.", name="X")
    by_net = matrix.tocsc()
    filled = np.flatnonzero(np.diff(by_net.indptr))
    if not len(filled):
        return
    low = np.minimum.reduceat(by_net.data, by_net.indptr[filled])
    high = np.maximum.reduceat(by_net.data, by_net.indptr[filled])
    if (low != high).any():
        net = int(filled[np.argmax(low != high)])
        raise InvalidDataError(
            f"The entries of net {net} differ.", name="X", hint="all entries of a column are the net's price"
        )


def _kinds(ways: Realisations, fixed: np.ndarray) -> np.ndarray:
    """A number for each node that is equal where realisations and fixed part are, whatever the order."""
    texts = [
        (int(fixed[u]), ways.need[ways.start[u] : ways.start[u + 1]].tobytes())
        for u in range(len(ways.start) - 1)
    ]
    rank = {text: i for i, text in enumerate(sorted(set(texts)))}
    return np.array([rank[text] for text in texts], dtype=np.float64)
