"""Files written aside and renamed: an old file stays whole until the new one is complete. Callers: all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from partita._core.errors import InvalidParameterError


@contextmanager
def written_aside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path beside `path` to write to; it takes its place when the block ends well, else it vanishes.

    Raises
    ------
    InvalidParameterError
        When the folder of `path` doesn't exist, or `path` is a folder.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise InvalidParameterError(
            f"There is no folder {str(target.parent)!r} to write {target.name!r} to.",
            name="path",
            hint="make the folder first",
        )
    if target.is_dir():
        raise InvalidParameterError(
            f"{str(target)!r} is a folder.", name="path", allowed="the name of a file"
        )
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        aside.chmod(_usual_mode(target))
        os.replace(aside, target)
    finally:  # after the rename there is nothing left to remove
        aside.unlink(missing_ok=True)


def _usual_mode(target: Path) -> int:
    """The mode of the file that is replaced, or the umask's; ``mkstemp`` alone would make a private file."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
