"""What a page knows of a hierarchy, as one JSON-able dict of columns. Callers: ``report.page``."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from partita.hierarchy import Hierarchy
from partita.report.columns import MOST_COLUMNS, standing_out
from partita.report.pictures import check_images, image_cost, picture_sheets
from partita.report.sample import choose_members, choose_parts, outline

QUALITY_NAMES = ("separability", "quality", "score")
_TEXT_BYTES = 1_600_000
_IMAGE_BYTES = 2_500_000
_LONGEST_TEXT = 280
_MOST_MAPPED_ITEMS = 100_000
_MOST_ID_BYTES = 1_000_000
_MOST_EXTRA = 8
_MOST_COUNTED = 6


def build_payload(
    h: Hierarchy, *, X: Any, texts: list[str] | None, images: Any, columns: list[str] | None = None
) -> dict[str, Any]:
    """Everything that the page's script reads.

    Parameters
    ----------
    h : Hierarchy
    X : array (n, d) or None
        Rows that were divided; with them the sample members of a part are the ones nearest to its mean.
    texts : list of str or None
    images : array (n, h, w) or (n, h, w, 3), or None
    columns : list of str or None
        Names of the columns of `X`.

    Returns
    -------
    payload : dict
        JSON-able; bounded whatever n and m are.
    """
    pictures = None if images is None else check_images(images, h.n_items)
    parts = choose_parts(h)
    members = choose_members(h, parts, X, *_sample_bounds(h, parts, texts, pictures))
    sampled = np.unique(np.concatenate(members)) if members else np.empty(0, np.intp)
    return {
        "summary": summary_line(h) + _shown_note(len(parts), h.n_parts),
        "made": _made_line(h),
        "own_items_are": h.own_items_are,
        "quality_name": (quality_column(h)[0] or "quality").capitalize(),
        "parts": _part_columns(h, parts, [np.searchsorted(sampled, rows).tolist() for rows in members]),
        "levels": [np.searchsorted(parts, np.intersect1d(level, parts)).tolist() for level in h.levels],
        "extra": _extra_columns(h, parts),
        "columns": None if images is not None else _standing_out(h, parts, X, columns),
        "samples": _sample_columns(h, sampled, texts, typical=X is not None),
        "images": None if pictures is None else picture_sheets(pictures, sampled),
        "item_part": _item_parts(h, parts),
        "item_ids": _short_ids(h),
    }


def summary_line(h: Hierarchy) -> str:
    """``"1,797 items in 36 parts"``, and the sizes of the named levels when there are some below the root."""
    words = f"{h.n_items:,} {_plural(h.n_items, 'item')} in {h.n_parts:,} {_plural(h.n_parts, 'part')}"
    counts = [f"{len(level):,}" for level in h.levels[1:]]
    if len(counts) > _MOST_COUNTED:
        counts = [*counts[: _MOST_COUNTED - 1], "…", counts[-1]]
    return f"{words}; named levels of {' > '.join(counts)}" if counts else words


def _shown_note(shown: int, n_parts: int) -> str:
    return "" if shown == n_parts else f"; the {shown:,} largest parts are in this page"


def seconds_text(h: Hierarchy) -> str:
    """How long the maker took: ``"0.25 s"``, ``"604 s"``, or nothing when it isn't known."""
    seconds = h.made_by.seconds
    if seconds is None:
        return ""
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


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


