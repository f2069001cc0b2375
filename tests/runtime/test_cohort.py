"""Cohort training: equal to one client after another, alone and through the grid."""

import gc

import numpy as np
import pytest
import torch
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg
from torch import nn

from lecturekit.data import BigramLanguage, digits
from lecturekit.models.torch_classifiers import (
    classification_losses,
    cnn,
    linear,
    mlp,
)
from lecturekit.models.torch_gpt import GPT, next_token_losses
from lecturekit.runtime import ClientFailed, LocalGrid
from lecturekit.runtime.cohort import train_cohort, train_stacks
from lecturekit.runtime.cohort_executor import CohortExecutor
from lecturekit.runtime.cohort_training import CohortTraining, Work
from lecturekit.runtime.local_training import (
    LocalSGD,
    Objective,
    train_loop,
    train_one,
)

SEED = 1
SIZES = (40, 7, 0, 16, 1, 33)  # examples per client
EVERYBODY = range(len(SIZES))
MOMENTUM = LocalSGD(lr=0.05, momentum=0.9, weight_decay=0.01)


def objective_of(name):
    """Build an objective on real digits, or on sequences of 17 tokens."""
    if name == "gpt":
        language = BigramLanguage.random(vocab_size=32, seed=SEED)
        tokens = torch.tensor(language.sample(200, length=17, seed=SEED))
        return Objective(GPT(seed=SEED), next_token_losses, (tokens,))
    network = {"linear": linear, "mlp": mlp, "cnn": cnn}[name](seed=SEED)
    data = torch.tensor(digits().features[:200]), torch.tensor(digits().labels[:200])
    return Objective(network, classification_losses, data)


def model_of(objective):
    return {n: p.detach().clone() for n, p in objective.network.named_parameters()}


def batches_of(client, num_examples, batch_size=16, local_epochs=1, server_round=1):
    """Draw a client's batches from (seed, round, client); the last may be short."""
    rng = np.random.default_rng((SEED, server_round, client))
    held = np.random.default_rng((SEED, client)).choice(200, num_examples, False)
    return [
        held[order[first : first + batch_size]]
        for order in (rng.permutation(num_examples) for _ in range(local_epochs))
        for first in range(0, num_examples, batch_size)
    ]


def assert_equal(got, expected, atol=1e-5):
    assert list(got.model) == list(expected.model)
    for name, array in expected.model.items():
        torch.testing.assert_close(got.model[name], array, rtol=0, atol=atol)
    assert got.loss == pytest.approx(expected.loss, abs=atol)


def line():
    """Build the objective w * mean(x), whose gradient is mean(x), on x = 0 ... 9."""
    network = nn.Linear(1, 1, bias=False)
    x = torch.arange(10.0)[:, None]
    return Objective(network, lambda predict, x: predict(x)[:, 0], (x,))


# Training


@pytest.mark.parametrize("inner", [LocalSGD(lr=0.1), MOMENTUM])
@pytest.mark.parametrize("name", ["linear", "mlp", "cnn", "gpt"])
def test_cohort_equals_the_loop(name, inner):
    """Unequal sizes, short batches and an empty client: within 1e-5 of the loop."""
    objective = objective_of(name)
    models = [model_of(objective)] * len(SIZES)
    batches = [batches_of(k, n, local_epochs=2) for k, n in enumerate(SIZES)]

    together = train_cohort(objective, models, batches, inner)

    for got, expected in zip(
        together, train_loop(objective, models, batches, inner), strict=True
    ):
        assert_equal(got, expected)


@pytest.mark.parametrize("train", [train_loop, train_cohort])
def test_two_steps_by_hand(train):
    """Gradients 3 and 5 at lr 1/2 take w from 10 to 8.5 to 6; losses 30 and 42.5."""
    batches = [np.array([1, 2, 6]), np.array([5])]

    (got,) = train(
        line(), [{"weight": torch.tensor([[10.0]])}], [batches], LocalSGD(0.5)
    )

    assert got.model["weight"].item() == 6.0
    assert got.loss == (30 + 42.5) / 2


@pytest.mark.parametrize("train", [train_loop, train_cohort])
def test_two_steps_with_momentum_by_hand(train):
    """Velocities 4 and 4/2 + 2 = 4 at lr 1/4 take w from 10 to 9 to 8."""
    inner, model = LocalSGD(0.25, momentum=0.5), {"weight": torch.tensor([[10.0]])}

    (got,) = train(line(), [model], [[np.array([4]), np.array([2])]], inner)

    assert got.model["weight"].item() == 8.0


