"""A page per student: marks, reasons, repairs, and their notebook as it ran.

The page stands where nbgrader's own feedback does, so releasing it works as ever. It
asks for nothing from the network, nothing in it runs, and hidden tests stay hidden:

    a test with hidden parts    the text that students received, and its message
    every other output          lines of hidden tests in it are blanked out

Blanking is a courtesy to the next edition of the lab, not a wall: code that runs beside
a hidden test can read it.
"""

import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import jinja2
import nbformat
from markupsafe import Markup
from nbformat import NotebookNode

from autograder.grading import markup
from autograder.grading.cells import grade_id_of
from autograder.grading.ledger import Ledger
from autograder.grading.marks import CellMark, StudentMarks
from autograder.grading.patience import Patience
from autograder.grading.release import Release

_PAGE_CPU_S = 10.0  # most pages take a hundredth of it
_TEMPLATE = Path(__file__).with_name("feedback.html.j2")


@dataclass(frozen=True)
class PageCell:
    """One cell as the page shows it.

    Parameters
    ----------
    kind : str
        "code" or "text", the style of `body`.
    title : str
        For tests and answers: what it is and its points; "" for other cells.
    """

    kind: str
    body: Markup
    grade_id: str = ""
    title: str = ""
    message: str = ""
    misconception: str = ""
    outputs: tuple[Markup, ...] = ()
    comment: str = ""


def update_page(
    page: Path,
    release: Release,
    marks: StudentMarks,
    comments: Mapping[str, str],
    ledger: Ledger,
    executed: Path,
) -> None:
    """Write the page unless it is there and says the same.

    Parameters
    ----------
    comments : mapping of str to str
        Grade id -> what a person wrote under the answer.
    ledger : Ledger
        What the marks were made from.
    executed : Path
        The executed notebook; left out if there was nothing to run.
    """
    digest = _digest(marks, comments, ledger)
    if page.exists() and digest in page.read_text(encoding="utf-8")[:1000]:
        return
    hidden = _hidden_text(release)
    marks = replace(marks, marks=tuple(_without(mark, hidden) for mark in marks.marks))
    cells = []
    if ledger.is_readable:
        patience = Patience(_PAGE_CPU_S)
        for cell in nbformat.read(executed, as_version=4).cells:
            outputs = tuple(
                _drawn(_blanked(output, hidden), patience)
                for output in cell.get("outputs", [])
            )
            shown = partial(_shown, cell, patience)
            cells.append(_page_cell(cell, release, marks, comments, outputs, shown))
    text = _rendered(release, marks, cells, digest)
    page.parent.mkdir(parents=True, exist_ok=True)
    prepared = page.with_name(f".{page.name}.new")
    prepared.write_text(text, encoding="utf-8", errors="backslashreplace")
    prepared.replace(page)


def _rendered(
    release: Release, marks: StudentMarks, cells: Sequence[PageCell], digest: str
) -> str:
    return _template().render(
        lab=release.lab,
        marks=marks,
        cells=cells,
        shown={cell.grade_id for cell in cells},
        digest=digest,
        code_style=markup.code_style(),
        number=lambda points: f"{points:g}",
    )


@cache
def _template() -> jinja2.Template:
    """Compile the page, which takes as long as filling it in for a student."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _digest(marks: StudentMarks, comments: Mapping[str, str], ledger: Ledger) -> str:
    """Return what changes when the page would; the status of a run is not on it."""
    origin = (ledger.submission, ledger.release)
    content = repr((origin, {**asdict(marks), "status": ""}, sorted(comments.items())))
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()


def _page_cell(
    cell: NotebookNode,
    release: Release,
    marks: StudentMarks,
    comments: Mapping[str, str],
    outputs: tuple[Markup, ...],
    shown: Callable[[str], tuple[str, Markup]],
) -> PageCell:
    released = release.by_grade_id.get(grade_id_of(cell))
    if released is None or released.kind == "setup":
        return PageCell(*shown(cell.source), outputs=outputs)
    name = released.grade_id
    mark = next((mark for mark in marks.marks if mark.grade_id == name), None)
    source = released.visible if released.kind == "test" else cell.source
    if released.has_hidden_tests:
        outputs = ()
    title, reasons = name, ("", "")
    if mark is not None:
        points = "-" if mark.pending else f"{mark.points:g}"
        title = f"{name}: {points} of {mark.maximum:g}"
        reasons = (mark.message, mark.misconception)
    comment = comments.get(name, "")
    return PageCell(*shown(source), name, title, *reasons, outputs, comment)


def _shown(cell: NotebookNode, patience: Patience, source: str) -> tuple[str, Markup]:
    """Return the style of a cell and its text, drawn."""
    if cell.cell_type == "code":
        kind, draw = "code", partial(markup.code, source)
    elif cell.cell_type == "markdown":
        kind, draw = "text", partial(markup.markdown, source, cell.get("attachments"))
    else:
        kind, draw = "text", partial(markup.preformatted, source)
    return kind, patience.drawn(draw, partial(markup.preformatted, source))


def _drawn(output: NotebookNode, patience: Patience) -> Markup:
    return patience.drawn(
        partial(markup.output, output), partial(markup.plain_output, output)
    )


def _hidden_text(release: Release) -> re.Pattern[str] | None:
    """Return a pattern for the lines of hidden tests, as text and as HTML."""
    lines = {
        form for line in release.hidden_lines for form in (line, html.escape(line))
    }
    if not lines:
        return None
    longest_first = sorted(lines, key=lambda line: (-len(line), line))
    return re.compile("|".join(re.escape(line) for line in longest_first))


def _without(mark: CellMark, hidden: re.Pattern[str] | None) -> CellMark:
    """Return a mark whose reasons hold no line of a hidden test."""
    message, mistake = _blank(mark.message, hidden), _blank(mark.misconception, hidden)
    return replace(mark, message=message, misconception=mistake)


def _blank(text: str, hidden: re.Pattern[str] | None) -> str:
    return text if hidden is None else hidden.sub("[hidden]", text)


def _blanked(output: NotebookNode, hidden: re.Pattern[str] | None) -> NotebookNode:
    """Return the output without lines of hidden tests, as far as they are found."""

    def blank(text: str) -> str:
        return _blank(markup.without_colours(text), hidden)

    if output.output_type == "stream":
        return NotebookNode(output, text=blank(output.text))
    if output.output_type == "error":
        traceback = [blank(line) for line in output.traceback]
        return NotebookNode(output, evalue=blank(output.evalue), traceback=traceback)
    data = {
        kind: blank(value)
        if isinstance(value, str) and not kind.startswith("image/")
        else value
        for kind, value in output.data.items()
    }
    return NotebookNode(output, data=data)
