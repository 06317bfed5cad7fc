"""Flat cuts: every rule says which parts are split; what is reached and not split is the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita._core.params import Integer, Optional, Real, check_parameters
from partita.hierarchy._arrays import as_floats, sealed
from partita.hierarchy.partition import NOISE, Partition

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy

_RULES = {
    "n_clusters": Optional(Integer(low=1)),
    "level": Optional(Integer()),
    "max_size": Optional(Integer(low=1)),
    "min_size": Optional(Integer(low=1)),
    "persistence": Optional(Real()),
}
_SIZES = {"n_clusters", "max_size", "min_size"}


def cut(
    h: Hierarchy,
    n_clusters: int | None,
    height: float | None,
    level: int | None,
    max_size: int | None,
    min_size: int | None,
    persistence: float | None,
) -> Partition:
    """One flat partition by one rule; see `Hierarchy.cut`."""
    given = _checked(
        {
            "n_clusters": n_clusters,
            "height": height,
            "level": level,
            "max_size": max_size,
            "min_size": min_size,
            "persistence": persistence,
        }
    )
    if level is not None:
        parts = h._level(level)
        return Partition(
            h.labels(level), n_parts=len(parts), parts=parts, hierarchy=h, part_labels=h.part_labels(level)
        )
    if given <= _SIZES:
        split = _split_by_size(h, n_clusters, max_size, min_size)
    elif height is not None:
        split = h.height > height
    else:
        split = _all_at_least(h, _persistence(h), h.height, float(persistence or 0.0))
    return _labelled(h, split)


def _checked(values: dict[str, Any]) -> set[str]:
    check_parameters("cut", _RULES, values)
    height = values["height"]
    if height is not None and (isinstance(height, bool) or not isinstance(height, (int, float, np.number))):
        raise InvalidParameterError("height must be a number.", name="height", got=height)
    if height is not None and np.isnan(height):
        raise InvalidParameterError("height is NaN.", name="height", allowed="a number, or inf")
    given = {name for name, value in values.items() if value is not None}
    if not given:
        raise InvalidParameterError(
            "cut needs a rule.",
            name="cut",
            allowed=", ".join(values),
            hint="for the finest named level: cut(level=-1), or labels()",
        )
    if len(given) > 1 and not given <= _SIZES:
        raise InvalidParameterError(
            "These rules of cut don't go together.",
            name="cut",
            allowed="one rule, or n_clusters, max_size and min_size together",
            got=sorted(given),
        )
    return given


def _singletons(h: Hierarchy) -> bool:
    return h.own_items_are == "singletons"


def _own_counts(h: Hierarchy) -> np.ndarray:
    return h.stop - h._own


def _split_by_size(h: Hierarchy, k: int | None, largest: int | None, smallest: int | None) -> np.ndarray:
    """Which parts are split for any of the three; they bind together."""
    if smallest is not None and h.n_items < smallest:
        raise InfeasibleError(
            f"No part can hold {smallest} of {h.n_items} items.", f"min_size={h.n_items}", name="min_size"
        )
    sizes = h.sizes.astype(np.float64)
    may_split = _splittable(h) if smallest is None else _all_at_least(h, sizes, np.ones(h.n_parts), smallest)
    split = np.zeros(h.n_parts, dtype=bool) if k is not None else may_split.copy()
    if largest is not None:
        # Without k, max_size alone decides; min_size only says what may be split.
        split = h.sizes > largest
        _refuse_unsplit(h, split, may_split, largest, smallest)
    return split if k is None else _split_to(h, k, split, may_split)


def _refuse_unsplit(
    h: Hierarchy, split: np.ndarray, may_split: np.ndarray, largest: int, smallest: int | None
) -> None:
    stuck = np.flatnonzero(split & ~may_split)
    if len(stuck):
        part = int(stuck[np.argmax(h.sizes[stuck])])
        reason = "is a leaf part" if smallest is None else f"can't be split into parts of at least {smallest}"
        raise InfeasibleError(
            f"Part {part} has {int(h.sizes[part])} items and {reason}.",
            f"max_size={int(h.sizes[part])}",
            name="max_size",
            got=largest,
        )


def _splittable(h: Hierarchy) -> np.ndarray:
    """Parts that a split turns into others: with a child that has items, or several own items as parts."""
    children = _child_lows(h, h.height)[1]
    return (children > 0) | (h.sizes > 1) if _singletons(h) else children > 0


def _child_lows(h: Hierarchy, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from partita.kernels.tree_cut import tree_lowest_child

    lowest, count = np.empty(h.n_parts), np.empty(h.n_parts, dtype=np.intp)
    values = sealed(np.array(values, dtype=np.float64))
    tree_lowest_child(h.parent, h.sizes, values, lowest, count)
    return lowest, count


def _all_at_least(h: Hierarchy, values: np.ndarray, own_value: np.ndarray, least: float) -> np.ndarray:
    """Parts whose children all reach `least`; where own items are parts, they count with `own_value`."""
    lowest, _ = _child_lows(h, values)
    allowed = _splittable(h) & (lowest >= least)
    if _singletons(h):
        allowed &= (_own_counts(h) == 0) | (own_value >= least)
    return allowed


def _persistence(h: Hierarchy) -> np.ndarray:
    """How long each part lasts: as its maker says, or from its parent's height down to its own."""
    if "persistence" in h.part_data:
        column = h.part_data["persistence"]
        if column.ndim != 1 or column.dtype.kind not in "biuf":
            raise InvalidDataError(
                "part_data['persistence'] must be one number for each part.",
                name="persistence",
                got=column.dtype,
            )
        return np.where(np.isnan(column), -np.inf, as_floats(column, "persistence"))
    lasting = np.full(h.n_parts, np.inf)
    above = h.height[h.parent[1:]]
    with np.errstate(invalid="ignore"):
        # inf - inf is a part that ends where its parent does.
        lasting[1:] = np.where(above == h.height[1:], 0.0, above - h.height[1:])
    return lasting


