"""Training messages answered by the cohort: one app, an ordinary and a fast version.

The author of an app says what a client does, in one function:

    def prepare(message, context):
        k = context.node_config["partition-id"]
        batches = ...positions in the data, one array per step...
        return Work(batches, num_examples, LocalSGD(lr=message.content["config"]["lr"]))

and gets both ways of doing it, with equal replies to within float rounding:

    training.reply      a train function for any of Flower's engines (train_one)
    training.prepare,
    training.replies    a cohort function for `CohortExecutor` (train_cohort)

A request carries one ArrayRecord, the model; a reply an ArrayRecord under the same key
and a MetricRecord "metrics" with "num-examples" and "train-loss". This module imports
torch: `from lecturekit.runtime.cohort_training import CohortTraining, Work`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict

from .cohort import Stack, train_stacks
from .collector import collector_paused
from .fast_arrays import encoded
from .fast_records import filled
from .local_training import (
    Batches,
    LocalSGD,
    Model,
    Objective,
    train_one,
)


@dataclass(frozen=True, eq=False)
class Work:
    """What one client has to do in one round.

    Parameters
    ----------
    batches : sequence of (n,) int64, n >= 1
        The positions of each step's examples in the objective's data. May be empty.
    num_examples : int
        n_k, what the client reports as its weight.
    inner : LocalSGD
        Clients that differ in it are trained in separate stacks.
    """

    batches: Batches
    num_examples: int
    inner: LocalSGD


class CohortTraining:
    """A train function with a fast version beside it.

    Parameters
    ----------
    objective : Objective
        The network, the loss and everybody's examples.
    prepare : callable
        `prepare(message, context)` returns the client's Work. What it draws from the
        global generators, or from one seeded by (seed, round, client), does not depend
        on whether clients are trained together.
    chunk_size : int, >= 1
        How many clients are stacked at most; see `train_cohort`.
    """

    def __init__(
        self,
        objective: Objective,
        prepare: Callable[[Message, Context], Work],
        *,
        chunk_size: int = 256,
    ) -> None:
        self.objective = objective
        self.prepare = prepare
        self.chunk_size = chunk_size
        self._shapes = {
            name: tuple(array.shape)
            for name, array in objective.network.named_parameters()
        }

    def reply(self, message: Message, context: Context) -> Message:
        """Train one client; register it with `client_app.train()(training.reply)`."""
        work = self.prepare(message, context)
        key, model = self._model_in(message, {})
        trained = train_one(self.objective, model, work.batches, work.inner)
        return _reply(message, key, ArrayRecord(trained.model), work, trained.loss)

    def replies(
        self, messages: Sequence[Message], works: Sequence[Work]
    ) -> list[Message]:
        """Train many clients at once and return their replies, in order."""
        seen: dict[tuple[object, ...], Model] = {}
        keys_and_models = [self._model_in(message, seen) for message in messages]
        models = [model for _, model in keys_and_models]
        replies: dict[int, Message] = {}
        for stack in self._trained(models, works):
            with collector_paused():
                arrays = {n: array.cpu().numpy() for n, array in stack.model.items()}
                losses = stack.losses.tolist()
                for row, k in enumerate(stack.clients):
                    own = {name: encoded(a[row, ...]) for name, a in arrays.items()}
                    key, _ = keys_and_models[k]
                    record = filled(ArrayRecord, own)
                    replies[k] = _reply(messages[k], key, record, works[k], losses[row])
        return [replies[k] for k in range(len(messages))]

    def _trained(
        self, models: Sequence[Model], works: Sequence[Work]
    ) -> Iterator[Stack]:
        """Train all clients: those with equal settings in one stack."""
        for inner in dict.fromkeys(work.inner for work in works):
            members = [k for k, work in enumerate(works) if work.inner == inner]
            for stack in train_stacks(
                self.objective,
                [models[k] for k in members],
                [works[k].batches for k in members],
                inner,
                chunk_size=self.chunk_size,
            ):
                yield stack._replace(clients=[members[i] for i in stack.clients])

    def _model_in(
        self, message: Message, seen: dict[tuple[object, ...], Model]
    ) -> tuple[str, Model]:
        """Return the message's model and its key, if it fits the network.

        A server that sends one model to the whole cohort sends K records over one set
        of `bytes`, so that of a cohort, as a rule, one model is checked and decoded.
        """
        records = message.content.array_records
        if len(records) != 1:
            raise ValueError(
                f"a training message must carry one ArrayRecord, got {len(records)}"
            )
        ((key, record),) = records.items()
        identity = (*record, *[id(array.data) for array in record.values()])
        if identity not in seen:
            shapes = {name: tuple(array.shape) for name, array in record.items()}
            if shapes != self._shapes:
                raise ValueError(
                    f"the model must have the network's arrays {self._shapes}, "
                    f"got {shapes}"
                )
            seen[identity] = record.to_torch_state_dict()
        return key, seen[identity]


def _reply(
    message: Message, key: str, arrays: ArrayRecord, work: Work, loss: float
) -> Message:
    metrics = MetricRecord({"num-examples": work.num_examples, "train-loss": loss})
    content = filled(RecordDict, {key: arrays, "metrics": metrics})
    return Message(content, reply_to=message)
