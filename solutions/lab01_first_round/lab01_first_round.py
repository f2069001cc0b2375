# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 1 · One round of federated averaging
#
# **You will** write both halves of federated averaging: a client that trains on
# data nobody else sees, and a server that averages what its clients send. Then you
# find out when one average is enough, when it is not, and why.
#
# **You need** NumPy indexing, and gradient descent as in the first lecture. You do
# not need to know Flower; the lab names what it uses.
#
# **Budget** 60 minutes. Every cell runs in under five seconds on a laptop.
#
# **Tracks** Part II: Tasks 1 to 3, 5 and 6, then 4 if time allows (6 needs the matrix
# of 5). Part III/MPhil and L46: all tasks. The last cell is optional for everyone.
#
# | Task | What you write | Minutes | Difficulty | Points |
# |---|---|---|---|---|
# | 1 | a client: pack a model, train it, answer a message | 20 | medium | 25 |
# | 2 | the weighted average of a list of models | 10 | easy | 25 |
# | 3 | one round, with clients that fail | 10 | medium | 20 |
# | 4 | the same average in the memory of one model | 8 | hard | 10 |
# | 5 | how alike the clients' updates are | 6 | medium | 10 |
# | 6 | two answers in words | 6 | medium | 10 |
# | **Total** | | 60 | | 100 |
#
# ## Setup
#
# Run the next cell and read it. The data are 1,797 handwritten digits of 8 by 8
# pixels; the network has one hidden layer of 64 units. A **model**, here and in the
# whole lab, is a dictionary from names to NumPy arrays, in the order of the layers:
# `hidden.weight`, `hidden.bias`, `output.weight`, `output.bias`. The network itself
# keeps no model: you pass one to `mlp.loss`, `mlp.accuracy` and `mlp.gradients`.

# %% setup="imports"
import numpy as np
import plotly.graph_objects as go
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from lecturekit import plots
from lecturekit.data import digits, dirichlet
from lecturekit.models import MLP, ReceiveBuffer
from lecturekit.runtime import LocalGrid
from lecturekit.widgets import Prediction

SEED = 1
mlp = MLP(num_features=64, num_hidden=64, num_labels=10)
start = mlp.initial(SEED)  # the model that every run in this lab begins with
train_set, test_set = digits().split(test_fraction=0.2, seed=SEED)


def grid_with(train, num_clients, on_error="raise"):
    """Return `num_clients` clients that answer with `train(message, context)`."""
    client_app = ClientApp()
    client_app.train()(train)
    return LocalGrid(client_app, num_clients, seed=SEED, on_error=on_error)


# %% [markdown]
# ## Task 1 · Write a client
#
# ### 1a · Pack a model, unpack a model
#
# Client and server exchange messages, and messages carry bytes. Flower's
# `ArrayRecord` is a dictionary from names to `Array`s; an `Array` holds the bytes
# of one NumPy array, its shape and its dtype. `Array(x)` packs `x`, and
# `array.numpy()` unpacks a fresh copy.
#
# A record may have been built by somebody else, with its names in another order. So
# an array belongs to the *name* it stands under, never to its position.
#
# Complete both functions; together they take about six lines.


# %% exercise="parameters"
def get_parameters(model):
    """Pack a model into a record that can be sent. The model stays as it is.

    Parameters
    ----------
    model : dict[str, np.ndarray]
        Arrays of any shape, () and (0, 2) included, and any dtype.

    Returns
    -------
    ArrayRecord
        The same names in the same order, with equal values, shapes and dtypes.
    """
    ### BEGIN SOLUTION
    return ArrayRecord({name: Array(array) for name, array in model.items()})
    ### END SOLUTION


def set_parameters(model, arrays):
    """Overwrite the arrays of `model`, in place, with those of a record.

    Parameters
    ----------
    model : dict[str, np.ndarray]
        Afterwards each name holds a NumPy array with the record's values for that
        name. The order of the model's names does not change.
    arrays : ArrayRecord
        The names of the model, in any order, each with the shape and dtype that it
        has in the model. The record stays as it is.

    Raises
    ------
    ValueError
        If the record lacks a name of the model or has one that the model lacks. The
        model is then exactly as it was.
    """
    ### BEGIN SOLUTION
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()
    ### END SOLUTION


# %% test="parameters" points=4
# Check yourself. If a check fails, its message says what was expected.
model = {"w": np.array([[1, 2]], np.float32), "b": np.array(3, np.float32)}
record = get_parameters(model)
names = list(record)
assert names == ["w", "b"], (
    f"expected the names ['w', 'b'] in this order, got {names}. Build the record from "
    "a dictionary: a list of arrays loses its names, and sorting loses the order"
)
assert np.array_equal(record["w"].numpy(), [[1, 2]]), (
    f"expected 'w' to hold [[1, 2]], got {record['w'].numpy()}"
)
b, w = np.array(5, np.float32), np.array([[6, 7]], np.float32)
set_parameters(model, ArrayRecord({"b": Array(b), "w": Array(w)}))
assert np.array_equal(model["w"], [[6, 7]]) and np.array_equal(model["b"], 5), (
    f"expected w = [[6, 7]] and b = 5 in the model, got w = {model['w']} and "
    f"b = {model['b']}. Change the model you were given, and go by name"
)

# %% test="parameters" case="hidden" points=4 hidden=true
# Hidden check: any shape and dtype; names in another order; names that do not match.
rng = np.random.default_rng((SEED, 11))
old = {
    "z": rng.normal(size=(3, 2)).astype(np.float32),
    "a": rng.normal(size=()),
    "m": rng.integers(9, size=(0, 2)),
    "b": rng.normal(size=4).astype(np.float32),
}
old = {name: np.asarray(array) for name, array in old.items()}
new = {name: np.asarray(array + 1) for name, array in old.items()}


def check(got, expected, what):
    """Compare names, order, shapes, dtypes and values."""
    assert list(got) == list(expected), f"{what} has the names {list(got)}"
    for name, array in expected.items():
        assert got[name].dtype == array.dtype, f"{what}: {name} is {got[name].dtype}"
        assert np.shape(got[name]) == array.shape, f"{what}: {name} changed its shape"
        assert np.array_equal(got[name], array), f"{what}: {name} has wrong values"


