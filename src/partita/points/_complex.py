"""Alpha complexes in the plane or in space, and their persistence. For ``TopologicalClustering``."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.spatial import Delaunay

from partita.kernels.persistence import columns_reduce


@dataclass(frozen=True)
class Filtration:
    """Simplices of each dimension with the scale at which each appears.

    Attributes
    ----------
    simplices : list of intp (m_k, k + 1)
        Vertices ascending; the simplices in lexicographic order.
    faces : list of intp (m_k, k + 1)
        The number of the face opposite to each vertex (empty for vertices).
    scale : list of float64[m_k]
        Radii; a simplex is not there before its faces.
    """

    simplices: list[np.ndarray]
    faces: list[np.ndarray]
    scale: list[np.ndarray]

    @property
    def dimension(self) -> int:
        """Of the largest simplices."""
        return len(self.simplices) - 1


@dataclass(frozen=True)
class Features:
    """What is born and dies as the scale grows: components, loops, cavities.

    Attributes
    ----------
    dimension : intp[f]
    birth, death : float64[f]
        `death` is inf for what stays.
    """

    dimension: np.ndarray
    birth: np.ndarray
    death: np.ndarray

    def alive(self, scale: float, dimension: int) -> int:
        """The Betti number of a dimension at a scale."""
        own = self.dimension == dimension
        return int((own & (self.birth <= scale) & (scale < self.death)).sum())


def alpha_filtration(points: np.ndarray) -> Filtration:
    """Alpha complexes of all scales. `points`: float64 (u, d), distinct, spanning their 1 to 3 dimensions."""
    top = _triangulated(points)
    simplices: list[np.ndarray] = [top]
    faces: list[np.ndarray] = []
    while simplices[0].shape[1] > 1:
        lower, numbers = _faces(simplices[0])
        simplices.insert(0, lower)
        faces.insert(0, numbers)
    simplices[0] = np.arange(len(points))[:, None]
    faces[0] = simplices[1][:, ::-1].copy()
    faces.insert(0, np.empty((len(points), 0), np.intp))
    scale = [np.zeros(len(points)), *(np.empty(len(s)) for s in simplices[1:])]
    d = len(simplices) - 1
    scale[d] = _balls(points[simplices[d]])[1]
    for k in range(d - 1, 0, -1):
        scale[k] = _scales_of_faces(points, simplices, faces, scale, k)
    return Filtration(simplices, faces, scale)


def persistence(filtration: Filtration) -> Features:
    """The features of a filtration, by reduction of the boundary matrices over two elements."""
    found: list[tuple[int, np.ndarray, np.ndarray]] = []
    kills = np.zeros(len(filtration.simplices[-1]), bool)
    for k in range(filtration.dimension, -1, -1):
        scale = filtration.scale[k]
        order = np.lexsort((np.arange(len(scale)), scale))
        # Simplices that a larger one was paired with give birth: their columns are known to reduce to 0.
        below = filtration.scale[k - 1] if k else np.empty(0)
        rank = np.empty(len(below), np.intp)
        below_order = np.lexsort((np.arange(len(below)), below))
        rank[below_order] = np.arange(len(below))
        columns = (
            np.sort(rank[filtration.faces[k][order]], axis=1) if k else np.empty((len(order), 0), np.intp)
        )
        low = columns_reduce(columns, kills[order], len(below))
        deaths = low >= 0
        if k:
            born, died = below[below_order[low[deaths]]], scale[order[deaths]]
            lasting = died > born
            found.append((k - 1, born[lasting], died[lasting]))
        stays = order[~deaths & ~kills[order]]
        found.append((k, scale[stays], np.full(len(stays), np.inf)))
        if k:
            kills = np.zeros(len(below), bool)
            kills[below_order[low[deaths]]] = True
    return Features(
        np.concatenate([np.full(len(born), k, np.intp) for k, born, _ in found]),
        np.concatenate([born for _, born, _ in found]),
        np.concatenate([died for _, _, died in found]),
    )


def choose_scale(features: Features) -> tuple[float, str]:
    """A scale at which the persistent loops and cavities are there, and why.

    Loops and cavities with the largest ratios of death and birth, down to the widest gap between ratios,
    count; the scale lies in the longest stretch in which most of them live, above where others have died.
    """
    own = (features.dimension >= 1) & (features.birth > 0.0) & np.isfinite(features.death)
    birth, death = features.birth[own], features.death[own]
    ratio = np.log(death / birth)
    lasting = _above_gap(ratio)
    if len(lasting):
        low, high = _busiest(birth[lasting], death[lasting])
        joins = features.death[(features.dimension == 0) & (features.death < _NEAR * low)]
        others = np.concatenate([np.delete(death, lasting), joins])
        return _above_noise(low, high, others), f"{len(lasting)} loops or cavities persist"
    joins = np.sort(features.death[(features.dimension == 0) & np.isfinite(features.death)])
    if not len(joins):
        return 1.0, "all rows are equal"
    steps = np.log(joins[1:] / joins[:-1])
    if len(steps) and steps.max() >= _WIDEST:
        j = int(steps.argmax())
        return float(np.sqrt(joins[j] * joins[j + 1])), "no loop persists; components do"
    return float(joins[-1]), "no loop persists; all rows are connected"


_WIDEST = float(np.log(2.0))
_MOST = 32
_ABOVE = 1.1
_NEAR = 1.5


def _above_gap(ratio: np.ndarray) -> np.ndarray:
    """The numbers of the features above the widest gap of the largest log ratios; none below log 2."""
    order = np.argsort(-ratio, kind="stable")[:_MOST]
    falling = ratio[order]
    if not len(falling) or falling[0] < _WIDEST:
        return order[:0]
    steps = falling - np.append(falling[1:], 0.0)
    steps[falling < _WIDEST] = -1.0
    return order[: int(steps.argmax()) + 1]


def _busiest(birth: np.ndarray, death: np.ndarray) -> tuple[float, float]:
    """The stretch of scales in which most features live; of equal ones the longest by ratio."""
    ends = np.unique(np.concatenate([birth, death]))
    alive = [int(((birth <= low) & (death > low)).sum()) for low in ends[:-1]]
    length = np.log(ends[1:] / ends[:-1])
    best = np.lexsort((-length, -np.array(alive)))[0]
    return float(ends[best]), float(ends[best + 1])


def _above_noise(low: float, high: float, others: np.ndarray) -> float:
    """A scale between two, not above their geometric mean, at which as many `others` as possible are dead.

    Low, as a complex that is just closed lies along its loops; in a thick one, edges across carry nothing.
    """
    middle = float(np.sqrt(low * high))
    dead = others[(others > low) & (others < middle)]
    return min(middle, _ABOVE * max(low, float(dead.max(initial=0.0))))


def _triangulated(points: np.ndarray) -> np.ndarray:
    if points.shape[1] == 1:
        order = np.argsort(points[:, 0], kind="stable")
        pairs = np.column_stack([order[:-1], order[1:]])
    else:
        pairs = np.asarray(Delaunay(points).simplices, dtype=np.intp)
    pairs = np.sort(pairs, axis=1)
    return pairs[np.lexsort(pairs.T[::-1])]


def _faces(simplices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct faces, and for each simplex the number of the one opposite to each vertex."""
    m, size = simplices.shape
    columns = list(combinations(range(size), size - 1))[::-1]
    every = np.concatenate([simplices[:, c] for c in columns])
    faces, number = np.unique(every, axis=0, return_inverse=True)
    return faces, np.ascontiguousarray(number.reshape(size, m).T)


