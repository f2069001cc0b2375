"""A TA's first run: from what a platform gives to submitted/<student>/<lab>/."""

import datetime
import io
import os
import zipfile

import pytest

from autograder.course import archive
from autograder.course.intake import take_in_download
from autograder.errors import UserError
from tests.course.downloads import LAB, NOON, moodle, notebook, zipped


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    root.mkdir()
    return root


def take(course, download, **options):
    return take_in_download(course, LAB, download, **options)


def statuses(report):
    return {one.student: one.status for one in report.taken}


def files(course, student):
    place = course / "submitted" / student / LAB
    return sorted(str(p.relative_to(place)) for p in place.rglob("*") if p.is_file())


def text(course, student, name=f"{LAB}.ipynb"):
    return (course / "submitted" / student / LAB / name).read_text()


@pytest.mark.parametrize("in_folder", [True, False])
def test_moodles_archive_with_and_without_folders(course, tmp_path, in_folder):
    """Names become folders; texts typed into Moodle are nobody's notebook."""
    download = zipped(
        tmp_path / "all.zip",
        {
            moodle("Ada Lovelace", 11, in_folder=in_folder): notebook("ada"),
            moodle("Zoë Núñez", 12, in_folder=in_folder): notebook("zoe"),
            "Bob_13_assignsubmission_onlinetext_/onlinetext.html": "<p>hello</p>",
        },
    )
    report = take(course, download)

    assert statuses(report) == {"ada-lovelace": "taken", "zoe-nunez": "taken"}
    assert files(course, "zoe-nunez") == [f"{LAB}.ipynb", "timestamp.txt"]
    assert text(course, "ada-lovelace") == notebook("ada")
    assert [refused.name for refused in report.refused] == [
        "Bob_13_assignsubmission_onlinetext_/onlinetext.html"
    ]


def test_canvas_archive(course, tmp_path):
    """Late or not, the last attempt, anonymous or named."""
    download = zipped(
        tmp_path / "submissions.zip",
        {
            f"lovelaceada_LATE_501_9001_{LAB}.ipynb": notebook("first"),
            f"lovelaceada_LATE_501_9002_{LAB}-2.ipynb": notebook("second"),
            "lovelaceada_LATE_501_9003_data.csv": "1,2",
            f"anon_Xy3_9004_{LAB}.ipynb": notebook("anon"),
        },
    )
    report = take(course, download)

    assert statuses(report) == {"lovelaceada": "taken", "participant-Xy3": "taken"}
    assert text(course, "lovelaceada") == notebook("second")
    assert text(course, "lovelaceada", "data.csv") == "1,2"
    (ada, _) = report.taken
    assert ada.note == f"Canvas says it was late; 2 notebooks; {LAB}-2.ipynb was taken"