model = {name: array.copy() for name, array in old.items()}
packed = get_parameters(model)
check({name: array.numpy() for name, array in packed.items()}, old, "the record")
check(model, old, "the model, after packing,")
mixed = ArrayRecord({name: Array(new[name]) for name in ("b", "m", "z", "a")})
set_parameters(model, mixed)
check(model, new, "the model, after unpacking,")
kept = {name: mixed[name].numpy() for name in mixed}
check(kept, {name: new[name] for name in ("b", "m", "z", "a")}, "the unpacked record")
for names in (["z", "a", "m"], ["z", "a", "m", "b", "c"], ["z", "a", "m", "y"]):
    wrong = ArrayRecord({name: Array(old.get(name, old["b"])) for name in names})
    refused = False
    try:
        set_parameters(model, wrong)
    except ValueError:
        refused = True
    assert refused, f"expected ValueError for a record with the names {names}, got none"
    check(model, new, "the model, after a record was refused,")

# %% [markdown]
# ### 1b · Train on one client
#
# A client improves the model it received with minibatch gradient descent. One
# **local epoch** visits every example once, in random order, `batch_size` at a
# time. For each batch $b$ the client takes one **local step**
#
# $$w \leftarrow w - \eta\, \nabla \ell(w; b), \qquad \eta = \texttt{lr},$$
#
# on every array of the model, with the gradient of the batch's mean loss.
#
# Chance comes in through `rng`, so that the same seed gives the same model. Your
# function draws from it in one way only: `rng.permutation(n)`, once at the start of
# each epoch. The answer takes about ten lines.


# %% exercise="local-sgd"
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    """Train a copy of a model on one client's examples.

    Parameters
    ----------
    model : dict[str, np.ndarray]
        Where training starts.
    features, labels : arrays of length n
        Example i is `features[i]` with `labels[i]`. n may be 0.
    gradients : callable
        `gradients(model, features, labels)` returns the gradient of the mean loss
        of these examples (at least one), with the model's names, shapes and dtypes.
    lr : float
        The step size, eta.
    batch_size, local_epochs : int
        Examples per step, passes over the examples. Every epoch draws
        `order = rng.permutation(n)` and cuts it into consecutive batches of
        `batch_size`; the last batch is smaller if n demands it, and counts too.
    rng : np.random.Generator
        The only thing passed in that changes.

    Returns
    -------
    dict[str, np.ndarray]
        The trained model: the names, shapes and dtypes of `model`. With no examples
        or no epochs its values are those of `model`.
    """
    ### BEGIN SOLUTION
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained
    ### END SOLUTION


# %% test="local-sgd" points=4
# Check yourself: losses so simple that you know where the steps lead.
labels, model = np.array([0, 1, 1]), {"w": np.array([10.0])}


def mean_feature(model, features, labels):
    """Return the gradient of the loss w * mean(features)."""
    return {"w": features.mean(axis=0)}


def trained_on(features, **settings):
    """Return w after training with a step size of 0.5."""
    x, rng = np.array(features), np.random.default_rng(SEED)
    return local_sgd(model, x, labels, mean_feature, lr=0.5, rng=rng, **settings)["w"]


got = trained_on([[1.0], [2.0], [6.0]], batch_size=3, local_epochs=1)
assert np.shape(got) == (1,), f"w has the shape (1,): expected it back, got {got!r}"
assert np.allclose(got, 8.5), f"one step: expected 10 - 0.5 * 3 = 8.5, got {got}"
assert np.array_equal(model["w"], [10.0]), (
    f"expected the model passed in to stay at 10, got {model['w']}. Train a copy: "
    "dict(model) copies the dictionary, not the arrays in it"
)
got = trained_on([[1.0], [1.0], [1.0]], batch_size=2, local_epochs=2)
assert np.shape(got) == (1,) and np.allclose(got, 8.0), (
    f"3 examples in batches of 2 make 2 steps an epoch, the last batch being small: "
    f"expected 10 - 4 * 0.5 = 8 after 2 epochs, got {got}"
)

# %% test="local-sgd" case="hidden" points=4 hidden=true
# Hidden check: a real network, several sizes, no examples, no epochs.
rng = np.random.default_rng((SEED, 12))
net = MLP(num_features=4, num_hidden=3, num_labels=3)
sizes = ((9, 4, 3), (6, 3, 2), (5, 9, 2), (1, 1, 2), (0, 4, 2), (7, 2, 0))
for n, size, epochs in sizes:
    first = net.initial(SEED + n)
    x, y = rng.normal(size=(n, 4)).astype(np.float32), rng.integers(3, size=n)
    expected = {name: array.copy() for name, array in first.items()}
    draws = np.random.default_rng((SEED, n))
    for _ in range(epochs):
        order = draws.permutation(n)
        for i in range(0, n, size):
            batch = order[i : i + size]
            slope = net.gradients(expected, x[batch], y[batch])
            expected = {name: expected[name] - 0.3 * slope[name] for name in expected}
    before = [array.copy() for array in (*first.values(), x, y)]
    settings = {"lr": 0.3, "batch_size": size, "local_epochs": epochs}
    rng_of_client = np.random.default_rng((SEED, n))
    got = local_sgd(first, x, y, net.gradients, **settings, rng=rng_of_client)
    case = f"n={n}, batch_size={size}, local_epochs={epochs}"
    assert list(got) == list(expected), f"{case}: got the names {list(got)}"
    for name, array in expected.items():
        assert np.shape(got[name]) == array.shape, f"{case}: {name} changed its shape"
        close = np.allclose(got[name], array, rtol=1e-4, atol=1e-5)
        assert close, f"{case}: {name} is not where these steps lead"
        assert got[name].dtype == np.float32, f"{case}: {name} is {got[name].dtype}"
    unchanged = map(np.array_equal, before, (*first.values(), x, y))
    assert all(unchanged), f"{case}: the model or the examples passed in were changed"
    states = rng_of_client.bit_generator.state, draws.bit_generator.state
    assert states[0] == states[1], f"{case}: expected one permutation an epoch from rng"


