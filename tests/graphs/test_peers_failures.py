"""What crashes or silently fails elsewhere: each test names the reports (repository #number) that it answers.

Lines about installing, speed or documentation alone have no test here. Those that the tests of one maker
answer already are only named there.
"""

from __future__ import annotations

import re
import sys

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

import partita as pt
from graphs.planted import planted_graph
from partita.graphs import (
    BipartiteSBM,
    BottomUp,
    Communities,
    LocalCluster,
    MultilevelPartition,
    TopDown,
)


def ring_of_cliques(count: int = 8, size: int = 6) -> sp.csr_array:
    """Cliques in a ring, each joined to the next by one edge."""
    A = np.kron(np.eye(count), np.ones((size, size)) - np.eye(size))
    last = size * np.arange(count) + size - 1
    nxt = (last + 1) % (count * size)
    A[last, nxt] = A[nxt, last] = 1.0
    return sp.csr_array(A)


def caps_hold(made: MultilevelPartition) -> bool:
    """Whether loads, summed anew from labels, keep the caps that the record tells."""
    load = np.bincount(made.parts_).astype(float)
    return bool((load <= np.ravel(made.made_by_.certificates["caps"][-1])).all())


# --- METIS and what wraps it: #91, #29, #81, #86, #47; Metis.jl #30, #46; PyG #2872 -------------------------


def test_297_nodes_make_64_parts():
    """METIS #91: an incomplete partition without an error."""
    rng = np.random.default_rng(0)
    tail, head = rng.integers(0, 297, (2, 2148))
    A = sp.coo_array((np.ones(2148), (tail, head)), shape=(297, 297)).tocsr()
    made = MultilevelPartition(64).fit(A + A.T)
    assert len(np.bincount(made.labels_)) == 64
    assert np.bincount(made.labels_).min() >= 1
    assert caps_hold(made)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_every_number_of_parts_of_a_small_graph(n):
    """METIS #47, #29, #81, #86 and Metis.jl #30, #46: too small, all in one part, one part, empty parts."""
    for graph in (nx.path_graph(n), nx.complete_graph(n), nx.empty_graph(n)):
        for k in range(1, n + 1):
            made = MultilevelPartition(k).fit(graph)
            assert np.bincount(made.labels_, minlength=k).min() >= 1
            assert made.n_clusters_ == k
        with pytest.raises(pt.InfeasibleError) as caught:
            MultilevelPartition(n + 1).fit(graph)
        assert caught.value.smallest_relaxation == f"n_parts={n}"


def test_heavy_nodes_are_spread():
    """networkx-metis #77 (heavily unbalanced with weights), pymetis #45 (one weight a node, no shares)."""
    rng = np.random.default_rng(1)
    weight = np.column_stack([rng.integers(1, 9, 120), rng.integers(0, 3, 120)]).astype(float)
    A = planted_graph([30] * 4, [0.05, 0.3], (4,))[0]
    made = MultilevelPartition(3, node_weights=weight, part_shares=[2, 1, 1], imbalance=0.1).fit(A)
    load = np.stack([weight[made.parts_ == part].sum(axis=0) for part in range(3)])
    assert (load <= np.array(made.made_by_.certificates["caps"][-1]) + 1e-9).all()
    assert (load <= 1.1 * np.outer([0.5, 0.25, 0.25], weight.sum(axis=0)) + weight.max(axis=0)).all()
    np.testing.assert_array_equal(load, made.part_weights_)


def test_weights_of_edges_move_the_cut():
    """PyG #9132, pytorch_sparse #54: weights of edges ignored."""
    A = nx.to_numpy_array(nx.cycle_graph(12))
    for u in (2, 8):
        A[u, u + 1] = A[u + 1, u] = 1e-3
    made = MultilevelPartition(2).fit(A)
    assert made.cut_ == pytest.approx(2e-3)
    assert Communities(n_clusters=2).fit(A).labels_[[2, 3, 8, 9]].tolist() in ([0, 1, 1, 0], [1, 0, 0, 1])


def test_edges_can_be_balanced():
    """pytorch_sparse #309: nodes balanced where edges were meant."""
    star_and_path = nx.disjoint_union(nx.star_graph(30), nx.path_graph(32))
    A = nx.to_scipy_sparse_array(star_and_path, dtype=float, format="csr")
    degree = np.asarray(A.sum(axis=1)).ravel()
    made = MultilevelPartition(2, node_weights=degree).fit(A)
    load = np.bincount(made.parts_, degree)
    assert load.max() <= 1.03 * np.ceil(degree.sum() / 2)


