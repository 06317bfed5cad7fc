"""Files in, arrays out: :func:`read` turns a file or folder into a :class:`Source`. Callers: rooms above."""

from __future__ import annotations

from partita.io.reader import read
from partita.io.source import Source

__all__ = ["Source", "read"]
