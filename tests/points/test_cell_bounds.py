"""Bounds of distances to cells: what they rule out would else never be looked at."""

from __future__ import annotations

import numpy as np
import pytest

from partita._core.progress import Progress
from partita.hierarchy.rows import canonical_rows
from partita.kernels.cells import (
    WIDE,
    ascending,
    block_estimate,
    bounds_fill,
    cells_nearest,
    limit_first,
    limit_of,
    scores_within,
    scratch_make,
)
from partita.kernels.spanning import square_apart
from partita.points._row_cells import RowCells, row_cells

EXACT = 1e-13


def scenes() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    blob = np.concatenate([rng.normal(7e4, 1e-2, (3000, 12)), rng.uniform(-1e5, 1e5, (1500, 12))])
    return {
        "clumps": np.concatenate([rng.normal(0, 0.1, (3000, 12)), rng.normal(3, 1, (3000, 12))]),
        "blob": blob,
        "plane": blob[:, :2],
    }


@pytest.fixture(scope="module", params=scenes())
def held(request: pytest.FixtureRequest) -> RowCells:
    return row_cells(canonical_rows(scenes()[request.param]), Progress())


def rows_of(held: RowCells, c: int) -> np.ndarray:
    return held.framed[held.cells.first[c] : held.cells.first[c + 1]]


def some_cells(held: RowCells) -> np.ndarray:
    return np.random.default_rng(1).permutation(len(held.cells.radius))[:40]


def apart(some: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.sqrt(((some[:, None] - other[None]) ** 2).sum(-1))


def assert_bounds(held: RowCells, queries: np.ndarray, home: int, near: np.ndarray) -> np.ndarray:
    bounds = np.empty((len(near), len(queries)), np.float32)
    bounds_fill(held.cells, queries, home, near, bounds)
    true = np.stack([apart(queries, rows_of(held, c)).min(axis=1) for c in near])
    assert (bounds <= true * (1 + EXACT) + held.cells.slack).all()
    return bounds / np.maximum(true, held.cells.slack)


def test_radius_and_lean(held: RowCells):
    cells = held.cells
    for c in some_cells(held):
        local = rows_of(held, c) - cells.center[c]
        furthest = np.sqrt((local**2).sum(axis=1)).max()
        assert furthest <= cells.radius[c] <= furthest * (1 + 1e-8) + EXACT
        if not cells.boxed:
            axes = np.delete(cells.center - cells.center[c], c, axis=0)
            lean = (local @ (axes / np.linalg.norm(axes, axis=1, keepdims=True)).T).max(axis=0)
            given = np.delete(cells.outward[c], c).astype(float)
            assert (lean <= given + EXACT).all()
            assert (given <= lean + 1e-4 * furthest + EXACT).all()


def test_bounds_where_they_are_tight(held: RowCells):
    """Beyond the furthest row of a cell, and beyond the one that leans most, nothing is left to give."""
    cells, near, rng = held.cells, some_cells(held), np.random.default_rng(2)
    for c in near:
        home = int(rng.choice(np.setdiff1d(np.arange(len(cells.radius)), c)))
        local, axis = rows_of(held, c) - cells.center[c], cells.center[home] - cells.center[c]
        axis /= np.linalg.norm(axis)
        furthest, leaning = local[(local**2).sum(axis=1).argmax()], local[(local @ axis).argmax()]
        queries = cells.center[c] + np.stack(
            [2 * furthest, 1.1 * furthest, leaning + cells.radius[c] * axis, leaning]
        )
        assert_bounds(held, queries, home, near)
        assert assert_bounds(held, queries, c, np.array([c]))[0, 0] > 0.4


def test_rows_of_a_cell(held: RowCells):
    cells, every = held.cells, np.arange(len(held.cells.radius))
    for home in some_cells(held)[:5]:
        queries = rows_of(held, home)[:WIDE]
        assert assert_bounds(held, queries, home, every).max() > 0.4
        near, bounds = cells_nearest(cells, queries, home, True, np.float32(np.inf))
        assert (np.diff(bounds) >= 0).all()
        assert (np.sort(near) == every).all()
        for c, bound in zip(near, bounds):
            assert bound <= apart(queries, rows_of(held, c)).min() * (1 + EXACT) + cells.slack
        limit = np.float32(np.median(bounds))
        assert set(near[bounds <= limit]) <= set(cells_nearest(cells, queries, home, True, limit)[0])


def test_estimates(held: RowCells):
    cells, chosen = held.cells, some_cells(held)
    queries = np.concatenate([rows_of(held, c)[:3] for c in chosen])
    exact = np.concatenate([cells.rows[cells.first[c] :][:3][: len(rows_of(held, c))] for c in chosen])
    scratch, some = scratch_make(len(queries), queries.shape[1]), np.arange(len(queries))
    for c in chosen:
        start, stop = cells.first[c], min(cells.first[c] + WIDE, cells.first[c + 1])
        scores = block_estimate(cells, c, start, stop, queries, some, scratch)
        true, error = apart(queries, held.framed[start:stop]) ** 2, scratch.error[: len(queries), None]
        assert (scores <= true * (1 + 1e-12) + EXACT**2).all()
        assert (true <= scores + 1.001 * error + EXACT**2).all()
        for i in range(0, len(queries), 9):
            far, far2 = limit_of(cells, square_apart(exact[i], cells.rows[start]))
            assert np.sqrt(true[i, 0]) <= far
            assert scores[i, 0] <= far2


def test_scores_within():
    rng, places = np.random.default_rng(3), np.empty(WIDE, np.intp)
    for wide in (1, 31, 32, 200, WIDE):
        scores = rng.permutation(3 * wide).reshape(3, wide).astype(np.float32)
        for limit in (-1, 0, *np.sort(scores[1])[[0, min(1, wide - 1), wide // 2, -1]]):
            count = scores_within(scores, 1, np.float32(limit), places)
            np.testing.assert_array_equal(places[:count], np.flatnonzero(scores[1] <= limit))


def test_first_limits_hold_as_many_rows_as_are_wanted(held: RowCells):
    cells, rng, scratch = held.cells, np.random.default_rng(4), scratch_make(2, held.framed.shape[1])
    scratch.error[:] = 0.0
    for wide in (1, 20, 40, 200, WIDE):
        scores = np.round(rng.standard_gamma(2.0, (2, wide)), 1).astype(np.float32)
        for count in (1, 2, 11, 16, 17, wide, wide + 1):
            limit, limit2 = limit_first(cells, scores, 1, count, 0.0, scratch)
            if count > wide:
                assert np.isinf(limit)
                assert np.isinf(limit2)
                continue
            wanted = np.sort(scores[1])[count - 1]
            assert wanted <= limit2 <= 1.001 * wanted + 1e-6
            assert wanted <= float(limit) ** 2 * (1 + 1e-6)


def test_ascending():
    rng = np.random.default_rng(5)
    for n in (0, 1, 2, 7, 40, 500):
        values = rng.integers(0, 1 + n // 2, n).astype(np.float32)
        np.testing.assert_array_equal(ascending(values), np.argsort(values, kind="stable"))
