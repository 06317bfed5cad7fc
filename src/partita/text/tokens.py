"""Texts to words, in any script, and words to counts. Called by this room only.

A word is a run of letters and digits of any script, lower-cased, with the combining marks that belong to it
(vowel signs of Devanagari, accents kept apart) and inner apostrophes. Scripts that are written without spaces
(Chinese, Japanese, Thai, Lao, Khmer, Burmese) give pairs of neighbouring characters, the usual stand-in for a
word list. There is no list of stop words, which would know one language: how many documents hold a word
decides its weight.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import sparse

_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_UNSPACED = (
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u103f\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
)
_JOINERS = "\u200c\u200d"


class Counts(NamedTuple):
    """How often each document holds each term.

    Attributes
    ----------
    matrix : CSR float32, shape (n_documents, n_terms)
    terms : list of str, ascending
    """

    matrix: sparse.csr_matrix
    terms: list[str]


def tokenize(text: str, ngram_range: tuple[int, int] = (1, 1)) -> list[str]:
    """The words of a text in their order, or its runs of words.

    Parameters
    ----------
    text : str
    ngram_range : (int, int)
        Shortest and longest run of words; (1, 2) gives words, then pairs of neighbours joined by a space.

    Returns
    -------
    tokens : list of str

    Examples
    --------
    >>> tokenize("Don't split naïve 東京都 words")
    ["don't", 'split', 'naïve', '東京', '京都', 'words']
    """
    words = _ASCII_WORD.findall(text.lower()) if text.isascii() else _unicode_words(text)
    low, high = ngram_range
    if high == 1:
        return words
    tokens = list(words) if low == 1 else []
    for length in range(max(low, 2), high + 1):
        tokens.extend(map(" ".join, zip(*(words[i:] for i in range(length)))))
    return tokens


def count_tokens(texts: Iterable[str], ngram_range: tuple[int, int] = (1, 1)) -> Counts:
    """Counts of all terms of `texts`; terms ascending, so that the order of the texts is no matter."""
    place: defaultdict[str, int] = defaultdict()
    place.default_factory = place.__len__
    columns, ends = array("i"), [0]
    for text in texts:
        columns.extend(map(place.__getitem__, tokenize(text, ngram_range)))
        ends.append(len(columns))
    terms = sorted(place)
    renumber = np.empty(len(terms), dtype=np.int32)
    renumber[np.fromiter(map(place.__getitem__, terms), dtype=np.intp, count=len(terms))] = np.arange(
        len(terms)
    )
    return Counts(_as_matrix(renumber[np.frombuffer(columns, dtype=np.intc)], ends, len(terms)), terms)


def count_known(
    texts: Iterable[str], place: dict[str, int], ngram_range: tuple[int, int]
) -> sparse.csr_matrix:
    """Counts of the terms in `place` (term to column); other terms are passed over."""
    columns, ends = array("i"), [0]
    for text in texts:
        columns.extend(place[token] for token in tokenize(text, ngram_range) if token in place)
        ends.append(len(columns))
    return _as_matrix(np.frombuffer(columns, dtype=np.intc), ends, len(place))


def _as_matrix(columns: np.ndarray, ends: list[int], n_terms: int) -> sparse.csr_matrix:
    ones = np.ones(len(columns), dtype=np.float32)
    matrix = sparse.csr_matrix((ones, columns, np.array(ends)), shape=(len(ends) - 1, n_terms))
    matrix.sum_duplicates()
    return matrix


def _unicode_words(text: str) -> list[str]:
    word, unspaced = _unicode_patterns()
    words = word.findall(unicodedata.normalize("NFC", text).lower().replace("\u2019", "'"))
    if not any(unspaced.match(run) for run in words):
        return words
    return [token for run in words for token in (_pairs(run) if unspaced.match(run) else (run,))]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


@lru_cache(maxsize=1)
def _unicode_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    marks = _JOINERS + "".join(
        chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"
    )
    letters = f"[^\\W_{_UNSPACED}]+"
    run = f"{letters}(?:[{marks}]+(?:{letters})?)*"
    return re.compile(f"{run}(?:'{run})*|[{_UNSPACED}]+"), re.compile(f"[{_UNSPACED}]")
