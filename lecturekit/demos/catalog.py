"""All demos by name, in the order of the course, and where their decks are."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from lecturekit.errors import UserError
from lecturekit.widgets import Deck

from .demo import Demo
from .solution import peek

NAMES = (
    "one-round",
    "client-drift",
    "server-momentum",
    "stragglers",
    "bytes-and-seconds",
    "photon-rounds",
    "secure-sum",
    "privacy-noise",
)
RECORDED = Path(__file__).parent / "recorded"


def demo(name: str) -> Demo:
    """Return a demo.

    Raises
    ------
    UserError
        If there is none of that name.
    """
    _check(name)
    module = import_module(f"lecturekit.demos.{name.replace('-', '_')}")
    found: Demo = module.DEMO
    return found


def code(name: str) -> str:
    """Return the lines to show for a demo, or the sentence that says why not.

    A deck can be shown where the packages that it was recorded with are missing.
    """
    try:
        return peek(demo(name).code)
    except ImportError as error:
        return f"# These lines cannot be shown here: {error}."


def deck_path(name: str) -> Path:
    """Return where the deck of a demo is, or will be once it is recorded."""
    return RECORDED / f"{name}.json.gz"


def deck(name: str) -> Deck:
    """Return the recorded demo.

    Raises
    ------
    UserError
        If there is no such demo, or its deck is missing or damaged.
    """
    _check(name)
    return read_deck(deck_path(name), name)


def read_deck(path: Path, name: str = "NAME") -> Deck:
    """Return the deck in a file; UserError if it is missing or damaged."""
    if not path.is_file():
        raise UserError(
            f"expected the recorded deck {path.name}, got no such file: "
            f"run `lecturekit record {name}`"
        )
    try:
        return Deck.load(path)
    except ValueError as error:
        raise UserError(str(error)) from error


def decks() -> Iterator[tuple[str, Deck | None]]:
    """Yield every demo's name and deck, None where it is not recorded or damaged."""
    for name in NAMES:
        try:
            yield name, deck(name)
        except UserError:
            yield name, None


def _check(name: str) -> None:
    if name not in NAMES:
        raise UserError(
            f"expected one of the demos {', '.join(NAMES)}, got {name!r}: "
            "`lecturekit demo` lists them"
        )
