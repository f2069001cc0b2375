"""A notebook's kernel as a client of a real SuperLink.

    node = KernelNode(client_app, "10.0.0.5:8000", partition_id=3, num_partitions=20)
    node.start()
    ...
    node.stop()

A thread of the kernel registers with the SuperLink, fetches messages, calls the
`ClientApp` that the notebook's own cells define, and sends the replies. Code and data
stay in the kernel; nothing of the lecturer's app folder is run here. A changed cell
counts from the next message on, after

    node.client_app = client_app

Around each call a node does what `LocalGrid` does: seed the generators from (the run's
seed, round, message type, partition), call, give the generators back. It answers
"query.partition" itself. So a class that trains together gets the model that one
notebook would get on a `LocalGrid`.

How fast: with a `SuperLink` of ours and `PartitionGrid` on the server, a class of eight
kernels and a small network takes some 0.6 s per phase on two busy cores (`python -m
bench` measures it), which is 13 HTTP requests per message (see `envelope.py`) of some
3 ms of processor time each. Flower's SuperNodes and grid take some nine seconds for
two: they poll every 3 s and start a process for each message.

What is not isolated: the client runs beside the notebook's other cells. A cell that
draws from a global generator while a message is worked on changes what the client
draws; one that runs long delays it (one interpreter lock for both). A client that never
returns cannot be stopped, except by restarting the kernel. The connection is not
encrypted and the SuperLink is not authenticated: use it on a network you trust. Clocks
of the machines must agree within seconds.
"""

import atexit
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

from flwr.app import Context, Message, RecordDict
from flwr.clientapp import ClientApp

from lecturekit.runtime import flower_private as runtime_private
from lecturekit.runtime.executor import InProcessExecutor, Task
from lecturekit.runtime.nodes import ConfigValue
from lecturekit.runtime.seeding import Rounds, client_entropy, generators_restored

from .client_error import show_error
from .envelope import is_sealed, opened, sealed, with_content
from .fleet import FleetConnection
from .mods import QUERY_PARTITION, report_partition

_HEARTBEAT_S = 10.0
_RETRY_S = 1.0
_MAX_PAUSE_S = 1.0


