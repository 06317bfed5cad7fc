"""The kernels of transport against their dense, obvious twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from partita.kernels.laplacian import (
    bipartite_apply,
    bipartite_factor,
    bipartite_solve,
    diagonal_factor,
    factor_solve,
)
from partita.kernels.plan_scaling import (
    columns_balance,
    plan_fill,
    plan_sums,
    rows_balance,
    support_count,
    support_fill,
    transform_least,
)


def potentials(seed: int, n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((n, m)), rng.normal(size=n), rng.normal(size=m)


def dense_plan(C: np.ndarray, f: np.ndarray, g: np.ndarray, reg: float) -> np.ndarray:
    return np.exp((f[:, None] + g - C) / reg)


def graph(
    seed: int, n: int, m: int, density: float, ground: float
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Edges whose weights span ten orders of magnitude, and the dense grounded Laplacian."""
    rng = np.random.default_rng(seed)
    W = np.where(rng.random((n, m)) < density, 10.0 ** rng.uniform(-10, 0, (n, m)), 0.0)
    left, right = W.sum(1) + ground * rng.random(n), W.sum(0) + ground * rng.random(m)
    held = sparse.csr_array(W)
    arrays = held.indptr.astype(np.intp), held.indices.astype(np.int32), held.data, left, right
    return arrays, np.block([[np.diag(left), -W], [-W.T, np.diag(right)]])


def test_the_exponential_is_right_to_the_last_digits_over_all_its_range():
    x = np.concatenate([np.linspace(-699, 699, 100_001), [0.0, -1e-300, -700.0, -1e6, -np.inf]])
    out = np.empty((1, len(x)))
    plan_fill(np.zeros((1, len(x))), np.zeros(1), x, 1.0, 0, 1, out)
    np.testing.assert_allclose(out[0, :-3], np.exp(x[:-3]), rtol=5e-16)
    assert out[0, -3:].tolist() == [0.0, 0.0, 0.0]


@given(
    seed=st.integers(0, 10**6), n=st.integers(1, 7), m=st.integers(1, 20), reg=st.sampled_from([0.05, 1.0])
)
def test_sums_are_those_of_the_dense_plan(seed, n, m, reg):
    C, f, g = potentials(seed, n, m)
    P = dense_plan(C, f, g, reg)
    rows, columns, out = np.empty(n), np.empty(m), np.empty((n, m))
    cost = plan_sums(C, f, g, reg, 0, n, rows, columns)
    plan_fill(C, f, g, reg, 0, n, out)
    np.testing.assert_allclose(out, P, rtol=1e-13)
    np.testing.assert_allclose(rows, P.sum(1), rtol=1e-12)
    np.testing.assert_allclose(columns, P.sum(0), rtol=1e-12)
    assert cost == pytest.approx((C * P).sum(), rel=1e-12)


@pytest.mark.parametrize("far", [0.0, 1e3, -1e5])
def test_balancing_starts_from_anywhere(far):
    C, f, g = potentials(0, 6, 9)
    f, g = f + far, g - 2 * far * (np.arange(9) % 2)
    a, b, reg, columns = np.arange(1.0, 7.0), np.arange(1.0, 10.0), 0.1, np.empty(9)
    rows_balance(C, g, reg, a, 0, 6, f, columns)
    P = dense_plan(C, f, g, reg)
    np.testing.assert_allclose(P.sum(1), a, rtol=1e-9)
    np.testing.assert_allclose(columns, P.sum(0), rtol=1e-9, atol=1e-300)
    columns_balance(C, f, reg, b, columns, g)
    np.testing.assert_allclose(dense_plan(C, f, g, reg).sum(0), b, rtol=1e-9)


