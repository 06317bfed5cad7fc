"""The command line: one file a verb; nothing but ``main`` is called from outside.

Results go to standard output, progress and hints to standard error. Exit codes: 0 done, 1 could not, 2 used
wrongly, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Raises
    ------
    SystemExit
        Always, with the exit code.
    """
    try:
        from partita.cli._app import app

        app(args=None if arguments is None else list(arguments), prog_name="partita")
    except KeyboardInterrupt:  # while the modules were still being loaded
        sys.stderr.write("Interrupted; nothing was changed.\n")
        sys.exit(130)
