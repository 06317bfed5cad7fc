"""What is written by the usual tools is read back: values, names, kind and notes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import sparse
from scipy.io import mmwrite

from partita import PartitaError
from partita.io import read


def notes_of(source: Any) -> str:
    return "\n".join(source.notes)


def packed(data: bytes, suffix: str) -> bytes:
    if suffix == ".gz":
        return gzip.compress(data)
    return pa.compress(data, codec="zstd", asbytes=True) if suffix == ".zst" else data


# --- NumPy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("f4", "f4"),
        ("f8", "f8"),
        ("f2", "f4"),
        (">f4", "f4"),
        (">f8", "f8"),
        ("u1", "f4"),
        ("i2", "f4"),
        ("?", "f4"),
        ("i4", "f8"),
        ("i8", "f8"),
    ],
)
def test_npy_of_any_real_type_becomes_the_smallest_exact_float(
    dtype: str, expected: str, tmp_path: Path
) -> None:
    array = np.arange(12).reshape(4, 3).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    source = read(tmp_path / "a.npy")
    assert source.kind == "points"
    assert source.data.dtype == np.dtype(expected)
    assert source.data.dtype.isnative
    np.testing.assert_array_equal(source.data, array.astype("f8"))


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_floats_stays_on_disk(order: Any, tmp_path: Path) -> None:
    array = np.arange(12.0).reshape(4, 3).copy(order=order)
    np.save(tmp_path / "a.npy", array)
    source = read(tmp_path / "a.npy")
    assert isinstance(source.data, np.memmap)
    assert not source.data.flags.writeable
    assert "memory-mapped" in notes_of(source)
    np.testing.assert_array_equal(source.data, array)


def test_converted_npy_is_no_longer_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((3, 2), "f2"))
    source = read(tmp_path / "a.npy")
    assert not isinstance(source.data, np.memmap)
    assert "memory-mapped" not in notes_of(source)
    assert "float16 converted to float32" in notes_of(source)


def test_images_are_flattened_and_said(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(24.0).reshape(2, 3, 4))
    source = read(tmp_path / "a.npy")
    assert source.data.shape == (2, 12)
    assert "flattened" in notes_of(source)


def test_npy_of_strings_is_text(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array(["one", "zwei ü", ""]))
    assert read(tmp_path / "a.npy").data == ["one", "zwei ü", ""]


def test_empty_npy_has_no_items(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.empty((0, 3)))
    assert read(tmp_path / "a.npy").data.shape == (0, 3)


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2), elements=st.floats(-1e300, 1e300)))
def test_a_matrix_is_the_same_in_every_format(tmp_path_factory: Any, array: np.ndarray) -> None:
    folder = tmp_path_factory.mktemp("matrix")
    np.save(folder / "a.npy", array)
    np.savez(folder / "b.npz", array)
    names = [f"c{i}" for i in range(array.shape[1])]
    table = pa.table(dict(zip(names, array.T.copy(), strict=True)))
    pq.write_table(table, folder / "c.parquet")
    pa.feather.write_feather(table, folder / "d.feather")
    rows = [",".join(map(repr, row)) for row in array.tolist()]
    (folder / "e.csv").write_text("\n".join([",".join(names), *rows]))
    (folder / "f.tsv").write_text("\n".join(rows).replace(",", "\t"))
    (folder / "g.jsonl").write_text("\n".join(json.dumps(row) for row in array.tolist()))
    (folder / "h.data").write_text("\n".join(rows).replace(",", "  "))
    mmwrite(folder / "i.mtx", array, precision=17)
    for file in sorted(folder.iterdir()):
        kind = {"kind": "points"} if file.suffix in (".mtx", ".data") else {}
        source = read(file, **kind)
        assert source.kind == "points"
        found = np.asarray(source.data)
        assert found.shape == array.shape, file
        assert np.array_equal(found, array), file


# --- archives -------------------------------------------------------------------------------------


def test_labelled_archive_picks_x_and_carries_y(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.ones((5, 2), "f4"), y=np.arange(5), ids=np.array(list("abcde")))
    source = read(tmp_path / "a.npz")
    assert source.data.shape == (5, 2)
    assert source.extra["labels"].tolist() == [0, 1, 2, 3, 4]
    assert source.names.tolist() == list("abcde")
    assert "'X' chosen by its name" in notes_of(source)


def test_archive_with_one_matrix_takes_it(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", weights=np.ones(5), vectors=np.ones((5, 2)))
    source = read(tmp_path / "a.npz")
    assert source.data.shape == (5, 2)
    assert "'vectors' chosen" in notes_of(source)


def test_archive_array_can_be_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.ones((5, 2)), b=np.ones((4, 3)))
    assert read(tmp_path / "a.npz", array="b").data.shape == (4, 3)


@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "bsr", "dia"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4"])
def test_scipy_sparse_archives(layout: str, dtype: str, tmp_path: Path) -> None:
    matrix = sparse.random_array((6, 9), density=0.4, rng=np.random.default_rng(3)) * 10
    matrix = matrix.astype(dtype).asformat(layout)
    sparse.save_npz(tmp_path / "a.npz", matrix)
    source = read(tmp_path / "a.npz")
    assert source.kind == "points"
    assert source.data.format == "csr"
    assert source.data.dtype == (np.float32 if dtype == "f4" else np.float64)
    np.testing.assert_array_equal(source.data.toarray(), matrix.toarray())


def test_square_symmetric_sparse_archive_is_a_graph(tmp_path: Path) -> None:
    matrix = sparse.csr_array(np.array([[0, 2.0, 0], [2, 0, 1], [0, 1, 0]]))
    sparse.save_npz(tmp_path / "a.npz", matrix)
    source = read(tmp_path / "a.npz")
    assert source.kind == "graph"
    assert read(tmp_path / "a.npz", kind="points").kind == "points"
    np.testing.assert_array_equal(source.data.toarray(), matrix.toarray())


def test_dense_adjacency_is_a_graph_on_request(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[0, 2.0], [2, 0]]))
    source = read(tmp_path / "a.npy", kind="graph")
    assert source.data.toarray().tolist() == [[0, 2], [2, 0]]


# --- tables ---------------------------------------------------------------------------------------


def packages() -> pa.Table:
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(6, dtype="f4")), 2)
    return pa.table(
        {
            "name": ["a", "b", "c"],
            "size": [10, 20, 30],
            "text": ["one", "two", "three"],
            "vector": vectors,
        }
    )


def write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path)


def write_ipc_file(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def write_ipc_stream(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def write_json_lines(table: pa.Table, path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))


WRITERS = [
    (write_parquet, "t.parquet"),
    (write_ipc_file, "t.arrow"),
    (write_ipc_stream, "t.arrows"),
    (write_json_lines, "t.jsonl"),
]


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_a_column_of_vectors_is_the_points(write: Any, name: str, tmp_path: Path) -> None:
    write(packages(), tmp_path / name)
    source = read(tmp_path / name)
    assert source.kind == "points"
    assert source.data.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert source.names.tolist() == ["a", "b", "c"]
    assert "columns left out: 'size', 'text'" in notes_of(source)


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_a_named_column_of_text_is_text(write: Any, name: str, tmp_path: Path) -> None:
    write(packages(), tmp_path / name)
    source = read(tmp_path / name, column="text")
    assert source.kind == "text"
    assert source.data == ["one", "two", "three"]
    assert source.names.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_columns_kind_and_ids_can_be_set(write: Any, name: str, tmp_path: Path) -> None:
    write(packages(), tmp_path / name)
    assert read(tmp_path / name, columns=["size"]).data.tolist() == [[10], [20], [30]]
    assert read(tmp_path / name, id_column="text").names.tolist() == ["one", "two", "three"]
    assert read(tmp_path / name, id_column=None).names is None
    table = read(tmp_path / name, kind="table").data
    assert table.column_names == ["size", "text", "vector"]


def test_numeric_columns_are_points_and_mixed_ones_a_table(tmp_path: Path) -> None:
    write_parquet(packages().select(["name", "size"]), tmp_path / "n.parquet")
    assert read(tmp_path / "n.parquet").data.tolist() == [[10], [20], [30]]
    write_parquet(packages().select(["name", "size", "text"]), tmp_path / "m.parquet")
    assert read(tmp_path / "m.parquet").kind == "table"
    source = read(tmp_path / "m.parquet", kind="points")
    assert source.data.tolist() == [[10], [20], [30]]
    assert "left out: 'text'" in notes_of(source)


def test_names_that_repeat_are_no_names(tmp_path: Path) -> None:
    write_parquet(pa.table({"name": ["a", "a"], "x": [1.0, 2.0]}), tmp_path / "t.parquet")
    source = read(tmp_path / "t.parquet", kind="points")
    assert source.names is None
    assert "no column of names" in notes_of(source)


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.int8(), pa.decimal128(5, 1), pa.bool_()])
def test_every_numeric_arrow_type(kind: pa.DataType, tmp_path: Path) -> None:
    values = pa.array([1.0, 0.0], pa.float32())
    values = pa.array(np.array([1, 0], "f2")) if kind == pa.float16() else values.cast(kind)
    write_ipc_file(pa.table({"x": values}), tmp_path / "t.arrow")
    assert read(tmp_path / "t.arrow").data.tolist() == [[1.0], [0.0]]


def test_float16_vectors(tmp_path: Path) -> None:
    flat = pa.array(np.arange(4, dtype="f2"))
    write_parquet(pa.table({"v": pa.FixedSizeListArray.from_arrays(flat, 2)}), tmp_path / "t.parquet")
    source = read(tmp_path / "t.parquet")
    assert source.data.dtype == np.float32
    assert source.data.tolist() == [[0, 1], [2, 3]]


def test_vectors_of_a_sliced_column(tmp_path: Path) -> None:
    """A slice keeps the values of the rows before it in the buffer: they must not shift the rows."""
    table = pa.concat_tables([packages().slice(1), packages().slice(2)])
    write_ipc_file(table, tmp_path / "t.arrow")
    assert read(tmp_path / "t.arrow", column="vector").data.tolist() == [[2, 3], [4, 5], [4, 5]]


def test_dictionary_text(tmp_path: Path) -> None:
    write_parquet(pa.table({"t": pa.array(["x", "y", "x"]).dictionary_encode()}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet").data == ["x", "y", "x"]


# --- delimited text -------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", ["", ".gz", ".zst"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_are_found_and_said(pack: str, delimiter: str, end: str, tmp_path: Path) -> None:
    text = "id,x,y\na,1,2.5\nb,-3,1e3\n".replace(",", delimiter).replace("\n", end)
    (tmp_path / f"t.csv{pack}").write_bytes(packed(text.encode(), pack))
    source = read(tmp_path / f"t.csv{pack}")
    assert source.data.tolist() == [[1, 2.5], [-3, 1000]]
    assert source.names.tolist() == ["a", "b"]
    assert "delimiter" in notes_of(source)
    assert "header" in notes_of(source)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("x,y\n1,2\n", True),
        ("1,2\n3,4\n", False),
        ("id,2019,2020\na,1,2\n", False),
        ("name,2019\n7,1\n8,2\n", True),
        ("city,country\nRome,Italy\nParis,France\n", True),
        ("Rome,Italy\nMilan,Italy\n", False),
        ("NA,1\n2,3\n", False),
    ],
)
def test_header_is_found(text: str, header: bool, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    source = read(tmp_path / "t.csv", kind="table", id_column=None)
    assert source.n_items == text.count("\n") - int(header)
    assert read(tmp_path / "t.csv", kind="table", header=True, id_column=None).n_items == text.count("\n") - 1
    assert read(tmp_path / "t.csv", kind="table", header=False, id_column=None).n_items == text.count("\n")


def test_quoted_fields_with_newlines_and_delimiters(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,text\n007,"a, ""b""\nc"\n008,d\n')
    source = read(tmp_path / "t.csv")
    assert source.data == ['a, "b"\nc', "d"]
    assert source.names.tolist() == ["007", "008"]


def test_quotes_inside_unquoted_fields_are_letters(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text('text\tn\n5" disk\t1\nthe "best"\t2\n')
    assert read(tmp_path / "t.tsv", column="text").data == ['5" disk', 'the "best"']


def test_a_row_longer_than_a_block(tmp_path: Path) -> None:
    long = "x" * 9_000_000
    (tmp_path / "t.csv").write_text(f"text,n\n{long},1\nb,2\n")
    assert [len(text) for text in read(tmp_path / "t.csv", column="text").data] == [9_000_000, 1]


def test_byte_order_mark_and_other_encodings(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("text,n\ngröße,1\n".encode("utf-8-sig"))
    source = read(tmp_path / "t.csv", column="text")
    assert source.data == ["größe"]
    assert "byte order mark" in notes_of(source)
    for encoding in ("latin-1", "utf-16"):
        (tmp_path / "u.csv").write_bytes("text,n\ngröße,1\n".encode(encoding))
        assert read(tmp_path / "u.csv", column="text", encoding=encoding).data == ["größe"]


def test_missing_cells_stay_in_a_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,t\n1,a\n,b\n")
    assert read(tmp_path / "t.csv").data.column("x").to_pylist() == [1, None]


# --- text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", ["", ".gz", ".zst"])
def test_lines_are_documents(pack: str, tmp_path: Path) -> None:
    (tmp_path / f"t.txt{pack}").write_bytes(packed("one\r\n\nthree\u2028still\x0b\n".encode(), pack))
    source = read(tmp_path / f"t.txt{pack}")
    assert source.kind == "text"
    assert source.data == ["one", "", "three\u2028still\x0b"]
    assert "1 empty lines kept" in notes_of(source)


def test_txt_of_numbers_on_request(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("1 2\n 3   4\n")
    assert read(tmp_path / "t.txt", kind="points").data.tolist() == [[1, 2], [3, 4]]
    source = read(tmp_path / "t.txt", kind="graph")
    assert source.names.tolist() == [1, 2, 3, 4]
    assert source.data.nnz == 4


def test_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name, text in {
        "b.txt": "bee",
        "sub/a.txt": "ay\nlong",
        ".hidden.txt": "no",
        "README.md": "no",
    }.items():
        (tmp_path / name).write_text(text)
    source = read(tmp_path)
    assert source.data == ["bee", "ay\nlong"]
    assert source.names.tolist() == ["b.txt", "sub/a.txt"]
    assert "README.md" in notes_of(source)


# --- graphs ---------------------------------------------------------------------------------------


@st.composite
def graphs(draw: Any) -> np.ndarray:
    """Adjacency of an undirected graph with integer weights and without isolated nodes."""
    n = draw(st.integers(2, 9))
    upper = draw(arrays(np.int64, (n, n), elements=st.integers(0, 3)))
    upper = np.triu(upper, 1)
    upper[np.arange(n - 1), np.arange(1, n)] += 1
    return (upper + upper.T).astype(float)


@given(graphs())
def test_a_graph_is_the_same_in_every_format(tmp_path_factory: Any, adjacency: np.ndarray) -> None:
    folder = tmp_path_factory.mktemp("graph")
    n, (tail, head) = len(adjacency), np.nonzero(np.triu(adjacency))
    lines = [f"{u} {v} {adjacency[u, v]:g}" for u, v in zip(tail, head, strict=True)]
    (folder / "a.edges").write_text("\n".join(lines))
    (folder / "b.csv").write_text("\n".join(["source,target,weight", *lines]).replace(" ", ","))
    mmwrite(folder / "c.mtx", sparse.coo_array(adjacency))
    mmwrite(folder / "d.mtx", sparse.coo_array(adjacency), symmetry="general")
    sparse.save_npz(folder / "e.npz", sparse.csr_array(adjacency))
    rows = [" ".join(f"{v + 1} {row[v]:g}" for v in np.flatnonzero(row)) for row in adjacency]
    (folder / "f.metis").write_text("\n".join([f"{n} {len(lines)} 1", *rows, ""]))
    both = lines + [" ".join([line.split()[1], line.split()[0], line.split()[2]]) for line in lines]
    (folder / "g.edgelist").write_text("\n".join(both))
    for file in sorted(folder.iterdir()):
        source = read(file, kind="graph")
        np.testing.assert_array_equal(source.data.toarray(), adjacency, err_msg=file.name)
        assert source.data.has_sorted_indices
        assert source.data.dtype == np.float64
        assert source.names is None


@pytest.mark.parametrize(
    ("fmt", "lines", "weights", "sizes", "edge_weight"),
    [
        ("", ["2", "1"], None, None, 1),
        ("0", ["2", "1"], None, None, 1),
        ("1", ["2 5", "1 5"], None, None, 5),
        ("10", ["7 2", "8 1"], [[7], [8]], None, 1),
        ("11", ["7 2 5", "8 1 5"], [[7], [8]], None, 5),
        ("100", ["3 2", "4 1"], None, [3, 4], 1),
        ("011 2", ["7 9 2 5", "8 6 1 5"], [[7, 9], [8, 6]], None, 5),
        ("111 1", ["3 7 2 5", "4 8 1 5"], [[7], [8]], [3, 4], 5),
    ],
)
def test_metis_formats(
    fmt: str, lines: list[str], weights: Any, sizes: Any, edge_weight: float, tmp_path: Path
) -> None:
    (tmp_path / "g.graph").write_text(
        "\n".join(["% comment", f"2 1 {fmt}", lines[0], "% in between", lines[1], ""])
    )
    source = read(tmp_path / "g.graph")
    assert source.data.toarray().tolist() == [[0, edge_weight], [edge_weight, 0]]
    found = {name: values.tolist() for name, values in source.extra.items()}
    expected = {"node_weights": weights, "node_sizes": sizes}
    assert found == {name: values for name, values in expected.items() if values is not None}


def test_metis_isolated_vertices_are_empty_lines(tmp_path: Path) -> None:
    (tmp_path / "g.graph").write_text("4 1\n\n4\n\n2\n")
    assert read(tmp_path / "g.graph").data.nnz == 2


@pytest.mark.parametrize("rule", ["sum", "first", "max"])
def test_repeated_edges_can_be_merged(rule: str, tmp_path: Path) -> None:
    (tmp_path / "g.edges").write_text("0 1 2\n0 1 5\n0 1 4\n1 2 1\n")
    source = read(tmp_path / "g.edges", duplicates=rule)
    assert source.data[0, 1] == {"sum": 11, "first": 2, "max": 5}[rule]
    assert "2 repeated edges merged" in notes_of(source)


@pytest.mark.parametrize(
    ("directed", "expected"),
    [(True, [[0, 1, 0], [0, 0, 1], [0, 1, 0]]), (False, [[0, 1, 0], [1, 0, 1], [0, 1, 0]])],
)
def test_directions_as_asked(directed: bool, expected: list[list[int]], tmp_path: Path) -> None:
    (tmp_path / "g.edges").write_text("0 1\n1 2\n2 1\n")
    assert read(tmp_path / "g.edges", directed=directed).data.toarray().tolist() == expected


def test_loops_and_signs_as_asked(tmp_path: Path) -> None:
    (tmp_path / "g.edges").write_text("0 0 2\n0 1 -3\n")
    kept = read(tmp_path / "g.edges", loops="keep", signed=True)
    assert kept.data.toarray().tolist() == [[2, -3], [-3, 0]]
    dropped = read(tmp_path / "g.edges", loops="drop", signed=True)
    assert dropped.data.toarray().tolist() == [[0, -3], [-3, 0]]
    assert "1 loop left out" in notes_of(dropped)


def test_node_ids_become_names_unless_they_are_row_numbers(tmp_path: Path) -> None:
    (tmp_path / "g.edges").write_text("# comment\n10 7\n7 300\n")
    source = read(tmp_path / "g.edges")
    assert source.names.tolist() == [7, 10, 300]
    assert source.data.toarray().tolist() == [[0, 1, 1], [1, 0, 0], [1, 0, 0]]
    (tmp_path / "h.edges").write_text("bob ann\n")
    assert read(tmp_path / "h.edges").names.tolist() == ["ann", "bob"]
    (tmp_path / "i.edges").write_text("0 2\n")
    assert read(tmp_path / "i.edges", n_nodes=5).data.shape == (5, 5)


def test_rows_of_an_edge_list_may_stand_in_any_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = np.array([f"n{u} n{v} {u + v}" for u in range(20) for v in range(u)])
    (tmp_path / "g.edges").write_text("\n".join(lines))
    first = read(tmp_path / "g.edges")
    (tmp_path / "g.edges").write_text("\n".join(rng.permutation(lines)))
    again = read(tmp_path / "g.edges")
    assert (first.data != again.data).nnz == 0
    assert first.names.tolist() == again.names.tolist()


def test_edges_in_chosen_columns_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text('id1,id2,sign,when\n"a b",c,-1,x\nc,d,1,y\n')
    source = read(tmp_path / "g.csv", kind="graph", columns=["id1", "id2", "sign"], signed=True)
    assert source.names.tolist() == ["a b", "c", "d"]
    assert source.data.toarray().tolist() == [[0, -1, 0], [-1, 0, 1], [0, 1, 0]]


# --- the format -----------------------------------------------------------------------------------


def test_format_by_first_bytes_or_by_name(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((2, 2)))
    (tmp_path / "a.npy").rename(tmp_path / "unknown")
    source = read(tmp_path / "unknown")
    assert source.data.shape == (2, 2)
    assert "first bytes" in notes_of(source)
    (tmp_path / "b.dat").write_text("1,2\n3,4\n")
    assert read(str(tmp_path / "b.dat"), format="csv").data.shape == (2, 2)


def test_source_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("one\ntwo\n")
    source = read(tmp_path / "t.txt")
    assert repr(source) == f"Source(kind='text', 2 documents, path={str(tmp_path / 't.txt')!r})"
    assert source.n_items == 2


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view"])
def test_every_arrow_type_of_text(kind: str, tmp_path: Path) -> None:
    if not hasattr(pa, kind):
        pytest.skip(f"this pyarrow has no {kind}")
    column = pa.array(["one", "two"], getattr(pa, kind)())
    write_ipc_file(pa.table({"id": column, "text": column}), tmp_path / "t.arrow")
    source = read(tmp_path / "t.arrow")
    assert source.data == ["one", "two"]
    assert source.names.tolist() == ["one", "two"]


def test_code_points_beyond_the_last_one_are_refused(tmp_path):
    words = np.array(["ab", "cd"])
    words.view(np.uint32)[3] = 0x110000
    for order in "<>":
        np.save(tmp_path / "words.npy", words.view(np.uint32).astype(f"{order}u4").view(f"{order}U2"))
        with pytest.raises(PartitaError, match="invalid string in row 1"):
            read(tmp_path / "words.npy")


@pytest.mark.parametrize("empty", ["\n", "\n\n", "\r\n"])
def test_empty_lines_before_a_header_do_not_make_it_a_row(tmp_path, empty):
    (tmp_path / "t.csv").write_bytes(f"{empty}d,x\na,1\nb,2\n".encode())
    table = read(tmp_path / "t.csv", kind="table", header=True, id_column=None).data
    assert table.to_pydict() == {"d": ["a", "b"], "x": [1, 2]}
