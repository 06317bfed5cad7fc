"""A hierarchy as lines of text: names, sizes, quality bars. Callers: ``show``, ``divide``, ``demo``."""

from __future__ import annotations

from typing import Any

import numpy as np

ROWS_WANTED = 40
_MOST_CHILDREN = 12
_BAR = 8


def print_tree(
    h: Any, *, title: str, depth: int | None = None, width: int | None = None, children: int = _MOST_CHILDREN
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
    children : int
        Children of one part to print, largest first; the others are summed up in one line.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console(width=width, highlight=False, emoji=False, markup=False)
    if width is None and not console.is_terminal:
        console = Console(width=100, highlight=False, emoji=False, markup=False)
    plain = not str(console.encoding).lower().startswith("utf")
    rows = _Rows(h, title, _fitting_depth(h, children) if depth is None else depth, children, plain)
    quality = any(row[3] for row in rows.lines)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, overflow="ellipsis" if not plain else "crop", ratio=1)
    table.add_column(justify="right", no_wrap=True, min_width=max(len(row[1]) for row in rows.lines))
    table.add_column(justify="right", no_wrap=True, style="dim")
    narrow = console.width < 56
    for name, size, share, bar in rows.lines:
        cells = [name, size] + ([] if narrow else [share] + ([bar] if quality else []))
        table.add_row(*cells)
    if narrow:
        table.columns.pop()
    elif quality:
        table.columns[3].no_wrap = True
    console.print(table)
    if rows.cut:
        console.print(
            f"{rows.cut:,} smaller or deeper parts not shown; --depth and --children show more", style="dim"
        )


class _Rows:
    """The lines of a tree, made depth first without recursion."""

    def __init__(self, h: Any, title: str, depth: int, children: int, plain: bool) -> None:
        from partita.report.payload import part_names, quality_column

        self.h, self.depth, self.children, self.plain = h, depth, children, plain
        self.names = part_names(h)
        self.quality = quality_column(h)[1]
        self.lines: list[tuple[Any, str, str, Any]] = []
        self.shown = 0
        self._walk(title)
        self.cut = h.n_parts - self.shown

    def _walk(self, title: str) -> None:
        from rich.text import Text

        fork, last, pipe = ("|-- ", "`-- ", "|   ") if self.plain else ("├── ", "└── ", "│   ")
        stack: list[tuple[int, str, str, int, str]] = [(0, "", "", 0, title)]
        while stack:
            part, lead, below, depth, name = stack.pop()
            text = Text(lead, style="dim")
            number, space, word = name.partition(" ")
            if number.startswith("#"):
                text.append(number + space, style="dim")
                name = word
            text.append(name, style="bold" if depth < 2 else "")
            if part < 0:
                self.lines.append((text, f"{-part - 1:,}", self._share(-part - 1), ""))
                continue
            self.shown += 1
            size = int(self.h.sizes[part])
            self.lines.append((text, f"{size:,}", self._share(size), self._bar(part)))
            entries = self._entries(part) if depth < self.depth else []
            for i, (child, label) in reversed(list(enumerate(entries))):
                end = i == len(entries) - 1
                stack.append(
                    (
                        child,
                        below + (last if end else fork),
                        below + ("    " if end else pipe),
                        depth + 1,
                        label,
                    )
                )

    def _entries(self, part: int) -> list[tuple[int, str]]:
        """Children to print; what is summed up carries its size as ``-size - 1``."""
        kids = self.h.children(part)
        sizes = self.h.sizes[kids]
        kids = kids[np.lexsort((kids, -sizes))]
        entries = [(int(kid), self._name(int(kid))) for kid in kids[: self.children]]
        rest = kids[self.children :]
        if len(rest) == 1:
            entries.append((int(rest[0]), self._name(int(rest[0]))))
        elif len(rest):
            entries.append((-int(self.h.sizes[rest].sum()) - 1, f"{len(rest):,} smaller parts"))
        own = len(self.h.own_items(part))
        if own and len(kids):
            word = "single items" if self.h.own_items_are == "singletons" else "in no smaller part"
            entries.append((-own - 1, f"({word})"))
        return entries

    def _name(self, part: int) -> str:
        name = self.names[part] if self.names else ""
        clean = "".join(letter if letter.isprintable() else " " for letter in name)
        return f"#{part} {clean}" if clean.strip() else f"part {part}"

    def _share(self, size: int) -> str:
        return f"{100 * size / self.h.n_items:.1f} %" if self.h.n_items else "-"

    def _bar(self, part: int) -> Any:
        from rich.text import Text

        if self.quality is None or np.isnan(self.quality[part]):
            return ""
        value = float(self.quality[part])
        full = round(value * _BAR)
        on, off = ("#", ".") if self.plain else ("█", "░")
        colour = "green" if value >= 0.8 else "yellow" if value >= 0.5 else "red"
        text = Text(on * full, style=colour)
        text.append(off * (_BAR - full), style="dim")
        text.append(f" {value:.2f}", style="dim")
        return text


def _fitting_depth(h: Any, children: int) -> int:
    """The greatest depth whose tree has about 40 lines, at least 1."""
    counts = np.bincount(h.depth)
    lines = np.cumsum(counts)
    fitting = np.flatnonzero(lines <= ROWS_WANTED)
    if len(fitting) and fitting[-1] == len(counts) - 1:
        return len(counts)
    return max(1, int(fitting[-1]) if len(fitting) else 1)
