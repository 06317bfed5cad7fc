"""From a hypergraph, with realisations of its nodes, to parts under capacities. For multilevel_partition.

A net pulls its nodes together as a clique of weight ``price / (size - 1)`` while clusters are made; costs and
moves are those of the nets themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita._core.threads import map_tasks
from partita.graphs._multilevel import Plan, Problem, divide
from partita.kernels.coarsen import cluster_nodes
from partita.kernels.csr import Graph, contract, graph_of
from partita.kernels.nets import (
    Nets,
    Placed,
    contract_nets,
    fill_up,
    net_cost,
    placed_fill,
    refine_nets,
    relieve,
    remap,
    strain_of,
)

_CLIQUE = 12
_TRIALS = 5
_STARTS = 4


class NetProblem(NamedTuple):
    """A hypergraph, capacities, goals and floors float64 (k, r) of the loads of parts, and fixed nodes.

    `whole`: a cut net costs its price once; otherwise once for every part that it reaches but one.
    """

    nets: Nets
    cap: np.ndarray
    goal: np.ndarray
    fixed: np.ndarray
    whole: bool
    floor: np.ndarray


def nets_of(incidence, ways: np.ndarray, need: np.ndarray) -> Nets:
    """Nets from a CSR matrix nodes x nets whose entries are prices of nets. Empty nets are harmless."""
    by_net = incidence.tocsc()
    by_net.sort_indices()
    price = np.zeros(incidence.shape[1])
    filled = np.flatnonzero(np.diff(by_net.indptr))
    price[filled] = by_net.data[by_net.indptr[filled]]
    return Nets(
        by_net.indptr.astype(np.int64), by_net.indices.astype(np.int32), incidence.indptr.astype(np.int64),
        incidence.indices.astype(np.int32), price, ways.astype(np.int64),
        np.ascontiguousarray(need, np.float64),
    )  # fmt: skip


def merged(nets: Nets) -> Nets:
    """The same hypergraph with nets of the same nodes made one, which costs what they cost together."""
    from scipy.sparse import csc_array

    n, e = len(nets.first) - 1, len(nets.price)
    if e == 0:
        return nets
    name = np.random.default_rng(0).integers(0, 1 << 63, (n, 2)).astype(np.uint64)
    name = np.add.reduceat(name[nets.pins], nets.start[:-1], axis=0)
    order = np.lexsort((name[:, 1], name[:, 0]))
    same = (name[order[1:]] == name[order[:-1]]).all(axis=1)
    if not same.any():
        return nets
    group = np.concatenate(([0], np.cumsum(~same)))
    first = order[np.concatenate(([True], ~same))]
    price = np.bincount(group, nets.price[order])
    size = np.diff(nets.start)
    shape = (n, e)
    every = csc_array((np.repeat(nets.price, size), nets.pins, nets.start), shape=shape)
    by_first = np.argsort(first, kind="stable")
    fewer = every[:, first[by_first]]
    fewer.data = np.repeat(price[by_first], size[first[by_first]])
    rows = fewer.tocsr()
    rows.sort_indices()
    return nets_of(rows, nets.ways, nets.need)


def pull_graph(nets: Nets, *, firm: bool) -> Graph:
    """The graph in which nodes of a net pull each other: cliques of small nets, rings of larger ones.

    A ring's edge weighs half the price (`firm`), or as much as a clique's would.
    """
    from scipy.sparse import coo_array

    n, size = len(nets.first) - 1, np.diff(nets.start)
    tails, heads, weights = [], [], []
    for s in np.unique(size[(size > 1) & (size <= _CLIQUE)]):
        which = np.flatnonzero(size == s)
        pins = nets.pins[nets.start[which][:, None] + np.arange(s)]
        a, b = np.triu_indices(s, 1)
        tails.append(pins[:, a].ravel())
        heads.append(pins[:, b].ravel())
        weights.append(np.repeat(nets.price[which] / (s - 1.0), len(a)))
    for j in np.flatnonzero(size > _CLIQUE):
        pins = nets.pins[nets.start[j] : nets.start[j + 1]]
        tails.append(pins)
        heads.append(np.roll(pins, 1))
        weights.append(np.full(len(pins), nets.price[j] * (0.5 if firm else 1.0 / (len(pins) - 1.0))))
    if not tails:
        return graph_of(np.zeros(n + 1), np.empty(0), np.empty(0))
    ends = (np.concatenate(tails), np.concatenate(heads))
    once = coo_array((np.concatenate(weights), ends), shape=(n, n)).tocsr()
    both = once + once.T
    both.sort_indices()
    return graph_of(both.indptr, both.indices, both.data)


def divide_nets(problem: NetProblem, plan: Plan, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels int32[n], ways int64[n] (rows of need) and loads float64 (k, r)."""
    graphs = pull_graph(problem.nets, firm=True), pull_graph(problem.nets, firm=False)
    way = balanced_ways(problem.nets, problem.goal)

    def best(pool: list[Placed]) -> Placed:
        return min(pool, key=lambda placed: _rank(problem, placed))

    starts = list(range(2 + plan.n_starts))
    found = best(map_tasks(lambda s: _start(problem, graphs[s % 2], plan, seed + 7919 * s, way, s), starts))
    for cycle in range(2 + plan.n_cycles):
        again = _cycle(problem, graphs[cycle % 2], plan, seed + 31 * (cycle + 1), found.labels, found.way)
        found = best([found, again])
    remap(problem.nets, found, problem.goal, 20)
    return found.labels, found.way, found.load


