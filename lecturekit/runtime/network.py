"""How long does a message travel? Latency, plus its bytes over the bandwidth.

    transfer time  =  latency_ms / 1000  +  8 * bytes / (mbps * 10^6)

Bandwidths are in megabits per second, as they are sold; a model is counted in bytes, as
it is stored: hence the 8. A link carries one message after another: a second one starts
when the last bit of the first has left, while the first may still be on its way.
"""

from dataclasses import dataclass
from math import inf
from sys import float_info

from .arguments import check_number

_MIN_SPEED = 1e-30  # less, and seconds would be more than a float can say


@dataclass(frozen=True)
class Network:
    """A client's connection with the server; by default ideal, in no time.

    Parameters
    ----------
    uplink_mbps, downlink_mbps : float, > 0
        Bandwidth from the client to the server, and back, in 10^6 bits per second.
    latency_ms : float, >= 0
        How long a bit travels, one way, in milliseconds.

    Examples
    --------
    One million bytes are 8 megabits:

    >>> Network(uplink_mbps=4, latency_ms=500).uplink_s(1_000_000)
    2.5
    """

    uplink_mbps: float = inf
    downlink_mbps: float = inf
    latency_ms: float = 0.0

    def __post_init__(self) -> None:
        for name in ("uplink_mbps", "downlink_mbps"):
            check_speed(name, getattr(self, name))
        finite = "at least 0 and finite"
        check_number("latency_ms", self.latency_ms, 0, float_info.max, finite)

    @property
    def latency_s(self) -> float:
        """The latency in seconds."""
        return self.latency_ms / 1000

    def sending_s(self, num_bytes: int, *, up: bool) -> float:
        """Return how long the link is busy with a message, in seconds."""
        return num_bytes * 8e-6 / (self.uplink_mbps if up else self.downlink_mbps)

    def uplink_s(self, num_bytes: int) -> float:
        """Return how long a message takes to the server, in seconds."""
        return self.latency_s + self.sending_s(num_bytes, up=True)

    def downlink_s(self, num_bytes: int) -> float:
        """Return how long a message takes from the server, in seconds."""
        return self.latency_s + self.sending_s(num_bytes, up=False)


def check_speed(name: str, value: float) -> None:
    """Refuse a speed, of a link or a device, that is not a positive number."""
    check_number(name, value, _MIN_SPEED, inf, f"positive, at least {_MIN_SPEED:g}")
