"""Malformed files of every kind, and what a reader may answer to them.

A mutated file must end in a PartitaError with a hint, or in the value that a second, slow and obvious reader
finds in the very same bytes (``io_oracles``). ``python io_fuzzing.py KIND COUNT SEED FOLDER`` runs one kind
in a process of its own, so that a crash or a hang of native code is seen by whoever started it.
"""

from __future__ import annotations

import faulthandler
import gzip
import io
import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import io_oracles as oracles
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from partita import PartitaError
from partita.io import read

MEMORY = "512 MiB"


@dataclass
class Kind:
    """Seeds of one kind of file with the options to read them, hostile cases, and the oracle."""

    suffix: str
    seeds: list[tuple[bytes, dict[str, Any]]]
    oracle: Callable[[bytes, dict[str, Any]], Any]
    hostile: list[bytes] = field(default_factory=list)
    words: tuple[bytes, ...] = ()


def save(write: Callable[..., Any], *args: Any, **kwargs: Any) -> bytes:
    """The bytes that a writer puts into a file object."""
    target = io.BytesIO()
    write(target, *args, **kwargs)
    return target.getvalue()


def npy(array: np.ndarray) -> bytes:
    return save(np.save, array)


def npy_header(text: str, version: bytes = b"\x01\x00") -> bytes:
    """An .npy file with any header text and no data."""
    return (
        b"\x93NUMPY"
        + version
        + len(text).to_bytes(2 if version == b"\x01\x00" else 4, "little")
        + text.encode()
    )


def _points(dtype: Any, shape: tuple[int, ...] = (7, 3)) -> np.ndarray:
    return (np.arange(np.prod(shape)).reshape(shape) / 4).astype(dtype)


