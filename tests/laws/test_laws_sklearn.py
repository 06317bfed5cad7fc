"""Every maker of points is a scikit-learn estimator in good standing."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator

from laws.registry import ARRAY_MAKERS, Case

every_maker = pytest.mark.parametrize("case", ARRAY_MAKERS, ids=repr)

# Siblings are numbered by how many items they hold, which is a law of the hierarchy. Rows of weight 0 and
# repeated rows are items, so the numbers of parts may change there; the parts don't (the last test below).
EXPECTED = {"check_sample_weight_equivalence_on_dense_data": "parts are numbered by how many items they hold"}


def one_of_each_class(cases: list[Case]) -> list[Case]:
    """The first case of every class: its parameters make no other scikit-learn estimator of it."""
    first: dict[type, Case] = {}
    for case in cases:
        first.setdefault(type(case.make()), case)
    return list(first.values())


ESTIMATORS = one_of_each_class([c for c in ARRAY_MAKERS if c.any_size and not c.counts_rows])


@pytest.mark.parametrize("case", ESTIMATORS, ids=repr)
def test_check_estimator(case: Case):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", SkipTestWarning)
        results = check_estimator(case.make(), expected_failed_checks=EXPECTED, on_fail=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert not failed
    assert sum(r["status"] == "passed" for r in results) > 30


@every_maker
def test_clone_and_pickle(case: Case):
    X = np.random.default_rng(1).standard_normal((180, 3))
    estimator = case.make().fit(X)
    assert clone(estimator).get_params() == case.make().get_params()
    revived = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(revived.predict(X), estimator.labels_)


@every_maker
def test_fit_predict_and_refit(case: Case):
    rng = np.random.default_rng(1)
    X, other = rng.standard_normal((180, 3)), rng.standard_normal((160, 5))
    estimator = case.make()
    labels = estimator.fit_predict(X)
    assert estimator.fit(other) is estimator
    assert estimator.n_features_in_ == 5
    np.testing.assert_array_equal(estimator.fit_predict(X), labels)


@every_maker
def test_whole_weights_are_repeated_rows(case: Case):
    """The check above, part for part: weights of 0, 1, 2, … against rows removed and repeated."""
    if case.counts_rows:
        pytest.skip("a parameter of this maker counts rows")
    rng = np.random.default_rng(2)
    X = rng.standard_normal((300, 4))
    weight = rng.integers(0, 4, len(X))
    repeated = case.make().fit(np.repeat(X, weight, axis=0)).predict(X)
    weighted = case.make().fit(X, sample_weight=weight).labels_
    pairs = np.unique(np.column_stack([repeated, weighted]), axis=0)
    assert len(pairs) == len(np.unique(repeated)) == len(np.unique(weighted))
