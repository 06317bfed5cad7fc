"""The file: whole, self-contained, safe with any text, bounded, and written aside."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_builders import HOSTILE, nested, wide_and_deep
from report_reader import Reader, read_page

import partita as pt
from partita.draw._layouts import LAYOUTS
from partita.hierarchy import Hierarchy
from partita.report.page import embed_json


def write(tmp_path: Path, h: Hierarchy, **given: Any) -> tuple[Reader, dict[str, Any]]:
    return read_page(pt.report.write(h, tmp_path / "page.html", **given))


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    h = nested(60)
    names = [HOSTILE[part % len(HOSTILE)] for part in range(h.n_parts)]
    h = h.replace(part_data={"name": [n.replace("\ud800", "") for n in names], "terms": h.part_data["terms"]})
    texts = [HOSTILE[i % len(HOSTILE)] for i in range(60)]
    calm, _ = write(tmp_path, nested(60), texts=["calm"] * 60, title="calm")
    reader, data = write(tmp_path, h, texts=texts, title=HOSTILE[0], note=HOSTILE[2])
    assert reader.tags == calm.tags
    assert reader.title == HOSTILE[0]
    assert len(reader.scripts) == 2
    shown = {text for text in data["samples"]["text"] if text}
    assert HOSTILE[0] in shown
    assert HOSTILE[1] in shown


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_embedded_json_is_equal_and_inert(value: Any) -> None:
    text = embed_json(value)
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == value
    text.encode("utf-8")


@given(st.text(st.characters(categories=["Cs", "Lu", "Po"])))
def test_lone_surrogates_are_escaped(text: str) -> None:
    assert embed_json([text]).encode("utf-8")


def test_nothing_is_fetched(tmp_path: Path) -> None:
    reader, _ = write(tmp_path, nested(), images=np.zeros((60, 4, 4)))
    loads = [(tag, attrs.get("src") or attrs.get("href") or "") for tag, attrs in reader.tags]
    assert [where for tag, where in loads if where and not where.startswith(("#", "data:"))] == []
    assert not re.search(r"https?://|@import|fetch\(|XMLHttpRequest|WebSocket|import\(", reader.scripts[1])


def test_the_policy_allows_this_script_alone(tmp_path: Path) -> None:
    reader, _ = write(tmp_path, nested())
    policy = next(
        a["content"] or "" for t, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    digest = base64.b64encode(hashlib.sha256(reader.scripts[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_large_data_make_a_small_page(tmp_path: Path) -> None:
    n = 30_000
    h = wide_and_deep(n, 30, 3)
    texts = ["a long text about many things " * 40] * n
    path = pt.report.write(h, tmp_path / "page.html", texts=texts)
    assert path.stat().st_size < 2_000_000
    images = np.zeros((n, 28, 28, 3), np.uint8)
    path = pt.report.write(h, tmp_path / "page.html", images=images)
    assert path.stat().st_size < 6_000_000


def test_a_hundred_thousand_parts_of_a_million_items_fit(tmp_path: Path) -> None:
    n = 1_000_000
    coarse = np.arange(n) * 7919 % n
    h = Hierarchy.from_labels([coarse // 100_000, coarse // 1000, coarse // 10])
    other = Hierarchy.from_labels([np.arange(n) // 1000, np.arange(n) // 10])
    names = [f"a name of about forty letters, number {part}" for part in range(h.n_parts)]
    assert h.n_parts > 100_000
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4)) + (coarse // 1000)[:, None]
    texts = [f"item {i}: {word}" for i, word in enumerate(rng.integers(0, 10**9, n).tolist())]
    layouts = ["squarified", *(name for name in LAYOUTS if name != "squarified")][:2]
    path = pt.report.write(
        h.replace(part_data={"name": names}),
        tmp_path / "page.html",
        X=X,
        texts=texts,
        other=other,
        layout=layouts,
    )
    assert path.stat().st_size < 15_000_000
    assert read_page(path)[1]["parts"]["size"] == h.sizes.tolist()


def test_the_same_page_every_time(tmp_path: Path) -> None:
    h = nested(200)
    X = np.random.default_rng(0).normal(size=(200, 3))
    given = {"X": X, "other": nested(200, seed=3), "layout": list(LAYOUTS)}
    first = pt.report.write(h, tmp_path / "page.html", **given).read_bytes()
    assert pt.report.write(h, tmp_path / "page.html", **given).read_bytes() == first


@pytest.mark.parametrize(
    "wrong",
    [
        {"texts": ["too few"]},
        {"texts": "one text"},
        {"X": np.zeros((3, 2))},
        {"X": np.zeros(60)},
        {"images": np.zeros((60, 2))},
        {"columns": ["a"]},
        {"columns": ["a"], "X": np.zeros((60, 2))},
        {"positions": np.zeros((60, 3))},
        {"other": nested(59)},
        {"other": "a hierarchy"},
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(pt.InvalidDataError) as caught:
        pt.report.write(nested(60), tmp_path / "page.html", **wrong)
    assert caught.value.name in wrong
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(pt.InvalidParameterError, match="nowhere"):
        pt.report.write(nested(), tmp_path / "nowhere" / "page.html")


def test_an_old_page_stays_whole_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = pt.report.write(nested(), tmp_path / "page.html")
    before = page.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        pt.report.write(nested(seed=1), page)
    assert page.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_new_page_has_usual_rights(tmp_path: Path) -> None:
    page = pt.report.write(nested(), tmp_path / "page.html")
    other = tmp_path / "other"
    other.touch()
    assert page.stat().st_mode == other.stat().st_mode


def test_texts_name_the_parts_of_a_nameless_hierarchy(tmp_path: Path) -> None:
    topics = ["wolves hunt deer", "engines burn petrol", "bakers knead dough"]
    h = Hierarchy.from_labels([np.repeat(np.arange(3), 10)])
    _, data = write(tmp_path, h, texts=[topics[i // 10] for i in range(30)])
    named = dict(zip(data["parts"]["id"], data["parts"]["name"]))
    for part in h.children(0):
        topic = topics[h.members(part)[0] // 10]
        assert any(word in topic for word in named[part].replace(",", " ").split())
