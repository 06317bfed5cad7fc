"""A second hierarchy of the same items, beside the first. Callers: ``report.payload``."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, PartitaError
from partita.hierarchy import Hierarchy, compare
from partita.report.parts import clip, part_columns
from partita.report.sample import choose_parts, spread_positions

_MOST_ITEMS = 262_144
_MOST_LEVELS = 5
_CUTS = (3, 10, 30, 100)
_KEPT = ("id", "parent", "start", "size", "height", "name")


def check_other(other: Any, h: Hierarchy) -> Hierarchy | None:
    """`other`, if it divides the same items.

    Raises
    ------
    InvalidDataError
        When it is no hierarchy, or has another number of items or other ids.
    """
    if other is None:
        return None
    if not isinstance(other, Hierarchy):
        raise InvalidDataError("other must be a Hierarchy.", name="other", got=other)
    if other.n_items != h.n_items:
        raise InvalidDataError(
            f"other has {other.n_items:,} items, and the hierarchy {h.n_items:,}.",
            name="other",
            hint="give a hierarchy of the same items, in the same order of rows",
        )
    if h.item_ids is not None and other.item_ids is not None:
        differ = np.flatnonzero(np.asarray(h.item_ids) != np.asarray(other.item_ids))
        if len(differ):
            raise InvalidDataError(
                f"Item {int(differ[0])} has another id in other.",
                name="other",
                hint="give a hierarchy of the same items, in the same order of rows",
            )
    return other


def other_columns(h: Hierarchy, other: Hierarchy | None, title: str | None) -> dict[str, Any] | None:
    """The parts of the other hierarchy, and where a spread of items lies in both.

    Returns
    -------
    columns : dict or None
        ``items``: ``there``, ascending positions in the order of the other hierarchy; ``here``, the positions
        of the same items in the order of the first, multiples of ``step``. ``agreement``: rows of (name of a
        partition here, there, adjusted Rand index, adjusted mutual information). O(n + m).
    """
    if other is None:
        return None
    positions = spread_positions(0, h.n_items, _MOST_ITEMS)
    there = other._position[h.order[positions]]
    order = np.argsort(there, kind="stable")
    parts = part_columns(other, choose_parts(other))
    return {
        "title": clip(title or other.made_by.method or "the other hierarchy", 80),
        "parts": {name: parts[name] for name in _KEPT},
        "items": {
            "here": positions[order],
            "there": there[order],
            "step": int(positions[1] - positions[0]) if len(positions) > 1 else 1,
        },
        "agreement": _agreement(h, other),
    }


def _agreement(h: Hierarchy, other: Hierarchy) -> list[list[Any]]:
    """Adjusted indices of the named levels of both; where there are none, of cuts into a few parts."""
    rows = []
    for mine, labels in _partitions(h):
        for theirs, other_labels in _partitions(other):
            found = compare(labels, other_labels)
            rows.append([mine, theirs, round(found["ari"], 6), round(found["ami"], 6)])
    return rows


def _partitions(h: Hierarchy) -> list[tuple[str, np.ndarray]]:
    named = range(1, len(h.levels))
    if named:
        spread = np.unique(
            np.linspace(1, len(h.levels) - 1, min(len(named), _MOST_LEVELS)).round().astype(int)
        )
        return [(f"level {i}: {len(h.levels[i]):,} parts", h.labels(i)) for i in spread.tolist()]
    found: dict[int, np.ndarray] = {}
    for k in _CUTS:
        try:
            cut = h.cut(n_clusters=k)
        except PartitaError:
            break
        found[cut.n_parts] = cut.labels
    return [(f"cut into {k:,} parts", labels) for k, labels in found.items()]
