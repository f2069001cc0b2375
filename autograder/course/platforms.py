"""What Moodle and Canvas call the files that students handed in.

Moodle, "Download all submissions" (mod_assign), in folders or without:

    Ada Lovelace_1234567_assignsubmission_file_/lab01.ipynb
    Ada Lovelace_1234567_assignsubmission_file_lab01.ipynb

The number is the participant's in this assignment, the same as in the column Identifier
of the grading worksheet ("Participant 1234567"). With anonymous marking the name is
"Participant". What students typed into Moodle's editor is in "..._onlinetext_".

Canvas, "Download Submissions", one file beside the other:

    lovelaceada_12345_67890_lab01.ipynb
    lovelaceada_LATE_12345_67890_lab01-1.ipynb

The name is the sortable one, in lower case and run together; then follow the user's
number, the file's number and its name, in which "-1" marks a later attempt. An
anonymous assignment has anon_<letters> in place of name and number.

Anything else is plain: one folder a student, or a notebook named after its student.
"""

import re
from dataclasses import dataclass
from typing import Literal

Platform = Literal["moodle", "canvas", "folder"]

_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_?"
)
_CANVAS = re.compile(
    r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<number>\d+)_(?P<file>\d+)_(?P<rest>.+)"
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<number>[A-Za-z0-9]+)_(?P<file>\d+)_(?P<rest>.+)"
)


@dataclass(frozen=True)
class Source:
    """Whose file it is, by its path.

    Parameters
    ----------
    platform : {"moodle", "canvas", "folder"}
        Who named it.
    name : str
        The student's name as the platform writes it; empty if it is anonymous.
    number : str
        The platform's number for the student, else empty.
    path : tuple of str
        Where the file stood in what this student handed in.
    is_late : bool
        True if the platform itself marked it as late.
    """

    platform: Platform
    name: str
    number: str
    path: tuple[str, ...]
    is_late: bool = False


def source_of(parts: tuple[str, ...], *, is_flat: bool) -> Source | None:
    """Return whose file this is; None if it is no hand-in (say, an online text).

    Parameters
    ----------
    parts : tuple of str
        The path in the archive or folder; folders around a platform's own names do not
        matter.
    is_flat : bool
        True if all files stand in one folder, as Canvas's do: a student's own file may
        well be called run_10_20_loss.csv.
    """
    for depth, part in enumerate(parts):
        is_last = depth == len(parts) - 1
        match = _MOODLE.match(part)
        if match and (is_last or match.end() == len(part)):
            return _moodle(match, part, parts[depth + 1 :])
    last = parts[-1]
    canvas = _CANVAS.fullmatch(last) or _CANVAS_ANONYMOUS.fullmatch(last)
    if canvas and is_flat:
        fields = canvas.groupdict()
        name, is_late = fields.get("name", ""), bool(fields["late"])
        return Source("canvas", name, fields["number"], (fields["rest"],), is_late)
    if len(parts) > 1:
        return Source("folder", parts[0], "", parts[1:])
    stem, _, suffix = last.rpartition(".")
    return Source("folder", stem, "", parts) if suffix.lower() == "ipynb" else None


def _moodle(match: re.Match[str], part: str, below: tuple[str, ...]) -> Source | None:
    if match["kind"] != "file":
        return None
    path = below or (part[match.end() :],)
    name = "" if match["name"] == "Participant" else match["name"]
    return Source("moodle", name, match["number"], path) if path[0] else None