def test_a_folder_of_archives(course, tmp_path):
    """Two groups' downloads beside each other, and one damaged file."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    zipped(folder / "a.zip", {moodle("Ada", 1): notebook("ada")})
    zipped(folder / "b.zip", {moodle("Bob", 2): notebook("bob")})
    (folder / "c.zip").write_bytes(b"PK\x03\x04 and then nothing")
    report = take(course, folder)

    assert statuses(report) == {"ada": "taken", "bob": "taken"}
    assert [refused.name for refused in report.refused] == ["c.zip"]


def test_a_folder_of_one_archive_for_each_student(course, tmp_path):
    """The archive's name is the student's."""
    for student in ("ada", "bob"):
        zipped(tmp_path / f"{student}.zip", {f"{LAB}.ipynb": notebook(student)})
    report = take(course, tmp_path)

    assert statuses(report) == {"ada": "taken", "bob": "taken"}
    assert text(course, "bob") == notebook("bob")


def test_plain_folders_and_notebooks(course, tmp_path):
    """One folder a student, or a notebook named after its student."""
    for path in (
        f"in/s01/{LAB}.ipynb",
        f"in/s02/{LAB}/{LAB}.ipynb",
        f"in/s02/{LAB}/data/run_1_2_x.csv",
        "in/s03.ipynb",
        f"in/{LAB}_s04.ipynb",
        f"in/{LAB}.ipynb",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(notebook(path))
    report = take(course, tmp_path / "in")

    assert statuses(report) == dict.fromkeys(("s01", "s02", "s03", "s04"), "taken")
    assert files(course, "s02")[0] == "data/run_1_2_x.csv"
    assert [refused.name for refused in report.refused] == [f"{LAB}.ipynb"]
    assert statuses(take(course, tmp_path / "in" / "s03.ipynb")) == {"s03": "unchanged"}


def test_a_students_own_archive_is_opened(course, tmp_path):
    """Students zip what they were asked to hand in."""
    inner = zipped(
        io.BytesIO(),
        {f"work/{LAB}.ipynb": notebook("ada"), "work/d.csv": "1", "__MACOSX/x": ""},
    )
    download = zipped(
        tmp_path / "all.zip", {moodle("Ada", 1, "my work.zip"): inner.getvalue()}
    )

    assert statuses(take(course, download)) == {"ada": "taken"}
    assert files(course, "ada") == ["d.csv", f"{LAB}.ipynb", "timestamp.txt"]


def test_running_it_again_changes_nothing(course, tmp_path):
    """Not even a file's time."""
    download = zipped(tmp_path / "all.zip", {moodle("Ada", 1): notebook("ada")})
    take(course, download)
    before = {p: p.lstat().st_mtime_ns for p in (course / "submitted").rglob("*")}
    report = take(course, download)

    assert statuses(report) == {"ada": "unchanged"}
    assert {
        p: p.lstat().st_mtime_ns for p in (course / "submitted").rglob("*")
    } == before
    assert not (course / "replaced").exists()


def test_a_newer_hand_in_replaces_and_the_old_one_is_kept(course, tmp_path):
    """An older one, or one of the same time, is left out."""
    name = moodle("Ada", 1)
    for day, status in ((20, "taken"), (22, "replaced"), (21, "older"), (22, "older")):
        content = (notebook(f"{day}{status}"), (2026, 11, day, 12, 0, 0))
        report = take(course, zipped(tmp_path / "all.zip", {name: content}))
        assert statuses(report) == {"ada": status}

    assert text(course, "ada") == notebook("22replaced")
    assert text(course, "ada", "timestamp.txt") == "2026-11-22 12:00:00 UTC\n"
    old = course / "replaced" / "ada" / LAB / "1"
    assert (old / f"{LAB}.ipynb").read_text() == notebook("20taken")


def test_times_of_an_archive_are_in_the_courses_time_zone(course, tmp_path):
    """Zip archives keep the server's clock and no zone."""
    (course / "course.yaml").write_text("time_zone: America/New_York")
    take(course, zipped(tmp_path / "all.zip", {moodle("Ada", 1): notebook("ada")}))

    assert text(course, "ada", "timestamp.txt") == "2026-11-20 17:00:00 UTC\n"


def test_times_of_the_download_are_not_those_of_the_hand_in(course, tmp_path):
    """Moodle stamps every file with the moment at which it packs it."""
    path = zipped(
        tmp_path / "all.zip", {moodle(s, n): notebook(s) for n, s in enumerate("abc")}
    )
    made = datetime.datetime(2026, 11, 20, 12, 1, tzinfo=datetime.UTC).timestamp()
    os.utime(path, (made, made))
    report = take(course, path)

    assert report.num_without_time == 3
    assert files(course, "a") == [f"{LAB}.ipynb"]
    assert take(course, path, trust_archive=True).num_without_time == 0
    assert text(course, "a", "timestamp.txt") == "2026-11-20 12:00:00 UTC\n"


def test_times_from_the_platforms_worksheet_come_first(course, tmp_path):
    """Also for what was taken before."""
    download = zipped(tmp_path / "all.zip", {moodle("Ada", 1): notebook("ada")})
    take(course, download)
    moment = datetime.datetime(2026, 11, 19, 8, 30, tzinfo=datetime.UTC)
    report = take(course, download, times={"1": moment})

    assert statuses(report) == {"ada": "unchanged"}
    assert text(course, "ada", "timestamp.txt") == "2026-11-19 08:30:00 UTC\n"


