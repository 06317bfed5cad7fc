"""SphericalKMeans: what plain iterations give, from sparse rows of any form."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from oracles import spherical as oracle
from partita._core.progress import Progress
from partita._core.threads import thread_scope
from partita.points import SphericalKMeans
from partita.points._sparse_input import SparseRows, canonical_directions
from partita.points._spherical import lloyd, rare_first, start_rows, through_means


def topics(n: int = 400, d: int = 300, k: int = 8, seed: int = 0) -> tuple[sp.csr_matrix, np.ndarray]:
    """Bags of words: a topic has forty words of its own, and all share ten frequent ones."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    rows = np.zeros((n, d))
    for i in range(n):
        words = 10 + 35 * truth[i] + rng.choice(35, 8, replace=False)
        rows[i, words] = 1 + rng.random(8)
        rows[i, rng.choice(10, 4, replace=False)] = 0.3 * rng.random(4)
    return sp.csr_matrix(rows), truth


def unit_rows(X: np.ndarray) -> SparseRows:
    matrix = sp.csr_matrix(X)
    first, column = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    found = canonical_directions(SparseRows(first, column, matrix.data, X.shape[1]), None)
    return found.rows.pick(found.head[~found.is_zero])


def as_lists(rows: SparseRows) -> list[list[tuple[int, float]]]:
    bounds = list(zip(rows.first[:-1], rows.first[1:]))
    return [list(zip(rows.column[a:b].tolist(), rows.value[a:b].tolist())) for a, b in bounds]


def as_dense(rows: SparseRows) -> np.ndarray:
    return sp.csr_matrix((rows.value, rows.column, rows.first), shape=(len(rows), rows.d)).toarray()


def assert_same_as_plain(
    X: np.ndarray, k: int, cut: int | None, max_iter: int, n_jobs: int, seed: int, unit: bool
) -> None:
    """Labels, similarities and centres of the pruned iterations are the plain ones, bit for bit."""
    known = unit_rows(X)
    if len(known) < k:
        return
    place, columns, best_cut = rare_first(known, k)
    cut = best_cut if cut is None else min(cut, len(columns))
    rows = known.take(np.arange(len(known)), place, len(columns))
    rng = np.random.default_rng(seed)
    weight, start = rng.integers(1, 4, len(rows)).astype(float), rng.permutation(len(rows))[:k]
    with thread_scope(n_jobs):
        centers = rows.pick(start)
        found = lloyd(rows, weight, centers, cut, unit=unit, max_iter=max_iter, tol=0.0, progress=Progress())
    labels, similar, expected = oracle.lloyd(as_lists(rows), weight, as_dense(centers), unit, max_iter)
    np.testing.assert_array_equal(found.cells.labels, labels)
    np.testing.assert_array_equal(found.cells.similar, similar)
    np.testing.assert_array_equal(as_dense(found.centers), expected)


@pytest.mark.parametrize("max_iter", [0, 1, 3, 50])
@pytest.mark.parametrize("cut", [None, 0, 40, 10_000])
@pytest.mark.parametrize("unit", [True, False], ids=["directions", "means"])
def test_the_same_as_plain_iterations(unit: bool, cut: int | None, max_iter: int):
    assert_same_as_plain(topics(150, 300, 8)[0].toarray(), 12, cut, max_iter, 2, max_iter, unit)


SMALL = st.sampled_from([0.0, 0.0, 0.0, 1.0, 1.0, 2.0, -1.0, 0.5, 1e-9])


@given(data=st.data())
def test_the_same_as_plain_iterations_with_ties_signs_and_empty_cells(data: st.DataObject):
    n, d = data.draw(st.integers(2, 24)), data.draw(st.integers(1, 6))
    X = np.array(data.draw(st.lists(st.lists(SMALL, min_size=d, max_size=d), min_size=n, max_size=n)))
    k, cut = data.draw(st.integers(1, 6)), data.draw(st.integers(0, d))
    max_iter, seed, unit = (
        data.draw(st.integers(0, 12)),
        data.draw(st.integers(0, 9)),
        data.draw(st.booleans()),
    )
    assert_same_as_plain(X, k, cut, max_iter, 1, seed, unit)


