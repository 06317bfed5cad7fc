"""Colours: siblings differ for every eye, hues nest, texts can be read."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from drawing_tools import random_tree

from partita.draw._drawn import drawn_tree
from partita.draw._palette import _TO_LMS, _TO_RGB, contrast, from_oklch, palette
from partita.draw._svg import INK

# Machado, Oliveira, Fernandes 2009, DOI 10.1109/TVCG.2009.113, severity 1, for linear sRGB.
EYES = {
    "all cones": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
SEEN_APART = 0.04


def as_oklab(rgb, eye="all cones"):
    part = rgb.astype(float) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(EYES[eye]), 0, 1)
    return np.cbrt(np.maximum(linear @ np.linalg.inv(_TO_RGB).T, 0)) @ np.linalg.inv(_TO_LMS).T


def star(count, weight=None):
    parent = np.append(-1, np.zeros(count, np.intp))
    weights = np.ones(count) if weight is None else weight
    return palette(parent, np.append(weights.sum(), weights))


def rgb_of(text):
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.uint8)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_up_to_five_siblings_all_look_different(eye, theme):
    for count in range(2, 6):
        colours = as_oklab(getattr(star(count), theme)[1:], eye)
        assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > SEEN_APART


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_neighbours_look_different_in_any_tree(eye, theme):
    h, weight = random_tree(11, 400, deep=True)
    drawn = drawn_tree(h, weight)
    colours = as_oklab(getattr(palette(drawn.parent, drawn.weight), theme), eye)
    for up in range(len(drawn.parent)):
        siblings = np.flatnonzero(drawn.parent == up)
        assert all(np.linalg.norm(colours[a] - colours[b]) > SEEN_APART for a, b in pairwise(siblings))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_can_be_read_on_every_colour(theme):
    h, weight = random_tree(12, 2000)
    drawn = drawn_tree(h, weight)
    colours = getattr(palette(drawn.parent, drawn.weight), theme)
    assert contrast(colours, rgb_of(INK[theme])).min() >= 4.5


def test_children_keep_the_hue_of_their_parent():
    parent = np.array([-1, 0, 1, 1, 1, 0, 5, 5, 0])
    lab = as_oklab(palette(parent, np.array([9.0, 3, 1, 1, 1, 3, 1, 2, 3])).light)
    hue = np.rad2deg(np.arctan2(lab[:, 2], lab[:, 1]))
    turned = np.abs((hue[[2, 3, 4, 6, 7]] - hue[[1, 1, 1, 5, 5]] + 180) % 360 - 180)
    assert turned.max() < 60
    assert np.hypot(lab[0, 1], lab[0, 2]) < 1e-3


def test_small_changes_of_weight_change_colours_little():
    weight = np.array([5.0, 3.0, 2.0, 1.0])
    one, other = (as_oklab(star(4, w).light) for w in (weight, weight * [1.01, 0.99, 1.01, 0.99]))
    assert np.linalg.norm(one - other, axis=1).max() < 0.03


def test_black_white_and_the_edge_of_the_screen():
    ends = from_oklch(np.array([0.0, 1.0]), np.zeros(2), np.zeros(2))
    assert ends.tolist() == [[0, 0, 0], [255, 255, 255]]
    assert contrast(ends[0], ends[1]) == pytest.approx(21)
    strong = from_oklch(np.full(36, 0.7), np.full(36, 0.4), np.arange(0.0, 360.0, 10.0))
    assert len(np.unique(strong, axis=0)) == 36