def _sample_bounds(
    h: Hierarchy, parts: np.ndarray, texts: list[str] | None, images: np.ndarray | None
) -> tuple[np.ndarray, int]:
    """Members of each part and distinct members in all that fit the page's budget of bytes."""
    if images is not None:
        most, few, many = max(16, _IMAGE_BYTES // image_cost(images)), 6, 90
    elif texts is not None:
        some = [texts[i] for i in h.order[:: max(1, h.n_items // 500)]]
        length = np.mean([min(len(text), _LONGEST_TEXT) for text in some]) + 12 if some else 1.0
        most, few, many = int(_TEXT_BYTES // length), 3, 14
    else:
        most, few, many = 60_000, 4, 30
    named = np.isin(parts, outline(h))
    quota = int(np.clip(most // named.sum(), few, many))
    others = int(np.clip(most // len(parts), few, quota))
    return np.where(named, quota, others), most


def _part_columns(h: Hierarchy, parts: np.ndarray, samples: list[list[int]]) -> dict[str, Any]:
    quality = quality_column(h)[1]
    names = part_names(h)
    terms = h.part_data.get("terms")
    shown = np.zeros(h.n_parts, bool)
    shown[parts] = True
    parent = np.searchsorted(parts, _nearest_shown(h, shown)[h.parent[parts]])
    parent[0] = -1
    below = np.bincount(parent[1:], weights=h.sizes[parts[1:]], minlength=len(parts)).astype(np.int64)
    left_out = _left_out(h, parts, shown)
    return {
        "id": parts.tolist(),
        "parent": parent.tolist(),
        "size": h.sizes[parts].tolist(),
        "own": (h.sizes[parts] - below - left_out["hidden_size"]).tolist(),
        **{name: counts.tolist() for name, counts in left_out.items()},
        "height": _numbers(h.height[parts]),
        "quality": None if quality is None else _numbers(quality[parts]),
        "name": None if names is None else [_clip(names[v], 160) for v in parts],
        "terms": None if terms is None else [part_terms(terms[v])[:12] for v in parts],
        "samples": samples,
    }


def _left_out(h: Hierarchy, parts: np.ndarray, shown: np.ndarray) -> dict[str, np.ndarray]:
    """For every shown part, the parts below it that are not shown, their heads and the items in these.

    A head is a part that is not shown, holds no part that is, and whose parent does or is.
    """
    holds = np.zeros(h.n_parts, bool)
    for part in parts.tolist():
        while part >= 0 and not holds[part]:
            holds[part] = True
            part = int(h.parent[part])
    owner = _nearest_shown(h, shown)
    lost = np.flatnonzero(~holds)
    heads = lost[holds[h.parent[lost]]]
    size = np.bincount(owner[heads], weights=h.sizes[heads], minlength=h.n_parts)
    return {
        "hidden": np.bincount(owner[np.flatnonzero(~shown)], minlength=h.n_parts)[parts],
        "hidden_children": np.bincount(owner[heads], minlength=h.n_parts)[parts],
        "hidden_size": size.astype(np.int64)[parts],
    }


def _nearest_shown(h: Hierarchy, shown: np.ndarray) -> np.ndarray:
    """For every part the deepest shown part at or above it; pointer doubling, O(m log depth)."""
    above = np.where(shown, np.arange(h.n_parts), h.parent)
    while not shown[above].all():
        above = above[above]
    return above


def _extra_columns(h: Hierarchy, parts: np.ndarray) -> dict[str, list[Any]]:
    """Further numbers of the parts, by name: one-dimensional columns, the first few."""
    taken = {"name", "terms", quality_column(h)[0]}
    arrays = {name: np.asarray(h.part_data[name]) for name in h.part_data if name not in taken}
    fitting = [name for name, array in arrays.items() if array.ndim == 1 and array.dtype.kind in "fiub"]
    return {name: _numbers(arrays[name][parts]) for name in fitting[:_MOST_EXTRA]}


def _standing_out(h: Hierarchy, parts: np.ndarray, X: Any, names: list[str] | None) -> dict[str, Any] | None:
    """Where the parts stand out, for rows of nameable width; None for sparse and very wide rows."""
    if not isinstance(X, np.ndarray) or X.shape[1] > MOST_COLUMNS or X.dtype.kind not in "fiub":
        return None
    known = names or [f"column {j}" for j in range(X.shape[1])]
    return {"name": [_clip(name, 80) for name in known], "of": standing_out(h, parts, X)}


def _sample_columns(
    h: Hierarchy, sampled: np.ndarray, texts: list[str] | None, *, typical: bool
) -> dict[str, Any]:
    ids = h.item_ids
    return {
        "label": [_clip(str(i if ids is None else ids[i]), 80) for i in sampled.tolist()],
        "text": None if texts is None else [_clip(texts[i], _LONGEST_TEXT) for i in sampled.tolist()],
        "named": ids is not None,
        "typical": typical,
        "complete": len(sampled) == h.n_items,
    }


def _item_parts(h: Hierarchy, parts: np.ndarray) -> str | None:
    """The shown part of every item, little-endian uint32 in base64; None when there are too many items."""
    if h.n_items > _MOST_MAPPED_ITEMS:
        return None
    shown = np.zeros(h.n_parts, bool)
    shown[parts] = True
    rows = np.searchsorted(parts, _nearest_shown(h, shown)[h.item_part])
    return base64.b64encode(rows.astype("<u4").tobytes()).decode()


def _short_ids(h: Hierarchy) -> list[str] | None:
    ids = h.item_ids
    if ids is None or h.n_items > _MOST_MAPPED_ITEMS:
        return None
    words = [_clip(str(word), 80) for word in ids]
    return words if sum(map(len, words)) <= _MOST_ID_BYTES else None


def _numbers(values: np.ndarray) -> list[float | str | None]:
    """Six significant digits; infinities as words and NaN as null, since JSON has neither."""
    return [
        None if math.isnan(x) else ("inf" if x > 0 else "-inf") if math.isinf(x) else float(f"{x:.6g}")
        for x in np.asarray(values, dtype=np.float64).tolist()
    ]


def _made_line(h: Hierarchy) -> str:
    made = h.made_by
    return " · ".join(filter(None, (made.method, f"Partita {made.version}".strip(), seconds_text(h))))


def _clip(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
