"""HierarchicalKMeans against faiss.Kmeans at its defaults: a million rows of 128 columns into 1,000 parts.

    python benchmarks/kmeans_faiss.py --peer-python /path/with/faiss/bin/python
    python benchmarks/kmeans_faiss.py --rows 200000 --parts 500 --repeats 5 --data rows.npy

Each fit is a fresh process with the rows already in memory; the two take turns. The time of Partita includes
labels, the tree and its record; that of faiss training and labels. A fit on few rows goes before, so that
kernels come from the cache. Both run on ``--threads`` threads and on the same BLAS kernels (``--coretype``:
the OpenBLAS in faiss's wheel takes a slow kernel on new processors by itself). Inertia is that of the labels
and centres each returns, over all rows.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PARTITA = """
import numpy as np
from partita.points import HierarchicalKMeans
def fit(X, k):
    fitted = HierarchicalKMeans(k).fit(X)
    return fitted.labels_, fitted.cluster_centers_
warm = 50_000
"""
FAISS = """
import faiss, numpy as np
faiss.omp_set_num_threads(THREADS)
def fit(X, k):
    kmeans = faiss.Kmeans(X.shape[1], k)
    kmeans.train(X)
    return kmeans.index.search(X, 1)[1][:, 0], kmeans.centroids
warm = 1_000
"""
CHILD = """
import json, resource, sys, time
X = np.load(PATH)
fit(X[:warm], min(PARTS, 200, warm // 40))
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, began, cpu = peak(), time.perf_counter(), time.process_time()
labels, centers = fit(X, PARTS)
seconds, cpu, after = time.perf_counter() - began, time.process_time() - cpu, peak()
inertia = 0.0
for start in range(0, len(X), 65536):
    block = slice(start, start + 65536)
    apart = X[block] - centers[labels[block]].astype(np.float32)
    inertia += float(np.einsum("ij,ij->", apart, apart, dtype=np.float64))
print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mib": after - before, "inertia": inertia,
                  "parts": len(np.unique(labels))}))
"""


def mixture(n: int, path: Path) -> None:
    """Two-level Gaussian mixture: 2,000 uneven components in 40 groups, decaying spectrum, rotated."""
    import numpy as np

    rng = np.random.default_rng(1)
    d, groups, each = 128, 40, 50
    spectrum = ((1 + np.arange(d)) ** -0.5).astype("f4")
    coarse = rng.standard_normal((groups, d), dtype="f4") * spectrum
    centers = np.repeat(coarse, each, 0) + rng.standard_normal((groups * each, d), dtype="f4") * spectrum
    weights = np.exp(rng.standard_normal(groups * each))
    component = rng.choice(groups * each, size=n, p=weights / weights.sum())
    scale = (0.7 * np.exp(0.25 * rng.standard_normal(groups * each))).astype("f4")
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0].astype("f4")
    X = np.empty((n, d), "f4")
    for start in range(0, n, 100_000):
        own = component[start : start + 100_000]
        noise = rng.standard_normal((len(own), d), dtype="f4") * spectrum * scale[own, None]
        X[start : start + 100_000] = (noise + centers[own]) @ rotation
    np.save(path, X)


def run(python: str, code: str, args: argparse.Namespace, data: Path) -> dict[str, float]:
    """One fit in a process of its own."""
    count = str(args.threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "PARTITA_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, count)}
    environment.pop("OPENBLAS_CORETYPE", None)
    if args.coretype:
        environment["OPENBLAS_CORETYPE"] = args.coretype
    text = (code + CHILD).replace("THREADS", count).replace("PARTS", str(args.parts))
    text = text.replace("PATH", repr(str(data)))
    done = subprocess.run([python, "-c", text], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{python} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def report(name: str, runs: list[dict[str, float]], base: list[dict[str, float]]) -> None:
    """A line with medians, the spread of the times and ratios to faiss."""
    middle = {key: statistics.median(one[key] for one in runs) for key in runs[0]}
    peer = {key: statistics.median(one[key] for one in base) for key in base[0]}
    seconds = [one["seconds"] for one in runs]
    ratios = [middle[key] / peer[key] for key in ("seconds", "inertia")]
    print(
        f"{name:8} {middle['seconds']:7.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
        f"  CPU {middle['cpu']:7.2f} s  peak +{middle['peak_mib']:5.0f} MiB"
        f"  inertia {middle['inertia']:.5g}  parts {middle['parts']:.0f}"
        f"  time x{ratios[0]:.3f}  inertia x{ratios[1]:.4f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--coretype", default="SkylakeX", help="OPENBLAS_CORETYPE for both; empty: unset")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has faiss-cpu")
    parser.add_argument("--data", type=Path, help="float32 rows as .npy, instead of the mixture")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = args.data or Path(folder) / "rows.npy"
        if args.data is None:
            mixture(args.rows, data)
        ours, theirs = [], []
        for _ in range(args.repeats):
            ours.append(run(sys.executable, PARTITA, args, data))
            theirs.append(run(args.peer_python, FAISS, args, data))
    report("faiss", theirs, theirs)
    report("partita", ours, theirs)


if __name__ == "__main__":
    main()
