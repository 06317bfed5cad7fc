"""What the outside sees: lazy names, a quick import, and documentation that is complete, typed and true."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

import partita as pt

ROOMS = (
    "dissimilarities",
    "draw",
    "graphs",
    "hierarchy",
    "io",
    "points",
    "report",
    "search",
    "text",
    "transport",
)
HEAVY = (
    "dask",
    "duckdb",
    "matplotlib",
    "networkx",
    "numba",
    "pandas",
    "pyarrow",
    "rich",
    "scipy",
    "sklearn",
    "torch",
    "typer",
)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules() -> list[str]:
    return sorted(
        m.name for m in pkgutil.walk_packages(pt.__path__, "partita.") if not m.name.endswith("__main__")
    )


def public_objects() -> Iterator[tuple[str, object]]:
    """Every public class and function, once, under its public name."""
    places = [(pt, "partita"), *((getattr(pt, room), f"partita.{room}") for room in ROOMS)]
    seen = set()
    for place, prefix in places:
        for name in place.__all__:
            value = getattr(place, name)
            if (inspect.isclass(value) or inspect.isfunction(value)) and id(value) not in seen:
                seen.add(id(value))
                yield f"{prefix}.{name}", value


def public_methods(cls: type) -> Iterator[tuple[str, object]]:
    for name, value in vars(cls).items():
        function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
        if not name.startswith("_") and inspect.isfunction(inspect.unwrap(function)):
            yield name, inspect.unwrap(function)


OBJECTS = dict(public_objects())
FUNCTIONS = {
    **{name: value for name, value in OBJECTS.items() if inspect.isfunction(value)},
    **{
        f"{name}.{method}": f
        for name, cls in OBJECTS.items()
        if inspect.isclass(cls)
        for method, f in public_methods(cls)
    },
}


def fresh(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_importing_takes_less_than_half_a_second():
    code = "import time; t = time.process_time(); import partita; print(time.process_time() - t)"
    assert min(float(fresh(code)) for _ in range(3)) < 0.5


def test_importing_loads_nothing_heavy():
    loaded = fresh("import partita, sys; print(*sorted({m.split('.')[0] for m in sys.modules}))").split()
    assert set(loaded).isdisjoint(HEAVY)


def test_every_public_name_resolves_and_is_listed():
    assert set(pt.__all__) == {*pt._PUBLIC, *pt._ROOMS, "__version__"} == set(dir(pt))
    assert all(getattr(pt, name) is not None for name in pt.__all__)
    assert all(isinstance(getattr(pt, room), ModuleType) for room in ROOMS)


def test_a_name_is_resolved_once_and_then_kept():
    assert pt.Hierarchy is pt.Hierarchy
    assert "Hierarchy" in vars(pt)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Hierachy'"):
        pt.Hierachy  # noqa: B018


def test_the_names_of_the_contract_are_there():
    errors = {"PartitaError", "InfeasibleError", "InvalidDataError", "BudgetError"}
    assert {"divide", "load", "Hierarchy", "Partition", "Cover", "compare", "NOISE", *errors} <= set(
        pt.__all__
    )
    assert {"PPP", "HierarchicalKMeans"} <= set(pt.points.__all__)
    assert {"TopicTree", "names"} <= set(pt.text.__all__)


def test_the_version_is_said_once():
    from importlib.metadata import version

    assert version("partita") == pt.__version__


@pytest.mark.parametrize("name", modules())
def test_every_module_begins_with_a_sentence(name):
    text = importlib.import_module(name).__doc__
    assert text, f"{name} says nothing about itself"
    assert text.strip().split("\n\n")[0].endswith((".", ":", "?")), f"{name} begins with no sentence"


@pytest.mark.parametrize("name", OBJECTS)
def test_every_public_object_is_documented(name):
    text = inspect.getdoc(OBJECTS[name])
    assert text, f"{name} has no docstring"
    assert len(text.split()) >= 4, f"{name}: {text!r} says too little"


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, value in OBJECTS.items()
        if not (inspect.isclass(value) and issubclass(value, Exception))
    ],
)
def test_every_public_object_shows_an_example(name):
    assert ">>>" in (inspect.getdoc(OBJECTS[name]) or "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_is_documented_with_its_arguments(name):
    text = inspect.getdoc(FUNCTIONS[name])
    assert text, f"{name} has no docstring"
    missing = [p for p in parameters(FUNCTIONS[name]) if not re.search(rf"\b{re.escape(p)}\b", text)]
    assert not missing, f"{name} does not explain {missing}"


@pytest.mark.parametrize("name", [name for name, value in OBJECTS.items() if inspect.isclass(value)])
def test_every_argument_of_a_class_is_documented(name):
    cls = OBJECTS[name]
    if "__init__" not in vars(cls):
        pytest.skip("takes its arguments from a parent or a dataclass")
    text = inspect.getdoc(cls) + (inspect.getdoc(cls.__init__) or "")
    missing = [p for p in parameters(cls.__init__) if not re.search(rf"\b{re.escape(p)}\b", text)]
    assert not missing, f"{name} does not explain {missing}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_is_typed(name):
    signature = inspect.signature(FUNCTIONS[name])
    bare = [
        p
        for p in parameters(FUNCTIONS[name])
        if signature.parameters[p].annotation is inspect.Parameter.empty
    ]
    assert not bare, f"{name}: no type for {bare}"
    assert signature.return_annotation is not inspect.Signature.empty, f"{name}: no return type"


def parameters(function: object) -> list[str]:
    """The arguments a reader has to know; `y` is there for scikit-learn's sake alone."""
    return [name for name in inspect.signature(function).parameters if name not in {"self", "cls", "y"}]


@pytest.mark.parametrize("name", ["partita", *modules()])
def test_every_example_in_a_docstring_is_true(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    tests = [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    report: list[str] = []
    for test in tests:
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
