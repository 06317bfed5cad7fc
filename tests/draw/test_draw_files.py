"""Drawings as files and as objects."""

from __future__ import annotations

import pickle
import sys

import pytest

import partita as pt
from partita.draw import Drawing
from partita.draw._svg import SvgWriter

H = pt.Hierarchy.from_labels([[0, 0, 0, 1, 1, 2]])


def test_a_drawing_says_what_was_measured():
    drawing = Drawing("<svg/>", "map", 300, 200, measures={"knn accuracy": 0.5})
    assert repr(drawing) == "Drawing(map, 300 x 200; knn accuracy 0.5)"
    assert drawing._repr_html_() == "<svg/>"
    assert pickle.loads(pickle.dumps(drawing)) == drawing
    with pytest.raises(AttributeError):
        drawing.svg = ""
    with pytest.raises(TypeError):
        drawing.measures["x"] = 1.0


def test_svg_is_written_as_it_is(tmp_path):
    drawing = pt.draw.treemap(H)
    path = drawing.save(tmp_path / "parts.svg")
    assert path.read_text(encoding="utf-8") == drawing.svg
    assert [p.name for p in tmp_path.iterdir()] == ["parts.svg"]


def test_other_endings_and_folders_are_refused(tmp_path):
    drawing = pt.draw.treemap(H)
    with pytest.raises(pt.InvalidParameterError, match=r"\.svg, \.png or \.pdf"):
        drawing.save(tmp_path / "parts.jpg")
    with pytest.raises(pt.InvalidParameterError, match="folder"):
        drawing.save(tmp_path / "missing" / "parts.svg")


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch, ending):
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(pt.MissingPackageError, match=r"partita\[draw\]"):
        pt.draw.treemap(H).save(tmp_path / f"parts{ending}")
    assert not list(tmp_path.iterdir())


def test_png_and_pdf_with_the_package(tmp_path):
    pytest.importorskip("cairosvg", reason="needs the extra draw", exc_type=ImportError)
    drawing = pt.draw.treemap(H, width=300, height=200)
    assert drawing.save(tmp_path / "parts.png", scale=1).read_bytes()[:4] == b"\x89PNG"
    assert drawing.save(tmp_path / "parts.pdf").read_bytes()[:4] == b"%PDF"
    with pytest.raises(pt.InvalidParameterError, match="scale"):
        drawing.save(tmp_path / "parts.png", scale=0)


@pytest.mark.parametrize(
    ("theme", "media", "dark"), [("auto", 1, True), ("light", 0, False), ("dark", 0, True)]
)
def test_themes(theme, media, dark):
    svg = SvgWriter(10, 10, "dot", theme=theme)
    svg.rule("dot", light="fill:#036", dark="fill:#9cf")
    text = svg.render()
    assert text.count("@media") == media
    assert ("#9cf" in text) == dark


def test_a_mark_at_no_place_is_an_error():
    with pytest.raises(ValueError, match="nan"):
        SvgWriter(10, 10, "dot").circle(float("nan"), 1, 1)
