"""What the tests of several packages share."""

import gc

import pytest

from autograder.sandbox import Sandbox


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