def test_clients_may_start_at_different_models():
    """Client k's model is the start of client k."""
    objective = objective_of("mlp")
    models = [
        {n: p.detach() for n, p in mlp(seed=k).named_parameters()} for k in range(3)
    ]
    batches = [batches_of(k, 20) for k in range(3)]

    together = train_cohort(objective, models, batches, LocalSGD(0.1))

    for k in range(3):
        expected = train_one(objective, models[k], batches[k], LocalSGD(0.1))
        assert_equal(together[k], expected)


@pytest.mark.parametrize("chunk_size", [1, 2, 4, 6, 100])
def test_chunks_change_nothing(chunk_size):
    """However many clients are stacked, the results are those of the loop, in order."""
    objective = objective_of("mlp")
    models = [model_of(objective)] * len(SIZES)
    batches = [batches_of(k, n) for k, n in enumerate(SIZES)]

    together = train_cohort(objective, models, batches, MOMENTUM, chunk_size=chunk_size)

    for got, expected in zip(
        together, train_loop(objective, models, batches, MOMENTUM), strict=True
    ):
        assert_equal(got, expected)


def test_no_stack_is_larger_than_a_chunk():
    """Memory is bounded: seven clients come in stacks of 3, 3 and 1."""
    objective = objective_of("linear")
    batches = [batches_of(k, 5) for k in range(7)]
    stacks = train_stacks(
        objective, [model_of(objective)] * 7, batches, LocalSGD(0.1), chunk_size=3
    )

    sizes, clients = [], []
    for stack in stacks:
        sizes.append({len(array) for array in stack.model.values()})
        clients += stack.clients

    assert sizes == [{3}, {3}, {1}]
    assert sorted(clients) == list(range(7))


def test_clients_with_the_same_data_get_the_same_model():
    """Duplicates agree bit for bit, whoever is between them."""
    objective = objective_of("mlp")
    batches = [batches_of(k, n) for k, n in ((3, 20), (1, 40), (3, 20))]

    first, _, third = train_cohort(
        objective, [model_of(objective)] * 3, batches, LocalSGD(0.1)
    )

    assert all(torch.equal(first.model[n], third.model[n]) for n in first.model)


@pytest.mark.parametrize("inner", [LocalSGD(lr=0.1), MOMENTUM])
def test_a_client_without_examples_returns_its_model(inner):
    """Bit for bit, with a loss of 0, also when nobody has examples."""
    objective = objective_of("mlp")
    model = model_of(objective)

    for batches in ([[], batches_of(1, 20)], [[]]):
        empty, *_ = train_cohort(objective, [model] * len(batches), batches, inner)

        assert all(torch.equal(empty.model[name], model[name]) for name in model)
        assert empty.loss == 0.0


def test_a_cohort_of_nobody_is_trained_at_once():
    """No client, no model."""
    assert train_cohort(objective_of("linear"), [], [], LocalSGD(0.1)) == []


def test_a_diverging_client_harms_nobody_else():
    """One client's infinite pixel makes its own model NaN, and no other's."""
    objective = objective_of("mlp")
    objective.data[0][3] = float("inf")
    batches = [[np.array([3, 4])], [np.array([5, 6])]]

    broken, sound = train_cohort(
        objective, [model_of(objective)] * 2, batches, LocalSGD(0.1)
    )

    assert not torch.isfinite(broken.model["1.weight"]).all()
    expected = train_one(objective, model_of(objective), batches[1], LocalSGD(0.1))
    assert_equal(sound, expected)


@pytest.mark.parametrize("train", [train_loop, train_cohort])
def test_models_and_data_passed_in_stay_as_they_are(train):
    """Neither the start nor the network's own parameters are trained."""
    objective = objective_of("mlp")
    model, start = model_of(objective), model_of(objective)

    train(objective, [model] * 2, [batches_of(k, 20) for k in (0, 1)], MOMENTUM)

    assert all(torch.equal(model[name], start[name]) for name in start)
    own = dict(objective.network.named_parameters())
    assert all(torch.equal(own[name], start[name]) for name in start)


def test_impossible_requests_are_refused():
    """The messages say what was expected and what was got."""
    objective = objective_of("linear")
    models, batches = [model_of(objective)], [[np.array([0])]]
    with pytest.raises(ValueError, match=r"chunk_size must be >= 1, got 0"):
        train_cohort(objective, models, batches, LocalSGD(0.1), chunk_size=0)
    with pytest.raises(ValueError, match=r"got 1 models and batches for 2 clients"):
        train_cohort(objective, models, batches * 2, LocalSGD(0.1))
    with pytest.raises(ValueError, match=r"at least one example, got none"):
        train_cohort(objective, models, [[np.zeros(0, np.int64)]], LocalSGD(0.1))
    with pytest.raises(
        ValueError, match=r"must have no buffers, got \['0.running_mean"
    ):
        Objective(nn.Sequential(nn.BatchNorm1d(3)), classification_losses, ())


# Through the grid


