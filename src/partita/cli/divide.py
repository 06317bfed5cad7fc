"""``partita divide``: data in, a ``.partita`` folder out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from partita._core.errors import InvalidParameterError
from partita.cli._run import check_source, guarded, print_json, tell

_METHODS = (
    "auto, or a maker. Of points: ppp, hierarchical-kmeans, kmeans, hdbscan, nested-density, "
    "spherical-kmeans, kmedoids, linkage, excisive, tree-mixture, dense-vote, likelihood-sdp, rare-groups, "
    "topological. Of texts: topic-tree, kmedoids."
)


@guarded
def divide(
    source: Annotated[
        str,
        typer.Argument(
            help=".npy .npz .parquet .arrow .csv .tsv .jsonl .txt, or a folder of texts.", metavar="SOURCE"
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="The folder to write; default: SOURCE.partita, here.", metavar="NAME.partita"
        ),
    ] = None,
    kind: Annotated[str, typer.Option(help="points, text, table or auto.")] = "auto",
    column: Annotated[str | None, typer.Option(help="The column to take: texts, or vectors.")] = None,
    method: Annotated[str, typer.Option(help=_METHODS)] = "auto",
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", "-p", help="A parameter of the method; may be repeated.", metavar="KEY=VALUE"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Divide data into nested parts and write them to a .partita folder."""
    target = check_target(out or Path(Path(source).stem + ".partita"))
    options = parse_options(option or [])
    check_source(source)

    from partita._core.progress import on_terminal
    from partita._divide import divide as divide_data

    h = divide_data(
        source, kind=kind, method=method, column=column, progress=on_terminal() or None, **options
    )
    h.save(target)
    if as_json:
        print_json(summary(h, target))
        return
    from partita.cli._tree import print_tree
    from partita.report.payload import summary_line

    for word, choice in h.made_by.choices.items():
        shown = choice if isinstance(choice, str) else json.dumps(choice, ensure_ascii=False, default=str)
        tell(f"{word}: {shown}")
    print_tree(h, title=target.name)
    typer.echo(f"{summary_line(h)} -> {target}")
    tell(f"Next: partita show {target}   or   partita report {target}")


def summary(h: Any, target: Path) -> dict[str, Any]:
    """What was made, as a JSON-able dict."""
    return {
        "path": str(target),
        "n_items": h.n_items,
        "n_parts": h.n_parts,
        "level_sizes": [len(level) for level in h.levels],
        "made_by": h.made_by.to_json(),
    }


def check_target(target: Path) -> Path:
    """The folder to write, refused before any work when it can't be written.

    Raises
    ------
    InvalidParameterError
    """
    if target.suffix != ".partita":
        raise InvalidParameterError(
            f"The output {str(target)!r} must end in .partita.",
            name="out",
            hint=f"-o {target.stem or 'name'}.partita",
        )
    if target.exists() and not target.is_dir():
        raise InvalidParameterError(f"{str(target)!r} is a file.", name="out", hint="choose another name")
    if not target.parent.is_dir():
        raise InvalidParameterError(
            f"There is no folder {str(target.parent)!r}.", name="out", hint=f"mkdir -p {target.parent}"
        )
    return target


def parse_options(pairs: list[str]) -> dict[str, Any]:
    """``["min_size=50"]`` as ``{"min_size": 50}``; a value is JSON where it can be read so, else a text.

    Raises
    ------
    InvalidParameterError
        When a pair has no name or no ``=``.
    """
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name.isidentifier():
            raise InvalidParameterError(
                "An option is not of the form KEY=VALUE.",
                name="option",
                got=pair,
                hint="for example -p min_size=50",
            )
        options[name] = _value(value.strip())
    return options


def _value(text: str) -> Any:
    if text in ("None", "True", "False"):
        return {"None": None, "True": True, "False": False}[text]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return tuple(value) if isinstance(value, list) else value
