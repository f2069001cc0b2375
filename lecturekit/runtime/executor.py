"""Who does the work: an executor runs the client app on message after message.

The grid hands over tasks in the order of their partitions and takes the outcomes back
in the same order. How they are worked on in between, one after another or on many
processes, must not show: a task brings all it needs, the message, the client's context
and the entropy its generators are seeded from.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

from .isolation import Sealed
from .seeding import seed_generators
from .threads import set_torch_threads, threads_limited


@dataclass(frozen=True, slots=True)
class Task:
    """One message on its way into one client.

    Parameters
    ----------
    message : Message
        The client's own copy.
    context : Context
        The client's, with the state it keeps between rounds.
    entropy : bytes, 20 of them
        From `seeding.client_entropy`.
    is_lost : bool
        Whether the client crashes, and what it writes into its context with it.
    """

    message: Message
    context: Context
    entropy: bytes
    is_lost: bool = False

    def workplace(self) -> Context:
        """Return the context to work in: the client's, or a copy if all is lost.

        Made when the work begins: an earlier message may still change the context.
        """
        if not self.is_lost:
            return self.context
        return replace(
            self.context,
            state=Sealed(self.context.state).opened(),
            run_config=dict(self.context.run_config),
            node_config=dict(self.context.node_config),
        )


class Executor(Protocol):
    """Anything that can run tasks."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Message | BaseException]:
        """Yield, task by task, the client's reply or what it raised instead."""


class InProcessExecutor:
    """Run one client after another, here: breakpoints and tracebacks simply work.

    Parameters
    ----------
    client_app : ClientApp
        To be run.
    num_threads : int, optional
        How many threads torch, NumPy and others use for a client. One, as in a
        `ProcessPool` and on Flower's engines, gives the same bytes on every machine of
        a type (see `threads`). None: as many as they are set to.
    """

    def __init__(self, client_app: ClientApp, num_threads: int | None = 1) -> None:
        self._client_app = client_app
        self._num_threads = num_threads

    def run(self, tasks: Iterable[Task]) -> Iterator[Message | BaseException]:
        """Yield, task by task, the client's reply or what it raised instead."""
        with threads_limited(self._num_threads):
            for task in tasks:
                outcome: Message | BaseException
                seed_generators(task.entropy)
                num_threads_before = set_torch_threads(self._num_threads)
                try:
                    outcome = self._client_app(task.message, task.workplace())
                except (Exception, SystemExit) as error:
                    outcome = error
                finally:  # a client may have set its own
                    set_torch_threads(num_threads_before)
                if isinstance(outcome, BaseException):
                    yield outcome
                else:
                    yield _checked(outcome, task.message)


def _checked(reply: object, message: Message) -> Message | TypeError:
    """Return `reply` if it is a reply to `message`, else what is wrong with it."""
    function = f"the function for '{message.metadata.message_type}' messages"
    if not isinstance(reply, Message):
        got = (
            "None; did you forget `return`?" if reply is None else type(reply).__name__
        )
        return TypeError(f"{function} must return a Message, got {got}")
    if reply.metadata.reply_to_message_id != message.metadata.message_id:
        if reply.has_error():  # Flower's mods answer the reply they do not like
            why = reply.error.reason or f"code {reply.error.code}"
            return TypeError(f"{function}, or one of its mods, reports an error: {why}")
        return TypeError(
            f"{function} must return a reply to the message it got, built with "
            "Message(content, reply_to=message), got a message that does not answer it"
        )
    return reply
