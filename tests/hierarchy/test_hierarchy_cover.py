"""Covers by rule: against their definitions, and their promises."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist

import partita as pt
from oracles import covers
from partita._core.threads import thread_scope
from partita.hierarchy import Cover, Hierarchy, covering
from partita.kernels.tree_center import quanta, rows_add_exactly

RULES = ["nearest", "top", "closure", "bisector", "spill"]


def _cells(n=200, k=12, d=3, seed=0):
    """Points in nearest-centre cells whose centres are the means of their points."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    centers, labels = X[:k], None
    for _ in range(200):
        new = cdist(X, centers).argmin(axis=1)
        if labels is not None and np.array_equal(new, labels):
            break
        labels = new
        centers = np.stack([X[labels == c].mean(axis=0) for c in range(k)])
    return X, Hierarchy.from_labels([labels])


def _means(X, h):
    return np.stack([X[h.members(part)].mean(axis=0) for part in h.levels[-1]])


def _held(cover):
    first, parts = cover.matrix.indptr, cover.matrix.indices
    return [parts[first[i] : first[i + 1]].tolist() for i in range(cover.n_items)]


def check_against_twin(cover, X, labels, rule, most, **options):
    """The cover has the parts, the weights and the count of the slow twin."""
    taken, capped = covers.cover(X, labels, rule, most, **options)
    assert _held(cover) == [sorted(parts) for parts in taken]
    assert cover.n_capped == capped
    wanted = np.zeros(cover.matrix.shape)
    for i, (parts, weights) in enumerate(zip(taken, covers.weights(X, labels, taken))):
        wanted[i, parts] = weights
    assert np.allclose(cover.matrix.toarray(), wanted, rtol=1e-9)


@pytest.mark.parametrize("rule", RULES)
@given(data=st.data())
def test_rules_against_their_twins(rule, data):
    n, k = data.draw(st.integers(2, 40)), data.draw(st.integers(1, 9))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    X = (rng.normal(size=(n, data.draw(st.integers(1, 5)))) + data.draw(st.sampled_from([0, 50]))).astype(
        dtype
    )
    labels = rng.integers(data.draw(st.sampled_from([-1, 0])), k, n)
    labels[0] = max(labels[0], 0)
    h = Hierarchy.from_labels([labels])
    radius = data.draw(st.sampled_from([0.0, 0.3, 1.0, 2.5] + [None] * (rule != "bisector")))
    options = {"radius": radius, "penalty": data.draw(st.sampled_from([0.0, 1.0, 30.0]))}
    most = data.draw(st.integers(1, 10))
    check_against_twin(h.cover(rule, X=X, max_copies=most, **options), X, h.labels(), rule, most, **options)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("most", [2, 9, 40])
def test_many_parts_against_their_twins(rule, most):
    """More parts than are looked at, so that the filter by products has something to leave out."""
    X, h = _cells(900, 300, 12)
    some = range(0, 900, 30)
    for radius in [None, 2.8] if rule != "bisector" else [0.1, 0.5]:
        held = _held(h.cover(rule, X=X, max_copies=most, radius=radius))
        taken, _ = covers.cover(X, h.labels(), rule, most, radius, items=some)
        assert [held[i] for i in some] == [sorted(parts) for parts in taken]


