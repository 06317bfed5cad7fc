"""Contests of density: HDBSCAN beside fast_hdbscan, hdbscan and scikit-learn, at parameters of equal meaning.

    python benchmarks/harness.py density-p2 --threads 2 --repeats 3
    python benchmarks/harness.py density-m2 --threads 2 --only "partita HDBSCAN" fast_hdbscan
    PARTITA_DATA=... python benchmarks/harness.py density-mnist30 --threads 2
    python benchmarks/density.py density-p2 --peer-python .bench/bin/python

Packages count differently: with ``min_samples=k``, hdbscan and fast_hdbscan take the distance to the k-th
other item as core distance; Partita and scikit-learn count the item itself, so they get k + 1 here. Beyond 30
columns fast_hdbscan takes an approximate graph of neighbours, for which it needs the package pynndescent.
New rows for ``predict`` are drawn as the others are; where a data set has no more, they are its first rows
times 1.001, or, with ``--hold-out``, rows that are left out of ``fit``.

Run alone, it compares the labels of two packages (adjusted Rand index, noise as one part), times ``predict``
of new rows against ``fit``, and tells the parts that are found without any parameter.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from contests import Contest, Fit, judge_truth

_OTHERS = 5
_SIZE = 50


def planar_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Sixty blobs of log-spread density, two noisy rings and a tenth of uniform noise, in the plane."""
    rng = np.random.default_rng(seed + 3)
    noise, k = n // 10, 60
    ring = (n - noise) // 10
    blobs = n - noise - 2 * ring
    cells = rng.permutation(100)[:k]
    centers = np.stack([cells % 10, cells // 10], 1) * 10 + rng.uniform(-2, 2, (k, 2))
    deviation = np.exp(rng.uniform(np.log(0.15), np.log(1.2), k))
    share = np.exp(0.8 * rng.standard_normal(k))
    y = rng.choice(k, size=blobs, p=share / share.sum())
    parts, labels = [centers[y] + rng.standard_normal((blobs, 2)) * deviation[y, None]], [y]
    for number, (x, z, radius) in enumerate([(120, 30, 12), (120, 70, 18)]):
        angle = rng.uniform(0, 2 * np.pi, ring)
        circle = np.stack([x + radius * np.cos(angle), z + radius * np.sin(angle)], 1)
        parts.append(circle + rng.standard_normal((ring, 2)) * 0.4)
        labels.append(np.full(ring, k + number))
    parts.append(rng.uniform([-10, -10], [145, 110], (noise, 2)))
    labels.append(np.full(noise, -1))
    order = rng.permutation(n)
    return np.concatenate(parts)[order].astype(np.float32), np.concatenate(labels)[order], {}


def mixture_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """200 Gaussians around 20 places in 64 columns: decaying spectrum, uneven sizes and scales."""
    rng, d = np.random.default_rng(seed + 2), 64
    spectrum = (1 + np.arange(d)) ** -0.5
    places = np.repeat(rng.standard_normal((20, d)) * spectrum, 10, axis=0)
    centers = places + rng.standard_normal((200, d)) * spectrum
    share = np.exp(rng.standard_normal(200))
    y = rng.choice(200, size=n, p=share / share.sum())
    scale = 0.45 * np.exp(0.25 * rng.standard_normal(200))
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    X = np.empty((n, d), np.float32)
    for start in range(0, n, 50_000):
        some = y[start : start + 50_000]
        X[start : start + 50_000] = (
            rng.standard_normal((len(some), d)) * spectrum * scale[some, None] + centers[some]
        ) @ turn
    return X, y, {}


def digits_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """MNIST in its thirty first principal components."""
    root = os.environ.get("PARTITA_DATA")
    if not root:
        raise SystemExit("this contest needs PARTITA_DATA, the folder that holds mnist-digits/mnist.npz")
    with np.load(Path(root) / "mnist-digits" / "mnist.npz") as held:
        X, y = held["X"].reshape(len(held["X"]), -1).astype(np.float32), held["y"]
    X -= X.mean(axis=0)
    _, vectors = np.linalg.eigh((X.T @ X).astype(np.float64))
    pick = np.random.default_rng(seed).permutation(len(X))[:n]
    return np.ascontiguousarray((X @ vectors[:, ::-1][:, :30].astype(np.float32))[pick]), y[pick], {}


def partita_hdbscan() -> Fit:
    from partita.points import HDBSCAN

    return lambda X, facts: HDBSCAN(min_cluster_size=_SIZE, min_samples=_OTHERS + 1).fit(X).labels_


def partita_free() -> Fit:
    from partita.points import HDBSCAN

    return lambda X, facts: HDBSCAN().fit(X).labels_


def fast_package() -> Fit:
    import fast_hdbscan

    model = {"min_cluster_size": _SIZE, "min_samples": _OTHERS}
    return lambda X, facts: fast_hdbscan.HDBSCAN(**model).fit(X).labels_


def hdbscan_package() -> Fit:
    import hdbscan

    model = {"min_cluster_size": _SIZE, "min_samples": _OTHERS}
    return lambda X, facts: (
        hdbscan.HDBSCAN(**model, core_dist_n_jobs=facts["threads"], approx_min_span_tree=False).fit(X).labels_
    )


def sklearn_package() -> Fit:
    from sklearn.cluster import HDBSCAN

    model = {"min_cluster_size": _SIZE, "min_samples": _OTHERS + 1, "copy": True}
    return lambda X, facts: HDBSCAN(**model, n_jobs=facts["threads"]).fit(X).labels_


def evoc_package() -> Fit:
    import evoc

    return lambda X, facts: evoc.EVoC().fit_predict(X)


ENTRANTS = {
    "partita HDBSCAN": partita_hdbscan,
    "partita, no parameter": partita_free,
    "fast_hdbscan": fast_package,
    "hdbscan": hdbscan_package,
    "sklearn HDBSCAN": sklearn_package,
    "evoc": evoc_package,
}
CONTESTS = {
    contest.name: contest
    for contest in (
        Contest(
            "density-p2", "blobs, rings and noise in the plane", 100_000, planar_data, ENTRANTS, judge_truth
        ),
        Contest(
            "density-m2",
            "a mixture of 200 Gaussians in 64 columns",
            200_000,
            mixture_data,
            ENTRANTS,
            judge_truth,
        ),
        Contest(
            "density-mnist30",
            "digits in 30 components (needs PARTITA_DATA)",
            70_000,
            digits_data,
            ENTRANTS,
            judge_truth,
        ),
    )
}
_PEER = """
import sys, time, numpy as np, fast_hdbscan
X = np.load(sys.argv[1])
model = dict(min_cluster_size=int(sys.argv[3]), min_samples=int(sys.argv[4]))
fast_hdbscan.HDBSCAN(min_cluster_size=5).fit(X[:10000])
start = time.perf_counter()
labels = fast_hdbscan.HDBSCAN(**model).fit(X).labels_
print(time.perf_counter() - start)
np.save(sys.argv[2], labels)
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("contest", choices=sorted(CONTESTS))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--new", type=int, default=30_000, help="new rows for predict")
    parser.add_argument(
        "--hold-out", action="store_true", help="fit without the new rows, if there are no others"
    )
    parser.add_argument("--data", help="a .npy file of rows in place of the contest's")
    parser.add_argument("--peer-python", help="a Python that has fast_hdbscan; its labels are compared")
    args = parser.parse_args()
    contest = CONTESTS[args.contest]
    rows = args.rows or contest.rows
    X = np.load(args.data) if args.data else contest.make_data(rows + args.new, 0)[0]
    if args.hold_out:
        X = X[np.random.default_rng(0).permutation(len(X))]
    kept = len(X) - args.new if args.hold_out or len(X) > rows else len(X)
    X, new = X[:kept], X[kept:] if kept < len(X) else X[: args.new] * np.float32(1.001)
    ours(np.ascontiguousarray(X), np.ascontiguousarray(new), args.peer_python)
    return 0


def ours(X: np.ndarray, new: np.ndarray, peer_python: str | None) -> None:
    """Fit, predict, the layers, and agreement with the peer."""
    from partita.points import HDBSCAN

    HDBSCAN(min_cluster_size=_SIZE, min_samples=_OTHERS + 1).fit(X[:6000]).predict(new[:100])
    start = time.perf_counter()
    model = HDBSCAN(min_cluster_size=_SIZE, min_samples=_OTHERS + 1).fit(X)
    fitted = time.perf_counter() - start
    start = time.perf_counter()
    model.predict(new)
    predicted = time.perf_counter() - start
    share = predicted / fitted
    print(f"{X.shape}: fit {fitted:.2f} s, predict {len(new):,} rows {predicted:.3f} s ({share:.3f})")
    print("predict(X) == labels_:", bool((model.predict(X) == model.labels_).all()))
    free = HDBSCAN().fit(X)
    print(
        "layers without parameters:", [(p.n_parts, int(s)) for p, s in zip(free.layers_, free.layer_sizes_)]
    )
    if peer_python:
        compare(X, model.labels_, peer_python, fitted)


def compare(X: np.ndarray, labels: np.ndarray, peer_python: str, fitted: float) -> None:
    """Agreement with fast_hdbscan at parameters of equal meaning."""
    from sklearn.metrics import adjusted_rand_score

    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "X.npy", Path(folder) / "labels.npy"
        np.save(data, X)
        command = [peer_python, "-c", _PEER, str(data), str(out), str(_SIZE), str(_OTHERS)]
        seconds = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        peer = np.load(out)
    both = (labels >= 0) & (peer >= 0)
    print(
        f"fast_hdbscan {seconds:.2f} s ({seconds / fitted:.2f} times ours); parts {labels.max() + 1} and "
        f"{peer.max() + 1}; ARI {adjusted_rand_score(peer, labels):.6f}, without noise "
        f"{adjusted_rand_score(peer[both], labels[both]):.6f}"
    )


if __name__ == "__main__":
    sys.exit(main())
