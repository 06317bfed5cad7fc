"""Documents of vectors, pooled block by block: what all ways of pooling share. Called by the functions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from partita import __version__
from partita._core.errors import InvalidDataError
from partita._core.memory import check_memory
from partita._core.progress import progress_scope
from partita._core.threads import map_tasks, resolve_n_jobs, thread_scope
from partita.hierarchy.record import MadeBy
from partita.kernels.pooling import documents_average, documents_divide, documents_match
from partita.search._ragged import check_counts, check_offsets, check_protected, check_vectors
from partita.search.pooled import Pooled

_LINKAGE = 1 << 25
_AVERAGE = 1 << 21

Divide = Callable[..., None]


@dataclass(frozen=True)
class Request:
    """What is wanted, and the record of it; numbers that are not asked for say so (documents_divide)."""

    method: str
    given: dict[str, Any]
    citation: str
    factor: float = 0.0
    bound: float = -1.0
    n_queries: int = 0
    chunk: int = 0
    ratio: float = 0.0


@dataclass(frozen=True)
class Documents:
    """Checked vectors, bounds of documents, and which vectors stay alone."""

    vectors: np.ndarray
    offsets: np.ndarray
    protected: np.ndarray
    unit: bool

    @classmethod
    def checked(cls, vectors: Any, offsets: Any, protected: Any, *, unit: bool, name: str) -> Documents:
        """Documents from what a user gave; `name` is the argument of the vectors."""
        checked = check_vectors(vectors, name=name)
        bounds = check_offsets(offsets, len(checked))
        return cls(checked, bounds, check_protected(protected, bounds), unit)

    def linked(self, request: Request, n_jobs: int | None, progress: Any) -> Pooled:
        """Pool by Ward's linkage."""
        longest = int(np.diff(self.offsets).max(initial=0))
        check_memory(
            8 * longest * longest * resolve_n_jobs(n_jobs),
            what=f"Ward's linkage of a document of {longest} tokens",
            alternative="cut long documents into several by offsets, or use fewer threads (n_jobs=1)",
        )

        def divide(begin: int, end: int, labels: np.ndarray, stays: np.ndarray, counts: np.ndarray) -> None:
            documents_divide(
                self.vectors,
                self.offsets,
                begin,
                end,
                self.protected,
                self.unit,
                request.factor,
                request.bound,
                request.n_queries,
                labels,
                stays,
                counts,
            )

        weight = np.ones(len(self.vectors))
        return self._pooled(request, divide, weight, None, n_jobs, progress)

    def matched(
        self, request: Request, values: Any, counts: Any, n_jobs: int | None, progress: Any
    ) -> Pooled:
        """Pool by chunked soft matching."""
        n = len(self.vectors)
        if values is not None:
            values = check_vectors(values, name="values", ndim=tuple(range(1, 9)))
            if len(values) != n:
                raise InvalidDataError(f"values has {len(values)} rows where keys has {n}.", name="values")
        weight, free = check_counts(counts, n), ~self.protected

        def divide(begin: int, end: int, labels: np.ndarray, stays: np.ndarray, found: np.ndarray) -> None:
            documents_match(
                self.vectors,
                self.offsets,
                begin,
                end,
                free,
                request.chunk,
                request.ratio,
                labels,
                stays,
                found,
            )

        return self._pooled(request, divide, weight, values, n_jobs, progress)

    def _pooled(
        self,
        request: Request,
        divide: Divide,
        weight: np.ndarray,
        values: np.ndarray | None,
        n_jobs: int | None,
        shown: Any,
    ) -> Pooled:
        started, n = time.perf_counter(), len(self.vectors)
        labels, stays = np.empty(n, np.int32), np.empty(n, np.bool_)
        counts = np.zeros(len(self.offsets) - 1, np.int64)
        with thread_scope(n_jobs), progress_scope(shown) as progress:
            size = np.diff(self.offsets).astype(np.float64)
            blocks = runs(size * size * (self.vectors.shape[1] + 16), _LINKAGE)
            progress.start(f"Pool {len(counts)} documents", len(blocks))
            map_tasks(
                lambda block: divide(*block, labels, stays, counts),
                blocks,
                after=lambda _: progress.advance(),
            )
            offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
            vectors, mass, square = self._average(self.vectors, weight, labels, offsets, self.unit)
            pooled_values = None
            if values is not None:
                flat = values.reshape(n, int(np.prod(values.shape[1:])))
                averaged = self._average(flat, weight, labels, offsets, False)[0]
                pooled_values = averaged.reshape(len(averaged), *values.shape[1:])
        cost, largest = float(weight @ square), float(square.max(initial=0.0))
        return Pooled(
            vectors=vectors,
            offsets=offsets,
            labels=labels + np.repeat(offsets[:-1], np.diff(self.offsets)),
            counts=mass,
            position=np.flatnonzero(stays),
            distances=np.sqrt(square),
            token_offsets=self.offsets,
            values=pooled_values,
            made_by=MadeBy(
                method=request.method,
                parameters=request.given,
                version=__version__,
                cost=cost,
                seconds=time.perf_counter() - started,
                citation=request.citation,
                certificates={
                    "largest_error": float(np.sqrt(largest)),
                    "n_protected": int(self.protected.sum()),
                },
            ),
        )

    def _average(
        self,
        rows: np.ndarray,
        weight: np.ndarray,
        labels: np.ndarray,
        offsets: np.ndarray,
        unit: bool,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Centroids of `rows`, their weights, and the squared distance of every row to its own."""
        vectors = np.empty((int(offsets[-1]), rows.shape[1]), rows.dtype)
        mass, square = np.empty(len(vectors)), np.empty(len(rows))

        def block(bounds: tuple[int, int]) -> None:
            documents_average(
                rows, self.offsets, *bounds, weight, labels, offsets, unit, vectors, mass, square
            )

        map_tasks(block, runs(np.diff(self.offsets) * float(rows.shape[1]), _AVERAGE))
        return vectors, mass, square


def runs(work: np.ndarray, most: int) -> list[tuple[int, int]]:
    """Runs of documents of about `most` work each, whatever the number of threads; `work` float64[b]."""
    done = np.cumsum(work + 1.0)
    total = float(done[-1]) if len(done) else 0.0
    cuts = np.searchsorted(done, np.arange(most, total, most))
    bounds = np.unique(np.concatenate([[0], cuts, [len(work)]]))
    return [(int(a), int(b)) for a, b in pairwise(bounds)]
