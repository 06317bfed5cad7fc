"""What every maker of points obeys, whatever its method."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import homogeneity_score

import partita as pt
from laws.registry import ARRAY_MAKERS, Case

every_maker = pytest.mark.parametrize("case", ARRAY_MAKERS, ids=repr)
small_makers = pytest.mark.parametrize("case", [c for c in ARRAY_MAKERS if c.any_size], ids=repr)


def blobs_and_truth(n: int = 420, d: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Six blobs of unequal size, thirty rows repeated, every value exact in float32; and who is in which."""
    rng = np.random.default_rng(3)
    centers = 6 * rng.standard_normal((6, d))
    truth = rng.choice(6, n, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    X = (centers[truth] + rng.standard_normal((n, d))).astype(np.float32)
    X[:30], truth[:30] = X[30:60], truth[30:60]
    order = rng.permutation(n)
    return X[order], truth[order]


def blobs() -> np.ndarray:
    return blobs_and_truth()[0]


@cache
def fitted(case: Case):
    """The maker fitted to the blobs: made once, and only asked."""
    return case.make().fit(blobs())


def assert_obeys(estimator, X: np.ndarray) -> None:
    """Laws of the object, and the same labels from ``predict`` at every level and several cuts."""
    h = estimator.hierarchy_
    h.check()
    assert h.n_items == len(X)
    assert estimator.labels_.dtype == np.int32
    np.testing.assert_array_equal(estimator.labels_, h.labels())
    assert estimator.n_clusters_ == len(h.levels[-1])
    np.testing.assert_array_equal(estimator.apply(X), h.item_part)
    for level in range(len(h.levels)):
        np.testing.assert_array_equal(estimator.predict(X, level=level), h.labels(level))
    for cut in (h.cut(height=float(np.median(h.height))), h.cut(level=-1)):
        np.testing.assert_array_equal(estimator.predict(X, level=cut), cut.labels)


@every_maker
def test_valid_hierarchy_and_predict_is_labels(case: Case):
    assert_obeys(fitted(case), blobs())


@every_maker
def test_equal_rows_share_a_label(case: Case):
    X = blobs()
    labels = fitted(case).labels_
    _, group = np.unique(X, axis=0, return_inverse=True)
    assert len(np.unique(np.column_stack([group, labels]), axis=0)) == group.max() + 1


@every_maker
@pytest.mark.parametrize("seed", range(2))
def test_labels_follow_rows_through_any_order(case: Case, seed: int):
    X = blobs()
    order = np.random.default_rng(seed).permutation(len(X))
    first, second = fitted(case), case.make().fit(X[order])
    np.testing.assert_array_equal(second.labels_, first.labels_[order])
    for level in range(len(first.hierarchy_.levels)):
        np.testing.assert_array_equal(second.hierarchy_.labels(level), first.hierarchy_.labels(level)[order])
    np.testing.assert_array_equal(second.hierarchy_.height, first.hierarchy_.height)


@every_maker
def test_threads_and_seeds_make_no_difference(case: Case):
    X = blobs()
    expected = fitted(case)
    for n_jobs, seed in ((1, 7), (3, 1), (2, np.random.default_rng(5))):
        found = case.make(n_jobs=n_jobs, random_state=seed).fit(X)
        np.testing.assert_array_equal(found.labels_, expected.labels_)
        np.testing.assert_array_equal(found.hierarchy_.height, expected.hierarchy_.height)


@every_maker
def test_float_types_and_layouts_make_no_difference(case: Case):
    X = blobs()
    backwards = X[::-1].astype(">f4")[::-1]
    for same in (np.asfortranarray(X.astype(np.float64)), X.tolist(), backwards):
        np.testing.assert_array_equal(case.make().fit(same).labels_, fitted(case).labels_)


@every_maker
def test_integers_are_floats(case: Case):
    X = np.rint(4 * blobs()).astype(np.int64)
    expected = case.make().fit(X.astype(np.float64)).labels_
    for kind in (np.int16, np.float16):
        np.testing.assert_array_equal(case.make().fit(X.astype(kind)).labels_, expected)


@every_maker
def test_weight_two_is_two_rows(case: Case):
    if case.counts_rows:
        pytest.skip("a parameter of this maker counts rows")
    X = blobs()
    weighted = case.make().fit(X, sample_weight=np.full(len(X), 2.0))
    doubled = case.make().fit(np.repeat(X, 2, axis=0))
    np.testing.assert_array_equal(np.repeat(weighted.labels_, 2), doubled.labels_)
    heights = [estimator.hierarchy_.height for estimator in (weighted, doubled)]
    if case.joins_equal:
        heights = [height[height > 0] for height in heights]
    np.testing.assert_array_equal(*heights)


@every_maker
def test_fit_leaves_the_data_alone_and_reads_memory_maps(case: Case, tmp_path):
    X = blobs()
    np.save(tmp_path / "rows.npy", X)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    estimator = case.make().fit(mapped)
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy"), X)
    np.testing.assert_array_equal(estimator.labels_, fitted(case).labels_)
    np.testing.assert_array_equal(estimator.predict(mapped), estimator.labels_)


@every_maker
def test_arrow_tables_and_frames(case: Case):
    pa, pd = pytest.importorskip("pyarrow"), pytest.importorskip("pandas")
    X = blobs()
    columns = {f"c{j}": X[:, j] for j in range(X.shape[1])}
    lists = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), X.shape[1])
    for same in (pa.table(columns), lists, pa.chunked_array([lists]), pa.table({"vector": lists})):
        np.testing.assert_array_equal(fitted(case).predict(same), fitted(case).labels_)
    tabled, framed = case.make().fit(pa.table(columns)), case.make().fit(pd.DataFrame(columns))
    for estimator in (tabled, framed):
        np.testing.assert_array_equal(estimator.labels_, fitted(case).labels_)
    assert framed.feature_names_in_.tolist() == list(columns)


