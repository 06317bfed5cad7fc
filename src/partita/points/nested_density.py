"""Every density level at once: where clusters appear, grow and merge as the distance grows. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import Partition, assemble
from partita.hierarchy.partition import NOISE
from partita.hierarchy.record import MadeBy
from partita.points._condensed import Condensed
from partita.points._dense import DensityMaker
from partita.points._places import Places
from partita.points._reach import spanning_tree

_CITATION = (
    "J. Haschka, J. Bakarji, Semantic tree inference on text corpora using a nested density approach "
    "together with large language model embeddings, 2025, arXiv:2512.23471"
)


class NestedDensity(DensityMaker):
    """Find the clusters of every density, and how they nest: one tree for all distances, without a step size.

    *When to choose this*: you want the whole tree of densities rather than one choice of clusters, such as a
    tree of topics over embedded texts. For one flat choice with noise, take ``HDBSCAN``.

    Parameters
    ----------
    min_samples : int
        Items within a core distance, the item itself included, and fewest items of a cluster.
    metric : {"euclidean", "cosine"}
        For cosine, rows have length 1; rows of zeros lie at the origin.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        A part with children is a merge of clusters, a leaf part a cluster that appears; ``height`` is the
        distance at which it does. A part's own items join the cluster between that distance and its next
        merge. ``part_data``: "birth" (the distance of that merge; inf for the root), "persistence" (from
        there down to the height) and "exemplar" (the densest item). Levels: the root and the leaf parts.
    labels_ : int32[n]
        The leaf part of each item, ``NOISE`` (-1) for those that join later.
    n_features_in_ : int
    made_by_ : MadeBy

    Notes
    -----
    At distance eps, the items whose core distance is at most eps are joined where they are within eps of each
    other; groups of at least `min_samples` items are clusters. That is DBSCAN without its border items, and
    ``at(eps)`` gives it for any eps. As eps grows, clusters appear, take up items and merge. The paper runs
    DBSCAN over a grid of eps and keeps the layers at which the number of clusters drops; here all merges are
    read off one minimum spanning tree of mutual reachability, so none is missed between two steps. Merges at
    equal distances are one merge.

    Time and memory as for ``HDBSCAN``. The result doesn't depend on the order of rows, on `n_jobs` or
    `random_state`. ``predict`` on the training rows gives ``labels_``.

    References
    ----------
    J. Haschka and J. Bakarji, Semantic tree inference on text corpora using a nested density approach, 2025.
    https://arxiv.org/abs/2512.23471

    Examples
    --------
    >>> import numpy as np
    >>> X = np.concatenate([np.linspace(0, 1, 20), np.linspace(3, 4, 20), [9.0]])[:, None]
    >>> tree = NestedDensity(min_samples=3).fit(X)
    >>> tree.at(0.5).n_parts, tree.at(2.5).n_parts, int(tree.at(2.5).labels[-1])
    (2, 1, -1)
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "min_samples": Integer(low=1),
        "metric": OneOf(("euclidean", "cosine")),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        min_samples: int = 5,
        *,
        metric: str = "euclidean",
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.min_samples = min_samples
        self.metric = metric
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> NestedDensity:
        """Find the tree of the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : ignored
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows; one of weight 0 is only placed.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        BudgetError
            When the lists of nearest rows need more memory than there is.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            rows, heavy = self._rows(X, sample_weight)
            spine = spanning_tree(heavy, self._wanted(heavy), progress)
            tree = Condensed.of(spine, heavy.weight, max(2, self.min_samples))
            item_cluster = self._keep_places(tree, Places.of(spine, self._wanted(heavy)), heavy)
            made_by = MadeBy(
                method=type(self).__name__,
                parameters=self._plain_parameters(),
                version=__version__,
                fingerprint=rows.fingerprint,
                converged=True,
                seconds=time.perf_counter() - started,
                citation=_CITATION,
            )
            hierarchy, new_id = assemble(
                item_cluster,
                tree.above,
                tree.death,
                levels=[np.setdiff1d(np.arange(tree.n_clusters), tree.above)],
                part_data={
                    "birth": tree.birth,
                    "persistence": np.where(np.isinf(tree.birth), np.inf, tree.birth - tree.death),
                    "exemplar": heavy.first[tree.densest],
                },
                item_rank=rows.rank,
                made_by=made_by,
            )
            self._renumber(hierarchy, new_id)
            self._set_hierarchy(hierarchy)
        return self

    def at(self, eps: float) -> Partition:
        """The clusters at one distance; items that have not joined one by then are noise.

        Parameters
        ----------
        eps : float
            The distance, at least 0.

        Returns
        -------
        Partition

        Raises
        ------
        InvalidParameterError
        """
        check_is_fitted(self)
        if isinstance(eps, bool) or not isinstance(eps, (int, float, np.number)) or not eps >= 0:
            raise InvalidParameterError(
                "The 'eps' of NestedDensity.at is not valid.",
                name="eps",
                allowed="a number of at least 0",
                got=eps,
            )
        cut = self.hierarchy_.cut(height=float(eps))
        parts = np.asarray(cut.parts)
        there = np.flatnonzero(self.hierarchy_.height[parts] <= eps)
        number = np.full(cut.n_parts + 1, NOISE, np.int32)
        number[there] = np.arange(len(there))
        labels = np.where(self._fall <= eps, number[cut.labels], NOISE)
        return Partition(
            labels.astype(np.int32), n_parts=len(there), parts=parts[there], hierarchy=self.hierarchy_
        )