def test_directed_graphs_are_mirrored_or_refused():
    """PyG #3222: a crash on directed graphs and isolated nodes."""
    once = sp.csr_array(np.triu(ring_of_cliques().toarray()))
    padded = sp.block_diag([once, sp.csr_array((3, 3))], format="csr")
    made = MultilevelPartition(3).fit(padded)
    assert "each edge was given once, and is undirected" in made.made_by_.notes
    assert len(made.labels_) == 51
    both = sp.csr_array([[0, 2, 0], [1, 0, 1], [0, 1, 0]], dtype=float)
    with pytest.raises(pt.InvalidDataError, match="not symmetric: 0 - 1 weighs 2 one way and 1 the other"):
        MultilevelPartition(2).fit(both)


# --- KaHIP: #89, #145, #57, #105, #74, PR #60 ---------------------------------------------------------------


@pytest.mark.parametrize("imbalance", [0.0, 0.03, 0.5])
def test_the_imbalance_counts_for_small_graphs_too(imbalance):
    """KaHIP #89 (asked for 5 blocks, got 3), #74 (imbalance ignored), PR #60 (perfect balance)."""
    for n in (10, 23):
        sizes = np.bincount(MultilevelPartition(5, imbalance=imbalance).fit(nx.cycle_graph(n)).labels_)
        assert len(sizes) == 5
        assert sizes.max() <= np.floor((1 + imbalance) * np.ceil(n / 5) + 1e-9)


def test_weights_of_zero_are_no_trouble():
    """KaHIP #57 (crash with 10 nodes, edges of weight 0), #105; kahypar #84 (nodes of weight 0)."""
    A = sp.csr_array(nx.to_scipy_sparse_array(nx.cycle_graph(10), dtype=float))
    nothing = sp.csr_array((np.zeros(A.nnz), A.indices, A.indptr), shape=A.shape)
    assert MultilevelPartition(3).fit(nothing).cut_ == 0.0
    weight = np.array([0, 0, 0, 0, 4, 0, 0, 0, 2, 2], dtype=float)
    made = MultilevelPartition(2, node_weights=weight).fit(A)
    np.testing.assert_array_equal(made.part_weights_[:, 0], np.bincount(made.parts_, weight, minlength=2))
    assert made.part_weights_.max() == 4
    alone = MultilevelPartition(4, node_weights=np.zeros(10)).fit(A)
    assert np.bincount(alone.labels_, minlength=4).min() >= 1


def test_edges_are_divided_as_nodes_of_a_hypergraph():
    """KaHIP #145, #136: no way from Python to divide edges; here they are nodes, and nodes are nets."""
    once = sp.triu(ring_of_cliques(4, 5)).tocoo()
    m, ends = once.nnz, np.concatenate(once.coords)
    incidence = sp.csr_array((np.ones(2 * m), (np.tile(np.arange(m), 2), ends)), shape=(m, 20))
    made = MultilevelPartition(4, hypergraph=True, objective="connectivity", imbalance=0.1).fit(incidence)
    reached = [len(set(made.parts_[incidence[:, [v]].nonzero()[0]])) for v in range(20)]
    assert made.cut_ == sum(reached) - 20
    assert made.cut_ <= 6
    assert np.bincount(made.parts_).max() <= 1.1 * 11


# --- KaHyPar, Mt-KaHyPar, cotengra --------------------------------------------------------------------------


def test_repeated_single_and_empty_nets_end():
    """kahypar #161 (hours for a pin twice, a net of one pin), cotengra #48 (crash for a net without pins)."""
    pins = ([0, 1, 1, 2, 3, 3, 4, 5], [0, 0, 0, 1, 2, 4, 4, 4])  # net 3 is empty, nets 1 and 2 have one pin
    nets = sp.coo_array((np.ones(8), pins), shape=(6, 5))
    made = MultilevelPartition(2, hypergraph=True).fit(sp.csr_array((np.ones(7), _once(pins)), shape=(6, 5)))
    assert made.cut_ == 0.0
    assert np.bincount(made.labels_).tolist() == [3, 3]
    with pytest.raises(pt.InvalidDataError, match="net 0"):
        MultilevelPartition(2, hypergraph=True).fit(nets)  # the pin that stands twice would weigh 2


