"""Threads: the same bits for any count, no oversubscription, and everything restored on the way out."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from partita._core.errors import InvalidParameterError
from partita._core.threads import available_threads, map_blocks, map_tasks, resolve_n_jobs, thread_scope

np.ones((2, 2)) @ np.ones((2, 2))  # the BLAS library is loaded before its threads are counted


def library_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info()]


@pytest.fixture
def two_library_threads():
    """Every library at two threads, so that a limit of one shows on any machine."""
    with threadpool_limits(limits=2):
        if set(library_threads()) != {2}:
            pytest.skip("a BLAS or OpenMP library here does not run on two threads")
        yield


def test_libraries_run_on_one_thread_inside_and_are_restored(two_library_threads):
    with thread_scope(2) as workers:
        assert workers == 2
        assert set(library_threads()) == {1}
    assert set(library_threads()) == {2}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_restores_as_well(two_library_threads, error):
    with pytest.raises(error), thread_scope(3):
        raise error
    assert set(library_threads()) == {2}
    assert resolve_n_jobs(None) == available_threads()


def test_scopes_nest(two_library_threads):
    with thread_scope(3):
        with thread_scope(1):
            assert resolve_n_jobs(None) == 1
        assert resolve_n_jobs(None) == 3
        assert set(library_threads()) == {1}
    assert set(library_threads()) == {2}


def test_an_inner_scope_inherits_the_count():
    with thread_scope(3), thread_scope() as workers:
        assert workers == 3


def test_overlapping_scopes_of_two_python_threads_restore_too():
    before = library_threads()
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()
    inside = []

    def first():
        with thread_scope(1):
            first_in.set()
            second_in.wait(10)
            inside.extend(library_threads())
        first_out.set()

    def second():
        first_in.wait(10)
        with thread_scope(1):
            second_in.set()
            first_out.wait(10)

    threads = [threading.Thread(target=target) for target in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert set(inside) == {1}
    assert library_threads() == before


def test_a_library_loaded_after_the_first_scope_is_limited_too():
    code = """
import numpy, threadpoolctl
from partita._core.threads import thread_scope
with thread_scope(1):
    pass
import scipy.linalg
with thread_scope(1):
    print([library["num_threads"] for library in threadpoolctl.threadpool_info()])
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(out.strip("[]\n").split(", ")) == {"1"}


@given(st.integers(0, 300), st.integers(1, 40), st.integers(1, 5))
def test_blocks_cover_everything_once_in_order(n, block, n_jobs):
    with thread_scope(n_jobs):
        bounds = map_blocks(lambda start, stop: (start, stop), n, block)
    assert [item for start, stop in bounds for item in range(start, stop)] == list(range(n))
    assert all(start % block == 0 and 0 < stop - start <= block for start, stop in bounds)


def test_the_same_bits_for_any_thread_count():
    points = np.random.default_rng(0).standard_normal((3000, 17)).astype(np.float32)
    centers = points[:40].copy()
    results = []
    for n_jobs in (1, 2, 4, 7):
        with thread_scope(n_jobs):
            blocks = map_blocks(lambda start, stop: points[start:stop] @ centers.T, len(points), 256)
        results.append(np.concatenate(blocks).tobytes())
    assert len(set(results)) == 1


def test_results_come_in_the_order_of_the_tasks_however_long_each_takes():
    with thread_scope(4):
        assert map_tasks(lambda i: time.sleep(0.02 * (4 - i)) or i, [0, 1, 2, 3]) == [0, 1, 2, 3]


def test_workers_are_as_many_as_asked_for():
    barrier = threading.Barrier(3, timeout=10)
    with thread_scope(3):
        assert sorted(map_tasks(lambda _: barrier.wait(), [0, 1, 2])) == [0, 1, 2]


def test_without_a_scope_the_work_is_done_here():
    assert set(map_tasks(lambda _: threading.get_ident(), [1, 2, 3])) == {threading.get_ident()}


def test_work_inside_a_worker_is_not_multiplied():
    with thread_scope(3):
        nested = map_tasks(lambda _: set(map_tasks(lambda _: threading.get_ident(), [1, 2, 3])), [1, 2, 3])
    assert all(len(idents) == 1 for idents in nested)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_the_first_error_comes_out_and_later_tasks_do_not_begin(n_jobs):
    begun = []

    def fail_early(task):
        begun.append(task)
        if task == 0:
            raise ValueError("task 0")
        time.sleep(0.01)

    with pytest.raises(ValueError, match="task 0"), thread_scope(n_jobs):
        map_tasks(fail_early, list(range(200)))
    assert len(begun) < 100


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_progress_is_told_once_a_block_in_order_in_the_calling_thread(n_jobs):
    calls = []
    with thread_scope(n_jobs):
        map_blocks(
            lambda start, stop: None, 10, 4, after=lambda done: calls.append((done, threading.get_ident()))
        )
    assert calls == [(4, threading.get_ident()), (8, threading.get_ident()), (10, threading.get_ident())]


@pytest.mark.parametrize(
    ("n_jobs", "workers"), [(1, 1), (3, 3), (-1, 8), (-2, 7), (-8, 1), (-50, 1), (None, 8)]
)
def test_counts_are_read_as_scikit_learn_does(monkeypatch, n_jobs, workers):
    monkeypatch.setenv("PARTITA_NUM_THREADS", "8")
    assert resolve_n_jobs(n_jobs) == workers


def test_zero_workers_are_refused():
    with pytest.raises(InvalidParameterError, match="n_jobs"), thread_scope(0):
        pass


def test_a_bad_setting_is_refused_before_anything_is_limited(monkeypatch):
    before = library_threads()
    monkeypatch.setenv("PARTITA_NUM_THREADS", "many")
    with pytest.raises(InvalidParameterError, match="PARTITA_NUM_THREADS"), thread_scope():
        pass
    assert library_threads() == before
