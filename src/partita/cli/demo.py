"""``partita demo``: the first five minutes, on handwritten digits that come with scikit-learn."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from partita.cli._run import guarded, print_json, tell

_NOTE = (
    "Divided by their 64 pixels alone; names such as “mostly 7” come from the true digits, "
    "which Partita never saw."
)


@guarded
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder to write to.", metavar="FOLDER")
    ] = Path("partita-demo"),
    open_: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open the page in the browser; default: on a desktop."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Divide handwritten digits, print the tree, and make a page that shows them."""
    from time import perf_counter

    begin = perf_counter()
    tell("Dividing 1,797 handwritten digits by their pixels; nobody says how many parts there are …")
    digits = _load_digits()
    h = _divide(digits)
    out.mkdir(parents=True, exist_ok=True)
    folder, page = h.save(out / "digits.partita"), out / "digits.html"
    _write_page(h, page, digits)
    scores = _scores(h, digits.target)
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "page": str(page),
                "seconds": perf_counter() - begin,
                "n_parts": h.n_parts,
                **scores,
            }
        )
    else:
        _print_result(h, folder, page, scores, perf_counter() - begin)
    if _wants_browser() if open_ is None else open_:
        from partita.cli.report import open_page

        open_page(page)


def _load_digits() -> Any:
    from sklearn.datasets import load_digits

    return load_digits()


def _divide(digits: Any) -> Any:
    from partita._core.progress import on_terminal
    from partita._divide import divide

    h = divide(digits.data, kind="points", progress=on_terminal() or None)
    names = [name_by_truth(digits.target[h.members(part)]) for part in range(h.n_parts)]
    made_by = h.made_by.with_notes("part names come from the true digits, which the method never saw")
    return h.replace(part_data={**h.part_data, "name": names}, made_by=made_by)


def name_by_truth(truth: Any) -> str:
    """``"mostly 7"`` when nine in ten are, else the digits that make up most of a part, ``"3, 5 and 8"``."""
    import numpy as np

    counts = np.bincount(truth, minlength=10)
    order = np.argsort(-counts, kind="stable")
    total = int(counts.sum())
    if total == 0 or counts[order[0]] >= 0.9 * total:
        return f"mostly {order[0]}" if total else ""
    several = sorted(int(d) for d in order if counts[d] >= 0.08 * total)
    if len(several) >= 8:
        return "all digits"
    if len(several) == 1:
        return f"{several[0]} and others"
    return f"{', '.join(map(str, several[:-1]))} and {several[-1]}"


def _write_page(h: Any, page: Path, digits: Any) -> None:
    from partita.report import write

    texts = [f"digit {truth}" for truth in digits.target]
    write(h, page, X=digits.data, texts=texts, images=digits.images, title="Handwritten digits", note=_NOTE)


def _scores(h: Any, truth: Any) -> dict[str, Any]:
    from partita.hierarchy import compare

    finest = h.cut(level=-1)
    scores = compare(finest, truth)
    return {"found": int(finest.n_parts), "ari": float(scores["ari"]), "ami": float(scores["ami"])}


def _print_result(h: Any, folder: Path, page: Path, scores: dict[str, Any], seconds: float) -> None:
    from rich.console import Console

    from partita.cli._tree import print_tree

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print()
    print_tree(h, title="1,797 digits")
    console.print()
    console.print(
        f"Partita found {scores['found']} parts by itself; the truth is 10 digits. "
        f"Agreement: ARI {scores['ari']:.2f}, AMI {scores['ami']:.2f} (1 is the same). {seconds:.1f} s"
    )
    console.print()
    width = max(len(str(folder)), len(str(page)))
    console.print(
        f"  {folder!s:<{width}}  the hierarchy: Parquet, for pt.load and any Arrow tool", style="bold"
    )
    console.print(f"  {page!s:<{width}}  the page: open it in a browser, zoom into the digits", style="bold")
    console.print()
    console.print("What next", style="bold")
    for what, command in _next_steps(folder, page):
        console.print(f"  {what:<24}  {command}")


def _next_steps(folder: Path, page: Path) -> list[tuple[str, str]]:
    opener = {"darwin": "open", "win32": "start"}.get(sys.platform, "xdg-open")
    return [
        ("see the page", f"{opener} {page}"),
        ("any number of parts", f"partita cut {folder} --n-clusters 10 -o labels.csv"),
        ("the whole tree", f"partita show {folder} --every-part"),
        ("your own data", "partita divide vectors.npy -o vectors.partita"),
        ("in Python", f'import partita as pt; h = pt.load("{folder}"); h.cut(n_clusters=10).labels'),
    ]


def _wants_browser() -> bool:
    """Whether someone sits at a desktop: a terminal, a display, and not through ssh or in CI."""
    if not sys.stdout.isatty() or os.environ.get("CI") or os.environ.get("SSH_CONNECTION"):
        return False
    desktop = sys.platform in ("darwin", "win32")
    return desktop or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
