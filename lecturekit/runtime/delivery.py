"""The way of a message through virtual time, there and back.

    asked ---- downlink ----> received -- waits -- computes --> computed
                                                                   |
    replied <------------------- uplink ---------------------------+

A client's link and its processor each do one thing after another, first come, first
served; so who answers when is known as soon as a message is sent:

    received = max(asked, downlink free)     + bytes / downlink + latency
    computed = max(received, processor free) + work / speed      (later, if offline)
    replied  = max(computed, uplink free)    + bytes / uplink   + latency

These moments go onto the clock's heap. As the clock gets there, rows go into the trace
and replies into the inbox, from which the server takes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .answers import Answer, Letter
from .clock import Clock
from .devices import Device, Devices, metrics_of
from .failures import Fate
from .inbox import Arrival, Inbox
from .isolation import delivered_reply
from .network import Network
from .trace import NoTrace, Row, Trace
from .wire import Fingerprints, message_bytes


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
        weights: dict[int, int] = {}  # a cohort's messages share their content
        fingerprints = Fingerprints()
        for letter, answer in zip(letters, answers, strict=True):
            content = letter.message.content
            if id(content) not in weights:
                weights[id(content)] = message_bytes(letter.message)
            asked = Row(
                self.clock.now,
                "asked",
                letter.server_round,
                letter.partition_id,
                letter.message.metadata.dst_node_id,
                letter.message.metadata.message_id,
                letter.message.metadata.message_type,
                weights[id(content)],
                model=fingerprints.of(content) if self._has_trace else "",
            )
            self.trace.append(asked)
            self.inbox.expect(asked, 1 + letter.fate.duplicate)
            computed = self._work(asked, answer)
            self._reply(computed, letter.fate, answer, fingerprints)
        self.clock.advance_to(self.clock.now)

    def _work(self, asked: Row, answer: Answer) -> Row:
        """Bring a message to its client and let it work; return the row of its end."""
        lane = self.lane(asked.partition)
        sent_s = max(asked.time_s, lane.downlink_free_s)
        sending_s = lane.network.sending_s(asked.bytes, up=False)
        lane.downlink_free_s = sent_s + sending_s
        received_s = lane.downlink_free_s + lane.network.latency_s
        received = asked.but(
            time_s=received_s,
            event="received",
            bytes=0,
            seconds=received_s - sent_s,
        )
        begun_s = max(received_s, lane.processor_free_s)
        begun_s = self.next_online(begun_s, asked.partition)
        lane.processor_free_s = begun_s + answer.compute_s
        computed = asked.but(
            time_s=lane.processor_free_s,
            event="failed" if answer.failure else "computed",
            bytes=0,
            seconds=answer.compute_s,
            model="",
            metrics=metrics_of(answer.reply),
            detail=answer.failure,
        )
        self.clock.at(received.time_s, self.trace.append, received)
        self.clock.at(computed.time_s, self.trace.append, computed)
        return computed

    def _reply(
        self, computed: Row, fate: Fate, answer: Answer, fingerprints: Fingerprints
    ) -> None:
        """Bring a reply to the server, twice if it is fated to be."""
        lane = self.lane(computed.partition)
        reply = delivered_reply(answer.reply)
        content = reply.content if self._has_trace and reply.has_content() else None
        ready_s = computed.time_s
        for copy in range(1 + fate.duplicate):
            sent_s = max(ready_s, lane.uplink_free_s)
            num_bytes = message_bytes(reply)
            lane.uplink_free_s = sent_s + lane.network.sending_s(num_bytes, up=True)
            arrives_s = lane.uplink_free_s + lane.network.latency_s
            row = computed.but(
                time_s=arrives_s,
                event="replied",
                bytes=num_bytes,
                seconds=arrives_s - sent_s,
                model=fingerprints.of(content) if content else "",
                detail="duplicate" if copy else computed.detail,
            )
            self.clock.at(arrives_s, self.inbox.arrive, Arrival(reply, row, copy > 0))
            ready_s, reply = arrives_s, delivered_reply(reply)