def ones(model, features, labels):
    return {name: np.ones_like(array) for name, array in model.items()}


mixed = {"a": np.ones(2, np.float32), "b": np.ones((1, 3))}
got = local_sgd(mixed, x, y, ones, lr=0.25, batch_size=2, local_epochs=1, rng=rng)
dtypes = {name: str(array.dtype) for name, array in got.items()}
assert dtypes == {"a": "float32", "b": "float64"}, f"float32, float64 became {dtypes}"
assert not any(array.any() for array in got.values()), f"mixed dtypes: got {got}"

# %% [markdown]
# ### 1c · Answer a message
#
# A Flower client is a function from a `Message` to a `Message`. A message has a
# `content`, a dictionary of records, and the server's request looks like this:
#
# | `message.content[...]` | holds |
# |---|---|
# | `"arrays"` | an `ArrayRecord`, the global model |
# | `"config"` | a `ConfigRecord`, settings such as `"local-epochs"` |
#
# The reply is `Message(content, reply_to=message)`, where `content` is a
# `RecordDict` with the trained model and a `MetricRecord`. The `context` says which
# client is running: `context.node_config["partition-id"]` is its index in the
# federation. (`context.node_id` is an address, and can be any number.)
#
# Training itself is passed in as `fit`, so this function only reads, delegates and
# replies. It takes about ten lines.


# %% exercise="client-app"
def train_client(message, context, federation, fit):
    """Answer one training message, as the client that `context` describes.

    Parameters
    ----------
    message : Message
        Its content has "arrays" (ArrayRecord) and "config" (ConfigRecord).
    context : Context
        `context.node_config["partition-id"]` is k, this client's index.
    federation : sequence of Dataset
        `federation[k]` is client k's data, and its length is n_k, which may be 0.
    fit : callable
        `fit(arrays, dataset, config)` trains the model in the ArrayRecord `arrays`
        on `dataset` with the ConfigRecord `config`, and returns the trained model,
        an ArrayRecord, and its loss, a float. It is slow: call it once, whatever n_k.

    Returns
    -------
    Message
        The reply to `message`. Its content has two records and no others: "arrays",
        the trained model, and "metrics", a MetricRecord with the two entries
        "num-examples", the int n_k, and "train-loss", the float from `fit`.
    """
    ### BEGIN SOLUTION
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)
    ### END SOLUTION


# %% test="client-app" points=4
# Check yourself: a real message, to client 1 of two, which holds 20 examples.
def add_lr(arrays, dataset, config):
    """Train w by adding lr, and say that the loss is 0.25."""
    return ArrayRecord({"w": Array(arrays["w"].numpy() + config["lr"])}), 0.25


def answer_as_one_of_two(message, context):
    clients = [train_set.subset(range(30)), train_set.subset(range(20))]
    return train_client(message, context, clients, add_lr)


grid = grid_with(answer_as_one_of_two, num_clients=2)
arrays, config = ArrayRecord({"w": Array(np.ones(1))}), ConfigRecord({"lr": 0.5})
content = RecordDict({"arrays": arrays, "config": config})
request = Message(content, list(grid.get_node_ids())[1], MessageType.TRAIN)
(reply,) = grid.send_and_receive([request])
records = set(reply.content)
assert records == {"arrays", "metrics"}, (
    f"expected the records 'arrays' and 'metrics' in the reply, got {records}"
)
w, metrics = reply.content["arrays"]["w"].numpy(), dict(reply.content["metrics"])
assert np.array_equal(w, [1.5]), (
    f"expected the trained model, w = [1] + 0.5 = [1.5], got w = {w}"
)
assert metrics == {"num-examples": 20, "train-loss": 0.25}, (
    f"expected num-examples 20, which is what client 1 holds, and the train-loss 0.25 "
    f"that fit returned, got {metrics}"
)

# %% test="client-app" case="hidden" points=5 hidden=true
# Hidden check: every client of a federation answers for itself, and trains once.
rng = np.random.default_rng((SEED, 13))
sizes = [*rng.choice(np.arange(2, 40), size=2, replace=False).tolist(), 0]
clients = [train_set.subset(rng.integers(len(train_set), size=n)) for n in sizes]
losses, value = rng.normal(size=3).tolist(), rng.random(3)
calls = []


def pretend(arrays, dataset, config):
    calls.append((len(dataset), type(config), dict(config)))
    k = sizes.index(len(dataset))
    return ArrayRecord({"w": Array(arrays["w"].numpy() * (k + 2))}), losses[k]


def answer_as_one_of_three(message, context):
    return train_client(message, context, clients, pretend)


grid = grid_with(answer_as_one_of_three, num_clients=3)
settings = {"lr": float(rng.random()), "local-epochs": 3, "server-round": 2}
arrays, config = ArrayRecord({"w": Array(value)}), ConfigRecord(settings)
content = RecordDict({"arrays": arrays, "config": config})
for k in (2, 0, 1):
    calls.clear()
    request = Message(content, list(grid.get_node_ids())[k], MessageType.TRAIN)
    (reply,) = grid.send_and_receive([request])
    called = [(sizes[k], ConfigRecord, settings)]
    assert calls == called, f"client {k} called fit with {calls}"
    kinds = {name: type(record) for name, record in reply.content.items()}
    expected = {"arrays": ArrayRecord, "metrics": MetricRecord}
    assert kinds == expected, f"client {k}: the reply has the kinds {kinds}"
    w = {
        name: array.numpy().tolist() for name, array in reply.content["arrays"].items()
    }
    assert w == {"w": (value * (k + 2)).tolist()}, "the reply has not the trained model"
    metrics = dict(reply.content["metrics"])
    expected = {"num-examples": sizes[k], "train-loss": losses[k]}
    assert metrics == expected, f"client {k}: wrong metrics {metrics}"
    assert isinstance(metrics["num-examples"], int), "num-examples is not an int"

