"""The verbs put together. A verb's file imports what it needs when it runs, so that ``--help`` is quick."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from partita import __version__
from partita.cli.check import check
from partita.cli.compare import compare
from partita.cli.convert import convert
from partita.cli.cut import cut
from partita.cli.demo import demo
from partita.cli.divide import divide
from partita.cli.draw import draw
from partita.cli.report import report
from partita.cli.show import show

_EXAMPLES = {
    demo: "partita demo -o tour",
    divide: "partita divide vectors.npy -o vectors.partita --option min_size=50",
    show: "partita show vectors.partita --depth 2",
    draw: "partita draw vectors.partita -o vectors.svg --layout rectangular",
    report: "partita report vectors.partita -o vectors.html",
    cut: "partita cut vectors.partita --n-clusters 20 -o labels.csv",
    compare: "partita compare vectors.partita truth.csv --n-clusters 20",
    check: "partita check vectors.partita",
    convert: "partita convert linkage.npy tree.partita",
}

app = typer.Typer(
    name="partita",
    help="Divide any data into nested parts, and use the parts.",
    epilog="First steps:  partita demo",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _add(verb: Any, example: str) -> None:
    app.command(name=verb.__name__, epilog=f"Example:  {example}")(verb)


for _verb, _example in _EXAMPLES.items():
    _add(_verb, _example)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _partita(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Divide any data into nested parts, and use the parts."""
