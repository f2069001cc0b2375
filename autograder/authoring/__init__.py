"""Labs as their authors write them, and the student notebooks made from them."""

from autograder.authoring.bank import Answer, read_bank
from autograder.authoring.build import BuildReport, build_labs
from autograder.authoring.catalog import find_lab, lab_names
from autograder.authoring.checks import check
from autograder.authoring.generate import generate
from autograder.authoring.lab import Cell, Lab, read_lab
from autograder.authoring.percent import AuthoringError

__all__ = [
    "Answer",
    "AuthoringError",
    "BuildReport",
    "Cell",
    "Lab",
    "build_labs",
    "check",
    "find_lab",
    "generate",
    "lab_names",
    "read_bank",
    "read_lab",
]
