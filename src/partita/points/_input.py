"""Rows checked and in content order, under the name by which the makers of points know them."""

from partita.hierarchy.rows import (
    CanonicalRows,
    canonical_rows,
    check_points,
    check_weights,
    hashes_of,
    unit_rows,
)

__all__ = ["CanonicalRows", "canonical_rows", "check_points", "check_weights", "hashes_of", "unit_rows"]
