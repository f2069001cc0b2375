"""What comes of a message: the client's reply, what is left of it, or an error."""

from typing import NamedTuple

from flwr.app import Message

from . import flower_private
from .devices import Device
from .failures import Fate, InjectedFailure, corrupted
from .isolation import Sealed, SealedReply


class Letter(NamedTuple):
    """A message to a client, and what is known about it before it is delivered."""

    message: Message
    content: Sealed
    server_round: int
    partition_id: int
    fate: Fate


class Answer(NamedTuple):
    """What comes of a letter: a reply, after so many seconds of work.

    Parameters
    ----------
    reply : SealedReply
        What the server will get.
    compute_s : float
        How long the client worked, in virtual seconds.
    failure : str
        Why the reply is an error; "" if it is none.
    error : BaseException, optional
        What the client's code raised, if that is why.
    """

    reply: SealedReply
    compute_s: float
    failure: str = ""
    error: BaseException | None = None


def answer_to(
    letter: Letter,
    outcome: Message | BaseException | None,
    device: Device,
) -> Answer:
    """Return what comes of a letter.

    Parameters
    ----------
    letter : Letter
        With the client's fate.
    outcome : Message or BaseException, optional
        What the client replied or raised; None if it was not fated to run.
    device : Device
        How fast the client works.
    """
    fate = letter.fate
    if isinstance(outcome, BaseException):
        return _broken(letter, outcome)
    try:
        compute_s = device.compute_s(outcome) if outcome else 0.0
    except ValueError as wrong:  # a report of work that cannot be
        return _broken(letter, wrong)
    compute_s *= fate.slow_factor * fate.worked
    if fate.crash or outcome is None:
        what = "has left" if fate.crash == "left" else f"crash {fate.crash} the work"
        error = flower_private.error_reply(letter.message, InjectedFailure(what))
        return Answer(SealedReply.of(error), compute_s, what)
    reply = SealedReply.of(outcome)
    if outcome.has_error():
        return Answer(reply, compute_s, f"{outcome.error.reason}")
    if fate.corruption:
        reply = SealedReply.of(corrupted(reply.opened(), fate.corruption))
    return Answer(reply, compute_s)


def _broken(letter: Letter, error: BaseException) -> Answer:
    """Return the answer of a client whose code raised: an error, at once."""
    reply = flower_private.error_reply(letter.message, error)
    failure = f"{type(error).__name__}: {error}"
    return Answer(SealedReply.of(reply), 0.0, failure, error)
