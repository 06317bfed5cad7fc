"""The bottom partition of a graph, however it is found, and how many of its merges belong below the finest
level. Called by ``BottomUp``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from partita._core.errors import InfeasibleError
from partita._core.threads import map_tasks
from partita.graphs._bethe import spectral_labels, spectrum
from partita.graphs._density import DensityTree, density_tree
from partita.graphs._description import graph_nats
from partita.graphs._nested import NestedDescription
from partita.kernels.blocks import blocks_improve
from partita.kernels.csr import Graph, compact, components, contract

_SWEEPS = 20
_MOST_REFINED = 8192
_MOST_STEPS = 40
_FINER = 1.25
_MANY, _FIRST_OF_MANY = 2**15, 2  # with many nodes the scan starts at resolution 4^2
Partitioner = Callable[[Graph, float, int | None], np.ndarray]


@dataclass(frozen=True)
class Wanted:
    """What the finest level must be.

    Attributes
    ----------
    n_clusters : int or None
    max_size : int or None
        Most nodes of a part.
    refine : bool
        Whether nodes move between the parts found.
    """

    n_clusters: int | None
    max_size: int | None
    refine: bool

    def most_merges(self, tree: DensityTree) -> int | None:
        """How many merges the finest level may have seen; None where no cut of the tree will do."""
        most = len(tree.left)
        if self.max_size is not None:
            size = np.concatenate([tree.blocks.node_weight, np.zeros(most)])
            for t, (a, b) in enumerate(zip(tree.left.tolist(), tree.right.tolist())):
                size[tree.n_blocks + t] = size[a] + size[b]
            if size[: tree.n_blocks].max(initial=0.0) > self.max_size:
                return None
            over = np.flatnonzero(size[tree.n_blocks :] > self.max_size)
            most = int(over[0]) if len(over) else most
        if self.n_clusters not in (None, 1):
            return most if tree.n_blocks - most <= self.n_clusters <= tree.n_blocks else None
        return most


@dataclass(frozen=True)
class Bottom:
    """A bottom partition, its tree, and the levels of it that are named.

    Attributes
    ----------
    tree : DensityTree
    levels : list of int
        Numbers of parts, coarse to fine, without the root.
    nats : float
        Description length with these levels, each edge counted once.
    choices : dict
    """

    tree: DensityTree
    levels: list[int]
    nats: float
    choices: dict[str, Any] = field(default_factory=dict)


class Search:
    """Finds bottom partitions of one graph.

    Parameters
    ----------
    graph : Graph
        With the weights that densities are of.
    wanted : Wanted
    """

    def __init__(self, graph: Graph, wanted: Wanted) -> None:
        self.graph, self.wanted = graph, wanted
        self.plain = graph._replace(weights=np.ones(len(graph.weights)))
        self.constant = graph_nats(self.plain)
        self.component, self.n_components = components(graph)

    def of_labels(self, labels: np.ndarray, choices: dict[str, Any], *, keep: bool = False) -> Bottom | None:
        """The bottom with these parts, divided along components; with `keep`, all are in the finest level."""
        labels = self._along_components(labels)
        n_blocks = int(labels.max(initial=-1)) + 1
        tree = density_tree(self.graph, labels, n_blocks)
        merges = self.wanted.most_merges(tree)
        if merges is None:
            return None
        if not len(self.plain.indices):
            return Bottom(tree, [n_blocks], 0.0, choices)
        blocks = contract(self.plain, labels, n_blocks)
        described = NestedDescription(tree, blocks, self.constant, merges)
        if self.wanted.n_clusters is not None:
            n_parts = max(self.wanted.n_clusters, described.fewest)
        else:
            n_parts = n_blocks if keep and self.wanted.max_size is None else described.best()
        levels = [] if self.wanted.n_clusters == 1 else described.levels(n_parts)
        return Bottom(tree, levels, described.nats(n_parts), choices)

    def by_spectrum(self) -> Bottom | None:
        """Communities by the Bethe Hessian; as many as stand out, or as are wanted."""
        found = spectrum(self.plain, self.wanted.n_clusters)
        labels = spectral_labels(found)
        choices = {
            "n_bottom": f"eigenvalues that stand out: {len(found.values)}"
            if self.wanted.n_clusters is None
            else "n_clusters",
            "non_backtracking_radius": found.radius,
        }
        return self.of_labels(self._improved(labels, choices), choices, keep=True)

    def by_moves(self, partition: Partitioner) -> Bottom:
        """Communities of the resolution, and of the cut above it, that describe the graph shortest."""
        tried: dict[float, Bottom | None] = {}

        def one(resolution: float) -> Bottom | None:
            labels = partition(self.graph, resolution, self.wanted.max_size)
            return self.of_labels(labels, {"resolution": resolution})

        def several(resolutions: list[float]) -> list[Bottom | None]:
            new = [r for r in resolutions if r not in tried]
            tried.update(zip(new, map_tasks(one, new)))
            return [tried[r] for r in resolutions]

        best = _shortest(several, _FIRST_OF_MANY if len(self.graph.loops) > _MANY else 0)
        if best is None:
            best = self.of_labels(np.arange(len(self.graph.loops), dtype=np.int32), {"resolution": np.inf})
            assert best is not None
        best = replace(best, choices={**best.choices, "resolutions_tried": len(tried)})
        if not self.wanted.refine or self.wanted.max_size is not None:
            return best
        choices = dict(best.choices)
        finest = best.levels[-1] if best.levels else 1
        labels = self._improved(best.tree.cut_labels(max(finest, self.n_components)), choices)
        refined = self.of_labels(labels, choices)
        return refined if refined is not None and refined.nats < best.nats else best

    def _improved(self, labels: np.ndarray, choices: dict[str, Any]) -> np.ndarray:
        labels, n_blocks = compact(np.ascontiguousarray(labels, np.int32), int(labels.max(initial=-1)) + 1)
        if not self.wanted.refine or n_blocks < 2:
            return labels
        if n_blocks > _MOST_REFINED:
            choices["refine"] = f"left out: {n_blocks} parts are more than {_MOST_REFINED}"
            return labels
        choices["nodes_moved"] = int(blocks_improve(self.plain, labels, n_blocks, _SWEEPS))
        return labels

    def _along_components(self, labels: np.ndarray) -> np.ndarray:
        if self.n_components <= 1:
            return compact(np.ascontiguousarray(labels, np.int32), int(labels.max(initial=-1)) + 1)[0]
        both = labels.astype(np.int64) * self.n_components + self.component
        _, together = np.unique(both, return_inverse=True)
        return compact(together.astype(np.int32), int(together.max(initial=-1)) + 1)[0]


def _shortest(several: Callable[[list[float]], list[Bottom | None]], first: int) -> Bottom | None:
    """The shortest of a grid of resolutions: upwards from ``4 ** first`` by 4 (with many nodes, by 2 after
    the first two) until smaller parts describe the graph worse; downwards if the first was best; then the two
    steps halfway. Two at a time, on two threads."""
    best: Bottom | None = None
    pair = [4.0**first, 4.0 ** (first + 1)]
    for _ in range(0, _MOST_STEPS, 2):
        worse = False
        for found in several(pair):
            if found is not None and (best is None or found.nats < best.nats):
                best, worse = found, False
            elif found is not None and best is not None:
                finest = found.tree.n_blocks == len(found.tree.labels)
                worse = finest or found.tree.n_blocks > _FINER * best.tree.n_blocks
        if worse:
            break
        pair = [2.0 * pair[1], 4.0 * pair[1]] if first else [4.0 * pair[1], 16.0 * pair[1]]
    if best is None:
        return None
    if first and best.choices["resolution"] <= 4.0**first:
        coarser = [found for found in several([4.0**step for step in range(first)]) if found is not None]
        best = min([best, *coarser], key=lambda found: found.nats)
    resolution = best.choices["resolution"]
    near = [found for found in several([0.5 * resolution, 2.0 * resolution]) if found is not None]
    return min([best, *near], key=lambda found: found.nats)


def check_feasible(n: int, n_components: int, n_clusters: int | None) -> None:
    """Refuse a number of parts that no tree over the graph has.

    Raises
    ------
    InfeasibleError
    """
    if n_clusters is None:
        return
    if n_clusters > n:
        raise InfeasibleError(
            f"{n} nodes can't make {n_clusters} parts.", f"n_clusters={n}", name="n_clusters", got=n_clusters
        )
    if 1 < n_clusters < n_components:
        raise InfeasibleError(
            f"The graph has {n_components} connected components, which no merge joins.",
            f"n_clusters={n_components}, or n_clusters=1 for all in one",
            name="n_clusters",
            got=n_clusters,
        )
