"""An estimator or a function as a clustering scheme: data in, blocks out. For ``check_scheme``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from partita._core.errors import InvalidParameterError, did_you_mean

KINDS = ("points", "distances")
_LENGTHS = (
    "bandwidth",
    "cluster_selection_epsilon",
    "distance_threshold",
    "eps",
    "height",
    "max_eps",
    "radius",
)


class Scheme:
    """What is tested: labels of any data, with thresholds that can grow along with the data.

    Parameters
    ----------
    estimator : estimator or callable
    kind : {"points", "distances"} or None
        None: distances where the estimator's metric is "precomputed".
    lengths : sequence of str or None
        Parameters that are lengths; None: those of the usual names.
    """

    def __init__(self, estimator: Any, kind: str | None, lengths: Sequence[str] | None) -> None:
        self._fits = hasattr(estimator, "fit")
        if not self._fits and not callable(estimator):
            raise InvalidParameterError(
                "The estimator can't be asked for labels.",
                name="estimator",
                allowed="an object with fit, or a function from X to labels",
                got=estimator,
            )
        self._estimator = estimator
        self._parameters = estimator.get_params() if hasattr(estimator, "get_params") else {}
        self.name = repr(estimator) if self._fits else getattr(estimator, "__name__", repr(estimator))
        self.kind = self._kind() if kind is None else kind
        self.lengths = self._known_lengths() if lengths is None else self._checked(tuple(lengths))

    @property
    def threshold(self) -> float:
        """One of the lengths, above 0; 1 without any."""
        values = [float(self._parameters[name]) for name in self.lengths]
        return next((value for value in values if 0.0 < value < np.inf), 1.0)

    def labels(self, data: np.ndarray, factor: float = 1.0) -> np.ndarray | None:
        """Labels of some data, intp[n], with all lengths times `factor`; None where they are refused."""
        with warnings.catch_warnings():
            # Spaces of a few items make estimators warn about the very things that are looked for.
            warnings.simplefilter("ignore")
            try:
                found = self._labels(data, factor)
            except ValueError:
                return None
        return np.asarray(found).astype(np.intp)

    def _labels(self, data: np.ndarray, factor: float) -> Any:
        if not self._fits:
            return self._estimator(data)
        from sklearn.base import clone

        fresh = clone(self._estimator)
        changed: dict[str, Any] = {name: factor * self._parameters[name] for name in self.lengths}
        if "random_state" in self._parameters and self._parameters["random_state"] is None:
            changed["random_state"] = 0
        if changed:
            fresh.set_params(**changed)
        return fresh.fit_predict(data) if hasattr(fresh, "fit_predict") else fresh.fit(data).labels_

    def _kind(self) -> str:
        metrics = (self._parameters.get("metric"), self._parameters.get("affinity"))
        return "distances" if "precomputed" in metrics else "points"

    def _known_lengths(self) -> tuple[str, ...]:
        known = (name for name in _LENGTHS if self._is_number(name))
        return tuple(name for name in known if 0.0 < self._parameters[name] < np.inf)

    def _is_number(self, name: str) -> bool:
        value = self._parameters.get(name)
        return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)

    def _checked(self, lengths: tuple[str, ...]) -> tuple[str, ...]:
        for name in lengths:
            if not self._is_number(name):
                raise InvalidParameterError(
                    f"{name!r} is no parameter of {self.name} that holds a number.",
                    name="lengths",
                    got=name,
                    hint=did_you_mean(name, [known for known in self._parameters if self._is_number(known)]),
                )
        return lengths


def separated(labels: np.ndarray) -> np.ndarray:
    """Labels in which every item of noise is a block by itself: negative numbers, each its own."""
    return np.where(labels < 0, -1 - np.arange(len(labels)), labels)


def is_telling(labels: np.ndarray) -> bool:
    """Whether some items lie together and some apart."""
    found = len(np.unique(separated(labels)))
    return 1 < found < len(labels)


def as_scheme(estimator: Any, kind: str | None, lengths: Sequence[str] | None) -> Scheme:
    """The scheme of an estimator or function; see `Scheme`."""
    if kind is not None and kind not in KINDS:
        raise InvalidParameterError(
            "kind is not valid.",
            name="kind",
            allowed=f"None or one of {KINDS}",
            got=kind,
            hint=did_you_mean(str(kind), KINDS),
        )
    return Scheme(estimator, kind, lengths)
