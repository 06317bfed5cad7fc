"""METIS graph files (.graph), as the METIS 5 manual defines them in section 4.1. Callers: ``reader``.

Karypis and Kumar, "A fast and high quality multilevel scheme for partitioning irregular graphs", SIAM J. Sci.
Comput. 20 (1998), doi:10.1137/S1064827595287997; manual: METIS 5.1.0, section 4.1.1.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from partita.io.edges import EdgeList, as_csr
from partita.io.faults import broken, unusable
from partita.io.options import Options
from partita.io.source import Source
from partita.io.streams import load_text
from partita.io.tokens import Tokens

_HINT = "see section 4.1 of the METIS manual for the format"


class _Header(NamedTuple):
    n_nodes: int
    n_edges: int
    has_sizes: bool
    n_weights: int
    has_edge_weights: bool

    @property
    def ahead(self) -> int:
        """Words before the neighbours on each line."""
        return int(self.has_sizes) + self.n_weights

    @property
    def step(self) -> int:
        """Words per neighbour."""
        return 1 + int(self.has_edge_weights)


def read_metis(path: Path, options: Options, note: str) -> Source:
    """The graph of a METIS file: line i lists the neighbours of vertex i, counted from 1."""
    data, recoded = load_text(path, options.encoding)
    tokens = Tokens(data, path, comment=b"%")
    lines = np.flatnonzero(~tokens.is_comment)
    counts = tokens.words_per_line()
    while lines.size and counts[lines[0]] == 0:  # empty lines ahead of the header
        lines = lines[1:]
    header = _header(tokens, lines, counts)
    vertex_lines = _vertex_lines(header, lines[1:], counts, path)
    numbers = tokens.integers(np.arange(counts[lines[0]], len(tokens)), "an entry")
    edges, ahead = _split(header, numbers, vertex_lines, counts, tokens)
    _check_edges(header, edges, path)
    matrix = as_csr(edges, symmetric=False)
    extra = _extra(header, ahead, vertex_lines, path)
    said = [text for text in (note, recoded) if text]
    said.append(f"METIS header: {header.n_nodes} vertices, {header.n_edges} edges")
    said += [f"{name} carried in Source.extra" for name in extra]
    return Source("graph", matrix, None, tuple(said), str(path), extra)


def _header(tokens: Tokens, lines: np.ndarray, counts: np.ndarray) -> _Header:
    path = tokens.path
    if lines.size == 0:
        raise broken(
            path, "holds no header line", hint="the first line must be 'vertices edges [fmt [ncon]]'"
        )
    line, words = int(lines[0]) + 1, int(counts[lines[0]])
    if not 2 <= words <= 4:
        raise broken(
            path, f"a header of {words} words", line=line, hint="'vertices edges [fmt [ncon]]'; " + _HINT
        )
    given = tokens.integers(np.arange(words), "a number of the header")
    n_nodes, n_edges = int(given[0]), int(given[1])
    if n_nodes < 0 or n_edges < 0:
        raise broken(path, "a negative number in the header", line=line, hint=_HINT)
    fmt = tokens.text(2) if words > 2 else "0"
    if len(fmt) > 3 or set(fmt) - {"0", "1"}:
        raise broken(
            path,
            "the third number of the header is not up to three digits 0 or 1",
            line=line,
            got=fmt,
            hint=_HINT,
        )
    sizes, weights, edge_weights = (digit == "1" for digit in fmt.zfill(3))
    n_weights = int(given[3]) if words > 3 else 1
    if not 1 <= n_weights <= len(tokens) or (words > 3 and not weights and n_weights > 1):
        raise broken(
            path,
            "ncon, the fourth number of the header, does not go with fmt",
            line=line,
            got=n_weights,
            hint=_HINT,
        )
    return _Header(n_nodes, n_edges, sizes, n_weights if weights else 0, edge_weights)


def _vertex_lines(header: _Header, lines: np.ndarray, counts: np.ndarray, path: Path) -> np.ndarray:
    n_nodes = header.n_nodes
    if lines.size < n_nodes:
        raise broken(
            path,
            f"the header promises {n_nodes} vertices and {lines.size} lines follow it",
            hint="the file is cut short, or empty lines of isolated vertices were lost",
        )
    surplus = lines[n_nodes:][counts[lines[n_nodes:]] > 0]
    if surplus.size:
        raise broken(
            path,
            f"a line after those of the {n_nodes} vertices that the header promises",
            line=int(surplus[0]) + 1,
            hint="correct the header or remove the line",
        )
    return lines[:n_nodes]


def _split(
    header: _Header, numbers: np.ndarray, lines: np.ndarray, counts: np.ndarray, tokens: Tokens
) -> tuple[EdgeList, np.ndarray]:
    """The listed neighbours as edges, and the numbers ahead of them (n, sizes and weights)."""
    path, per_line = tokens.path, counts[lines]
    listed = per_line - header.ahead
    uneven = (listed < 0) | (listed % header.step != 0)
    if uneven.any():
        bad = int(np.argmax(uneven))
        raise broken(
            path,
            f"{per_line[bad]} numbers, but the header asks for {header.ahead} ahead "
            f"and {header.step} per neighbour",
            line=int(lines[bad]) + 1,
            hint="correct the line or fmt in the header; " + _HINT,
        )
    first = np.cumsum(per_line) - per_line
    is_ahead = np.zeros(numbers.size, dtype=bool)
    ahead_at = (first[:, None] + np.arange(header.ahead)).ravel()
    is_ahead[ahead_at] = True
    body = numbers[~is_ahead].reshape(-1, header.step)
    tail = np.repeat(np.arange(lines.size), listed // header.step)
    weight = body[:, 1].astype(np.float64) if header.has_edge_weights else None
    edges = EdgeList(
        tail, body[:, 0] - 1, weight, header.n_nodes, lambda i: int(lines[tail[i]]) + 1, lambda v: str(v + 1)
    )
    return edges, numbers[ahead_at].reshape(lines.size, header.ahead)


def _check_edges(header: _Header, edges: EdgeList, path: Path) -> None:
    tail, head = edges.tail, edges.head
    _refuse(path, edges, (head < 0) | (head >= header.n_nodes), f"a neighbour outside 1 to {header.n_nodes}")
    _refuse(path, edges, tail == head, "a vertex that is its own neighbour, which METIS does not allow")
    if edges.weight is not None:
        _refuse(path, edges, edges.weight <= 0, "an edge weight that is not positive")
        _refuse(path, edges, edges.weight > 2**53, "an edge weight above 2**53")
    key = tail * header.n_nodes + head
    order = np.argsort(key, kind="stable")
    again = np.zeros(key.size, dtype=bool)
    again[order[1:][key[order[1:]] == key[order[:-1]]]] = True
    _refuse(path, edges, again, "a neighbour that is listed twice")
    mirror = np.argsort(head * header.n_nodes + tail, kind="stable")
    one_way = np.zeros(key.size, dtype=bool)
    position = np.searchsorted(key[order], (head * header.n_nodes + tail)[mirror])
    found = order[np.minimum(position, max(key.size - 1, 0))]
    one_way[mirror] = key[found] != (head * header.n_nodes + tail)[mirror]
    _refuse(path, edges, one_way, "a neighbour that does not list this vertex in turn")
    if edges.weight is not None:
        unequal = np.zeros(key.size, dtype=bool)
        unequal[mirror] = edges.weight[found] != edges.weight[mirror]
        _refuse(path, edges, unequal, "an edge whose weight differs in the other direction")
    if key.size != 2 * header.n_edges:
        raise broken(
            path,
            f"the header promises {header.n_edges} edges, the lines hold {key.size // 2}",
            hint="each edge stands twice, once with each end; correct the header",
        )


def _refuse(path: Path, edges: EdgeList, bad: np.ndarray, what: str) -> None:
    if bad.any():
        index = int(np.argmax(bad))
        raise unusable(
            path,
            f"{what} (vertex {edges.tail[index] + 1}, neighbour {edges.head[index] + 1})",
            line=edges.line(index),
            got=None if edges.weight is None or "weight" not in what else int(edges.weight[index]),
            hint="METIS graphs are undirected, without loops or repeated edges; save others as .edges",
        )


def _extra(header: _Header, ahead: np.ndarray, lines: np.ndarray, path: Path) -> dict[str, np.ndarray]:
    if (ahead < 0).any() or (ahead > 2**53).any():
        bad = int(np.argmax(((ahead < 0) | (ahead > 2**53)).any(axis=1)))
        raise unusable(
            path,
            f"vertex {bad + 1} has a negative or too large size or weight",
            line=int(lines[bad]) + 1,
            hint="sizes and weights are integers from 0 to 2**53",
        )
    extra = {}
    if header.has_sizes:
        extra["node_sizes"] = ahead[:, 0].astype(np.float64)
    if header.n_weights:
        extra["node_weights"] = ahead[:, int(header.has_sizes) :].astype(np.float64)
    return extra
