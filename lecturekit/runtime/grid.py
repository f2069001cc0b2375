"""LocalGrid: Flower's Grid, with the clients in this process, on a virtual clock.

A strategy knows its clients through a Grid alone: it asks for their addresses, sends
them messages and takes the replies. Flower's engines carry the messages to other
processes and machines. `LocalGrid` hands them to the same ClientApp here, one after
another, in the order of the partitions:

    push_messages   for every message, in the order of its client's partition:
                      open a copy, seed  dispatch, by isolation and seeding
                      run the ClientApp  executor
                      seal the reply     answers, by isolation
                      carry it           delivery, which knows when it will arrive
    pull_messages   wait for the next arrival, unless something has arrived, or for the
                    deadline: inbox

so the result is a function of the seed, not of who was asked or worked on first, and
sums over replies come out equal to the last bit. By default devices and network are
ideal, and the clock stays at 0.
"""

from collections.abc import Iterable, Mapping, Sized
from contextlib import closing
from operator import index
from typing import Literal, SupportsIndex

from flwr.app import Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid

from . import flower_private
from .answers import answer_to
from .arguments import as_list, as_messages, check_kind, check_method, check_timeout
from .clock import Clock
from .delivery import Delivery
from .devices import Devices
from .dispatch import Dispatch
from .executor import Executor, InProcessExecutor
from .failure import ClientFailed, check_registered
from .failures import Failures
from .fast_arrays import quick_arrays
from .membership import Membership
from .network import Network
from .nodes import ConfigValue, Nodes, num_clients_of
from .seeding import generators_restored
from .trace import Trace


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
    executor : Executor, optional
        Who runs `client_app`; by default `InProcessExecutor(client_app)`.
    devices : Devices, optional
        What the clients run on: speeds, connections, when they are online.
    network : Network, optional
        One connection for all clients, instead of their devices' own.
    failures : Failures, optional
        What goes wrong on purpose.
    trace : bool
        Whether `grid.trace` logs what happens. That takes a hash of every reply's
        model: microseconds for a small one, about a step of training for 100 MB.

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
        executor: Executor | None = None,
        devices: Devices | None = None,
        network: Network | None = None,
        failures: Failures | None = None,
        trace: bool = True,
    ) -> None:
        devices = Devices.equal() if devices is None else devices
        executor = InProcessExecutor(client_app) if executor is None else executor
        check_kind("client_app", client_app, ClientApp, "a flwr.clientapp.ClientApp")
        check_kind("seed", seed, SupportsIndex, "an integer")
        check_kind("devices", devices, Devices, "Devices, such as Devices([Device()])")
        check_kind("network", network, Network | None, "a Network, such as Network(5)")
        check_kind("failures", failures, Failures | None, "Failures, or left out")
        runs = "an object that runs clients, such as ProcessPool(client_app)"
        check_method("executor", executor, "run", runs)
        if on_error not in ("raise", "reply"):
            raise ValueError(f"on_error must be 'raise' or 'reply', got {on_error!r}")
        self.seed = index(seed)  # NumPy's integers, too
        self.run_config = dict(run_config or {})
        self.on_error = on_error
        self._client_app = client_app
        self._nodes = Nodes(num_clients_of(federation), self.run_config)
        self._delivery = Delivery(self.seed, devices, network, has_trace=trace)
        self._membership = Membership(
            len(self._nodes), self.seed, devices.availability, failures, self.clock
        )
        self._dispatch = Dispatch(
            self._nodes, executor, self._membership, failures, self.seed
        )
        self._run = flower_private.empty_run(run_id=1)
        flower_private.server_identity()
        flower_private.quiet_log()
        quick_arrays()

    def __repr__(self) -> str:
        return f"LocalGrid({len(self._nodes)} clients, seed={self.seed})"

    @property
    def clock(self) -> Clock:
        """The virtual clock."""
        return self._delivery.clock

    @property
    def trace(self) -> Trace:
        """What has happened so far."""
        return self._delivery.trace

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
        """Return the ids of the clients online, in the order of their partitions.

        All of them, unless `devices` or `failures` say otherwise; see `membership` for
        what happens when too few are there, or when one asks again.
        """
        ids = self._nodes.ids()
        online = self._membership.online(is_idle=not self._delivery.inbox._to_come)
        return [ids[partition_id] for partition_id in online]

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        """Send messages at `clock.now`, in any order, and let their clients work.

        Returns
        -------
        list of str
            The messages' ids, in the order of `messages`, to pull the replies with.

        Raises
        ------
        ValueError
            If a message is there twice, goes to an unknown node or, with
            `on_error="raise"`, the ClientApp has no function for its type. No client
            has run then.
        ClientFailed
            If a client raises or does not return a reply, with `on_error="raise"`.
        """
        messages = as_messages(messages)
        for message in messages:
            self._check(message)
        letters = self._dispatch.letters(messages)
        outcomes = self._dispatch.outcomes(letters, self._run.run_id)
        answers = []
        with generators_restored(), closing(outcomes):
            for letter, outcome in zip(letters, outcomes, strict=True):
                device = self._delivery.lane(letter.partition_id).device
                answer = answer_to(letter, outcome, device)
                if answer.error and self.on_error == "raise":
                    raise ClientFailed.at(
                        letter.message, letter.server_round, answer.error
                    ) from answer.error
                answers.append(answer)
        self._delivery.carry(letters, answers)
        return [message.metadata.message_id for message in messages]

    def pull_messages(
        self, message_ids: Iterable[str], *, timeout: float | None = None
    ) -> list[Message]:
        """Return the replies that have arrived; if none has, wait for the next one.

        To wait is to advance the clock to the next arrival among them. Unknown ids, and
        replies pulled before, are ignored.

        Parameters
        ----------
        message_ids : iterable of str
            From `push_messages`.
        timeout : float, optional
            How long to wait at most, in virtual seconds, >= 0. If nothing arrives until
            then, the clock stands at that deadline, and the list is empty; what arrives
            later can be pulled later. 0 does not wait: so do Flower's own grids.

        Returns
        -------
        list of Message
            In the order of arrival; of partitions, then of sending, for those that
            arrive at the same time. A duplicated reply can be pulled twice.
        """
        check_timeout(timeout)
        ids = as_list("message_ids", message_ids, str, "ids from push_messages")
        replies = self._delivery.inbox.pull(ids, timeout)
        if replies:
            self._membership.has_acted()
        return replies

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> list[Message]:
        """Send messages and return the replies, in the order of the partitions.

        Parameters
        ----------
        messages : iterable of Message
            As for `push_messages`.
        timeout : float, optional
            How long to wait, in virtual seconds, >= 0. Replies that arrive later are
            dropped, and so are duplicates. Afterwards the clock stands at the last
            arrival, or at the deadline if a reply is missing.
        """
        check_timeout(timeout)
        return self._delivery.inbox.wait(self.push_messages(messages), timeout)

    def _check(self, message: Message) -> None:
        """Refuse a message that cannot be delivered."""
        self._nodes.partition_of(message.metadata.dst_node_id)
        if self.on_error == "raise":
            check_registered(self._client_app, message.metadata.message_type)