class KernelNode:
    """A client of a SuperLink that runs in this kernel.

    Parameters
    ----------
    client_app : ClientApp
        The notebook's own; may be replaced while the node runs.
    superlink : str
        "host:port".
    partition_id, num_partitions : int
        Which partition of how many this client holds.
    poll_s : float
        The pause before the next look for a message, s. It grows to one second while
        none comes: each look costs the SuperLink some 4 ms.

    Attributes
    ----------
    handled : Counter
        How many messages of each type it answered.
    errors : list of Exception
        What the client app raised, in order.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.
    """

    _running: ClassVar[dict[tuple[str, int], "KernelNode"]] = {}

    def __init__(
        self,
        client_app: ClientApp,
        superlink: str = "127.0.0.1:8000",
        *,
        partition_id: int,
        num_partitions: int,
        poll_s: float = 0.1,
    ) -> None:
        if not isinstance(client_app, ClientApp):
            raise TypeError(
                f"client_app must be a flwr.clientapp.ClientApp, got {client_app!r}"
            )
        if not 0 <= partition_id < num_partitions:
            raise ValueError(
                f"partition_id must be in 0 to num_partitions - 1, got {partition_id} "
                f"of {num_partitions}"
            )
        if not superlink.rpartition(":")[2].isdecimal():
            raise ValueError(f"superlink must be 'host:port', got {superlink!r}")
        self.client_app = client_app
        self.superlink = superlink
        self.partition_id = partition_id
        self.num_partitions = num_partitions
        self.handled: Counter[str] = Counter()
        self.errors: list[BaseException] = []
        self._poll_s = poll_s
        self._state = "stopped"
        self._busy_s = 0.0
        self._runs: dict[int, tuple[Context, Rounds]] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        answered = ", ".join(f"{n} {kind}" for kind, n in sorted(self.handled.items()))
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return (
            f"KernelNode(partition {self.partition_id} of {self.num_partitions} at "
            f"{self.superlink}: {self._state}; answered {answered or 'nothing yet'}"
            f"{failed}; {self._busy_s:.1f} s of work)"
        )

    def start(self) -> "KernelNode":
        """Join the SuperLink and work from now on; ConnectionError if it is not there.

        A node of this kernel that holds the same partition there is stopped first, so
        that a cell can be run twice.
        """
        key = self.superlink, self.partition_id
        if key in self._running:
            self._running[key].stop()
        try:
            connection = FleetConnection(self.superlink)
        except ConnectionError as error:
            raise ConnectionError(
                f"expected a SuperLink at {self.superlink}, got {error}: check the "
                "address, and that it has been started"
            ) from error
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._work, args=(connection, self._stopping), daemon=True
        )
        self._thread.start()
        self._running[key] = self
        atexit.register(self.stop, wait_s=1.0)
        return self

    def stop(self, wait_s: float = 30.0) -> None:
        """Leave the SuperLink, after the message that is being worked on."""
        atexit.unregister(self.stop)
        self._stopping.set()
        if self._thread and self._thread.is_alive():
            self._state = "leaving"
            self._thread.join(wait_s)
        if self._running.get((self.superlink, self.partition_id)) is self:
            del self._running[self.superlink, self.partition_id]

    def _work(
        self, connection: FleetConnection | None, stopping: threading.Event
    ) -> None:
        """Answer messages until stopped; join again when the SuperLink was away."""
        while connection:
            self._state = "online"
            with _heartbeats(connection):
                self._serve(connection, stopping)
            connection.close()
            connection = None
            while not connection and not stopping.wait(_RETRY_S):
                with suppress(ConnectionError):
                    connection = FleetConnection(self.superlink)
        self._state = "stopped"

    def _serve(self, connection: FleetConnection, stopping: threading.Event) -> None:
        """Answer messages until stopped, or until the SuperLink does not answer."""
        pause_s = self._poll_s
        while not stopping.is_set():
            try:
                message = connection.pull()
            except ConnectionError as error:
                self._state = f"offline, {error}"
                return
            if message is None:
                stopping.wait(pause_s)
                pause_s = min(1.3 * pause_s, max(self._poll_s, _MAX_PAUSE_S))
            else:
                with suppress(ConnectionError):  # the run may have ended meanwhile
                    self._answer(message, connection)
                pause_s = self._poll_s

    def _answer(self, message: Message, connection: FleetConnection) -> None:
        """Run the client on `message` and send what it returns, or its error."""
        metadata = message.metadata
        if metadata.run_id not in self._runs:
            self._runs[metadata.run_id] = self._context(connection, metadata.run_id)
        context, rounds = self._runs[metadata.run_id]
        started = time.perf_counter()
        outcome = self._outcome(opened(message), context, rounds)
        runtime_s = time.perf_counter() - started
        if isinstance(outcome, BaseException):
            self.errors.append(outcome)
            show_error(outcome, f"{self.partition_id} on '{metadata.message_type}'")
            outcome = runtime_private.error_reply(message, outcome)
        elif is_sealed(message) and outcome.has_content():  # it is answered in kind
            outcome = with_content(outcome, sealed(outcome.content))
        connection.push(outcome, runtime_s)
        self.handled[metadata.message_type] += 1
        self._busy_s += runtime_s

    def _outcome(
        self, message: Message, context: Context, rounds: Rounds
    ) -> Message | BaseException:
        message_type = message.metadata.message_type
        if message_type == QUERY_PARTITION:
            return report_partition(message, context, opens_envelopes=True)
        entropy = client_entropy(
            int(context.run_config.get("seed", 0)),
            rounds.of(message),
            message_type,
            self.partition_id,
        )
        task = Task(message, context, entropy)
        with generators_restored():
            return next(InProcessExecutor(self.client_app).run([task]))

    def _context(
        self, connection: FleetConnection, run_id: int
    ) -> tuple[Context, Rounds]:
        """Return what this client keeps during a run."""
        node_config: dict[str, ConfigValue] = {
            "partition-id": self.partition_id,
            "num-partitions": self.num_partitions,
        }
        context = Context(
            run_id=run_id,
            node_id=connection.node_id,
            node_config=node_config,
            state=RecordDict(),
            run_config=connection.run_config(run_id),
        )
        return context, Rounds()


@contextmanager
def _heartbeats(connection: FleetConnection) -> Iterator[None]:
    """Tell the SuperLink that this node is alive, also while a client computes."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(_HEARTBEAT_S):
            with suppress(ConnectionError):  # the next pull will see it, too
                connection.heartbeat()

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        done.set()
