"""Newick texts: read, written, and refused with a place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_builders import hierarchies

import partita as pt
from partita.hierarchy import Hierarchy

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)


@given(hierarchies(), st.data())
def test_written_and_read(h, data):
    """Any tree without empty parts comes back: parts, heights and all names, however odd."""
    if (h.sizes == 0).any() and h.n_parts > 1:
        with pytest.raises(pt.InvalidDataError, match="empty"):
            h.to_newick()
        return
    names = [data.draw(NAMES) for _ in range(h.n_parts)]
    ids = [data.draw(NAMES) for _ in range(h.n_items)]
    h = h.replace(part_data={"name": names}, item_ids=ids, levels=None, own_items_are="singletons")
    if np.isinf(h.height).any() and h.n_parts > 1 and h.n_items:
        with pytest.raises(pt.InvalidDataError, match="infinite"):
            h.to_newick()
        back = Hierarchy.from_newick(h.to_newick(lengths=False))
    else:
        back = Hierarchy.from_newick(h.to_newick())
    assert (back.n_items, back.n_parts) == (h.n_items, h.n_parts)
    if h.n_items == 0:
        return
    if any(ids):
        found = {frozenset(back.item_ids[back.members(v)]) for v in range(back.n_parts)}
        assert found == {frozenset(h.item_ids[h.members(v)]) for v in range(h.n_parts)}
    if any(names):
        assert sorted(back.part_data["name"]) == sorted(names)
    else:
        assert "name" not in back.part_data


def test_heights_are_ways_down():
    h = Hierarchy.from_newick("((a:1,b:1)ab:2,(c:2.5,d:2.5)cd:.5e0,e:3)r;")
    assert dict(zip(h.part_data["name"], h.height)) == {"r": 3.0, "ab": 1.0, "cd": 2.5}
    assert h.made_by.notes == ()
    assert Hierarchy.from_newick(h.to_newick()) == h
    assert pt.compare(h.cut(height=2.6), [0, 0, 1, 1, 2])["vi"] == 0.0
    uneven = Hierarchy.from_newick("((a:1,b:3):1,c:1);")
    assert uneven.height.tolist() == [4.0, 3.0]
    assert "different distances" in uneven.made_by.notes[0]
    assert "missing branch lengths" in Hierarchy.from_newick("((a:1,b),c:1);").made_by.notes[0]
    assert "inversions" in Hierarchy.from_newick("((a:3,b:3):-2,c:1);").made_by.notes[-1]


def test_edges_count_without_lengths():
    h = Hierarchy.from_newick("(((a,b),c),d);")
    assert h.height.tolist() == [3.0, 2.0, 1.0]
    assert h.cut(n_clusters=3).labels.tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("(a,b);", ["a", "b"]),
        (" ( a , 'b c' )\n; ", ["a", "b c"]),
        ("('it''s',b_c);", ["it's", "b c"]),
        ("(a[one [nested]],b[&&NHX:x=1])[end];[after]", ["a", "b"]),
        ("(,x);", ["", "x"]),
        ("('',x);", ["", "x"]),
        ("a;", ["a"]),
        ("((a));", ["a"]),
        ("a:1.5;", ["a"]),
    ],
)
def test_what_may_be_written(text, ids):
    assert Hierarchy.from_newick(text).item_ids.tolist() == ids


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", 0, "missing"),
        ("(a,b)", 5, "missing"),
        ("(a,b", 4, "never closed"),
        ("(a,(b);", 6, "never closed"),
        ("(a,b));", 5, "outside"),
        ("a,b;", 1, "outside"),
        ("(a b);", 3, "name where"),
        ("(a)(b);", 3, "expected"),
        ("(a,b)c(d);", 6, "expected"),
        ("(a:x,b);", 3, "no branch length"),
        ("(a:nan,b);", 3, "no branch length"),
        ("(a:1_0,b);", 3, "no branch length"),
        ("(a:,b);", 3, "missing"),
        ("(a:1:2,b);", 4, "second"),
        ("(a,b);c", 6, "after"),
        ("(a,'b);", 3, "quote"),
        ("(a,b[c);", 4, "comment"),
        ("(a,b]);", 4, "without"),
        ("(a:1 b,c);", 5, "name where"),
    ],
)
def test_malformed_with_the_place(text, place, words):
    with pytest.raises(pt.FileFormatError, match=words) as caught:
        Hierarchy.from_newick(text)
    assert f"(character {place})" in str(caught.value)
    assert caught.value.hint


def test_line_and_column():
    with pytest.raises(pt.FileFormatError, match="line 3, column 1"):
        Hierarchy.from_newick("(a,\nb,\n]);")


@given(st.text("(),:;'[] ab1._\n-", max_size=25))
def test_any_text_is_a_tree_or_refused(text):
    try:
        h = Hierarchy.from_newick(text)
    except pt.FileFormatError:
        return
    h.check()
    assert text.rstrip().endswith((";", "]"))


def test_very_deep_and_very_wide():
    deep = 50_000
    h = Hierarchy.from_newick("(" * deep + "a" + ",b)" * deep + ";")
    assert (h.n_items, h.depth.max()) == (deep + 1, deep - 1)
    assert Hierarchy.from_newick(h.to_newick()) == h
    wide = Hierarchy.from_newick("(" + ",".join(f"x{i}" for i in range(deep)) + ");")
    assert (wide.n_items, wide.n_parts) == (deep, 1)


@pytest.mark.parametrize("text", [None, 5, b"(a,b);"])
def test_what_is_no_text(text):
    with pytest.raises(pt.InvalidDataError):
        Hierarchy.from_newick(text)
