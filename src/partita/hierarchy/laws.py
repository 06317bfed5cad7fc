"""The laws of a hierarchy, checked at construction and by ``Hierarchy.check``; O(n + m)."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError


def check_tree(
    order: np.ndarray, parent: np.ndarray, start: np.ndarray, stop: np.ndarray, height: np.ndarray
) -> None:
    """Refuse arrays that are no nested partition.

    Parameters
    ----------
    order : intp[n]
    parent, start, stop : intp[m]
    height : float64[m]

    Raises
    ------
    InvalidDataError
        Naming the first broken law and where.
    """
    m = len(parent)
    for name, array in (("start", start), ("stop", stop), ("height", height)):
        if len(array) != m:
            raise InvalidDataError(f"{name} has {len(array)} entries and parent has {m}.", name=name)
    if m == 0:
        raise InvalidDataError(
            "A hierarchy has at least one part, the root.",
            name="parent",
            hint="for no items: parent [-1], start [0], stop [0], height [0.0]",
        )
    from partita.kernels import tree

    code, at = tree.tree_check(order, parent, start, stop, height)
    if code != tree.OK:
        raise InvalidDataError(**_broken(int(code), int(at), order, parent, start, stop, height))


def check_levels(levels: tuple[np.ndarray, ...], end: np.ndarray) -> None:
    """Refuse levels that are no antichains or do not refine each other.

    Parameters
    ----------
    levels : tuple of intp arrays
        Parts of each level, ascending.
    end : intp[m]
        One past the last part of each subtree.

    Raises
    ------
    InvalidDataError
        Naming the level and the part.
    """
    m = len(end)
    if not levels or levels[0].tolist() != [0]:
        raise InvalidDataError("levels[0] must be the root alone.", name="levels", allowed="levels[0] == [0]")
    for j, level in enumerate(levels):
        if len(level) and (level[0] < 0 or level[-1] >= m):
            raise InvalidDataError(f"Level {j} names a part outside 0 to {m - 1}.", name="levels")
        inside = np.flatnonzero(level[1:] < end[level[:-1]])
        if len(inside):
            a, b = int(level[inside[0]]), int(level[inside[0] + 1])
            raise InvalidDataError(
                f"Level {j} is no antichain: part {b} lies in (or is) part {a}.", name="levels"
            )
        if j:
            _check_refines(level, levels[j - 1], end, j)


def _check_refines(fine: np.ndarray, coarse: np.ndarray, end: np.ndarray, j: int) -> None:
    at = np.searchsorted(coarse, fine, side="right") - 1
    outside = at < 0
    if len(coarse):
        outside |= fine >= end[coarse[np.maximum(at, 0)]]
    if outside.any():
        part = int(fine[np.flatnonzero(outside)[0]])
        raise InvalidDataError(
            f"Level {j} does not refine level {j - 1}: part {part} lies in none of its parts.",
            name="levels",
            hint="give the levels coarse to fine",
        )


def _broken(code: int, at: int, order, parent, start, stop, height) -> dict[str, Any]:
    from partita.kernels import tree

    n = len(order)
    if code == tree.BAD_ORDER:
        return {
            "message": f"order is no permutation of 0 to {n - 1}: entry {at} is out of range or repeated.",
            "name": "order",
            "got": int(order[at]),
        }
    if code == tree.BAD_ROOT:
        return {"message": "The first part must be the root, with parent -1.", "got": int(parent[0])}
    if code == tree.BAD_SPAN:
        return {"message": f"The root must span all {n} items.", "got": (int(start[0]), int(stop[0]))}
    p = int(parent[at])
    if code == tree.BAD_PARENT:
        return {
            "message": f"The parent of part {at} must be one of the parts before it.",
            "name": "parent",
            "allowed": f"0 to {at - 1}",
            "got": p,
            "hint": "number the parts in preorder, or use Hierarchy.from_parent, which does it",
        }
    if code == tree.BAD_PREORDER:
        return {
            "message": f"The parts are not in preorder: part {at} continues part {p}, which was left before.",
            "name": "parent",
            "hint": "number the parts in preorder, or use Hierarchy.from_parent, which does it",
        }
    here = (int(start[at]), int(stop[at]))
    if code == tree.BAD_SLICE:
        return {"message": f"The slice of part {at} is not within 0 to {n}.", "name": "start", "got": here}
    if code == tree.BAD_TILING:
        return {
            "message": f"Part {at} does not begin where its sibling before it (or its parent {p}) ends.",
            "name": "start",
            "got": here,
            "hint": "children tile a prefix of their parent's slice, left to right",
        }
    if code == tree.BAD_NESTING:
        return {"message": f"Part {at} reaches beyond its parent {p}.", "name": "stop", "got": here}
    if code == tree.BAD_HEIGHT:
        return {"message": f"The height of part {at} is NaN.", "name": "height"}
    return {
        "message": f"Part {at} is higher than its parent {p}.",
        "name": "height",
        "got": (float(height[at]), float(height[p])),
        "hint": "heights never grow from parent to child",
    }
