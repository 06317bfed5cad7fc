"""Reading a ``.partita`` folder: nothing is handed out before it is verified."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from partita._core.errors import FileFormatError, InvalidDataError
from partita.hierarchy import parquet
from partita.hierarchy._arrays import sealed
from partita.hierarchy.laws import check_tree
from partita.hierarchy.record import MadeBy

FORMAT = "partita-hierarchy"
FORMAT_VERSION = 1
META, PARTS, ITEMS, ARRAYS = "meta.json", "parts.parquet", "items.parquet", "arrays"
# Folders below this size are read and verified whole when they are opened; larger ones column by column.
EAGER_BYTES = 64 * 2**20
_META_LIMIT = 2**28
_MOST = 2**40
_HINT = "save it again from its source; a damaged folder can't be repaired"
T = TypeVar("T")


class Column(NamedTuple):
    """Where a column lies in its file."""

    kind: str
    dtype: str
    shape: tuple[int, ...]
    rows: int
    runs: tuple[parquet.Run, ...]
    crc: int


class Opened(NamedTuple):
    """One file: its bytes (mapped, or in memory), its checksum and its columns."""

    name: str
    data: np.ndarray
    crc: int
    columns: dict[str, Column]


def broken(path: Path, why: str) -> FileFormatError:
    """The error for a folder that can't be read."""
    return FileFormatError(f"{path} can't be read: {why}.", name=str(path), hint=_HINT)