# %% [markdown]
# ## Task 2 · Average models
#
# After local training client $k$ sends its model $w_k$ and its number of examples
# $n_k$. The server computes, array by array,
#
# $$w_{t+1} = \sum_{k=1}^{K} \frac{n_k}{n}\, w_k, \qquad n = \sum_{k=1}^{K} n_k.$$
#
# Two things about numbers. Arrays are float32, which keeps seven digits and ends at
# $3 \cdot 10^{38}$: add thousands of them in float32 and the error shows, multiply
# one by a large $n_k$ and it may overflow. Add in float64, then convert the sum
# back. And a client may hold nothing: $n_k = 0$ is a weight like any other.
#
# Complete the function; it takes about eight lines.


# %% exercise="weighted-mean"
def weighted_mean(models, num_examples):
    """Average models, each weighted by its client's number of examples.

    Parameters
    ----------
    models : list of dict[str, np.ndarray]
        K >= 1 models: the same names (in any order) and, name by name, the same
        shape, () and (0, 2) included, and dtype, float32 or float64. They are not
        changed.
    num_examples : list of int
        n_k >= 0, one per model, from 0 to 10**9. The list is not changed.

    Returns
    -------
    dict[str, np.ndarray]
        The average: names in the order of `models[0]`, shapes and dtypes kept,
        values right to a relative error of 1e-6.

    Raises
    ------
    ValueError
        If the two lists differ in length, or all n_k are 0.
    """
    ### BEGIN SOLUTION
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)  # float64
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean
    ### END SOLUTION


# %% test="weighted-mean" points=8
# Check yourself: 10 examples at w = 0 and 30 at w = 4 average to w = 3.
small = {"w": np.array([0, 8], np.float32), "b": np.array(1, np.float32)}
large = {"w": np.array([4, 8], np.float32), "b": np.array(2, np.float32)}
mean = weighted_mean([small, large], [10, 30])
assert list(mean) == ["w", "b"], f"expected the names ['w', 'b'], got {list(mean)}"
shapes = {name: np.shape(mean[name]) for name in mean}
assert shapes == {"w": (2,), "b": ()}, (
    f"expected the shapes of the clients' arrays, w: (2,) and b: (), got {shapes}"
)
assert np.allclose(mean["w"], [3, 8]), (
    f"expected w = 0.25 * [0, 8] + 0.75 * [4, 8] = [3, 8], got {mean['w']}. Is the "
    "weight of client k its share of all examples, n_k / n?"
)
assert np.allclose(mean["b"], 1.75), f"expected b = 1.75, got {mean['b']}"
dtypes = {name: str(mean[name].dtype) for name in mean}
assert set(dtypes.values()) == {"float32"}, f"expected float32 arrays, got {dtypes}"
assert np.array_equal(small["w"], [0, 8]) and np.array_equal(large["w"], [4, 8]), (
    f"expected the clients' models to stay as they were, got w = {small['w']} and "
    f"{large['w']}. Add into an array of your own"
)

# %% test="weighted-mean" case="properties" points=9 hidden=true
# Hidden check: random models, and what every weighted average must satisfy.
rng = np.random.default_rng((SEED, 21))
shapes = {"w": (3, 2), "b": (2,), "scale": (), "none": (0, 2), "a": (4,)}


def check_average(models, counts, case):
    """Compare the answer with np.average, computed before the call."""
    stacked = {name: [np.float64(m[name]) for m in models] for name in shapes}
    mean = {name: np.average(s, axis=0, weights=counts) for name, s in stacked.items()}
    before = [{name: array.copy() for name, array in m.items()} for m in models]
    given = list(counts)
    got = weighted_mean(models, counts)
    assert list(got) == list(shapes), f"{case}: got the names {list(got)}"
    for name, array in mean.items():
        assert np.shape(got[name]) == shapes[name], f"{case}: {name} changed its shape"
        close = np.allclose(got[name], array, rtol=1e-6, atol=1e-6)
        assert close, f"{case}: {name} is no weighted mean: {got[name]}"
    for model, old in zip(models, before, strict=True):
        same = all(np.array_equal(model[name], old[name]) for name in old)
        kept = all(model[name].dtype == old[name].dtype for name in old)
        assert same and kept and list(model) == list(old), (
            f"{case}: a client's model was changed"
        )
    assert counts == given, f"{case}: num_examples was changed"


clients = [
    {name: np.asarray(rng.normal(size=s), np.float32) for name, s in shapes.items()}
    for _ in range(6)
]
counts = [int(n) for n in rng.integers(1, 500, size=6)]
mixed = [dict(sorted(m.items())) if k else m for k, m in enumerate(clients)]
order = rng.permutation(6)
cases = {
    "six clients": (clients, counts),
    "another order": ([clients[k] for k in order], [counts[k] for k in order]),
    "names in another order": (mixed, counts),
    "one client, one example": (clients[:1], [1]),
    "all counts times 7": (clients, [7 * n for n in counts]),
    "the last n_k = 0": ([*clients, clients[0]], [2 * counts[0], *counts[1:], 0]),
    "four n_k = 0": (clients, [0, 0, 5, 0, 3, 0]),
    "three equal clients": ([clients[0]] * 3, [1, 2, 3]),
}
for case, (models, num_examples) in cases.items():
    check_average(models, list(num_examples), case)

# %% test="weighted-mean" case="numbers" points=8 hidden=true
# Hidden check: float32 and float64 kept, many clients, large numbers, refusals.
rng = np.random.default_rng((SEED, 22))
models = [
    {"x": rng.normal(size=3), "y": np.asarray(rng.normal(), np.float32)} for _ in "abc"
]
mean = weighted_mean(models, [5, 1, 2])
for name, kept in (("x", ("float64", (3,))), ("y", ("float32", ()))):
    got = str(mean[name].dtype), np.shape(mean[name])
    assert got == kept, f"{name} was {kept} and became {got}"
    expected = np.average([m[name] for m in models], axis=0, weights=[5, 1, 2])
    assert np.allclose(mean[name], expected, 1e-6), f"{name} is {mean[name]}: wrong"

# 400 clients of 12 examples each beside one of 10**9: in float32 they add nothing.
row, counts = np.float32(rng.uniform(0.1, 0.9, size=40)), [10**9, *[12] * 400]
expected = np.average([1.0, *[2.0] * 400], weights=counts)
got = weighted_mean([{"w": row}, *[{"w": 2 * row} for _ in range(400)]], counts)["w"]
assert np.shape(got) == (40,), f"401 models: the shape (40,) became {np.shape(got)}"
error = np.max(np.abs(got / np.float64(row) / expected - 1))
assert error < 1e-6, f"401 models: relative error {error:.1e}. Add in float64"

