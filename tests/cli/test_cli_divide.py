"""``partita divide`` and ``partita demo``, from the file to the folder and the page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_tools import RUNNER, run, run_json, small
from hypothesis import given
from hypothesis import strategies as st
from report_reader import read_page

import partita as pt
from partita.cli._app import app
from partita.cli.demo import name_by_truth
from partita.cli.divide import parse_options


@pytest.fixture
def points(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(90, 2)) * 0.3 + np.repeat(np.arange(3) * 9, 30)[:, None])
    return tmp_path / "x.npy"


def test_divide_writes_a_folder_and_says_what_it_chose(
    points: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("divide", "x.npy")
    assert "-> x.partita" in result.stdout
    assert "method: ppp" in result.stderr
    assert "partita show x.partita" in result.stderr
    h = pt.load("x.partita")
    assert h.n_items == 90
    assert len(h.levels[-1]) == 3
    assert run_json("check", "x.partita")["ok"]


def test_divide_json(points: Path, tmp_path: Path) -> None:
    out = tmp_path / "y.partita"
    flags = ["--method", "hierarchical-kmeans", "-p", "n_clusters=3"]
    found = run_json("divide", points, "-o", out, *flags)
    assert found["path"] == str(out)
    assert found["level_sizes"][-1] == 3
    assert found["made_by"]["choices"]["method"] == "hierarchical-kmeans"


def test_divide_replaces_an_old_folder_and_nothing_else(points: Path, tmp_path: Path) -> None:
    out = small(tmp_path)
    run("divide", points, "-o", out)
    assert pt.load(out).n_items == 90
    (tmp_path / "taken.partita").write_text("a file")
    run("divide", points, "-o", tmp_path / "taken.partita", code=2)
    run("divide", points, "-o", tmp_path / "nowhere" / "x.partita", code=2)
    assert (tmp_path / "taken.partita").read_text() == "a file"


def test_a_failed_divide_leaves_the_old_folder(tmp_path: Path) -> None:
    out = small(tmp_path)
    np.save(tmp_path / "bad.npy", np.array([[1.0, np.inf]]))
    result = run("divide", tmp_path / "bad.npy", "-o", out, code=1)
    assert "row 0" in result.stderr.lower()
    assert pt.load(out).n_items == 12


def test_wrong_options_are_wrong_use(points: Path, tmp_path: Path) -> None:
    result = run("divide", points, "-o", tmp_path / "x.partita", "-p", "min_sizes=5", code=2)
    assert "did you mean 'min_size'" in result.stderr
    run("divide", points, "-o", tmp_path / "x.partita", "--method", "magic", code=2)


def test_report_remembers_the_source(tmp_path: Path) -> None:
    texts = tmp_path / "t.txt"
    texts.write_text(
        "".join(f"{t} word{i}\n" for t in ("cats and dogs", "cars and roads") for i in range(30))
    )
    run("divide", texts, "--kind", "text", "-o", tmp_path / "t.partita")
    result = run("report", tmp_path / "t.partita", "-o", tmp_path / "t.html")
    assert "members from" in result.stderr
    shown = read_page(tmp_path / "t.html")[1]["samples"]["text"]
    assert any(text.startswith("cars and roads word") for text in shown)
    texts.unlink()
    assert "is gone" in run("report", tmp_path / "t.partita", "-o", tmp_path / "t.html").stderr


def test_options_are_read_as_json_or_text() -> None:
    pairs = ["a=5", "b=0.5", "c=true", "d=None", "e=cosine", "f-g=[1, 2]", 'h="5"', "i=x=y"]
    wanted = {"a": 5, "b": 0.5, "c": True, "d": None, "e": "cosine", "f_g": (1, 2), "h": "5", "i": "x=y"}
    assert parse_options(pairs) == wanted
    for wrong in ("novalue", "=5", "two words=5"):
        with pytest.raises(pt.InvalidParameterError):
            parse_options([wrong])


@pytest.mark.parametrize(
    ("truth", "name"),
    [
        ([7] * 19 + [1], "mostly 7"),
        ([3] * 8 + [5] * 7 + [1], "3 and 5"),
        ([4] * 5 + [9] * 5 + [1] * 5, "1, 4 and 9"),
        (list(range(10)), "all digits"),
        ([], ""),
    ],
)
def test_names_by_truth(truth: list[int], name: str) -> None:
    assert name_by_truth(np.array(truth, int)) == name


def test_demo(tmp_path: Path) -> None:
    out = tmp_path / "tour"
    result = subprocess.run(
        [sys.executable, "-m", "partita.cli", "demo", "-o", str(out), "--no-open"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in result.stderr
    found = re.search(r"found (\d+) parts .* ARI (\d\.\d+), AMI (\d\.\d+)", result.stdout)
    assert found
    assert 9 <= int(found[1]) <= 60
    assert float(found[3]) > 0.7
    for words in ("digits.partita", "digits.html", "mostly 0", "What next", "partita cut"):
        assert words in result.stdout
    h = pt.load(out / "digits.partita").check()
    assert h.n_items == 1797
    page = (out / "digits.html").read_text()
    assert "data:image/png" in page
    assert len(page) < 3_000_000
    assert sorted(path.name for path in out.iterdir()) == ["digits.html", "digits.partita"]


@given(
    st.binary(max_size=200),
    st.sampled_from([".npy", ".npz", ".parquet", ".csv", ".tsv", ".jsonl", ".txt", ".mtx"]),
)
def test_any_bytes_are_divided_or_refused(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, suffix: str
) -> None:
    folder = tmp_path_factory.mktemp("junk")
    (folder / f"x{suffix}").write_bytes(junk)
    result = RUNNER.invoke(app, ["divide", str(folder / f"x{suffix}"), "-o", str(folder / "x.partita")])
    assert result.exit_code in (0, 1, 2), result.exception
    assert isinstance(result.exception, (SystemExit, type(None)))
    assert (folder / "x.partita").exists() == (result.exit_code == 0)
    if result.exit_code:
        assert result.stderr.startswith("Error: ")
        assert "Hint: " in result.stderr or "Allowed: " in result.stderr
