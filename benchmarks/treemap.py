"""Treemaps: aspects and area errors on random trees, movement under small changes of weight, seconds.

    python benchmarks/treemap.py bounds --trees 10000
    python benchmarks/treemap.py stability
    python benchmarks/treemap.py speed --leaves 100000 --peer-python .bench/bin/python

``--peer-python`` names a Python that has squarify, which lays out one level.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from oracles.treemaps import depths, in_preorder, random_tree, summed
from partita.draw._layouts import LAYOUTS
from partita.kernels.treemap_polygons import treemap_measure

_PEER = """
import json, sys, time
import numpy as np
import squarify
weight = np.load(sys.argv[1])
seconds = []
for _ in range(3):
    start = time.perf_counter()
    sizes = squarify.normalize_sizes(weight.tolist(), 960, 600)
    squarify.squarify(sizes, 0, 0, 960, 600)
    seconds.append(time.perf_counter() - start)
print(json.dumps(seconds))
"""


def main() -> None:
    args = parse()
    {"bounds": bounds, "stability": stability, "speed": speed}[args.what](args)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("bounds", "stability", "speed"))
    parser.add_argument("--trees", type=int, default=10_000)
    parser.add_argument("--leaves", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", default=list(LAYOUTS))
    parser.add_argument("--peer-python")
    return parser.parse_args()


def layout_of(name: str) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    return importlib.import_module(LAYOUTS[name]).layout


def with_weight(parent: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tree of the nodes that have at least 1e-15 of the weight."""
    leaf = np.ones(len(parent), dtype=bool)
    leaf[parent[1:]] = False
    weight = summed(parent, np.where(leaf & (weight > 1e-15 * weight[0]), weight, 0.0))
    kept = weight > 0
    number = np.cumsum(kept) - 1
    return np.where(parent[kept] >= 0, number[parent[kept]], -1).astype(np.intp), weight[kept]


def bounds(args: argparse.Namespace) -> None:
    """The worst of many random trees: up to 60 deep, power laws, single children."""
    print(f"{args.trees} trees; error: of shares above 1e-12, relative; c: aspect over depth")
    worst = {name: np.zeros(4) for name in args.only}
    for seed in range(args.trees):
        parent, weight = with_weight(*random_tree(seed))
        leaf = np.ones(len(parent), dtype=bool)
        leaf[parent[1:]] = False
        share, deepest = weight / weight[0], max(int(depths(parent).max()), 1)
        seen = share > 1e-12
        for name, most in worst.items():
            area, aspect = treemap_measure(*layout_of(name)(parent, weight, 1.0, 1.0))
            error = np.abs(area[seen & leaf] / share[seen & leaf] - 1).max()
            found = (aspect[leaf].max(), aspect.max(), aspect.max() / deepest, error)
            np.maximum(most, found, out=most)
    print(f"{'layout':12} {'leaves':>10} {'all parts':>10} {'c':>10} {'area error':>11}")
    for name, most in worst.items():
        print(f"{name:12} {most[0]:10.4g} {most[1]:10.4g} {most[2]:10.4g} {most[3]:11.2g}")


def stability(args: argparse.Namespace) -> None:
    """How far the middles of leaves move, over the side of the square, when weights change a little."""
    print("mean movement (share of leaves that move by more than a tenth), 40 trees")
    for change in (0.001, 0.01, 0.1):
        for name in args.only:
            moved = np.concatenate([movement(name, seed, change) for seed in range(40)])
            print(f"change {change:6} {name:12} {moved.mean():.4f} ({(moved > 0.1).mean():.3f})")


def movement(name: str, seed: int, change: float) -> np.ndarray:
    parent, weight = with_weight(*random_tree(seed))
    leaf = np.ones(len(parent), dtype=bool)
    leaf[parent[1:]] = False
    jitter = 1 + change * np.random.default_rng(seed).standard_normal(len(parent)).clip(-3, 3)
    other = summed(parent, np.where(leaf, weight * jitter, 0.0))
    middles = [middles_of(layout_of(name)(parent, w, 1.0, 1.0)) for w in (weight, other)]
    return np.linalg.norm(middles[0] - middles[1], axis=1)[leaf]


def middles_of(polygons: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    corners, offset = polygons
    return np.add.reduceat(corners, offset[:-1], axis=0) / np.diff(offset)[:, None]


def tree_with_leaves(kind: str, leaves: int) -> tuple[np.ndarray, np.ndarray]:
    """One level, or nested at random, or a spine with one leaf at each part; power laws."""
    rng = np.random.default_rng(0)
    if kind == "one level":
        above = [-1] + [0] * leaves
    elif kind == "spine":
        above = [-1] + [2 * (v // 2) for v in range(2 * leaves - 2)]
    else:
        inner = leaves // 4
        above = [-1, *(int(v * rng.random() ** 0.7) for v in range(1, inner))]
        above += rng.integers(0, inner, leaves).tolist()
    parent = in_preorder(above)
    weight = 1 + rng.pareto(1.0, len(parent))
    weight[np.unique(parent[1:])] = 0.0
    return parent, summed(parent, weight)


def speed(args: argparse.Namespace) -> None:
    """Seconds of each layout, the median of three, kernels compiled; squarify's on the tree of one level."""
    for kind in ("one level", "nested", "spine"):
        parent, weight = tree_with_leaves(kind, args.leaves)
        leaves = len(parent) - len(np.unique(parent[1:]))
        print(f"{kind}: {len(parent)} nodes, {leaves} leaves, {depths(parent).max()} deep")
        for name in args.only:
            print(f"  {name:12} {median_seconds(layout_of(name), parent, weight):8.3f} s")
        if kind == "one level" and args.peer_python:
            print(f"  {'squarify':12} {peer_seconds(args.peer_python, weight[1:]):8.3f} s")


def median_seconds(layout: Callable[..., tuple[np.ndarray, np.ndarray]], *tree: np.ndarray) -> float:
    layout(*random_tree(0), 960.0, 600.0)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        layout(*tree, 960.0, 600.0)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def peer_seconds(python: str, weight: np.ndarray) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weight.npy"
        np.save(path, np.sort(weight)[::-1])
        done = subprocess.run([python, "-c", _PEER, str(path)], capture_output=True, text=True, check=True)
    return statistics.median(json.loads(done.stdout))


if __name__ == "__main__":
    main()
