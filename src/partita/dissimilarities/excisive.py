"""Excisive clustering: items joined by the cliques that they share. For users."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from partita import __version__
from partita._core.errors import InfeasibleError, InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.dissimilarities._joins import Joins, joins_of_rows, joins_of_square
from partita.dissimilarities._precomputed import PrecomputedItems, check_square
from partita.dissimilarities._square import METRICS, square_of
from partita.hierarchy import MadeBy, assemble
from partita.hierarchy.maker import HierarchyMaker
from partita.hierarchy.rows import canonical_rows, check_points

_CITATION = (
    "G. Carlsson, F. Mémoli, Classifying clustering schemes, Foundations of Computational Mathematics 13 "
    "(2013), doi:10.1007/s10208-012-9141-9, arXiv:1011.5270"
)
_SPINE = ("euclidean", "sqeuclidean", "cosine")


class ExcisiveClustering(HierarchyMaker):
    """Join items that lie together in cliques of `m`, at every scale at once.

    At scale t two items are linked when they belong to `m` items of which any two are at most t apart, and
    blocks are what links hold together; a chain of cliques need share but one item from one to the next. With
    ``m=2`` this is single linkage. With larger `m` a thin bridge of items joins nothing.

    *When to choose this*: results must not change when items are added or a block is looked at by itself, and
    that must be provable. At a fixed `height` the scheme is functorial under injective maps that lengthen no
    distance (added items join blocks, and never divide them), and excisive: a block, clustered alone, is one
    block. ``check_scheme`` tests both. Choose ``points.HDBSCAN`` where densities differ.

    Parameters
    ----------
    m : int
        Items of a clique, 2 or more.
    height : float, optional
        The scale of the blocks.
    n_clusters : int, optional
        Take the scale at which there are so many blocks, single items counted. Such a scale depends on the
        data, so that neither law holds across different data. Without `height` and `n_clusters`, the scale is
        the one at the end of the longest time (by ratio of scales) over which the number of large blocks, of
        at least sqrt(n) items and two or more, does not change; one block where that time is less than a
        quarter.
    metric : {"precomputed", "euclidean", "sqeuclidean", "cosine", "cityblock", "chebyshev"}
        "precomputed": `X` is a matrix of dissimilarities, square or condensed; else rows of vectors.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        All scales: a part for every join, equal scales joined at once, ``height`` its scale. Items that are
        in no clique at any finite scale are own items of a root of height inf. Levels: the root and the
        blocks at `height_`.
    labels_ : int32[n]
        Blocks at `height_`, the largest first. An item that is in no clique is a block by itself.
    n_clusters_ : int
    height_ : float
        The scale of the blocks.
    made_by_ : MadeBy

    Raises
    ------
    InvalidDataError
        For NaN, negative or asymmetric dissimilarities, a diagonal that is not 0.
    InfeasibleError
        For more blocks than items, or a number of blocks that no scale gives (ties).
    BudgetError
        When n^2 dissimilarities don't fit into the memory budget.

    Notes
    -----
    Follows Carlsson and Mémoli (2013): the schemes that are functorial under injective maps and excisive are
    those that a family of finite metric spaces generates; here the family is the simplex of `m` points. The
    hierarchical form lets its side grow. Dissimilarities need not obey the triangle inequality.

    Time for ``m=2``: that of a minimum spanning tree, O(n^2), for vectors O(n^2 d) (`points.Linkage` with
    ``method="single"`` is faster for many of them). For larger `m`, pairs are added by length until all items
    are joined: O(n^2 log n), and O(n^3 / 64) words for ``m=3``, O(n^m / 64) for fixed `m` in the worst case;
    what is joined already is not looked at again. Memory: n^2 numbers for the matrix, n^2 / 4 bytes for sets,
    16 bytes for each pair that is looked at (in bands, shortest first). Vectors with ``m=2`` and a Euclidean
    or cosine metric need O(n) memory only.

    Examples
    --------
    Two groups and a bridge of one item:

    >>> import numpy as np
    >>> x = np.array([0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 7.0, 8.0])[:, None]
    >>> ExcisiveClustering(2, height=2.0, metric="euclidean").fit(x).labels_.tolist()
    [0, 0, 0, 0, 0, 0, 0, 0]
    >>> ExcisiveClustering(3, height=2.0, metric="euclidean").fit(x).labels_.tolist()
    [0, 0, 0, 0, 2, 1, 1, 1]
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "m": Integer(low=2),
        "height": Optional(Real(low=0.0)),
        "n_clusters": Optional(Integer(low=1)),
        "metric": OneOf(("precomputed", *METRICS)),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        m: int = 2,
        *,
        height: float | None = None,
        n_clusters: int | None = None,
        metric: str = "precomputed",
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.m = m
        self.height = height
        self.n_clusters = n_clusters
        self.metric = metric
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> ExcisiveClustering:
        """Find the blocks of all scales.

        Parameters
        ----------
        X : array-like
            Dissimilarities, (n, n) or condensed, with ``metric="precomputed"``; else vectors (n, d).
        y : ignored

        Returns
        -------
        self
        """
        started = time.perf_counter()
        self._check_parameters()
        if self.height is not None and self.n_clusters is not None:
            raise InvalidParameterError(
                "height and n_clusters don't go together.", name="n_clusters", got=self.n_clusters
            )
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            progress.start("Joining items by their cliques", None)
            joins, rank, fingerprint = self._joins(X)
            self.height_, why = self._scale(joins)
            made_by = MadeBy(
                method=type(self).__name__,
                parameters=self._plain_parameters(),
                version=__version__,
                fingerprint=fingerprint,
                choices=why,
                converged=True,
                seconds=time.perf_counter() - started,
                citation=_CITATION,
            )
            self._assemble(joins, rank, made_by)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        return tags

    def _joins(self, X: Any) -> tuple[Joins, np.ndarray, str]:
        """The joins of all items, the rank of each by content, and a fingerprint of the data."""
        if self.metric == "precomputed":
            D = check_square(X)
            self.n_features_in_ = len(D)
            self._refuse_too_many(len(D))
            if (D != D.T).any():  # what rounding left of symmetry would depend on the order of items
                D = np.minimum(D, D.T)
            items = PrecomputedItems(D, None)
            return joins_of_square(D, self.m), items.rank, items.fingerprint
        X = check_points(self, X, reset=True)
        self._refuse_too_many(len(X))
        rows = canonical_rows(X)
        if self.m == 2 and self.metric in _SPINE:
            return joins_of_rows(rows, self.metric), rows.rank, rows.fingerprint
        return joins_of_square(square_of(X, self.metric), self.m), rows.rank, rows.fingerprint

    def _refuse_too_many(self, n: int) -> None:
        if self.n_clusters is not None and self.n_clusters > n:
            raise InfeasibleError(
                f"{n} items can't make {self.n_clusters} blocks.",
                f"n_clusters={n}",
                name="n_clusters",
                got=self.n_clusters,
            )

    def _scale(self, joins: Joins) -> tuple[float, dict[str, Any]]:
        if self.height is not None:
            return float(self.height), {}
        if self.n_clusters is not None:
            return joins.scale_for(int(self.n_clusters)), {}
        height, why = joins.longest_scale(self.m)
        return height, {"height": why}

    def _assemble(self, joins: Joins, rank: np.ndarray, made_by: MadeBy) -> None:
        tree = joins.tree(self.height_)
        hierarchy, _ = assemble(
            tree.item_part,
            tree.parent,
            tree.height,
            levels=[tree.blocks],
            item_rank=rank,
            part_key=tree.height,
            made_by=made_by,
            own_items_are="singletons",
        )
        self._set_hierarchy(hierarchy)
