"""Contests of entropic transport: Sinkhorn-Newton-Sparse beside POT, on the three cases of its paper.

    python benchmarks/harness.py transport-random --threads 2
    PARTITA_DATA=... python benchmarks/harness.py transport-l2 --threads 2
    PARTITA_DATA=... python benchmarks/harness.py transport-l1 --threads 2
    PARTITA_DATA=... python benchmarks/sinkhorn_pot.py

The first three are timed: regularisation 1/1200 of the largest cost, marginal error 1e-9. POT stops by the
Euclidean norm of one side's error, Partita by the sum of the absolute errors of both, which is larger.
``error`` is that sum for all, computed here. The last prints iterations of both methods of Partita over
several regularisations; an iteration is a pass over all pairs, Newton's with its line search one or more.

The cases after X. Tang et al., Accelerating Sinkhorn algorithm with sparse Newton iterations, ICLR 2024:
costs uniform in [0, 1] between 500 equal masses; two digits as masses of 784 pixels (intensity of at most 1,
plus 0.01), with the squared Euclidean, or the Manhattan distance of pixels, divided by the largest. Which
digits, and the 0.01, are ours.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from contests import Contest, Fit

_FACTS = {"reg": 1 / 1200, "tol": 1e-9}
_SIDE = 28


def packed(C: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Costs with `a` as a last column and `b` as a last row: one matrix for the harness."""
    return np.block([[C, a[:, None]], [b[None], np.zeros((1, 1))]])


def unpacked(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs and the masses of both sides."""
    return np.ascontiguousarray(X[:-1, :-1]), X[:-1, -1].copy(), X[-1, :-1].copy()


def random_case(n: int, seed: int) -> np.ndarray:
    """A random assignment."""
    return packed(np.random.default_rng(seed).random((n, n)), np.full(n, 1 / n), np.full(n, 1 / n))


def digits_case(power: int, seed: int) -> np.ndarray:
    """Two digits; distances of pixels, coordinate by coordinate to the given power."""
    root = os.environ.get("PARTITA_DATA")
    if not root:
        raise SystemExit("this contest needs PARTITA_DATA, the folder that holds mnist-digits/mnist.npz")
    with np.load(Path(root) / "mnist-digits" / "mnist.npz") as held:
        images = held["X"].reshape(len(held["X"]), -1)
    pair = images[np.random.default_rng(seed).choice(len(images), 2, replace=False)] / 255 + 0.01
    a, b = pair / pair.sum(axis=1, keepdims=True)
    pixels = np.argwhere(np.ones((_SIDE, _SIDE))).astype(float)
    C = (np.abs(pixels[:, None] - pixels) ** power).sum(axis=2)
    return packed(C / C.max(), a, b)


def judge_plan(X: np.ndarray, plan: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """The marginal error of both sides in sum, and the cost."""
    C, a, b = unpacked(X)
    error = np.abs(plan.sum(axis=1) - a).sum() + np.abs(plan.sum(axis=0) - b).sum()
    return {"error": float(error), "cost": float((C * plan).sum())}


def partita(method: str) -> Fit:
    from partita.transport import sinkhorn

    def fit(X: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        plan = sinkhorn(*unpacked(X), facts["reg"], method=method, tol=facts["tol"], max_iter=100_000)
        return plan.matrix

    return fit


def pot(method: str, **options: Any) -> Fit:
    import warnings

    import ot

    warnings.simplefilter("ignore")

    def fit(X: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        C, a, b = unpacked(X)
        settings = {"method": method, "stopThr": facts["tol"], "numItermax": 100_000, **options}
        return ot.sinkhorn(a, b, C, facts["reg"], **settings)

    return fit


ENTRANTS = {
    "partita newton_sparse": lambda: partita("newton_sparse"),
    "partita sinkhorn": lambda: partita("sinkhorn"),
    "POT stabilized": lambda: pot("sinkhorn_stabilized"),
    "POT stabilized 1e50": lambda: pot("sinkhorn_stabilized", tau=1e50),
    "POT epsilon scaling": lambda: pot("sinkhorn_epsilon_scaling"),
    "POT log": lambda: pot("sinkhorn_log"),
    "POT plain": lambda: pot("sinkhorn"),
}

CONTESTS = {
    contest.name: contest
    for contest in (
        Contest(
            "transport-random",
            "an entropic plan of a random assignment",
            500,
            lambda n, seed: (random_case(n, seed), None, {}),
            ENTRANTS,
            judge_plan,
            _FACTS,
        ),
        Contest(
            "transport-l2",
            "an entropic plan of two digits, squared distances (needs PARTITA_DATA)",
            _SIDE**2,
            lambda n, seed: (digits_case(2, seed), None, {}),
            ENTRANTS,
            judge_plan,
            _FACTS,
        ),
        Contest(
            "transport-l1",
            "an entropic plan of two digits, Manhattan distances (needs PARTITA_DATA)",
            _SIDE**2,
            lambda n, seed: (digits_case(1, seed), None, {}),
            ENTRANTS,
            judge_plan,
            _FACTS,
        ),
    )
}


def main() -> None:
    from partita.transport import sinkhorn

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inverse", type=float, nargs="+", default=[10, 100, 1000, 1200], help="1 / reg")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tol", type=float, default=1e-9)
    parser.add_argument("--most", type=int, default=60_000, help="iterations")
    args = parser.parse_args()
    print(
        f"{'case':8}{'seed':>6}{'1/reg':>8}{'newton':>8}{'inner':>8}{'sinkhorn':>10}{'ratio':>8}{'seconds':>16}"
    )
    for seed in range(args.seeds):
        cases = {"random": random_case(500, seed), "l2": digits_case(2, seed), "l1": digits_case(1, seed)}
        for name, X in cases.items():
            for inverse in args.inverse:
                plans, seconds = [], []
                for method in ("newton_sparse", "sinkhorn"):
                    start = time.perf_counter()
                    plans.append(
                        sinkhorn(*unpacked(X), 1 / inverse, method=method, tol=args.tol, max_iter=args.most)
                    )
                    seconds.append(time.perf_counter() - start)
                newton, plain = plans
                print(
                    f"{name:8}{seed:6}{inverse:8.0f}{newton.n_iter:8}{newton.n_inner:8}{plain.n_iter:10}"
                    f"{plain.n_iter / newton.n_iter:8.1f}{seconds[0]:8.3f}{seconds[1]:8.2f}"
                    f"{'' if newton.converged and plain.converged else '  not both converged'}"
                )


if __name__ == "__main__":
    main()
