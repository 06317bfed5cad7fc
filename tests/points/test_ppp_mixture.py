"""Under PPP: kernels against slow twins, cells, the mixture and what it chooses, the space it looks in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import homogeneity_score

from oracles.mixture import (
    descend_components,
    gaussian_joins,
    log_densities,
    log_predictions,
    overlap_joins,
    spread_of,
)
from partita.kernels.bisect import cells_divide, planes_descend
from partita.kernels.mixture import gaussian_linkage, log_det, mixture_descend, overlap_linkage
from partita.points import ppp_grow, ppp_tree
from partita.points.ppp_mixture import (
    Mixture,
    _as_mixture,
    _Local,
    _memberships,
    _moments,
    _Search,
    fit_mixture,
)
from partita.points.ppp_shapes import Full, Prior, Round, Rows, Tied
from partita.points.ppp_space import MOST_DIRECTIONS, find_space

SHAPES = ("round", "tied", "full")
FAMILIES = {"round": Round(), "tied": Tied(), "full": Full()}
seeds = st.integers(0, 2**32 - 1)


def three_gaussians(n: int = 200, r: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows in mixed order, 12 standard deviations apart, and where they come from."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(np.arange(3), n))
    centers = np.zeros((3, r))
    centers[1, 0], centers[2, 1] = 12.0, 12.0
    return centers[truth] + rng.standard_normal((3 * n, r)), truth


def positive_definite(rng: np.random.Generator, r: int) -> np.ndarray:
    root = rng.standard_normal((r, r))
    return root @ root.T + 0.1 * np.eye(r)


def covariances(mixture: Mixture) -> np.ndarray:
    factors = np.linalg.inv(mixture.whitener)
    return factors @ factors.transpose(0, 2, 1)


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    return len(np.unique(np.stack([a, b]), axis=1).T) == len(np.unique(a)) == len(np.unique(b))


# -- kernels --------------------------------------------------------------------------------------------


@given(seed=seeds, r=st.integers(1, 7))
def test_log_det_is_numpys(seed, r):
    matrix = positive_definite(np.random.default_rng(seed), r)
    assert log_det(matrix, np.empty((r, r))) == pytest.approx(np.linalg.slogdet(matrix)[1], abs=1e-9)


def test_log_det_of_no_positive_definite_matrix_is_nan():
    assert np.isnan(log_det(np.array([[1.0, 2.0], [2.0, 1.0]]), np.empty((2, 2))))


@pytest.mark.parametrize("round_parts", [True, False])
@given(seed=seeds, c=st.integers(2, 9), r=st.integers(1, 4))
def test_gaussians_join_as_when_every_pair_is_tried(round_parts, seed, c, r):
    rng = np.random.default_rng(seed)
    cell = np.concatenate([np.arange(c), rng.integers(0, c, 5 * c)])
    Z = rng.standard_normal((len(cell), r)) + 3.0 * rng.standard_normal((c, r))[cell]
    row_weight = rng.integers(1, 4, len(cell)).astype(float)
    prior, prior_weight = positive_definite(rng, r), r + 2.0
    weight, mean, scatter = np.empty(c), np.empty((c, r)), np.empty((c, r, r))
    for i in range(c):
        rows, shares = Z[cell == i], row_weight[cell == i]
        weight[i], mean[i] = shares.sum(), np.average(rows, axis=0, weights=shares)
        scatter[i] = ((rows - mean[i]) * shares[:, None]).T @ (rows - mean[i])
    left, right = np.empty(c - 1, np.intp), np.empty(c - 1, np.intp)
    gaussian_linkage(weight, mean, scatter, prior, prior_weight, round_parts, left, right)
    joins = list(zip(left.tolist(), right.tolist(), strict=True))
    assert joins == gaussian_joins(Z, row_weight, cell, prior, prior_weight, round_parts)
    np.testing.assert_allclose(mean[left[-1]], np.average(Z, axis=0, weights=row_weight), atol=1e-9)


@given(seed=seeds, k=st.integers(2, 9), sharpness=st.sampled_from([0.5, 3.0, 30.0]))
def test_components_join_by_the_density_of_their_overlap(seed, k, sharpness):
    rng = np.random.default_rng(seed)
    log_posterior = sharpness * rng.standard_normal((60, k))
    posterior = np.exp(log_posterior - np.logaddexp.reduce(log_posterior, axis=1)[:, None])
    shared = posterior.T @ posterior
    held = shared.sum(axis=1)
    left, right = np.empty(k - 1, np.intp), np.empty(k - 1, np.intp)
    log_strength, cost = np.empty(k - 1), np.empty(k - 1)
    overlap_linkage(np.log(shared), held.copy(), left, right, log_strength, cost)
    twin = overlap_joins(shared, held)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [join[:2] for join in twin]
    np.testing.assert_allclose(log_strength, np.log([join[2] for join in twin]), atol=1e-8)
    np.testing.assert_allclose(cost, [join[3] for join in twin], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@given(seed=seeds, k=st.integers(1, 7), r=st.integers(1, 4))
def test_rows_descend_to_the_side_of_greater_posterior(shape, seed, k, r):
    rng = np.random.default_rng(seed)
    own = np.stack([positive_definite(rng, r) for _ in range(k)])
    if shape == "tied":
        own[:] = own[0]
    if shape == "round":
        own = np.eye(r) * rng.uniform(0.2, 3.0, k)[:, None, None]
    share, mean = rng.dirichlet(np.full(k, 3.0)), 2.0 * rng.standard_normal((k, r))
    whitener = np.linalg.inv(np.linalg.cholesky(own))
    mixture = Mixture(shape, share, mean, whitener, np.empty((0, k)), 0.0, True)
    Z = (3.0 * rng.standard_normal((40, r))).astype(np.float32)
    alive, child = list(range(k)), np.empty((k - 1, 2), np.intp)
    for step in range(k - 1):
        at = rng.choice(len(alive), 2, replace=False)
        child[step] = [alive[i] for i in at]
        alive = [v for v in alive if v not in child[step]] + [k + step]
    found = np.full(len(Z), -1, np.intp)
    mixture_descend(Z, 0, len(Z), *mixture.placing(), child, found)
    logs = log_densities(Z.astype(float), share, mean, own)
    posterior = np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])
    np.testing.assert_array_equal(found, descend_components(posterior, child))


# -- cells ----------------------------------------------------------------------------------------------


class Cells:
    """What ``cells_divide`` makes of some rows."""

    def __init__(self, Z: np.ndarray, weight: np.ndarray, most: int, smallest: int = 1) -> None:
        n, r = Z.shape
        self.Z, self.weight, self.order = Z, weight, np.arange(n, dtype=np.intp)
        self.start, self.stop = np.empty(2 * most, np.intp), np.empty(2 * most, np.intp)
        self.child, self.spread = np.full((2 * most, 2), -1, np.intp), np.zeros(2 * most)
        self.plane = np.zeros((2 * most, r + 1))
        outputs = (self.start, self.stop, self.child, self.spread, self.plane)
        self.made = cells_divide(Z, weight, self.order, most, smallest, *outputs)
        self.leaves = [v for v in range(self.made) if self.child[v, 0] < 0]

    def rows(self, v: int) -> np.ndarray:
        return self.order[self.start[v] : self.stop[v]]


@given(
    seed=seeds,
    n=st.integers(1, 80),
    r=st.integers(1, 4),
    most=st.integers(1, 40),
    grain=st.sampled_from([None, 1.0, 0.5]),
)
def test_cells_partition_the_rows_by_planes_and_narrow(seed, n, r, most, grain):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n, r)).astype(np.float32)
    if grain is not None:
        Z = (np.round(Z / grain) * grain).astype(np.float32)
    weight = rng.integers(1, 5, n).astype(float)
    cells = Cells(Z, weight, most)
    distinct = len(np.unique(Z, axis=0))
    assert len(cells.leaves) == min(most, distinct)
    assert cells.made == 2 * len(cells.leaves) - 1
    assert sorted(np.concatenate([cells.rows(v) for v in cells.leaves])) == list(range(n))
    for v in range(cells.made):
        assert cells.spread[v] == pytest.approx(spread_of(Z[cells.rows(v)], weight[cells.rows(v)]), abs=1e-4)
        if v in cells.leaves:
            continue
        low, high = cells.child[v]
        assert cells.start[v] == cells.start[low]
        assert cells.stop[low] == cells.start[high]
        assert cells.stop[high] == cells.stop[v]
        assert max(cells.spread[low], cells.spread[high]) <= cells.spread[v]
        along = Z.astype(float) @ cells.plane[v, :r]
        slack = 1e-5 * (1.0 + np.abs(along).max())
        assert (along[cells.rows(low)] <= cells.plane[v, r] + slack).all()
        assert (along[cells.rows(high)] > cells.plane[v, r] - slack).all()
    cell = np.full(n, -1, np.intp)
    planes_descend(Z, np.arange(n), np.zeros(n, np.intp), cells.child, cells.plane, cell)
    for v in cells.leaves:
        assert (cell[cells.rows(v)] == v).all()


def test_the_widest_cell_is_halved_first():
    Z = np.random.default_rng(3).standard_normal((200, 2)).astype(np.float32)
    cells = Cells(Z, np.ones(200), 30)
    made_from = [v for v in range(cells.made) if cells.child[v, 0] >= 0]
    made_from.sort(key=lambda v: cells.child[v, 0])
    alive = {0}
    for v in made_from:
        assert cells.spread[v] == max(cells.spread[u] for u in alive)
        alive = alive - {v} | set(cells.child[v].tolist())


def test_equal_rows_are_one_cell_and_small_cells_stay_whole():
    assert Cells(np.ones((50, 3), np.float32), np.ones(50), 20).made == 1
    Z = np.random.default_rng(4).standard_normal((100, 2)).astype(np.float32)
    cells = Cells(Z, np.ones(100), 100, smallest=10)
    assert 2 < len(cells.leaves) < 100
    parents = [v for v in range(cells.made) if v not in cells.leaves]
    assert min(len(cells.rows(v)) for v in parents) >= 20


# -- the mixture ----------------------------------------------------------------------------------------


def search(Z: np.ndarray, shape: str, weight: np.ndarray | None = None) -> _Search:
    return _Search(Rows(Z, np.ones(len(Z)) if weight is None else weight), FAMILIES[shape])


@pytest.mark.parametrize("shape", SHAPES)
@given(seed=seeds, k=st.integers(1, 4))
def test_posteriors_are_those_of_the_densities(shape, seed, k):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((120, 2)) + 4.0 * rng.standard_normal((4, 2))[rng.integers(0, 4, 120)]
    weight = rng.integers(1, 4, 120).astype(float)
    labels = np.concatenate([np.arange(k), rng.integers(0, k, 120 - k)])
    mixture = _as_mixture(search(Z, shape, weight).climb(_memberships(labels), 20, 1e-5))
    logs = log_densities(Z, mixture.weight, mixture.mean, covariances(mixture))
    of_row = np.logaddexp.reduce(logs, axis=1)
    np.testing.assert_allclose(mixture.posterior, np.exp(logs - of_row[:, None]), atol=1e-6)
    assert mixture.weight.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("shape", ["round", "full"])
@given(seed=seeds, n=st.integers(1, 12), r=st.integers(1, 4), strength=st.sampled_from([1.0, 7.0, 300.0]))
def test_marginals_are_products_of_predictions(shape, seed, n, r, strength):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n, r)) * rng.uniform(0.2, 3.0) + rng.standard_normal(r)
    expected = float(rng.uniform(0.1, 3.0)) if shape == "round" else positive_definite(rng, r)
    held, mean, scatter = _moments(FAMILIES[shape], Rows(Z, np.ones(n)), np.ones((n, 1)))
    np.testing.assert_allclose(mean[0], Z.mean(axis=0), atol=1e-12)
    found = FAMILIES[shape].log_marginals(Prior(strength, expected), held, scatter, r)
    assert found[0] == pytest.approx(log_predictions(Z, shape, strength, expected), abs=1e-7)


@given(seed=seeds, k=st.integers(1, 3), r=st.integers(1, 3))
def test_marginals_of_a_shared_covariance_are_products_of_predictions(seed, k, r):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), rng.integers(0, k, 20)])
    Z = rng.standard_normal((len(labels), r)) + 5.0 * rng.standard_normal((k, r))[labels]
    rows = Rows(Z, np.ones(len(Z)))
    held, _, scatter = _moments(FAMILIES["tied"], rows, _memberships(labels))
    prior = FAMILIES["tied"].choose_prior(rows, held, scatter)
    found = FAMILIES["tied"].log_marginals(prior, held, scatter, r).sum()
    slow = sum(log_predictions(Z[labels == c], "tied", np.inf, prior.expected) for c in range(k))
    assert found == pytest.approx(slow, abs=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@given(seed=seeds, k=st.integers(1, 4))
def test_evidence_knows_no_units(shape, seed, k):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((60, 3)) + 4.0 * rng.standard_normal((4, 3))[rng.integers(0, 4, 60)]
    turn = 7.0 * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    if shape != "round":
        turn = turn * [0.5, 1.0, 2.0]
    posterior = _memberships(np.concatenate([np.arange(k), rng.integers(0, k, 60 - k)]))
    before, after = (search(data, shape).weigh(posterior) for data in (Z, Z @ turn.T + 5.0))
    assert after == pytest.approx(before - 60 * np.linalg.slogdet(turn)[1], abs=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_prior_is_the_likeliest_of_those_tried(shape):
    Z, truth = three_gaussians(40, r=3)
    rows, family = Rows(Z, np.ones(len(Z))), FAMILIES[shape]
    moments = _moments(family, rows, _memberships(truth))
    prior = family.choose_prior(rows, moments[0], moments[2])

    def likelihood(prior: Prior) -> float:
        return float(family.log_marginals(prior, moments[0], moments[2], 3).sum())

    if shape != "tied":
        for strength in (0.25, 4.0):
            assert likelihood(Prior(strength * prior.strength, prior.expected)) <= likelihood(prior) + 3.0
        assert likelihood(Prior(prior.strength, 10.0 * np.asarray(prior.expected))) < likelihood(prior)


@pytest.mark.parametrize("shape", SHAPES)
def test_pieces_are_merged_and_mixed_components_divided(shape):
    Z, truth = three_gaussians(seed=3)
    whole = search(Z, shape)
    pieces = np.where((truth == 1) & (np.arange(len(Z)) % 2 == 1), 3, truth)
    merged = _Local(whole.rows, whole.climb(_memberships(pieces), 1, 0.0)).merged()
    assert same_partition(merged.argmax(axis=1), truth)
    mixed = whole.climb(_memberships(np.minimum(truth, 1)), 1, 0.0)
    halves = _Local(whole.rows, mixed).divided(9).argmax(axis=1)
    assert homogeneity_score(truth, halves) == pytest.approx(1.0)
    assert same_partition(whole.improved(mixed).posterior.argmax(axis=1), truth)
    right = whole.climb(_memberships(truth), 50, 1e-6)
    assert _Local(whole.rows, right).merged() is None
    assert _Local(whole.rows, right).divided(9) is None
    assert whole._without_some(right) is None


@pytest.mark.parametrize("shape", SHAPES)
def test_idle_components_are_dropped(shape):
    Z, truth = three_gaussians(seed=4)
    whole = search(Z, shape)
    idle = np.where(np.arange(len(Z)) % 40 == 0, 3, truth)
    start = whole.climb(_memberships(idle), 1, 0.0)
    assert start.k == 4
    assert same_partition(whole._without_some(start).argmax(axis=1), truth)


def test_a_component_scattered_over_others_is_born_again():
    rng = np.random.default_rng(5)
    truth = np.repeat(np.arange(9), [100] * 8 + [15])
    Z = 5.0 * rng.standard_normal((9, 20))[truth] / np.sqrt(2.0) + rng.standard_normal((len(truth), 20))
    whole = search(Z, "round")
    scattered = np.where(truth == 8, np.arange(len(truth)) % 8, truth)
    start = whole.climb(_memberships(scattered), 50, 1e-6)
    assert start.k == 8
    end = whole.improved(start)
    assert end.evidence > start.evidence
    assert same_partition(end.posterior.argmax(axis=1), truth)


def test_a_column_of_two_values_does_not_look_infinitely_dense():
    rng = np.random.default_rng(6)
    X = np.column_stack([rng.standard_normal((400, 2)), rng.integers(0, 2, 400) * (np.arange(400) % 40 == 0)])
    space = find_space(X, np.arange(400), np.ones(400), False)
    rounded = space.basis.T @ np.diag([0.0, 0.0, 1.0 / 12.0]) @ space.basis
    np.testing.assert_allclose(space.rounding, rounded, atol=1e-3)
    mixture = fit_mixture(space.project(X, np.arange(400)).astype(float), np.ones(400), space.rounding)
    assert np.linalg.eigvalsh(covariances(mixture)[0] - 0.5 * space.rounding).min() > 0.0


@pytest.mark.parametrize("r", [2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_three_obvious_gaussians_are_found(r, seed):
    Z, truth = three_gaussians(r=r, seed=seed)
    mixture = fit_mixture(Z, np.ones(len(Z)))
    assert mixture.n_components == 3
    assert same_partition(mixture.posterior.argmax(axis=1), truth)
    assert mixture.converged
    np.testing.assert_allclose(mixture.weight, 1 / 3, atol=0.01)
    for c in range(3):
        rows = Z[mixture.posterior[:, c] > 0.5]
        np.testing.assert_allclose(mixture.mean[c], rows.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(covariances(mixture), np.broadcast_to(np.eye(r), (3, r, r)), atol=0.35)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", SHAPES)
def test_the_shape_is_the_datas(shape, seed):
    Z, truth = three_gaussians(seed=seed)
    noise = Z - np.array([[0.0, 0.0], [12.0, 0.0], [0.0, 12.0]])[truth]
    stretched = {
        "round": noise * np.array([0.3, 1.0, 2.0])[truth][:, None],
        "tied": noise @ np.array([[1.5, 0.0], [1.2, 0.5]]).T,
        "full": noise * np.array([[0.3, 2.0], [2.0, 0.3], [1.0, 1.0]])[truth],
    }
    mixture = fit_mixture(Z - noise + stretched[shape], np.ones(len(Z)))
    assert (mixture.shape, mixture.n_components) == (shape, 3)


@pytest.mark.parametrize("shape", SHAPES)
def test_frequencies_are_repeated_rows(shape):
    Z, truth = three_gaussians(60)
    often = 1 + truth
    weighted = search(Z, shape, often.astype(float)).climb(_memberships(truth), 50, 1e-6)
    repeated = search(np.repeat(Z, often, axis=0), shape).climb(
        _memberships(np.repeat(truth, often)), 50, 1e-6
    )
    assert weighted.evidence == pytest.approx(repeated.evidence, rel=1e-9)
    np.testing.assert_allclose(weighted.share, [1 / 6, 2 / 6, 3 / 6], atol=1e-6)
    np.testing.assert_allclose(weighted.mean, repeated.mean, atol=1e-9)


# -- the space ------------------------------------------------------------------------------------------


def projected(X: np.ndarray, unit: bool = False) -> np.ndarray | None:
    rows = np.arange(len(X), dtype=np.intp)
    space = find_space(X, rows, np.ones(len(X)), unit)
    return None if space is None else space.project(X, rows)


def test_coordinates_do_not_know_units_or_constant_columns():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((300, 5)) @ rng.standard_normal((5, 5))
    Z = projected(X)
    for scale, offset in (
        ([1e-6, 1e6, 3.0, 1e-30, 1e30], 0.0),
        (0.25, 1e8),
        (1e-3, [0.0, -1e6, 5.0, 1e3, 1.0]),
    ):
        np.testing.assert_allclose(projected(X * scale + offset), Z, atol=1e-4)
    np.testing.assert_allclose(projected(np.column_stack([np.full(300, 1e9), X])), Z, atol=1e-5)
    np.testing.assert_allclose((Z.astype(float) ** 2).mean(), 1.0, atol=1e-5)
    np.testing.assert_allclose(Z.mean(axis=0), 0.0, atol=1e-5)
    across = np.cov(Z.T.astype(float))
    np.testing.assert_allclose(across - np.diag(np.diagonal(across)), 0.0, atol=1e-4)


def test_nothing_to_look_at_where_no_column_varies():
    assert projected(np.full((10, 3), 2.5)) is None
    assert projected(np.outer(np.arange(1.0, 9.0), [1.0, 2.0]), unit=True) is None


def test_at_most_64_directions():
    X = np.random.default_rng(6).standard_normal((400, 90))
    space = find_space(X, np.arange(400), np.ones(400), False)
    assert space.rank <= MOST_DIRECTIONS
    assert 0.0 < space.explained < 1.0


# -- the sample -----------------------------------------------------------------------------------------


def test_few_rows_are_all_taken():
    weight = np.arange(1.0, 101.0)
    at, share = ppp_grow._sample(weight)
    np.testing.assert_array_equal(at, np.arange(100))
    np.testing.assert_array_equal(share, weight)


def test_heavy_rows_are_taken_and_the_others_stand_for_the_rest():
    weight = np.ones(50_000)
    heavy = np.array([49_999, 31_234])
    weight[heavy] = [20_000.0, 5_000.0]
    at, share = ppp_grow._sample(weight)
    assert len(at) == ppp_grow._SAMPLE == len(np.unique(at))
    assert np.isin(heavy, at).all()
    assert (np.diff(at) > 0).all()
    assert share.sum() == pytest.approx(weight[at].sum())
    by_row = dict(zip(at.tolist(), share.tolist(), strict=True))
    for row in heavy:
        assert by_row[row] / share.sum() == pytest.approx(weight[row] / weight.sum())
    light = share[~np.isin(at, heavy)]
    np.testing.assert_allclose(light, light[0])


# -- valleys --------------------------------------------------------------------------------------------


def test_rows_of_components_between_two_means_fill_the_valley():
    rng = np.random.default_rng(7)
    place = np.repeat(np.arange(5), 300)
    noise = rng.standard_normal((1500, 2))

    def chance(aside: float) -> float:
        centers = np.array([[0.0, 0.0], [2.0, aside], [4.0, aside], [6.0, aside], [8.0, 0.0]])
        Z = centers[place] + noise
        mixture = _as_mixture(search(Z, "full").climb(_memberships(place), 1, 0.0))
        return ppp_tree._chance_of_valley(mixture, covariances(mixture), Z, np.ones(1500), 0, 4)

    assert chance(0.0) > 0.5
    assert chance(30.0) < 1e-6
