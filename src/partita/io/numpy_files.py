"""NumPy's .npy and .npz, and SciPy's sparse .npz, read without ever unpickling. Callers: ``reader``.

The header is parsed here rather than by NumPy, so that a hostile one can't cost time, memory or a warning.
"""

from __future__ import annotations

import ast
import io
import math
import re
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from partita._core.errors import InvalidParameterError, did_you_mean
from partita._core.memory import check_memory
from partita.io.faults import broken, unusable
from partita.io.matrices import as_points, dense_source, sparse_source
from partita.io.options import Options
from partita.io.places import magic_of, no_access, wrong_magic
from partita.io.source import Source
from partita.io.streams import is_packed, load

_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 16
_PLAIN_TYPE = re.compile(r"[<>=|]?(b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32)|[US]\d{1,9})")
_DEFLATE_AT_MOST = 1040  # no deflate stream grows more than this
_ARCHIVE_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    RuntimeError,  # encrypted members; NotImplementedError: unknown compression
    UnicodeDecodeError,
    OverflowError,
)
_LAYOUTS = ("csr", "csc", "coo", "bsr", "dia")


class _Header(NamedTuple):
    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool
    offset: int

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_npy(path: Path, options: Options, note: str) -> Source:
    """The array of an .npy file, memory-mapped."""
    data = load(path, mapped=True)
    if data[:6] != _MAGIC:
        raise wrong_magic(path, "npy")
    header = _header(bytes(data[: _LONGEST_HEADER + 12]), path)
    _check_length(header, len(data), path)
    if is_packed(path):
        return dense_source(_shaped(data, header), path, options, [note])
    if header.n_bytes == 0:
        return dense_source(np.empty(header.shape, header.dtype), path, options, [note])
    array: np.ndarray = np.memmap(
        path,
        dtype=header.dtype,
        mode="r",
        offset=header.offset,
        shape=header.shape,
        order="F" if header.fortran else "C",
    )
    source = dense_source(array, path, options, [note])
    if isinstance(source.data, np.memmap):
        source = replace(source, notes=(*source.notes, "memory-mapped: values are read when they are used"))
    return source


def read_npz(path: Path, options: Options, note: str) -> Source:
    """One array of an archive (the named one, X, or the only matrix), or SciPy's sparse matrix."""
    notes = [note]
    try:
        if not is_packed(path) and magic_of(path) != "npz":  # zipfile would take junk ahead of the archive
            raise wrong_magic(path, "npz")
        with zipfile.ZipFile(io.BytesIO(load(path)) if is_packed(path) else path) as archive:
            members = _members(archive, path)
            if options.array is None and {"format", "shape", "data"} <= set(members):
                return sparse_source(_sparse(archive, members, path), path, options, notes)
            return _labelled(archive, members, path, options, notes)
    except _ARCHIVE_FAULTS as error:
        raise broken(path, f"the archive is damaged or encrypted ({error})", hint="save it again") from error
    except OSError as error:
        raise no_access(path, error) from error


