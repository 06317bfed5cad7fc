"""``check_scheme``: which laws a clustering scheme obeys, with counter-examples. For users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InvalidParameterError, did_you_mean
from partita._core.params import Integer, check_parameters
from partita.dissimilarities._precomputed import check_square
from partita.dissimilarities._scheme import Scheme, as_scheme, is_telling
from partita.dissimilarities._spaces import FAMILIES, draw_space, moved
from partita.dissimilarities._trials import LAWS, Law, Outcome, Witness

_RULES = {"n_trials": Integer(low=1), "n_items": Integer(low=4), "random_state": Integer(low=0)}
_NEAR = range(-4, 5)
_FAR = range(-40, 41, 2)
_SCALES = 5


@dataclass(frozen=True)
class PropertyResult:
    """One law, tested.

    Attributes
    ----------
    name, statement : str
    passed : bool
        No trial broke it. With `n_telling` 0 that means nothing.
    n_trials, n_telling, n_refused : int
        Trials; those in which some items lay together and some apart; those with data that the estimator
        refuses.
    witness : Witness or None
        Data that break the law.
    """

    name: str
    statement: str
    passed: bool
    n_trials: int
    n_telling: int
    n_refused: int
    witness: Witness | None

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        counted = f"{self.n_trials} trials, {self.n_telling} telling"
        if self.n_refused:
            counted += f", {self.n_refused} refused"
        lines = [f"{self.name:<17} {verdict}  {self.statement} ({counted})"]
        return "\n".join(lines + (_shown(self.witness) if self.witness is not None else []))


@dataclass(frozen=True)
class SchemeReport:
    """What ``check_scheme`` found: a result for each law, by name.

    Attributes
    ----------
    estimator : str
    kind : str
        "points" or "distances": what the estimator was given.
    lengths : tuple of str
        Parameters that grew along with the distances in the test of scale.
    results : tuple of PropertyResult

    Examples
    --------
    >>> from partita.dissimilarities import ExcisiveClustering, check_scheme
    >>> report = check_scheme(ExcisiveClustering(3, height=1.0), n_trials=20)
    >>> report.failed
    ('collapsed points',)
    >>> report["collapsed points"].witness.first.shape
    (3, 3)
    """

    estimator: str
    kind: str
    lengths: tuple[str, ...]
    results: tuple[PropertyResult, ...]

    @property
    def passed(self) -> bool:
        """Whether no law was broken."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the laws that were broken."""
        return tuple(result.name for result in self.results if not result.passed)

    def __getitem__(self, name: str) -> PropertyResult:
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(name)

    def __iter__(self) -> Iterator[PropertyResult]:
        return iter(self.results)

    def __str__(self) -> str:
        scaled = f"; scaled along: {', '.join(self.lengths)}" if self.lengths else ""
        return "\n".join([f"{self.estimator} on {self.kind}{scaled}", *map(str, self.results)])


def check_scheme(
    estimator: Any,
    X: Any = None,
    *,
    kind: str | None = None,
    lengths: Sequence[str] | None = None,
    properties: Sequence[str] | None = None,
    n_trials: int = 60,
    n_items: int = 12,
    random_state: int = 0,
) -> SchemeReport:
    """A report on which laws an estimator obeys, with a small counter-example for each that it breaks.

    *When to choose this*: before results of a method are compared across data that grow, shrink or are cut
    into pieces. A law that is passed is not proved; one that is failed comes with the proof.

    Parameters
    ----------
    estimator : estimator or callable
        An object with ``fit`` (it is cloned), or a function from data to labels. Negative labels are noise;
        an item of noise counts as a block by itself.
    X : array-like, optional
        Points (n, d) or distances (n, n) of which the trials take items. Default: spaces of five families,
        uniform points, blobs, chains, lattices (with ties) and bridges between blobs, at scales at which the
        estimator tells items apart.
    kind : {"points", "distances"}, optional
        What the estimator takes. Default: distances where its ``metric`` is "precomputed", else points, which
        are compared by Euclidean distance.
    lengths : sequence of str, optional
        Parameters that are lengths. A scheme with a fixed threshold can't be the same at all scales; as a
        family of schemes, one for each threshold, it can: in the test of scale these parameters grow along
        with the distances. Default: numbers among ``bandwidth``, ``cluster_selection_epsilon``,
        ``distance_threshold``, ``eps``, ``height``, ``max_eps`` and ``radius``. Give ``()`` to test the
        threshold as it is.
    properties : sequence of str, optional
        Names of the laws to test. Default: all of "permutation", "scale", "added points", "shrunk
        distances", "collapsed points", "excisiveness".
    n_trials : int
        Spaces for each law. Two thirds are drawn, the others come from changing the spaces on which most was
        on the move, item by item.
    n_items : int
        Most items of a space; at least half as many are taken.
    random_state : int
        Equal numbers give equal reports. An estimator's own ``random_state`` of None is set to 0.

    Returns
    -------
    SchemeReport
        Print it, or look at ``report["excisiveness"].witness``.

    Raises
    ------
    InvalidParameterError

    Notes
    -----
    Laws follow G. Carlsson and F. Mémoli, Classifying clustering schemes, Foundations of Computational
    Mathematics 13 (2013), doi:10.1007/s10208-012-9141-9. A scheme is functorial on a class of maps when
    blocks go into blocks: "added points" are injective maps that keep distances, "shrunk distances"
    bijections that lengthen none, "collapsed points" maps that lengthen none and may let items coincide.
    Single linkage at a fixed height passes all; ``ExcisiveClustering(m)`` with m > 2 passes all but
    "collapsed points"; k-means with fixed k fails "excisiveness".

    About 2 n_trials fits of at most 1.5 n_items items for each law; a witness takes up to n_items^2 more.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from partita.dissimilarities import check_scheme
    >>> report = check_scheme(KMeans(2, n_init=1), properties=["excisiveness"], n_trials=5)
    >>> report.passed, len(report["excisiveness"].witness.first)
    (False, 3)
    """
    check_parameters(
        "check_scheme", _RULES, {"n_trials": n_trials, "n_items": n_items, "random_state": random_state}
    )
    scheme = as_scheme(estimator, kind, lengths)
    source = None if X is None else _source(X, scheme.kind)
    laws = _laws(properties)
    scales = [1.0] if source is not None else _scales(scheme, n_items)
    results = []
    for law in laws:
        # A stream for each law: leaving one out does not change the others.
        rng = np.random.default_rng([random_state, [other.name for other in LAWS].index(law.name)])
        results.append(_Test(scheme, law, rng, n_trials, n_items, scales, source).run())
    return SchemeReport(scheme.name, scheme.kind, scheme.lengths, tuple(results))


