"""What holds for all tests."""

import gc


def pytest_collection_finish():
    """Keep the garbage collector off what importing all tests has made.

    Some strategies of Flower collect after every client, which takes a tenth of a
    second each where torch and everything else has been imported.
    """
    gc.collect()
    gc.freeze()
