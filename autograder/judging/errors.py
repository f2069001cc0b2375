"""What can go wrong between the two sides of the wall."""


class Malformed(ValueError):  # noqa: N818 - says what the bytes are
    """The other side sent something that is not a message of ours."""


class Unsendable(TypeError):  # noqa: N818 - says what the value is
    """A value cannot cross the wall."""


class NoValue(BaseException):
    """What the other side was to return cannot be sent, and the message says why.

    Not an Exception, for the same reason as `Stopped`.
    """


class Stopped(BaseException):
    """The test cannot go on: its mark is zero, and the message says why.

    Not an Exception: a test that catches whatever the student's code raises must not
    take a killed process, or a call without an end, for a refusal.
    """


class Closed(EOFError):  # noqa: N818 - says what happened
    """The other side closed the connection."""


class NoAnswer(TimeoutError):  # noqa: N818 - says what happened
    """The other side did not answer in time."""