@every_maker
def test_the_record_tells_what_was_made(case: Case):
    X = blobs()
    estimator = fitted(case)
    record = estimator.made_by_
    assert record == estimator.hierarchy_.made_by
    assert record.method == type(estimator).__name__
    assert record.version == pt.__version__
    assert record.seconds >= 0
    assert record.citation
    parameters = set(estimator.get_params())
    assert parameters - {"random_state", "n_jobs", "progress"} <= set(record.parameters) <= parameters
    assert type(record).from_json(record.to_json()).to_json() == record.to_json()
    again = case.make().fit(X[::-1])
    assert record.fingerprint == again.made_by_.fingerprint != case.make().fit(X[1:]).made_by_.fingerprint


@every_maker
def test_constant_columns_change_nothing(case: Case):
    X = blobs()
    padded = np.column_stack([np.zeros(len(X), np.float32), X, np.zeros(len(X), np.float32)])
    estimator = case.make().fit(padded)
    assert_obeys(estimator, padded)
    assert estimator.n_clusters_ > 1


@small_makers
@pytest.mark.parametrize("n", [1, 2, 3])
def test_one_two_and_three_rows(case: Case, n: int):
    X = np.array([[0.0, 1.0], [5.0, -1.0], [2.0, 2.0]])[:n]
    assert_obeys(case.make().fit(X), X)


@small_makers
@pytest.mark.parametrize("value", [0.0, -0.0, 1.0, 1e-30, 1e30, 5e-324, 1e308])
def test_all_rows_equal_end_as_one_part(case: Case, value: float):
    X = np.full((12, 3), value)
    estimator = case.make().fit(X)
    assert_obeys(estimator, X)
    assert estimator.n_clusters_ == 1
    assert not estimator.labels_.any()


@small_makers
def test_twenty_thousand_equal_rows_end(case: Case):
    X = np.zeros((20_000, 2), np.float32)
    X[:5] = 1.0
    if case.counts_rows:
        with pytest.raises(pt.InfeasibleError, match="repeated 19995 times"):
            case.make().fit(X)
    else:
        assert_obeys(case.make().fit(X), X)


@every_maker
@pytest.mark.parametrize("scale", [1e30, 2.0**-140, 1e-200, 1e150])
def test_scale_makes_no_trouble(case: Case, scale: float):
    X = blobs().astype(np.float64) * scale
    estimator = case.make().fit(X)
    assert_obeys(estimator, X)
    assert estimator.n_clusters_ > 1


@every_maker
def test_a_large_offset_hides_nothing(case: Case):
    if "cosine" in case.name:
        pytest.skip("an offset changes angles")
    X, truth = blobs_and_truth()
    X = X.astype(np.float64) + 1e9
    far = case.make().fit(X)
    assert_obeys(far, X)
    found = [homogeneity_score(truth, estimator.labels_) for estimator in (fitted(case), far)]
    assert found[1] > found[0] - 0.05


@every_maker
def test_new_rows_get_labels_that_exist(case: Case):
    estimator = fitted(case)
    far = np.array([[1e30, -1e30, 0, 0, 0], [0, 0, 0, 0, 1e-30], [3, 1, 4, 1, 5]])
    labels = estimator.predict(far)
    assert labels.dtype == np.int32
    assert ((labels >= pt.NOISE) & (labels < estimator.n_clusters_)).all()
    np.testing.assert_array_equal(estimator.predict(far[::-1]), labels[::-1])


VALUES = st.sampled_from([0.0, -0.0, 1.0, 1.5, -2.0, 1e-30, 5e-324, 1e30, -1e30, 1e9, 1e9 + 1])


@small_makers
@settings(max_examples=settings().max_examples // 3)
@given(data=st.data())
def test_any_small_matrix(case: Case, data: st.DataObject):
    shape = data.draw(st.tuples(st.integers(1, 30), st.integers(1, 3)))
    elements = data.draw(st.sampled_from([VALUES, st.integers(-3, 3).map(float), st.floats(-1e6, 1e6)]))
    X = data.draw(hnp.arrays(np.float64, shape, elements=elements))
    order = np.array(data.draw(st.permutations(range(len(X)))))
    try:
        estimator = case.make().fit(X)
    except pt.InfeasibleError:
        assert case.counts_rows or np.abs(X[X != 0]).min() < 1e-20 * np.abs(X).max()
        return
    assert_obeys(estimator, X)
    np.testing.assert_array_equal(case.make(n_jobs=2).fit(X[order]).labels_, estimator.labels_[order])
