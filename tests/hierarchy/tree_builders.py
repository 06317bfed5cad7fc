"""Random trees for the tests of this room."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from partita.hierarchy import Hierarchy, assemble

HEIGHTS = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 1.0, 2.0, 3.5, np.inf])


@st.composite
def loose_trees(draw, max_items: int = 12, max_parts: int = 9):
    """``(item_part, parent, height)`` in a shuffled numbering; parts may be empty, heights may tie."""
    m = draw(st.integers(1, max_parts))
    n = draw(st.integers(0, max_items))
    parent = [-1, *(draw(st.integers(0, v - 1)) for v in range(1, m))]
    height = [draw(HEIGHTS) for _ in range(m)]
    for v in range(1, m):
        height[v] = min(height[v], height[parent[v]])
    item_part = [draw(st.integers(0, m - 1)) for _ in range(n)]
    new = draw(st.permutations(range(m)))
    shuffled = [0] * m
    for v in range(m):
        shuffled[new[v]] = -1 if v == 0 else new[parent[v]]
    heights = [height[new.index(u)] for u in range(m)]
    return np.array([new[v] for v in item_part], dtype=np.intp), np.array(shuffled), np.array(heights)


@st.composite
def hierarchies(draw, max_items: int = 12, max_parts: int = 9):
    """A hierarchy with random levels, own items of either kind."""
    item_part, parent, height = draw(loose_trees(max_items, max_parts))
    kind = draw(st.sampled_from(["noise", "singletons"]))
    h, _ = assemble(item_part, parent, height, own_items_are=kind)
    levels = [[0]]
    for _ in range(draw(st.integers(0, 3))):
        levels.append(draw(_finer(h, levels[-1])))
    return h.replace(levels=levels)


@st.composite
def _finer(draw, h, level):
    """Each part of a level kept, replaced by its children, or dropped."""
    finer: list[int] = []
    for part in level:
        what = draw(st.sampled_from(["keep", "split", "drop"]))
        finer += [part] if what == "keep" else h.children(part).tolist() if what == "split" else []
    return finer


def random_linkage(n: int, seed: int = 0) -> np.ndarray:
    """A linkage matrix with ties and rising heights."""
    rng = np.random.default_rng(seed)
    standing, sizes, rows, height = list(range(n)), dict.fromkeys(range(n), 1), [], 0.0
    for made in range(n - 1):
        i, j = rng.choice(len(standing), 2, replace=False)
        a, b = standing[i], standing[j]
        standing = [c for c in standing if c not in (a, b)] + [n + made]
        height += float(rng.integers(0, 2))
        sizes[n + made] = sizes[a] + sizes[b]
        rows.append([min(a, b), max(a, b), height, sizes[n + made]])
    return np.array(rows).reshape(-1, 4)


def rich_hierarchy(n: int = 40) -> Hierarchy:
    """Levels, item ids and a column of every kind."""
    rng = np.random.default_rng(3)
    fine = rng.integers(-1, 9, n)
    coarse = np.where(fine >= 0, fine // 3, -1)
    h = Hierarchy.from_labels([coarse, fine], item_ids=[f"item {i} é" for i in range(n)])
    m = h.n_parts
    columns = {
        "center": rng.normal(size=(m, 3)).astype(np.float32),
        "box": rng.normal(size=(m, 2, 2)),
        "name": [f"part {i}" * (i % 3) for i in range(m)],
        "terms": [["a", "bé"][: i % 3] for i in range(m)],
        "good": rng.random(m) < 0.5,
        "count": rng.integers(0, 99, m).astype(np.uint8),
        "score": np.where(rng.random(m) < 0.2, np.nan, rng.random(m)),
        "height": np.arange(m),
    }
    return h.replace(part_data={**h.part_data, **columns})
