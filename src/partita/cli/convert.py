"""``partita convert``: hierarchies between files of several kinds."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from partita.cli._run import guarded, print_json, tell


class Form(StrEnum):
    """What a file holds."""

    partita = "partita"
    linkage = "linkage"
    labels = "labels"
    newick = "newick"
    json = "json"


@guarded
def convert(
    source: Annotated[Path, typer.Argument(help="The file or folder to read.")],
    target: Annotated[Path, typer.Argument(help="The file or folder to write; its ending says what.")],
    from_: Annotated[
        Form | None, typer.Option("--from", help="What SOURCE holds; default: by its ending and content.")
    ] = None,
    to: Annotated[
        Form | None, typer.Option("--to", help="What TARGET shall hold; default: by its ending.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Convert a hierarchy between kinds of files.

    They are: .partita; a SciPy linkage in .npy or .csv; Newick in .nwk; .json; labels in .csv or .parquet.
    """
    from partita.cli._forms import guess_form, guess_target, read_form, write_form

    given = from_.value if from_ else guess_form(source)
    wanted = to.value if to else guess_target(target)
    h = read_form(source, given)
    write_form(h, target, wanted)
    if as_json:
        print_json(
            {
                "source": str(source),
                "from": given,
                "target": str(target),
                "to": wanted,
                "n_items": h.n_items,
                "n_parts": h.n_parts,
            }
        )
    else:
        tell(f"{source} ({given}) -> {target} ({wanted}): {h.n_items:,} items, {h.n_parts:,} parts")
