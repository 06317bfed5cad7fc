"""What every maker of parts of a graph obeys."""

from __future__ import annotations

import inspect
import pickle
from functools import cache

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

import partita as pt
from laws.graph_samples import SQUARE, broken, files, n_items, other_forms, placed, renumbered, sample
from laws.registry import GRAPH_MAKERS, GraphCase
from laws.test_laws_refusals import wrong_values
from partita.hierarchy.maker import HierarchyMaker

every_maker = pytest.mark.parametrize("case", GRAPH_MAKERS, ids=repr)


@cache
def fitted(case: GraphCase):
    """The maker fitted to its sample: made once, and only asked."""
    return case.make().fit(sample(case.takes))


def assert_obeys(estimator, n: int) -> None:
    """Laws of the object and its levels, and cuts that hold what was asked."""
    h = estimator.hierarchy_
    h.check()
    assert h.n_items == n
    assert estimator.labels_.dtype == np.int32
    np.testing.assert_array_equal(estimator.labels_, h.labels())
    assert estimator.n_clusters_ == len(h.levels[-1])
    for level in range(1, len(h.levels)):
        fine, coarse = h.labels(level), h.labels(level - 1)
        held = fine >= 0
        assert len({*zip(fine[held].tolist(), coarse[held].tolist())}) == len(set(fine[held].tolist()))
    for k in range(1, min(n, 8)):
        try:
            cut = h.cut(n_clusters=k)
        except pt.InfeasibleError:
            assert k > 1
        else:
            assert len(set(cut.labels[cut.labels >= 0].tolist())) == k


def test_every_maker_is_here():
    names = {type(case.make()).__name__ for case in GRAPH_MAKERS}
    makers = {name for name in pt.graphs.__all__ if inspect.isclass(getattr(pt.graphs, name))}
    assert names == {name for name in makers if issubclass(getattr(pt.graphs, name), HierarchyMaker)}


@every_maker
def test_valid_hierarchy_with_parts(case: GraphCase):
    assert_obeys(fitted(case), n_items(case.takes, sample(case.takes)))
    assert fitted(case).n_clusters_ > (0 if "local" in case.name else 1)


@every_maker
@pytest.mark.parametrize("seed", range(2))
def test_labels_follow_nodes_through_any_order(case: GraphCase, seed: int):
    A, order = renumbered(case.takes, sample(case.takes), np.random.default_rng(seed))
    first, second = fitted(case).hierarchy_, placed(case, order).fit(A).hierarchy_
    assert len(first.levels) == len(second.levels)
    for level in range(len(first.levels)):
        np.testing.assert_array_equal(second.labels(level), first.labels(level)[order])
    np.testing.assert_array_equal(second.height, first.height)
    assert second.made_by.fingerprint == first.made_by.fingerprint


@every_maker
def test_threads_and_seeds_make_no_difference(case: GraphCase):
    """Where a seed chooses the searches, one seed gives the same for any number of threads."""
    maker = case.make()
    options = maker.get_params()
    if "n_jobs" in options:
        for n_jobs in (1, 3):
            found = case.make(n_jobs=n_jobs).fit(sample(case.takes))
            np.testing.assert_array_equal(found.labels_, fitted(case).labels_)
            np.testing.assert_array_equal(found.hierarchy_.height, fitted(case).hierarchy_.height)
    if "random_state" in options:
        one, other = (case.make(random_state=seed).fit(sample(case.takes)).labels_ for seed in (7, 7))
        np.testing.assert_array_equal(one, other)
        if "without effect" in (type(maker).__doc__ or ""):
            np.testing.assert_array_equal(one, fitted(case).labels_)


@every_maker
def test_forms_and_types_make_no_difference(case: GraphCase):
    for same in other_forms(case.takes, sample(case.takes)):
        found = case.make().fit(same)
        np.testing.assert_array_equal(found.labels_, fitted(case).labels_, err_msg=type(same).__name__)


@every_maker
def test_files_make_no_difference(case: GraphCase, tmp_path):
    A = sample(case.takes)
    for path, options in files(case.takes, A, tmp_path):
        source = pt.io.read(path, **options)
        maker = case.make()
        if source.names is not None and "seed" in maker.get_params():
            maker.set_params(seed=source.names[0])
        data = source.data if case.takes == "table" else source
        np.testing.assert_array_equal(maker.fit(data).labels_, fitted(case).labels_, err_msg=path.name)


@every_maker
def test_fit_leaves_the_graph_alone(case: GraphCase):
    A = sp.csr_array(sample(case.takes), copy=True)
    for array in (A.data, A.indices, A.indptr):
        array.flags.writeable = False
    np.testing.assert_array_equal(case.make().fit(A).labels_, fitted(case).labels_)


