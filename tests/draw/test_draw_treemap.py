"""Treemaps: exact areas, nothing lost, the same bytes each time."""

from __future__ import annotations

import pytest

import partita as pt


def test_the_same_hierarchy_gives_the_same_bytes():
    h = pt.Hierarchy.from_labels([[0, 0, 0, 1, 1, 2]])
    assert pt.draw.treemap(h).svg == pt.draw.treemap(h).svg


def test_areas_are_exact():
    drawing = pt.draw.treemap(pt.Hierarchy.from_labels([[0, 0, 0, 1, 1, 2], [0, 1, 1, 2, 3, 4]]))
    assert drawing.area_error < 1e-12
    assert drawing.measures["leaves"] == 5


def test_an_unknown_layout_is_refused():
    with pytest.raises(pt.InvalidParameterError, match="squarified"):
        pt.draw.treemap(pt.Hierarchy.from_labels([[0, 1]]), "squarefied")
