"""The columns of the parts that a page shows. Callers: ``report.payload``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from partita.draw._drawn import nearest_shown
from partita.draw._graphemes import graphemes
from partita.draw._svg import clean
from partita.hierarchy import Hierarchy
from partita.report.packing import Words

QUALITY_NAMES = ("separability", "quality", "score")
_MOST_EXTRA = 8
_NAME_BYTES = 5_000_000
_TERMS = 600_000
_LONGEST_NAME = 160


def part_columns(h: Hierarchy, parts: np.ndarray) -> dict[str, Any]:
    """What is known of each shown part: arrays and `Words` of length p, and terms as lists in one run.

    Parameters
    ----------
    h : Hierarchy
    parts : intp[p]
        Ascending; the root is the first.

    Returns
    -------
    columns : dict
        ``parent`` counts in rows of the result; the root's is -1. ``hidden`` counts the parts below that are
        not shown, ``hidden_children`` the topmost of them, ``hidden_size`` the items of these.
    """
    shown = shown_mask(h, parts)
    parent = np.searchsorted(parts, nearest_shown(h.parent, shown)[h.parent[parts]])
    parent[0] = -1
    below = np.bincount(parent[1:], weights=h.sizes[parts[1:]], minlength=len(parts)).astype(np.int64)
    left_out = _left_out(h, parts, shown)
    quality = quality_column(h)[1]
    names = part_names(h)
    return {
        "id": parts,
        "parent": parent,
        "start": h.start[parts],
        "size": h.sizes[parts],
        "own": h.sizes[parts] - below - left_out["hidden_size"],
        **left_out,
        "height": np.asarray(h.height[parts], dtype=np.float64),
        "quality": None if quality is None else quality[parts],
        **_name_columns(None if names is None else [names[v] for v in parts.tolist()]),
        "terms": _term_columns(h, parts),
        "medoid": _medoids(h, parts),
    }


def extra_columns(h: Hierarchy, parts: np.ndarray) -> dict[str, Any]:
    """Further numbers of the parts, by name: one-dimensional columns, the first few."""
    taken = {"name", "terms", "medoid", quality_column(h)[0]}
    arrays = {name: np.asarray(h.part_data[name]) for name in h.part_data if name not in taken}
    fitting = [name for name, array in arrays.items() if array.ndim == 1 and array.dtype.kind in "fiub"]
    return {
        "name": [clip(name, 80) for name in fitting[:_MOST_EXTRA]],
        "of": {
            str(i): arrays[name][parts].astype(np.float64) for i, name in enumerate(fitting[:_MOST_EXTRA])
        },
    }


def quality_column(h: Hierarchy) -> tuple[str | None, np.ndarray | None]:
    """The column of ``part_data`` that says how well a part stands apart, as (name, float64[m] in [0, 1])."""
    for name in QUALITY_NAMES:
        values = h.part_data.get(name)
        if values is not None and np.asarray(values).ndim == 1 and np.asarray(values).dtype.kind in "bfiu":
            return name, np.clip(np.asarray(values, dtype=np.float64), 0.0, 1.0)
    return None, None


def part_names(h: Hierarchy) -> list[str] | None:
    """Names of the parts, or None when the hierarchy has none."""
    names = h.part_data.get("name")
    return None if names is None else ["" if name is None else str(name) for name in names]


def part_terms(value: Any) -> list[str]:
    """The terms of one part as a list, whether they were kept as a list or as one text."""
    if value is None:
        return []
    if isinstance(value, str):
        return [term for term in value.split(", ") if term]
    return [str(term) for term in value if term]


def shown_mask(h: Hierarchy, parts: np.ndarray) -> np.ndarray:
    """Which parts of the hierarchy are shown, bool[m]."""
    shown = np.zeros(h.n_parts, bool)
    shown[parts] = True
    return shown


def clip(text: str, most: int) -> str:
    """The text on one line, clean, of at most `most` characters; it is cut between letters."""
    flat = clean(text[: 8 * most])
    if len(flat) <= most:
        return flat
    kept, room = [], most - 1
    for letter in graphemes(flat[: most + 64]):
        room -= len(letter)
        if room < 0:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + "…"


def clip_all(texts: Iterable[str], most_bytes: int, longest: int) -> Words:
    """The texts on one line each, shortened alike until they all fit into so many bytes."""
    clipped = Words(clip(text, longest) for text in texts)
    if sum(len(text.encode("utf-8", "replace")) for text in clipped) > most_bytes:
        fair = max(8, most_bytes // max(1, 2 * len(clipped)))
        clipped = Words(clip(text, fair) for text in clipped)
    return clipped


def _name_columns(names: list[str] | None) -> dict[str, Any]:
    """The names, and the place of each among them by alphabet (so that the page need not sort texts)."""
    if names is None:
        return {"name": None, "name_rank": None}
    folded = [name.casefold() for name in names]
    order = sorted(range(len(names)), key=lambda row: (folded[row], row))
    rank = np.empty(len(names), dtype=np.intp)
    rank[order] = np.arange(len(names))
    return {"name": clip_all(names, _NAME_BYTES, _LONGEST_NAME), "name_rank": rank}


def _term_columns(h: Hierarchy, parts: np.ndarray) -> dict[str, Any] | None:
    """The terms of all parts as numbers into one vocabulary."""
    values = h.part_data.get("terms")
    if values is None:
        return None
    most = int(np.clip(_TERMS // len(parts), 4, 12))
    terms = [[clip(term, 80) for term in part_terms(values[v])[:most]] for v in parts.tolist()]
    vocabulary = {term: i for i, term in enumerate(sorted({term for row in terms for term in row}))}
    return {
        "word": Words(vocabulary),
        "start": np.cumsum([0, *(len(row) for row in terms)]),
        "of": np.array([vocabulary[term] for row in terms for term in row], dtype=np.intp),
    }


def _medoids(h: Hierarchy, parts: np.ndarray) -> np.ndarray | None:
    """The medoid of each part, where the maker has left them."""
    medoid = h.part_data.get("medoid")
    if medoid is None or np.asarray(medoid).ndim != 1 or np.asarray(medoid).dtype.kind not in "iu":
        return None
    chosen = np.asarray(medoid)[parts]
    return chosen if len(chosen) and chosen.min() >= 0 and chosen.max() < h.n_items else None


def _left_out(h: Hierarchy, parts: np.ndarray, shown: np.ndarray) -> dict[str, np.ndarray]:
    """For every shown part, the parts below it that are not shown, their heads and the items in these.

    A head is a part that is not shown, holds no part that is, and whose parent does or is.
    """
    holds = np.zeros(h.n_parts, bool)
    for part in parts.tolist():
        while part >= 0 and not holds[part]:
            holds[part] = True
            part = int(h.parent[part])
    owner = nearest_shown(h.parent, shown)
    lost = np.flatnonzero(~holds)
    heads = lost[holds[h.parent[lost]]]
    size = np.bincount(owner[heads], weights=h.sizes[heads], minlength=h.n_parts)
    return {
        "hidden": np.bincount(owner[np.flatnonzero(~shown)], minlength=h.n_parts)[parts],
        "hidden_children": np.bincount(owner[heads], minlength=h.n_parts)[parts],
        "hidden_size": size.astype(np.int64)[parts],
    }
