"""A tiny lab and a course folder to hand it in to, for the tests of grading."""

import copy

import nbformat

from autograder.grading import Limits, grade
from autograder.grading.record import open_gradebook
from autograder.nbgrader_config import course_config

LAB = '''\
# %% [markdown]
# # Means
#
# The mean is $\\bar x = \\frac{1}{n} \\sum_k x_k$.

# %% setup="imports"
import numpy as np

SEED = 1

# %% exercise="mean"
def mean(values):
    """Return the mean of `values`, a list of float."""
    ### BEGIN SOLUTION
    return sum(values) / len(values)
    ### END SOLUTION

# %% test="mean" points=2
got = mean([1.0, 3.0])
assert got == 2.0, f"1 and 3 average to 2, got {got}"

# %% test="mean" case="many" points=3 hidden=true
# Hidden check: many numbers.
many = np.random.default_rng(SEED).normal(size=10)
assert np.isclose(mean(list(many)), many.mean()), "wrong for ten numbers"

# %% exercise="largest"
def largest(values):
    """Return the largest of `values`."""
    ### BEGIN SOLUTION
    return max(values)
    ### END SOLUTION

# %% test="largest" points=4
assert largest([1, 5, 2]) == 5, "the largest of 1, 5, 2 is 5"

# %% [markdown]
# What is a mean good for?

# %% [markdown] question="meaning" points=3
# It says where the numbers lie.
'''

RIGHT = {
    "mean": "def mean(values):\n    return sum(values) / len(values)",
    "largest": "def largest(values):\n    return max(values)",
    "meaning": "It says where the numbers lie: $\\bar x$.",
}
FULL = {"test-mean": 2, "test-mean-many": 3, "test-largest": 4}


def name_of(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def cell_named(notebook, name):
    (cell,) = [cell for cell in notebook.cells if name_of(cell) == name]
    return cell


class Course:
    """A course folder with one lab."""

    def __init__(self, root, lab):
        self.root, self.lab = root, lab
        path = root / "release" / lab.name / f"{lab.name}.ipynb"
        self.released = nbformat.read(path, as_version=4)

    def answered(self, **answers):
        """Return the released notebook with every answer right but those given."""
        notebook = copy.deepcopy(self.released)
        for cell in notebook.cells:
            source = {**RIGHT, **answers}.get(name_of(cell))
            if source is not None:
                cell["source"] = source
        return notebook

    def folder(self, student):
        folder = self.root / "submitted" / student / self.lab.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def submit(self, student, notebook=None, *, text=None, **answers):
        """Hand in a notebook, a text in its place, or the right answers but some."""
        if text is None:
            text = nbformat.writes(notebook or self.answered(**answers))
        path = self.folder(student) / f"{self.lab.name}.ipynb"
        path.write_text(text, encoding="utf-8")
        return path

    def grade(self, **options):
        options = {"limits": QUICK, "workers": 1, **options}
        report = grade(self.root, self.lab, **options)
        return {marks.student: marks for marks in report.students}

    def autograded(self, student):
        path = self.root / "autograded" / student / self.lab.name
        return nbformat.read(path / f"{self.lab.name}.ipynb", as_version=4)

    def page(self, student):
        path = self.root / "feedback" / student / self.lab.name
        return (path / f"{self.lab.name}.html").read_text(encoding="utf-8")

    def gradebook(self):
        return open_gradebook(course_config(self.root))


QUICK = Limits(cell_s=2, interrupt_s=1)


def points(marks):
    """Return grade id -> points of the tests."""
    return {mark.grade_id: mark.points for mark in marks.marks if mark.exercise}
