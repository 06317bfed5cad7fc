"""Soft membership of items in the finest level of a tree. Called by the makers by density."""

from __future__ import annotations

import numpy as np

from partita._core.memory import check_memory
from partita._core.threads import map_blocks
from partita.hierarchy import Cover, Hierarchy
from partita.kernels.soft import parts_together, rows_share
from partita.kernels.tree import tree_end

_BLOCK = 1 << 14


def soft_membership(hierarchy: Hierarchy, fall: np.ndarray, max_parts: int) -> Cover:
    """Shares of items in the parts of the finest level, in proportion to the densities of being together.

    Parameters
    ----------
    hierarchy : Hierarchy
    fall : float64[n]
        The scale at which each item leaves its part.
    max_parts : int
        Most parts an item is in.
    """
    from scipy.sparse import csr_array

    chosen, n, m = hierarchy.levels[-1], hierarchy.n_items, hierarchy.n_parts
    t = min(max_parts, len(chosen))
    check_memory(
        8 * m * len(chosen) + 16 * n * t,
        what=f"Soft membership of {n:,} items in {len(chosen):,} parts",
        alternative="choose fewer, larger clusters (min_cluster_size), or a lower max_parts",
    )
    end, together = np.empty(m, np.intp), np.empty((m, len(chosen)))
    tree_end(hierarchy.parent, end)
    parts_together(hierarchy.parent, end, hierarchy.height, chosen, together)
    columns, weights = np.empty((n, t), np.intp), np.empty((n, t))
    part = hierarchy.item_part

    def share(start: int, stop: int) -> None:
        rows_share(together, part[start:stop], fall[start:stop], columns[start:stop], weights[start:stop])

    map_blocks(share, n, _BLOCK)
    matrix = csr_array((weights.ravel(), columns.ravel(), np.arange(0, n * t + 1, t)), shape=(n, len(chosen)))
    return Cover(matrix, hierarchy=hierarchy, parts=chosen, n_capped=n if t < len(chosen) else 0)
