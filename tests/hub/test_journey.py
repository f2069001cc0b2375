"""A lab from release to feedback, clicked through in a browser by five people.

The tests of this module are one story and run in this order.
"""

import re
import shutil

import pytest

from autograder.authoring.bank import read_bank
from autograder.authoring.catalog import find_lab
from autograder.hub.demo_course import LAB, PASSWORD, make_demo_course
from autograder.simulated_class import answered, without_markers
from tests.hub.browser import ARGUMENTS, Person
from tests.hub.conftest import ROOT, Hub

pytestmark = pytest.mark.slow


SCRIPTS = """\
what chandra wrote
<script>window.pwned = 1</script> <img src="x" onerror="window.pwned = 2">
<svg onload="window.pwned = 3"></svg> <a href="javascript:window.pwned = 4">here</a>
<iframe srcdoc="<script>parent.pwned = 5</script>"></iframe>
"""
DISPLAYS_SCRIPTS = f"""\
from IPython.display import HTML, SVG, Javascript, Markdown, display
for kind in (HTML, Markdown):
    display(kind({SCRIPTS!r}))
display(Javascript("window.pwned = 6"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned = 7'/>"))
print({SCRIPTS!r})
"""


@pytest.fixture(scope="module")
def hub(_tools, tmp_path_factory):
    """A course whose lab is not given out yet."""
    hub = Hub(tmp_path_factory.mktemp("hub") / "course")
    make_demo_course(hub.course)
    try:
        yield hub.start()
    finally:
        hub.close()


@pytest.fixture(scope="module")
def left():
    """The addresses of requests that left this machine."""
    return set()


@pytest.fixture(scope="module")
def chromium():
    """Debian's browser; none is ever downloaded."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def person(chromium, hub, left):
    """Return a function: the person of this name, with a browser, logged in."""
    people = {}

    def known(name):
        if name not in people:
            people[name] = Person(chromium, hub.address, name, left)
            people[name].log_in(PASSWORD)
        return people[name]

    return known


@pytest.fixture(scope="module")
def lab():
    return find_lab(ROOT, LAB)


@pytest.fixture(scope="module")
def mutant(lab):
    """A known mistake: the gradient is added instead of taken away."""
    return next(answer for answer in read_bank(lab) if answer.name == "ascent")


def solved(lab, released, **wrong):
    """Return the notebook with the model answers, but for those given."""
    cells = lab.of_kind("exercise", "question")
    right = {cell.grade_id: without_markers(cell.source) for cell in cells}
    return answered(released, right | wrong)


def test_the_instructor_gives_the_lab_out(person):
    """From the Course List to formgrader, in a tab of its own; one click releases."""
    desk = person("grace").course_desk()
    desk.click(LAB, "release")

    assert "Successfully released" in desk.said()


@pytest.mark.parametrize("name", ["ada", "bob"])
def test_a_student_fetches_it(person, name):
    """From the Assignment List into one's own home."""
    student = person(name)
    student.assignment_button("released", "Fetch").click()
    student.assignment_button("fetched", "Submit").wait_for()
    student.shoot("fetched")

    assert f"{LAB}.ipynb" in student.listing(LAB)


def test_validate_says_success_of_a_right_notebook(person, lab):
    """Ada has solved everything."""
    ada = person("ada")
    ada.put(f"{LAB}/{LAB}.ipynb", solved(lab, ada.text(f"{LAB}/{LAB}.ipynb")))

    assert "Success! Your notebook passes all the tests." in ada.validate(LAB)


def test_validate_says_the_sentence_of_the_check_that_fails(person, lab, mutant):
    """Bob has made a known mistake: no stack trace, and nobody else's exercise."""
    bob = person("bob")
    wrong = {mutant.exercise: mutant.source}
    bob.put(f"{LAB}/{LAB}.ipynb", solved(lab, bob.text(f"{LAB}/{LAB}.ipynb"), **wrong))
    said = bob.validate(LAB)

    assert said.count("The following cell failed") == 1
    assert "expected 10 - 0.5 * 3 = 8.5, got [11.5]" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["ada", "bob"])
