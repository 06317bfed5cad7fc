"""HierarchicalKMeans: the parts that were asked for, good ones, nested, and honest about what can't be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

import partita as pt
from partita._core.progress import Progress
from partita.points import HierarchicalKMeans, _nested
from partita.points._nested import leaves_for
from partita.points._start import share_leaves


def gaussian(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def inertia_of(X: np.ndarray, labels: np.ndarray) -> float:
    return sum(((X[labels == c] - X[labels == c].mean(axis=0)) ** 2).sum() for c in np.unique(labels))


@given(n=st.integers(1, 120), k=st.integers(1, 120), branching=st.sampled_from([None, 2, 3, 7]))
def test_exactly_as_many_parts_as_asked(n, k, branching):
    X = gaussian(n, 2, seed=n)
    if k > n:
        with pytest.raises(pt.InfeasibleError, match=f"n_samples={n}") as caught:
            HierarchicalKMeans(k, branching=branching).fit(X)
        assert caught.value.smallest_relaxation == f"n_clusters={n}"
        return
    fitted = HierarchicalKMeans(k, branching=branching).fit(X)
    assert fitted.n_clusters_ == k
    assert np.bincount(fitted.labels_, minlength=k).min() >= 1
    children = np.bincount(fitted.hierarchy_.parent[1:], minlength=fitted.hierarchy_.n_parts)
    assert branching is None or children.max(initial=0) <= branching
    assert 1 not in children


@given(n=st.integers(1, 300), max_size=st.integers(1, 40), branching=st.sampled_from([None, 2]))
def test_no_part_larger_than_asked(n, max_size, branching):
    X = gaussian(n, 3, seed=n) ** 3
    fitted = HierarchicalKMeans(max_size=max_size, branching=branching).fit(X)
    sizes = np.bincount(fitted.labels_)
    assert sizes.max() <= max_size
    assert sizes.min() >= 1
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_max_size_holds_on_a_power_law():
    X = np.exp(2.5 * gaussian(20_000, 2))
    fitted = HierarchicalKMeans(max_size=64).fit(X)
    sizes = np.bincount(fitted.labels_)
    assert sizes.max() <= 64
    assert len(sizes) < 6 * 20_000 / 64
    np.testing.assert_array_equal(fitted.predict(X[:500]), fitted.labels_[:500])


def test_max_size_and_repeated_rows():
    X = np.repeat(np.arange(40.0), 5)[:, None]
    assert np.bincount(HierarchicalKMeans(max_size=5).fit(X).labels_).max() == 5
    with pytest.raises(pt.InfeasibleError, match="repeated 5 times") as caught:
        HierarchicalKMeans(max_size=4).fit(X)
    assert "max_size=5" in caught.value.smallest_relaxation
    with pytest.raises(pt.InvalidDataError, match="weight 0"):
        HierarchicalKMeans(max_size=50).fit(X, sample_weight=np.repeat(np.arange(40.0), 5))


def test_rows_that_only_float64_tells_apart():
    X = np.array([0.0, 1e-12, 2e-12, 1.0, 1.0 + 1e-12])[:, None]
    fitted = HierarchicalKMeans(5).fit(X)
    assert sorted(fitted.labels_) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_rows_that_float64_can_not_square_apart():
    X = np.array([0.0, 5e-324, 1e-323, 1.0])[:, None]
    with pytest.raises(pt.InfeasibleError, match="tell only 2 rows apart") as caught:
        HierarchicalKMeans(4).fit(X)
    assert "scale the columns" in caught.value.smallest_relaxation


@pytest.mark.parametrize("k", [2, 10, 25, 60, 150])
def test_as_good_as_flat_kmeans_on_digits(k):
    X = load_digits().data
    flat = KMeans(k, n_init=3, random_state=0).fit(X).inertia_
    fitted = HierarchicalKMeans(k).fit(X)
    assert fitted.inertia_ <= 1.035 * flat
    assert inertia_of(X, fitted.labels_) <= fitted.inertia_ * (1 + 1e-9)


def test_inertia_and_centers_mean_what_they_say():
    X = load_digits().data
    weight = np.random.default_rng(0).uniform(0, 2, len(X))
    fitted = HierarchicalKMeans(30).fit(X, sample_weight=weight)
    apart = ((X - fitted.cluster_centers_[fitted.labels_]) ** 2).sum(axis=1)
    assert fitted.inertia_ == pytest.approx(weight @ apart, rel=1e-6)
    assert fitted.made_by_.cost == fitted.inertia_
    every = ((X[:, None] - fitted.cluster_centers_[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(every.argmin(axis=1), fitted.labels_)


def test_part_data_of_every_part():
    X = load_digits().data
    h = HierarchicalKMeans(50, branching=3).fit(X).hierarchy_
    for part in (0, 1, 5, h.n_parts - 1):
        own = X[h.members(part)]
        center = h.part_data["center"][part]
        assert np.linalg.norm(center - own.mean(axis=0)) < 0.35 * h.part_data["radius"][part]
    np.testing.assert_allclose(h.height, h.part_data["radius"] * np.sqrt(h.sizes), rtol=1e-9)
    assert h.height[0] ** 2 == pytest.approx(((X - X.mean(axis=0)) ** 2).sum(), rel=1e-2)


def test_every_number_of_parts_from_a_binary_tree():
    X = load_digits().data
    fitted = HierarchicalKMeans(64, branching=2).fit(X)
    for k in range(1, 65):
        cut = fitted.hierarchy_.cut(n_clusters=k)
        assert cut.n_parts == k
        np.testing.assert_array_equal(fitted.predict(X, level=cut), cut.labels)
    flat = KMeans(10, n_init=1, random_state=0).fit(X).inertia_
    assert inertia_of(X, fitted.hierarchy_.cut(n_clusters=10).labels) < 1.12 * flat


def test_levels_refine_and_name_the_depths():
    fitted = HierarchicalKMeans(81, branching=3).fit(gaussian(3000, 4))
    levels = [fitted.hierarchy_.labels(level) for level in range(len(fitted.hierarchy_.levels))]
    for coarse, fine in pairwise(levels):
        assert len(np.unique(np.column_stack([coarse, fine]), axis=0)) == fine.max() + 1 >= coarse.max() + 1
    np.testing.assert_array_equal(levels[-1], fitted.labels_)


def test_the_defaults_are_told():
    X = gaussian(900, 3)
    fitted = HierarchicalKMeans().fit(X)
    assert fitted.n_clusters_ == 30
    assert fitted.made_by_.choices["n_clusters"].startswith("30:")
    assert fitted.made_by_.choices["branching"].startswith("6,")
    told = HierarchicalKMeans(7, branching=2).fit(X).made_by_
    assert told.choices == {}
    assert told.parameters["n_clusters"] == 7


def test_max_iter_and_tol():
    X = gaussian(4000, 8)
    raw = HierarchicalKMeans(40, swaps=0, max_iter=0).fit(X)
    one = HierarchicalKMeans(40, swaps=0, max_iter=1, tol=0.0).fit(X)
    many = HierarchicalKMeans(40, swaps=0, max_iter=200, tol=0.0).fit(X)
    assert raw.made_by_.converged is False
    assert raw.inertia_ > one.inertia_ > many.inertia_
    assert many.made_by_.converged is True
    assert many.n_iter_ > one.n_iter_ == 1


def test_cosine_looks_at_directions_only():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((600, 6)) + 3 * np.eye(6)[rng.integers(0, 6, 600)]
    stretched = X * 2.0 ** rng.integers(-60, 60, 600)[:, None]
    fitted = HierarchicalKMeans(6, metric="cosine").fit(X)
    np.testing.assert_array_equal(fitted.predict(stretched), fitted.labels_)
    np.testing.assert_allclose(np.linalg.norm(fitted.cluster_centers_, axis=1), 1.0, rtol=1e-6)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    np.testing.assert_array_equal((unit @ fitted.cluster_centers_.T).argmax(axis=1), fitted.labels_)
    apart = ((unit - fitted.cluster_centers_[fitted.labels_]) ** 2).sum()
    assert fitted.inertia_ == pytest.approx(apart, rel=1e-6)


def test_cosine_accepts_rows_of_zeros():
    X = np.vstack([np.zeros((5, 3)), gaussian(100, 3)])
    fitted = HierarchicalKMeans(8, metric="cosine").fit(X)
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)
    assert len(np.unique(fitted.labels_[:5])) == 1


def test_the_sample_decides_the_centres_and_all_rows_are_labelled():
    X = gaussian(60_000, 3, seed=4).astype(np.float32)
    fitted = HierarchicalKMeans(160).fit(X)
    assert fitted.n_clusters_ == 160
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)
    apart = ((X[:5000, None] - fitted.cluster_centers_[None]) ** 2).sum(axis=2)
    assert (apart.argmin(axis=1) == fitted.labels_[:5000]).mean() > 0.99
    order = np.random.default_rng(0).permutation(len(X))
    again = HierarchicalKMeans(160, n_jobs=1).fit(X[order].astype(np.float64))
    np.testing.assert_array_equal(again.labels_, fitted.labels_[order])


def test_progress_is_told():
    class Told(Progress):
        def __init__(self):
            self.stages, self.done = [], 0.0

        def start(self, label, total=None):
            self.stages.append(label)

        def advance(self, amount=1.0):
            self.done += amount

    told = Told()
    HierarchicalKMeans(5, progress=told).fit(gaussian(300, 2))
    assert told.stages == ["Learn 5 cells from 300 rows", "Assign 300 rows"]
    assert told.done >= 300


@given(
    shares=st.lists(st.floats(0, 1e6), min_size=1, max_size=12),
    data=st.data(),
)
def test_leaves_are_shared_in_proportion(shares, data):
    most = np.array([data.draw(st.integers(1, 50)) for _ in shares])
    total = data.draw(st.integers(len(shares), int(most.sum())))
    given_ = share_leaves(np.array(shares), most, total)
    assert given_.sum() == total
    assert (given_ >= 1).all()
    assert (given_ <= most).all()


def test_leaves_for_a_size():
    assert leaves_for(100, 100, 100) == 1
    assert leaves_for(101, 101, 100) == 2
    assert leaves_for(1000, 1000, 100) == 13
    assert leaves_for(1000, 5, 100) == 5
    assert leaves_for(10**7, 10**7, 10) == 1024


def test_empty_cells_take_the_rows_that_a_search_of_all_would_give_them(monkeypatch):
    refilled = []
    take = _nested._Builder._take
    monkeypatch.setattr(
        _nested._Builder,
        "_take",
        lambda self, nearest, cells, members: (
            refilled.append(len(cells)),
            take(self, nearest, cells, members),
        ),
    )
    X = np.random.default_rng(1).standard_normal((60_000, 3)) ** 3
    cells = HierarchicalKMeans(4000, rows_per_cell=1, swaps=0, max_iter=0, polish=2).fit(X)
    assert sum(refilled) > 0
    np.testing.assert_array_equal(cells.predict(X), cells.labels_)
