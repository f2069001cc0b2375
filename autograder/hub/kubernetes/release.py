"""Give a lab out on a cluster: into ngshare, once."""

from typing import Literal

from autograder.authoring.generate import generate
from autograder.authoring.lab import Lab
from autograder.course.place import Place
from autograder.errors import UserError
from autograder.exchange.release import refuse_early, student_notebook
from autograder.hub.kubernetes.ngshare import Ngshare, as_file
from autograder.nbgrader_config import gradebook_url


def release_lab(
    ngshare: Ngshare, place: Place, lab: Lab, *, is_now: bool = False
) -> Literal["released", "already released"]:
    """Build `lab`, register it in the gradebook, give it to ngshare.

    ngshare cannot replace a lab without throwing away what was handed in, so a lab that
    was given out stays as it is.

    Parameters
    ----------
    is_now : bool
        Release it although its moment in `course.yaml` has not come.

    Raises
    ------
    UserError
        If it is too early, the lab has faults, or another version was given out.
    """
    refuse_early(place, lab.name, is_now=is_now)
    settings = place.settings.labs.get(lab.name)
    notebook = student_notebook(lab, settings.deadline if settings else None)
    file = as_file(f"{lab.name}.ipynb", notebook)
    course = place.settings.id
    if lab.name in ngshare.ask("GET", f"assignments/{course}")["assignments"]:
        (before,) = ngshare.ask("GET", f"assignment/{course}/{lab.name}")["files"]
        if "".join(before["content"].split()) != file["content"]:
            raise UserError(
                f"expected {lab.name} as it was released, got another version: ngshare "
                "would throw away the hand-ins with the old one, so it stays; tell "
                "students what changed"
            )
        return "already released"
    generate(lab, place.root, gradebook_url(place.root))
    ngshare.give(f"assignment/{course}/{lab.name}", file)
    return "released"