def test_the_start_brings_most_among_those_drawn():
    rows = unit_rows(topics(300, 300, 6)[0].toarray())
    chosen = start_rows(rows, np.ones(len(rows)), 6, Progress())
    assert len(set(chosen.tolist())) == 6
    topic = [int(np.median(rows.column[rows.first[i] : rows.first[i + 1]]) - 10) // 35 for i in chosen]
    assert sorted(topic) == list(range(6))


def test_going_on_through_means_ends_lower_or_where_it_was():
    ends = []
    for seed in range(6):
        known = unit_rows(topics(400, 300, 8, seed=seed)[0].toarray())
        place, columns, cut = rare_first(known, 12)
        rows, weight = known.take(np.arange(len(known)), place, len(columns)), np.ones(len(known))
        start = rows.pick(start_rows(rows, weight, 12, Progress()))
        options = {"max_iter": 100, "tol": 0.0, "progress": Progress()}
        before = lloyd(rows, weight, start, cut, unit=True, **options)
        after = through_means(rows, weight, before, cut, **options)
        ends.append([found.cells.loss(True).sum() for found in (before, after)])
        still = lloyd(rows, weight, after.centers, cut, unit=True, **options)
        np.testing.assert_array_equal(still.cells.labels, after.cells.labels)
    before, after = np.array(ends).T
    assert (after <= before).all()
    assert (after < before).any()


def test_topics_are_found_and_the_inertia_is_that_of_the_labels():
    X, truth = topics()
    fitted = SphericalKMeans(8).fit(X)
    assert pt.compare(truth, fitted.labels_)["ari"] == 1.0
    unit = X.toarray() / np.linalg.norm(X.toarray(), axis=1)[:, None]
    sums = [unit[fitted.labels_ == c].sum(axis=0) for c in range(8)]
    assert fitted.inertia_ == pytest.approx(len(unit) - sum(np.linalg.norm(s) for s in sums), rel=1e-12)
    expected = np.array([s / np.linalg.norm(s) for s in sums])
    np.testing.assert_allclose(fitted.cluster_centers_.toarray(), expected, atol=1e-12)
    np.testing.assert_array_equal(fitted.labels_, (unit @ expected.T).argmax(axis=1))


def shuffled(X: sp.csr_matrix) -> sp.csr_matrix:
    """The same matrix: columns out of order, every value as two halves, zeros stored."""
    rng, (n, d) = np.random.default_rng(5), X.shape
    coo = X.tocoo()
    row = np.concatenate([coo.row, coo.row, np.arange(n)])
    column = np.concatenate([coo.col, coo.col, np.zeros(n, int)])
    value = np.concatenate([coo.data / 2, coo.data / 2, np.zeros(n)])
    order = rng.permutation(len(row))
    order = order[np.argsort(row[order], kind="stable")]
    first = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))])
    return sp.csr_matrix((value[order], column[order], first), shape=(n, d))


@pytest.mark.parametrize(
    "form",
    [
        sp.csr_array,
        sp.csc_matrix,
        sp.coo_array,
        sp.lil_matrix,
        sp.dok_matrix,
        shuffled,
        lambda X: X.toarray(),
    ],
)
def test_every_form_of_the_same_rows_gives_the_same(form):
    X = topics()[0].astype(np.float32).astype(np.float64)
    expected, found = SphericalKMeans(11).fit(X), SphericalKMeans(11).fit(form(X))
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    assert found.inertia_ == expected.inertia_
    np.testing.assert_array_equal(expected.predict(form(X)), expected.labels_)
    assert found.made_by_.fingerprint == expected.made_by_.fingerprint


def test_the_data_stay_as_they_are():
    X = shuffled(topics()[0])
    before = [a.copy() for a in (X.data, X.indices, X.indptr)]
    SphericalKMeans(5).fit(X).predict(X)
    for now, then in zip((X.data, X.indices, X.indptr), before):
        np.testing.assert_array_equal(now, then)


def test_read_only_arrays_and_wide_indices():
    X = topics()[0]
    expected = SphericalKMeans(5).fit(X).labels_
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    for array in (X.data, X.indices, X.indptr):
        array.flags.writeable = False
    np.testing.assert_array_equal(SphericalKMeans(5).fit(X).labels_, expected)


def test_rows_of_zeros_are_in_the_largest_part_and_are_counted():
    X = sp.vstack([topics()[0], sp.csr_matrix((3, 300))]).tocsr()
    fitted = SphericalKMeans(8).fit(X)
    assert fitted.labels_[-3:].tolist() == [0, 0, 0]
    assert fitted.inertia_ == pytest.approx(SphericalKMeans(8).fit(X[:-3]).inertia_ + 3)
    assert "3 rows of zeros" in fitted.made_by_.notes[0]
    assert SphericalKMeans(8).fit(X[:-3]).predict(X[-1:]).tolist() == [0]
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_nothing_but_zeros_is_one_part():
    fitted = SphericalKMeans().fit(sp.csr_matrix((4, 3)))
    assert fitted.labels_.tolist() == [0] * 4
    assert fitted.inertia_ == 4.0
    with pytest.raises(pt.InfeasibleError, match="0 distinct directions"):
        SphericalKMeans(2).fit(sp.csr_matrix((4, 3)))