def prepare(message, context):
    """Draw batches from (seed, round, client), with the learning rate asked for."""
    k, config = context.node_config["partition-id"], message.content["config"]
    batches = batches_of(k, SIZES[k], server_round=config["server-round"])
    return Work(batches, SIZES[k], LocalSGD(config["lr"], momentum=0.9))


def app_of(training):
    """Build a ClientApp that also evaluates, to the sum of the model's numbers."""
    app = ClientApp()
    app.train()(training.reply)

    @app.evaluate()
    def evaluate(message, context):
        total = sum(float(a.numpy().sum()) for a in message.content["arrays"].values())
        metrics = MetricRecord({"num-examples": 1, "total": total})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)

    return app


def grids_of(training, num_clients=6, **settings):
    """Return an ordinary grid, and one that trains the cohort at once."""
    app = app_of(training)
    executor = CohortExecutor(app, {"train": training})
    return (
        LocalGrid(app, num_clients, **settings),
        LocalGrid(app, num_clients, executor=executor, **settings),
    )


def requests(objective, clients=EVERYBODY, lr=0.05, server_round=1):
    content = RecordDict(
        {
            "arrays": ArrayRecord(model_of(objective)),
            "config": ConfigRecord({"lr": lr, "server-round": server_round}),
        }
    )
    return [Message(content, 1000 + k, "train") for k in clients]


def assert_equal_replies(got, expected):
    assert len(got) == len(expected)
    for reply, same in zip(got, expected, strict=True):
        assert reply.metadata.src_node_id == same.metadata.src_node_id
        assert list(reply.content) == list(same.content)
        mine, other = reply.content["metrics"], same.content["metrics"]
        assert mine["num-examples"] == other["num-examples"]
        assert mine["train-loss"] == pytest.approx(other["train-loss"], abs=1e-5)
        assert list(reply.content["arrays"]) == list(same.content["arrays"])
        for name, array in same.content["arrays"].items():
            one = reply.content["arrays"][name]
            assert (one.dtype, one.shape) == (array.dtype, array.shape)
            np.testing.assert_allclose(one.numpy(), array.numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["linear", "mlp", "cnn", "gpt"])
def test_replies_are_those_of_the_ordinary_path(name):
    """Same order, same keys, same metrics, models within 1e-5; asked in any order."""
    objective = objective_of(name)
    ordinary, together = grids_of(CohortTraining(objective, prepare, chunk_size=4))
    clients = (5, 0, 2, 1, 4, 3)

    expected = ordinary.send_and_receive(requests(objective, clients))
    got = together.send_and_receive(requests(objective, clients))

    assert_equal_replies(got, expected)


def test_a_strategy_does_not_notice():
    """Three rounds of Flower's FedAvg, evaluation included, end at the same model."""
    objective = objective_of("mlp")
    results = [
        FedAvg().start(
            grid,
            ArrayRecord(model_of(objective)),
            num_rounds=3,
            train_config=ConfigRecord({"lr": 0.05}),
        )
        for grid in grids_of(CohortTraining(objective, prepare))
    ]

    ordinary, together = results
    for name, array in ordinary.arrays.items():
        got = together.arrays[name].numpy()
        np.testing.assert_allclose(got, array.numpy(), rtol=0, atol=1e-5)
    totals = [r.evaluate_metrics_clientapp[3]["total"] for r in results]
    assert totals[0] == pytest.approx(totals[1], abs=1e-2)


def test_bytes_of_a_reply_are_flowers():
    """A reply's arrays are encoded as `Array(numpy_array)` encodes them."""
    objective = objective_of("mlp")
    _, together = grids_of(CohortTraining(objective, prepare))

    for reply in together.send_and_receive(requests(objective)):
        for array in reply.content["arrays"].values():
            assert array.data == Array(array.numpy()).data


def test_scalar_parameters_travel():
    """An array of shape () is stacked, trained and sent like any other."""

    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(2.0))

        def forward(self, x):
            return self.scale * x

    objective = Objective(Scale(), lambda f, x: f(x), (torch.ones(4),))

    def one_step(message, context):
        return Work([np.array([0, 1])], 2, LocalSGD(0.5))

    _, together = grids_of(CohortTraining(objective, one_step), num_clients=2)
    replies = together.send_and_receive(requests(objective, clients=(0, 1)))

    values = [reply.content["arrays"]["scale"].numpy() for reply in replies]
    assert [(v.shape, v.item()) for v in values] == [((), 1.5), ((), 1.5)]


