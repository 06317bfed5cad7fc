"""``partita cut``: one flat partition as labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from partita.cli._run import guarded, item_names, load, print_json, tell

_RULES = "Cut by (one rule)"


@guarded
def cut(
    name: Annotated[Path, typer.Argument(help="A .partita folder.", metavar="NAME.partita")],
    n_clusters: Annotated[
        int | None,
        typer.Option("--n-clusters", "-k", min=1, help="Exactly so many parts.", rich_help_panel=_RULES),
    ] = None,
    height: Annotated[
        float | None, typer.Option(help="Parts up to this height.", rich_help_panel=_RULES)
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(help="A named level: 0 the root, -1 the finest (default).", rich_help_panel=_RULES),
    ] = None,
    max_size: Annotated[
        int | None,
        typer.Option(min=1, help="The highest parts of at most so many items.", rich_help_panel=_RULES),
    ] = None,
    min_size: Annotated[
        int | None,
        typer.Option(min=1, help="The finest parts of at least so many items.", rich_help_panel=_RULES),
    ] = None,
    persistence: Annotated[
        float | None, typer.Option(help="Parts that last at least so long.", rich_help_panel=_RULES)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A .csv, .tsv, .parquet or .npy file; default: CSV to stdout."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON summary, with the labels if there is no -o.")
    ] = False,
) -> None:
    """Cut the tree into one flat partition: a label for every item, -1 for noise."""
    from partita.cli._labels import write_labels

    h = load(name)
    p = cut_by(
        h,
        n_clusters=n_clusters,
        height=height,
        level=level,
        max_size=max_size,
        min_size=min_size,
        persistence=persistence,
    )
    noise = int((p.labels < 0).sum())
    if out is not None or not as_json:
        write_labels(out, item_names(h), {"label": p.labels})
    if as_json:
        summary: dict[str, Any] = {"n_parts": int(p.n_parts), "noise": noise, "sizes": p.sizes}
        print_json(summary | ({"labels": p.labels} if out is None else {"out": str(out)}))
    elif out is not None:
        tell(f"{p.n_parts:,} parts, {noise:,} items in none of them -> {out}")


def cut_by(h: Any, **rules: Any) -> Any:
    """The partition by the rules that were given; by the finest named level when there are none."""
    given = {name: value for name, value in rules.items() if value is not None}
    return h.cut(**(given or {"level": -1}))
