"""The loop over rounds: Flower's `Strategy.start`, which can also be stopped and go on.

    result = run_rounds(strategy, grid, initial_arrays, num_rounds=100,
                        checkpoint="fedadam.checkpoint")

Run this cell, kill the kernel in any round, run it again: the result is, bit for bit,
that of a run that was left alone. Without `checkpoint` it is `strategy.start`, step for
step, with the same result; Flower's own loop begins in round 1 each time.
"""

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from flwr.app import ArrayRecord, ConfigRecord, MetricRecord
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Strategy

from lecturekit.data.checks import check_count

from .arguments import check_kind
from .checkpoint import Checkpoint, RunState
from .grid import LocalGrid
from .replies import check_model, check_shapes, check_weights, explained
from .shown import TracedResult

EvaluateFn = Callable[[int, ArrayRecord], MetricRecord | None]
OnRound = Callable[[int, dict[str, MetricRecord]], object]


def run_rounds(
    strategy: Strategy,
    grid: Grid,
    initial_arrays: ArrayRecord,
    num_rounds: int = 3,
    timeout: float = 3600,
    train_config: ConfigRecord | None = None,
    evaluate_config: ConfigRecord | None = None,
    evaluate_fn: EvaluateFn | None = None,
    *,
    checkpoint: str | PathLike[str] | None = None,
    every: int = 1,
    on_round: OnRound | None = None,
) -> TracedResult:
    """Run `num_rounds` rounds of `strategy`, from the beginning or from a checkpoint.

    Parameters
    ----------
    strategy, grid, initial_arrays, num_rounds, timeout, train_config, evaluate_config,
    evaluate_fn
        As for Flower's `Strategy.start`.
    checkpoint : path, optional
        The file that the run is saved to. If it exists, the run goes on from there:
        give the same arguments (`num_rounds` may be larger) and, in a new process, a
        strategy and a grid made as before. `grid` must be a LocalGrid.
    every : int
        Save after so many rounds, and after the last one; positive.
    on_round : callable, optional
        Called after every round with its number and its metrics: those of "train" and
        "evaluate", aggregated over clients, and those of "server", from `evaluate_fn`,
        where there are any. With `evaluate_fn` it is called for round 0, too. What it
        raises ends the run.

    Returns
    -------
    TracedResult
        Flower's Result: the model, and metrics by round, those before a checkpoint
        included; and the trace of the run. A notebook shows it as a figure.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, the strategy or a client keeps something
        that cannot be saved, or the checkpoint is damaged or of another run; if the
        strategy waits for more clients than there are, or cannot aggregate the replies.
    """
    check_kind("strategy", strategy, Strategy, "a Strategy, such as FedAvg()")
    check_kind("grid", grid, Grid, "a Grid, such as LocalGrid(client_app, 10)")
    check_kind("initial_arrays", initial_arrays, ArrayRecord, "an ArrayRecord")
    check_count("num_rounds", num_rounds, low=0)
    check_count("every", every, low=1)
    if type(strategy).start is not Strategy.start:
        raise ValueError(
            f"{type(strategy).__name__} has a loop of its own: call its `start`, which "
            "has no checkpoints"
        )
    run = RunState(
        initial_arrays,
        ConfigRecord() if train_config is None else train_config,
        ConfigRecord() if evaluate_config is None else evaluate_config,
    )
    saved = None
    if checkpoint is not None:
        saved = Checkpoint(Path(checkpoint), strategy, _local(grid), run)
    strategy.summary()
    log = grid.trace if isinstance(grid, LocalGrid) else None
    begins = len(log or ())
    if saved and saved.resume():
        begins = 0  # the trace came with the checkpoint
    else:
        metrics = _evaluate_here(run, evaluate_fn)
        if on_round and metrics:
            on_round(0, metrics)
    if run.server_round > num_rounds:
        raise ValueError(
            f"num_rounds must be at least {run.server_round}, the round that "
            f"{checkpoint} is of, got {num_rounds}"
        )
    while run.server_round < num_rounds:
        run.server_round += 1
        metrics = _one_round(strategy, grid, run, timeout)
        metrics |= _evaluate_here(run, evaluate_fn)
        if saved and (run.server_round % every == 0 or run.server_round == num_rounds):
            saved.save()
        if on_round:
            on_round(run.server_round, metrics)
    return TracedResult(**vars(run.result), log=log, begins=begins, ends=len(log or ()))


def _one_round(
    strategy: Strategy, grid: Grid, run: RunState, timeout: float
) -> dict[str, MetricRecord]:
    """Train, aggregate, evaluate on clients; return the metrics of the round."""
    t, metrics = run.server_round, {}
    config = run.train_config
    asked = list(strategy.configure_train(t, run.arrays, config, grid))
    replies = list(grid.send_and_receive(asked, timeout=timeout))
    check_weights(t, strategy, replies)
    check_shapes(t, strategy, run.arrays, asked, replies)
    with explained(t, replies):
        arrays, train_metrics = strategy.aggregate_train(t, replies)
    if arrays is not None:  # else no client has answered: the model stays
        check_model(t, run.arrays, arrays)
        run.result.arrays = run.arrays = arrays
    if train_metrics is not None:
        run.result.train_metrics_clientapp[t] = metrics["train"] = train_metrics

    messages = strategy.configure_evaluate(t, run.arrays, run.evaluate_config, grid)
    replies = list(grid.send_and_receive(messages, timeout=timeout))
    check_weights(t, strategy, replies)
    with explained(t, replies):
        evaluate_metrics = strategy.aggregate_evaluate(t, replies)
    if evaluate_metrics is not None:
        run.result.evaluate_metrics_clientapp[t] = evaluate_metrics
        metrics["evaluate"] = evaluate_metrics
    return metrics


def _evaluate_here(
    run: RunState, evaluate_fn: EvaluateFn | None
) -> dict[str, MetricRecord]:
    """Evaluate the model on the server, if there is a function for it."""
    metrics = evaluate_fn(run.server_round, run.arrays) if evaluate_fn else None
    if metrics is None:
        return {}
    run.result.evaluate_metrics_serverapp[run.server_round] = metrics
    return {"server": metrics}


def _local(grid: Grid) -> LocalGrid:
    if not isinstance(grid, LocalGrid):
        raise TypeError(
            "a checkpoint holds what the clients keep, which only a LocalGrid knows, "
            f"got {type(grid).__name__}: leave `checkpoint` out"
        )
    return grid
