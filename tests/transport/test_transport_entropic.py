"""Entropic plans: the right plan, by both ways, from any order and number of threads, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from oracles import transport as oracle
from partita.transport import Plan, sinkhorn

METHODS = ("sinkhorn", "newton_sparse")
methods = pytest.mark.parametrize("method", METHODS)


def problem(seed: int, n: int = 12, m: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.random(n) + 0.01, rng.random(m) + 0.01
    return rng.random((n, m)), a, b * (a.sum() / b.sum())


def images(real_data, p: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two digits as distributions over their 784 pixels, and the distances between pixels."""
    with np.load(real_data("mnist-digits", "mnist.npz")) as held:
        X = held["X"].reshape(-1, 784)
    pick = np.random.default_rng(seed).choice(len(X), 2, replace=False)
    a, b = X[pick] / 255 + 0.01
    pixel = np.stack(np.meshgrid(range(28), range(28), indexing="ij"), -1).reshape(-1, 2).astype(float)
    C = (np.abs(pixel[:, None] - pixel) ** p).sum(-1)
    return C / C.max(), a / a.sum(), b / b.sum()


def gap(plan: Plan, a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(plan.matrix.sum(1) - a).sum() + np.abs(plan.matrix.sum(0) - b).sum())


@methods
@given(seed=st.integers(0, 10**6), reg=st.sampled_from([0.02, 0.1, 1.0, 30.0]), n=st.integers(1, 14))
def test_the_plan_is_the_entropic_one(method, seed, reg, n):
    C, a, b = problem(seed, n)
    plan = sinkhorn(C, a, b, reg, method=method, tol=1e-12)
    assert plan.converged
    np.testing.assert_allclose(plan.matrix, oracle.entropic(C, a, b, reg), atol=1e-9)


@methods
@given(seed=st.integers(0, 10**6), reg=st.sampled_from([0.02, 0.1]))
def test_what_the_plan_says_about_itself_is_true(method, seed, reg):
    C, a, b = problem(seed)
    plan = sinkhorn(C, a, b, reg, method=method)
    assert plan.converged
    assert plan.marginal_error <= 1e-9 * a.sum()
    assert gap(plan, a, b) == pytest.approx(plan.marginal_error, abs=1e-13)
    assert plan.cost == pytest.approx((C * plan.matrix).sum(), rel=1e-12)
    f, g = plan.potentials
    assert a @ f == pytest.approx(b @ g, abs=1e-9)
    scaled = np.exp((f[:, None] + g[None] - C) / reg)
    np.testing.assert_allclose(plan.matrix / plan.matrix.sum(), scaled / scaled.sum(), rtol=1e-9)
    least = oracle.cheapest(C, a, b)
    assert plan.lower_bound <= least + 1e-12 * a.sum()
    P = oracle.entropic(C, a, b, reg)
    assert plan.objective == pytest.approx((C * P).sum() + reg * (P * np.log(P)).sum(), abs=1e-7)
    assert plan.objective == pytest.approx(plan.objective_bound, abs=1e-8)
    assert plan.cost >= least - 1e-8 * a.sum()


def test_the_lower_bound_tightens_as_the_regularisation_falls():
    C, a, b = problem(3, 40, 40)
    least = oracle.cheapest(C, a, b)
    short = [least - sinkhorn(C, a, b, reg, method="newton_sparse").lower_bound for reg in (1e-1, 1e-2, 1e-4)]
    assert short[0] > short[1] > short[2] >= -1e-12
    assert short[2] < 1e-3 * least