huge = [{"w": np.full(2, 3e37 * (k + 1), np.float32)} for k in range(4)]
got, expected = weighted_mean(huge, [10**9, 10**9, 0, 2 * 10**9])["w"], 8.25e37
close = np.shape(got) == (2,) and np.allclose(got, expected, rtol=1e-6)
assert close, f"got {got}: too large in between?"

for bad in ([0, 0, 0], [1, 2], [1, 2, 3, 4]):
    try:
        weighted_mean(models, bad)
        refused = False
    except ValueError:
        refused = True
    assert refused, (
        f"expected ValueError for 3 models with num_examples {bad}, got none"
    )

# %% [markdown]
# ## Task 3 · Run a round
#
# A server knows its clients through a `Grid`: `grid.get_node_ids()` lists their
# addresses, and `grid.send_and_receive(messages)` delivers messages and returns the
# replies. A training request to one node is
# `Message(content, node_id, MessageType.TRAIN)`.
#
# Phones run out of battery. A client that failed sends a reply too, but one with an
# error instead of a content: `reply.has_error()` is then true. Such a client is not
# part of the average: neither its model nor its weight. If every client failed,
# nothing was learnt, and the global model stays as it is.
#
# Averaging is passed in as `average`, so this task does not depend on Task 2.
# Complete the function; it takes about twelve lines.


# %% exercise="run-round"
def run_round(grid, arrays, server_round, config, average):
    """Ask every client of a grid to train, and average the models that come back.

    Parameters
    ----------
    grid : Grid
        `get_node_ids()` and `send_and_receive(messages)`, see above.
    arrays : ArrayRecord
        The global model. It is not changed.
    server_round : int
        The round's number, from 1.
    config : dict
        Settings for the clients. It is not changed.
    average : callable
        `average(models, num_examples)` takes a list of ArrayRecords and the list of
        their n_k, and returns an ArrayRecord. Call it once, if there is a model.

    Returns
    -------
    ArrayRecord
        What `average` returned; the global model if no client answered.

    Notes
    -----
    Each node gets one message of type TRAIN with two records: "arrays", the global
    model, and "config", a ConfigRecord with the entries of `config` and
    "server-round". A reply without error has the content of Task 1c: the model in
    "arrays" and n_k, which may be 0, in "metrics" under "num-examples". All of these
    go to `average`.
    """
    ### BEGIN SOLUTION
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)
    ### END SOLUTION


# %% test="run-round" points=8
# Check yourself: clients answer w + 1, w + 2 and w + 4; they hold 10, 10, 20 examples.
def round_without(broken):
    """Return w after one round from w = 0 in which client `broken` fails."""

    def train(message, context):
        k = context.node_config["partition-id"]
        if k == broken:
            raise RuntimeError("battery empty")
        w = message.content["arrays"]["w"].numpy() + [1.0, 2.0, 4.0][k]
        metrics = MetricRecord({"num-examples": [10, 10, 20][k], "train-loss": 0.5})
        content = {"arrays": ArrayRecord({"w": Array(w)}), "metrics": metrics}
        return Message(RecordDict(content), reply_to=message)

    def average_w(models, num_examples):
        w = np.average([m["w"].numpy() for m in models], axis=0, weights=num_examples)
        return ArrayRecord({"w": Array(w)})

    grid = grid_with(train, num_clients=3, on_error="reply")
    w = ArrayRecord({"w": Array(np.zeros(1))})
    return run_round(grid, w, 1, {"lr": 0.1}, average_w)["w"].numpy()


got = round_without(broken=None)
assert np.shape(got) == (1,), f"w has the shape (1,): expected it back, got {got!r}"
assert np.allclose(got, 2.75), f"expected (10*1 + 10*2 + 20*4) / 40 = 2.75, got {got}"
got = round_without(broken=2)
assert np.shape(got) == (1,) and np.allclose(got, 1.5), (
    f"expected (10*1 + 10*2) / 20 = 1.5 when client 2 fails, got {got}. A failed "
    "client counts neither in the sum of models nor in the sum of examples"
)

# %% test="run-round" case="hidden" points=12 hidden=true
# Hidden check: what each node is sent, what `average` gets, and failures of all kinds.
rng = np.random.default_rng((SEED, 31))


def check_round(failing):
    """Run one round of twelve clients with random numbers; compare what happened."""
    step, value, lr = rng.normal(size=12), rng.normal(size=2), float(rng.random())
    counts, number = rng.integers(1, 90, size=12).tolist(), int(rng.integers(2, 99))
    counts[2] = 0  # it holds nothing, and answers all the same
    asked, averaged, config = [], [], {"lr": lr, "local-epochs": 3}

    def train(message, context):
        k, content = context.node_config["partition-id"], message.content
        asked.append((k, set(content), dict(content["config"])))
        if k in failing:
            raise RuntimeError("battery empty")
        w = ArrayRecord({"w": Array(content["arrays"]["w"].numpy() + step[k])})
        metrics = MetricRecord({"num-examples": counts[k], "train-loss": 1000.0 * k})
        return Message(RecordDict({"arrays": w, "metrics": metrics}), reply_to=message)

    def three_times_the_last(models, num_examples):
        w = [model["w"].numpy().tolist() for model in models]
        averaged.append(sorted(zip(w, list(num_examples), strict=True)))
        return ArrayRecord({"w": Array(3 * np.array(w[-1]))})

    grid = grid_with(train, num_clients=12, on_error="reply")
    arrays = ArrayRecord({"w": Array(value)})
    new = run_round(grid, arrays, number, config, three_times_the_last)
    assert config == {"lr": lr, "local-epochs": 3}, f"config was changed to {config}"
    sent = {"arrays", "config"}, {**config, "server-round": number}
    expected = [(k, *sent) for k in range(12)]
    asked.sort(key=lambda one: one[0])
    assert asked == expected, f"expected each node asked once, got {asked}"
    alive = [k for k in range(12) if k not in failing]
    replies = sorted(((value + step[k]).tolist(), counts[k]) for k in alive)
    expected = [replies] if alive else []
    assert averaged == expected, f"average was called with {averaged}"
    results = [(3 * np.array(w)).tolist() for w, _ in replies] or [value.tolist()]
    assert new["w"].numpy().tolist() in results, "expected what average returned"
    kept = list(arrays) == ["w"] and np.array_equal(arrays["w"].numpy(), value)
    assert kept, "the global model was changed"


