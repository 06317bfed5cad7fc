"""``partita check``: does a folder keep every law?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partita._core.errors import PartitaError
from partita.cli._run import COULD_NOT, guarded, load, print_json


@guarded
def check(
    name: Annotated[Path, typer.Argument(help="A .partita folder.", metavar="NAME.partita")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Recompute every law and certificate; exit code 1 when one is broken."""
    from partita.report.payload import summary_line

    try:
        h = load(name)
        h.check()
    except PartitaError as error:
        if not as_json:
            raise
        print_json({"ok": False, "path": str(name), "error": error.message, "hint": error.hint})
        raise typer.Exit(COULD_NOT) from None
    certificates = sorted(h.made_by.certificates)
    if as_json:
        print_json(
            {
                "ok": True,
                "path": str(name),
                "n_items": h.n_items,
                "n_parts": h.n_parts,
                "certificates": certificates,
            }
        )
        return
    typer.echo(f"ok: {name} keeps every law ({summary_line(h)})")
    if certificates:
        typer.echo(f"certificates: {', '.join(certificates)}")
