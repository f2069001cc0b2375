"""Which row of a platform's sheet is which of our students.

Identifiers are tried first, one kind after the other, then the part of an email address
before the @, then names. A match must be the only one on both sides: a grade in the
wrong row is worse than a row left open.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.identity import read_identities
from autograder.course.names import folded, is_same_name
from autograder.course.platforms import Platform


@dataclass(frozen=True)
class Person:
    """One of our students, by all that is known of them.

    Parameters
    ----------
    student : str
        The student's folder.
    numbers : frozenset of str
        What the platform numbers the student, as far as a download told.
    identifiers : frozenset of str
        Folder, email, login and the like, folded.
    names : tuple of str
        As people write them.
    """

    student: str
    numbers: frozenset[str]
    identifiers: frozenset[str]
    names: tuple[str, ...]


@dataclass(frozen=True)
class RowIdentity:
    """Whom a row of a platform's sheet is about.

    Parameters
    ----------
    index : int
        Of the row in the sheet.
    number : str
        The platform's own.
    identifiers : tuple of str
        In the order of trust; empty ones do not count.
    """

    index: int
    number: str
    identifiers: tuple[str, ...]
    name: str


def people_of(
    course: Path, lab: str, students: Iterable[str], platform: Platform
) -> list[Person]:
    """Return what `students.csv` and earlier downloads say of these students."""
    identities = read_identities(course)
    roster = {student.id: student for student in identities.students}
    labs = [lab] if platform == "moodle" else list(identities.seen)
    people = []
    for student in students:
        seen = [identities.seen.get(name, {}).get(student) for name in labs]
        known = [one for one in seen if one and one["platform"] == platform]
        entry = roster.get(student)
        listed = entry.identifiers if entry else frozenset()
        names = [entry.name] if entry else []
        names += [one["name"] for one in known]
        people.append(
            Person(
                student,
                frozenset(one["number"] for one in known if one["number"]),
                frozenset(folded(text) for text in {student, *listed}),
                tuple(name for name in [*names, student] if name),
            )
        )
    return people


def match(people: Sequence[Person], rows: Sequence[RowIdentity]) -> dict[str, int]:
    """Return student -> index of the student's row, for those that are certain."""
    kinds = max((len(row.identifiers) for row in rows), default=0)
    ways: list[Callable[[Person, RowIdentity], bool]] = [_has_number]
    ways += [_has_identifier(kind) for kind in range(kinds)]
    ways += [_has_mailbox, _has_name]
    found: dict[str, int] = {}
    for is_match in ways:
        taken = set(found.values())
        left = [person for person in people if person.student not in found]
        free = [row for row in rows if row.index not in taken]
        pairs = [(p, row) for p in left for row in free if is_match(p, row)]
        for person, row in pairs:
            is_only = sum(p is person or r is row for p, r in pairs) == 1
            if is_only:
                found[person.student] = row.index
    return found


def _has_number(person: Person, row: RowIdentity) -> bool:
    return row.number in person.numbers


def _has_identifier(kind: int) -> Callable[[Person, RowIdentity], bool]:
    def is_match(person: Person, row: RowIdentity) -> bool:
        text = row.identifiers[kind] if kind < len(row.identifiers) else ""
        return bool(text) and folded(text) in person.identifiers

    return is_match


def _has_mailbox(person: Person, row: RowIdentity) -> bool:
    boxes = {text.partition("@")[0] for text in row.identifiers if "@" in text}
    return any(folded(box) == folded(person.student) for box in boxes)


def _has_name(person: Person, row: RowIdentity) -> bool:
    return any(is_same_name(name, row.name) for name in person.names)
