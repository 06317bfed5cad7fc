"""A density tree as a hierarchy. Called by the makers of this room that merge parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita.graphs._density import DensityTree
from partita.graphs._input import InputGraph
from partita.hierarchy import Hierarchy, MadeBy, assemble


def hierarchy_of(given: InputGraph, tree: DensityTree, levels: list[int], made_by: MadeBy) -> Hierarchy:
    """Bottom parts (height 0), their merges (height 1 / density), and a root of height inf where there is
    no edge between what is left.

    Parameters
    ----------
    given : InputGraph
    tree : DensityTree
    levels : list of int
        Numbers of parts of the named levels, coarse to fine, without the root.
    made_by : MadeBy
    """
    k, merges = tree.n_blocks, len(tree.left)
    parent = np.full(k + merges, -1, np.intp)
    parent[tree.left] = parent[tree.right] = k + np.arange(merges)
    height = np.concatenate([np.zeros(k), 1.0 / tree.density])
    density = np.concatenate([inner_density(tree), tree.density])
    if k != merges + 1:
        top = k + merges
        parent = np.append(np.where(parent < 0, top, parent), -1)
        height, density = np.append(height, np.inf), np.append(density, 0.0)
    hierarchy, _ = assemble(
        given.given(tree.labels.astype(np.intp)),
        parent,
        height,
        levels=[np.unique(tree.tops(count)) for count in levels if count > 1],
        part_data={"density": density},
        item_rank=given.place,
        made_by=made_by,
        item_ids=given.names,
    )
    return hierarchy


def inner_density(tree: DensityTree) -> np.ndarray:
    """Weight of the edges within each bottom part over its pairs of nodes; 0 for a single node."""
    size = tree.blocks.node_weight
    pairs = 0.5 * size * (size - 1.0)
    return np.divide(0.5 * tree.blocks.loops, pairs, out=np.zeros(len(size)), where=pairs > 0.0)


def record(
    owner: Any,
    given: InputGraph,
    choices: dict[str, Any],
    certificates: dict[str, Any],
    citation: str,
    seconds: float,
    **more: Any,
) -> MadeBy:
    """What a maker of this room says of a result."""
    from partita import __version__

    return MadeBy(
        method=type(owner).__name__,
        parameters=owner._plain_parameters(),
        version=__version__,
        fingerprint=given.fingerprint,
        choices=choices,
        certificates=certificates,
        citation=citation,
        seconds=seconds,
        notes=given.notes,
        **more,
    )
