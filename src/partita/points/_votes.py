"""Dense rows and their parts, and the votes of neighbours on loose rows. For ``DenseVote``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree

from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.hierarchy.rows import CanonicalRows
from partita.kernels.votes import pairs_weigh, votes_first
from partita.points._cores import MARGIN, dense_parts
from partita.points._grid import (
    FEW_COLUMNS,
    Cubes,
    components,
    core_distances,
    cubes_for,
    dense_rows,
    neighbours,
)
from partita.points._length_cut import LengthCut, cut_lengths

_BLOCK = 1 << 12
_MOST_LISTED = 1 << 10


@dataclass(frozen=True)
class Electorate:
    """Distinct rows, their parts and who may vote on new ones.

    Attributes
    ----------
    points : float64 (u, d)
    label : int64[u]
        Part from 0, -1 for noise.
    dense : bool[u]
    round : int32[u]
    shares : csr_array (u, k + 1)
        Shares of the votes; noise in the last column.
    voters : intp array
        Rows that vote on new rows.
    weight : float64[u]
    radius : float
    why : str
    converged : bool
    """

    points: np.ndarray
    label: np.ndarray
    dense: np.ndarray
    round: np.ndarray
    shares: Any
    voters: np.ndarray
    weight: np.ndarray
    radius: float
    why: str
    converged: bool

    @property
    def n_parts(self) -> int:
        """Parts, noise left out."""
        return self.shares.shape[1] - 1

    def place(self, X: np.ndarray) -> np.ndarray:
        """The part of each row, -1 for noise: that of the fit for its rows, else by votes."""
        distance, near = cKDTree(self.points).query(X)
        known = distance == 0.0
        out = np.full(len(X), -1)
        out[known] = self.label[near[known]]
        new = np.flatnonzero(~known)
        if len(new) and len(self.voters):
            votes = _neighbours(X[new], self.points, self.voters, self.weight, self.radius)
            out[new], _ = _count(votes, self.label, self.n_parts)
        return out


def elect(
    rows: CanonicalRows,
    min_samples: int,
    radius: float | None,
    max_rounds: int | None,
    progress: Progress,
) -> Electorate:
    """Parts of dense rows, and rounds of votes on the others; rows of weight 0 don't vote."""
    progress.start("Spanning the rows", None)
    counted = np.flatnonzero(rows.weight > 0.0)
    heavy = CanonicalRows(
        rows.points[counted], np.arange(len(counted)), rows.weight[counted], np.arange(len(counted))
    )
    label, dense = np.full(rows.n_distinct, -1), np.zeros(rows.n_distinct, dtype=bool)
    found = LengthCut(radius, "given") if radius is not None else _cut_without_tree(heavy, min_samples)
    cubes = cubes_for(rows.points, found.value) if found is not None else None
    if found is None or cubes is None or not _is_whole(heavy.weight):
        label[counted], dense[counted], cut = dense_parts(heavy, min_samples, radius, progress)
    else:
        label[counted], dense[counted] = _parts(heavy, min_samples, cubes)
        cut = found
    within = cut.value
    progress.start("Counting votes", None)
    k = int(label.max()) + 1
    rounds = np.where(dense, 0, -1).astype(np.int32)
    converged, shares = _vote(rows, counted, label, rounds, within, k, max_rounds, cubes)
    last = np.inf if max_rounds is None else max_rounds
    voters = np.flatnonzero((rounds >= 0) & (rounds < last) & (rows.weight > 0.0))
    return Electorate(
        rows.points, label, dense, rounds, shares, voters, rows.weight, within, cut.why, converged
    )


def _is_whole(weight: np.ndarray) -> bool:
    return bool((weight == np.floor(weight)).all())


def _cut_without_tree(rows: CanonicalRows, min_samples: int) -> LengthCut | None:
    """The radius by core distances, where they can be had, and tell something, without the spanning tree."""
    few = rows.points.shape[1] <= FEW_COLUMNS and rows.n_distinct > 0 and _is_whole(rows.weight)
    if not few or min_samples > _MOST_LISTED:
        return None
    core = core_distances(rows.points, rows.weight, min_samples)
    return cut_lengths(core, rows.weight) if core.any() else None


