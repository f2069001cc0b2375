"""Canvas's gradebook file: one column of it filled in.

Export it with Gradebook > Export, import the result with Gradebook > Import. What is
relied on, from Canvas's gradebook importer and exporter:

    Student (or LastName, FirstName), ID, [SIS User ID], [SIS Login ID],
    [Integration ID], [Root Account], Section       then the assignments
    Lab 1 (98765)           an assignment: its title and its number
    "    Points Possible"   a row for the maxima; "(read only)" there marks a column
                            that Canvas computes itself
    Manual Posting          an optional row above it
    Student, Test           a row for Canvas's test student
    EX, N/A                 excused from, or not assigned: left alone

Canvas changes only the columns and rows whose grade differs, and keeps two decimals.
"""

import re
from dataclasses import dataclass

from autograder.course.names import folded, words
from autograder.errors import UserError
from autograder.reports.matching import RowIdentity
from autograder.reports.sheets import Sheet

_IDENTIFIERS = ("SIS User ID", "SIS Login ID", "Integration ID", "ID")
_COMPUTED = re.compile(
    r"(Unposted )?(Current|Final|Override) (Score|Points|Grade|Status)"
)


@dataclass(frozen=True)
class CanvasGradebook:
    """A gradebook file and where its columns are.

    Parameters
    ----------
    column : int
        The assignment's.
    maximum : float
        Its points in Canvas.
    """

    sheet: Sheet
    column: int
    maximum: float

    @property
    def rows(self) -> list[RowIdentity]:
        """Whom the rows are about; those for no student are left out."""
        return [_identity(self.sheet, i) for i in _student_rows(self.sheet)]

    def is_locked(self, index: int) -> bool:
        """Return True if the student is excused or the lab is not assigned."""
        return self.sheet.rows[index][self.column].strip() in ("EX", "N/A")

    def fill_in(self, index: int, points: float) -> None:
        """Write a grade; files with semicolons have decimal commas."""
        text = f"{points:.2f}"
        is_comma = self.sheet.delimiter == ";"
        row = self.sheet.rows[index]
        row[self.column] = text.replace(".", ",") if is_comma else text


def read_gradebook(
    sheet: Sheet, lab: str, column: str | None = None
) -> CanvasGradebook:
    """Find the lab's column in a gradebook file.

    Parameters
    ----------
    lab : str
        The lab's name; an assignment whose title has the same words is the lab's.
    column : str or None
        The assignment's title or number, if its title is another.

    Raises
    ------
    UserError
        If the file is no gradebook, or no column is certainly the lab's.
    """
    header = sheet.header
    if header[0] not in ("Student", "LastName") or "ID" not in header:
        raise UserError(
            "expected Canvas's gradebook file, whose columns begin with Student, ID, "
            f"got {', '.join(header[:5])}"
        )
    if "Section" not in header:
        raise UserError(
            "expected a column Section in Canvas's gradebook file, got none"
        )
    width = len(header)
    for row in sheet.rows:
        row += [""] * (width - len(row))
    possible = next(
        (row for row in sheet.rows if row[0].strip() == "Points Possible"), None
    )
    if possible is None:
        raise UserError("expected a row Points Possible in Canvas's gradebook file")
    first = header.index("Section") + 1
    assignments = {
        index: header[index]
        for index in range(first, width)
        if not _COMPUTED.search(header[index]) and "read only" not in possible[index]
    }
    chosen = _chosen(assignments, lab, column)
    text = possible[chosen].replace(",", ".")
    try:
        return CanvasGradebook(sheet, chosen, float(text))
    except ValueError:
        raise UserError(
            f"expected points possible for {header[chosen]}, got {possible[chosen]!r}"
        ) from None


def _chosen(assignments: dict[int, str], lab: str, column: str | None) -> int:
    wanted = column or lab
    found = [i for i, title in assignments.items() if _is_called(title, wanted)]
    if not found and column is None and len(assignments) == 1:
        found = list(assignments)
    if len(found) != 1:
        titles = ", ".join(assignments.values()) or "none"
        several = "one" if not found else "only one"
        raise UserError(
            f"expected {several} assignment called {wanted!r} in Canvas's gradebook "
            f"file, got {titles}: say which with --column"
        )
    return found[0]


def _is_called(title: str, wanted: str) -> bool:
    match = re.fullmatch(r"(?P<title>.*?)\s*\((?P<number>\d+)\)\s*", title)
    names = {title, match["title"], match["number"]} if match else {title}
    return any(_plain(name) == _plain(wanted) for name in names)


def _plain(title: str) -> str:
    """Return a title without spaces, case and signs: "Lab 01: First" is lab01first."""
    return "".join(words(title.replace("_", " ")))


def _student_rows(sheet: Sheet) -> list[int]:
    rows = []
    for index, row in enumerate(sheet.rows[1:], start=1):
        is_about_columns = row[0].strip() in ("Points Possible", "")
        is_test = folded(row[0].strip()) in ("student, test", "test student")
        if not is_about_columns and not is_test:
            rows.append(index)
    return rows


def _identity(sheet: Sheet, index: int) -> RowIdentity:
    row = dict(zip(sheet.header, sheet.rows[index], strict=False))
    name = row.get("Student") or f"{row.get('FirstName', '')} {row.get('LastName', '')}"
    identifiers = tuple(row.get(title, "").strip() for title in _IDENTIFIERS)
    return RowIdentity(index, row["ID"].strip(), identifiers, name)
