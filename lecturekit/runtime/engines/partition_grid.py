"""PartitionGrid: any Flower Grid, with its nodes in the order of their partitions.

What Flower's engines leave open, and why two runs of one app differ there:

    node ids     are drawn anew in each run and kept in a set: "the third node" is
                 another partition every time
    who is here  the server starts before all nodes have registered, so that round 1
                 may ask 2 clients of 20
    replies      come in the order in which clients happen to finish, and a sum of
                 floats depends on the order

A `PartitionGrid` asks each node once which partition it holds (`mods.report_partition`
answers), waits until all partitions are there, lists the nodes in their order and
returns replies in it. A `LocalGrid` does so by itself, on its virtual clock.

It also polls ten times a second, where Flower's HttpGrid sleeps 3 s between two looks,
and sends small contents in envelopes to the nodes that open them: with kernel nodes,
whose work is short, that is most of a phase.

This is the network's time, not simulated time: unlike the rest of the runtime, this
package waits and looks at the clock.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from flwr.app import Message, RecordDict
from flwr.serverapp import Grid

from lecturekit.runtime import flower_private
from lecturekit.runtime.membership import check_enough

from .envelope import opened, sealed, with_content
from .flower_private import look_again_soon
from .mods import QUERY_PARTITION, opens_envelopes, read_partition


class PartitionGrid(Grid):
    """A Grid whose nodes are known by the partitions they hold.

    Parameters
    ----------
    grid : Grid
        The engine's own.
    wait_s : float
        How long to wait for all partitions to be present, s.
    poll_s : float
        The pause between two looks for nodes or replies, s.
    """

    def __init__(
        self, grid: Grid, *, wait_s: float = 300.0, poll_s: float = 0.1
    ) -> None:
        self._grid = grid
        self._wait_s = wait_s
        self._poll_s = poll_s
        self._asked: dict[str, int] = {}  # id of a query under way -> node id
        self._partitions: dict[int, int] = {}  # node id -> partition id
        self._opens_envelopes: set[int] = set()  # node ids
        self._num_partitions: int | None = None
        self._held_still: list[int] | None = None
        look_again_soon()

    def __repr__(self) -> str:
        held = sorted(self._partitions.values())
        return f"PartitionGrid(partitions {held} of {self._num_partitions})"

    def get_node_ids(self) -> list[int]:
        """Wait for all partitions; return their nodes, in the order of the partitions.

        Raises
        ------
        TimeoutError
            If a partition is missing, or held by two nodes, after `wait_s` seconds.
        RuntimeError
            If a node cannot say which partition it holds.
        ValueError
            If a strategy asks that waits for more nodes than there are partitions.
        """
        node_ids = self._held_still or self._all_nodes()
        check_enough(len(node_ids), len(node_ids))
        return node_ids

    def _all_nodes(self) -> list[int]:
        deadline = time.monotonic() + self._wait_s
        while not self._complete():
            if time.monotonic() > deadline:
                raise TimeoutError(self._incomplete())
            time.sleep(self._poll_s)
        return sorted(self._partitions, key=self._partitions.__getitem__)

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """Wait for all partitions; in the block, their nodes are known at once.

        While one waits for nodes, the engine's own threads draw from Python's
        generator; a strategy that finds them at once draws what its seed gives.
        """
        self._held_still = self._all_nodes()
        try:
            yield
        finally:
            self._held_still = None

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> list[Message]:
        """Send messages; return the replies that come within `timeout` seconds.

        They stand in the order of the partitions of the nodes that were asked.
        """
        sent = list(messages)
        message_ids = list(self.push_messages(sent))
        asked = {
            message_id: (self._partitions.get(message.metadata.dst_node_id, -1), n)
            for n, (message_id, message) in enumerate(
                zip(message_ids, sent, strict=True)
            )
            if message_id  # the SuperLink gives None for a message it did not take
        }
        deadline = None if timeout is None else time.monotonic() + timeout
        replies: list[Message] = []
        pending = set(asked)
        while pending:
            arrived = self.pull_messages(pending)
            replies += arrived
            pending -= {reply.metadata.reply_to_message_id for reply in arrived}
            if not pending or (deadline and time.monotonic() > deadline):
                break
            time.sleep(self._poll_s)
        return sorted(replies, key=lambda r: asked[r.metadata.reply_to_message_id])

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Send messages, as the engine's grid does; sealed where they are opened."""
        envelopes: dict[int, RecordDict] = {}  # a cohort's messages share their content
        sent = []
        for message in messages:
            if message.metadata.dst_node_id in self._opens_envelopes:
                content = message.content
                if id(content) not in envelopes:
                    envelopes[id(content)] = sealed(content)
                message = with_content(message, envelopes[id(content)])
            sent.append(message)
        return self._grid.push_messages(sent)

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        """Return the replies that have come, as the engine's grid does."""
        return [opened(reply) for reply in self._grid.pull_messages(message_ids)]

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

    def set_run(self, run: "flower_private.Run") -> None:
        """Set the run of the engine's grid."""
        self._grid.set_run(run)

    @property
    def run(self) -> "flower_private.Run":
        """The run of the engine's grid."""
        return self._grid.run

    def _complete(self) -> bool:
        """Look who is here, ask the new ones, and tell whether all are here, once."""
        present = set(self._grid.get_node_ids())
        self._partitions = {n: p for n, p in self._partitions.items() if n in present}
        known = {*self._partitions, *self._asked.values()}
        self._ask(sorted(present - known))
        self._hear(present)
        if present & set(self._asked.values()):
            return False  # somebody has not answered yet
        held = sorted(self._partitions.values())
        return bool(held) and held == list(range(self._num_partitions or 0))

    def _ask(self, node_ids: list[int]) -> None:
        if node_ids:
            queries = [Message(RecordDict(), n, QUERY_PARTITION) for n in node_ids]
            for query_id, node_id in zip(
                self._grid.push_messages(queries), node_ids, strict=True
            ):
                if query_id:
                    self._asked[query_id] = node_id

    def _hear(self, present: set[int]) -> None:
        """Take the answers; those of nodes that have left count for nothing."""
        if not self._asked:
            return
        for answer in list(self._grid.pull_messages(set(self._asked))):
            node_id = self._asked.pop(answer.metadata.reply_to_message_id)
            if node_id not in present:
                continue
            if answer.has_error():
                raise RuntimeError(
                    f"node {node_id} did not say which partition it holds "
                    f"({answer.error.reason}); its app needs the line "
                    'client_app.query("partition")(report_partition)'
                )
            self._partitions[node_id], self._num_partitions = read_partition(answer)
            if opens_envelopes(answer):
                self._opens_envelopes.add(node_id)

    def _incomplete(self) -> str:
        held = sorted(self._partitions.values())
        twice = sorted({partition for partition in held if held.count(partition) > 1})
        missing = sorted(set(range(self._num_partitions or 0)) - set(held))
        trouble = f", two nodes hold {twice}" if twice else ""
        if self._asked:
            trouble += f", {len(self._asked)} nodes have not answered yet"
        return (
            f"expected nodes with the partitions 0 to {self._num_partitions or '?'} - 1"
            f" within {self._wait_s:g} s, got {held or 'none'}: missing {missing}"
            f"{trouble}; raise wait_s, or start the missing nodes"
        )
