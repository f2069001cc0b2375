"""From `solutions/` to `labs/`: every lab checked, generated, searched for leaks.

    solutions/<lab>/<lab>.py --checks--> source notebook --nbgrader--> release notebook
                                                 --leaks--> labs/<lab>/<lab>.ipynb

Nothing else is ever written to `labs/` but `README.md`, when all labs are built, and a
file only if its bytes change. What lies between, the notebook with the answers, is made
in a temporary folder and removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from autograder.authoring.catalog import choose, lab_names, lab_path
from autograder.authoring.checks import check as check_lab
from autograder.authoring.generate import generate
from autograder.authoring.lab import Lab, read_lab
from autograder.authoring.leaks import leaks
from autograder.authoring.notebook import as_bytes
from autograder.authoring.overview import overview
from autograder.authoring.percent import AuthoringError
from autograder.errors import UserError

__all__ = ["BuildReport", "build_labs", "generate"]


@dataclass(frozen=True)
class BuildReport:
    """What a build did, as lab names in the order in which they were built.

    Parameters
    ----------
    written : tuple of str
        Labs whose notebook is new or has changed.
    unchanged : tuple of str
        Labs whose notebook was already right.
    orphans : tuple of str
        Folders of `labs/` without a source. They are left alone.
    """

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    orphans: tuple[str, ...] = ()

    def summary(self) -> str:
        """Say it in a line, for instance "1 lab written (lab01), 3 unchanged"."""
        written = f"{_count(self.written)} written{_listed(self.written)}"
        orphans = f", no source for{_listed(self.orphans)}" if self.orphans else ""
        return f"{written}, {len(self.unchanged)} unchanged{orphans}"


def build_labs(
    root: Path, names: Sequence[str] = (), *, check: bool = False
) -> BuildReport:
    """Make the student notebooks of the labs `names` (of all labs if there are none).

    Parameters
    ----------
    root : Path
        The folder that holds `solutions/` and `labs/`.
    names : sequence of str
        Lab names, for instance "lab01_first_round".
    check : bool
        Write nothing; refuse unless `labs/` is exactly what a build would write.

    Raises
    ------
    UserError
        If a lab is unknown or has faults (all faults of all labs, one a line), if an
        answer would reach the students, or if `check` finds a difference.
    """
    known = lab_names(root)
    chosen = choose(names, known)
    labs = _sound_labs(root, chosen)
    released = student_notebooks(labs)
    files = {_student_path(root, name): text for name, text in released.items()}
    if not names:
        files[root / "labs" / "README.md"] = overview(labs).encode()
    stale = {path: text for path, text in files.items() if text != _now(path)}
    orphans = () if names else _orphans(root, known)
    if check and (stale or orphans):
        raise UserError(_difference(tuple(stale), orphans))
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    written = tuple(name for name in chosen if _student_path(root, name) in stale)
    unchanged = tuple(name for name in chosen if name not in written)
    return BuildReport(written, unchanged, orphans)


def student_notebooks(labs: Sequence[Lab]) -> dict[str, bytes]:
    """Return the student notebook of each lab, by name; nothing is written.

    Raises
    ------
    UserError
        If an answer would reach the students.
    """
    released = {}
    with TemporaryDirectory(prefix="labs-") as folder:
        for lab in labs:
            path = generate(lab, Path(folder), db_url=None)
            released[lab.name] = as_bytes(nbformat.read(path, as_version=4))
    _refuse([leak for lab in labs for leak in leaks(lab, released[lab.name])])
    return released


def _sound_labs(root: Path, names: Sequence[str]) -> list[Lab]:
    labs, faults = [], []
    for name in names:
        try:
            lab = read_lab(lab_path(root, name))
        except AuthoringError as error:
            faults.append(error)
        else:
            labs.append(lab)
            faults += check_lab(lab)
    _refuse(faults)
    return labs


def _refuse(faults: Sequence[AuthoringError]) -> None:
    if faults:
        raise UserError("\n".join(str(fault) for fault in faults))


def _student_path(root: Path, name: str) -> Path:
    return root / "labs" / name / f"{name}.ipynb"


def _now(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _orphans(root: Path, known: Sequence[str]) -> tuple[str, ...]:
    labs = root / "labs"
    folders = sorted(labs.iterdir()) if labs.is_dir() else []
    return tuple(
        folder.name
        for folder in folders
        if folder.is_dir() and not folder.name.startswith(".")
        if folder.name not in known
    )


def _difference(stale: Sequence[Path], orphans: Sequence[str]) -> str:
    parts = [
        f"{path.stem} is {'missing' if _now(path) is None else 'stale'}"
        for path in stale
    ]
    parts += [f"{name} has no source (remove it)" for name in orphans]
    return (
        f"expected labs/ to be what solutions/ give, got a difference: "
        f"{', '.join(parts)}. Run `autograder build`"
    )


def _count(names: Sequence[str]) -> str:
    return "1 lab" if len(names) == 1 else f"{len(names)} labs"


def _listed(names: Sequence[str]) -> str:
    return f" ({', '.join(names)})" if names else ""
