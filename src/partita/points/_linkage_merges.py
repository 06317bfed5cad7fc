"""All merges of a linkage, by the way that needs the least memory. Called by Linkage."""

from __future__ import annotations

import numpy as np

from partita._core.memory import check_memory
from partita._core.progress import Progress
from partita.hierarchy.rows import CanonicalRows
from partita.kernels.chain import AVERAGE, COMPLETE, WARD, matrix_link
from partita.kernels.condensed import condensed_square
from partita.kernels.gini import edges_merge
from partita.kernels.lance import Merges
from partita.kernels.spanning import matrix_tree
from partita.points._linkage_items import Items
from partita.points._linkage_rounds import link_rounds
from partita.points._reach import spanning_tree

_RULES = {"complete": COMPLETE, "average": AVERAGE, "ward": WARD}


def merges_of(items: Items, method: str, threshold: float, progress: Progress) -> tuple[Merges, int]:
    """Merges with heights in the units of the data, and how many of them were raised.

    Raises
    ------
    BudgetError
        Where a matrix of all distances is needed that the budget does not hold.
    """
    u = len(items.weight)
    if u == 1:
        return _empty(0), 0
    if method in ("single", "genie"):
        return _along_tree(items, threshold if method == "genie" else 1.0, progress)
    if items.points is None or items.lens is None or not needs_no_matrix(method, unit=items.lens.unit):
        return _in_matrix(items, method, progress), 0
    found = link_rounds(items.points.copy(), items.weight, ward=method == "ward", progress=progress)
    if method == "average":
        # The mean of half the squared distances of rows of length 1 is that of 1 - cosine.
        return found._replace(height=0.5 * found.height), 0
    return found._replace(height=items.lens.undo(np.sqrt(2.0 * found.height))), 0


def needs_no_matrix(method: str, *, unit: bool) -> bool:
    """Whether dense rows (of length 1, if `unit`) are linked in O(n d) memory."""
    return method in ("ward", "single", "genie") or (method == "average" and unit)


def _empty(steps: int) -> Merges:
    return Merges(np.empty(steps, np.int32), np.empty(steps, np.int32), np.empty(steps))


def _in_matrix(items: Items, method: str, progress: Progress) -> Merges:
    progress.start("Distances", None)
    D, merges = items.condensed(), _empty(len(items.weight) - 1)
    progress.start("Merges", None)
    if method == "ward":
        D = D.astype(np.float64, copy=False)
        np.multiply(D, 2.0 if items.halved else D, out=D)
    matrix_link(D, items.weight, _RULES[method], *merges)
    if method == "ward":
        np.sqrt(merges.height, out=merges.height)
    elif items.lens is not None and not items.lens.unit:
        merges = merges._replace(height=items.lens.undo(merges.height))
    return merges


def _along_tree(items: Items, threshold: float, progress: Progress) -> tuple[Merges, int]:
    progress.start("Spanning tree", None)
    u = len(items.weight)
    if items.points is not None and items.lens is not None:
        every = np.arange(u)
        spine = spanning_tree(CanonicalRows(items.points, every, np.ones(u), every), 1, progress)
        a, b, length = spine.a, spine.b, spine.length
        length = 0.5 * length * length if items.lens.unit else items.lens.undo(length)
    else:
        D = items.condensed()
        check_memory(
            u * u * D.itemsize,
            what=f"The square matrix of distances between {u:,} items",
            alternative="set PARTITA_MEMORY, or give vectors",
        )
        square = np.empty((u, u), D.dtype)
        condensed_square(D, u, square)
        a, b, length = matrix_tree(square, np.zeros(u))
    merges = _empty(u - 1)
    raised = edges_merge(a, b, np.asarray(length, np.float64), items.weight, threshold, *merges)
    return merges, int(raised)
