"""A tree over centres: equally many in each part of a level. Called by HierarchicalKMeans."""

from __future__ import annotations

import numpy as np

from partita.points._grow import CellTree
from partita.points._sample import Sample
from partita.points._start import split
from partita.transport.balanced import balance_cells

_WIDEST = 2.0
_UNEVEN = 1.05


def even_tree(centers: np.ndarray, branching: int | None, *, unit: bool) -> CellTree:
    """Put centres together to groups of equally many, to within one, and these again.

    Parameters
    ----------
    centers : float64 (k, d)
        In the frame.
    branching : int or None
        Groups that a group is divided into. None: one level of groups, about as many as a group has centres,
        if these can be nearly equally many.
    unit : bool
        Whether the means of groups have length 1.
    """
    parent, leaves, held = [-1], [], []
    waiting = [(0, np.arange(len(centers)))]
    for number, own in waiting:
        if len(own) == 1:
            leaves.append(number)
            held.append(own[0])
            continue
        fanout = _fanout(len(own), number == 0) if branching is None else min(branching, len(own))
        for group in _groups(centers, own, fanout, unit=unit):
            waiting.append((len(parent), group))
            parent.append(number)
    return CellTree(np.array(parent, np.intp), np.array(leaves, np.intp), np.array(held, np.intp))


def _fanout(k: int, top: bool) -> int:
    """A divisor of k near its square root; else the square root if that is nearly even; else k."""
    if not top:
        return k
    root = np.sqrt(k)
    near = [p for p in range(2, k) if k % p == 0 and root / _WIDEST <= p <= root * _WIDEST]
    if near:
        return min(near, key=lambda p: abs(p * p - k))
    p = int(np.ceil(root))
    return p if -(-k // p) * p <= _UNEVEN * k else k


def _groups(centers: np.ndarray, own: np.ndarray, fanout: int, *, unit: bool) -> list[np.ndarray]:
    """Compact groups of equally many centres."""
    k = len(own)
    if fanout == k:
        return np.array_split(own, k)
    points = centers[own].astype(np.float32)
    means, _ = split(Sample(points, np.ones(k), np.einsum("ij,ij->i", points, points)), fanout)
    cells = balance_cells(centers[own], means, k // fanout, -(-k // fanout), unit=unit)
    return [own[cells.labels == c] for c in range(fanout)]
