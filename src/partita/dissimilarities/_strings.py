"""Strings under the edit distance, as items. Called by KMedoids."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError
from partita.dissimilarities._items import Items, Placer
from partita.kernels.edit import edit_block


class Letters:
    """Strings as runs of numbered letters, ``letters[first[i]:first[i + 1]]``; ``known`` are code points."""

    def __init__(self, texts: Sequence[str], known: np.ndarray | None = None) -> None:
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        self.known = np.unique(codes) if known is None else known
        place = np.searchsorted(self.known, codes)
        place[place == len(self.known)] = 0
        strange = self.known[place] != codes if len(self.known) else np.ones(len(codes), bool)
        self.letters = np.where(strange, len(self.known), place).astype(np.int32)
        self.first = np.zeros(len(texts) + 1, np.intp)
        np.cumsum([len(text) for text in texts], out=self.first[1:])

    def __len__(self) -> int:
        return len(self.first) - 1

    def fill(self, rows: np.ndarray, other: Letters, columns: np.ndarray, out: np.ndarray) -> None:
        """Edit distances of strings `rows` to strings `columns` of `other`, which knows the same letters."""
        edit_block(
            self.letters, self.first, rows, other.letters, other.first, columns, len(self.known) + 1, out
        )


def check_strings(X: Any) -> list[str]:
    """Strings as a list.

    Raises
    ------
    InvalidDataError
        For no strings at all, and for what is none, with its place.
    """
    if hasattr(X, "to_pylist"):
        X = X.to_pylist()
    array = X.tolist() if hasattr(X, "tolist") else X
    if isinstance(array, str) or not isinstance(array, (list, tuple)):
        raise InvalidTypeError("metric='edit' needs a sequence of strings.", name="X", got=type(X).__name__)
    if not len(array):
        raise InvalidDataError("Found array with 0 sample(s) while a minimum of 1 is required.", name="X")
    for row, text in enumerate(array):
        if not isinstance(text, str):
            raise InvalidTypeError(
                f"Row {row} of X is no string.", name="X", allowed="a sequence of strings", got=text
            )
    return list(array)


class _StringPlacer(Placer):
    def __init__(self, medoids: Sequence[str]) -> None:
        self._medoids = Letters(medoids)
        self._ids = np.arange(len(medoids))

    def distances(self, data: Sequence[str], start: int, stop: int) -> np.ndarray:
        texts = Letters(data[start:stop], self._medoids.known)
        out = np.empty((len(self._ids), stop - start), np.float32)
        self._medoids.fill(self._ids, texts, np.arange(stop - start), out)
        return out.T


class StringItems(Items):
    """Distinct strings, in the order of their hashes.

    Parameters
    ----------
    texts : list of str
    weight : float64[n] or None
    """

    def __init__(self, texts: list[str], weight: np.ndarray | None) -> None:
        super().__init__()
        hashes = [
            hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts
        ]
        order = sorted(range(len(texts)), key=lambda i: (hashes[i], i))
        self.inverse = np.empty(len(texts), np.intp)
        first: list[int] = []
        for i in order:
            if not first or hashes[first[-1]] != hashes[i]:
                first.append(i)
            self.inverse[i] = len(first) - 1
        self.first = np.array(first, np.intp)
        self.weight = _summed(self.inverse, weight, len(first))
        self.rank = np.arange(len(first))
        digest = hashlib.blake2b(b"".join(hashes[i] for i in first), digest_size=8)
        digest.update(self.weight.tobytes())
        self.fingerprint = digest.hexdigest()
        self._texts = [texts[i] for i in first]
        self._letters = Letters(self._texts)

    def fill(self, rows: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        self._letters.fill(rows, self._letters, columns, out)

    def placer(self, medoids: np.ndarray) -> Placer:
        return _StringPlacer([self._texts[i] for i in medoids])

    @property
    def data(self) -> list[str]:
        return self._texts


def _summed(inverse: np.ndarray, weight: np.ndarray | None, n: int) -> np.ndarray:
    if weight is None:
        return np.bincount(inverse, minlength=n).astype(np.float64)
    order = np.lexsort((weight, inverse))  # equal items by weight: the same sum in any order of the rows
    return np.bincount(inverse[order], weight[order], n)
