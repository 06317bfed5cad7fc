"""Plans with few sources a sink: never more, all sums right, and a bound that holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from oracles import transport as oracle
from partita.kernels.plan_sparse import columns_choose
from partita.transport import sparse_plan


def problem(seed: int, n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.random(n) + 0.2, rng.random(m) + 0.2
    return rng.random((n, m)), a / a.sum(), b / b.sum()


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 8),
    m=st.integers(20, 60),
    few=st.integers(2, 5),
    gamma=st.sampled_from([0.1, 5.0, 200.0]),
)
def test_a_plan_keeps_its_promises(seed, n, m, few, gamma):
    C, a, b = problem(seed, n, m)
    plan = sparse_plan(C, a, b, few, gamma)
    P = plan.matrix
    assert (P >= 0).all()
    assert (P > 0).sum(axis=0).max() <= few
    np.testing.assert_allclose(P.sum(axis=0), b, atol=1e-12)
    assert np.abs(P.sum(axis=1) - a).sum() == pytest.approx(plan.marginal_error, abs=1e-12)
    assert plan.converged == (plan.marginal_error <= 1e-6)
    assert plan.cost == pytest.approx((C * P).sum())
    assert plan.objective == pytest.approx((C * P).sum() + gamma / 2 * (P**2).sum())
    if plan.converged:
        assert plan.objective >= plan.objective_bound - 1e-6
        assert plan.cost >= plan.lower_bound - 1e-6


@pytest.mark.parametrize("gamma", [0.3, 3.0, 100.0])
def test_enough_sources_give_quadratic_transport(gamma):
    C, a, b = problem(0, 5, 7)
    plan = sparse_plan(C, a, b, 5, gamma, tol=1e-7)
    assert plan.converged
    P = oracle.quadratic(C, a, b, gamma)
    np.testing.assert_allclose(plan.matrix, P, atol=2e-5)
    assert plan.objective == pytest.approx(plan.objective_bound, rel=1e-6)
    f, g = plan.potentials
    used = plan.matrix > 1e-6
    np.testing.assert_allclose((f[:, None] + g)[used], (C + gamma * plan.matrix)[used], atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_is_below_the_best_plan_of_all_choices(seed):
    C, a, b = problem(seed, 3, 4)
    best = oracle.best_sparse(C, a, b, 2, 2.0)
    plan = sparse_plan(C, a, b, 2, 2.0)
    assert plan.objective_bound <= best + 1e-6
    if plan.converged:
        assert plan.objective >= best - 1e-6
        assert plan.objective <= 1.05 * best


def test_the_search_for_shares_closes_what_the_dual_leaves_open():
    C, a, b = problem(1, 100, 100)
    plan = sparse_plan(C, a, b, 4, 100.0)
    assert plan.converged
    assert plan.objective < 1.05 * plan.objective_bound


def test_one_source_each_is_a_hard_assignment():
    C = np.random.default_rng(2).random((4, 12))
    plan = sparse_plan(C, None, None, 1, 1e-3)
    assert plan.converged
    np.testing.assert_array_equal((plan.matrix > 0).sum(axis=0), 1)
    np.testing.assert_array_equal((plan.matrix > 0).sum(axis=1), 3)
    assert plan.cost == pytest.approx(oracle.cheapest(C, np.full(4, 1 / 4), np.full(12, 1 / 12)))


@given(seed=st.integers(0, 10**6), n=st.integers(1, 12), few=st.integers(1, 12), ties=st.booleans())
def test_the_kernel_takes_the_best_few_and_shares_them_rightly(seed, n, few, ties):
    rng, few = np.random.default_rng(seed), min(few, n)
    costs = rng.integers(0, 3, (1, n)).astype(float) if ties else rng.random((1, n))
    potential, gamma, total = np.zeros(n), 0.7, 0.4
    chosen, shares, rows = np.empty((1, few), np.int32), np.empty((1, few)), np.empty(n)
    value = columns_choose(costs, potential, np.array([total]), gamma, 0, 1, chosen, shares, rows)
    assert sorted(chosen[0]) == sorted(np.argsort(costs[0], kind="stable")[:few])
    assert shares.sum() == pytest.approx(total)
    grid = np.linspace(-5, 5, 200_001)  # the threshold by brute force
    takes = np.maximum((-costs[0][chosen[0]] - grid[:, None]) / gamma, 0.0)
    best = takes[np.abs(takes.sum(1) - total).argmin()]
    np.testing.assert_allclose(shares[0], best, atol=1e-3)
    assert value == pytest.approx(-(costs[0][chosen[0]] * shares[0]).sum() - gamma / 2 * (shares**2).sum())
    np.testing.assert_allclose(rows[chosen[0]], shares[0])


def test_order_and_threads_do_not_matter():
    C, a, b = problem(3, 120, 9000)  # two blocks
    rows, columns = np.random.default_rng(1).permutation(120), np.random.default_rng(2).permutation(9000)
    plan = sparse_plan(C, a, b, 3, 9000.0, max_iter=30, n_jobs=1)
    other = sparse_plan(C[np.ix_(rows, columns)], a[rows], b[columns], 3, 9000.0, max_iter=30, n_jobs=3)
    np.testing.assert_array_equal(other.matrix, plan.matrix[np.ix_(rows, columns)])


def test_units_do_not_matter():
    C, a, b = problem(4, 8, 30)
    plan = sparse_plan(C, a, b, 3, 20.0)
    other = sparse_plan(1e6 * C - 3e6, 5 * a, 5 * b, 3, 20.0 * 1e6 / 5)
    assert plan.converged
    assert other.converged
    shift = -3e6 * 5
    assert other.objective_bound - shift == pytest.approx(5e6 * plan.objective_bound, rel=1e-6)
    assert other.objective - shift == pytest.approx(5e6 * plan.objective, rel=1e-2)


def test_masses_of_zero_take_and_give_nothing():
    C, a, b = problem(5, 6, 30)
    plan = sparse_plan(np.vstack([C, np.zeros((1, 30))]), np.append(a, 0.0), b, 3, 20.0)
    assert not plan.matrix[6].any()
    assert plan.objective == pytest.approx(sparse_plan(C, a, b, 3, 20.0).objective, rel=1e-2)


@pytest.mark.parametrize(
    ("a", "b", "few", "least"),
    [(np.ones(7), np.ones(3) * 7 / 3, 2, 3), ([0.2, 0.2, 0.2, 0.4], [0.9, 0.1], 2, 4)],
)
def test_too_few_sources_are_refused_with_the_smallest_relaxation(a, b, few, least):
    C = np.zeros((len(a), len(b)))
    with pytest.raises(pt.InfeasibleError, match=f"max_nonzeros={least}"):
        sparse_plan(C, a, b, few, 1.0)
    sparse_plan(C, a, b, least, 1.0)


@pytest.mark.parametrize("bad", [{"max_nonzeros": 0}, {"gamma": 0.0}, {"gamma": np.inf}, {"max_iter": 0}])
def test_parameters_are_checked(bad):
    with pytest.raises(pt.InvalidParameterError):
        sparse_plan([[0.0, 1.0]], None, None, **{"max_nonzeros": 1, "gamma": 1.0, **bad})
