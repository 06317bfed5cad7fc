"""Contrastive names: terms that set a part apart from its siblings. Called by TopicTree and the doors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from partita._core.errors import InvalidDataError
from partita._core.params import Integer, check_parameters
from partita.text.documents import check_documents, distinct_documents
from partita.text.tokens import Counts, count_tokens
from partita.text.vectors import document_frequency, term_weight

if TYPE_CHECKING:
    from partita.hierarchy import Hierarchy

WORDLESS = "(no words)"
N_KEPT = 10
_N_CANDIDATES = 64
_PRIOR = 10.0
_WIDER = 3
_FAINT = 1e-3  # terms so far below the best are chance
_SAME_STEM = 0.6
_STEM_LETTERS = 3


class Naming(NamedTuple):
    """Names of the parts of a hierarchy.

    Attributes
    ----------
    names : list of str, length m
    terms : list of tuple of str, length m; the best terms of each part, best first
    """

    names: list[str]
    terms: list[tuple[str, ...]]


def names(h: Hierarchy, texts: Sequence[str], *, n_terms: int = 3) -> list[str]:
    """Names of all parts of a hierarchy over texts: the terms that set each apart from its siblings.

    When to choose this: to read a hierarchy of anything that has texts - documents, or items that carry a
    title.

    Parameters
    ----------
    h : Hierarchy
        Over n items.
    texts : sequence of str, length n
        One text per item.
    n_terms : int
        Terms in a name.

    Returns
    -------
    names : list of str, length m
        Siblings have distinct names. The root, which has nothing to stand against, is named by the best
        terms of its largest children.

    Raises
    ------
    InvalidDataError
        When there is not one text per item, or an item is no text.

    Notes
    -----
    A part stands against the rest of the nearest ancestor that holds three times its documents, at most the
    root: its siblings, and in a tree of halves its cousins, so that a name tells more than the last
    halving. For a term, let a documents of the part hold it and b documents of that rest. With the
    informative prior of [1]_ - ten documents that hold the term as often as part and rest together do - the
    log odds ratio has a mean d and a standard deviation s in closed form. The score is

        min(max(d - 2 s, 0), 2) * (share of the part's documents with the term) * log((1 + n) / df) ** 1.5

    The first factor asks for a difference that the counts support, and for no more than is enough; the
    second prefers terms that speak for much of the part; the third fades words that are frequent
    everywhere. The best 64 terms are then put in the order of a greedy cover: the score of each next term
    counts its documents that hold one of the terms before it for a tenth only, so that the name of a mixed
    part tells its several subjects. [1]_ counts words and ranks by d / s; documents are counted here, so
    that one long text can't name a part. A term that shares its stem with a better one (a common beginning
    of at least 60 % of the longer) is passed over; numbers and single letters are no names.

    O(sum of the sizes of the parts), times the distinct terms per document.

    References
    ----------
    .. [1] Monroe, Colaresi, Quinn (2008). Fightin' words: lexical feature selection and evaluation for
       identifying the content of political conflict. Political Analysis 16(4). DOI 10.1093/pan/mpn018

    Examples
    --------
    >>> import partita as pt
    >>> texts = ["red apple", "green apple", "apple pie", "fast car", "red car", "car race"]
    >>> h = pt.Hierarchy.from_labels([[0, 0, 0, 1, 1, 1]])
    >>> pt.text.names(h, texts, n_terms=1)[1:]
    ['apple', 'car']
    """
    check_parameters("names", {"n_terms": Integer(low=1)}, {"n_terms": n_terms})
    documents = check_documents(texts, name="texts")
    if len(documents) != h.n_items:
        raise InvalidDataError(
            f"{len(documents)} texts were given for a hierarchy of {h.n_items} items.",
            name="texts",
            hint="pass one text per item, in the order of the items",
        )
    content = distinct_documents(documents)
    return name_parts(h, count_tokens(content.distinct), content.inverse, n_terms=n_terms).names


def name_parts(h: Hierarchy, counts: Counts, row: np.ndarray, *, n_terms: int = 3) -> Naming:
    """Names and terms from counts that are there already.

    Parameters
    ----------
    h : Hierarchy
    counts : Counts
        Of distinct documents.
    row : intp[n]
        The row of `counts` for each item.
    """
    limit, context = max(N_KEPT, n_terms), _contexts(h)
    best, score = _best_terms(h, counts, row, context)
    best[score < _FAINT * score[:, :1]] = -1
    terms = [_readable([counts.terms[t] for t in line if t >= 0], limit) for line in best]
    for part in np.flatnonzero(context < 0)[::-1]:
        of_children = [terms[child] for child in h.children(part)]
        if any(of_children):
            terms[part] = _readable([line[0] for line in of_children if line], limit)
    chosen = [""] * h.n_parts
    taken: dict[int, set[str]] = {}
    for part, parent in enumerate(h.parent.tolist()):
        chosen[part] = _distinct_name(terms[part], n_terms, taken.setdefault(parent, set()))
    return Naming(chosen, terms)


def _best_terms(
    h: Hierarchy, counts: Counts, row: np.ndarray, context: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Terms of each part, best first, int32[m, k], -1 where there are no more; and their scores."""
    from partita.kernels.text_contrast import contrast_terms

    matrix, n_terms = counts.matrix, len(counts.terms)
    frequency = np.zeros(n_terms) if not len(row) else document_frequency(matrix[row])
    weight = term_weight(frequency, h.n_items) * _nameable(counts.terms)
    best = np.full((h.n_parts, _N_CANDIDATES), -1, dtype=np.int32)
    score = np.full(best.shape, -np.inf)
    count, around, touched = np.zeros(n_terms), np.zeros(n_terms), np.empty(n_terms, dtype=np.int32)
    slot, held = np.zeros(n_terms, dtype=np.int32), np.empty(h.n_items, dtype=np.uint64)
    places, indptr = row[h.order], matrix.indptr.astype(np.intp)
    for against in (context, np.full_like(context, -1)):
        todo = np.flatnonzero(best[:, 0] < 0)
        todo = todo[np.argsort(against[todo], kind="stable")]
        contrast_terms(
            indptr, matrix.indices, places, h.start, h.stop, against, todo, weight, _PRIOR,
            count, around, touched, slot, held, best, score,
        )  # fmt: skip
    return best, score


