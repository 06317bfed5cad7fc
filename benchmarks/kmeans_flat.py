"""What is gained where KMeans spares centres in its exact assignment, against products with all of them.

    python benchmarks/kmeans_flat.py
    python benchmarks/kmeans_flat.py --data mnist.npy --parts 700

Both ways assign the same rows to the same centres, in one process, on ``--threads`` threads; the best of a
few runs each counts. The labels must be the same. "choice" is the time that trial and preparation take once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from partita.points import KMeans, _prune

_REPEATS = 3


def uniform(n: int, d: int) -> np.ndarray:
    """Rows without any structure."""
    return np.random.default_rng(0).random((n, d), np.float32)


def mixture(n: int, d: int, decay: float) -> np.ndarray:
    """Rows around 2,000 means; the j-th column's size falls as j to the power of `-decay`."""
    rng = np.random.default_rng(0)
    size = np.arange(1, d + 1) ** -decay
    means = 2 * rng.standard_normal((2000, d)) * size
    return (means[rng.integers(0, 2000, n)] + rng.standard_normal((n, d)) * size).astype(np.float32)


def cases(args: argparse.Namespace) -> Iterator[tuple[str, np.ndarray, int]]:
    """Name, rows and number of cells."""
    if args.data:
        yield args.data.stem, np.load(args.data), args.parts
        return
    for d in (2, 8, 16):
        yield "uniform", uniform(200_000, d), 1000
        yield "mixture", mixture(200_000, d, 0.0), 1000
    yield "uniform", uniform(200_000, 2), 10_000
    yield "uniform", uniform(200_000, 8), 10_000
    yield "mixture", mixture(200_000, 128, 0.5), 1000
    yield "mixture", mixture(100_000, 768, 0.5), 1000
    yield "mixture, all columns alike", mixture(100_000, 768, 0.0), 1000


def best(call: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    spans = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        call()
        spans.append(time.perf_counter() - began)
    return min(spans)


def compare(name: str, X: np.ndarray, k: int, n_jobs: int) -> None:
    """Print one line."""
    least, _prune._LEAST_WORK = _prune._LEAST_WORK, float("inf")
    fitted = KMeans(k, swaps=0, max_iter=1, polish=0, rows_per_cell=8, n_jobs=n_jobs).fit(X)
    labels, all_met = fitted.predict(X), best(lambda: fitted.predict(X))
    _prune._LEAST_WORK = least
    began = time.perf_counter()
    same = bool((fitted.predict(X) == labels).all())
    first = time.perf_counter() - began
    spared = best(lambda: fitted.predict(X))
    way = type(fitted._nested.root.nearest._chosen[0]).__name__.replace("NoneType", "none")
    print(
        f"{name:28} {len(X):7} x {X.shape[1]:3}  k {k:6}  all {all_met:7.3f} s  spared {spared:7.3f} s"
        f"  {all_met / spared:5.2f}x  choice {first - spared:6.3f} s  {way:10}"
        f"  {'same labels' if same else 'OTHER LABELS'}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="float32 rows as .npy, instead of the sets made here")
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    for d in (2, 40):  # so that kernels come from the cache
        KMeans(500, swaps=0, max_iter=1).fit(uniform(60_000, d))
    for name, X, k in cases(args):
        compare(name, X, k, args.threads)


if __name__ == "__main__":
    main()
