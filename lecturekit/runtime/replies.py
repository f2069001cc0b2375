"""What is wrong with a round's replies: which client's, and what the others have.

A strategy that cannot aggregate says what it expected, not who broke it: "All
ArrayRecords must have the same keys", or whatever NumPy thinks of two shapes. Here the
replies are compared, names and shapes, and the first that is unlike most is named.
Some that do not fit, a strategy averages in silence; these are looked for.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import Any

from flwr.app import ArrayRecord, Message, MetricRecord
from flwr.serverapp.strategy import FedXgbBagging, FedXgbCyclic, Strategy

Replies = Sequence[Message]  # to one round's messages, errors among them

_GROWING = FedXgbBagging, FedXgbCyclic


@contextmanager
def explained(server_round: int, replies: Replies) -> Iterator[None]:
    """Say which reply is at fault if the block, which aggregates them, raises.

    Parameters
    ----------
    server_round : int
        The round they are of.
    replies : sequence of Message
        All that the strategy gets.

    Raises
    ------
    ValueError
        In place of what the block raised, its cause, if the replies explain it.
    """
    try:
        yield
    except Exception as error:
        told = _odd_one_out([reply for reply in replies if reply.has_content()])
        if not told and isinstance(error, ZeroDivisionError):
            told = "none weighs anything, their 'num-examples' add up to 0"
        if not told:
            raise
        raise _unfit(server_round, told) from error


def check_weights(server_round: int, strategy: Strategy, replies: Replies) -> None:
    """Raise ValueError if a weight of FedAvg's kind is negative or not finite.

    Weights are divided by their sum: 10 and -9 would give a model, too. A strategy of
    one's own may know better.
    """
    if not _is_flowers_own(strategy):
        return
    key = getattr(strategy, "weighted_by_key", "")
    for reply in replies:
        for metrics in _records(reply, MetricRecord):
            weight = metrics.get(key, 0)
            if not isinstance(weight, list) and not 0 <= weight < inf:
                raise _unfit(
                    server_round,
                    f"that of node {reply.metadata.src_node_id} has the weight {key!r} "
                    f"= {weight}, expected a number of at least 0",
                )


def check_model(server_round: int, old: ArrayRecord, new: ArrayRecord) -> None:
    """Raise ValueError if the new model has no array in common with the old one."""
    if old and new and not set(old) & set(new):
        raise ValueError(
            f"the clients of round {server_round} replied with the arrays {list(new)}, "
            f"but the model that they were sent has {list(old)}: reply with its names"
        )


def check_shapes(
    server_round: int,
    strategy: Strategy,
    model: ArrayRecord,
    messages: Replies,
    replies: Replies,
) -> None:
    """Raise ValueError if an array of a reply has not the shape that it was sent with.

    NumPy would stretch it to the others' shape, or the next round have another model.
    A strategy of one's own may know better, or send other shapes than the model's, and
    boosted trees grow.
    """
    if not _is_flowers_own(strategy) or isinstance(strategy, _GROWING):
        return
    shapes = _shapes(model)
    records = [r for message in messages for r in _records(message, ArrayRecord)]
    sent = {id(record): record for record in records}  # most often one, for all
    if not all(_shapes(record).items() <= shapes.items() for record in sent.values()):
        return
    for reply in replies:
        for name, shape in _shapes(*_records(reply, ArrayRecord)).items():
            if shape != shapes.get(name, shape):
                raise _unfit(
                    server_round,
                    f"that of node {reply.metadata.src_node_id} has {name!r} of shape "
                    f"{shape}, where the model that it was sent has {shapes[name]}",
                )


def _is_flowers_own(strategy: Strategy) -> bool:
    """Whether Flower's code does all of the aggregating, in a wrapper's strategy, too.

    It does for FedAvg, FedAdam and others, and for a subclass that only samples.
    """
    while True:
        kind = type(strategy)
        for method in (kind.aggregate_train, kind.aggregate_evaluate):
            if not method.__module__.startswith("flwr."):
                return False
        inner = getattr(strategy, "strategy", None)
        if not isinstance(inner, Strategy):
            return True
        strategy = inner


def _shapes(*records: ArrayRecord) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays in these records, by name."""
    return {
        name: tuple(array.shape) for record in records for name, array in record.items()
    }


def _records(reply: Message, kind: type) -> list[Any]:
    """Return the records of this kind; none of a client that failed."""
    if not reply.has_content():
        return []
    return [record for record in reply.content.values() if isinstance(record, kind)]


def _unfit(server_round: int, told: str) -> ValueError:
    return ValueError(
        f"the replies of round {server_round} cannot be aggregated: {told}"
    )


def _odd_one_out(replies: Replies) -> str:
    """Say which reply is unlike most, or "" if all are alike."""
    forms = [_form(reply) for reply in replies]
    if len(set(forms)) < 2:
        return ""
    (usual, _), *_ = Counter(forms).most_common(1)
    odd = next(k for k, form in enumerate(forms) if form != usual)
    like = forms.index(usual)
    mine, theirs = set(forms[odd]) - set(usual), set(usual) - set(forms[odd])
    return (
        f"that of node {replies[odd].metadata.src_node_id} has {_listed(mine)}, where "
        f"that of node {replies[like].metadata.src_node_id} has {_listed(theirs)}"
    )


def _form(reply: Message) -> tuple[str, ...]:
    """Return a line for each array and metric of a reply, with shapes and lengths."""
    content = reply.content
    lines = [
        f"{record}[{name!r}] of shape {tuple(array.shape)}"
        for record, arrays in content.array_records.items()
        for name, array in arrays.items()
    ]
    for record, metrics in content.metric_records.items():
        lines += [
            f"{record}[{name!r}]"
            + (f" of length {len(value)}" if isinstance(value, list) else "")
            for name, value in metrics.items()
        ]
    return tuple(sorted(lines))


def _listed(lines: set[str]) -> str:
    return ", ".join(sorted(lines)) or "nothing more"
