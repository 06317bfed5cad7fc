"""Better sets by largest flows: within a set (MQI), and around it (FlowImprove). Called by graphs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.graphs._met import MetRows
from partita.graphs._sweep import Found, Space, measured
from partita.kernels.max_flow import flow_largest, flow_levels

_GAIN = 1.0 - 1e-12


class Improved(NamedTuple):
    """A set, and how much of the last cut the flow left open (relative): 0 proves that nothing is better."""

    found: Found
    gap: float
    converged: bool


class _Network(NamedTuple):
    start: np.ndarray
    head: np.ndarray
    twin: np.ndarray
    room: np.ndarray


def improve_within(rows: MetRows, found: Found, space: Space) -> Improved:
    """The subset of least conductance of a set of at most half the volume (MQI), with a proof.

    A flow that carries the whole cut into the set, where every node takes at most its strength times the
    conductance, shows that no subset S has a smaller one: ``cut(S) >= conductance * strength(S) - missing``.
    """
    gap = 0.0
    while found.cut > 0 and len(found.slots) > 1 and found.volume <= 0.5 * space.volume * (1 + 1e-12):
        tail, head, share = _inner_arcs(rows, found.slots)
        strength = rows.met.strength[found.slots]
        border = np.maximum(strength - np.bincount(tail, share, len(found.slots)), 0.0)
        quotient = border.sum() / strength.sum()
        network = _network(len(found.slots), tail, head, share, border, quotient * strength)
        flow, reached = _solve(network, len(found.slots))
        gap = max(0.0, 1.0 - flow / border.sum())
        kept = found.slots[~reached]
        if not len(kept) or len(kept) == len(found.slots):
            break
        smaller = measured(rows, kept, space)
        if smaller.conductance >= found.conductance * _GAIN:
            break
        found, gap = smaller, 0.0
    return Improved(found, gap, True)


def improve_around(
    rows: MetRows, found: Found, space: Space, *, locality: float, max_volume: float
) -> Improved:
    """A set near another with less cut for what it shares with it (FlowImprove, SimpleLocal's penalty).

    Minimises ``cut(S) / (vol(S & A) - penalty * vol(S - A))``, penalty ``vol(A) / vol(rest) + locality``.
    Nodes outside are opened only where the flow fills them: at most ``vol(A) / locality`` of volume.
    """
    reference = found.slots
    base = rows.degree[reference].sum()
    if not 0 < base <= 0.5 * space.volume:
        return Improved(found, 0.0, True)
    penalty = base / (space.volume - base) + locality
    best, quotient, gap = found, found.cut / base, 0.0
    while best.cut > 0:
        flow, reached, closed = _flow_around(rows, reference, quotient, penalty, max_volume)
        gap = max(0.0, 1.0 - flow / (quotient * base))
        if closed:
            return Improved(best, gap, False)
        if not len(reached):
            break
        candidate = measured(rows, reached, space)
        inside = np.isin(candidate.slots, reference)
        volume = rows.degree[candidate.slots]
        worth = volume[inside].sum() - penalty * volume[~inside].sum()
        if worth <= 0 or candidate.cut / worth >= quotient * _GAIN:
            break
        best, quotient, gap = candidate, candidate.cut / worth, 0.0
    return Improved(best if best.conductance <= found.conductance else found, gap, True)


def _flow_around(
    rows: MetRows, reference: np.ndarray, quotient: float, penalty: float, max_volume: float
) -> tuple[float, np.ndarray, bool]:
    """The flow from a set to what lies around it; opens rows until no closed node is reached."""
    opened = reference
    while True:
        rows.open(opened)
        slots = _with_neighbours(rows, opened)
        tail, head, share = _arcs_from(rows, opened, slots)
        inside = np.isin(slots, reference)
        worth = quotient * rows.degree[slots]
        network = _network(len(slots), tail, head, share, worth * inside, worth * penalty * ~inside)
        flow, reached = _solve(network, len(slots))
        fresh = np.setdiff1d(slots[reached], opened)
        if not len(fresh):
            return flow, slots[reached], False
        opened = np.union1d(opened, fresh).astype(np.int32)
        if rows.degree[opened].sum() > max_volume:
            return flow, slots[reached], True


def _inner_arcs(rows: MetRows, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Entries between opened slots, by place in `slots`."""
    entry, tail = _entries(rows, slots)
    place = np.full(rows.n_met, -1, np.int64)
    place[slots] = np.arange(len(slots))
    head = place[rows.met.neighbour[entry]]
    inner = head >= 0
    return tail[inner], head[inner], rows.met.share[entry][inner]


def _arcs_from(
    rows: MetRows, opened: np.ndarray, slots: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Entries of opened slots, both ways where the other end is closed, by place in `slots`."""
    entry, tail = _entries(rows, opened)
    place = np.full(rows.n_met, -1, np.int64)
    place[slots] = np.arange(len(slots))
    is_open = np.isin(slots, opened)
    tail, head = place[opened][tail], place[rows.met.neighbour[entry]]
    share = rows.met.share[entry]
    one_way = ~is_open[head]
    return (
        np.concatenate((tail, head[one_way])),
        np.concatenate((head, tail[one_way])),
        np.concatenate((share, share[one_way])),
    )


def _with_neighbours(rows: MetRows, opened: np.ndarray) -> np.ndarray:
    entry, _ = _entries(rows, opened)
    return np.union1d(opened, rows.met.neighbour[entry]).astype(np.int32)


def _entries(rows: MetRows, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All entries of opened slots, and the place in `slots` of each one's tail."""
    start, stop = rows.met.start[slots], rows.met.stop[slots]
    length = stop - start
    tail = np.repeat(np.arange(len(slots)), length)
    first = np.cumsum(length) - length
    return np.arange(int(length.sum())) - first[tail] + start[tail], tail


def _network(
    n: int, tail: np.ndarray, head: np.ndarray, share: np.ndarray, supply: np.ndarray, demand: np.ndarray
) -> _Network:
    """Nodes 0 to n - 1 between a source n and a sink n + 1; every arc has one back."""
    nodes, source, sink = np.arange(n), np.full(n, n), np.full(n, n + 1)
    tail = np.concatenate((tail, source, nodes, nodes, sink))
    head = np.concatenate((head, nodes, source, sink, nodes))
    room = np.concatenate((share, supply, np.zeros(n), demand, np.zeros(n)))
    order = np.lexsort((head, tail))
    tail, head, room = tail[order], head[order], room[order]
    twin = np.empty(len(tail), np.int64)
    twin[:] = np.lexsort((tail, head))
    start = np.concatenate(([0], np.cumsum(np.bincount(tail, minlength=n + 2)))).astype(np.int64)
    return _Network(start, head.astype(np.int32), twin, room)


def _solve(network: _Network, n: int) -> tuple[float, np.ndarray]:
    """The largest flow, and which nodes can still be reached from the source."""
    flow = flow_largest(*network, n, n + 1)
    level, queue = np.empty(n + 2, np.int32), np.empty(n + 2, np.int32)
    flow_levels(network.start, network.head, network.room, n, level, queue)
    return float(flow), level[:n] >= 0
