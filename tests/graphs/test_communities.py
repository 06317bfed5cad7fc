"""Communities: the objective is what the papers define, parts are connected, wishes hold or are refused."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

import partita as pt
from oracles import communities as oracle
from partita.graphs import Communities
from partita.graphs import _leiden as engine
from partita.graphs._input import as_graph
from partita.graphs._objectives import UNDIRECTED
from partita.kernels.move_cycles import common_parts, limits_contracted
from partita.kernels.moves import moves_border, moves_run


@st.composite
def matrices(draw, kind: str = "modularity", most: int = 14) -> np.ndarray:
    n = draw(st.integers(1, most))
    values = [0.0, 0.0, 0.0, 1.0, 1.0, 0.7, 3.0] + ([-1.0, -2.0] if kind in ("signed", "multicut") else [])
    flat = draw(st.lists(st.sampled_from(values), min_size=n * n, max_size=n * n))
    A = np.array(flat).reshape(n, n)
    np.fill_diagonal(A, 0.0)
    if kind == "directed":
        return A
    A = np.triu(A) + np.triu(A).T
    if kind == "bipartite":
        side = np.arange(n) % 2
        A[np.equal.outer(side, side)] = 0.0
    return A


def value(kind: str, A: np.ndarray, labels: np.ndarray, resolution: float) -> float:
    if kind == "bipartite":
        return oracle.bipartite(A, labels, np.arange(len(A)) % 2, resolution)
    if kind == "multicut":
        return oracle.multicut(A, labels)
    name = "modularity" if kind == "directed" else kind
    return getattr(oracle, name)(A, labels, resolution)


def is_connected(A: np.ndarray, labels: np.ndarray) -> bool:
    within = ((A + A.T) > 0) & np.equal.outer(labels, labels)
    return connected_components(sp.csr_array(within), directed=False)[0] == labels.max(initial=-1) + 1


def assert_connected(A: np.ndarray, labels: np.ndarray) -> None:
    assert is_connected(A, labels)


KINDS = ("modularity", "cpm", "directed", "bipartite", "signed", "multicut")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), resolution=st.sampled_from([0.3, 1.0, 2.5]))
@settings(max_examples=20)
def test_the_quality_is_the_papers_and_parts_are_connected(kind, data, resolution):
    A = data.draw(matrices(kind))
    found = Communities(kind, resolution=resolution).fit(sp.csr_array(A))
    assert found.quality_ == pytest.approx(value(kind, A, found.labels_, resolution), abs=1e-9)
    assert found.made_by_.certificates["quality"] == found.quality_
    assert found.made_by_.certificates["connected"]
    alone = value(kind, A, np.arange(len(A)), resolution)
    assert found.quality_ >= alone - 1e-9
    assert_connected(A, found.labels_)
    found.hierarchy_.check()
    np.testing.assert_array_equal(found.hierarchy_.labels(), found.labels_)


@pytest.mark.parametrize("kind", KINDS)
def test_no_partition_is_better_by_much_and_none_is_beaten(kind):
    rng = np.random.default_rng(5)
    reached = 0
    for _ in range(12):
        n = 7
        weights = rng.choice(
            [0, 0, 1, 1, 2, -1] if kind in ("signed", "multicut") else [0, 0, 1, 1, 2], (n, n)
        )
        A = np.triu(weights, 1).astype(float)
        A = A if kind == "directed" else A + A.T
        if kind == "directed":
            A = A + np.triu(rng.integers(0, 2, (n, n)), 1).T
        if kind == "bipartite":
            side = np.arange(n) % 2
            A[np.equal.outer(side, side)] = 0.0
        best = max(value(kind, A, labels, 0.8) for labels in oracle.partitions(n) if is_connected(A, labels))
        found = Communities(kind, resolution=0.8, n_starts=8).fit(sp.csr_array(A)).quality_
        assert found <= best + 1e-9
        reached += found >= best - 1e-9
    assert reached >= 10


@given(matrices(most=20))
def test_pieces_are_nested_and_connected(A):
    found = Communities(resolution=0.5).fit(sp.csr_array(A))
    above = found.labels_
    for piece in found.pieces_:
        for c in range(piece.max() + 1):
            assert len(np.unique(above[piece == c])) == 1
        assert_connected(A, piece)
        above = piece
    assert (
        np.diff(found.hierarchy_.height[found.hierarchy_.ancestors(found.hierarchy_.n_parts - 1)]) >= 0
    ).all()


@pytest.mark.parametrize("kind", ["modularity", "directed", "cpm", "signed"])
def test_renumbered_nodes_give_the_renumbered_communities(kind):
    rng = np.random.default_rng(11)
    A = np.where(rng.random((80, 80)) < 0.06, rng.random((80, 80)) + 0.1, 0.0)
    A[:40, :40] *= 4.0
    if kind == "signed":
        A *= rng.choice([1.0, 1.0, -1.0], A.shape)
    if kind != "directed":
        A = np.triu(A, 1) + np.triu(A, 1).T
    np.fill_diagonal(A, 0.0)
    permutation = rng.permutation(80)
    resolution = 0.2 if kind == "cpm" else 1.0
    a = Communities(kind, resolution=resolution).fit(sp.csr_array(A))
    b = Communities(kind, resolution=resolution).fit(sp.csr_array(A[np.ix_(permutation, permutation)]))
    np.testing.assert_array_equal(a.labels_[permutation], b.labels_)
    assert a.quality_ == pytest.approx(b.quality_, abs=1e-12)
    assert a.made_by_.fingerprint == b.made_by_.fingerprint


def test_threads_leave_no_trace():
    graph = nx.random_partition_graph([30] * 6, 0.3, 0.03, seed=1)
    results = [Communities(n_jobs=n).fit(graph).labels_ for n in (1, 2, 3)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_planted_groups_are_found():
    graph = nx.random_partition_graph([40] * 5, 0.4, 0.02, seed=3)
    truth = np.repeat(np.arange(5), 40)
    for options in ({}, {"objective": "cpm", "resolution": 0.15}):
        assert pt.compare(Communities(**options).fit(graph).labels_, truth)["ari"] > 0.97


def test_a_barbell_falls_into_its_bells():
    graph = nx.barbell_graph(8, 3)
    for resolution in (0.2, 0.5, 1.0, 3.0):
        labels = Communities(resolution=resolution).fit(graph).labels_
        assert_connected(nx.to_numpy_array(graph), labels)
        assert labels[0] != labels[-1] or resolution < 0.3


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_graphs_without_edges_are_single_nodes(n):
    for kind in KINDS:
        found = Communities(kind).fit(sp.csr_array((n, n)))
        assert found.n_clusters_ == max(n, 1)  # an empty graph has the root alone
        assert len(found.labels_) == n
        assert found.quality_ == 0.0


def test_unusual_graphs_are_no_trouble():
    star = Communities().fit(nx.star_graph(30))
    assert star.n_clusters_ == 1
    pairs = Communities().fit(sp.block_diag([np.array([[0, 1], [1, 0]])] * 5, format="csr"))
    assert pairs.n_clusters_ == 5
    assert pairs.hierarchy_.height[0] == np.inf
    isolated = sp.csr_array(([1.0, 1.0], ([0, 4], [4, 0])), shape=(6, 6))
    assert Communities().fit(isolated).n_clusters_ == 5
    twice = np.array([[0, 1], [0, 1], [2, 2], [1, 2], [2, 3]])
    assert len(Communities().fit(twice).labels_) == 4
    gaps = Communities().fit(np.array([[7, 100], [100, 12], [12, 7]]))
    assert gaps.hierarchy_.item_ids.tolist() == [7, 12, 100]


def test_weights_can_have_any_scale():
    graph = nx.random_partition_graph([20] * 4, 0.4, 0.05, seed=2)
    A = nx.to_scipy_sparse_array(graph, dtype=float)
    labels = Communities().fit(A).labels_
    for scale in (1e-200, 1e-9, 1e150):
        np.testing.assert_array_equal(Communities().fit(A * scale).labels_, labels)


@pytest.mark.parametrize("k", [*range(1, 35)])
def test_exactly_so_many_communities(k):
    found = Communities(n_clusters=k).fit(nx.karate_club_graph())
    assert found.n_clusters_ == k
    assert np.bincount(found.labels_).min() > 0
    assert_connected(nx.to_numpy_array(nx.karate_club_graph()), found.labels_)


def test_numbers_that_no_division_has_are_refused():
    graph = nx.disjoint_union(nx.path_graph(4), nx.path_graph(3))
    with pytest.raises(pt.InfeasibleError, match="2 components") as caught:
        Communities(n_clusters=1).fit(graph)
    assert caught.value.smallest_relaxation == "n_clusters=2"
    with pytest.raises(pt.InfeasibleError, match="7 nodes"):
        Communities(n_clusters=8).fit(graph)
    assert Communities(n_clusters=2).fit(graph).labels_.tolist() == [0, 0, 0, 0, 1, 1, 1]


@given(matrices(most=16), st.integers(1, 6), st.data())
def test_sizes_and_pairs_hold(A, most, data):
    n = len(A)
    node = st.integers(0, n - 1)
    apart = [p for p in data.draw(st.lists(st.tuples(node, node), max_size=4)) if p[0] != p[1]]
    found = Communities(resolution=0.2, max_size=most, cannot_link=apart).fit(sp.csr_array(A))
    assert np.bincount(found.labels_).max() <= most
    for u, v in apart:
        assert found.labels_[u] != found.labels_[v]
    assert_connected(A, found.labels_)


def test_small_communities_join_their_neighbours():
    graph = nx.karate_club_graph()
    for least in (2, 5, 8, 12, 17):
        found = Communities(resolution=3.0, min_size=least).fit(graph)
        assert np.bincount(found.labels_).min() >= least
        assert_connected(nx.to_numpy_array(graph), found.labels_)
    bounded = Communities(min_size=4, max_size=12).fit(graph)
    assert 4 <= np.bincount(bounded.labels_).min() <= np.bincount(bounded.labels_).max() <= 12


def test_fixed_nodes_hold_and_the_others_move():
    graph = nx.barbell_graph(6, 0)
    fixed = np.full(12, -1)
    fixed[[0, 11]] = 7  # the two ends together
    fixed[5] = 2
    found = Communities(fixed=fixed, must_link=[(1, 2)]).fit(graph)
    assert found.labels_[0] == found.labels_[11] != found.labels_[5]
    assert found.labels_[1] == found.labels_[2]
    assert found.made_by_.certificates["connected"]
    apart = Communities(fixed=np.arange(12)).fit(graph)
    assert apart.n_clusters_ == 12


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"must_link": [(0, 1), (1, 2)], "cannot_link": [(0, 2)]}, "0 and 2 must not be together"),
        ({"must_link": [(0, 1), (1, 2)], "max_size": 2}, "3 nodes must be together"),
        ({"fixed": [0, 1, -1, -1, -1, -1], "must_link": [(0, 1)]}, "fixed to different labels"),
        ({"min_size": 7}, "min_size is 7"),
        ({"min_size": 4, "max_size": 5}, "can't be divided"),
    ],
)
def test_contradictions_are_refused_before_work(options, words):
    with pytest.raises(pt.InfeasibleError, match=words) as caught:
        Communities(**options).fit(nx.path_graph(6))
    assert caught.value.smallest_relaxation


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"must_link": [(0, 6)]}, "Row 0 of must_link"),
        ({"must_link": [(0, 1, 2)]}, "pairs"),
        ({"fixed": [0, 1]}, "every node"),
        ({"sides": [0, 1] * 3}, "bipartite"),
        ({"objective": "bipartite", "sides": [0] * 6}, "edge . - . is not bipartite"),
        ({"n_clusters": 2, "max_size": 3}, "together"),
        ({"min_size": 3, "max_size": 2}, "larger"),
        ({"objective": "leiden"}, "objective"),
        ({"resolution": -1.0}, "resolution"),
    ],
)
def test_bad_requests_are_named(options, words):
    graph = nx.path_graph(6)
    with pytest.raises(pt.PartitaError, match=words):
        Communities(**options).fit(nx.Graph(sorted(tuple(sorted(e)) for e in graph.edges)))


def test_an_odd_cycle_has_no_sides():
    with pytest.raises(pt.InvalidDataError, match="odd cycle"):
        Communities("bipartite").fit(nx.cycle_graph(5))


def test_a_table_of_two_kinds_of_nodes_is_bipartite():
    B = np.zeros((6, 8))
    B[:3, :4] = B[3:, 4:] = 1.0
    found = Communities("bipartite").fit(B)
    assert found.labels_.tolist() == [0] * 3 + [1] * 3 + [0] * 4 + [1] * 4 or found.n_clusters_ == 2


def test_layers_are_summed():
    rng = np.random.default_rng(0)
    one = nx.to_numpy_array(nx.random_partition_graph([15] * 4, 0.5, 0.1, seed=1))
    two = nx.to_numpy_array(nx.random_partition_graph([15] * 4, 0.5, 0.1, seed=2))
    found = Communities("multiplex", layer_weights=[1.0, 2.0]).fit([one, two])
    expected = (oracle.modularity(one, found.labels_) + 2.0 * oracle.modularity(two, found.labels_)) / 3.0
    assert found.quality_ == pytest.approx(expected)
    assert pt.compare(found.labels_, np.repeat(np.arange(4), 15))["ari"] > 0.9
    permutation = rng.permutation(60)
    turned = [layer[np.ix_(permutation, permutation)] for layer in (one, two)]
    again = Communities("multiplex", layer_weights=[1.0, 2.0]).fit(turned)
    np.testing.assert_array_equal(again.labels_, found.labels_[permutation])
    with pytest.raises(pt.InvalidDataError, match="Layer 1"):
        Communities("multiplex").fit([one, two[:5, :5]])


def test_the_door_takes_graphs(tmp_path):
    path = tmp_path / "two.edges"
    path.write_text("a b\nb c\na c\nc d\nd e\ne f\nd f\n")
    h = pt.divide(path, method="communities")
    assert h.item_ids.tolist() == list("abcdef")
    assert h.labels().tolist() == [0, 0, 0, 1, 1, 1]
    assert h.made_by.choices["method"] == "communities"


@pytest.mark.data
def test_modularity_of_real_graphs_is_that_of_leidenalg_or_more(real_data):
    edges = np.loadtxt(real_data("graphs-email-eu-core", "edges.txt.gz"), dtype=np.int64)
    A = sp.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(1005, 1005)).tocsr()
    A = ((A + A.T) > 0).astype(float)
    assert Communities().fit(A).quality_ >= 0.4170  # leidenalg, five seeds: 0.4139 to 0.4174


@pytest.mark.parametrize("kind", ["modularity", "cpm", "signed"])
def test_any_resolution_comes_to_an_end(kind):
    rng = np.random.default_rng(2)
    A = np.triu(rng.choice([0.0, 0.0, 0.0, 0.1, 0.3, -0.7 if kind == "signed" else 0.9], (40, 40)), 1)
    for resolution in (0.0, 1e-9, 1e4, 1e9):
        found = Communities(kind, resolution=resolution).fit(sp.csr_array(A + A.T))
        assert np.isfinite(found.quality_)
        assert_connected(A + A.T, found.labels_)


def problem_of(A: np.ndarray) -> engine.Problem:
    return UNDIRECTED["modularity"](as_graph(sp.csr_array(A)).graph, 1.0).problem


@given(matrices(), st.data())
def test_moves_gain_what_the_objective_says(A, data):
    problem = problem_of(A)
    n, pull = problem.n, problem.vectors @ problem.form
    node = st.integers(0, max(n - 1, 0))
    labels = np.array(data.draw(st.lists(node, min_size=n, max_size=n)), np.int32)
    first = np.array(data.draw(st.lists(node, unique=True, max_size=n)), np.int32)
    before, scale = problem.value(labels), 1.0 + A.sum()
    gained = moves_run(problem.graph, problem.vectors, pull, engine.no_limits(n), first, 1e-9 * scale, labels)
    assert gained >= 0.0
    assert problem.value(labels) == pytest.approx(before + gained, abs=1e-9 * scale)


@given(matrices(), st.integers(0, 3), st.booleans())
def test_cycles_lose_nothing_and_look_at_borders(A, start, warm):
    problem = problem_of(A)
    begun = (np.arange(problem.n) % 3).astype(np.int32)
    found = engine.one_start(problem, engine.no_limits(problem.n), begun, start, 2, warm)
    assert problem.value(found) >= problem.value(begun) - 1e-9 * (1.0 + A.sum())
    border = moves_border(problem.graph, found, np.arange(problem.n, dtype=np.int32))
    rows = np.repeat(np.arange(problem.n), np.diff(problem.graph.indptr))
    assert border.tolist() == np.unique(rows[found[rows] != found[problem.graph.indices]]).tolist()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=20))
def test_common_parts_are_the_meet(pairs):
    first, second = np.array(pairs, np.int32).reshape(-1, 2).T.copy()
    met, count = common_parts(first, 5, second, 4)
    keys = np.unique(first * 4 + second, return_inverse=True)[1]
    assert count == len(set(keys.tolist())) == len(set(zip(keys.tolist(), met.tolist())))
    assert sorted(set(met.tolist())) == list(range(count))


def test_limits_of_parts_are_those_of_their_nodes():
    limits = engine.no_limits(5)._replace(
        anchor=np.array([-1, 4, -1, -1, 7], np.int32),
        apart_indptr=np.array([0, 1, 1, 3, 4, 4]),
        apart=np.array([2, 0, 3, 2], np.int32),
    )
    parts = limits_contracted(limits, np.array([0, 0, 1, 2, 2], np.int32), 3)
    assert parts.anchor.tolist() == [4, -1, 7]
    rows = [set(parts.apart[a:b].tolist()) for a, b in zip(parts.apart_indptr[:-1], parts.apart_indptr[1:])]
    assert rows == [{1}, {0, 2}, {1}]


def test_more_effort_finds_no_less():
    graph = nx.connected_watts_strogatz_graph(900, 6, 0.1, seed=4)
    quick, long = Communities().fit(graph), Communities(n_starts=4, max_iter=10).fit(graph)
    assert quick.made_by_.choices == {"n_starts": 2, "max_iter": 1}
    assert long.quality_ >= quick.quality_ > 0.75
