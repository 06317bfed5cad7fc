"""The page: a template filled with data that can't break out of it. Callers: ``report``, ``cli``."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from partita import __version__
from partita._core.atomic import written_aside
from partita._core.errors import InvalidDataError
from partita.hierarchy import Hierarchy
from partita.report.columns import check_columns
from partita.report.overlap import check_other
from partita.report.packing import pack
from partita.report.payload import build_payload
from partita.report.places import check_positions
from partita.report.shapes import check_layouts

_SCRIPTS = (
    "data", "layout", "colour", "pictures", "tiles", "plain", "shapes", "icicle", "map", "keys",
    "counterparts", "rows", "details", "lists", "search", "table", "record", "points", "compare",
    "levels", "looks", "main",
)  # fmt: skip
_MOST_NAMED = 2_000_000
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def write(
    h: Hierarchy,
    path: str | os.PathLike[str],
    X: Any = None,
    texts: Any = None,
    images: Any = None,
    *,
    title: str | None = None,
    note: str | None = None,
    columns: Any = None,
    layout: str | Iterable[str] = "squarified",
    positions: Any = None,
    other: Hierarchy | None = None,
    other_title: str | None = None,
) -> Path:
    """One HTML file that shows the hierarchy: treemap, icicle, map and table of its parts, with all details.

    The page has a search box, a slider for the levels, a description of every part (names, what sets it
    apart, medoids and typical members as texts, rows or images), the maker's record with its certificates
    and, beside a second hierarchy, what is alike in both. Keyboard and screen reader reach everything.

    The file needs no network and holds at most 120,000 parts (the largest) and a deterministic sample of
    members: below 15 MB for 10^6 items in 10^5 parts with rows, texts, a second hierarchy and two layouts
    beside the squarified one. Images and further layouts add to that. It is written aside and renamed, so
    that an old page stays whole when writing fails.

    Parameters
    ----------
    h : Hierarchy
        What to show. ``part_data["name"]`` and ``["terms"]`` name the parts; ``["separability"]`` is shown as
        their quality.
    path : path-like
        Where to write; the folder must exist.
    X : array or sparse matrix (n, d), optional
        The rows that were divided: the members shown are then the ones nearest to the mean of their part.
    texts : sequence of str, length n, optional
        One text an item, shown and searched. A hierarchy without names gets names from them
        (``partita.text.names``), unless that is long work: more than 2 million memberships of items in parts.
    images : array (n, height, width) or (n, height, width, 3), optional
        One image an item, gray or RGB; shrunk to at most 64 pixels a side.
    title : str, optional
        The heading; default: the name of the file.
    note : str, optional
        A sentence under the heading.
    columns : sequence of str, optional
        Names of the columns of `X`, for what sets a part apart.
    layout : str or sequence of str, optional
        Layouts of the treemap, of those of `partita.draw.treemap`; the first is shown first. All but
        ``"squarified"`` are laid out now and kept in the page.
    positions : array (n, 2), optional
        Places of the items on the map; default: the columns of `X` where it has two, else the plane along
        which its rows vary most. Without positions and `X` there is no map.
    other : Hierarchy, optional
        A second hierarchy of the same items, to compare with.
    other_title : str, optional
        What to call it; default: the method that made it.

    Returns
    -------
    path : Path
        The file that was written.

    Raises
    ------
    InvalidDataError
        When `X`, `texts`, `images`, `positions` or `other` don't fit the hierarchy's items.
    InvalidParameterError
        When a layout is unknown, the folder of `path` doesn't exist, or `path` is a folder.

    Examples
    --------
    >>> import partita as pt
    >>> h = pt.Hierarchy.from_labels([[0, 0, 1, 1]])
    >>> pt.report.write(h, "page.html", texts=["a", "b", "c", "d"]).name  # doctest: +SKIP
    'page.html'
    """
    target = Path(path)
    words = _check_texts(texts, h.n_items)
    rows = _check_rows(X, h.n_items)
    names = check_columns(columns, rows)
    payload = build_payload(
        _named(h, words),
        X=rows,
        texts=words,
        images=images,
        columns=names,
        layouts=check_layouts(layout),
        positions=check_positions(positions, h.n_items),
        other=check_other(other, h),
        other_title=other_title,
    )
    payload["note"] = note
    with written_aside(target) as aside:
        aside.write_text(render(payload, title or target.stem), encoding="utf-8", newline="\n")
    return target


def render(payload: dict[str, Any], title: str) -> str:
    """The text of the page."""
    script = _script()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "csp": policy,
        "version": __version__,
        "title": html.escape(_plain(title)),
        "css": _asset("page.css"),
        "data": embed_json(pack(payload)),
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def embed_json(value: Any) -> str:
    """JSON that is safe in a script element: ``<``, ``>``, ``&``, line separators, surrogates are escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@lru_cache(maxsize=1)
def _script() -> str:
    return "(async () => {\n" + "\n".join(_asset(f"{name}.js") for name in _SCRIPTS) + "})();\n"


@lru_cache(maxsize=16)
def _asset(name: str) -> str:
    return files("partita.report").joinpath("assets", name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _check_rows(X: Any, n_items: int) -> Any:
    if X is None:
        return None
    import numpy as np

    rows = X if hasattr(X, "toarray") else np.asarray(X)
    if rows.ndim != 2 or rows.shape[0] != n_items:
        raise InvalidDataError(
            f"X doesn't fit the hierarchy's {n_items} items.",
            name="X",
            allowed=f"a matrix with {n_items} rows",
            got=f"shape {rows.shape}",
            hint="give the rows that were divided, in their order",
        )
    return rows.tocsr() if hasattr(rows, "tocsr") else rows


def _named(h: Hierarchy, texts: list[str] | None) -> Hierarchy:
    """The hierarchy with names from the texts, if it has none and they don't take long."""
    if texts is None or "name" in h.part_data or int(h.sizes.sum()) > _MOST_NAMED:
        return h
    from partita.text import names

    return h.replace(part_data={**h.part_data, "name": names(h, texts)})


def _check_texts(texts: Any, n_items: int) -> list[str] | None:
    if texts is None:
        return None
    words = [str(text) for text in texts]
    if isinstance(texts, str) or len(words) != n_items:
        raise InvalidDataError(
            f"There are {len(words)} texts and {n_items} items.",
            name="texts",
            hint="give one text an item, in the order that was divided",
        )
    return words
