"""From rows to members of clusters: spanning tree, cut, mixture. For ``TreeMixture``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from partita._core.memory import check_memory
from partita._core.progress import Progress
from partita.hierarchy.rows import CanonicalRows, canonical_rows
from partita.points._background import Members, fit_members
from partita.points._length_cut import LengthCut, cut_lengths
from partita.points._reach import Spine, spanning_tree
from partita.points.ppp_shapes import Rows
from partita.points.ppp_space import Space, find_space

_MOST_PIECES = 64


@dataclass(frozen=True)
class Found:
    """Clusters, and how they were found.

    Attributes
    ----------
    space : Space or None
        None where all rows are equal: then there is one part.
    members : Members or None
        None without any cluster.
    cut : LengthCut
    least : int
        Fewest items of a piece.
    n_dropped : int
        Pieces that were no clusters.
    heights, shares : float64[k + 1]
        Of the root, then of the clusters.
    """

    space: Space | None
    members: Members | None
    cut: LengthCut
    least: int
    n_dropped: int
    heights: np.ndarray
    shares: np.ndarray

    @property
    def background(self) -> str:
        """Of what form the field is."""
        if self.members is None:
            return "none: no cluster stands out"
        return "even" if not np.isnan(self.members.even) else "Gaussian"

    @property
    def cost(self) -> float | None:
        """Negative log likelihood."""
        return None if self.members is None else -self.members.likelihood

    @property
    def converged(self) -> bool:
        """Whether EM came to rest."""
        return self.members is None or self.members.converged

    def memberships(self, X: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Of some rows of `X` in the clusters and, last, the field: float64 (len(rows), k + 1)."""
        if self.space is None or self.members is None:
            return np.ones((len(rows), 1))
        return self.members.memberships(self.space.project(X, rows))


def find_members(
    X: np.ndarray,
    rows: CanonicalRows,
    min_samples: int,
    cut: float | None,
    min_size: int | None,
    progress: Progress,
) -> Found:
    """Clusters of the rows that have weight; see ``TreeMixture``."""
    counted = rows.weight > 0.0
    weight = rows.weight[counted]
    space = find_space(X, rows.first[counted], weight, False)
    if space is None:
        return Found(None, None, LengthCut(0.0, "all rows are equal"), 1, 0, np.zeros(1), np.ones(1))
    _check_memory(len(weight), space.rank)
    placed = canonical_rows(space.project(X, rows.first[counted]), weight)
    progress.start("Spanning the rows", None)
    spine = spanning_tree(placed, min_samples)
    chosen = (
        LengthCut(cut, "given") if cut is not None else cut_lengths(spine.length, np.ones(len(spine.length)))
    )
    least = max(space.rank + 2, int(np.ceil(0.5 * np.sqrt(weight.sum())))) if min_size is None else min_size
    progress.start("Fitting members and background", None)
    group, heights = _pieces(spine, placed, chosen.value, least)
    all_rows = Rows(placed.points.astype(np.float64), placed.weight, space.rounding)
    members, group, dropped = _worth_keeping(all_rows, group, _log_volume(X, rows.first[counted], space))
    top = float(spine.length[-1]) if len(spine.length) else 0.0
    if members is None:
        return Found(space, None, chosen, least, dropped, np.array([top]), np.ones(1))
    kept = min(members.n_clusters, len(heights))
    high = np.append(max(top, float(heights[:kept].max())), heights[:kept])
    shares = np.append(members.share[-1], members.share[:-1])
    return Found(space, members, chosen, least, dropped, high, shares)


def _check_memory(n: int, rank: int) -> None:
    check_memory(
        8 * n * rank * (rank + 1) // 2,
        what=f"The products of {rank} coordinates of {n:,} rows",
        alternative="take a sample of the rows, or fewer columns",
    )


def _pieces(spine: Spine, placed: CanonicalRows, cut: float, least: int) -> tuple[np.ndarray, np.ndarray]:
    """The piece of each row, the largest first, -1 for small ones; and the longest edge in each."""
    m, kept = len(spine.core), spine.length <= cut
    ends = spine.a[kept], spine.b[kept]
    graph = coo_array((np.ones(int(kept.sum())), ends), shape=(m, m))
    count, piece = connected_components(graph, directed=False)
    size = np.bincount(piece, placed.weight, minlength=count)
    # Pieces are numbered by their first rows, in content order: so are those of equal size.
    order = np.argsort(-size, kind="stable")
    order = order[size[order] >= least][:_MOST_PIECES]
    number = np.full(count, -1)
    number[order] = np.arange(len(order))
    longest = np.zeros(count)
    np.maximum.at(longest, piece[ends[0]], spine.length[kept])
    return number[piece], longest[order]


def _log_volume(X: np.ndarray, first: np.ndarray, space: Space) -> float:
    """Logarithm of the volume, in the coordinates, of the box of the rows: its sides are along the columns.

    Where there are fewer coordinates than columns, the sides are along the coordinates.
    """
    varies = np.flatnonzero(space.basis.any(axis=1))
    if len(varies) != space.rank:
        sides = np.ptp(space.project(X, first).astype(np.float64), axis=0)
        return float(np.log(sides[sides > 0.0]).sum())
    low, high = X[first].min(axis=0)[varies], X[first].max(axis=0)[varies]
    length = np.abs(space.basis[varies]).max(axis=1)
    turned = np.linalg.slogdet(space.basis[varies] / length[:, None])[1]
    return float(
        np.log((high.astype(np.float64) / 2 - low / 2) * length).sum() + len(varies) * np.log(2.0) + turned
    )


def _worth_keeping(
    rows: Rows, group: np.ndarray, log_volume: float
) -> tuple[Members | None, np.ndarray, int]:
    """The mixture without the smallest pieces, as long as BIC is better without; how many were left out."""
    pieces = int(group.max()) + 1
    if not pieces:
        return None, group, 0
    best = fit_members(rows, group, log_volume)
    while best.n_clusters:
        fewer = np.where(group == group.max(), -1, group)
        fit = fit_members(rows, fewer, log_volume)
        if fit.score(rows.total) < best.score(rows.total):
            break
        best, group = fit, fewer
    return (best if best.n_clusters else None), group, pieces - best.n_clusters
