"""Who the clients run on: how fast they compute, how they are connected, when online.

    compute time  =  work / speed

The work is what the client reports in the metrics of its reply, by one rule:

    "flops", if it reports it           work / flops_per_s
    else "num-examples" times           work / examples_per_s
         "local-epochs" (1 if missing)
    neither, or an error                no time

so a client that trains one epoch on 200 examples at 100 examples per second takes 2
seconds, whatever this machine needs for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from numbers import Real

import numpy as np
from flwr.app import Message, MetricRecord

from .arguments import as_list, check_kind, check_method, check_number
from .availability import Always, Availability, Diurnal
from .network import Network, check_speed
from .seeding import client_entropy


@dataclass(frozen=True)
class Device:
    """A kind of machine; by default ideal, in no time.

    Parameters
    ----------
    name : str
        For people: "old phone".
    examples_per_s, flops_per_s : float, > 0
        Speed in examples trained per second, and in floating-point operations.
    network : Network
        How it is connected.
    """

    name: str = "ideal"
    examples_per_s: float = inf
    flops_per_s: float = inf
    network: Network = field(default_factory=Network)

    def __post_init__(self) -> None:
        for speed in ("examples_per_s", "flops_per_s"):
            check_speed(speed, getattr(self, speed))
        check_kind("network", self.network, Network, "a Network, such as Network(5)")

    def compute_s(self, reply: Message) -> float:
        """Return how long this device works for `reply`, in seconds.

        Raises
        ------
        ValueError
            If the work reported is negative or not finite.
        """
        if reply.has_error() or self.examples_per_s == self.flops_per_s == inf:
            return 0.0
        metrics = metrics_of(reply)
        if "flops" in metrics:
            return _amount(metrics, "flops") / self.flops_per_s
        if "num-examples" in metrics:
            epochs = (
                _amount(metrics, "local-epochs") if "local-epochs" in metrics else 1
            )
            return _amount(metrics, "num-examples") * epochs / self.examples_per_s
        return 0.0


def metrics_of(message: Message) -> dict[str, object]:
    """Return all metrics of a message, by name."""
    if not message.has_content():
        return {}
    return {
        name: value
        for record in message.content.values()
        if isinstance(record, MetricRecord)
        for name, value in record.items()
    }


def _amount(metrics: dict[str, object], name: str) -> float:
    value = metrics[name]
    if isinstance(value, int | float) and isfinite(value) and value >= 0:
        return value
    raise ValueError(
        f"metric {name!r} must be a finite number, at least 0, for the clock to know "
        f"how long the client worked, got {value!r}"
    )


class Devices:
    """What each client of a federation runs on.

    Parameters
    ----------
    kinds : sequence of Device
        Without `shares`, client k has kind k modulo their number.
    shares : sequence of float, optional
        How common each kind is. Client k's kind is drawn from (seed, k) then.
    speed_spread : float, from 0 to 10
        Two devices of a kind differ: speeds are multiplied by exp(speed_spread * z),
        z standard normal, drawn from (seed, k).
    availability : Availability
        When clients are online; by default always.
    """

    def __init__(
        self,
        kinds: Sequence[Device],
        *,
        shares: Sequence[float] | None = None,
        speed_spread: float = 0.0,
        availability: Availability | None = None,
    ) -> None:
        self.kinds: tuple[Device, ...] = tuple(
            as_list("kinds", kinds, Device, "Devices")
        )
        if not self.kinds:
            raise ValueError("kinds must name at least one device, got none")
        self.shares = None if shares is None else _checked(shares, len(self.kinds))
        check_number("speed_spread", speed_spread, 0, 10, "from 0 to 10")
        self.speed_spread = speed_spread
        self.availability = Always() if availability is None else availability
        one = "an object that says when a client is online, such as Diurnal()"
        check_method("availability", self.availability, "next_online", one)

    @classmethod
    def equal(cls, device: Device | None = None) -> "Devices":
        """Return the same device for everybody, by default the ideal one."""
        return cls([device or Device()])

    @classmethod
    def silos(cls) -> "Devices":
        """Return servers of a few organisations: fast, well connected, always there.

        2,000 examples and 10^13 operations per second, a gigabit each way, 10 ms; two
        of them differ by a factor of about exp(0.3) = 1.35.
        """
        network = Network(uplink_mbps=1000, downlink_mbps=1000, latency_ms=10)
        return cls([Device("silo", 2000, 1e13, network)], speed_spread=0.3)

    @classmethod
    def mixed_phones(cls, availability: Availability | None = None) -> "Devices":
        """Return phones and some laptops, online when people sleep.

        Round numbers, to be thought about rather than believed: new phones (30 %) train
        200 examples per second at 20 megabits up, common ones (50 %) 80 at 5, old ones
        (15 %) 20 at 1, laptops (5 %) 400 at 10.

        Parameters
        ----------
        availability : Availability, optional
            By default `Diurnal()`: eight hours a day, six hours of time zones.
        """
        kinds = [
            Device("new phone", 200, 2e10, Network(20, 100, 40)),
            Device("common phone", 80, 8e9, Network(5, 25, 60)),
            Device("old phone", 20, 2e9, Network(1, 5, 100)),
            Device("laptop", 400, 4e10, Network(10, 50, 20)),
        ]
        return cls(
            kinds,
            shares=[0.30, 0.50, 0.15, 0.05],
            speed_spread=0.2,
            availability=availability or Diurnal(),
        )

    def of(self, seed: int, partition_id: int) -> Device:
        """Return the device of the client that holds `partition_id`."""
        device = self.kinds[partition_id % len(self.kinds)]
        if self.shares is None and not self.speed_spread:
            return device
        entropy = client_entropy(seed, 0, "device", partition_id)
        rng = np.random.default_rng(int.from_bytes(entropy, "big"))
        which, z = rng.random(), rng.standard_normal()
        if self.shares is not None:
            ends = np.cumsum(self.shares) / sum(self.shares)
            position = int(np.searchsorted(ends, which, side="right"))
            device = self.kinds[min(position, len(self.kinds) - 1)]
        factor = float(np.exp(self.speed_spread * z))
        return replace(
            device,
            examples_per_s=device.examples_per_s * factor,
            flops_per_s=device.flops_per_s * factor,
        )


def _checked(shares: Sequence[float], num_kinds: int) -> tuple[float, ...]:
    expected = f"one finite number >= 0 for each of {num_kinds} kinds, not all 0"
    listed = as_list("shares", shares, Real, "numbers")
    if (
        len(listed) != num_kinds
        or not all(0 <= share < inf for share in listed)
        or not 0 < sum(listed) < inf
    ):
        raise ValueError(f"shares must be {expected}, got {listed}")
    return tuple(listed)
