"""Exact assignment under bounds: optimal, proved, within the bounds, the same in any order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import partita as pt
from oracles.capacity import cost_by_matching, cost_by_program, cost_of_whole_items
from partita._core.threads import thread_scope
from partita.transport import _exact, assign, balance_cells, balanced_codes, capacity_assign


@st.composite
def bounded(draw, most_items=30, most_cells=7, whole=True):
    """Costs with bounds that can be met."""
    n, k = draw(st.integers(1, most_items)), draw(st.integers(1, most_cells))
    numbers = st.integers(-3, 3) if whole else st.floats(-1e3, 1e3, width=32)
    C = draw(hnp.arrays(np.float64, (n, k), elements=numbers))
    sizes = np.bincount(draw(hnp.arrays(np.intp, n, elements=st.integers(0, k - 1))), minlength=k)
    slack = draw(hnp.arrays(np.intp, (2, k), elements=st.integers(0, 3)))
    return C, np.maximum(sizes - slack[0], 0), sizes + slack[1]


def points(n: int, d: int, seed: int, n_groups: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    group = rng.choice(n_groups, n, p=np.arange(1, n_groups + 1) / np.arange(1, n_groups + 1).sum())
    return (3.0 * rng.normal(size=(n_groups, d))[group] + rng.normal(size=(n, d))).astype(np.float32)


def check_within(labels, lower, upper, k):
    sizes = np.bincount(labels, minlength=k)
    assert (sizes >= lower).all()
    assert (sizes <= upper).all()


def check_proof(C, found, lower, upper):
    """The dual solution, worked out by hand: no assignment within the bounds costs less."""
    prices = found.prices
    least = (C + prices).min(axis=1).sum() - np.where(prices > 0, prices * upper, prices * lower).sum()
    assert found.lower_bound == pytest.approx(least, rel=1e-9, abs=1e-9)
    assert found.cost == pytest.approx(C[np.arange(len(C)), found.labels].sum(), rel=1e-12, abs=1e-12)
    assert found.gap <= 1e-9 * (1.0 + np.abs(C).max() * len(C))


# --- assign -------------------------------------------------------------------------------------------------


@given(bounded())
def test_the_cost_is_that_of_the_linear_program_and_the_matching(problem):
    C, lower, upper = problem
    found = assign(C, min_size=lower, max_size=upper)
    check_within(found.labels, lower, upper, C.shape[1])
    check_proof(C, found, lower, np.minimum(upper, len(C)))
    assert found.cost == pytest.approx(cost_by_program(C, lower, upper), abs=1e-6)
    assert found.cost == pytest.approx(cost_by_matching(C, lower, upper), abs=1e-6)


@given(bounded(whole=False))
def test_real_costs_are_met_as_well(problem):
    C, lower, upper = problem
    found = assign(C, min_size=lower, max_size=upper)
    check_within(found.labels, lower, upper, C.shape[1])
    check_proof(C, found, lower, np.minimum(upper, len(C)))
    assert found.cost == pytest.approx(cost_by_matching(C, lower, upper), rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_many_items_in_many_cells_are_proved_optimal(seed):
    rng = np.random.default_rng(seed)
    C = rng.normal(size=(6000, 40)) + rng.normal(size=40)
    lower, upper = np.full(40, 120), rng.integers(150, 260, 40)
    found = assign(C, min_size=lower, max_size=upper)
    check_within(found.labels, lower, upper, 40)
    check_proof(C, found, lower, upper)


@pytest.mark.parametrize(("listed", "seed"), [(2, 129), (2, 133), (3, 62), (4, 61), (4, 117)])
def test_lists_cut_short_are_verified(monkeypatch, listed, seed):
    monkeypatch.setattr(_exact, "_LISTED", listed)
    rng = np.random.default_rng(seed)
    k = int(rng.integers(4, 14))
    n = k * int(rng.integers(4, 30))
    C = rng.uniform(size=(n, k)) + rng.uniform(0, 1, k) * rng.choice([0.2, 1, 3])
    found = assign(C, max_size=n // k, min_size=n // k)
    check_proof(C, found, np.full(k, n // k), np.full(k, n // k))


def test_shuffled_items_get_the_same_cells():
    rng = np.random.default_rng(1)
    C = rng.normal(size=(700, 9))
    shuffle = rng.permutation(700)
    first, second = assign(C, max_size=80), assign(C[shuffle], max_size=80)
    assert np.array_equal(first.labels[shuffle], second.labels)
    assert first.cost == second.cost
    assert np.array_equal(first.prices, second.prices)


def test_float32_costs_are_taken_as_they_are():
    C = np.random.default_rng(2).normal(size=(200, 5)).astype(np.float32)
    assert np.array_equal(assign(C, max_size=41).labels, assign(C.astype(np.float64), max_size=41).labels)


def test_without_bounds_each_item_takes_its_cheapest_cell():
    C = np.random.default_rng(3).normal(size=(50, 4))
    found = assign(C)
    assert np.array_equal(found.labels, C.argmin(axis=1))
    assert not found.prices.any()
    assert found.moves == 0


@pytest.mark.parametrize("n", [0, 1, 5])
def test_few_items_and_one_cell(n):
    found = assign(np.arange(float(n))[:, None])
    assert found.labels.tolist() == [0] * n
    assert found.cost == sum(range(n))


def test_equal_items_fill_the_cells():
    found = assign(np.zeros((20, 4)), max_size=5)
    assert found.sizes.tolist() == [5, 5, 5, 5]
    assert found.cost == 0.0


@pytest.mark.parametrize(
    ("bounds", "relaxation"),
    [
        ({"max_size": 2}, "max_size=3"),
        ({"max_size": [1, 2, 3]}, "raise the max_size of some cells by 1 in all"),
        ({"min_size": 3}, "min_size=2"),
        ({"min_size": [0, 4, 4]}, "lower the min_size of some cells by 1 in all"),
        ({"min_size": [0, 3, 0], "max_size": [7, 2, 7]}, "max_size=3 for that cell"),
    ],
)
def test_bounds_that_cannot_be_met_are_refused_with_the_smallest_relaxation(bounds, relaxation):
    with pytest.raises(pt.InfeasibleError, match=relaxation):
        assign(np.zeros((7, 3)), **bounds)


def test_the_named_relaxation_is_enough():
    assert assign(np.zeros((7, 3)), max_size=3).sizes.max() <= 3
    assert assign(np.zeros((7, 3)), min_size=2).sizes.min() >= 2


@pytest.mark.parametrize(
    ("C", "match"),
    [
        ([[0.0, np.nan]], "nan in row 0, column 1"),
        ([[0.0, 1.0], [np.inf, 0.0]], "inf in row 1, column 0"),
        ([0.0, 1.0], "wrong shape"),
        (np.empty((3, 0)), "wrong shape"),
        ([["a"]], "can't be read"),
    ],
)
def test_bad_costs_are_refused(C, match):
    with pytest.raises(pt.InvalidDataError, match=match):
        assign(C)


@pytest.mark.parametrize("bad", [-1, 1.5, np.nan, "two", [1, 2], [[1, 2, 3]]])
def test_bad_bounds_are_refused(bad):
    with pytest.raises(pt.PartitaError, match="max_size is not valid"):
        assign(np.zeros((2, 3)), max_size=bad)


# --- resources ----------------------------------------------------------------------------------------------


def check_load(labels, weights, capacity):
    load = np.zeros(capacity.shape)
    np.add.at(load, labels, weights)
    assert (load <= capacity * (1.0 + 1e-8)).all()


@pytest.mark.parametrize("seed", range(12))
def test_several_resources_are_kept_at_nearly_the_least_cost(seed):
    rng = np.random.default_rng(seed)
    n, k, r = rng.integers(4, 25), rng.integers(2, 5), rng.integers(1, 4)
    C, weights = rng.normal(size=(n, k)), rng.uniform(0.1, 1.0, (n, r))
    capacity = np.tile(1.3 * weights.sum(axis=0) / k + 0.5, (k, 1))
    best = cost_of_whole_items(C, weights, capacity)
    found = assign(C, weights=weights, capacity=capacity)
    check_load(found.labels, weights, capacity)
    assert found.lower_bound <= best + 1e-7
    assert best - 1e-7 <= found.cost <= best + found.gap + 1e-7
    assert found.gap <= 2.0


@pytest.mark.parametrize(("size", "unit"), [(1e-3, 1e6), (1e4, 1e-6), (1e-12, 1.0), (1.0, 1e12)])
def test_units_of_weights_and_costs_make_no_difference(size, unit):
    for seed in range(15):
        rng = np.random.default_rng(seed)
        C, weights = unit * rng.normal(size=(7, 3)), size * rng.uniform(0, 1, (7, 2))
        capacity = np.tile(1.3 * weights.sum(axis=0) / 3, (3, 1))
        best = cost_of_whole_items(C / unit, weights / size, capacity / size)
        if not np.isfinite(best):
            with pytest.raises(pt.InfeasibleError):
                assign(C, weights=weights, capacity=capacity)
            continue
        found = assign(C, weights=weights, capacity=capacity)
        check_load(found.labels, weights, capacity)
        assert found.lower_bound / unit <= best + 1e-7
        assert best - 1e-7 <= found.cost / unit <= best + found.gap / unit + 1e-7


def test_the_bound_under_resources_is_a_dual_solution():
    rng = np.random.default_rng(0)
    C, weights = rng.uniform(size=(300, 6)), rng.uniform(0.5, 1.0, (300, 2))
    capacity = np.tile(1.05 * weights.sum(axis=0) / 6, (6, 1))
    found = assign(C, weights=weights, capacity=capacity)
    assert (found.prices >= 0).all()
    dual = (C + weights @ found.prices.T).min(axis=1).sum() - (found.prices * capacity).sum()
    assert found.lower_bound == pytest.approx(dual, rel=1e-9)
    assert found.cost <= 1.05 * found.lower_bound


def test_sizes_and_resources_hold_together():
    rng = np.random.default_rng(1)
    C, weights = rng.uniform(size=(60, 4)), rng.uniform(0.5, 1.0, 60)
    capacity = np.full(4, 0.3 * weights.sum())
    found = assign(C, min_size=14, max_size=16, weights=weights, capacity=capacity)
    check_within(found.labels, 14, 16, 4)
    check_load(found.labels, weights[:, None], capacity[:, None])


def test_equal_weights_are_solved_exactly():
    C = np.random.default_rng(2).normal(size=(40, 4))
    heavy = assign(C, weights=np.full(40, 0.1), capacity=1.0)
    assert np.array_equal(heavy.labels, assign(C, max_size=10).labels)
    assert heavy.gap <= 1e-9


def test_shuffled_heavy_items_get_the_same_cells():
    rng = np.random.default_rng(3)
    C, weights, shuffle = rng.normal(size=(50, 3)), rng.uniform(1, 2, 50), rng.permutation(50)
    capacity = np.full(3, 0.4 * weights.sum())
    first = assign(C, weights=weights, capacity=capacity)
    second = assign(C[shuffle], weights=weights[shuffle], capacity=capacity)
    assert np.array_equal(first.labels[shuffle], second.labels)


@pytest.mark.parametrize(
    ("weights", "capacity", "match"),
    [
        ([1.0, 2.0, 3.0], [2.0, 2.0], r"capacity \* 1.5"),
        ([1.0, 1.0, 5.0], [4.0, 4.0], r"a cell with a capacity of \[5.0\]"),
        ([3.0, 3.0, 3.0], [5.0, 4.0], "room for 1 more"),
        ([3.0, 3.0, 3.1], [5.0, 5.0], "no way to place them whole"),
    ],
)
def test_too_little_capacity_is_refused(weights, capacity, match):
    with pytest.raises(pt.InfeasibleError, match=f"(?i){match}"):
        assign(np.zeros((3, 2)), weights=weights, capacity=capacity)


def test_weights_without_capacity_are_refused():
    with pytest.raises(pt.PartitaError, match="without capacity"):
        assign(np.zeros((3, 2)), weights=[1, 2, 3])


@pytest.mark.parametrize("weights", [[1.0, -1.0, 1.0], [1.0, np.nan, 1.0], [1.0, 1.0], "abc"])
def test_bad_weights_are_refused(weights):
    with pytest.raises(pt.InvalidDataError, match="weights"):
        assign(np.zeros((3, 2)), weights=weights, capacity=[2.0, 2.0])


# --- rows and centres ---------------------------------------------------------------------------------------


@given(st.integers(0, 10_000))
def test_hard_bounds_are_always_held_at_least_cost(seed):
    rng = np.random.default_rng(seed)
    n, k, d = int(rng.integers(1, 80)), int(rng.integers(1, 12)), int(rng.integers(1, 5))
    X = rng.integers(-2, 3, (n, d)).astype(rng.choice([np.float32, np.float64]))
    centers = rng.normal(size=(k, d))
    sizes = np.bincount(rng.integers(0, k, n), minlength=k)
    lower, upper = np.maximum(sizes - rng.integers(0, 3), 0), sizes + rng.integers(0, 3)
    labels, cost, _ = capacity_assign(X, centers, lower, upper)
    check_within(labels, lower, upper, k)
    C = ((X[:, None].astype(float) - centers) ** 2).sum(axis=2)
    assert cost == pytest.approx(C[np.arange(n), labels].sum(), rel=1e-9, abs=1e-9)
    assert cost == pytest.approx(assign(C, min_size=lower, max_size=upper).cost, rel=1e-9, abs=1e-9)


def test_rows_and_centres_cost_as_much_as_their_matrix():
    X = points(3000, 16, 0)
    centers = X[:30].astype(np.float64)
    labels, cost, _ = capacity_assign(X, centers, 100, 100)
    assert np.bincount(labels).tolist() == [100] * 30
    C = ((X[:, None].astype(float) - centers) ** 2).sum(axis=2)
    assert cost == pytest.approx(assign(C, min_size=100, max_size=100).cost, rel=1e-10)


def test_the_order_of_rows_and_the_threads_make_no_difference():
    X = points(5000, 8, 1)
    shuffle = np.random.default_rng(0).permutation(5000)
    with thread_scope(1):
        first = capacity_assign(X, X[:20], 250, 250)
    with thread_scope(2):
        second = capacity_assign(X[shuffle], X[:20], 250, 250)
    assert np.array_equal(first[0][shuffle], second[0])
    assert first[1:] == second[1:]


def test_prices_of_the_iteration_before_make_no_difference_to_the_cost():
    X = points(2000, 6, 2)
    cells = balance_cells(X, X[:10], 190, 210, max_iter=3)
    cold = capacity_assign(X, cells.centers, 190, 210)
    warm = capacity_assign(X, cells.centers, 190, 210, start=cells.prices)
    assert warm[1] == pytest.approx(cold[1], rel=1e-12)
    assert warm[1] == pytest.approx(cells.cost, rel=1e-12)
    assert warm[2] <= cold[2]


def test_centres_that_float32_cannot_tell_apart_are_told_apart():
    X = np.random.default_rng(0).normal(size=(400, 3))
    centers = np.repeat(X[:4], 2, axis=0) + 1e-10 * np.random.default_rng(1).normal(size=(8, 3))
    C = np.array([[((row - center) ** 2).sum() for center in centers] for row in X])
    assert np.mean(capacity_assign(X, centers, 0, 400)[0] == C.argmin(axis=1)) > 0.98


def test_all_rows_equal():
    labels, cost, _ = capacity_assign(np.ones((500, 3)), np.zeros((5, 3)), 100, 100)
    assert np.bincount(labels).tolist() == [100] * 5
    assert cost == 1500.0


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_tiny_and_huge_values(size):
    X = points(300, 3, 4).astype(np.float64)
    plain = capacity_assign(X, X[:6], 50, 50)[0]
    assert np.array_equal(capacity_assign(X * size, X[:6] * size, 50, 50)[0], plain) or size != 2.0**500
    assert np.bincount(capacity_assign(X * size, X[:6] * size, 50, 50)[0]).tolist() == [50] * 6


def test_rows_that_overflow_float32_are_settled_all_the_same():
    X = np.concatenate([points(100, 2, 5).astype(np.float64), [[1e300, 0.0], [0.0, -1e300]]])
    labels, _, _ = capacity_assign(X, np.array([[0.0, 0.0], [1.0, 1.0], [-1.0, 0.0]]), 34, 34)
    assert np.bincount(labels).tolist() == [34, 34, 34]


# --- balanced k-means ---------------------------------------------------------------------------------------


def test_balanced_cells_are_within_the_bounds_and_optimal_for_their_centres():
    X = points(4000, 8, 6)
    cells = balance_cells(X, X[:16], 240, 260)
    check_within(cells.labels, 240, 260, 16)
    C = ((X[:, None].astype(float) - cells.centers) ** 2).sum(axis=2)
    assert cells.cost == pytest.approx(assign(C, min_size=240, max_size=260).cost, rel=1e-6)


def test_iterations_lower_the_cost():
    X = points(3000, 8, 7)
    costs = [balance_cells(X, X[:12], 250, 250, max_iter=m).cost for m in (0, 1, 8)]
    assert costs[0] > costs[1] > costs[2]


def test_new_rows_go_where_distance_and_price_say():
    X = points(3000, 4, 8)
    cells = balance_cells(X, X[:10], 290, 310)
    power = ((X[:, None].astype(float) - cells.centers) ** 2).sum(axis=2) + cells.prices
    chosen = power[np.arange(3000), cells.labels]
    assert (chosen <= power.min(axis=1) + 1e-6 * np.abs(power).max()).all()


def test_cosine_cells_have_centres_of_length_one():
    X = points(600, 5, 9)
    cells = balance_cells(X, X[:6] / np.linalg.norm(X[:6], axis=1)[:, None], 100, 100, unit=True)
    assert np.allclose(np.linalg.norm(cells.centers, axis=1), 1.0)
    assert np.bincount(cells.labels).tolist() == [100] * 6
    scaled = balance_cells(X * 7.0, X[:6] / np.linalg.norm(X[:6], axis=1)[:, None], 100, 100, unit=True)
    assert scaled.cost == pytest.approx(cells.cost, rel=1e-4)


def test_balanced_cells_do_not_depend_on_the_order_of_rows():
    X = points(2500, 6, 10)
    shuffle = np.random.default_rng(1).permutation(2500)
    first, second = balance_cells(X, X[:10], 250, 250), balance_cells(X[shuffle], X[:10], 250, 250)
    assert np.array_equal(first.labels[shuffle], second.labels)
    assert np.array_equal(first.centers, second.centers)


# --- balanced codes -----------------------------------------------------------------------------------------


def codes_as_published(C, epsilon, n_iter):
    """Steps 1 to 3 of the paper, as they stand: sums to 1 / K a cell and 1 / B an item, in turn."""
    middle = (C.max() + C.min()) / 2
    Q = np.exp(-((C - middle) / (C.max() - middle)) / epsilon).T
    Q /= Q.sum()
    for _ in range(n_iter):
        Q /= Q.sum(axis=1, keepdims=True) * Q.shape[0]
        Q /= Q.sum(axis=0, keepdims=True) * Q.shape[1]
    return Q.argmax(axis=0)


@pytest.mark.parametrize("epsilon", [0.003, 0.05])
def test_codes_are_those_of_the_paper(epsilon):
    X = points(600, 8, 11)
    C = ((X[:, None].astype(float) - X[:16]) ** 2).sum(axis=2)
    assert np.array_equal(balanced_codes(C, epsilon=epsilon).labels, codes_as_published(C, epsilon, 100))


def test_codes_are_more_even_than_nearest_cells_and_repaired_ones_are_even():
    X = points(2000, 8, 12)
    C = ((X[:, None].astype(float) - X[:16]) ** 2).sum(axis=2)
    nearest, codes = np.bincount(C.argmin(axis=1), minlength=16), balanced_codes(C, n_iter=300)
    even = balanced_codes(C, repair=True)
    assert codes.sizes.std() < 0.2 * nearest.std()
    assert even.sizes.tolist() == [125] * 16
    assert even.gap <= 1e-6 * even.cost
    assert even.cost == pytest.approx(assign(C, min_size=125, max_size=125).cost, rel=1e-9)


def test_codes_of_equal_costs_and_tiny_epsilon():
    assert len(balanced_codes(np.ones((6, 3))).labels) == 6
    C = np.random.default_rng(0).normal(size=(50, 4))
    assert np.isfinite(balanced_codes(C, epsilon=1e-5).prices).all()


@pytest.mark.parametrize("bad", [{"epsilon": 0.0}, {"n_iter": 0}, {"repair": 1}])
def test_bad_parameters_of_codes_are_refused(bad):
    with pytest.raises(pt.PartitaError, match=next(iter(bad))):
        balanced_codes(np.zeros((3, 2)), **bad)


@pytest.mark.parametrize(
    ("X", "centers", "match"),
    [
        ([[np.nan, 0.0]], [[0.0, 0.0]], "row 0, column 0"),
        ([[0.0, 0.0]], [[0.0]], "centers have the wrong shape"),
        ([0.0], [[0.0]], "X has the wrong shape"),
    ],
)
def test_bad_rows_and_centres_are_refused(X, centers, match):
    with pytest.raises(pt.InvalidDataError, match=match):
        capacity_assign(X, centers, 0, 1)


def test_equal_weights_scale_the_bounds_and_unequal_ones_are_refused():
    X = points(100, 3, 13)
    plain, heavy = (
        capacity_assign(X, X[:4], 25, 25),
        capacity_assign(X, X[:4], 50, 50, weight=np.full(100, 2)),
    )
    assert np.array_equal(plain[0], heavy[0])
    assert heavy[1] == pytest.approx(2 * plain[1])
    with pytest.raises(pt.PartitaError, match="weight is not valid"):
        capacity_assign(X, X[:4], 25, 25, weight=np.arange(1, 101))


def test_balanced_cells_refuse_what_can_not_be_met_and_bad_rows():
    X = points(50, 3, 14)
    with pytest.raises(pt.InfeasibleError, match="max_size=10"):
        balance_cells(X, X[:5], 0, 9)
    with pytest.raises(pt.InvalidDataError, match="row 0, column 1"):
        balance_cells([[0.0, np.nan]], [[0.0, 0.0]], 0, 1)


@pytest.mark.parametrize("k", [1, 50])
def test_balanced_cells_of_all_rows_or_of_one(k):
    X = points(50, 3, 15)
    assert np.bincount(balance_cells(X, X[:k], 50 // k, 50 // k).labels).tolist() == [50 // k] * k


def test_power_law_cells_are_even_at_little_inertia():
    rng = np.random.default_rng(16)
    share = 1.0 / np.arange(1, 101)
    component = rng.choice(100, 12_000, p=share / share.sum())
    spread = (1.0 + np.arange(16)) ** -0.5
    X = (rng.normal(size=(100, 16)) * spread)[component] + 0.7 * rng.normal(size=(12_000, 16)) * spread
    free, even = balance_cells(X, X[:40], 0, 12_000), balance_cells(X, X[:40], 285, 315)
    sizes = np.bincount(even.labels)
    assert sizes.std() <= 0.05 * sizes.mean()
    assert even.cost <= 1.05 * free.cost
