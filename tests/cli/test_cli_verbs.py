"""The verbs ``cut``, ``compare``, ``check`` and ``report`` on saved hierarchies."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from cli_tools import run, run_json, small
from report_reader import read_page

import partita as pt
from partita.hierarchy import Hierarchy


def test_cut_writes_csv_to_standard_output(tmp_path: Path) -> None:
    path = small(tmp_path)
    rows = list(csv.reader(io.StringIO(run("cut", path, "-k", 2).stdout)))
    assert rows[0] == ["item", "label"]
    assert [int(label) for _, label in rows[1:]] == pt.load(path).cut(n_clusters=2).labels.tolist()
    assert [item for item, _ in rows[1:]] == [str(i) for i in range(12)]


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        ([], {"level": -1}),
        (["--level", 1], {"level": 1}),
        (["--n-clusters", 3], {"n_clusters": 3}),
        (["--max-size", 6], {"max_size": 6}),
        (["--min-size", 4], {"min_size": 4}),
        (["--height", 1.0], {"height": 1.0}),
    ],
)
def test_cut_by_every_rule(tmp_path: Path, flags: list[object], rule: dict[str, float]) -> None:
    path = small(tmp_path)
    wanted = pt.load(path).cut(**rule)
    assert run_json("cut", path, *flags)["labels"] == wanted.labels.tolist()


def test_cut_to_files(tmp_path: Path) -> None:
    h = Hierarchy.from_labels([[0, 0, 1]]).replace(item_ids=["a", "b", "c"])
    path = h.save(tmp_path / "x.partita")
    for suffix in (".csv", ".parquet", ".npy"):
        result = run("cut", path, "-o", tmp_path / f"l{suffix}")
        assert result.stdout == ""
        assert "2 parts" in result.stderr
    assert (tmp_path / "l.csv").read_text() == "item,label\na,0\nb,0\nc,1\n"
    assert pq.read_table(tmp_path / "l.parquet").to_pydict() == {"item": ["a", "b", "c"], "label": [0, 0, 1]}
    assert np.load(tmp_path / "l.npy").tolist() == [0, 0, 1]


def test_a_cut_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    result = run("cut", small(tmp_path), "-k", 9, code=1)
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert "Hint: " in result.stderr


def test_compare_agrees_with_the_library(tmp_path: Path) -> None:
    path = small(tmp_path)
    h = pt.load(path)
    truth = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2])
    np.save(tmp_path / "truth.npy", truth)
    found = run_json("compare", path, tmp_path / "truth.npy")
    wanted = pt.compare(h.cut(level=-1), truth)
    assert {"ari", "ami", "vi", "homogeneity"} <= set(found)
    assert found["ari"] == pytest.approx(wanted["ari"])
    lines = run("compare", path, tmp_path / "truth.npy", "-k", 2).stdout.splitlines()
    assert any(line.startswith("ari ") for line in lines)
    assert run_json("compare", path, path)["ari"] == 1.0


def test_compare_refuses_other_lengths(tmp_path: Path) -> None:
    np.save(tmp_path / "short.npy", np.zeros(5, int))
    assert run("compare", small(tmp_path), tmp_path / "short.npy", code=1).stderr.startswith("Error: ")


def test_check_says_ok(tmp_path: Path) -> None:
    path = small(tmp_path)
    assert run("check", path).stdout.startswith("ok: ")
    assert run_json("check", path)["ok"] is True


def test_check_finds_damage(tmp_path: Path) -> None:
    path = small(tmp_path)
    parts = path / "parts.parquet"
    data = bytearray(parts.read_bytes())
    data[len(data) // 2] ^= 0xFF
    parts.write_bytes(bytes(data))
    assert run("check", path, code=1).stderr.startswith("Error: ")
    found = run_json("check", path, code=1)
    assert found["ok"] is False
    assert found["error"]


def test_report_writes_a_page(tmp_path: Path) -> None:
    path = small(tmp_path)
    page = tmp_path / "page.html"
    assert run("report", path, "-o", page, "--title", "My parts").stdout.strip() == str(page)
    assert "<title>My parts</title>" in page.read_text()
    found = run_json("report", path, "-o", page)
    assert found["bytes"] == page.stat().st_size


def test_report_shows_texts_and_images(tmp_path: Path) -> None:
    path = small(tmp_path)
    (tmp_path / "texts.jsonl").write_text(
        "".join(json.dumps({"text": f"word{i} of it"}) + "\n" for i in range(12))
    )
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 255, (12, 4, 4)).astype(np.uint8))
    page = tmp_path / "page.html"
    run("report", path, "-o", page, "--data", tmp_path / "texts.jsonl", "--column", "text")
    assert "word7 of it" in read_page(page)[1]["samples"]["text"]
    run("report", path, "-o", page, "--images", tmp_path / "images.npy")
    assert "data:image/png;base64," in page.read_text()
    (tmp_path / "bad.npy").write_bytes(b"no array")
    assert "bad.npy" in run("report", path, "-o", page, "--images", tmp_path / "bad.npy", code=1).stderr


def test_report_offers_layouts_places_and_a_second_hierarchy(tmp_path: Path) -> None:
    path, page = small(tmp_path), tmp_path / "page.html"
    np.save(tmp_path / "places.npy", np.random.default_rng(0).normal(size=(12, 2)))
    layouts = ["--layout", "squarified", "--layout", "rectangular"]
    run("report", path, "-o", page, *layouts, "--positions", tmp_path / "places.npy", "--compare", path)
    data = read_page(page)[1]
    assert data["layouts"] == ["squarified", "rectangular"]
    assert len(data["points"]["x"]) == 12
    assert data["other"]["title"] == path.stem
    assert "layout" in run("report", path, "-o", page, "--layout", "spiral", code=2).stderr


def test_report_refuses_data_of_another_length(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((5, 2)))
    result = run("report", small(tmp_path), "-o", tmp_path / "p.html", "--data", tmp_path / "x.npy", code=1)
    assert "5 rows" in result.stderr
    assert not (tmp_path / "p.html").exists()