def _contexts(h: Hierarchy) -> np.ndarray:
    """The nearest ancestor with three times the items of the part, or the root; -1 if that is no larger."""
    parent, sizes = h.parent, h.sizes
    context = np.maximum(parent, 0)
    while True:
        small = np.flatnonzero((context > 0) & (sizes[context] < _WIDER * sizes))
        if not len(small):
            break
        context[small] = parent[context[small]]
    context[sizes[context] == sizes] = -1
    return context


def _nameable(terms: list[str]) -> np.ndarray:
    """Which terms may be in a name: no numbers, no single letters of scripts with upper and lower case."""
    return np.fromiter(
        (any(map(str.isalpha, term)) and (len(term) > 1 or term.upper() == term) for term in terms),
        dtype=np.float64,
        count=len(terms),
    )


def _readable(candidates: list[str], limit: int) -> tuple[str, ...]:
    chosen: list[str] = []
    for term in candidates:
        if len(chosen) == limit:
            break
        if not any(_alike(term, other) for other in chosen):
            chosen.append(term)
    return tuple(chosen)


def _alike(term: str, other: str) -> bool:
    words, others = _words(term), _words(other)
    return any(_same_stem(a, b) for a in words for b in others)


def _words(term: str) -> list[str]:
    return [word for word in term.replace("'", " ").split(" ") if len(word) > 1] or [term]


def _same_stem(a: str, b: str) -> bool:
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    shared = next((i for i, (x, y) in enumerate(zip(short, long)) if x != y), len(short))
    return shared >= max(_STEM_LETTERS, _SAME_STEM * len(long))


def _distinct_name(terms: tuple[str, ...], n_terms: int, taken: set[str]) -> str:
    name = ", ".join(terms[:n_terms]) or WORDLESS
    for length in range(n_terms + 1, len(terms) + 1):
        if name not in taken:
            break
        name = ", ".join(terms[:length])
    plain, copy = name, 2
    while name in taken:
        name, copy = f"{plain} ({copy})", copy + 1
    taken.add(name)
    return name
