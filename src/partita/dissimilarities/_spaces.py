"""Small metric spaces, and maps between them that lengthen no distance. For ``check_scheme``.

A space is an array: points (n, d) compared by Euclidean distance, or a matrix of distances (n, n). Sizes and
steps are powers of two where that can be, so that scaling and ties are exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import cdist

_STEPS = (0.25, 0.5, 1.0, 1.0, 1.0, 1.5, 2.0, 3.0)


def _uniform(rng: np.random.Generator, n: int) -> np.ndarray:
    return 2.0 * rng.random((n, int(rng.integers(1, 4))))


def _blobs(rng: np.random.Generator, n: int) -> np.ndarray:
    centers = 4.0 * rng.random((int(rng.integers(2, 4)), 2))
    return centers[rng.integers(0, len(centers), n)] + 0.25 * rng.standard_normal((n, 2))


def _chain(rng: np.random.Generator, n: int) -> np.ndarray:
    places = np.cumsum(rng.choice(_STEPS, n))
    return np.column_stack([places, np.zeros(n)])


def _lattice(rng: np.random.Generator, n: int) -> np.ndarray:
    side = int(np.ceil(np.sqrt(2 * n)))
    cells = rng.permutation(side * side)[:n]
    return np.column_stack(np.divmod(cells, side)).astype(np.float64)


def _bridge(rng: np.random.Generator, n: int) -> np.ndarray:
    on_bridge = int(rng.integers(1, 4))
    left = (n - on_bridge) // 2
    ends = 0.3 * rng.standard_normal((n - on_bridge, 2))
    ends[left:, 0] += on_bridge + 1.0
    steps = np.column_stack([np.arange(1, on_bridge + 1), 0.1 * rng.standard_normal(on_bridge)])
    return np.concatenate([ends, steps])


FAMILIES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "uniform": _uniform,
    "blobs": _blobs,
    "chain": _chain,
    "lattice": _lattice,
    "bridge": _bridge,
}


def draw_space(
    rng: np.random.Generator, kind: str, n: int, scale: float, source: np.ndarray | None
) -> np.ndarray:
    """A space of `n` items: of a family taken at random and `scale`, or items of `source` as they are."""
    if source is not None:
        return some_of(source, kind, np.sort(rng.permutation(len(source))[:n]))
    names = list(FAMILIES)
    points = scale * FAMILIES[names[int(rng.integers(len(names)))]](rng, n)
    return points if kind == "points" else distances_of(points, "points")


def distances_of(space: np.ndarray, kind: str) -> np.ndarray:
    """All distances of a space, float64 (n, n)."""
    return cdist(space, space) if kind == "points" else space


def some_of(space: np.ndarray, kind: str, items: np.ndarray) -> np.ndarray:
    """The space of some of its items."""
    return space[items] if kind == "points" else space[np.ix_(items, items)]


def shrunk(rng: np.random.Generator, space: np.ndarray, kind: str) -> np.ndarray:
    """The same items, no two further apart than before, none brought together entirely."""
    return _squeezed(rng, space) if kind == "points" else _shortened(rng, space)


def _squeezed(rng: np.random.Generator, points: np.ndarray) -> np.ndarray:
    """Every column through a rising function that is nowhere steeper than 1: gaps between values shrink."""
    out = np.empty_like(points)
    for j, column in enumerate(points.T):
        values, place = np.unique(column, return_inverse=True)
        shares = rng.choice((0.125, 0.5, 1.0, 1.0, 1.0), len(values) - 1)
        out[:, j] = np.append(0.0, np.cumsum(shares * np.diff(values)))[place]
    return out


def _shortened(rng: np.random.Generator, D: np.ndarray) -> np.ndarray:
    """A few distances cut, then the shortest ways between all items."""
    out = D.copy()
    for _ in range(int(rng.integers(1, 4))):
        i, j = rng.permutation(len(D))[:2]
        out[i, j] = out[j, i] = out[i, j] * float(rng.choice((0.125, 0.5, 0.75)))
    for k in range(len(out)):
        out = np.minimum(out, out[:, k, None] + out[None, k])
    return out


def lifted(
    rng: np.random.Generator, space: np.ndarray, kind: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A space with copies of some items above it; the map that lets them fall down onto their originals.

    Returns
    -------
    first, second : arrays
        The space with copies, and without (points get one more column, of zeros).
    image : intp
        The item of `second` for each of `first`.
    """
    n = len(space)
    copied = np.sort(rng.permutation(n)[: int(rng.integers(1, n // 2 + 1))])
    image = np.append(np.arange(n), copied)
    apart = distances_of(space, kind)
    height = (
        float(rng.choice((0.125, 0.5, 1.0))) * float(np.median(apart[apart > 0.0])) if apart.any() else 1.0
    )
    up = np.append(np.zeros(n), np.ones(len(copied)))
    if kind == "points":
        first = np.column_stack([space[image], height * up])
        return first, np.column_stack([space, np.zeros(n)]), image
    return space[np.ix_(image, image)] + height * (up[:, None] != up[None]), space, image


def moved(rng: np.random.Generator, space: np.ndarray, kind: str) -> np.ndarray:
    """The space with one item elsewhere: near another one, or a little aside."""
    n = len(space)
    i, j = rng.permutation(n)[:2]
    out = space.copy()
    if kind == "points":
        spread = float(np.abs(np.ptp(space, axis=0)).max()) / 4.0
        if rng.random() < 0.5:
            out[i] = out[j]
        out[i] += spread * float(rng.choice((0.25, 1.0))) * rng.standard_normal(space.shape[1])
        return out
    longer = out[i] * float(rng.choice((0.75, 1.25)))
    out[i] = out[:, i] = longer
    for k in range(n):
        out = np.minimum(out, out[:, k, None] + out[None, k])
    return out
