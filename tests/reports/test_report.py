"""The TA's page: complete, readable, and nothing in it runs."""

import re

import pytest

from autograder.reports.report import reasons_to_look, rendered, write_report
from tests.grading.test_feedback import Outline
from tests.reports.tiny_results import results, student

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def text_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page.split("</style>")[1]).split())


def section(page, name):
    return text_of("</style>" + page.split(f'<h2 id="{name}">')[1].split("<h2")[0])


@pytest.fixture(scope="module")
def page():
    return rendered(
        results(
            student("ada", (2, 3, 4), notes=("`x` was missing; it was put back",)),
            student(
                "bob",
                (0, 3, 0),
                misconceptions={"test-mean": "You averaged uniformly."},
                messages=[("test-largest", ATTACK)],
                review=("test-largest",),
                penalty=0.9,
                lateness="handed in 2 hours after the deadline",
                usage={"seconds": 12.34, "max_rss_bytes": 456_000_000},
            ),
            student("eve", (2, 3, 4), pending=False),
            student(
                "joe", (0, 0, 0), pending=False, status="unreadable", notes=("no JSON",)
            ),
            student(ATTACK, (1, 1, 1), ledger=None),
            waiting=("zoe",),
        )
    )


def test_who_needs_a_look_and_why_comes_first(page):
    """A flagged mark with its message; what is not graded at all is above."""
    look = section(page, "look")

    assert "bob test-largest: <script>alert(1)</script>" in (
        look.replace("&lt;", "<").replace("&gt;", ">")
    )
    assert "ada" not in look
    assert text_of(page).index("1 handed in but not graded") < text_of(page).index(
        "bob"
    )
    assert "zoe" in text_of(page)


def test_every_section_has_its_facts(page):
    """Marks, checks, mistakes, lateness, repairs, use of the machine."""
    assert "meaning 3 ada , bob" in section(page, "pending")
    assert re.search(r"mean 5 4 3\.75 4", section(page, "exercises"))
    assert "Misconception: You averaged uniformly." in section(page, "mistakes")
    assert "bob 0.9 handed in 2 hours" in section(page, "late")
    assert "`x` was missing; it was put back 1 ada" in section(page, "repaired")
    assert "bob 12.3 - 456.0" in section(page, "usage")
    assert "1 pending -0.9 2.1 ?" in section(page, "marks")


def test_nothing_in_the_page_runs_or_loads(page):
    """What students wrote is text; there is nothing to fetch."""
    assert ATTACK not in page
    outline = Outline(page)
    assert not outline.named("script", "iframe", "img", "link", "form", "object")
    for _, attributes in outline.tags:
        assert not any(name.startswith("on") for name in attributes)
    links = [a["href"] for _, a in outline.named("a")]
    assert all(link.startswith(("#", "feedback/")) for link in links)
    assert "default-src 'none'" in page and "url(" not in page


def test_the_page_can_be_read_aloud(page):
    """Headings without a gap, named columns, charts with a label."""
    outline = Outline(page)
    levels = [int(tag[1]) for tag, _ in outline.named("h1", "h2", "h3")]

    assert outline.named("html")[0][1]["lang"] == "en"
    assert levels == [1, *[2] * (len(levels) - 1)]
    assert all(a["scope"] in ("col", "row") for _, a in outline.named("th"))
    assert all(a["role"] == "img" and a["aria-label"] for _, a in outline.named("svg"))
    ids = {a["id"] for _, a in outline.tags if "id" in a}
    links = {a["href"] for _, a in outline.named("a") if a["href"].startswith("#")}
    assert {link[1:] for link in links} == ids


@pytest.mark.parametrize("count", [0, 1])
def test_a_course_with_nobody_or_one_student(count):
    """Every section says that there is nothing, instead of dividing by it."""
    students = [student(f"s{k}", (2, 3, 4)) for k in range(count)]
    page = rendered(results(*students, waiting=["zoe"] if not count else []))

    assert "With fewer than 20 students" in text_of(page)
    assert f"{count} student" in text_of(page)
    assert "None of" not in text_of(page) and "nan" not in text_of(page)


def test_reasons_are_joined_where_they_are_the_same():
    """One sentence for a kernel that died, not one for each check after it."""
    died = [("test-mean-many", "the kernel died"), ("test-largest", "the kernel died")]
    names = ("test-mean-many", "test-largest")
    marks = student("ada", (2, 0, 0), messages=died, review=names).marks

    assert reasons_to_look(marks) == ["test-mean-many, test-largest: the kernel died"]


def test_the_file_is_written_in_one_step_with_any_name(tmp_path):
    """A folder's name need not be UTF-8."""
    path = write_report(results(student("b\udcff", (2, 3, 4))), tmp_path)

    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert "b\\udcff" in path.read_text() and "feedback/b%FF/" in path.read_text()