@given(seed=st.integers(0, 10**6), dropped=st.sampled_from([1e-6, 1e-2, 0.5]))
def test_the_support_lacks_no_more_than_it_says(seed, dropped):
    n, m, reg = 12, 15, 0.05
    C, f, g = potentials(seed, n, m)
    a, b = dense_plan(C, f, g, reg).sum(1), dense_plan(C, f, g, reg).sum(0)
    low_row, low_column = reg * np.log(dropped * a / m), reg * np.log(dropped * b / n)
    counts = np.empty(n, np.intp)
    support_count(C, f, g, low_row, low_column, 0, n, counts)
    first = np.concatenate([[0], np.cumsum(counts)])
    partner, mass = np.empty(first[-1], np.int32), np.empty(first[-1])
    support_fill(C, f, g, reg, low_row, low_column, 0, n, first, partner, mass)
    kept = sparse.csr_array((mass, partner, first), shape=(n, m)).toarray()
    P = dense_plan(C, f, g, reg)
    np.testing.assert_allclose(kept[kept > 0], P[kept > 0], rtol=1e-12)
    assert (P.sum(1) - kept.sum(1) <= dropped * a * (1 + 1e-9)).all()
    assert (P.sum(0) - kept.sum(0) <= dropped * b * (1 + 1e-9)).all()


def test_the_transform_is_the_least_reduced_cost():
    C, f, _ = potentials(1, 5, 8)
    least = np.empty(8)
    transform_least(C, f, 0, 5, least)
    np.testing.assert_array_equal(least, (C - f[:, None]).min(0))


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 25),
    m=st.integers(1, 25),
    density=st.sampled_from([0.1, 0.4, 1.0]),
)
def test_the_solver_solves_grounded_laplacians(seed, n, m, density):
    arrays, L = graph(seed, n, m, density, ground=1e-3)
    wanted = np.random.default_rng(seed).normal(size=n + m)
    x, product = np.empty(n + m), np.empty(n + m)
    bipartite_apply(*arrays, wanted, product)
    np.testing.assert_allclose(product, L @ wanted, atol=1e-12)
    steps = bipartite_solve(*arrays, bipartite_factor(*arrays), wanted, 1e-8, 400, x)
    assert steps <= n + m + 5
    np.testing.assert_allclose(L @ x, wanted, atol=1e-6 * np.linalg.norm(wanted))


def test_the_sampled_factor_beats_the_diagonal_where_weights_differ_much():
    n = 400
    rng = np.random.default_rng(0)
    chain = sparse.diags_array(
        [10.0 ** rng.uniform(-8, 0, n), 10.0 ** rng.uniform(-8, 0, n - 1)], offsets=[0, 1]
    )
    W = chain.tocsr()
    left, right = W.sum(1) + 1e-12, W.sum(0) + 1e-12
    arrays = W.indptr.astype(np.intp), W.indices.astype(np.int32), W.data, left, right
    wanted, x = rng.normal(size=2 * n), np.empty(2 * n)
    wanted -= wanted.mean()
    sampled = bipartite_solve(*arrays, bipartite_factor(*arrays), wanted, 1e-6, 2000, x)
    diagonal = bipartite_solve(*arrays, diagonal_factor(left, right), wanted, 1e-6, 2000, x)
    assert sampled <= 5  # a tree is eliminated exactly
    assert diagonal > 20 * sampled


@given(seed=st.integers(0, 10**6), n=st.integers(1, 15), m=st.integers(1, 15))
def test_the_factor_is_a_symmetric_positive_matrix(seed, n, m):
    arrays, _ = graph(seed, n, m, 0.5, ground=1e-2)
    factor, size = bipartite_factor(*arrays), n + m
    inverse, work = np.empty((size, size)), np.empty(size + 1)
    for v in range(size):
        factor_solve(factor, np.eye(size)[v], work, inverse[v])
    scale = np.abs(inverse).max()
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-9 * scale)
    assert np.linalg.eigvalsh(inverse).min() > -1e-9 * scale


def test_vertices_without_edges_are_left_alone():
    W = sparse.csr_array((3, 2))
    arrays = W.indptr.astype(np.intp), W.indices.astype(np.int32), W.data, np.zeros(3), np.zeros(2)
    x = np.empty(5)
    bipartite_solve(*arrays, bipartite_factor(*arrays), np.zeros(5), 1e-6, 10, x)
    assert not x.any()