def _start(problem: NetProblem, graph: Graph, plan: Plan, seed: int, way: np.ndarray, number: int) -> Placed:
    """Parts of the graph (starts 0 and 1), or the best of several of the smallest hypergraph, refined."""
    if number < 2:
        guesses = _first_parts(problem, graph, plan, seed)
        made = [_cycle(problem, graph, plan, seed, labels, takes) for labels, takes in guesses]
        return min(made, key=lambda placed: _rank(problem, placed))
    levels = _coarsen(problem, graph, plan, seed, np.zeros(len(way), np.int32), way)
    nets, pins = levels[-1][0], levels[-1][4]
    small = problem._replace(nets=nets, fixed=pins)
    pulls = graph
    for level in levels[:-1]:
        pulls = contract(pulls, level[1], int(level[1].max()) + 1)
    tried = []
    for t in range(_STARTS):
        for labels, takes in _first_parts(small, pulls, plan, seed + t):
            placed = place(small, nets, labels, takes)
            _refine(small, placed, plan, seed + t)
            tried.append(placed)
    return _uncoarsened(problem, levels, plan, seed, min(tried, key=lambda placed: _rank(small, placed)))


def balanced_ways(nets: Nets, goal: np.ndarray) -> np.ndarray:
    """A realisation of each node such that all together come near to the sum of the goals, int64[n]."""
    n, total = len(nets.first) - 1, goal.sum(axis=0, keepdims=True)
    placed = Placed(
        np.zeros(n, np.int32), nets.ways[:-1].copy(), np.zeros((len(nets.price), 1), np.int32),
        np.zeros(total.shape), np.full(total.shape, np.inf), np.zeros(total.shape), np.zeros(1, np.int64),
    )  # fmt: skip
    placed_fill(nets, placed)
    remap(nets, placed, total, 20)
    return placed.way


def place(problem: NetProblem, nets: Nets, labels: np.ndarray, way: np.ndarray) -> Placed:
    """Parts with their loads and the spread of the nets."""
    k = len(problem.cap)
    placed = Placed(
        np.array(labels, np.int32), np.array(way, np.int64), np.zeros((len(nets.price), k), np.int32),
        np.zeros(problem.cap.shape), problem.cap, problem.floor, np.zeros(k, np.int64),
    )  # fmt: skip
    placed_fill(nets, placed)
    return placed


def excess_of(problem: NetProblem, placed: Placed) -> float:
    """By how much loads exceed capacities or miss floors, relative to these, and how many parts are empty."""
    over = np.maximum(placed.load - problem.cap * (1.0 + 1e-9), 0.0) / np.maximum(problem.cap, 1e-9)
    short = np.maximum(problem.floor * (1.0 - 1e-9) - placed.load, 0.0) / np.maximum(problem.floor, 1e-9)
    return float(over.sum() + short.sum() + (placed.members == 0).sum())


def _rank(problem: NetProblem, placed: Placed) -> tuple[float, float, float]:
    cost = float(net_cost(problem.nets, placed, problem.whole))
    return excess_of(problem, placed), cost, float(strain_of(placed.load, problem.goal))


