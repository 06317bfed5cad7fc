"""Progress: a guest that does nothing unless someone is watching."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Progress:
    """Does nothing; the interface that Rich's version fills. Subclass it to send progress elsewhere.

    Examples
    --------
    >>> class Log(Progress):
    ...     def start(self, label, total=None):
    ...         print("stage:", label)
    >>> Log().start("reading")
    stage: reading
    """

    def start(self, label: str, total: float | None = None) -> None:
        """Begin a stage, named `label`, of `total` units; the stage before it ends."""

    def advance(self, amount: float = 1.0) -> None:
        """An `amount` of units of the current stage are done."""

    def note(self, text: str) -> None:
        """Say a `text` worth knowing (what "auto" chose)."""

    def close(self) -> None:
        """End the display."""


class RichProgress(Progress):
    """Progress bars on standard error."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: Any = None
        self._bars.start()

    def start(self, label: str, total: float | None = None) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(label, total=total)

    def advance(self, amount: float = 1.0) -> None:
        if self._task is not None:
            self._bars.advance(self._task, amount)

    def note(self, text: str) -> None:
        self._bars.console.print(text, style="dim", highlight=False, markup=False)

    def close(self) -> None:
        self._bars.stop()


@contextmanager
def progress_scope(progress: Progress | bool | None = None) -> Iterator[Progress]:
    """The progress object to use inside.

    Parameters
    ----------
    progress : Progress, bool or None
        An object is used as it is and left open. True shows bars, False is silent. None follows
        ``PARTITA_PROGRESS`` and is silent when that is unset; the command line passes True on a terminal.
    """
    if isinstance(progress, Progress):
        yield progress
        return
    setting = os.environ.get("PARTITA_PROGRESS", "").strip()
    wanted = setting == "1" if progress is None else progress and setting != "0"
    shown: Progress = RichProgress() if wanted else Progress()
    try:
        yield shown
    finally:
        shown.close()


def on_terminal() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()
