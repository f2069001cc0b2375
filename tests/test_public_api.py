"""The public names: what `__all__` promises can be imported, and is sorted."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for top in ("lecturekit", "autograder")
    for path in (ROOT / top).rglob("__init__.py")
)

LECTUREKIT = {}


@pytest.mark.parametrize("name", PACKAGES)
def test_public_names_exist_and_are_sorted(name):
    """`from package import *` would give exactly the promised names."""
    package = importlib.import_module(name)
    names = getattr(package, "__all__", [])

    assert names == sorted(names, key=str.lower) or names == sorted(names)
    assert len(set(names)) == len(names)
    for public in names:
        assert hasattr(package, public), f"{name} promises {public}"


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_says_what_it_is(name):
    """A docstring is where a reader starts."""
    assert importlib.import_module(name).__doc__
