"""Does PPP find the number of Gaussians? Mixtures that overlap by just under 1 %, and single uniform blobs.

    python benchmarks/ppp_mixtures.py --draws 5
    python benchmarks/ppp_mixtures.py --draws 100 --k 50 --d 64

A draw has max(1000, 100 k) rows and weights from Dirichlet(5), or equal ones with --even. Its components
are round and of unlike size, or have random full covariances; the standard deviations differ by a factor
exp(N(0, 0.15)). The means are random directions times the smallest scale at which no pair overlaps by 1 %.
The overlap of a pair is the sum of both misclassification rates of the linear rule along inv(S1 + S2) (m2 -
m1) whose two rates are equal: a bound from above on that of the best linear rule. Printed is in how many
draws ``PPP().fit(X).n_clusters_`` is k, and, as seed:answer, what it is in the others.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import norm

import partita as pt

_OVERLAP = 0.01
_KINDS = ("round", "full")
_SHAPES = ("cube", "ball")
_BLOB_ROWS = (200, 1000, 5000)


def mixture(k: int, d: int, kind: str, seed: int, even: bool = False) -> np.ndarray:
    """Rows of a mixture of `k` Gaussians in `d` columns, float64 (max(1000, 100 k), d)."""
    rng = np.random.default_rng([seed, k, d, _KINDS.index(kind)])
    n = max(1000, 100 * k)
    covariances = np.stack([covariance(rng, d, kind) for _ in range(k)])
    weights = np.full(k, 1.0 / k) if even else rng.dirichlet(np.full(k, 5.0))
    means = rng.standard_normal((k, d))
    means *= smallest_scale(means, covariances)
    owner = rng.choice(k, size=n, p=weights)
    X = rng.standard_normal((n, d))
    for j, factor in enumerate(np.linalg.cholesky(covariances)):
        X[owner == j] = means[j] + X[owner == j] @ factor.T
    return X


def covariance(rng: np.random.Generator, d: int, kind: str) -> np.ndarray:
    """One covariance: a multiple of the identity, or of a Wishart matrix with 2 d + 2 degrees of freedom."""
    size = np.exp(rng.normal(0.0, 0.3))
    if kind == "round":
        return size * np.eye(d)
    A = rng.standard_normal((d, 2 * d + 2))
    return size * (A @ A.T) / (2 * d + 2)


def smallest_scale(means: np.ndarray, covariances: np.ndarray) -> float:
    """The factor for `means` at which the largest overlap of a pair is just below the bound."""
    apart = [
        separation(means[j] - means[i], covariances[i], covariances[j])
        for i in range(len(means))
        for j in range(i)
    ]
    return float(norm.isf(_OVERLAP / 2) / min(apart) * (1 + 1e-9)) if apart else 1.0


def separation(gap: np.ndarray, S1: np.ndarray, S2: np.ndarray) -> float:
    """Distance of two means over the sum of deviations, along the linear rule; proportional to `gap`."""
    rule = np.linalg.solve(S1 + S2, gap)
    return float(abs(rule @ gap) / (np.sqrt(rule @ S1 @ rule) + np.sqrt(rule @ S2 @ rule)))


def blob(n: int, d: int, shape: str, seed: int) -> np.ndarray:
    """Rows drawn evenly from a cube or a ball, float64 (n, d)."""
    rng = np.random.default_rng([seed, n, d, _SHAPES.index(shape)])
    if shape == "cube":
        return rng.random((n, d))
    X = rng.standard_normal((n, d))
    return X * (rng.random((n, 1)) ** (1 / d) / np.linalg.norm(X, axis=1, keepdims=True))


def count_right(draw: Callable[[int], np.ndarray], k: int, seeds: Iterator[int] | range) -> tuple[int, str]:
    """In how many draws PPP finds `k`, and the other answers with the seeds that gave them."""
    found = {seed: pt.points.PPP().fit(draw(seed)).n_clusters_ for seed in seeds}
    right = Counter(found.values())[k]
    return right, " ".join(f"{seed}:{answer}" for seed, answer in found.items() if answer != k)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=100, help="of each kind (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first draw")
    parser.add_argument("--k", type=int, nargs="*", default=[1, 2, 5, 20, 50], help="none: the blobs alone")
    parser.add_argument("--d", type=int, nargs="+", default=[2, 8, 64])
    parser.add_argument("--even", action="store_true", help="equal weights of the components")
    parser.add_argument("--no-blobs", action="store_true")
    args = parser.parse_args()
    seeds = range(args.first, args.first + args.draws)
    print(f"{'draw':16}{'k':>4}{'d':>4}  right of {args.draws:<5}{'s/fit':>6}  seed:answer where wrong")
    contests = [
        (kind, k, d, lambda seed, k=k, d=d, kind=kind: mixture(k, d, kind, seed, args.even))
        for k in args.k
        for d in args.d
        for kind in _KINDS
    ]
    if not args.no_blobs:
        contests += [
            (f"{shape} n={n}", 1, d, lambda seed, n=n, d=d, shape=shape: blob(n, d, shape, seed))
            for n in _BLOB_ROWS
            for d in args.d
            for shape in _SHAPES
        ]
    for name, k, d, draw in contests:
        began = time.perf_counter()
        right, wrong = count_right(draw, k, seeds)
        spent = (time.perf_counter() - began) / max(args.draws, 1)
        print(f"{name:16}{k:>4}{d:>4}  {right:>5}{spent:>15.2f}  {wrong}", flush=True)


if __name__ == "__main__":
    main()
