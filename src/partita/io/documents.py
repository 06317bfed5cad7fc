"""Plain text: a file of one document per line, a folder of one document per file. Callers: ``reader``."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from partita._core.memory import check_memory
from partita.io.faults import broken, unusable
from partita.io.options import Options
from partita.io.places import no_access
from partita.io.source import Source
from partita.io.streams import as_text, load_text

_PLAIN = (".txt", ".text")
_MARKED_UP = (".md", ".rst")  # taken only where there is no plain text: most folders hold a README.md


def read_lines(path: Path, options: Options, note: str) -> Source:
    """Every line of a file as one document; an empty line is an empty document, so that rows stay in step."""
    data, recoded = load_text(path, options.encoding)
    text = as_text(data, path)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    documents = [line.removesuffix("\r") for line in lines]
    empty = sum(not document.strip() for document in documents)
    notes = [text for text in (note, recoded, "each line is one document") if text]
    if empty == len(documents):
        raise unusable(path, "holds empty lines only", hint="write one document per line")
    if empty:
        notes.append(f"{empty} empty lines kept as empty documents")
    return Source("text", documents, None, tuple(notes), str(path))


def read_folder(path: Path, options: Options, note: str) -> Source:
    """Every text file below a folder as one document, named by its path from there, in the order of names."""
    if options.kind not in ("auto", "text"):
        raise unusable(
            path, f"a folder of documents can't be read as {options.kind}", hint="name one file in it"
        )
    files, others = _walk(path)
    if not files:
        raise broken(path, "the folder holds no text files", hint=_folder_hint(path, others))
    total = sum(_size(file) for file in files)
    check_memory(5 * total, what=f"The documents of {path}", alternative="read a part of the folder")
    documents, changed = [], 0
    for file in files:
        if _size(file) == 0:
            documents.append("")
            continue
        data, recoded = load_text(file, options.encoding)
        documents.append(as_text(data, file))
        changed += recoded is not None
    names = np.array([file.relative_to(path).as_posix() for file in files], dtype=object)
    notes = [note, f"{len(files)} files ({files[0].suffix} …), sorted by name; names are their paths"]
    if changed:
        notes.append(f"{changed} files decoded or freed of a byte order mark")
    if others:
        notes.append(f"{len(others)} other files left out, such as {others[0]}")
    return Source("text", documents, names, tuple(notes), str(path))


def _walk(path: Path) -> tuple[list[Path], list[str]]:
    """Text files and the names of all others below `path`; hidden ones are left aside, links not followed."""
    found: list[Path] = []

    def stop(error: OSError) -> None:
        raise no_access(Path(error.filename or path), error)

    for folder, inner, names in os.walk(path, onerror=stop):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in names:
            file = Path(folder) / name
            if name.startswith("."):
                continue
            found.append(file)
    found.sort(key=lambda file: file.relative_to(path).as_posix())
    plain = [file for file in found if file.suffix.lower() in _PLAIN and file.is_file()]
    files = plain or [file for file in found if file.suffix.lower() in _MARKED_UP and file.is_file()]
    taken = set(files)
    return files, [file.relative_to(path).as_posix() for file in found if file not in taken]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise no_access(file, error) from error


def _folder_hint(path: Path, others: list[str]) -> str:
    if path.suffix == ".partita" or "parts.parquet" in others:
        return "it is a saved hierarchy: open it with partita.load"
    found = f"; it holds {', '.join(others[:3])}" if others else "; it is empty"
    return f"documents end in {', '.join(_PLAIN + _MARKED_UP)}{found}"
