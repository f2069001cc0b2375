"""What students do to cells, and what is put right, without a kernel."""

import copy

import nbformat
import pytest

from autograder.grading.repair import repair
from tests.grading.tiny import cell_named, name_of

ORDER = ["imports", "mean", "test-mean", "test-mean-many", "largest", "test-largest"]


@pytest.fixture
def notebook(course):
    """A submission with right answers, as reading leaves it."""
    return course.answered()


def names(notebook):
    """The code cells in order: nbgrader's name, else the text."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [name_of(cell).removeprefix("setup-") or cell.source for cell in code]


def without(notebook, *gone):
    notebook.cells = [cell for cell in notebook.cells if name_of(cell) not in gone]
    return notebook


def moved(notebook, name, index):
    cell = cell_named(notebook, name)
    notebook.cells.remove(cell)
    notebook.cells.insert(index, cell)
    return notebook


def test_an_honest_submission_is_only_given_its_hidden_tests(notebook, release):
    """Nothing to note; the answers stay; the text of hidden tests is there to run."""
    repaired = repair(notebook, release)

    assert repaired.notes == ()
    assert names(repaired.notebook) == ORDER
    assert "return max(values)" in cell_named(repaired.notebook, "largest").source
    assert "many.mean()" in cell_named(repaired.notebook, "test-mean-many").source
    nbformat.validate(repaired.notebook)


def test_the_students_own_cells_stay_where_they_are(notebook, release):
    """A helper between an answer and its check keeps its place."""
    helper = nbformat.v4.new_code_cell("helper = 1")
    notebook.cells.insert(
        notebook.cells.index(cell_named(notebook, "mean")) + 1, helper
    )

    repaired = repair(notebook, release)

    assert names(repaired.notebook) == [*ORDER[:2], "helper = 1", *ORDER[2:]]
    assert repaired.notes == ()


def test_deleted_checks_and_setup_are_put_back_in_their_places(notebook, release):
    """After the answer that they test, and after what the student added to it."""
    notebook.cells.append(nbformat.v4.new_code_cell("end = 1"))
    without(notebook, "setup-imports", "test-mean", "test-mean-many")

    repaired = repair(notebook, release)

    assert names(repaired.notebook) == [*ORDER, "end = 1"]
    assert len(repaired.notes) == 3
    assert all("was missing; it was put back" in note for note in repaired.notes)


def test_a_deleted_answer_is_not_replaced_by_a_stub(notebook, release):
    """The stub would hide what the student wrote into another cell."""
    cell = cell_named(notebook, "mean")
    mine = nbformat.v4.new_code_cell(cell.source)
    notebook.cells[notebook.cells.index(cell)] = mine

    repaired = repair(notebook, release)

    assert names(repaired.notebook) == [ORDER[0], mine.source, *ORDER[2:]]
    assert repaired.notes == ("the cell of `mean` was missing",)


def test_a_deleted_question_is_put_back_and_reported(notebook, release):
    """Its answer may stand elsewhere: a person should look."""
    repaired = repair(without(notebook, "meaning"), release)

    assert repaired.missing == {"meaning"}
    assert name_of(repaired.notebook.cells[-1]) == "meaning"
    assert names(repaired.notebook) == ORDER


@pytest.mark.parametrize("name", ["setup-imports", "test-mean", "test-mean-many"])
def test_edited_locked_cells_get_their_text_back(notebook, release, name):
    """Whatever a student wrote into them."""
    cell_named(notebook, name).source = "pass"

    repaired = repair(notebook, release)

    cell = cell_named(repaired.notebook, name)
    assert cell.source == release.by_grade_id[name].graded
    assert repaired.notes == (f"`{name}` had been edited; the original was run",)


def test_a_changed_cell_type_is_changed_back(notebook, release):
    """A check turned into text would not be run."""
    for name in ("test-mean", "mean"):
        cell = cell_named(notebook, name)
        at = notebook.cells.index(cell)
        notebook.cells[at] = nbformat.v4.new_markdown_cell(
            cell.source, id=cell.id, metadata=cell.metadata
        )

    repaired = repair(notebook, release)

    assert names(repaired.notebook) == ORDER
    assert [note for note in repaired.notes if "no longer a code cell" in note]


def test_of_copied_cells_the_last_one_counts(notebook, release):
    """JupyterLab copies a cell with nbgrader's metadata."""
    first = copy.deepcopy(cell_named(notebook, "mean"))
    first.update(source="mean = None", id="first")
    notebook.cells.insert(2, first)

    repaired = repair(notebook, release)

    assert names(repaired.notebook) == [ORDER[0], "mean = None", *ORDER[1:]]
    assert repaired.notes == ("`mean` stood there twice; the last one counts",)