def test_students_are_found_in_the_roster(course, tmp_path):
    """By number or by name; who is missing there is noted."""
    (course / "students.csv").write_text(
        "id,name,canvas\ns1,Ada Lovelace,\ns2,Bob Ray,77\ns3,Ann Lee,\ns4,Ann Lee,\n"
    )
    download = zipped(
        tmp_path / "all.zip",
        {
            f"{name}_{number}_1_{LAB}.ipynb": notebook(name)
            for name, number in [
                ("lovelaceada", 76),
                ("rayrobert", 77),
                ("leeann", 78),
                ("eve", 79),
            ]
        },
    )
    report = take(course, download)

    assert statuses(report) == dict.fromkeys(("s1", "s2", "leeann", "eve"), "taken")
    notes = {one.student: one.note for one in report.taken}
    assert notes["leeann"] == "not in students.csv only once"
    assert notes["eve"] == "not in students.csv"
    assert notes["s1"] == notes["s2"] == ""


def test_two_people_of_one_name_stay_two(course, tmp_path):
    """Each keeps a folder, in this download and the next."""
    first = zipped(
        tmp_path / "1.zip",
        {moodle("Ann Lee", 1): notebook("1"), moodle("Ann Lee", 2): notebook("2")},
    )
    assert statuses(take(course, first)) == {"ann-lee-1": "taken", "ann-lee-2": "taken"}
    second = zipped(
        tmp_path / "2.zip",
        {moodle("Ann Lee", 1): (notebook("new"), (2026, 11, 21, 0, 0, 0))},
    )

    assert statuses(take(course, second)) == {"ann-lee-1": "replaced"}


def test_two_numbers_are_never_one_student(course, tmp_path):
    """The roster knows one Ann Lee, the platform two."""
    (course / "students.csv").write_text("id,name\ns1,Ann Lee\n")
    report = take(
        course,
        zipped(
            tmp_path / "1.zip",
            {moodle("Ann Lee", 1): notebook("1"), moodle("Ann Lee", 2): notebook("2")},
        ),
    )

    assert sorted(one.status for one in report.taken) == ["refused", "taken"]
    assert "is number 2 here and 1 before" in report.taken[1].note
    assert text(course, "s1") == notebook("1")


def test_a_canvas_number_means_the_same_person_in_every_lab(course, tmp_path):
    """Even where the name has changed."""
    one = zipped(tmp_path / "1.zip", {"ray_7_1_other.ipynb": notebook("ray")})
    take_in_download(course, "other", one)
    two = zipped(tmp_path / "2.zip", {f"raymond_7_2_{LAB}.ipynb": notebook("ray")})

    assert statuses(take(course, two)) == {"ray": "taken"}


HOSTILE = {
    "../../evil.ipynb": "leaves it",
    "/etc/evil.ipynb": "leaves it",
    "C:\\evil.ipynb": "leaves it",
    moodle("Eve", 3, "../../x.ipynb"): "leaves it",
    "a" * 300 + "_1_assignsubmission_file_/x.ipynb": "at most 255 bytes",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_entry_leaves_its_folder(course, tmp_path, name):
    """One bad entry is refused, the others are taken."""
    download = zipped(
        tmp_path / "all.zip", {name: notebook("evil"), moodle("Ada", 1): notebook("a")}
    )
    report = take(course, download)

    assert statuses(report) == {"ada": "taken"}
    assert [HOSTILE[name] in r.reason for r in report.refused] == [True]
    assert not list(tmp_path.rglob("evil*")) and not list(tmp_path.rglob("x.ipynb"))


def test_a_link_in_an_archive_is_refused(course, tmp_path):
    """It would be followed by whoever reads it later."""
    path = zipped(tmp_path / "all.zip", {moodle("Ada", 1): notebook("a")})
    with zipfile.ZipFile(path, "a") as file:
        info = zipfile.ZipInfo(moodle("Eve", 2), NOON)
        info.external_attr = 0o120777 << 16
        file.writestr(info, "/etc/passwd")
    report = take(course, path)

    assert statuses(report) == {"ada": "taken"}
    assert "a link or a special file" in report.refused[0].reason


def test_links_in_a_folder_are_refused(course, tmp_path):
    """Also one to a folder."""
    source = tmp_path / "in"
    (source / "ada").mkdir(parents=True)
    (source / "ada" / f"{LAB}.ipynb").write_text(notebook("a"))
    (source / "ada" / "passwd").symlink_to("/etc/passwd")
    (source / "eve").symlink_to(source / "ada")
    report = take(course, source)

    assert statuses(report) == {"ada": "taken"}
    assert files(course, "ada")[0] == f"{LAB}.ipynb"
    assert sorted(refused.name for refused in report.refused) == ["ada/passwd", "eve"]


def test_a_small_archive_cannot_become_a_large_one(course, tmp_path, monkeypatch):
    """The reader stops at its limit, whatever the entry says of its size."""
    bomb = zipped(
        tmp_path / "all.zip",
        {moodle("Eve", 2): b"0" * 30_000_000, moodle("Ada", 1): notebook("a")},
    )
    content = bytearray(bomb.read_bytes())
    assert len(content) < 100_000
    report = take(course, bomb)
    assert statuses(report) == {"ada": "taken", "Eve": "refused"}
    assert "at most 20 MB" in report.taken[1].note

    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1_000_000)
    report = take(course, bomb)
    assert statuses(report) == {"ada": "unchanged"}
    assert "at most 1 MB" in report.refused[0].reason


