"""``partita show``: the tree in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from partita.cli._run import guarded, load, print_json


@guarded
def show(
    name: Annotated[Path, typer.Argument(help="A .partita folder.", metavar="NAME.partita")],
    depth: Annotated[
        int | None, typer.Option(min=0, help="Levels below the root; default: about 40 lines.")
    ] = None,
    children: Annotated[int | None, typer.Option(min=1, help="Children of one part to print.")] = None,
    width: Annotated[
        int | None, typer.Option(min=20, help="Columns to use; default: the terminal's.")
    ] = None,
    every_part: Annotated[
        bool, typer.Option("--every-part", help="The whole tree, not only the parts of its named levels.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the parts as JSON.")] = False,
) -> None:
    """Print the tree: sizes, names, and how well each part stands apart."""
    h = load(name)
    if as_json:
        print_json(describe(h, depth))
        return
    from rich.console import Console

    from partita.cli._tree import print_tree
    from partita.report.payload import seconds_text, summary_line

    words = [summary_line(h), h.made_by.method, seconds_text(h)]
    console = Console(width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(" · ".join(word for word in words if word), style="dim")
    print_tree(h, title=name.name, depth=depth, width=width, children=children, every_part=every_part)


def describe(h: Any, depth: int | None = None) -> dict[str, Any]:
    """The hierarchy as one JSON-able dict, parts in preorder."""
    import numpy as np

    from partita.report.payload import part_names, part_terms, quality_column

    names, quality, terms = part_names(h), quality_column(h)[1], h.part_data.get("terms")
    shown = np.arange(h.n_parts) if depth is None else np.flatnonzero(h.depth <= depth)
    parts = [
        {
            "part": int(v),
            "parent": int(h.parent[v]) if v else None,
            "depth": int(h.depth[v]),
            "size": int(h.sizes[v]),
            "own_items": len(h.own_items(v)),
            "height": float(h.height[v]),
            **({"name": names[v]} if names else {}),
            **({"quality": float(quality[v])} if quality is not None else {}),
            **({"terms": part_terms(terms[v])} if terms is not None else {}),
        }
        for v in shown.tolist()
    ]
    return {
        "n_items": h.n_items,
        "n_parts": h.n_parts,
        "levels": [level.tolist() for level in h.levels],
        "made_by": h.made_by.to_json(),
        "parts": parts,
    }
