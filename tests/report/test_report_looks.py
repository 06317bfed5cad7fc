"""What the page's further looks are made of: polygons, places, a second hierarchy, the record."""

from __future__ import annotations

import numpy as np
import pytest
from report_builders import nested, wide_and_deep
from report_reader import unpack

import partita as pt
from partita.draw._layouts import LAYOUTS
from partita.hierarchy import Hierarchy, MadeBy
from partita.report.overlap import check_other, other_columns
from partita.report.packing import pack
from partita.report.parts import part_columns
from partita.report.places import check_positions, point_columns
from partita.report.record import made_record
from partita.report.sample import choose_parts
from partita.report.shapes import check_layouts, shape_columns

POLYGONS = [name for name in LAYOUTS if name != "squarified"]


def area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def polygons(shapes: dict, layout: str, parents: list[int]) -> list[np.ndarray]:
    """The corners of the parts in the unit of the whole, walked down as the page does."""
    corner, offset = shapes["of"][layout]["corner"], shapes["of"][layout]["offset"]
    found: list[np.ndarray] = []
    for row, above in enumerate(parents):
        node = shapes["node"][row]
        steps = np.array(corner[2 * offset[node] : 2 * offset[node + 1]]).reshape(-1, 2) / 65535
        low, high = (
            ([0.0, 0.0], [shapes["aspect"], 1.0])
            if above < 0
            else (found[above].min(axis=0), found[above].max(axis=0))
        )
        found.append(np.array(low) + steps * (np.array(high) - np.array(low)))
    return found


@pytest.mark.parametrize("layout", POLYGONS)
def test_polygons_have_the_area_of_their_part(layout: str) -> None:
    h = wide_and_deep(3000, 4, 4)
    columns = part_columns(h, choose_parts(h))
    shapes = unpack(pack({"shapes": shape_columns(h, columns, [layout])}))["shapes"]
    found = polygons(shapes, layout, columns["parent"].tolist())
    for part in range(h.n_parts):
        share = area(found[part]) / shapes["aspect"] / (h.sizes[part] / h.n_items)
        assert (0.945 if layout == "rectangular" else 0.998) < share < 1.002
    own = [node for node in shapes["own"] if node >= 0]
    assert len(own) == sum(len(h.own_items(v)) > 0 and len(h.children(v)) > 0 for v in range(h.n_parts))


@pytest.mark.parametrize("layout", POLYGONS)
def test_parts_without_items_have_no_polygon(layout: str) -> None:
    h = Hierarchy([0, 1, 2], [-1, 0, 0, 2], [0, 0, 2, 2], [3, 2, 2, 2], [2.0, 1.0, 1.0, 0.0])
    shapes = shape_columns(h, part_columns(h, choose_parts(h)), [layout])
    assert shapes is not None
    count = np.diff(shapes["of"][layout]["offset"])[shapes["node"]]
    assert (count > 0).tolist() == (h.sizes > 0).tolist()


def test_layouts_are_checked() -> None:
    assert check_layouts("squarified") == ["squarified"]
    assert check_layouts(["squarified", *POLYGONS, "squarified"]) == ["squarified", *POLYGONS]
    for wrong in ("spiral", [], ["squarified", "spiral"]):
        with pytest.raises(pt.InvalidParameterError, match="layout"):
            check_layouts(wrong)


def test_places_are_given_or_two_columns_or_a_plane() -> None:
    h = nested(200)
    X = np.random.default_rng(0).normal(size=(200, 5)) * [9, 1, 1, 5, 1]
    given = point_columns(h, X, np.ascontiguousarray(X[:, :2]))
    two = point_columns(h, X[:, :2], None)
    plane = point_columns(h, X, None)
    assert given is not None
    assert two is not None
    assert plane is not None
    assert np.array_equal(given["x"], two["x"])
    items = h.order[given["position"]]
    inside = np.flatnonzero((given["x"] > 0) & (given["x"] < 65535))
    assert np.corrcoef(given["x"][inside], X[items[inside], 0])[0, 1] > 0.9999
    assert abs(np.corrcoef(plane["x"], X[items, 0])[0, 1]) > 0.98
    assert abs(np.corrcoef(plane["y"], X[items, 3])[0, 1]) > 0.9
    assert point_columns(h, None, None) is None
    assert point_columns(h, X[:, :1], None) is None


@pytest.mark.parametrize("wrong", [np.zeros((3, 2)), np.zeros((60, 3)), np.full((60, 2), np.nan)])
def test_wrong_places_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(pt.InvalidDataError, match="position"):
        check_positions(wrong, 60)


def test_the_other_hierarchy_shares_the_items_it_shares() -> None:
    h, other = nested(120, seed=1), wide_and_deep(120, 3, 3, seed=2)
    columns = other_columns(h, check_other(other, h), "second")
    assert columns is not None
    here, there = columns["items"]["here"], columns["items"]["there"]
    assert columns["items"]["step"] == 1
    for a in range(h.n_parts):
        inside = (here >= h.start[a]) & (here < h.stop[a])
        for b in range(other.n_parts):
            both = inside & (there >= other.start[b]) & (there < other.stop[b])
            assert both.sum() == len(np.intersect1d(h.members(a), other.members(b)))


def test_agreement_is_that_of_compare() -> None:
    h, other = nested(90, seed=1), nested(90, seed=4)
    columns = other_columns(h, other, None)
    assert columns is not None
    assert columns["title"] == "PPP"
    assert len(columns["agreement"]) == 4
    found = pt.compare(h.labels(1), other.labels(1))
    assert columns["agreement"][0][2:] == pytest.approx([found["ari"], found["ami"]], abs=1e-6)


def test_another_number_of_items_is_refused() -> None:
    with pytest.raises(pt.InvalidDataError, match="other has 50 items"):
        check_other(nested(50), nested(60))
    named = nested(3, item_ids=["a", "b", "c"])
    with pytest.raises(pt.InvalidDataError, match="Item 1 has another id"):
        check_other(nested(3, item_ids=["a", "x", "c"]), named)


def test_the_record_is_told_in_lines() -> None:
    made = MadeBy(
        "KMeans", {"n_clusters": 5, "nothing": None}, "0.1", seconds=12.0, cost=1 / 3, converged=True,
        certificates={"gap": 0.5, "bounds": list(range(40)), "inner": {"worst": float("inf")}},
        notes=("a note",),
    )  # fmt: skip
    record = made_record(nested(9, made_by=made))
    sections = {title: dict(lines) for title, lines in record["sections"]}
    assert sections["Certificates"]["gap"] == "0.5"
    assert sections["Certificates"]["bounds"].endswith("… (40 values)")
    assert sections["Certificates"]["inner: worst"] == "∞"
    assert sections["Made by"]["Cost"] == "0.333333"
    assert sections["Made by"]["Converged"] == "yes"
    assert sections["Parameters"] == {"n clusters": "5", "nothing": "none"}
    assert record["notes"] == ["a note"]
    assert record["line"] == "KMeans · Partita 0.1 · 12 s"
