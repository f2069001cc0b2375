"""The spreadsheet of a batch."""

import csv

from autograder.grading import CellMark, GradeReport, StudentMarks
from autograder.reports import write_grades_csv

ADA = StudentMarks(
    "ada",
    (
        CellMark("test-mean", "mean", 2.0, 2.0),
        CellMark("test-mean-many", "mean", 0.5, 3.0, "wrong"),
        CellMark("meaning", "", 0.0, 3.0, pending=True),
    ),
    "graded",
    ("a note", 'with a "quote", and a comma'),
    0.5,
    "handed in late",
)


def rows(path, *students):
    write_grades_csv(GradeReport("means", ("mean", "largest"), students), path)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_row_has_sums_per_exercise(tmp_path):
    """And how many answers in words are not yet marked."""
    (row,) = rows(tmp_path / "grades.csv", ADA)

    assert row == {
        "student": "ada",
        "mean": "2.5",
        "largest": "0",
        "questions": "0",
        "questions pending": "1",
        "total": "2",
        "maximum": "8",
        "review": "",
        "notes": 'a note; with a "quote", and a comma',
        "penalty": "0.5",
        "lateness": "handed in late",
    }


def test_what_looks_like_a_formula_is_text(tmp_path):
    """Spreadsheet programs run a cell that starts with =, +, -, @ or a tab."""
    for start in ("=", "+", "-", "@", "\t", "\r", " =", "\uff1d"):
        name = f"{start}1+1"
        (row,) = rows(tmp_path / "a.csv", StudentMarks(name, (), "failed", (name,)))

        assert (row["student"], row["notes"]) == (f"'{name}", f"'{name}")
        assert row["review"] == "yes"


def test_every_field_is_quoted_and_nothing_else_is_left(tmp_path):
    """Written beside its place and moved there."""
    rows(tmp_path / "grades.csv", ADA, StudentMarks("b\udcff", (), "failed"))
    lines = (tmp_path / "grades.csv").read_text().splitlines()

    assert all(line.startswith('"') and line.endswith('"') for line in lines)
    assert lines[2].startswith('"b\\udcff"')
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]
