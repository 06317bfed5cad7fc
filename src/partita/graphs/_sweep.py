"""The best set along an order of met nodes: sweep cuts by conductance. Called by graphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita.graphs._met import MetRows
from partita.kernels.local_push import sweep_cuts


@dataclass(frozen=True)
class Found:
    """A set of opened slots.

    Attributes
    ----------
    slots : int32[k]
    cut : float
        Weight that leaves the set (times what attributes make of it).
    volume : float
        Sum of the degrees as given.
    conductance : float
    """

    slots: np.ndarray
    cut: float
    volume: float
    conductance: float


@dataclass(frozen=True)
class Space:
    """What is known of the whole graph: its volume, and whether edges count as given."""

    volume: float
    as_given: bool


def conductances(cut: np.ndarray, strength: np.ndarray, volume: np.ndarray, space: Space) -> np.ndarray:
    """Cut over the volume of the smaller side; inf for sets of more than half the volume with attributes.

    The other side's volume is known without a look at it only where edges count as given.
    """
    other = np.maximum(space.volume - volume, 0.0) if space.as_given else np.zeros_like(volume)
    small = volume <= 0.5 * space.volume * (1.0 + 1e-12)
    base = np.where(small, strength, other)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(base > 0, cut / base, np.where(small, 0.0, np.inf))


def ranked_slots(rows: MetRows, per_volume: bool) -> tuple[np.ndarray, np.ndarray]:
    """Opened slots with a value, largest first, and where runs of equal values (to 1e-9) end."""
    slots = np.flatnonzero((rows.value[: rows.n_met] > 0) & (rows.met.start[: rows.n_met] >= 0))
    key = np.log(rows.value[slots])
    if per_volume:
        key -= np.log(np.maximum(rows.met.strength[slots], np.finfo(float).tiny))
    key = np.round(key, 9)
    order = np.lexsort((rows.nodes[slots], -key))
    slots, key = slots[order].astype(np.int32), key[order]
    return slots, np.flatnonzero(np.append(key[1:] != key[:-1], True)) if len(key) else np.empty(0, np.intp)


def sweep(rows: MetRows, slots: np.ndarray, space: Space) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut, volume and conductance of the first 1, 2, … of opened slots."""
    shape, volume = np.empty((len(slots), 2)), np.empty(len(slots))
    sweep_cuts(rows.met, slots, rows.degree, shape, volume, np.zeros(rows.n_met, bool))
    return shape[:, 0], volume, conductances(shape[:, 0], shape[:, 1], volume, space)


def best_sweep(
    rows: MetRows, space: Space, *, per_volume: bool, low: float = 0.0, high: float = np.inf
) -> Found | None:
    """The prefix of least conductance, of a volume from `low` to `high`; the first such one."""
    slots, ends = ranked_slots(rows, per_volume)
    if not len(slots):
        return None
    cut, volume, conductance = sweep(rows, slots, space)
    ends = ends[(volume[ends] >= low) & (volume[ends] <= high) & np.isfinite(conductance[ends])]
    if not len(ends):
        return None
    at = int(ends[np.argmin(conductance[ends])])
    return Found(slots[: at + 1], float(cut[at]), float(volume[at]), float(conductance[at]))


def measured(rows: MetRows, slots: np.ndarray, space: Space) -> Found:
    """A set of opened slots with its cut, volume and conductance, summed in the order of the nodes."""
    slots = slots[np.argsort(rows.nodes[slots])].astype(np.int32)
    cut, volume, conductance = sweep(rows, slots, space)
    return Found(slots, float(cut[-1]), float(volume[-1]), float(conductance[-1]))