@pytest.mark.parametrize("reg", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
def test_no_regularisation_is_too_small_for_newton(reg):
    C, a, b = problem(5, 60, 50)
    plan = sinkhorn(C, a, b, reg, method="newton_sparse")
    assert plan.converged
    assert np.isfinite(plan.matrix).all()
    assert plan.cost <= oracle.cheapest(C, a, b) + reg * a.sum() * np.log(C.size)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_units_do_not_matter(scale):
    C, a, b = problem(6, 30, 30)
    plan = sinkhorn(C, a, b, 1e-3, method="newton_sparse")
    other = sinkhorn(C * scale, a * 7, b * 7, 1e-3 * scale, method="newton_sparse")
    np.testing.assert_allclose(other.matrix, 7 * plan.matrix, atol=1e-8)
    assert other.cost == pytest.approx(7 * scale * plan.cost, rel=1e-6)


@pytest.mark.parametrize("shift", [-5e3, 5e3])
@methods
def test_a_constant_or_large_costs_do_not_underflow(method, shift):
    C, a, b = problem(7)
    plan = sinkhorn(C + shift, a, b, 0.05, method=method)
    assert plan.converged
    np.testing.assert_allclose(plan.matrix, oracle.entropic(C, a, b, 0.05), atol=1e-7)


def test_plain_sinkhorn_that_is_stopped_says_so_and_holds_no_nan():
    C, a, b = problem(8, 50, 50)
    plan = sinkhorn(C, a, b, 1e-4, max_iter=20)
    assert not plan.converged
    assert plan.n_iter == 20
    assert plan.marginal_error > 1e-9
    assert gap(plan, a, b) == pytest.approx(plan.marginal_error, rel=1e-9)
    assert "not converged" in repr(plan)


@pytest.mark.parametrize("equal", [False, True])
@methods
def test_permuted_rows_and_columns_give_the_same_bits(method, equal):
    C, a, b = problem(9, 30, 25)
    if equal:  # then the costs alone tell the rows apart
        a, b = np.ones(30), np.full(25, 1.2)
    rows, columns = np.random.default_rng(1).permutation(30), np.random.default_rng(2).permutation(25)
    plan = sinkhorn(C, a, b, 0.01, method=method)
    other = sinkhorn(C[np.ix_(rows, columns)], a[rows], b[columns], 0.01, method=method)
    np.testing.assert_array_equal(other.matrix, plan.matrix[np.ix_(rows, columns)])
    assert (other.n_iter, other.marginal_error) == (plan.n_iter, plan.marginal_error)


@methods
def test_threads_do_not_matter(method):
    rng = np.random.default_rng(0)
    C = rng.random((1500, 900))  # two blocks
    one, two = (sinkhorn(C, None, None, 0.005, method=method, tol=1e-5, n_jobs=n_jobs) for n_jobs in (1, 3))
    np.testing.assert_array_equal(one.matrix, two.matrix)
    assert one.n_iter == two.n_iter


@methods
def test_sources_and_sinks_without_mass_get_none(method):
    C, a, b = problem(10)
    full_a, full_b = np.insert(a, [0, 4], 0.0), np.append(b, 0.0)
    full_C = np.insert(np.insert(C, [0, 4], 0.3, axis=0), 9, 0.1, axis=1)
    plan = sinkhorn(full_C, full_a, full_b, 0.05, method=method)
    kept = np.flatnonzero(full_a)
    alone = sinkhorn(C, a, b, 0.05, method=method)
    np.testing.assert_allclose(plan.matrix[kept][:, :9], alone.matrix, atol=1e-9)
    assert not plan.matrix[full_a == 0].any()
    assert not plan.matrix[:, 9].any()
    assert np.isfinite(plan.potentials[0]).all()
    assert np.isfinite(plan.potentials[1]).all()
    assert plan.lower_bound <= oracle.cheapest(C, a, b) + 1e-12


@methods
def test_equal_rows_get_equal_shares(method):
    C, a, b = problem(11, 6, 5)
    plan = sinkhorn(np.repeat(C, 3, axis=0), np.repeat(a, 3), 3 * b, 0.01, method=method)
    np.testing.assert_allclose(plan.matrix[::3], plan.matrix[2::3], rtol=1e-9)


@methods
def test_one_pair_and_constant_costs(method):
    assert sinkhorn([[3.0]], [2.0], [2.0], 0.1, method=method).matrix.tolist() == [[2.0]]
    plan = sinkhorn(np.ones((3, 2)), None, None, 1e-3, method=method)
    np.testing.assert_allclose(plan.matrix, 1 / 6)
    assert plan.lower_bound == pytest.approx(1.0)


def test_a_plan_is_frozen():
    plan = sinkhorn([[0.0, 1.0]], None, None, 1.0)
    with pytest.raises(AttributeError):
        plan.cost = 3.0
    with pytest.raises(ValueError, match="read-only"):
        plan.matrix[0, 0] = 1.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"C": [[0.0, np.nan]]}, "row 0, column 1"),
        ({"C": [[0.0, np.inf]]}, "row 0, column 1"),
        ({"C": np.empty((0, 2))}, "wrong shape"),
        ({"C": [1.0, 2.0]}, "wrong shape"),
        ({"C": [["x", "y"]]}, "numbers"),
        ({"a": [1.0, 1.0]}, r"shape \(1,\)"),
        ({"b": [1.5, -0.5]}, r"b\[1\]"),
        ({"b": [np.nan, 1.0]}, r"b\[0\]"),
        ({"a": [0.0]}, "add up to 0"),
    ],
)
def test_what_cannot_be_solved_is_refused_by_name(change, says):
    given_ = {"C": [[0.0, 1.0]], "a": [1.0], "b": [0.5, 0.5], **change}
    with pytest.raises(pt.InvalidDataError, match=says):
        sinkhorn(given_["C"], given_["a"], given_["b"], 0.1)


