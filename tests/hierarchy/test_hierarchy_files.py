"""The ``.partita`` folder: there and back, readable by Arrow, refused when damaged, never half written."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_builders import hierarchies, rich_hierarchy

import partita as pt
from partita.hierarchy import Hierarchy, MadeBy, files, load_arrays, store

FILES = ("meta.json", "parts.parquet", "items.parquet", "arrays/W.npy")


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A folder with everything in it."""
    h = rich_hierarchy().replace(made_by=MadeBy("test", {"x": 1.5}, cost=float("inf"), notes=("naïve",)))
    return h.save(
        tmp_path_factory.mktemp("saved") / "rich.partita", arrays={"W": np.arange(12.0).reshape(3, 4)}
    )


@pytest.fixture(params=["eager", "lazy"])
def opening(request, monkeypatch) -> str:
    """Small folders are verified at once; the lazy way of large ones must be as safe."""
    if request.param == "lazy":
        monkeypatch.setattr(store, "EAGER_BYTES", 0)
    return request.param


def _same(a: Hierarchy, b: Hierarchy) -> bool:
    kinds = all(a.part_data[k].dtype == b.part_data[k].dtype for k in a.part_data)
    return a == b and a.made_by == b.made_by and list(a.part_data) == list(b.part_data) and kinds


def _everything(path: Path) -> tuple[Hierarchy, np.ndarray]:
    """Open a folder and touch all that it holds."""
    h = pt.load(path)
    _ = h.order, h.parent, h.levels, h.item_ids, dict(h.part_data)
    return h, load_arrays(path)["W"]


# ---------------------------------------------------------------------- there and back


@given(hierarchies())
def test_any_hierarchy_comes_back(tmp_path_factory, h):
    path = tmp_path_factory.mktemp("any") / "h.partita"
    back = pt.load(h.save(path))
    assert all(np.array_equal(a, b) for a, b in zip(h._arrays, back._arrays))
    assert [level.tolist() for level in h.levels] == [level.tolist() for level in back.levels]
    assert _same(h, back.check())
    assert back.own_items_are == h.own_items_are


def test_everything_comes_back(saved, opening):
    h, back = rich_hierarchy(), pt.load(saved)
    assert back == h
    assert back.part_data["center"].dtype == np.float32
    assert back.part_data["box"].shape == (h.n_parts, 2, 2)
    assert back.part_data["count"].dtype == np.uint8
    assert back.part_data["good"].dtype == bool
    assert back.part_data["terms"][1] == ("a",)
    assert back.made_by == MadeBy("test", {"x": 1.5}, cost=float("inf"), notes=("naïve",))
    assert np.array_equal(load_arrays(saved)["W"], np.arange(12.0).reshape(3, 4))
    assert back.check() is back
    for array in (back.order, back.height, back.part_data["center"], back.item_ids):
        assert not array.flags.writeable
    assert np.array_equal(back.cut(level=-1).labels, h.labels())
    with pytest.raises(KeyError):
        back.part_data["nothing"]
    assert "nothing" not in back.part_data


def test_columns_are_mapped_and_not_copied(saved, monkeypatch):
    monkeypatch.setattr(store, "EAGER_BYTES", 0)
    h = pt.load(saved)
    assert h._tree is None  # nothing is read before it is asked for
    for array in (h.order, h.parent, h.height, h.part_data["center"]):
        base = array
        while isinstance(base, np.ndarray) and base.base is not None and not isinstance(base, np.memmap):
            base = base.base
        assert isinstance(base, np.memmap)
        assert array.flags.aligned


def test_arrow_reads_the_tables(saved):
    h = rich_hierarchy()
    parts, items = (pq.read_table(saved / f"{name}.parquet") for name in ("parts", "items"))
    for name in ("parts", "items"):
        pq.ParquetFile(saved / f"{name}.parquet", memory_map=True).read().validate(full=True)
    ours = h.to_arrow()
    for read, table in ((parts, ours["parts"]), (items, ours["items"])):
        assert read.column_names == table.column_names
        for name in read.column_names:
            assert str(read[name].to_pylist()) == str(table[name].to_pylist())
    assert items["level_2"].to_pylist() == h.labels(2).tolist()


