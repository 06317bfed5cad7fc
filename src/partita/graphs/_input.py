"""Whatever holds a graph, as one checked graph in an order of content. Called by the makers of this room."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError
from partita._core.memory import check_memory
from partita._core.optional import is_from
from partita.kernels.csr import Graph, graph_of
from partita.kernels.csr_order import canonical_order, permuted

_MAX_NODES = 2**31 - 1
_ALLOWED = (
    "a square scipy.sparse or dense adjacency matrix, a networkx or igraph graph, edges (n_edges, 2 or 3), "
    "or what partita.io.read gives for a graph"
)


@dataclass(frozen=True, eq=False)
class InputGraph:
    """A graph with nodes in an order of content, and the way back to the order in which they came.

    Attributes
    ----------
    graph : Graph
        In canonical numbers.
    order : int64[n]
        ``order[v]`` is the given number of canonical node v.
    names : ndarray (n,) or None
        Ids of the nodes as they were given, by given number; None where numbers are all there is.
    fingerprint : str
        A short hash of the graph, whatever the order of its nodes.
    notes : tuple of str
        What was done to the input.
    """

    graph: Graph
    order: np.ndarray
    names: np.ndarray | None
    fingerprint: str
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.order)

    @property
    def place(self) -> np.ndarray:
        """``place[u]`` is the canonical number of given node u, int64[n]."""
        place = np.empty(self.n, np.int64)
        place[self.order] = np.arange(self.n)
        return place

    def given(self, values: np.ndarray) -> np.ndarray:
        """Values of canonical nodes in the order in which nodes were given."""
        out = np.empty_like(values)
        out[self.order] = values
        return out

    def canonical(self, values: np.ndarray) -> np.ndarray:
        """Values of given nodes in canonical order."""
        return np.ascontiguousarray(values[self.order])


def as_graph(
    data: Any, *, directed: bool = False, signed: bool = False, loops: str = "drop", name: str = "graph"
) -> InputGraph:
    """The graph that `data` hold, checked and in an order of content.

    Parameters
    ----------
    data : sparse or dense square matrix, networkx or igraph graph, edges (n_edges, 2 or 3), or io.Source
        Repeated entries are summed, entries of zero left out. Node ids of an array of edges that don't run
        from 0 without gaps are numbered in order, and kept as names. A dense square array is an adjacency
        matrix, also of 2 or 3 rows.
    directed : bool
        Whether entry (u, v) differs from (v, u). Without it a matrix that holds each edge once is mirrored,
        and one that holds both directions with different weights is refused.
    signed : bool
        Whether negative weights are allowed.
    loops : {"drop", "keep", "refuse"}
        What is done with the diagonal; kept loops stand in ``graph.loops`` as the matrix has them.
    name : str
        The argument, for messages.

    Returns
    -------
    given : InputGraph

    Raises
    ------
    InvalidDataError
        For a matrix that is not square, NaN, infinite or negative weights (naming the edge), an asymmetric
        matrix without ``directed=True``, and loops where they are refused.

    Notes
    -----
    O(e log e). Nodes that refinement of colours can't tell apart keep the order in which they came; where
    these are the images of each other under a symmetry of the graph, they are interchangeable.

    Examples
    --------
    >>> given = as_graph([[0, 1], [1, 2], [2, 3]])
    >>> given.n, given.graph.weights.tolist()
    (4, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    """
    notes: list[str] = []
    matrix, names = _as_matrix(data, directed, name, notes)
    n = _checked_size(matrix, name)
    matrix.sum_duplicates()
    shown = names if names is not None else np.arange(n)
    _check_weights(matrix, signed, shown, name)
    matrix, diagonal = _split_loops(matrix, loops, shown, name, notes)
    if not directed:
        matrix = _undirected(matrix, shown, name, notes)
    matrix.sort_indices()
    raw = graph_of(matrix.indptr, matrix.indices, matrix.data)._replace(loops=diagonal)
    order, colours = canonical_order(raw, directed)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    fingerprint = hashlib.blake2b(np.sort(colours).tobytes(), digest_size=8).hexdigest()
    return InputGraph(permuted(raw, order, place, directed), order, names, fingerprint, tuple(notes))


def canonical_layers(layers: Any) -> tuple[InputGraph, list[Graph]]:
    """Several graphs over the same nodes in one order of content, that of a weighted sum of them.

    Parameters
    ----------
    layers : sequence of what `as_graph` takes

    Returns
    -------
    given : InputGraph
        Of the weighted sum.
    graphs : list of Graph
        The layers, in its numbers.
    """
    raw = [as_graph(layer, name=f"layer {i}") for i, layer in enumerate(layers)]
    for i, layer in enumerate(raw):
        if layer.n != raw[0].n:
            raise InvalidDataError(
                f"Layer {i} has {layer.n} nodes, and layer 0 has {raw[0].n}.",
                name="graph",
                hint="give matrices of one shape",
            )
    matrices = [_given_matrix(layer) for layer in raw]
    # Shares that no small integers balance, so that layers are told apart.
    shares = np.sqrt(2.0) ** np.arange(len(raw))
    given = as_graph(sum(matrix * share for matrix, share in zip(matrices, shares)))
    place = given.place
    graphs = []
    for matrix in matrices:
        plain = graph_of(matrix.indptr, matrix.indices, matrix.data)
        graphs.append(permuted(plain, given.order, place, False))
    return replace(given, names=raw[0].names), graphs


def _given_matrix(given: InputGraph) -> Any:
    """The CSR matrix of a graph in given numbers."""
    from scipy.sparse import csr_array

    back = permuted(given.graph, given.place, given.order, False)
    return csr_array((back.weights, back.indices, back.indptr), shape=(given.n, given.n))


def _as_matrix(data: Any, directed: bool, name: str, notes: list[str]) -> tuple[Any, np.ndarray | None]:
    """A fresh CSR matrix of float64, and the names of its rows."""
    from scipy.sparse import csr_array, issparse

    names = getattr(data, "names", None) if is_from(data, "partita") else None
    if is_from(data, "partita") and getattr(data, "kind", None) == "graph":
        notes.extend(data.notes)
        data = data.data
    if issparse(data):
        return csr_array(_numbers(data, name), copy=True), names
    if is_from(data, "networkx"):
        return _from_networkx(data)
    if is_from(data, "igraph"):
        return _from_igraph(data)
    if hasattr(data, "columns") or hasattr(data, "column_names"):
        return _from_table(data, name, notes)
    array = np.asarray(data)
    if array.ndim == 2 and array.shape[0] == array.shape[1]:
        return csr_array(_numbers(array, name)), None
    if array.ndim == 2 and array.shape[1] in (2, 3):
        weight = _numbers(array[:, 2], name) if array.shape[1] == 3 else np.ones(len(array))
        return _from_ends(array[:, 0], array[:, 1], weight, name, notes)
    raise InvalidTypeError(
        f"The {name} can't be read as a graph.", name=name, allowed=_ALLOWED, got=f"shape {array.shape}"
    )


def _numbers(values: Any, name: str) -> Any:
    if np.dtype(values.dtype).kind not in "biuf":
        raise InvalidTypeError(
            f"The weights of the {name} are not real numbers.", name=name, got=str(values.dtype)
        )
    return values.astype(np.float64)


def _from_networkx(graph: Any) -> tuple[Any, np.ndarray | None]:
    import networkx
    from scipy.sparse import csr_array

    nodes = list(graph)
    if not nodes:
        return csr_array((0, 0)), None
    matrix = csr_array(networkx.to_scipy_sparse_array(graph, nodelist=nodes, dtype=np.float64, format="csr"))
    if nodes == list(range(len(nodes))):
        return matrix, None
    return matrix, _as_names(nodes)


def _from_igraph(graph: Any) -> tuple[Any, np.ndarray | None]:
    from scipy.sparse import coo_array

    n = graph.vcount()
    ends = np.array(graph.get_edgelist(), dtype=np.int64).reshape(-1, 2)
    weighted = "weight" in graph.es.attributes()
    weight = np.array(graph.es["weight"], dtype=np.float64) if weighted else np.ones(len(ends))
    tail, head = ends[:, 0], ends[:, 1]
    if not graph.is_directed():
        off = tail != head
        tail, head = np.concatenate((tail, head[off])), np.concatenate((head, tail[off]))
        weight = np.concatenate((weight, weight[off]))
    names = _as_names(graph.vs["name"]) if "name" in graph.vs.attributes() else None
    return coo_array((weight, (tail, head)), shape=(n, n)).tocsr(), names


def _from_table(table: Any, name: str, notes: list[str]) -> tuple[Any, np.ndarray | None]:
    frame = table.to_pandas() if hasattr(table, "to_pandas") else table
    if frame.shape[1] not in (2, 3):
        raise InvalidDataError(
            f"A table of edges needs the columns source, target and perhaps weight; the {name} has "
            f"{frame.shape[1]}.",
            name=name,
            hint="choose the columns first",
        )
    columns = [frame.iloc[:, j].to_numpy() for j in range(frame.shape[1])]
    weight = _numbers(columns[2], name) if len(columns) == 3 else np.ones(len(frame))
    return _from_ends(columns[0], columns[1], weight, name, notes)


def _from_ends(
    tail: np.ndarray, head: np.ndarray, weight: np.ndarray, name: str, notes: list[str]
) -> tuple[Any, np.ndarray | None]:
    from scipy.sparse import coo_array

    ends = np.concatenate((tail, head))
    if ends.dtype.kind == "f":
        if not np.isfinite(ends).all() or (ends != np.floor(ends)).any():
            raise InvalidDataError(f"The node ids of the {name} must be integers or strings.", name=name)
        ends = ends.astype(np.int64)
    names, rows = _numbered(ends)
    n = len(names)
    matrix = coo_array((weight, (rows[: len(tail)], rows[len(tail) :])), shape=(n, n)).tocsr()
    if names.dtype.kind in "iu" and (n == 0 or (names[0] == 0 and names[-1] == n - 1)):
        return matrix, None
    notes.append(f"{n} node ids numbered in order, and kept as names")
    return matrix, names if names.dtype.kind in "iu" else _as_names(names.tolist())


def _numbered(ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different ids in order, and the place of each end among them; O(e) where ids have few gaps."""
    if ends.dtype.kind in "iu" and len(ends) and ends.min() >= 0 and ends.max() < 4 * len(ends):
        seen = np.zeros(int(ends.max()) + 1, bool)
        seen[ends] = True
        return np.flatnonzero(seen), (np.cumsum(seen) - 1)[ends]
    return np.unique(ends, return_inverse=True)


def _as_names(nodes: list[Any]) -> np.ndarray:
    if all(isinstance(node, int) and not isinstance(node, bool) for node in nodes):
        return np.array(nodes, dtype=np.int64)
    return np.array([str(node) for node in nodes], dtype=object)


def _checked_size(matrix: Any, name: str) -> int:
    n, columns = matrix.shape
    if n != columns:
        raise InvalidDataError(
            f"The {name} is not square.",
            name=name,
            allowed=_ALLOWED,
            got=f"shape {matrix.shape}",
            hint="a table of two kinds of nodes is bipartite: put it into [[0, B], [B.T, 0]]",
        )
    if n > _MAX_NODES:
        raise InvalidDataError(f"The {name} has more than {_MAX_NODES} nodes.", name=name, got=n)
    check_memory(
        100 * matrix.nnz + 100 * n,
        what=f"The {name} of {n} nodes",
        alternative="use a machine with more memory, or a part of the graph",
    )
    return n


def _check_weights(matrix: Any, signed: bool, shown: np.ndarray, name: str) -> None:
    wrong = ~np.isfinite(matrix.data) if signed else ~(np.isfinite(matrix.data) & (matrix.data >= 0))
    if wrong.any():
        entry = int(np.argmax(wrong))
        value = float(matrix.data[entry])
        negative = value < 0 and np.isfinite(value)
        raise InvalidDataError(
            f"The edge {_edge(matrix, entry, shown)} of the {name} has a weight that is "
            f"{'negative' if negative else 'not finite'}.",
            name=name,
            got=value,
            hint="signed objectives take negative weights" if negative else "drop or fill such edges first",
        )
    if matrix.nnz and not matrix.data.all():
        matrix.eliminate_zeros()


def _edge(matrix: Any, entry: int, shown: np.ndarray) -> str:
    row = int(np.searchsorted(matrix.indptr, entry, side="right")) - 1
    return f"{shown[row]} - {shown[matrix.indices[entry]]}"


def _split_loops(
    matrix: Any, loops: str, shown: np.ndarray, name: str, notes: list[str]
) -> tuple[Any, np.ndarray]:
    diagonal = np.asarray(matrix.diagonal(), dtype=np.float64)
    found = np.flatnonzero(diagonal)
    if not len(found):
        return matrix, np.zeros(len(diagonal))
    if loops == "refuse":
        raise InvalidDataError(
            f"Node {shown[found[0]]} of the {name} has an edge to itself ({len(found)} in all).",
            name=name,
            hint="leave loops out",
        )
    matrix.setdiag(0.0)
    matrix.eliminate_zeros()
    if loops == "drop":
        notes.append(f"loops of {len(found)} nodes left out")
        return matrix, np.zeros(len(diagonal))
    return matrix, diagonal


def _undirected(matrix: Any, shown: np.ndarray, name: str, notes: list[str]) -> Any:
    """The symmetric matrix; one that holds each edge once is mirrored."""
    other = matrix.T.tocsr()
    other.sort_indices()
    matrix.sort_indices()
    same = np.array_equal(matrix.indptr, other.indptr) and np.array_equal(matrix.indices, other.indices)
    if same and np.allclose(matrix.data, other.data, rtol=1e-12, atol=0.0):
        return matrix if np.array_equal(matrix.data, other.data) else (matrix + other) * 0.5
    if matrix.multiply(other).nnz == 0:
        notes.append("each edge was given once, and is undirected")
        return matrix + other
    differ = (matrix - other).tocoo()
    entry = int(np.flatnonzero(differ.data)[0])
    u, v = int(differ.coords[0][entry]), int(differ.coords[1][entry])
    raise InvalidDataError(
        f"The {name} is not symmetric: {shown[u]} - {shown[v]} weighs {matrix[u, v]:g} one way and "
        f"{matrix[v, u]:g} the other.",
        name=name,
        hint="make it symmetric (A + A.T, or A.maximum(A.T)), or choose an objective for directed graphs",
    )
