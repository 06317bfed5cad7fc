"""Density clusters of any shape, with noise, at every least size or at one that is given. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import Cover, Partition, assemble
from partita.hierarchy.record import MadeBy
from partita.hierarchy.rows import CanonicalRows
from partita.points._condensed import Condensed, Layer
from partita.points._dense import DensityMaker, partition_into
from partita.points._matrix import MatrixItems, MatrixPlaces, matrix_items_of, matrix_spine
from partita.points._places import Places
from partita.points._reach import Spine, spanning_tree
from partita.points._soft import soft_membership

_Rows = CanonicalRows | MatrixItems
_CITATION = (
    "L. McInnes, J. Healy, Accelerated hierarchical density based clustering, ICDMW 2017, "
    "doi:10.1109/ICDMW.2017.12; R. J. G. B. Campello, D. Moulavi, J. Sander, Density-based clustering based "
    "on hierarchical density estimates, PAKDD 2013, doi:10.1007/978-3-642-37456-2_14"
)


class HDBSCAN(DensityMaker):
    """Find clusters that are denser than what is between them, of any shape; the rest is noise.

    *When to choose this*: parts are no balls, some items belong nowhere, and how many parts there are is
    unknown. Where parts touch, or every item must have one, take ``PPP``.

    Parameters
    ----------
    min_cluster_size : int, optional
        Fewest items of a cluster. Default: levels by persistence (see Notes); nothing needs to be told then.
    min_samples : int
        Items within a core distance, the item itself included. More of them smooth the density.
    metric : {"euclidean", "cosine", "precomputed"}
        For cosine, rows have length 1; rows of zeros lie at the origin. With "precomputed", X is the square
        matrix of the dissimilarities of all items, and `predict` takes those of new items to all that were
        there in training, in their order.
    cluster_selection_method : {"eom", "leaf"}
        With `min_cluster_size`: clusters of most excess of mass, or the leaves of the tree.
    cluster_selection_epsilon : float
        With `min_cluster_size`: clusters that appear below this distance are replaced by what they belong to
        there.
    max_cluster_size : int, optional
        With `min_cluster_size`: larger clusters are not taken.
    allow_single_cluster : bool
        With `min_cluster_size` and ``"eom"``: whether all items may be the one cluster, even where they
        divide.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The condensed tree: parts are clusters; a part's own items fall out of it while it lasts: noise at its
        scale. ``height`` is the distance at which a part divides or ends. ``part_data``: "birth" (the
        distance at which it appears; inf for the root), "persistence" (from there down to its height),
        "stability" (excess of mass) and "exemplar" (its densest item). Levels: the root and the clusters
        taken; in between, coarser layers that these lie in.
    labels_ : int32[n]
        The cluster of each item, ``NOISE`` (-1) for none.
    probabilities_ : float64[n]
        How far up in its cluster an item stays: the density at which it leaves over that at which the cluster
        ends; 0 for noise.
    layers_ : tuple of Partition
        Without `min_cluster_size`: the most persistent ones, fine to coarse; else ``labels_`` alone. Layers
        may cross; those that nest with the one taken are levels.
    layer_sizes_, layer_scores_ : float64 arrays
        For each layer the largest least size of a cluster that gives it, and its total persistence.
    n_features_in_ : int
    made_by_ : MadeBy

    Notes
    -----
    The mutual reachability of two items is the largest of their distance and their core distances. From its
    minimum spanning tree comes the tree of merges (of equally long ones those of the nearest items come
    first, and those equal in both are one merge, so that no order shows), which is condensed to clusters of
    at least some size.

    Without `min_cluster_size`, the least size is taken as a scale itself: the tree is condensed with
    `min_samples`, and a cluster is a leaf as long as the least size lies between the largest at which it
    still divides and the size of the smaller side at its own division. The sum of
    these ranges over all leaves, each times its contrast (1 less the mean scale at which its items leave, by
    that at which it appears), is high where the leaves last; its peaks are the layers, the highest one gives
    ``labels_``.

    If nothing divides the items, they are one part.

    Time O(n log n) for few columns in practice, up to O(n^2 d) where nothing can be ruled out; memory O(n d);
    O(n^2) both where dissimilarities are given. The tree is exact. The result doesn't depend on the order of
    rows, on `n_jobs` or `random_state`. ``predict`` on the training rows gives ``labels_``: a new item goes
    with the item that it reaches first, to the deepest cluster that exists at the distance at which it does.

    References
    ----------
    L. McInnes and J. Healy, Accelerated hierarchical density based clustering, ICDMW 2017.
    https://doi.org/10.1109/ICDMW.2017.12

    R. J. G. B. Campello, D. Moulavi and J. Sander, Density-based clustering based on hierarchical density
    estimates, PAKDD 2013. https://doi.org/10.1007/978-3-642-37456-2_14

    C. Malzer and M. Baum, A hybrid approach to hierarchical density-based cluster selection, MFI 2020.
    https://doi.org/10.1109/MFI49285.2020.9235263 (`cluster_selection_epsilon`)

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> X, y = make_moons(400, noise=0.05, random_state=0)
    >>> found = HDBSCAN(min_cluster_size=20).fit(X)
    >>> found.n_clusters_
    2
    >>> bool((found.predict(X) == found.labels_).all())
    True
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "min_cluster_size": Optional(Integer(low=2)),
        "min_samples": Integer(low=1),
        "metric": OneOf(("euclidean", "cosine", "precomputed")),
        "cluster_selection_method": OneOf(("eom", "leaf")),
        "cluster_selection_epsilon": Real(low=0.0),
        "max_cluster_size": Optional(Integer(low=2)),
        "allow_single_cluster": Flag(),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    probabilities_: np.ndarray
    layers_: tuple[Partition, ...]
    layer_sizes_: np.ndarray
    layer_scores_: np.ndarray

    def __init__(
        self,
        min_cluster_size: int | None = None,
        *,
        min_samples: int = 5,
        metric: str = "euclidean",
        cluster_selection_method: str = "eom",
        cluster_selection_epsilon: float = 0.0,
        max_cluster_size: int | None = None,
        allow_single_cluster: bool = False,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.metric = metric
        self.cluster_selection_method = cluster_selection_method
        self.cluster_selection_epsilon = cluster_selection_epsilon
        self.max_cluster_size = max_cluster_size
        self.allow_single_cluster = allow_single_cluster
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> HDBSCAN:
        """Find the clusters of the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows; with ``metric="precomputed"`` dissimilarities, (n, n): symmetric, at least 0, and 0 on the
            diagonal.
        y : ignored
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows; one of weight 0 is only labelled.

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
            rows, heavy, spine, places = self._spine(X, sample_weight, progress)
            least = self.min_cluster_size or max(2, self.min_samples)
            tree = Condensed.of(spine, heavy.weight, least, by_distance=True)
            layers, taken = self._choose(tree)
            item_cluster = self._keep_places(tree, places, heavy)
            self._keep(tree, layers, taken, item_cluster, rows, heavy, started)
        return self

    def _spine(
        self, X: Any, sample_weight: Any, progress: Progress
    ) -> tuple[_Rows, _Rows, Spine, Places | MatrixPlaces]:
        """All items, those that have weight, their tree, and what finds new ones their place in it."""
        if self.metric == "precomputed":
            items = matrix_items_of(self, X, sample_weight)
            given = matrix_spine(items, self._wanted(items))
            return items, items, given, MatrixPlaces(items, given.core, self._wanted(items))
        rows, heavy = self._rows(X, sample_weight)
        spine = spanning_tree(heavy, self._wanted(heavy), progress)
        return rows, heavy, spine, Places.of(spine, self._wanted(heavy))

    def _choose(self, tree: Condensed) -> tuple[list[Layer], int]:
        """All layers, fine to coarse, and which of them is taken."""
        if self.min_cluster_size is not None:
            most = np.inf if self.max_cluster_size is None else self.max_cluster_size
            clusters = tree.choose(
                self.cluster_selection_method, self.cluster_selection_epsilon, most,
                with_root=self.allow_single_cluster,
            )  # fmt: skip
            return [Layer(clusters, float(self.min_cluster_size), float(tree.stability[clusters].sum()))], 0
        layers = tree.layers()
        return layers, int(np.argmax([layer.score for layer in layers]))

    def _keep(
        self, tree: Condensed, layers: list[Layer], taken: int, item_cluster: np.ndarray, rows: _Rows,
        heavy: _Rows, started: float,
    ) -> None:  # fmt: skip
        chosen = layers[taken]
        levels = _nested(tree, [layer.clusters for layer in layers[taken:]])
        made_by = MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=rows.fingerprint,
            choices=self._choices(chosen),
            cost=chosen.score,
            converged=True,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
        )
        hierarchy, new_id = assemble(
            item_cluster,
            tree.above,
            tree.death,
            levels=levels,
            part_data={
                "birth": tree.birth,
                "persistence": np.where(np.isinf(tree.birth), np.inf, tree.birth - tree.death),
                "stability": tree.stability,
                "exemplar": heavy.first[tree.densest],
            },
            item_rank=rows.rank,
            made_by=made_by,
        )
        self._renumber(hierarchy, new_id)
        self._set_hierarchy(hierarchy)
        self.layers_ = tuple(partition_into(hierarchy, np.sort(new_id[layer.clusters])) for layer in layers)
        self.layer_sizes_ = np.array([layer.least for layer in layers])
        self.layer_scores_ = np.array([layer.score for layer in layers])
        self.probabilities_ = self._strength(tree, new_id)

    def _choices(self, chosen: Layer) -> dict[str, Any]:
        if self.min_cluster_size is not None:
            return {}
        return {"min_cluster_size": f"{chosen.least:g}: the most persistent layer, up to that size"}

    def _strength(self, tree: Condensed, new_id: np.ndarray) -> np.ndarray:
        """The density at which each item leaves, over that at which its cluster ends."""
        death = np.empty(tree.n_clusters)
        death[new_id] = tree.death
        end = death[self.hierarchy_.levels[-1]][np.maximum(self.labels_, 0)]
        strength = np.ones(len(end))
        np.divide(end, self._fall, out=strength, where=self._fall > end)
        strength[self.labels_ < 0] = 0.0
        return strength

    def membership(self, max_parts: int = 8) -> Cover:
        """Soft membership of the training items in the clusters taken.

        Parameters
        ----------
        max_parts : int
            Most clusters an item is in; the others' share goes to these.

        Returns
        -------
        Cover
            An item's weights add up to 1, and are in proportion to the densities at which it still is
            together with each cluster. Noise has weights too.
        """
        check_is_fitted(self)
        return soft_membership(self.hierarchy_, self._fall, max_parts)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        return tags


def _nested(tree: Condensed, layers: list[np.ndarray]) -> list[np.ndarray]:
    """The first of some layers and those that it nests in one after the other, coarse to fine."""
    kept = layers[:1]
    for coarse in layers[1:]:
        if tree.nests(kept[0], coarse):
            kept.insert(0, coarse)
    return kept