def test_lengths_of_rows_make_no_difference():
    X = topics()[0]
    scale = sp.diags(2.0 ** np.random.default_rng(0).integers(-40, 40, X.shape[0]))
    np.testing.assert_array_equal(
        SphericalKMeans(8).fit(scale @ X).labels_, SphericalKMeans(8).fit(X).labels_
    )


def test_opposite_rows_cancel_and_still_have_a_cell():
    X = np.array([[1.0, 0.0], [-1.0, 0.0]])
    fitted = SphericalKMeans(1).fit(X)
    assert fitted.labels_.tolist() == [0, 0]
    assert not fitted.cluster_centers_.any()
    assert fitted.inertia_ == 2.0
    assert len(set(SphericalKMeans(2).fit(X).labels_.tolist())) == 2


def test_more_cells_than_directions_is_refused_with_the_number_that_is_possible():
    X = sp.csr_matrix(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [1.0, 0.0]]))
    with pytest.raises(pt.InfeasibleError, match="2 distinct directions") as caught:
        SphericalKMeans(3).fit(X)
    assert caught.value.smallest_relaxation == "n_clusters=2"
    assert len(set(SphericalKMeans(2).fit(X).labels_.tolist())) == 2


def test_directions_that_cosines_cannot_tell_apart_are_said():
    X = np.array([[1.0, 0.0], [1.0, 1e-12], [0.0, 1.0]])
    with pytest.raises(pt.InfeasibleError, match="only 2 apart"):
        SphericalKMeans(3).fit(X)


def test_no_cell_is_empty_when_cells_are_many():
    X = topics(500)[0]
    fitted = SphericalKMeans(450).fit(X)
    assert np.bincount(fitted.labels_, minlength=450).min() > 0
    assert fitted.n_clusters_ == 450


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (-np.inf, "infinity")])
def test_nan_and_infinity_in_sparse_rows_name_row_and_column(value: float, word: str):
    X = shuffled(topics()[0])
    fitted = SphericalKMeans(5).fit(X)
    bad = X.tolil()
    bad[7, 200] = bad[7, 100] = bad[9, 0] = value
    for use in (SphericalKMeans(5).fit, fitted.predict):
        with pytest.raises(pt.InvalidDataError, match=f"{word}.* row 7, column 100"):
            use(bad)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (sp.csr_matrix((0, 3)), "0 sample"),
        (sp.csr_matrix((3, 0)), "0 feature"),
        (sp.csr_matrix(np.eye(3) * 1j), "[Cc]omplex"),
    ],
)
def test_wrong_sparse_data(bad, words: str):
    with pytest.raises(pt.InvalidDataError, match=words):
        SphericalKMeans(1).fit(bad)


@pytest.mark.parametrize("kind", [np.float32, np.longdouble, np.int64, np.int8, bool])
def test_types_of_sparse_values(kind: type):
    X = topics()[0]
    X.data = np.rint(2 * X.data)
    X.eliminate_zeros()
    X = X.astype(kind)
    dense = X.toarray().astype(float)
    np.testing.assert_array_equal(
        SphericalKMeans(6).fit(X).labels_, SphericalKMeans(6).fit(sp.csr_matrix(dense)).labels_
    )


def test_threads_make_no_difference_to_many_rows():
    X = topics(5000)[0]
    expected = SphericalKMeans(60, n_jobs=1).fit(X)
    found = SphericalKMeans(60, n_jobs=3).fit(X)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    assert (found.cluster_centers_ != expected.cluster_centers_).nnz == 0


def test_better_than_the_peer_at_the_sum_of_cosines():
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import normalize

    X = normalize(topics(3000, k=8, seed=4)[0])
    peer = KMeans(40, n_init=1, random_state=0).fit_predict(X)
    sums = sp.csr_matrix((np.ones(3000), (peer, np.arange(3000)))) @ X
    loss = 3000 - np.sqrt(np.asarray(sums.multiply(sums).sum(axis=1))).sum()
    assert SphericalKMeans(40).fit(X).inertia_ < loss