def test_saved_onto_its_own_folder(tmp_path, opening):
    h = rich_hierarchy()
    path = h.save(tmp_path / "h.partita")
    back = pt.load(path)
    back.replace(made_by=MadeBy("second")).save(path)
    assert back == h
    assert pt.load(path).made_by.method == "second"
    assert os.listdir(tmp_path) == ["h.partita"]


def test_rows_in_several_pages(tmp_path, monkeypatch):
    monkeypatch.setattr("partita.hierarchy.parquet.PAGE_LIMIT", 700)
    h = rich_hierarchy()
    path = h.save(tmp_path / "h.partita")
    assert pq.ParquetFile(path / "items.parquet").num_row_groups > 2
    assert pt.load(path).check() == h
    assert pq.read_table(path / "items.parquet")["item_id"].to_pylist() == h.item_ids.tolist()


@pytest.mark.parametrize(
    "values",
    [
        np.arange(5),
        np.arange(5, dtype=np.uint64) + 2**63,
        ["a", "", "é\0", "x" * 1000, "\U0001f600"],
        np.array([True, False, True, True, False]),
        np.arange(5, dtype=np.int8),
        np.float16([1, 2, 3, 4, 5]),
    ],
)
def test_item_ids_of_every_kind(tmp_path, values):
    h = Hierarchy.from_labels([0, 0, 1, 1, 1], item_ids=values)
    back = pt.load(h.save(tmp_path / "h.partita"))
    assert back.item_ids.tolist() == (values if isinstance(values, list) else values.tolist())
    assert back.item_ids.dtype == h.item_ids.dtype


# ---------------------------------------------------------------------- damaged folders


def _damaged(saved: Path, tmp_path: Path, file: str, change) -> Path:
    path = tmp_path / "damaged.partita"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(saved, path)
    data = bytearray((path / file).read_bytes())
    (path / file).write_bytes(change(data))
    return path


def check_refused_or_the_same(path: Path, saved: Path) -> bool:
    """Whether the folder is refused with a hint; otherwise it must hold exactly what was saved."""
    try:
        h, W = _everything(path)
    except pt.PartitaError as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        assert refusal.hint
        assert str(path) in str(refusal)
        return True
    whole, true = _everything(saved)
    assert _same(h, whole)
    assert np.array_equal(W, true)
    return False


@pytest.mark.parametrize("file", FILES)
def test_truncated_anywhere(saved, tmp_path, opening, file):
    size = (saved / file).stat().st_size
    rng = np.random.default_rng(size)
    for keep in {0, 1, 3, 4, size - 1, size - 4, *rng.integers(0, size, 60).tolist()}:
        assert check_refused_or_the_same(_damaged(saved, tmp_path, file, lambda d, k=keep: d[:k]), saved)


@pytest.mark.parametrize("file", FILES)
def test_bits_flipped_anywhere(saved, tmp_path, opening, file):
    size = (saved / file).stat().st_size
    rng, refused = np.random.default_rng(size + 1), 0
    for at, bit in zip(rng.integers(0, size, 120).tolist(), rng.integers(0, 8, 120).tolist()):

        def flip(data, at=at, bit=bit):
            data[at] ^= 1 << bit
            return data

        path = _damaged(saved, tmp_path, file, flip)
        refused += check_refused_or_the_same(path, saved)
        if opening == "lazy" and file.endswith(".parquet"):
            with pytest.raises(pt.FileFormatError):
                pt.load(path).check()
    assert refused > 20
    if opening == "eager" and file != "meta.json":
        assert refused == 120


