"""From a server's messages to clients at work: addressed, numbered, fated and seeded.

What becomes of a message is settled before any client runs, from its destination, its
type and its round; so it is the same in whatever order clients are worked on.
"""

from collections.abc import Generator, Sequence

from flwr.app import Message

from . import flower_private
from .answers import Letter
from .executor import Executor, Task
from .failures import ALL_WELL, HAS_LEFT, Failures, Fate
from .fast_records import delivered
from .isolation import Sealed
from .membership import Membership
from .nodes import Nodes
from .seeding import Rounds, client_entropy


class Dispatch:
    """Addresses messages and has the clients answer them.

    Parameters
    ----------
    nodes : Nodes
        The clients, and what they keep.
    executor : Executor
        Who runs them.
    membership : Membership
        Which of them are there.
    failures : Failures, optional
        What goes wrong on purpose.
    seed : int
        Of all that is drawn.
    """

    def __init__(
        self,
        nodes: Nodes,
        executor: Executor,
        membership: Membership,
        failures: Failures | None,
        seed: int,
    ) -> None:
        self._nodes = nodes
        self._executor = executor
        self._membership = membership
        self._failures = failures
        self._seed = seed
        self._rounds = Rounds()
        self._num_sent = 0

    def letters(self, messages: Sequence[Message]) -> list[Letter]:
        """Give each message its id; return them with their rounds, by partition.

        Clients leave and come back, if they do, before the next call.
        """
        contents: dict[int, Sealed] = {}  # by identity: a cohort's messages share it
        letters = []
        for message in sorted(messages, key=lambda m: m.metadata.dst_node_id):
            self._num_sent += 1
            flower_private.set_message_id(message, f"message-{self._num_sent}")
            identity = id(message.content)
            if identity not in contents:
                contents[identity] = Sealed(message.content)
            letters.append(self._letter(message, contents[identity]))
        if letters:
            self._membership.end_round(letters[-1].server_round)
        return letters

    def outcomes(
        self, letters: Sequence[Letter], run_id: int
    ) -> Generator[Message | BaseException | None, None, None]:
        """Run the clients, letter by letter; None stands for one that does not run.

        Closed before its end, it lets go of the executor, which then ends, too.
        """
        runs = [letter for letter in letters if letter.fate.runs]
        outcomes = self._executor.run(self._task(letter, run_id) for letter in runs)
        for letter in letters:
            yield next(outcomes) if letter.fate.runs else None
        for _ in outcomes:
            raise ValueError("the executor must yield one outcome per task, got more")

    def _letter(self, message: Message, content: Sealed) -> Letter:
        partition_id = self._nodes.partition_of(message.metadata.dst_node_id)
        server_round = self._rounds.of(message)
        fate = self._fate(server_round, partition_id)
        return Letter(message, content, server_round, partition_id, fate)

    def _fate(self, server_round: int, partition_id: int) -> Fate:
        if self._membership.has_left(partition_id):
            return HAS_LEFT
        if self._failures is None:
            return ALL_WELL
        return self._failures.fate(self._seed, server_round, partition_id)

    def _task(self, letter: Letter, run_id: int) -> Task:
        message, content, server_round, partition_id, fate = letter
        entropy = client_entropy(
            self._seed, server_round, message.metadata.message_type, partition_id
        )
        context = self._nodes.context_of(partition_id, run_id)
        message_id = message.metadata.message_id
        own = delivered(message, message_id, content.opened())
        return Task(own, context, entropy, is_lost=fate.crash == "during")
