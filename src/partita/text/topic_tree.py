"""Documents to a tree of named topics: the maker of this room. Called by ``pt.divide`` and by users."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.params import AnyOf, Flag, Instance, Integer, Optional, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita.hierarchy import Hierarchy, MadeBy
from partita.hierarchy.maker import InductiveMaker
from partita.text.documents import Documents, check_documents, distinct_documents
from partita.text.naming import name_parts
from partita.text.tokens import count_tokens
from partita.text.vectors import DocumentVectors

_CITATION = (
    "Deerwester et al. (1990), DOI 10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9 (vectors); "
    "Sultan (2020), arXiv 2003.04372 (parts); Monroe, Colaresi, Quinn (2008), DOI 10.1093/pan/mpn018 (names)"
)


@dataclass(frozen=True)
class WordRange:
    """A pair (shortest, longest) of numbers of words."""

    def describe(self) -> str:
        return "a pair (shortest, longest) of integers with 1 <= shortest <= longest"

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            return False
        return all(Integer(low=1).accepts(length) for length in value) and value[0] <= value[1]


class TopicTree(InductiveMaker):
    """Nested, named topics of documents; the number of topics is found, not asked for.

    Documents become unit vectors (TF-IDF and its leading singular vectors), the vectors are divided by
    :class:`partita.points.PPP`, and every part is named by the terms that set it apart from its siblings.
    Works for any script without word lists, needs no network and no language model. The result depends on
    neither the order of the documents, nor threads, nor a seed; equal texts always share a part.

    When to choose this: from a few hundred documents up, of a sentence to some pages each. With vectors from
    an embedding model at hand, divide those with ``PPP`` and name the parts with :func:`partita.text.names`.

    Parameters
    ----------
    n_components : int, optional
        Length of the document vectors. None: ``min(128, 1.5 sqrt(distinct documents))``; ``made_by_`` tells.
    ngram_range : (int, int)
        Shortest and longest run of words that counts as a term.
    max_features : int, optional
        Terms at most, the most frequent. None: 262,144.
    min_size : int, optional
        Fewest documents in a part. None: as in ``PPP``.
    max_depth : int, optional
        How often a part may be looked at anew in its own principal directions, as in ``PPP``. None: once; the
        vectors have few enough directions for one look, and more looks find finer topics in a multiple of the
        time.
    n_terms : int
        Terms in a name.
    random_state : None, int or generator
        Accepted for the interface; nothing is drawn at random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        Where progress is shown.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        ``part_data["name"]`` is the name of each part, ``part_data["terms"]`` its best terms, best first; the
        rest comes from ``PPP``. Documents without a known term are own items of the root.
    labels_ : int32[n]
        Finest level; ``NOISE`` for documents without a known term, unless the root is the only part.
    n_clusters_ : int
    made_by_ : MadeBy
        What was chosen automatically, and how many documents had no known term.
    vectors_ : DocumentVectors
        The map from texts to vectors.

    Notes
    -----
    O(tokens + nnz k + (n + terms) k^2) for k components, then ``PPP`` on n x k, then the names in
    O(tokens x depth).

    Examples
    --------
    >>> from partita.text import TopicTree
    >>> fruit = [f"{a} apple {b}" for a in ("red", "green", "sweet") for b in ("pie", "juice", "tree")]
    >>> cars = [f"{a} car {b}" for a in ("fast", "old", "diesel") for b in ("race", "engine", "wheel")]
    >>> tree = TopicTree().fit(fruit + cars)
    >>> tree.transform(["a red apple"]).shape[0], len(tree.labels_)
    (1, 18)
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "n_components": Optional(Integer(low=1)),
        "ngram_range": WordRange(),
        "max_features": Optional(Integer(low=1)),
        "min_size": Optional(Integer(low=1)),
        "max_depth": Optional(Integer(low=1)),
        "n_terms": Integer(low=1),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a Progress object")))),
    }

    def __init__(
        self,
        *,
        n_components: int | None = None,
        ngram_range: tuple[int, int] = (1, 1),
        max_features: int | None = None,
        min_size: int | None = None,
        max_depth: int | None = None,
        n_terms: int = 3,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: Progress | bool | None = None,
    ) -> None:
        self.n_components = n_components
        self.ngram_range = ngram_range
        self.max_features = max_features
        self.min_size = min_size
        self.max_depth = max_depth
        self.n_terms = n_terms
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def fit(self, X: Any, y: Any = None) -> TopicTree:
        """Divide documents.

        Parameters
        ----------
        X : sequence of str, length n
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            When a parameter is not allowed.
        InvalidDataError
            For no documents, or one that is no text, with its row.
        """
        began = time.perf_counter()
        self._check_parameters()
        content = distinct_documents(check_documents(X, min_documents=1))
        ngram_range = (int(self.ngram_range[0]), int(self.ngram_range[1]))
        with progress_scope(self.progress) as progress:
            progress.start("Reading words")
            counts = count_tokens(content.distinct, ngram_range)
            progress.start("Making vectors")
            self.vectors_, vectors = DocumentVectors.fit(
                counts,
                n_components=self.n_components,
                max_features=self.max_features,
                ngram_range=ngram_range,
            )
            rows = vectors[content.inverse]
            worded = rows.any(axis=1)
            self.divider_ = self._divide(rows[worded], progress)
            progress.start("Naming parts")
            tree = _with_wordless(self.divider_, content, worded)
            naming = name_parts(tree, counts, content.inverse, n_terms=self.n_terms)
        made_by = self._record(content, int(np.sum(~worded)), time.perf_counter() - began)
        data = {**tree.part_data, "name": naming.names, "terms": naming.terms}
        self._set_hierarchy(tree.replace(part_data=data, made_by=made_by))
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The deepest part that holds each document of `X`, intp[n]; the root where no term is known."""
        rows = self.transform(X)
        parts = np.zeros(len(rows), dtype=np.intp)
        worded = rows.any(axis=1)
        if self.divider_ is not None and worded.any():
            parts[worded] = self.divider_.apply(rows[worded])
        return parts

    def transform(self, X: Any) -> np.ndarray:
        """Unit vectors of documents.

        Parameters
        ----------
        X : sequence of str, length n

        Returns
        -------
        vectors : float32[n, n_components]
            Rows of zeros for documents without a known term.
        """
        check_is_fitted(self)
        return self.vectors_.transform(check_documents(X))

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """``fit(X).transform(X)``."""
        return self.fit(X).transform(X)

    def _divide(self, rows: np.ndarray, progress: Progress) -> Any:
        from partita.points import PPP

        if not len(rows):
            return None
        maker = PPP(
            min_size=self.min_size,
            max_depth=1 if self.max_depth is None else self.max_depth,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            progress=progress,
        )
        return maker.fit(rows)

    def _record(self, content: Documents, n_wordless: int, seconds: float) -> MadeBy:
        inner = self.divider_.made_by_ if self.divider_ is not None else MadeBy()
        without = f"{n_wordless} documents hold no known term; they are own items of the root (noise)."
        return MadeBy(
            method="TopicTree",
            parameters={name: getattr(self, name) for name in self._rules if name != "progress"},
            version=__version__,
            fingerprint=_fingerprint(content),
            choices={
                **self.vectors_.choices,
                "n_distinct_documents": len(content.distinct),
                "n_documents_without_known_terms": n_wordless,
                "divider": {"method": inner.method, **inner.choices},
            },
            cost=inner.cost,
            converged=inner.converged,
            seconds=seconds,
            citation=_CITATION,
            certificates=inner.certificates,
            notes=(*inner.notes, without) if n_wordless else tuple(inner.notes),
        )


def _with_wordless(divider: Any, content: Documents, worded: np.ndarray) -> Hierarchy:
    """The divider's tree over all documents: those without a vector become own items of the root."""
    n, items = len(worded), np.flatnonzero(worded)
    if divider is None:
        order, parent, start, stop, height = (
            np.arange(n),
            [-1],
            np.zeros(1, np.intp),
            np.zeros(1, np.intp),
            [0.0],
        )
        levels, data = None, {}
    else:
        h = divider.hierarchy_
        if len(items) == n:
            return h
        order, parent, start, stop, height = items[h.order], h.parent, h.start, h.stop.copy(), h.height
        levels, data = h.levels, h.part_data
    wordless = np.flatnonzero(~worded)
    wordless = wordless[np.argsort(content.inverse[wordless], kind="stable")]
    stop[0] = n
    order = np.concatenate([order[: n - len(wordless)], wordless])
    return Hierarchy(order, parent, start, stop, height, levels=levels, part_data=data)


def _fingerprint(content: Documents) -> str:
    """A short hash of the documents, the same for any order of them."""
    digest = hashlib.sha256()
    for text, copies in zip(content.distinct, np.bincount(content.inverse)):
        digest.update(text.encode("utf-8", "surrogatepass"))
        digest.update(b"\0" + int(copies).to_bytes(8, "little"))
    return digest.hexdigest()[:16]
