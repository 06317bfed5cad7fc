"""Names: against a slow twin, and what a reader may rely on."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from partita import InvalidDataError, InvalidParameterError
from partita.text.documents import distinct_documents
from partita.text.naming import N_KEPT, WORDLESS, _alike, _best_terms, _contexts, name_parts
from partita.text.tokens import count_tokens, tokenize

WORDS = ["apple", "banana", "car", "diesel", "engine", "fruit", "green", "house"]


def slow_scores(h, texts, part, context):
    """The scores of a part's terms by the formula in the docstring of ``names``, documents one by one."""
    inside = [set(tokenize(texts[i])) for i in h.members(part)]
    around = [set(tokenize(texts[i])) for i in h.members(context)]
    frequency = defaultdict(int)
    for text in texts:
        for term in set(tokenize(text)):
            frequency[term] += 1
    scores = {}
    for term in set().union(*inside):
        held, held_around = sum(term in d for d in inside), sum(term in d for d in around)
        rest, n_rest = held_around - held, len(around) - len(inside)
        common = held_around / len(around)
        a, b = 10 * common, 10 * (1 - common) + 0.5
        yes, no, yes_rest, no_rest = held + a, len(inside) - held + b, rest + a, n_rest - rest + b
        d = math.log(yes / no) - math.log(yes_rest / no_rest)
        s = math.sqrt(1 / yes + 1 / no + 1 / yes_rest + 1 / no_rest)
        share, weight = yes / (len(inside) + 10), math.log((1 + len(texts)) / frequency[term]) ** 1.5
        score = (min(d - 2 * s, 2) if d > 2 * s else 1e-6 * d / s) * share * weight
        if score > 0:
            scores[term] = score
    return scores


def check_greedy_order(h, texts, part, scores, found):
    """Each term has the largest gain, documents one by one; those that are covered count for a tenth."""
    documents = [set(tokenize(texts[i])) for i in h.members(part)]
    for place, chosen in enumerate(found):
        gain = {}
        for term in scores.keys() - set(found[:place]):
            holding = [document for document in documents if term in document]
            fresh = sum(not document & set(found[:place]) for document in holding)
            gain[term] = scores[term] * (0.1 + 0.9 * fresh / len(holding))
        assert gain[chosen] >= max(gain.values()) * (1 - 1e-9)


@st.composite
def labelled_texts(draw):
    n = draw(st.integers(2, 25))
    texts = [" ".join(draw(st.lists(st.sampled_from(WORDS), max_size=4))) for _ in range(n)]
    coarse = np.array([draw(st.integers(0, 2)) for _ in range(n)])
    return texts, [coarse, coarse * 3 + np.array([draw(st.integers(0, 2)) for _ in range(n)])]


@given(labelled_texts())
def test_terms_are_those_of_the_slow_twin(case):
    texts, levels = case
    h = pt.Hierarchy.from_labels(levels)
    content = distinct_documents(texts)
    counts = count_tokens(content.distinct)
    context = _contexts(h)
    best, _ = _best_terms(h, counts, content.inverse, context)
    for part in np.flatnonzero(context >= 0):
        expected = slow_scores(h, texts, part, context[part])
        if expected:
            found = [counts.terms[t] for t in best[part] if t >= 0]
            assert set(found) == set(expected)
            check_greedy_order(h, texts, part, expected, found)


@given(labelled_texts(), st.integers(1, 4))
def test_siblings_have_distinct_names_and_all_parts_have_one(case, n_terms):
    texts, levels = case
    h = pt.Hierarchy.from_labels(levels)
    names = pt.text.names(h, texts, n_terms=n_terms)
    assert len(names) == h.n_parts
    assert all(names)
    for part in range(h.n_parts):
        of_children = [names[child] for child in h.children(part)]
        assert len(set(of_children)) == len(of_children)


