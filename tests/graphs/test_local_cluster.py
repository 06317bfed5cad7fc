"""Local clusters: against brute force and linear algebra, without a look at the rest of the graph."""

from __future__ import annotations

import gzip
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array, csr_array

import partita as pt
from partita.graphs._improve import improve_around
from partita.graphs._input import as_graph
from partita.graphs._local_search import Ground
from partita.graphs._met import MetRows
from partita.graphs._spread import flow_stages, rank_stages
from partita.graphs._sweep import measured
from partita.graphs.local_cluster import LocalCluster
from partita.kernels.max_flow import flow_largest


@st.composite
def weighted_graphs(draw: st.DrawFn, most: int = 9) -> np.ndarray:
    """Symmetric matrices with small weights, connected or not."""
    n = draw(st.integers(2, most))
    above = draw(st.lists(st.sampled_from([0, 0, 1, 1, 2, 0.5]), min_size=n * n, max_size=n * n))
    half = np.triu(np.reshape(above, (n, n)).astype(float), 1)
    return half + half.T


def planted(sizes: list[int], inside: float, across: float, seed: int) -> tuple[csr_array, np.ndarray]:
    """A graph of planted parts, and the part of each node."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    chance = np.where(labels[:, None] == labels, inside, across)
    half = np.triu(rng.random(chance.shape) < chance, 1)
    return csr_array((half + half.T).astype(float)), labels


def conductance(A: np.ndarray, nodes: list[int] | np.ndarray) -> float:
    inside = np.zeros(len(A), bool)
    inside[nodes] = True
    degree = A.sum(1)
    base = min(degree[inside].sum(), degree[~inside].sum())
    cut = A[inside][:, ~inside].sum()
    return float(cut / base) if base else (0.0 if cut == 0 else np.inf)


@pytest.mark.parametrize("method", ["flow", "pagerank"])
@pytest.mark.parametrize("refine", ["none", "mqi", "around"])
def test_a_planted_part_is_found_from_any_of_its_nodes(method: str, refine: str):
    A, labels = planted([40, 40, 40], 0.4, 0.01, 0)
    local = LocalCluster(3, method, refine=refine, volume=float(A.sum() / 3)).fit(A)
    assert np.array_equal(local.part_.nodes, np.flatnonzero(labels == 0))
    assert np.array_equal(local.labels_ == 0, labels == 0)
    local.hierarchy_.check()
    for seed in (45, 90):
        assert np.array_equal(local.around(seed).nodes, np.flatnonzero(labels == labels[seed]))


@given(A=weighted_graphs(), method=st.sampled_from(["flow", "pagerank"]), data=st.data())
def test_reported_figures_are_those_of_the_set(A: np.ndarray, method: str, data: st.DataObject):
    seed = data.draw(st.integers(0, len(A) - 1))
    part = LocalCluster(seed, method).fit(A).part_
    assert part.conductance == pytest.approx(conductance(A, part.nodes), abs=1e-9)
    assert part.volume == pytest.approx(A[part.nodes].sum())
    rest = np.setdiff1d(np.arange(len(A)), part.nodes)
    assert part.cut == pytest.approx(A[np.ix_(part.nodes, rest)].sum(), abs=1e-9)


@given(A=weighted_graphs(), method=st.sampled_from(["flow", "pagerank"]), data=st.data())
def test_numbers_of_nodes_make_no_difference(A: np.ndarray, method: str, data: st.DataObject):
    shuffle = np.array(data.draw(st.permutations(range(len(A)))))
    seed = data.draw(st.integers(0, len(A) - 1))
    part = LocalCluster(int(shuffle[seed]), method).fit(A).part_
    moved = LocalCluster(seed, method).fit(A[np.ix_(shuffle, shuffle)]).part_
    assert np.array_equal(np.sort(shuffle[moved.nodes]), part.nodes)
    assert moved.conductance == pytest.approx(part.conductance, abs=1e-12)


@given(A=weighted_graphs(7), data=st.data())
def test_no_subset_beats_a_set_refined_by_flow(A: np.ndarray, data: st.DataObject):
    seed = data.draw(st.integers(0, len(A) - 1))
    part = LocalCluster(seed, "pagerank", refine="mqi").fit(A).part_
    if A[part.nodes].sum() > A.sum() / 2:
        return
    degree = A.sum(1)
    for size in range(1, len(part.nodes) + 1):
        for subset in combinations(part.nodes.tolist(), size):
            if degree[list(subset)].sum() > 0:
                assert part.conductance <= conductance(A, list(subset)) + 1e-9
    assert part.gap == pytest.approx(0.0, abs=1e-9)


def test_flow_around_gives_back_what_a_set_lacks():
    A, labels = planted([40, 60], 0.3, 0.01, 1)
    inside = np.flatnonzero(labels == 0)
    given_graph = as_graph(A)
    ground = Ground(given_graph, None, None)
    rows = MetRows(ground.graph, ground.degree, ground.features, 0.0)
    slots = rows.slots(given_graph.place[inside[:30]])
    rows.open(slots)
    better = improve_around(
        rows, measured(rows, slots, ground.space), ground.space, locality=0.1, max_volume=np.inf
    )
    found = given_graph.order[rows.nodes[better.found.slots]]
    assert np.array_equal(np.sort(found), inside)


@given(A=weighted_graphs(7), data=st.data(), locality=st.sampled_from([0.0, 0.3, 2.0]))
def test_flow_around_finds_the_least_quotient_of_all_sets(
    A: np.ndarray, data: st.DataObject, locality: float
):
    reference = sorted(data.draw(st.sets(st.integers(0, len(A) - 1), min_size=1, max_size=len(A) - 1)))
    degree, total = A.sum(1), A.sum()
    base = degree[reference].sum()
    if not 0 < base <= total / 2:
        return
    given_graph = as_graph(A)
    ground = Ground(given_graph, None, None)
    rows = MetRows(ground.graph, ground.degree, ground.features, 0.0)
    slots = rows.slots(given_graph.place[reference])
    rows.open(slots)
    start = measured(rows, slots, ground.space)
    better = improve_around(rows, start, ground.space, locality=locality, max_volume=np.inf)
    found = sorted(given_graph.order[rows.nodes[better.found.slots]].tolist())
    penalty = base / (total - base) + locality
    inside = np.isin(np.arange(len(A)), reference)

    def quotient(nodes: tuple[int, ...]) -> float:
        own = np.isin(np.arange(len(A)), nodes)
        worth = degree[own & inside].sum() - penalty * degree[own & ~inside].sum()
        return float(A[own][:, ~own].sum() / worth) if worth > 1e-9 else np.inf

    sets = [s for size in range(1, len(A)) for s in combinations(range(len(A)), size)]
    assert better.gap == pytest.approx(0.0, abs=1e-9) or start.cut == 0
    assert better.found.conductance <= start.conductance + 1e-12
    if found != reference:
        assert quotient(tuple(found)) == pytest.approx(min(map(quotient, sets)), abs=1e-9)


def test_flow_solves_its_quadratic_programme():
    A, _ = planted([15, 25], 0.4, 0.05, 2)
    dense = A.toarray()
    given_graph = as_graph(A)
    ground = Ground(given_graph, None, None)
    rows = MetRows(ground.graph, ground.degree, ground.features, 0.0)
    seed = 4
    budget = np.array([0.5 * dense.sum()])
    (stage,) = flow_stages(rows, given_graph.place[[seed]], budget, 20000)
    assert stage.converged
    degree = dense.sum(1)
    x = np.zeros(len(dense))
    x[given_graph.order[rows.nodes]] = rows.value[: rows.n_met]
    held = budget[0] * (np.arange(len(dense)) == seed) - (np.diag(degree) - dense) @ x
    assert held.max() <= (degree * 1.002).max()
    assert np.all(held <= degree * 1.002)
    assert np.allclose(held[x > 0], degree[x > 0], rtol=2e-3)


def test_pagerank_stays_within_its_precision_of_the_exact_one():
    A, _ = planted([20, 30], 0.4, 0.05, 3)
    dense = A.toarray()
    degree = dense.sum(1)
    given_graph = as_graph(A)
    ground = Ground(given_graph, None, None)
    rows = MetRows(ground.graph, ground.degree, ground.features, 0.0)
    (stage,) = rank_stages(rows, given_graph.place[[7]], np.array([1000.0]), 0.2, 5000)
    start = (np.arange(len(dense)) == 7).astype(float)
    exact = np.linalg.solve(np.eye(len(dense)) - 0.8 * dense / degree, 0.2 * start)
    x = np.zeros(len(dense))
    x[given_graph.order[rows.nodes]] = rows.value[: rows.n_met]
    assert stage.converged
    assert np.all(x <= exact + 1e-12)
    assert np.all(exact - x <= degree / 1000.0 + 1e-12)


@given(data=st.data())
def test_largest_flow_equals_scipys(data: st.DataObject):
    from scipy.sparse.csgraph import maximum_flow

    n = data.draw(st.integers(3, 7))
    A = np.reshape(data.draw(st.lists(st.integers(0, 4), min_size=n * n, max_size=n * n)), (n, n))
    np.fill_diagonal(A, 0)
    both = (A + A.T) > 0
    tail, head = np.nonzero(both)
    start = np.concatenate(([0], np.cumsum(np.bincount(tail, minlength=n)))).astype(np.int64)
    twin = np.lexsort((tail, head)).astype(np.int64)
    flow = flow_largest(start, head.astype(np.int32), twin, A[tail, head].astype(float), 0, n - 1)
    assert flow == pytest.approx(maximum_flow(csr_array(A.astype(np.int32)), 0, n - 1).flow_value)


def ring_of_cliques(count: int, size: int) -> csr_array:
    """Cliques in a ring, each tied to the next by one edge."""
    i, j = np.triu_indices(size, 1)
    base = size * np.arange(count)[:, None]
    tail = np.concatenate(((base + i).ravel(), base.ravel()))
    head = np.concatenate(((base + j).ravel(), ((base + size + 1) % (count * size)).ravel()))
    half = coo_array((np.ones(len(tail)), (tail, head)), shape=(count * size,) * 2)
    return csr_array(half + half.T)


@pytest.mark.parametrize("method", ["flow", "pagerank"])
def test_a_search_meets_a_small_part_of_a_large_graph(method: str):
    A = ring_of_cliques(20_000, 8)
    local = LocalCluster(80_000, method, refine="mqi", volume=50.0).fit(A)
    assert local.part_.nodes.tolist() == list(range(80_000, 80_008))
    assert local.part_.n_met < 2_000
    assert local.part_.met_volume < 20_000
    assert f"{local.part_.n_met:,} of 160,000 nodes were met" in local.made_by_.notes


def test_attributes_find_what_edges_alone_do_not():
    A, labels = planted([60, 60, 60], 0.12, 0.06, 4)
    X = np.random.default_rng(0).normal(labels[:, None] * 2.0, 0.7, (180, 3))
    volume = float(A.sum() / 3)

    def f1(**options: object) -> float:
        local = LocalCluster(0, volume=volume, gamma=0.1).fit(A, **options)
        scores = []
        for seed in range(0, 180, 15):
            nodes = local.around(seed).nodes
            hits = (labels[nodes] == labels[seed]).sum()
            scores.append(2 * hits / (len(nodes) + 60))
        return float(np.mean(scores))

    assert f1(attributes=X) > f1() + 0.2


def test_isolated_seeds_and_small_graphs():
    assert LocalCluster(0).fit(csr_array((1, 1))).part_.nodes.tolist() == [0]
    path = np.diag([1.0, 1.0, 0.0], 1)
    local = LocalCluster(3).fit(path + path.T)
    assert local.part_.nodes.tolist() == [3]
    assert local.part_.conductance == 0.0
    assert local.around([0, 2]).conductance == 1.0


def test_names_and_refusals():
    edges = np.array([[10, 20], [20, 30], [30, 10], [30, 40], [40, 50], [50, 60], [60, 40]])
    local = LocalCluster(10).fit(edges)
    assert local.part_.nodes.tolist() == [0, 1, 2]
    with pytest.raises(pt.InvalidDataError, match="no node"):
        local.around(7)
    with pytest.raises(pt.InvalidDataError, match="no node"):
        LocalCluster(5).fit(np.ones((3, 3)))
    with pytest.raises(pt.InvalidDataError, match="one row of attributes"):
        LocalCluster(0).fit(np.ones((3, 3)), attributes=np.ones((2, 1)))
    with pytest.raises(ValueError, match="method"):
        LocalCluster(0, "walk").fit(np.ones((3, 3)))


@pytest.mark.slow
def test_attributes_raise_f1_on_citations(real_data):
    edges = real_data("graphs-planetoid", "cora.edges.csv.gz")
    with gzip.open(edges, "rt") as file:
        ends = np.loadtxt(file, delimiter=",", skiprows=1, dtype=int)
    labels = np.loadtxt(
        real_data("graphs-planetoid", "cora.labels.csv"), delimiter=",", skiprows=1, dtype=int
    )[:, 1]
    with np.load(real_data("graphs-planetoid", "cora.features.npz")) as held:
        words = csr_array((held["data"], held["indices"], held["indptr"]), shape=tuple(held["shape"]))
    n = len(labels)
    half = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n)).tocsr()
    A = csr_array(((half + half.T) > 0).astype(float))
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    walk = normalize(csr_array(A + csr_array(np.eye(n))), "l1")
    X = walk @ (walk @ TruncatedSVD(64, random_state=0).fit_transform(normalize(words.astype(float))))
    degree = np.asarray(A.sum(axis=1)).ravel()

    def f1(attributes: np.ndarray | None) -> float:
        scores = []
        for c in range(7):
            members = np.flatnonzero(labels == c)
            local = LocalCluster(int(members[0]), volume=float(degree[members].sum())).fit(
                A, attributes=attributes
            )
            for seed in members[:: len(members) // 5][:5]:
                nodes = local.around(int(seed)).nodes
                scores.append(2 * (labels[nodes] == c).sum() / (len(nodes) + len(members)))
        return float(np.mean(scores))

    assert f1(X) > f1(None)
