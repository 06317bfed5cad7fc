"""Blocks of a bipartite graph, as many on each side as describe it shortest. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar, NamedTuple

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.graphs._bipartite import Blocks, Found, descend, spectral_start
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._tree import record
from partita.hierarchy import Hierarchy, MadeBy, assemble
from partita.hierarchy._arrays import as_integers
from partita.hierarchy.maker import HierarchyMaker
from partita.kernels.csr import compact

_CITATION = (
    "T.-C. Yen, D. B. Larremore, Community detection in bipartite networks with stochastic block models, "
    "Phys. Rev. E 102 (2020), doi:10.1103/PhysRevE.102.032309, arXiv:2001.11818"
)

_MOST_FIRST, _MOST_STARTS = 48, 4


class BipartiteSBM(HierarchyMaker):
    """Divide rows and columns of a table of counts into blocks: those that describe the table shortest.

    *When to choose this*: nodes are of two kinds and edges join only different kinds (people and events,
    words and documents), and you want groups of both, without saying how many. Groups are of nodes with
    alike neighbours, whether or not they cling together.

    Parameters
    ----------
    n_clusters : (int, int), optional
        Blocks of rows and of columns. Default: what describes the graph in the fewest nats.
    prior : {"bipartite", "general"}
        How the counts of edges between blocks are described: as a table of row blocks by column blocks, or,
        as a model that does not know of the two kinds would, over all pairs of blocks. The first resolves
        smaller blocks.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The items are the rows, then the columns (with `sides`: the nodes as given). The root (height inf)
        holds the two kinds, these the merges of their blocks; ``height`` is by how many nats a merge, and
        those before it, lengthen the description. Levels: the root, the two kinds, the blocks.
    labels_ : int32[n]
        Blocks of all nodes.
    row_labels_, column_labels_ : int32[n_rows], int32[n_columns]
        Blocks of each kind, numbered by themselves.
    n_clusters_ : int
    n_blocks_ : (int, int)
        Blocks of rows and of columns.
    description_length_ : float
        In nats.
    made_by_ : MadeBy

    Raises
    ------
    InvalidDataError
        For weights that are not whole numbers, and edges within a kind (with `sides`).
    InfeasibleError
        For more blocks than nodes of a kind.

    Notes
    -----
    The description is that of the paper: the degree-corrected microcanonical model, edge counts over
    ``K_rows * K_columns`` cells, a partition of each kind, and degrees by their distribution in each block.
    Where the paper samples (MCMC), this moves nodes one at a time to where the description gets shortest:
    from ``sqrt(edges) / 2`` blocks of each kind (48 at most), k-means of singular vectors, blocks are merged
    two by two, whichever pair costs least, and nodes moved after each merge, down to one block each; the
    shortest description met is kept. Further descents start from twice as many blocks as that has, until
    none is better (four at most). So the optimum is a local one, and the same in every run.

    With k blocks of a kind at first: O(k m + k n d) for all sweeps, d the mean degree, and O(k^4) for merges.

    References
    ----------
    T.-C. Yen and D. B. Larremore, Community detection in bipartite networks with stochastic block models,
    Phys. Rev. E 102 (2020). https://doi.org/10.1103/PhysRevE.102.032309

    Examples
    --------
    >>> import numpy as np
    >>> B = np.kron(np.array([[1, 0, 1], [0, 1, 1]]), np.ones((20, 10)))
    >>> found = BipartiteSBM().fit(B)
    >>> found.n_blocks_, found.row_labels_[[0, 39]].tolist()
    ((2, 3), [0, 1])
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_clusters": Optional(Instance((tuple, list), "two integers of at least 1")),
        "prior": OneOf(("bipartite", "general")),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    row_labels_: np.ndarray
    column_labels_: np.ndarray
    n_blocks_: tuple[int, int]
    description_length_: float

    def __init__(
        self,
        n_clusters: tuple[int, int] | None = None,
        *,
        prior: str = "bipartite",
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.prior = prior
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, graph: Any, y: Any = None, *, sides: Any = None) -> BipartiteSBM:
        """Find the blocks.

        Parameters
        ----------
        graph : sparse or dense matrix (n_rows, n_columns), or, with `sides`, any graph of n nodes
            Whole numbers: how often each edge is there.
        y : ignored
        sides : array-like of int, shape (n,), optional
            0 for nodes that are rows, 1 for columns, where `graph` holds both.

        Returns
        -------
        self
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            progress.start("Finding blocks", None)
            table = _table_of(graph, sides)
            wanted = self._wanted(table.matrix.shape)
            found, starts = self._search(table, wanted)
            self._set_blocks(table, found, starts, started)
        return self

    def _wanted(self, shape: tuple[int, int]) -> tuple[int, int] | None:
        if self.n_clusters is None:
            return None
        numbers = tuple(self.n_clusters)
        whole = all(isinstance(k, (int, np.integer)) and not isinstance(k, bool) and k > 0 for k in numbers)
        if len(numbers) != 2 or not whole:
            raise InvalidParameterError(
                "The 'n_clusters' of BipartiteSBM is not valid.",
                name="n_clusters",
                allowed="None, or two integers of at least 1",
                got=self.n_clusters,
            )
        for count, n, what in zip(numbers, shape, ("rows", "columns")):
            if count > n:
                raise InfeasibleError(
                    f"{n} {what} can't make {count} blocks.",
                    f"n_clusters={tuple(min(a, b) for a, b in zip(numbers, shape))}",
                    name="n_clusters",
                    got=self.n_clusters,
                )
        return int(numbers[0]), int(numbers[1])

    def _search(self, table: _Table, wanted: tuple[int, int] | None) -> tuple[Found, list[str]]:
        matrix, general = table.matrix, self.prior == "general"
        if not matrix.nnz and (wanted is None or min(matrix.shape) == 0):
            labels = tuple(np.zeros(n, np.int32) for n in matrix.shape)
            return Found(Blocks.of_matrix(matrix, (labels[0], labels[1]), general), 0.0), []
        least = wanted or (1, 1)
        whole = Blocks.of_matrix(matrix, tuple(np.zeros(n, np.int32) for n in matrix.shape), general)  # type: ignore[arg-type]
        first = min(int(np.ceil(np.sqrt(matrix.data.sum()) / 2.0)), _MOST_FIRST)
        start = max(first, least[0]), max(first, least[1])
        tried: list[tuple[int, int]] = []
        best: Found | None = None
        while start not in tried and len(tried) < _MOST_STARTS:
            tried.append(start)
            found = _descend_from(matrix, whole, start, wanted)
            if best is None or found.nats < best.nats:
                best = found
            start = max(2 * best.blocks.counts[0], least[0]), max(2 * best.blocks.counts[1], least[1])
        assert best is not None
        return best, [f"{rows} x {columns}" for rows, columns in tried]

    def _set_blocks(self, table: _Table, found: Found, starts: list[str], started: float) -> None:
        rows, columns = (compact(own, int(own.max(initial=-1)) + 1)[0] for own in found.blocks.labels)
        blocks = found.blocks.with_labels((rows, columns))
        made_by = record(
            self,
            table.given,
            {"starts": ", ".join(starts)} if starts else {},
            {"description_length": found.nats, "n_blocks": list(blocks.counts)},
            _CITATION,
            time.perf_counter() - started,
            converged=True,
            cost=found.nats,
        )
        self._set_hierarchy(_hierarchy_of(table, blocks, made_by))
        self.n_blocks_ = blocks.counts
        self.description_length_ = found.nats
        labels = [self.labels_[table.is_column == side] for side in (False, True)]
        self.row_labels_, self.column_labels_ = (
            np.unique(own, return_inverse=True)[1].astype(np.int32) for own in labels
        )
        self.n_features_in_ = table.matrix.shape[1]


class _Table(NamedTuple):
    """A bipartite graph with rows and columns in an order of content.

    Attributes
    ----------
    matrix : csr_array
        Rows by columns.
    given : InputGraph
        Both kinds in one graph.
    is_column : bool[n]
        By given number.
    rows, columns : intp[n_rows], intp[n_columns]
        Given numbers, in canonical order.
    """

    matrix: Any
    given: InputGraph
    is_column: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def _table_of(graph: Any, sides: Any) -> _Table:
    from scipy.sparse import block_array, csr_array, diags_array, issparse

    if sides is None:
        table = graph if issparse(graph) else np.atleast_2d(np.asarray(graph))
        if table.dtype.kind not in "biuf" or len(table.shape) != 2:
            raise InvalidDataError(
                "The table is not a matrix of numbers.",
                name="graph",
                allowed="whole numbers of shape (n_rows, n_columns), or any graph with `sides`",
                got=f"{table.dtype} of shape {table.shape}",
            )
        table = csr_array(table)
        is_column = np.arange(sum(table.shape)) >= table.shape[0]
        square = block_array(
            [[csr_array((table.shape[0],) * 2), table], [table.T, csr_array((table.shape[1],) * 2)]]
        )
    else:
        own = as_graph(graph)
        is_column = as_integers(sides, "sides", length=own.n) != 0
        g = own.graph
        rows = np.repeat(own.order, np.diff(g.indptr))
        square = csr_array((g.weights, (rows, own.order[g.indices])), shape=(own.n, own.n))
        _refuse_within(rows, own.order[g.indices], is_column, own)
    # Loops on columns keep the kinds apart in the order of content.
    marked = csr_array(square, dtype=np.float64) + diags_array(is_column.astype(np.float64))
    given = as_graph(marked, loops="keep")
    _refuse_fractions(given)
    column = given.canonical(is_column)
    n = given.n
    canonical = csr_array((given.graph.weights, given.graph.indices, given.graph.indptr), shape=(n, n))
    matrix = canonical[np.flatnonzero(~column)][:, np.flatnonzero(column)]
    matrix.sort_indices()
    return _Table(matrix, given, is_column, given.order[~column], given.order[column])


def _refuse_within(tail: np.ndarray, head: np.ndarray, is_column: np.ndarray, own: InputGraph) -> None:
    within = np.flatnonzero(is_column[tail] == is_column[head])
    if len(within):
        u, v = int(tail[within[0]]), int(head[within[0]])
        names = own.names if own.names is not None else np.arange(own.n)
        raise InvalidDataError(
            f"The edge {names[u]} - {names[v]} joins two nodes of one side.",
            name="sides",
            hint="check `sides`, or drop the edges within a side",
        )


def _refuse_fractions(given: InputGraph) -> None:
    weights = given.graph.weights
    if (weights != np.floor(weights)).any():
        raise InvalidDataError(
            "A weight is not a whole number: it should count how often an edge is there.",
            name="graph",
            got=float(weights[np.argmax(weights != np.floor(weights))]),
            hint="count edges once each with (B > 0), or scale and round the weights",
        )


def _descend_from(matrix: Any, whole: Blocks, k: tuple[int, int], wanted: tuple[int, int] | None) -> Found:
    k = (min(k[0], matrix.shape[0]), min(k[1], matrix.shape[1]))
    labels = list(spectral_start(matrix, k))
    for i in (0, 1):
        labels[i] = _with_at_least(labels[i], wanted[i] if wanted else 1)
    return descend(whole.with_labels((labels[0], labels[1])), wanted)


def _with_at_least(labels: np.ndarray, k: int) -> np.ndarray:
    """Labels with at least k parts: nodes of the largest part, the last in order, go by themselves."""
    labels, count = labels.copy(), int(labels.max()) + 1
    while count < k:
        largest = int(np.bincount(labels).argmax())
        labels[np.flatnonzero(labels == largest)[-1]] = count
        count += 1
    return labels


def _hierarchy_of(table: _Table, blocks: Blocks, made_by: MadeBy) -> Hierarchy:
    """Blocks, their merges within each kind, the kinds and the root."""
    counts = blocks.counts
    node_part = np.empty(table.given.n, np.intp)
    node_part[table.rows] = blocks.sides[0].labels
    node_part[table.columns] = counts[0] + blocks.sides[1].labels
    parent, height = [-1] * sum(counts), [0.0] * sum(counts)
    current = [list(range(counts[0])), list(range(counts[0], sum(counts)))]
    start, highest = blocks.nats() if blocks.sides[0].ends.sum() else 0.0, 0.0
    while (step := blocks.best_merge()) is not None:
        side, r, s = step
        blocks = blocks.merged(side, r, s)
        highest = max(highest, blocks.nats() - start)
        parent[current[side][r]] = parent[current[side][s]] = len(parent)
        current[side][r] = len(parent)
        del current[side][s]
        parent.append(-1)
        height.append(highest)
    kinds = [own[0] for own in current if own]
    blocks_level = np.arange(sum(counts))
    levels = [blocks_level]
    if len(kinds) == 2:
        root = len(parent)
        parent[kinds[0]] = parent[kinds[1]] = root
        parent.append(-1)
        height.append(np.inf)
        levels = [np.array(kinds), blocks_level] if sum(counts) > 2 else [blocks_level]
    elif not kinds:
        parent, height, levels = [-1], [0.0], []
    return assemble(node_part, parent, height, levels=levels, item_rank=table.given.place, made_by=made_by)[0]
