"""Grades into the sheets of Moodle and Canvas, and nothing else changed."""

import csv
import datetime
import io
import json
from zoneinfo import ZoneInfo

import pytest

from autograder.errors import UserError
from autograder.reports.export import export_grades
from autograder.reports.moodle import submission_times
from autograder.reports.sheets import read_sheet
from tests.reports.tiny_results import results, student

MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed","Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 11","Ada Lovelace",al@x.org,"Submitted for grading - ",,12.00,Yes,"Friday, 20 November 2026, 5:00 PM",-,"<p>Well, ""done"".
Really</p>"
"Participant 12","Bob Ray",bob@x.org,"Submitted for grading - ",3.00,12.00,Yes,"Friday, 20 November 2026, 5:10 PM",-,
"Participant 13","Eve Day",eve@x.org,"Submitted for grading - ",,12.00,No,-,-,=1+1
"Participant 14","Not There",n@x.org,"No submission",,12.00,Yes,-,-,
"""  # noqa: E501
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,means (77),Quiz 1 (78),Current Score,Final Score
,,,,,Manual Posting,,,
    Points Possible,,,,,12.0,10.0,(read only),(read only)
"Lovelace, Ada",501,u1,al,A,,7.0,70,70
"Ray, Bob",502,u2,bob,A,3,8.0,80,80
"Day, Eve",503,u3,eve,A,EX,9.0,90,90
"There, Not",504,u4,nt,A,,,,
"Student, Test",599,t,t,A,,,,
"""  # noqa: E501
CLASS = results(
    student("ada-lovelace", (2, 3, 4), pending=False),
    student("bob", (0, 3, 4), penalty=0.5),
    student("eve", (2, 3, 4), pending=False),
    student("ghost", (2, 3, 4), pending=False),
    waiting=("late",),
)


def export(tmp_path, text, platform, **options):
    """Return the exported rows and what was said."""
    source, target = tmp_path / "sheet.csv", tmp_path / "out.csv"
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    done = export_grades(
        tmp_path, options.pop("of", CLASS), platform, source, target, **options
    )
    rows = list(csv.reader(io.StringIO(target.read_text("utf-8-sig"), newline="")))
    return rows, done