def _first_parts(
    problem: NetProblem, graph: Graph, plan: Plan, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Partitions of the graph: by all resources as first mapped, and by one measure of size alone."""
    nets, k = problem.nets, len(problem.cap)
    way = balanced_ways(nets, problem.goal)
    mapped = np.ascontiguousarray(nets.need[way])
    least = np.ones(k, np.int64)
    exact = Problem(graph, mapped, problem.cap, np.zeros_like(problem.cap), least, problem.fixed)
    plan = plan._replace(n_starts=1, n_cycles=0)
    starts = [(divide(exact, plan, seed), way)]
    if len(nets.need) > len(way):
        starts.append(_by_size(problem, graph, plan, seed, way))
    return starts


def _by_size(
    problem: NetProblem, graph: Graph, plan: Plan, seed: int, way: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Parts by one measure of size, whose shares are mended by how full parts are once re-mapped."""
    nets, k = problem.nets, len(problem.cap)
    total = np.maximum(problem.goal.sum(axis=0), 1e-300)
    size = np.ascontiguousarray((nets.need[way] / total).mean(axis=1, keepdims=True))
    share = (problem.goal / total).mean(axis=1, keepdims=True)
    best, lowest = None, np.inf
    for trial in range(_TRIALS):
        cap = 1.02 * size.sum() * share / share.sum() + size.max()
        part = Problem(graph, size, cap, np.zeros_like(cap), np.ones(k, np.int64), problem.fixed)
        placed = place(problem, nets, divide(part, plan, seed + trial), way)
        remap(nets, placed, problem.goal, 10)
        full = (placed.load / np.maximum(problem.goal, 1e-300)).max(axis=1, keepdims=True)
        if best is None or full.max() < lowest:
            best, lowest = (placed.labels, placed.way), full.max()
        share = share / np.maximum(full, 1e-9) ** 0.7
    assert best is not None
    return best


def _cycle(
    problem: NetProblem, graph: Graph, plan: Plan, seed: int, labels: np.ndarray, way: np.ndarray
) -> Placed:
    """The parts refined on ever finer hypergraphs, whose nodes never span two of the parts."""
    levels = _coarsen(problem, graph, plan, seed, labels, way)
    nets, pins, (labels, way) = levels[-1][0], levels[-1][4], levels[-1][3]
    small = problem._replace(nets=nets, fixed=pins)
    placed = place(small, nets, labels, way)
    _refine(small, placed, plan, seed)
    return _uncoarsened(problem, levels, plan, seed, placed)


def _uncoarsened(problem: NetProblem, levels: list[tuple], plan: Plan, seed: int, placed: Placed) -> Placed:
    """Parts of the finest hypergraph from those of the coarsest, refined on each level between."""
    for i in range(len(levels) - 2, -1, -1):
        nets, label, takes, _, pins = levels[i]
        direction = placed.way[label] - levels[i + 1][0].ways[label]
        finer = problem._replace(nets=nets, fixed=pins)
        placed = place(finer, nets, placed.labels[label], takes[np.arange(len(label)), direction])
        _refine(finer, placed, plan, seed + i)
    return placed


def _refine(problem: NetProblem, placed: Placed, plan: Plan, seed: int) -> None:
    """Mend what misses capacities, then lower the cost. INOUT placed."""
    nets, held = problem.nets, problem.fixed >= 0
    if excess_of(problem, placed) > 0.0:
        remap(nets, placed, problem.goal, 3)
        relieve(nets, placed, held, problem.whole, seed)
        fill_up(nets, placed, held, problem.whole)
    refine_nets(nets, placed, held, problem.whole, seed, plan.patience, plan.n_rounds)


def _coarsen(
    problem: NetProblem, graph: Graph, plan: Plan, seed: int, labels: np.ndarray, way: np.ndarray
) -> list[tuple]:
    """Levels, fine to coarse: nets, the map upwards, the rows of need by direction, labels and ways, pins.

    A cluster can be realised so that its members need least of one resource, for each, or as they are.
    """
    nets, pins = problem.nets, problem.fixed
    levels: list[tuple] = []
    target = max(plan.per_part * len(problem.cap), plan.fewest)
    while len(pins) > target:
        group = (labels.astype(np.int32) * 2 + (pins >= 0)).astype(np.int32)
        weight = np.ascontiguousarray(nets.need[way])
        limit = weight.sum(axis=0) * (1.5 / target)
        label, count = cluster_nodes(graph, weight, limit, group, seed + len(levels), 2.5, 1, 1.0)
        if count > 0.95 * len(pins):
            break
        takes = _directions(nets, way)
        levels.append((nets, label, takes, (labels, way), pins))
        coarse_labels, coarse_pins = np.empty(count, np.int32), np.empty(count, np.int32)
        coarse_labels[label], coarse_pins[label] = labels, pins
        nets = merged(contract_nets(nets, label, count, takes, takes.shape[1]))
        graph = contract(graph, label, count)
        labels, pins, way = coarse_labels, coarse_pins, nets.ways[:-1] + takes.shape[1] - 1
    levels.append((nets, None, None, (labels, way), pins))
    return levels


def _directions(nets: Nets, way: np.ndarray) -> np.ndarray:
    """For each node the row of need that is least in each resource, and its present one: int64 (n, r + 1)."""
    n, r = len(way), nets.need.shape[1]
    if len(nets.need) == n:
        return way[:, None].copy()
    node = np.repeat(np.arange(n), np.diff(nets.ways))
    total = nets.need.sum(axis=1)
    takes = np.empty((n, r + 1), np.int64)
    for d in range(r):
        order = np.lexsort((total, nets.need[:, d], node))
        takes[:, d] = order[nets.ways[:-1]]
    takes[:, r] = way
    return takes
