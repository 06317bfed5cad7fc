"""The nearest centre: right, and the same from any block, order, thread count and BLAS."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oracles import points as oracle
from partita._core.threads import thread_scope
from partita.kernels.assign import distance_exact, frame_row
from partita.kernels.lloyd import cells_mean, labels_group
from partita.kernels.near import lowest_place, scores_best, scores_within
from partita.points._nearest import Frame, Nearest
from partita.points._refine import near_centers, search_near
from partita.points._sample import Cells, Sample, assign_all, move_centers
from partita.points._start import start_centers


def plain_frame(d: int) -> Frame:
    return Frame(np.zeros(d), 1.0, False)


def found(
    X: np.ndarray, centers: np.ndarray, rows: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """All centres behind one guide: the plain search."""
    rows = np.arange(len(X)) if rows is None else rows
    labels, distances = np.full(len(X), -7, np.int32), np.full(len(X), np.nan)
    nearest = Nearest(plain_frame(X.shape[1]), centers, centers[:1], [np.arange(len(centers))])
    nearest.find(X, rows, labels, distances)
    return labels[rows], distances[rows]


def sample_of(X: np.ndarray, weight: np.ndarray | None = None) -> Sample:
    X = np.ascontiguousarray(X, np.float32)
    return Sample(X, np.ones(len(X)) if weight is None else weight, (X * X).sum(1, dtype=np.float32))


@given(
    X=hnp.arrays(np.float64, (12, 3), elements=st.integers(-4, 4).map(float)),
    centers=hnp.arrays(
        np.float64, st.tuples(st.integers(1, 9), st.just(3)), elements=st.integers(-4, 4).map(float)
    ),
)
def test_ties_go_to_the_lowest_index_exactly(X, centers):
    labels, distances = found(X, centers)
    np.testing.assert_array_equal(labels, oracle.nearest_exactly(X, centers))
    np.testing.assert_array_equal(distances, oracle.nearest(X, centers)[1])


def test_ties_among_many_centres_go_to_the_lowest_index():
    centers = np.random.default_rng(0).standard_normal((200, 5))
    for low, high in ((1, 64), (3, 130), (65, 128), (7, 71)):
        centers[high] = centers[low]
        labels, distances = found(centers[[high]], centers)
        assert labels.tolist() == [low]
        assert distances.tolist() == [0.0]


@pytest.mark.parametrize("gap", [1e-6, 1e-9, 1e-12])
def test_near_ties_below_float32_are_decided_in_float64(gap):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 40))
    base = X + 0.3 * rng.standard_normal(X.shape)
    for x, b in zip(X[:40], base):
        nearer = x + (b - x) * (1 - gap)
        labels, _ = found(x[None], np.array([b, nearer, b]))
        assert labels[0] == 1


@pytest.mark.parametrize(
    ("n", "k", "d"), [(1, 1, 1), (700, 64, 7), (900, 65, 9), (500, 200, 130), (300, 1000, 3)]
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_against_the_twin(n, k, d, kind):
    rng = np.random.default_rng(n)
    X, centers = rng.standard_normal((n, d)).astype(kind), rng.standard_normal((k, d))
    labels, distances = found(X, centers)
    expected, squared = oracle.nearest(X, centers)
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_allclose(distances, squared, rtol=1e-12)


def test_the_company_of_a_row_does_not_matter():
    rng = np.random.default_rng(5)
    centers = rng.standard_normal((150, 96))
    X = np.repeat(centers, 4, axis=0)[:500] + 1e-4 * rng.standard_normal((500, 96))
    X[::5] = (centers[:100] + centers[1:101]) / 2
    labels, distances = found(X, centers)
    order = rng.permutation(len(X))
    with thread_scope(2):
        again, far = found(X, centers, order)
    np.testing.assert_array_equal(again, labels[order])
    np.testing.assert_array_equal(far, distances[order])
    for i in range(0, 500, 25):
        alone, own = found(X[i : i + 1], centers)
        assert alone[0] == labels[i]
        assert own[0] == distances[i]


def test_rows_outside_float32_still_find_their_centre():
    centers = np.array([[0.0, 0.0], [1e12, 0.0], [-1e12, 1.0], [0.0, 1e-12]])
    X = np.array([[1e26, 1e26], [-1e26, 1e26], [1e39, 0.0], [-1e39, 0.0], [1e200, 1.0], [0.0, 1e-12]])
    labels, distances = found(X, centers)
    expected, squared = oracle.nearest(X[:4], centers)
    np.testing.assert_array_equal(labels[:4], expected)
    np.testing.assert_allclose(distances[:4], squared)
    assert labels[4] == 0
    assert labels[5] == 3


def test_guides_lead_to_their_cells():
    centers = np.array([[0.0], [1.0], [10.0], [11.0]])
    guides, lists = np.array([[0.5], [10.5]]), [np.array([0, 1]), np.array([2, 3])]
    nearest = Nearest(plain_frame(1), centers, guides, lists)
    X = np.array([[-3.0], [0.6], [5.4], [5.6], [10.2], [99.0]])
    labels, distances = np.empty(6, np.int32), np.empty(6)
    nearest.find(X, np.arange(6), labels, distances)
    assert labels.tolist() == [0, 1, 1, 2, 2, 3]
    np.testing.assert_allclose(distances, [9, 0.16, 4.4**2, 4.4**2, 0.04, 88**2])
    nearest.moved(np.array([3]), np.array([[-3.0]])).find(X, np.arange(6), labels, distances)
    assert labels.tolist() == [3, 1, 1, 2, 2, 2]


@given(X=hnp.arrays(np.float64, (5, 4), elements=st.floats(-1e3, 1e3)))
def test_the_frame_is_what_it_says(X):
    shift, out = np.array([1.0, 2.0, 0.0, -1.0]), np.empty(4)
    for row in X:
        frame_row(row, shift, 0.25, False, out)
        np.testing.assert_array_equal(out, row * 0.25 - shift)
        frame_row(row, np.zeros(4), 1.0, True, out)
        length = np.linalg.norm(row / max(np.abs(row).max(), 1e-300))
        np.testing.assert_allclose(np.linalg.norm(out), 1.0 if length else 0.0, rtol=1e-14)


@pytest.mark.parametrize("d", [1, 7, 8, 9, 33])
def test_distances_and_lowest_scores(d):
    rng = np.random.default_rng(d)
    a, b = rng.standard_normal(d), rng.standard_normal(d)
    assert distance_exact(a, b) == pytest.approx(((a - b) ** 2).sum(), rel=1e-14)
    products, half = rng.standard_normal((2, 20 * d)).astype(np.float32)
    scores = half - products
    assert scores_best(products, half) == scores.argmin()
    np.testing.assert_array_equal(products, scores)
    scores[2::3] = -9.0
    assert lowest_place(scores) == 2
    assert scores_within(scores, np.float32(-9.0)) == (len(scores[2::3]), np.arange(20 * d)[2::3].sum())


@given(
    labels=hnp.arrays(np.intp, st.integers(0, 50), elements=st.integers(0, 5)),
    seed=st.integers(0, 99),
)
def test_means_of_cells(labels, seed):
    rng = np.random.default_rng(seed)
    X, weight = rng.standard_normal((len(labels), 3)).astype(np.float32), rng.uniform(0.1, 3, len(labels))
    first, members = np.empty(7, np.intp), np.empty(len(labels), np.intp)
    labels_group(labels, first, members)
    for cell in range(6):
        assert members[first[cell] : first[cell + 1]].tolist() == np.flatnonzero(labels == cell).tolist()
    centers, mass = rng.standard_normal((6, 3)), np.empty(6)
    expected, total = oracle.lloyd_step(X, weight, labels, centers)
    cells_mean(X, weight, first, members, 0, 6, centers, mass)
    np.testing.assert_array_equal(mass, total)
    np.testing.assert_array_equal(centers, expected)


def test_assign_on_a_sample_and_near_cells():
    rng = np.random.default_rng(3)
    X, centers = rng.standard_normal((2000, 6)), rng.standard_normal((300, 6))
    sample = sample_of(X)
    cells = assign_all(sample, centers)
    expected, squared = oracle.nearest(sample.points, centers)
    assert (cells.labels == expected).mean() > 0.999
    np.testing.assert_allclose(cells.distances, squared, atol=1e-5)
    near = near_centers(centers, 5)
    apart = ((centers[:, None] - centers[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(
        near.centers.reshape(300, 5), np.sort(np.argsort(apart, axis=1)[:, :5], axis=1)
    )
    nowhere = Cells(np.zeros(2000, np.intp), np.zeros(2000))
    everywhere = search_near(sample, centers, nowhere, near_centers(centers, 300))
    assert (everywhere.labels == expected).mean() > 0.999
    some = search_near(sample, centers, cells, near)
    np.testing.assert_array_equal(some.labels, cells.labels)


def test_an_empty_cell_takes_the_farthest_row():
    X = np.array([[0.0], [1.0], [2.0], [50.0]])
    sample = sample_of(X)
    centers = np.array([[1.0], [-100.0]])
    move_centers(sample, assign_all(sample, centers), centers)
    assert centers.ravel().tolist() == [13.25, 50.0]


def test_starts_are_far_apart_and_heed_weights():
    rng = np.random.default_rng(0)
    middle = np.repeat(np.arange(8) * 100.0, 50)
    X = rng.permutation(middle)[:, None] + rng.standard_normal((400, 1))
    starts = np.rint(start_centers(sample_of(X), 8).ravel() / 100)
    assert sorted(starts.tolist()) == list(range(8))
    weight = np.where(np.rint(X.ravel() / 100) < 4, 1.0, 0.0)
    assert start_centers(sample_of(X, weight), 4).max() < 350


def test_far_rows_look_at_the_lists_of_the_next_guides():
    centers = np.array([[0.0, 0.0], [10.0, 0.0], [4.2, 0.0], [4.2, 0.0]])
    guides, lists = np.array([[0.0, 0.0], [10.0, 0.0]]), [np.array([0]), np.array([1, 2, 3])]
    rows = np.array([[4.0, 0.0], [1.0, 0.0], [9.0, 0.0]])
    labels, distances = np.empty(3, np.int32), np.empty(3)
    for far, expected in ((np.full(4, 1.0), [2, 0, 1]), (np.full(4, 16.0), [0, 0, 1])):
        nearest = Nearest(plain_frame(2), centers, guides, lists, far=far)
        nearest.find(rows, np.arange(3), labels, distances)
        assert labels.tolist() == expected
        np.testing.assert_array_equal(distances, ((rows - centers[labels]) ** 2).sum(axis=1))