@every_maker
def test_the_record_tells_what_was_made(case: GraphCase):
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
    A = sp.csr_array(sample(case.takes), copy=True)
    A = A + A  # other weights, the same structure
    assert record.fingerprint != case.make().fit(A).made_by_.fingerprint


@every_maker
def test_clone_pickle_and_refit(case: GraphCase, tmp_path):
    A = sample(case.takes)
    estimator = case.make()
    assert clone(estimator).get_params() == estimator.get_params()
    labels = estimator.fit_predict(A)
    np.testing.assert_array_equal(labels, fitted(case).labels_)
    fewer = A[:30, :30] if case.takes in SQUARE else A[:40]
    assert estimator.fit(fewer) is estimator
    assert len(estimator.labels_) == n_items(case.takes, fewer)
    np.testing.assert_array_equal(estimator.fit(A).labels_, labels)
    revived = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(revived.labels_, labels)
    revived.hierarchy_.save(tmp_path / "parts")
    np.testing.assert_array_equal(pt.load(tmp_path / "parts").labels(), labels)


@every_maker
def test_parameters_keep_their_rules(case: GraphCase):
    estimator = case.make()
    assert set(estimator._rules) <= set(estimator.get_params())
    for name, rule in estimator._rules.items():
        for value in wrong_values(rule):
            if rule.accepts(value):
                continue
            with pytest.raises(pt.InvalidParameterError, match=name) as caught:
                case.make(**{name: value}).fit(sample(case.takes))
            assert caught.value.name == name
            assert caught.value.allowed == rule.describe()


@every_maker
def test_what_is_no_graph_is_refused(case: GraphCase):
    for bad, words in broken(case.takes, sample(case.takes)):
        with pytest.raises(pt.PartitaError, match=words):
            case.make().fit(bad)


@every_maker
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_nodes_and_no_edges(case: GraphCase, n: int):
    """A hierarchy, or a request that can't be met: never a crash."""
    shape = (n, n + 1) if case.takes in ("table", "hypergraph") else (n, n)
    path = sp.csr_array(np.eye(*shape, k=0 if case.takes in ("table", "hypergraph") else 1))
    for A in (sp.csr_array(shape), path):
        try:
            estimator = case.make().fit(A)
        except pt.InfeasibleError:
            assert "partition" in case.name or "multigrid" in case.name
        except pt.InvalidDataError:
            assert "local" in case.name
            assert n == 0
        else:
            assert_obeys(estimator, n_items(case.takes, A))


@st.composite
def small_graphs(draw: st.DrawFn, kind: str) -> sp.csr_array:
    """Few nodes; every edge its own weight, so that only nodes without edges look alike."""
    n = draw(st.integers(6, 14))
    m = n if kind in SQUARE else draw(st.integers(4, 5))
    there = np.reshape(draw(st.lists(st.booleans(), min_size=n * m, max_size=n * m)), (n, m))
    weight = np.random.default_rng(n * m).permutation(n * m).reshape(n, m) + 1.0
    if kind == "hypergraph":
        return sp.csr_array(there * (np.arange(m) + 1.0))
    A = there * (np.trunc(weight / 16) + 1 if kind == "table" else weight)
    if kind not in SQUARE or kind == "directed graph":
        np.fill_diagonal(A, 0.0)
        return sp.csr_array(A)
    A = np.triu(A, 1)
    if kind == "acyclic graph":
        return sp.csr_array(A)
    sign = np.where(weight % 3 == 0, -1.0, 1.0) if kind == "signed graph" else 1.0
    A = A * sign
    return sp.csr_array(A + A.T)


@every_maker
@settings(max_examples=max(4, settings().max_examples // 8))
@given(data=st.data())
def test_any_small_graph(case: GraphCase, data: st.DataObject):
    A = data.draw(small_graphs(case.takes))
    n = n_items(case.takes, A)
    try:
        estimator = case.make().fit(A)
    except pt.InfeasibleError:
        assert "partition" in case.name or "acyclic" in case.name
        return
    assert_obeys(estimator, n)
    if case.takes == "table":  # cells may be equal there, and rows with them
        return
    B, order = renumbered(case.takes, A, np.random.default_rng(data.draw(st.integers(0, 99))))
    again = placed(case, order).fit(B)
    sizes = [np.sort(np.bincount(e.labels_[e.labels_ >= 0])).tolist() for e in (estimator, again)]
    assert sizes[0] == sizes[1]
    np.testing.assert_allclose(np.sort(again.hierarchy_.height), np.sort(estimator.hierarchy_.height))