everyone = set(range(12))
for failing in (set(), {1, 4}, {0}, everyone - {2}, everyone):
    check_round(failing)

# %% [markdown]
# ### Predict first
#
# Your client and your server are complete; the next two cells join them. Two
# federations share the same digits among ten clients. In the **even** one every
# client holds all labels in equal parts. In the **skewed** one most of a client's
# examples carry one to three labels (a Dirichlet split with $\alpha = 0.1$; the
# figure below the next cell shows it).
#
# In both, every client trains for 20 local epochs from the same start, and the
# server averages the ten models, once. In the even federation the clients' own
# models name 83 % of the test digits correctly, and their average 87 %. How good is
# the average in the skewed federation? Run the cells, choose, and lock your answer:
# only then does the third cell show the result.


# %%
def fit(arrays, dataset, config):
    """Train on one client: what `train_client` delegates to."""
    model = {name: np.empty_like(array) for name, array in start.items()}
    set_parameters(model, arrays)
    x, y = dataset.features, dataset.labels
    rng = np.random.default_rng((SEED, config["server-round"]))
    settings = {"lr": 0.1, "batch_size": 32, "local_epochs": config["local-epochs"]}
    model = local_sgd(model, x, y, mlp.gradients, **settings, rng=rng)
    return get_parameters(model), mlp.loss(model, x, y)


def unpacked(record):
    """Return the model in a record."""
    return {name: array.numpy() for name, array in record.items()}


def percent_right(model):
    """Return the share of test digits that `model` names correctly, in percent."""
    return 100 * mlp.accuracy(model, test_set.features, test_set.labels)


even = dirichlet(train_set, 10, alpha=1000, min_examples=5, seed=SEED)
skewed = dirichlet(train_set, 10, alpha=0.1, min_examples=5, seed=SEED)
plots.label_counts(skewed)


# %%
def one_shot(federation):
    """Return the clients' models after one round of 20 epochs, and their average."""
    received = []

    def train(message, context):
        return train_client(message, context, federation, fit)

    def average(models, num_examples):
        received.extend(unpacked(model) for model in models)
        return get_parameters(weighted_mean(received, num_examples))

    grid, config = grid_with(train, len(federation)), {"local-epochs": 20}
    mean = run_round(grid, get_parameters(start), 1, config, average)
    return received, unpacked(mean)


prediction = Prediction(
    "How many test digits does the average of the ten skewed models name correctly?",
    ("About as many as in the even federation", "50 to 80 %", "Fewer than 50 %"),
)
prediction

# %%
shots = {"even": one_shot(even), "skewed": one_shot(skewed)}
figure = go.Figure()
for name, (models, mean) in shots.items():
    figure.add_box(y=[percent_right(m) for m in models], name=f"{name}: the clients")
    figure.add_box(y=[percent_right(mean)], name=f"{name}: their average")
figure.update_traces(boxpoints="all", pointpos=0, marker_size=8, marker_color="#0072B2")
figure.update_yaxes(title="test digits named correctly (%)", range=[0, 100])
figure.update_xaxes(title="federation: whose models")
figure.update_layout(title="How good is one average?", showlegend=False)
prediction.reveal(figure)

# %% [markdown]
# ## Task 4 · Average a stream
#
# Ten models of 19 kB fit into any memory. A language model with 7 billion float32
# parameters takes 28 GB, and a server that first collects eight of them needs
# 224 GB. It need not. Keep a running mean $m$ and a running count $N$, both zero at
# first, and for every pair $(w_k, n_k)$, as it arrives, compute
#
# $$N \leftarrow N + n_k, \qquad m \leftarrow m + \frac{n_k}{N}\,(w_k - m).$$
#
# Here the models come through `updates`, which can be read once, in one loop.
# Like the buffer of a network card, it may write the next model into the very
# arrays it gave you before. So take what you need of a model before you ask for the
# next. `ReceiveBuffer` is such a stream. As in Task 2, compute in float64 and convert
# at the end.
#
# Complete the function; it takes about ten lines.


# %% exercise="streaming-mean"
def streaming_mean(updates):
    """Average a stream of models while holding one mean, not all the models.

    Parameters
    ----------
    updates : iterator of (dict[str, np.ndarray], int)
        Pairs of a model and its n_k, from 0 to 10**9; the first may be 0, too. All
        models have the same names in the same order and, name by name, the same
        shape, () and (0, 2) included, and dtype, float32 or float64. It can be
        iterated over once. As soon as the next pair is asked for, the arrays of the
        last one may hold something else. Read the arrays, do not write into them.

    Returns
    -------
    dict[str, np.ndarray]
        The average, weighted by n_k: names in the order of the models, shapes and
        dtypes kept, values right to a relative error of 1e-6.

    Raises
    ------
    ValueError
        If there is no pair, or all n_k are 0.

    Notes
    -----
    It needs the memory of a few models, however many arrive.
    """
    ### BEGIN SOLUTION
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))  # float64
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}
    ### END SOLUTION


# %% test="streaming-mean" points=4
# Check yourself: first a generator, then a buffer that reuses its arrays.
models = [{"w": np.array([value], np.float32)} for value in (1, 5, 9)]
pairs = zip(models[:2], [30, 10], strict=True)
mean = streaming_mean(pair for pair in pairs)
assert list(mean) == ["w"] and np.shape(mean["w"]) == (1,), (
    f"expected w with the shape (1,) that it has in every model, got {mean}"
)
assert np.allclose(mean["w"], 2), (
    f"30 examples at 1 and 10 at 5 average to w = 2, got {mean}. Go over updates once, "
    "and let model k move the mean by n_k / N, where N counts what came so far"
)
values = [float(one["w"][0]) for one in models]
assert values == [1, 5, 9], (
    f"expected the arrays of the stream to stay [1, 5, 9], got {values}. Read them, "
    "and compute in arrays of your own"
)
mean = streaming_mean(ReceiveBuffer(models, [10, 10, 20]))
assert np.shape(mean["w"]) == (1,) and np.allclose(mean["w"], 6), (
    f"expected (10 * 1 + 10 * 5 + 20 * 9) / 40 = 6, got {mean['w']}. If it is nan or 9 "
    "you kept the buffer's own arrays: they change with every model that arrives"
)
assert mean["w"].dtype == np.float32, f"expected float32, got {mean['w'].dtype}"