def _parts(rows: CanonicalRows, min_samples: int, cubes: Cubes) -> tuple[np.ndarray, np.ndarray]:
    """The part of each distinct row, -1 for loose ones; and which rows are dense."""
    dense = dense_rows(cubes, rows.points, rows.weight, min_samples)
    label = np.full(rows.n_distinct, -1)
    if dense.any():
        label[dense] = components(cubes, rows.points[dense])
    return label, dense


def _vote(
    rows: CanonicalRows,
    counted: np.ndarray,
    label: np.ndarray,
    rounds: np.ndarray,
    radius: float,
    k: int,
    max_rounds: int | None,
    cubes: Cubes | None,
) -> tuple[bool, Any]:
    """Rounds of votes, written to `label` and `rounds`; whether they came to an end, and the shares."""
    loose = np.flatnonzero(label < 0)
    known = np.flatnonzero(label >= 0)
    shares = [coo_array((np.ones(len(known)), (known, label[known])), shape=(len(label), k + 1))]
    votes = _neighbours(rows.points[loose], rows.points, counted, rows.weight, radius, cubes)
    turn, waiting = 0, np.arange(len(loose))
    while len(waiting) and k and (max_rounds is None or turn < max_rounds):
        turn += 1
        chosen, share = _count(votes[waiting], label, k)
        heard = np.flatnonzero(chosen >= 0)
        if not len(heard):
            break
        items = loose[waiting[heard]]
        label[items], rounds[items] = chosen[heard], turn
        found = share[heard].tocoo()
        shares.append(coo_array((found.data, (items[found.row], found.col)), shape=(len(label), k + 1)))
        waiting = waiting[chosen < 0]
    noise = np.flatnonzero(label < 0)
    shares.append(
        coo_array((np.ones(len(noise)), (noise, np.full(len(noise), k))), shape=(len(label), k + 1))
    )
    stopped = max_rounds is not None and turn == max_rounds and len(waiting) > 0
    return not stopped, csr_array(sum(part.tocsr() for part in shares))


def _count(votes: Any, label: np.ndarray, k: int) -> tuple[np.ndarray, Any]:
    """The part with most votes for each row, the first of equals, -1 without any; and the shares."""
    heard = label >= 0
    stands = csr_array(
        (np.ones(int(heard.sum())), label[heard], np.append(0, np.cumsum(heard))), shape=(len(label), k + 1)
    )
    total = csr_array(votes @ stands)
    total.sort_indices()
    chosen = np.full(total.shape[0], -1)
    votes_first(total.indptr, total.indices, total.data, chosen)
    return chosen, total


def _neighbours(
    asked: np.ndarray,
    points: np.ndarray,
    voters: np.ndarray,
    weight: np.ndarray,
    radius: float,
    cubes: Cubes | None = None,
) -> Any:
    """Weights of the votes of `voters` within the radius of each of the rows `asked`, (len(asked), u)."""
    if cubes is not None and len(voters):
        first, near, square = neighbours(cubes, asked, points[voters])
        share = np.sqrt(square) / radius
        votes = weight[voters[near]] / (1.0 + share * share)
        found = csr_array((votes, voters[near], first), shape=(len(asked), len(points)))
        found.sort_indices()
        return found
    tree = cKDTree(points[voters])

    def block(start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # The tree rounds in its own way: it lists a little more, and what lies within is decided here.
        lists = tree.query_ball_point(asked[start:stop], radius * MARGIN, return_sorted=True)
        length = np.array([len(one) for one in lists], dtype=np.intp)
        near = voters[np.concatenate([np.asarray(one, np.intp) for one in lists])]
        first = np.append(0, np.cumsum(length))
        value = np.empty(len(near))
        pairs_weigh(asked[start:stop], points, first, near, weight, radius, value)
        kept = value > 0.0
        return np.repeat(np.arange(start, stop), length)[kept], near[kept], value[kept]

    listed = map_blocks(block, len(asked), _BLOCK)
    row, column, value = (
        np.concatenate([part[side] for part in listed]) if listed else np.empty(0, np.intp)
        for side in range(3)
    )
    return csr_array((value, (row, column)), shape=(len(asked), len(points)), dtype=np.float64)


def power_of_two(X: np.ndarray) -> float:
    """What brings the largest value near 1, exactly, so that no square over- or underflows."""
    largest = float(np.abs(X).max())
    return float(2.0 ** np.clip(-np.frexp(largest)[1], -1000, 1000)) if largest > 0.0 else 1.0
