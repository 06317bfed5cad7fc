"""Neighbours within a radius, in few columns, by a grid of cubes. For ``DenseVote``."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from partita._core.threads import map_blocks
from partita.kernels import grid as kernel

FEW_COLUMNS = 3
_SLACK = 1e-6
_LONGEST = 1 << 26
_CUBES, _ROWS, _LISTED = 1 << 9, 1 << 11, 1 << 18


class Cubes:
    """The grid that rows lie in: cubes whose diagonal is a little shorter than the radius.

    Parameters
    ----------
    points : float64 (u, d)
        All rows that will be asked about; at most three columns.
    radius : float
        Above 0.
    """

    def __init__(self, points: np.ndarray, radius: float) -> None:
        d = points.shape[1]
        self._low = points.min(axis=0)
        self._side = radius / math.sqrt(d) * (1.0 - _SLACK)
        self._radius, self._reach = radius, math.floor(math.sqrt(d) * (1.0 + _SLACK)) + 1
        with np.errstate(all="ignore"):
            longest = (points.max(axis=0) - self._low) / self._side
        self.holds = bool((longest < _LONGEST).all())
        extent = longest.astype(np.int64) + 2 * self._reach + 1 if self.holds else np.ones(d, np.int64)
        self._strides = np.append(np.cumprod(extent[:0:-1])[::-1], 1)
        self.holds = self.holds and math.prod(extent.tolist()) < 1 << 62

    def keys(self, points: np.ndarray) -> np.ndarray:
        """The key of the cube of each row, int64."""
        return ((points - self._low) / self._side).astype(np.int64) @ self._strides

    def grid(self, points: np.ndarray, mass: np.ndarray) -> tuple[kernel.Grid, np.ndarray]:
        """Rows by cube, and which row stands at each place."""
        keys = self.keys(points)
        order = np.argsort(keys, kind="stable")
        key, first = np.unique(keys[order], return_index=True)
        grid = kernel.Grid(
            np.ascontiguousarray(points[order]),
            np.asarray(mass[order], np.float64),
            np.append(first, len(order)).astype(np.intp),
            key,
            self._steps(),
            self._reach,
            largest_square(self._radius),
        )
        return grid, order

    def _steps(self) -> np.ndarray:
        """Steps of keys to the runs of cubes that can hold neighbours: in all columns but the last."""
        sides = range(-self._reach, self._reach + 1)
        steps = []
        for step in product(sides, repeat=len(self._strides) - 1):
            gap = math.sqrt(sum(max(0, abs(s) - 1) ** 2 for s in step)) * self._side
            if gap <= self._radius * (1.0 + _SLACK):
                steps.append(sum(s * int(stride) for s, stride in zip(step, self._strides)))
        return np.array(steps, np.int64)


def cubes_for(points: np.ndarray, radius: float) -> Cubes | None:
    """Cubes, where columns are few and the radius is no tiny share of the extent."""
    if not 0.0 < radius < math.inf or points.shape[1] > FEW_COLUMNS or not len(points):
        return None
    cubes = Cubes(points, radius)
    return cubes if cubes.holds else None


def largest_square(radius: float) -> float:
    """The largest number whose root, as rounded, is at most `radius`."""
    square = radius * radius
    while math.sqrt(square) > radius:
        square = math.nextafter(square, 0.0)
    while math.sqrt(math.nextafter(square, math.inf)) <= radius:
        square = math.nextafter(square, math.inf)
    return square


def dense_rows(cubes: Cubes, points: np.ndarray, mass: np.ndarray, wanted: float) -> np.ndarray:
    """Which rows have items of mass `wanted` within the radius, themselves counted."""
    grid, order = cubes.grid(points, mass)
    by_cube = np.empty(len(points), np.bool_)
    map_blocks(
        lambda start, stop: kernel.grid_dense(grid, start, stop, float(wanted), by_cube),
        len(grid.key),
        _CUBES,
    )
    dense = np.empty_like(by_cube)
    dense[order] = by_cube
    return dense


def core_distances(points: np.ndarray, mass: np.ndarray, wanted: int) -> np.ndarray:
    """The distance from each row within which items of mass `wanted` lie, its own counted; inf for fewer.

    IN mass float64[u], whole numbers from 1.
    """
    tree, k = cKDTree(points), min(wanted, len(points))
    core = np.empty(len(points))

    def block(start: int, stop: int) -> None:
        asked = points[start:stop]
        near = tree.query(asked, k=[*range(1, k + 1)])[1]
        square = np.zeros(near.shape)
        for j in range(points.shape[1]):
            square += (points[near, j] - asked[:, j, None]) ** 2
        order = np.argsort(square, axis=1, kind="stable")
        held = np.cumsum(np.take_along_axis(mass[near], order, axis=1), axis=1)
        last = np.minimum((held < wanted).sum(axis=1), k - 1)[:, None]
        apart = np.sqrt(np.take_along_axis(np.take_along_axis(square, order, axis=1), last, axis=1))[:, 0]
        core[start:stop] = np.where(held[:, -1] >= wanted, apart, np.inf)

    map_blocks(block, len(points), max(64, _LISTED // k))
    return core


def components(cubes: Cubes, points: np.ndarray) -> np.ndarray:
    """The part of each row, where neighbours are in one part; numbered by first rows."""
    grid, order = cubes.grid(points, np.ones(len(points)))
    above = np.empty(len(grid.key), np.intp)
    kernel.grid_components(grid, above)
    part = np.empty(len(points), np.intp)
    part[order] = np.repeat(above, np.diff(grid.first))
    _, first, part = np.unique(part, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[part]


def neighbours(
    cubes: Cubes, asked: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neighbours of each row asked: where its own begin, intp[a + 1], numbers, and squared distances."""
    grid, order = cubes.grid(points, np.ones(len(points)))
    asked, keys = np.ascontiguousarray(asked), cubes.keys(asked)
    count = np.empty(len(asked), np.intp)
    map_blocks(lambda a, b: kernel.grid_count(grid, asked, keys, a, b, count), len(asked), _ROWS)
    first = np.append(0, np.cumsum(count))
    near, square = np.empty(first[-1], np.intp), np.empty(first[-1])
    map_blocks(lambda a, b: kernel.grid_list(grid, asked, keys, first, a, b, near, square), len(asked), _ROWS)
    return first, order[near], square
