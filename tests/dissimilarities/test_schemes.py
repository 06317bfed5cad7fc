"""``check_scheme``: theorems come out as they must, and every witness is one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans

import partita as pt
from oracles.schemes import non_expansive
from partita.dissimilarities import ExcisiveClustering, SchemeReport, check_scheme
from partita.dissimilarities._scheme import separated
from partita.dissimilarities._spaces import FAMILIES, draw_space
from partita.dissimilarities._trials import LAWS

EVERY = tuple(law.name for law in LAWS)


def labels_of(estimator, data: np.ndarray) -> np.ndarray:
    return separated(clone(estimator).fit(data).labels_)


def assert_is_counter_example(estimator, report: SchemeReport, name: str) -> None:
    """What the witness says, computed anew."""
    witness = report[name].witness
    i, j = witness.pair
    before, after = labels_of(estimator, witness.first), labels_of(estimator, witness.second)
    np.testing.assert_array_equal(before, separated(witness.first_labels))
    where = dict(witness.matched.tolist())
    assert before[i] == before[j]
    assert after[where[i]] != after[where[j]]
    if name == "excisiveness":
        assert set(witness.matched[:, 0]) == set(np.flatnonzero(before == before[i]))
    else:
        assert non_expansive(witness, report.kind)


@pytest.mark.parametrize("kind", ["points", "distances"])
def test_single_linkage_at_a_fixed_height_passes_all(kind: str):
    metric = "precomputed" if kind == "distances" else "euclidean"
    for estimator in (
        ExcisiveClustering(2, height=1.0, metric=metric),
        AgglomerativeClustering(None, metric=metric, linkage="single", distance_threshold=37.0),
    ):
        report = check_scheme(estimator)
        assert report.kind == kind
        assert report.passed, str(report)
        assert all(result.n_telling > 10 for result in report)


@pytest.mark.parametrize("m", [3, 4])
@pytest.mark.parametrize("metric", ["precomputed", "euclidean"])
def test_larger_cliques_pass_injective_maps_and_fail_where_items_coincide(m: int, metric: str):
    estimator = ExcisiveClustering(m, height=1.0, metric=metric)
    report = check_scheme(estimator)
    assert report.failed == ("collapsed points",), str(report)
    assert_is_counter_example(estimator, report, "collapsed points")
    # As few items as can be: a clique of m, two of which fall together.
    assert len(report["collapsed points"].witness.first) == m


@pytest.mark.parametrize(
    "estimator", [KMeans(3, n_init=2, random_state=0), pt.points.KMeans(3)], ids=["theirs", "ours"]
)
def test_k_means_with_fixed_k_fails_excisiveness(estimator):
    report = check_scheme(estimator, properties=["excisiveness", "added points"])
    assert set(report.failed) == {"excisiveness", "added points"}
    for name in report.failed:
        assert_is_counter_example(estimator, report, name)
    assert len(report["excisiveness"].witness.second) == 3


def test_our_k_means_depends_neither_on_the_order_of_rows_nor_on_scale():
    assert check_scheme(pt.points.KMeans(3), properties=["permutation", "scale"], n_trials=20).passed


def test_linkages_other_than_single_fail_when_items_are_added():
    for linkage in ("complete", "average"):
        estimator = AgglomerativeClustering(None, linkage=linkage, distance_threshold=1.0)
        report = check_scheme(estimator, properties=["added points", "scale"], n_trials=120)
        assert report.failed == ("added points",), str(report)
        assert_is_counter_example(estimator, report, "added points")


def test_border_items_of_dbscan_can_be_torn_from_their_block():
    estimator = DBSCAN(eps=0.5, min_samples=3)
    report = check_scheme(estimator, n_trials=400, properties=["scale", "added points", "excisiveness"])
    assert report["scale"].passed
    for name in report.failed:
        assert_is_counter_example(estimator, report, name)


def test_a_fixed_threshold_is_not_the_same_at_all_scales():
    estimator = ExcisiveClustering(2, height=1.0, metric="euclidean")
    assert check_scheme(estimator, properties=["scale"]).passed
    report = check_scheme(estimator, properties=["scale"], lengths=())
    assert report.failed == ("scale",)
    assert report["scale"].witness.factor != 1.0

    def single(X: np.ndarray) -> np.ndarray:
        return ExcisiveClustering(2, height=1.0, metric="euclidean").fit(X).labels_

    called = check_scheme(single, n_trials=20)
    assert called.failed == ("scale",)
    assert called.estimator == "single"


def test_a_scheme_that_looks_at_positions_fails_permutation_with_two_items():
    def halves(X: np.ndarray) -> np.ndarray:
        return (np.arange(len(X)) >= len(X) / 2).astype(int)

    witness = check_scheme(halves, properties=["permutation"])["permutation"].witness
    assert len(witness.first) == 3


def test_reports_are_the_same_again_and_read_well():
    first, second = (check_scheme(ExcisiveClustering(3, height=2.0), n_trials=20) for _ in range(2))
    assert str(first) == str(second)
    assert not first.passed
    assert [result.name for result in first] == list(EVERY)
    text = str(first)
    assert "collapsed points  FAILED" in text
    assert "scaled along: height" in text
    alone = check_scheme(ExcisiveClustering(3, height=2.0), properties=["excisiveness"], n_trials=20)
    assert str(alone["excisiveness"]) == str(first["excisiveness"])


def test_trials_on_given_data():
    X = np.random.default_rng(0).standard_normal((40, 3))
    report = check_scheme(KMeans(2, n_init=1), X, properties=["excisiveness"])
    witness = report["excisiveness"].witness
    assert {tuple(row) for row in witness.first} <= {tuple(row) for row in X}
    D = np.abs(X[:, :1] - X[:, 0])
    assert check_scheme(ExcisiveClustering(2, height=0.1), D, n_trials=20).passed


def test_estimators_that_refuse_are_counted():
    def picky(X: np.ndarray) -> np.ndarray:
        raise ValueError("no")

    report = check_scheme(picky, n_trials=5)
    assert report.passed
    assert all(result.n_refused == 5 and not result.n_telling for result in report)


@pytest.mark.parametrize("kind", ["points", "distances"])
@pytest.mark.parametrize("law", [law for law in LAWS if law.name != "excisiveness"], ids=lambda law: law.name)
def test_maps_are_what_they_say(law, kind: str):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        space = draw_space(rng, kind, int(rng.integers(4, 12)), 1.0, None)
        trial = law.draw(rng, space, kind)
        assert non_expansive(trial, kind)
        one, two = trial.matched.T
        assert len(set(one)) == len(one) == len(trial.first)
        assert (len(set(two)) == len(two)) == (law.name != "collapsed points")


def test_families_are_distinct_spaces():
    rng = np.random.default_rng(0)
    for draw in FAMILIES.values():
        points = draw(rng, 12)
        assert len(points) == 12
        assert np.isfinite(points).all()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"n_trials": 0}, "n_trials"),
        ({"kind": "point"}, "kind"),
        ({"properties": ["excisive"]}, "property"),
        ({"lengths": ["hight"]}, "height"),
        ({"random_state": None}, "random_state"),
        ({"X": np.array([[np.nan], [0.0]])}, "X"),
    ],
)
def test_arguments_are_checked(wrong: dict, word: str):
    with pytest.raises(pt.InvalidParameterError, match=word):
        check_scheme(ExcisiveClustering(metric="euclidean", height=1.0), **wrong)
    with pytest.raises(pt.InvalidParameterError, match="fit"):
        check_scheme("kmeans")
