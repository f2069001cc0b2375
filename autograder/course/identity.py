"""Which student a platform means.

A platform names a person by a number and a name. Who that is, is found in this order:

    1. whom the same number meant before (`intake.json`)
    2. an identifier in `students.csv`
    3. a name in `students.csv`, if one student has it
    4. a folder made from the platform's name: "Ada Lovelace" is ada-lovelace

Moodle numbers participants anew in every assignment, Canvas numbers people for good.
Two numbers are never taken for one student of a lab.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.course import roster
from autograder.course.archive import RefusedError
from autograder.course.names import folder_name, is_folder_name
from autograder.course.platforms import Source
from autograder.course.roster import Student

FILE = "intake.json"


class Identities:
    """Who is who in one course.

    Parameters
    ----------
    students : iterable of Student
        The roster; may be empty.
    seen : dict
        Lab -> student -> what a platform called them: platform, number and name.
    """

    def __init__(
        self,
        path: Path,
        students: Iterable[Student],
        seen: dict[str, dict[str, dict[str, str]]],
    ) -> None:
        self.students = tuple(students)
        self.seen = seen
        self._path = path
        self._repeated: set[str] = set()

    def expect(self, lab: str, sources: Iterable[Source]) -> None:
        """Look ahead: names that several numbers have will carry their number."""
        people = {(s.number, s.name) for s in sources if s.number}
        people |= {
            (one["number"], one["name"]) for one in self.seen.get(lab, {}).values()
        }
        counts = Counter(folder_name(name) for _, name in people)
        self._repeated = {name for name, count in counts.items() if count > 1}

    def student_of(self, lab: str, source: Source) -> tuple[str, list[str]]:
        """Return the student's folder and what to note about the choice.

        Raises
        ------
        RefusedError
            If it cannot be told from another student's.
        """
        student, notes = self._found(lab, source)
        other = self.seen.get(lab, {}).get(student)
        if other and source.number and other["number"] not in ("", source.number):
            raise RefusedError(
                f"{source.name or student} is number {source.number} here and "
                f"{other['number']} before: give both a column in {roster.FILE}"
            )
        return student, notes

    def remember(self, lab: str, student: str, source: Source) -> None:
        """Note whom the platform meant."""
        entry = {"platform": source.platform, "number": source.number}
        self.seen.setdefault(lab, {})[student] = {**entry, "name": source.name}

    def write(self) -> None:
        """Write `intake.json`, in one step."""
        text = json.dumps(self.seen, indent=1, sort_keys=True, ensure_ascii=False)
        prepared = self._path.with_name(f".{self._path.name}.new")
        prepared.write_text(text, encoding="utf-8", errors="backslashreplace")
        prepared.replace(self._path)

    def _found(self, lab: str, source: Source) -> tuple[str, list[str]]:
        before = self._before(lab, source)
        if before:
            return before, []
        matches = roster.named(self.students, source.number or source.name, source.name)
        if len(matches) == 1:
            return matches[0].id, []
        notes = []
        if self.students:
            several = " only once" if matches else ""
            notes.append(f"not in {roster.FILE}{several}")
        if source.platform == "folder" and is_folder_name(source.name):
            return source.name, notes
        name = folder_name(source.name)
        if not name or name in self._repeated:
            name = "-".join(filter(None, [name or "participant", source.number]))
        if not is_folder_name(name):
            raise RefusedError(f"expected a student's name, got {source.name!r}")
        return name, notes

    def _before(self, lab: str, source: Source) -> str:
        """Return whom this number meant before, "" if it is new."""
        if not source.number:
            return ""
        labs = [lab] if source.platform == "moodle" else list(self.seen)
        for name in labs:
            for student, one in self.seen.get(name, {}).items():
                if (one["platform"], one["number"]) == (source.platform, source.number):
                    return student
        return ""


def read_identities(course: Path) -> Identities:
    """Read `students.csv` and `intake.json` of a course; both may be missing.

    Raises
    ------
    UserError
        If `students.csv` is there and has a fault.
    """
    path = course / roster.FILE
    students = roster.read_roster(path) if path.exists() else ()
    return Identities(course / FILE, students, _seen(course / FILE))


def _seen(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Read what was remembered; a file that cannot be read remembers nothing."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(lab): {
                str(student): {k: str(one[k]) for k in ("platform", "number", "name")}
                for student, one in students.items()
            }
            for lab, students in content.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
