"""Positions in the plane that keep near rows near (LargeVis). Called by ``map``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.kernels.map_layout import BLOCK, lists_weigh, rows_move
from partita.points._near_graph import NearGraph

_TASK = 16 * BLOCK


class Course(NamedTuple):
    """How a layout runs: what changes between its two phases, and what does not."""

    rounds: int = 800
    early: float = 0.25
    early_pull: float = 8.0
    push: float = 35.0
    step: float = 1.0
    keep: float = 0.5
    drawn: int = 128
    draws: int = 1
    power: float = 0.75
    start: float = 10.0

    def at(self, turn: int) -> tuple[float, float]:
        """Pull and step of a round: strong pulls first, then steps that get shorter."""
        late = turn - self.early * self.rounds
        if late < 0:
            return self.early_pull, self.step / self.early_pull
        return 1.0, self.step * (1.0 - late / ((1.0 - self.early) * self.rounds))


def layout(graph: NearGraph, perplexity: float, course: Course, progress: Progress) -> np.ndarray:
    """Positions of the rows of a graph, by place, float32 (m, 2)."""
    pairs, degree = symmetric_weights(graph, perplexity)
    indptr, indices = pairs.indptr, pairs.indices
    reach = running_sums(pairs)
    chance = np.cumsum(degree**course.power)
    spread = np.abs(graph.start).max() or 1.0
    y = np.ascontiguousarray(graph.start / spread * course.start, dtype=np.float32)
    moved, after = np.zeros_like(y), np.empty_like(y)
    progress.start("layout", course.rounds)

    def move(turn: int, now: np.ndarray, then: np.ndarray) -> None:
        pull, step = course.at(turn)
        floats = np.array([pull, course.push, step, course.keep], np.float32)
        map_blocks(
            lambda s, e: rows_move(
                now, indptr, indices, reach, chance, s, e, turn, course.drawn, course.draws, *floats, moved,
                then,
            ),
            len(now), _TASK,
        )  # fmt: skip

    for turn in range(course.rounds):
        move(turn, y, after)
        y, after = after, y
        progress.advance()
    return y


def symmetric_weights(graph: NearGraph, perplexity: float) -> tuple[csr_array, np.ndarray]:
    """Weights of near pairs, the same both ways, then by their sum for each row; and these sums."""
    m, k = graph.squares.shape
    weights = np.empty((m, k))
    map_blocks(lambda s, e: lists_weigh(graph.squares, perplexity, s, e, weights), m, _TASK)
    indptr = np.arange(0, m * k + 1, k)
    one_way = csr_array((weights.ravel(), graph.number.ravel().astype(np.int32), indptr), shape=(m, m))
    both = (one_way + one_way.T).tocsr()
    both.sort_indices()
    degree = np.add.reduceat(both.data, both.indptr[:-1])
    both.data /= np.repeat(degree, np.diff(both.indptr))
    return both, degree


def running_sums(pairs: csr_array) -> np.ndarray:
    """Running sums of the weights of each row, float32; rows sum to 1."""
    total = np.cumsum(pairs.data)
    before = np.concatenate([[0.0], total])[pairs.indptr[:-1]]
    return (total - np.repeat(before, np.diff(pairs.indptr))).astype(np.float32)
