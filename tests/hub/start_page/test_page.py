"""What the start page says, and that nothing in it can become markup."""

import datetime
import json
from html.parser import HTMLParser

import pytest

from autograder.hub.start_page.labs import Course, Lab, parse_timestamp
from autograder.hub.start_page.page import render, until
from autograder.hub.start_page.progress import Check, Progress, read_progress
from autograder.hub.start_page.standing import read_standing

NOW = datetime.datetime.now(datetime.UTC)
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


def lab(**changes):
    """Return a lab that was given out and nothing more."""
    known = {
        "name": "lab01",
        "course_id": "fl101",
        "is_released": True,
        "deadline": None,
        "is_extended": False,
        "submitted_at": None,
        "num_submissions": 0,
        "is_graded": False,
        "feedback": "",
        "has_new_feedback": False,
        "notebook": "",
        "progress": Progress(),
    }
    return Lab(**known | changes)


def html(*labs, title="Course", **options):
    course = Course(title, labs, options.pop("is_reachable", True))
    given = {"base_url": "/user/ada/", "xsrf": "token", "nonce": "nonce"}
    return render(course, **given | options)


class Elements(HTMLParser):
    """Every element with its attributes, and the text between them."""

    def __init__(self, text):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def of(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook of check cells; return its path."""

    def write(*checks, title="# Lab 1\n"):
        cells = [{"cell_type": "markdown", "source": [title]}]
        for name, source, count, outputs in checks:
            about = {"nbgrader": {"grade": True, "grade_id": name}}
            cells.append(
                {
                    "cell_type": "code",
                    "metadata": about,
                    "source": source,
                    "execution_count": count,
                    "outputs": outputs,
                }
            )
        path = tmp_path / "lab.ipynb"
        path.write_text(json.dumps({"cells": cells}))
        return path

    return write


def test_checks_are_read_from_the_saved_notebook(notebook):
    """Passed, failed, not run; a hidden check has no code and is none of them."""
    path = notebook(
        ("test-a", "assert a", 3, []),
        ("test-b", "assert b", 4, [{"output_type": "error"}]),
        ("test-c", "assert c", None, []),
        ("test-a-hidden", "# Hidden check: other numbers.\n\n# And more.", None, []),
    )

    progress = read_progress(path)

    assert progress.title == "Lab 1"
    assert progress.checks == (Check("a", True), Check("b", False), Check("c", None))
    assert progress.num_passed == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"cells": 7}',
        '{"cells": [7]}',
        '{"cells": [{"cell_type": "code", "metadata": {"nbgrader": 7}}]}',
        '{"cells": [{"cell_type": "code", "metadata": []}]}',
        "[" * 100_000,
    ],
)
def test_a_broken_notebook_has_no_progress(tmp_path, text):
    """The page is shown all the same: a student's file can be anything."""
    path = tmp_path / "lab.ipynb"
    path.write_text(text)
    assert read_progress(path) == Progress()


def test_a_missing_or_huge_notebook_is_not_read(tmp_path):
    """Gigabytes are not loaded for the sake of a title."""
    huge = tmp_path / "huge.ipynb"
    with huge.open("wb") as file:
        file.truncate(2**30)
    assert read_progress(tmp_path / "none.ipynb") == read_progress(huge) == Progress()


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        ({"days": 15}, "in 2 weeks"),
        ({"days": 1, "hours": 5}, "in 1 day"),
        ({"hours": -3}, "3 hours ago"),
        ({"minutes": -1}, "1 minute ago"),
        ({"seconds": 5}, "this minute"),
    ],
)
def test_moments_are_said_in_words(ahead, words):
    """Rounded down: two weeks and a day are two weeks."""
    assert until(NOW + datetime.timedelta(**ahead), NOW) == words


def test_timestamps_of_both_exchanges_are_read():
    """nbgrader names UTC, ngshare does not; what is neither is no moment."""
    expected = datetime.datetime(2026, 11, 20, 17, 0, 1, 5, tzinfo=datetime.UTC)
    assert parse_timestamp("2026-11-20 17:00:01.000005 UTC") == expected
    assert parse_timestamp("2026-11-20 17:00:01.000005") == expected
    assert parse_timestamp("yesterday") is None


