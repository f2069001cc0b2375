"""What commands print with: results on stdout, the rest and progress on stderr."""

from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

out = Console()
err = Console(stderr=True)


def progress_bar() -> Progress:
    """Return a bar with how many are done and how long the rest will take."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def advance(
    progress: Progress, task: TaskID, done: int, total: int, what: str = ""
) -> None:
    """Move a bar on; bind the first two to get what packages call for progress."""
    progress.update(task, completed=done, total=total)
    if what:
        progress.update(task, description=plain(f"graded {what}").plain)


def shown(path: Path) -> str:
    """Return a path as short as it can be said from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def say(text: str) -> None:
    """Print lines as they are: a student's names may look like markup."""
    out.print(plain(text), soft_wrap=True)


def plain(text: str) -> Text:
    """Return text without what a terminal would obey: a name can hold such codes."""
    return Text("".join(c if c.isprintable() or c == "\n" else "?" for c in text))