@given(labelled_texts(), st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_of_rows(case, random):
    texts, levels = case
    rows = np.array(random.sample(range(len(texts)), len(texts)))
    h = pt.Hierarchy.from_labels(levels)
    moved = pt.Hierarchy(
        np.argsort(rows)[h.order], h.parent, h.start, h.stop, h.height, levels=h.levels, part_data=h.part_data
    )
    assert pt.text.names(moved, [texts[i] for i in rows]) == pt.text.names(h, texts)


def test_names_contrast_with_siblings_not_with_the_whole():
    parsers = ["python parser", "python parser xml", "python parser json"] * 3
    plots = ["python plot", "python plot axis", "python plot chart"] * 3
    games = ["game cards", "game chess", "game board"] * 6
    h = pt.Hierarchy.from_labels([[0] * 18 + [1] * 18, [0] * 9 + [1] * 9 + [2] * 18])
    names = pt.text.names(h, parsers + plots + games, n_terms=1)
    python = h.parent[h.item_part[0]]
    assert names[python] == "python"
    assert sorted(names[child] for child in h.children(python)) == ["parser", "plot"]


def test_one_long_document_does_not_name_its_part():
    fruit = ["apple pie"] * 6 + ["zebra " * 500 + "apple"]
    h = pt.Hierarchy.from_labels([[0] * 7 + [1] * 7])
    texts = fruit + ["diesel car"] * 7
    names = pt.text.names(h, texts, n_terms=2)
    assert "apple" in names[h.item_part[0]]
    assert "zebra" not in names[h.item_part[0]]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("game", "games", True),
        ("computer", "computing", True),
        ("python", "python3", True),
        ("qt", "qt's", True),
        ("data", "database", False),
        ("cat", "car", False),
        ("internet", "interface", False),
        ("machine learning", "machines", True),
        ("東京", "京都", False),
    ],
)
def test_terms_of_one_stem_are_not_repeated(one, other, alike):
    assert _alike(one, other) is alike
    assert _alike(other, one) is alike


def test_numbers_and_single_letters_are_no_names():
    texts = ["2024 c 7 apple"] * 5 + ["1999 d 8 banana"] * 5
    h = pt.Hierarchy.from_labels([[0] * 5 + [1] * 5])
    content = distinct_documents(texts)
    terms = name_parts(h, count_tokens(content.distinct), content.inverse).terms
    assert sorted(terms[1:]) == [("apple",), ("banana",)]
    assert all(len(line) <= N_KEPT for line in terms)


def test_parts_without_words_are_called_so():
    h = pt.Hierarchy.from_labels([[0, 0, 1, 1, 2]])
    names = pt.text.names(h, ["", "!", "", "?", "apple"])
    assert sorted(names[1:]) == [WORDLESS, f"{WORDLESS} (2)", "apple"]


def test_in_a_tree_of_halves_a_part_stands_against_its_cousins_too():
    games = ["arcade game"] * 8 + ["puzzle game"] * 8
    h = pt.Hierarchy.from_labels([[0] * 16 + [1] * 16, [0] * 8 + [1] * 8 + [2] * 16])
    texts = games + ["font", "serif"] * 8
    assert _contexts(h)[h.item_part[0]] == 0
    assert set(pt.text.names(h, texts, n_terms=2)[h.item_part[0]].split(", ")) == {"arcade", "game"}


def test_a_lone_child_stands_against_the_nearest_larger_part():
    h = pt.Hierarchy(range(6), [-1, 0, 1, 0], [0, 0, 0, 3], [6, 3, 3, 6], [2.0, 1.0, 0.0, 1.0])
    texts = ["apple pie", "apple", "apple", "car", "car race", "car"]
    assert pt.text.names(h, texts, n_terms=1) == ["apple", "apple", "apple", "car"]


def test_no_items_and_one_item():
    assert pt.text.names(pt.Hierarchy([], [-1], [0], [0], [0.0]), []) == [WORDLESS]
    assert pt.text.names(pt.Hierarchy([0], [-1], [0], [1], [0.0]), ["apple pie"]) == ["apple, pie"]


def test_thousands_of_parts_are_named():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3000, 12000)
    texts = [f"topic{k} word{rng.integers(0, 50)} filler" for k in labels]
    h = pt.Hierarchy.from_labels([labels // 50, labels])
    names = pt.text.names(h, texts, n_terms=1)
    leaf_of = h.item_part
    assert np.mean([names[leaf_of[i]] == f"topic{labels[i]}" for i in range(len(texts))]) > 0.95


def test_one_text_per_item_is_needed():
    h = pt.Hierarchy.from_labels([[0, 1, 1]])
    with pytest.raises(InvalidDataError, match="2 texts were given for a hierarchy of 3 items"):
        pt.text.names(h, ["a", "b"])
    with pytest.raises(InvalidDataError, match="Document 1 of texts"):
        pt.text.names(h, ["a", None, "b"])
    with pytest.raises(InvalidParameterError, match="n_terms"):
        pt.text.names(h, ["a", "b", "c"], n_terms=0)
