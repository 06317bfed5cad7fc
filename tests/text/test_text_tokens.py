"""Words of any script, and their counts."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.text.tokens import count_known, count_tokens, tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Red Apple, red pie!", ["red", "apple", "red", "pie"]),
        ("don't 'quote' it's", ["don't", "quote", "it's"]),
        ("snake_case C++ 3d 2024", ["snake", "case", "c", "3d", "2024"]),
        ("Привет, МИР", ["привет", "мир"]),
        ("Ünïcödé cafe\u0301 l\u2019état", ["ünïcödé", "café", "l'état"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("東京都に x中", ["東京", "京都", "都に", "x", "中"]),
        ("ไทย", ["ไท", "ทย"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("", []),
        (" \t\n…—🎉 ++ __", []),
        ("a\x00b\ud800c", ["a", "b", "c"]),
    ],
)
def test_words(text, words):
    assert tokenize(text) == words


def test_runs_of_words():
    assert tokenize("a b c", (1, 2)) == ["a", "b", "c", "a b", "b c"]
    assert tokenize("a b c", (2, 3)) == ["a b", "b c", "a b c"]
    assert tokenize("a", (2, 3)) == []


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_takes_the_same_words_as_every_other_text(text):
    marked = tokenize(text + " é")
    assert marked.pop() == "é"
    assert tokenize(text) == marked


@given(st.text())
def test_every_letter_and_digit_is_in_some_word(text):
    kept = "".join(tokenize(text))
    for character in re.findall(r"[^\W_]", text.lower()):
        assert character in kept or not character.isprintable() or _composes(character)


def _composes(character: str) -> bool:
    """Letters that the canonical composition writes in another way."""
    import unicodedata

    return unicodedata.normalize("NFC", character) != character or bool(unicodedata.combining(character))


@given(st.lists(st.text(alphabet="ab c'é京", max_size=12), max_size=8))
def test_counts_agree_with_counting_by_hand(texts):
    counts = count_tokens(texts)
    assert counts.terms == sorted(set(counts.terms))
    assert counts.matrix.shape == (len(texts), len(counts.terms))
    for row, text in enumerate(texts):
        expected = Counter(tokenize(text))
        held = {counts.terms[j]: int(c) for j, c in enumerate(counts.matrix[row].toarray()[0]) if c}
        assert held == dict(expected)


def test_unknown_terms_are_passed_over():
    place = {"b": 0, "a": 1}
    matrix = count_known(["a a z", "z", "b"], place, (1, 1))
    np.testing.assert_array_equal(matrix.toarray(), [[0, 2], [0, 0], [1, 0]])
