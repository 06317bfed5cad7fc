"""Show a hierarchy as one self-contained HTML page. Callers: the command line and users.

The page holds its data, its styles and its script; it asks nothing of a network and runs from a file.
"""

from partita.report.page import write

__all__ = ["write"]
