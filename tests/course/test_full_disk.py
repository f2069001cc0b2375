"""A full disk, made of a small file system in memory: one sentence, nothing lost."""

import subprocess

import pytest

from autograder.course.place import place_of
from autograder.errors import UserError, said_of
from autograder.exchange import on_submit as service_module
from autograder.exchange.collect import collect
from autograder.exchange.feedback import put_page, release_feedback
from autograder.exchange.on_submit import OnSubmit
from tests.course.test_collect import YAML, graded, hand_in, submitted
from tests.grading.tiny import RIGHT


@pytest.fixture
def small_disk():
    """Mount a disk of 200 kB at a folder."""
    mounted = []

    def mount(folder):
        folder.mkdir(parents=True, exist_ok=True)
        line = ["mount", "-t", "tmpfs", "-o", "size=200k,mode=755", "none", folder]
        if subprocess.run(line, capture_output=True).returncode != 0:
            pytest.skip("mounting a small disk takes root's rights")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "course.yaml").write_text(YAML)
    place = place_of(tmp_path)
    place.inbound.mkdir(parents=True)
    return place


def fill(folder):
    """Leave no room; return the file that takes it."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 4096)
    return path


def test_collecting_stops_in_one_sentence(place, small_disk):
    """What was collected before is whole, and nothing half done is left."""
    hand_in(place, "ada", text="first")
    collect(place, "lab")
    small_disk(place.root / "submitted" / "ada")
    hand_in(place, "ada", "2026-11-20 16:10", text="x" * 50_000)
    collect(place, "lab")
    hand_in(place, "ada", "2026-11-20 16:20", text="y" * 180_000)

    with pytest.raises(UserError, match=r"room for the hand-in of ada in .* full disk"):
        collect(place, "lab")
    assert [path.name for path in submitted(place, "ada").parent.iterdir()] == ["lab"]
    assert (submitted(place, "ada") / "lab.ipynb").read_text() == "x" * 50_000


def test_a_page_is_whole_or_the_old_one(place, small_disk):
    """Students never fetch half a page."""
    small_disk(place.feedback)
    hand_in(place, "ada")
    collect(place, "lab")
    graded(place, "ada", "short page")
    release_feedback(place, "lab")
    graded(place, "ada", "long page" * 30_000)

    with pytest.raises(UserError, match=r"room for a page of feedback in .*full disk"):
        release_feedback(place, "lab")
    (page,) = place.feedback.iterdir()
    assert page.read_text() == "short page"


def test_a_report_waits_for_room(place, small_disk, monkeypatch):
    """The hand-in is not taken for answered, and not blamed."""

    def report(place, lab, handins, done, **options):
        for one in handins:
            done(one, "<main>report" + "." * 10_000)

    monkeypatch.setattr(service_module, "report", report)
    monkeypatch.setattr(service_module, "find_lab", lambda root, name: None)
    monkeypatch.setattr(service_module, "forget", lambda place, lab: None)
    small_disk(place.feedback)
    filler = fill(place.feedback)
    hand_in(place, "ada")
    service = OnSubmit(place.root, place.root, ["lab"])

    for _ in range(5):
        with pytest.raises(UserError, match="full disk"):
            service.step()
    filler.unlink()
    assert service.step() == 1
    (page,) = place.feedback.iterdir()
    assert "automatic report" in page.read_text()


@pytest.mark.slow
def test_an_exchange_without_room_loses_nothing(home, run, student, small_disk):
    """A release and a hand-in are refused; what was there stands, and later all is."""
    exchange = small_disk(home / "course" / "hub" / "exchange")
    run("release", "means")
    ada = student("ada")
    ada.fetch("means")
    ada.submit("means")
    released = exchange / "fl101" / "outbound" / "means" / "means.ipynb"
    before = released.read_bytes()
    filler = fill(exchange)
    source = home / "solutions" / "means" / "means.py"
    source.write_text(source.read_text().replace("average to 2, got", "give 2, got"))

    said = run("release", "means", "--force", status=2)
    assert "expected room for the release of means in" in said
    assert "nothing of it was changed" in said
    assert released.read_bytes() == before
    ada.answer("means", RIGHT)
    with pytest.raises(OSError, match="No space"):
        ada.submit("means")
    said = run("collect", "means")
    assert "1 left out, 1 collected" in said and "start pages are as before" in said

    filler.unlink()
    ada.submit("means")
    assert "1 updated" in run("collect", "means")
    run("release", "means", "--force")
    assert released.read_bytes() != before


def test_what_else_the_system_refuses_is_one_sentence():
    """A right that is missing; other faults are ours and stay what they are."""
    denied = PermissionError(13, "Permission denied", "/srv/exchange")

    assert said_of(denied).startswith("expected the right to do it in /srv/exchange")
    assert "full disk" in said_of(OSError(28, "No space left on device"))
    assert said_of(FileNotFoundError(2, "No such file", "x")) == ""


def test_other_faults_pass_and_clean_up(place):
    """Only what is half done is removed."""
    place.feedback.parent.joinpath("feedback").write_text("a file in the way")
    with pytest.raises(FileExistsError):
        put_page(place, "x.html", b"page")
