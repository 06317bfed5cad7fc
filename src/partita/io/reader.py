"""The one door of this room: :func:`read` finds the format, a reader does the rest. Callers: users, CLI."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from partita.io.arrow_files import read_arrow, read_parquet
from partita.io.delimited import read_delimited
from partita.io.documents import read_folder, read_lines
from partita.io.edge_list import read_edge_list
from partita.io.hmetis import read_hmetis
from partita.io.json_lines import read_json_lines
from partita.io.matrix_market import read_matrix_market
from partita.io.metis import read_metis
from partita.io.numpy_files import read_npy, read_npz
from partita.io.options import Options
from partita.io.places import check_content, find, format_of
from partita.io.source import Source

_READERS: dict[str, Callable[[Path, Options, str], Source]] = {
    "npy": read_npy,
    "npz": read_npz,
    "parquet": read_parquet,
    "arrow": read_arrow,
    "csv": read_delimited,
    "tsv": partial(read_delimited, tabs=True),
    "jsonl": read_json_lines,
    "txt": read_lines,
    "folder": read_folder,
    "mtx": read_matrix_market,
    "metis": read_metis,
    "hgr": read_hmetis,
    "edges": read_edge_list,
}


def read(
    path: str | os.PathLike[str],
    *,
    kind: str = "auto",
    format: str = "auto",
    column: str | None = None,
    columns: Sequence[str] | None = None,
    id_column: str | None = "auto",
    delimiter: str | None = None,
    header: bool | str = "auto",
    encoding: str = "utf-8",
    array: str | None = None,
    directed: bool | str = "auto",
    duplicates: str = "error",
    loops: str = "error",
    signed: bool = False,
    n_nodes: int | None = None,
) -> Source:
    """What a file or folder holds: points, a graph, text or a table.

    Everything that is inferred is told in ``Source.notes`` and can be set by an argument.

    Parameters
    ----------
    path : str or path
        A file ``.npy .npz .parquet .arrow .feather .csv .tsv .jsonl .txt .mtx .graph .metis .hgr
        .edges``, each also as ``.gz`` or ``.zst``, or a folder of text files.
    kind : {"auto", "points", "graph", "text", "table"}
        What to make of it. ``"graph"`` reads a table or ``.txt`` as a list of edges; ``"points"`` takes the
        numeric columns of a table, or a ``.txt`` as a matrix.
    format : str
        ``"npy"``, ``"npz"``, ``"parquet"``, ``"arrow"``, ``"csv"``, ``"tsv"``, ``"jsonl"``, ``"txt"``,
        ``"folder"``, ``"mtx"``, ``"metis"``, ``"hgr"`` or ``"edges"``; ``"auto"`` goes by the
        suffix, or else by the first bytes.
    column : str, optional
        The column that holds the text, the vectors or the one number of each item.
    columns : list of str, optional
        Numeric columns to take as points; with ``kind="table"`` any columns; with ``kind="graph"`` those of
        source, target and perhaps weight.
    id_column : str or None
        The column of item names. ``"auto"`` takes one called id, name, key, uid, uuid or identifier if its
        values differ; None takes none.
    delimiter : str, optional
        Of ``.csv`` and edge lists: one character; by default found from the first rows (``" "``: any run of
        blanks).
    header : {"auto", True, False}
        Whether the first row of a ``.csv`` or ``.tsv`` names the columns.
    encoding : str
        Of text. Text that isn't UTF-8 is refused until its encoding is named.
    array : str, optional
        The array of an ``.npz`` archive.
    directed : {"auto", True, False}
        ``"auto"``: each edge stands once, or each stands in both directions; a mixture is refused. False
        makes every edge mutual, True keeps directions.
    duplicates : {"error", "sum", "first", "max"}
        What becomes of edges that stand twice in the same direction (with ``directed=False`` in either).
    loops : {"error", "drop", "keep"}
        What becomes of edges from a node to itself.
    signed : bool
        Whether negative weights are allowed.
    n_nodes : int, optional
        Number of nodes of an edge list whose ids are row numbers 0 to n_nodes - 1. By default ids are names,
        and only nodes with an edge exist.

    Returns
    -------
    Source
        ``kind``, ``data``, ``names``, ``notes``, ``path``, ``extra``.

    Raises
    ------
    InvalidParameterError
        For a path that doesn't exist, an unknown column or an option that the format has no use for.
    FileFormatError
        For damaged, truncated, foreign and empty files, with the line where there are lines.
    InvalidDataError
        For well-formed files whose data can't be used: NaN, missing values, loops, repeated edges.
    BudgetError
        When the data exceed the memory budget (``PARTITA_MEMORY``).

    Notes
    -----
    Pickled objects are never loaded. ``.npy`` files are memory-mapped and their values not looked at; all
    others are checked for NaN and infinities. Linear time, for graphs O(m log m).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import partita as pt
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "points.csv"
    >>> _ = file.write_text("id,x,y\\na,0,1\\nb,2,3\\n")
    >>> source = pt.io.read(file)
    >>> source.kind, source.data.tolist(), source.names.tolist()
    ('points', [[0.0, 1.0], [2.0, 3.0]], ['a', 'b'])
    """
    options = Options(
        kind, format, column, columns, id_column, delimiter, header, encoding, array, directed, duplicates,
        loops, signed, n_nodes,
    )  # fmt: skip
    options.check()
    where = find(path)
    form, note = format_of(where, format)
    if form == "txt" and kind != "auto":
        form = {"points": "csv", "table": "csv", "graph": "edges"}.get(kind, form)
    options.check_used_by(form)
    check_content(where, form)
    return _READERS[form](where, options, note)