# %% test="streaming-mean" case="hidden" points=6 hidden=true
# Hidden check: the average of Task 2, from a stream; n_k = 0 anywhere; little memory.
import tracemalloc

rng = np.random.default_rng((SEED, 41))
shapes = {"w": (3, 2), "scale": (), "none": (0, 2), "b": (4,)}
dtypes = {"w": "float32", "scale": "float64", "none": "float32", "b": "float32"}
models = [
    {
        name: np.asarray(rng.uniform(1, 2, size=shapes[name]), dtypes[name])
        for name in shapes
    }
    for _ in range(8)
]
many = rng.integers(1, 10**6, size=8).tolist()
some = [0, 0, *rng.integers(1, 90, size=3).tolist(), 0, 7, 0]
for counts in (many, some, [1] * 8, [5, 0, 0, 0, 0, 0, 0, 0], [0] * 7 + [1]):
    stacked = {name: [np.float64(m[name]) for m in models] for name in shapes}
    mean = {name: np.average(s, axis=0, weights=counts) for name, s in stacked.items()}
    got = streaming_mean(ReceiveBuffer(models, counts))
    assert list(got) == list(shapes), f"got the names {list(got)}"
    for name, array in mean.items():
        kept = (np.shape(got[name]), str(got[name].dtype)) == (
            shapes[name],
            dtypes[name],
        )
        assert kept, f"{name} changed its shape or dtype"
        close = np.allclose(got[name], array, rtol=1e-6, atol=0)
        assert close, f"n_k = {counts}: {name} is wrong: {got[name]}"
for counts in ([], [0], [0, 0, 0]):
    refused = False
    try:
        streaming_mean(ReceiveBuffer(models[: len(counts)], counts))
    except ValueError:
        refused = True
    assert refused, f"expected ValueError for the counts {counts}, got none"

# 60 clients of 25 examples each after one of 10**9: in float32 they change nothing.
row, counts = np.float32(rng.uniform(0.5, 1, size=40)), [10**9, *[25] * 60]
expected = np.average([1.0, *[2.0] * 60], weights=counts)
rows = np.stack([row, *[2 * row] * 60])
before = rows.copy()
got = streaming_mean(({"w": x}, n) for x, n in zip(rows, counts, strict=True))["w"]
error = np.max(np.abs(got / np.float64(row) / expected - 1))
assert error < 1e-6, f"61 models: relative error {error:.1e}. Compute in float64"
assert np.array_equal(rows, before), "the arrays of the stream were changed"
huge = [{"w": np.full(2, 3e37 * (k + 1), np.float32)} for k in range(4)]
got = streaming_mean(ReceiveBuffer(huge, [10**9, 10**9, 0, 2 * 10**9]))["w"]
close = np.shape(got) == (2,) and np.allclose(got, 8.25e37, rtol=1e-6)
assert close, f"huge values: got {got}"
large = [{"w": np.full(20_000, k, np.float32)} for k in range(50)]
tracemalloc.start()
streaming_mean(ReceiveBuffer(large, [1] * 50))
peak = tracemalloc.get_traced_memory()[1] / large[0]["w"].nbytes
tracemalloc.stop()
assert peak < 35, f"50 models went by, and {peak:.0f} of them were in memory at once"

# %% [markdown]
# ## Task 5 · Compare the updates
#
# The figure in Task 3 shows what happened to the average; this task asks why. Client
# $k$'s **update** is $\Delta_k = w_k - w$: where training took it, seen from the
# global model $w$. Lay all its arrays end to end, and it is one long vector. The
# cosine between two of them,
#
# $$\cos(\Delta_j, \Delta_k) =
# \frac{\Delta_j \cdot \Delta_k}{\lVert\Delta_j\rVert\,\lVert\Delta_k\rVert},$$
#
# is 1 if the clients pull in the same direction, 0 if their directions have nothing
# in common, and negative if each undoes the other's work.
#
# A cosine does not depend on lengths: an update a million times shorter has the
# same one, so nothing may be added to the denominator. A client that did not move
# at all has no direction; its cosine with every client, itself included, counts as
# 0. Complete the function; it takes about eight lines.


# %% exercise="similarity"
def similarity(model, client_models):
    """Return the cosine between the updates of every two clients.

    Parameters
    ----------
    model : dict[str, np.ndarray]
        The global model w, float32 or float64. It is not changed.
    client_models : list of dict[str, np.ndarray]
        K >= 1 trained models w_k: the names of `model`, in any order, and, name by
        name, its shapes, () and (0, 2) included. They are not changed.

    Returns
    -------
    (K, K) np.ndarray of float64
        Entry (j, k) is the cosine between updates j and k, right to 1e-6. The matrix
        is symmetric, its diagonal is 1; the row and the column of a client that did
        not move are 0. Compute in float64: an update may be as short as 1e-30.
    """

    ### BEGIN SOLUTION
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T
    ### END SOLUTION


# %% test="similarity" points=4
# Check yourself: from w = (1, 1) the clients move right, up, left, far right, nowhere.
model = {"x": np.array(1, np.float32), "y": np.array([1], np.float32)}
moves = [(1, 0), (0, 1), (-1, 0), (9, 0), (0, 0)]
trained = [{"x": model["x"] + x, "y": model["y"] + y} for x, y in moves]
cosines = similarity(model, trained)
assert np.shape(cosines) == (5, 5), f"expected shape (5, 5), got {np.shape(cosines)}"
for j, k, expected in ((0, 1, 0), (0, 2, -1), (0, 3, 1), (2, 2, 1)):
    assert np.isclose(cosines[j, k], expected), (
        f"clients {j} and {k} moved by {moves[j]} and {moves[k]}: expected the cosine "
        f"{expected}, got {cosines[j, k]}. Is it taken between updates, w_k - w, and "
        "divided by the lengths of both?"
    )