def original(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_moodles_grades_are_filled_in_and_nothing_else_changes(tmp_path):
    """By name or mailbox; a locked grade stays."""
    rows, done = export(tmp_path, MOODLE, "moodle")
    expected = original(MOODLE)
    expected[1][4], expected[2][4] = "11.00", "6.50"

    assert rows == expected
    assert done.num_filled == 2


def test_who_is_not_matched_is_told_on_both_sides(tmp_path):
    """One sentence each, with names."""
    _, done = export(tmp_path, MOODLE, "moodle")

    assert done.sentences == (
        "1 student without a row in the sheet (see students.csv): ghost",
        "1 row without a graded submission, left as it was: Not There",
        "1 student handed in but not graded: late",
        "1 student with answers not yet marked, counted without them: bob",
        "1 grade kept: the platform does not let it be changed: eve",
    )


def test_pending_students_can_be_left_out(tmp_path):
    """Their old grade stays."""
    rows, done = export(tmp_path, MOODLE, "moodle", skip_pending=True)

    assert rows[2][4] == "3.00"
    assert "1 student with answers not yet marked, left out: bob" in done.sentences


def test_canvas_grades_are_filled_in_and_nothing_else_changes(tmp_path):
    """Of one column; excused students, the test student and the maxima stay."""
    rows, done = export(tmp_path, CANVAS, "canvas")
    expected = original(CANVAS)
    expected[3][5], expected[4][5] = "11.00", "6.50"

    assert rows == expected
    assert done.num_filled == 2
    assert "1 grade kept: the platform does not let it be changed: eve" in (
        done.sentences
    )


def test_grades_are_scaled_to_the_platforms_points(tmp_path):
    """12 points here, 100 there; said in a sentence."""
    rows, done = export(tmp_path, MOODLE.replace("12.00", "100.00"), "moodle")

    assert [row[4] for row in rows[1:3]] == ["91.67", "54.17"]
    assert "the lab has 12 points and the platform 100: grades are scaled" in (
        done.sentences
    )


def test_the_file_keeps_its_form(tmp_path):
    """Mark of order, line ends, semicolons and decimal commas."""
    text = (
        "\ufeffID;Vollständiger Name;E-Mail;Bewertung;Beste Bewertung\r\n"
        "Teilnehmer/in11;Ada Lovelace;al@x;;12,00\r\n"
    )
    export(tmp_path, text, "moodle")

    assert (tmp_path / "out.csv").read_bytes().decode() == text.replace(
        "al@x;;", "al@x;11,00;"
    )


def test_numbers_of_a_download_find_the_row(tmp_path):
    """Whatever the name; Moodle's numbers hold for one lab."""
    seen = {
        "means": {"ghost": {"platform": "moodle", "number": "14", "name": "Casper"}},
        "other": {"bob": {"platform": "moodle", "number": "13", "name": "Bob"}},
    }
    (tmp_path / "intake.json").write_text(json.dumps(seen))
    rows, _ = export(tmp_path, MOODLE, "moodle")

    assert [row[4] for row in rows[1:]] == ["11.00", "6.50", "", "11.00"]


def test_the_roster_finds_the_row(tmp_path):
    """By email for Moodle, by login for Canvas, against any name."""
    (tmp_path / "students.csv").write_text(
        "id,name,email,login\nghost,Someone,n@x.org,nt\n"
    )
    for text, platform, row, column in (
        (MOODLE, "moodle", 4, 4),
        (CANVAS, "canvas", 6, 5),
    ):
        rows, _ = export(tmp_path, text, platform)
        assert rows[row][column] == "11.00", platform


def test_an_uncertain_row_stays_open(tmp_path):
    """Two rows of one name: neither is filled in."""
    text = MOODLE.replace("Not There", "Ada Lovelace").replace("al@x", "x@x")
    rows, done = export(tmp_path, text, "moodle")

    assert rows[1][4] == rows[4][4] == ""
    assert done.sentences[0].endswith("ada-lovelace, ghost")


def test_a_column_can_be_named(tmp_path):
    """By title or number; without, only a certain one is taken."""
    text = CANVAS.replace("means (77)", "Week 1 (77)")
    with pytest.raises(UserError, match=r"called 'means' .* Week 1 \(77\), Quiz 1"):
        export(tmp_path, text, "canvas")

    for column in ("Week 1", "77", "week_1", "Week 1 (77)"):
        rows, _ = export(tmp_path, text, "canvas", column=column)
        assert rows[3][5:7] == ["11.00", "7.0"]


@pytest.mark.parametrize(
    ("text", "platform", "fault"),
    [
        ("", "moodle", "a CSV file with a header"),
        (b"\xff\xfe\x00", "moodle", "a CSV file in UTF-8"),
        (CANVAS, "moodle", "Moodle's grading worksheet, whose first column"),
        (MOODLE, "canvas", "Canvas's gradebook file, whose columns begin"),
        (MOODLE.replace("Grade,", "Mark,"), "moodle", "expected a column Grade"),
        (
            MOODLE.replace("12.00", "Good"),
            "moodle",
            "is the assignment graded in points",
        ),
        (CANVAS.replace("    Points", "x"), "canvas", "expected a row Points Possible"),
        (
            CANVAS.replace("12.0,", "many,"),
            "canvas",
            r"points possible for means \(77\)",
        ),
        (CANVAS.replace("Section", "Group"), "canvas", "expected a column Section"),
    ],
)
def test_another_file_is_refused(tmp_path, text, platform, fault):
    """In one sentence, before anything is written."""
    with pytest.raises(UserError, match=fault):
        export(tmp_path, text, platform)
    assert not (tmp_path / "out.csv").exists()


def test_times_are_read_from_moodles_worksheet(tmp_path):
    """By the teacher's clock; who handed in nothing has none."""
    path = tmp_path / "sheet.csv"
    path.write_text(MOODLE)
    times = submission_times(read_sheet(path), ZoneInfo("Europe/Berlin"))

    assert set(times) == {"11", "12"}
    assert (
        times["11"].astimezone(datetime.UTC).isoformat() == "2026-11-20T16:00:00+00:00"
    )


def test_a_date_in_another_language_is_refused(tmp_path):
    """The sentence says what to do."""
    path = tmp_path / "sheet.csv"
    path.write_text(MOODLE.replace("Friday, 20", "Freitag, 20"))
    with pytest.raises(UserError, match="set your language in Moodle to English"):
        submission_times(read_sheet(path), datetime.UTC)
