"""The spanning tree of mutual reachability: the same edges as the slow way, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse.csgraph import minimum_spanning_tree

from oracles.density import distances, reachability
from oracles.spanning import reach_tree
from partita._core.threads import thread_scope
from partita.hierarchy.rows import canonical_rows
from partita.kernels.merging import merges_tree
from partita.kernels.spanning import matrix_core, matrix_tree
from partita.points._reach import spanning_tree


def assert_same_tree(X: np.ndarray, min_samples: int, weight: np.ndarray | None = None) -> None:
    rows = canonical_rows(X, weight)
    fast = spanning_tree(rows, min_samples)
    a, b, length, core = reach_tree(rows.points, rows.weight, min_samples)
    np.testing.assert_array_equal(fast.core, core)
    np.testing.assert_array_equal(fast.length, length)
    np.testing.assert_array_equal(fast.a, a)
    np.testing.assert_array_equal(fast.b, b)


def scenes() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "plane": rng.standard_normal((900, 2)),
        "lattice": np.stack(np.meshgrid(np.arange(25.0), np.arange(25.0)), -1).reshape(-1, 2),
        "repeated": rng.integers(0, 6, (700, 3)).astype(np.float64),
        "two scales": np.concatenate([rng.normal(0, 1e-3, (600, 2)), rng.normal(0, 1e6, (200, 2))]),
        "far away": rng.standard_normal((500, 3)) + 1e9,
        "rounded": np.round(rng.standard_normal((600, 2)), 1),
        "many columns": np.concatenate(
            [rng.normal(0, 0.1, (300, 20)), rng.normal(7, 1, (300, 20)), rng.normal(0, 30, (40, 20))]
        ).astype(np.float32),
        "one column": rng.standard_normal((300, 1)),
        "line in 40": np.outer(rng.random(200), np.ones(40)),
    }


@pytest.mark.parametrize("min_samples", [1, 2, 5, 12])
@pytest.mark.parametrize("scene", scenes())
def test_same_tree_as_prim(scene: str, min_samples: int):
    assert_same_tree(scenes()[scene], min_samples)


def test_same_tree_in_cells_of_means():
    rng = np.random.default_rng(1)
    clumps = [rng.normal(0, 0.1, (2500, 12)), rng.normal(3, 1, (2500, 12)), rng.normal(0, 30, (300, 12))]
    X = np.concatenate(clumps).astype(np.float32)
    assert_same_tree(X, 5)
    assert_same_tree(np.round(X), 3)
    blob_far_out = np.concatenate([rng.normal(7e4, 1e-4, (3000, 12)), rng.uniform(-1e5, 1e5, (1500, 12))])
    assert_same_tree(blob_far_out, 5)


@given(data=st.data())
def test_any_rows(data: st.DataObject):
    shape = data.draw(st.tuples(st.integers(1, 120), st.integers(1, 4)))
    kinds = [st.integers(-3, 3).map(float), st.floats(-1e3, 1e3), st.sampled_from([0.0, 1e-9, 1.0, 1e9])]
    X = data.draw(hnp.arrays(np.float64, shape, elements=data.draw(st.sampled_from(kinds))))
    weight = data.draw(hnp.arrays(np.float64, shape[0], elements=st.sampled_from([0.5, 1.0, 2.0, 7.0])))
    assert_same_tree(X, data.draw(st.integers(1, 9)), data.draw(st.sampled_from([None, weight])))


@pytest.mark.parametrize("scene", ["plane", "lattice", "many columns"])
def test_length_is_least(scene: str):
    X = scenes()[scene]
    R = reachability(distances(X), 5)
    np.fill_diagonal(R, 0)
    spine = spanning_tree(canonical_rows(X), 5)
    np.testing.assert_allclose(spine.length.sum(), minimum_spanning_tree(R).sum(), rtol=1e-9)


def test_neither_order_of_rows_nor_threads_matter():
    X = scenes()["rounded"]
    expected = spanning_tree(canonical_rows(X), 4)
    for n_threads, seed in ((1, 0), (2, 1), (3, 2)):
        with thread_scope(n_threads):
            found = spanning_tree(canonical_rows(X[np.random.default_rng(seed).permutation(len(X))]), 4)
        for name in ("a", "b", "length", "core"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_matrix_and_rows_agree():
    rows = canonical_rows(scenes()["repeated"])
    D, core = distances(rows.points), np.empty(rows.n_distinct)
    matrix_core(D, rows.weight, 5, core)
    spine = spanning_tree(rows, 5)
    np.testing.assert_array_equal(core, spine.core)
    for found, expected in zip(matrix_tree(D, core), (spine.a, spine.b, spine.length)):
        np.testing.assert_array_equal(found, expected)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=30), st.randoms())
def test_equal_lengths_merge_at_once(lengths: list[int], random):
    """However edges of equal length are ordered, the parts are the same sets of rows at the same heights."""
    m = len(lengths) + 1
    ends = [(random.randrange(e + 1), e + 1) for e in range(m - 1)]
    found = []
    for seed in (0, 1):
        order = sorted(range(m - 1), key=lambda e: (lengths[e], e if seed else -e))
        a, b = (np.array([ends[e][side] for e in order], np.int32) for side in (0, 1))
        parent, height, row_part = merges_tree(a, b, np.array([lengths[e] for e in order], float), m)
        assert (height[parent[parent >= 0]] > height[parent >= 0]).all()
        rows = [set(np.flatnonzero(row_part == p).tolist()) for p in range(len(parent))]
        for p in range(len(parent)):
            if parent[p] >= 0:
                rows[parent[p]] |= rows[p]
        found.append({(frozenset(part), h) for part, h in zip(rows, height)})
    assert found[0] == found[1]
