"""Stock nbclient on our kernels; nbgrader is in tests/grading/test_against_nbgrader."""

import nbformat
import pytest
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from traitlets.config import Config

NAME = "lecturekit-sandbox"


@pytest.fixture(autouse=True)
def chosen(monkeypatch):
    """Our provisioner is what `jupyter_client` uses."""
    factory = KernelProvisionerFactory.instance()
    monkeypatch.setattr(factory, "default_provisioner_name", NAME)


def execute(folder, *sources, **options):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        config=Config(SandboxProvisioner={"modules": ["numpy"]}),
        **options,
    )
    return client.execute()


def outputs(notebook):
    return [output.get("text") for cell in notebook.cells for output in cell.outputs]


def test_it_stands_among_the_entry_points():
    """Any program that starts kernels finds it by its name."""
    assert NAME in KernelProvisionerFactory.instance().get_provisioner_entries()


def test_nbclient_runs_a_notebook_in_the_sandbox(tmp_path):
    """With the data files of its folder, and without its notebooks."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("7")
    (tmp_path / "hidden.ipynb").write_text("{}")
    (tmp_path / "link.csv").symlink_to("/etc/shadow")
    source = "import os; print(os.getcwd(), os.listdir(), open('data/a.csv').read())"
    done = execute(tmp_path, "x = 1", source, "print(x)")

    assert outputs(done) == ["/home/student/work ['data'] 7\n", "1\n"]


def test_nbclient_sees_an_error_as_usual(tmp_path):
    """The exception of the cell, with its traceback."""
    with pytest.raises(CellExecutionError, match="division by zero"):
        execute(tmp_path, "1 / 0")


def test_nbclient_interrupts_as_usual(tmp_path):
    """After a timeout the kernel goes on, if that was asked for."""
    options = {"timeout": 1, "interrupt_on_timeout": True, "allow_errors": True}
    done = execute(tmp_path, "import time; time.sleep(60)", "print('alive')", **options)

    assert done.cells[0].outputs[0].ename == "KeyboardInterrupt"
    assert outputs(done)[-1] == "alive\n"


def test_nbclient_gives_up_as_usual(tmp_path):
    """A timeout without an interrupt is its own exception."""
    with pytest.raises(CellTimeoutError):
        execute(tmp_path, "import time; time.sleep(60)", timeout=1)
