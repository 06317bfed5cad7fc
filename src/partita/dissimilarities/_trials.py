"""Trials of a scheme: two spaces, a map between them, a pair of items for which a law breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from partita.dissimilarities._scheme import Scheme, is_telling, separated
from partita.dissimilarities._spaces import lifted, shrunk, some_of

_FACTORS = (0.125, 0.5, 2.0, 16.0)


@dataclass(frozen=True)
class Trial:
    """Two spaces and which items of them correspond.

    Attributes
    ----------
    first, second : arrays
    matched : intp (k, 2)
        Items of `first`, and the items of `second` that they go to.
    factor : float
        How much longer the distances of `second` are (scale alone).
    """

    first: np.ndarray
    second: np.ndarray
    matched: np.ndarray
    factor: float = 1.0

    def without(self, kind: str, first: np.ndarray, second: np.ndarray) -> Trial:
        """The trial with those items only that are True in `first` (n,) and `second` (m,)."""
        matched = self.matched[first[self.matched[:, 0]] & second[self.matched[:, 1]]]
        places = np.column_stack(
            [(np.cumsum(kept) - 1)[matched[:, side]] for side, kept in enumerate((first, second))]
        )
        return replace(
            self,
            first=some_of(self.first, kind, np.flatnonzero(first)),
            second=some_of(self.second, kind, np.flatnonzero(second)),
            matched=places,
        )


@dataclass(frozen=True)
class Witness:
    """A counter-example: data on which a scheme breaks a law.

    Attributes
    ----------
    first, second : ndarray
        The two inputs, points (n, d) or distances (n, n).
    first_labels, second_labels : intp arrays
        What the scheme makes of them.
    matched : intp (k, 2)
        Items of `first` and the items of `second` that they are.
    pair : (int, int)
        Two items of `first` for which the law is broken.
    factor : float
        The factor of scale, 1 for other laws.
    sentence : str
    """

    first: np.ndarray
    second: np.ndarray
    first_labels: np.ndarray
    second_labels: np.ndarray
    matched: np.ndarray
    pair: tuple[int, int]
    factor: float
    sentence: str


@dataclass(frozen=True)
class Outcome:
    """One trial: whether it could tell anything, how much was on the move, and a witness if a law broke."""

    telling: bool = False
    score: int = -1
    refused: bool = False
    witness: Witness | None = None


@dataclass(frozen=True)
class Law:
    """What schemes may obey.

    Attributes
    ----------
    name, statement : str
    draw : callable
        Random generator, space, kind -> trial.
    both_ways : bool
        Whether items apart must stay apart, too.
    """

    name: str
    statement: str
    draw: Callable[[np.random.Generator, np.ndarray, str], Trial]
    both_ways: bool = False

    def outcome(self, scheme: Scheme, trial: Trial) -> Outcome:
        """The scheme on both spaces of a trial."""
        before = scheme.labels(trial.first)
        after = scheme.labels(trial.second, trial.factor)
        if before is None or after is None:
            return Outcome(refused=True)
        one, two = separated(before)[trial.matched[:, 0]], separated(after)[trial.matched[:, 1]]
        together, still = one[:, None] == one, two[:, None] == two
        broken = together != still if self.both_ways else together & ~still
        score = int((together != still).sum()) + len(np.unique(one))
        if not broken.any():
            return Outcome(is_telling(before), score)
        i, j = (int(trial.matched[at, 0]) for at in divmod(int(np.argmax(broken)), len(broken)))
        lie = "lie together" if before[i] == before[j] and before[i] >= 0 else "lie apart"
        sentence = f"items {i} and {j} {lie} in the first, and not so their images in the second"
        return Outcome(
            True,
            score,
            witness=Witness(
                trial.first, trial.second, before, after, trial.matched, (i, j), trial.factor, sentence
            ),
        )

    def smaller(self, scheme: Scheme, trial: Trial) -> Trial:
        """A trial that breaks the law with as few items as can be had by removing one at a time."""
        return _fewest(scheme, self, trial)


class Excision(Law):
    """Every block, clustered alone, is one block."""

    def outcome(self, scheme: Scheme, trial: Trial) -> Outcome:
        before = scheme.labels(trial.first)
        if before is None:
            return Outcome(refused=True)
        blocks = [np.flatnonzero(before == k) for k in np.unique(before[before >= 0])]
        refused = False
        for items in blocks:
            if len(items) < 2 or len(items) == len(before):
                continue
            alone = some_of(trial.first, scheme.kind, items)
            after = scheme.labels(alone)
            if after is None:
                refused = True
                continue
            apart = np.flatnonzero(separated(after) != separated(after)[0])
            if len(apart):
                pair = (int(items[0]), int(items[apart[0]]))
                sentence = (
                    f"{len(items)} items are a block; clustered alone, they are "
                    f"{len(np.unique(separated(after)))} (items {pair[0]} and {pair[1]} are apart)"
                )
                matched = np.column_stack([items, np.arange(len(items))])
                witness = Witness(trial.first, alone, before, after, matched, pair, 1.0, sentence)
                return Outcome(True, witness=witness)
        return Outcome(is_telling(before), len(blocks), refused=refused and not is_telling(before))


def _fewest(scheme: Scheme, law: Law, trial: Trial) -> Trial:
    shrinking = True
    while shrinking:
        shrinking = False
        for candidate in _removals(trial, scheme.kind):
            if len(candidate.matched) > 1 and law.outcome(scheme, candidate).witness is not None:
                trial, shrinking = candidate, True
                break
    return trial


def _removals(trial: Trial, kind: str) -> Iterator[Trial]:
    n, m = len(trial.first), len(trial.second)
    for item in range(m - 1, -1, -1):
        # An item goes along with all that are mapped to it.
        second = np.arange(m) != item
        first = np.ones(n, dtype=bool)
        first[trial.matched[trial.matched[:, 1] == item, 0]] = False
        yield trial.without(kind, first, second)
    images = np.bincount(trial.matched[:, 1], minlength=m)
    for item, image in trial.matched:
        if images[image] > 1:
            yield trial.without(kind, np.arange(n) != item, np.ones(m, dtype=bool))


def _identity(n: int) -> np.ndarray:
    return np.column_stack([np.arange(n), np.arange(n)])


def _permuted(rng: np.random.Generator, space: np.ndarray, kind: str) -> Trial:
    order = rng.permutation(len(space))
    matched = np.column_stack([order, np.arange(len(space))])
    return Trial(space, some_of(space, kind, order), matched[np.argsort(order)])


def _scaled(rng: np.random.Generator, space: np.ndarray, kind: str) -> Trial:
    factor = float(rng.choice(_FACTORS))
    return Trial(space, factor * space, _identity(len(space)), factor)


def _added(rng: np.random.Generator, space: np.ndarray, kind: str) -> Trial:
    n = len(space)
    kept = np.sort(rng.permutation(n)[: n - int(rng.integers(1, max(2, n // 2)))])
    return Trial(some_of(space, kind, kept), space, np.column_stack([np.arange(len(kept)), kept]))


def _shrunk(rng: np.random.Generator, space: np.ndarray, kind: str) -> Trial:
    return Trial(space, shrunk(rng, space, kind), _identity(len(space)))


def _collapsed(rng: np.random.Generator, space: np.ndarray, kind: str) -> Trial:
    first, second, image = lifted(rng, space, kind)
    return Trial(first, second, np.column_stack([np.arange(len(first)), image]))


def _alone(rng: np.random.Generator, space: np.ndarray, kind: str) -> Trial:
    return Trial(space, space, _identity(len(space)))


LAWS: tuple[Law, ...] = (
    Law("permutation", "items in another order make the same blocks", _permuted, True),
    Law("scale", "longer distances, and thresholds with them, make the same blocks", _scaled, True),
    Law("added points", "blocks stay together when items are added", _added),
    Law("shrunk distances", "blocks stay together when distances shrink, items staying distinct", _shrunk),
    Law("collapsed points", "blocks stay together when distances shrink and items coincide", _collapsed),
    Excision("excisiveness", "a block, clustered alone, is one block", _alone),
)