@pytest.mark.parametrize("rule", RULES)
def test_equal_distances_go_to_the_lower_part(rule):
    """On a grid, with parts of eight, every number is exact and most distances tie."""
    rng = np.random.default_rng(1)
    X = rng.integers(0, 3, size=(512, 3)).astype(np.float64)
    h = Hierarchy.from_labels([rng.permutation(512) // 8])
    radius = 0.25 if rule == "bisector" else None
    for most in (3, 12):
        check_against_twin(
            h.cover(rule, X=X, max_copies=most, radius=radius), X, h.labels(), rule, most, radius=radius
        )


def _same(one, other):
    return all(
        np.array_equal(getattr(one.matrix, name), getattr(other.matrix, name))
        for name in ("indptr", "indices", "data")
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_same_bits_in_any_way(rule, monkeypatch, tmp_path):
    """Threads, blocks, kinds of array, units and distances of means kept or not: no bit changes."""
    X, h = _cells(700, 90, 5)
    X = X.astype(np.float32)
    options = {"rule": rule, "max_copies": 4, "radius": 0.2 if rule == "bisector" else 1.5}
    cover = h.cover(X=X, **options)
    for n_jobs in (1, 3):
        with thread_scope(n_jobs):
            assert _same(h.cover(X=X, **options), cover)
    np.save(tmp_path / "X.npy", X)
    for view in (np.load(tmp_path / "X.npy", mmap_mode="r"), np.asfortranarray(X), X.astype(np.float64)):
        assert _same(h.cover(X=view, **options), cover)
    larger = {**options, "radius": options["radius"] * 2.0**40}
    assert _same(h.cover(X=X * np.float32(2.0**40), **larger), cover)
    for name, value in (("_ROWS", 37), ("_SCORES", 1700), ("_GAPS", 0)):
        monkeypatch.setattr(covering, name, value)
        assert _same(h.cover(X=X, **options), cover)


@pytest.mark.parametrize("rule", RULES)
@given(seed=st.integers(0, 99))
def test_the_order_of_rows_changes_no_bit(rule, seed):
    rng = np.random.default_rng(seed)
    X, labels = rng.normal(size=(60, 3)) * 10.0 ** rng.integers(-3, 3, (60, 1)), rng.integers(-1, 7, 60)
    rows = rng.permutation(60)
    options = {"max_copies": 3, "radius": 2.0}
    straight = Hierarchy.from_labels([labels], item_rank=np.arange(60)).cover(rule, X=X, **options)
    shuffled = Hierarchy.from_labels([labels[rows]], item_rank=rows).cover(rule, X=X[rows], **options)
    assert np.array_equal(shuffled.matrix.toarray(), straight.matrix.toarray()[rows])


@given(st.integers(0, 999), st.integers(1, 5))
def test_bisector_at_half_the_distance_whatever_the_parts_are(seed, d):
    """Every pair meets in the own part of one of the two, even where parts are thrown together."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, d)) + rng.choice([0.0, 1e3])
    h = Hierarchy.from_labels([rng.integers(0, 6, 50)])
    apart = cdist(X, X)
    farthest = np.sort(apart[apart > 0])[seed % 200]
    held = h.cover("bisector", X=X, radius=farthest / 2, max_copies=6).matrix.toarray() > 0
    labels = h.labels()
    for i, j in np.argwhere(apart <= farthest):
        assert held[i, labels[j]] or held[j, labels[i]]


@given(st.floats(0.1, 1.0), st.floats(1.5, 9.0), st.floats(-1e6, 1e6))
def test_bisector_forgives_rounding(near, far, shift):
    """Two items at the same distance from the border between them are found at just that distance."""
    X = np.array([[shift - far], [shift - near], [shift + near], [shift + far]])
    distance = float(X[2, 0] - X[1, 0])
    cover = Hierarchy.from_labels([[0, 0, 1, 1]]).cover("bisector", X=X, radius=distance / 2)
    assert 1 in cover.members(1) or 2 in cover.members(0)


def test_spilled_copies_point_elsewhere():
    """The second residual is less parallel to the first than that of the second nearest mean."""
    X, h = _cells(2000, 60, 8)
    centers = _means(X, h)

    def correlation(cover):
        pairs = np.array(_held(cover))
        one, other = X - centers[pairs[:, 0]], X - centers[pairs[:, 1]]
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        return np.abs((one * other).sum(axis=1)[lengths > 0] / lengths[lengths > 0]).mean()

    nearest, spilled, further = (
        h.cover("spill", X=X, max_copies=2, penalty=penalty) for penalty in (0.0, 1.0, 20.0)
    )
    assert correlation(spilled) < 0.9 * correlation(nearest)
    assert correlation(further) < 0.6 * correlation(nearest)
    assert _same(h.cover("nearest", X=X, max_copies=2), nearest)
    assert _same(h.cover("spill", X=X, max_copies=5, penalty=0.0), h.cover("nearest", X=X, max_copies=5))


def test_top_forgets_the_own_part():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    h = Hierarchy.from_labels([rng.integers(0, 5, 80)])
    top, D = h.cover("top", X=X, max_copies=2), cdist(X, _means(X, h))
    assert _held(top) == [sorted(np.argsort(row)[:2].tolist()) for row in D]
    assert np.array_equal(top.partition().labels, D.argmin(axis=1))
    assert (h.cover("nearest", X=X, max_copies=2).partition() == h.cut(level=-1)) is True


def test_any_level_or_cut(tmp_path):
    X, flat = _cells(120, 9)
    h = Hierarchy.from_labels([flat.labels() // 3, flat.labels()])
    assert h.cover("closure", X=X, level=1).parts.tolist() == h.levels[1].tolist()
    assert h.cover(X=X, level=0).sizes.tolist() == [120]
    cut = h.cut(n_clusters=3)
    assert _same(h.cover("closure", X=X, level=cut), h.cover("closure", X=X, level=1))
    assert h.cover("closure", X=X, level=cut).partition() == cut
    loaded = pt.load(h.save(tmp_path / "tree.partita"))
    assert _same(loaded.cover("spill", X=X, level=1), h.cover("spill", X=X, level=1))
    with pytest.raises(pt.InvalidParameterError, match="a cut of this hierarchy"):
        h.cover(X=X, level=flat.cut(level=-1))
    from scipy.cluster.hierarchy import linkage

    tree = Hierarchy.from_linkage(linkage(X[:30], "average"))
    cut = tree.cut(n_clusters=12)
    assert (cut.parts < 0).any()
    cover = tree.cover("nearest", X=X[:30], level=cut, max_copies=2)
    assert cover.partition() == cut
    assert (np.diff(cover.matrix.indptr) == 2).all()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_very_small_and_very_large_numbers(rule, size):
    X, h = _cells(80, 7)
    radius = 0.2 if rule == "bisector" else None
    near = h.cover(rule, X=X, max_copies=3, radius=radius)
    far = h.cover(rule, X=X * size, max_copies=3, radius=radius and radius * size)
    assert _held(far) == _held(near)
    assert np.allclose(far.matrix.data, near.matrix.data, rtol=1e-6)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, ">f4", np.longdouble])
def test_kinds_of_numbers(dtype):
    X = np.arange(24).reshape(8, 3) % 7
    h = Hierarchy.from_labels([[0, 1] * 4])
    wanted = X.astype(bool) if dtype is bool else X
    assert _same(h.cover(X=X.astype(dtype)), h.cover(X=wanted.astype(np.float64)))


def test_memory_stays_within_the_cover_and_blocks(tmp_path):
    """A memory map of 80 MB is never held in memory, nor all distances (80 MB too)."""
    n, d, k = 100_000, 100, 100
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float64, (n, d))
    for start in range(0, n, 10_000):
        X[start : start + 10_000] = np.random.default_rng(start).normal(size=(10_000, d))
    h = Hierarchy.from_labels([np.arange(n) % k])
    h.labels()
    with thread_scope(1):
        tracemalloc.start()
        cover = h.cover("nearest", X=X, max_copies=2)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert cover.matrix.nnz == 2 * n
    assert peak < 30e6


@given(st.integers(0, 999))
def test_sums_without_rounding(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 3)) * 2.0 ** rng.integers(-30, 3, (40, 1))
    labels, coarse, fine = rng.integers(-1, 4, 40), *quanta(40)
    found = []
    for rows in (np.arange(40), rng.permutation(40)):
        sums = np.zeros((2, 4, 3))
        for part in np.split(rows, [seed % 40]):
            rows_add_exactly(X[part], labels[part], 1.0, coarse, fine, *sums)
        found.append(sums)
    assert np.array_equal(*found)
    for part in range(4):
        wanted = [math.fsum(column) for column in X[labels == part].T]
        assert np.allclose(found[0].sum(axis=0)[part], wanted, rtol=0, atol=2.0**-50)


@given(st.integers(0, 30), st.sampled_from([0.05, 0.2, 0.6]))
def test_bisector_misses_no_close_pair(seed, radius):
    X, h = _cells(120, 8, 2, seed)
    cover = h.cover("bisector", X=X, radius=radius, max_copies=8)
    assert cover.n_capped == 0
    held, labels = cover.matrix.toarray() > 0, h.labels()
    for i, j in np.argwhere(cdist(X, X) <= radius):
        assert held[i, labels[j]]
    assert held.sum() < 120 * 8


@pytest.mark.parametrize("rule", RULES)
def test_laws_of_every_rule(rule):
    X, h = _cells(100, 6)
    labels = h.labels().copy()
    labels[:5] = pt.NOISE
    noisy = Hierarchy.from_labels([labels])
    cover = noisy.cover(rule, X=X, max_copies=3, radius=0.5)
    assert (np.diff(cover.matrix.indptr) >= 1).all()
    assert (np.diff(cover.matrix.indptr) <= 3).all()
    assert cover.matrix.dtype == np.float64
    assert cover.matrix.max() == 1.0
    hard = cover.partition().labels
    if rule != "top":
        assert np.array_equal(hard[5:], noisy.labels()[5:])
    assert np.array_equal(hard[:5], cdist(X[:5], _means(X, noisy)).argmin(axis=1))
    assert sum(len(cover.members(k)) for k in range(cover.n_parts)) == cover.matrix.nnz == cover.sizes.sum()
    single = noisy.cover(rule, X=X.astype(np.float32), max_copies=3, radius=0.5)
    assert (single.partition().labels == hard).mean() > 0.95


def test_equal_points_and_empty_levels():
    h = Hierarchy.from_labels([[0, 0, 1, 1]])
    cover = h.cover("nearest", X=np.zeros((4, 2)))
    assert cover.partition() == h.cut(level=-1)
    assert cover.matrix.nnz == 8
    nothing = Hierarchy.from_labels([[-1, -1]])
    assert nothing.cover("closure", X=np.zeros((2, 1))).partition().labels.tolist() == [0, 0]


def test_capped_items_are_counted():
    X, h = _cells(100, 6)
    assert h.cover("nearest", X=X, max_copies=2).n_capped == 100
    assert h.cover("nearest", X=X, max_copies=6).n_capped == 0


def test_a_cover_of_one_s_own():
    cover = Cover(sparse.csr_array(np.array([[0.2, 0.8, 0], [0, 0, 0], [0.5, 0.5, 0]])))
    assert cover.partition().labels.tolist() == [1, pt.NOISE, 0]
    assert cover.members(0).tolist() == [0, 2]
    assert cover.n_parts == 3
    with pytest.raises(pt.InvalidParameterError):
        cover.members(3)
    with pytest.raises(ValueError, match="read-only"):
        cover.matrix.data[0] = 3.0
    with pytest.raises(AttributeError):
        cover.matrix = None
    with pytest.raises(pt.InvalidDataError, match="item 1 is in no part"):
        Cover(np.array([[1.0], [0.0]]), hierarchy=Hierarchy.from_labels([0, 0]))


@given(st.integers(0, 999))
def test_the_partition_is_the_largest_weight(seed):
    dense = np.random.default_rng(seed).integers(0, 4, (9, 5)).astype(float)
    wanted = np.where(dense.any(axis=1), dense.argmax(axis=1), pt.NOISE)
    assert Cover(dense).partition().labels.tolist() == wanted.tolist()


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_weights_of_no_use(weight):
    with pytest.raises(pt.InvalidDataError, match="row 1, column 0"):
        Cover(np.array([[1.0, 0.0], [weight, 1.0]]))


@pytest.mark.parametrize(
    "options",
    [
        {"rule": "closer"},
        {"rule": "bisector"},
        {"max_copies": 0},
        {"radius": -1.0},
        {"radius": np.nan},
        {"penalty": -1.0},
        {"level": 7},
    ],
)
def test_options_of_no_use(options):
    with pytest.raises(pt.InvalidParameterError, match=next(iter(options))):
        Hierarchy.from_labels([0, 1]).cover(**{"X": np.zeros((2, 2)), **options})


@pytest.mark.parametrize("X", [np.zeros(2), np.zeros((3, 2)), np.array([[0.0], [np.nan]]), [["a"], ["b"]]])
def test_points_of_no_use(X):
    with pytest.raises(pt.InvalidDataError):
        Hierarchy.from_labels([0, 1]).cover("nearest", X=X)


def test_a_value_that_is_not_finite_is_named():
    X = np.zeros((9000, 3), np.float32)
    X[8765, 2] = -np.inf
    with pytest.raises(pt.InvalidDataError, match="row 8765, column 2"):
        Hierarchy.from_labels([np.arange(9000) % 3]).cover(X=X)
