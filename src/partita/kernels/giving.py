"""Which new rows lie near enough to a row that can give them a part. Called by ``predict``.

All others are noise without another search: most of the new rows, where most of the fitted ones are noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.cells import WIDE, block_estimate, limit_of, scores_within, scratch_make
from partita.kernels.jit import jit
from partita.kernels.neighbours import _widened

_TILE = 512
_UNIT = 2.0**-24
_SURELY = 1.0 + 1e-9


@jit
def givers_choose(cells, core, part, birth, factor, chosen, furthest):
    """The rows that a new one can reach before their part has ended, and how far any such row gives it.

    IN core float64[m] (squared), part intp[m] (-1 for none), birth float64[p], factor (Answers). OUT chosen
    bool[m], furthest float64[c] (actual distances; -1 for a cell without such rows).
    """
    furthest[:] = -1.0
    for c in range(furthest.shape[0]):
        for row in range(cells.first[c], cells.first[c + 1]):
            own = birth[part[row]] if part[row] >= 0 else -1.0
            chosen[row] = np.sqrt(core[row]) / factor <= own
            furthest[c] = max(furthest[c], own) if chosen[row] else furthest[c]


class _Balls(NamedTuple):
    """Cells as balls: centers float32 (c, d); offset float32[c], the squared length of a centre less the
    square of radius and limit; limit2 float32[c] (``limit_of``); longest: none reaches further from 0.
    """

    centers: np.ndarray
    offset: np.ndarray
    limit2: np.ndarray
    longest: float


@jit
def _balls(cells, furthest, factor):
    n_cells, longest = furthest.shape[0], 0.0
    offset, limit2 = np.empty(n_cells, np.float32), np.empty(n_cells, np.float32)
    for c in range(n_cells):
        far, limit2[c] = limit_of(cells, (furthest[c] * factor) ** 2 * _SURELY)
        square, wide = (cells.center[c] * cells.center[c]).sum(), np.float64(far) + cells.radius[c]
        offset[c], longest = square - wide * wide * _SURELY, max(longest, np.sqrt(square) + wide)
    return _Balls(cells.center.astype(np.float32), offset, limit2, longest)


@jit
def givers_reached(cells, furthest, factor, queries, start, stop, reached):
    """OUT reached bool[b]: whether a row may lie within what its cell gives, of queries `start` to `stop`.

    IN cells (of such rows only), furthest float64[c], factor (Answers), queries float64 (b, d), framed. An
    estimate: what is not reached is certain.
    """
    scratch, some = scratch_make(_TILE, queries.shape[1]), np.empty(_TILE, np.intp)
    for base in range(start, stop, _TILE):
        end = min(base + _TILE, stop)
        own = _widened(cells, queries[base:end])
        balls = _balls(own, furthest, factor)
        _tile_reached(own, balls, queries[base:end], some, scratch, reached[base:end])


@jit
def _tile_reached(cells, balls, queries, some, scratch, reached):
    (b, d), bound = queries.shape, np.empty(queries.shape[0], np.float32)
    for i in range(b):
        square = (queries[i] * queries[i]).sum()
        bound[i] = (d + 8) * 8.0 * _UNIT * (np.sqrt(square) + balls.longest) ** 2 - square
    reached[:] = False
    products = np.dot(balls.centers, queries.astype(np.float32).T)
    for c in range(balls.offset.shape[0]):
        n_some, along = 0, products[c]
        for i in range(b):
            some[n_some] = i
            n_some += balls.offset[c] - (along[i] + along[i]) <= bound[i] and not reached[i]
        if n_some > 0:
            _look(cells, c, balls.limit2[c], queries, some[:n_some], scratch, reached)


@jit
def _look(cells, c, limit2, queries, some, scratch, reached):
    for start in range(cells.first[c], cells.first[c + 1], WIDE):
        stop = min(start + WIDE, cells.first[c + 1])
        scores = block_estimate(cells, c, start, stop, queries, some, scratch)
        for t in range(some.shape[0]):
            if scores_within(scores, t, limit2, scratch.places) > 0:
                reached[some[t]] = True