def test_sparse_costs_are_refused():
    from scipy import sparse

    with pytest.raises(pt.InvalidDataError, match="every pair"):
        sinkhorn(sparse.eye_array(3), None, None, 0.1)


def test_unequal_sums_are_refused_with_the_smallest_relaxation():
    with pytest.raises(pt.InfeasibleError, match="scale b by 2") as caught:
        sinkhorn([[0.0, 1.0]], [2.0], [0.5, 0.5], 0.1)
    assert "mass 1 at cost 0" in caught.value.smallest_relaxation
    assert sinkhorn([[0.0, 1.0]], [1.0], np.float32([0.3, 0.7]), 0.1).converged


@pytest.mark.parametrize(
    "bad", [{"reg": 0.0}, {"reg": np.nan}, {"method": "newton"}, {"tol": 0}, {"max_iter": 0}, {"n_jobs": 1.5}]
)
def test_parameters_are_checked(bad):
    with pytest.raises(pt.InvalidParameterError):
        sinkhorn([[0.0, 1.0]], None, None, **{"reg": 0.1, **bad})


def test_a_plan_over_the_memory_budget_is_refused(monkeypatch):
    monkeypatch.setenv("PARTITA_MEMORY", "1 MiB")
    with pytest.raises(pt.BudgetError, match=r"300 x 300"):
        sinkhorn(np.zeros((300, 300)), None, None, 0.1)


def test_assignment_at_1200_takes_a_fiftieth_of_sinkhorns_iterations():
    C = np.random.default_rng(0).random((500, 500))
    plan = sinkhorn(C, None, None, 1 / 1200, method="newton_sparse")
    assert plan.converged
    assert plan.n_iter <= 29
    plain = sinkhorn(C, None, None, 1 / 1200, max_iter=50 * plan.n_iter)
    assert not plain.converged


@pytest.mark.data
@pytest.mark.parametrize(("p", "published"), [(2, 53), (1, 777)])
def test_digits_at_1200_take_a_fiftieth_too_and_no_more_than_published(real_data, p, published):
    pair = images(real_data, p, 0)
    plan = sinkhorn(*pair, 1 / 1200, method="newton_sparse")
    assert plan.converged
    assert plan.n_iter <= published
    assert not sinkhorn(*pair, 1 / 1200, max_iter=50 * plan.n_iter).converged


def test_a_line_where_the_best_plan_is_degenerate_is_solved_at_any_regularisation():
    rng = np.random.default_rng(1)
    C = np.abs(np.arange(150)[:, None] - np.arange(150)) / 150
    a, b = rng.random(150), rng.random(150)
    for reg in (1e-3, 1e-5):
        plan = sinkhorn(C, a / a.sum(), b / b.sum(), reg, method="newton_sparse", max_iter=300)
        assert plan.converged
