"""Linkage: against its definitions and against SciPy, ties, distances, memory, and what is refused."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score

import partita as pt
from oracles.linkage import naive_genie, naive_heights, pair_distances
from partita.kernels import lance_search
from partita.points import Linkage
from partita.points import _linkage_rounds as rounds

METHODS = ("ward", "average", "complete", "single")
every_method = pytest.mark.parametrize("method", METHODS)


def rows(n: int = 120, d: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def heights(h: pt.Hierarchy) -> np.ndarray:
    return np.sort(h.to_linkage()[:, 2])


@every_method
@pytest.mark.parametrize(("n", "d"), [(2, 1), (3, 2), (40, 1), (300, 5), (900, 17)])
def test_same_dendrogram_as_scipy(method: str, n: int, d: int):
    X = rows(n, d)
    Z = linkage(X, method)
    h = Linkage(method).fit(X).hierarchy_
    np.testing.assert_allclose(heights(h), Z[:, 2], rtol=1e-9)
    for k in {1, 2, min(n, 7), n // 2}:
        assert adjusted_rand_score(h.cut(n_clusters=k).labels, fcluster(Z, k, "maxclust")) == 1.0
    i, j = np.triu_indices(n, 1)
    from scipy.cluster.hierarchy import cophenet

    np.testing.assert_allclose(h.cophenetic(i, j), cophenet(Z), rtol=1e-9)


@every_method
@given(data=st.data())
@settings(max_examples=25)
def test_heights_by_definition(method: str, data: st.DataObject):
    n, seed = data.draw(st.integers(2, 14)), data.draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    X, weight = rng.standard_normal((n, 2)), rng.integers(1, 4, n).astype(float)
    h = Linkage(method).fit(X, sample_weight=weight).hierarchy_
    expected = naive_heights(X, pair_distances(X), method, weight)
    np.testing.assert_allclose(heights(h), expected, rtol=1e-9)


@pytest.mark.parametrize("method", ["average", "complete", "single"])
def test_cosine_is_scipys(method: str):
    X = rows(200, 6)
    h = Linkage(method, metric="cosine").fit(X).hierarchy_
    np.testing.assert_allclose(heights(h), linkage(X, method, "cosine")[:, 2], rtol=1e-7, atol=1e-14)


@every_method
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["square", "condensed"])
def test_precomputed_distances(method: str, kind: type, form: str):
    X = rows(150)
    D = pdist(X).astype(kind)
    given = squareform(D) if form == "square" else D.copy()
    kept = given.copy()
    tree = Linkage(method, metric="precomputed").fit(given)
    np.testing.assert_array_equal(given, kept)
    assert tree.n_features_in_ == len(X)
    tolerance = 1e-9 if kind is np.float64 else 1e-4
    np.testing.assert_allclose(heights(tree.hierarchy_), linkage(D, method)[:, 2], rtol=tolerance)


@every_method
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_sparse_rows_are_rows(method: str, metric: str):
    X = sp.random_array((160, 30), density=0.2, rng=np.random.default_rng(1), format="csr")
    sparse, dense = (Linkage(method, metric=metric).fit(Y) for Y in (X, X.toarray()))
    np.testing.assert_allclose(heights(sparse.hierarchy_), heights(dense.hierarchy_), rtol=1e-7, atol=1e-9)
    assert adjusted_rand_score(sparse.labels_, dense.labels_) == 1.0
    np.testing.assert_array_equal(sparse.predict(X.tocoo()), sparse.labels_)
    order = np.random.default_rng(2).permutation(160)
    np.testing.assert_array_equal(Linkage(method, metric=metric).fit(X[order]).labels_, sparse.labels_[order])


@given(seed=st.integers(0, 10**6), n=st.integers(3, 24), threshold=st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]))
@settings(max_examples=40)
def test_genie_by_definition(seed: int, n: int, threshold: float):
    X = np.random.default_rng(seed).standard_normal((n, 2))
    for k in {1, 2, 1 + n // 3}:
        tree = Linkage("genie", n_clusters=k, gini_threshold=threshold).fit(X)
        expected = naive_genie(pair_distances(X), threshold, k)
        assert adjusted_rand_score(tree.labels_, expected) == 1.0
        assert adjusted_rand_score(tree.hierarchy_.cut(n_clusters=k).labels, expected) == 1.0


def test_genie_raises_inversions_and_says_so():
    h = Linkage("genie").fit(rows(300, 2)).hierarchy_
    h.check()
    assert "inversions repaired" in h.made_by.notes[0]
    assert len(np.unique(h.height)) == h.n_parts == 299
    assert not Linkage("single").fit(rows(300, 2)).made_by_.notes


@every_method
def test_equal_heights_are_one_part(method: str):
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    h = Linkage(method).fit(np.eye(6)).hierarchy_
    assert h.n_parts == 1
    assert sorted(h.own_items(0).tolist()) == list(range(6))
    if method == "single":
        assert Linkage(method).fit(square).hierarchy_.n_parts == 1


@every_method
def test_a_cut_that_ties_forbid_is_refused(method: str):
    with pytest.raises(pt.InfeasibleError, match="from 1 to 6"):
        Linkage(method, n_clusters=3).fit(np.eye(6))


@every_method
def test_lattices_and_long_chains(method: str):
    lattice = np.stack(np.meshgrid(np.arange(12.0), np.arange(12.0)), -1).reshape(-1, 2)
    growing = (1.01 ** np.arange(400))[:, None]
    for X in (lattice, growing, np.arange(200.0)[:, None]):
        first = Linkage(method).fit(X)
        first.hierarchy_.check()
        order = np.random.default_rng(0).permutation(len(X))
        np.testing.assert_array_equal(Linkage(method).fit(X[order]).labels_, first.labels_[order])
    np.testing.assert_allclose(
        heights(Linkage(method).fit(growing).hierarchy_), linkage(growing, method)[:, 2], rtol=1e-8
    )


@pytest.mark.parametrize("method", [*METHODS, "genie"])
def test_repeated_rows_two_points_and_weight_zero(method: str):
    X = np.repeat(rows(20), 5, axis=0)
    tree = Linkage(method, n_clusters=20).fit(X)
    assert tree.n_clusters_ == 20
    assert (tree.labels_.reshape(20, 5) == tree.labels_[::5, None]).all()
    with pytest.raises(pt.InfeasibleError, match="20 distinct rows"):
        Linkage(method, n_clusters=21).fit(X)
    two = Linkage(method, n_clusters=2).fit([[0.0], [3.0]])
    assert two.labels_.tolist() in ([0, 1], [1, 0])
    assert two.hierarchy_.height[0] == pytest.approx(3.0)
    assert Linkage(method).fit([[0.0], [3.0]]).n_clusters_ == 1
    ghost = Linkage(method, n_clusters=2).fit([[0.0], [3.0], [1.0]], sample_weight=[1, 1, 0])
    assert ghost.labels_[2] == ghost.labels_[0] != ghost.labels_[1]


@pytest.mark.parametrize("method", [*METHODS, "genie"])
def test_one_dense_blob_and_far_points(method: str):
    rng = np.random.default_rng(0)
    X = np.concatenate([1e-4 * rng.standard_normal((400, 3)), 1e4 * rng.standard_normal((400, 3))])
    tree = Linkage(method).fit(X)
    tree.hierarchy_.check()
    if method != "genie":
        np.testing.assert_allclose(heights(tree.hierarchy_), linkage(X, method)[:, 2], rtol=1e-6)


@every_method
def test_zero_distances_and_no_triangles(method: str):
    rng = np.random.default_rng(0)
    D = np.triu(rng.integers(0, 4, (40, 40)).astype(float), 1)
    D += D.T
    tree = Linkage(method, metric="precomputed").fit(D)
    tree.hierarchy_.check()
    if method == "single":
        np.testing.assert_array_equal(heights(tree.hierarchy_), linkage(squareform(D), "single")[:, 2])
    order = rng.permutation(40)
    other = Linkage(method, metric="precomputed").fit(D[np.ix_(order, order)])
    np.testing.assert_array_equal(other.labels_, tree.labels_[order])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((0, 1, 9.0), "from item 1 to 0"),
        ((2, 2, 1.0), "from item 2 to 2"),
        ((3, 4, -1.0), "from item 4 to 3"),
        ((3, 4, np.nan), "row 3, column 4"),
    ],
)
def test_what_are_no_distances_is_refused(change, words: str):
    D = squareform(pdist(rows(6)))
    D[change[0], change[1]] = change[2]
    with pytest.raises(pt.InvalidDataError, match=words):
        Linkage("average", metric="precomputed").fit(D)


@pytest.mark.parametrize("bad", [np.ones((3, 4)), np.ones(5), np.empty(0), sp.eye_array(4, format="csr")])
def test_wrong_shapes_of_distances(bad):
    with pytest.raises(pt.InvalidDataError):
        Linkage("average", metric="precomputed").fit(bad)


def test_predict_needs_rows():
    tree = Linkage(metric="precomputed").fit(squareform(pdist(rows(30))))
    with pytest.raises(pt.InvalidParameterError, match="no predict"):
        tree.predict(rows(30))


@pytest.mark.parametrize("method", ["complete", "average"])
@pytest.mark.parametrize("X", [rows(3000), sp.csr_array(rows(3000))], ids=["dense", "sparse"])
def test_a_matrix_above_the_budget_is_refused(monkeypatch, X, method: str):
    monkeypatch.setenv("PARTITA_MEMORY", "20 MiB")
    with pytest.raises(pt.BudgetError, match="matrix of distances") as caught:
        Linkage(method).fit(X)
    for way in ("ward", "single", "genie", "PARTITA_MEMORY"):
        assert way in caught.value.hint


@pytest.mark.parametrize("method", ["ward", "single", "genie"])
def test_many_sparse_rows_need_no_matrix(monkeypatch, method: str):
    X = sp.random_array((3000, 5), density=0.4, rng=np.random.default_rng(3), format="csr")
    expected = Linkage(method).fit(X.toarray())
    monkeypatch.setenv("PARTITA_MEMORY", "20 MiB")
    found = Linkage(method).fit(X)
    np.testing.assert_array_equal(heights(found.hierarchy_), heights(expected.hierarchy_))
    np.testing.assert_array_equal(found.predict(X), found.labels_)
    np.testing.assert_array_equal(found.predict(X[:20].toarray()), found.labels_[:20])
    monkeypatch.setenv("PARTITA_MEMORY", "100 KiB")
    with pytest.raises(pt.BudgetError, match="as dense ones") as caught:
        Linkage(method).fit(X)
    assert "TruncatedSVD" in caught.value.hint


@pytest.mark.parametrize("method", ["ward", "single", "genie"])
def test_memory_grows_with_rows_alone(method: str):
    X = rows(6000, 8)
    Linkage(method).fit(X[:500])
    tracemalloc.start()
    Linkage(method).fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000 * 3000


def test_one_merge_a_round_stays_cheap(monkeypatch):
    """Growing gaps leave one mutual pair at a time: what is looked for again must not be everything."""
    looked = []
    seek = rounds._Seeker.seek
    monkeypatch.setattr(
        rounds._Seeker, "seek", lambda self, lost, *rest: looked.append(len(lost)) or seek(self, lost, *rest)
    )
    Linkage().fit((1.01 ** np.arange(1000))[:, None])
    assert sum(looked) < 3 * 1000


def test_searches_that_float32_cannot_decide(monkeypatch):
    """With every score lowered a lot, all go on to float64, and from there to each other cluster."""
    X = rows(400, 3)
    expected = heights(Linkage().fit(X).hierarchy_)
    monkeypatch.setattr(rounds, "_lowered", lambda field: 0.2)
    found = Linkage().fit(X)
    np.testing.assert_array_equal(heights(found.hierarchy_), expected)
    assert lance_search.slot_scan is rounds.slot_scan


@pytest.mark.parametrize(("method", "metric"), [("ward", "euclidean"), ("average", "cosine")])
@pytest.mark.parametrize("kind", ["blobs", "weighted", "lattice"])
def test_cells_of_rows_find_the_same_merges(monkeypatch, method: str, metric: str, kind: str):
    rng = np.random.default_rng(4)
    X = rows(1500, 6) + 6.0 * rng.integers(0, 3, (1500, 1))
    X = np.round(X) if kind == "lattice" else X
    weight = rng.uniform(0.2, 5.0, 1500) if kind == "weighted" else None
    expected = Linkage(method, metric=metric).fit(X, sample_weight=weight).hierarchy_
    called = []
    choose = rounds._choose_near
    monkeypatch.setattr(rounds, "_MANY", 2)
    monkeypatch.setattr(rounds, "_choose_near", lambda *given: called.append(choose(*given)) or called[-1])
    found = Linkage(method, metric=metric).fit(X, sample_weight=weight).hierarchy_
    assert found.content_equal(expected)
    n_chosen, n_lost = called[0]
    assert n_chosen > 0.5 * (n_chosen + n_lost) or kind != "blobs"


def test_the_number_of_clusters_without_k():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(center, 0.2, (60, 2)) for center in (0.0, 3.0, 9.0)])
    for method in ("ward", "single"):
        tree = Linkage(method).fit(X)
        assert tree.n_clusters_ == 3
        assert tree.made_by_.choices["n_clusters"].startswith("3: ")
    assert Linkage("ward", n_clusters=5).fit(X).made_by_.choices == {}


def test_the_one_door():
    h = pt.divide(rows(50), method="linkage", n_clusters=4)
    assert h.made_by.method == "Linkage"
    assert len(h.levels[-1]) == 4


@pytest.mark.slow
def test_chains_and_rounds_agree_on_many_rows():
    X = rows(3000, 6, seed=5)
    by_rounds = Linkage().fit(X)
    by_chains = Linkage(metric="precomputed").fit(pdist(X))
    np.testing.assert_allclose(heights(by_rounds.hierarchy_), heights(by_chains.hierarchy_), rtol=1e-8)
    for k in (2, 50, 1000):
        cuts = [tree.hierarchy_.cut(n_clusters=k).labels for tree in (by_rounds, by_chains)]
        assert adjusted_rand_score(*cuts) == 1.0
