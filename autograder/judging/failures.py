"""Exceptions across the wall: names, a message and a number, never code.

An exception arrives as the nearest class of its family that this side knows, so that
`except ValueError` in a test works for a student's own subclass of ValueError. One that
this side raised itself, and that went through the other side, comes back as itself.
"""

import builtins
import linecache
import sys
from typing import Any

from autograder.judging.errors import Malformed, Stopped
from autograder.judging.limits import MAX_TEXT

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_HOMES = frozenset(("builtins", "numpy", "torch", "flwr", "lecturekit"))


class Raised:
    """The exceptions that this side has sent, by number."""

    def __init__(self) -> None:
        self._sent: list[BaseException] = []
        self._received: dict[int, tuple[BaseException, int]] = {}

    def described(self, error: BaseException, line: list[Any] | None) -> list[Any]:
        """Return an exception as plain JSON.

        Parameters
        ----------
        line : list or None
            Where the student's code raised it: [line number, text].
        """
        if id(error) in self._received:
            number = self._received[id(error)][1]
        else:
            self._sent.append(error)
            number = -len(self._sent)
        names = [[cls.__module__, cls.__name__] for cls in type(error).__mro__]
        return [names, text_of(error), number, line]

    def rebuilt(self, described: list[Any]) -> tuple[BaseException, list[Any] | None]:
        """Return the exception that the other side describes, and its line."""
        names, text, number, line = described
        if type(number) is not int or not isinstance(text, str):
            raise Malformed("expected an exception")
        if 0 < number <= len(self._sent):
            return self._sent[number - 1], None
        error = _instance(names, text[:MAX_TEXT])
        self._received[id(error)] = error, -number
        return error, _checked_line(line)


def text_of(error: BaseException) -> str:
    """Return the message of an exception, cut; "" if it has none."""
    try:
        first = error.args[0] if len(error.args) == 1 else None
        text = first if type(first) is str else str(error)
        return text[:MAX_TEXT]
    except Stopped:
        raise
    except BaseException:  # a student's class may raise SystemExit here
        return ""


def _checked_line(line: Any) -> list[Any] | None:
    if line is None:
        return None
    number, text = line
    if type(number) is not int or not isinstance(text, str):
        raise Malformed("expected a line's number and text")
    return [number, text[:MAX_TEXT]]


def _instance(names: Any, text: str) -> Exception:
    """Return an instance of the first of the named classes that can carry `text`."""
    if not isinstance(names, list) or not 0 < len(names) < 100:
        raise Malformed("expected the names of an exception's classes")
    first = str(names[0][1])[:100]
    for module, name in names:
        cls = _known_class(module, name)
        if cls is None or cls is Exception:
            continue
        try:
            error = cls.__new__(cls)
            error.args = (text,)
            is_right = text in str(error) or cls is KeyError
        except Exception:  # an ExceptionGroup needs exceptions, an AxisError its axis
            continue
        if is_right:
            return error
    return Exception(f"{first}: {text}" if text else first)


def _known_class(module: Any, name: Any) -> type[Exception] | None:
    """Return the exception of that name if it is a library's and imported already."""
    if not isinstance(module, str) or not isinstance(name, str):
        raise Malformed("expected the name of a class")
    if module.split(".")[0] not in _HOMES:
        return None
    found = vars(sys.modules.get(module, builtins)).get(name)
    if isinstance(found, type) and issubclass(found, Exception):
        return found
    return None


def line_in(namespace: dict[str, Any], error: BaseException) -> list[Any] | None:
    """Return the last line of a student's own code in a traceback: number and text."""
    found, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_globals is namespace:
            found = step
        step = step.tb_next
    if found is None:
        return None
    text = linecache.getline(found.tb_frame.f_code.co_filename, found.tb_lineno)
    return [found.tb_lineno, text.strip()[:MAX_TEXT]]
