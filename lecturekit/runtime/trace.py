"""The log of a run: what happened to whom, when, in the order in which it happened.

Plots, replays and assertions all read this one log. A row is written when something
*ends*; `seconds` says how long it took, so it began at `time_s - seconds`:

    asked       the server has a message for a client; its bytes and its model
    sent        the message begins to leave the server, or the reply its device (detail:
                "downlink" or "uplink"), after so many seconds of waiting for the link
    received    the client has it; seconds on the downlink
    computed    the client has done its work; its metrics, and the seconds of it
    failed      the client has crashed, or its code has raised; the seconds of its work
    replied     the reply has reached the server: its bytes, its model, its metrics, and
                the seconds on the uplink
    dropped     the server does not wait for this reply any longer, or had it already
    aggregated  the server has taken replies, "num-replies" of a round, into its next
                model; of "evaluate", into its metrics. Errors do not count

Between `received` and the beginning of `computed` a client waits, because it is busy
with an earlier message or offline. The model that was aggregated is the one that the
next rows have in `asked`. A server that pulls takes replies in whenever it has pulled.

The same seed gives the same rows, byte for byte, on any number of workers.
"""

import json
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

EVENTS = (
    "asked",
    "sent",
    "received",
    "computed",
    "failed",
    "replied",
    "dropped",
    "aggregated",
)
_NO_METRICS: dict[str, Any] = {}  # one for all rows without: to be read only
SERVER = -1  # the partition of what happens on the server


class Row(NamedTuple):
    """One thing that happened.

    Parameters
    ----------
    time_s : float
        When it ended, in virtual seconds.
    event : str
        One of `EVENTS`; the module says what each means.
    round, partition, node_id, message_id, message_type
        Which round, which client, which message to it. What is aggregated belongs to
        many messages: there, partition is `SERVER`, -1, and message_id is "".
    bytes : int
        The length of what was sent (asked: downlink; replied: uplink); else 0.
    seconds : float
        How long it took.
    model : str
        SHA-256, the first half, of the arrays that were sent: names, dtypes, shapes,
        bytes; "" if none.
    metrics : dict
        What the client reported.
    detail : str
        Anything else worth a sentence.
    """

    time_s: float
    event: str
    round: int
    partition: int
    node_id: int
    message_id: str
    message_type: str
    bytes: int = 0
    seconds: float = 0.0
    model: str = ""
    metrics: dict[str, Any] = _NO_METRICS
    detail: str = ""

    def line(self) -> str:
        """Return the row as one line of JSON; equal rows have equal lines."""
        return json.dumps(self._asdict())


class Trace:
    """An append-only list of rows.

    Parameters
    ----------
    rows : iterable of Row
        In the order of time.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __getitem__(self, position: int) -> Row:
        return self._rows[position]

    def __repr__(self) -> str:
        end_s = self._rows[-1].time_s if self._rows else 0.0
        return f"Trace({len(self)} rows, 0 to {end_s:g} s)"

    def append(self, row: Row) -> None:
        """Add what happened last."""
        self._rows.append(row)

    def where(self, **equal: object) -> list[Row]:
        """Return the rows with these values: `trace.where(event="failed", round=3)`.

        Raises
        ------
        ValueError
            If rows have no such field.
        """
        for name in equal:
            if name not in Row._fields:
                raise ValueError(f"rows have the fields {Row._fields}, got {name!r}")
        return [
            row
            for row in self._rows
            if all(getattr(row, name) == value for name, value in equal.items())
        ]

    def to_dataframe(self) -> "pd.DataFrame":
        """Return a table with a line per row and a column per field."""
        import pandas as pd  # a second that only this method needs

        return pd.DataFrame(self._rows, columns=list(Row._fields))

    def save(self, path: str | Path) -> None:
        """Write the trace, a line of JSON per row."""
        text = "".join(f"{row.line()}\n" for row in self._rows)
        Path(path).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If a line is not a row; the sentence names it.
        """
        rows = []
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                rows.append(Row(**json.loads(line)))
            except (ValueError, TypeError) as error:
                raise ValueError(
                    f"{path} must have a row of a trace in every line, got in line "
                    f"{number}: {line[:60]!r}"
                ) from error
        return cls(rows)

    def hash(self) -> str:
        """Return the BLAKE2b hash of all rows: equal traces have equal hashes."""
        digest = blake2b(digest_size=16)
        for row in self._rows:
            digest.update(f"{row.line()}\n".encode())
        return digest.hexdigest()


class NoTrace(Trace):
    """A trace that stays empty, for a grid that was made with `trace=False`."""

    def append(self, row: Row) -> None:
        """Forget it."""


def first_difference(one: Trace, other: Trace) -> str | None:
    """Return where two traces part ways, in one sentence; None if they are equal."""
    for position, (mine, yours) in enumerate(zip_longest(one, other)):
        if mine is None or yours is None:
            longer, row = ("second", yours) if mine is None else ("first", mine)
            return (
                f"row {position} is in the {longer} trace only: {row.event}, round "
                f"{row.round}, client {row.partition}, {row.time_s:g} s"
            )
        if mine.line() == yours.line():
            continue
        for name in Row._fields:
            here, there = (json.dumps(getattr(row, name)) for row in (mine, yours))
            if here != there:
                return (
                    f"row {position} ({mine.event}, round {mine.round}, client "
                    f"{mine.partition}, {mine.time_s:g} s) differs in {name}: "
                    f"{here} and {there}"
                )
    return None
