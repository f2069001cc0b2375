"""`course.yaml`: what it says, and every fault in it named."""

import datetime
import re
import textwrap
from pathlib import Path

import pytest

from autograder.course import GraceDays, Tier, read_settings
from autograder.course.moments import Span
from autograder.course.settings import doubts
from autograder.errors import UserError

GOOD = """\
time_zone: Europe/London
penalties: [{after: 0h, percent: 5}, {after: 7d, percent: 100}]
grace_days: {total: 5, per_lab: 2}
labs:
  lab01:
    deadline: 2026-11-20 17:00
  lab02:
    deadline: 2026-12-04 17:00 America/New_York
    penalties: []
extensions:
  007: {lab01: +48h}
  bob: {lab01: 2026-11-25 12:00, lab02: 1d}
"""


def read(root, text):
    (root / "course.yaml").write_text(text, encoding="utf-8")
    return read_settings(root)


def faults(root, text):
    with pytest.raises(UserError) as caught:
        read(root, text)
    return str(caught.value).splitlines()


def hours(moment):
    return moment.astimezone(datetime.UTC).isoformat()[:16]


def test_there_need_be_no_file(tmp_path):
    """nbgrader's own rule holds then."""
    assert read_settings(tmp_path) is None


def test_everything_is_read(tmp_path):
    """Ids stay text, zones and defaults are the course's."""
    settings = read(tmp_path, GOOD)

    assert hours(settings.deadline_of("lab01", "anybody")) == "2026-11-20T17:00"
    assert hours(settings.deadline_of("lab01", "007")) == "2026-11-22T17:00"
    assert hours(settings.deadline_of("lab01", "bob")) == "2026-11-25T12:00"
    assert hours(settings.deadline_of("lab02", "anybody")) == "2026-12-04T22:00"
    assert hours(settings.deadline_of("lab02", "bob")) == "2026-12-05T22:00"
    rules = settings.labs["lab01"].rules
    assert rules.tiers == (Tier(Span(), 5), Tier(Span(7), 100))
    assert rules.grace == GraceDays(5, 2)
    assert settings.labs["lab02"].rules.tiers == ()
    assert not rules.is_of_maximum


def test_an_empty_file_says_nothing(tmp_path):
    """And is not a fault."""
    assert read(tmp_path, "# later\n").labs == {}


def test_a_changed_file_is_read_again(tmp_path):
    """It is kept only as long as it does not change."""
    before = read(tmp_path, GOOD).deadline_of("lab01", "007")
    after = read(tmp_path, GOOD.replace("+48h", "+72h")).deadline_of("lab01", "007")

    assert after - before == datetime.timedelta(days=1)


def test_the_readmes_example_is_right(tmp_path):
    """What a TA copies first, and what an administrator adds to it."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    parts = re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    settings = read(tmp_path, "".join(map(textwrap.dedent, parts)))

    assert len(settings.labs["lab01_first_round"].rules.tiers) == 3
    assert "ada-lovelace" in settings.extensions
    assert settings.staff.everyone == ("grace", "alan")


def test_names_that_nobody_has_are_doubted(tmp_path):
    """A slip would take points off, or keep an extension from counting."""
    settings = read(tmp_path, GOOD)

    assert doubts(settings, ["lab01", "lab02"], ["007", "bob", "zoe"]) == []
    assert doubts(settings, ["lab01", "lab2"], ["bobb"]) == [
        "course.yaml: labs.lab02: there is no such lab: did you mean 'lab2'?",
        "course.yaml: extensions.bob: nobody of that name handed in: did you mean "
        "'bobb'?",
    ]


LAB = "labs: {lab01: {deadline: 2026-11-20 17:00 Z}}\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "labs: {a: {dedline: 2026-11-20 17:00 Z, deadline: 2026-11-20 17:00 Z}}",
            "line 1: labs.a.dedline is not known here, expected release, "
            "deadline or penalties: did you mean 'deadline'?",
        ),
        ("labs: {lab01: {}}", "line 1: labs.lab01.deadline is missing"),
        ("lab: {}", "line 1: lab is not known here, expected id, title, time_zone,"),
        (
            "labs: {lab01: {deadline: 2026-11-20 17:00}}",
            "line 1: labs.lab01.deadline: expected a time zone after the time, such as "
            "Europe/London, got '2026-11-20 17:00'",
        ),
        (
            LAB + "penalties:\n  - {after: 0h, percent: 120}",
            "line 3: penalties[0].percent: expected a number from 0 to 100, got '120'",
        ),
        (
            LAB + "penalties:\n  - {after: 24, percent: nan}",
            "line 3: penalties[0].after: expected a span of time such as 24h, 90m or "
            "2d, got '24'",
        ),
        (LAB + "penalties: 5", "line 2: penalties should be a list, got '5'"),
        (
            LAB + "grace_days: {total: -1}",
            "line 2: grace_days.total: expected a whole number from 0 to 1000, got",
        ),
        (
            LAB + "percent_of: total",
            "line 2: percent_of: expected earned or maximum, got 'total'",
        ),
        (
            LAB + "extensions: {ada: {lab1: +1d}}",
            "line 2: extensions.ada.lab1 is not known here, expected lab01: did you "
            "mean 'lab01'?",
        ),
        (
            LAB + "extensions: {ada: {lab01: soon}}",
            "line 2: extensions.ada.lab01: expected a date and time such as 2026-11-20 "
            "17:00 Europe/London, or a span such as +48h, got 'soon'",
        ),
        (
            LAB + "extensions: {ada: {lab01: 2026-11-19 17:00 Z}}",
            "line 2: extensions.ada.lab01: expected a moment after the lab's deadline "
            "2026-11-20 17:00, got '2026-11-19 17:00 Z'",
        ),
        (
            LAB + "extensions:\n  ada: {lab01: 1d}\n  ada: {lab01: 2d}",
            "line 4: extensions.ada stands there twice",
        ),
        (
            LAB + "extensions: [ada]",
            "line 2: extensions should hold keys, got a list",
        ),
        ("time_zone: GMT+1", "line 1: time_zone: expected the name of a time zone"),
        ("- a", "line 1: the file should hold keys"),
    ],
)
def test_every_fault_is_one_sentence_with_its_place(tmp_path, text, fault):
    """File, line, path of keys, what was expected, what was got."""
    found = faults(tmp_path, text)

    assert any(line.startswith(f"course.yaml, {fault}") for line in found), found


def test_all_faults_are_listed_at_once(tmp_path):
    """Nobody corrects a file one run at a time."""
    text = "labs: {a: {deadline: x}, b: {deadline: y}}\ngrace_days: {total: many}"

    assert len(faults(tmp_path, text)) == 3


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\t- a", "[" * 5000])
def test_what_is_no_yaml_is_refused(tmp_path, text):
    """In one sentence, with the line."""
    (fault,) = faults(tmp_path, text)

    assert fault.startswith("expected YAML in ")


def test_other_bytes_are_refused(tmp_path):
    """An editor on Windows may write Latin-1."""
    (tmp_path / "course.yaml").write_bytes(b"labs: {\xe4: 1}")
    with pytest.raises(UserError, match="to be UTF-8 text"):
        read_settings(tmp_path)
