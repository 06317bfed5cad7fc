"""The index of neighbourhoods against exact Jaccard similarities."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array, csr_array

import partita as pt
from partita.graphs.neighbourhood_index import NeighbourhoodIndex


def jaccard(A: csr_array) -> np.ndarray:
    """Similarities of the neighbourhoods of all pairs, the diagonal 0."""
    sets = (A.toarray() != 0).astype(float)
    common = sets @ sets.T
    size = sets.sum(1)
    either = size[:, None] + size - common
    out = np.divide(common, either, out=np.zeros_like(common), where=either > 0)
    np.fill_diagonal(out, 0.0)
    return out


def random_graph(n: int, m: int, seed: int, parts: int = 1, inside: float = 0.9) -> csr_array:
    """Edges of which a share `inside` lies within planted parts, the rest anywhere."""
    rng = np.random.default_rng(seed)
    tail = rng.integers(0, n, m)
    near = tail // (n // parts) * (n // parts) + rng.integers(0, n // parts, m)
    head = np.where(rng.random(m) < inside, np.minimum(near, n - 1), rng.integers(0, n, m))
    half = coo_array((np.ones(m), (tail, head)), shape=(n, n)).tocsr()
    A = csr_array(((half + half.T) > 0).astype(float))
    A.setdiag(0)
    A.eliminate_zeros()
    return A


def recall(index: NeighbourhoodIndex, A: csr_array, nodes: np.ndarray, k: int = 10) -> float:
    """The share of the k most similar nodes (any of equal similarity will do) that the index gives."""
    exact, found, wanted = jaccard(A), 0, 0
    for node in nodes:
        best = np.sort(exact[node])[::-1][:k]
        best = best[best > 0]
        if len(best):
            got = index.similar(int(node), k)
            assert np.allclose(got.scores, exact[node, got.nodes])
            found += int((got.scores >= best[-1]).sum())
            wanted += len(best)
    return found / wanted


def test_nodes_of_equal_neighbours_are_always_found():
    A = random_graph(60, 150, 0)
    exact = jaccard(A)
    index = NeighbourhoodIndex.build(A, n_bands=3, band_rows=4)
    for node, other in np.argwhere(exact == 1.0):
        assert other in index.similar(int(node), 60).nodes


def test_similarities_are_exact_and_few_are_missed():
    A = random_graph(400, 4000, 1, parts=10)
    index = NeighbourhoodIndex.build(A)
    assert recall(index, A, np.arange(0, 400, 4)) >= 0.95


def test_the_chance_to_meet_is_what_the_bands_give():
    A = random_graph(500, 6000, 2, parts=12)
    exact = jaccard(A)
    index = NeighbourhoodIndex.build(A, n_bands=20, band_rows=2)
    i, j = np.nonzero(np.triu(exact > 0.12))
    met = sum(b in index.similar(int(a), 500).nodes for a, b in zip(i, j))
    assert met == pytest.approx(index.chance(exact[i, j]).sum(), rel=0.05)
    assert index.chance([0.0, 1.0]).tolist() == [0.0, 1.0]


@given(seed=st.integers(0, 1000), data=st.data())
def test_numbers_of_nodes_make_no_difference(seed: int, data: st.DataObject):
    A = random_graph(25, 60, seed)
    shuffle = np.random.default_rng(seed).permutation(25)
    index = NeighbourhoodIndex.build(A, n_bands=4, n_jobs=1)
    moved = NeighbourhoodIndex.build(A[shuffle][:, shuffle], n_bands=4, n_jobs=2)
    node = data.draw(st.integers(0, 24))
    one, other = index.similar(int(shuffle[node]), 25), moved.similar(node, 25)
    assert np.array_equal(one.scores, other.scores)
    grown, again = index.community([int(shuffle[node])], 5), moved.community([node], 5)
    assert np.array_equal(grown.scores, again.scores)


def test_a_community_grows_by_largest_mean_similarity():
    A = random_graph(200, 2500, 3, parts=5)
    exact = jaccard(A)
    index = NeighbourhoodIndex.build(A, n_bands=400, band_rows=1)
    members = [7, 11]
    ranked = index.community(members, 12)
    for node, score in zip(ranked.nodes, ranked.scores):
        mean = exact[members].mean(axis=0)
        mean[members] = -1.0
        assert score == pytest.approx(mean.max())
        assert mean[node] == pytest.approx(mean.max())
        members.append(int(node))
    assert (ranked.nodes // 40 == 0).all()
    walked = index.community([7, 11], 12, rank="pagerank")
    assert (walked.nodes // 40 == 0).all()
    assert np.all(np.diff(walked.scores) <= 0)


def test_a_new_node_is_looked_up_by_its_neighbours():
    A = random_graph(100, 900, 4, parts=4)
    index = NeighbourhoodIndex.build(A)
    node = 31
    alike = index.like(A[[node]].indices.tolist(), 1)
    assert alike.nodes.tolist() == [node]
    assert alike.scores.tolist() == [1.0]


def test_saved_and_opened_it_answers_the_same(tmp_path):
    edges = np.array([["a", "b"], ["b", "c"], ["c", "a"], ["c", "d"], ["d", "e"], ["e", "c"]])
    index = NeighbourhoodIndex.build(edges, closed=True)
    path = index.save(tmp_path / "index.partita")
    again = NeighbourhoodIndex.open(path)
    assert again.similar("a", 3).nodes.tolist() == index.similar("a", 3).nodes.tolist() == [1, 2, 3]
    assert (again.n_bands, again.band_rows, again.closed, again.nbytes) == (64, 1, True, index.nbytes)
    assert again.made_by == index.made_by
    (path / "arrays" / "keys.npy").write_bytes(b"damaged")
    with pytest.raises(pt.PartitaError, match="cut short"):
        NeighbourhoodIndex.open(path)
    other = pt.Hierarchy.from_labels([[0, 0, 1]]).save(tmp_path / "other.partita")
    with pytest.raises(pt.PartitaError, match="no index"):
        NeighbourhoodIndex.open(other)


def test_empty_and_isolated():
    index = NeighbourhoodIndex.build(csr_array((3, 3)))
    assert len(index.similar(0)) == 0
    assert len(index.community([0, 1])) == 0
    assert len(index.community([0], rank="pagerank")) == 0
    assert NeighbourhoodIndex.build(csr_array((0, 0))).n_nodes == 0


def test_refusals():
    index = NeighbourhoodIndex.build(np.ones((4, 4)))
    with pytest.raises(pt.InvalidDataError, match="no node"):
        index.similar(4)
    with pytest.raises(ValueError, match="integers"):
        index.community([])
    with pytest.raises(ValueError, match="rank"):
        index.community([0], rank="walk")
    with pytest.raises(ValueError, match="n_bands"):
        NeighbourhoodIndex.build(np.ones((4, 4)), n_bands=0)


def test_recall_on_letters_of_an_institute(real_data):
    with gzip.open(real_data("graphs-email-eu-core", "edges.txt.gz"), "rt") as file:
        ends = np.loadtxt(file, dtype=int)
    half = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(1005, 1005)).tocsr()
    A = csr_array(((half + half.T) > 0).astype(float))
    A.setdiag(0)
    A.eliminate_zeros()
    index = NeighbourhoodIndex.build(A)
    assert recall(index, A, np.arange(0, 1005, 5)) >= 0.95
