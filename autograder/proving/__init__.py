"""Proving a grader: every wrong answer loses marks, every right one gets them all."""

from autograder.proving.matrix import Entry, Matrix
from autograder.proving.verify import DEFAULT_SEEDS, verify

__all__ = ["DEFAULT_SEEDS", "Entry", "Matrix", "verify"]
