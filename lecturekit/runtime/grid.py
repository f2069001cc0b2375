"""LocalGrid: Flower's Grid, with the clients in this process.

A strategy knows its clients through a Grid alone: it asks for their addresses, sends
them messages and takes the replies. Flower's engines carry the messages to other
processes and machines. `LocalGrid` hands them to the same ClientApp here, one after
another, in the order of the partitions:

    push_messages   for every message, in the order of its client's partition:
                      copy it            isolation.delivered_message
                      seed               seeding.client_entropy
                      run the ClientApp  executor
                      keep the reply     until it is pulled, once
    pull_messages   hand the replies over, in the order of the partitions

so the result is a function of the seed, not of who was asked or answered first, and
sums over replies come out equal to the last bit.
"""

from collections.abc import Iterable, Mapping, Sized
from operator import index
from typing import Literal

from flwr.app import Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid

from . import flower_private
from .executor import Executor, InProcessExecutor, Task
from .failure import ClientFailed, check_registered
from .isolation import delivered_message, delivered_reply
from .nodes import ConfigValue, Nodes, num_clients_of
from .seeding import Rounds, client_entropy, generators_restored


class LocalGrid(Grid):
    """A federation of clients that all run in this process.

    Parameters
    ----------
    client_app : ClientApp
        Unmodified: mods, lifespan and custom actions included.
    federation : Sized or int
        What the clients hold, or how many there are (see `nodes.Nodes`: client k has
        node id 1000 + k and its "partition-id" is k).
    seed : int
        Before a client runs, Python's, NumPy's and torch's generators are seeded from
        (seed, round, message type, partition). The round is the "server-round" that
        Flower's strategies put into a message's ConfigRecord; a message without one
        counts as the n-th of its type to that client, n = 1, 2, ...
        The server's generators stay its own. Flower's strategies sample their cohort
        from Python's: seed it (`random.seed`), or use `run_server_app`.
    run_config : mapping, optional
        The `context.run_config` of every client.
    on_error : {"raise", "reply"}
        What becomes of a client's exception: "raise" stops with ClientFailed at the
        first one; "reply" answers with Flower's error message, as its engines do.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, or there is no client.
    """

    def __init__(
        self,
        client_app: ClientApp,
        federation: Sized | int,
        *,
        seed: int = 0,
        run_config: Mapping[str, ConfigValue] | None = None,
        on_error: Literal["raise", "reply"] = "raise",
    ) -> None:
        if not isinstance(client_app, ClientApp):
            raise TypeError(
                f"client_app must be a flwr.clientapp.ClientApp, got {client_app!r}"
            )
        if on_error not in ("raise", "reply"):
            raise ValueError(f"on_error must be 'raise' or 'reply', got {on_error!r}")
        self.seed = index(seed)  # NumPy's integers, too
        self.run_config = dict(run_config or {})
        self.on_error = on_error
        self._client_app = client_app
        self._nodes = Nodes(num_clients_of(federation), self.run_config)
        self._rounds = Rounds()
        self._executor: Executor = InProcessExecutor(client_app)
        self._replies: dict[str, Message] = {}  # by the id of the message answered
        self._num_sent = 0
        self._run = flower_private.empty_run(run_id=1)
        flower_private.server_identity()
        flower_private.quiet_log()

    def __repr__(self) -> str:
        return f"LocalGrid({len(self._nodes)} clients, seed={self.seed})"

    def set_run(self, run: "flower_private.Run") -> None:
        """Set the run this grid belongs to."""
        self._run = run

    @property
    def run(self) -> "flower_private.Run":
        """The run this grid belongs to."""
        return self._run

    def create_message(
        self,
        content: RecordDict,
        message_type: str,
        dst_node_id: int,
        group_id: str,
        ttl: float | None = None,
    ) -> Message:
        """Create a message; `flwr.app.Message` does the same."""
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> list[int]:
        """Return the clients' node ids, in the order of their partitions."""
        return self._nodes.ids()

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        """Send messages and let their clients work.

        Parameters
        ----------
        messages : iterable of Message
            In any order; two to the same client are worked on as they come.

        Returns
        -------
        list of str
            The messages' ids, in the order of `messages`, to pull the replies with.

        Raises
        ------
        ValueError
            If a message goes to an unknown node or, with `on_error="raise"`, the
            ClientApp has no function for its type. No client has run then.
        ClientFailed
            If a client raises or does not return a reply, with `on_error="raise"`.
        """
        messages = list(messages)
        for message in messages:
            self._accept(message)
        in_order = sorted(messages, key=_dst_node_id)
        rounds = [self._rounds.of(message) for message in in_order]
        replies: dict[str, Message] = {}
        with generators_restored():
            outcomes = self._executor.run(map(self._task, in_order, rounds))
            for message, server_round, outcome in zip(
                in_order, rounds, outcomes, strict=True
            ):
                if isinstance(outcome, BaseException):
                    if self.on_error == "raise":
                        raise ClientFailed.at(
                            message, server_round, outcome
                        ) from outcome
                    outcome = flower_private.error_reply(message, outcome)
                replies[message.metadata.message_id] = delivered_reply(outcome)
        self._replies.update(replies)
        return [message.metadata.message_id for message in messages]

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        """Return the replies to these messages, each of them once.

        Parameters
        ----------
        message_ids : iterable of str
            From `push_messages`; unknown ids, and replies pulled before, are ignored.

        Returns
        -------
        list of Message
            In the order of the clients' partitions, then of sending.
        """
        wanted = set(message_ids)
        found = [message_id for message_id in self._replies if message_id in wanted]
        replies = [self._replies.pop(message_id) for message_id in found]
        return sorted(replies, key=lambda reply: reply.metadata.src_node_id)

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> list[Message]:
        """Send messages and return all replies, in the order of the partitions.

        `timeout` (s) is accepted, as every Grid does; here no time passes, so that
        every reply comes before any timeout.
        """
        return self.pull_messages(self.push_messages(messages))

    def _accept(self, message: Message) -> None:
        """Check that `message` can be delivered, and give it its id."""
        self._nodes.partition_of(_dst_node_id(message))
        if self.on_error == "raise":
            check_registered(self._client_app, message.metadata.message_type)
        self._num_sent += 1
        flower_private.set_message_id(message, f"message-{self._num_sent}")

    def _task(self, message: Message, server_round: int) -> Task:
        partition_id = self._nodes.partition_of(_dst_node_id(message))
        entropy = client_entropy(
            self.seed, server_round, message.metadata.message_type, partition_id
        )
        context = self._nodes.context_of(partition_id, self._run.run_id)
        return Task(delivered_message(message), context, entropy)


def _dst_node_id(message: Message) -> int:
    return message.metadata.dst_node_id
