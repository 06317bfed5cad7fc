"""What makers of k-means cells share: the fitted attributes, and new rows. Called by the k-means makers."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InfeasibleError
from partita._core.threads import thread_scope
from partita.hierarchy import assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.record import MadeBy
from partita.hierarchy.rows import CanonicalRows, check_points
from partita.points._nested import Nested
from partita.points._summary import Summary


def check_cells(n_clusters: int | None, n_distinct: int, n: int) -> tuple[int, dict[str, Any]]:
    """How many cells, and what was chosen for the user.

    Raises
    ------
    InfeasibleError
        For more cells than distinct rows.
    """
    k = int(np.ceil(np.sqrt(n_distinct))) if n_clusters is None else int(n_clusters)
    if k > n_distinct:
        raise InfeasibleError(
            f"n_clusters={k} is more than the {n_distinct} distinct rows of X (n_samples={n}).",
            f"n_clusters={n_distinct}",
            name="n_clusters",
            got=k,
        )
    choices = {} if n_clusters is not None else {"n_clusters": f"{k}: the square root of the distinct rows"}
    return k, choices


class CellsMaker(InductiveMaker):
    """Cells with centres, each row belonging to a nearest one.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (number of cells, d)
    inertia_ : float
    n_iter_ : int
    """

    cluster_centers_: np.ndarray
    inertia_: float
    n_iter_: int
    n_jobs: int | None

    def apply(self, X: Any) -> np.ndarray:
        """The leaf part of each row of `X`, intp[n]; for the training rows ``hierarchy_.item_part``."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            return self._part_of_node[self._nested.find(check_points(self, X, reset=False))]

    def _keep(
        self,
        nested: Nested,
        cells: Summary,
        rows: CanonicalRows,
        started: float,
        citation: str,
        choices: dict[str, Any],
    ) -> None:
        frame = nested.root.nearest.frame
        with np.errstate(over="ignore"):
            self.inertia_ = float(np.float64(cells.cost) / frame.scale / frame.scale)
        self.n_iter_ = max(1, nested.n_iter)
        made_by = MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=rows.fingerprint,
            choices=choices,
            cost=self.inertia_,
            converged=bool(nested.converged),
            seconds=time.perf_counter() - started,
            citation=citation,
        )
        hierarchy, self._part_of_node = assemble(
            nested.node,
            cells.parent,
            np.sqrt(cells.inertia) / frame.scale,
            levels=cells.levels(),
            part_data={
                "center": frame.undo(cells.centers).astype(rows.source.dtype),
                "radius": cells.radius / frame.scale,
            },
            item_rank=rows.rank,
            part_key=cells.centers,
            made_by=made_by,
        )
        self._nested = nested
        self._set_hierarchy(hierarchy)
        self.cluster_centers_ = hierarchy.part_data["center"][hierarchy.levels[-1]]
