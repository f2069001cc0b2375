"""A gradebook that we make is the one that nbgrader makes."""

import os
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, inspect, text

from autograder.nbgrader_config import gradebook_url
from autograder.new_gradebook import make_gradebook

pytestmark = pytest.mark.filterwarnings("ignore")  # of nbgrader's, about its database


def read(url):
    """Return the columns of each table, and the version of the schema."""
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = {
            table: [
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspect(connection).get_columns(table)
            ]
            for table in inspect(connection).get_table_names()
        }
        versions = connection.execute(text("SELECT * FROM alembic_version")).all()
    engine.dispose()
    return tables, versions


def test_it_has_nbgraders_tables_and_version(tmp_path, monkeypatch):
    """nbgrader runs the program `alembic`, which stands beside this Python."""
    ours, theirs = f"sqlite:///{tmp_path}/ours.db", f"sqlite:///{tmp_path}/theirs.db"
    make_gradebook(ours)
    programs = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join([programs, os.environ["PATH"]]))
    Gradebook(theirs).close()

    assert read(ours) == read(theirs)
    assert "grade_cells" in read(ours)[0]


def test_a_gradebook_with_students_stays_as_it_is(tmp_path):
    """A second call finds the tables; and no program has to be on the PATH."""
    url = gradebook_url(tmp_path)
    make_gradebook(url)
    with Gradebook(url) as gradebook:
        gradebook.add_student("ada")
    before = read(url)
    make_gradebook(url)

    with Gradebook(url) as gradebook:
        assert [student.id for student in gradebook.students] == ["ada"]
    assert read(url) == before
