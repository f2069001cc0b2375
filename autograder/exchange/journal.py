"""What grading on submit has answered: a file that only grows, a line an answer.

A line is on the disk before the next hand-in is looked at; one that was cut off by a
crash is passed over. What has no line is still to do: the exchange is the queue.
"""

import datetime
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Literal

Result = Literal["reported", "answered", "superseded", "waiting", "failed"]


class Journal:
    """The answers so far.

    Parameters
    ----------
    path : Path
        The file; it is made when there is something to write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._results: dict[str, Result] = {}
        self._reports: defaultdict[tuple[str, str], list[datetime.datetime]]
        self._reports = defaultdict(list)
        for line in path.read_bytes().splitlines() if path.exists() else ():
            self._read(line)

    def result_of(self, name: str) -> Result | None:
        """Return what was last written of a hand-in, by its folder's name."""
        return self._results.get(name)

    def reports(
        self, student: str, lab: str, since: datetime.datetime
    ) -> list[datetime.datetime]:
        """Return when this student got reports on this lab, oldest first."""
        return [at for at in self._reports[student, lab] if at > since]

    def add(
        self, name: str, student: str, lab: str, result: Result, at: datetime.datetime
    ) -> None:
        """Write an answer down, for good."""
        entry = {"name": name, "student": student, "lab": lab, "result": result}
        line = json.dumps({**entry, "at": at.isoformat()}).encode()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            # A line of its own, also after one that a crash has cut off.
            file.write((b"\n" if file.tell() else b"") + line)
            file.flush()
            os.fsync(file.fileno())
        self._keep(name, student, lab, result, at)

    def _read(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            at = datetime.datetime.fromisoformat(entry["at"])
            names = (entry["name"], entry["student"], entry["lab"])
            self._keep(*names, entry["result"], at)
        except (ValueError, KeyError, TypeError):
            return

    def _keep(
        self, name: str, student: str, lab: str, result: Result, at: datetime.datetime
    ) -> None:
        self._results[name] = result
        if result == "reported":
            self._reports[student, lab].append(at)
