"""Put setup and test cells where they belong in a submission.

The student's own cells never move, so that what they wrote runs in the order in which
they wrote it.
"""

from nbformat import NotebookNode

from autograder.grading.cells import grade_id_of, new_cell
from autograder.grading.release import Release


def in_order(
    cells: list[NotebookNode], release: Release, notes: list[str]
) -> list[NotebookNode]:
    """Put back what is missing of the lab, and what was moved of its locked cells.

    A test belongs after all code that precedes it in the release, and a setup cell
    also before every answer that follows it. Missing exercises stay missing: a stub
    would hide an answer that the student wrote into another cell.
    """
    rank_of = {grade_id: rank for rank, grade_id in enumerate(release.by_grade_id)}
    questions = {cell.grade_id for cell in release.of_kind("question")}
    exercises = {cell.grade_id for cell in release.of_kind("exercise")}
    cells = list(cells)
    for released in release.of_kind("setup", "test", "question"):
        rank, name = rank_of[released.grade_id], f"`{released.grade_id}`"
        names = [grade_id_of(cell) for cell in cells]
        ranks = [rank_of.get(other, -1) for other in names]
        code = [i for i, other in enumerate(names) if other not in questions]
        after = max((i for i in code if 0 <= ranks[i] < rank), default=-1)
        later = [i for i, r in enumerate(ranks) if r > rank and i > after]
        where = min(later, default=len(cells))
        if released.kind == "setup":
            where = after + 1
        if released.grade_id not in names:
            notes.append(f"{name} was missing; it was put back")
            cells.insert(where, new_cell(released, released.graded))
            continue
        index = names.index(released.grade_id)
        is_early = released.kind != "question" and index < after
        is_late = released.kind == "setup" and any(
            other in exercises and r > rank
            for other, r in zip(names[:index], ranks[:index], strict=True)
        )
        if is_early or (is_late and where < index):
            notes.append(f"{name} had been moved; it was put back")
            cell = cells.pop(index)
            cells.insert(where if where <= index else where - 1, cell)
    return cells
