"""Threads: one scope for BLAS, Numba and our own workers; block-wise work gives the same bits for any count.

Work is cut into blocks whose bounds depend on the data alone. Workers take blocks; inside a worker BLAS runs
on one thread, so that a block's result does not depend on how many workers there are. Results come back in
block order.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from partita._core.errors import InvalidParameterError
from partita._core.settings import env_int

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

T = TypeVar("T")
_active: ContextVar[int | None] = ContextVar("partita_threads", default=None)


def available_threads() -> int:
    """Cores that this process may use, or ``PARTITA_NUM_THREADS``."""
    setting = env_int("PARTITA_NUM_THREADS")
    if setting is not None:
        return setting
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def resolve_n_jobs(n_jobs: int | None) -> int:
    """Threads for an ``n_jobs`` argument: None and -1 mean all, -2 all but one, as in scikit-learn."""
    if n_jobs is None:
        return _active.get() or available_threads()
    if n_jobs == 0:
        raise InvalidParameterError(
            "n_jobs is not valid.", name="n_jobs", allowed="None or a non-zero integer", got=0
        )
    return n_jobs if n_jobs > 0 else max(1, available_threads() + 1 + n_jobs)


@contextmanager
def thread_scope(n_jobs: int | None = None) -> Iterator[int]:
    """Use `n_jobs` workers inside; BLAS and OpenMP run on one thread each; all restored on leaving.

    Yields
    ------
    n_threads : int
        The number of workers that ``map_blocks`` will use.
    """
    n_threads = resolve_n_jobs(n_jobs)
    token = _active.set(n_threads)
    try:
        with _one_library_thread():
            yield n_threads
    finally:
        _active.reset(token)


def map_blocks(
    function: Callable[[int, int], T], n: int, block: int, *, after: Callable[[int], Any] | None = None
) -> list[T]:
    """``[function(start, stop) for each block of range(n)]``, in block order, on the threads of the scope.

    Parameters
    ----------
    function : callable
        Called with the bounds of one block. It must write only to its own rows. Kernels release the GIL.
    n, block : int
        Rows in all and rows a block; the bounds are multiples of `block`, whatever the number of threads.
    after : callable, optional
        Called in this thread with the number of rows done, once per block in order (progress).
    """
    bounds = [(start, min(start + block, n)) for start in range(0, n, block)]
    return map_tasks(
        lambda bound: function(*bound), bounds, after=(lambda i: after(bounds[i][1])) if after else None
    )


def map_tasks(
    function: Callable[[Any], T], tasks: list[Any], *, after: Callable[[int], Any] | None = None
) -> list[T]:
    """``[function(task) for task in tasks]``, in order, on the threads of the scope."""
    workers = min(_active.get() or 1, len(tasks))
    results: list[T] = []
    if workers <= 1:
        for index, task in enumerate(tasks):
            results.append(function(task))
            if after:
                after(index)
        return results
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(function, task) for task in tasks]
        try:
            for index, future in enumerate(futures):
                results.append(future.result())
                if after:
                    after(index)
        finally:  # after an error or Ctrl-C the tasks that have not begun never do
            pool.shutdown(wait=False, cancel_futures=True)
    return results


_blas_owner = RLock()


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:
    """The BLAS and OpenMP libraries. They come with modules, so the slow look is repeated for new modules."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def _one_library_thread() -> Iterator[None]:
    """One thread in each BLAS and OpenMP library that is loaded by now; restored on leaving.

    OpenMP's limit belongs to the calling thread, BLAS's to the process. If two Python threads set the latter
    in turn, the second would find 1, and restore 1 for good: only the first one sets and restores it.
    """
    loaded = _libraries(len(sys.modules))
    owner = _blas_owner.acquire(blocking=False)
    try:
        with (loaded if owner else loaded.select(user_api="openmp")).limit(limits=1):
            yield
    finally:
        if owner:
            _blas_owner.release()