def _once(pins):
    return tuple(np.unique(np.array(pins), axis=1))


def test_fixed_nodes_go_with_shares_and_floors():
    """kahypar #119, #134, #148; KaMinPar #108 (a least weight of blocks)."""
    fixed = np.full(48, -1)
    fixed[[0, 1, 47]] = [2, 2, 0]
    made = MultilevelPartition(3, fixed=fixed, part_shares=[1, 2, 3], imbalance=0.1, min_weight=7).fit(
        ring_of_cliques()
    )
    assert made.parts_[[0, 1, 47]].tolist() == [2, 2, 0]
    load = np.bincount(made.parts_)
    assert (load <= 1.1 * np.array([8, 16, 24]) + 1).all()
    assert load.min() >= 7


def test_a_net_of_all_nodes_freezes_nothing():
    """kahypar #78: a freeze on large input."""
    n = 20_000
    pairs = sp.csr_array((np.ones(2 * (n - 1)), (np.r_[: n - 1, 1:n], np.tile(np.arange(n - 1), 2))))
    wide = sp.hstack([pairs, sp.csr_array(np.ones((n, 1)))], format="csr")
    made = MultilevelPartition(4, hypergraph=True, mode="fast").fit(wide)
    assert np.bincount(made.labels_).max() <= 1.03 * n / 4
    assert made.cut_ <= 60


# --- KaMinPar #10: 32 bits ----------------------------------------------------------------------------------


def test_weights_beyond_32_bits_are_summed_exactly():
    """KaMinPar #10, mt-kahypar's 32-bit weights."""
    heavy = float(2**40)
    A = heavy * ring_of_cliques(4, 5).toarray()
    made = MultilevelPartition(4).fit(A.astype(np.int64))
    assert made.cut_ == 4 * heavy
    assert Communities().fit(A).n_clusters_ == 4
    big = MultilevelPartition(2, node_weights=np.full(20, 2**50)).fit(A)
    assert big.part_weights_.ravel().tolist() == [10 * 2**50] * 2


# --- Leiden, Louvain, Walktrap: levels, numbers, connected communities --------------------------------------