def _header(head: bytes, path: Path) -> _Header:
    version, length_format = tuple(head[6:8]), "<H" if head[6:7] == b"\x01" else "<I"
    begin = 8 + struct.calcsize(length_format)
    if version not in ((1, 0), (2, 0), (3, 0)) or len(head) < begin:
        raise broken(
            path, "the .npy header is cut short or of an unknown version", hint="save the array again"
        )
    (length,) = struct.unpack(length_format, head[8:begin])
    text = head[begin : begin + length]
    if length > _LONGEST_HEADER or len(text) < length:
        raise broken(
            path, "the .npy header is longer than the file or than 64 KiB", hint="save the array again"
        )
    try:
        fields = ast.literal_eval(text.decode("utf-8" if version == (3, 0) else "latin-1").strip(" \t\n"))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise broken(path, "the .npy header can't be parsed", hint="save the array again") from error
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise broken(path, "the .npy header lacks descr, fortran_order or shape", hint="save the array again")
    shape = fields["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 2**62 for size in shape):
        raise broken(
            path, "the .npy header holds an impossible shape", got=shape, hint="save the array again"
        )
    if type(fields["fortran_order"]) is not bool or len(shape) > 32:
        raise broken(path, "the .npy header is not that of an array", hint="save the array again")
    return _Header(_plain_type(fields["descr"], path), shape, fields["fortran_order"], begin + length)


def _plain_type(descr: Any, path: Path) -> np.dtype:
    if isinstance(descr, list):
        raise unusable(path, "holds a structured array", hint="save one plain array, or a table as .parquet")
    if not isinstance(descr, str):
        raise broken(path, "the .npy header holds no type", got=descr, hint="save the array again")
    if descr.lstrip("|<>=").startswith("O"):
        raise unusable(
            path,
            "holds pickled Python objects, which can run any code when loaded and are never read",
            hint="save the array with a numeric or string dtype (np.save(..., allow_pickle=False) tells)",
        )
    if not _PLAIN_TYPE.fullmatch(descr):
        raise broken(
            path, "the .npy header holds a type that is not read", got=descr, hint="save plain numbers"
        )
    try:
        return np.dtype(descr)
    except TypeError as error:
        raise broken(
            path, "the .npy header holds an unknown type", got=descr, hint="save it again"
        ) from error


def _check_length(header: _Header, length: int, path: Path) -> None:
    expected = header.offset + header.n_bytes
    if length != expected:
        raise broken(
            path,
            f"the header announces an array of {header.shape} {header.dtype}, with it {expected} bytes, "
            f"and there are {length}",
            hint="the file was cut short or several were joined; save the array again",
        )


def _shaped(data: Any, header: _Header) -> np.ndarray:
    flat = np.frombuffer(data, header.dtype, count=math.prod(header.shape), offset=header.offset)
    return flat.reshape(header.shape, order="F" if header.fortran else "C")


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if not info.filename.endswith(".npy"):
            raise broken(path, f"the member {info.filename!r} is no array", hint="save it with numpy.savez")
        if name in members:
            raise broken(path, f"two arrays of the archive are called {name!r}", hint="save it again")
        members[name] = info
    if not members:
        raise broken(path, "the archive holds no arrays", hint="save it again")
    return members


def _peek(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> _Header | None:
    """The header of one member, or None when it is no array."""
    with archive.open(info) as file:
        head = file.read(_LONGEST_HEADER + 12)
    return _header(head, path) if head[:6] == _MAGIC else None


def _load_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> np.ndarray:
    if info.file_size > _DEFLATE_AT_MOST * info.compress_size + 1024:
        raise broken(
            path, f"{info.filename} can't unpack to the size it claims", hint="the archive is hostile"
        )
    check_memory(info.file_size, what=f"{info.filename} of {path}", alternative="save the array as .npy")
    data = archive.read(info)
    if data[:6] != _MAGIC:
        raise broken(path, f"{info.filename} is not an array", hint="save the archive with numpy.savez")
    header = _header(data[: _LONGEST_HEADER + 12], path)
    _check_length(header, len(data), path)
    return _shaped(data, header)


def _labelled(
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    path: Path,
    options: Options,
    notes: list[str],
) -> Source:
    name = options.array if options.array is not None else _choose(archive, members, path, notes)
    if name not in members:
        raise InvalidParameterError(
            f"{path} holds no array {name!r}.",
            name="array",
            allowed=", ".join(members),
            got=name,
            hint=did_you_mean(name, members, "take one of the names above"),
        )
    array = _load_member(archive, members[name], path)
    extra, names, length = {}, None, array.shape[0] if array.ndim else 0
    for other, info in members.items():
        header = (
            _peek(archive, info, path) if other in ("y", "labels", "ids", "names") and other != name else None
        )
        if header is None or header.shape != (length,):
            continue
        if other in ("y", "labels"):
            extra["labels"] = _load_member(archive, info, path)
            notes.append(f"{other!r} carried as Source.extra['labels']")
        elif header.dtype.kind in "Ui":
            names = _load_member(archive, info, path)
            names = names.astype(object if header.dtype.kind == "U" else np.int64)
            notes.append(f"{other!r} taken as the names of the items")
    return dense_source(array, path, options, notes, names=names, extra=extra)


def _choose(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], path: Path, notes: list[str]
) -> str:
    if len(members) == 1:
        return next(iter(members))
    if "X" in members:
        left = ", ".join(sorted(set(members) - {"X"}))
        notes.append(f"'X' chosen by its name; the archive also holds {left}")
        return "X"
    shapes = {name: _shape_of(archive, info, path) for name, info in members.items()}
    matrices = [name for name, shape in shapes.items() if shape is not None and len(shape) >= 2]
    if len(matrices) == 1:
        notes.append(f"{matrices[0]!r} chosen: the only array of the archive with rows and columns")
        return matrices[0]
    listing = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape is not None)
    raise unusable(
        path,
        f"the archive holds several arrays and none stands out: {listing or 'none that can be read'}",
        hint="set array= to the name of one of them",
    )


