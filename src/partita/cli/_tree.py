"""A hierarchy as lines of text: names, sizes, quality bars. Callers: ``show``, ``divide``, ``demo``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

ROWS_WANTED = 40
_MOST_CHILDREN = 12
_BAR = 8
_NARROW = 56
_PIPED_WIDTH = 100


class _Line(NamedTuple):
    """One line: what leads to the name, the number of the part, its name, its size and its quality."""

    lead: str
    number: str
    name: str
    depth: int
    size: int
    quality: float


class _Letters(NamedTuple):
    """What branches and bars are drawn with."""

    fork: str
    last: str
    pipe: str
    full: str
    empty: str


_DRAWN = _Letters("├── ", "└── ", "│   ", "━", "─")
_PLAIN = _Letters("|-- ", "`-- ", "|   ", "#", ".")


def print_tree(
    h: Any,
    *,
    title: str,
    depth: int | None = None,
    width: int | None = None,
    children: int | None = None,
    every_part: bool = False,
) -> None:
    """Print the tree to standard output: with colours on a terminal, plain elsewhere.

    Parameters
    ----------
    h : Hierarchy
    title : str
        The name of the first line.
    depth : int or None
        Levels below the root to print; None: as many as fit about 40 lines.
    width : int or None
        Columns to use; None: the terminal's, or 100.
    children : int or None
        Children of one part to print, largest first; the others are summed up in one line. None: 12, or more
        when one level is all that fits.
    every_part : bool
        Print the whole tree; False: only the parts of its named levels, when it has any below the root.
    """
    from partita.report.payload import quality_column

    console = _console(width)
    letters = _DRAWN if str(console.encoding).lower().startswith("utf") else _PLAIN
    tree = _every_part(h) if every_part else _outline(h)
    if depth is None:
        depth = _fitting_depth(tree, children or _MOST_CHILDREN)
    most = children or (ROWS_WANTED - 4 if depth == 1 else _MOST_CHILDREN)
    rows = _Rows(h, tree, depth, most, letters, console.width)
    lines = rows.lines(title)
    console.print(_table(lines, h.n_items, letters, narrow=console.width < _NARROW))
    column = quality_column(h)[0]
    if column and console.width >= _NARROW:
        console.print(f"Bars: {column}, from 0 (blends in) to 1 (stands apart)", style="dim")
    _tell_rest(
        console, len(tree.depth) - sum(bool(line.number) for line in lines), h.n_parts - len(tree.depth)
    )


def _tell_rest(console: Any, left: int, finer: int) -> None:
    if left:
        word = "part" if left == 1 else "parts"
        note = f"{left:,} smaller or deeper {word} not shown; --depth and --children show more"
        console.print(note, style="dim")
    if finer:
        note = f"{finer:,} parts between and below the named levels not shown; --every-part shows them"
        console.print(note, style="dim")


def _console(width: int | None) -> Any:
    from rich.console import Console

    console = Console(width=width, highlight=False, emoji=False, markup=False)
    if width is None and not console.is_terminal:
        return Console(width=_PIPED_WIDTH, highlight=False, emoji=False, markup=False)
    return console


def _table(lines: list[_Line], n_items: int, letters: _Letters, *, narrow: bool) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, overflow="crop" if letters is _PLAIN else "ellipsis", ratio=1)
    table.add_column(justify="right", no_wrap=True, min_width=max(len(f"{line.size:,}") for line in lines))
    rated = not narrow and any(not np.isnan(line.quality) for line in lines)
    if not narrow:
        table.add_column(justify="right", no_wrap=True, style="dim")
    if rated:
        table.add_column(no_wrap=True)
    for line in lines:
        name = Text()
        name.append(line.lead, style="dim")
        name.append(f"{line.number} " if line.number and line.depth else "", style="dim")
        name.append(line.name, style="bold" if line.depth < 2 else "")
        share = f"{100 * line.size / n_items:.1f} %" if n_items else "-"
        table.add_row(
            name,
            f"{line.size:,}",
            *([] if narrow else [share]),
            *([_bar(line.quality, letters)] if rated else []),
        )
    return table


def _bar(value: float, letters: _Letters) -> Any:
    from rich.text import Text

    if np.isnan(value):
        return ""
    full = round(value * _BAR)
    text = Text()
    text.append(letters.full * full, style="cyan")
    text.append(letters.empty * (_BAR - full), style="dim")
    text.append(f" {value:.2f}", style="dim")
    return text


class _Tree(NamedTuple):
    """The parts to print: the children of each, and the depth of each in this tree."""

    kids: dict[int, np.ndarray]
    depth: np.ndarray


def _every_part(h: Any) -> _Tree:
    return _hung(np.arange(h.n_parts), np.asarray(h.parent), h.sizes)


def _outline(h: Any) -> _Tree:
    """The parts of the named levels, each below the nearest that holds it."""
    from partita.report.sample import outline

    parts = outline(h)
    starts, stops = h.start[parts], h.stop[parts]
    above = np.full(len(parts), -1, dtype=np.intp)
    path: list[int] = []
    for row, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist())):
        while path and not (start >= starts[path[-1]] and stop <= stops[path[-1]]):
            path.pop()
        above[row] = path[-1] if path else -1
        path.append(row)
    return _hung(parts, above, h.sizes)


def _hung(parts: np.ndarray, above: np.ndarray, sizes: np.ndarray) -> _Tree:
    """Children in rows of `above` by part, largest first, and depths; parents stand before their children."""
    depth = np.zeros(len(parts), dtype=np.intp)
    for row, up in enumerate(above.tolist()):
        depth[row] = depth[up] + 1 if up >= 0 else 0
    order = np.lexsort((parts, -sizes[parts], above))
    bounds = np.flatnonzero(np.diff(above[order], prepend=-2))
    groups = np.split(order, bounds[1:])
    return _Tree({int(parts[above[g[0]]]): parts[g] for g in groups if above[g[0]] >= 0}, depth)


class _Rows:
    """Makes the lines of a tree, depth first without recursion."""

    def __init__(self, h: Any, tree: _Tree, depth: int, children: int, letters: _Letters, width: int) -> None:
        from partita.report.payload import part_names, quality_column

        self.h, self.tree, self.depth, self.children, self.letters = h, tree, depth, children, letters
        self.names = part_names(h)
        self.quality = quality_column(h)[1]
        self.longest_lead = 4 * max(2, width // 10)

    def lines(self, title: str) -> list[_Line]:
        lines: list[_Line] = []
        stack = [("", "", 0, self._part_line(0)._replace(name=title))]
        while stack:
            lead, below, depth, line = stack.pop()
            lines.append(line._replace(lead=lead, depth=depth))
            entries = self._entries(int(line.number[1:])) if line.number and depth < self.depth else []
            for i, entry in reversed(list(enumerate(entries))):
                end = i == len(entries) - 1
                own = below + (self.letters.last if end else self.letters.fork)
                under = below + ("    " if end else self.letters.pipe)
                stack.append((own[-self.longest_lead :], under[-self.longest_lead :], depth + 1, entry))
        return lines

    def _entries(self, part: int) -> list[_Line]:
        """What to print below a part: the largest children, the rest in one line, its own items."""
        kids = self.tree.kids.get(part, np.empty(0, np.intp))
        shown = len(kids) if len(kids) == self.children + 1 else self.children
        entries = [self._part_line(int(kid)) for kid in kids[:shown]]
        if shown < len(kids):
            rest = int(self.h.sizes[kids[shown:]].sum())
            entries.append(_other_line(f"{len(kids) - shown:,} smaller parts", rest))
        own = int(self.h.sizes[part] - self.h.sizes[kids].sum())
        if own and len(kids):
            single = self.h.own_items_are == "singletons"
            entries.append(_other_line("(single items)" if single else "(own items, in no sub-part)", own))
        return entries

    def _part_line(self, part: int) -> _Line:
        name = self.names[part] if self.names else ""
        clean = "".join(letter if letter.isprintable() else " " for letter in name).strip()
        quality = np.nan if self.quality is None else float(self.quality[part])
        return _Line("", f"#{part}", clean, 0, int(self.h.sizes[part]), quality)


def _other_line(name: str, size: int) -> _Line:
    return _Line("", "", name, 0, size, np.nan)


def _fitting_depth(tree: _Tree, children: int) -> int:
    """The greatest depth whose tree, of so many children a part, has about 40 lines; at least 1."""
    front, lines, depth = [0], 1, 0
    while front:
        groups = [tree.kids[part] for part in front if part in tree.kids]
        lines += sum(min(len(kids), children + 1) for kids in groups)
        if lines > ROWS_WANTED:
            break
        front = [int(kid) for kids in groups for kid in kids[:children]]
        depth += 1
    return max(1, depth)
