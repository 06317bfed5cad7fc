"""The README and the pages say what is true: examples run, commands exist, links lead somewhere."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", PROJECT / "benchmarks" / "README.md"]
PAGES += sorted((PROJECT / "docs").rglob("*.md"))
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in the given languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [text for language, text in found if language in languages]


@pages
def test_examples_in_python_run_and_print_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = "\n".join(block for block in blocks(page, "python") if ">>>" in block)
    test = doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


@pages
def test_python_without_a_prompt_is_at_least_python(page):
    for block in blocks(page, "python"):
        if ">>>" not in block:
            assert compile(block, str(page), "exec")


@pages
def test_commands_and_their_options_exist(page):
    import typer

    from partita.cli._app import app

    verbs = typer.main.get_command(app).commands
    for line in "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines():
        for call in re.findall(r"(?:^|[/ ])partita ([^|&;#]+)", line):
            verb, *words = shlex.split(call)
            if verb.startswith("-") or not line.lstrip().startswith(("partita", "python3", ".venv", "$")):
                continue
            assert verb in verbs, f"there is no verb {verb!r}: {line}"
            known = {option for parameter in verbs[verb].params for option in parameter.opts} | {
                "--help",
                "-h",
            }
            unknown = [
                word for word in words if re.match(r"--?[a-z]", word) and word.split("=")[0] not in known
            ]
            assert not unknown, f"{unknown} is no option of {verb!r}: {line}"


@pages
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_two_commands_are_one_line_each_and_stand_in_the_readme():
    text = (PROJECT / "README.md").read_text()
    for name in ("demo", "tests"):
        found = re.search(rf"<!-- command: {name} -->\n```sh\n(.+)\n```", text)
        assert found, f"the README has no command marked {name!r}"
        assert "\n" not in found[1]
        assert found[1].startswith("python3 -m venv .venv && ")


def test_every_maker_has_its_place_among_the_methods():
    import partita as pt

    text = (PROJECT / "docs" / "methods.md").read_text()
    makers = [
        f"pt.{room}.{name}"
        for room in ("points", "text")
        for name in getattr(pt, room).__all__
        if name[0].isupper()
    ]
    assert makers
    assert [maker for maker in makers if f"`{maker}`" not in text] == []
