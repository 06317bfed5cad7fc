"""What every maker of documents obeys."""

from __future__ import annotations

import numpy as np
import pytest

import partita as pt
from laws.registry import TEXT_MAKERS, Case

every_maker = pytest.mark.parametrize("case", TEXT_MAKERS, ids=repr)

SUBJECTS = {
    "sea": "ship harbour wave anchor sail captain storm tide",
    "bread": "flour oven dough crust yeast baker salt loaf",
    "sky": "star planet orbit comet telescope moon galaxy night",
    "law": "court judge verdict appeal witness jury clause statute",
}


def documents(n: int = 160) -> list[str]:
    """Short texts on four subjects, ten of them twice."""
    rng = np.random.default_rng(0)
    subjects = list(SUBJECTS.values())
    texts = [" ".join(rng.choice(subjects[i % 4].split(), 6)) for i in range(n - 10)]
    return texts + texts[:10]


@every_maker
def test_valid_hierarchy_and_predict_is_labels(case: Case):
    texts = documents()
    fitted = case.make().fit(texts)
    h = fitted.hierarchy_
    h.check()
    np.testing.assert_array_equal(fitted.apply(texts), h.item_part)
    for level in range(len(h.levels)):
        np.testing.assert_array_equal(fitted.predict(texts, level=level), h.labels(level))
    np.testing.assert_array_equal(fitted.labels_, h.labels())
    np.testing.assert_array_equal(fitted.labels_[-10:], fitted.labels_[:10])
    assert fitted.labels_.dtype == np.int32


@every_maker
@pytest.mark.parametrize("seed", range(3))
def test_labels_follow_documents_through_any_order(case: Case, seed: int):
    texts = documents()
    order = np.random.default_rng(seed).permutation(len(texts))
    expected = case.make(n_jobs=1).fit(texts)
    found = case.make(n_jobs=2, random_state=seed).fit([texts[i] for i in order])
    np.testing.assert_array_equal(found.labels_, expected.labels_[order])
    np.testing.assert_array_equal(found.hierarchy_.height, expected.hierarchy_.height)


@every_maker
@pytest.mark.parametrize("texts", [["one"], ["a", "b"], [""], ["", " ", "\n"], ["same words here"] * 30])
def test_few_empty_and_equal_documents(case: Case, texts: list[str]):
    fitted = case.make().fit(texts)
    fitted.hierarchy_.check()
    assert len(fitted.labels_) == len(texts)
    np.testing.assert_array_equal(fitted.predict(texts), fitted.labels_)


@every_maker
@pytest.mark.parametrize("bad", [[], ["a", 3], ["a", None], [["a"]], np.ones((3, 2))])
def test_what_is_no_text_is_refused(case: Case, bad):
    with pytest.raises(pt.InvalidDataError):
        case.make().fit(bad)


@every_maker
def test_record_and_parameters(case: Case):
    fitted = case.make().fit(documents())
    assert set(fitted._rules) == set(fitted.get_params())
    record = fitted.made_by_
    assert record.method == type(fitted).__name__
    assert type(record).from_json(record.to_json()).to_json() == record.to_json()
