"""What people read after a batch: a spreadsheet and a table in the terminal."""

from autograder.reports.csv import write_grades_csv
from autograder.reports.table import marks_table

__all__ = ["marks_table", "write_grades_csv"]
