"""Running notebooks in real kernels: what a cell can do, and what it cannot."""

import os
import signal
from pathlib import Path

import nbformat
import pytest

from autograder.grading.execute import KernelExecutor
from autograder.grading.intake import Submission
from autograder.grading.limits import Limits
from autograder.judging.judge import Judge
from autograder.judging.limits import JudgeLimits
from tests.sandbox.running import errors, is_running, run, text


def test_a_cell_that_raises_stops_nobody(sandbox, tmp_path):
    """Later cells see what earlier ones defined."""
    (one, two, three), stopped = run(sandbox, tmp_path, "x = 1", "1 / 0", "print(x)")

    assert errors(one) == []
    assert errors(two) == ["division by zero"]
    assert (text(three), stopped) == ("1\n", "")


def test_the_environment_is_the_graders_choice(sandbox, tmp_path, monkeypatch):
    """No variable of ours reaches student code, and warnings are silent."""
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("SECRET_TOKEN", "1")
    source = "import os; print(dict(os.environ))"
    warn = "import warnings; warnings.warn('old')"
    (cell, warned), _ = run(sandbox, tmp_path, source, warn)

    assert "/somewhere" not in text(cell)
    assert "SECRET_TOKEN" not in text(cell)
    assert "TQDM_DISABLE" in text(cell)
    assert warned.outputs == []


def test_a_cell_sees_its_data_files_and_no_notebook(sandbox, tmp_path):
    """The graded notebook holds the hidden tests."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("7")
    (tmp_path / "means.ipynb").write_text("{}")
    source = "import os; print(os.listdir('.'), open('data/a.csv').read())"
    (cell,), _ = run(sandbox, tmp_path, source, files=["data/a.csv"])

    assert text(cell) == "['data'] 7\n"


def test_a_file_cannot_stand_in_for_a_library(sandbox, tmp_path):
    """But a student's own module can be imported."""
    (tmp_path / "json.py").write_text("loads = None")
    (tmp_path / "numpy.py").write_text("allclose = lambda *a: True")
    (tmp_path / "helper.py").write_text("answer = 42")
    source = "import numpy, helper; print(numpy.allclose(0, 1), helper.answer)"
    files = ["json.py", "numpy.py", "helper.py"]
    (cell,), _ = run(sandbox, tmp_path, source, files=files)

    assert text(cell) == "False 42\n"


def test_nothing_persists_from_one_submission_to_the_next(sandbox, tmp_path):
    """Neither a startup file of IPython nor anything in HOME or the folder."""
    plant = """\
from pathlib import Path
startup = Path(get_ipython().profile_dir.startup_dir, "00.py")
startup.write_text("stolen = 1")
Path.home().joinpath("a").touch(), Path("b").touch()
print(startup)
"""
    look = """\
import os
print("stolen" in dir(), os.listdir(), os.listdir(os.environ["HOME"]))
"""
    (planted,), _ = run(sandbox, tmp_path, plant)
    (seen,), _ = run(sandbox, tmp_path, look)

    assert "00.py" in text(planted)
    assert not Path(text(planted).strip()).exists()
    assert text(seen).startswith("False []")
    assert "'a'" not in text(seen)


def test_prints_are_cut_to_a_number_of_bytes(sandbox, tmp_path):
    """One cell and the notebook have each their own limit; marks need the value."""
    flood = "print('é' * 5_000_000)\n3"
    sources = [flood, flood, "print('hello')"]
    limits = {"cell_output_bytes": 1000, "notebook_output_bytes": 1500}
    (one, two, three), _ = run(sandbox, tmp_path, *sources, **limits)

    assert 900 < len(text(one).encode()) < 1100
    assert 450 < len(text(two).encode()) < 650
    assert "too long" in text(three)
    for cell in (one, two):
        assert cell.outputs[-1].data == {"text/plain": "3"}


def test_many_small_outputs_are_cut_too(sandbox, tmp_path):
    """Alternating streams would make an output of every line."""
    source = """\
import sys
for i in range(2000):
    print("a", flush=True)
    print("b", file=sys.stderr, flush=True)
1 / 0
"""
    (cell,), _ = run(sandbox, tmp_path, source)

    assert len(cell.outputs) < 210
    assert errors(cell) == ["division by zero"]


def test_a_slow_cell_is_interrupted_and_the_rest_is_run(sandbox, tmp_path):
    """The time that a cell may take is its own."""
    sources = ["import time", "while True: time.sleep(0.1)", "print('alive')"]
    (_, slow, after), stopped = run(sandbox, tmp_path, *sources, cell_s=1)

    assert errors(slow)[-1] == "it took longer than 1 s and was stopped"
    assert (text(after), stopped) == ("alive\n", "")


