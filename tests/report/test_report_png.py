"""The PNG writer against an independent reader, and the sheets of thumbnails."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita import InvalidDataError
from partita.report.pictures import LONGEST_SIDE, check_images, image_cost, picture_sheets
from partita.report.png import encode_png


def decode_png(data: bytes) -> np.ndarray:
    """A slow and obvious reader of 8-bit PNG files without filters, which checks every CRC."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, rest) == (8, [0, 0, 0])
    channels = {0: 1, 2: 3}[colour]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    assert not rows[:, 0].any()
    pixels = rows[:, 1:].reshape(height, width, channels)
    return pixels[:, :, 0] if channels == 1 else pixels


@given(st.integers(1, 9), st.integers(1, 9), st.booleans(), st.integers(0, 2**32 - 1))
def test_pixels_survive(height: int, width: int, colour: bool, seed: int) -> None:
    shape = (height, width, 3) if colour else (height, width)
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    assert np.array_equal(decode_png(encode_png(image)), image)


def test_cells_hold_the_chosen_images() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1200, 5, 4)).astype(np.uint8)
    chosen = np.random.default_rng(1).permutation(1200)[:1100]
    sheets = picture_sheets(images, chosen)
    assert (sheets["width"], sheets["height"], len(sheets["sheets"])) == (4, 5, 2)
    pixels = [decode_png(base64.b64decode(uri.partition(",")[2])) for uri in sheets["sheets"]]
    for i in (0, 31, 32, 1023, 1024, 1099):
        sheet, cell = divmod(i, sheets["per_sheet"])
        row, column = divmod(cell, sheets["columns"])
        found = pixels[sheet][row * 5 : row * 5 + 5, column * 4 : column * 4 + 4]
        assert np.array_equal(found, images[chosen[i]])


def test_large_images_become_means_of_blocks() -> None:
    images = np.zeros((2, 128, 130, 3), np.uint8)
    images[0, :3, :3] = 90
    sheets = picture_sheets(images, np.arange(2))
    assert max(sheets["width"], sheets["height"]) <= LONGEST_SIDE
    pixels = decode_png(base64.b64decode(sheets["sheets"][0].partition(",")[2]))
    assert pixels[0, 0].tolist() == [90, 90, 90]
    assert pixels[1:, 1:].sum() == 0
    assert image_cost(images) == sheets["width"] * sheets["height"] * 3


def test_any_range_of_numbers_is_stretched() -> None:
    images = np.array([[[-2.0, np.nan], [0.0, 6.0]]])
    sheets = picture_sheets(images, np.array([0]))
    pixels = decode_png(base64.b64decode(sheets["sheets"][0].partition(",")[2]))
    assert pixels[:2, :2].tolist() == [[0, 64], [64, 255]]


@pytest.mark.parametrize(("ground", "ink"), [(0, "bright"), (255, "dark"), (128, None)])
def test_ink_on_a_plain_ground_is_seen(ground: int, ink: str | None) -> None:
    images = np.full((3, 8, 8), ground, np.uint8)
    images[:, 3:5, 3:5] = 255 - ground
    assert picture_sheets(images, np.arange(3))["ink"] == ink
    assert picture_sheets(np.repeat(images[..., None], 3, axis=3), np.arange(3))["ink"] is None


@pytest.mark.parametrize("shape", [(4,), (4, 8), (4, 8, 8, 4), (4, 0, 8), (4, 2, 2, 3, 1)])
def test_shapes_that_are_no_images_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidDataError, match="images"):
        check_images(np.zeros(shape), 4)


def test_another_number_of_images_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="3 images and 4 items"):
        check_images(np.zeros((3, 2, 2)), 4)
