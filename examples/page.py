"""Make a page that shows a hierarchy; it is one file and needs no network."""

import tempfile
from pathlib import Path

from sklearn.datasets import load_wine

import partita as pt

wine = load_wine()
X = (wine.data - wine.data.mean(axis=0)) / wine.data.std(axis=0)
h = pt.divide(X)
print(h)
print("what was chosen, and why:", h.made_by.choices)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "wine.html"
    cultivars = pt.Hierarchy.from_labels([wine.target])
    pt.report.write(
        h,
        path,
        X=X,
        columns=wine.feature_names,
        layout=["squarified", "rectangular"],
        other=cultivars,
        other_title="cultivars",
    )
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")

    saved = h.save(Path(folder) / "wine.partita")
    print(f"{saved.name}: {sorted(file.name for file in saved.iterdir())}")
    print("loaded again, it is the same:", pt.load(saved) == h)