def _laws(properties: Sequence[str] | None) -> list[Law]:
    known = [law.name for law in LAWS]
    for name in properties or ():
        if name not in known:
            raise InvalidParameterError(
                "There is no such property.",
                name="properties",
                allowed=", ".join(known),
                got=name,
                hint=did_you_mean(name, known),
            )
    return [law for law in LAWS if properties is None or law.name in properties]


def _source(X: Any, kind: str) -> np.ndarray:
    if kind == "distances":
        return check_square(X).astype(np.float64)
    points = np.asarray(X, dtype=np.float64)
    if points.ndim != 2 or len(points) < 2 or not np.isfinite(points).all():
        raise InvalidParameterError(
            "X is not valid.", name="X", allowed="finite points (n, d), two or more", got=points.shape
        )
    return points


def _scales(scheme: Scheme, n_items: int) -> list[float]:
    """Powers of two, times a threshold of the scheme, at which it tells items apart: those nearest to 1."""
    base = float(2.0 ** np.round(np.log2(scheme.threshold)))
    for exponents in (_NEAR, _FAR):
        telling = [e for e in exponents if _tells(scheme, base * 2.0**e, n_items)]
        if telling:
            return [base * 2.0**e for e in sorted(telling, key=lambda e: (abs(e), e))[:_SCALES]]
    return [base]


def _tells(scheme: Scheme, scale: float, n_items: int) -> bool:
    rng = np.random.default_rng(0)
    for _ in FAMILIES:
        found = scheme.labels(draw_space(rng, scheme.kind, n_items, scale, None))
        if found is not None and is_telling(found):
            return True
    return False


@dataclass
class _Test:
    """One law on one scheme."""

    scheme: Scheme
    law: Law
    rng: np.random.Generator
    n_trials: int
    n_items: int
    scales: list[float]
    source: np.ndarray | None

    def run(self) -> PropertyResult:
        """Draw spaces, then change the best of them, until the law breaks or the trials are spent."""
        best: np.ndarray | None = None
        best_score, outcomes = -1, []
        drawn = self.n_trials - self.n_trials // 3
        for t in range(self.n_trials):
            if t < drawn or best is None or self.source is not None:
                space = self._space()
            else:
                space = moved(self.rng, best, self.scheme.kind)
            trial = self.law.draw(self.rng, space, self.scheme.kind)
            outcome = self.law.outcome(self.scheme, trial)
            outcomes.append(outcome)
            if outcome.witness is not None:
                smallest = self.law.smaller(self.scheme, trial)
                return self._result(outcomes, self.law.outcome(self.scheme, smallest).witness)
            if outcome.score >= best_score:
                best, best_score = space, outcome.score
        return self._result(outcomes, None)

    def _space(self) -> np.ndarray:
        most = self.n_items if self.source is None else min(self.n_items, len(self.source))
        n = int(self.rng.integers(max(2, most // 2), most + 1))
        scale = self.scales[int(self.rng.integers(len(self.scales)))]
        return draw_space(self.rng, self.scheme.kind, n, scale, self.source)

    def _result(self, outcomes: list[Outcome], witness: Witness | None) -> PropertyResult:
        return PropertyResult(
            self.law.name,
            self.law.statement,
            witness is None,
            len(outcomes),
            sum(outcome.telling for outcome in outcomes),
            sum(outcome.refused for outcome in outcomes),
            witness,
        )


def _shown(witness: Witness) -> list[str]:
    """The counter-example in words and numbers."""
    lines = [f"  {witness.sentence}"]
    for name, data, labels in (
        ("first", witness.first, witness.first_labels),
        ("second", witness.second, witness.second_labels),
    ):
        values = np.array2string(data, precision=4, separator=", ", threshold=200).replace("\n", "\n    ")
        lines.append(f"  {name}, labels {labels.tolist()}:\n    {values}")
    lines.append(f"  matched: {witness.matched.tolist()}")
    return lines
