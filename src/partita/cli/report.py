"""``partita report``: one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from partita._core.errors import InvalidDataError
from partita.cli._run import check_source, guarded, load, print_json, tell


@guarded
def report(
    name: Annotated[Path, typer.Argument(help="A .partita folder.", metavar="NAME.partita")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page; default: NAME.html, here.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="The file that was divided; default: the one the folder remembers, if it is there."
        ),
    ] = None,
    column: Annotated[str | None, typer.Option(help="The text column of that file.")] = None,
    images: Annotated[
        Path | None, typer.Option(help="Images of the items: a .npy file of shape (n, h, w) or (n, h, w, 3).")
    ] = None,
    layout: Annotated[
        list[str] | None,
        typer.Option(
            help="A layout of the treemap, such as squarified or convex; give several to offer them."
        ),
    ] = None,
    positions: Annotated[
        Path | None, typer.Option(help="Places of the items on the map: a .npy file of shape (n, 2).")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            help="A second .partita folder of the same items, to compare with.", metavar="OTHER.partita"
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="The heading of the page.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Write one HTML page: treemap, icicle, map and table of the parts, with search and all details."""
    from partita.report import write

    if data is not None:
        check_source(data)
    h = load(name)
    items = _items(h, data, column)
    pictures = None if images is None else _read_array(images, "images")
    places = None if positions is None else _read_array(positions, "positions")
    path = write(
        h,
        out or Path(f"{name.stem}.html"),
        X=items.rows,
        texts=items.texts,
        images=pictures,
        title=title or name.stem,
        columns=items.columns,
        layout=layout or "squarified",
        positions=places,
        other=None if compare is None else load(compare),
        other_title=None if compare is None else compare.stem,
    )
    size = path.stat().st_size
    if as_json:
        print_json({"path": str(path), "bytes": size, "n_items": h.n_items, "n_parts": h.n_parts})
    else:
        typer.echo(str(path))
        tell(f"{size / 1e6:.2f} MB; it needs no network")
    if open_:
        open_page(path)


def open_page(path: Path) -> bool:
    """Open a page in the reader's browser; False when there is none to open."""
    import webbrowser

    return webbrowser.open(path.resolve().as_uri())


class _Items(NamedTuple):
    """What a page can show of the items."""

    rows: Any = None
    texts: list[str] | None = None
    columns: list[str] | None = None


def _items(h: Any, data: str | None, column: str | None) -> _Items:
    """The rows or the texts that were divided: those of `data`, or of the file that the folder remembers."""
    remembered = h.made_by.choices.get("source")
    source = data or remembered
    if not source or (data is None and not Path(source).exists()):
        if remembered:
            tell(f"{remembered} is gone, so the page shows no members; --data names another place")
        return _Items()
    from partita import io

    read = io.read(source, column=column or h.made_by.choices.get("column"))
    if read.n_items != h.n_items:
        if data is None:
            tell(f"{source} has {read.n_items:,} rows now and not {h.n_items:,}; left out of the page")
            return _Items()
        raise InvalidDataError(
            f"{source} has {read.n_items:,} rows, and the hierarchy {h.n_items:,} items.",
            name="data",
            hint="give the file that was divided",
        )
    if data is None:
        tell(f"members from {source}")
    if read.kind == "table":
        return _table_items(read.data, h.made_by.choices.get("columns"))
    return _Items(texts=list(read.data)) if read.kind == "text" else _Items(rows=read.data)


def _table_items(table: Any, columns: list[str] | None) -> _Items:
    """The columns that were divided, if the table still has them."""
    from partita._divide import table_points

    if columns is not None and not set(columns) <= set(table.column_names):
        return _Items()
    points, names, _ = table_points(table, columns)
    return _Items(rows=points, columns=names)


def _read_array(path: Path, name: str) -> Any:
    import numpy as np

    try:
        return np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, EOFError) as error:
        raise InvalidDataError(
            f"{path} is not a .npy file of numbers.", name=name, hint="write it with numpy.save"
        ) from error
