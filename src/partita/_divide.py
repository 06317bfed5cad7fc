"""The one door: any data in, a Hierarchy out. Callers: users, the command line."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError, did_you_mean
from partita._core.optional import is_from

if TYPE_CHECKING:
    from partita.hierarchy import Hierarchy

KINDS = ("auto", "points", "text", "table", "graph")
METHODS: dict[str, dict[str, str]] = {
    "points": {
        "ppp": "partita.points:PPP",
        "hierarchical-kmeans": "partita.points:HierarchicalKMeans",
        "kmeans": "partita.points:KMeans",
        "hdbscan": "partita.points:HDBSCAN",
        "nested-density": "partita.points:NestedDensity",
        "spherical-kmeans": "partita.points:SphericalKMeans",
        "kmedoids": "partita.dissimilarities:KMedoids",
        "linkage": "partita.points:Linkage",
        "excisive": "partita.dissimilarities:ExcisiveClustering",
        "tree-mixture": "partita.points:TreeMixture",
        "dense-vote": "partita.points:DenseVote",
        "likelihood-sdp": "partita.points:LikelihoodSDP",
        "rare-groups": "partita.points:RareGroups",
        "topological": "partita.points:TopologicalClustering",
    },
    "graph": {
        "bottom-up": "partita.graphs:BottomUp",
        "communities": "partita.graphs:Communities",
        "multilevel-partition": "partita.graphs:MultilevelPartition",
    },
    "text": {"topic-tree": "partita.text:TopicTree", "kmedoids": "partita.dissimilarities:KMedoids"},
}
_METRICS = {"points": "euclidean", "text": "edit"}
_OF_DISTANCES = ("kmedoids", "excisive")
_READER_OPTIONS = ("column", "columns")


def divide(
    data: Any,
    kind: str = "auto",
    method: str = "auto",
    *,
    column: str | None = None,
    columns: list[str] | None = None,
    **options: Any,
) -> Hierarchy:
    """A hierarchy of nested parts of any data: points, a table, texts, a graph, or a file of these.

    *When to choose this*: always, at first. It picks the maker for the kind of data and says in
    ``made_by.choices`` what it picked. The makers themselves (``pt.points.PPP``, ``pt.text.TopicTree``) are
    for when a model must be kept to place new items.

    Parameters
    ----------
    data : array (n, d), table, sequence of str, graph, or path
        Rows to divide. A str or path is read by ``partita.io.read``; a list of str is texts; a sparse matrix,
        and a graph of networkx or igraph, is a graph, as is an array of edges with ``kind="graph"``.
    kind : {"auto", "points", "text", "table", "graph"}
        What the data are; "auto" infers it.
    method : {"auto", "ppp", "hierarchical-kmeans", "kmeans", "spherical-kmeans", "hdbscan",
        "nested-density", "linkage", "kmedoids", "excisive", "tree-mixture", "dense-vote", "likelihood-sdp",
        "rare-groups", "topological", "topic-tree", "bottom-up", "communities", "multilevel-partition"}
        How to divide. "auto": PPP for points and tables, a topic tree for texts, communities from the bottom
        up for graphs; all find the number of parts themselves. "spherical-kmeans" and "linkage" take sparse
        rows too (``kind="points"``); "kmedoids" takes texts too, by their edit distance. "likelihood-sdp" and
        "multilevel-partition" make two parts unless told how many, and "topological" takes points that span
        at most three directions.
    column : str, optional
        The column of a table to take as text.
    columns : list of str, optional
        The numeric columns of a table to take.
    **options
        Parameters of the maker, such as ``min_size=50``.

    Returns
    -------
    hierarchy : Hierarchy
        With the file's ids as ``item_ids``, if it had any.

    Raises
    ------
    InvalidParameterError
        For an unknown kind, method or option, or a kind that has no maker.
    InvalidDataError
        For data that can't be used, with the row and column.

    Examples
    --------
    >>> import numpy as np, partita as pt
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) + np.repeat([[0], [9]], 100, axis=0)
    >>> pt.divide(X).cut(n_clusters=2).sizes.tolist()
    [100, 100]
    """
    kind = _check_word("kind", kind, KINDS)
    names: Any = None
    choices: dict[str, Any] = {}
    if isinstance(data, (str, os.PathLike)):
        kind, data, names, choices = _read(data, kind, column, columns)
        column = columns = None
    else:
        kind = _infer_kind(data) if kind == "auto" else kind
    if kind == "table":
        kind, data, said = _from_table(data, column, columns)
        choices |= said
    elif column is not None or columns is not None:
        given = "column" if column is not None else "columns"
        raise InvalidParameterError(f"{given!r} chooses from a table, and the data are {kind}.", name=given)
    maker, name = _find_maker(kind, method)
    if name in _OF_DISTANCES:
        options = {"metric": _METRICS[kind], **options}
    estimator = _construct(maker, options)
    estimator.fit(data)
    return _signed(estimator.hierarchy_, names, choices | {"kind": kind, "method": name})


def _read(
    path: str | os.PathLike[str], kind: str, column: str | None, columns: list[str] | None
) -> tuple[str, Any, Any, dict[str, Any]]:
    from partita import io

    source = io.read(path, kind=kind, column=column, columns=columns)
    choices = {"source": os.fspath(path)} | ({"column": column} if column else {})
    notes = [str(note) for note in source.notes]
    return source.kind, source.data, source.names, choices | ({"read as": "; ".join(notes)} if notes else {})


def _infer_kind(data: Any) -> str:
    """The kind of an object in memory; a file's kind is inferred by ``partita.io``."""
    if is_from(data, "scipy") and hasattr(data, "tocsr"):
        return "graph"
    if is_from(data, "networkx") or is_from(data, "igraph"):
        return "graph"
    if hasattr(data, "column_names") or (hasattr(data, "columns") and hasattr(data, "dtypes")):
        return "table"
    if isinstance(data, (list, tuple)) and data and all(isinstance(text, str) for text in data):
        return "text"
    array = data if isinstance(data, np.ndarray) else np.asarray(data)
    if array.dtype.kind in "US" or (
        array.dtype == object and array.ndim == 1 and len(array) and _all_text(array)
    ):
        return "text"
    return "points"


