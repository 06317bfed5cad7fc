"""A hierarchy over 10^7 items from a binary linkage: made, checked, cut, saved, loaded.

Run: ``python benchmarks/hierarchy_scale.py [n_items]``. The linkage is that of a random binary tree: at each
step two of the standing clusters, chosen at random, are merged.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import partita as pt


def random_linkage(n: int, seed: int = 0) -> np.ndarray:
    """A linkage matrix of n items, vectorised: in rounds, the standing clusters are paired at random."""
    rng = np.random.default_rng(seed)
    Z, sizes, made = np.empty((n - 1, 4)), np.ones(2 * n - 1), 0
    standing = np.arange(n)
    while len(standing) > 1:
        rng.shuffle(standing)
        pairs = len(standing) // 2
        left, right = standing[:pairs], standing[pairs : 2 * pairs]
        rows = slice(made, made + pairs)
        new = n + np.arange(made, made + pairs)
        sizes[new] = sizes[left] + sizes[right]
        Z[rows] = np.column_stack(
            [np.minimum(left, right), np.maximum(left, right), new - n + 1.0, sizes[new]]
        )
        standing, made = np.concatenate([new, standing[2 * pairs :]]), made + pairs
    return Z


def measured(label: str, step: Callable[[], Any]) -> Any:
    """Run a step and print its time and the peak memory of the process so far."""
    begin = time.perf_counter()
    result = step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{label:<42}{time.perf_counter() - begin:9.3f} s   peak {peak:5.2f} GiB", flush=True)
    return result


def run(n: int, folder: Path) -> None:
    """All steps, once at a small size (kernels are compiled there) and once at n."""
    warm = pt.Hierarchy.from_linkage(random_linkage(1000))
    warm.check().cut(n_clusters=10)
    pt.load(warm.save(folder / "warm.partita"))
    linkage = [measured(f"linkage of {n:,} items", lambda: random_linkage(n))]
    h = measured("made (from_linkage, laws checked)", lambda: pt.Hierarchy.from_linkage(linkage.pop()))
    measured("checked (every law again)", h.check)
    measured("cut into 1,000 parts", lambda: h.cut(n_clusters=1000))
    measured("cut at a height", lambda: h.cut(height=float(n) / 2))
    path = measured("saved", lambda: h.save(folder / "large.partita"))
    size = sum(file.stat().st_size for file in path.iterdir()) / 2**20
    loaded = measured(f"loaded (memory-mapped, {size:,.0f} MiB)", lambda: pt.load(path))
    measured("first touch (checksums, every law)", lambda: loaded.members(0))
    measured("cut of the loaded one", lambda: loaded.cut(n_clusters=1000))
    assert np.array_equal(loaded.order, h.order)
    assert np.array_equal(loaded.parent, h.parent)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        run(int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**7, Path(name))
