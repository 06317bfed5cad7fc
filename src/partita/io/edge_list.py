"""Edge lists: two node ids and perhaps a weight on each line. Callers: ``reader`` and the table reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from partita.io.edges import EdgeList, LineOf, adjacency
from partita.io.faults import broken, unusable
from partita.io.options import Options
from partita.io.source import Source
from partita.io.streams import load_text
from partita.io.tokens import Tokens


def read_edge_list(path: Path, options: Options, note: str) -> Source:
    """The graph of a file with one edge per line; lines that begin with # or % are comments."""
    data, recoded = load_text(path, options.encoding)
    separators = b" \t\r,;" if options.delimiter is None else options.delimiter.encode() + b" \t\r"
    tokens = Tokens(data, path, separators=separators, comment=b"#%")
    notes = [text for text in (note, recoded) if text]
    first, width = _shape(tokens, notes)
    ids = np.arange(first, len(tokens)).reshape(-1, width)
    weight = tokens.reals(ids[:, 2], "the weight") if width == 3 else None
    if weight is None:
        notes.append("two columns: every edge has weight 1")
    ends = np.concatenate((ids[:, 0], ids[:, 1]))

    def line(edge: int) -> int:
        return tokens.line_number(int(ids[edge, 0]))

    return graph_of_ids(tokens.words(ends), weight, path, options, notes, line)


def graph_of_ids(
    ends: Any,
    weight: np.ndarray | None,
    path: Path,
    options: Options,
    notes: list[str],
    line: LineOf,
) -> Source:
    """The graph whose edge i joins the ids ``ends[i]`` and ``ends[i + m]``; `ends` are Arrow strings."""
    rows, names = _number(ends, options, path, line, notes)
    tail, head = rows[: rows.size // 2], rows[rows.size // 2 :]
    n_nodes = options.n_nodes if options.n_nodes is not None else (int(rows.max()) + 1 if rows.size else 0)
    if names is not None:
        n_nodes = names.size
    show = str if names is None else (lambda node: str(names[node]))
    matrix, said = adjacency(EdgeList(tail, head, weight, n_nodes, line, show), path, options)
    return Source("graph", matrix, names, tuple(notes + said), str(path))


def _shape(tokens: Tokens, notes: list[str]) -> tuple[int, int]:
    """Index of the first word that belongs to an edge, and the number of words per edge."""
    if len(tokens) == 0:
        raise broken(tokens.path, "holds no edges", hint="write one 'source target [weight]' per line")
    counts = tokens.words_per_line()
    used = np.flatnonzero(counts)
    width = int(counts[used[0]])
    if width not in (2, 3):
        raise broken(
            tokens.path,
            f"a line of {width} words where 'source target [weight]' was expected",
            line=int(used[0]) + 1,
            hint="a table with more columns is read with format='csv', kind='graph' and columns=",
        )
    tokens.check_width(
        used,
        width,
        f"{{words}} words where the lines above have {width}",
        "every line needs the same number of columns; ids with spaces need format='csv'",
    )
    if _is_header([tokens.text(index) for index in range(width)]):
        notes.append("the first line is a header")
        return width, width
    return 0, width


def _is_header(words: list[str]) -> bool:
    ends = {("source", "target"), ("from", "to"), ("src", "dst"), ("u", "v")}
    named = tuple(word.strip('"').lower() for word in words)
    return named[:2] in ends and (len(named) == 2 or named[2] in ("weight", "w", "value"))


def _number(
    ends: Any, options: Options, path: Path, line: LineOf, notes: list[str]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Row of each id, and the names of the rows (None where the ids are the rows)."""
    ids = _as_integers(ends)
    if options.n_nodes is not None:
        return _declared(ids, ends, options.n_nodes, path, line), None
    if ids is None:
        encoded = ends.dictionary_encode()
        texts = _texts(encoded.dictionary, path)
        names, place = np.unique(texts, return_inverse=True)
        notes.append(f"{names.size} nodes, numbered by their sorted names")
        return place[encoded.indices.to_numpy()].astype(np.int64), names.astype(object)
    names, rows = np.unique(ids, return_inverse=True)
    if names.size == 0 or (names[0] == 0 and names[-1] == names.size - 1):
        return ids, None
    notes.append(
        f"the node ids run from {names[0]} to {names[-1]}: the {names.size} that occur are numbered in order "
        "and kept as names (n_nodes= takes ids as row numbers, isolated nodes included)"
    )
    return rows.astype(np.int64), names


def _as_integers(ends: Any) -> np.ndarray | None:
    """The ids as int64 if all of them are integers in plain decimal notation, else None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(ends, r"^(0|-?[1-9][0-9]{0,17})$")).as_py() and len(ends):
        return None
    return ends.cast(pa.int64()).to_numpy(zero_copy_only=False)


def _declared(ids: np.ndarray | None, ends: Any, n_nodes: int, path: Path, line: LineOf) -> np.ndarray:
    if ids is None:
        raise unusable(
            path,
            "the node ids are not all integers",
            hint="n_nodes= needs ids 0 to n_nodes - 1; leave it out to take ids as names",
        )
    outside = (ids < 0) | (ids >= n_nodes)
    if outside.any():
        bad = int(np.argmax(outside))
        raise unusable(
            path,
            f"the node id is outside 0 to {n_nodes - 1}",
            line=line(bad % (len(ends) // 2)),
            got=int(ids[bad]),
            hint="correct n_nodes=, or leave it out to take ids as names",
        )
    return ids


def _texts(dictionary: Any, path: Path) -> np.ndarray:
    try:
        texts = dictionary.to_pylist()
    except UnicodeDecodeError as error:
        raise broken(
            path,
            f"a node id is not valid UTF-8 ({error.reason})",
            hint="set the encoding of the file, for example encoding='latin-1'",
        ) from error
    return np.array(texts, dtype=object)
