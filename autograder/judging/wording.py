"""How a failed check is put to the student: one message, a few lines at most."""

_SILENT_ERRORS = {
    "AssertionError": "a check failed",
    "NotImplementedError": "not written yet (NotImplementedError)",
}
_MAX_MESSAGE_LINES = 3
_MAX_MESSAGE_CHARS = 500
# What these say is a sentence already; their class's name adds nothing.
_SENTENCES = ("AssertionError", "Lost", "NotRun")


def failure_message(name: str, text: str) -> str:
    """Return the message of an exception of class `name` for the student."""
    lines = [line for line in text.splitlines() if line.strip()]
    text = shortened("\n".join(lines[:_MAX_MESSAGE_LINES]))
    if not text:
        return _SILENT_ERRORS.get(name, name)
    return text if name in _SENTENCES else f"{name}: {text}"


def shortened(text: str) -> str:
    """Return `text`, or its beginning if it is longer than a message may be."""
    if len(text) <= _MAX_MESSAGE_CHARS:
        return text
    return text[: _MAX_MESSAGE_CHARS - 3] + "..."


def readable(text: str) -> str:
    """Return a text without what a page or a terminal cannot show, and not too long.

    A student may have written it, or have named a file so.
    """
    shown = (
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
    return shortened("".join(shown))
