"""The sampled items of a page and what is shown of them. Callers: ``report.payload``."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita.draw._drawn import nearest_shown
from partita.hierarchy import Hierarchy
from partita.report.packing import Words
from partita.report.parts import clip, shown_mask
from partita.report.pictures import image_cost
from partita.report.sample import choose_members, outline

_TEXT_BYTES = 4_000_000
_IMAGE_BYTES = 2_500_000
_LONGEST_TEXT = 280
_MOST_MAPPED_ITEMS = 1_000_000
_MOST_ID_BYTES = 1_000_000
_VALUES = 500_000
_MOST_VALUES_A_ROW = 12


def sample_members(
    h: Hierarchy, parts: np.ndarray, X: Any, texts: list[str] | None, images: np.ndarray | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The items that the page shows, ascending, and for every part its own of them, as one run of lists."""
    members = choose_members(h, parts, X, *_bounds(h, parts, texts, images))
    medoid = h.part_data.get("medoid")
    if medoid is not None and np.asarray(medoid).dtype.kind in "iu" and np.asarray(medoid).ndim == 1:
        members = [_first(int(medoid[v]), found) for v, found in zip(parts.tolist(), members)]
    together = np.concatenate(members)
    sampled = np.unique(together)
    lengths = [len(found) for found in members]
    return sampled, {"start": np.cumsum([0, *lengths]), "of": np.searchsorted(sampled, together)}


def sample_columns(
    h: Hierarchy, sampled: np.ndarray, texts: list[str] | None, *, typical: bool
) -> dict[str, Any]:
    """The ids and texts of the sampled items."""
    ids = h.item_ids
    return {
        "item": sampled,
        "label": None if ids is None else Words(clip(str(ids[i]), 80) for i in sampled.tolist()),
        "text": None if texts is None else Words(clip(texts[i], _LONGEST_TEXT) for i in sampled.tolist()),
        "typical": typical,
        "complete": len(sampled) == h.n_items,
    }


def sample_rows(X: Any, sampled: np.ndarray, far: dict[str, Any] | None) -> dict[str, Any] | None:
    """The values of the sampled rows in the columns in which parts differ most; None without such columns."""
    if far is None or not len(sampled):
        return None
    most = int(np.clip(_VALUES // len(sampled), 3, _MOST_VALUES_A_ROW))
    weight = np.bincount(far["column"], weights=np.abs(far["away"]), minlength=len(far["name"]))
    columns = np.sort(np.lexsort((np.arange(len(weight)), -weight))[:most])
    values = np.asarray(X[sampled][:, columns], dtype=np.float64)
    return {"column": columns.tolist(), "value": values.ravel()}


def item_parts(h: Hierarchy, parts: np.ndarray) -> np.ndarray | None:
    """The row of the deepest shown part of every item; None when there are too many items."""
    if h.n_items > _MOST_MAPPED_ITEMS:
        return None
    return np.searchsorted(parts, nearest_shown(h.parent, shown_mask(h, parts))[h.item_part])


def short_ids(h: Hierarchy) -> Words | None:
    """The ids of all items, if they are short enough for a page."""
    if h.item_ids is None or h.n_items > _MOST_MAPPED_ITEMS:
        return None
    words = Words(clip(str(word), 80) for word in h.item_ids)
    return words if sum(map(len, words)) <= _MOST_ID_BYTES else None


def _bounds(
    h: Hierarchy, parts: np.ndarray, texts: list[str] | None, images: np.ndarray | None
) -> tuple[np.ndarray, int]:
    """Members of each part and distinct members in all that fit the page's budget of bytes."""
    if images is not None:
        most, few, many = max(16, _IMAGE_BYTES // image_cost(images)), 6, 90
    elif texts is not None:
        some = [texts[i] for i in h.order[:: max(1, h.n_items // 500)]]
        length = np.mean([min(len(text), _LONGEST_TEXT) for text in some]) + 12 if some else 1.0
        most, few, many = int(_TEXT_BYTES // length), 2, 14
    else:
        most, few, many = 100_000, 4, 30
    named = np.isin(parts, outline(h))
    quota = int(np.clip(most // named.sum(), few, many))
    others = int(np.clip(most // len(parts), few, quota))
    return np.where(named, quota, others), most


def _first(item: int, members: np.ndarray) -> np.ndarray:
    """The members with `item` in front; none stay none."""
    if not len(members):
        return members
    return np.concatenate([[item], members[members != item]])[: max(1, len(members))]
