"""The base of all makers: a scikit-learn estimator whose result is a Hierarchy. Called by points and text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted

from partita._core.errors import InvalidParameterError
from partita._core.params import Rule, check_parameters

if TYPE_CHECKING:
    from partita.hierarchy import Hierarchy, Partition
    from partita.hierarchy.record import MadeBy


class HierarchyMaker(ClusterMixin, BaseEstimator):
    """What makers share: declared parameters, and the attributes that a finished fit leaves.

    Attributes
    ----------
    hierarchy_ : Hierarchy
    labels_ : int32[n]
        ``hierarchy_.labels()``: the finest named level.
    n_clusters_ : int
        Parts of that level.
    made_by_ : MadeBy
        ``hierarchy_.made_by``.
    """

    _rules: ClassVar[Mapping[str, Rule]] = {}

    hierarchy_: Hierarchy
    labels_: np.ndarray
    n_clusters_: int
    made_by_: MadeBy

    def _check_parameters(self) -> None:
        """Refuse parameters that their rules don't allow.

        Raises
        ------
        InvalidParameterError
        """
        check_parameters(type(self).__name__, self._rules, self.get_params(deep=False))

    def _plain_parameters(self) -> dict[str, Any]:
        """The parameters as ``made_by`` keeps them: objects by the name of their type."""
        plain = (type(None), bool, int, float, str)
        return {
            name: value if isinstance(value, plain) else type(value).__name__
            for name, value in self.get_params(deep=False).items()
        }

    def _set_hierarchy(self, hierarchy: Hierarchy) -> None:
        """Set the fitted attributes that every maker has."""
        self.hierarchy_ = hierarchy
        self.labels_ = hierarchy.labels()
        self.n_clusters_ = len(hierarchy.levels[-1])
        self.made_by_ = hierarchy.made_by


class InductiveMaker(HierarchyMaker):
    """A maker whose model places new items. Subclasses write ``apply``; ``predict`` follows for every cut."""

    def apply(self, X: Any) -> np.ndarray:
        """The deepest part that holds each item of `X`, intp[n] (``hierarchy_.item_part`` in training)."""
        raise NotImplementedError

    def predict(self, X: Any, level: int | Partition = -1) -> np.ndarray:
        """Labels of the items of `X` at a level or cut; on the training items, the labels of the fit.

        Parameters
        ----------
        X : the kind of data that ``fit`` takes
        level : int or Partition
            A named level (-1 the finest, 0 the root), or any ``hierarchy_.cut(...)``.

        Returns
        -------
        labels : int32[n]

        Raises
        ------
        InvalidParameterError
            For a partition of another hierarchy, or of none.
        """
        check_is_fitted(self)
        labels = self._labels_of_parts(level)
        return np.asarray(labels[self.apply(X)], dtype=np.int32)

    def _labels_of_parts(self, level: int | Partition) -> np.ndarray:
        if isinstance(level, (int, np.integer)):
            return self.hierarchy_.part_labels(int(level))
        if getattr(level, "hierarchy", None) is not self.hierarchy_ or level.part_labels is None:
            raise InvalidParameterError(
                f"The 'level' of {type(self).__name__}.predict is not valid.",
                name="level",
                allowed="a number, or a cut of this estimator's hierarchy_",
                got=level,
            )
        return level.part_labels
