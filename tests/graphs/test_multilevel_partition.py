"""MultilevelPartition: bounds always kept, cuts recomputed, exact on tiny graphs, nested levels balanced."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita.graphs import MultilevelPartition
from partita.graphs._input import as_graph
from partita.graphs._multilevel import PLANS, Problem, divide
from partita.kernels.refine import Parts, best_move, parts_fill, refine


def grid(rows: int, columns: int) -> sparse.csr_array:
    """A grid graph."""
    path = [sparse.diags_array(np.ones(m - 1), offsets=1, shape=(m, m)) for m in (rows, columns)]
    eye = [sparse.eye_array(m) for m in (rows, columns)]
    once = sparse.kron(path[0], eye[1]) + sparse.kron(eye[0], path[1])
    return sparse.csr_array(once + once.T)


def star(n: int) -> sparse.csr_array:
    once = sparse.csr_array((np.ones(n - 1), (np.zeros(n - 1, int), np.arange(1, n))), shape=(n, n))
    return once + once.T


def random_graph(n: int, m: int, seed: int, *, weighted: bool = True) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, n, (2, m))
    weight = rng.integers(1, 5, m).astype(float) if weighted else np.ones(m)
    once = sparse.coo_array((weight, tuple(ends)), shape=(n, n)).tocsr()
    once.setdiag(0.0)
    both = once + once.T
    both.eliminate_zeros()
    return both


def cut_by_hand(matrix: sparse.csr_array, labels: np.ndarray) -> float:
    entries = matrix.tocoo()
    return float(entries.data[labels[entries.coords[0]] != labels[entries.coords[1]]].sum() / 2)


def cap_of(n: int, k: int, imbalance: float) -> int:
    return int(np.floor((1 + imbalance) * np.ceil(n / k) + 1e-9))


@given(n=st.integers(1, 50), m=st.integers(0, 120), k=st.integers(1, 50), seed=st.integers(0, 10**6))
def test_every_part_is_filled_and_capped_and_the_cut_is_what_it_says(n, m, k, seed):
    k = min(k, n)
    matrix = random_graph(n, m, seed)
    made = MultilevelPartition(k, mode="fast").fit(matrix)
    sizes = np.bincount(made.labels_, minlength=k)
    assert len(sizes) == k
    assert sizes.min() >= 1
    assert sizes.max() <= cap_of(n, k, 0.03)
    assert made.cut_ == pytest.approx(cut_by_hand(matrix, made.labels_))
    assert made.part_weights_[:, 0].tolist() == np.bincount(made.parts_, minlength=k).tolist()
    made.hierarchy_.check()


@given(seed=st.integers(0, 10**6), k=st.integers(2, 4), r=st.integers(1, 3))
def test_every_resource_is_capped(seed, k, r):
    rng = np.random.default_rng(seed)
    n = 40
    weight = rng.integers(0, 4, (n, r)).astype(float)
    made = MultilevelPartition(k, imbalance=0.3, node_weights=weight).fit(random_graph(n, 90, seed))
    load = np.stack([weight[made.labels_ == p].sum(axis=0) for p in range(k)])
    assert (load <= np.floor(1.3 * np.ceil(weight.sum(axis=0) / k) + 1e-9)).all()


@pytest.mark.parametrize("k", range(1, 35))
def test_karate_has_as_many_parts_as_asked(k):
    networkx = pytest.importorskip("networkx")
    matrix = networkx.to_scipy_sparse_array(networkx.karate_club_graph(), weight=None, format="csr")
    sizes = np.bincount(MultilevelPartition(k).fit(matrix).labels_)
    assert len(sizes) == k
    assert sizes.max() <= cap_of(34, k, 0.03)


@pytest.mark.parametrize("k", [2, 3, 7, 40])
@pytest.mark.parametrize(
    "matrix",
    [
        star(40),
        sparse.csr_array((40, 40)),
        sparse.block_diag([grid(4, 5), grid(4, 5)], format="csr"),
    ],
    ids=["star", "no edge", "two components"],
)
def test_awkward_graphs(matrix, k):
    sizes = np.bincount(MultilevelPartition(k).fit(matrix).labels_)
    assert len(sizes) == k
    assert sizes.min() >= 1
    assert sizes.max() <= cap_of(40, k, 0.03)


def test_components_are_found_where_they_balance():
    matrix = sparse.block_diag([grid(4, 5), grid(4, 5)], format="csr")
    assert MultilevelPartition(2).fit(matrix).cut_ == 0.0


def least_cut(matrix: sparse.csr_array, k: int, high: int) -> float:
    """The least cut of all labelings, by trying each."""
    best = np.inf
    for labels in product(range(k), repeat=matrix.shape[0] - 1):
        full = np.array((0, *labels))
        sizes = np.bincount(full, minlength=k)
        if sizes.min() >= 1 and sizes.max() <= high:
            best = min(best, cut_by_hand(matrix, full))
    return best


@pytest.mark.parametrize("k", [2, 3])
def test_strong_mostly_finds_the_optimum_of_tiny_graphs(k):
    found = 0
    for seed in range(20):
        matrix = random_graph(7, 12, seed)
        best = least_cut(matrix, k, cap_of(7, k, 0.4))
        cut = MultilevelPartition(k, imbalance=0.4, mode="strong").fit(matrix).cut_
        assert cut >= best - 1e-9
        found += cut <= best + 1e-9
    assert found >= 18


def test_grid_is_cut_straight():
    assert MultilevelPartition(2, imbalance=0.0, mode="strong").fit(grid(16, 8)).cut_ == 8.0


@given(seed=st.integers(0, 10**6))
def test_gains_are_the_fall_of_the_cut(seed):
    """What ``refine`` says that it gained is what the cut fell by, and no cap is passed."""
    graph, k, n = as_graph(random_graph(50, 140, seed)).graph, 4, 50
    labels = (np.arange(n) % k).astype(np.int32)
    cap = np.full((k, 1), 15.0)
    parts = Parts(
        labels.copy(), np.zeros((k, 1)), np.zeros(k, np.int64), cap, np.zeros((k, 1)), np.ones(k, np.int64)
    )
    weight = np.ones((n, 1))
    parts_fill(weight, parts)
    matrix = sparse.csr_array((graph.weights, graph.indices, graph.indptr), shape=(n, n))
    before = cut_by_hand(matrix, labels)
    fall = refine(graph, weight, parts, np.full(n, -1, np.int32), np.zeros(1), seed, 1, 10, 99, 100.0)
    assert fall == pytest.approx(before - cut_by_hand(matrix, parts.labels))
    assert (
        parts.members.tolist() == np.bincount(parts.labels, minlength=k).tolist() == parts.load[:, 0].tolist()
    )
    assert (parts.load <= cap).all()
    moves = [
        best_move(graph, weight, parts, u, np.zeros(1), np.zeros(k), np.empty(k, np.int32)) for u in range(n)
    ]
    assert all(gain <= 1e-9 for part, gain in moves if part >= 0)


@given(seed=st.integers(0, 10**6))
def test_the_order_of_nodes_and_threads_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    matrix, weight = random_graph(60, 150, seed), rng.integers(1, 4, 60).astype(float)
    order = rng.permutation(60)
    one = MultilevelPartition(3, imbalance=0.1, node_weights=weight, n_jobs=1).fit(matrix)
    two = MultilevelPartition(3, imbalance=0.1, node_weights=weight[order], n_jobs=2).fit(
        matrix[order][:, order]
    )
    assert one.cut_ == two.cut_
    assert np.array_equal(np.sort(one.part_weights_, axis=0), np.sort(two.part_weights_, axis=0))


def test_threads_give_the_same_labels():
    matrix = grid(20, 20)
    one = MultilevelPartition((2, 3), mode="strong", n_jobs=1).fit(matrix)
    two = MultilevelPartition((2, 3), mode="strong", n_jobs=2).fit(matrix)
    assert np.array_equal(one.labels_, two.labels_)


def test_starts_that_run_at_once_leave_each_other_alone():
    for seed in range(8):
        matrix = random_graph(60, 180, seed)
        made = [MultilevelPartition((2, 3, 2), imbalance=0.2, n_jobs=n).fit(matrix) for n in (1, 2, 2, 2)]
        assert all(np.array_equal(made[0].labels_, other.labels_) for other in made[1:])


@given(seed=st.integers(0, 10**6))
def test_nested_levels_refine_each_other_and_hold_at_each(seed):
    n, branches = 130, (2, 3, 2)
    matrix = random_graph(n, 400, seed)
    made = MultilevelPartition(branches, mode="fast").fit(matrix)
    assert len(made.hierarchy_.levels) == 4
    coarse = None
    for level, k in enumerate((2, 6, 12), start=1):
        labels = made.hierarchy_.labels(level)
        sizes = np.bincount(labels)
        assert len(sizes) == k
        assert sizes.max() <= cap_of(n, k, 0.03)
        assert made.cuts_[level - 1] == pytest.approx(cut_by_hand(matrix, labels))
        if coarse is not None:
            assert len({(a, b) for a, b in zip(coarse, labels)}) == k
        coarse = labels


def test_nested_parts_cut_little_more_than_flat_ones():
    matrix = grid(40, 40)
    nested = MultilevelPartition((4, 4), mode="strong").fit(matrix)
    for level, k in enumerate((4, 16)):
        flat = MultilevelPartition(k, mode="strong").fit(matrix)
        assert nested.cuts_[level] <= 1.01 * flat.cut_


def test_no_level_of_nested_parts_of_a_triangulation_lags_in_the_default_mode():
    from scipy.spatial import Delaunay

    corners = Delaunay(np.random.default_rng(0).random((2000, 2))).simplices
    edges = np.unique(
        np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])), axis=0
    )
    once = sparse.csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(2000, 2000))
    nested = MultilevelPartition((8, 4)).fit(once + once.T)
    for level, k in enumerate((8, 32)):
        assert nested.cuts_[level] <= 1.01 * MultilevelPartition(k).fit(once + once.T).cut_
        assert np.bincount(nested.hierarchy_.labels(level + 1)).max() <= cap_of(2000, k, 0.03)


def test_fixed_nodes_stay_and_shares_are_met():
    fixed = np.full(100, -1)
    fixed[[0, 99, 50]] = 2, 0, 1
    made = MultilevelPartition(3, fixed=fixed, part_shares=[1, 2, 1]).fit(grid(10, 10))
    assert made.parts_[[0, 99, 50]].tolist() == [2, 0, 1]
    assert (made.part_weights_[:, 0] <= [25, 51, 25]).all()
    assert np.array_equal(np.bincount(made.parts_), made.part_weights_[:, 0])


def test_floors_hold():
    made = MultilevelPartition(4, imbalance=1.0, min_weight=6).fit(star(31))
    assert made.part_weights_.min() >= 6


def test_connected_parts():
    from partita.kernels.csr import part_components

    made = MultilevelPartition(5, connected=True, imbalance=0.2).fit(grid(12, 12))
    seen = as_graph(grid(12, 12))
    assert part_components(seen.graph, seen.canonical(made.labels_))[1] == 5


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"n_parts": 7}, "n_parts=6"),
        ({"n_parts": 2, "node_weights": [9, 1, 1, 1, 1, 1]}, "imbalance=0.285715"),
        ({"n_parts": 2, "node_weights": [4, 4, 4, 0, 0, 0]}, "imbalance=0.333334"),
        ({"n_parts": 2, "min_weight": 4}, "min_weight=3"),
        ({"n_parts": 2, "fixed": [0, 0, 0, 0, -1, -1]}, "imbalance=0.333334"),
        ({"n_parts": 1, "connected": True}, "n_parts=2"),
    ],
)
def test_what_can_not_be_is_refused_with_the_least_that_can(options, hint):
    with pytest.raises(InfeasibleError) as caught:
        MultilevelPartition(**options).fit(sparse.block_diag([star(3), star(3)]))
    assert caught.value.smallest_relaxation.startswith(hint)


@pytest.mark.parametrize(
    "options",
    [
        {"node_weights": np.ones(5)},
        {"node_weights": [-1] + [1] * 8},
        {"fixed": [5] * 9},
        {"fixed": np.zeros(2, int)},
    ],
)
def test_wrong_data_are_refused(options):
    with pytest.raises(InvalidDataError):
        MultilevelPartition(2, **options).fit(grid(3, 3))


@pytest.mark.parametrize("n_parts", [0, (), (2, 0), (2.5,), "two"])
def test_wrong_numbers_of_parts_are_refused(n_parts):
    with pytest.raises(InvalidParameterError):
        MultilevelPartition(n_parts).fit(grid(3, 3))


def test_strong_is_no_worse_than_fast():
    graph, n, k = as_graph(grid(30, 30)).graph, 900, 7
    cap = np.full((k, 1), float(cap_of(n, k, 0.03)))
    problem = Problem(
        graph, np.ones((n, 1)), cap, np.zeros((k, 1)), np.ones(k, np.int64), np.full(n, -1, np.int32)
    )
    cuts = []
    for mode in ("fast", "strong"):
        labels = divide(problem, PLANS[mode], 0)
        matrix = sparse.csr_array((graph.weights, graph.indices, graph.indptr), shape=(n, n))
        cuts.append(cut_by_hand(matrix, labels))
    assert cuts[1] <= cuts[0]