def _all_text(array: np.ndarray) -> bool:
    return all(isinstance(value, str) for value in array.tolist())


def _from_table(data: Any, column: str | None, columns: list[str] | None) -> tuple[str, Any, dict[str, Any]]:
    """A table as texts (one column) or as points (its numeric columns, each divided by its deviation)."""
    table = _as_arrow(data)
    known = list(table.column_names)
    for name in [column, *(columns or [])]:
        if name is not None and name not in known:
            raise InvalidParameterError(
                f"The table has no column {name!r}.",
                name="column",
                allowed=", ".join(map(str, known)),
                hint=did_you_mean(name, known),
            )
    if column is not None:
        texts = [text or "" for text in table.column(column).cast("string").to_pylist()]
        return "text", texts, {"column": column}
    points, numeric, left_out = table_points(table, columns)
    said: dict[str, Any] = {"columns": numeric, "scaled": "each column divided by its standard deviation"}
    if left_out:
        said["left out"] = f"not numeric: {', '.join(map(str, left_out))}"
    return "points", points, said


def table_points(table: Any, columns: list[str] | None = None) -> tuple[np.ndarray, list[str], list[str]]:
    """The numeric columns of a table, centred and divided by their deviation.

    Parameters
    ----------
    table : pyarrow.Table
    columns : list of str, optional
        Which to take; default: all.

    Returns
    -------
    points : float64[n, d]
    names, left_out : list of str
        The columns that were taken, and those that are not numeric.

    Raises
    ------
    InvalidDataError
        When no column is numeric, or a value is missing.
    """
    wanted = list(columns or table.column_names)
    numeric = [name for name in wanted if _is_numeric(table.schema.field(name).type)]
    left_out = [name for name in wanted if name not in numeric]
    if not numeric:
        raise InvalidDataError(
            "The table has no numeric column to take as points.",
            name="columns",
            got=", ".join(map(str, left_out)),
            hint="name the text column to divide by: column='…'",
        )
    points = np.empty((table.num_rows, len(numeric)), dtype=np.float64)
    for j, name in enumerate(numeric):
        points[:, j] = _scaled(table.column(name).cast("float64").to_numpy(), name)
    return points, numeric, left_out


def _scaled(values: np.ndarray, name: str) -> np.ndarray:
    bad = np.flatnonzero(np.isnan(values))
    if len(bad):
        raise InvalidDataError(
            f"Row {bad[0]} of column {name!r} is missing.",
            name=name,
            hint="fill or drop the rows with missing values, or leave the column out with columns=[…]",
        )
    deviation = values.std() if len(values) else 0.0
    return (values - values.mean()) / deviation if deviation > 0 else np.zeros(len(values))


def _as_arrow(data: Any) -> Any:
    import pyarrow as pa

    if isinstance(data, pa.Table):
        return data
    if is_from(data, "pandas"):
        return pa.Table.from_pandas(data, preserve_index=False)
    if hasattr(data, "__arrow_c_stream__"):
        return pa.table(data)
    if hasattr(data, "to_arrow"):
        return data.to_arrow()
    raise InvalidDataError(
        "This kind of table can't be read.",
        name="data",
        allowed="Arrow, pandas or polars",
        got=type(data).__name__,
    )


def _is_numeric(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def _find_maker(kind: str, method: str) -> tuple[Callable[..., Any], str]:
    import importlib

    known = METHODS.get(kind)
    if known is None:
        raise InvalidParameterError(
            f"There is no maker for a {kind} yet.",
            name="kind",
            allowed=", ".join(METHODS),
            got=kind,
            hint="give rows of numbers, texts, or a graph",
        )
    word = str(method).lower().replace("_", "-").replace(" ", "-")
    if word == "auto":
        word = next(iter(known))
    _check_word("method", word, ("auto", *known))
    room, name = known[word].split(":")
    return getattr(importlib.import_module(room), name), word


def _construct(maker: Callable[..., Any], options: dict[str, Any]) -> Any:
    known = list(inspect.signature(maker).parameters)
    for name in options:
        if name not in known:
            raise InvalidParameterError(
                f"{getattr(maker, '__name__', 'The maker')} has no parameter {name!r}.",
                name=name,
                allowed=", ".join(known),
                hint=did_you_mean(name, known),
            )
    return maker(**options)


def _check_word(name: str, word: Any, known: tuple[str, ...]) -> str:
    if word not in known:
        raise InvalidParameterError(
            f"{name!r} is not valid.",
            name=name,
            allowed=", ".join(known),
            got=word,
            hint=did_you_mean(word, known),
        )
    return str(word)


def _signed(h: Hierarchy, names: Any, choices: dict[str, Any]) -> Hierarchy:
    """The hierarchy with the ids of its items and with what "auto" chose in its record."""
    made_by = replace(h.made_by, choices={**choices, **h.made_by.choices})
    return h.replace(made_by=made_by, item_ids=h.item_ids if names is None else names)
