"""What the tests of several packages share."""

import gc
from pathlib import Path

import pytest

from autograder.sandbox import Sandbox

HERE = Path(__file__).parent
# Their tests start kernels, judges, Ray or servers: not what `make unit` is for.
STARTS_PROCESSES = ("grading", "judging", "proving", "sandbox", "runtime/engines")


def pytest_collection_modifyitems(items):
    """Mark what starts processes as slow."""
    folders = [HERE / name for name in STARTS_PROCESSES]
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in folders):
            item.add_marker("slow")


def pytest_collection_finish():
    """Keep the garbage collector off what importing all tests has made.

    Some strategies of Flower collect after every client, which takes a tenth of a
    second each where torch and everything else has been imported.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep what tests know of their tiny labs out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def sandbox():
    """Starts kernels for the tests of this process, behind the best wall there is."""
    with Sandbox(["numpy"]) as sandbox:
        yield sandbox
