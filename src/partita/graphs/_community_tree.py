"""Communities, the pieces within them and the joins above them, as one hierarchy. Called by Communities."""

from __future__ import annotations

import numpy as np

from partita.graphs._density import DensityTree, density_tree
from partita.graphs._input import InputGraph
from partita.graphs._leiden import positive
from partita.graphs._objectives import Objective
from partita.hierarchy import Hierarchy, MadeBy, assemble


def joins_above(objective: Objective, labels: np.ndarray) -> DensityTree:
    """Joins of communities, first those that pay at the largest resolution."""
    graph = positive(objective.problem.graph)
    if objective.size is not None:
        graph = graph._replace(node_weight=np.maximum(objective.size, np.finfo(float).tiny))
    return density_tree(graph, labels, int(labels.max(initial=-1)) + 1)


def community_hierarchy(
    given: InputGraph,
    labels: np.ndarray,
    pieces: list[np.ndarray],
    joins: DensityTree,
    resolution: float,
    made_by: MadeBy,
) -> Hierarchy:
    """Parts: the joins, the communities (a named level), and pieces within them of two nodes or more.

    A join that pays at resolution s has the height 1 / (1 + s), a community at most that of the resolution
    asked for; pieces stand below it in equal steps. What no positive edge joins meets in a root of height
    inf. IN labels int32[n], pieces finest first, of canonical nodes.
    """
    k, n_joins = joins.n_blocks, len(joins.left)
    parent = np.full(k + n_joins, -1, np.intp)
    parent[joins.left] = parent[joins.right] = k + np.arange(n_joins)
    above = 1.0 / (1.0 + joins.density)
    base = min(1.0 / (1.0 + resolution), float(above.min(initial=np.inf)))
    height = np.concatenate((np.full(k, base), above))
    if k != n_joins + 1:
        parent = np.append(np.where(parent < 0, len(parent), parent), -1)
        height = np.append(height, np.inf)
    part = labels.astype(np.intp)
    size = np.bincount(part, minlength=len(parent))
    for step, piece in enumerate(pieces[::-1], start=1):
        count = np.bincount(piece)
        within = np.empty(len(count), np.intp)
        within[piece] = part
        kept = (count > 1) & (count < size[within])
        number = np.where(kept, len(parent) + np.cumsum(kept) - 1, within)
        parent = np.concatenate((parent, within[kept]))
        height = np.concatenate((height, np.full(int(kept.sum()), base * (1.0 - step / (len(pieces) + 1)))))
        size = np.concatenate((size, count[kept]))
        part = number[piece]
    hierarchy, _ = assemble(
        given.given(part),
        parent,
        height,
        levels=[np.arange(k)] if len(parent) > 1 else [],
        item_rank=given.place,
        made_by=made_by,
        item_ids=given.names,
        own_items_are="singletons",
    )
    return hierarchy
