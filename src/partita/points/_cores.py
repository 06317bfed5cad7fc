"""Dense rows and the parts that they make. For ``DenseVote``."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.hierarchy.rows import CanonicalRows
from partita.kernels.votes import pairs_weigh
from partita.points._length_cut import LengthCut, cut_lengths
from partita.points._reach import spanning_tree

MARGIN = 1.0 + 1e-9
_BLOCK = 1 << 12
_FEW_COLUMNS = 8


def dense_parts(
    rows: CanonicalRows, min_samples: int, radius: float | None, progress: Progress
) -> tuple[np.ndarray, np.ndarray, LengthCut]:
    """The part of each distinct row, -1 for loose ones; which rows are dense; and the radius.

    Where the radius is given and columns are few, neighbours are counted, and the plain spanning tree of
    dense rows tells the parts. Else both come from the tree of mutual reachability: the same, exactly.
    """
    m = rows.n_distinct
    if radius is not None and rows.points.shape[1] <= _FEW_COLUMNS and (rows.weight == 1.0).all():
        dense = _counted(rows.points, min_samples, radius)
        at = np.flatnonzero(dense)
        label = np.full(m, -1)
        if len(at):
            held = CanonicalRows(rows.points[at], np.arange(len(at)), np.ones(len(at)), np.arange(len(at)))
            spine = spanning_tree(held, 1, progress)
            label[at] = _components(spine.a, spine.b, spine.length <= radius, len(at))
        return label, dense, LengthCut(radius, "given")
    spine = spanning_tree(rows, min_samples, progress)
    cut = LengthCut(radius, "given") if radius is not None else _cut(spine.core, spine.length, rows.weight)
    dense = spine.core <= cut.value
    part = _components(spine.a, spine.b, spine.length <= cut.value, m)
    label = np.full(m, -1)
    label[dense] = np.unique(part[dense], return_inverse=True)[1]
    return label, dense, cut


def _cut(core: np.ndarray, length: np.ndarray, weight: np.ndarray) -> LengthCut:
    # Where every row is dense by itself, what matters is how far apart they are.
    return cut_lengths(core, weight) if core.any() else cut_lengths(length, np.ones(len(length)))


def _components(a: np.ndarray, b: np.ndarray, kept: np.ndarray, m: int) -> np.ndarray:
    """The component of each row, numbered by first rows."""
    graph = coo_array((np.ones(int(kept.sum())), (a[kept], b[kept])), shape=(m, m))
    return connected_components(graph, directed=False)[1]


def _counted(points: np.ndarray, wanted: int, radius: float) -> np.ndarray:
    """Which rows have `wanted` rows within the radius, themselves counted."""
    tree = cKDTree(points)

    def block(start: int, stop: int) -> np.ndarray:
        asked = points[start:stop]
        # The tree rounds in its own way: only what it finds well within is certain.
        found = tree.query_ball_point(asked, radius / MARGIN, return_length=True) >= wanted
        unsure = np.flatnonzero(~found)
        most = tree.query_ball_point(asked[unsure], radius * MARGIN, return_length=True)
        for i in unsure[most >= wanted]:
            near = np.asarray(tree.query_ball_point(asked[i], radius * MARGIN), np.intp)
            votes = np.empty(len(near))
            ends, ones = np.array([0, len(near)]), np.ones(len(points))
            pairs_weigh(asked[i : i + 1], points, ends, near, ones, radius, votes)
            found[i] = np.count_nonzero(votes) >= wanted
        return found

    return np.concatenate(map_blocks(block, len(points), _BLOCK))