def test_draws_from_the_global_generators_are_the_same():
    """A client is seeded before `prepare`, as before any other function."""
    objective = objective_of("mlp")

    def draw(message, context):
        held = np.random.permutation(200)[:20]
        return Work([held, torch.randperm(200)[:10].numpy()], 30, LocalSGD(0.1))

    ordinary, together = grids_of(CohortTraining(objective, draw), seed=3)

    expected = ordinary.send_and_receive(requests(objective))
    assert_equal_replies(together.send_and_receive(requests(objective)), expected)
    losses = {reply.content["metrics"]["train-loss"] for reply in expected}
    assert len(losses) == len(SIZES)


def test_clients_may_differ_in_learning_rate_and_model():
    """Each message has its own settings and its own model."""
    objective = objective_of("mlp")
    messages = []
    for grid_messages in ([], []):
        for k in range(4):
            (message,) = requests(objective, [k], lr=(0.1, 0.01)[k % 2])
            model = {n: p.detach() for n, p in mlp(seed=k).named_parameters()}
            message.content["arrays"] = ArrayRecord(model)
            grid_messages.append(message)
        messages.append(grid_messages)
    ordinary, together = grids_of(CohortTraining(objective, prepare))

    expected = ordinary.send_and_receive(messages[0])
    assert_equal_replies(together.send_and_receive(messages[1]), expected)


def test_state_written_while_preparing_is_kept():
    """A client counts its rounds, as it may in an ordinary train function."""
    objective = objective_of("linear")
    seen = []

    def count(message, context):
        rounds = context.state.get("memory", MetricRecord({"rounds": 0}))["rounds"] + 1
        context.state["memory"] = MetricRecord({"rounds": rounds})
        seen.append(rounds)
        return Work([np.array([0])], 1, LocalSGD(0.1))

    _, together = grids_of(CohortTraining(objective, count))
    for clients in ([0, 1], [1], [0, 1]):
        together.send_and_receive(requests(objective, clients))

    assert seen == [1, 1, 2, 2, 3]


def test_a_client_that_fails_to_prepare_fails_alone():
    """Client 1 raises; the others' replies are those they would have given."""
    objective = objective_of("linear")

    def sometimes(message, context):
        if context.node_config["partition-id"] == 1:
            raise RuntimeError("battery empty")
        return prepare(message, context)

    training = CohortTraining(objective, sometimes)
    ordinary, together = grids_of(training, on_error="reply")
    expected = ordinary.send_and_receive(requests(objective))
    got = together.send_and_receive(requests(objective))

    assert [reply.has_error() for reply in got] == [False, True] + [False] * 4
    assert got[1].error == expected[1].error
    assert_equal_replies(got[:1] + got[2:], expected[:1] + expected[2:])

    _, strict = grids_of(training)
    with pytest.raises(ClientFailed, match=r"client 1 .* battery empty"):
        strict.send_and_receive(requests(objective))


def test_an_error_in_the_common_work_is_everybodys():
    """It says so, and the collector of garbage runs again afterwards."""
    objective = objective_of("linear")

    def beyond_the_data(message, context):
        return Work([np.array([10_000])], 1, LocalSGD(0.1))

    _, together = grids_of(CohortTraining(objective, beyond_the_data))
    with pytest.raises(ClientFailed) as caught:
        together.send_and_receive(requests(objective))

    notes = caught.value.__cause__.__notes__
    assert notes == ["raised while 6 clients were worked on together"]
    assert gc.isenabled()


def test_a_model_that_does_not_fit_the_network_is_refused():
    """The message shows the network's arrays and those received."""
    objective = objective_of("linear")
    _, together = grids_of(CohortTraining(objective, prepare))

    with pytest.raises(ClientFailed, match=r"network's arrays .*'1.bias': \(10,\)"):
        together.send_and_receive(requests(objective_of("mlp")))


def test_a_cohort_function_answers_every_message_in_order():
    """Replies in another order, or too few of them, are an error."""

    class Backwards:
        def prepare(self, message, context):
            return None

        def replies(self, messages, works):
            return [Message(m.content, reply_to=m) for m in reversed(messages)]

    objective = objective_of("linear")
    app = app_of(CohortTraining(objective, prepare))
    executor = CohortExecutor(app, {"train": Backwards()})
    grid = LocalGrid(app, 2, executor=executor)

    with pytest.raises(ClientFailed, match=r"one reply per message, in their order"):
        grid.send_and_receive(requests(objective, clients=(0, 1)))


def test_messages_of_other_types_run_through_the_app():
    """Evaluation between two trainings in one batch, each in its client's place."""
    objective = objective_of("linear")
    _, together = grids_of(CohortTraining(objective, prepare))
    messages = requests(objective, clients=(0, 1, 2))
    messages[1] = Message(messages[1].content, 1001, "evaluate")

    replies = together.send_and_receive(messages)

    types = [reply.metadata.message_type for reply in replies]
    assert types == ["train", "evaluate", "train"]
    assert "total" in replies[1].content["metrics"]
