"""What a page knows of a hierarchy, as one dict of columns. Callers: ``report.page``, the command line."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita.hierarchy import Hierarchy
from partita.report.columns import standing_out
from partita.report.members import item_parts, sample_columns, sample_members, sample_rows, short_ids
from partita.report.overlap import other_columns
from partita.report.parts import extra_columns, part_columns, part_names, part_terms, quality_column
from partita.report.pictures import check_images, picture_sheets
from partita.report.places import point_columns
from partita.report.record import made_record, seconds_text
from partita.report.sample import choose_parts
from partita.report.shapes import shape_columns

__all__ = ["build_payload", "part_names", "part_terms", "quality_column", "seconds_text", "summary_line"]

_MOST_COUNTED = 6


def build_payload(
    h: Hierarchy,
    *,
    X: Any,
    texts: list[str] | None,
    images: Any,
    columns: list[str] | None = None,
    layouts: list[str] | None = None,
    positions: np.ndarray | None = None,
    other: Hierarchy | None = None,
    other_title: str | None = None,
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
    layouts : list of str or None
        Layouts of the treemap; None is the squarified one.
    positions : float64[n, 2] or None
        Places of the items on the map.
    other : Hierarchy or None
        A second hierarchy of the same items, with its title.

    Returns
    -------
    payload : dict
        Of dicts, arrays, `Words` and JSON values, ready for `packing.pack`; bounded whatever n and m are.
    """
    pictures = None if images is None else check_images(images, h.n_items)
    parts = choose_parts(h)
    sampled, samples = sample_members(h, parts, X, texts, pictures)
    far = None if images is not None else standing_out(h, parts, X, columns)
    shown = part_columns(h, parts)
    layouts = layouts or ["squarified"]
    levels = [np.searchsorted(parts, np.intersect1d(level, parts)) for level in h.levels]
    return {
        "summary": summary_line(h) + _shown_note(len(parts), h.n_parts),
        "made": made_record(h),
        "own_items_are": h.own_items_are,
        "quality_name": (quality_column(h)[0] or "quality").capitalize(),
        "parts": {**shown, "samples": samples},
        "n_levels": len(levels),
        "levels": {str(i): level for i, level in enumerate(levels)},
        "extra": extra_columns(h, parts),
        "columns": far,
        "samples": sample_columns(h, sampled, texts, typical=X is not None),
        "rows": None if texts is not None else sample_rows(X, sampled, far),
        "images": None if pictures is None else picture_sheets(pictures, sampled),
        "layouts": layouts,
        "shapes": shape_columns(h, shown, layouts),
        "points": point_columns(h, X, positions),
        "other": other_columns(h, other, other_title),
        "item_part": item_parts(h, parts),
        "item_ids": short_ids(h),
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


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
