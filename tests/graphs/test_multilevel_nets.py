"""Hypergraphs and nodes of several personalities: capacities kept, costs recomputed, choices that help."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import csgraph

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita.graphs import MultilevelPartition
from partita.graphs._net_connect import connect_nets, net_pieces
from partita.graphs._net_nested import NetLevels
from partita.graphs._net_parts import NetProblem, merged, nets_of, place
from partita.kernels.nets import net_cost, refine_nets


def random_nets(n: int, e: int, seed: int) -> sparse.csr_array:
    """Nets of 2 to 5 pins near each other on a line, prices 1 to 3."""
    rng = np.random.default_rng(seed)
    columns = np.zeros((n, e))
    for j in range(e):
        first, size = rng.integers(0, n), rng.integers(2, 6)
        columns[(first + rng.choice(8, size, replace=False)) % n, j] = rng.integers(1, 4)
    return sparse.csr_array(columns)


def cost_by_hand(nets: sparse.csr_array, labels: np.ndarray, objective: str) -> float:
    total = 0.0
    for j in range(nets.shape[1]):
        pins = np.flatnonzero(nets.toarray()[:, j])
        reached = len(set(labels[pins]))
        if reached > 1:
            total += nets.toarray()[pins[0], j] * (1 if objective == "cut" else reached - 1)
    return total


@given(
    n=st.integers(10, 60), e=st.integers(1, 60), k=st.integers(2, 4), seed=st.integers(0, 10**6),
    objective=st.sampled_from(["cut", "connectivity"]),
)  # fmt: skip
def test_cost_is_what_it_says_and_caps_hold(n, e, k, seed, objective):
    nets = random_nets(n, e, seed)
    made = MultilevelPartition(k, hypergraph=True, objective=objective, imbalance=0.2, mode="fast").fit(nets)
    assert made.cut_ == pytest.approx(cost_by_hand(nets, made.parts_, objective))
    sizes = np.bincount(made.labels_, minlength=k)
    assert sizes.min() >= 1
    assert sizes.max() <= np.floor(1.2 * np.ceil(n / k) + 1e-9)


@given(seed=st.integers(0, 10**6), whole=st.booleans())
def test_gains_are_the_fall_of_the_cost(seed, whole):
    n, k = 40, 3
    rng = np.random.default_rng(seed)
    ways, need = np.arange(0, 2 * n + 1, 2), rng.integers(0, 4, (2 * n, 2)).astype(float)
    nets = nets_of(random_nets(n, 50, seed), ways, need)
    labels = rng.integers(0, k, n).astype(np.int32)
    cap = np.full((k, 2), 40.0)
    problem = NetProblem(nets, cap, cap, np.full(n, -1, np.int32), whole, np.zeros_like(cap))
    placed = place(problem, nets, labels, ways[:-1])
    before = net_cost(nets, placed, whole)
    fitted = (placed.load <= cap).all()
    fall = refine_nets(nets, placed, np.zeros(n, bool), whole, seed, 10, 5)
    again = place(problem, nets, placed.labels, placed.way)
    assert np.array_equal(again.spread, placed.spread)
    assert np.allclose(again.load, placed.load)
    assert fall == pytest.approx(before - net_cost(nets, again, whole))
    assert not fitted or (placed.load <= cap + 1e-9).all()


@given(seed=st.integers(0, 10**6))
def test_personalities_are_within_capacity(seed):
    rng = np.random.default_rng(seed)
    n, k = 30, 2
    choices = [
        np.array([[rng.integers(2, 6), 0.0]] + [[1.0, 1.0]] * int(rng.random() < 0.5)) for _ in range(n)
    ]
    total = sum(choice[0] for choice in choices)
    capacity = np.array([[0.7 * total[0], n], [0.7 * total[0], 3]])
    made = MultilevelPartition(k, hypergraph=True, personalities=choices, capacity=capacity).fit(
        random_nets(n, 40, seed)
    )
    load = np.zeros((k, 2))
    for u in range(n):
        load[made.parts_[u]] += choices[u][made.personalities_[u]]
    assert np.allclose(load, made.part_weights_)
    assert (load <= capacity + 1e-9).all()


def test_the_optimum_of_a_small_case_is_found():
    """Two triangles joined by an edge; only one realisation of the middle nodes lets them stay together."""
    edges = np.array([[0, 1], [1, 2], [0, 2], [3, 4], [4, 5], [3, 5], [2, 3]])
    choices = [np.array([[2.0, 0.0], [0.0, 2.0]])] * 6
    capacity = np.array([[6.0, 0.0], [0.0, 6.0]])
    best = min(
        sum(labels[a] != labels[b] for a, b in edges)
        for labels in product((0, 1), repeat=6)
        if sum(labels) == 3
    )
    made = MultilevelPartition(2, personalities=choices, capacity=capacity).fit(edges)
    assert made.cut_ == best == 1
    assert (made.personalities_ == made.parts_).all()


def test_choosing_the_realisation_cuts_less_than_a_static_one():
    rng = np.random.default_rng(0)
    n, nets = 300, random_nets(300, 500, 1)
    flexible = rng.random(n) < 0.4
    choices = [
        np.array([[6.0, 0.0], [1.0, 1.0]]) if flexible[u] else np.array([[1.0, 0.0]]) for u in range(n)
    ]
    coin = rng.random(n) < 0.5
    static = np.array([choice[-1] if coin[u] else choice[0] for u, choice in enumerate(choices)])
    lut = static[:, 0].sum() / 2
    capacity = 1.1 * np.array([[lut, 1.6 * static[:, 1].sum() / 2], [lut, 0.4 * static[:, 1].sum() / 2]])
    options = {"hypergraph": True, "capacity": capacity}
    free = MultilevelPartition(2, personalities=choices, **options).fit(nets)
    fixed = MultilevelPartition(2, node_weights=static, **options).fit(nets)
    assert free.cut_ < fixed.cut_


def test_the_order_of_nodes_and_nets_does_not_matter():
    nets, rng = random_nets(60, 90, 5), np.random.default_rng(0)
    rows, columns = rng.permutation(60), rng.permutation(90)
    one = MultilevelPartition(3, hypergraph=True).fit(nets)
    two = MultilevelPartition(3, hypergraph=True).fit(nets[rows][:, columns])
    assert one.cut_ == two.cut_
    assert sorted(one.part_weights_[:, 0]) == sorted(two.part_weights_[:, 0])


def test_fixed_nodes_stay():
    fixed = np.full(60, -1)
    fixed[[0, 30]] = 1, 0
    made = MultilevelPartition(2, hypergraph=True, fixed=fixed).fit(random_nets(60, 80, 2))
    assert made.parts_[[0, 30]].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (InvalidParameterError, {"personalities": [[[1.0]]] * 8}),
        (InvalidDataError, {"personalities": [[[1.0]]] * 7, "capacity": [9.0]}),
        (InvalidDataError, {"personalities": [[[-1.0]]] * 8, "capacity": [9.0]}),
        (InvalidParameterError, {"capacity": [9.0], "part_shares": [1, 2]}),
        (InfeasibleError, {"min_weight": 5}),
        (InfeasibleError, {"personalities": [[[1.0, 0.0]]] * 8, "capacity": [9.0, 9.0], "min_weight": 1}),
        (InfeasibleError, {"n_parts": (3, 3)}),
        (InfeasibleError, {"connected": True, "n_parts": 2}),
        (InfeasibleError, {"personalities": [[[5.0]]] * 8, "capacity": [9.0]}),
        (InfeasibleError, {"personalities": [[[1.0]]] * 7 + [[[20.0], [12.0]]], "capacity": [11.0]}),
        (InfeasibleError, {"n_parts": 9}),
    ],
)
def test_what_can_not_be_is_refused(error, options):
    with pytest.raises(error):
        MultilevelPartition(**{"n_parts": 2, "hypergraph": True, **options}).fit(sparse_nets())


@given(seed=st.integers(0, 10**6), whole=st.booleans())
def test_nets_of_the_same_nodes_cost_the_same_as_one(seed, whole):
    rng = np.random.default_rng(seed)
    nets = nets_of(random_nets(9, 80, seed), np.arange(10), np.ones((9, 1)))
    fewer = merged(nets)
    assert len(fewer.price) < len(nets.price)
    assert fewer.price.sum() == nets.price.sum()
    cap = np.full((3, 1), 9.0)
    costs = []
    labels = rng.integers(0, 3, 9).astype(np.int32)
    for one in (nets, fewer):
        problem = NetProblem(one, cap, cap, np.full(9, -1, np.int32), whole, np.zeros_like(cap))
        costs.append(net_cost(one, place(problem, one, labels, np.arange(9)), whole))
    assert costs[0] == pytest.approx(costs[1])


def sparse_nets() -> sparse.csr_array:
    """Eight nodes and three nets of two: five components."""
    return sparse.csr_array((np.ones(6), ([0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2])), shape=(8, 3))


@given(seed=st.integers(0, 10**6), objective=st.sampled_from(["cut", "connectivity"]))
def test_nested_parts_of_hypergraphs_hold_at_each_level(seed, objective):
    nets = random_nets(80, 120, seed)
    made = MultilevelPartition((2, 3), hypergraph=True, objective=objective, imbalance=0.1).fit(nets)
    coarse = made.hierarchy_.labels(1)
    for level, k in enumerate((2, 6), start=1):
        labels = made.hierarchy_.labels(level)
        sizes = np.bincount(labels)
        assert len(sizes) == k
        assert sizes.max() <= np.floor(1.1 * np.ceil(80 / k) + 1e-9)
        assert made.cuts_[level - 1] == pytest.approx(cost_by_hand(nets, labels, objective))
    assert len({(a, b) for a, b in zip(coarse, made.labels_)}) == 6


@given(seed=st.integers(0, 10**6))
def test_nested_personalities_are_within_capacity_and_above_floors(seed):
    rng = np.random.default_rng(seed)
    choices = [
        np.array([[4.0, 0.0], [1.0, 1.0]]) if rng.random() < 0.5 else np.array([[2.0, 0.0]])
        for _ in range(60)
    ]
    flexible = sum(len(choice) - 1 for choice in choices)
    capacity = np.array([42.0, 0.35 * flexible])
    made = MultilevelPartition(
        (2, 2), personalities=choices, capacity=capacity, hypergraph=True, min_weight=1
    ).fit(random_nets(60, 90, seed))
    load = np.zeros((4, 2))
    for u in range(60):
        load[made.parts_[u]] += choices[u][made.personalities_[u]]
    assert np.allclose(load, made.part_weights_)
    assert (load <= capacity + 1e-9).all()
    assert load.min() >= 1.0
    assert len(made.hierarchy_.levels) == 3


@given(seed=st.integers(0, 10**6), floor=st.integers(1, 9))
def test_floors_of_hypergraphs_hold(seed, floor):
    nets = random_nets(40, 60, seed)
    made = MultilevelPartition(4, hypergraph=True, imbalance=2.0, min_weight=floor).fit(nets)
    assert np.bincount(made.labels_).min() >= floor


@given(seed=st.integers(0, 10**6))
def test_connected_parts_of_hypergraphs(seed):
    """Nodes of a part reach each other by nets that they share within it."""
    line = sparse.csr_array(sparse.diags_array([np.ones(59)] * 2, offsets=[0, -1], shape=(60, 59)))
    nets = sparse.csr_array(sparse.hstack((random_nets(60, 40, seed), line)))
    made = MultilevelPartition(4, hypergraph=True, connected=True, imbalance=0.5).fit(nets)
    for part in range(4):
        inside = nets[np.flatnonzero(made.parts_ == part)]
        both = sparse.block_array([[None, inside], [inside.T, None]])
        _, piece = csgraph.connected_components(both, directed=False)
        assert len(set(piece[: inside.shape[0]])) == 1


def test_stray_pieces_join_the_part_around_them():
    n, cap = 40, np.full((2, 1), 22.0)
    path = sparse.csr_array(sparse.diags_array([np.ones(n - 1)] * 2, offsets=[0, -1], shape=(n, n - 1)))
    nets = nets_of(path, np.arange(n + 1), np.ones((n, 1)))
    problem = NetProblem(nets, cap, cap, np.full(n, -1, np.int32), True, np.zeros_like(cap))
    labels = (np.arange(n) >= 20).astype(np.int32)
    labels[[5, 6]], labels[30] = 1, 0
    assert net_pieces(nets, labels)[1] == 6
    joined, _ = connect_nets(NetLevels(problem, (2,), [cap]), labels, np.arange(n))
    assert joined.tolist() == (np.arange(n) >= 20).astype(int).tolist()


def test_shares_of_hypergraph_parts_are_met():
    made = MultilevelPartition(2, hypergraph=True, part_shares=[1, 3]).fit(random_nets(80, 90, 3))
    assert made.part_weights_[0, 0] <= np.floor(1.03 * 20)


def test_unequal_prices_within_a_net_are_refused():
    with pytest.raises(InvalidDataError, match="net 0"):
        MultilevelPartition(2, hypergraph=True).fit(np.array([[1.0], [2.0]]))
