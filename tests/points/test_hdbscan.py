"""HDBSCAN: the clusters of the definition, scikit-learn's choice among them, and new items by one rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import cluster
from sklearn.datasets import make_blobs, make_circles, make_moons
from sklearn.metrics import adjusted_rand_score

import partita as pt
from oracles.density import cluster_births, distances, reachability
from partita.points import HDBSCAN


def scenes() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "blobs": make_blobs(500, centers=6, random_state=1)[0],
        "moons": make_moons(400, noise=0.08, random_state=2)[0],
        "noise": rng.random((400, 2)),
        "many columns": make_blobs(600, n_features=20, centers=5, random_state=3)[0],
        "blob and far points": np.concatenate(
            [rng.normal(0, 1, (200, 2)), rng.normal(20, 1, (150, 2)), rng.uniform(-500, 500, (60, 2))]
        ),
    }


@pytest.mark.parametrize("scene", scenes())
@pytest.mark.parametrize("method", ["eom", "leaf"])
@pytest.mark.parametrize("size", [5, 10, 25])
def test_same_clusters_as_the_peer(scene: str, method: str, size: int):
    """Without core distances no two merges are equally long here; ties are what the peer breaks by order."""
    X = scenes()[scene]
    options = {"min_cluster_size": size, "min_samples": 1, "cluster_selection_method": method}
    found, peer = HDBSCAN(**options).fit(X), cluster.HDBSCAN(**options, copy=True).fit(X)
    if peer.labels_.max() < 0:
        assert found.n_clusters_ == 1  # nothing divides the rows: one part here, noise there
        return
    assert adjusted_rand_score(peer.labels_, found.labels_) == 1.0
    np.testing.assert_array_equal(found.labels_ < 0, peer.labels_ < 0)
    np.testing.assert_allclose(found.probabilities_, peer.probabilities_, rtol=1e-6)


@pytest.mark.parametrize("min_samples", [3, 5, 10])
def test_nearly_the_clusters_of_the_peer_where_merges_tie(min_samples: int):
    X = make_blobs(2000, centers=8, cluster_std=0.7, random_state=1)[0]
    options = {"min_cluster_size": 60, "min_samples": min_samples}
    found, peer = HDBSCAN(**options).fit(X), cluster.HDBSCAN(**options, copy=True).fit(X)
    assert adjusted_rand_score(peer.labels_, found.labels_) > 0.995


@pytest.mark.parametrize("epsilon", [0.05, 0.1, 0.3])
def test_clusters_do_not_appear_below_epsilon(epsilon: float):
    X = scenes()["noise"]
    plain = HDBSCAN(min_cluster_size=5).fit(X).hierarchy_
    h = HDBSCAN(min_cluster_size=5, cluster_selection_epsilon=epsilon).fit(X).hierarchy_
    top = h.parent[h.levels[-1]] == 0
    assert ((h.part_data["birth"][h.levels[-1]] >= epsilon) | top).all()
    wide = plain.part_data["birth"][plain.levels[-1]] >= epsilon
    kept = set(plain.levels[-1][wide].tolist())
    # Clusters that appear above epsilon stay, unless one that was replaced holds them.
    for part in kept - set(h.levels[-1].tolist()):
        assert set(h.ancestors(part).tolist()) & set(h.levels[-1].tolist())


def test_largest_size_is_kept():
    X = scenes()["blobs"]
    assert HDBSCAN(min_cluster_size=5, max_cluster_size=60).fit(X).hierarchy_.cut(level=-1).sizes.max() <= 60


@given(seed=st.integers(0, 10**6), least=st.integers(2, 6), lattice=st.booleans())
def test_parts_are_the_clusters_of_the_definition(seed: int, least: int, lattice: bool):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 7, (40, 2)).astype(float) if lattice else rng.standard_normal((40, 2))
    R = reachability(distances(X), 1)
    h = HDBSCAN(min_cluster_size=least, min_samples=1).fit(X).hierarchy_
    found = {
        frozenset(h.members(v).tolist()): h.part_data["birth"][v]
        for v in range(1, h.n_parts)
    }  # fmt: skip
    expected = cluster_births(R, least)
    assert found.keys() == expected.keys()
    for items, birth in expected.items():
        np.testing.assert_allclose(found[items], birth, rtol=1e-12)


def test_levels_without_any_parameter():
    X, y = make_blobs(900, centers=9, cluster_std=0.4, random_state=5, center_box=(-20, 20))
    found = HDBSCAN().fit(X)
    assert found.n_clusters_ == 9
    assert adjusted_rand_score(y, found.labels_) > 0.95
    taken = int(np.argmax(found.layer_scores_))
    np.testing.assert_array_equal(found.layers_[taken].labels, found.labels_)
    assert (np.diff(found.layer_sizes_) > 0).all()
    moons, truth = make_moons(600, noise=0.05, random_state=0)
    assert adjusted_rand_score(truth, HDBSCAN().fit(moons).labels_) > 0.99
    rings, truth = make_circles(800, noise=0.03, factor=0.4, random_state=0)
    assert adjusted_rand_score(truth, HDBSCAN().fit(rings).labels_) > 0.99


def test_layers_are_leaves_of_trees_of_their_least_size():
    X = scenes()["noise"]
    found = HDBSCAN(min_samples=4).fit(X)
    assert len(found.layers_) > 1
    for layer, size in zip(found.layers_, found.layer_sizes_):
        leaves = HDBSCAN(min_cluster_size=int(size), min_samples=4, cluster_selection_method="leaf").fit(X)
        assert layer.n_parts == leaves.n_clusters_
        assert adjusted_rand_score(layer.labels, leaves.labels_) == 1.0


@pytest.mark.parametrize("scene", scenes())
@pytest.mark.parametrize("options", [{}, {"min_cluster_size": 8}, {"metric": "cosine"}, {"min_samples": 1}])
def test_predict_gives_the_training_labels(scene: str, options: dict):
    X = scenes()[scene]
    X = np.concatenate([X, X[:40], X[:7]])
    found = HDBSCAN(**options).fit(X)
    np.testing.assert_array_equal(found.predict(X), found.labels_)
    np.testing.assert_array_equal(found.apply(X), found.hierarchy_.item_part)


def test_predict_by_definition():
    """The part of the item reached first, as deep as it exists at that distance."""
    X, new = scenes()["blob and far points"], np.random.default_rng(3).uniform(-20, 40, (200, 2))
    found = HDBSCAN(min_cluster_size=10, min_samples=5).fit(X)
    D = np.sqrt(((new[:, None] - X[None]) ** 2).sum(axis=2))
    core = np.sort(distances(X), axis=1)[:, 4]
    reach = np.maximum(np.maximum(np.sort(D, axis=1)[:, 4:5], core[None]), D)
    h, labels = found.hierarchy_, np.empty(len(new), int)
    for i in range(len(new)):
        tied = np.flatnonzero(reach[i] == reach[i].min())
        part = h.item_part[tied[np.argmin(D[i, tied])]]
        while h.part_data["birth"][part] < reach[i].min():
            part = h.parent[part]
        labels[i] = h.part_labels()[part]
    np.testing.assert_array_equal(found.predict(new), labels)
    assert (labels < 0).any()
    assert len(np.unique(labels)) > 2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("columns", [1, 2, 12])
def test_predict_is_what_apply_leads_to(seed: int, columns: int):
    """The search for labels alone spares most of the other: on grids (ties), for weights, at every level."""
    rng = np.random.default_rng(seed)
    centers, m = rng.normal(size=(6, columns)) * 5, 6000 if columns > 8 and seed == 0 else 400
    X, new = (
        centers[rng.integers(6, size=b)] + rng.normal(size=(b, columns)) * rng.choice([0.1, 0.5, 3], (b, 1))
        for b in (m, 300)
    )
    if seed % 3 == 1:
        X, new = np.round(2 * X) / 2, np.round(2 * new) / 2
    new = np.concatenate([new, X[:50]])
    weight = rng.choice([0, 1, 1, 2, 3], size=m) if seed % 2 else None
    for size in (None, 4, 20):
        found = HDBSCAN(size, min_samples=seed + 1).fit(X, sample_weight=weight)
        h = found.hierarchy_
        for level in range(len(h.levels)):
            np.testing.assert_array_equal(found.predict(new, level), h.part_labels(level)[found.apply(new)])
        heights = h.height[np.isfinite(h.height)]
        cut = h.cut(height=float(np.median(heights)))
        np.testing.assert_array_equal(found.predict(new, cut), cut.part_labels[found.apply(new)])
        np.testing.assert_array_equal(found.predict(X), found.labels_)


@pytest.mark.parametrize(("columns", "n_noise"), [(9, 900), (16, 5000)])
def test_predict_about_where_small_clusters_end(columns: int, n_noise: int):
    """Few rows have a label: whoever is near enough to none of them is noise without another search."""
    rng = np.random.default_rng(columns)
    centers = rng.uniform(-10, 10, size=(4, columns))
    inside = (centers[:, None] + rng.normal(size=(4, 100, columns)) * rng.uniform(0.2, 1, (4, 1, 1))).reshape(
        -1, columns
    )
    X = np.concatenate([inside, rng.uniform(-10, 10, size=(n_noise, columns))])
    found = HDBSCAN(min_cluster_size=20, min_samples=4).fit(X)
    assert (found.labels_ >= 0).mean() < 0.5
    h = found.hierarchy_
    birth = h.part_data["birth"][h.item_part]
    away = rng.normal(size=(len(X), columns))
    away *= (birth * rng.uniform(0, 1.5, size=len(X)) / np.sqrt((away**2).sum(axis=1)))[:, None]
    new = (X + np.where(np.isfinite(away), away, 0))[found.labels_ >= 0]
    labels = found.predict(np.concatenate([new, X]))
    np.testing.assert_array_equal(labels, h.part_labels()[found.apply(np.concatenate([new, X]))])
    assert 0.1 < (labels[: len(new)] < 0).mean() < 0.9


def test_far_rows_are_noise_and_near_ones_are_not():
    X = scenes()["blobs"]
    found = HDBSCAN(min_cluster_size=20).fit(X)
    inside = np.flatnonzero(found.probabilities_ == 1.0)
    np.testing.assert_array_equal(found.predict(X[inside] + 1e-9), found.labels_[inside])
    np.testing.assert_array_equal(found.predict(X[:5] + 1e6), np.full(5, pt.NOISE))


def test_one_dense_blob_and_a_hundred_thousand_far_points():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1e-3, (3000, 2)), rng.uniform(-1e4, 1e4, (100_000, 2))])
    found = HDBSCAN(min_cluster_size=1000).fit(X)
    blob = found.labels_[:3000]
    assert blob[0] >= 0
    assert (blob == blob[0]).all()
    assert np.mean(found.labels_[3000:] == blob[0]) < 0.05  # those around it, at the scale it appears at


def test_rows_of_weight_nought_are_only_labelled():
    X = scenes()["moons"]
    weight = np.ones(len(X))
    weight[::5] = 0
    found = HDBSCAN(min_cluster_size=15).fit(X, sample_weight=weight)
    alone = HDBSCAN(min_cluster_size=15).fit(X[weight > 0])
    assert adjusted_rand_score(alone.labels_, found.labels_[weight > 0]) == 1.0
    np.testing.assert_array_equal(found.predict(X), found.labels_)


def test_weights_below_one_count_as_they_are():
    X = scenes()["moons"]
    whole = HDBSCAN(min_cluster_size=20, min_samples=4).fit(X)
    halves = HDBSCAN(min_cluster_size=10, min_samples=2).fit(X, sample_weight=np.full(len(X), 0.5))
    np.testing.assert_array_equal(whole.labels_, halves.labels_)
    np.testing.assert_array_equal(whole.hierarchy_.height, halves.hierarchy_.height)


def test_soft_membership():
    X = scenes()["blobs"]
    found = HDBSCAN(min_cluster_size=15).fit(X)
    cover = found.membership(max_parts=found.n_clusters_)
    np.testing.assert_allclose(cover.matrix.sum(axis=1), 1.0)
    clustered = found.labels_ >= 0
    own = cover.matrix.toarray()[clustered, found.labels_[clustered]]
    np.testing.assert_array_equal(own, cover.matrix.max(axis=1).toarray().ravel()[clustered])
    few = found.membership(max_parts=2)
    assert (np.diff(few.matrix.indptr) <= 2).all()
    assert few.n_capped == len(X)


def test_equal_rows_and_zero_distances():
    X = np.repeat(np.array([[0.0, 0], [0, 1], [9, 9], [9, 8]]), [30, 1, 30, 1], axis=0)
    found = HDBSCAN(min_cluster_size=5, min_samples=5).fit(X)
    assert found.n_clusters_ == 2
    np.testing.assert_array_equal(np.bincount(found.labels_[found.labels_ >= 0]), [31, 31])
    assert np.isfinite(found.hierarchy_.part_data["stability"]).all()
    np.testing.assert_array_equal(found.predict(X), found.labels_)


def test_exemplars_are_the_densest_items():
    X = scenes()["blobs"]
    found = HDBSCAN(min_cluster_size=15, min_samples=5).fit(X)
    core, h = np.sort(distances(X), axis=1)[:, 4], found.hierarchy_
    for part, exemplar in enumerate(h.part_data["exemplar"]):
        assert core[exemplar] == core[h.members(part)].min()


def test_a_single_cluster_where_it_is_allowed():
    X = np.random.default_rng(2).standard_normal((300, 2))
    assert HDBSCAN(min_cluster_size=5, allow_single_cluster=True).fit(X).n_clusters_ == 1


def lattice_and_blobs() -> np.ndarray:
    """Few enough digits that all sums of squares are exact: the same dissimilarities, whoever adds them."""
    rng = np.random.default_rng(4)
    blobs = [rng.normal(center, 3, (60, 3)) for center in (0, 30, 70)]
    return np.round(np.concatenate([*blobs, rng.uniform(-50, 120, (40, 3))]))


@pytest.mark.parametrize("options", [{}, {"min_cluster_size": 8}, {"min_cluster_size": 5, "min_samples": 1}])
def test_dissimilarities_that_are_given(options: dict):
    X = lattice_and_blobs()
    D = distances(X)
    found, of_rows = HDBSCAN(metric="precomputed", **options).fit(D), HDBSCAN(**options).fit(X)
    assert adjusted_rand_score(of_rows.labels_, found.labels_) == 1.0
    np.testing.assert_allclose(
        np.sort(found.hierarchy_.height), np.sort(of_rows.hierarchy_.height), rtol=1e-12
    )
    np.testing.assert_array_equal(found.predict(D), found.labels_)
    new = np.random.default_rng(5).uniform(-20, 90, (100, 3))
    apart = np.sqrt(((new[:, None] - X[None]) ** 2).sum(axis=2))
    same = found.predict(apart)
    np.testing.assert_array_equal(same < 0, of_rows.predict(new) < 0)
    assert adjusted_rand_score(of_rows.predict(new), same) == 1.0
    order = np.random.default_rng(6).permutation(len(X))
    again = HDBSCAN(metric="precomputed", **options).fit(D[np.ix_(order, order)])
    assert adjusted_rand_score(found.labels_[order], again.labels_) == 1.0


def test_dissimilarities_need_not_be_a_metric_and_items_may_have_no_weight():
    rng = np.random.default_rng(7)
    D = rng.random((80, 80)).astype(np.float32)
    D = np.minimum(D, D.T)
    np.fill_diagonal(D, 0)
    D[:40, 40:] += 5
    D[40:, :40] += 5
    weight = np.ones(80)
    weight[::9] = 0
    found = HDBSCAN(min_cluster_size=10, min_samples=2, metric="precomputed").fit(D, sample_weight=weight)
    assert adjusted_rand_score(np.arange(80) >= 40, found.labels_) > 0.8
    np.testing.assert_array_equal(found.predict(D), found.labels_)


@pytest.mark.parametrize(
    ("value", "told"), [(-1.0, "item 3 to 1"), (np.nan, "row 3, column 1"), (9.0, "item 3 to 1")]
)
def test_what_is_no_dissimilarity_is_refused_with_its_place(value: float, told: str):
    D = distances(np.arange(12.0).reshape(6, 2))
    D[3, 1] = value
    with pytest.raises(pt.InvalidDataError, match=told):
        HDBSCAN(metric="precomputed").fit(D)


def test_what_is_no_square_is_refused_and_so_are_new_negative_values():
    D = distances(np.arange(12.0).reshape(6, 2))
    with pytest.raises(pt.InvalidDataError, match="square"):
        HDBSCAN(metric="precomputed").fit(D[:5])
    found = HDBSCAN(metric="precomputed").fit(D)
    with pytest.raises(pt.InvalidDataError, match="row 0, column 2"):
        found.predict(np.array([[1.0, 2, -3, 4, 5, 6]]))


@pytest.mark.parametrize("metric", ["euclidean", "precomputed"])
@pytest.mark.parametrize("n", [1, 2])
def test_one_item_and_two(n: int, metric: str):
    X = np.array([[0.0, 0.0], [3.0, 4.0]])[:n]
    given = distances(X) if metric == "precomputed" else X
    found = HDBSCAN(metric=metric).fit(given)
    np.testing.assert_array_equal(found.labels_, np.zeros(n))
    np.testing.assert_array_equal(found.predict(given), found.labels_)
    assert HDBSCAN(min_cluster_size=2, metric=metric).fit(given).n_clusters_ == 1


def test_all_rows_equal():
    found = HDBSCAN(min_cluster_size=5).fit(np.ones((50, 3)))
    np.testing.assert_array_equal(found.labels_, np.zeros(50))
    found = HDBSCAN(min_cluster_size=5, metric="precomputed").fit(np.zeros((50, 50)))
    np.testing.assert_array_equal(found.labels_, np.zeros(50))
