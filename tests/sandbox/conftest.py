"""Sandboxes in every mode that isolates."""

import pytest

from autograder.sandbox import Sandbox
from autograder.sandbox.protection import WALLS


@pytest.fixture(scope="session", params=WALLS)
def walled(request):
    """A sandbox; a test that uses it runs in each mode that isolates."""
    with Sandbox(["numpy"], modes=(request.param,)) as sandbox:
        yield sandbox
