"""Hierarchies for the tests of the page and of the command line."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita.hierarchy import Hierarchy, MadeBy

HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    "<!-- <script> ]]> \u2028 \u2029 \ud800 \x00 & &lt; {{data}} {{script}}",
    "'\"`${window.hacked = 3}`\\",
    "\u202emalicious right to left",
)


def nested(n_items: int = 60, *, seed: int = 0, **changes: Any) -> Hierarchy:
    """Three coarse parts, each of several finer ones, the items in a random order."""
    rng = np.random.default_rng(seed)
    fine = rng.integers(0, 9, n_items)
    h = Hierarchy.from_labels([fine // 3, fine])
    columns = {
        "name": [f"name {part}" for part in range(h.n_parts)],
        "terms": [f"term{part}, other" for part in range(h.n_parts)],
        "separability": np.linspace(0, 1, h.n_parts),
    }
    return h.replace(**{"part_data": columns, "made_by": MadeBy("PPP", version="0", seconds=0.5), **changes})


def wide_and_deep(n_items: int, branching: int, depth: int, *, seed: int = 0) -> Hierarchy:
    """A random tree with own items at every part, made in preorder."""
    rng = np.random.default_rng(seed)
    parent, start, stop, height = [-1], [0], [n_items], [float(depth)]

    def split(part: int, begin: int, end: int, left: int) -> None:
        count = min(branching, (end - begin) // 2)
        if left == 0 or count < 2:
            return
        bounds = begin + np.sort(rng.choice(np.arange(1, end - begin), count, replace=False))
        for a, b in zip(np.r_[begin, bounds[:-1]].tolist(), bounds.tolist()):
            parent.append(part)
            start.append(a)
            stop.append(b)
            height.append(float(left - 1))
            split(len(parent) - 1, a, b, left - 1)

    split(0, 0, n_items, depth)
    return Hierarchy(rng.permutation(n_items), parent, start, stop, height)


def deep_with_levels(n_items: int = 64) -> Hierarchy:
    """A binary tree over a random order with two named levels: the parts of depth 2 and of depth 4."""
    h = wide_and_deep(n_items, 2, 6, seed=5)
    fine = [v for v in range(h.n_parts) if h.depth[v] == 4]
    coarse = [v for v in range(h.n_parts) if h.depth[v] == 2]
    return h.replace(levels=[[0], coarse, fine])