@pytest.mark.parametrize("file", FILES)
def test_bytes_put_in_taken_out_or_overwritten(saved, tmp_path, opening, file):
    rng = np.random.default_rng(5)
    size = (saved / file).stat().st_size
    for _ in range(25):
        at, count = int(rng.integers(0, size)), int(rng.integers(1, 40))
        noise = rng.integers(0, 256, count).astype(np.uint8).tobytes()
        for change in (
            lambda d, at=at, noise=noise: d[:at] + noise + d[at:],
            lambda d, at=at, count=count: d[:at] + d[at + count :],
            lambda d, at=at, noise=noise, count=count: d[:at] + noise + d[at + count :],
        ):
            check_refused_or_the_same(_damaged(saved, tmp_path, file, change), saved)


@pytest.mark.parametrize("file", FILES)
def test_missing_files(saved, tmp_path, opening, file):
    path = _damaged(saved, tmp_path, file, bytes)
    (path / file).unlink()
    assert check_refused_or_the_same(path, saved)
    (path / file).mkdir()
    assert check_refused_or_the_same(path, saved)


def test_files_of_another_folder(saved, tmp_path, opening):
    h = rich_hierarchy()
    other = h.replace(part_data={**h.part_data, "score": np.zeros(h.n_parts)}).save(
        tmp_path / "other.partita", arrays={"W": np.zeros((3, 4))}
    )
    for file in FILES:
        path = _damaged(saved, tmp_path, file, lambda d, f=file: (other / f).read_bytes())
        if (other / file).read_bytes() != (saved / file).read_bytes():
            assert check_refused_or_the_same(path, saved)
    swapped = _damaged(saved, tmp_path, "meta.json", bytes)
    shutil.copy(saved / "items.parquet", swapped / "parts.parquet")
    assert check_refused_or_the_same(swapped, saved)


def _signed(path: Path, change) -> None:
    """Change the content of meta.json and give it a right checksum: hostile, not damaged."""
    meta = json.loads((path / "meta.json").read_text())
    change(meta["content"])
    meta["sha256"] = store.checksum(meta["content"])
    (path / "meta.json").write_text(json.dumps(meta))


VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        2,
        3,
        64,
        2**31,
        2**63,
        10**30,
        1.5,
        "",
        "x",
        "i8",
        "f8",
        "b1",
        "O",
        "texts",
        "lists",
        "numbers",
        [],
        [1],
        [[0, 0, 0, 0, 0]],
        [[64, 0, 8, 1, 1]],
        {},
        {"a": 1},
        "singletons",
        "../../etc/passwd",
        "order",
        "height",
    ]
)


def _places(node, path=()):
    if path:
        yield path
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield from _places(node[key], (*path, key))


@given(st.data())
def test_hostile_json_with_right_checksums(saved, tmp_path_factory, data):
    """Any value in any place: refused, or a lawful hierarchy; nothing else."""
    path = tmp_path_factory.mktemp("hostile") / "h.partita"
    shutil.copytree(saved, path)

    def change(content):
        for _ in range(data.draw(st.integers(1, 2))):
            *way, last = data.draw(st.sampled_from(list(_places(content))))
            node = content
            for key in way:
                node = node[key]
            if data.draw(st.booleans()) and isinstance(node, dict):
                del node[last]
            else:
                node[last] = data.draw(VALUES)

    _signed(path, change)
    with pytest.MonkeyPatch.context() as patch:
        if data.draw(st.booleans()):
            patch.setattr(store, "EAGER_BYTES", 0)
        refusal = None
        try:
            h = pt.load(path)
            load_arrays(path)
            h.check().cut(level=-1)
        except pt.PartitaError as error:
            refusal = error
        assert refusal is None or refusal.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "5",
        '{"format": "partita-hierarchy"}',
        '{"content": {}}',
        "[" * 100_000,
        "{" * 9,
        '{"a": ' * 50_000,
        "\xff\xfe",
        "NaN",
        "1" * 10_000,
        '{"format": "partita-hierarchy", "format_version": 99, "content": {}}',
        '{"format": "other", "format_version": 1, "content": {}}',
        '"\\ud800"',
    ],
)
def test_hostile_meta(saved, tmp_path, text):
    path = _damaged(saved, tmp_path, "meta.json", lambda d: text.encode("latin-1"))
    with pytest.raises(pt.FileFormatError) as caught:
        pt.load(path)
    assert caught.value.hint


