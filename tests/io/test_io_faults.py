"""Every refusal names the file, the place and what to do."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from partita import BudgetError, FileFormatError, InvalidDataError, InvalidParameterError, PartitaError
from partita.io import read


def refused(path: Path, error: type[PartitaError] = InvalidDataError, **options: Any) -> str:
    """The message of the error that reading ends in; it names the file and gives a hint."""
    with pytest.raises(error) as caught:
        read(path, **options)
    assert caught.value.hint
    assert str(path) in str(caught.value)
    return str(caught.value)


# --- paths ---------------------------------------------------------------------------------------


def test_a_missing_file_suggests_a_near_name(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("1,2\n")
    assert "did you mean 'points.csv'?" in refused(tmp_path / "point.csv", InvalidParameterError)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    message = refused(tmp_path / "nowhere" / "points.csv", InvalidParameterError)
    assert "nowhere does not exist" in message
    (tmp_path / "file").write_text("x")
    assert "does not exist" in refused(tmp_path / "file" / "points.csv", InvalidParameterError)


@pytest.mark.parametrize("path", [None, 3, b"bytes.csv", ["a.csv"]])
def test_what_is_no_path(path: Any) -> None:
    with pytest.raises(InvalidParameterError, match="needs the path"):
        read(path)


@pytest.mark.parametrize("name", ["a\0b.csv", "x" * 5000 + ".csv"])
def test_impossible_names(name: str) -> None:
    with pytest.raises(PartitaError, match="can't be opened"):
        read(name)


@pytest.mark.parametrize(
    "suffix", [".csv", ".npy", ".npz", ".parquet", ".arrow", ".csv.gz", ".csv.zst", ".graph"]
)
def test_a_forbidden_file(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read anything, so the refusal is staged."""
    (tmp_path / f"t{suffix}").write_text("1,2\n")

    def refuse(self: Path, *args: Any, **kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(pa, "OSFile", refuse)
    monkeypatch.setattr("partita.io.streams._unpacker", refuse)
    assert "Permission denied" in refused(tmp_path / f"t{suffix}", FileFormatError)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "neither a file nor a folder" in refused(tmp_path / "pipe.csv", InvalidParameterError)


@pytest.mark.parametrize(
    "name", ["t.csv", "t.npz", "t.parquet", "t.arrow", "t.npy", "t.jsonl", "t.mtx", "t.graph"]
)
def test_empty_files_and_folders_with_a_suffix(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    assert "is empty (0 bytes)" in refused(tmp_path / name, FileFormatError)
    form = {"graph": "metis"}.get(name[2:], name[2:])
    assert "is a folder, not a file" in refused(tmp_path, FileFormatError, format=form)


def test_unknown_formats_and_foreign_bytes(tmp_path: Path) -> None:
    (tmp_path / "t.xyz").write_text("hello")
    assert "set format=" in refused(tmp_path / "t.xyz", FileFormatError)
    np.savez(tmp_path / "t.npz", X=np.ones((2, 2)))
    for name in ("t.npy", "t.parquet", "t.arrow"):
        (tmp_path / name).write_bytes((tmp_path / "t.npz").read_bytes())
        assert "set format='npz'" in refused(tmp_path / name, FileFormatError)
    assert "is a file, not a folder" in refused(tmp_path / "t.npz", FileFormatError, format="folder")


def test_a_folder_without_documents(tmp_path: Path) -> None:
    assert "it is empty" in refused(tmp_path, FileFormatError)
    (tmp_path / "parts.parquet").write_bytes(b"PAR1")
    assert "partita.load" in refused(tmp_path, FileFormatError)


# --- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "vectors"},
        {"format": "xls"},
        {"column": 3},
        {"columns": "x"},
        {"columns": []},
        {"columns": ["x", "x"]},
        {"column": "x", "columns": ["y"]},
        {"delimiter": "::"},
        {"delimiter": '"'},
        {"header": "yes"},
        {"header": 1},
        {"encoding": "utf-99"},
        {"encoding": "base64"},
        {"directed": None},
        {"duplicates": "mean"},
        {"loops": True},
        {"signed": 1},
        {"n_nodes": -1},
        {"n_nodes": True},
        {"array": ""},
    ],
)
def test_options_are_checked(options: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    with pytest.raises(InvalidParameterError) as caught:
        read(tmp_path / "t.csv", **options)
    assert caught.value.name in options


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("t.csv", {"array": "X"}),
        ("t.npy", {"column": "x"}),
        ("t.graph", {"delimiter": ","}),
        ("t.txt", {"column": "x"}),
        ("t.parquet", {"encoding": "latin-1"}),
        ("t.tsv", {"delimiter": ","}),
    ],
)
def test_options_without_a_meaning_are_not_dropped_silently(
    name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / name).write_text("x,y\n1,2\n")
    with pytest.raises(InvalidParameterError, match="has no meaning") as caught:
        read(tmp_path / name, **options)
    assert caught.value.hint


