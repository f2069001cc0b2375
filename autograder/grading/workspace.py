"""A fresh place for one submission to run in, with its data files and nothing else."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.grading.intake import Submission
from autograder.sandbox import Place, temporary_place


@contextmanager
def workspace(submission: Submission) -> Iterator[Place]:
    """Make a place with the submission's data files; remove it afterwards."""
    with temporary_place() as place:
        copy_files(submission.folder, submission.files, place.work)
        yield place


def copy_files(folder: Path, names: Iterable[str], target: Path) -> None:
    """Copy a submission's data files from its folder to the folder `target`."""
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, path, follow_symlinks=False)
