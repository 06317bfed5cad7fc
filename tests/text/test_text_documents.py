"""Documents: what is taken, what is refused and in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita import InvalidDataError, PartitaError
from partita.text.documents import check_documents, distinct_documents

WORDS = ["one", "two two", ""]


@pytest.mark.parametrize(
    "texts",
    [
        WORDS,
        tuple(WORDS),
        np.array(WORDS),
        np.array(WORDS, dtype=object),
        pd.Series(WORDS, index=[5, 6, 7]),
        pa.array(WORDS),
        pa.chunked_array([WORDS[:1], WORDS[1:]]),
        (word for word in WORDS),
    ],
    ids=["list", "tuple", "numpy", "objects", "pandas", "arrow", "chunks", "generator"],
)
def test_every_kind_of_column_is_read(texts):
    documents = check_documents(texts)
    assert documents == WORDS
    assert isinstance(documents, list)


@pytest.mark.parametrize(
    ("bad", "hint"),
    [(None, "''"), (float("nan"), "''"), (3, "str(document)"), (b"abc", "decode"), (["a"], "str(document)")],
)
def test_a_document_that_is_no_text_is_named_with_its_row(bad, hint):
    with pytest.raises(InvalidDataError, match="Document 2 of X") as caught:
        check_documents(["a", "b", bad, "c"])
    assert hint in str(caught.value)


@pytest.mark.parametrize("texts", ["one text", b"bytes", 3, None, np.array([["a", "b"]])])
def test_what_is_no_list_of_texts_is_refused(texts):
    with pytest.raises(PartitaError, match="X"):
        check_documents(texts)


def test_too_few_documents_are_refused():
    assert check_documents([]) == []
    with pytest.raises(InvalidDataError, match="0 documents"):
        check_documents([], min_documents=1)


@given(st.lists(st.text(max_size=3), max_size=30), st.randoms(use_true_random=False))
def test_distinct_documents_do_not_depend_on_the_order_of_rows(texts, random):
    content = distinct_documents(texts)
    shuffled = random.sample(texts, len(texts))
    assert content.distinct == distinct_documents(shuffled).distinct == sorted(set(texts))
    assert [content.distinct[i] for i in content.inverse] == texts
