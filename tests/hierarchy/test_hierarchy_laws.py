"""The laws of the object: accepted when they hold, refused with a place when they don't."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_builders import hierarchies, rich_hierarchy

import partita as pt
from oracles.tree_oracles import Twin, lawful, lawful_levels
from partita.hierarchy import Hierarchy, MadeBy, Partition

SMALL = st.integers(-1, 3)


@given(st.data())
def test_refused_exactly_when_a_law_is_broken(data):
    """Small arrays at random, and lawful ones with one entry changed, against the definition."""
    if data.draw(st.booleans()):
        n, m = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 3))
        draw = lambda k: [data.draw(SMALL) for _ in range(k)]  # noqa: E731
        arrays = [draw(n), [-1, *draw(m - 1)], draw(m), draw(m), [float(x) for x in draw(m)]]
        levels = [[0]]
    else:
        h = data.draw(hierarchies(5, 5))
        arrays = [a.tolist() for a in (h.order, h.parent, h.start, h.stop, h.height)]
        levels = [level.tolist() for level in h.levels]
        which = data.draw(st.integers(0, 5))
        if which < 5 and arrays[which]:
            at = data.draw(st.integers(0, len(arrays[which]) - 1))
            arrays[which][at] = data.draw(st.sampled_from([-1, 0, 1, 2, 3, 4, 5]))
            arrays[4] = [float(x) for x in arrays[4]]
        elif which == 5:
            levels[data.draw(st.integers(0, len(levels) - 1))] = data.draw(
                st.lists(st.integers(0, 5), max_size=3)
            )
    if lawful(*arrays, levels):
        assert Hierarchy(*arrays, levels=levels).check() is not None
    else:
        with pytest.raises(pt.InvalidDataError):
            Hierarchy(*arrays, levels=levels)


@given(hierarchies())
def test_made_hierarchies_are_lawful(h):
    assert lawful(
        h.order.tolist(),
        h.parent.tolist(),
        h.start.tolist(),
        h.stop.tolist(),
        h.height.tolist(),
        [level.tolist() for level in h.levels],
    )
    h.check()


@given(hierarchies())
def test_parts_against_sets(h):
    twin = Twin(h)
    assert h.leaves.tolist() == [v for v in range(h.n_parts) if not twin.kids[v]]
    for v in range(h.n_parts):
        assert frozenset(h.members(v).tolist()) == twin.members[v]
        assert frozenset(h.own_items(v).tolist()) == twin.own(v)
        assert h.children(v).tolist() == twin.kids[v]
        above = h.ancestors(v).tolist()
        assert len(above) == h.depth[v]
        assert above == sorted(u for u in range(v) if v in range(u, h._end[u]))[::-1]
    for item in range(h.n_items):
        assert item in twin.own(int(h.item_part[item]))


@given(hierarchies())
def test_labels_of_levels(h):
    for j, level in enumerate(h.levels):
        labels, of_parts = h.labels(j), h.part_labels(j)
        assert labels.dtype == of_parts.dtype == np.int32
        for item in range(h.n_items):
            holding = [k for k, part in enumerate(level) if item in h.members(part)]
            assert labels[item] == (holding[0] if holding else pt.NOISE)
            # What a maker relies on to predict: the label of the part that holds an item.
            assert labels[item] == of_parts[h.item_part[item]]
    assert np.array_equal(h.labels(), h.labels(len(h.levels) - 1))
    assert (h.labels(0) == 0).all()


def test_frozen_and_not_shared():
    order = np.array([0, 1])
    h = Hierarchy(order, [-1], [0], [2], [0.0])
    order[0] = 1
    assert h.order.tolist() == [0, 1]
    for array in (h.order, h.parent, h.start, h.height, h.sizes, h.depth, h.members(0), h.levels[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(AttributeError, match="frozen"):
        h.height = np.zeros(1)
    with pytest.raises(TypeError):
        h.part_data["x"] = np.zeros(1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"order": [0, 0, 2]}, "no permutation"),
        ({"order": [0.0, 1.0, 2.0]}, "integers"),
        ({"parent": [-1, 0, 3]}, "parent of part 2"),
        ({"parent": [0, 0, 0]}, "root"),
        ({"start": [0, 1, 2]}, "part 1 does not begin"),
        ({"stop": [3, 2, 9]}, "slice of part 2"),
        ({"stop": [2, 2, 2]}, "span all"),
        ({"height": [1.0, 2.0, 0.0]}, "part 1 is higher"),
        ({"height": [1.0, np.nan, 0.0]}, "NaN"),
        ({"height": [1.0, 0.0]}, "entries"),
        ({"levels": [[0], [1, 3]]}, "outside"),
        ({"levels": [[0], [0, 1]]}, "antichain"),
        ({"levels": [[1]]}, "root alone"),
        ({"levels": [[0], [1], [2]]}, "does not refine"),
    ],
)
def test_messages_name_the_law_and_the_place(change, words):
    good = {
        "order": [0, 1, 2],
        "parent": [-1, 0, 0],
        "start": [0, 0, 2],
        "stop": [3, 2, 3],
        "height": [1.0, 0, 0],
    }
    Hierarchy(**good)
    with pytest.raises(pt.InvalidDataError, match="(?i)" + words):
        Hierarchy(**{**good, **change})


def test_preorder_is_a_law():
    """Parent pointers alone are right here; the subtree of part 1 is no run."""
    with pytest.raises(pt.InvalidDataError, match="preorder"):
        Hierarchy([0, 1], [-1, 0, 0, 1], [0, 0, 1, 0], [2, 1, 2, 1], [1.0, 1, 1, 1])
    assert not lawful_levels([[1]], [[1], []])


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_and_one(n, tmp_path):
    h = Hierarchy(np.arange(n), [-1], [0], [n], [0.0])
    h.check()
    assert h.labels().tolist() == [0] * n
    assert h.cut(n_clusters=1).labels.tolist() == [0] * n
    assert h.cut(n_clusters=1).n_parts == 1
    assert h.lca([0] * n, [0] * n).tolist() == [0] * n
    assert h.cophenetic([0] * n, [0] * n).tolist() == [0.0] * n
    assert h.dasgupta_cost(np.zeros((n, n))) == 0.0
    assert pt.load(h.save(tmp_path / "x.partita")) == h
    assert h.to_linkage().shape == (0, 4)
    assert Hierarchy.from_newick(h.to_newick(lengths=False)).n_items == n
    assert h.to_arrow()["items"].num_rows == n
    assert h.to_networkx().number_of_nodes() == 1
    assert pt.compare(h.labels(), h.labels())["ari"] == 1.0
    assert h.cover("nearest", X=np.zeros((n, 2))).partition().labels.tolist() == [0] * n
    assert len(h._repr_html_()) < 2000
    with pytest.raises(pt.InfeasibleError):
        h.cut(n_clusters=2)


@given(hierarchies(), st.randoms(use_true_random=False))
def test_equal_up_to_the_order_of_children(h, random):
    """The same parts written down with shuffled siblings and own items are equal; changed ones are not."""
    column = np.arange(h.n_parts) * 1.5
    h = h.replace(part_data={"x": column}, item_ids=np.arange(h.n_items))
    other = _shuffled(h, random)
    assert h == other
    assert hash(h) == hash(other)
    assert h.replace(part_data={}) != other
    assert h.replace(part_data={"x": column + 1}) != other
    assert h.replace(levels=[*h.levels, []]) != other
    raised = Hierarchy(
        h.order,
        h.parent,
        h.start,
        h.stop,
        h.height + 1.0,
        levels=h.levels,
        part_data=h.part_data,
        item_ids=h.item_ids,
        own_items_are=h.own_items_are,
    )
    assert (raised == h) == bool(np.isinf(h.height).all())


def _shuffled(h: Hierarchy, random) -> Hierarchy:
    order, parent, start, stop, old = [], [], [], [], []

    def write(v, above):
        new = len(parent)
        parent.append(above)
        old.append(v)
        start.append(len(order))
        stop.append(0)
        kids, own = h.children(v).tolist(), h.own_items(v).tolist()
        # Siblings without items have no content of their own to be told apart by, except what they hold.
        if all(h.sizes[k] for k in kids):
            random.shuffle(kids)
        random.shuffle(own)
        for child in kids:
            write(child, new)
        order.extend(own)
        stop[new] = len(order)

    write(0, -1)
    new_id = np.argsort(old)
    return Hierarchy(
        np.array(order, dtype=np.intp),
        parent,
        start,
        stop,
        h.height[old],
        levels=[new_id[level] for level in h.levels],
        item_ids=h.item_ids,
        part_data={name: h.part_data[name][old] for name in h.part_data},
        own_items_are=h.own_items_are,
    )


def test_pickled_copied_replaced():
    h = rich_hierarchy().replace(made_by=MadeBy("test", {"k": 3}, cost=1.5))
    for twin in (pickle.loads(pickle.dumps(h)), copy.deepcopy(h)):
        assert twin == h
        assert twin.made_by == h.made_by
    assert h.replace(levels=None).levels[0].tolist() == [0]
    with pytest.raises(pt.InvalidParameterError, match="can't change"):
        h.replace(order=[])


@pytest.mark.parametrize(
    "column",
    [
        np.zeros(3),
        np.array([1 + 2j, 0]),
        np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"),
        ["a", 1],
        [["a"], "b"],
        ["\ud800", "x"],
        np.array([{}, {}]),
        5,
    ],
)
def test_columns_of_no_use_are_refused(column):
    h = Hierarchy([0], [-1, 0], [0, 0], [1, 1], [1.0, 0.0])
    with pytest.raises(pt.InvalidDataError):
        h.replace(part_data={"x": column})


@pytest.mark.parametrize("part", [-1, 2, 1.0, True, "0", None])
def test_no_such_part(part):
    h = Hierarchy([0], [-1, 0], [0, 0], [1, 1], [1.0, 0.0])
    with pytest.raises(pt.InvalidParameterError):
        h.members(part)


def test_shown_short():
    h = rich_hierarchy()
    assert repr(h) == f"Hierarchy(40 items, {h.n_parts} parts, levels 1 > 3 > 9, by from_labels)"
    assert "<table>" in h._repr_html_()
    escaped = h.replace(part_data={"name": ["<script>"] * h.n_parts})
    assert "<script>" not in escaped._repr_html_()


def test_certificates_are_recomputed():
    h = rich_hierarchy()
    noise = [0, int((h.labels(1) < 0).sum()), int((h.labels(2) < 0).sum())]
    h.replace(made_by=MadeBy(certificates={"noise_per_level": noise, "mine": 3})).check()
    with pytest.raises(pt.InvalidDataError, match="does not hold"):
        h.replace(made_by=MadeBy(certificates={"noise_per_level": [0, 0, 99]})).check()
    with pytest.raises(pt.InvalidDataError, match="does not hold"):
        h.replace(made_by=MadeBy(certificates={"imbalance_per_level": [0.0, 0.0, 0.0]})).check()


def test_record_goes_through_json():
    record = MadeBy(
        "m",
        {"a": np.float32(1), "b": (1, None)},
        cost=np.inf,
        certificates={"gap": float("nan")},
        notes=("one",),
    )
    back = MadeBy.from_json(record.to_json())
    assert (back.cost, back.notes, back.parameters) == (np.inf, ("one",), {"a": 1.0, "b": [1, None]})
    assert np.isnan(back.certificates["gap"])
    for bad in ({"methods": 1}, {"method": 1}, {"notes": "x"}, {"cost": True}, []):
        with pytest.raises(pt.InvalidDataError):
            MadeBy.from_json(bad)


def test_partition_members_noise_and_refusals():
    p = Partition([1, -1, 0, 1], n_parts=3)
    assert (p.sizes.tolist(), p.members(1).tolist(), p.noise.tolist(), len(p)) == ([1, 2, 0], [0, 3], [1], 3)
    assert p.labels.dtype == np.int32
    assert p == pickle.loads(pickle.dumps(p))
    assert p.members(2).tolist() == []
    for bad in ([0, 5], [-2], [0.5], [[0]]):
        with pytest.raises(pt.InvalidDataError):
            Partition(bad, n_parts=3)
    with pytest.raises(pt.InvalidParameterError):
        p.members(3)
    with pytest.raises(AttributeError):
        p.labels = None
