"""The server's half of determinism, around any strategy of Flower.

    strategy = Reproducible(FedAvg(fraction_train=0.5), seed=1)
    result = strategy.start(grid, initial_arrays, num_rounds=10)

With the client's half (`mods.py`), the final model is the same, to the last bit, on a
`LocalGrid`, on Flower's Ray engine and on SuperNodes. In round t, `Reproducible`

    waits      until a node is there for every partition
    draws      with the generators seeded from (seed, t, phase), so that the strategy's
               own `random.sample` picks the same partitions everywhere, whether or not
               rounds 1 to t - 1 were run
    sums       replies in the order of the partitions
    refuses    a round in which every client failed; Flower would go on, and report
               success with the model it started from

The first and the third are `PartitionGrid`'s; a `LocalGrid` needs no help with them.
What must be equal besides: the machine type, the versions of NumPy and torch, and the
number of threads per client, one.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Result, Strategy

from lecturekit.runtime.grid import LocalGrid
from lecturekit.runtime.seeding import (
    client_entropy,
    generators_restored,
    seed_generators,
)

from .partition_grid import PartitionGrid


class Reproducible(Strategy):
    """A strategy whose run is a function of its seed, on every engine.

    Parameters
    ----------
    strategy : Strategy
        Does the work; any that leaves the loop over rounds to Flower.
    seed : int
        Of the run: the app's `run_config["seed"]`.
    wait_s : float
        How long to wait for all clients before a round, s.

    Raises
    ------
    TypeError
        If `strategy` is none, or has a loop over rounds of its own.
    """

    def __init__(self, strategy: Strategy, *, seed: int, wait_s: float = 300.0) -> None:
        if not isinstance(strategy, Strategy):
            raise TypeError(f"strategy must be a flwr Strategy, got {strategy!r}")
        if type(strategy).start is not Strategy.start:
            raise TypeError(
                f"strategy must leave the loop over rounds to Strategy.start, got "
                f"{type(strategy).__name__}, which has its own"
            )
        self.strategy = strategy
        self.seed = seed
        self.wait_s = wait_s

    def __repr__(self) -> str:
        return f"Reproducible({type(self.strategy).__name__}, seed={self.seed})"

    def start(
        self,
        grid: Grid,
        initial_arrays: ArrayRecord,
        num_rounds: int = 3,
        timeout: float = 3600,
        train_config: ConfigRecord | None = None,
        evaluate_config: ConfigRecord | None = None,
        evaluate_fn: Callable[[int, ArrayRecord], MetricRecord | None] | None = None,
    ) -> Result:
        """Run all rounds: Flower's loop, on a `PartitionGrid` or a `LocalGrid`."""
        if not isinstance(grid, PartitionGrid | LocalGrid):
            grid = PartitionGrid(grid, wait_s=self.wait_s)
        return super().start(
            grid,
            initial_arrays,
            num_rounds,
            timeout,
            train_config,
            evaluate_config,
            evaluate_fn,
        )

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> list[Message]:
        """Let the strategy choose, with draws from (seed, round)."""
        with _held_still(grid), self._seeded(server_round, "configure_train"):
            messages = self.strategy.configure_train(server_round, arrays, config, grid)
            return list(messages)

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Let the strategy aggregate; RuntimeError if no client succeeded."""
        replies = list(replies)
        if all(reply.has_error() for reply in replies):
            raise RuntimeError(_every_client_failed(server_round, replies))
        with self._seeded(server_round, "aggregate_train"):
            arrays, metrics = self.strategy.aggregate_train(server_round, replies)
            return arrays, metrics

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> list[Message]:
        """Let the strategy choose, with draws from (seed, round)."""
        with _held_still(grid), self._seeded(server_round, "configure_evaluate"):
            return list(
                self.strategy.configure_evaluate(server_round, arrays, config, grid)
            )

    def aggregate_evaluate(
        self, server_round: int, replies: Iterable[Message]
    ) -> MetricRecord | None:
        """Let the strategy aggregate; RuntimeError if all that were asked failed."""
        replies = list(replies)
        if replies and all(reply.has_error() for reply in replies):
            raise RuntimeError(_every_client_failed(server_round, replies))
        with self._seeded(server_round, "aggregate_evaluate"):
            return self.strategy.aggregate_evaluate(server_round, replies)

    def summary(self) -> None:
        """Log the strategy's summary."""
        self.strategy.summary()

    @contextmanager
    def _seeded(self, server_round: int, phase: str) -> Iterator[None]:
        with generators_restored():
            seed_generators(client_entropy(self.seed, server_round, phase, -1))
            yield


def _held_still(grid: Grid) -> AbstractContextManager[None]:
    return grid.held_still() if isinstance(grid, PartitionGrid) else nullcontext()


def _every_client_failed(server_round: int, replies: list[Message]) -> str:
    if not replies:
        return f"no client replied in round {server_round}: expected at least one model"
    first = replies[0]
    return (
        f"every client failed in round {server_round} on "
        f"'{first.metadata.message_type}': expected at least one reply without an "
        f"error, got {len(replies)} errors, the first of them {first.error.reason}"
    )