def test_another_version_is_named(saved, tmp_path):
    def newer(data):
        return bytes(data).replace(b'"format_version": 1', b'"format_version": 2')

    with pytest.raises(pt.FileFormatError, match="format version 2"):
        pt.load(_damaged(saved, tmp_path, "meta.json", newer))


def test_laws_are_checked_whatever_the_checksums_say(saved, tmp_path, opening):
    """A forged folder: heights that grow, with every checksum right."""
    path = _damaged(saved, tmp_path, "parts.parquet", bytes)
    meta = json.loads((path / "meta.json").read_text())["content"]["files"]["parts.parquet"]
    run = meta["columns"]["height"]["runs"][0]
    data = bytearray((path / "parts.parquet").read_bytes())
    heights = np.frombuffer(data, np.float64, run[3], run[0] + run[1])
    heights[1] = 99.0

    def change(content):
        from zlib import crc32

        about = content["files"]["parts.parquet"]
        about["crc32"], about["columns"]["height"]["crc32"] = crc32(data), crc32(heights.tobytes())

    (path / "parts.parquet").write_bytes(data)
    _signed(path, change)
    with pytest.raises(pt.FileFormatError, match="higher than its parent"):
        _everything(path)


def test_foreign_places(tmp_path, saved):
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name in ("nothing", "file", "empty", "a\0b"):
        with pytest.raises(pt.PartitaError) as caught:
            pt.load(tmp_path / name)
        assert caught.value.hint


def test_labels_of_items_are_checked(saved, tmp_path, monkeypatch):
    """`check` sees item labels that are not those of the tree, even with right checksums."""
    h = rich_hierarchy()
    monkeypatch.setattr(Hierarchy, "labels", lambda self, level=-1: np.zeros(self.n_items, dtype=np.int32))
    path = h.save(tmp_path / "forged.partita")
    monkeypatch.undo()
    with pytest.raises(pt.FileFormatError, match="labels of level 1"):
        pt.load(path).check()


# ---------------------------------------------------------------------- saving that fails


def _old_and_new(tmp_path) -> tuple[Path, Hierarchy, Hierarchy]:
    h = rich_hierarchy()
    old, new = h.replace(made_by=MadeBy("old")), h.replace(made_by=MadeBy("new"))
    return old.save(tmp_path / "h.partita", arrays={"W": np.ones(3)}), old, new


def _stands(path: Path, old: Hierarchy, new: Hierarchy) -> str:
    back = pt.load(path).check()
    assert all(np.array_equal(a, b) for a, b in zip(back._arrays, old._arrays))
    assert back.made_by in (old.made_by, new.made_by)
    return back.made_by.method


