"""What is wrong with a round's replies: which client's, and what the others have.

A strategy that cannot aggregate says what it expected, not who broke it: "All
ArrayRecords must have the same keys", or whatever NumPy thinks of two shapes. Here the
replies are compared, names and shapes, and the first that is unlike most is named.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flwr.app import ArrayRecord, Message


@contextmanager
def explained(server_round: int, replies: Sequence[Message]) -> Iterator[None]:
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
        raise ValueError(
            f"the replies of round {server_round} cannot be aggregated: {told}"
        ) from error


def check_model(server_round: int, old: ArrayRecord, new: ArrayRecord) -> None:
    """Raise ValueError if the new model has no array in common with the old one."""
    if old and new and not set(old) & set(new):
        raise ValueError(
            f"the clients of round {server_round} replied with the arrays {list(new)}, "
            f"but the model that they were sent has {list(old)}: reply with its names"
        )


def _odd_one_out(replies: Sequence[Message]) -> str:
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
    """Return a line for each array, with its shape, and for each metric of a reply."""
    content = reply.content
    lines = [
        f"{record}[{name!r}] of shape {tuple(array.shape)}"
        for record, arrays in content.array_records.items()
        for name, array in arrays.items()
    ]
    for record, metrics in content.metric_records.items():
        lines += [f"{record}[{name!r}]" for name in metrics]
    return tuple(sorted(lines))


def _listed(lines: set[str]) -> str:
    return ", ".join(sorted(lines)) or "nothing more"
