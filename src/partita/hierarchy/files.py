"""The ``.partita`` folder: written aside and renamed, opened memory-mapped, refused when damaged.

A folder holds ``parts.parquet`` (the tree, the part columns, the level labels of parts), ``items.parquet``
(``order`` by place; ``item_id`` and ``level_j`` labels by item), ``meta.json`` (sizes, places, checksums,
the record) and, where a maker keeps a model, ``arrays/NAME.npy``. Any Parquet reader reads the tables.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import re
import shutil
import threading
import uuid
import zlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from partita._core.errors import FileFormatError, InvalidDataError, InvalidParameterError, PartitaError
from partita.hierarchy import store as layout
from partita.hierarchy._arrays import frozen
from partita.hierarchy.parquet import write_parquet

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy

_AT_FDCWD, _EXCHANGE = -100, 2
# Folders being written, each with its thread: what an interrupted thread has left is no longer written.
_active: dict[str, int] = {}


def load(path: str | PathLike[str]) -> Hierarchy:
    """Open a ``.partita`` folder.

    Folders below 64 MiB are read, verified and checked whole. Larger ones are memory-mapped at once,
    whatever their size; a column is verified against its checksum when it is first touched, and the laws of
    the tree when the first of its arrays is. Nothing is handed out unverified; `Hierarchy.check` verifies
    every byte.

    Parameters
    ----------
    path : str or path
        The folder.

    Returns
    -------
    hierarchy : Hierarchy

    Raises
    ------
    FileFormatError
        When the folder is missing, foreign, of another version, truncated or damaged; also later, when a
        damaged column of a large folder is first touched.

    Examples
    --------
    >>> import tempfile, pathlib, partita as pt
    >>> h = pt.Hierarchy.from_labels([0, 0, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pt.load(h.save(pathlib.Path(folder, "small.partita"))) == h
    True
    """
    from partita.hierarchy.model import Hierarchy

    store = _opened(path)
    hierarchy = Hierarchy._from_store(store)
    if store.is_small:
        _touch(hierarchy)
    return hierarchy


def load_arrays(path: str | PathLike[str]) -> dict[str, np.ndarray]:
    """The extra arrays that a maker saved beside the hierarchy, verified; empty where there are none.

    Parameters
    ----------
    path : str or path
        A ``.partita`` folder.

    Returns
    -------
    arrays : dict of str to ndarray
        What was given to ``Hierarchy.save(path, arrays=…)``.

    Raises
    ------
    FileFormatError
        As for `load`.

    Examples
    --------
    >>> import numpy as np, partita as pt
    >>> path = pt.Hierarchy.from_labels([[0, 0, 1]]).save("tree.partita", arrays={"scale": np.ones(2)})
    >>> load_arrays(path)["scale"].tolist()
    [1.0, 1.0]
    """
    store = _opened(path)
    return {name: store.array(name) for name in store.array_files}


def _opened(path: str | PathLike[str]) -> layout.Store:
    path = Path(path)
    try:
        return layout.Store(path)
    except OSError as error:
        raise FileFormatError(f"{path} can't be read: {error.strerror or error}.", name=str(path),
                              hint="check the path and its permissions") from error  # fmt: skip
    except FileFormatError:
        raise
    except InvalidDataError as error:
        raise layout.broken(path, error.message.rstrip(".")) from error


def _touch(hierarchy: Hierarchy) -> None:
    """Read everything, so that a small damaged folder is refused here and not later."""
    path = hierarchy._store._path if hierarchy._store else Path()
    try:
        _ = hierarchy._arrays, hierarchy.levels, hierarchy.item_ids
        for name in hierarchy.part_data:
            _ = hierarchy.part_data[name]
    except FileFormatError:
        raise
    except InvalidDataError as error:
        raise layout.broken(path, error.message.rstrip(".")) from error


def save(h: Hierarchy, path: str | PathLike[str], *, arrays: Mapping[str, Any] | None = None) -> Path:
    """Write a ``.partita`` folder; see `Hierarchy.save`."""
    target = Path(os.path.abspath(path))
    model = _checked_arrays(arrays or {})
    aside = target.parent / f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:12]}.tmp"
    _active[aside.name] = threading.get_ident()
    try:
        _check_target(target)
        _clean(target)
        os.mkdir(aside)
        _write(h, aside, model)
        _swap(aside, target)
    except OSError as error:
        raise _unwritten(target, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        _active.pop(aside.name, None)
    return Path(path)


def _unwritten(target: Path, error: OSError) -> PartitaError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    hint = "free some space" if full else "check the folder and its permissions"
    kept = "; the folder that was there is untouched" if target.exists() else ""
    return PartitaError(
        f"{target} can't be written: {error.strerror or error}{kept}.", name=str(target), hint=hint
    )


def _check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise InvalidParameterError(
            f"There is no folder {target.parent} to write into.", name="path", hint="make it first"
        )
    if not target.exists() and not target.is_symlink():
        return
    known = {layout.META, layout.PARTS, layout.ITEMS, layout.ARRAYS}
    if target.is_symlink() or not target.is_dir() or not {entry.name for entry in target.iterdir()} <= known:
        raise InvalidParameterError(
            f"{target} exists and is no Partita folder; it is left as it is.",
            name="path",
            hint="choose another name, or move it away",
        )


def _checked_arrays(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    checked = {}
    for name, value in arrays.items():
        array = np.asarray(value)
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
            raise InvalidParameterError(
                "An extra array needs a plain name.", name="arrays", allowed="letters, digits and _", got=name
            )
        if array.dtype.kind not in "biufc":
            raise InvalidDataError(f"The extra array {name!r} is not numeric.", name=name, got=array.dtype)
        checked[name] = array
    return checked


def _write(h: Hierarchy, folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
    names = _column_names(h)
    content = {
        "partita_version": _version(),
        "n_items": h.n_items,
        "n_parts": h.n_parts,
        "own_items_are": h.own_items_are,
        "level_sizes": [len(level) for level in h.levels],
        "part_columns": names,
        "made_by": h.made_by.to_json(),
        "files": {
            layout.PARTS: _write_table(folder / layout.PARTS, part_columns(h)),
            layout.ITEMS: _write_table(folder / layout.ITEMS, item_columns(h)),
        },
        "arrays": _write_arrays(folder / layout.ARRAYS, arrays),
    }
    meta = {
        "format": layout.FORMAT,
        "format_version": layout.FORMAT_VERSION,
        "sha256": layout.checksum(json.loads(json.dumps(content, allow_nan=False))),
        "content": content,
    }
    with open(folder / layout.META, "wb") as file:
        file.write(json.dumps(meta, indent=1, allow_nan=False).encode())
        _flush(file)
    _flush_folder(folder)


def _column_names(h: Hierarchy) -> dict[str, str]:
    """The column of each part_data entry; one that bears a name of the format gets ``data_`` in front."""
    taken = {"parent", "start", "stop", "height", *(layout.level_name(j) for j in range(len(h.levels)))}
    names = {}
    for name in h.part_data:
        column = name
        while column in taken:
            column = "data_" + column
        taken.add(column)
        names[name] = column
    return names


def part_columns(h: Hierarchy) -> dict[str, np.ndarray]:
    """The columns of ``parts.parquet``."""
    names = _column_names(h)
    columns = {"parent": h.parent, "start": h.start, "stop": h.stop, "height": h.height}
    for j, level in enumerate(h.levels[1:], start=1):
        label = np.full(h.n_parts, -1, dtype=np.int32)
        label[level] = np.arange(len(level))
        columns[layout.level_name(j)] = label
    return {**columns, **{column: h.part_data[name] for name, column in names.items()}}


def item_columns(h: Hierarchy) -> dict[str, np.ndarray]:
    """The columns of ``items.parquet``: ``order`` by place, the others by item."""
    columns = {"order": h.order}
    if h.item_ids is not None:
        columns["item_id"] = h.item_ids
    return {**columns, **{layout.level_name(j): h.labels(j) for j in range(1, len(h.levels))}}


class _Counting:
    """A binary file that keeps the size and CRC-32 of what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.size, self.crc = file, 0, 0

    def write(self, data: Any) -> int:
        self._file.write(data)
        self.size += memoryview(data).nbytes
        self.crc = zlib.crc32(data, self.crc)
        return memoryview(data).nbytes


def _write_table(path: Path, columns: dict[str, np.ndarray]) -> dict[str, Any]:
    with open(path, "wb", buffering=2**20) as file:
        counting = _Counting(file)
        written = write_parquet(counting, columns, {"partita": layout.FORMAT})  # type: ignore[arg-type]
        _flush(file)
    about = {
        column.name: {
            "kind": column.kind,
            "dtype": column.dtype,
            "shape": column.shape,
            "runs": [list(run) for run in column.runs],
            "crc32": column.crc,
        }
        for column in written
    }
    return {"size": counting.size, "crc32": counting.crc, "columns": about}


def _write_arrays(folder: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, int]]:
    if not arrays:
        return {}
    os.mkdir(folder)
    about = {}
    for name, array in arrays.items():
        with open(folder / f"{name}.npy", "wb") as file:
            counting = _Counting(file)
            np.lib.format.write_array(counting, frozen(array).reshape(array.shape), allow_pickle=False)
            _flush(file)
        about[name] = {"size": counting.size, "crc32": counting.crc}
    _flush_folder(folder)
    return about


def _version() -> str:
    from partita import __version__

    return __version__


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _swap(aside: Path, target: Path) -> None:
    """Put the new folder in place; `aside` is left with the old one, or nothing."""
    if not target.exists():
        os.rename(aside, target)
    elif not _exchange(aside, target):
        _swap_in_two(aside, target)
    _flush_folder(target.parent)


def _exchange(aside: Path, target: Path) -> bool:
    """Exchange two folders in one step, where the system can (Linux)."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    done = rename(_AT_FDCWD, os.fsencode(aside), _AT_FDCWD, os.fsencode(target), _EXCHANGE)
    return done == 0


def _swap_in_two(aside: Path, target: Path) -> None:
    old = aside.with_suffix(".old")
    try:
        os.rename(target, old)
        os.rename(aside, target)
    finally:
        if old.exists() and not target.exists():
            os.rename(old, target)
    shutil.rmtree(old, ignore_errors=True)


def _clean(target: Path) -> None:
    """Take away what a killed process left of a save of this folder; bring back an old folder."""
    pattern = re.compile(re.escape(f".{target.name}.") + r"(\d+)-[0-9a-f]{12}\.(tmp|old)")
    own = threading.get_ident()
    for entry in list(target.parent.iterdir()):
        match = pattern.fullmatch(entry.name)
        if match is None or _active.get(entry.with_suffix(".tmp").name, own) != own:
            continue
        if int(match[1]) != os.getpid() and _alive(int(match[1])):
            continue
        if match[2] == "old" and not target.exists():
            os.rename(entry, target)
        else:
            shutil.rmtree(entry, ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name != "posix":
        return True  # there, signal 0 would not ask but end the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
