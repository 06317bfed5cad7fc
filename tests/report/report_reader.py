"""Reads a page back: its tags, its scripts and its data, without the code that wrote it."""

from __future__ import annotations

import base64
import json
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np


class Reader(HTMLParser):
    """Reads a page as a browser would: the tags, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.title = ""
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside == "title":
            self.title += data


def read_page(path: Path) -> tuple[Reader, dict[str, Any]]:
    """The tags and scripts of a page, and its data with every column as a list."""
    reader = Reader(path.read_text(encoding="utf-8"))
    return reader, unpack(json.loads(reader.scripts[0]))


def unpack(data: dict[str, Any]) -> dict[str, Any]:
    """The data with every packed column in its place, as a list."""
    packed = data.pop("packed")
    block, at = zlib.decompress(base64.b64decode(packed["block"])), 0
    for path, kind, length in packed["columns"]:
        piece = block[at : at + length]
        at += length
        place = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = _column(piece, kind)
    assert at == len(block)
    return data


def _column(piece: bytes, kind: str) -> list[Any]:
    if kind == "text":
        text = piece.decode("utf-8")
        return [] if not text else [""] if text == "\n" else text.split("\n")
    return np.frombuffer(piece, f"<{kind}").tolist()


def runs(lists: dict[str, Any]) -> list[list[Any]]:
    """Lists that were kept as one run."""
    return [lists["of"][a:b] for a, b in zip(lists["start"], lists["start"][1:])]
