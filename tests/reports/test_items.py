"""Statistics of checks and mistakes, on numbers to check by hand."""

import numpy as np
import pytest

from autograder.reports.bars import BANDS, band_counts, bars
from autograder.reports.items import items_of
from autograder.reports.mistakes import mistakes_of
from tests.reports.tiny_results import results, student


def item(name, *students):
    return next(i for i in items_of(results(*students)) if i.grade_id == name)


def test_difficulty_is_the_mean_share_of_the_points():
    """2, 1 and 0 of 2 points: half of them."""
    students = [student(s, (p, 3, 4)) for s, p in (("a", 2), ("b", 1), ("c", 0))]

    assert item("test-mean", *students).difficulty == pytest.approx(0.5)
    assert item("test-mean-many", *students).difficulty == 1


def test_discrimination_is_the_correlation_with_the_rest():
    """The item itself is not part of what it is compared with."""
    points = [(2, 3, 4), (2, 0, 4), (0, 3, 0), (0, 0, 0), (1, 3, 4)]
    students = [student(f"s{k}", p) for k, p in enumerate(points)]
    rest = [a + b for _, a, b in points]
    expected = np.corrcoef([p[0] for p in points], rest)[0, 1]

    assert item("test-mean", *students).discrimination == pytest.approx(expected)


def test_an_item_that_the_good_lose_is_to_be_looked_at():
    """Its correlation is negative."""
    points = [(2, 0, 0), (2, 0, 1), (0, 3, 4), (0, 3, 3)]
    students = [student(f"s{k}", p) for k, p in enumerate(points)]

    assert item("test-mean", *students).discrimination < 0
    assert "those who did well otherwise lost it" in (
        item("test-mean", *students).verdict
    )


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_students_have_no_discrimination(count):
    """Nor has nobody a difficulty."""
    students = [student(f"s{k}", (k, 3, 4)) for k in range(count)]
    found = item("test-mean", *students)

    assert found.discrimination is None
    assert (found.difficulty is None) == (count == 0)
    assert found.verdict


def test_unreadable_and_pending_say_nothing_of_an_item():
    """Their zeros are nobody's answer."""
    ada = student("ada", (2, 3, 4), pending=False)
    bob = student("bob", (0, 0, 0), status="unreadable")
    eve = student("eve", (2, 3, 4))

    assert item("test-mean", ada, bob, eve).difficulty == 1
    assert item("meaning", ada, bob, eve).num_marked == 1


def test_shares_are_counted_in_bands():
    """Nothing and everything have their own."""
    shares = [0, 0.1, 0.25, 0.26, 0.5, 0.75, 0.9, 1, 1.1]

    assert band_counts(shares) == [1, 2, 2, 1, 1, 2]
    assert sum(band_counts([])) == 0


def test_a_chart_says_what_it_shows():
    """In its label; names are escaped."""
    chart = bars([1, 0, 0, 0, 0, 3], BANDS, "points of <b>")

    assert 'aria-label="points of &lt;b&gt;: 0 %: 1' in chart
    assert chart.count("<rect") == 6
    assert 'height="60"' in chart and 'height="20"' in chart


def test_mistakes_are_counted_once_a_student():
    """By misconception, or by message whatever numbers are in it."""
    uniform = "You averaged uniformly."
    named = {"test-mean": uniform, "test-mean-many": uniform}
    ada = student("ada", (0, 0, 4), misconceptions=named)
    bob = student("bob", (0, 3, 4), misconceptions={"test-mean": uniform})
    eve = student("eve", (1, 3, 0), messages=[("test-largest", "got 1.5, not 2")])
    joe = student("joe", (2, 3, 0), messages=[("test-largest", "got -3e5, not 7")])
    kim = student("kim", (2, 3, 0), messages=[("test-largest", "no number")])
    first, second, third = mistakes_of(results(ada, bob, eve, joe, kim))

    assert (first.text, first.is_known, first.students) == (
        uniform,
        True,
        ("ada", "bob"),
    )
    assert first.where == ("test-mean", "test-mean-many")
    assert (second.text, second.students) == ("got 1.5, not 2", ("eve", "joe"))
    assert third.students == ("kim",)