def npy_kind() -> Kind:
    arrays = [_points(t) for t in ("f4", "f8", "f2", ">f8", "i8", "u1", "?")]
    arrays += [_points("f8")[:, ::-1].copy(order="F"), _points("f4", (2, 3, 4)), np.array(["a", "bc", ""])]
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }\n"
    hostile = [
        npy_header(header % shape) for shape in ("10**12,", "1000000000000, 1000000", "-1, 3", "3.5,", "")
    ]
    hostile += [
        npy_header(header % "True,"),
        npy_header(header % ", ".join(["1"] * 70)),
        npy_header("{" * 4000),
    ]
    hostile += [npy_header("("), npy_header("__import__('os').abort()"), npy_header(header % "0, 5")]
    hostile += [npy_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n") + b"cos\nsystem\n."]
    hostile += [npy_header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }\n") + bytes(8)]
    hostile += [
        npy_header(header % "1, 1", b"\x02\x00") + bytes(8),
        npy_header("9" * 5000),
        b"\x93NUMPY",
        b"\x93NUM",
    ]
    hostile += [save(np.save, np.array([{}], dtype=object), allow_pickle=True), npy_header(header % "1, 1L")]
    return Kind(".npy", [(npy(array), {}) for array in arrays], oracles.npy, hostile)


def npz_kind() -> Kind:
    x, labels = _points("f4"), np.arange(7)
    matrix = sparse.random_array((6, 9), density=0.3, rng=np.random.default_rng(1))
    square = matrix[:, :6] + matrix[:, :6].T
    seeds = [
        save(np.savez, X=x, y=labels),
        save(np.savez_compressed, X=x, y=labels),
        save(np.savez, x),
        save(np.savez, a=x, b=_points("f8")),
        *(save(sparse.save_npz, matrix.asformat(form)) for form in ("csr", "csc", "coo")),
        save(sparse.save_npz, square.tocsr()),
    ]
    bomb = save(np.savez_compressed, X=np.zeros((20_000, 90)))
    pickled = save(np.savez, X=np.array([{}], dtype=object), allow_pickle=True)
    wrong = [
        save(
            np.savez,
            format=b"csr",
            shape=np.array([2, 10**12]),
            data=x[0],
            indices=labels[:3],
            indptr=labels[:3],
        ),
        save(
            np.savez, format=b"csr", shape=np.array([2, 2]), data=x[0], indices=labels[:3], indptr=[0, 9, 3]
        ),
        save(
            np.savez, format=b"csr", shape=np.array([2, 2]), data=x[0], indices=[0, 1, 77], indptr=[0, 1, 3]
        ),
        save(
            np.savez, format=b"csr", shape=np.array([2, 2]), data=x[0], indices=[0, -1, 1], indptr=[0, 1, 3]
        ),
        save(np.savez, format=b"xyz", shape=np.array([2, 2]), data=x[0]),
        save(
            np.savez, format=b"coo", shape=np.array([2**31 - 1, 3]), data=x[0], row=labels[:3], col=labels[:3]
        ),
    ]
    hostile = [b"PK\x03\x04", b"PK\x05\x06" + bytes(18), bomb[: len(bomb) // 2], pickled, *wrong]
    return Kind(".npz", [(seed, {}) for seed in seeds], oracles.npz, hostile)


def _table(n_rows: int = 40) -> pa.Table:
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(3.0 * n_rows)), 3)
    texts = pa.array([f"text {i % 7} ü" for i in range(n_rows)])
    columns = {"id": pa.array([f"n{i}" for i in range(n_rows)]), "v": vectors, "text": texts}
    return pa.table({**columns, "x": pa.array(np.arange(n_rows)), "kind": texts.dictionary_encode()})


_TABLE_OPTIONS: list[dict[str, Any]] = [
    {"id_column": None},
    {"column": "text", "id_column": None},
    {"columns": ["x"], "id_column": None},
    {"kind": "table", "id_column": None},
]


def parquet_kind() -> Kind:
    def write(target: Any, **options: Any) -> None:
        pq.write_table(_table(), target, **options)

    files = [
        save(write),
        save(write, compression="none", write_page_checksum=True),
        save(write, compression="zstd", data_page_version="2.0", row_group_size=11),
        save(write, compression="gzip", use_dictionary=False),
    ]
    seeds = [(file, options) for file in files for options in _TABLE_OPTIONS]
    hostile = [
        b"PAR1",
        b"PAR1" * 3,
        b"PAR1\xff\xff\xff\x7fPAR1",
        b"PAR1" + bytes(100) + b"PAR1",
        files[0][:-4],
    ]
    return Kind(".parquet", seeds, oracles.parquet, hostile)


def arrow_kind() -> Kind:
    def write(target: Any, new: Any, compression: str | None = None) -> None:
        with new(target, _table().schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
            writer.write_table(_table(), max_chunksize=17)

    files = [
        save(write, new, c) for new in (pa.ipc.new_file, pa.ipc.new_stream) for c in (None, "zstd", "lz4")
    ]
    seeds = [(file, options) for file in files for options in _TABLE_OPTIONS]
    hostile = [
        b"ARROW1",
        b"ARROW1\0\0" * 3,
        b"FEA1" + bytes(20),
        b"\xff" * 8,
        b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    ]
    return Kind(".arrow", seeds, oracles.arrow, [*hostile, bytes(64), files[0][:-6], files[3][:-8]])


_CSV = b'id,x,y,text\na,1,2.5,hello\nb,-3,1e3,"two, ""words"""\nc,0,.5,"a\nline"\nd,7,-0,\xc3\xbc\n'
_CSV_WORDS = (
    b"nan",
    b"-inf",
    b"1e400",
    b"",
    b'"',
    b",",
    b"\n",
    b"\r\n",
    b"9" * 25,
    b"0x1f",
    b"\xff",
    b"\0",
    b"1_0",
)


def csv_kind(suffix: str = ".csv", pack: Callable[[bytes], bytes] = bytes, unpack: Any = bytes) -> Kind:
    delimiter = "\t" if suffix.startswith(".tsv") else ","
    data = _CSV.replace(b",", b"\t") if delimiter == "\t" else _CSV
    numbers = (
        delimiter.encode().join([b"a", b"b", b"c"])
        + b"\n"
        + b"".join(delimiter.encode().join(b"%d.%d" % (i, j) for j in range(3)) + b"\n" for i in range(30))
    )
    explicit: dict[str, Any] = {"header": True, "id_column": None}
    seeds: list[tuple[bytes, dict[str, Any]]] = [
        (data, {**explicit, "column": "text"}),
        (data, {**explicit, "kind": "points"}),
        (data, {**explicit, "columns": ["y", "x"]}),
        (numbers, {**explicit, "kind": "points"}),
        (data, {**explicit, "kind": "table"}),
        (b"\xef\xbb\xbf" + numbers, explicit),
    ]
    if delimiter == ",":
        seeds = [(file, {**options, "delimiter": ","}) for file, options in seeds]
    hostile = [
        b",",
        b"\n\n\n",
        b'"',
        b'a,b\n1,"2\n',
        b"a,a\n1,2\n",
        b"a,b\n1\n",
        b"a,b\n1,2,3\n",
        b"a\0b\n1\n",
    ]
    hostile += ["a,b\n1,2\n".encode("utf-16"), b"a,b\n\xe9,1\n", b"a" * 300_000, b"," * 5000, b"\xef\xbb\xbf"]
    hostile += [b'"' * 999, b"a,b\n" + b"1,2\n" * 5000 + b"1,x\n" + b"1,2,3\n"]
    return Kind(
        suffix,
        [(pack(file), options) for file, options in seeds],
        lambda file, options: oracles.delimited(unpack(file), options, delimiter),
        [pack(file) for file in hostile] + ([b"\x1f\x8b", b"\x28\xb5\x2f\xfd"] if pack is not bytes else []),
        _CSV_WORDS,
    )


def jsonl_kind() -> Kind:
    objects = b"".join(
        json.dumps({"id": i, "text": f"t{i}", "v": [i, i / 2]}).encode() + b"\n" for i in range(9)
    )
    vectors = b"".join(json.dumps([i, i / 4, -i]).encode() + b"\n" for i in range(9))
    strings = b'"one"\n"two \\u00fc"\n"three"\n'
    seeds: list[tuple[bytes, dict[str, Any]]] = [
        (objects, {"column": "text", "id_column": None}),
        (objects, {"column": "v", "id_column": None}),
        (vectors, {}),
        (strings, {}),
    ]
    hostile = [
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"[1,2]\n[1]\n",
        b'{"v":1}\n{"v":"x"}\n',
        b"NaN\n",
        b"[NaN]\n",
        b"null",
    ]
    hostile += [
        b'{"a":1,"a":2}',
        b'"\\ud800"',
        b"[" + b"9" * 5000 + b"]",
        b"[1e999]",
        b"{}",
        b"\n\n",
        b"1\n2\n",
        b"[]",
    ]
    hostile += [
        b'[1]\n{"a":1}\n',
        b'{"a":[1,null]}',
        b'{"a":[[1]]}\n{"a":[[2,3]]}',
        b'{"":1}',
        b"[true]\n[1]\n",
        b"[[]]",
    ]
    words = (b"null", b"NaN", b"[", b"}", b'"', b"1e999", b"9" * 30, b"\\", b"\n", b"\0", b"true", b"-")
    return Kind(".jsonl", seeds, oracles.json_lines, hostile, words)


def txt_kind() -> Kind:
    seeds: list[tuple[bytes, dict[str, Any]]] = [
        (b"one document\ntwo\n\nfour \xe2\x82\xac\r\nfive", {}),
        ("größe\nmaß\n".encode("latin-1"), {"encoding": "latin-1"}),
    ]
    hostile = [
        b"\n",
        b"\0",
        b"\xff\xfea\0",
        b"\xc3",
        b"\xed\xa0\x80",
        b"a\n" * 9 + b"\x80",
        b"\xef\xbb\xbf",
        b"\r\r\r",
    ]
    return Kind(
        ".txt", seeds, oracles.lines, hostile, (b"\n", b"\0", b"\xff", b"\x85", b"\xe2\x80\xa8", b"\r")
    )


_MTX = (
    b"%%MatrixMarket matrix coordinate real general\n% a comment\n3 4 4\n1 1 1.5\n2 3 -2\n3 4 1e-3\n3 1 7\n",
    b"%%MatrixMarket matrix coordinate real symmetric\n4 4 4\n2 1 1\n3 1 2\n4 2 .5\n4 3 1\n",
    b"%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 2\n",
    b"%%MatrixMarket matrix coordinate integer general\n3 3 4\n1 2 5\n2 1 5\n2 3 1\n3 2 1\n",
    b"%%MatrixMarket matrix array real general\n3 2\n1\n2\n3.5\n-4\n5\n6e2\n",
    b"%%MatrixMarket matrix array real symmetric\n3 3\n1\n2\n3.5\n-4\n5\n6e2\n",
    b"%%MatrixMarket matrix array integer skew-symmetric\n3 3\n2\n-4\n6\n",
)
_GRAPH_WORDS = (
    b"-1",
    b"0",
    b"999999999999",
    b"9" * 25,
    b"nan",
    b"1e400",
    b"\n",
    b" ",
    b"%",
    b"x",
    b"2.5",
    b"\0",
    b"\xff",
)


def mtx_kind() -> Kind:
    head = b"%%MatrixMarket matrix coordinate real general\n"
    hostile = [head, head + b"3 3 1\n", head + b"3 3 1\n4 1 1\n", head + b"3 3 1\n0 1 1\n", head + b"3 3\n"]
    hostile += [
        head + b"2000000000 2000000000 1\n1 1 1\n",
        head + b"9999999999999 3 1\n1 1 1\n",
        b"%%MatrixMarket",
    ]
    hostile += [
        head + b"3 3 2\n1 2 1\n1 2 1\n",
        head + b"2 3 1\n1 2 nan\n",
        head + b"2 3 1\n1 2\n",
        b"%%\n1 1 1\n",
    ]
    hostile += [
        head.replace(b"real", b"complex") + b"1 1 1\n1 1 1 1\n",
        head.replace(b"general", b"x") + b"1 1 0\n",
    ]
    hostile += [_MTX[1].replace(b"2 1 1\n", b"1 2 1\n"), _MTX[4].replace(b"3 2", b"300000 300000")]
    return Kind(
        ".mtx",
        [(file, {"loops": "keep", "signed": True}) for file in _MTX],
        oracles.mtx,
        hostile,
        _GRAPH_WORDS,
    )


_METIS = (
    b"% the graph of the manual\n7 11\n5 3 2\n1 3 4\n5 4 2 1\n2 3 6 7\n1 3 6\n5 4 7\n6 4\n",
    b"7 11 001\n5 1 3 2 2 1\n1 1 3 2 4 1\n5 3 4 2 2 2 1 2\n2 1 3 2 6 2 7 5\n1 1 3 3 6 2\n"
    b"5 2 4 2 7 6\n6 6 4 5\n",
    b"3 2 10 2\n4 1 2\n0 9 1 3\n5 5 2\n",
    b"3 1 110\n7 1\n8 2 3\n9 3 2\n",
    b"4 1 100\n1 2\n2 1\n3\n4\n",
    b"3 1\n2\n1\n\n",
)


def metis_kind() -> Kind:
    hostile = [
        b"%",
        b"0 0\n",
        b"1 0\n\n",
        b"1 0\n",
        b"2 1\n2\n",
        b"2 1\n2\n1\n1\n",
        b"2 1\n2\n2\n",
        b"2 1\n3\n1\n",
    ]
    hostile += [
        b"2 1 2\n2\n1\n",
        b"2 1 1111\n2\n1\n",
        b"2 1 10 0\n2\n1\n",
        b"0 0 10 999999999999\n",
        b"2 1 11 3\n1 2\n1 1\n",
    ]
    hostile += [
        b"99999999999999 1\n2\n1\n",
        b"2 1 1\n2 0\n1 0\n",
        b"2 1 1\n2 3\n1 4\n",
        b"2 1 1\n2\n1\n",
        b"2 2\n2 2\n1 1\n",
    ]
    hostile += [
        b"3 2\n2\n3\n2\n",
        b"-1 0\n",
        b"2 5\n2\n1\n",
        b"2\n",
        b"1 2 3 4 5\n",
        b"2 1 10\n-1 2\n1 1\n",
        b"2 1\n2.0\n1\n",
    ]
    return Kind(".graph", [(file, {}) for file in _METIS], oracles.metis, hostile, _GRAPH_WORDS)


def edges_kind() -> Kind:
    files = (
        b"# comment\n0 1\n1 2\n2 3\n3 0\n",
        b"source,target,weight\na,b,1.5\nb,c,2\nc,d,.25\n",
        b"1 2 1\n2 1 1\n2 3 4\n3 2 4\n",
        b"10\t20\n20\t30\n",
    )
    options: list[dict[str, Any]] = [
        {},
        {"directed": True},
        {"directed": False, "duplicates": "sum", "loops": "drop"},
    ]
    seeds = [(file, option) for file in files for option in options] + [(files[0], {"n_nodes": 5})]
    hostile = [
        b"1\n",
        b"1 2 3 4\n",
        b"1 1\n",
        b"1 2\n1 2\n",
        b"1 2 nan\n",
        b"1 2 -1\n",
        b"1 2\n3\n",
        b"# nothing\n",
    ]
    hostile += [
        b"1 2 x\n",
        b"0 1 {}\n",
        b"1 2\n2 1\n3 4\n",
        b"1 2 1\n2 1 5\n",
        b"\xff\xfe \xff\n",
        b"1 2\0\n",
        b"source target\n",
    ]
    return Kind(".edges", seeds, oracles.edges, hostile, _GRAPH_WORDS)


_HGR = (
    b"% a comment\n4 5\n1 2\n2 3 4\n5 1 3\n4 5\n",
    b"3 4 1\n5 1 2\n7 2 3 4\n1 4 1\n",
    b"2 3 10\n1 2\n2 3\n4\n5\n6\n",
    b"2 3 11\n5 1 2\n7 2 3\n4 1\n5 0\n6 2\n",
)


def hgr_kind() -> Kind:
    hostile = [
        b"%",
        b"0 0\n",
        b"0 3\n",
        b"0 999999999999\n",
        b"0 2000000000\n",
        b"1 2\n",
        b"1 0\n1\n",
        b"1\n",
    ]
    hostile += [b"0 0 10\n", b"1 2 10\n1 2\n3\n4 5\n", b"1 2 10\n1 2\n3\n-4\n", b"1 2 10\n1 2\n1 2 3\n4\n"]
    hostile += [
        b"1 3\n1 1\n",
        b"1 3\n0 1\n",
        b"1 3 1\n0 1 2\n",
        b"1 3 1\n-5 1 2\n",
        b"1 3 1\n5\n",
        b"1 3 2\n1\n",
    ]
    hostile += [b"9999999999999999999 1\n1\n", b"-1 2\n", b"1 2 3 4\n1 2\n", b"1 2\n1 2.0\n", b"1 2\n1\n2\n"]
    return Kind(".hgr", [(file, {}) for file in _HGR], oracles.hgr, hostile, _GRAPH_WORDS)


def zst_kind() -> Kind:
    return csv_kind(
        ".csv.zst",
        lambda file: pa.compress(file, codec="zstd", asbytes=True),
        lambda file: pa.CompressedInputStream(pa.BufferReader(file), "zstd").read(),
    )


KINDS: dict[str, Callable[[], Kind]] = {
    "npy": npy_kind,
    "npz": npz_kind,
    "parquet": parquet_kind,
    "arrow": arrow_kind,
    "csv": csv_kind,
    "tsv": lambda: csv_kind(".tsv"),
    "csv.gz": lambda: csv_kind(".csv.gz", lambda file: gzip.compress(file, mtime=0), gzip.decompress),
    "csv.zst": zst_kind,
    "jsonl": jsonl_kind,
    "txt": txt_kind,
    "folder": txt_kind,
    "mtx": mtx_kind,
    "metis": metis_kind,
    "edges": edges_kind,
    "hgr": hgr_kind,
}


def mutate(rng: np.random.Generator, file: bytes, other: bytes, words: tuple[bytes, ...]) -> bytes:
    """`file` after one to three small accidents."""
    for _ in range(int(rng.integers(1, 4))):
        size = max(1, len(file))
        a, b = sorted(int(p) for p in rng.integers(0, size, 2))
        accident = int(rng.integers(0, 8 if words else 7))
        if accident == 0:
            file = file[:b]
        elif accident == 1:
            flipped = np.frombuffer(file, np.uint8).copy()
            if flipped.size:
                flipped[rng.integers(0, flipped.size, int(rng.integers(1, 9)))] ^= np.uint8(
                    1 << int(rng.integers(8))
                )
            file = flipped.tobytes()
        elif accident == 2:
            file = file[:a] + rng.bytes(int(rng.integers(1, 20))) + file[a:]
        elif accident == 3:
            file = file[:a] + file[min(b, a + 40) :]
        elif accident == 4:
            file = file[:a] + other[min(a, len(other)) :]
        elif accident == 5:
            file = file[:b] + file[a:]
        elif accident == 6:
            file = file[:a] + (b"\xff" if rng.random() < 0.5 else b"\0") * (b - a) + file[b:]
        else:
            end = a + int(rng.integers(0, 4))
            file = file[:a] + words[int(rng.integers(len(words)))] + file[end:]
    return file


def cases(kind: Kind, count: int, rng: np.random.Generator) -> list[tuple[bytes, dict[str, Any]]]:
    """The hostile cases of a kind, then mutations up to `count`."""
    made = [(file, kind.seeds[0][1]) for file in [b"", *kind.hostile]]
    while len(made) < count:
        file, options = kind.seeds[int(rng.integers(len(kind.seeds)))]
        other, _ = kind.seeds[int(rng.integers(len(kind.seeds)))]
        made.append((mutate(rng, file, other, kind.words), options))
    return made


def place(name: str, suffix: str, file: bytes, folder: Path) -> Path:
    """Put the bytes where ``read`` finds them."""
    if name != "folder":
        path = folder / f"case{suffix}"
        path.write_bytes(file)
        return path
    shutil.rmtree(folder / "documents", ignore_errors=True)
    (folder / "documents" / "inner").mkdir(parents=True)
    (folder / "documents" / "a.txt").write_text("plain")
    (folder / "documents" / "inner" / "b.txt").write_bytes(file)
    return folder / "documents"


def run(name: str, count: int, seed: int, folder: Path, *, note_case: bool = False) -> tuple[int, int]:
    """Read `count` malformed files; how many were refused and how many were read.

    With `note_case`, the file ``running`` always holds the case at hand, for whoever finds the process dead.

    Raises
    ------
    AssertionError
        For another exception, an error without hint, or a value that the oracle doesn't find.
    """
    kind, rng = KINDS[name](), np.random.default_rng([seed, *name.encode()])
    oracle = oracles.folder_of_two if name == "folder" else kind.oracle
    refused = 0
    for index, (file, options) in enumerate(cases(kind, count, rng)):
        path = place(name, kind.suffix, file, folder)
        what = f"{name} case {index} of seed {seed}, {options}: {file[:300]!r}"
        if note_case:
            (folder / "running").write_text(what)
        source, error = attempt(lambda: read(path, **options), what, PartitaError)  # noqa: B023
        if error is not None:
            assert error.hint, f"{what}\nno hint: {error}"
            assert str(path) in str(error), f"{what}\nno file named: {error}"
            refused += 1
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected, _ = attempt(lambda: oracle(file, options), f"{what}\nread as {source.data!r}", ())  # noqa: B023
        assert oracles.same(source.data, expected), f"{what}\nread {source.data!r}\noracle {expected!r}"
    return refused, count - refused


def attempt(call: Callable[[], Any], what: str, allowed: Any) -> tuple[Any, Any]:
    """The result of a call, or the allowed error; any other is reported with the case that caused it."""
    try:
        return call(), None
    except allowed as error:
        return None, error
    except Exception as error:
        raise AssertionError(f"{what}\n{type(error).__name__}: {error}") from error


if __name__ == "__main__":
    faulthandler.enable()
    os.environ["PARTITA_MEMORY"] = MEMORY
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), note_case=True)))
