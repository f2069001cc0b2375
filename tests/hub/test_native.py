"""Logging in to a hub for real use: first passwords, then one's own."""

import pytest

from autograder.hub.first_passwords import first_password
from tests.hub.conftest import Hub

pytestmark = pytest.mark.slow

COURSE = "id: fl101\nstaff: {instructors: [grace]}\nhub: {authenticator: native}\n"
OWN, ANOTHER = "a password of my own", "what grace chose for her"


@pytest.fixture(scope="module")
def hub(_tools, tmp_path_factory):
    """A course of one student, without labs."""
    course = tmp_path_factory.mktemp("hub") / "course"
    course.mkdir()
    (course / "course.yaml").write_text(COURSE)
    (course / "students.csv").write_text("id,name\nada,Ada\n")
    hub = Hub(course)
    try:
        yield hub.start()
    finally:
        hub.close()


def comes_in(hub, name, password):
    """Return whether the login form lets somebody in."""
    with hub.visitor(name) as visitor:
        visitor.follow_redirects = False
        return visitor.log_in(password).status_code == 302


def test_the_first_password_lets_in_its_owner_alone(hub):
    """Nobody takes somebody else's account by being first."""
    ada = first_password(hub.course / "hub", "ada")

    assert not comes_in(hub, "ada", "guess")
    assert not comes_in(hub, "grace", ada)
    assert not comes_in(hub, "mallory", first_password(hub.course / "hub", "mallory"))
    assert comes_in(hub, "ada", ada)
    assert comes_in(hub, "ADA", ada)


def test_nobody_signs_up(hub):
    """The page is not there."""
    with hub.visitor("mallory") as visitor:
        assert visitor.get("/hub/signup").status_code == 404


def test_ones_own_password_takes_the_place_of_the_first(hub):
    """Changed on the hub's own page."""
    first = first_password(hub.course / "hub", "ada")
    with hub.visitor("ada") as ada:
        ada.follow_redirects = False
        assert ada.log_in(first).status_code == 302
        ada.follow_redirects = True
        ada.get("/hub/change-password").raise_for_status()
        form = {"old_password": first, "new_password": OWN}
        form |= {"new_password_confirmation": OWN}
        form["_xsrf"] = ada.cookies.get("_xsrf", path="/hub/")
        ada.post("/hub/change-password", data=form).raise_for_status()

    assert comes_in(hub, "ada", OWN)
    assert not comes_in(hub, "ada", first)


def test_an_instructor_changes_a_forgotten_password(hub):
    """On the page that is for admins."""
    with hub.visitor("grace") as grace:
        grace.follow_redirects = False
        assert grace.log_in(first_password(hub.course / "hub", "grace")).is_redirect
        grace.get("/hub/change-password/ada").raise_for_status()
        form = {"new_password": ANOTHER, "new_password_confirmation": ANOTHER}
        form["_xsrf"] = grace.cookies.get("_xsrf", path="/hub/")
        grace.post("/hub/change-password/ada", data=form).raise_for_status()

    assert comes_in(hub, "ada", ANOTHER)


def test_who_joins_the_roster_needs_no_restart(hub):
    """It is read at every login."""
    (hub.course / "students.csv").write_text("id,name\nada,Ada\nzoe,Zoe\n")

    assert comes_in(hub, "zoe", first_password(hub.course / "hub", "zoe"))
