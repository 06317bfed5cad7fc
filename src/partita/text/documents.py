"""What comes in as documents: checked once, put in an order of their content. Called by this room only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError
from partita._core.optional import is_from

_WANTED = "a list of texts (str), one per document"


@dataclass(frozen=True)
class Documents:
    """Documents in the order of their content.

    Attributes
    ----------
    distinct : list of str, length u
        The distinct texts, ascending by code points: the same list whatever the order of the rows.
    inverse : intp[n]
        Where each row stands in `distinct`.
    """

    distinct: list[str]
    inverse: np.ndarray


def check_documents(texts: Any, *, name: str = "X", min_documents: int = 0) -> list[str]:
    """The documents as a list of texts.

    Parameters
    ----------
    texts : sequence of str
        A list, tuple, NumPy array, pandas or polars series, Arrow column, or any iterable of texts.
    name : str
        The argument, for the message.
    min_documents : int
        Fewest documents.

    Returns
    -------
    documents : list of str

    Raises
    ------
    InvalidTypeError
        For a single text, or a document that is none (with its row).
    InvalidDataError
        For too few documents.
    """
    if isinstance(texts, (str, bytes)):
        raise InvalidTypeError(
            f"{name} is one text; a list of texts is needed.", name=name, allowed=_WANTED, hint="pass [text]"
        )
    documents = _listed(texts, name)
    for row, document in enumerate(documents):
        if not isinstance(document, str):
            raise InvalidTypeError(
                f"Document {row} of {name} is not a text.",
                name=name,
                allowed=_WANTED,
                got=document,
                hint=_advice(document),
            )
    if len(documents) < min_documents:
        raise InvalidDataError(
            f"{name} holds {len(documents)} documents where at least {min_documents} is needed.", name=name
        )
    return documents


def distinct_documents(documents: list[str]) -> Documents:
    """The distinct texts in ascending order, and where each row stands among them; O(n log n)."""
    distinct = sorted(set(documents))
    place = {text: i for i, text in enumerate(distinct)}
    inverse = np.fromiter((place[text] for text in documents), dtype=np.intp, count=len(documents))
    return Documents(distinct, inverse)


def _listed(texts: Any, name: str) -> list[Any]:
    if is_from(texts, "pyarrow"):
        return texts.to_pylist()
    if getattr(texts, "ndim", 1) != 1:
        raise InvalidTypeError(
            f"{name} has {texts.ndim} dimensions; one column of texts is needed.",
            name=name,
            allowed=_WANTED,
            got=f"shape {texts.shape}",
            hint="pass one column of the table",
        )
    try:
        return list(texts)
    except TypeError as error:
        raise InvalidTypeError(
            f"{name} is no collection of texts.", name=name, allowed=_WANTED, got=texts
        ) from error


def _advice(document: Any) -> str:
    if isinstance(document, bytes):
        return "decode it first: document.decode('utf-8')"
    if document is None or document != document:
        return "replace missing documents by the empty text ''"
    return "convert it first: str(document)"
