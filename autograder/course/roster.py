"""`students.csv`: who is in the course, and what platforms call them.

    id,name,email,login,canvas,track,group
    ada01,Ada Lovelace,ada@example.org,alovel,4711,systems,2

Only `id` is needed: it is the name of the student's folder in `submitted/`. What more
is known (name, email, login, the platform's own numbers) helps to find a person again;
every column but `name`, `track` and `group` is taken for an identifier.
"""

import csv
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.course.names import is_folder_name, is_same_name
from autograder.errors import UserError

FILE = "students.csv"
_SHARED = ("name", "track", "group")
_SPELLINGS = {
    "student": "id",
    "student id": "id",
    "id number": "id",
    "full name": "name",
    "email address": "email",
    "e-mail": "email",
    "username": "login",
}


@dataclass(frozen=True)
class Student:
    """One person.

    Parameters
    ----------
    id : str
        The name of the student's folder.
    name : str
        As people write it; may be empty.
    identifiers : frozenset of str
        Whatever names this person alone, in lower case: id, email, login and the like.
    email, track, group : str
        As they stand there; may be empty.
    """

    id: str
    name: str = ""
    identifiers: frozenset[str] = frozenset()
    email: str = ""
    track: str = ""
    group: str = ""

    def is_named(self, identifier: str) -> bool:
        """Return True if `identifier` is one of this person's."""
        return bool(identifier.strip()) and identifier.strip().casefold() in (
            self.identifiers | {self.id.casefold()}
        )


def read_roster(path: Path) -> tuple[Student, ...]:
    """Read a roster.

    Raises
    ------
    UserError
        If there is no such file, no column `id`, an id that cannot be a folder's name,
        or one that stands there twice.
    """
    header, rows = read_table(path)
    columns = [_SPELLINGS.get(name, name) for name in map(_plain, header)]
    if "id" not in columns:
        close = difflib.get_close_matches("id", columns, n=1)
        hint = f": did you mean {close[0]!r}?" if close else ""
        raise UserError(
            f"expected a column id in {path}, got {', '.join(header) or 'none'}{hint}"
        )
    students: dict[str, Student] = {}
    logins: dict[str, str] = {}
    for line, row in rows:
        fields = {
            name: value.strip() for name, value in zip(columns, row, strict=False)
        }
        student = fields.get("id", "")
        if not is_folder_name(student):
            raise UserError(
                f"expected an id of letters, digits, @ . _ and - in {path}, line "
                f"{line}, got {student!r}"
            )
        _refuse_again(path, student, logins.setdefault(student.lower(), student))
        if student in students:
            raise UserError(f"expected every id once in {path}, got {student!r} twice")
        students[student] = _student(fields)
    return tuple(students.values())


def _refuse_again(path: Path, student: str, other: str) -> None:
    if student != other:
        raise UserError(
            f"expected ids that differ in more than capitals in {path}, got {other!r} "
            f"and {student!r}, which are one login on a hub"
        )


def _student(fields: dict[str, str]) -> Student:
    known = {
        value.casefold()
        for column, value in fields.items()
        if column not in _SHARED and value
    }
    return Student(
        fields["id"],
        fields.get("name", ""),
        frozenset(known),
        fields.get("email", ""),
        fields.get("track", ""),
        fields.get("group", ""),
    )


def read_table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header of a CSV file and its rows with their line numbers.

    Commas, semicolons and tabs are told apart by the header; empty lines are left out.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"expected a CSV file {path}, found none") from None
    except (UnicodeDecodeError, OSError):
        raise UserError(f"expected {path} to be a CSV file in UTF-8") from None
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=delimiter_of(lines[0] if lines else ""))
    try:
        rows = [(reader.line_num, row) for row in reader if any(row)]
    except csv.Error as error:
        raise UserError(f"expected a CSV file {path}, got: {error}") from None
    return (rows[0][1], rows[1:]) if rows else ([], [])


def delimiter_of(header: str) -> str:
    """Return what stands between the fields of a header line."""
    return max(",;\t", key=header.count)


def named(students: Iterable[Student], identifier: str, name: str) -> list[Student]:
    """Return who this is: by an identifier, else everyone of that name."""
    students = list(students)
    by_identifier = [s for s in students if s.is_named(identifier)]
    if by_identifier:
        return by_identifier
    return [s for s in students if s.name and is_same_name(s.name, name)]


def _plain(column: str) -> str:
    return " ".join(column.casefold().replace("_", " ").split())
