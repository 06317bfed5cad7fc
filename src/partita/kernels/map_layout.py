"""Weights of near pairs and rounds of a layout in the plane (LargeVis). Called by ``draw``.

In a round every row sums its own forces from where all rows stood before, in fixed order; so neither the
number of threads nor their timing has a say. The rows of a block share the rows that they are pushed from.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

BLOCK = 256
_STEPS = 64
_NEAR = np.float32(0.1)
_FURTHEST = np.float32(4.0)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@jit
def lists_weigh(squares, perplexity, start, stop, weights):
    """Weights of each row's neighbours, of sum 1 and of the given perplexity, by bisection.

    IN squares float64 (m, k), ascending. OUT weights float64 (m, k): exp(-square / s) by its sum, with the s
    whose entropy is the logarithm of the perplexity. Neighbours at distance 0 only: equal weights.
    """
    k = squares.shape[1]
    wanted = np.log(min(perplexity, np.float64(k)))
    for i in range(start, stop):
        low, high, slope = 0.0, np.inf, 0.0
        span = squares[i, k - 1] - squares[i, 0]
        if span > 0.0:
            slope = 1.0 / span
        for _ in range(_STEPS):
            total, mean = 0.0, 0.0
            for p in range(k):
                away = (squares[i, p] - squares[i, 0]) * slope
                weight = np.exp(-away)
                total += weight
                mean += weight * away
                weights[i, p] = weight
            entropy = np.log(total) + mean / total
            if slope == 0.0 or abs(entropy - wanted) < 1e-5:
                break
            if entropy > wanted:
                low = slope
                slope = 2.0 * slope if high == np.inf else 0.5 * (low + high)
            else:
                high = slope
                slope = 0.5 * (low + high)
        total = 0.0
        for p in range(k):
            total += weights[i, p]
        for p in range(k):
            weights[i, p] /= total


@jit
def _mixed(key):
    """The finaliser of splitmix64."""
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


@jit
def _draw(chance, block, turn, y, others):
    """OUT others float32 (2, s): where rows stand that are drawn by `chance` (running sums), for a block."""
    total = chance[chance.shape[0] - 1]
    base = _mixed((np.uint64(turn) << np.uint64(32)) + np.uint64(block) + np.uint64(1))
    for s in range(others.shape[1]):
        bits = _mixed(base + np.uint64(s) * _GOLDEN)
        row = np.searchsorted(chance, total * (np.float64(bits >> np.uint64(11)) / 2.0**53), side="right")
        row = min(row, chance.shape[0] - 1)
        others[0, s], others[1, s] = y[row, 0], y[row, 1]


@jit(fastmath={"reassoc", "contract", "arcp", "nnan", "ninf", "nsz"})
def _pushed(x, z, others):
    """The mean push on a point by others, each falling off as the gradient of log(d^2 / (1 + d^2)) does."""
    one, fx, fz = np.float32(1.0), np.float32(0.0), np.float32(0.0)
    xs, zs = others[0], others[1]
    for s in range(xs.shape[0]):
        dx, dz = x - xs[s], z - zs[s]
        square = dx * dx + dz * dz
        force = one / ((_NEAR + square) * (one + square))
        fx += force * dx
        fz += force * dz
    count = np.float32(xs.shape[0])
    return fx / count, fz / count


@jit
def _pulled(x, z, y, indices, reach, key, draws):
    """The mean pull on a point by neighbours drawn by weight: the gradient of log(1 / (1 + d^2)) each.

    IN indices int32[c], reach float32[c] (running sums of weights, the last one 1).
    """
    one, fx, fz = np.float32(1.0), np.float32(0.0), np.float32(0.0)
    for t in range(draws):
        bits = _mixed(key + np.uint64(t) * _GOLDEN)
        u = np.float32(bits >> np.uint64(40)) * np.float32(2.0**-24)
        e = 0
        while e < indices.shape[0] - 1 and reach[e] <= u:
            e += 1
        dx, dz = y[indices[e], 0] - x, y[indices[e], 1] - z
        force = one / (one + dx * dx + dz * dz)
        fx += force * dx
        fz += force * dz
    count = np.float32(draws)
    return fx / count, fz / count


@jit
def rows_move(
    y, indptr, indices, reach, chance, start, stop, turn, drawn, draws, pull, push, step, keep, moved, out
):
    """One round for rows `start` to `stop`, `start` a multiple of BLOCK.

    IN y float32 (m, 2), indptr, indices int32, reach float32 (running sums of weights, of sum 1 a row),
    chance float64[m] (running sums), turn (number of the round), drawn (rows that a block is pushed from),
    draws (neighbours that pull each row), pull, push, step, keep. INOUT moved float32 (m, 2): the last step,
    of which the share `keep` goes on. OUT out float32 (m, 2).
    """
    others = np.empty((2, drawn), np.float32)
    for i in range(start, stop):
        if i % BLOCK == 0:
            _draw(chance, i // BLOCK, turn, y, others)
        x, z = y[i, 0], y[i, 1]
        ends = slice(indptr[i], indptr[i + 1])
        key = _mixed((np.uint64(turn) << np.uint64(32)) + np.uint64(i)) ^ _GOLDEN
        ax, az = _pulled(x, z, y, indices[ends], reach[ends], key, draws)
        bx, bz = _pushed(x, z, others)
        mx = keep * moved[i, 0] + step * (pull * ax + push * bx)
        mz = keep * moved[i, 1] + step * (pull * az + push * bz)
        mx, mz = min(max(mx, -_FURTHEST), _FURTHEST), min(max(mz, -_FURTHEST), _FURTHEST)
        moved[i, 0], moved[i, 1] = mx, mz
        out[i, 0], out[i, 1] = x + mx, z + mz
