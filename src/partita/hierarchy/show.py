"""A hierarchy in one line, and as a small table for notebooks."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy

_MOST = 12


def as_line(h: Hierarchy) -> str:
    """``Hierarchy(1,797 items, 23 parts, levels 1 > 4 > 10, by PPP)``."""
    levels = " > ".join(f"{len(level):,}" for level in h.levels)
    by = f", by {h.made_by.method}" if h.made_by.method else ""
    return f"Hierarchy({h.n_items:,} items, {h.n_parts:,} parts, levels {levels}{by})"


def as_html(h: Hierarchy) -> str:
    """A line and a table of the largest parts, for notebooks."""
    sizes = h.sizes
    largest = (
        np.sort(np.lexsort((np.arange(h.n_parts), -sizes))[:_MOST]) if h.n_parts > _MOST else range(h.n_parts)
    )
    names = h.part_data.get("name")
    rows = []
    for part in largest:
        share = sizes[part] / max(h.n_items, 1)
        name = "" if names is None else html.escape(str(names[part]))
        indent = int(h.depth[part]) if h.depth[part] < _MOST else _MOST
        rows.append(
            f"<tr><td style='text-align:left;padding-left:{indent}em'>{part} {name}</td>"
            f"<td>{sizes[part]:,}</td><td>{share:.1%}</td><td>{h.height[part]:.4g}</td></tr>"
        )
    left = h.n_parts - len(rows)
    more = f"<p>… and {left:,} smaller parts</p>" if left else ""
    head = "<tr><th style='text-align:left'>part</th><th>items</th><th>share</th><th>height</th></tr>"
    return f"<div><p>{html.escape(as_line(h))}</p><table>{head}{''.join(rows)}</table>{more}</div>"