def test_unknown_columns_and_arrays_suggest_a_near_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("size,text\n1,a\n2,b\n")
    for options in ({"column": "txet"}, {"columns": ["siez"]}, {"id_column": "tet"}):
        assert "did you mean" in refused(tmp_path / "t.csv", InvalidParameterError, **options)
    np.savez(tmp_path / "t.npz", train=np.ones((2, 2)), test=np.ones((2, 2)))
    assert "did you mean 'train'?" in refused(tmp_path / "t.npz", InvalidParameterError, array="trian")


# --- NumPy ---------------------------------------------------------------------------------------


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "exploded"),))

    bomb = np.array([Bomb()], dtype=object)
    np.save(tmp_path / "t.npy", bomb, allow_pickle=True)
    np.savez(tmp_path / "t.npz", X=bomb)
    for name in ("t.npy", "t.npz"):
        assert "pickled" in refused(tmp_path / name)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("cut", [3, 8, 20, -1, -50])
def test_truncated_npy(cut: int, tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.ones((50, 3)))
    whole = (tmp_path / "t.npy").read_bytes()
    (tmp_path / "t.npy").write_bytes(whole[:cut])
    refused(tmp_path / "t.npy", FileFormatError)
    (tmp_path / "t.npy").write_bytes(whole + b"more")
    assert "several were joined" in refused(tmp_path / "t.npy", FileFormatError)


@pytest.mark.parametrize(
    "array", [np.ones(3, complex), np.array(3.0), np.ones((2, 2), "M8[s]"), np.ones(2, "g")]
)
def test_arrays_that_are_no_points(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", array)
    assert refused(tmp_path / "t.npy")


def test_integers_that_float64_cannot_hold(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.array([[1, 2], [3, 2**53 + 1]]))
    assert "row 1, column 1" in refused(tmp_path / "t.npy")
    (tmp_path / "t.csv").write_text(f"x\n1\n{2**53 + 1}\n")
    assert "row 1, column 'x'" in refused(tmp_path / "t.csv")


def test_archives_with_several_candidates_list_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", a=np.ones((2, 2)), b=np.ones((3, 2)), c=np.ones(4))
    message = refused(tmp_path / "t.npz")
    assert "a (2, 2), b (3, 2), c (4,)" in message
    assert "array=" in message


def test_square_sparse_matrix_that_is_not_symmetric_is_not_guessed(tmp_path: Path) -> None:
    sparse.save_npz(tmp_path / "t.npz", sparse.csr_array(np.array([[0, 1.0], [0, 0]])))
    assert "directed=True" in refused(tmp_path / "t.npz")
    assert read(tmp_path / "t.npz", directed=True).data.toarray().tolist() == [[0, 1], [0, 0]]
    assert read(tmp_path / "t.npz", kind="points").data.toarray().tolist() == [[0, 1], [0, 0]]


def test_nan_in_archives_is_located(tmp_path: Path) -> None:
    array = np.ones((4, 3))
    array[2, 1] = np.nan
    np.savez(tmp_path / "t.npz", X=array)
    assert "row 2, column 1" in refused(tmp_path / "t.npz")
    sparse.save_npz(tmp_path / "s.npz", sparse.csr_array(array))
    assert "row 2, column 1" in refused(tmp_path / "s.npz")


# --- memory --------------------------------------------------------------------------------------


def test_declared_terabytes_are_refused_before_they_are_allocated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTITA_MEMORY", "1 GiB")
    (tmp_path / "t.mtx").write_text("%%MatrixMarket matrix coordinate real general\n2000000000 3 1\n1 1 1\n")
    (tmp_path / "u.mtx").write_text("%%MatrixMarket matrix array real general\n2000000 3000000\n1\n")
    for name in ("t.mtx", "u.mtx"):
        with pytest.raises(BudgetError, match="memory budget"):
            read(tmp_path / name)


def test_bombs_of_zeros_end_at_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(bytes(40_000_000)))
    np.savez_compressed(tmp_path / "t.npz", X=np.zeros((5_000_000, 1)))
    column = pa.array(np.zeros(10_000_000))
    pq.write_table(pa.table({"x": column}), tmp_path / "t.parquet")
    monkeypatch.setenv("PARTITA_MEMORY", "20 MiB")
    for name in ("t.csv.gz", "t.npz", "t.parquet"):
        assert (tmp_path / name).stat().st_size < 1_000_000
        with pytest.raises(BudgetError, match="memory budget"):
            read(tmp_path / name)


