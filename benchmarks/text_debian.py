"""TopicTree beside scikit-learn's own pipeline on real texts, each in a fresh process.

    PARTITA_DATA=... python benchmarks/text_debian.py [debian|clinc|arxiv] [--rows N]

Prints seconds, peak memory and, where the texts have labels, the adjusted mutual information of every level
and of cuts told k. The peer is TfidfVectorizer (with its list of English stop words), TruncatedSVD and KMeans
told the number of classes: it knows the language and k, TopicTree knows neither.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

_CUTS = (10, 20, 58, 100, 150, 200)


def load(name: str, rows: int | None) -> tuple[list[str], dict[str, np.ndarray]]:
    """The texts of a set and its labels by name."""
    root = os.environ.get("PARTITA_DATA")
    if not root:
        raise SystemExit("set PARTITA_DATA to the folder of real data sets")
    texts, labels = {"debian": _debian, "clinc": _clinc, "arxiv": _arxiv}[name](Path(root))
    pick = np.random.default_rng(0).permutation(len(texts))[:rows]
    return [texts[i] for i in pick], {key: np.asarray(values)[pick] for key, values in labels.items()}


def _debian(root: Path) -> tuple[list[str], dict[str, list[str]]]:
    import pyarrow.parquet as pq

    table = pq.read_table(
        root / "debian-packages" / "packages.parquet", columns=["long_description", "section"]
    )
    return [t or "" for t in table["long_description"].to_pylist()], {"section": table["section"].to_pylist()}


def _clinc(root: Path) -> tuple[list[str], dict[str, list[str]]]:
    with gzip.open(root / "text-clinc150" / "clinc150.csv.gz", "rt") as file:
        lines = [line for line in csv.DictReader(file) if line["domain"] != "oos"]
    return [line["text"] for line in lines], {
        key: [line[key] for line in lines] for key in ("domain", "intent")
    }


def _arxiv(root: Path) -> tuple[list[str], dict[str, list[str]]]:
    import pyarrow.parquet as pq

    table = pq.read_table(root / "text-arxiv-ai" / "papers.parquet", columns=["abstract"])
    return table["abstract"].to_pylist(), {}


def run_partita(texts: list[str], labels: dict[str, np.ndarray]) -> dict[str, object]:
    """Fit TopicTree; its figures and its upper parts."""
    import partita as pt

    began = time.perf_counter()
    tree = pt.text.TopicTree().fit(texts)
    seconds = time.perf_counter() - began
    h = tree.hierarchy_
    answers: dict[str, np.ndarray] = {
        f"level {j} ({len(h.levels[j])})": h.labels(j) for j in range(1, len(h.levels))
    }
    for k in _CUTS:
        try:
            answers[f"k={k}"] = h.cut(n_clusters=k).labels
        except pt.InfeasibleError:
            continue
    scores = {
        f"{answer} / {key}": pt.compare(np.unique(truth, return_inverse=True)[1], found)["ami"]
        for key, truth in labels.items()
        for answer, found in answers.items()
    }
    outline = [
        f"{'  ' * h.depth[part]}{h.sizes[part]:>7,}  {h.part_data['name'][part]}"
        for part in range(h.n_parts)
        if h.depth[part] <= 3 and h.sizes[part] * 150 >= h.n_items
    ]
    return {
        "seconds": seconds,
        "parts": h.n_parts,
        "labels": tree.n_clusters_,
        "ami": scores,
        "outline": outline,
    }


def run_sklearn(texts: list[str], labels: dict[str, np.ndarray]) -> dict[str, object]:
    """TfidfVectorizer, TruncatedSVD, KMeans told k."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import adjusted_mutual_info_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import normalize

    began = time.perf_counter()
    words = TfidfVectorizer(sublinear_tf=True, min_df=2, max_df=0.5, stop_words="english")
    Z = normalize(make_pipeline(words, TruncatedSVD(128, random_state=0)).fit_transform(texts))
    k = {key: len(np.unique(truth)) for key, truth in labels.items()} or {"": 50}
    found = {key: KMeans(count, n_init=1, random_state=0).fit_predict(Z) for key, count in k.items()}
    seconds = time.perf_counter() - began
    scores = {f"k={k[key]} / {key}": adjusted_mutual_info_score(labels[key], found[key]) for key in labels}
    return {"seconds": seconds, "labels": max(k.values()), "ami": scores}


def main() -> None:
    """Run both in fresh processes and print their figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", nargs="?", default="debian", choices=["debian", "clinc", "arxiv"])
    parser.add_argument("--rows", type=int, help="so many texts, drawn at random")
    parser.add_argument("--only", choices=["partita", "sklearn"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        figures = {"partita": run_partita, "sklearn": run_sklearn}[asked.only](*load(asked.set, asked.rows))
        figures["peak GiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps(figures, default=float))
        return
    for entrant in ("partita", "sklearn"):
        command = [sys.executable, __file__, asked.set, "--only", entrant]
        command += ["--rows", str(asked.rows)] if asked.rows else []
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{entrant} failed:\n{done.stderr}")
        _show(entrant, json.loads(done.stdout))


def _show(entrant: str, figures: dict[str, Any]) -> None:
    spent = f"{figures['seconds']:.1f} s, peak {figures['peak GiB']:.2f} GiB"
    print(f"{entrant}: {spent}, {figures['labels']} labels")
    for name, value in figures["ami"].items():
        print(f"    AMI {name}: {value:.3f}")
    for line in figures.get("outline", []):
        print(f"    {line}")


if __name__ == "__main__":
    main()