def test_a_cell_that_cannot_be_interrupted_is_the_last(sandbox, tmp_path):
    """The kernel is killed, and the rest says why it was not run."""
    deaf = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    )
    (_, stuck, after), stopped = run(sandbox, tmp_path, "x = 1", deaf, "x", cell_s=1)

    assert errors(stuck) == ["it took longer than 1 s and could not be stopped"]
    assert errors(after) == [stopped]
    assert after.execution_count is None
    assert stopped.startswith("`import signal; ")


@pytest.mark.parametrize("death", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_dead_kernel_keeps_what_was_before(sandbox, tmp_path, death):
    """Earlier outputs stay; the cell that died and the rest say why."""
    sources = ["print('before')", f"import os; {death}", "print('after')"]
    (before, dead, after), stopped = run(sandbox, tmp_path, *sources)

    assert text(before) == "before\n"
    assert errors(dead) == ["the kernel died"]
    assert errors(after) == [stopped]


def test_a_kernel_that_was_killed_for_no_reason_is_tried_again(sandbox, tmp_path):
    """The machine's fault costs nobody a mark; a second death is believed."""

    class Unlucky(KernelExecutor):
        deaths = 0

        def _start(self, place):
            kernel = super()._start(place)
            if self.deaths:
                self.deaths -= 1
                kernel._process.send_signal(signal.SIGKILL)
                kernel._process.wait(60)  # the cell is short: it may run before that
            return kernel

    cell = nbformat.v4.new_code_cell("print(6 * 7)")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    submission = Submission("ada", tmp_path, notebook, (), None, ())
    executor = Unlucky(Limits(), sandbox)

    executor.deaths = 1
    executed = executor.execute(notebook, submission)
    assert (text(executed.notebook.cells[0]), executed.stopped) == ("42\n", "")
    executor.deaths = 2
    assert "the kernel died" in executor.execute(notebook, submission).stopped


def test_nobody_gains_by_dying(sandbox, tmp_path, course):
    """A second run answers better: a test that was judged gives no more for it."""

    class Twice(KernelExecutor):
        num_runs = 0

        def _run(self, *args):
            self.num_runs += 1
            (tmp_path / "run.txt").write_text(f"{self.num_runs}")
            return super()._run(*args)

    run_number = 'int(open("run.txt").read())'
    notebook = course.answered(
        mean=f"def mean(values):\n    return {run_number}",
        largest=f"import os\ndef largest(values):\n"
        f"    return 5 if {run_number} == 2 else os.kill(os.getpid(), 9)",
    )
    submission = Submission("ada", tmp_path, notebook, ("run.txt",), None, ())
    with Judge.of_lab(course.lab) as judge:
        executor = Twice(Limits(), sandbox, judge)
        executed = executor.execute(notebook, submission)
    verdicts = executed.verdicts

    assert executor.num_runs == 2
    assert verdicts["test-mean"].message == "1 and 3 average to 2, got 1"
    assert verdicts["test-largest"].points == 4


def test_a_kernel_that_has_no_more_to_say_is_not_waited_for(sandbox, tmp_path, course):
    """It sleeps after every cell but its own: the verdict is there already."""
    sleeps = """
import time
num_cells = []
def sleep(result):
    num_cells.append(1)
    if len(num_cells) == 2:
        time.sleep(600)
get_ipython().events.register("post_run_cell", sleep)
def mean(values):
    return 2.0
"""
    notebook = course.answered(mean=sleeps)
    submission = Submission("ada", tmp_path, notebook, (), None, ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograder.grading.kernel._TIDY_UP_S", 0.5)
        with Judge.of_lab(course.lab, JudgeLimits(call_s=600, test_s=600)) as judge:
            executor = KernelExecutor(Limits(), sandbox, judge)
            executed = executor.execute(notebook, submission)

    assert executed.verdicts["test-mean"].points == 2


def test_a_fork_that_comes_back_answers_nothing(sandbox, tmp_path, course):
    """Neither the judge, in place of the process that was asked, nor as a kernel."""
    forks = """
import os
def mean(values):
    if os.fork() == 0:
        return 2.0
    os.wait()
    return 7.0
"""
    notebook = course.answered(
        mean=forks, largest="import os; os.fork(); largest = max"
    )
    submission = Submission("ada", tmp_path, notebook, (), None, ())
    with Judge.of_lab(course.lab) as judge:
        executed = KernelExecutor(Limits(), sandbox, judge).execute(
            notebook, submission
        )

    assert executed.verdicts["test-mean"].message == "1 and 3 average to 2, got 7.0"
    assert executed.verdicts["test-largest"].points == 4


def test_a_kernel_that_does_not_serve_the_judge_is_not_waited_for(
    sandbox, tmp_path, course
):
    """Its tests are lost at once, however long a test may take."""
    breaks = "import sys\nsys.modules['autograder.judging.kernel_side'] = None"
    notebook = course.answered(mean=breaks)
    submission = Submission("ada", tmp_path, notebook, (), None, ())
    with Judge.of_lab(course.lab, JudgeLimits(call_s=600, test_s=600)) as judge:
        executor = KernelExecutor(Limits(), sandbox, judge)
        executed = executor.execute(notebook, submission)

    assert executed.stopped == ""
    assert {verdict.points for verdict in executed.verdicts.values()} == {0}


def test_a_kernel_that_dies_of_the_interrupt_is_dead(sandbox, tmp_path):
    """The cell that did it is named, not the next one."""
    source = """
import os, signal, time
signal.signal(signal.SIGINT, lambda *_: os._exit(1))
time.sleep(60)
"""
    (dead, _), stopped = run(sandbox, tmp_path, source, "1", cell_s=1)

    assert errors(dead) == ["the kernel died"]
    assert (
        stopped
        == "`import os, signal, time` was the last cell that ran: the kernel died"
    )


def test_the_time_of_the_whole_notebook_is_limited(sandbox, tmp_path):
    """Many cells that are each just quick enough."""
    sources = ["import time; time.sleep(0.6)"] * 4
    cells, stopped = run(sandbox, tmp_path, *sources, notebook_s=1)

    assert stopped == "the notebook took longer than 1 s"
    assert [cell.execution_count is None for cell in cells] == [
        False,
        False,
        True,
        True,
    ]


def test_programs_that_a_cell_started_end_with_it(sandbox, tmp_path):
    """Also if they have left the kernel's process group, and its session."""
    source = """\
import subprocess
print(subprocess.Popen(["sleep", "6071.5"], start_new_session=True).poll())
"""
    (cell,), _ = run(sandbox, tmp_path, source)

    assert text(cell) == "None\n"
    assert not is_running("sleep", "6071.5")


def test_hidden_tests_are_not_kept_in_ipythons_history(sandbox, tmp_path):
    """`In` holds the student's own cells only."""
    test, last = (nbformat.v4.new_code_cell("secret = 41 + 1") for _ in range(2))
    test.metadata["nbgrader"] = {"grade": True, "grade_id": "test-mean"}
    last.metadata["nbgrader"] = {"grade": True, "grade_id": "test-last"}
    look = nbformat.v4.new_code_cell("print(In)")
    notebook = nbformat.v4.new_notebook(cells=[test, look, last])
    submission = Submission("ada", tmp_path, notebook, (), None, ())
    executed = KernelExecutor(Limits(), sandbox).execute(notebook, submission)

    assert text(executed.notebook.cells[1]) == "['', 'print(In)']\n"


def test_nothing_is_run_below_the_last_mark(sandbox, tmp_path):
    """A question that a person reads has a mark, too; what stands above it is run."""
    new_code, new_text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    test, question = new_code("seen = 1"), new_text("because")
    test.metadata["nbgrader"] = {"grade": True, "grade_id": "test-mean"}
    question.metadata["nbgrader"] = {"grade": True, "solution": True, "grade_id": "why"}
    cells = [test, new_code("print(seen)"), question, new_code("print('below')")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    submission = Submission("ada", tmp_path, notebook, (), None, ())
    executed = KernelExecutor(Limits(), sandbox).execute(notebook, submission)

    _, above, _, below = executed.notebook.cells
    assert text(above) == "1\n"
    assert text(below) == "Not run for the marks: none of them depends on this cell.\n"
    assert below.execution_count is None


def test_messages_that_make_no_sense_are_survived(sandbox, tmp_path):
    """Student code can publish anything in the kernel's name."""
    source = """\
send = get_ipython().kernel.session.send
socket = get_ipython().kernel.iopub_socket
parent = get_ipython().parent_header
for kind in ("display_data", "execute_result", "error", "stream", "status", "odd"):
    for content in ({}, {"data": 1}, {"data": {"text/plain": None, "text/html": [1]}},
                    {"traceback": 3, "name": {}}, {"execution_state": []}):
        send(socket, kind, content, parent=parent)
socket.send_multipart([b"garbage"])
"""
    (cell, after), stopped = run(sandbox, tmp_path, source, "print('alive')")

    assert (text(after), stopped) == ("alive\n", "")
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_no_workspace_is_left_behind(sandbox, tmp_path, monkeypatch):
    """Scratch folders are removed, also after a kernel's death."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "in").mkdir()
    run(sandbox, tmp_path / "in", "import os; os._exit(1)")

    assert os.listdir(tmp_path) == ["in"]