class Store(Mapping[str, np.ndarray]):
    """An opened folder; as a mapping, its part columns by name, each verified when it is first touched."""

    def __init__(self, path: Path) -> None:
        self._path = path
        content = _read_meta(path)
        self._content = content
        self.n_items = self._number("n_items")
        self.n_parts = self._number("n_parts", low=1)
        self.own_items_are = self._expect(content.get("own_items_are"), str, "own_items_are")
        if self.own_items_are not in ("noise", "singletons"):
            raise broken(path, f"own_items_are in {META} is not known")
        self.made_by = MadeBy.from_json(self._expect(content.get("made_by"), dict, "made_by"))
        self._names = self._mapping_of(content.get("part_columns"), str, "part_columns")
        self._level_sizes = self._expect(content.get("level_sizes"), list, "level_sizes")
        self._files = {name: self._open(name, rows) for name, rows in
                       ((PARTS, self.n_parts), (ITEMS, self.n_items))}  # fmt: skip
        self.array_files = self._mapping_of(content.get("arrays"), dict, "arrays")
        self._made: dict[str, np.ndarray] = {}
        self._check_names()
        self.is_small = sum(len(file.data) for file in self._files.values()) < EAGER_BYTES
        if self.is_small:
            self._verify_files()

    # ------------------------------------------------------------------ meta.json

    def _expect(self, value: Any, kind: type[T], what: str) -> T:
        if not isinstance(value, kind) or isinstance(value, bool):
            raise broken(self._path, f"{what} in {META} is missing or of the wrong type")
        return value

    def _number(self, name: str, low: int = 0, within: Mapping[str, Any] | None = None) -> int:
        value = self._expect((self._content if within is None else within).get(name), int, name)
        if not low <= value <= _MOST:
            raise broken(self._path, f"{name} in {META} is out of range")
        return value

    def _mapping_of(self, value: Any, kind: type[T], what: str) -> dict[str, T]:
        found = self._expect(value, dict, what)
        return {key: self._expect(item, kind, what) for key, item in found.items()}

    def _open(self, name: str, rows: int) -> Opened:
        about = self._mapping_of(self._content.get("files"), dict, "files").get(name)
        about = self._expect(about, dict, name)
        size, crc = self._number("size", within=about), self._number("crc32", within=about)
        data = self._bytes(name, size)
        if bytes(data[:4]) != b"PAR1" or bytes(data[-4:]) != b"PAR1":
            raise broken(self._path, f"{name} is no Parquet file")
        columns = self._mapping_of(about.get("columns"), dict, "columns")
        return Opened(name, data, crc, {key: self._column(key, c, rows, size) for key, c in columns.items()})

    def _bytes(self, name: str, size: int) -> np.ndarray:
        path = self._path / name
        if not path.is_file():
            raise broken(self._path, f"{name} is missing")
        true = path.stat().st_size
        if true != size or size < 12:
            raise broken(self._path, f"{name} has {true} bytes where {size} are expected (cut short?)")
        return (
            np.memmap(path, dtype=np.uint8, mode="r") if size >= EAGER_BYTES else np.fromfile(path, np.uint8)
        )

    def _column(self, name: str, about: dict[str, Any], rows: int, size: int) -> Column:
        kind = self._expect(about.get("kind"), str, "kind")
        dtype = self._expect(about.get("dtype"), str, "dtype")
        shape = tuple(self._sizes(about.get("shape"), "shape"))
        runs = []
        for run in self._expect(about.get("runs"), list, "runs"):
            numbers = self._sizes(run, "runs")
            if len(numbers) != len(parquet.Run._fields):
                raise broken(self._path, f"the place of column {name!r} is not given in full")
            runs.append(parquet.Run(*numbers))
            if runs[-1].offset + runs[-1].levels + runs[-1].values > size:
                raise broken(self._path, f"the column {name!r} lies outside its file")
        if sum(run.rows for run in runs) != rows:
            raise broken(self._path, f"the column {name!r} has another number of rows than its table")
        column = Column(kind, dtype, shape, rows, tuple(runs), self._number("crc32", within=about))
        self._check_kind(name, column)
        return column

    def _sizes(self, value: Any, what: str) -> list[int]:
        numbers = self._expect(value, list, what)
        if not all(isinstance(x, int) and not isinstance(x, bool) and 0 <= x <= _MOST for x in numbers):
            raise broken(self._path, f"{what} in {META} must be sizes")
        return numbers

    def _check_kind(self, name: str, column: Column) -> None:
        good = column.kind in ("texts", "lists") and not column.shape
        if column.kind == "numbers" and parquet.is_storable(column.dtype):
            per_row = int(np.prod([float(x) for x in column.shape]))
            stored = parquet.stored_dtype(column.dtype).itemsize
            wide = (lambda rows: (rows * per_row + 7) // 8) if column.dtype == "b1" else (
                lambda rows: rows * per_row * stored)  # fmt: skip
            good = all(run.values == wide(run.rows) for run in column.runs)
        if not good:
            raise broken(self._path, f"the column {name!r} has a type or size that can't be")

    def _check_names(self) -> None:
        parts, items = self._files[PARTS].columns, self._files[ITEMS].columns
        wanted = ["parent", "start", "stop", "height"]
        wanted += [level_name(j) for j in range(1, len(self._level_sizes))] + list(self._names.values())
        for table, names in ((parts, wanted), (items, ["order"])):
            for name in names:
                if name not in table:
                    raise broken(self._path, f"the column {name!r} is missing")
        flat = [(parts[name], "f8" if name == "height" else "i8") for name in wanted[:4]] + [
            (items["order"], "i8")
        ]
        flat += [(parts[level_name(j)], "i4") for j in range(1, len(self._level_sizes))]
        if any(c.kind != "numbers" or c.dtype != dtype or c.shape for c, dtype in flat):
            raise broken(self._path, "a column of the tree has another type than the format says")

    # ------------------------------------------------------------------ columns

    def _read(self, file: str, name: str) -> np.ndarray:
        key = f"{file}/{name}"
        if key not in self._made:
            opened = self._files[file]
            column = opened.columns[name]
            self._verify_column(opened, name, column)
            try:
                self._made[key] = sealed(_decoded(opened.data, column))
            except ValueError as error:
                raise broken(self._path, f"the column {name!r} is damaged ({error})") from error
        return self._made[key]

    def _verify_column(self, opened: Opened, name: str, column: Column) -> None:
        crc = 0
        for run in column.runs:
            crc = zlib.crc32(opened.data[run.offset : run.offset + run.levels + run.values].data, crc)
        if crc != column.crc:
            raise broken(self._path, f"the column {name!r} of {opened.name} does not have its checksum")

    def __getitem__(self, name: str) -> np.ndarray:
        return self._read(PARTS, self._names[name])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def tree(self) -> tuple[np.ndarray, ...]:
        """order, parent, start, stop and height: verified, and their laws checked."""
        arrays = tuple(self._read(ITEMS, "order") if name == "order" else self._read(PARTS, name)
                       for name in ("order", "parent", "start", "stop", "height"))  # fmt: skip
        self._lawful(lambda: check_tree(*arrays))
        return arrays

    def levels(self) -> list[np.ndarray]:
        """The parts of each level, from the level columns of the parts."""
        levels = [np.zeros(1, dtype=np.intp)]
        for j, size in enumerate(self._level_sizes[1:], start=1):
            column = self._read(PARTS, level_name(j))
            parts = np.flatnonzero(column >= 0)
            if len(parts) != size or not np.array_equal(column[parts], np.arange(len(parts))):
                raise broken(self._path, f"level {j} is not numbered as it should be")
            levels.append(parts)
        return levels

    def item_ids(self) -> np.ndarray | None:
        """The item ids, or None where there are none."""
        return self._read(ITEMS, "item_id") if "item_id" in self._files[ITEMS].columns else None

    def _lawful(self, check: Callable[[], None]) -> None:
        try:
            check()
        except FileFormatError:
            raise
        except InvalidDataError as error:
            raise broken(self._path, f"it holds no hierarchy: {error.message}") from error

    # ------------------------------------------------------------------ the whole folder

    def verify(self) -> None:
        """Verify every byte of every file.

        Raises
        ------
        FileFormatError
            When a file is damaged, or the item labels are not those of the levels.
        """
        self._verify_files()
        for name in self.array_files:
            self.array(name)
        self._check_item_labels()

    def _verify_files(self) -> None:
        for opened in self._files.values():
            if zlib.crc32(opened.data.data) != opened.crc:
                raise broken(self._path, f"{opened.name} does not have its checksum")

    def _check_item_labels(self) -> None:
        order, _, start, stop, _ = self.tree()
        from partita.kernels.tree import tree_fill_items

        for j, level in enumerate(self.levels()[1:], start=1):
            labels = np.full(self.n_items, -1, dtype=np.int32)
            tree_fill_items(order, start, stop, sealed(level), labels)
            if level_name(j) not in self._files[ITEMS].columns:
                raise broken(self._path, f"{ITEMS} has no labels of level {j}")
            if not np.array_equal(labels, self._read(ITEMS, level_name(j))):
                raise broken(self._path, f"the labels of level {j} in {ITEMS} are not those of the parts")

    def array(self, name: str) -> np.ndarray:
        """An extra array of the maker, mapped into memory and verified."""
        about = self.array_files[name]
        file = f"{ARRAYS}/{name}.npy"
        path, size = self._path / file, self._number("size", within=about)
        if not name.isidentifier() or not path.is_file() or path.stat().st_size != size:
            raise broken(self._path, f"{file} is missing or cut short")
        data = np.memmap(path, dtype=np.uint8, mode="r")
        if zlib.crc32(data.data) != self._number("crc32", within=about):
            raise broken(self._path, f"{file} does not have its checksum")
        try:
            return np.load(path, mmap_mode="r" if size >= EAGER_BYTES else None, allow_pickle=False)
        except (ValueError, OSError, EOFError, SyntaxError, TypeError) as error:
            raise broken(self._path, f"{file} is no array ({error})") from error


