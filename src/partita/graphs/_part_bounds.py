"""What parts may hold: caps and floors from an imbalance, and refusals of what can't be met.

Called by multilevel_partition.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError


class Bounds(NamedTuple):
    """Bounds of the parts of one level.

    Attributes
    ----------
    ideal : float64 (k, r)
        What a part holds in perfect balance: its share, rounded up where weights are integers.
    cap, floor : float64 (k, r)
    """

    ideal: np.ndarray
    cap: np.ndarray
    floor: np.ndarray


def check_resources(values: Any, n: int) -> np.ndarray:
    """Resources of the nodes, float64 (n, r): ones by default.

    Raises
    ------
    InvalidDataError
        Naming the node.
    """
    if values is None:
        return np.ones((n, 1))
    try:
        weight = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"Node weights are not numbers: {error}.", name="node_weights") from error
    weight = weight[:, None] if weight.ndim == 1 else weight
    if weight.ndim != 2 or len(weight) != n or weight.shape[1] == 0:
        raise InvalidDataError(
            f"There are {n} nodes, and node_weights has shape {np.shape(values)}.",
            name="node_weights",
            allowed="shape (n,) or (n, r): one row for each node, one column for each resource",
        )
    wrong = ~np.isfinite(weight) | (weight < 0)
    if wrong.any():
        node, resource = (int(i) for i in np.argwhere(wrong)[0])
        raise InvalidDataError(
            f"Node {node} has a weight of resource {resource} that is negative or not finite.",
            name="node_weights",
            got=float(weight[node, resource]),
        )
    return weight


def check_fixed(values: Any, n: int, k: int) -> np.ndarray:
    """Given parts of the nodes, int32[n], -1 where free."""
    if values is None:
        return np.full(n, -1, np.int32)
    fixed = np.asarray(values)
    if fixed.shape != (n,) or fixed.dtype.kind not in "iu":
        raise InvalidDataError(
            "The fixed nodes are not told by one integer a node.",
            name="fixed",
            allowed=f"integers of shape ({n},): a part from 0 to {k - 1}, or -1",
            got=f"shape {fixed.shape}, {fixed.dtype}",
        )
    wrong = np.flatnonzero((fixed < -1) | (fixed >= k))
    if len(wrong):
        raise InvalidDataError(
            f"Node {wrong[0]} is fixed to a part that does not exist.",
            name="fixed",
            allowed=f"-1 (free), or 0 to {k - 1}",
            got=int(fixed[wrong[0]]),
        )
    return fixed.astype(np.int32)


def shares_of(values: Any, k: int, n_resources: int) -> np.ndarray:
    """Shares of the parts, float64 (k, r), each column summing to 1."""
    if values is None:
        return np.full((k, n_resources), 1.0 / k)
    shares = np.asarray(values, dtype=np.float64)
    shares = np.repeat(shares[:, None], n_resources, axis=1) if shares.ndim == 1 else shares
    if shares.shape != (k, n_resources) or not (np.isfinite(shares).all() and (shares > 0).all()):
        raise InvalidParameterError(
            "The 'part_shares' of MultilevelPartition are not valid.",
            name="part_shares",
            allowed=f"positive numbers of shape ({k},) or ({k}, {n_resources})",
            got=values,
        )
    return shares / shares.sum(axis=0)


def bounds_of(weight: np.ndarray, shares: np.ndarray, imbalance: float, min_weight: float | None) -> Bounds:
    """Caps ``(1 + imbalance)`` times the share, rounded down for integers after rounding the share up."""
    total = weight.sum(axis=0)
    ideal, cap = shares * total, np.empty(shares.shape)
    for r in range(len(total)):
        if (weight[:, r] == np.floor(weight[:, r])).all():
            ideal[:, r] = np.ceil(np.round(ideal[:, r], 9))
            cap[:, r] = np.floor((1.0 + imbalance) * ideal[:, r] + 1e-9)
        else:
            cap[:, r] = (1.0 + imbalance) * ideal[:, r] * (1.0 + 1e-12)
    return Bounds(ideal, cap, np.full(shares.shape, float(min_weight or 0.0)))


def check_feasible(weight: np.ndarray, bounds: Bounds, fixed: np.ndarray) -> None:
    """Refuse what provably can't be met, before any work.

    Raises
    ------
    InfeasibleError
        With the smallest relaxation of the bound that fails.
    """
    n, k = len(weight), len(bounds.cap)
    if k > n:
        raise InfeasibleError(
            f"{k} parts of at least one node need {k} nodes, and there are {n}.",
            f"n_parts={n}" if n else "give a graph with nodes",
            name="n_parts",
            got=k,
        )
    for r in range(weight.shape[1]):
        _check_heavy(weight[:, r], bounds.cap[:, r], bounds.ideal[:, r], r)
        _check_floor(weight[:, r].sum(), bounds, r)
    load = np.zeros_like(bounds.cap)
    held = fixed >= 0
    np.add.at(load, fixed[held], weight[held])
    if (load > bounds.cap).any():
        p, r = (int(i) for i in np.argwhere(load > bounds.cap)[0])
        raise InfeasibleError(
            f"Nodes fixed to part {p} weigh {load[p, r]:g} of resource {r}, and its cap is "
            f"{bounds.cap[p, r]:g}.",
            f"imbalance={relaxed(load[p, r] / bounds.ideal[p, r])}, or fix fewer nodes",
            name="fixed",
        )


def relaxed(ratio: float) -> float:
    """The imbalance that a load over its ideal needs, rounded up to six decimals."""
    return math.ceil((ratio - 1.0) * 1e6 - 1e-6) / 1e6


def _check_heavy(weight: np.ndarray, cap: np.ndarray, ideal: np.ndarray, resource: int) -> None:
    """A node above every cap; and with equal caps, k + 1 nodes of which two must share a part."""
    heaviest = np.sort(weight)[::-1]
    k = len(cap)
    if heaviest[0] > cap.max():
        raise InfeasibleError(
            f"Node {int(np.argmax(weight))} weighs {heaviest[0]:g} of resource {resource}, more than any "
            f"part may hold ({cap.max():g}).",
            f"imbalance={relaxed(heaviest[0] / ideal.max())}, or divide the node",
            name="imbalance",
        )
    if len(heaviest) > k and heaviest[k - 1] + heaviest[k] > cap.max():
        together = heaviest[k - 1] + heaviest[k]
        raise InfeasibleError(
            f"Of the {k + 1} heaviest nodes two share a part, which then holds at least {together:g} of "
            f"resource {resource}; the cap is {cap.max():g}.",
            f"imbalance={relaxed(together / ideal.max())}",
            name="imbalance",
        )


def _check_floor(total: float, bounds: Bounds, resource: int) -> None:
    floor, cap = bounds.floor[:, resource], bounds.cap[:, resource]
    if floor.sum() > total:
        raise InfeasibleError(
            f"{len(floor)} parts of at least {floor[0]:g} need {floor.sum():g} of resource {resource}, and "
            f"there is {total:g}.",
            f"min_weight={total / len(floor):g}",
            name="min_weight",
            got=float(floor[0]),
        )
    if (floor > cap).any():
        raise InfeasibleError(
            f"Parts must hold at least {floor.max():g} and at most {cap.min():g} of resource {resource}.",
            f"min_weight={cap.min():g}",
            name="min_weight",
            got=float(floor.max()),
        )
