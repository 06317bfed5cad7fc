"""The fit of hypergraphs and of nodes with personalities. Called by multilevel_partition."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from partita import __version__
from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita._core.optional import is_from
from partita.graphs._input import as_graph
from partita.graphs._multilevel import Plan
from partita.graphs._net_connect import connect_nets, net_pieces
from partita.graphs._net_input import (
    InputNets,
    Realisations,
    check_capacity,
    check_floor,
    check_personalities,
    check_room,
    edges_as_nets,
    see_nets,
)
from partita.graphs._net_nested import NetLevels, divide_levels
from partita.graphs._net_parts import NetProblem, place
from partita.graphs._part_bounds import bounds_of, check_fixed, check_resources, shares_of
from partita.hierarchy import Hierarchy, MadeBy
from partita.kernels.nets import net_cost

_CITATION = (
    "A. Gregerson, A. Chadha, K. Morrow, Multi-personality partitioning for heterogeneous systems (2013), "
    "doi:10.1109/FPT.2013.6718375"
)


class NetResult(NamedTuple):
    """Parts and realisations in the given order of nodes; costs of the levels, coarse to fine."""

    hierarchy: Hierarchy
    parts: np.ndarray
    personalities: np.ndarray
    load: np.ndarray
    costs: list[float]
    imbalance: float


def fit_nets(
    maker: Any, X: Any, branches: tuple[int, ...], plan: Plan, seed: int, started: float
) -> NetResult:
    """Parts of a hypergraph, or of a graph whose nodes have personalities.

    Raises
    ------
    InvalidParameterError, InvalidDataError, InfeasibleError
    """
    incidence = _incidence(X) if maker.hypergraph or is_hypergraph(X) else edges_as_nets(as_graph(X))
    n, k = incidence.shape[0], int(np.prod(branches))
    ways, fixed = _ways(maker, X, n), check_fixed(maker.fixed, n, k)
    caps = _caps(maker, branches, ways)
    check_room(ways, caps[-1], n)
    floor = check_floor(maker.min_weight, ways, caps[-1])
    seen = see_nets(incidence, ways, fixed)
    goal = caps[-1] / (1.0 + maker.imbalance)
    problem = NetProblem(seen.nets, caps[-1], goal, fixed[seen.order], maker.objective == "cut", floor)
    levels = NetLevels(problem, branches, caps)
    if maker.connected:
        _check_pieces(levels)
    labels, way = divide_levels(levels, plan, seed)
    if maker.connected:
        labels, way = connect_nets(levels, labels, way)
    _refuse_unmet(maker, levels, labels, way)
    return _result(maker, levels, seen, labels, way, started)


def _ways(maker: Any, X: Any, n: int) -> Realisations:
    if maker.personalities is not None:
        return check_personalities(maker.personalities, n)
    brought = X.extra.get("node_weights") if is_hypergraph(X) else None
    weight = check_resources(brought if maker.node_weights is None else maker.node_weights, n)
    return Realisations(np.arange(n + 1), weight)


def _check_pieces(levels: NetLevels) -> None:
    nets, k = levels.problem.nets, len(levels.problem.cap)
    count = net_pieces(nets, np.zeros(len(nets.first) - 1, np.int32))[1]
    if count > k:
        raise InfeasibleError(
            f"A hypergraph of {count} components can't be divided into {k} connected parts.",
            f"n_parts={count}, or connected=False",
            name="connected",
        )


def _refuse_unmet(maker: Any, levels: NetLevels, labels: np.ndarray, way: np.ndarray) -> None:
    if levels.excess(labels, way) <= 0.0:
        return
    needed = 0.0
    for level, cap in enumerate(levels.caps):
        one = levels.at(level)
        load = place(one, one.nets, labels // (len(levels.problem.cap) // len(cap)), way).load
        needed = max(needed, float((load / np.maximum(cap, 1e-300)).max()))
    if needed <= 1.0 + 1e-9:
        least = float(place(levels.problem, levels.problem.nets, labels, way).load.min())
        raise InfeasibleError(
            f"No division was found in which every part holds {maker.min_weight or 0:g} of every resource.",
            f"min_weight={least:g} (for this there is one; the largest possible is not known)",
            name="min_weight",
            got=maker.min_weight,
        )
    raise InfeasibleError(
        "No division within the capacities was found.",
        f"{needed:.4f} times the capacity (for this there is one; the smallest possible is not known)",
        name="capacity" if maker.capacity is not None else "imbalance",
    )


def _result(
    maker: Any, levels: NetLevels, seen: InputNets, labels: np.ndarray, way: np.ndarray, started: float
) -> NetResult:
    n, k, nested, loads, costs = len(labels), len(levels.problem.cap), [], [], []
    used = 0.0
    for level, cap in enumerate(levels.caps):
        one = levels.at(level)
        part = (labels // (k // len(cap))).astype(np.int32)
        placed = place(one, one.nets, part, way)
        costs.append(float(net_cost(one.nets, placed, one.whole)))
        loads.append(placed.load)
        used = max(
            used,
            float(np.where(one.goal > 0, placed.load / np.where(one.goal > 0, one.goal, 1.0), 0.0).max()),
        )
        given = np.empty(n, np.int32)
        given[seen.order] = part
        nested.append(given)
    chosen, rank = np.empty(n, np.int32), np.empty(n, np.int64)
    chosen[seen.order] = way - seen.nets.ways[:-1]
    rank[seen.order] = np.arange(n)
    made_by = MadeBy(
        method=type(maker).__name__,
        parameters=maker._plain_parameters(),
        version=__version__,
        fingerprint=seen.fingerprint,
        cost=costs[-1],
        seconds=time.perf_counter() - started,
        citation=_CITATION,
        certificates={
            "cuts": costs,
            "loads": [load.tolist() for load in loads],
            "caps": [cap.tolist() for cap in levels.caps],
        },
    )
    hierarchy = Hierarchy.from_labels(nested, item_rank=rank, made_by=made_by)
    return NetResult(hierarchy, nested[-1], chosen, loads[-1], costs, used - 1.0)


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


def _caps(maker: Any, branches: tuple[int, ...], ways: Realisations) -> list[np.ndarray]:
    """Caps of every level, coarse to fine. A capacity is one of the leaves; what they hold adds up above."""
    k, n_resources = int(np.prod(branches)), ways.need.shape[1]
    counts = np.cumprod(branches)
    if maker.capacity is None and maker.personalities is None:
        shares = shares_of(maker.part_shares, k, n_resources)
        return [
            bounds_of(ways.need, shares.reshape(m, -1, n_resources).sum(axis=1), maker.imbalance, None).cap
            for m in counts
        ]
    if maker.part_shares is not None:
        raise InvalidParameterError(
            "Parts with a capacity have no shares besides.",
            name="part_shares",
            allowed=f"None; a capacity of shape ({k}, {n_resources}) tells what each part can hold",
            got=maker.part_shares,
        )
    cap = check_capacity(maker.capacity, k, n_resources)
    return [cap.reshape(m, -1, n_resources).sum(axis=1) for m in counts]
