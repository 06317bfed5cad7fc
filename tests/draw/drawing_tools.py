"""What the tests of drawings share: random trees, and reading an SVG back."""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

import partita as pt
from partita.draw._labels import ASCENT, LINE, Box, text_width

SVG = "{http://www.w3.org/2000/svg}"


def random_tree(seed: int, parts: int, *, deep: bool = False) -> tuple[pt.Hierarchy, np.ndarray]:
    """A tree of `parts` parts and power-law weights of its items; some are zero, some children single."""
    rng = np.random.default_rng(seed)
    parent = np.full(parts, -1)
    for v in range(1, parts):
        parent[v] = v - 1 if deep and v < 61 else rng.integers(max(0, v - 40 if deep else 0), v)
    leaf = np.ones(parts, bool)
    leaf[parent[1:]] = False
    item_part = np.concatenate([np.flatnonzero(leaf), rng.integers(0, parts, parts // 4)])
    weight = rng.pareto(1.0, len(item_part)) * (rng.random(len(item_part)) > 0.1)
    weight[0] = 1.0
    return pt.Hierarchy.from_parent(parent, item_part), weight


class Words(NamedTuple):
    """A text of a drawing, and the box that it takes."""

    text: str
    box: Box


def words_of(svg: str) -> list[Words]:
    """The texts of a drawing in their boxes."""
    found = []
    for element in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        text = element.text or ""
        size, x, y = (float(element.attrib[name]) for name in ("font-size", "x", "y"))
        width = size * text_width(text.strip("\u2068\u2069"), bold=element.get("font-weight") == "bold")
        left = x - width / 2 if element.get("text-anchor") == "middle" else x
        found.append(Words(text, Box(left, y - 0.8 * size, left + width, y + (LINE - ASCENT) * size / 2)))
    return found


def leaf_paths(svg: str) -> list[str]:
    """The closed paths of the filled regions of a treemap, one a region."""
    filled = [
        e for e in ElementTree.fromstring(svg).iter(f"{SVG}path") if re.match(r"c\d+$", e.get("class", ""))
    ]
    return [path for element in filled for path in re.findall("M[^Z]*Z", element.attrib["d"])]


def overlaps(a: Box, b: Box) -> bool:
    """Whether two boxes share more than an edge."""
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
