"""Spreadsheet files: written so that nothing in them runs, or given back as they came.

Spreadsheet programs take a cell for a formula by its first character, and a student
chooses the names of files and folders. `as_text` takes that away from text of theirs.
A platform's own sheet is another matter: it is read, one column is filled in, and every
other cell goes back unchanged, because the platform would import what we change.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from autograder.course.roster import delimiter_of
from autograder.errors import UserError

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_BOM = "\ufeff"


def as_text(text: str) -> str:
    """Return text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


@dataclass
class Sheet:
    """A platform's CSV file.

    Parameters
    ----------
    rows : list of list of str
        All of them, the header first.
    delimiter, newline, bom : str
        As the file has them.
    """

    rows: list[list[str]]
    delimiter: str = ","
    newline: str = "\n"
    bom: str = ""

    @property
    def header(self) -> list[str]:
        """The first row."""
        return self.rows[0]

    def write(self, path: Path) -> None:
        """Write the sheet, in one step."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.newline)
        writer.writerows(self.rows)
        prepared = path.with_name(f".{path.name}.new")
        prepared.write_bytes((self.bom + text.getvalue()).encode("utf-8"))
        prepared.replace(path)


def read_sheet(path: Path) -> Sheet:
    """Read a platform's CSV file.

    Raises
    ------
    UserError
        If it is missing, empty or no CSV in UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UserError(
            f"expected the platform's CSV file at {path}, found none"
        ) from (None)
    except (UnicodeDecodeError, OSError):
        raise UserError(
            f"expected {path} to be a CSV file in UTF-8: download it from the platform "
            "again and do not save it from a spreadsheet program"
        ) from None
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    first = text.splitlines()[0] if text else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    delimiter = delimiter_of(first)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UserError(f"expected a CSV file {path}, got: {error}") from None
    if not rows or not any(rows[0]):
        raise UserError(f"expected a CSV file with a header {path}, got an empty one")
    return Sheet(rows, delimiter, newline, bom)
