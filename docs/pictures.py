"""Make docs/_static/idea.svg with Partita itself: points coloured by part, over the slices of the parts.

python docs/pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import partita as pt

WIDTH, PLOT, ROW, GAP = 640, 250, 26, 3
COLOURS = ("#3b7dc4", "#c4682f", "#3f8f5b", "#a8527a", "#8a7a2c", "#6a62b8", "#2f8f96", "#b0504a")
GREY = "#808080"  # readable on white and on black


def main() -> None:
    points = make_points()
    h = pt.points.PPP().fit(points).hierarchy_
    path = Path(__file__).parent / "_static" / "idea.svg"
    path.write_text(draw(points, h))
    print(f"{h!r} -> {path.name}, {path.stat().st_size:,} bytes")


def make_points() -> np.ndarray:
    """Two neighbouring pairs of blobs and one blob apart, of different sizes."""
    rng = np.random.default_rng(4)
    blobs = [
        ((0.0, 0.0), (0.6, 0.5), 110),
        ((3.0, 1.0), (0.5, 0.6), 80),
        ((10.0, 2.6), (0.6, 0.5), 90),
        ((12.8, 1.2), (0.5, 0.6), 60),
        ((6.4, -1.2), (0.5, 0.4), 50),
    ]
    return np.concatenate([rng.normal(center, spread, (n, 2)) for center, spread, n in blobs])


def draw(points: np.ndarray, h: pt.Hierarchy) -> str:
    """The picture as SVG."""
    finest = h.levels[-1]
    colour = {int(part): COLOURS[i % len(COLOURS)] for i, part in enumerate(finest)}
    shown = sorted(set(colour).union(*(h.ancestors(part).tolist() for part in finest)))
    rows = int(h.depth[shown].max()) + 1
    height = PLOT + 14 + rows * (ROW + GAP) + 22
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}" role="img" aria-label="Points coloured by part, over the slices of the parts"'
        ' font-family="system-ui, sans-serif" font-size="12">'
    ]
    lines += draw_points(points, h, colour)
    lines += [draw_bar(h, part, colour) for part in shown]
    lines.append(
        f'<text x="{WIDTH / 2:g}" y="{height - 6}" text-anchor="middle" fill="{GREY}">'
        "one order of all items; every part owns one slice of it</text>"
    )
    return "\n".join([*lines, "</svg>"]) + "\n"


def draw_points(points: np.ndarray, h: pt.Hierarchy, colour: dict[int, str]) -> list[str]:
    """One path of dots for each part of the finest level, and one in grey for items in none."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min((WIDTH - 20) / (high[0] - low[0]), (PLOT - 20) / (high[1] - low[1]))
    margin = (np.array([WIDTH, PLOT]) - (high - low) * scale) / 2
    xy = (points - low) * scale * [1, -1] + [margin[0], PLOT - margin[1]]
    groups = [(h.members(part), stroke) for part, stroke in colour.items()]
    groups += [(np.flatnonzero(h.labels() == pt.NOISE), GREY)]
    return [
        f'<path d="{"".join(f"M{x:.0f} {y:.0f}h0" for x, y in xy[members])}" stroke="{stroke}"'
        ' stroke-width="5" stroke-linecap="round"/>'
        for members, stroke in groups
        if len(members)
    ]


def draw_bar(h: pt.Hierarchy, part: int, colour: dict[int, str]) -> str:
    """The slice of one part, with its size."""
    left, right = (WIDTH * int(edge[part]) / h.n_items for edge in (h.start, h.stop))
    y = PLOT + 14 + int(h.depth[part]) * (ROW + GAP)
    box = f'<rect x="{left + 1:.1f}" y="{y}" width="{right - left - 2:.1f}" height="{ROW}" rx="4"'
    text = f'<text x="{(left + right) / 2:.1f}" y="{y + 17}" text-anchor="middle" fill="#fff">'
    return f'{box} fill="{colour.get(part, "#5a6470")}"/>{text}{h.sizes[part]}</text>'


if __name__ == "__main__":
    main()
