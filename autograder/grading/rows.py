"""The rows that a submission has in nbgrader's gradebook, made without committing them.

nbgrader's own `add_submission` commits, which would leave a submission without marks
behind if the run were killed just then.
"""

from typing import TypeVar

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.orm import joinedload

Row = TypeVar("Row", Grade, Comment)


def submitted_notebook(
    gradebook: Gradebook, lab: str, student: str
) -> SubmittedNotebook:
    """Find or add the rows of a submission; the caller commits them."""
    try:
        return gradebook.find_submission_notebook(lab, lab, student)
    except MissingEntry:
        pass
    notebook = gradebook.find_notebook(lab, lab)
    if gradebook.db.get(Student, student) is None:
        gradebook.db.add(Student(id=student))
        gradebook.db.flush()
    assignment = SubmittedAssignment(
        assignment_id=notebook.assignment_id, student_id=student
    )
    gradebook.db.add(assignment)
    gradebook.db.flush()
    submitted = SubmittedNotebook(notebook_id=notebook.id, assignment_id=assignment.id)
    gradebook.db.add(submitted)
    gradebook.db.flush()
    for cell in notebook.grade_cells:
        gradebook.db.add(Grade(cell_id=cell.id, notebook_id=submitted.id))
    for cell in notebook.solution_cells:
        gradebook.db.add(Comment(cell_id=cell.id, notebook_id=submitted.id))
    gradebook.db.flush()
    return submitted


def rows_by_cell(
    gradebook: Gradebook, submitted: SubmittedNotebook, kind: type[Row]
) -> dict[str, Row]:
    """Return a submission's grades or comments by grade id, as they are by now.

    In one query: each row's own `cell` would be a query of its own.
    """
    query = gradebook.db.query(kind).filter(kind.notebook_id == submitted.id)
    with_cells = query.options(joinedload(kind.cell)).populate_existing()
    return {row.cell.name: row for row in with_cells}