assert np.array_equal(cosines[4], np.zeros(5)), (
    f"client 4 did not move: expected a row of zeros, got {cosines[4]}. Mind 0 / 0"
)

# %% test="similarity" case="hidden" points=6 hidden=true
# Hidden check: several arrays, names in another order, short updates, no update.
rng = np.random.default_rng((SEED, 51))
shapes = {"w": (3, 2), "scale": (), "none": (0, 2), "b": (4,)}


def check_similarity(model, trained, case):
    """Compare the answer with cosines taken pair by pair, before the call."""
    vectors = []
    for one in trained:
        moved = [np.float64(one[name]) - np.float64(model[name]) for name in shapes]
        vectors.append(np.concatenate([np.ravel(array) for array in moved]))
    expected = np.zeros((len(trained), len(trained)))
    for j, a in enumerate(vectors):
        for k, b in enumerate(vectors):
            if a.any() and b.any():
                expected[j, k] = a @ b / np.sqrt((a @ a) * (b @ b))
    before = [{name: np.copy(one[name]) for name in one} for one in (model, *trained)]
    got = np.asarray(similarity(model, trained))
    assert got.shape == expected.shape, f"{case}: got the shape {got.shape}"
    assert got.dtype == np.float64, f"{case}: expected float64, got {got.dtype}"
    assert np.allclose(got, expected, rtol=0, atol=1e-6), f"{case}: got {got}"
    for one, old in zip((model, *trained), before, strict=True):
        same = all(np.array_equal(one[name], old[name]) for name in old)
        assert same, f"{case}: a model that was passed in was changed"


def draw(length, dtype=np.float32):
    return {
        name: np.asarray(length * rng.normal(size=s), dtype)
        for name, s in shapes.items()
    }


w, clients = draw(1.0), [draw(1.0) for _ in range(5)]
check_similarity(w, clients, "five clients")
mixed = [dict(sorted(m.items(), reverse=k % 2)) for k, m in enumerate(clients)]
check_similarity(w, mixed, "names in another order")
check_similarity(w, [clients[0], w, clients[1], w], "two clients that did not move")
check_similarity(w, clients[:1], "one client")
zero, far = draw(0.0, np.float64), draw(1e3, np.float64)
short = [{name: 1e-30 * m[name] for name in m} for m in (far, clients[0], clients[1])]
check_similarity(zero, [far, *short, clients[2]], "updates of length 1e-30")
base, moves = draw(1.0, np.float64), [draw(1e-9, np.float64) for _ in range(3)]
near = [{name: base[name] + move[name] for name in base} for move in moves]
check_similarity(base, near, "float64 models that hardly moved")
assert np.shape(similarity(w, clients)) == (5, 5), "expected a matrix for five clients"

# %%
trained, _ = shots["skewed"]
main_digit = skewed.label_counts().argmax(axis=1)
order = np.argsort(main_digit, kind="stable")
cosines = similarity(start, [trained[k] for k in order])
names = [f"client {k}: mostly {main_digit[k]}" for k in order]
lowest = similarity(start, shots["even"][0]).min()
print(f"For comparison: in the even federation the lowest cosine is {lowest:.2f}.")
plots.similarity(cosines, names, axis_title="client and its most frequent digit")

# %% [markdown]
# ## Task 6 · Explain
#
# **6a** One average was enough for the even federation and not for the skewed one.
# Explain why, with at least two entries of the matrix above as evidence. Then name
# one change to the round that would do less harm to skewed clients. **At most five
# sentences.**
#
# **6b** `num-examples` is whatever a client says it is. Ten clients hold 150 digits
# each; one of them reports $10^6$. What does the next global model become? Name one
# change on the server that limits the damage, and an honest federation that would
# suffer from your change. **At most four sentences.**

# %% [markdown] question="one-average" points=5
# Even clients solve nearly the same problem, so from the same start they move in
# nearly the same direction (every cosine is above 0.86), and their mean goes there
# too, with less of each one's noise. Skewed clients move in different directions:
# clients 1 and 6, who both hold mostly zeros, still agree (0.58), but clients 1 and 3
# do not (-0.01), and most pairs are like them. In the mean, what one client learnt is
# scaled down to its weight n_k / n while the others' moves, which have nothing to do
# with it, are added; after twenty epochs these moves are long, and the mean is a
# model that no client has trained. Fewer local epochs and more rounds would help:
# the models are then averaged before they have drifted apart.

# %% [markdown] question="false-count" points=5
# The liar's weight is $10^6 / (10^6 + 9 \cdot 150)$, more than 99.8 %, so the next
# global model is in effect the liar's model. The server can cap n_k, or weigh all
# clients equally: then the liar has about a tenth of the average. That hurts a
# federation in which one honest client, a large hospital say, does hold most of the
# examples: its knowledge is scaled down, and the average follows small, noisy clients.


# %%
# Optional. What you wrote is a Flower client: here Flower's own FedAvg strategy takes
# the server's part for five rounds, and you see what more rounds do for the skewed
# federation. Change the number of rounds and of local epochs.
#
# To leave this notebook, move `train_client`, `fit` and what they use into a module
# with `client_app = ClientApp()`, and these lines into a ServerApp: `flwr run` starts
# both on Flower's simulation engine (Ray) on many cores, or on many machines.
def train_on_skewed(message, context):
    return train_client(message, context, skewed, fit)


def percent_after(server_round, arrays):
    return MetricRecord({"percent": percent_right(unpacked(arrays))})


strategy = FedAvg(fraction_evaluate=0.0, min_available_nodes=len(skewed))
result = strategy.start(
    grid_with(train_on_skewed, len(skewed)),
    get_parameters(start),
    num_rounds=5,
    train_config=ConfigRecord({"local-epochs": 20}),
    evaluate_fn=percent_after,
)
for server_round, metrics in result.evaluate_metrics_serverapp.items():
    print(f"after round {server_round}: {metrics['percent']:.0f} % right")
