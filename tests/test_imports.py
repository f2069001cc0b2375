"""Arrows point one way: which package may import which, read from the sources."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# A package may import those to its left, and itself.
ORDER = ["data", "models", "runtime", "plots", "widgets", "demos"]


def imported_modules(path):
    """Return the absolute names of the modules that the file at `path` imports."""
    package = path.relative_to(ROOT).parent.parts
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def sources(folder):
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("package", ORDER)
def test_lecturekit_packages_import_only_those_to_their_left(package):
    """data -> models -> runtime -> plots -> widgets -> demos."""
    forbidden = [f"lecturekit.{p}" for p in ORDER[ORDER.index(package) + 1 :]]
    for path in sources(f"lecturekit/{package}"):
        wrong = [m for m in imported_modules(path) if m.startswith(tuple(forbidden))]
        assert not wrong, f"{path} imports {wrong}"


def test_lecturekit_never_imports_the_autograder_or_solutions():
    """Students have lecturekit installed; answers and graders stay out of it."""
    for path in sources("lecturekit"):
        wrong = [
            m
            for m in imported_modules(path)
            if m.split(".")[0] in ("autograder", "solutions")
        ]
        assert not wrong, f"{path} imports {wrong}"


def test_nothing_imports_solutions():
    """Solutions are read as text by the builder, never imported."""
    for path in [*sources("autograder"), *sources("tests")]:
        assert not any(m.startswith("solutions") for m in imported_modules(path)), path


def test_flowers_private_modules_are_imported_in_one_place():
    """When Flower moves something, one file changes."""
    public = ("flwr.app", "flwr.clientapp", "flwr.serverapp")
    for path in [*sources("lecturekit"), *sources("autograder")]:
        if path.name == "flower_private.py":
            continue
        wrong = [
            m
            for m in imported_modules(path)
            if m.split(".")[0] == "flwr" and not m.startswith(public)
        ]
        assert not wrong, f"{path} imports {wrong}: use flower_private.py"


def test_importing_lecturekit_leaves_torch_alone():
    """A kernel that needs no torch does not wait for it."""
    code = "import sys, lecturekit; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "code",
    [
        "import lecturekit.plots, plotly.io; plotly.io.renderers",
        "import autograder.cli",
    ],
)
def test_nobody_waits_for_grammars_of_addresses(code):
    """Where rfc3987_syntax is installed, importing it builds many of them with lark."""
    check = f"import sys; {code}; import nbformat; print('lark' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