def _split_to(h: Hierarchy, k: int, split: np.ndarray, may_split: np.ndarray) -> np.ndarray:
    from partita.kernels.tree_cut import tree_split_highest

    if k > max(h.n_items, 1):
        raise InfeasibleError(
            f"{h.n_items} items can't make {k} parts.",
            f"n_clusters={max(h.n_items, 1)}",
            name="n_clusters",
            got=k,
        )
    gain = _child_lows(h, h.height)[1] - 1
    if _singletons(h):
        gain += _own_counts(h)
    before, after = tree_split_highest(h._end, h.height, h.sizes, gain, may_split, k, split)
    if after != k:
        raise InfeasibleError(_why_not(k, int(before), int(after)), _nearest(k, int(before), int(after)),
                              name="n_clusters", got=k)  # fmt: skip
    return split


def _why_not(k: int, before: int, after: int) -> str:
    if after < k:
        return f"The hierarchy has no cut into {k} parts: the finest that it allows has {after}."
    if before >= k or before == after:
        return f"The other bounds leave no cut into {k} parts: they need at least {after}."
    return f"The hierarchy has no cut into {k} parts: one split goes from {before} to {after}."


def _nearest(k: int, before: int, after: int) -> str:
    if after < k or before >= k or before == after:
        return f"n_clusters={after}"
    return f"n_clusters={before} or n_clusters={after}"


def _labelled(h: Hierarchy, split: np.ndarray) -> Partition:
    from partita.kernels.tree_cut import tree_cut, tree_label_cut

    split, chosen = np.array(split), np.empty(h.n_parts, dtype=bool)
    count = int(tree_cut(h.parent, split, h.sizes, chosen))
    singletons = _singletons(h)
    if singletons:
        count += int(_own_counts(h)[split].sum())
    labels = np.full(h.n_items, NOISE, dtype=np.int32)
    part_labels = np.full(h.n_parts, NOISE, dtype=np.int32)
    parts = np.empty(count, dtype=np.intp)
    made = tree_label_cut(
        h.order, h._end, h.start, h.stop, h._own, chosen, split, singletons, labels, parts, part_labels
    )
    arrays = (sealed(labels), sealed(parts[:made]), sealed(part_labels))
    return Partition(arrays[0], n_parts=int(made), parts=arrays[1], hierarchy=h, part_labels=arrays[2])
