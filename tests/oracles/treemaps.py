"""Random weighted trees, and slow checks of treemaps from their corners alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from partita.kernels.jit import jit


def random_tree(seed: int, size: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Parents in preorder and weights: up to 60 deep, power laws, chains of single children, some zeros."""
    rng = np.random.default_rng(seed)
    count, deepest, style = int(rng.integers(2, size)), int(rng.integers(1, 61)), int(rng.integers(0, 4))
    above, depth = [-1], [0]
    for v in range(1, count):
        draw = rng.random()
        behind = (
            int(draw * v),
            max(0, v - 1 - int(3 * draw)),
            v - 1 if draw < 0.9 else v // 3,
            int(v * draw**3),
        )
        up = behind[style]
        while depth[up] >= deepest:
            up = above[up]
        above.append(up)
        depth.append(depth[up] + 1)
    parent = in_preorder(above)
    leaf = np.ones(count, dtype=bool)
    leaf[parent[1:]] = False
    weight = np.minimum(1 + rng.pareto(rng.choice([0.3, 0.6, 1.0, 2.0]), count), 1e12)
    weight[rng.random(count) < 0.05] = 0.0
    weight[~leaf] = 0.0
    if not weight.any():
        weight[leaf] = 1.0
    return parent, summed(parent, weight)


def in_preorder(above: list[int]) -> np.ndarray:
    """The same tree with its nodes numbered in preorder, intp[t]."""
    children: list[list[int]] = [[] for _ in above]
    for v, up in enumerate(above):
        if up >= 0:
            children[up].append(v)
    order, waiting = [], [0]
    while waiting:
        v = waiting.pop()
        order.append(v)
        waiting.extend(reversed(children[v]))
    place = np.empty(len(above), dtype=np.intp)
    place[order] = np.arange(len(above))
    return np.array([-1 if above[v] < 0 else place[above[v]] for v in order], dtype=np.intp)


def summed(parent: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights of all nodes from those of the leaves."""
    total = weight.copy()
    for v in range(len(parent) - 1, 0, -1):
        total[parent[v]] += total[v]
    return total


def depths(parent: np.ndarray) -> np.ndarray:
    """Edges between the root and each node."""
    depth = np.zeros(len(parent), dtype=np.intp)
    for v in range(1, len(parent)):
        depth[v] = depth[parent[v]] + 1
    return depth


def polygons_of(polygons: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
    """The corners of each node."""
    corners, offset = polygons
    return [corners[a:b] for a, b in pairwise(offset)]


def area_of(corners: np.ndarray) -> float:
    """The area, positive when the corners run counterclockwise."""
    own = corners - corners[0]
    return float((own[:-1, 0] * own[1:, 1] - own[1:, 0] * own[:-1, 1]).sum() / 2) if len(corners) > 2 else 0.0


def aspect_of(corners: np.ndarray) -> float:
    """The smallest upright square around a polygon over its area."""
    return float(np.ptp(corners, axis=0).max() ** 2 / area_of(corners))


def contains(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points lie inside, by the number of sides to their right."""
    inside = np.zeros(len(points), dtype=bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0)):
        crosses = (a[1] <= points[:, 1]) != (b[1] <= points[:, 1])
        if crosses.any():
            at = a[0] + (points[:, 1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
            inside ^= crosses & (points[:, 0] < at)
    return inside


def distance_to_outline(corners: np.ndarray, point: np.ndarray) -> float:
    """How far a point is from the nearest side."""
    side = np.roll(corners, -1, axis=0) - corners
    along = ((point - corners) * side).sum(axis=1) / np.maximum((side**2).sum(axis=1), 1e-300)
    return float(np.linalg.norm(corners + np.clip(along, 0, 1)[:, None] * side - point, axis=1).min())


def is_convex(corners: np.ndarray, slack: float) -> bool:
    """Whether no corner turns right by more than `slack` as a distance, and the outline goes round once."""
    side = np.roll(corners, -1, axis=0) - corners
    following = np.roll(side, -1, axis=0)
    cross = side[:, 0] * following[:, 1] - side[:, 1] * following[:, 0]
    longer = np.maximum(np.linalg.norm(side, axis=1), np.linalg.norm(following, axis=1))
    turn = np.arctan2(cross, (side * following).sum(axis=1))
    return bool((cross >= -slack * longer).all()) and abs(turn.sum() - 2 * np.pi) < 1e-3


def is_orthoconvex(corners: np.ndarray) -> bool:
    """Whether all sides are upright, and rows and columns between corners meet it in one interval each."""
    following = np.roll(corners, -1, axis=0)
    if not ((corners == following).sum(axis=1) == 1).all():
        return False
    for axis in range(2):
        ends = np.unique(corners[:, axis])
        for middle in (ends[:-1] + ends[1:]) / 2:
            crossed = (corners[:, axis] < middle) != (following[:, axis] < middle)
            if crossed.sum() != 2:
                return False
    return True


def is_simple(corners: np.ndarray) -> bool:
    """Whether no two sides that don't follow each other meet."""
    following = np.roll(corners, -1, axis=0)
    count = len(corners)
    for i in range(count):
        for j in range(i + 2, count - (i == 0)):
            a, b, c, d = corners[i], following[i], corners[j], following[j]
            if _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0:
                return False
    return True


def _side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float(np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])))


@jit
def treemap_measure(corners, offset):
    """Area and aspect of each polygon, float64[t] each; a point has area 0 and aspect 1.

    The aspect is the area of the smallest upright square around a polygon over its own.
    """
    t = offset.shape[0] - 1
    area, aspect = np.zeros(t), np.ones(t)
    for v in range(t):
        start, stop = offset[v], offset[v + 1]
        if stop - start < 3:
            continue
        for j in range(start + 1, stop - 1):
            across, down = corners[j, 0] - corners[start, 0], corners[j, 1] - corners[start, 1]
            area[v] += 0.5 * across * (corners[j + 1, 1] - corners[start, 1])
            area[v] -= 0.5 * down * (corners[j + 1, 0] - corners[start, 0])
        side = 0.0
        for axis in range(2):
            low = high = corners[start, axis]
            for j in range(start + 1, stop):
                low, high = min(low, corners[j, axis]), max(high, corners[j, axis])
            side = max(side, high - low)
        aspect[v] = side * side / area[v] if area[v] > 0 else np.inf
    return area, aspect
