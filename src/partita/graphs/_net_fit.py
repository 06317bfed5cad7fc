"""The fit of hypergraphs and of nodes with personalities. Called by multilevel_partition."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from partita import __version__
from partita._core.errors import InfeasibleError, InvalidDataError
from partita._core.optional import is_from
from partita.graphs._input import as_graph
from partita.graphs._multilevel import Plan
from partita.graphs._net_input import (
    Realisations,
    check_capacity,
    check_personalities,
    check_room,
    edges_as_nets,
    see_nets,
)
from partita.graphs._net_parts import NetProblem, divide_nets, excess_of, place
from partita.graphs._part_bounds import bounds_of, check_fixed, check_resources, shares_of
from partita.hierarchy import Hierarchy, MadeBy
from partita.kernels.nets import net_cost

_CITATION = (
    "A. Gregerson, A. Chadha, K. Morrow, Multi-personality partitioning for heterogeneous systems (2013), "
    "doi:10.1109/FPT.2013.6718375"
)


class NetResult(NamedTuple):
    """Parts and realisations in the given order of nodes."""

    hierarchy: Hierarchy
    parts: np.ndarray
    personalities: np.ndarray
    load: np.ndarray
    cost: float
    imbalance: float


def fit_nets(maker: Any, X: Any, k: int, plan: Plan, seed: int, started: float) -> NetResult:
    """Parts of a hypergraph, or of a graph whose nodes have personalities.

    Raises
    ------
    InvalidDataError, InfeasibleError
    """
    incidence = _incidence(X) if maker.hypergraph or is_hypergraph(X) else edges_as_nets(as_graph(X))
    n = incidence.shape[0]
    if maker.personalities is None:
        brought = X.extra.get("node_weights") if is_hypergraph(X) else None
        weight = check_resources(brought if maker.node_weights is None else maker.node_weights, n)
        ways = Realisations(np.arange(n + 1), weight)
    else:
        ways = check_personalities(maker.personalities, n)
    fixed, cap = check_fixed(maker.fixed, n, k), _capacity(maker, k, ways)
    check_room(ways, cap, n)
    seen = see_nets(incidence, ways, fixed)
    goal = cap / (1.0 + maker.imbalance)
    problem = NetProblem(seen.nets, cap, goal, fixed[seen.order], maker.objective == "cut")
    labels, way, load = divide_nets(problem, plan, seed)
    placed = place(problem, seen.nets, labels, way)
    excess = excess_of(problem, placed)
    if excess > 0.0:
        raise InfeasibleError(
            "No division within the capacities was found.",
            f"{float((load / np.maximum(cap, 1e-300)).max()):.4f} times the capacity (for this there is one; "
            "the smallest possible is not known)",
            name="capacity" if maker.capacity is not None else "imbalance",
        )
    cost = float(net_cost(seen.nets, placed, problem.whole))
    parts, chosen = np.empty(n, np.int32), np.empty(n, np.int32)
    parts[seen.order], chosen[seen.order] = labels, way - seen.nets.ways[:-1]
    rank = np.empty(n, np.int64)
    rank[seen.order] = np.arange(n)
    made_by = MadeBy(
        method=type(maker).__name__,
        parameters=maker._plain_parameters(),
        version=__version__,
        fingerprint=seen.fingerprint,
        cost=cost,
        seconds=time.perf_counter() - started,
        citation=_CITATION,
        certificates={"cuts": [cost], "loads": [load.tolist()], "caps": [cap.tolist()]},
    )
    hierarchy = Hierarchy.from_labels([parts], item_rank=rank, made_by=made_by)
    used = np.where(goal > 0, load / np.where(goal > 0, goal, 1.0), 0.0)
    return NetResult(hierarchy, parts, chosen, load, cost, float(used.max() - 1.0))


def is_hypergraph(X: Any) -> bool:
    """Whether `X` is a hypergraph that partita.io has read."""
    return is_from(X, "partita") and getattr(X, "kind", None) == "hypergraph"


def _incidence(X: Any) -> Any:
    from scipy.sparse import csr_array, issparse

    data = X.data if is_hypergraph(X) else X
    matrix = data if issparse(data) else np.asarray(data)
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        raise InvalidDataError(
            "A hypergraph is a matrix of numbers, nodes by nets.",
            name="X",
            got=f"{matrix.dtype} of shape {matrix.shape}",
        )
    return csr_array(matrix)


def _capacity(maker: Any, k: int, ways: Realisations) -> np.ndarray:
    n_resources = ways.need.shape[1]
    if maker.capacity is None and maker.personalities is None:
        return bounds_of(ways.need, shares_of(None, k, n_resources), maker.imbalance, None).cap
    return check_capacity(maker.capacity, k, n_resources)
