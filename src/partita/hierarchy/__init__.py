"""THE object: nested parts, flat partitions, overlapping covers; made, cut, walked, compared, kept.

Every room above makes or uses these. Kernels, SciPy and Arrow are imported when they are first needed.
"""

from __future__ import annotations

from partita.hierarchy.compare import compare
from partita.hierarchy.cover import Cover
from partita.hierarchy.files import load, load_arrays
from partita.hierarchy.make import assemble
from partita.hierarchy.model import Hierarchy
from partita.hierarchy.partition import NOISE, Partition
from partita.hierarchy.record import MadeBy

__all__ = ["NOISE", "Cover", "Hierarchy", "MadeBy", "Partition", "assemble", "compare", "load", "load_arrays"]