def test_an_archive_that_lies_about_a_size_is_damaged(course, tmp_path):
    """Zip's checksum does not fit; nothing is written."""
    path = zipped(tmp_path / "all.zip", {moodle("Eve", 2): b"0" * 1_000_000})
    content = path.read_bytes().replace(
        (1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    )
    path.write_bytes(content)
    report = take(course, path)

    assert statuses(report) == {"Eve": "refused"}
    assert not (course / "submitted").exists()


def test_names_in_old_encodings_are_read(course, tmp_path):
    """UTF-8 that does not say so, and bytes that are no UTF-8 at all."""
    path = tmp_path / "all.zip"
    zipped(
        path,
        {moodle("ZZZZ", 1): notebook("z"), moodle("YYYY", 2): notebook("y")},
    )
    content = (
        path.read_bytes()
        .replace(b"ZZZZ", "éé".encode())
        .replace(b"YYYY", b"\xe9Y\xe9Y")
    )
    path.write_bytes(content)
    report = take(course, path)

    assert statuses(report)["ee"] == "taken"
    assert len(report.taken) == 2


def test_a_student_cannot_write_when_they_handed_in(course, tmp_path):
    """timestamp.txt is ours."""
    download = zipped(
        tmp_path / "all.zip",
        {
            moodle("Eve", 1): notebook("eve"),
            moodle("Eve", 1, "timestamp.txt"): "2020-01-01 00:00:00 UTC",
            moodle("Eve", 1, ".hidden"): "x",
        },
    )
    take(course, download)

    assert text(course, "eve", "timestamp.txt") == "2026-11-20 12:00:00 UTC\n"
    assert files(course, "eve") == [f"{LAB}.ipynb", "timestamp.txt"]


def test_who_handed_in_no_notebook_is_told(course, tmp_path):
    """By the names of what is there."""
    report = take(course, zipped(tmp_path / "a.zip", {moodle("Eve", 1, "a.pdf"): "x"}))

    assert report.taken[0].note == f"expected a notebook {LAB}.ipynb, got a.pdf"


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda path: path / "missing.zip", "found no .*missing.zip"),
        (lambda path: path / "empty", "found none"),
        (lambda path: zipped(path / "e.zip", {}), "found none"),
        (lambda path: path / "text.zip", r"found none: text.zip: expected a zip"),
    ],
)
def test_a_download_with_nothing_in_it_is_refused(course, tmp_path, make, fault):
    """One sentence."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(UserError, match=fault):
        take(course, make(tmp_path))


def test_a_damaged_memory_is_no_memory(course, tmp_path):
    """intake.json may be deleted or broken; names are found anew."""
    download = zipped(tmp_path / "all.zip", {moodle("Ada", 1): notebook("ada")})
    take(course, download)
    (course / "intake.json").write_text("[1")

    assert statuses(take(course, download)) == {"ada": "unchanged"}