def test_levels_above_given_communities_nest():
    """leidenalg #47, #176, rigraph #568, #291, #48, igraph #947, #167, python-louvain #22, #67: levels."""
    A, leaf = planted_graph([20] * 8, [0.01, 0.08, 0.25, 0.8], (2, 2, 2))
    found = Communities("cpm", resolution=0.3).fit(A)
    tree = BottomUp(bottom=found.labels_).fit(A)
    assert tree.made_by_.certificates["inversions"] == 0
    finer = tree.labels_
    for k in range(tree.n_clusters_, 0, -1):
        cut = tree.hierarchy_.cut(n_clusters=k)
        assert cut.n_parts == k
        assert len({(a, b) for a, b in zip(cut.labels, finer)}) == len(set(finer))
    assert pt.compare(tree.hierarchy_.cut(n_clusters=4).labels, leaf // 2)["ari"] == 1.0


def test_a_graph_of_components_has_a_tree():
    """python-igraph #416 (no cut of a disconnected graph), #616 (Walktrap there)."""
    two = sp.block_diag([ring_of_cliques(3, 5), ring_of_cliques(4, 5)], format="csr")
    tree = BottomUp().fit(two)
    assert np.isinf(tree.hierarchy_.height[0])
    assert np.bincount(tree.hierarchy_.cut(n_clusters=2).labels).tolist() == [20, 15]
    with pytest.raises(pt.InfeasibleError) as caught:
        BottomUp(n_clusters=2).fit(sp.block_diag([two, ring_of_cliques(3, 5)]))
    assert caught.value.smallest_relaxation.startswith("n_clusters=3")


@pytest.mark.parametrize("seed", range(4))
def test_communities_of_thin_graphs_are_connected(seed):
    """leidenalg #98, networkit #1244: communities that fall apart; networkit #1219: not the same twice."""
    graph = nx.random_labeled_tree(150, seed=seed)
    graph.add_edges_from(nx.gnm_random_graph(150, 40, seed=seed).edges)
    for maker in (Communities(), Communities("cpm", resolution=0.02), Communities(max_size=9)):
        labels = maker.fit(graph).labels_
        for label in range(labels.max() + 1):
            assert nx.is_connected(graph.subgraph(np.flatnonzero(labels == label).tolist()))
        np.testing.assert_array_equal(labels, maker.fit(graph).labels_)


def test_one_word_divides_a_signed_graph():
    """leidenalg #181 (two layers of one sign each, by hand), cugraph #4125 (multicut), cluster_tools #11."""
    side = np.repeat([0, 1, 2], 10)
    A = np.where(side[:, None] == side, 1.0, -0.5) - np.eye(30)
    for objective in ("signed", "multicut"):
        found = Communities(objective).fit(A)
        assert found.n_clusters_ == 3
        assert pt.compare(found.labels_, side)["ari"] == 1.0
        assert Communities(objective).fit(-np.abs(A) + 0.0).n_clusters_ == 30
        assert Communities(objective).fit(np.zeros((4, 4))).n_clusters_ == 4


@pytest.mark.parametrize("wanted", [2, 3, 5, 9])
def test_fixed_numbers_of_communities(wanted):
    """leidenalg #89, Infomap #130: more or fewer modules, as many as asked; PR #46: no larger than asked."""
    A = ring_of_cliques()
    assert Communities(n_clusters=wanted).fit(A).n_clusters_ == wanted
    assert BottomUp(n_clusters=wanted).fit(A).n_clusters_ == wanted
    assert np.bincount(Communities(max_size=wanted).fit(A).labels_).max() <= wanted
    assert np.bincount(BottomUp(max_size=wanted).fit(A).labels_).max() <= wanted


# --- scikit-network, Infomap: what a tree must answer -------------------------------------------------------


def test_a_cut_has_as_many_parts_as_asked_or_says_why_not():
    """sknetwork #455 (asked for 50 clusters, got 81), #259 (a cut by size)."""
    A, _ = planted_graph([20] * 6, [0.01, 0.1, 0.7], (2, 3))
    for maker in (BottomUp(), TopDown(), Communities(), MultilevelPartition((2, 3))):
        h = maker.fit(A).hierarchy_
        for k in range(1, 20):
            try:
                cut = h.cut(n_clusters=k)
            except pt.InfeasibleError:
                assert k > len(h.leaves) or maker.__class__ is not BottomUp
            else:
                assert cut.n_parts == len(np.unique(cut.labels)) == k
        most = int(h.sizes[h.leaves].max())
        assert h.cut(max_size=most).sizes.max() <= most


def test_renumbering_changes_nothing():
    """sknetwork #521 (shuffled nodes turn 6 clusters into 35 to 50), mt-kahypar #198."""
    A, _ = planted_graph([15] * 6, [0.02, 0.2, 0.7], (2, 3))
    order = np.random.default_rng(0).permutation(90)
    for maker in (BottomUp(), TopDown(), Communities(), MultilevelPartition((2, 3))):
        labels = maker.fit(A).labels_
        np.testing.assert_array_equal(maker.fit(A[order][:, order]).labels_, labels[order])


def test_a_result_reads_as_a_sentence():
    """sknetwork #484: output that nobody can read."""
    tree = BottomUp().fit(ring_of_cliques())
    shown = repr(tree.hierarchy_)
    assert re.search(r"48 items", shown)
    assert len(shown) < 2000
    assert "array(" not in shown


def test_weights_leave_levels_and_ragged_trees_unambiguous():
    """Infomap #34 (no level with weights), #55 (never more than two), #153, #214 (ids of ragged trees)."""
    A, leaf = planted_graph([30] * 8, [0.005, 0.03, 0.15, 0.7], (2, 2, 2))
    A = sp.block_diag([A, ring_of_cliques(2, 20)], format="csr")  # beside it, parts without levels
    A = A + sp.coo_array(([1.0, 1.0], ([0, 250], [250, 0])), shape=A.shape)
    leaf = np.concatenate([leaf, np.repeat([8, 9], 20)])
    weighted = sp.csr_array(sp.triu(A))
    weighted.data = 0.5 + (np.arange(weighted.nnz) % 7) / 7.0
    h = BottomUp().fit(weighted + weighted.T).hierarchy_
    assert len(h.levels) >= 3
    assert len(set(h.depth[h.leaves])) > 1
    for level, parts in enumerate(h.levels):
        labels = h.labels(level)
        for label, part in enumerate(np.asarray(parts)):
            assert set(np.flatnonzero(labels == label)) == set(h.members(int(part)))
    assert len(np.unique(h.item_part)) <= h.n_parts
    assert pt.compare(h.labels(), leaf)["ari"] > 0.95


def test_the_method_is_named():
    """Infomap #31: which algorithm ran on a bipartite graph?"""
    B = np.kron(np.eye(2), np.ones((6, 4)))
    for maker in (BipartiteSBM(), Communities("bipartite")):
        record = maker.fit(B).made_by_
        assert record.method == type(maker).__name__
        assert record.citation


# --- graph-tool: not to be installed; GraphRAG and those after it -------------------------------------------


def test_no_other_library_of_graphs_is_needed(monkeypatch):
    """graph-tool in reaction-network #84, scPortrait #61, SWMManywhere #80, schist #69."""
    for name in ("networkx", "igraph", "graph_tool", "leidenalg", "pymetis", "kahip", "infomap", "networkit"):
        monkeypatch.setitem(sys.modules, name, None)
    A = ring_of_cliques()
    for maker in (BottomUp(), TopDown(), Communities(), MultilevelPartition(3), LocalCluster(0)):
        maker.fit(A).hierarchy_.check()


@pytest.mark.parametrize("n", [0, 1, 6])
def test_graphs_without_edges_have_parts(n):
    """GraphRAG #515, #618 (EmptyNetworkError), nano-graphrag #167 (a crash without edges)."""
    A = sp.csr_array((n, n))
    for maker in (BottomUp(), TopDown(), Communities(), Communities("multicut")):
        found = maker.fit(A)
        found.hierarchy_.check()
        assert found.labels_.shape == (n,)
    assert Communities().fit(nx.empty_graph(n)).n_clusters_ == (n or found.n_clusters_)


def test_unknown_words_are_refused():
    """GraphRAG #1643: a keyword that a new version no longer had."""
    with pytest.raises(TypeError, match="resolutions"):
        Communities(resolutions=1.0)
    with pytest.raises(ValueError, match="max_cluster_size"):
        BottomUp().set_params(max_cluster_size=10)


# --- RAMA, scanpy: ids and types ----------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [[7, 90, 10**12, -3], [10, 20, 30, 40], ["b", "a", "zz", "é"]])
def test_ids_with_gaps_are_names(ids):
    """RAMA #26: a crash on ids that are not contiguous."""
    ends = np.array(ids)[[[0, 1], [1, 2], [2, 0], [2, 3]]]
    for maker in (Communities(), BottomUp(), MultilevelPartition(2)):
        h = maker.fit(ends).hierarchy_
        assert sorted(np.asarray(h.item_ids).tolist()) == sorted(ids)


@pytest.mark.parametrize("index", [np.int16, np.int32, np.int64, np.uint8])
@pytest.mark.parametrize("kind", [bool, np.uint8, np.int32, np.int64, np.float32, np.float64])
def test_types_of_indices_and_weights_make_no_difference(index, kind):
    """scanpy #4110: networkit's constructor reads other types as other edges."""
    entries = ring_of_cliques().tocoo()
    ends = tuple(np.asarray(one, index) for one in entries.coords)
    A = sp.coo_array((entries.data.astype(kind), ends), shape=entries.shape)
    assert Communities().fit(A).labels_.tolist() == Communities().fit(ring_of_cliques()).labels_.tolist()


# --- LocalGraphClustering -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["flow", "pagerank"])
def test_local_searches_heed_weights_and_volumes(method):
    """LocalGraphClustering #125 (weights ignored, parameters without effect), #113 (which volume?)."""
    between = sp.block_diag([ring_of_cliques(6, 6), sp.csr_array((1, 1))]).toarray()
    for near, far in (([1, 2], [19, 20]), ([19, 20], [1, 2])):
        A = between.copy()
        A[36, near] = A[near, 36] = 4.0
        A[36, far] = A[far, 36] = 0.5
        part = LocalCluster(36, method, volume=40.0).fit(A).part_
        clique = near[0] // 6
        assert part.nodes.tolist() == [*range(6 * clique, 6 * clique + 6), 36]
    A = ring_of_cliques(12, 6).toarray()
    small, large, free = (LocalCluster(0, method, volume=v).fit(A).part_ for v in (32.0, 128.0, None))
    assert 16 <= small.volume <= 64 <= large.volume <= 256
    assert free.conductance <= small.conductance
    scaled = LocalCluster(0, method).fit(7.0 * A).part_
    assert scaled.conductance == pytest.approx(free.conductance)
    np.testing.assert_array_equal(scaled.nodes, free.nodes)
