"""The upper part of a tree that there is room to show, highest parts first. Callers: dendrograms."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from partita.draw._drawn import Drawn


class Shown(NamedTuple):
    """What is shown of a drawn tree of t nodes, in preorder."""

    node: np.ndarray
    """intp[s]: nodes of the drawn tree; -1 for the one that stands for the root's remaining children."""
    parent: np.ndarray
    """intp[s]: in rows of `node`, -1 for the root."""
    hidden: np.ndarray
    """intp[s]: nodes below that aren't shown; for -1 the children that it stands for, and all below these."""


def collapse(drawn: Drawn, height: np.ndarray, room: int) -> Shown:
    """The tree with at most `room` leaves: the highest part is opened first, ties by weight, then in order.

    Parameters
    ----------
    drawn : Drawn
    height : float64[t]
        A part's own items have the height of the part.
    room : int
        At least 2. A root with more children keeps the heaviest, and one node stands for the others.

    Returns
    -------
    shown : Shown
        O(t log t).
    """
    order = np.argsort(drawn.parent, kind="stable")
    first = np.searchsorted(drawn.parent[order], np.arange(len(drawn.parent) + 1))
    rest = np.empty(0, np.intp)
    visible, leaves = [0], 1
    waiting = [_entry(drawn, height, 0)]
    while waiting:
        node = heapq.heappop(waiting)[-1]
        children = order[first[node] : first[node + 1]]
        if node == 0 and len(children) > room:
            heaviest = np.lexsort((children, -drawn.weight[children]))
            rest = children[heaviest[room - 1 :]]
            children = np.sort(children[heaviest[: room - 1]])
        if len(children) == 0 or leaves + len(children) - 1 > room - (len(rest) > 0):
            continue
        leaves += len(children) - 1
        visible.extend(children.tolist())
        for child in children.tolist():
            heapq.heappush(waiting, _entry(drawn, height, child))
    return _shown(drawn, np.sort(np.array(visible)), rest)


def _entry(drawn: Drawn, height: np.ndarray, node: int) -> tuple[float, float, int]:
    return -float(height[node]), -float(drawn.weight[node]), node


def _shown(drawn: Drawn, visible: np.ndarray, rest: np.ndarray) -> Shown:
    number = np.full(len(drawn.parent), -1, dtype=np.intp)
    number[visible] = np.arange(len(visible))
    below = np.ones(len(drawn.parent), dtype=np.intp)
    parent = drawn.parent.tolist()
    for v in range(len(parent) - 1, 0, -1):
        below[parent[v]] += below[v]
    up = np.where(visible > 0, number[drawn.parent[visible]], -1)
    opened = np.isin(np.arange(len(visible)), up)
    hidden = np.where(opened, 0, below[visible] - 1)
    if len(rest) == 0:
        return Shown(visible, up, hidden)
    return Shown(np.append(visible, -1), np.append(up, 0), np.append(hidden, below[rest].sum()))