def _shape_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> tuple[int, ...] | None:
    from partita._core.errors import InvalidDataError

    try:
        header = _peek(archive, info, path)
    except InvalidDataError:  # an array of objects beside the one that is wanted
        return None
    return None if header is None else header.shape


def _sparse(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], path: Path) -> Any:
    layout_array = _load_member(archive, members["format"], path)
    layout = layout_array.item() if layout_array.ndim == 0 else None
    layout = layout.decode("ascii", "replace") if isinstance(layout, bytes) else layout
    wanted = {"coo": ("row", "col"), "dia": ("offsets",)}.get(str(layout), ("indices", "indptr"))
    if layout not in _LAYOUTS or not set(wanted) <= set(members):
        raise broken(
            path,
            f"has the keys of a SciPy sparse matrix but not those of the layout {layout!r}",
            hint="save it again with scipy.sparse.save_npz, or name one array with array=",
        )
    parts = {name: _load_member(archive, members[name], path) for name in ("shape", "data", *wanted)}
    shape = parts.pop("shape")
    if shape.shape != (2,) or shape.dtype.kind not in "iu" or min(shape) < 0 or max(shape) > 2**31 - 1:
        raise broken(
            path, "the sparse matrix has an impossible shape", got=shape.tolist(), hint="save it again"
        )
    _check_indices(parts, str(layout), path)
    return _assemble(parts, str(layout), (int(shape[0]), int(shape[1])), path)


def _check_indices(parts: dict[str, np.ndarray], layout: str, path: Path) -> None:
    for name, array in parts.items():
        axes = {"bsr": 3, "dia": 2}.get(layout, 1) if name == "data" else 1
        if array.ndim != axes or (name != "data" and array.dtype.kind not in "iu"):
            raise broken(
                path, f"{name!r} of the sparse matrix has the wrong shape or type", hint="save it again"
            )
    pointer = parts.get("indptr")
    if pointer is not None and (
        pointer.size == 0 or pointer[0] != 0 or (np.diff(pointer.astype(np.int64)) < 0).any()
    ):
        raise broken(path, "'indptr' of the sparse matrix does not rise from 0", hint="save it again")
    if pointer is not None and pointer[-1] != parts["indices"].size:
        raise broken(path, "'indptr' of the sparse matrix does not end at its entries", hint="save it again")


def _assemble(parts: dict[str, np.ndarray], layout: str, shape: tuple[int, int], path: Path) -> Any:
    """CSR of checked parts; SciPy's own check finds indices out of range."""
    from scipy import sparse

    stored = parts["data"]
    data = as_points(stored.reshape(-1, 1), path, []).reshape(stored.shape)
    entries = data.size if layout != "dia" else min(data.size, len(data) * shape[1])
    check_memory(
        16 * max(shape) + 40 * entries, what=f"The sparse matrix of {path}", alternative="check its shape"
    )
    try:
        if layout == "coo":
            matrix = sparse.coo_array((data, (parts["row"], parts["col"])), shape=shape)
        elif layout == "dia":
            matrix = sparse.dia_array((data, parts["offsets"]), shape=shape)
        else:
            make = {"csr": sparse.csr_array, "csc": sparse.csc_array, "bsr": sparse.bsr_array}[layout]
            matrix = make((data, parts["indices"], parts["indptr"]), shape=shape)
            matrix.check_format(full_check=True)
        matrix = matrix.tocsr()
    except (ValueError, IndexError, OverflowError, TypeError) as error:
        raise broken(
            path, f"the sparse matrix breaks its own laws ({error})", hint="save it again"
        ) from error
    count = matrix.nnz
    matrix.sum_duplicates()
    if layout != "coo" and matrix.nnz != count:
        raise broken(
            path, "the sparse matrix holds a place twice", hint="call sum_duplicates() and save it again"
        )
    matrix.sort_indices()
    return matrix
