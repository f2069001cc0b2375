"""To whom the course folder belongs after root has worked in it."""

import os

import pytest

from autograder.course.ownership import keep_owner
from autograder.course.place import place_of

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give away")


@pytest.fixture
def place(tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "course.yaml").write_text("id: fl101\n")
    os.chown(tmp_path / "course", 4321, 4321)
    place = place_of(tmp_path / "course")
    for folder in (place.inbound / "ada+lab", place.outbound / "lab", place.hub / "x"):
        folder.mkdir(parents=True)
    return place


def owner(path):
    return path.lstat().st_uid


def test_what_root_made_belongs_to_whom_the_folder_belongs(place):
    """The course's own files and what it gives out; not hand-ins, not the hub's."""
    (place.root / "feedback").mkdir()
    (place.root / "feedback" / "page.html").write_text("")
    keep_owner(place)

    assert owner(place.root / "feedback" / "page.html") == 4321
    assert owner(place.outbound / "lab") == 4321
    assert owner(place.inbound) == 4321
    assert owner(place.inbound / "ada+lab") == 0
    assert owner(place.root / "course.yaml") == 0
    assert owner(place.hub / "x") == 0


def test_a_link_gives_nothing_away(place, tmp_path):
    """The link itself changes hands, what it points to does not."""
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "file").write_text("")
    (place.root / "link").symlink_to(tmp_path / "roots")
    keep_owner(place)

    assert owner(tmp_path / "roots") == 0
    assert owner(tmp_path / "roots" / "file") == 0
    assert owner(place.root / "link") == 4321