def level_name(j: int) -> str:
    """The column of level j."""
    return f"level_{j}"


def _decoded(data: np.ndarray, column: Column) -> np.ndarray:
    pieces = []
    for run in column.runs:
        low = run.offset + run.levels
        values = data[low : low + run.values]
        if column.kind == "numbers":
            pieces.append(_numbers(values, column, run.rows))
        elif column.kind == "texts":
            pieces.append(_objects(parquet.read_texts(values.data, run.rows)))
        else:
            lengths = parquet.read_levels(data[run.offset : low].tobytes(), run.entries)
            pieces.append(_lists(values.data, lengths, run.rows))
    if len(pieces) == 1:
        return pieces[0]
    if pieces:
        return np.concatenate(pieces)
    return np.empty((0, *column.shape), dtype=column.dtype if column.kind == "numbers" else object)


def _numbers(values: np.ndarray, column: Column, rows: int) -> np.ndarray:
    if column.dtype == "b1":
        count = rows * int(np.prod(column.shape, dtype=np.int64))
        return np.unpackbits(values, count=count, bitorder="little").astype(bool).reshape(rows, *column.shape)
    stored = np.asarray(values).view(parquet.stored_dtype(column.dtype))
    return stored.astype(column.dtype, copy=False).reshape(rows, *column.shape)


def _objects(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        array[row] = value
    return array


def _lists(data: memoryview, lengths: np.ndarray, rows: int) -> np.ndarray:
    if len(lengths) != rows:
        raise ValueError("another number of lists than rows")
    texts = parquet.read_texts(data, int(lengths.sum()))
    stops = np.cumsum(lengths)
    return _objects([tuple(texts[stop - size : stop]) for stop, size in zip(stops, lengths)])


def checksum(content: Mapping[str, Any]) -> str:
    """The SHA-256 of a JSON object in its one canonical form."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_meta(path: Path) -> dict[str, Any]:
    file = path / META
    if not path.exists():
        raise FileFormatError(f"There is nothing at {path}.", name=str(path), hint="check the path")
    if not file.is_file():
        raise FileFormatError(
            f"{path} is no Partita folder: it has no {META}.",
            name=str(path),
            hint="give the folder NAME.partita that Hierarchy.save wrote",
        )
    try:
        if file.stat().st_size > _META_LIMIT:
            raise broken(path, f"{META} is too large")
        meta = json.loads(file.read_bytes())
        content = meta.get("content") if isinstance(meta, dict) else None
        if not isinstance(content, dict) or meta.get("format") != FORMAT:
            raise broken(path, f"{META} is not that of a Partita folder")
        if meta.get("format_version") != FORMAT_VERSION:
            raise FileFormatError(
                f"{path} is of format version {meta.get('format_version')!r}.",
                name=str(path),
                allowed=str(FORMAT_VERSION),
                hint="update partita, or save the hierarchy again with this version",
            )
        if meta.get("sha256") != checksum(content):
            raise broken(path, f"{META} does not have its checksum")
    except (ValueError, RecursionError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise broken(path, f"{META} is no JSON ({error})") from error
    return content
