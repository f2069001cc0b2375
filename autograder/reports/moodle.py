"""Moodle's offline grading worksheet: read times out of it, fill grades into it.

Download it with "Download grading worksheet" (the assignment needs the feedback type
"Offline grading worksheet") and upload the result with "Upload grading worksheet". What
is relied on, from mod_assign's gradingtable and feedback/offline:

    Identifier                 first column: "Participant 1234567"; Moodle finds the
                               student by the number at its end
    Full name, ID number, Email address, ...     missing with anonymous marking
    Grade, Maximum Grade       in the decimals of the teacher's language
    Grade can be changed       "No" where the gradebook holds the grade fast
    Last modified (submission) when it was handed in, by the teacher's clock
    Last modified (grade)      Moodle refuses a row whose grade is newer than this

Headers are in the teacher's language; those of some languages are known, and the column
of the grade can be named.
"""

import datetime
import re
from dataclasses import dataclass

from autograder.course.names import folded
from autograder.errors import UserError
from autograder.reports.matching import RowIdentity
from autograder.reports.sheets import Sheet

_GRADE = ("grade", "bewertung", "note", "calificacion", "nota", "valutazione", "cijfer")
_NAME = ("full name", "vollstandiger name", "nom complet", "nombre completo", "cognome")
_IDENTIFIERS = ("id number", "email address", "username", "e-mail", "matrikelnummer")
_TIMES = (
    "%A, %d %B %Y, %I:%M %p",
    "%A, %B %d, %Y, %I:%M %p",
    "%A, %d %B %Y, %H:%M",
    "%A %d %B %Y, %H:%M",
    "%d %B %Y, %I:%M %p",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y %H:%M",
)


@dataclass(frozen=True)
class Worksheet:
    """A worksheet and where its columns are.

    Parameters
    ----------
    maximum : float
        The points of the assignment in Moodle.
    """

    sheet: Sheet
    grade: int
    maximum: float

    @property
    def rows(self) -> list[RowIdentity]:
        """Whom the rows are about."""
        return row_identities(self.sheet)

    def is_locked(self, index: int) -> bool:
        """Return True if Moodle would not let this row's grade be changed."""
        column = _column(self.sheet.header, ("grade can be changed",))
        return column is not None and _cell(self.sheet, index, column) == "No"

    def fill_in(self, index: int, points: float) -> None:
        """Write a grade, in the decimals that the sheet uses."""
        text = f"{points:.2f}"
        has_comma = "," in _cell(self.sheet, index, self.grade + 1)
        row = self.sheet.rows[index]
        row[self.grade] = text.replace(".", ",") if has_comma else text


def read_worksheet(sheet: Sheet, column: str | None = None) -> Worksheet:
    """Find the columns of a grading worksheet.

    Parameters
    ----------
    column : str or None
        The header of the grade, if it is none of those that are known.

    Raises
    ------
    UserError
        If the file is no grading worksheet for points.
    """
    _require_identifiers(sheet)
    names = (folded(column),) if column else _GRADE
    grade = _column(sheet.header, names)
    if grade is None:
        raise UserError(
            f"expected a column {column or 'Grade'}, got {', '.join(sheet.header)}: "
            "say which it is with --column"
        )
    for row in filter(any, sheet.rows):
        row += [""] * (len(sheet.header) - len(row))
    maxima = {_cell(sheet, i, grade + 1) for i in range(1, len(sheet.rows))}
    try:
        (maximum,) = {float(text.replace(",", ".")) for text in maxima if text}
    except ValueError:
        raise UserError(
            "expected the maximum grade right of the grade, the same in every row, "
            f"got {', '.join(sorted(maxima)[:3]) or 'nothing'}: is the assignment "
            "graded in points?"
        ) from None
    return Worksheet(sheet, grade, maximum)


def row_identities(sheet: Sheet) -> list[RowIdentity]:
    """Return whom the rows are about."""
    identifiers = [_column(sheet.header, (name,)) for name in _IDENTIFIERS]
    name = _column(sheet.header, _NAME)
    return [
        RowIdentity(
            index,
            _number(_cell(sheet, index, 0)),
            tuple(_cell(sheet, index, c) for c in identifiers if c is not None),
            _cell(sheet, index, name) if name is not None else "",
        )
        for index in range(1, len(sheet.rows))
        if any(sheet.rows[index])
    ]


def submission_times(
    sheet: Sheet, zone: datetime.tzinfo
) -> dict[str, datetime.datetime]:
    """Return the participant's number -> when the submission was last changed.

    Parameters
    ----------
    zone : tzinfo
        That of the teacher who downloaded the sheet.

    Raises
    ------
    UserError
        If the file has no such times, or one that cannot be read.
    """
    _require_identifiers(sheet)
    column = _column(sheet.header, ("last modified (submission)",))
    if column is None:
        raise UserError(
            "expected a column Last modified (submission) in Moodle's worksheet, got "
            f"{', '.join(sheet.header)}"
        )
    times = {}
    for index in range(1, len(sheet.rows)):
        text = " ".join(_cell(sheet, index, column).split())
        if text and text != "-":
            number = _number(_cell(sheet, index, 0))
            times[number] = _moment(text).replace(tzinfo=zone)
    return times


def _require_identifiers(sheet: Sheet) -> None:
    rows = [row for row in sheet.rows[1:] if any(row)]
    if not rows or not all(_number(row[0]) for row in rows):
        raise UserError(
            "expected Moodle's grading worksheet, whose first column is Identifier "
            f"(Participant 1234567), got {', '.join(sheet.header[:5])}"
        )


def _moment(text: str) -> datetime.datetime:
    for layout in _TIMES:
        try:
            return datetime.datetime.strptime(text, layout)
        except ValueError:
            continue
    raise UserError(
        f"expected a date such as Friday, 20 November 2026, 5:00 PM, got {text!r}: set "
        "your language in Moodle to English and download the worksheet again"
    )


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    found = [i for i, title in enumerate(header) if folded(title.strip()) in names]
    return found[0] if found else None


def _cell(sheet: Sheet, index: int, column: int) -> str:
    row = sheet.rows[index]
    return row[column].strip() if column < len(row) else ""


def _number(identifier: str) -> str:
    match = re.fullmatch(r"\D+(\d+)", identifier.strip())
    return match[1] if match else ""
