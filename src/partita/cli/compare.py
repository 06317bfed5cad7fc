"""``partita compare``: how much two partitions agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from partita.cli._run import guarded, load, print_json, read_labels

_SOURCE = "A .partita folder, or labels in .csv, .tsv, .txt, .parquet or .npy."
_MEANING = {
    "ari": "adjusted Rand index: 1 the same, 0 as by chance",
    "ami": "adjusted mutual information: 1 the same, 0 as by chance",
    "vi": "variation of information in nats: 0 the same",
    "homogeneity": "1 when every part of B lies in one part of A",
    "completeness": "1 when every part of A lies in one part of B",
    "nmi": "normalised mutual information: 1 the same",
    "v_measure": "harmonic mean of homogeneity and completeness",
}


@guarded
def compare(
    a: Annotated[Path, typer.Argument(help=_SOURCE, metavar="A")],
    b: Annotated[Path, typer.Argument(help=_SOURCE, metavar="B")],
    level: Annotated[int, typer.Option(help="The named level of a .partita folder.")] = -1,
    n_clusters: Annotated[
        int | None,
        typer.Option("--n-clusters", "-k", min=1, help="Cut a .partita folder into so many parts instead."),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The label column of a table; default: the last.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two partitions of the same items: ari, ami, vi, homogeneity."""
    from partita.hierarchy import compare as compare_partitions

    scores = compare_partitions(_labels(a, level, n_clusters, column), _labels(b, level, n_clusters, column))
    if as_json:
        print_json(scores)
        return
    wide = max(map(len, scores))
    for name, value in scores.items():
        number = f"{value:.4f}" if isinstance(value, float) else str(value)
        meaning = _MEANING.get(name)
        typer.echo(f"{name:<{wide}}  {number:>8}" + (f"   {meaning}" if meaning else ""))


def _labels(path: Path, level: int, n_clusters: int | None, column: str | None) -> Any:
    if path.is_dir():
        h = load(path)
        return h.cut(n_clusters=n_clusters) if n_clusters is not None else h.cut(level=level)
    return read_labels(path, column)
