"""Newick texts: an iterative reader that says where a text is malformed, and a writer."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.errors import FileFormatError, InvalidDataError
from partita.hierarchy.partition import NOISE
from partita.hierarchy.record import MadeBy

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy

_TOKEN = re.compile(r"\s+|'(?:[^']|'')*'|[(),:;]|[^\s()\[\]':;,]+|\[|'|\]")
_COMMENT = re.compile(r"[\[\]]")
_SPECIAL = re.compile(r"[\s()\[\]':;,_]")


class _Reader:
    """One pass over a text: nodes in preorder, with parents, names and branch lengths."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parent, self.names, self.lengths = [NOISE], [""], [math.nan]
        self.node, self.done = 0, False
        # What may come next, so that "a b", "(a)(b)" and "a:1:2" are refused.
        self.named, self.closed, self.wants_length, self.measured = False, False, False, False

    def fail(self, at: int, why: str) -> FileFormatError:
        """The error at a place of the text, by line and column."""
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        near = self.text[max(at - 20, 0) : at + 20]
        return FileFormatError(
            f"The Newick text is malformed at line {line}, column {column} (character {at}): {why}.",
            name="text",
            got=near,
            hint="a tree looks like ((a:1,b:1)ab:2,c:3);",
        )

    def read(self) -> None:
        """Read the whole text."""
        at, text = 0, self.text
        while at < len(text):
            match = _TOKEN.match(text, at)
            token = match[0] if match else text[at]
            if token == "[":
                at = self._comment(at)
                continue
            if not token.isspace():
                self._take(token, at)
            at += len(token)
        if not self.done:
            why = "the final ';' is missing" if self.node == 0 else "a '(' is never closed"
            raise self.fail(len(text), why)

    def _comment(self, at: int) -> int:
        depth = 0
        for match in _COMMENT.finditer(self.text, at):
            depth += 1 if match[0] == "[" else -1
            if depth == 0:
                return match.end()
        raise self.fail(at, "a comment is never closed")

    def _take(self, token: str, at: int) -> None:
        if self.done:
            raise self.fail(at, "there is something after the ';'")
        if self.wants_length and token in "(),:;'[]":
            raise self.fail(at, "a branch length is missing after ':'")
        if token == "(":
            self._open(at)
        elif token in ",)":
            self._next(token, at)
        elif token == ":":
            if self.measured:
                raise self.fail(at, "a second branch length")
            self.wants_length = True
        elif token == ";":
            if self.node != 0:
                raise self.fail(at, "a '(' is never closed")
            self.done = True
        elif token in "']":
            raise self.fail(at, "a quote is never closed" if token == "'" else "a ']' without '['")
        else:
            self._word(token, at)

    def _add(self, parent: int) -> None:
        self.parent.append(parent)
        self.names.append("")
        self.lengths.append(math.nan)
        self.node = len(self.parent) - 1
        self.named = self.closed = self.measured = False

    def _open(self, at: int) -> None:
        if self.named or self.closed or self.measured:
            raise self.fail(at, "a '(' where ',' or ')' is expected")
        self._add(self.node)

    def _next(self, token: str, at: int) -> None:
        above = self.parent[self.node]
        if above < 0:
            raise self.fail(at, f"a {token!r} outside of all parentheses")
        if token == ",":
            self._add(above)
        else:
            self.node, self.named, self.closed, self.measured = above, False, True, False

    def _word(self, token: str, at: int) -> None:
        if self.wants_length:
            try:
                length = float(token) if "_" not in token else math.nan
            except ValueError:
                length = math.nan
            if not math.isfinite(length):
                raise self.fail(at, f"{token!r} is no branch length")
            self.lengths[self.node], self.measured, self.wants_length = length, True, False
            return
        if self.named or self.measured:
            raise self.fail(at, "a name where ',', ')' or ';' is expected")
        quoted = token[0] == "'"
        self.names[self.node] = token[1:-1].replace("''", "'") if quoted else token.replace("_", " ")
        self.named = True


def from_newick(text: str, *, made_by: MadeBy | None = None) -> Hierarchy:
    """A hierarchy from a Newick text; see `Hierarchy.from_newick`."""
    if not isinstance(text, str):
        raise InvalidDataError("A Newick tree is a text.", name="text", got=text, hint="read the file first")
    from partita.hierarchy.make import from_parent

    reader = _Reader(text)
    reader.read()
    parent = np.array(reader.parent, dtype=np.intp)
    if len(parent) == 1 and not (reader.named or reader.closed or reader.measured):
        return from_parent(np.empty(0, dtype=np.intp), made_by=made_by or MadeBy(method="newick"))
    inner = np.zeros(len(parent), dtype=bool)
    inner[parent[1:]] = True
    names = np.array(reader.names, dtype=object)
    height, notes = _heights(parent, inner, np.array(reader.lengths))
    named = inner.any() and any(names[inner])
    return from_parent(
        parent,
        height=height,
        part_data={"name": names[inner]} if named else None,
        item_ids=names[~inner] if any(names[~inner]) else None,
        made_by=(made_by or MadeBy(method="newick")).with_notes(*notes),
    )


