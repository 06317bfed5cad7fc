"""Dendrograms and icicles: heights, own items, and what is left out is said."""

from __future__ import annotations

import numpy as np
import pytest
from drawing_tools import random_tree, words_of
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from partita.draw._axis import ticks
from partita.draw._collapse import collapse
from partita.draw._drawn import drawn_tree

OWN = pt.Hierarchy([0, 1, 2, 3], [-1, 0], [0, 0], [4, 3], [2.0, 1.0], part_data={"name": ["all", "some"]})
NOTHING = pt.Hierarchy([], [-1], [0], [0], [0.0])
DRAWN = pytest.mark.parametrize("draw", [pt.draw.dendrogram, pt.draw.icicle], ids=["dendrogram", "icicle"])


@DRAWN
def test_the_same_bytes_and_nothing_hidden_in_a_small_tree(draw):
    assert draw(OWN).svg == draw(OWN).svg
    assert draw(OWN).measures == {"shown": 3.0, "hidden": 0.0}


@DRAWN
def test_nothing_one_item_infinite_heights_and_chains(draw):
    assert "<svg" in draw(NOTHING).svg
    assert "<svg" in draw(pt.Hierarchy([0], [-1], [0], [1], [0.0])).svg
    forest = pt.Hierarchy([0, 1], [-1, 0, 0], [0, 0, 1], [2, 1, 2], [np.inf, 1.0, 0.0])
    assert "nan" not in draw(forest).svg
    assert "∞" in pt.draw.dendrogram(forest).svg
    chain = pt.Hierarchy([0, 1], [-1, *range(60)], [0] * 61, [2] * 61, np.arange(61.0)[::-1])
    assert draw(chain).measures["shown"] > 1


@DRAWN
def test_a_large_tree_is_collapsed_and_the_drawing_says_so(draw):
    h, weight = random_tree(1, 3000)
    drawing = draw(h, sample_weight=weight)
    hidden = int(drawing.measures["hidden"])
    assert hidden > 0
    assert drawing.measures["shown"] + hidden == len(drawn_tree(h, weight).parent)
    assert any(f"{hidden:,}" in words.text for words in words_of(drawing.svg))
    assert len(drawing.svg) < 400_000


@DRAWN
def test_depth_and_levels_choose_the_parts(draw):
    h = pt.Hierarchy.from_labels([[0, 0, 0, 1, 1], [0, 0, 1, 2, 3]])
    assert draw(h).measures["shown"] == 7
    assert draw(h, levels=1).measures["shown"] == draw(h, depth=1).measures["shown"] == 3


def test_own_items_have_a_row():
    texts = [words.text for words in words_of(pt.draw.dendrogram(OWN).svg)]
    assert "some · 3 items" in texts
    assert "1 item in no sub-part" in texts
    assert "all, in no sub-part" in pt.draw.icicle(OWN).svg


def test_bars_can_end_at_heights():
    h = pt.Hierarchy.from_linkage([[0, 1, 1.0, 2], [2, 3, 2.0, 2], [4, 5, 4.0, 4]])
    texts = {words.text for words in words_of(pt.draw.icicle(h, by="height").svg)}
    assert {"0", "1", "2", "3", "4"} <= texts
    with pytest.raises(pt.InvalidParameterError, match="'depth', 'height'"):
        pt.draw.icicle(h, by="width")


@given(st.integers(0, 10**6), st.integers(1, 80), st.integers(2, 30))
def test_a_collapsed_tree_accounts_for_every_node(seed, parts, room):
    h, weight = random_tree(seed, parts)
    drawn = drawn_tree(h, weight)
    shown = collapse(drawn, h.height[drawn.part], room)
    real = shown.node >= 0
    assert real.sum() + shown.hidden.sum() == len(drawn.parent)
    assert (shown.hidden >= 0).all()
    leaf = np.ones(len(shown.node), bool)
    leaf[shown.parent[1:]] = False
    assert leaf.sum() <= room
    assert (drawn.parent[shown.node[real][1:]] == shown.node[shown.parent[real][1:]]).all()
    if drawn.leaf.sum() <= room:
        assert shown.hidden.sum() == 0


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_round_and_within(low, span):
    found = ticks(low, low + span)
    assert 2 <= len(found) <= 8
    assert all(low - 1e-6 * span <= value <= low + span * (1 + 1e-6) for value, _ in found)
