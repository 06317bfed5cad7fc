"""Look at parts where they lie: a map of rows, the tree in the hyperbolic plane, soft parts on a circle."""

import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import partita as pt

digits = load_digits()
h = pt.points.PPP(min_size=20).fit(digits.data).hierarchy_
common = [np.bincount(digits.target[h.members(part)]).argmax() for part in range(h.n_parts)]
names = ["digits", *(f"mostly {digit}" for digit in common[1:])]

positions = pt.draw.plane_positions(digits.data)  # the same for any order of the rows and any thread count
on_map = pt.draw.map(digits.data, h, positions=positions, names=names)
print(on_map)

in_disc = pt.draw.hyperbolic(h, names=names)  # edges as short as they can be without crossing
print(in_disc)
print(
    pt.draw.hyperbolic(h, epsilon=0.1, focus=1)
)  # distances right within 10 %, and another part in the middle

centers = np.array([digits.data[digits.target == digit].mean(axis=0) for digit in range(10)])
away = ((digits.data[:, None] - centers) ** 2).sum(axis=2)
likely = np.exp(-6 * (away / away.min(axis=1, keepdims=True) - 1))
likely[likely < 0.01] = 0
on_circle = pt.draw.circle(likely, names=[str(digit) for digit in range(10)])
print(on_circle)

with tempfile.TemporaryDirectory() as folder:
    for name, drawing in (("map", on_map), ("disc", in_disc), ("circle", on_circle)):
        path = drawing.save(Path(folder) / f"{name}.svg")
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
