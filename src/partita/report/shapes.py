"""Treemaps of polygons for the page, in 16 bits a coordinate. Callers: ``report.payload``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from partita._core.errors import InvalidParameterError
from partita.draw._layouts import LAYOUTS, lay_out
from partita.hierarchy import Hierarchy

ASPECT = 1.45
_HEIGHT = 1000.0
_STEPS = 65535.0


def check_layouts(layout: Any) -> list[str]:
    """The layouts that a page offers, the first of them first.

    Raises
    ------
    InvalidParameterError
        When one is unknown, or none is given.
    """
    given = [layout] if isinstance(layout, str) else list(layout)
    unknown = [name for name in given if name not in LAYOUTS]
    if unknown or not given:
        raise InvalidParameterError(
            "layout is not valid.",
            name="layout",
            allowed=f"one or more of {', '.join(LAYOUTS)}",
            got=unknown[0] if unknown else layout,
        )
    return list(dict.fromkeys(given))


def shape_columns(h: Hierarchy, parts: dict[str, Any], layouts: Iterable[str]) -> dict[str, Any] | None:
    """The polygons of the shown parts in each layout but the squarified one, which the page makes itself.

    Parameters
    ----------
    h : Hierarchy
    parts : dict
        The columns of the shown parts, from `parts.part_columns`.
    layouts : iterable of str

    Returns
    -------
    shapes : dict or None
        ``node`` of every part and ``own`` of its own items (-1: none); ``of`` each layout ``corner`` (x, y in
        65535ths of the box around the parent's polygon) and ``offset`` of each node. O(corners).
    """
    wanted = [name for name in layouts if name != "squarified"]
    if not wanted or h.n_items == 0:
        return None
    node, own, parent, weight = _nodes(parts)
    weighty = np.flatnonzero(weight > 0)
    number = np.cumsum(weight > 0) - 1
    inner_parent = np.where(parent[weighty] >= 0, number[parent[weighty]], -1)
    drawn: dict[str, Any] = {}
    for name in wanted:
        polygons = lay_out(name, inner_parent, weight[weighty], ASPECT * _HEIGHT, _HEIGHT)
        corner = _in_steps(np.asarray(polygons.corners), np.asarray(polygons.offset), inner_parent)
        length = np.zeros(len(parent), dtype=np.intp)
        length[weighty] = np.diff(polygons.offset)
        drawn[name] = {"corner": corner, "offset": np.concatenate([[0], np.cumsum(length)])}
    return {"aspect": ASPECT, "node": node, "own": own, "of": drawn}


def _nodes(parts: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The drawn tree in preorder: the nodes of the parts and of their own items, all parents and weights.

    A part with children and items of its own, or in parts that the page leaves out, has a leaf for these.
    """
    parent, size = parts["parent"], parts["size"]
    rest = parts["own"] + parts["hidden_size"]
    inner = np.zeros(len(parent), dtype=bool)
    inner[parent[1:]] = True
    leafed = inner & (rest > 0)
    before = np.cumsum(leafed) - leafed
    node = np.arange(len(parent)) + before
    own = np.where(leafed, node + 1, -1)
    total = len(parent) + int(leafed.sum())
    up, weight = np.empty(total, dtype=np.intp), np.empty(total)
    up[node] = np.where(parent >= 0, node[parent], -1)
    up[own[leafed]] = node[leafed]
    weight[node], weight[own[leafed]] = size, rest[leafed]
    return node, own, up, weight


def _in_steps(corners: np.ndarray, offset: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """The corners in 65535ths of the box around the parent's polygon as it is drawn, uint16[2 p].

    Errors don't add up from level to level: a box is taken from the rounded corners, as the page does.
    """
    count = np.diff(offset)
    owner = np.repeat(np.arange(len(count)), count)
    depth = _depths(parent)
    steps = np.zeros(corners.shape, dtype=np.uint16)
    low, high = np.zeros((len(count), 2)), np.ones((len(count), 2)) * [ASPECT * _HEIGHT, _HEIGHT]
    by_depth = np.argsort(depth[owner], kind="stable")
    for rows in np.split(by_depth, np.flatnonzero(np.diff(depth[owner][by_depth])) + 1):
        if not len(rows):
            continue
        node = owner[rows]
        above = parent[node]
        base = np.where(above[:, None] >= 0, low[above], 0.0)
        span = np.where(above[:, None] >= 0, high[above] - low[above], [ASPECT * _HEIGHT, _HEIGHT])
        span = np.where(span > 0, span, 1.0)
        steps[rows] = np.rint(np.clip((corners[rows] - base) / span, 0.0, 1.0) * _STEPS).astype(np.uint16)
        drawn = base + steps[rows] / _STEPS * span
        first = np.flatnonzero(np.diff(node, prepend=-1))
        low[node[first]] = np.minimum.reduceat(drawn, first)
        high[node[first]] = np.maximum.reduceat(drawn, first)
    return steps.ravel()


def _depths(parent: np.ndarray) -> np.ndarray:
    depth = [0] * len(parent)
    for v, up in enumerate(parent.tolist()):
        if up >= 0:
            depth[v] = depth[up] + 1
    return np.array(depth, dtype=np.intp)