def _heights(
    parent: np.ndarray, inner: np.ndarray, lengths: np.ndarray
) -> tuple[np.ndarray | None, list[str]]:
    """The longest way down from each node, and what had to be assumed."""
    given = ~np.isnan(lengths)
    if not given[1:].any():
        return None, []
    notes = []
    missing = int((~given[1:]).sum())
    if missing:
        notes.append(f"{missing:,} missing branch lengths count as 0")
    length = np.where(given, lengths, 0.0)
    height, shallowest = np.zeros(len(parent)), np.where(inner, np.inf, 0.0)
    height[inner] = -np.inf
    up, edge = parent.tolist(), length.tolist()
    high, low = height.tolist(), shallowest.tolist()
    for node in range(len(up) - 1, 0, -1):
        above = up[node]
        high[above] = max(high[above], high[node] + edge[node])
        low[above] = min(low[above], low[node] + edge[node])
    height, shallowest = np.array(high), np.array(low)
    if np.any(np.abs(height - shallowest) > 1e-9 * np.maximum(np.abs(height), 1.0)):
        notes.append("leaves lie at different distances from the root: heights are the longest ways down")
    return height, notes


def to_newick(h: Hierarchy, *, lengths: bool = True) -> str:
    """The tree as a Newick text: items are leaves, named by their ids or numbers.

    Parameters
    ----------
    h : Hierarchy
    lengths : bool
        Write branch lengths: the height of the part above minus the part's own; items lie at height 0.

    Returns
    -------
    text : str
        Parts bear ``part_data["name"]`` where it is there. Without items: ``";"``.

    Raises
    ------
    InvalidDataError
        When a part is empty (Newick has no such node), or a branch length would not be finite.

    Examples
    --------
    >>> from partita.hierarchy import Hierarchy
    >>> to_newick(Hierarchy.from_linkage([[0, 1, 1.0, 2], [2, 3, 2.0, 3]]))
    '((0:1.0,1:1.0):1.0,2:2.0);'
    """
    if h.n_items == 0 and h.n_parts == 1:
        return ";"
    empty = np.flatnonzero(h.sizes == 0)
    if len(empty):
        raise InvalidDataError(
            f"Part {int(empty[0])} is empty, and Newick has no empty parts.", name="hierarchy"
        )
    height = h.height.copy()
    if h.n_parts == 1 and not np.isfinite(height[0]):
        height[0] = 0.0
    if lengths and not np.isfinite(height).all():
        part = int(np.flatnonzero(~np.isfinite(height))[0])
        raise InvalidDataError(
            f"The height of part {part} is infinite, so that its branches have no length.",
            name="height",
            hint="to_newick(lengths=False)",
        )
    return _text(h, height, lengths)


def _text(h: Hierarchy, height: np.ndarray, lengths: bool) -> str:
    names = h.part_data.get("name")
    ids = np.arange(h.n_items) if h.item_ids is None else h.item_ids
    parent, depth, own, stop = h.parent.tolist(), h.depth.tolist(), h._own.tolist(), h.stop.tolist()
    order, scale = h.order.tolist(), height.tolist()
    out: list[str] = []

    def close(part: int) -> None:
        leaves = [
            _quoted(ids[order[i]]) + _length(scale[part], lengths) for i in range(own[part], stop[part])
        ]
        if leaves and out[-1] != "(":
            out.append(",")
        out.append(",".join(leaves) + ")" + ("" if names is None else _quoted(names[part])))
        if parent[part] >= 0:
            out.append(_length(scale[parent[part]] - scale[part], lengths))

    open_parts: list[int] = []
    for part in range(h.n_parts):
        while len(open_parts) > depth[part]:
            close(open_parts.pop())
        if out and out[-1] != "(":
            out.append(",")
        out.append("(")
        open_parts.append(part)
    while open_parts:
        close(open_parts.pop())
    return "".join(out) + ";"


def _length(value: float, lengths: bool) -> str:
    return f":{value!r}" if lengths else ""


def _quoted(name: Any) -> str:
    text = str(name)
    return "'" + text.replace("'", "''") + "'" if _SPECIAL.search(text) else text