@pytest.mark.parametrize(
    ("changes", "said", "buttons"),
    [
        ({"is_released": False}, "Not given out yet", []),
        ({}, "Not fetched yet", ["fetch"]),
        ({"notebook": "lab01/lab01.ipynb"}, "Fetched, not handed in", ["submit"]),
        (
            {"notebook": "a", "submitted_at": NOW, "num_submissions": 2},
            "the last of 2 times",
            ["submit"],
        ),
        (
            {"notebook": "a", "submitted_at": NOW, "has_new_feedback": True},
            "Feedback is there",
            ["submit", "fetch_feedback"],
        ),
        (
            {
                "notebook": "a",
                "submitted_at": NOW,
                "deadline": NOW - datetime.timedelta(hours=1),
            },
            "after the deadline",
            ["submit"],
        ),
    ],
)
def test_each_state_has_its_sentence_and_its_buttons(changes, said, buttons):
    """What can be done next is a button, and nothing else is."""
    page = Elements(html(lab(**changes)))
    assert said in page.text
    assert [button["value"] for button in page.of("button")] == buttons


def test_an_extension_is_said_to_be_the_students_own():
    """In words and as a moment that a browser can put into its own zone."""
    due = NOW + datetime.timedelta(days=3, hours=12)
    page = Elements(html(lab(deadline=due, is_extended=True)))
    assert "Due in 3 days" in page.text
    assert "your own extended deadline" in page.text
    assert page.of("time") == [{"datetime": due.isoformat()}]


def test_whatever_comes_from_outside_is_text():
    """Titles, names and paths are the student's or the course's, and may be hostile."""
    hostile = lab(
        name=EVIL,
        notebook=EVIL,
        feedback=EVIL,
        submitted_at=NOW,
        has_new_feedback=True,
        progress=Progress(EVIL, (Check(EVIL, True),)),
    )
    plain = Elements(html(lab(notebook="a", feedback="b", submitted_at=NOW), title="x"))
    page = Elements(html(hostile, title=EVIL, notice=EVIL, xsrf=EVIL))

    assert len(page.of("script")) == len(plain.of("script")) == 1
    assert page.of("img") == []
    allowed = {"class", "id", "href", "method", "action", "type", "name", "value"}
    allowed |= {"lang", "charset", "content", "nonce", "role", "datetime", "max"}
    allowed |= {"aria-describedby", "aria-labelledby"}
    for _, attributes in page.found:
        assert set(attributes) <= allowed
    for link in page.of("a"):
        assert link["href"].startswith("/user/ada/")
    assert "{{ 7 * 7 }}" in page.text


def test_the_page_loads_nothing():
    """No picture, style, script or font from anywhere, this server included."""
    page = Elements(
        html(lab(notebook="a", progress=Progress("t", (Check("c", None),))))
    )
    for _, attributes in page.found:
        assert "src" not in attributes
    assert page.of("link") == []
    assert {script["nonce"] for script in page.of("script")} == {"nonce"}


def test_the_page_can_be_read_without_seeing_it():
    """One first heading, a language, and every button says for which lab it is."""
    page = Elements(html(lab(notebook="a"), lab(name="lab02")))
    assert page.of("html") == [{"lang": "en"}]
    assert len(page.of("h1")) == 1
    ids = {heading["id"] for heading in page.of("h2")}
    buttons = [*page.of("button"), *(a for a in page.of("a") if "class" in a)]
    assert {button["aria-describedby"] for button in buttons} == ids


def test_an_exchange_that_is_away_is_said():
    """The calendar and the own files are still there."""
    page = Elements(html(lab(is_released=False), is_reachable=False))
    assert "does not answer" in page.text


def test_what_the_course_says_comes_from_the_hub_or_from_the_exchange(
    tmp_path, monkeypatch
):
    """The same JSON; anything else says nothing."""
    text = json.dumps(
        {
            "title": "FL",
            "labs": [{"lab": "lab01", "own_deadline": "2026-11-20T17:00:00+00:00"}],
        }
    )
    folder = tmp_path / "fl101" / "standing"
    folder.mkdir(parents=True)
    (folder / "ada.json").write_text(text)
    (folder / "bob.json").write_text('{"labs": 7}')

    assert read_standing(tmp_path, "fl101", "ada").title == "FL"
    assert read_standing(tmp_path, "fl101", "bob").labs == {}
    assert read_standing(tmp_path, "fl101", "eve").labs == {}
    monkeypatch.setenv("COURSE_STANDING", text)
    assert list(read_standing(tmp_path, "", "eve").labs) == ["lab01"]
