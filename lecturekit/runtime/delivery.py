"""The way of a message through virtual time, there and back.

    asked, sent -- downlink --> received -- waits -- computes --> computed
                                                                     |
    replied <-------------------- uplink -------------------------- sent

A client's link and its processor each do one thing after another, first come, first
served; so who answers when is known as soon as a message is sent:

    sent     = max(asked, downlink free)
    received = sent                          + bytes / downlink + latency
    computed = max(received, processor free) + work / speed      (later, if offline)
    sent     = max(computed, uplink free)
    replied  = sent                          + bytes / uplink   + latency

These moments go onto the clock's heap. As the clock gets there, rows go into the trace
and replies into the inbox, from which the server takes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .answers import Answer, Letter
from .clock import Clock
from .collector import collector_paused
from .devices import Device, Devices
from .inbox import Arrival, Inbox
from .isolation import SealedReply
from .network import Network
from .trace import NoTrace, Row, Trace


@dataclass(slots=True)
class Lane:
    """A client's device, and when its links and its processor are free again."""

    device: Device
    network: Network
    downlink_free_s: float = 0.0
    processor_free_s: float = 0.0
    uplink_free_s: float = 0.0


class Delivery:
    """Carries letters and answers.

    Parameters
    ----------
    seed : int
        From which the devices are drawn.
    devices : Devices
        What clients run on.
    network : Network, optional
        One for everybody, instead of the devices' own.
    has_trace : bool
        Without, the trace stays empty and models are not hashed.
    """

    def __init__(
        self, seed: int, devices: Devices, network: Network | None, has_trace: bool
    ) -> None:
        self.clock = Clock()
        self.trace = Trace() if has_trace else NoTrace()
        self.inbox = Inbox(self.clock, self.trace)
        self._seed = seed
        self._devices = devices
        self._network = network
        self._has_trace = has_trace
        self._lanes: dict[int, Lane] = {}

    def lane(self, partition_id: int) -> Lane:
        """Return the lane of the client that holds `partition_id`, always the same."""
        if partition_id not in self._lanes:
            device = self._devices.of(self._seed, partition_id)
            self._lanes[partition_id] = Lane(device, self._network or device.network)
        return self._lanes[partition_id]

    def next_online(self, time_s: float, partition_id: int) -> float:
        """Return when the client is online, from `time_s` on."""
        availability = self._devices.availability
        return availability.next_online(time_s, self._seed, partition_id)

    def carry(self, letters: Iterable[Letter], answers: Iterable[Answer]) -> None:
        """Send letters now; their answers arrive when their time has come."""
        with collector_paused():
            for letter, answer in zip(letters, answers, strict=True):
                asked = Row(
                    self.clock.now,
                    "asked",
                    letter.server_round,
                    letter.partition_id,
                    letter.message.metadata.dst_node_id,
                    letter.message.metadata.message_id,
                    letter.message.metadata.message_type,
                    letter.content.num_bytes,
                    model=letter.content.model if self._has_trace else "",
                )
                self.trace.append(asked)
                self.inbox.expect(asked, 1 + letter.fate.duplicate)
                computed = self._work(asked, answer)
                self._reply(computed, answer.reply, 1 + letter.fate.duplicate)
            self.clock.advance_to(self.clock.now)

    def _work(self, asked: Row, answer: Answer) -> Row:
        """Bring a message to its client and let it work; return the row of its end."""
        lane = self.lane(asked.partition)
        sent_s = max(asked.time_s, lane.downlink_free_s)
        lane.downlink_free_s = sent_s + lane.network.sending_s(asked.bytes, up=False)
        received_s = lane.downlink_free_s + lane.network.latency_s
        begun_s = max(received_s, lane.processor_free_s)
        begun_s = self.next_online(begun_s, asked.partition)
        lane.processor_free_s = begun_s + answer.compute_s
        computed = asked._replace(
            time_s=lane.processor_free_s,
            event="failed" if answer.failure else "computed",
            bytes=0,
            seconds=answer.compute_s,
            model="",
            metrics=answer.reply.content.metrics() if answer.reply.content else {},
            detail=answer.failure,
        )
        self._log_sent(asked, asked.time_s, sent_s, "downlink")
        received = asked._replace(
            time_s=received_s, event="received", bytes=0, seconds=received_s - sent_s
        )
        self._log(received)
        self._log(computed)
        return computed

    def _reply(self, computed: Row, reply: SealedReply, num_copies: int) -> None:
        """Bring a reply to the server, twice if it is fated to be."""
        lane = self.lane(computed.partition)
        model = reply.content.model if reply.content and self._has_trace else ""
        ready_s = computed.time_s
        for copy in range(num_copies):
            sent_s = max(ready_s, lane.uplink_free_s)
            sending_s = lane.network.sending_s(reply.num_bytes, up=True)
            lane.uplink_free_s = sent_s + sending_s
            arrives_s = lane.uplink_free_s + lane.network.latency_s
            replied = computed._replace(
                time_s=arrives_s,
                event="replied",
                bytes=reply.num_bytes,
                seconds=arrives_s - sent_s,
                model=model,
                detail="duplicate" if copy else computed.detail,
            )
            self._log_sent(replied, ready_s, sent_s, "uplink")
            arrival = Arrival(reply, replied, is_copy=copy > 0)
            self.clock.at(arrives_s, self.inbox.arrive, arrival)
            ready_s = arrives_s

    def _log_sent(self, row: Row, ready_s: float, sent_s: float, link: str) -> None:
        """Log when what `row` is about begins to leave: once its link is free."""
        sent = row._replace(
            time_s=sent_s,
            event="sent",
            bytes=0,
            seconds=sent_s - ready_s,
            metrics={},
            detail=link,
        )
        self._log(sent)

    def _log(self, row: Row) -> None:
        if self._has_trace:
            self.clock.at(row.time_s, self.trace.append, row)
