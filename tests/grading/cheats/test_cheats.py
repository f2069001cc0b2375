"""The cheat bank: nobody gains a mark, harms a neighbour, or leaves anything behind."""

import hashlib
import os
import shutil
import socket
import stat
import threading
from pathlib import Path

import psutil
import pytest

from autograder.grading import Limits
from tests.grading.cheats import bank, machine, wire
from tests.grading.cheats.bank import LARGEST, NOTHING
from tests.grading.cheats.folders import ALL, FOLDERS, NOTEBOOKS, written
from tests.grading.tiny import FULL

pytestmark = pytest.mark.slow

CHEATS = (*bank.CHEATS, *wire.CHEATS, *machine.CHEATS)
HONEST = ("ada", "m-middle", "zoe")  # graded before, between and after the cheats
LIMITS = Limits(cell_s=8, interrupt_s=2)


@pytest.fixture(scope="module")
def server():
    """A server on this machine; yields its port and the connections it got."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        visitors = []

        def listen():
            while True:
                try:
                    visitors.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=listen, daemon=True).start()
        yield listener.getsockname()[1], visitors
        for visitor in visitors:
            visitor.close()


@pytest.fixture(scope="module")
def graded(course, server):
    """The whole bank graded in one batch; and digests of what was handed in."""
    port, _ = server
    for student in HONEST:
        course.submit(student)
    course.submit("wrong", mean="def mean(values):\n    return 0.0")
    for cheat in CHEATS:
        cell = cheat.cell.replace("{course}", str(course.root))
        course.submit(cheat.name, mean=cell.replace("{port}", str(port)))
    (course.folder("links") / "solution.ipynb").symlink_to(course.lab.path)
    (course.folder("links") / "book.db").symlink_to(course.root / "gradebook.db")
    course.submit("links")
    (course.folder("shadows") / "numpy.py").write_text("isclose = lambda *a: True")
    course.submit("shadows", mean="def mean(values):\n    return 0.0")
    for attack in FOLDERS:
        attack(course.submit(attack.__name__).parent)
    for attack in NOTEBOOKS:
        text, _ = written(course.answered(), attack)
        course.submit(attack.__name__, text=text)
    before, processes = digests(course), our_processes()
    marks = course.grade(workers=2, limits=LIMITS)
    return marks, before, processes


def digests(course):
    """Digests of what was handed in, as far as its paths and sizes are usual."""
    found = {}
    for folder, _, names in os.walk(course.root / "submitted"):
        for name in names:
            path = os.path.join(folder, name)
            if len(path) < 4000 and stat.S_ISREG(os.lstat(path).st_mode):
                size = os.lstat(path).st_size
                content = Path(path).read_bytes() if size < 50_000_000 else size
                found[path] = hashlib.sha256(repr(content).encode()).hexdigest()
    return found


def our_processes():
    return {p.pid for p in psutil.process_iter() if p.status() != "zombie"}


def total(marks):
    return sum(mark.points for mark in marks.marks if mark.exercise)


@pytest.mark.parametrize("student", HONEST)
def test_honest_neighbours_get_their_marks(graded, student):
    """Whoever was graded before or beside them."""
    marks, _, _ = graded

    assert total(marks[student]) == sum(FULL.values())
    assert marks[student].status == "graded"


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.name)
def test_a_cheat_gets_what_its_answer_is_worth(graded, cheat):
    """What honest code that is as wrong would get, and a definite state."""
    marks, _, _ = graded

    assert marks[cheat.name].status == "graded"
    accepted = {cheat.total, NOTHING} if cheat.may_time_out else {cheat.total}
    assert total(marks[cheat.name]) in accepted


@pytest.mark.parametrize("attack", FOLDERS, ids=lambda attack: attack.__name__)
def test_a_hostile_folder_costs_nothing_but_itself(graded, attack):
    """The answers in it are right."""
    marks, _, _ = graded

    assert marks[attack.__name__].status == "graded"
    assert total(marks[attack.__name__]) == ALL


@pytest.mark.parametrize("attack", NOTEBOOKS, ids=lambda attack: attack.__name__)
def test_a_hostile_file_gets_what_its_answers_are_worth(graded, course, attack):
    """A definite state, whatever is in it."""
    marks, _, _ = graded
    _, worth = written(course.answered(), attack)

    assert marks[attack.__name__].status in ("graded", "unreadable")
    assert total(marks[attack.__name__]) == worth


def test_the_yardstick_is_honest_and_wrong(graded):
    """A wrong mean costs the marks of the mean."""
    assert total(graded[0]["wrong"]) == LARGEST


def test_links_and_shadowing_files_gain_nothing(graded):
    """Links are reported; a file named like a library does not stand in for it."""
    marks, _, _ = graded

    assert total(marks["links"]) == sum(FULL.values())
    assert sum("is a link" in note for note in marks["links"].notes) == 1
    assert total(marks["shadows"]) == LARGEST


def test_nothing_outside_was_touched(graded, course, server):
    """Not the submissions, not the gradebook, not the network."""
    _, before, _ = graded

    assert digests(course) == before
    assert server[1] == []
    assert not list(course.root.glob("pickled")) + list(course.root.glob("daemon"))
    with course.gradebook() as gradebook:
        grades = [
            grade
            for submission in gradebook.assignment_submissions("means")
            for notebook in submission.notebooks
            for grade in notebook.grades
        ]
        assert all(grade.manual_score is None for grade in grades)


def test_nobody_is_left_behind(graded):
    """What the batch started is gone: no child of ours, and no orphan."""
    ours = {child.pid for child in psutil.Process().children(recursive=True)}
    for process in psutil.process_iter(["pid", "ppid", "cmdline"]):
        if process.pid in graded[2] or process.status() == "zombie":
            continue
        if process.pid in ours or process.info["ppid"] == 1:
            command = " ".join(process.info["cmdline"] or [])
            assert "autograder.sandbox" not in command


def test_what_is_kept_is_small(graded, course):
    """Whatever was printed or raised."""
    for student in graded[0]:
        folder = course.root / "autograded" / student / "means"
        assert sum(p.stat().st_size for p in folder.iterdir()) < 3_000_000


@pytest.mark.parametrize("student", ["rewrites-earlier-outputs", "script-in-a-message"])
def test_nothing_in_a_page_runs(graded, course, student):
    """Markup in outputs and messages is text."""
    page = course.page(student)

    assert "<script" not in page
    assert "<img src=x" not in page


def test_grading_the_bank_again_changes_nothing(graded, course):
    """Marks of hostile submissions are as repeatable as any."""
    shutil.rmtree(course.root / "autograded")
    students = ["walks-frames", "forges-results", "nested-lists", "wrong"]
    for folder in (course.root / "submitted").iterdir():
        if folder.name not in students:
            shutil.rmtree(folder)

    again = course.grade(force=True, workers=2, limits=LIMITS)

    assert {s: total(again[s]) for s in students} == dict.fromkeys(students, LARGEST)
