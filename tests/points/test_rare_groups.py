"""RareGroups: planted groups are found, noise has none, and the result is that of the rows alone."""

from __future__ import annotations

import numpy as np
import pytest

import partita as pt
from laws import test_laws_arrays as laws
from laws.registry import Case
from partita.kernels.contrast import groups_contrast
from partita.points import RareGroups
from partita.points._rare import _ladder

CASE = Case("rare", lambda **options: RareGroups(**options))
SIZES = (5, 7, 9, 12, 16, 20, 25, 30)


def background(kind: str, n: int, d: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "uniform":
        return rng.random((n, d))
    if kind == "heavy":
        return rng.standard_t(4, (n, d))
    if kind == "clusters":
        label = rng.integers(0, 12, n)
        scale = 0.3 + 1.5 * label[:, None] / 12
        return 4 * rng.standard_normal((12, d))[label] + scale * rng.standard_normal((n, d))
    return rng.standard_normal((n, d))


def planted(
    X: np.ndarray, tight: float, seed: int, sizes: tuple[int, ...] = SIZES
) -> tuple[np.ndarray, np.ndarray]:
    """The first rows become groups: what is around some row, drawn together."""
    rng = np.random.default_rng(seed)
    Y, truth, start = X.copy(), np.full(len(X), -1), 0
    for k, size in enumerate(sizes):
        chosen = rng.integers(len(X) // 2, len(X))
        centre, truth[chosen] = X[chosen], k
        near = np.argsort(((X - centre) ** 2).sum(axis=1))[1:151]
        some = X[rng.choice(near, size, replace=False)]
        Y[start : start + size] = centre + tight * (some - some.mean(axis=0))
        truth[start : start + size] = k
        start += size
    return Y, truth


def small() -> np.ndarray:
    return planted(background("gauss", 900, 5, 8), 0.1, 4, (9, 16))[0].astype(np.float32)


@pytest.mark.parametrize("kind", ["gauss", "clusters", "heavy"])
def test_planted_groups_are_found(kind: str):
    X, truth = planted(background(kind, 4000, 32, 1), 0.35, 2)
    found = RareGroups().fit(X)
    large = np.isin(truth, np.flatnonzero(np.array(SIZES) >= 9))
    assert (found.labels_[large] >= 0).mean() > 0.85
    inside = found.labels_ >= 0
    assert (truth[inside] >= 0).mean() > 0.9
    for label in range(found.n_clusters_):
        own = truth[found.labels_ == label]
        assert (own == np.bincount(own + 1).argmax() - 1).mean() > 0.7
    assert (found.expected_false_ <= 0.05).all()
    assert (found.contrast_ > 0).all()


@pytest.mark.parametrize(("kind", "d"), [("gauss", 24), ("uniform", 2), ("heavy", 8), ("clusters", 3)])
def test_noise_has_no_groups(kind: str, d: int):
    false = [RareGroups().fit(background(kind, 2000, d, seed)).n_clusters_ for seed in range(6)]
    assert sum(false) <= 1


def test_wider_groups_are_found_less():
    X = background("gauss", 3000, 24, 5)
    shares = []
    for tight in (0.2, 0.5, 2.0):
        Y, truth = planted(X, tight, 3)
        shares.append((RareGroups().fit(Y).labels_[truth >= 0] >= 0).mean())
    assert shares[0] > 0.9
    assert shares[0] >= shares[1] >= shares[2]
    assert shares[2] < 0.5


def test_a_large_cluster_is_no_rare_group():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.standard_normal((3000, 8)), rng.normal(5.0, 0.1, (400, 8))])
    assert RareGroups().fit(X).n_clusters_ == 0


