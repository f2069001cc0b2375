"""A new gradebook: nbgrader's tables, and the version of their schema.

nbgrader makes them when it opens a gradebook that has none, and asks the program
`alembic` for the version. That takes seconds, and fails where the program is not on the
PATH, as when this Python was started by its full name.
"""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbgrader.api import Base
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import create_engine, inspect


def make_gradebook(url: str) -> None:
    """Make the tables of the gradebook at `url`, unless there are some.

    Parameters
    ----------
    url : str
        As in `nbgrader_config.gradebook_url`.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if not inspect(connection).get_table_names():
                Base.metadata.create_all(connection)
                versions = MigrationContext.configure(connection)
                versions.stamp(ScriptDirectory(ALEMBIC_DIR), "head")
    finally:
        engine.dispose()
