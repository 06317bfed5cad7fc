"""Cluster growth curves that were observed at different times, and forecast a new one from its start."""

import numpy as np

import partita as pt

rng = np.random.default_rng(2)
shapes = {"early": lambda t: 40 / (1 + np.exp(3 - t)), "late": lambda t: 55 / (1 + np.exp(6.5 - t))}


def observe(shape: str, most: float = 10.0, count: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """A curve of a shape, with a deviation of its own and noise, at times of its own."""
    t = np.sort(rng.choice(np.arange(0, most, 0.25), count, replace=False))
    return t, shapes[shape](t) + rng.normal(0, 2) + 0.3 * rng.normal() * t + rng.normal(0, 1, count)


names = ["early", "late"] * 15
found = pt.points.CurveClustering(n_clusters=2).fit([observe(name) for name in names])
for label in range(found.n_clusters_):
    members = [name for name, own in zip(names, found.labels_) if own == label]
    print(f"cluster {label}: {len(members)} curves, {members.count('late')} of them late")

start = observe("late", most=4.0, count=5)
ahead = found.forecast(start, [5.0, 7.5, 10.0])
low, high = ahead.interval(0.9)
print("chances of the clusters, from the first four days:", np.round(ahead.probability, 3))
for day, mean, a, b in zip(ahead.times, ahead.mean, low, high):
    print(f"day {day:4}: {mean:5.1f}, likely {a:5.1f} to {b:5.1f} (shape: {shapes['late'](day):.1f})")
