"""Multigrid cycles that adapt to what they leave: the vectors that stay are smooth. Called by graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from partita.kernels.compatible import match_greedy

_COARSEST = 40
_SWEEPS = 2
_MOST_LEVELS = 24
_LEAST_ENERGY = 2e-2
_LEAST_SHARE = 1e-8


@dataclass(frozen=True)
class Level:
    """A matrix, the sum of its rows' absolute values, and the way to the next coarser level."""

    matrix: Any
    weight: np.ndarray
    prolong: Any | None
    inverse: np.ndarray | None


def cycle_of(matrix: Any, smooth: np.ndarray) -> list[Level]:
    """The levels of a cycle whose coarse spaces hold `smooth`: nodes are matched in pairs, twice a level."""
    levels: list[Level] = []
    while matrix.shape[0] > _COARSEST and len(levels) < _MOST_LEVELS:
        prolong = None
        coarse, vector = matrix, smooth
        for _ in range(2):
            step = _pairs(coarse, vector)
            prolong = step if prolong is None else (prolong @ step).tocsr()
            coarse = (step.T @ coarse @ step).tocsr()
            vector = step.T @ vector
        assert prolong is not None
        if coarse.shape[0] > 0.9 * matrix.shape[0]:
            break
        levels.append(Level(matrix, _row_weight(matrix), prolong, None))
        matrix, smooth = coarse, vector
    levels.append(Level(matrix, _row_weight(matrix), None, np.linalg.pinv(matrix.toarray(), hermitian=True)))
    return levels


def run_cycle(levels: list[Level], right: np.ndarray, at: int = 0) -> np.ndarray:
    """An approximate solution of the first level's system: relax, correct from below, relax."""
    level = levels[at]
    if level.inverse is not None:
        return level.inverse @ right
    x = np.zeros_like(right)
    for _ in range(_SWEEPS):
        x += (right - level.matrix @ x) / level.weight
    assert level.prolong is not None
    x += level.prolong @ run_cycle(levels, level.prolong.T @ (right - level.matrix @ x), at + 1)
    for _ in range(_SWEEPS):
        x += (right - level.matrix @ x) / level.weight
    return x


def smooth_vectors(matrix: Any, most: int, factor: float, rounds: int) -> tuple[np.ndarray, list[float]]:
    """What cycles leave of random vectors, each cycle made for the vector that those before it left.

    Stops at `most` vectors, or where the cycles together take away all but `factor` of a vector's energy norm
    in a round. Returns the vectors (n, r), of energy norm 1, and the share left in the last round for each.
    """
    n = matrix.shape[0]
    stream = np.random.default_rng(0)
    x = stream.standard_normal(n)
    weight = _row_weight(matrix)
    for _ in range(rounds):
        x -= (matrix @ x) / weight
    cycles, vectors, shares = [cycle_of(matrix, _scaled(matrix, x))], [_scaled(matrix, x)], [1.0]
    while len(vectors) < most:
        x = _scaled(matrix, stream.standard_normal(n))
        share = 1.0
        for _ in range(rounds):
            for cycle in cycles:
                x = x - run_cycle(cycle, matrix @ x)
            for cycle in cycles[::-1]:
                x = x - run_cycle(cycle, matrix @ x)
            share = np.sqrt(max(float(x @ (matrix @ x)), 0.0))
            if share < 1e-14:
                break
            x /= share
        if share < 1e-14:
            break
        vectors.append(x)
        shares.append(share)
        if share <= factor:
            break
        cycles.append(cycle_of(matrix, x))
    return np.column_stack(vectors), shares


def _pairs(matrix: Any, smooth: np.ndarray) -> Any:
    """A prolongation from pairs of nodes that the smooth vector, and the matrix, tie most closely."""
    entries = matrix.tocoo()
    tail, head = entries.coords
    above = (tail < head) & (entries.data < 0)
    tail, head, value = tail[above], head[above], entries.data[above]
    diagonal = matrix.diagonal()
    energy = diagonal[tail] * smooth[tail] ** 2 + diagonal[head] * smooth[head] ** 2
    tie = -2.0 * value * smooth[tail] * smooth[head] / np.where(energy > 0, energy, 1.0)
    order = np.lexsort((head, tail, -np.round(tie, 10)))
    pair = np.empty(matrix.shape[0], np.int32)
    count = match_greedy(tail.astype(np.int32), head.astype(np.int32), order, pair)
    least = _LEAST_SHARE * max(float(np.abs(smooth).max(initial=0.0)), 1e-100)
    value = np.where(np.abs(smooth) < least, np.copysign(least, smooth), smooth)
    norm = np.sqrt(np.bincount(pair, value**2, count))
    n = len(pair)
    return csr_array((value / norm[pair], (np.arange(n), pair)), shape=(n, count))


def _row_weight(matrix: Any) -> np.ndarray:
    return np.asarray(abs(matrix).sum(axis=1)).ravel()


def _scaled(matrix: Any, x: np.ndarray) -> np.ndarray:
    norm = np.sqrt(max(float(x @ (matrix @ x)), 0.0))
    return x / norm if norm > 0 else x


def grounded_laplacian(adjacency: Any, grounds: np.ndarray) -> Any:
    """Degrees less the adjacency, with some more on the diagonal of one node of each component."""
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    extra = np.zeros(len(degree))
    extra[grounds] = np.where(degree[grounds] > 0, degree[grounds], 1.0)
    return (diags_array(degree + extra) - adjacency).tocsr()


def smooth_coordinates(adjacency: Any, vectors: np.ndarray) -> np.ndarray:
    """Directions within the span of smooth vectors, each weighted by one over the root of its energy.

    Energy is the quotient of the Laplacian with the degrees; the constant vector is taken out first. Rows
    come out with length 1, so that small pieces of the graph, which stand far out, don't decide.
    """
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    mass = np.where(degree > 0, degree, 1.0)
    vectors = vectors - (mass @ vectors) / mass.sum()
    root = np.sqrt(mass)[:, None]
    left, values, _ = np.linalg.svd(root * vectors, full_matrices=False)
    basis = left[:, values > 1e-8 * max(values[0], 1e-300)] / root
    if not basis.shape[1]:
        return np.zeros((len(mass), 1))
    image = degree[:, None] * basis - adjacency @ basis
    energy, turn = np.linalg.eigh(0.5 * (basis.T @ image + image.T @ basis))
    found = basis @ turn / np.sqrt(np.maximum(energy, _LEAST_ENERGY))
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(length > 0, length, 1.0)
