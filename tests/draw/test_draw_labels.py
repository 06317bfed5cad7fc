"""Labels: they fit, they are cut between letters, and boxes don't overlap."""

from __future__ import annotations

from itertools import combinations

import pytest
from drawing_tools import overlaps
from hypothesis import given
from hypothesis import strategies as st

from partita.draw._graphemes import graphemes
from partita.draw._labels import Box, fit, place, text_width
from partita.draw._svg import clean, escape, number

LETTERS = [
    ("plain", 5),
    ("e\u0301a\u0308o", 3),
    ("👩‍👩‍👧‍👦", 1),
    ("👍🏽👍", 2),
    ("🇩🇪🇫🇷🇮", 3),
    ("❤️x", 2),
    ("각각", 2),
    ("\u1100\u1161\u11a8\u1100", 2),
    ("क्षि", 1),
    ("น้ำ", 1),
    ("\r\n\n", 2),
    ("a\u200db", 2),
    ("🏴\U000e0067\U000e0062\U000e007f!", 2),
    ("", 0),
]


@pytest.mark.parametrize(("text", "count"), LETTERS, ids=[str(i) for i in range(len(LETTERS))])
def test_letters_are_what_readers_see(text, count):
    assert len(graphemes(text)) == count
    assert "".join(graphemes(text)) == text


@given(st.text(max_size=60), st.floats(5, 300), st.floats(5, 60), st.booleans())
def test_a_label_fits_its_box_and_ends_between_letters(text, width, height, bold):
    words = clean(text)
    label = fit(words, width, height, bold=bold)
    if label is None:
        return
    assert label.size * text_width(label.text, bold=bold) <= width * (1 + 1e-9)
    assert 8.0 <= label.size <= min(14.0, height)
    if label.text != words:
        kept = label.text.removesuffix("…")
        whole = ["".join(graphemes(words)[:k]).rstrip() for k in range(len(words) + 1)]
        assert kept in whole
        assert len(graphemes(kept)) < len(graphemes(words))


def test_a_text_that_fits_is_whole_and_as_large_as_allowed():
    assert fit("short", 200, 40).text == "short"
    assert fit("short", 200, 40).size == 14.0
    assert fit("short", 200, 5) is None
    assert fit("", 200, 40) is None


def test_ten_thousand_letters_are_shortened():
    label = fit("word " * 2000, 100, 20)
    assert label is not None
    assert label.text.endswith("…")
    assert label.width <= 100


@given(st.lists(st.tuples(*[st.integers(0, 400)] * 2, *[st.integers(1, 150)] * 2), max_size=25))
def test_kept_boxes_do_not_overlap_and_the_others_overlap_one(shapes):
    boxes = [Box(x, y, x + w, y + h) for x, y, w, h in shapes]
    kept = place(boxes)
    chosen = [box for box, keep in zip(boxes, kept) if keep]
    assert not any(overlaps(a, b) for a, b in combinations(chosen, 2))
    for i, box in enumerate(boxes):
        assert kept[i] != any(overlaps(box, other) for other, keep in zip(boxes[:i], kept) if keep)


def test_numbers_are_short():
    assert [number(x) for x in (0.0, -0.004, 1.005, 12.3, 1e6, -2.5)] == [
        "0",
        "0",
        "1",
        "12.3",
        "1000000",
        "-2.5",
    ]


@given(st.text(st.characters(codec=None), max_size=40))
def test_escaped_texts_can_stand_anywhere(text):
    from xml.etree import ElementTree

    written = escape(text)
    element = ElementTree.fromstring(f'<a b="{written}">{written}</a>')
    assert element.text == element.attrib["b"] or not written
    assert written.encode("utf-8").decode() == written
