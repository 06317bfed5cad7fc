"""Draws the pictures of the gallery. Run it with the real data: ``PARTITA_DATA=... python docs/gallery.py``.

The data stay where they are; only pictures made of them are kept.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris

import partita as pt

STATIC = Path(__file__).parent / "_static"
TREES = Path(os.environ["PARTITA_DATA"]) / "trees"


def nested(paths: Iterable[tuple[str, ...]]) -> pt.Hierarchy:
    """A hierarchy of items that lie in parts named by a path each, coarse to fine."""
    number: dict[tuple[str, ...], int] = {(): 0}
    parent, names, item_part = [-1], ["all"], []
    for path in paths:
        for k in range(1, len(path) + 1):
            if path[:k] not in number:
                number[path[:k]] = len(parent)
                parent.append(number[path[: k - 1]])
                names.append(path[k - 1])
        item_part.append(number[path])
    return pt.Hierarchy.from_parent(parent, item_part, part_data={"name": names})


def flare() -> tuple[pt.Hierarchy, np.ndarray]:
    """The classes of a library in their packages, with their sizes in bytes."""
    rows = json.loads((TREES / "flare.json").read_text())
    above = {row["id"]: row for row in rows}
    paths, sizes = [], []
    for row in rows:
        if "size" in row:
            sizes.append(row["size"])
            path: list[str] = []
            while "parent" in row:
                path.insert(0, row["name"])
                row = above[row["parent"]]
            paths.append(tuple(path))
    return nested(paths), np.array(sizes, dtype=float)


def table(file: str, columns: tuple[str, ...], weight: str) -> tuple[pt.Hierarchy, np.ndarray]:
    """The rows of a table, nested by columns, with the weights in another."""
    with gzip.open(TREES / file, "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    paths = [tuple(row[column] for column in columns) for row in rows]
    return nested(paths), np.array([float(row[weight] or 0) for row in rows])


def save(drawing: pt.draw.Drawing, name: str) -> None:
    path = drawing.save(STATIC / name, scale=1) if name.endswith(".png") else drawing.save(STATIC / name)
    print(f"{name}: {path.stat().st_size:,} bytes, {drawing}")


def main() -> None:
    h, sizes = flare()
    for layout in ("squarified", "rectangular", "polygonal", "convex", "orthoconvex"):
        drawing = pt.draw.treemap(
            h, layout, sample_weight=sizes, order="weight", width=760, height=480, title="Classes of flare"
        )
        save(drawing, f"draw_flare_{layout}.svg")
    save(pt.draw.icicle(h, sample_weight=sizes, width=760, height=320), "draw_icicle.svg")
    h, routes = table("openflights-airports.csv.gz", ("region", "country", "name"), "routes")
    drawing = pt.draw.treemap(h, "rectangular", sample_weight=routes, order="weight", depth=2)
    save(drawing, "draw_airports.svg")
    h, kib = table("debian-installed-size.csv.gz", ("section", "source", "name"), "installed_size_kib")
    save(pt.draw.treemap(h, "rectangular", sample_weight=kib, order="weight"), "draw_debian.png")
    h = pt.points.Linkage("ward").fit(load_iris().data).hierarchy_
    save(pt.draw.dendrogram(h, width=760, height=420), "draw_dendrogram.svg")


if __name__ == "__main__":
    main()
