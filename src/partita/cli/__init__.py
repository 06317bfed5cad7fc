"""The command line: one file a verb; nothing but ``main`` is called from outside.

Results go to standard output, progress and hints to standard error. Exit codes: 0 done, 1 could not, 2 used
wrongly, 130 interrupted.
"""

from partita.cli._app import main

__all__ = ["main"]
