"""The command line of lectures: demo, export, record, replay, votes.

Commands only parse, call one function and say what came of it. What a user got wrong is
said in one sentence on stderr, with exit status 2.
"""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from lecturekit.errors import UserError

if TYPE_CHECKING:
    from lecturekit.widgets import Deck

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Show demos in a lecture, record them, take them along as one file.",
)
out, err = Console(), Console(stderr=True)

Name = Annotated[str, typer.Argument(help="For instance client-drift.")]
State = Annotated[
    str, typer.Option("--state", help="Begin there: what a link has after its #.")
]


@app.command()
def demo(
    name: Annotated[str, typer.Argument(help="None: list all demos.")] = "",
    state: State = "",
    browser: Annotated[bool, typer.Option(help="Open one.")] = True,
    port: Annotated[int, typer.Option(help="Of JupyterLab.")] = 8888,
    votes: Annotated[
        str, typer.Option(help="Where to count, as `lecturekit votes` printed it.")
    ] = "",
) -> None:
    """List the demos, or open one in JupyterLab, ready to be presented."""
    if not name:
        out.print(_table())
        return
    from lecturekit.demos.notebook import open_lab

    _check(_deck(name), state)
    arguments = (f"--port={port}", *(() if browser else ("--no-browser",)))
    shown = {"text": state, "votes": votes}
    raise typer.Exit(open_lab(name, arguments=arguments, **shown))


@app.command()
def export(
    name: Name,
    to: Annotated[
        Path | None, typer.Option("--out", help="The HTML file; default NAME.html.")
    ] = None,
    code: Annotated[
        bool, typer.Option("--code", help="With the lab's answer in it: not for all.")
    ] = False,
    state: State = "",
) -> None:
    """Write a demo as one HTML file without network or kernel, and a PDF handout."""
    from lecturekit.demos import catalog
    from lecturekit.demos.export import export as page_of
    from lecturekit.demos.handout import handout
    from lecturekit.demos.solution import source

    deck = _deck(name)
    _check(deck, state)
    lines = source(catalog.demo(name).code) if code else ""
    path = to or Path(f"{name}.html")
    page, paper = page_of(deck, code=lines, text=state), handout(deck)
    _write(path, page.encode())
    _write(path.with_suffix(".pdf"), paper)


@app.command()
def record(
    name: Name,
    work: Annotated[
        Path, typer.Option(help="Where states are kept until all are there.")
    ] = Path("build/recording"),
    to: Annotated[
        Path | None, typer.Option("--out", help="The deck; default the package's own.")
    ] = None,
) -> None:
    """Compute every state of a demo, before the lecture; goes on where it stopped."""
    from lecturekit.demos import catalog
    from lecturekit.demos.record import record as record_demo

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    found = catalog.demo(name)
    with Progress(*columns, TimeRemainingColumn(), console=err) as progress:
        task = progress.add_task(f"record {name}", total=len(found.plan.states()))
        deck = record_demo(
            found, work, lambda done, _: progress.update(task, completed=done)
        )
    _write(to or catalog.deck_path(name), deck.pack())


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(help="What grid.trace.save(...) wrote.")],
    other: Annotated[
        Path | None, typer.Argument(help="Another run, to see where they part.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="The HTML file; default TRACE.html.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open it.")] = True,
) -> None:
    """Step through the events of a run, or of two side by side, in a browser."""
    from lecturekit.demos.export import export as page_of
    from lecturekit.demos.replay import read_trace, replay as deck_of

    one, note = read_trace(trace)
    two, more = read_trace(other) if other else (None, "")
    path = to or trace.with_suffix(".html")
    _write(path, page_of(deck_of(one, two, f"{note} {more}".strip())).encode())
    if browser:
        typer.launch(path.resolve().as_uri())


@app.command()
def votes(
    name: Name,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 lets the class in; default this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8765,
) -> None:
    """Let a class predict on their own devices, anonymously; ends with Ctrl-C."""
    from lecturekit.demos.votes import serve

    with contextlib.suppress(KeyboardInterrupt):
        serve(_deck(name).plan, host=host, port=port, tell=lambda t: out.print(Text(t)))


def _table() -> Table:
    from lecturekit.demos import catalog

    table = Table("demo", "title", "lecture", "minutes", "what it shows")
    for name, deck in catalog.decks():
        if deck is None:
            table.add_row(name, Text("not recorded: lecturekit record " + name))
        else:
            plan = deck.plan
            table.add_row(name, plan.title, plan.lecture, str(plan.minutes), plan.shows)
    return table


def _deck(name: str) -> "Deck":
    from lecturekit.demos import catalog

    return catalog.deck(name)


def _check(deck: "Deck", state: str) -> None:
    """Refuse a state that the demo does not have."""
    from lecturekit.widgets import Stage

    try:
        Stage(deck.plan).restore(state)
    except ValueError as error:
        raise UserError(f"--state: {error}") from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise UserError(
            f"expected to write {path}, got {error.strerror}: choose another --out"
        ) from None
    out.print(Text(f"{path}  {len(data) / 1e6:.2f} MB"))


def main() -> None:
    """Run the command line; say bad input in one sentence and exit with 2."""
    try:
        app()
    except UserError as error:
        # Text, not markup: a sentence may hold brackets of its own.
        err.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
        raise SystemExit(2) from None
