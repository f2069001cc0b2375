"""`report.html`: what a TA wants to know of a graded lab, on one page.

Who needs a look and why comes first, because the TA must act on it; then the marks,
what the checks did, and which mistakes are worth a word in the next lecture. The page
is one file that loads nothing and runs nothing, and whatever students wrote is text in
it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from autograder.grading.marks import CellMark, StudentMarks
from autograder.reports.bars import BANDS, band_counts, bars
from autograder.reports.items import MIN_STUDENTS, items_of
from autograder.reports.mistakes import mistakes_of
from autograder.reports.results import Results, StudentResult

FILE = "report.html"
_TEMPLATE = Path(__file__).with_name("report.html.j2")


@dataclass(frozen=True)
class ExerciseSummary:
    """The marks of one exercise, or of the lab or the questions as a whole.

    Parameters
    ----------
    average, middle : float or None
        Mean and median of the points; None if nobody is marked.
    chart : Markup
        How many students have which share of the points.
    """

    name: str
    maximum: float
    num_marked: int
    average: float | None
    middle: float | None
    chart: Markup


def write_report(results: Results, course: Path) -> Path:
    """Write `report.html` into the course folder, in one step; return its path."""
    path = course / FILE
    prepared = path.with_name(f".{FILE}.new")
    text = rendered(results)
    prepared.write_text(text, encoding="utf-8", errors="backslashreplace")
    prepared.replace(path)
    return path


def rendered(results: Results) -> str:
    """Return the page."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True)
    environment.filters["number"] = _number
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    marks = [one.marks for one in results.students]
    return template.render(
        results=results,
        marks=marks,
        page_of=lambda student: _page_of(results.lab, student),
        summaries=_summaries(results, marks),
        to_look_at=[(m, reasons_to_look(m)) for m in marks if m.needs_review],
        by_another_program=[
            one.marks.student for one in results.students if one.ledger is None
        ],
        pending=_pending(marks),
        items=items_of(results),
        is_small=len(marks) < MIN_STUDENTS,
        min_students=MIN_STUDENTS,
        mistakes=mistakes_of(results),
        late=[m for m in marks if m.lateness],
        notes=_notes(marks),
        usage=_usage(results.students),
    )


def reasons_to_look(marks: StudentMarks) -> list[str]:
    """Return why a person should look at a submission, a sentence each."""
    reasons: dict[str, list[str]] = defaultdict(list)
    if marks.status == "unreadable":
        return [f"could not be read: {'; '.join(marks.notes) or 'no reason known'}"]
    for mark in marks.marks:
        if mark.review:
            reasons[mark.message or "its mark is uncertain"].append(mark.grade_id)
    return [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]


def _summaries(
    results: Results, marks: Sequence[StudentMarks]
) -> list[ExerciseSummary]:
    readable = [m for m in marks if m.status != "unreadable"]
    totals = [(m.total, m.maximum) for m in readable]
    summaries = [_summary("the whole lab", results.maximum, totals)]
    for exercise in (*results.exercises, ""):
        cells = [cell for cell in results.cells if cell.exercise == exercise]
        parts = [m.of_exercise(exercise) for m in readable]
        points = [_sums(part) for part in parts if not any(m.pending for m in part)]
        if cells:
            maximum = sum(cell.maximum for cell in cells)
            name = exercise or "written answers"
            summaries.append(_summary(name, maximum, points))
    return summaries


def _sums(marks: Sequence[CellMark]) -> tuple[float, float]:
    return sum(m.points for m in marks), sum(m.maximum for m in marks)


def _summary(
    name: str, maximum: float, points: Sequence[tuple[float, float]]
) -> ExerciseSummary:
    shares = [got / most for got, most in points if most]
    title = f"students by share of the points of {name}"
    chart = bars(band_counts(shares), BANDS, title)
    got = [one for one, _ in points]
    return ExerciseSummary(
        name,
        maximum,
        len(points),
        mean(got) if got else None,
        median(got) if got else None,
        chart,
    )


def _pending(marks: Sequence[StudentMarks]) -> Mapping[str, list[str]]:
    """Return question -> students whose answer nobody has marked."""
    pending = defaultdict(list)
    for one in marks:
        for mark in one.marks:
            if mark.pending:
                pending[mark.grade_id].append(one.student)
    return pending


def _notes(marks: Sequence[StudentMarks]) -> Mapping[str, list[str]]:
    """Return what was repaired or noted -> of whom, the most frequent first."""
    who = defaultdict(list)
    for one in marks:
        if one.status != "unreadable":
            for note in one.notes:
                who[note].append(one.student)
    return dict(sorted(who.items(), key=lambda item: -len(item[1])))


def _usage(students: Sequence[StudentResult]) -> list[tuple[str, list[str]]]:
    """Return student -> seconds, processor seconds, megabytes; the slowest first."""
    rows = []
    for one in students:
        ledger = one.ledger
        if ledger is None:
            continue
        memory = ledger.max_rss_bytes
        values = (ledger.seconds, ledger.cpu_seconds, memory and memory / 1e6)
        if any(value is not None for value in values):
            shown = ["" if value is None else f"{value:.1f}" for value in values]
            rows.append((ledger.seconds or 0.0, one.marks.student, shown))
    return [(student, shown) for _, student, shown in sorted(rows, reverse=True)]


def _page_of(lab: str, student: str) -> str:
    """Return the address of a student's feedback, relative to the report."""
    folder = student.encode("utf-8", "surrogateescape")
    return f"feedback/{quote(folder, safe='')}/{quote(lab)}/{quote(lab)}.html"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{round(value, 2):g}"
