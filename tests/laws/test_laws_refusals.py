"""What every maker of points refuses, and how it says so."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import scipy.sparse as sp

import partita as pt
from laws.registry import ARRAY_MAKERS, Case
from partita._core.params import Integer, OneOf, Optional, Real

every_maker = pytest.mark.parametrize("case", ARRAY_MAKERS, ids=repr)


def rows() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((200, 4))


@cache
def fitted(case: Case):
    """The maker fitted to the rows: made once, and only asked."""
    return case.make().fit(rows())


@every_maker
@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_nan_and_infinity_name_row_and_column(case: Case, value: float, word: str, kind: type):
    X = rows().astype(kind)
    X[17, 2] = X[30, 1] = value
    for use in (case.make().fit, fitted(case).predict):
        with pytest.raises(pt.InvalidDataError, match=rf"{word}.* row 17, column 2"):
            use(X)


@every_maker
def test_frames_name_the_column(case: Case):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(rows(), columns=["a", "b", "c", "d"])
    frame.loc[3, "c"] = np.nan
    with pytest.raises(pt.InvalidDataError, match=r"row 3, column 2 \('c'\)"):
        case.make().fit(frame)


@every_maker
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.empty((0, 3)), "0 sample"),
        (np.empty((3, 0)), "0 feature"),
        (np.zeros(5), "Reshape your data"),
        (np.zeros((4, 3, 2)), "dim 3"),
        (np.float64(3.0), "2D"),
        (np.zeros((3, 2), complex), "[Cc]omplex"),
        (np.array([["a", "b"], ["c", "d"]]), "not numbers"),
        (np.array([[1.0, "b"], [2.0, "d"]], dtype=object), "row 0, column 1"),
        (np.array([["2020-01-01"]], dtype="M8[D]"), "not numbers"),
        (sp.csr_array(np.eye(4)), "toarray"),
        (sp.coo_matrix(np.eye(4)), "toarray"),
        ("some text", "2D"),
        (None, "2D"),
        ([[1.0, 2.0], [3.0]], "inhomogeneous"),
        ([[10**400]], "too large"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:12],
)
def test_wrong_data(case: Case, bad, words: str):
    if case.takes_sparse and sp.issparse(bad):
        pytest.skip("this maker takes sparse rows")
    with pytest.raises(pt.InvalidDataError, match=words):
        case.make().fit(bad)


@every_maker
def test_wrong_number_of_columns(case: Case):
    with pytest.raises(pt.InvalidDataError, match="4 features"):
        fitted(case).predict(rows()[:, :3])


@every_maker
def test_predict_before_fit(case: Case):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        case.make().predict(rows())


@every_maker
@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (np.ones(3), "wrong shape"),
        (np.ones((200, 2)), "wrong shape"),
        (np.full(200, -1.0), "row 0"),
        (np.where(np.arange(200) == 9, np.nan, 1.0), "row 9"),
        (np.where(np.arange(200) == 9, np.inf, 1.0), "row 9"),
        (np.zeros(200), "zero everywhere"),
        (["a"] * 200, "numbers"),
    ],
)
def test_wrong_weights(case: Case, weight, words: str):
    with pytest.raises(pt.InvalidDataError, match=words):
        case.make().fit(rows(), sample_weight=weight)


@every_maker
def test_cuts_of_others_are_refused(case: Case):
    first, second = fitted(case), case.make().fit(rows()[:150])
    for level in (second.hierarchy_.cut(level=-1), "fine", None, pt.Partition(first.labels_)):
        with pytest.raises(pt.PartitaError):
            first.predict(rows(), level=level)
    with pytest.raises(pt.PartitaError):
        first.predict(rows(), level=99)


def wrong_values(rule) -> list:
    """Values that a declared rule does not allow, made from the rule."""
    wrong: list = [object(), [1], "no such word", b"x"]
    inner = rule.rule if isinstance(rule, Optional) else rule
    if isinstance(inner, (Integer, Real)):
        wrong += [True, float("nan"), float("inf")]
        wrong += [] if inner.low is None else [inner.low - 1]
        wrong += [] if inner.high is None else [inner.high + 1]
    if isinstance(inner, Integer):
        wrong.append(1.5)
    if isinstance(inner, OneOf):
        wrong.append(3)
    return wrong


@every_maker
def test_every_parameter_has_a_rule_and_keeps_it(case: Case):
    estimator = case.make()
    assert set(estimator._rules) == set(estimator.get_params())
    for name, rule in estimator._rules.items():
        for value in wrong_values(rule):
            with pytest.raises(pt.InvalidParameterError, match=name) as caught:
                case.make(**{name: value}).fit(rows())
            assert caught.value.name == name
            assert caught.value.allowed == rule.describe()
