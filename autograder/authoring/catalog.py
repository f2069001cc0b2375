"""Which labs there are: `solutions/<lab>/<lab>.py`, found by name."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from autograder.authoring.lab import Lab, read_lab
from autograder.errors import UserError


def lab_names(root: Path) -> tuple[str, ...]:
    """Return the names of the labs whose sources stand in `root`/solutions, sorted.

    Raises
    ------
    UserError
        If there is no such folder, or one of its folders holds no lab of its name.
    """
    solutions = root / "solutions"
    if not solutions.is_dir():
        raise UserError(
            f"expected lab sources in {solutions}, got no such folder: name the folder "
            "that holds solutions/ (students do not have one)"
        )
    names = []
    for folder in sorted(solutions.iterdir()):
        if (folder / f"{folder.name}.py").is_file():
            names.append(folder.name)
        elif any(folder.glob("*.py")) and not folder.name.startswith((".", "_")):
            raise UserError(
                f"expected a lab source {folder / folder.name}.py, got none in that "
                "folder: a lab has its folder's name"
            )
    return tuple(names)


def choose(names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the chosen labs without repeats, all of them if `names` is empty.

    Raises
    ------
    UserError
        If a name is not that of a lab; it says which name is close.
    """
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f": did you mean {close[0]!r}?" if close else ""
            raise UserError(
                f"expected one of the labs {', '.join(known) or '(there are none)'}, "
                f"got {name!r}{hint}"
            )
    return tuple(dict.fromkeys(names)) or tuple(known)


def lab_path(root: Path, name: str) -> Path:
    """Return where the source of the lab `name` stands."""
    return root / "solutions" / name / f"{name}.py"


def find_lab(root: Path, name: str) -> Lab:
    """Read the lab `name`.

    Raises
    ------
    UserError
        If there is no such lab (it says which name is close), or its source cannot be
        read.
    """
    choose([name], lab_names(root))
    return read_lab(lab_path(root, name))
