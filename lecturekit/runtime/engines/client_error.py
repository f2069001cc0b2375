"""A client's exception, shown in the notebook it comes from."""

import sys
import traceback
from types import TracebackType


def show_error(error: BaseException, where: str) -> None:
    """Write the traceback of a client's exception to stderr: the notebook shows it.

    It starts at the student's own first line: Flower's frames and ours are left out.
    """
    traceback_of = error.__traceback__
    while traceback_of and _is_machinery(traceback_of):
        traceback_of = traceback_of.tb_next
    lines = traceback.format_exception(type(error), error, traceback_of)
    sys.stderr.write(f"Client {where} failed:\n{''.join(lines)}")
    sys.stderr.flush()


def _is_machinery(frame: TracebackType) -> bool:
    name = str(frame.tb_frame.f_globals.get("__name__", ""))
    return name.split(".")[0] in ("flwr", "lecturekit")