# An interrupt within the exit of a `with open` leaves that file to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("exchange", [True, False])
def test_ctrl_c_at_every_line(tmp_path, monkeypatch, exchange):
    """An interrupt before every line that saving executes leaves the old folder or the new one, whole.

    What runs many times and touches no folder is left out.
    """
    path, old, new = _old_and_new(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    if not exchange:
        monkeypatch.setattr(files, "_exchange", lambda aside, target: False)
    own, step, ends = files.__file__, 0, set()
    new.save(path)
    while True:
        old.save(path, arrays={"W": np.ones(3)})
        left = step

        def trace(frame, event, argument):
            nonlocal left
            if frame.f_code.co_filename != own or frame.f_code.co_name in (
                "write",
                "<dictcomp>",
                "<listcomp>",
            ):
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    left = 10**9
                    raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            new.save(path, arrays={"W": np.zeros(3)})
            interrupted = False
        except KeyboardInterrupt:
            interrupted = True
        finally:
            sys.settrace(before)
        ends.add(_stands(path, old, new))
        if not interrupted:
            break
        step += 1
    assert step > 80
    assert ends == {"old", "new"}
    old.save(path)
    assert os.listdir(tmp_path) == ["h.partita"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("step", range(8))
def test_system_errors_leave_the_old_folder(tmp_path, monkeypatch, code, step):
    path, old, new = _old_and_new(tmp_path)
    calls = 0

    def failing(true):
        def call(*arguments, **options):
            nonlocal calls
            calls += 1
            if calls > step:
                raise OSError(code, os.strerror(code))
            return true(*arguments, **options)

        return call

    monkeypatch.setattr(files._Counting, "write", failing(files._Counting.write))
    monkeypatch.setattr(os, "fsync", failing(os.fsync))
    monkeypatch.setattr(os, "rename", failing(os.rename))
    with pytest.raises(pt.PartitaError, match=os.strerror(code)) as caught:
        new.save(path)
    assert caught.value.hint
    assert ("free some space" in caught.value.hint) == (code == errno.ENOSPC)
    monkeypatch.undo()
    assert _stands(path, old, new) == "old"
    assert os.listdir(tmp_path) == ["h.partita"]


def test_disk_that_is_full(tmp_path):
    """A true limit on the size of files, in a process of its own."""
    path, old, new = _old_and_new(tmp_path)
    script = (
        "import resource, signal, sys, numpy as np, partita as pt\n"
        "h = pt.load(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try:\n    h.save(sys.argv[1], arrays={'big': np.zeros(10**4)})\n"
        "except pt.PartitaError as error:\n    sys.exit(7 if 'free some space' in error.hint else 8)\n"
    )
    env = {**os.environ, "PARTITA_KERNEL_CACHE": "0"}
    ended = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, env=env)
    assert ended.returncode == 7, ended.stderr
    assert _stands(path, old, new) == "old"
    assert os.listdir(tmp_path) == ["h.partita"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 5000


def test_what_killed_processes_left_is_cleaned(tmp_path):
    path, old, new = _old_and_new(tmp_path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for process, kind in ((dead.pid, "tmp"), (dead.pid, "old"), (os.getppid(), "tmp")):
        (tmp_path / f".h.partita.{process}-0123456789ab.{kind}").mkdir()
    (tmp_path / ".h.partita.notes").mkdir()
    new.save(path)
    kept = {"h.partita", ".h.partita.notes", f".h.partita.{os.getppid()}-0123456789ab.tmp"}
    assert set(os.listdir(tmp_path)) == kept
    os.rename(path, tmp_path / f".h.partita.{dead.pid}-0123456789ab.old")
    files._clean(path)
    assert _stands(path, old, new) == "new"


def test_what_is_no_partita_folder_is_not_replaced(tmp_path, saved):
    h = rich_hierarchy()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(saved)
    for name in ("mine", "file", "link", "no/such/folder"):
        with pytest.raises(pt.InvalidParameterError) as caught:
            h.save(tmp_path / name)
        assert caught.value.hint
    assert (tmp_path / "mine" / "thesis.tex").exists()
    (tmp_path / "empty").mkdir()
    assert pt.load(h.save(tmp_path / "empty")) == h


@pytest.mark.parametrize(("name", "value"), [("../x", [1]), ("", [1]), ("a b", [1]), (3, [1]), ("x", ["a"])])
def test_arrays_of_no_use(tmp_path, name, value):
    with pytest.raises(pt.PartitaError):
        rich_hierarchy().save(tmp_path / "h.partita", arrays={name: value})
    assert os.listdir(tmp_path) == []