def test_contrasts_as_by_hand():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 3))
    squares = ((X[:, None] - X) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    number = np.argsort(squares, axis=1)[:, :20].astype(np.intp)
    near = np.take_along_axis(squares, number, axis=1)
    sizes = np.array([4, 7], np.intp)
    got = np.empty((60, 2))
    groups_contrast(near, number, sizes, 0, 60, np.full(60, -1, np.intp), got)
    for i in range(60):
        for s, g in enumerate(sizes):
            group, values = {i, *number[i, : g - 1].tolist()}, []
            for j in group:
                inside = [p for p in range(20) if number[j, p] in group]
                outside = [p for p in range(20) if number[j, p] not in group]
                p, q = ([*places, *[19] * 9][g // 2 - 1] for places in (inside, outside))
                values.append(0.5 * np.log(near[j, q] / near[j, p]))
            np.testing.assert_allclose(got[i, s], np.mean(values), atol=1e-12)


def test_new_rows_join_the_groups_they_are_in():
    X, truth = planted(background("gauss", 3000, 16, 4), 0.25, 6)
    found = RareGroups().fit(X)
    np.testing.assert_array_equal(found.predict(X), found.labels_)
    np.testing.assert_array_equal(found.apply(X), found.hierarchy_.item_part)
    label = found.labels_[truth == 7][0]
    middle = X[found.labels_ == label].mean(axis=0)
    assert label >= 0
    assert found.predict([middle, middle + 100.0, np.full(16, 1e300)]).tolist() == [label, -1, -1]


def test_by_angle_lengths_do_not_matter():
    X, _ = planted(background("gauss", 2000, 16, 7), 0.25, 1)
    scale = np.random.default_rng(0).uniform(0.5, 2.0, (2000, 1))
    plain, scaled = (RareGroups(metric="cosine").fit(rows) for rows in (X, X * scale))
    assert plain.n_clusters_ > 2
    np.testing.assert_array_equal(plain.labels_, scaled.labels_)


@pytest.mark.parametrize("n", [1, 2, 12, 63, 64, 100])
def test_few_rows_have_no_groups(n: int):
    X = background("gauss", n, 3, 0)
    found = RareGroups().fit(X)
    assert (found.labels_ == pt.NOISE).all()
    np.testing.assert_array_equal(found.predict(X), found.labels_)


def test_copies_are_no_group():
    X = background("gauss", 500, 6, 3)
    copied = np.concatenate([X, np.repeat(X[:1], 20, axis=0)])
    assert RareGroups().fit(copied).n_clusters_ == RareGroups().fit(X).n_clusters_ == 0


def test_sizes_that_exclude_each_other_and_too_much_memory(monkeypatch):
    X = background("gauss", 500, 6, 3)
    with pytest.raises(pt.InvalidParameterError, match="max_size=4"):
        RareGroups(min_size=6, max_size=4).fit(X)
    monkeypatch.setenv("PARTITA_MEMORY", "100KiB")
    with pytest.raises(pt.BudgetError, match="max_size"):
        RareGroups().fit(X)


@pytest.mark.parametrize(
    "law",
    [
        laws.test_valid_hierarchy_and_predict_is_labels,
        laws.test_equal_rows_share_a_label,
        laws.test_threads_and_seeds_make_no_difference,
        laws.test_float_types_and_layouts_make_no_difference,
        laws.test_integers_are_floats,
        laws.test_the_record_tells_what_was_made,
        laws.test_arrow_tables_and_frames,
        laws.test_new_rows_get_labels_that_exist,
    ],
)
def test_laws(law, monkeypatch):
    monkeypatch.setattr(laws, "blobs", small)
    law(CASE)


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_rows_leaves_no_trace(seed: int, monkeypatch):
    X = small()
    assert RareGroups().fit(X).n_clusters_ == 2
    monkeypatch.setattr(laws, "blobs", lambda: X)
    laws.test_labels_follow_rows_through_any_order(CASE, seed)


def test_the_ladder_of_sizes_has_both_ends():
    assert _ladder(5, 40)[[0, -1]].tolist() == [5, 40]
    assert _ladder(3, 3).tolist() == [3]
    assert (np.diff(_ladder(3, 60)) > 0).all()
