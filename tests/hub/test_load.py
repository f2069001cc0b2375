"""The load run itself, with two students: what it measures is what they did."""

import pytest

from bench import hub_load

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("_tools")
def test_everybody_gets_through_and_every_step_is_counted():
    """From login to hand-in, through the real proxy; the files are in the exchange."""
    load = hub_load.run_load(2)

    assert load.failures == {}
    assert {step: len(waits) for step, waits in load.waits.items()} == {
        "log in": 2,
        "start server": 2,
        "list labs": 2,
        "fetch": 2,
        "open and save": 2,
        "hand in": 2,
        "start page": 2,
    }
    assert hub_load.figures(load, 2)["hub_2_students_failed"] == 0
