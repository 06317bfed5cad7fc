"""The condensed tree of a spine, and the clusters taken from it. Called by HDBSCAN."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from partita.kernels import condense as kernel
from partita.points._reach import Spine

_MOST_LAYERS = 10
_TOO_ALIKE = 0.2


@dataclass(frozen=True)
class Condensed:
    """Clusters of at least some number of items, numbered from the root down.

    Attributes
    ----------
    above : intp[k]
        The cluster that each is part of, -1 for the root.
    birth, death : float64[k]
        The scales (distances) at which a cluster appears (inf for the root) and divides or ends.
    size : float64[k]
        Items.
    row_cluster : intp[m]
        The cluster that a distinct row leaves as its own item.
    row_fall : float64[m]
        The scale at which it does.
    weight, core : float64[m]
        Items equal to each distinct row, and its core distance.
    """

    above: np.ndarray
    birth: np.ndarray
    death: np.ndarray
    size: np.ndarray
    row_cluster: np.ndarray
    row_fall: np.ndarray
    weight: np.ndarray
    core: np.ndarray

    @classmethod
    def of(cls, spine: Spine, weight: np.ndarray, least: float, *, by_distance: bool = False) -> Condensed:
        """Condense the merges of a spine to clusters of at least `least` items."""
        if len(weight) == 1:
            top = (np.array([-1]), np.array([np.inf]), spine.core, weight)
            return cls(*top, np.zeros(1, np.intp), spine.core, weight, core=spine.core)
        above, birth, death, size, cluster, fall = kernel.tree_condense(
            *spine.merges(by_distance=by_distance), weight, spine.core, least
        )
        return cls(above, birth, death, size, cluster, fall, weight, spine.core)

    @property
    def n_clusters(self) -> int:
        """How many there are, the root included."""
        return len(self.above)

    @cached_property
    def stability(self) -> np.ndarray:
        """Density (1 / scale) gained over birth, summed over the items of each cluster, float64[k].

        Scales of 0 count as twice the highest density otherwise found.
        """
        heights = np.concatenate([self.birth, self.row_fall])
        finite = heights[np.isfinite(heights) & (heights > 0)]
        unit = float(finite.max()) if len(finite) else 1.0
        with np.errstate(divide="ignore", over="ignore"):
            density = unit / heights
        known = density[np.isfinite(density)]
        density[np.isinf(density)] = 2 * known.max() if len(known) and known.max() > 0 else 1.0
        birth, fall = density[: self.n_clusters], density[self.n_clusters :]
        out = np.empty(self.n_clusters)
        kernel.clusters_stability(self.above, birth, self.size, self.row_cluster, fall, self.weight, out)
        return out / unit

    @cached_property
    def contrast(self) -> np.ndarray:
        """How much denser clusters are than where they were divided off, 0 to 1, float64[k].

        1 less the mean scale at which their items leave, by the scale at which the cluster appears.
        """
        total = np.bincount(self.row_cluster, self.weight * self.row_fall, minlength=self.n_clusters)
        kernel.clusters_sum_up(self.above, total)
        out = np.ones(self.n_clusters)
        inner = self.birth > 0
        np.divide(total, self.size * self.birth, out=out, where=inner & np.isfinite(self.birth))
        return np.where(inner, 1.0 - out, 0.0).clip(0.0, 1.0)

    @cached_property
    def densest(self) -> np.ndarray:
        """The distinct row of the lowest core distance in each cluster, intp[k]."""
        out = np.empty(self.n_clusters, np.intp)
        kernel.clusters_densest(self.above, self.row_cluster, self.core, out)
        return out

    def choose(self, method: str, epsilon: float, most: float, *, with_root: bool) -> np.ndarray:
        """The clusters to take, an antichain, ascending; the root where nothing divides it."""
        if self.n_clusters == 1:
            return np.zeros(1, np.intp)
        chosen = np.empty(self.n_clusters, np.bool_)
        if method == "leaf":
            kernel.choose_leaves(self.above, self.size, most, chosen)
        else:
            kernel.choose_mass(self.above, self.stability, self.size, most, with_root, chosen)
        if epsilon > 0:
            kernel.merge_close(self.above, self.birth, epsilon, with_root, chosen)
        return np.flatnonzero(chosen)

    def layers(self) -> list[Layer]:
        """Sets of leaves that last longest as the least size of a cluster grows, finest first."""
        birth, death = np.empty(self.n_clusters), np.empty(self.n_clusters)
        kernel.sizes_alive(self.above, self.size, birth, death)
        lasting = np.flatnonzero(death > birth)
        if not len(lasting):
            return [Layer(np.zeros(1, np.intp), 1.0, 0.0)]
        gain = ((death - birth) * self.contrast)[lasting]
        if not gain.any():
            gain = (death - birth)[lasting]
        birth, death = birth[lasting], death[lasting]
        ends = np.unique(np.concatenate([birth, death]))
        steps = np.zeros(len(ends) + 1)
        np.add.at(steps, np.searchsorted(ends, birth) + 1, gain)
        np.add.at(steps, np.searchsorted(ends, death) + 1, -gain)
        score = np.cumsum(steps)[: len(ends)]
        kept: list[Layer] = []
        for place in _peaks(score):
            alive = lasting[(birth < ends[place]) & (ends[place] <= death)]
            if all(_alike(alive, layer.clusters) <= _TOO_ALIKE for layer in kept):
                kept.append(Layer(alive, float(ends[place]), float(score[place])))
            if len(kept) == _MOST_LAYERS:
                break
        return sorted(kept, key=lambda layer: layer.least)

    def nests(self, fine: np.ndarray, coarse: np.ndarray) -> bool:
        """Whether each of the `fine` clusters lies in one of the `coarse`."""
        inside = np.zeros(self.n_clusters, np.bool_)
        inside[coarse] = True
        for c in range(1, self.n_clusters):
            inside[c] |= inside[self.above[c]]
        return bool(inside[fine].all())


@dataclass(frozen=True)
class Layer:
    """Clusters that are the leaves when a cluster has at least `least` items, and how much they last.

    Attributes
    ----------
    clusters : intp[:]
    least : float
        The largest least size for which they are the leaves.
    score : float
        Total persistence: over the leaves, by how many items the least size can grow, times their contrast.
    """

    clusters: np.ndarray
    least: float
    score: float


def _peaks(score: np.ndarray) -> np.ndarray:
    """Places of local maxima, the highest first; of a plateau the last place, of equal ones the first."""
    padded = np.concatenate([[-1.0], score, [-1.0]])
    run_ends = np.append(np.flatnonzero(np.diff(padded) != 0), len(padded) - 1)
    values = padded[run_ends]
    top = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])) + 1
    places = run_ends[top] - 1
    return places[np.argsort(-score[places], kind="stable")]


def _alike(a: np.ndarray, b: np.ndarray) -> float:
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both / (len(a) + len(b) - both)