def _balls(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres and radii of the smallest spheres through the corners, float64 (m, d) and (m,)."""
    edges = corners[:, 1:] - corners[:, :1]
    gram = np.einsum("mid,mjd->mij", edges, edges)
    half = 0.5 * np.einsum("mii->mi", gram)
    # Slivers have no inverse; a small ridge gives them a large finite sphere.
    ridge = 1e-13 * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(gram.shape[1])
    share = np.linalg.solve(gram + ridge, half[:, :, None])[:, :, 0]
    offset = np.einsum("mi,mid->md", share, edges)
    return corners[:, 0] + offset, np.sqrt(np.einsum("md,md->m", offset, offset))


def _scales_of_faces(
    points: np.ndarray, simplices: list[np.ndarray], faces: list[np.ndarray], scale: list[np.ndarray], k: int
) -> np.ndarray:
    """Scales of k-simplices: their own sphere if no coface's vertex is in it, else their first coface's."""
    center, radius = _balls(points[simplices[k]])
    first = np.full(len(radius), np.inf)
    hit = np.zeros(len(radius), bool)
    for corner in range(k + 2):
        face, opposite = faces[k + 1][:, corner], simplices[k + 1][:, corner]
        np.minimum.at(first, face, scale[k + 1])
        apart = points[opposite] - center[face]
        inside = np.sqrt(np.einsum("md,md->m", apart, apart)) < radius[face]
        hit[face[inside]] = True
    return np.where(hit, first, np.minimum(radius, first))