def test_a_student_hands_it_in(person, name):
    """Once more from the Assignment List."""
    student = person(name)
    student.open_lab()
    student.assignment_button("fetched", "Submit").click()
    student.assignment_button("submitted", "Fetch Feedback").wait_for()
    student.shoot("submitted")


def test_a_third_hands_in_scripts(hub, lab):
    """Chandra's answers are there to run in the assistant's browser."""
    asked = {"course_id": "fl101", "assignment_id": LAB}
    with hub.visitor("chandra") as chandra:
        chandra.log_in()
        chandra.start_server()
        chandra.call("POST", "assignments/fetch", json=asked)
        path = f"{LAB}/{LAB}.ipynb"
        released = chandra.get(chandra.own(f"files/{path}")).text
        answers = {lab.exercises[0]: DISPLAYS_SCRIPTS}
        answers |= {cell.grade_id: SCRIPTS for cell in lab.of_kind("question")}
        model = {"type": "file", "format": "text"}
        model["content"] = answered(released, answers)
        chandra.call("PUT", f"api/contents/{path}", json=model)
        answer = chandra.call("POST", "assignments/submit", json=asked)

    assert "submitted" in answer.text


def test_an_assistant_collects_grades_and_releases_feedback(person):
    """Three clicks in formgrader."""
    desk = person("alan").course_desk()
    desk.click(LAB, "collect")
    assert "Successfully collected" in desk.said()
    desk.open_submissions(LAB)
    desk.click("bob", "autograde")
    assert "Successfully autograded" in desk.said()
    desk.open_assignments()
    desk.click(LAB, "release-feedback")
    assert "Successfully released feedback" in desk.said()


def test_scripts_in_a_notebook_do_not_run_in_formgrader(person):
    """Neither those in chandra's answers nor those in what her cells display."""
    desk = person("alan").course_desk()
    desk.open_submission(LAB, "chandra")

    assert "what chandra wrote" in desk.page.inner_text("body")
    assert desk.page.evaluate("window.pwned") is None


def test_scripts_in_a_notebook_do_not_run_in_its_feedback(person, hub):
    """The page of feedback, opened as JupyterLab does when HTML is trusted."""
    page = hub.course / "feedback" / "chandra" / LAB / f"{LAB}.html"
    tab = person("alan").context.new_page()
    tab.set_content(page.read_text(), wait_until="load")

    assert "chandra" in tab.inner_text("body")
    assert tab.evaluate("window.pwned") is None


def test_each_student_reads_the_own_feedback(person, mutant):
    """Bob reads what his mistake was; ada, who made none, does not."""
    pages = {name: person(name).feedback(LAB) for name in ("ada", "bob")}

    assert mutant.sentence in re.sub(r"\s+", " ", pages["bob"])
    assert mutant.sentence not in re.sub(r"\s+", " ", pages["ada"])


def test_nobody_reads_the_feedback_of_others(person):
    """Neither by address, nor among the files of the exchange."""
    ada, bob = person("ada"), person("bob")
    (page,) = [name for name in bob.files(f"{LAB}/feedback") if name.endswith(".html")]
    address = f"user/bob/files/{page}"

    assert bob.status(address) == 200
    assert ada.status(address) in (403, 404)


def test_a_student_reaches_neither_formgrader_nor_the_gradebook(person):
    """The staff's server is closed, and one's own has no formgrader."""
    bob = person("bob")
    for address in (
        *("services/fl101/formgrader/", "services/fl101/lab"),
        "services/fl101/files/gradebook.db",
        "user/bob/formgrader/",
    ):
        assert bob.status(address) in (403, 404), address
    bob.page.goto(f"{bob.address}/services/fl101/formgrader/")
    bob.shoot("refused")


def test_nothing_was_asked_of_the_internet(person, left):
    """All that five browsers loaded came from this machine."""
    assert left == set()
