"""The loop of grading on submit, as a hub runs it.

    python -m autograder.exchange.service COURSE ROOT

It ends at SIGTERM or Ctrl-C, or with the hub, after the hand-ins it is at. A fault in
what people write (`course.yaml`, a lab) or a full disk is logged once, and it goes on
when that is mended.
"""

import fcntl
import logging
import os
import signal
import sys
import threading
import time
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


def run(service: OnSubmit, place: Place, *, ends_with_parent: bool = False) -> None:
    """Answer hand-ins until a signal says to stop.

    Parameters
    ----------
    ends_with_parent : bool
        Stop when the process that started this one is gone: a hub that was killed
        starts another one when it is back.
    """
    stop, parent = threading.Event(), os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if ends_with_parent:
        threading.Thread(target=_follow, args=(parent, stop), daemon=True).start()
    with alone(place):
        service.warm_up()
        serve(service, stop)


def _follow(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent and not stop.wait(POLL_S):
        pass
    stop.set()


def main() -> int:
    """Serve one course for a hub; a UserError is one sentence and exit status 2."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    if len(sys.argv) != 3:
        print("expected COURSE and ROOT, the folders", file=sys.stderr)
        return 2
    course, root = map(Path, sys.argv[1:])
    try:
        run(OnSubmit(course, root), place_of(course), ends_with_parent=True)
    except UserError as fault:
        print(f"error: {fault}", file=sys.stderr)
        time.sleep(POLL_S)  # a hub starts it again at once
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
