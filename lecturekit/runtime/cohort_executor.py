"""An executor that asks a client app which of its messages it can answer together.

Most client apps answer one message at a time, and so does this executor for them. For
a type of message the author of an app may add a *cohort function*, which does the work
of many clients at once. It has two halves, because half of what a client does is its
own business and half is arithmetic:

    prepare(message, context)    for every client, alone, under the client's own seeds:
                                 what has to be done? (batches drawn, settings read)
    replies(messages, works)     once, for all of them: do it

    training = CohortTraining(objective, prepare)       # cohort_training.py
    client_app.train()(training.reply)                  # the same, for any engine
    executor = CohortExecutor(client_app, {"train": training})
    grid = LocalGrid(client_app, federation, executor=executor)

A message that a cohort function answers does not go through the app: its mods and its
lifespan do not see it. So leave an app that clips or adds noise in a mod to the
ordinary executor. Messages of other types run as they always do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

from .collector import collector_paused
from .executor import InProcessExecutor, Task
from .seeding import seed_generators
from .threads import threads_limited


class CohortFunction(Protocol):
    """What answers the messages to many clients at once."""

    def prepare(self, message: Message, context: Context) -> Any:
        """Return what this client has to do; it may draw, and may write its state."""

    def replies(
        self, messages: Sequence[Message], works: Sequence[Any]
    ) -> list[Message]:
        """Return the reply to every message, in their order; `works` is prepared."""


class CohortExecutor:
    """Run the clients of some messages together, and of all others one by one.

    Parameters
    ----------
    client_app : ClientApp
        Answers every message that no cohort function is for.
    functions : mapping from str to CohortFunction
        By message type: "train", "evaluate", "query", "train.my_action".
    num_threads : int, optional
        How many threads clients have, alone or together; see `InProcessExecutor`.
    """

    def __init__(
        self,
        client_app: ClientApp,
        functions: Mapping[str, CohortFunction],
        num_threads: int | None = 1,
    ) -> None:
        self._one_by_one = InProcessExecutor(client_app, num_threads)
        self._functions = dict(functions)
        self._num_threads = num_threads

    def run(self, tasks: Iterable[Task]) -> Iterator[Message | BaseException]:
        """Yield, task by task, the client's reply or what it raised instead.

        What a client raises in `prepare` is its own outcome. What `replies` raises is
        the outcome of every client that took part.
        """
        for message_type, group in groupby(tasks, key=_message_type):
            function = self._functions.get(message_type)
            if function is None:
                yield from self._one_by_one.run(group)
            else:
                with threads_limited(self._num_threads):
                    outcomes = _together(function, group)
                yield from outcomes


def _message_type(task: Task) -> str:
    return task.message.metadata.message_type


def _together(
    function: CohortFunction, tasks: Iterable[Task]
) -> list[Message | BaseException]:
    """Return one outcome per task."""
    outcomes: dict[int, Message | BaseException] = {}
    works: dict[int, Any] = {}
    messages: list[Message] = []
    with collector_paused():
        for position, task in enumerate(tasks):
            seed_generators(task.entropy)
            try:
                works[position] = function.prepare(task.message, task.workplace())
                messages.append(task.message)
            except (Exception, SystemExit) as error:
                outcomes[position] = error
    if works:
        try:
            replies = _checked(function.replies(messages, [*works.values()]), messages)
            outcomes.update(zip(works, replies, strict=True))
        except (Exception, SystemExit) as error:
            error.add_note(f"raised while {len(works)} clients were worked on together")
            outcomes.update(dict.fromkeys(works, error))
    return [outcomes[position] for position in range(len(outcomes))]


def _checked(replies: list[Message], messages: Sequence[Message]) -> list[Message]:
    """Return `replies` if they answer `messages`, one by one and in order."""
    answered = [reply.metadata.reply_to_message_id for reply in replies]
    if answered != [message.metadata.message_id for message in messages]:
        raise ValueError(
            "a cohort function must return one reply per message, in their order, got "
            f"{len(replies)} replies to {len(messages)} messages or another order"
        )
    return replies
