"""The loop of grading on submit, as a hub runs it.

    python -m autograder.exchange.service COURSE ROOT

It ends at SIGTERM or Ctrl-C, after the hand-ins it is at. A fault in what people write
(`course.yaml`, a lab) or a full disk is logged once, and it goes on when that is
mended.
"""

import fcntl
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.course.place import Place, place_of
from autograder.errors import UserError, said_of
from autograder.exchange.on_submit import OnSubmit

log = logging.getLogger(__name__)
POLL_S = 2.0


def serve(service: OnSubmit, stop: threading.Event, poll_s: float = POLL_S) -> None:
    """Answer hand-ins until `stop` is set."""
    said = ""
    while not stop.is_set():
        try:
            service.step()
            said = ""
        except Exception as fault:
            sentence = str(fault) if isinstance(fault, UserError) else ""
            if isinstance(fault, OSError):
                sentence = said_of(fault)
            if not sentence:
                log.exception("a step failed; going on")
            elif sentence != said:
                log.error("%s", sentence)
            said = sentence
        stop.wait(poll_s)


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Make sure that nobody else answers the hand-ins of this course.

    Raises
    ------
    UserError
        If somebody does.
    """
    folder = place.hub / "grade_on_submit"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"expected to be the only one who grades on submit in {place.root}, "
                "but another process does: stop it first"
            ) from None
        yield


def run(service: OnSubmit, place: Place) -> None:
    """Answer hand-ins until a signal says to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with alone(place):
        service.warm_up()
        serve(service, stop)


def main() -> int:
    """Serve one course; a UserError is one sentence and exit status 2."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    if len(sys.argv) != 3:
        print("expected COURSE and ROOT, the folders", file=sys.stderr)
        return 2
    course, root = map(Path, sys.argv[1:])
    try:
        run(OnSubmit(course, root), place_of(course))
    except UserError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
