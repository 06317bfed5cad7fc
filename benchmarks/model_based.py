"""Makers for few rows on data whose parts are known, beside what scikit-learn has.

    python benchmarks/model_based.py [sdp|curves|rare|topology] [--seeds N]

Prints ARI, errors of forecasts and coverage of intervals, groups found and invented, and seconds.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from sklearn.cluster import SpectralClustering
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

import partita as pt

_SHAPES = (
    lambda t: 3.0 * np.sin(t),
    lambda t: 0.8 * t - 4.0,
    lambda t: 3.0 * np.cos(0.7 * t) - 0.2 * t,
)
_RARE = (5, 6, 8, 10, 12, 15, 20, 25, 30)


def sdp(seeds: int) -> None:
    """``LikelihoodSDP`` beside EM from k-means and from bad starts: mean ARI and exact recoveries."""
    for K, d in ((2, 4), (3, 4), (4, 6), (3, 50)):
        scores: dict[str, list[float]] = {"sdp": [], "em": [], "em from bad starts": []}
        gaps, seconds = [], []
        for seed in range(seeds):
            X, truth = _mixture(100, K, d, 1000 + seed)
            started = time.perf_counter()
            found = pt.points.LikelihoodSDP(K).fit(X)
            seconds.append(time.perf_counter() - started)
            gaps.append(found.made_by_.certificates["gap"])
            rng = np.random.default_rng(seed)
            bad = X[truth == 0].mean(axis=0) + 0.05 * rng.standard_normal((K, d))
            em = GaussianMixture(K, reg_covar=1e-3, random_state=seed).fit_predict(X)
            lost = GaussianMixture(K, means_init=bad, reg_covar=1e-3, random_state=0).fit_predict(X)
            for name, labels in zip(scores, (found.labels_, em, lost)):
                scores[name].append(adjusted_rand_score(truth, labels))
        told = ", ".join(f"{n} {np.mean(s):.3f} ({sum(v == 1.0 for v in s)})" for n, s in scores.items())
        print(f"K={K} d={d}: {told}; largest gap {max(gaps):.1f} nats, {np.mean(seconds):.1f} s", flush=True)


def _mixture(n: int, K: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % K
    centers = np.linalg.qr(rng.standard_normal((d, d)))[0][:K] * 6.0 / np.sqrt(2)
    scale = np.linspace(0.6, 1.3, K)[labels][:, None]
    return centers[labels] + scale * rng.standard_normal((n, d)), labels


def curves(seeds: int) -> None:
    """``CurveClustering``: forecasts of the second half of new curves from the first."""
    squares: dict[str, list[float]] = {"clusters": [], "one mean process": [], "alone": [], "pooled mean": []}
    covered: list[bool] = []
    for seed in range(seeds):
        known, truth = _curves(45, seed, 6, 14)
        found, one = (pt.points.CurveClustering(K).fit(known) for K in (3, 1))
        print(f"seed {seed}: ARI {adjusted_rand_score(truth, found.labels_):.3f}", flush=True)
        pooled = np.concatenate(known)
        for curve in _curves(45, 100 + seed, 12, 16)[0]:
            past, future = curve[: len(curve) // 2], curve[len(curve) // 2 :]
            ahead = found.forecast(past, future[:, 0])
            low, high = ahead.interval(0.95)
            covered += ((low <= future[:, 1]) & (future[:, 1] <= high)).tolist()
            near = np.exp(-0.5 * ((future[:, :1] - pooled[:, 0]) / 0.5) ** 2)
            means = (
                ahead.mean,
                one.forecast(past, future[:, 0]).mean,
                _alone(past, future),
                near @ pooled[:, 1] / near.sum(axis=1),
            )
            for name, mean in zip(squares, means):
                squares[name] += ((mean - future[:, 1]) ** 2).tolist()
    print("mean squared errors:", {name: round(float(np.mean(own)), 3) for name, own in squares.items()})
    print(f"intervals of 95 % hold {np.mean(covered):.1%} of {len(covered):,} observations")


def _curves(n: int, seed: int, least: int, most: int) -> tuple[list[np.ndarray], np.ndarray]:
    rng, grid = np.random.default_rng(seed), np.linspace(0, 10, 41)
    labels, made = np.arange(n) % 3, []
    for label in labels:
        t = np.sort(rng.choice(grid, rng.integers(least, most), replace=False))
        own = 0.4 * rng.standard_normal() + 0.3 * rng.standard_normal() * np.sin(0.5 * t + rng.uniform(0, 6))
        made.append(np.column_stack([t, _SHAPES[label](t) + own + 0.2 * rng.standard_normal(len(t))]))
    return made, labels


def _alone(past: np.ndarray, future: np.ndarray) -> np.ndarray:
    kernel = ConstantKernel(4.0) * RBF(1.5, (0.1, 10)) + WhiteKernel(0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = GaussianProcessRegressor(kernel, normalize_y=True).fit(past[:, :1], past[:, 1])
        return fitted.predict(future[:, :1])


def rare(seeds: int) -> None:
    """``RareGroups``: groups that chance makes in noise, and planted ones of nine sizes that are found."""
    sets = (("normal", 20_000, 64), ("clusters", 20_000, 64), ("low rank", 20_000, 64), ("heavy", 5_000, 16))
    sets += (("uniform", 5_000, 2), ("uniform", 5_000, 8), ("clusters", 5_000, 3))
    for kind, n, d in sets:
        invented, seconds = 0, []
        for seed in range(seeds):
            X = _background(kind, n, d, seed)
            started = time.perf_counter()
            invented += pt.points.RareGroups().fit(X).n_clusters_
            seconds.append(time.perf_counter() - started)
        print(f"{kind} {n} x {d}: {invented} groups in {seeds} sets, {np.median(seconds):.1f} s", flush=True)
        for tight in (0.3, 0.6, 0.85):
            found_rows = planted_rows = right_rows = found_groups = groups = 0
            for seed in range(seeds):
                X, truth = _planted(_background(kind, n, d, seed), tight, seed)
                labels = pt.points.RareGroups().fit(X).labels_
                inside = labels >= 0
                found_rows += int(inside.sum())
                planted_rows += int((truth >= 0).sum())
                right_rows += int((inside & (truth >= 0)).sum())
                groups += len(_RARE)
                found_groups += sum((labels[truth == k] >= 0).mean() > 0.5 for k in range(len(_RARE)))
            precision = right_rows / found_rows if found_rows else np.nan
            print(
                f"    drawn together to {tight}: {found_groups} of {groups} groups, rows: recall "
                f"{right_rows / planted_rows:.3f}, precision {precision:.3f}",
                flush=True,
            )


def _background(kind: str, n: int, d: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "uniform":
        return rng.random((n, d))
    if kind == "heavy":
        return rng.standard_t(4, (n, d))
    if kind == "low rank":
        return rng.standard_normal((n, 6)) @ rng.standard_normal((6, d)) + 0.1 * rng.standard_normal((n, d))
    if kind == "clusters":
        label = rng.integers(0, 20, n)
        scale = 0.3 + 1.5 * label[:, None] / 20
        return 4 * rng.standard_normal((20, d))[label] + scale * rng.standard_normal((n, d))
    return rng.standard_normal((n, d))


def _planted(X: np.ndarray, tight: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The first rows become groups: what is around some row, drawn together to a share of its size."""
    rng = np.random.default_rng(seed)
    Y, truth, start = X.copy(), np.full(len(X), -1), 0
    for k, size in enumerate(_RARE):
        chosen = rng.integers(len(X) // 2, len(X))
        near = np.argsort(((X - X[chosen]) ** 2).sum(axis=1))[1:151]
        some = X[rng.choice(near, size, replace=False)]
        Y[start : start + size] = X[chosen] + tight * (some - some.mean(axis=0))
        truth[start : start + size] = truth[chosen] = k
        start += size
    return Y, truth


def topology(seeds: int) -> None:
    """``TopologicalClustering`` beside spectral clustering of a graph: ARI."""
    sets = {"circles": _circles, "scattered circles": _scattered, "spheres": _spheres}
    for name, noise in (
        ("circles", 0.0),
        ("circles", 0.03),
        ("scattered circles", 0.03),
        ("scattered circles", 0.08),
        ("spheres", 0.01),
        ("spheres", 0.05),
    ):
        ours, told, graph, seconds = [], [], [], []
        for seed in range(seeds):
            X, truth = sets[name](noise, seed)
            started = time.perf_counter()
            ours.append(adjusted_rand_score(truth, pt.points.TopologicalClustering(3).fit_predict(X)))
            seconds.append(time.perf_counter() - started)
            told.append(adjusted_rand_score(truth, pt.points.TopologicalClustering().fit_predict(X)))
            peer = SpectralClustering(3, affinity="nearest_neighbors", random_state=0)
            graph.append(adjusted_rand_score(truth, peer.fit_predict(X)))
        print(
            f"{name}, noise {noise}: told 3 {np.mean(ours):.3f}, told nothing {np.mean(told):.3f}, spectral "
            f"{np.mean(graph):.3f}; {np.median(seconds):.2f} s",
            flush=True,
        )


def _circles(noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    turn = 2 * np.pi * np.arange(70) / 70
    one, line = np.column_stack([np.cos(turn), np.sin(turn)]), np.linspace(1.1, 2.9, 20)
    X = np.concatenate([one, one + [4.0, 0.0], np.column_stack([line, np.zeros(20)])])
    return _jittered(X, noise, seed), np.repeat([0, 1, 2], [70, 70, 20])


def _scattered(noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    turn = np.random.default_rng(seed).uniform(0, 2 * np.pi, 400)
    circles = np.column_stack([np.cos(turn) + np.repeat([0.0, 4.0], 200), np.sin(turn)])
    X = np.concatenate([circles, np.column_stack([np.linspace(1.1, 2.9, 60), np.zeros(60)])])
    return _jittered(X, noise, seed), np.repeat([0, 1, 2], [200, 200, 60])


def _spheres(noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    place, t = np.arange(300) + 0.5, np.linspace(-1.6, 1.6, 50)
    tilt, turn = np.arccos(1 - place / 150), np.pi * (1 + 5**0.5) * place
    one = np.column_stack([np.cos(turn) * np.sin(tilt), np.sin(turn) * np.sin(tilt), np.cos(tilt)])
    arcs = [np.column_stack([t, np.zeros(50), s * (0.9 + 0.8 * np.cos(0.827 * t))]) for s in (-1, 1)]
    X = np.concatenate([one - [2.0, 0.0, 0.0], one + [2.0, 0.0, 0.0], *arcs])
    return _jittered(X, noise, seed), np.repeat([0, 1, 2], [300, 300, 100])


def _jittered(X: np.ndarray, noise: float, seed: int) -> np.ndarray:
    return X + noise * np.random.default_rng(seed).standard_normal(X.shape)


def main() -> None:
    """Run one comparison, or all."""
    tasks = {"sdp": (sdp, 10), "curves": (curves, 5), "rare": (rare, 3), "topology": (topology, 5)}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", nargs="?", choices=[*tasks, "all"], default="all")
    parser.add_argument("--seeds", type=int)
    chosen = parser.parse_args()
    for name, (task, seeds) in tasks.items():
        if chosen.task in (name, "all"):
            task(chosen.seeds or seeds)


if __name__ == "__main__":
    main()
