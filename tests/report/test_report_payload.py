"""The columns that the page reads, against the hierarchy they came from."""

from __future__ import annotations

import json

import numpy as np
import pytest
from report_builders import deep_with_levels, nested, wide_and_deep
from report_reader import runs, unpack

from partita.hierarchy import Hierarchy
from partita.report import payload as payload_module
from partita.report.packing import pack
from partita.report.payload import build_payload, part_terms, quality_column, summary_line


def build(h: Hierarchy, **given: object) -> dict:
    made = build_payload(h, **{"X": None, "texts": None, "images": None, **given})
    return unpack(json.loads(json.dumps(pack(made), allow_nan=False)))


def shown_parts(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    choose = payload_module.choose_parts
    monkeypatch.setattr(payload_module, "choose_parts", lambda h: choose(h, most))


def test_columns_agree_with_the_hierarchy() -> None:
    h = nested(90)
    parts = build(h)["parts"]
    assert parts["id"] == list(range(h.n_parts))
    assert parts["parent"] == h.parent.tolist()
    assert parts["size"] == h.sizes.tolist()
    assert parts["own"] == [len(h.own_items(part)) for part in range(h.n_parts)]
    assert parts["height"] == pytest.approx(h.height.tolist(), rel=1e-5)
    assert parts["name"][3] == "name 3"
    terms = [[parts["terms"]["word"][word] for word in row] for row in runs(parts["terms"])]
    assert terms == [[f"term{part}", "other"] for part in range(h.n_parts)]
    assert parts["start"] == h.start.tolist()
    assert parts["quality"] == pytest.approx(np.linspace(0, 1, h.n_parts).tolist(), abs=1e-5)
    assert not any(parts["hidden"])


@pytest.mark.parametrize("most", [1, 2, 7, 40])
def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    shown_parts(monkeypatch, most)
    h = wide_and_deep(400, 4, 4)
    made = build(h)
    parts = made["parts"]
    ids = np.array(parts["id"])
    kids = np.bincount(np.array(parts["parent"][1:], int), weights=parts["size"][1:], minlength=len(ids))
    assert np.array_equal(kids + parts["own"] + parts["hidden_size"], parts["size"])
    assert sum(parts["hidden"]) + len(ids) == h.n_parts
    assert f"{len(ids):,} largest parts" in made["summary"]
    for row, part in enumerate(ids):
        below = [v for v in h.children(part) if v not in ids]
        assert parts["hidden_children"][row] == len(below)


def test_items_find_their_deepest_shown_part(monkeypatch: pytest.MonkeyPatch) -> None:
    shown_parts(monkeypatch, 9)
    h = wide_and_deep(120, 3, 4)
    made = build(h)
    rows = made["item_part"]
    for item in range(h.n_items):
        holders = [part for part in made["parts"]["id"] if item in h.members(part)]
        assert made["parts"]["id"][rows[item]] == max(holders)


def test_levels_name_shown_parts() -> None:
    h = nested(50)
    made = build(h)
    assert made["n_levels"] == len(h.levels)
    assert [made["levels"][str(i)] for i in range(len(h.levels))] == [level.tolist() for level in h.levels]


def test_infinite_and_missing_numbers_stay_what_they_are() -> None:
    h = Hierarchy([0, 1], [-1, 0], [0, 0], [2, 1], [np.inf, 1.0], part_data={"separability": [np.nan, 2.0]})
    parts = build(h)["parts"]
    assert parts["height"] == [np.inf, 1.0]
    assert np.isnan(parts["quality"][0])
    assert parts["quality"][1] == 1.0


@pytest.mark.parametrize("n_items", [0, 1, 2])
def test_tiny_hierarchies(n_items: int) -> None:
    h = Hierarchy(np.arange(n_items), [-1], [0], [n_items], [0.0])
    made = build(h, texts=["x"] * n_items, images=np.zeros((n_items, 2, 2)), X=np.zeros((n_items, 3)))
    assert made["parts"]["size"] == [n_items]
    assert made["samples"]["item"] == list(range(n_items))


def test_samples_point_into_texts_and_labels() -> None:
    h = nested(40, item_ids=[f"id{i}" for i in range(40)])
    texts = [f"text number {i}" for i in range(40)]
    made = build(h, texts=texts)
    for part, rows in enumerate(runs(made["parts"]["samples"])):
        for row in rows:
            item = int(made["samples"]["label"][row].removeprefix("id"))
            assert item in h.members(part)
            assert made["samples"]["text"][row] == texts[item]


def test_terms_come_as_a_list_or_as_one_text() -> None:
    assert part_terms("a, b, c") == ["a", "b", "c"]
    assert part_terms(np.array(["a", ""])) == ["a"]
    assert part_terms(None) == []


def test_quality_is_the_first_known_column() -> None:
    h = nested(20)
    other = h.replace(part_data={"score": np.full(h.n_parts, 3.0), "name": h.part_data["name"]})
    assert quality_column(h)[0] == "separability"
    name, values = quality_column(other)
    assert name == "score"
    assert values is not None
    assert set(values.tolist()) == {1.0}
    assert quality_column(h.replace(part_data={})) == (None, None)


def test_summary_counts() -> None:
    assert summary_line(Hierarchy([0], [-1], [0], [1], [0.0])) == "1 item in 1 part"
    assert summary_line(nested(90)) == "90 items in 13 parts; named levels of 3 > 9"


def test_columns_that_set_a_part_apart() -> None:
    h = nested(300)
    X = np.random.default_rng(0).normal(size=(300, 5))
    X[h.members(1), 3] += 50.0
    X[:, 4] = 7.0
    made = build(h, X=X, columns=list("abcde"))["columns"]
    assert made["name"] == list("abcde")
    scale = np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    for part in range(h.n_parts):
        away = (X[h.members(part)].mean(axis=0) - X.mean(axis=0)) / scale
        expected = {j for j in range(5) if abs(away[j]) >= 0.255}
        found = slice(made["start"][part], made["start"][part + 1])
        assert expected <= set(made["column"][found])
        assert np.array(made["away"][found]) / 100 == pytest.approx(away[made["column"][found]], abs=0.006)
        assert np.all(np.diff(np.abs(made["away"][found])) <= 0)
    assert 4 not in made["column"]
    assert build(h, X=X, images=np.zeros((300, 2, 2)))["columns"] is None
    assert build(h)["columns"] is None


@pytest.mark.parametrize("most", [1, 4, 9, 14, 30])
def test_parts_with_gaps_between_them_still_count_every_item(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    shown_parts(monkeypatch, most)
    h = deep_with_levels()
    parts = build(h)["parts"]
    ids = parts["id"]
    for row, part in enumerate(ids):
        above = [v for v in h.ancestors(part).tolist() if v in ids]
        assert parts["parent"][row] == (ids.index(above[0]) if above else -1)
        kids = [ids[r] for r, up in enumerate(parts["parent"]) if up == row]
        inside = set(h.members(part).tolist()).difference(*(h.members(kid).tolist() for kid in kids))
        assert parts["own"][row] + parts["hidden_size"][row] == len(inside)
        assert parts["own"][row] >= 0
