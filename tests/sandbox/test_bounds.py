"""What the processes of a submission may use."""

import pytest

from autograder.sandbox import Bounds


@pytest.mark.parametrize("name", list(vars(Bounds())))
def test_a_bound_is_positive(name):
    """The message names it and the value given."""
    with pytest.raises(ValueError, match=f"{name} must be positive, got 0"):
        Bounds(**{name: 0})