@pytest.mark.parametrize(
    "forged",
    [
        {"grade": False, "solution": True, "locked": False},
        {"points": 100},
        {"schema_version": 1},
        {"schema_version": 99},
        {"task": True},
    ],
)
def test_forged_metadata_are_restored(notebook, release, forged):
    """Stock nbgrader stops the whole batch on a wrong schema version."""
    cell_named(notebook, "test-mean").metadata.nbgrader.update(forged)

    repaired = repair(notebook, release)

    cell = cell_named(repaired.notebook, "test-mean")
    assert cell.metadata.nbgrader == release.by_grade_id["test-mean"].nbgrader
    assert repaired.notes == ("`test-mean` had changed metadata; they were restored",)


def test_unknown_names_are_removed(notebook, release):
    """A cell from another lab, or garbage, is an ordinary cell."""
    for grade_id in ("other-lab", None, 7):
        cell = nbformat.v4.new_code_cell("pass")
        cell.metadata["nbgrader"] = {"grade_id": grade_id}
        notebook.cells.append(cell)

    repaired = repair(notebook, release)

    assert names(repaired.notebook) == [*ORDER, "pass", "pass", "pass"]
    assert all("nbgrader" not in c.metadata for c in repaired.notebook.cells[-3:])
    assert len(repaired.notes) == 3


def test_stripped_metadata_are_found_again(notebook, release):
    """By the cell's id, and by its text where a tool has changed the ids too."""
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.source.startswith("assert"):
            cell["id"] = "new-id"

    repaired = repair(notebook, release)

    assert names(repaired.notebook) == ORDER
    assert repaired.missing == frozenset()
    assert len(repaired.notes) == 7


def test_a_check_moved_before_its_answer_is_moved_back(notebook, release):
    """Checks run in the lab's order, after the answers that precede them there."""
    repaired = repair(moved(notebook, "test-largest", 0), release)

    assert names(repaired.notebook) == ORDER
    assert repaired.notes == ("`test-largest` had been moved; it was put back",)


def test_checks_run_in_the_labs_order(notebook, release):
    """Even if an earlier one was moved to the end."""
    repaired = repair(moved(notebook, "test-mean", len(notebook.cells) - 1), release)

    ran = [name for name in names(repaired.notebook) if name.startswith("test-")]
    assert ran == ["test-mean", "test-mean-many", "test-largest"]


def test_setup_moved_to_the_end_is_moved_back(notebook, release):
    """Answers need what it imports."""
    repaired = repair(
        moved(notebook, "setup-imports", len(notebook.cells) - 1), release
    )

    assert names(repaired.notebook) == ORDER


def test_answers_in_another_order_stay_in_it(notebook, release):
    """Only locked cells move: the student's code runs as they arranged it."""
    at = notebook.cells.index(cell_named(notebook, "mean"))
    repaired = repair(moved(notebook, "largest", at), release)

    assert names(repaired.notebook) == [
        "imports",
        "largest",
        "mean",
        "test-mean",
        "test-mean-many",
        "test-largest",
    ]
    assert repaired.notes == ()


def test_the_submission_itself_is_not_changed(notebook, release):
    """Repairing gives a copy."""
    without(notebook, "test-mean")
    before = copy.deepcopy(notebook)
    repair(notebook, release)

    assert notebook == before


def test_repairing_twice_changes_nothing_more(notebook, release):
    """What comes out needs no repair."""
    once = repair(without(notebook, "test-mean", "meaning"), release).notebook
    for cell in once.cells:  # students never see hidden tests
        released = release.by_grade_id.get(name_of(cell))
        if released is not None and released.is_locked:
            cell["source"] = released.visible

    assert repair(once, release).notes == ()
