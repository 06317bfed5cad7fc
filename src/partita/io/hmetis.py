"""hMETIS hypergraph files (.hgr), as the manual of hMETIS 1.5 defines them. Callers: ``reader``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from partita._core.memory import check_memory
from partita.io.faults import broken, unusable
from partita.io.options import Options
from partita.io.source import Source
from partita.io.streams import load_text
from partita.io.tokens import Tokens

_HINT = (
    "the header is 'nets vertices [fmt]', fmt 1 (weights of nets), 10 (of vertices) or 11 (both); a line of "
    "a net is its weight, if it has one, and its vertices from 1, each once"
)
_MOST = 2**31 - 1


def read_hmetis(path: Path, options: Options, note: str) -> Source:
    """The hypergraph of an hMETIS file, vertices by nets; line i lists the pins of net i, from 1."""
    from scipy.sparse import coo_array

    data, recoded = load_text(path, options.encoding)
    tokens = Tokens(data, path, comment=b"%")
    counts = tokens.words_per_line()
    lines = np.flatnonzero(~tokens.is_comment & (counts > 0))
    n_nets, n_nodes, weighs_nets, weighs_nodes = _header(tokens, lines, counts)
    needed = 1 + n_nets + (n_nodes if weighs_nodes else 0)
    if len(lines) != needed:
        raise broken(
            path,
            f"the header promises {needed - 1} lines, {len(lines) - 1} follow it",
            hint="the file is cut short, or the header is wrong",
        )
    check_memory(
        16 * (n_nodes + n_nets) + 80 * len(tokens),
        what=f"The hypergraph of {path}",
        alternative="use a machine with more memory, or a part of the hypergraph",
    )
    numbers = tokens.integers(np.arange(counts[lines[0]], len(tokens)), "an entry")
    of_nets = counts[lines[1 : 1 + n_nets]]
    body, ahead = numbers[: of_nets.sum()], np.cumsum(of_nets) - of_nets
    price = body[ahead].astype(np.float64) if weighs_nets else np.ones(n_nets)
    net = np.repeat(np.arange(n_nets), of_nets)
    if weighs_nets:
        body, net = np.delete(body, ahead), np.delete(net, ahead)
    _check(path, body, net, price, n_nodes, lines)
    matrix = coo_array((price[net], (body - 1, net)), shape=(n_nodes, n_nets)).tocsr()
    matrix.sort_indices()
    extra = {}
    if weighs_nodes:
        extra["node_weights"] = _node_weights(path, numbers[of_nets.sum() :], counts, lines[1 + n_nets :])
    said = [text for text in (note, recoded) if text]
    said.append(f"hMETIS header: {n_nodes} vertices, {n_nets} nets")
    return Source("hypergraph", matrix, None, tuple(said), str(path), extra)


def _header(tokens: Tokens, lines: np.ndarray, counts: np.ndarray) -> tuple[int, int, bool, bool]:
    if not len(lines) or not 2 <= counts[lines[0]] <= 3:
        raise broken(tokens.path, "holds no header line of two or three numbers", hint=_HINT)
    given = tokens.integers(np.arange(counts[lines[0]]), "a number of the header")
    fmt = int(given[2]) if len(given) > 2 else 0
    if (given < 0).any() or fmt not in (0, 1, 10, 11):
        raise broken(tokens.path, "a header out of range", line=int(lines[0]) + 1, hint=_HINT)
    if max(given[:2]) > _MOST:
        raise unusable(
            tokens.path,
            f"more than {_MOST} nets or vertices",
            got=int(max(given[:2])),
            hint="divide it first",
        )
    return int(given[0]), int(given[1]), fmt % 10 == 1, fmt >= 10


def _node_weights(path: Path, numbers: np.ndarray, counts: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """One row of weights for each vertex, float64 (n, r)."""
    width = counts[lines]
    uneven = np.flatnonzero(width != width[:1])
    if len(uneven):
        raise broken(
            path,
            f"{width[uneven[0]]} weights of a vertex where the first has {width[0]}",
            line=int(lines[uneven[0]]) + 1,
            hint="give every vertex as many weights",
        )
    if (numbers < 0).any():
        bad = int(np.argmax(numbers < 0))
        raise unusable(
            path,
            "a vertex of negative weight",
            line=int(lines[bad // width[0]]) + 1,
            got=int(numbers[bad]),
            hint="weights are 0 or more",
        )
    return numbers.astype(np.float64).reshape(len(lines), int(width[0]) if len(lines) else 1)


def _check(
    path: Path, pins: np.ndarray, net: np.ndarray, price: np.ndarray, n_nodes: int, lines: np.ndarray
) -> None:
    outside = (pins < 1) | (pins > n_nodes)
    if outside.any():
        bad = int(np.argmax(outside))
        raise unusable(
            path,
            f"a pin outside 1 to {n_nodes}",
            line=int(lines[1 + net[bad]]) + 1,
            got=int(pins[bad]),
            hint=_HINT,
        )
    if (price <= 0).any():
        bad = int(np.argmax(price <= 0))
        raise unusable(
            path,
            "a net whose weight is not positive",
            line=int(lines[1 + bad]) + 1,
            got=float(price[bad]),
            hint=_HINT,
        )
    key = net * np.int64(n_nodes + 1) + pins
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    if len(again):
        bad = int(order[again[0] + 1])
        raise unusable(
            path,
            "a pin that its net lists twice",
            line=int(lines[1 + net[bad]]) + 1,
            got=int(pins[bad]),
            hint=_HINT,
        )
