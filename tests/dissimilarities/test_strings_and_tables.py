"""Edit distances and Gower's: kernels against slow twins, and medoids of strings and tables."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import partita as pt
from oracles.medoids import edit_distance, gower
from partita.dissimilarities import KMedoids
from partita.dissimilarities._mixed import MixedItems
from partita.dissimilarities._strings import StringItems

WORDS = st.lists(
    st.text("abé𝄞", max_size=12) | st.text("ab", min_size=60, max_size=140), min_size=1, max_size=6
)


@settings(max_examples=60)
@given(texts=WORDS)
def test_edit_distances_are_those_of_the_table(texts: list[str]):
    items = StringItems(texts, None)
    D = items.matrix()[np.ix_(items.inverse, items.inverse)]
    expected = [[edit_distance(a, b) for b in texts] for a in texts]
    np.testing.assert_array_equal(D, expected)


def test_strings_through_the_same_call():
    texts = ["kitten", "sitting", "mitten", "saturday", "sunday", "monday", "kitten"]
    found = KMedoids(2, metric="edit").fit(texts)
    assert found.labels_[0] == found.labels_[2] == found.labels_[6] != found.labels_[3]
    assert found.predict(["bitten", "someday", "", "ж"]).tolist()[:2] == [found.labels_[0], found.labels_[4]]
    np.testing.assert_array_equal(found.predict(texts), found.labels_)
    np.testing.assert_array_equal(KMedoids(2, metric="edit").fit(texts[::-1]).labels_, found.labels_[::-1])
    assert pt.divide(texts, method="kmedoids", n_clusters=2).labels().tolist() == found.labels_.tolist()


@pytest.mark.parametrize(
    ("bad", "words"),
    [([], "0 sample"), (["a", 3], "Row 1"), ("abc", "sequence of strings"), (np.zeros((2, 2)), "Row 0")],
)
def test_what_are_no_strings(bad, words: str):
    with pytest.raises(pt.InvalidDataError, match=words):
        KMedoids(1, metric="edit").fit(bad)


def test_strings_of_the_four_letters(real_data):
    pytest.importorskip("numba")
    folder = real_data("strings-actg")
    with gzip.open(folder / "actg1.data.gz", "rt") as lines:
        texts = lines.read().split()
    truth = np.loadtxt(folder / "actg1.labels0.gz", dtype=int)
    found = KMedoids(len(np.unique(truth)), metric="edit").fit(texts)
    assert pt.compare(truth, found.labels_)["ari"] > 0.5


def table(n: int = 60, seed: int = 0):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n).astype(float),
            "work": rng.choice(["office", "field", "none"], n),
            "same": np.ones(n),
            "pay": rng.lognormal(10, 1, n),
        }
    )
    frame.loc[3, "age"] = np.nan
    frame.loc[[5, 9], "work"] = None
    return frame


def test_gowers_distance_is_that_of_the_definition():
    frame = table()
    items = MixedItems(frame, None)
    D = items.matrix()[np.ix_(items.inverse, items.inverse)]
    rows = [
        {name: None if value is None or value != value else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
    ranges = {name: float(frame[name].max() - frame[name].min()) for name in ("age", "same", "pay")}
    np.testing.assert_allclose(D, gower(rows, ranges), atol=1e-6)


def test_tables_through_the_same_call():
    pa = pytest.importorskip("pyarrow")
    frame = table(200)
    found = KMedoids(4, metric="gower").fit(frame)
    assert "same" in " ".join(found.made_by_.notes)
    np.testing.assert_array_equal(found.predict(frame), found.labels_)
    np.testing.assert_array_equal(
        KMedoids(4, metric="gower").fit(pa.Table.from_pandas(frame)).labels_, found.labels_
    )
    back = KMedoids(4, metric="gower").fit(frame.iloc[::-1])
    np.testing.assert_array_equal(back.labels_[::-1], found.labels_)
    strange = frame.iloc[:2].assign(work="sea")
    assert found.predict(strange).shape == (2,)


def test_what_is_no_table():
    pd = pytest.importorskip("pandas")
    with pytest.raises(pt.InvalidDataError, match="needs a table"):
        KMedoids(2, metric="gower").fit(np.zeros((3, 3)))
    with pytest.raises(pt.InvalidDataError, match="Row 1 of X has no value"):
        KMedoids(1, metric="gower").fit(pd.DataFrame({"a": [1.0, np.nan, 2.0], "b": ["x", None, "y"]}))
    with pytest.raises(pt.InvalidDataError, match="infinity in row 2, column 'a'"):
        KMedoids(1, metric="gower").fit(pd.DataFrame({"a": [1.0, 3.0, np.inf]}))
    with pytest.raises(pt.InvalidDataError, match="two different values"):
        KMedoids(1, metric="gower").fit(pd.DataFrame({"a": [1.0, 1.0]}))
    with pytest.raises(pt.InvalidDataError, match="not those of the fit"):
        KMedoids(2, metric="gower").fit(table()).predict(table()[["age", "pay"]])


def test_the_adult_table(real_data):
    csv = pytest.importorskip("pyarrow.csv")
    adult = csv.read_csv(real_data("tables-fair", "data", "adult.csv")).slice(0, 3000)
    found = KMedoids(8, metric="gower").fit(adult)
    batch = KMedoids(8, metric="gower", method="onebatch").fit(adult)
    assert batch.inertia_ <= 1.02 * found.inertia_
    np.testing.assert_array_equal(found.predict(adult), found.labels_)