# --- tables --------------------------------------------------------------------------------------


def test_missing_and_infinite_numbers_are_located(tmp_path: Path) -> None:
    table = pa.table({"x": [1.0, 2.0, 3.0], "y": [1.0, None, 2.0]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert "row 1 (counted from 0), column 'y' is missing" in refused(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", columns=["x"]).n_items == 3
    pq.write_table(pa.table({"x": [1.0, float("inf")]}), tmp_path / "t.parquet")
    assert "row 1 (counted from 0), column 'x'" in refused(tmp_path / "t.parquet")


def test_lists_of_several_lengths(tmp_path: Path) -> None:
    pq.write_table(pa.table({"v": [[1.0, 2.0], [3.0]]}), tmp_path / "t.parquet")
    assert "row 1 of column 'v' holds 1 values, the first row 2" in refused(tmp_path / "t.parquet")


def test_two_columns_of_vectors_or_text_must_be_told_apart(tmp_path: Path) -> None:
    pq.write_table(pa.table({"v": [[1.0]], "w": [[1.0]], "s": ["a"], "t": ["b"]}), tmp_path / "t.parquet")
    assert "'v', 'w'" in refused(tmp_path / "t.parquet")
    assert "'s', 't'" in refused(tmp_path / "t.parquet", kind="text")
    assert "holds text values" in refused(tmp_path / "t.parquet", columns=["s"])


def test_ids_must_differ_and_text_must_be_there(tmp_path: Path) -> None:
    pq.write_table(pa.table({"i": ["a", "b", "a"], "t": ["x", None, "z"]}), tmp_path / "t.parquet")
    assert "rows 0 and 2" in refused(tmp_path / "t.parquet", column="t", id_column="i")
    assert "row 1 (counted from 0), column 't' is missing" in refused(tmp_path / "t.parquet", column="t")


def test_damaged_pages_with_a_checksum(tmp_path: Path) -> None:
    """A flipped bit in a page is found by its checksum, not read as another number."""
    table = pa.table({"x": np.arange(2000.0)})
    pq.write_table(
        table, tmp_path / "t.parquet", compression="none", use_dictionary=False, write_page_checksum=True
    )
    data = bytearray((tmp_path / "t.parquet").read_bytes())
    data[len(data) // 2] ^= 4
    (tmp_path / "t.parquet").write_bytes(data)
    assert "CRC" in refused(tmp_path / "t.parquet", FileFormatError)


def test_a_stream_cut_between_batches(tmp_path: Path) -> None:
    """Arrow itself takes it for a shorter table."""
    table = pa.table({"x": np.arange(100.0)})
    with pa.OSFile(str(tmp_path / "t.arrows"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=50)
    whole = (tmp_path / "t.arrows").read_bytes()
    (tmp_path / "t.arrows").write_bytes(whole[:-8])
    assert pa.ipc.open_stream(whole[:-8]).read_all().num_rows == 100
    assert "end mark" in refused(tmp_path / "t.arrows", FileFormatError)


# --- text files: contents, options, line, words of the message ------------------------------------

_MTX = "%%MatrixMarket matrix coordinate real general\n"

LOCATED: list[tuple[str, str | bytes, dict[str, Any], int | None, str]] = [
    ("t.csv", "a,b\n1,2\n3\n", {}, 3, "1 fields where the first row has 2"),
    ("t.csv", 'a,b\n"x\ny",2\n1,2,3\n', {}, 4, "3 fields where the first row has 2"),
    ("t.csv", "a,b\n1,2\n3,nan\n", {}, 3, "row 1 (counted from 0), column 'b' is missing"),
    ("t.csv", 'a,t\n1,"x\ny"\ninf,z\n', {"columns": ["a"]}, 4, "row 1 (counted from 0), column 'a'"),
    ("t.csv", 'a,b\n1,"2\n3,4\n', {}, 2, "do not pair up"),
    ("t.csv", 'a,b\n1,"x"y\n3,"z"\n', {}, 2, "do not pair up"),
    ("t.csv", "a,a\n1,2\n", {}, None, "two columns are called 'a'"),
    ("t.csv", b"a,b\n1,2\n\xe9,3\n", {}, 3, "encoding='latin-1'"),
    ("t.csv", b"a,b\n1,\0\n", {}, 2, "NUL"),
    ("t.csv", "a,b\n1,2\n".encode("utf-16"), {}, None, "encoding='utf-16'"),
    ("t.csv", "\n\n", {}, None, "empty lines only"),
    ("t.csv", "x,y,z\n1,2,3\n", {"kind": "graph", "columns": ["x", "q"]}, None, "columns="),
    ("t.csv", "source,target\n1,2\n3,\n", {"kind": "graph"}, 3, "missing"),
    ("t.data", "1 2\n3 x\n", {}, 2, "not a number"),
    ("t.data", "1 2\n3\n", {}, 2, "1 values where the first row has 2"),
    ("t.jsonl", '{"a": 1}\n{"a": \n', {}, 2, "not valid JSON"),
    ("t.jsonl", "[1, 2]\n[3]\n", {}, 2, "row 1"),
    ("t.jsonl", "[1, 2]\n\n[3, NaN]\n", {}, 3, "NaN is not JSON"),
    ("t.jsonl", '{"a": 1}\n{"a": "x"}\n', {}, 2, "holds a string here and a number above"),
    ("t.jsonl", '{"a": 1}\n[1]\n', {}, 2, "all be objects"),
    ("t.jsonl", '{"a": 1, "a": 2}\n', {}, 1, "twice"),
    ("t.jsonl", "1\n", {}, 1, "all be objects"),
    ("t.jsonl", "[" * 100_000, {}, 1, "nested too deeply"),
    ("t.jsonl", '"a"\n"\\ud800"\n', {}, 2, "surrogates"),
    ("t.txt", b"good\nb\xffd\n", {}, 2, "not valid UTF-8"),
    ("t.txt", b"good\nb\0d\n", {}, 2, "NUL"),
    ("t.txt", "\n \n", {}, None, "empty lines only"),
    ("t.txt", "gr\u20ac\n", {"encoding": "ascii"}, None, "not text in ascii"),
    ("t.edges", "a b\nc\n", {}, 2, "1 words where the lines above have 2"),
    ("t.edges", "a b c d\n", {}, 1, "format='csv'"),
    ("t.edges", "# x\n0 1\n1 1\n", {}, 3, "loops='drop'"),
    ("t.edges", "0 1\n1 2\n0 1\n", {}, 3, "already in line 1"),
    ("t.edges", "0 1\n1 0\n1 2\n", {}, 2, "directed=True"),
    ("t.edges", "0 1 1\n1 0 2\n", {}, 2, "weighs 2 here and 1 in the other direction"),
    ("t.edges", "0 1 1\n1 2 -1\n", {}, 2, "signed=True"),
    ("t.edges", "0 1 1\n1 2 nan\n", {}, 2, "NaN"),
    ("t.edges", "0 1 1\n1 2 many\n", {}, 2, "'many'"),
    ("t.edges", "0 1\n1 7\n", {"n_nodes": 5}, 2, "outside 0 to 4"),
    ("t.edges", "0 1\n1 a\n", {"n_nodes": 5}, None, "not all integers"),
    ("t.edges", "# nothing\n", {}, None, "no edges"),
    ("t.graph", "% c\n2 1\n2\n", {}, None, "promises 2 vertices and 1 lines"),
    ("t.graph", "2 1\n2\n1\n1\n", {}, 4, "after those of the 2 vertices"),
    ("t.graph", "2 1\n2\n% c\n3\n", {}, 4, "outside 1 to 2"),
    ("t.graph", "2 1\n2\n0\n", {}, 3, "outside 1 to 2"),
    ("t.graph", "2 1\n2\n2\n", {}, 3, "its own neighbour"),
    ("t.graph", "2 2\n2 2\n1 1\n", {}, 2, "listed twice"),
    ("t.graph", "3 2\n2\n3\n2\n", {}, 2, "does not list this vertex"),
    ("t.graph", "2 5\n2\n1\n", {}, None, "promises 5 edges, the lines hold 1"),
    ("t.graph", "2 1 1\n2 3\n1 4\n", {}, 2, "differs in the other direction"),
    ("t.graph", "2 1 1\n2 0\n1 0\n", {}, 2, "not positive"),
    ("t.graph", "2 1 1\n2\n1\n", {}, 2, "1 numbers, but the header asks for"),
    ("t.graph", "2 1 10\n-1 2\n1 1\n", {}, 2, "negative"),
    ("t.graph", "2 1 7\n2\n1\n", {}, 1, "digits 0 or 1"),
    ("t.graph", "2 1\n2.0\n1\n", {}, 2, "'2.0'"),
    ("t.graph", "2\n", {}, 1, "header of 1 words"),
    ("t.mtx", "1 1 1\n", {}, 1, "banner"),
    ("t.mtx", _MTX + "2 3 2\n1 1 1\n", {}, None, "promise 2 entries and 1 follow"),
    ("t.mtx", _MTX + "2 3 1\n3 1 1\n", {}, 3, "a row number outside 1 to 2"),
    ("t.mtx", _MTX + "2 3 1\n% c\n1 0 1\n", {}, 4, "a column number outside 1 to 3"),
    ("t.mtx", _MTX + "2 3 2\n1 2 1\n1 2 1\n", {}, 4, "already in line 3"),
    ("t.mtx", _MTX + "2 3 1\n1 2 inf\n", {}, 3, "infinite"),
    ("t.mtx", _MTX + "2 3 1\n1 2\n", {}, 3, "2 words, not 3"),
    ("t.mtx", _MTX + "2 2 2\n1 2 1\n2 2 1\n", {"kind": "graph"}, 4, "has an edge to itself"),
    ("t.mtx", _MTX + "2 2 2\n1 2 -1\n2 1 -1\n", {}, 3, "negative weight"),
    ("t.mtx", _MTX.replace("general", "symmetric") + "2 2 1\n1 2 1\n", {}, 3, "above the diagonal"),
    ("t.mtx", _MTX.replace("real", "complex") + "1 1 1\n1 1 1 1\n", {}, 1, "complex"),
]


@pytest.mark.parametrize(("name", "content", "options", "line", "words"), LOCATED)
def test_faults_are_located(
    name: str, content: str | bytes, options: dict[str, Any], line: int | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    message = refused(path, **options)
    assert words in message
    found = f"{path}, line {line}:" if line is not None else f"{path}:"
    assert message.startswith(found), message


def test_a_fault_in_one_document_of_a_folder_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("fine")
    (tmp_path / "b.txt").write_bytes(b"one\ntw\xff")
    assert f"{tmp_path / 'b.txt'}, line 2:" in refused(tmp_path)


def test_a_fault_far_down_a_large_file(tmp_path: Path) -> None:
    rows = ["x,y", *(f"{i},{i}" for i in range(300_000))]
    rows[250_001] = "1,2,3"
    (tmp_path / "t.csv").write_text("\n".join(rows))
    assert "line 250002" in refused(tmp_path / "t.csv", FileFormatError)
    rows[250_001] = "1,oops"
    (tmp_path / "t.csv").write_text("\n".join(rows))
    source = read(tmp_path / "t.csv")
    assert source.kind == "table"
    assert "2 columns" not in "".join(source.notes)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_damaged_compression(suffix: str, tmp_path: Path) -> None:
    data = b"".join(b"%d,%d\n" % (i, i * i) for i in range(5000))
    whole = gzip.compress(data) if suffix == ".gz" else pa.compress(data, codec="zstd", asbytes=True)
    for broken in (whole[: len(whole) // 2], b"plain,text\n1,2\n", whole[:-2]):
        (tmp_path / f"t.csv{suffix}").write_bytes(broken)
        assert "damaged or cut short" in refused(tmp_path / f"t.csv{suffix}", FileFormatError)


@pytest.mark.parametrize("column", [pa.array([{"a": 1}]), pa.array([[["x"]]]), pa.nulls(1), pa.array([b"x"])])
def test_column_types_that_are_nothing_to_divide(column: pa.Array, tmp_path: Path) -> None:
    table = pa.table({"x": column, "y": [1]})
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    assert "can't be read as points or text" in refused(tmp_path / "t.arrow", column="x")
    assert read(tmp_path / "t.arrow", kind="points").data.tolist() == [[1]]


def test_types_that_have_no_ids(tmp_path: Path) -> None:
    pq.write_table(pa.table({"v": [[1.0]], "x": [1.0]}), tmp_path / "t.parquet")
    assert "can't turn into" in refused(tmp_path / "t.parquet", column="x", id_column="v")
