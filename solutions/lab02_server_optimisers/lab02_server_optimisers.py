# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 2 · Server optimisers
#
# **You will** turn the server's average into a gradient, and give the server an
# optimiser of its own: momentum in three guises, Adam in three correct versions, and
# Yogi. You write a test that proves two of them equal, and one that finds the bug in
# a third. What you write is a Flower strategy, and runs wherever Flower runs.
#
# **You need** NumPy, federated averaging (Lab 1 or lecture 1), and the idea of
# momentum and of Adam for training one network.
#
# **Budget** 90 minutes. Every cell runs in under five seconds on a laptop.
#
# **Tracks** Part II: Tasks 1 to 4 and 7. Part III/MPhil and L46: all tasks. The last
# cell is optional for everyone.
#
# | Task | What you write | Minutes | Difficulty | Points |
# |---|---|---|---|---|
# | 1 | a Flower strategy that runs any server optimiser | 15 | medium | 15 |
# | 2 | FedAvgM and Nesterov's momentum | 15 | easy | 20 |
# | 3 | FedMom, and a test that it equals Nesterov | 20 | hard | 18 |
# | 4 | one of three correct FedAdams | 15 | medium | 15 |
# | 5 | FedYogi | 5 | easy | 8 |
# | 6 | the review of a defective optimiser: a test, a fix | 12 | medium | 14 |
# | 7 | two answers in words | 8 | medium | 10 |
# | **Total** | | 90 | | 100 |
#
# ## Setup
#
# Run the next two cells. Read the first; the second is what the checks use, and you can
# come back to it when one fails. A **model** is a dictionary from names to NumPy
# arrays. `packed` puts one into an `ArrayRecord`, Flower's dictionary of arrays that
# can be sent, and `unpacked` takes it out again. `by_name` computes with whole models:
# `by_name(lambda a, b: (a + b) / 2, model, other)` is the model half-way between two.
# With it, a formula of this lab is a line of code.

# %% setup="imports"
import random
from functools import partial

import numpy as np
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp
from flwr.serverapp import strategy as flower
from flwr.serverapp.strategy import FedAvg

from lecturekit import plots
from lecturekit.data import digits, dirichlet
from lecturekit.models import MLP
from lecturekit.runtime import LocalGrid
from lecturekit.widgets import Prediction

SEED = 1


def packed(model):
    """Return the model as a record that can be sent."""
    return ArrayRecord({name: Array(np.asarray(a)) for name, a in model.items()})


def unpacked(record):
    """Return the model in a record, as fresh arrays."""
    return {name: array.numpy() for name, array in record.items()}


def by_name(function, *models):
    """Return `function` of the arrays of the models, under each name of the first."""
    return {name: function(*(m[name] for m in models)) for name in models[0]}


def zeros(model):
    """Return a model of zeros with the names, shapes and dtypes of `model`."""
    return by_name(np.zeros_like, model)


def grid_with(train, num_clients):
    """Return `num_clients` clients that answer with `train(message, context)`."""
    client_app = ClientApp()
    client_app.train()(train)
    return LocalGrid(client_app, num_clients, seed=SEED, on_error="reply")


def answer(message, model, num_examples, loss=0.0):
    """Return a client's reply: the model it trained, how many examples it has."""
    metrics = MetricRecord({"num-examples": num_examples, "train-loss": loss})
    content = RecordDict({"arrays": packed(model), "metrics": metrics})
    return Message(content, reply_to=message)


# %% setup="checks"
def rollout(optimiser, model, pseudo_gradients, **settings):
    """Call `optimiser` once per pseudo-gradient; return the models, round by round."""
    models, state = [], {}
    for pseudo_gradient in pseudo_gradients:
        returned = optimiser(model, pseudo_gradient, state, **settings)
        assert isinstance(returned, tuple | list) and len(returned) == 2, (
            f"expected a pair, new_model and new_state, got {returned!r}"
        )
        shapes = {name: np.shape(array) for name, array in pseudo_gradient.items()}
        model, state = returned
        got = {name: np.shape(array) for name, array in model.items()}
        assert got == shapes, f"expected a model with the shapes {shapes}, got {got}"
        models.append(model)
    return models


def flower_rollout(strategy_class, model, pseudo_gradients, **settings):
    """Return the models of one of Flower's own strategies, round by round."""

    def train(message, context):
        t, sent = message.content["config"]["server-round"], message.content["arrays"]
        moved = by_name(np.subtract, unpacked(sent), pseudo_gradients[t - 1])
        return answer(message, moved, num_examples=1)

    grid, models = grid_with(train, num_clients=2), []
    strategy_class(fraction_evaluate=0.0, **settings).start(
        grid,
        packed(model),
        num_rounds=len(pseudo_gradients),
        evaluate_fn=lambda _, arrays: models.append(unpacked(arrays)),
    )
    return models[1:]


def draw_models(num_models, seed, scale=1.0):
    """Return random models with arrays of several shapes and two dtypes."""
    rng, models = np.random.default_rng((SEED, seed)), []
    for _ in range(num_models):
        model = {
            "w": rng.normal(scale=scale, size=(3, 2)),
            "u": rng.normal(scale=scale, size=(3, 2)),
            "scale": np.asarray(rng.normal(scale=scale)),
            "none": np.zeros((0, 2)),
            "b": rng.normal(scale=scale, size=4).astype(np.float32),
        }
        models.append(model)
    return models


def check_rounds(optimiser, start, pseudo_gradients, expected, **settings):
    """Call `optimiser` once a round; compare each model with the expected one.

    Also: nothing passed in changes, the same call again gives the same model, the
    arrays passed in are overwritten before the next call, and a run that goes on from
    a saved model and state ends like the one that was not interrupted.
    """
    model, state, saved = start, {}, []
    rounds = zip(pseudo_gradients, expected, strict=True)
    for t, (gradient, target) in enumerate(rounds):
        saved.append((model, state))
        case = f"round {t + 1} with {settings}"
        gradient = dict(sorted(gradient.items(), reverse=t % 2 == 1))
        passed = [by_name(np.array, model), by_name(np.array, gradient)]
        names = list(state)
        new, new_state = optimiser(*passed, state, **settings)
        again, _ = optimiser(*passed, state, **settings)
        assert list(state) == names, f"{case}: the state passed in changed"
        for old, now in zip((model, gradient), passed, strict=True):
            unchanged = all(np.array_equal(old[name], now[name]) for name in old)
            assert unchanged, f"{case}: the model or pseudo-gradient passed in changed"
        for array in (*passed[0].values(), *passed[1].values()):
            array[...] = np.nan
        assert sorted(new) == sorted(target), f"{case}: got the names {sorted(new)}"
        for name, array in target.items():
            case = f"round {t + 1} with {settings}, {name}"
            got, dtype = new[name], start[name].dtype
            assert np.shape(got) == np.shape(array), f"{case}: shape {np.shape(got)}"
            assert got.dtype == dtype, f"{case}: {dtype} became {got.dtype}"
            tolerance = 1e-6 if dtype == np.float64 else 2e-5
            close = np.allclose(got, array, rtol=tolerance, atol=tolerance)
            assert close, f"{case}: got {got}"
            assert np.array_equal(got, again[name]), (
                f"{case}: the same call again gave another model. Is the state changed "
                "in place, or something kept outside of it?"
            )
        model, state = new, new_state
    half, last = len(saved) // 2, model
    model, state = saved[half]
    for gradient in pseudo_gradients[half:]:
        model, state = optimiser(model, gradient, state, **settings)
    same = all(np.array_equal(model[name], last[name]) for name in last)
    assert same, f"going on from round {half + 1} with {settings}: got another model"


def what_is_raised(test, *arguments):
    """Return the kind of exception that a test ends in; None if there is none."""
    try:
        test(*arguments)
    except Exception as error:
        return type(error).__name__
    return None


# %% [markdown]
# ## Task 1 · Give the server an optimiser
#
# Federated averaging replaces the global model $w$ by the weighted mean $\bar w$ of
# the clients' models. Write that as a step:
#
# $$w \leftarrow \bar w = w - g, \qquad g = w - \bar w.$$
#
# $g$ is the **pseudo-gradient**: old minus new. It points the way a gradient does, away
# from where the clients went, so an optimiser *subtracts* it, and FedAvg is gradient
# descent with a learning rate of 1. Nothing forces the server to take that step: from
# here on it may use momentum, or Adam. (Reddi et al. call the result FedOpt. Their
# paper writes $\Delta = -g$ and adds; in this lab it is always $g$.)
#
# In this lab a **server optimiser** is a function
#
# `new_model, new_state = optimiser(model, pseudo_gradient, state)`
#
# - `model`, `pseudo_gradient`, `new_model`: dictionaries with the same names, in any
#   order, and, name by name, the same shapes and dtypes;
# - `state`: a dictionary, `{}` before the first call, afterwards the `new_state` of the
#   call before. What is in it is the optimiser's business (a velocity, say).
#
# The function keeps nothing anywhere else and changes nothing that it is given, so a
# server that saves the model and the state can stop and go on.
#
# Complete the strategy: it inherits everything else from Flower's `FedAvg`. In each
# round Flower's `start` loop calls
#
# 1. `configure_train(server_round, arrays, config, grid)`, which returns the messages
#    that send the global model `arrays` to the clients of the round;
# 2. `aggregate_train(server_round, replies)`, which returns the next global model, an
#    `ArrayRecord`, and the averaged metrics. If every client failed, `FedAvg` returns
#    `None` for the model, and `start` keeps the old one.
#
# Use `super()` in both. `start` does not check what they return: a missing value fails
# later, somewhere inside Flower. The answer takes about ten lines.


# %% exercise="strategy"
class FedOpt(FedAvg):
    """FedAvg whose server takes its step with an optimiser.

    Parameters
    ----------
    optimiser : callable
        `optimiser(model, pseudo_gradient, state)`, as above, with dictionaries of
        NumPy arrays. It is called once in every round in which a client answered, and
        not at all in the others.
    **settings
        Passed on to `FedAvg`, for instance `fraction_train=0.3`.

    Notes
    -----
    The pseudo-gradient is the model that this round sent out, whoever made it, minus
    the mean that `FedAvg` computes of the replies. A reply may list the names in
    another order. The next global model is what the optimiser returns, under the same
    names; the metrics are those of `FedAvg`. If no client answered, model, state and
    metrics are as `FedAvg` leaves them. A second `start` goes on with the state of the
    first. Two strategies share nothing.
    """

    def __init__(self, optimiser, **settings):
        ### BEGIN SOLUTION
        super().__init__(**settings)
        self.optimiser, self.state = optimiser, {}
        ### END SOLUTION

    def configure_train(self, server_round, arrays, config, grid):
        ### BEGIN SOLUTION
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)
        ### END SOLUTION

    def aggregate_train(self, server_round, replies):
        ### BEGIN SOLUTION
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is not None:
            gradient = by_name(np.subtract, self.model, unpacked(mean))
            model, self.state = self.optimiser(self.model, gradient, self.state)
            mean = packed(model)
        return mean, metrics
        ### END SOLUTION


# %% test="strategy" points=5
# Check yourself. If a check fails, its message says what was expected.
seen = []


def half_step(model, pseudo_gradient, state):
    """Move half of the way, and count the calls."""
    seen.append((float(pseudo_gradient["w"]), dict(state)))
    w = model["w"] - 0.5 * pseudo_gradient["w"]
    return {"w": w}, {"calls": state.get("calls", 0) + 1}


def two_clients(message, context):
    """Client 0 has 10 examples and answers 4; client 1 has 30 and answers 8."""
    k = context.node_config["partition-id"]
    if message.content["config"]["server-round"] == 2:
        raise RuntimeError("battery empty")
    return answer(message, {"w": np.array([4.0, 8.0][k])}, [10, 30][k])


grid, first = grid_with(two_clients, num_clients=2), packed({"w": np.array(10.0)})
strategy = FedOpt(half_step, fraction_evaluate=0.0)
messages = strategy.configure_train(1, first, ConfigRecord(), grid)
assert messages is not None, (
    "expected configure_train to return the messages of FedAvg, got None. Does it end "
    "in a return?"
)
returned = strategy.aggregate_train(1, grid.send_and_receive(messages))
assert isinstance(returned, tuple) and len(returned) == 2, (
    f"expected aggregate_train to return a pair, the next model and the metrics, got "
    f"one {type(returned).__name__}"
)
assert isinstance(returned[0], ArrayRecord), (
    f"expected the next model as an ArrayRecord, which `packed` makes, got a "
    f"{type(returned[0]).__name__}"
)
assert len(seen) == 1, f"expected 1 call of the optimiser in 1 round, got {len(seen)}"
assert np.isclose(seen[0][0], 3), (
    f"the clients' mean is (10*4 + 30*8) / 40 = 7: expected the pseudo-gradient "
    f"old - new = 10 - 7 = 3, got {seen[0][0]}"
)
assert seen[0][1] == {}, f"expected the state {{}} in the first call, got {seen[0][1]}"
w = unpacked(returned[0])["w"]
assert np.isclose(w, 8.5), f"expected the optimiser's 10 - 0.5 * 3 = 8.5, got {w}"
seen.clear()
FedOpt(half_step, fraction_evaluate=0.0).start(grid, first, num_rounds=3)
states = [state for _, state in seen]
assert states == [{}, {"calls": 1}], (
    f"everyone fails in round 2 of 3: expected 2 calls, with the states {{}} and "
    f"{{'calls': 1}}, got {states}"
)

# %% test="strategy" case="hidden" points=6 hidden=true
# Hidden check: six rounds with failures, names in another order, settings, two starts.
rng = np.random.default_rng((SEED, 11))
shapes = {"w": (3, 2), "scale": (), "none": (0, 2), "b": (4,)}
dtypes = {"b": np.float32}


def cast(model):
    """Return the model in float64, but for b, which is float32."""
    return {n: np.asarray(model[n], dtypes.get(n, np.float64)) for n in shapes}


def draw():
    return cast({name: rng.normal(size=shape) for name, shape in shapes.items()})


def check_model(got, expected, what):
    assert sorted(got) == sorted(expected), f"{what} has the names {sorted(got)}"
    for name, array in expected.items():
        assert np.shape(got[name]) == array.shape, f"{what}: {name} changed its shape"
        assert got[name].dtype == array.dtype, f"{what}: {name} is {got[name].dtype}"
        close = np.allclose(got[name], array, rtol=1e-5, atol=1e-5)
        assert close, f"{what}: {name} is {got[name]}"


failing = {1: {2}, 2: set(), 3: {0, 1, 2, 3}, 4: {0, 3}, 5: {0, 1, 3}, 6: set()}
trained = {t: [draw() for _ in range(4)] for t in failing}
counts = rng.integers(1, 90, size=4).tolist()
losses, calls, asked = rng.random(4).tolist(), [], []


def next_state(state, gradient):
    t = state.get("t", 0) + 1
    return {"t": t, "odd" if t % 2 else "even": gradient["b"]}


def spy(model, pseudo_gradient, state):
    """Step by 0.3, but double b, and remember what came in."""
    calls.append((dict(model), dict(pseudo_gradient), dict(state)))
    new = by_name(lambda w, g: w - 0.3 * g, model, pseudo_gradient)
    new["b"] = 2 * model["b"]
    return cast(new), next_state(state, pseudo_gradient)


def train(message, context):
    k, content = context.node_config["partition-id"], message.content
    t = content["config"]["server-round"]
    asked.append((t, k))
    if k in failing[t] or content["config"]["local-epochs"] != 3:
        raise RuntimeError("battery empty")
    reply = dict(sorted(trained[t][k].items(), reverse=t % 2 == 0))
    return answer(message, reply, counts[k], losses[k])


def check_start(strategy, begin, num_rounds, state):
    """Run `start`, compare every call and model; return the last state."""
    calls.clear()
    models, old, arrays = [], begin, packed(begin)
    result = strategy.start(
        grid,
        arrays,
        num_rounds=num_rounds,
        train_config=ConfigRecord({"local-epochs": 3}),
        evaluate_fn=lambda _, record: models.append(unpacked(record)),
    )
    assert len(models) == num_rounds + 1, "expected FedAvg's loop over the rounds"
    check_model(unpacked(arrays), begin, "the record passed to start")
    num_calls = sum(len(failing[t]) < 4 for t in range(1, num_rounds + 1))
    assert len(calls) == num_calls, f"the optimiser was called {len(calls)} times"
    for t in range(1, num_rounds + 1):
        alive = [k for k in range(4) if k not in failing[t]]
        if not alive:
            check_model(models[t], old, f"the model after round {t}, where all failed,")
            assert t not in result.train_metrics_clientapp, "metrics of no replies"
            continue
        weights = [counts[k] for k in alive]
        model, gradient, got = calls.pop(0)
        check_model(model, old, f"the optimiser's model in round {t}")
        parts = [trained[t][k] for k in alive]
        mean = {n: np.average([m[n] for m in parts], 0, weights) for n in shapes}
        moved = cast(by_name(np.subtract, old, cast(mean)))
        check_model(gradient, moved, f"the pseudo-gradient of round {t}")
        same = sorted(got) == sorted(state)
        same = same and all(np.array_equal(got[name], state[name]) for name in state)
        assert same, f"round {t}: the state {got} is not what the last call returned"
        new = {**by_name(lambda w, g: w - 0.3 * g, old, moved), "b": 2 * old["b"]}
        check_model(models[t], cast(new), f"the model after round {t}")
        metrics = dict(result.train_metrics_clientapp.get(t, {}))
        loss = np.average([losses[k] for k in alive], weights=weights)
        close = set(metrics) == {"train-loss"} and np.isclose(*metrics.values(), loss)
        assert close, f"round {t}: got the metrics {metrics}, not those of FedAvg"
        old, state = cast(new), next_state(state, gradient)
    return state


grid = grid_with(train, num_clients=4)
strategy = FedOpt(spy, fraction_evaluate=0.0, min_available_nodes=3)
state = check_start(strategy, draw(), 6, {})
check_start(strategy, draw(), 2, state)
check_start(FedOpt(spy, fraction_evaluate=0.0), draw(), 2, {})
asked.clear()
few = FedOpt(spy, fraction_train=0.5, fraction_evaluate=0.0, min_train_nodes=1)
few.start(grid, packed(draw()), num_rounds=1)
assert len(asked) == 2, f"fraction_train=0.5 of 4 clients: asked {len(asked)}, not 2"

# %% test="strategy" case="clients" points=4 hidden=true
# Hidden check: clients in another order, cut in two, empty, alone; a second start.
rng = np.random.default_rng((SEED, 12))
shapes = {"w": (3, 2), "scale": (), "b": (4,)}


def draw():
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def half_momentum(model, pseudo_gradient, state):
    v = by_name(lambda v, g: 0.5 * v + g, state or zeros(model), pseudo_gradient)
    return by_name(lambda w, v: w - 0.8 * v, model, v), v


def plain_step(model, pseudo_gradient, state):
    return by_name(np.subtract, model, pseudo_gradient), state


def grid_of(clients):
    """Return clients (aim, number of examples) that each go 30 % of the way."""

    def train(message, context):
        aim, num_examples = clients[context.node_config["partition-id"]]
        w = unpacked(message.content["arrays"])
        trained = by_name(lambda w, aim: w + 0.3 * (aim - w), w, aim)
        return answer(message, trained, num_examples)

    return grid_with(train, len(clients))


def started(strategy, begin, num_rounds, clients):
    grid = grid_of(clients)
    return unpacked(strategy.start(grid, packed(begin), num_rounds=num_rounds).arrays)


def by_hand(optimiser, w, num_rounds, clients):
    state, weights = {}, [n for _, n in clients]
    for _ in range(num_rounds):
        aims = [aim for aim, _ in clients]
        mean = {n: np.average([a[n] for a in aims], 0, weights) for n in shapes}
        g = by_name(lambda w, aim: 0.3 * (w - aim), w, mean)
        w, state = optimiser(w, g, state)
    return w


def check_close(got, expected, case):
    for name, array in expected.items():
        assert np.shape(got[name]) == shapes[name], f"{case}: {name} changed its shape"
        close = np.allclose(got[name], array, rtol=1e-6, atol=1e-6)
        assert close, f"{case}: {name} is {got[name]}"


begin = draw()
clients = [(draw(), 2 * int(n)) for n in rng.integers(1, 40, size=4)]
aim, n = clients[-1]
cases = {
    "four clients": clients,
    "the same in another order": clients[::-1],
    "the last one cut in two halves": [*clients[:-1], (aim, n // 2), (aim, n // 2)],
    "a fifth one without examples": [*clients, (draw(), 0)],
    "one client alone": clients[:1],
    "one client, whose model is the server's": [(begin, 5)],
}
settings = {"fraction_evaluate": 0.0, "min_train_nodes": 1, "min_available_nodes": 1}
for case, group in cases.items():
    expected = by_hand(half_momentum, begin, 3, group)
    strategy = FedOpt(half_momentum, **settings)
    check_close(started(strategy, begin, 3, group), expected, case)
strategy = FedOpt(half_momentum, **settings)
halfway = started(strategy, begin, 1, clients)
expected = by_hand(half_momentum, begin, 3, clients)
check_close(started(strategy, halfway, 2, clients), expected, "a start after a start")
optimisers, begins = (half_momentum, plain_step), (begin, draw())
grid = grid_of(clients)
two = [FedOpt(optimiser, **settings) for optimiser in optimisers]
sent = [
    strategy.configure_train(1, packed(w), ConfigRecord(), grid)
    for strategy, w in zip(two, begins, strict=True)
]
for k, messages in enumerate(sent):
    expected = by_hand(optimisers[k], begins[k], 1, clients)
    got, _ = two[k].aggregate_train(1, grid.send_and_receive(messages))
    check_close(unpacked(got), expected, f"strategy {k + 1} of two, in turns")

# %% [markdown]
# ## Task 2 · Add momentum
#
# With 30 % of the clients in a round, the pseudo-gradient changes direction with
# every cohort. A **velocity** $v$ remembers the rounds before, and with it, clients
# that were not asked this time. **FedAvgM** (Hsu et al., 2019) steps along it:
#
# $$v \leftarrow \beta v + g, \qquad w \leftarrow w - \eta v, \qquad
# v = 0 \text{ at first}, \quad \eta = \texttt{lr}, \quad \beta = \texttt{momentum}.$$
#
# It learns where the slope points only after the step. **Nesterov**'s variant looks
# ahead: it steps as if the velocity had been applied once more.
#
# $$v \leftarrow \beta v + g, \qquad w \leftarrow w - \eta\,(g + \beta v).$$
#
# Both use the *new* velocity in the second formula. The latter is
# `torch.optim.SGD(nesterov=True)`, and the outer optimiser of DiLoCo and of Photon's
# language models, where $g$ comes from clients that each made hundreds of steps.
#
# `lr` and `momentum` are the same in all rounds of a run. From here on the settings
# come by keyword: `partial(fedavgm, lr=0.7, momentum=0.9)` is an optimiser that
# `FedOpt` can use.
#
# A server writes the next pseudo-gradient into the very arrays that held this one. So,
# for all optimisers of this lab: the caller may overwrite the arrays of `model` and
# `pseudo_gradient` as soon as your function has returned. Copy what you keep.
#
# Complete both functions, `fedavgm` in this cell and `nesterov` further down; about
# three lines each.


# %% exercise="fedavgm"
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    """Take one step with the velocity, a decaying sum of the pseudo-gradients.

    Parameters
    ----------
    model, pseudo_gradient : dict[str, np.ndarray]
        The same names, in any order; shapes, () and (0, 2) included, and dtypes,
        float32 or float64, agree name by name. They are not changed.
    state : dict
        {} in the first round, later what the last call returned. It is not changed.
    lr, momentum : float
        eta > 0 and 0 <= beta < 1.

    Returns
    -------
    new_model : dict[str, np.ndarray]
        The names, shapes and dtypes of `model`.
    new_state : dict
        Whatever the next call needs.
    """
    ### BEGIN SOLUTION
    old = state or zeros(model)
    velocity = by_name(lambda v, g: momentum * v + g, old, pseudo_gradient)
    return by_name(lambda w, v: w - lr * v, model, velocity), velocity
    ### END SOLUTION


# %% test="fedavgm" points=4
# Check yourself: from w = 10, a pseudo-gradient of 1 in each of three rounds.
ones = [{"w": np.array([1.0])} for _ in range(3)]
got = [
    m["w"] for m in rollout(fedavgm, {"w": np.array([10.0])}, ones, lr=1, momentum=0.5)
]
assert np.allclose(got[0], 9), (
    f"round 1: v = 0.5 * 0 + 1 = 1, expected w = 10 - 1 = 9, got {got[0]}"
)
assert np.allclose(got[1], 7.5), (
    f"round 2: v = 0.5 * 1 + 1 = 1.5, expected w = 9 - 1.5 = 7.5, got {got[1]}. Does "
    "the state hold the velocity, and the step use the new one?"
)
assert np.allclose(got[2], 5.75), (
    f"round 3: v = 0.5 * 1.5 + 1 = 1.75, expected w = 5.75, got {got[2]}"
)
got = rollout(fedavgm, {"w": np.array([10.0])}, ones[:2], lr=0.1, momentum=0.0)[1]["w"]
assert np.allclose(got, 9.8), (
    f"lr=0.1, no momentum: expected 10 - 0.1 - 0.1 = 9.8, got {got}"
)
assert all(np.array_equal(g["w"], [1]) for g in ones), "a pseudo-gradient was changed"

# %% test="fedavgm" case="hidden" points=6 hidden=true
# Hidden check: the equation, Flower's own FedAvgM, FedAvg, a zero pseudo-gradient.
start, *gradients = draw_models(7, seed=21)
for lr, momentum in ((0.7, 0.9), (1.3, 0.4), (0.5, 0.0)):
    expected, w, v = [], start, dict.fromkeys(start, 0.0)
    for g in gradients:
        v = {name: momentum * v[name] + g[name] for name in w}
        w = {name: w[name] - lr * v[name] for name in w}
        expected.append(w)
    names = {"server_learning_rate": lr, "server_momentum": momentum}
    theirs = flower_rollout(flower.FedAvgM, start, gradients, **names)
    for ours, other in zip(expected, theirs, strict=True):
        assert all(np.allclose(ours[name], other[name], atol=1e-5) for name in ours)
    check_rounds(fedavgm, start, gradients, expected, lr=lr, momentum=momentum)
averages = [by_name(np.subtract, start, gradients[0])]
check_rounds(fedavgm, start, gradients[:1], averages, lr=1.0, momentum=0.9)
zero = zeros(start)
check_rounds(fedavgm, start, [zero] * 3, [start] * 3, lr=0.7, momentum=0.9)
coasting = rollout(fedavgm, start, [gradients[0], zero], lr=0.5, momentum=0.5)[1]["w"]
target = start["w"] - 0.75 * gradients[0]["w"]
assert np.allclose(coasting, target), "with g = 0 the velocity carries the model on"


# %% exercise="nesterov"
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    """Take one step with Nesterov's momentum.

    Parameters, returned values and their rules are those of `fedavgm`.
    """
    ### BEGIN SOLUTION
    old = state or zeros(model)
    velocity = by_name(lambda v, g: momentum * v + g, old, pseudo_gradient)
    step = by_name(lambda g, v: lr * (g + momentum * v), pseudo_gradient, velocity)
    return by_name(np.subtract, model, step), velocity
    ### END SOLUTION


# %% test="nesterov" points=4
# Check yourself: from w = 10, a pseudo-gradient of 1 in each of three rounds.
ones = [{"w": np.array([1.0])} for _ in range(3)]
got = [
    m["w"] for m in rollout(nesterov, {"w": np.array([10.0])}, ones, lr=1, momentum=0.5)
]
assert np.allclose(got[0], 8.5), (
    f"round 1: v = 1, expected w = 10 - (1 + 0.5 * 1) = 8.5, got {got[0]}. If it is 9, "
    "you took the old velocity, and that is FedAvgM"
)
assert np.allclose(got[1], 6.75), (
    f"round 2: v = 1.5, expected w = 8.5 - (1 + 0.5 * 1.5) = 6.75, got {got[1]}"
)
assert np.allclose(got[2], 4.875), (
    f"round 3: v = 1.75, expected w = 6.75 - (1 + 0.5 * 1.75) = 4.875, got {got[2]}"
)
assert all(np.array_equal(g["w"], [1]) for g in ones), "a pseudo-gradient was changed"

# %% test="nesterov" case="hidden" points=6 hidden=true
# Hidden check: the equation, FedAvg, a zero pseudo-gradient.
start, *gradients = draw_models(7, seed=22)
for lr, momentum in ((0.7, 0.9), (1.3, 0.4), (0.5, 0.0)):
    expected, w, v = [], start, dict.fromkeys(start, 0.0)
    for g in gradients:
        v = {name: momentum * v[name] + g[name] for name in w}
        w = {name: w[name] - lr * (g[name] + momentum * v[name]) for name in w}
        expected.append(w)
    check_rounds(nesterov, start, gradients, expected, lr=lr, momentum=momentum)
averages = [by_name(np.subtract, start, gradients[0])]
check_rounds(nesterov, start, gradients[:1], averages, lr=1.0, momentum=0.0)
zero = zeros(start)
check_rounds(nesterov, start, [zero] * 3, [start] * 3, lr=0.7, momentum=0.9)
coasting = rollout(nesterov, start, [gradients[0], zero], lr=0.5, momentum=0.5)[1]["w"]
target = start["w"] - 0.5 * (1.5 + 0.25) * gradients[0]["w"]
assert np.allclose(coasting, target), "with g = 0 the velocity carries the model on"

# %% [markdown]
# ### Predict first
#
# Ten clients hold the handwritten digits, most of each client's examples carrying one
# to three labels (a Dirichlet split with $\alpha = 0.1$). Three of them train in each
# round, for five local epochs. The server takes its step with FedAvg, with FedAvgM or
# with Nesterov, 25 rounds each; all three see the same cohorts.


# %%
train_set, test_set = digits().split(test_fraction=0.2, seed=SEED)
federation = dirichlet(train_set, 10, alpha=0.1, min_examples=5, seed=SEED)
mlp = MLP(num_features=64, num_hidden=64, num_labels=10)


def local_training(message, context):
    """Train on this client's digits: 5 epochs of SGD, batches of 32, lr 0.1."""
    k, content = context.node_config["partition-id"], message.content
    x, y = federation[k].features, federation[k].labels
    rng = np.random.default_rng((SEED, content["config"]["server-round"], k))
    model = unpacked(content["arrays"])
    for _ in range(5):
        order = rng.permutation(len(y))
        for i in range(0, len(y), 32):
            batch = order[i : i + 32]
            slope = mlp.gradients(model, x[batch], y[batch])
            model = by_name(lambda w, g: w - 0.1 * g, model, slope)
    return answer(message, model, len(y), mlp.loss(model, x, y))


prediction = Prediction(
    "Rounds 16 to 25: which server names the most test digits correctly, on average?",
    ("FedAvg", "The servers with momentum", "No difference of more than 3 points"),
)
prediction


# %%
def plain(model, pseudo_gradient, state):
    """Take the step of FedAvg."""
    return by_name(np.subtract, model, pseudo_gradient), state


def percent_by_round(optimiser, num_rounds=25):
    """Return the share of test digits named correctly after each round, in percent."""
    random.seed(SEED)  # Flower draws the cohorts from here: the same for everyone
    percent = []

    def evaluate(server_round, arrays):
        accuracy = mlp.accuracy(unpacked(arrays), test_set.features, test_set.labels)
        percent.append(100 * accuracy)

    grid = grid_with(local_training, len(federation))
    strategy = FedOpt(optimiser, fraction_train=0.3, fraction_evaluate=0.0)
    begin = packed(mlp.initial(SEED))
    strategy.start(grid, begin, num_rounds=num_rounds, evaluate_fn=evaluate)
    return percent


settings = {"lr": 0.7, "momentum": 0.9}
curves = {
    "FedAvg": percent_by_round(plain),
    "FedAvgM": percent_by_round(partial(fedavgm, **settings)),
    "Nesterov": percent_by_round(partial(nesterov, **settings)),
}
figure = plots.accuracy(
    curves,
    y_title="test digits named correctly (%)",
    title="What does momentum do when three of ten clients train?",
    first_round=0,
)
prediction.reveal(figure)

# %% [markdown]
# Nesterov is ahead here, and on twenty other seeds it was ahead of FedAvg on every
# one. FedAvgM with the same settings has the same velocity and is not: it won on some
# seeds and lost on others. You need this figure again in Task 7.
#
# ## Task 3 · Prove two optimisers equal
#
# ### 3a · FedMom
#
# FedMom (Huo et al., 2020) has no velocity. It keeps $u$, the model that plain gradient
# descent would have reached from where it stood, and goes further in the direction in
# which $u$ has moved:
#
# $$u^+ = w - \eta g, \qquad w \leftarrow u^+ + \beta\,(u^+ - u), \qquad
# u \leftarrow u^+, \qquad u = w \text{ at first}.$$
#
# Complete the function; about three lines.


# %% exercise="fedmom"
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    """Take one step of FedMom.

    Parameters, returned values and their rules are those of `fedavgm`.
    """
    ### BEGIN SOLUTION
    ahead = by_name(lambda w, g: w - lr * g, model, pseudo_gradient)
    last = state or model
    return by_name(lambda new, u: new + momentum * (new - u), ahead, last), ahead
    ### END SOLUTION


# %% test="fedmom" points=3
# Check yourself: from w = 10, a pseudo-gradient of 1, then of 2.
two = [{"w": np.array([1.0])}, {"w": np.array([2.0])}]
got = [
    m["w"] for m in rollout(fedmom, {"w": np.array([10.0])}, two, lr=2, momentum=0.5)
]
assert np.allclose(got[0], 7), (
    f"round 1: u goes from 10 to 10 - 2 * 1 = 8, expected w = 8 + 0.5 * (8 - 10) = 7, "
    f"got {got[0]}. Is u the model itself at first?"
)
assert np.allclose(got[1], 0.5), (
    f"round 2: u goes from 8 to 7 - 2 * 2 = 3, expected w = 3 + 0.5 * (3 - 8) = 0.5, "
    f"got {got[1]}. Does the state hold u, and not w?"
)
assert all(np.array_equal(g["w"], [k + 1]) for k, g in enumerate(two)), (
    "expected the pseudo-gradients to stay as they were"
)

# %% test="fedmom" case="hidden" points=5 hidden=true
# Hidden check: the equation, FedAvg, a zero pseudo-gradient.
start, *gradients = draw_models(7, seed=31)
for lr, momentum in ((0.7, 0.9), (1.3, 0.4), (0.5, 0.0)):
    expected, w, u = [], start, start
    for g in gradients:
        ahead = {name: w[name] - lr * g[name] for name in w}
        w = {name: (1 + momentum) * ahead[name] - momentum * u[name] for name in w}
        u = ahead
        expected.append(w)
    check_rounds(fedmom, start, gradients, expected, lr=lr, momentum=momentum)
averages = [by_name(np.subtract, start, gradients[0])]
check_rounds(fedmom, start, gradients[:1], averages, lr=1.0, momentum=0.0)
zero = zeros(start)
check_rounds(fedmom, start, [zero] * 3, [start] * 3, lr=0.7, momentum=0.9)
coasting = rollout(fedmom, start, [gradients[0], zero], lr=0.5, momentum=0.5)[1]["w"]
target = start["w"] - 0.5 * (1.5 + 0.25) * gradients[0]["w"]
assert np.allclose(coasting, target), "with g = 0 the model moves on for a while"

# %% [markdown]
# ### 3b · A test for "the same"
#
# Write out the first two rounds of Nesterov and of FedMom on paper: the formulas look
# nothing alike, and $w$ comes out the same. In fact $u^+ - u = -\eta v$ in every round.
# Code deserves the same doubt as paper, so write a test.
#
# Two optimisers are **the same** if they give the same models, round after round, from
# any model, for any pseudo-gradients, `lr` and `momentum`. What they keep in their
# states may differ. A test can only sample that, and it is as good as its samples. A
# wrong optimiser can agree with a right one
#
# - in the first rounds (so run ten);
# - as long as the pseudo-gradient stays the same (so draw a new one every round);
# - in one array, or in one number of an array (so use models of several);
# - for `lr=1`, or for one momentum (so try two settings at least, with `lr` not 1);
# - from a model of zeros (so start elsewhere).
#
# Take float64 models and pseudo-gradients with numbers of size one, and settings
# between 0.1 and 2. Then the same optimisers agree to $10^{-9}$ (they add in another
# order, so the last digits differ), and a wrong one is off by $10^{-4}$ or more.
#
# Complete the function; it takes about ten lines. `rollout`, from the setup, helps.


# %% exercise="same-models"
def check_same(first, second):
    """Test that two server optimisers are the same.

    Parameters
    ----------
    first, second : callable
        `optimiser(model, pseudo_gradient, state, lr=..., momentum=...)`, which keeps
        the rules of this lab. Each gets its own state back, which may hold anything.

    Raises
    ------
    AssertionError
        If some model differs by more than rounding. If all are the same, nothing is
        raised, and the returned value does not matter.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(SEED)
    for lr, momentum in ((0.7, 0.9), (1.5, 0.3)):
        start, *gradients = [
            {"w": rng.normal(size=(2, 3)), "b": rng.normal(size=4)} for _ in range(12)
        ]
        ours = rollout(first, start, gradients, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gradients, lr=lr, momentum=momentum)
        for one, other in zip(ours, theirs, strict=True):
            for name in start:
                assert np.allclose(one[name], other[name]), (name, lr, momentum)
    ### END SOLUTION


# %% test="same-models" points=4
# Check yourself: gradient descent in two forms, which are the same, and a third.
def descent(model, pseudo_gradient, state, *, lr, momentum):
    """Step against the pseudo-gradient."""
    return {name: w - lr * pseudo_gradient[name] for name, w in model.items()}, {}


def descent_from_start(model, pseudo_gradient, state, *, lr, momentum):
    """The same: keep the first model and the sum of all pseudo-gradients."""
    first = state.get("first", model)
    total = {
        n: state.get("total", {}).get(n, 0) + g for n, g in pseudo_gradient.items()
    }
    return {n: first[n] - lr * total[n] for n in first}, {
        "first": first,
        "total": total,
    }


def descent_with_a_typo(model, pseudo_gradient, state, *, lr, momentum):
    """Not the same: lr is added to, not multiplied with, the pseudo-gradient."""
    return {name: w - (lr + pseudo_gradient[name]) for name, w in model.items()}, {}


got = what_is_raised(check_same, descent, descent_from_start)
assert got is None, (
    f"gradient descent in two forms is the same: expected no exception, got {got}. "
    "Give each its own state, and allow for rounding: == is too strict"
)
got = what_is_raised(check_same, descent, descent_with_a_typo)
assert got == "AssertionError", (
    f"w - lr * g and w - (lr + g) differ: expected an AssertionError, got {got}"
)


# %% test="same-models" case="hidden" points=6 hidden=true
# Hidden check: your test on pairs that are the same, and on pairs that are not.
def look_ahead(*, wrong=None):
    """Return Nesterov, or one of several ways to get it wrong."""

    settings = {}

    def optimiser(model, pseudo_gradient, state, *, lr, momentum):
        first_settings = settings.setdefault("first", (lr, momentum))
        if wrong == "keeps the first lr":
            lr = first_settings[0]
        if wrong == "keeps the first momentum":
            momentum = first_settings[1]
        t, old, first_g = state.get("kept", (0, {}, pseudo_gradient))
        new, kept = {}, {}
        for k, (name, w) in enumerate(sorted(model.items())):
            g, beta = pseudo_gradient[name], momentum
            v = old.get(name, np.zeros_like(w))
            if wrong == "forgets in round 6" and t == 5:
                v = 0 * v
            if wrong == "momentum is 0.9":
                beta = 0.9
            if wrong == "momentum is 0.5":
                beta = 0.5
            if wrong == "one array without" and k == 1:
                beta = 0.0
            if wrong == "the other array without" and k == 0:
                beta = 0.0
            if wrong == "99 % of the momentum":
                beta = 0.99 * beta
            v = beta * v + (first_g[name] if wrong == "first gradient" else g)
            if wrong == "one number" and np.size(v) > 1:
                v.reshape(-1)[-1] = 0
            if wrong == "mixes up the numbers":
                v = np.flip(v)
            kept[name] = v
            direction = g + beta * v
            if wrong == "old velocity":
                direction = v
            if wrong == "lr on the momentum":
                direction = g + lr * beta * v
            if wrong == "scales the model":
                new[name] = lr * (w - direction)
            elif wrong == "lr squared":
                new[name] = w - lr**2 * direction
            elif wrong == "adds":
                new[name] = w + lr * direction
            else:
                new[name] = w - lr * direction
        return new, {"kept": (t + 1, kept, first_g)}

    return optimiser


def disguised(change, undo):
    """Return Nesterov whose models come back changed: not the same."""

    def optimiser(model, pseudo_gradient, state, **settings):
        model = by_name(undo, model) if state else model
        new, state = look_ahead()(model, pseudo_gradient, state, **settings)
        return by_name(change, new), state

    return optimiser


def two_points(*, wrong=None):
    """Return FedMom, or one of several ways to get it wrong."""

    def optimiser(model, pseudo_gradient, state, *, lr, momentum):
        new, kept = {}, {}
        for name in model:
            w, g = np.asarray(model[name]), pseudo_gradient[name]
            u = state[name][0] if state else w * (wrong != "u is 0 at first")
            ahead = w - lr * g
            new[name] = np.asarray(ahead + momentum * (ahead - u))
            keep = {"keeps the first u": u, "keeps w": new[name]}.get(wrong, ahead)
            kept[name] = [keep]
        return new, kept

    return optimiser


def heavy_ball(model, pseudo_gradient, state, *, lr, momentum):
    """FedAvgM without a velocity: keep the model before this one."""
    before = state.get("model", model)
    new = {
        n: w - lr * pseudo_gradient[n] + momentum * (w - before[n])
        for n, w in model.items()
    }
    return new, {"model": {n: np.array(w) for n, w in model.items()}}


def plain_descent(model, pseudo_gradient, state, *, lr, momentum):
    return {name: w - lr * pseudo_gradient[name] for name, w in model.items()}, {}


same = {
    "Nesterov and FedMom": (look_ahead(), two_points()),
    "FedMom and Nesterov": (two_points(), look_ahead()),
    "FedAvgM with and without velocity": (look_ahead(wrong="old velocity"), heavy_ball),
    "an optimiser and itself": (plain_descent, plain_descent),
}
for case, pair in same.items():
    got = what_is_raised(check_same, *pair)
    assert got is None, f"{case} are the same: expected no exception, got {got}"
faults = {
    look_ahead: (
        "forgets in round 6",
        "momentum is 0.9",
        "momentum is 0.5",
        "one array without",
        "the other array without",
        "99 % of the momentum",
        "mixes up the numbers",
        "first gradient",
        "one number",
        "old velocity",
        "scales the model",
        "lr squared",
        "adds",
        "lr on the momentum",
        "keeps the first lr",
        "keeps the first momentum",
    ),
    two_points: ("u is 0 at first", "keeps the first u", "keeps w"),
}
for make, wrongs in faults.items():
    for wrong in wrongs:
        for pair in (
            (two_points(), make(wrong=wrong)),
            (make(wrong=wrong), look_ahead()),
        ):
            got = what_is_raised(check_same, *pair)
            assert got == "AssertionError", (
                f"Nesterov with a fault ({wrong}) passed as the same: expected an "
                f"AssertionError, got {got}"
            )
wrongs = {
    "the numbers in the opposite order": disguised(np.flip, np.flip),
    "all numbers larger": disguised(lambda w: w + 4e-4, lambda w: w - 4e-4),
}
for wrong, other in wrongs.items():
    for pair in ((other, two_points()), (look_ahead(), other)):
        got = what_is_raised(check_same, *pair)
        assert got == "AssertionError", f"{wrong} passed as the same: got {got}"

# %%
# Your test, on what you wrote: FedMom equals Nesterov, and FedAvgM does not.
check_same(fedmom, nesterov)
print("FedMom and Nesterov: the same models.")
try:
    check_same(fedavgm, nesterov)
except AssertionError as error:
    print("FedAvgM and Nesterov differ:", error)

# %% [markdown]
# ## Task 4 · Write one of three correct FedAdams
#
# Adam divides each number's average slope by its usual size, so that every number of
# the model moves at a similar pace. With $m = 0$ at first, all versions share
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\, g, \qquad
# v \leftarrow \beta_2 v + (1-\beta_2)\, g^2,$$
#
# number by number. From there, three sources go three ways. Count the calls of the
# optimiser: $t = 1$ in the first.
#
# **A** is FedAdam, as in Reddi et al. (2021), with $v = \tau^2$ at first:
#
# $$w \leftarrow w - \eta\, \frac{m}{\sqrt v + \tau}.$$
#
# **B** is Adam, as in Kingma and Ba (2015), with $v = 0$ at first:
#
# $$w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \tau}, \qquad
# \hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}.$$
#
# **C** is `FedAdam` of Flower 1.41, with $v = 0$ at first:
#
# $$w \leftarrow w - \eta_t\, \frac{m}{\sqrt v + \tau}, \qquad
# \eta_t = \eta\, \frac{\sqrt{1 - \beta_2^{t+1}}}{1 - \beta_1^{t+1}}.$$
#
# The paper's FedAdam does not correct the small $m$ and $v$ of the first rounds; Adam,
# as everyone trains single networks with it, does (`torch.optim.Adam`, with its `eps`
# as $\tau$). Flower corrects as well, with an exponent that is one larger: it takes
# `server_round + 1`, and rounds count from 1. None of the three is wrong. But a paper
# that says "FedAdam, $\eta = 0.01$" has said too little.
#
# Choose one, say which in `equation`, and implement exactly that; about ten lines.
# Mind the dtypes: a Python float times a float32 array is float32, an `np.float64`
# (`np.sqrt(2)` is one) times a float32 array is not.


# %% exercise="fedadam"
def equation():
    """Return "A", "B" or "C": the equation that `fedadam` implements."""
    ### BEGIN SOLUTION
    return "B"
    ### END SOLUTION


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    """Take one step of FedAdam, in the version that `equation` names.

    Parameters
    ----------
    model, pseudo_gradient, state
        As for `fedavgm`, with the same rules.
    lr, beta_1, beta_2, tau : float
        eta > 0, 0 <= beta_1 < 1, 0 <= beta_2 < 1, tau > 0.

    Returns
    -------
    new_model, new_state
        As for `fedavgm`.
    """
    ### BEGIN SOLUTION
    t, old_m, old_v = state.get("kept", (0, zeros(model), zeros(model)))
    t, g = t + 1, pseudo_gradient
    m = by_name(lambda m, g: beta_1 * m + (1 - beta_1) * g, old_m, g)
    v = by_name(lambda v, g: beta_2 * v + (1 - beta_2) * g**2, old_v, g)
    m_hat = by_name(lambda m: m / (1 - beta_1**t), m)
    v_hat = by_name(lambda v: v / (1 - beta_2**t), v)
    step = by_name(lambda m, v: lr * m / (np.sqrt(v) + tau), m_hat, v_hat)
    return by_name(np.subtract, model, step), {"kept": (t, m, v)}
    ### END SOLUTION


# %% test="fedadam" points=6
# Check yourself: from w = 0, a pseudo-gradient of 1 in each of two rounds.
stated = equation()
assert stated in ("A", "B", "C"), (
    f"expected 'A', 'B' or 'C' from equation, got {stated!r}"
)
ones = [{"w": np.array([1.0])} for _ in range(2)]
got = [
    float(one["w"][0])
    for one in rollout(
        fedadam, {"w": np.zeros(1)}, ones, lr=1.0, beta_1=0.5, beta_2=0.75, tau=1.0
    )
]
by_hand = {"A": [-0.25, -0.625], "B": [-0.5, -1.0], "C": [-0.29397, -0.68624]}
expected = by_hand[stated]
others = [x for x, values in by_hand.items() if np.allclose(got, values, atol=1e-4)]
assert np.allclose(got, expected, atol=1e-4), (
    f"equation {stated}: expected w = {expected} after rounds 1 and 2, got {got}"
    + "".join(f". These are the numbers of {x}" for x in others)
)
assert all(np.array_equal(g["w"], [1]) for g in ones), "a pseudo-gradient was changed"

# %% test="fedadam" case="hidden" points=9 hidden=true
# Hidden check: the stated equation, for several settings; Flower's own for C.
stated = equation()
assert stated in ("A", "B", "C"), (
    f"expected 'A', 'B' or 'C' from equation, got {stated!r}"
)


def models_of(letter, start, gradients, lr, beta_1, beta_2, tau):
    """Return the models of one of the equations, round by round."""
    models, w = [], {name: np.float64(array) for name, array in start.items()}
    m = {name: np.zeros(array.shape) for name, array in start.items()}
    v = {name: np.full(a.shape, tau**2 * (letter == "A")) for name, a in start.items()}
    for t, g in enumerate(gradients, start=1):
        new = {}
        for name in w:
            m[name] = beta_1 * m[name] + (1 - beta_1) * g[name]
            v[name] = beta_2 * v[name] + (1 - beta_2) * np.float64(g[name]) ** 2
            if letter == "A":
                step = lr * m[name] / (np.sqrt(v[name]) + tau)
            elif letter == "B":
                v_hat = v[name] / (1 - beta_2**t)
                step = lr * m[name] / (1 - beta_1**t) / (np.sqrt(v_hat) + tau)
            else:
                lr_t = lr * (1 - beta_2 ** (t + 1)) ** 0.5 / (1 - beta_1 ** (t + 1))
                step = lr_t * m[name] / (np.sqrt(v[name]) + tau)
            new[name] = w[name] - step
        w = new
        models.append(w)
    return models


start, *gradients = draw_models(6, seed=41)
small, *gentle = draw_models(4, seed=42, scale=0.01)
cases = (
    (start, gradients, {"lr": 0.3, "beta_1": 0.9, "beta_2": 0.99, "tau": 0.2}),
    (start, gradients, {"lr": 1.1, "beta_1": 0.4, "beta_2": 0.7, "tau": 1e-3}),
    (start, gradients, {"lr": 0.5, "beta_1": 0.0, "beta_2": 0.9, "tau": 0.5}),
    (start, gradients, {"lr": 0.5, "beta_1": 0.8, "beta_2": 0.0, "tau": 0.5}),
    (small, gentle, {"lr": 0.1, "beta_1": 0.9, "beta_2": 0.99, "tau": 0.01}),
)
zero = zeros(start)
check_rounds(fedadam, start, [zero] * 3, [start] * 3, **cases[0][2])
for first, slopes, settings in cases:
    expected = models_of(stated, first, slopes, **settings)
    if stated == "C":
        names = {
            "eta": settings["lr"],
            **{n: settings[n] for n in settings if n != "lr"},
        }
        theirs = flower_rollout(flower.FedAdam, first, slopes, **names)
        for ours, other in zip(expected, theirs, strict=True):
            assert all(np.allclose(ours[name], other[name], atol=1e-5) for name in ours)
    check_rounds(fedadam, first, slopes, expected, **settings)
assert equation() == stated, "equation must give the same answer every time"

# %%
# How much does it matter? Let the pseudo-gradient be 1 in every round, with beta_1 =
# 0.9, beta_2 = 0.99 and a tiny tau. Then m = 1 - 0.9 ** t and v = 1 - 0.99 ** t, which
# give the length of each step for all three. Yours is drawn on top: does it follow the
# line that you stated?
rounds = np.arange(1, 61)
m, root_v = 1 - 0.9**rounds, np.sqrt(1 - 0.99**rounds)
flower_lr = np.sqrt(1 - 0.99 ** (rounds + 1)) / (1 - 0.9 ** (rounds + 1))
lengths = {"A: Reddi et al.": m / root_v, "B: Kingma and Ba": np.ones(len(rounds))}
lengths["C: Flower 1.41"] = flower_lr * m / root_v
ones = [{"w": np.array([1.0])}] * len(rounds)
settings = {"lr": 1.0, "beta_1": 0.9, "beta_2": 0.99, "tau": 1e-6}
mine = [one["w"][0] for one in rollout(fedadam, {"w": np.zeros(1)}, ones, **settings)]
lengths["yours"] = -np.diff([0, *mine])
plots.accuracy(
    lengths,
    y_title="length of the step (in units of lr)",
    title="How far does FedAdam go if the pseudo-gradient is always 1?",
)

# %% [markdown]
# ## Task 5 · Write FedYogi
#
# Adam's $v$ forgets: after some rounds of small slopes, $\sqrt v$ has shrunk by any
# factor, and the next steps are long. Yogi lets $v$ change by at most $(1-\beta_2)\,
# g^2$ per round, whatever its size:
#
# $$v \leftarrow v - (1-\beta_2)\, g^2\, \operatorname{sign}(v - g^2).$$
#
# The rest is equation A of Task 4: $m = 0$ and $v = \tau^2$ at first, $m \leftarrow
# \beta_1 m + (1-\beta_1)\, g$, and $w \leftarrow w - \eta\, m / (\sqrt v + \tau)$. Here
# there is no choice. Complete the function; about seven lines.


# %% exercise="fedyogi"
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    """Take one step of FedYogi.

    Parameters, returned values and their rules are those of `fedadam`.
    """
    ### BEGIN SOLUTION
    first, g = by_name(lambda w: np.full_like(w, tau**2), model), pseudo_gradient
    old_m, old_v = state.get("kept", (zeros(model), first))
    m = by_name(lambda m, g: beta_1 * m + (1 - beta_1) * g, old_m, g)
    change = by_name(lambda v, g: (1 - beta_2) * g**2 * np.sign(v - g**2), old_v, g)
    v = by_name(np.subtract, old_v, change)
    step = by_name(lambda m, v: lr * m / (np.sqrt(v) + tau), m, v)
    return by_name(np.subtract, model, step), {"kept": (m, v)}
    ### END SOLUTION


# %% test="fedyogi" points=3
# Check yourself: from w = 0, pseudo-gradients of 2 and 1; v is 1 at first.
two = [{"w": np.array([2.0])}, {"w": np.array([1.0])}]
settings = {"lr": 1.0, "beta_1": 0.5, "beta_2": 0.25, "tau": 1.0}
got = [
    float(one["w"][0]) for one in rollout(fedyogi, {"w": np.zeros(1)}, two, **settings)
]
assert np.isclose(got[0], -1 / 3), (
    f"round 1: m = 1, v = 1 + 0.75 * 4 = 4 as 1 < 2 ** 2: expected w = -1 / (2 + 1) = "
    f"{-1 / 3}, got {got[0]}"
)
assert np.isclose(got[1], -1 / 3 - 1 / (np.sqrt(3.25) + 1)), (
    f"round 2: m = 1, v = 4 - 0.75 * 1 = 3.25 as 4 > 1: expected w = -1/3 - 1 / "
    f"(sqrt(3.25) + 1) = {-1 / 3 - 1 / (np.sqrt(3.25) + 1)}, got {got[1]}"
)
assert [float(g["w"][0]) for g in two] == [2, 1], "a pseudo-gradient was changed"

# %% test="fedyogi" case="hidden" points=5 hidden=true
# Hidden check: the equation, Flower's own FedYogi, a zero pseudo-gradient.
start, *gradients = draw_models(7, seed=51)
for k, factor in enumerate((3, 1, 0.1, 0.3, 2, 0.5)):  # v rises, then falls
    gradients[k] = {n: np.asarray(factor * g, g.dtype) for n, g in gradients[k].items()}


def yogi_from_tau(**settings):
    """Return Flower's FedYogi with v = tau ** 2 at first, as in the paper."""
    strategy = flower.FedYogi(**settings)
    strategy.v_t = {n: np.full(w.shape, strategy.tau**2) for n, w in start.items()}
    return strategy


cases = (
    {"lr": 0.3, "beta_1": 0.9, "beta_2": 0.8, "tau": 0.2},
    {"lr": 1.1, "beta_1": 0.4, "beta_2": 0.95, "tau": 1e-2},
    {"lr": 0.5, "beta_1": 0.0, "beta_2": 0.9, "tau": 0.7},
)
zero = zeros(start)
check_rounds(fedyogi, start, [zero] * 3, [start] * 3, **cases[0])
for settings in cases:
    lr, beta_1, beta_2, tau = settings.values()
    expected, w = [], start
    m, v = dict.fromkeys(start, 0.0), dict.fromkeys(start, tau**2)
    for g in gradients:
        w = dict(w)
        for name in w:
            m[name] = beta_1 * m[name] + (1 - beta_1) * g[name]
            change = (1 - beta_2) * np.float64(g[name]) ** 2
            v[name] = np.where(
                v[name] > g[name] ** 2, v[name] - change, v[name] + change
            )
            w[name] = w[name] - lr * m[name] / (np.sqrt(v[name]) + tau)
        expected.append(w)
    names = {"eta": lr, "beta_1": beta_1, "beta_2": beta_2, "tau": tau}
    theirs = flower_rollout(yogi_from_tau, start, gradients, **names)
    for ours, other in zip(expected, theirs, strict=True):
        assert all(np.allclose(ours[name], other[name], atol=1e-5) for name in ours)
    check_rounds(fedyogi, start, gradients, expected, **settings)

# %% [markdown]
# ## Task 6 · Review an optimiser
#
# A colleague asks you to review a FedAdagrad. With $s = 0$ at first, number by number,
#
# $$s \leftarrow s + g^2, \qquad w \leftarrow w - \eta\, g / (\sqrt s + \tau).$$
#
# "It equals Flower's own," the message says, "here is the test." The test passes. Yet
# one group reports that its model shrinks when it halves the learning rate.
#
# Run the next cell and read it: the code, then the author's test. Find the bug, and
# answer as a reviewer does, with two pieces of code.
#
# `review` is a **test that fails because of the bug**: it raises `AssertionError` for
# the code under review, and for any other with the same bug, and nothing for a right
# FedAdagrad, however that is written (it may round differently, and keep what it likes
# in its state). Calling the optimiser wrongly is no finding: any other exception counts
# as a defect of your test. A sharp test needs no second FedAdagrad to compare with;
# what must hold for *every* server optimiser?
#
# `fedadagrad` is the **fix**. Together they take about eight lines.


# %% setup="review"
def scaled(model, factor):
    """Return `factor` times the model."""
    return by_name(lambda array: factor * array, model)


def minus(model, other):
    """Return the difference of two models."""
    return by_name(np.subtract, model, other)


def adagrad_under_review(model, pseudo_gradient, state, *, lr, tau):
    """Take one step of FedAdagrad."""
    old = state or zeros(model)
    squares = by_name(lambda s, g: s + g**2, old, pseudo_gradient)
    step = by_name(lambda g, s: g / (np.sqrt(s) + tau), pseudo_gradient, squares)
    return scaled(minus(model, step), lr), squares


def test_of_the_author():
    """It equals Flower's FedAdagrad for five rounds."""
    first, *slopes = ({"w": np.array([k + 0.5, 2.0 - k])} for k in range(6))
    theirs = flower_rollout(flower.FedAdagrad, first, slopes, eta=1.0, tau=0.1)
    ours = rollout(adagrad_under_review, first, slopes, lr=1.0, tau=0.1)
    for one, other in zip(ours, theirs, strict=True):
        assert np.allclose(one["w"], other["w"])


test_of_the_author()


# %% exercise="review"
def review(optimiser):
    """Test a FedAdagrad for the bug that you found.

    Parameters
    ----------
    optimiser : callable
        `optimiser(model, pseudo_gradient, state, lr=..., tau=...)`, which keeps the
        rules of this lab; `lr` and `tau` are positive.

    Raises
    ------
    AssertionError
        If `optimiser` has the bug. For a right one nothing is raised, and the returned
        value does not matter.
    """
    ### BEGIN SOLUTION
    model = {"w": np.array([10.0, -3.0])}
    zero = {"w": np.zeros(2)}
    new_model, _ = optimiser(model, zero, {}, lr=0.5, tau=0.1)
    assert np.allclose(new_model["w"], model["w"]), "a zero pseudo-gradient moved it"
    ### END SOLUTION


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    """Take one step of FedAdagrad: the code under review without its bug.

    Parameters, returned values and their rules are those of `fedadam`.
    """
    ### BEGIN SOLUTION
    old = state or zeros(model)
    squares = by_name(lambda s, g: s + g**2, old, pseudo_gradient)
    step = by_name(lambda g, s: g / (np.sqrt(s) + tau), pseudo_gradient, squares)
    return minus(model, scaled(step, lr)), squares
    ### END SOLUTION


# %% test="review" points=5
# Check yourself: does your test find the bug, and does your fix pass your test?
got = what_is_raised(review, adagrad_under_review)
assert got == "AssertionError", (
    f"expected your test to raise AssertionError for the code under review, got {got}. "
    "For which lr is that code right?"
)
got = what_is_raised(review, fedadagrad)
assert got is None, f"expected your fix to pass your test, got {got}"
model, slope = {"w": np.array([10.0])}, {"w": np.array([3.0])}
got, _ = fedadagrad(model, slope, {}, lr=0.5, tau=3.0)
assert np.shape(got["w"]) == (1,) and np.allclose(got["w"], 9.75), (
    f"s = 9: expected w = 10 - 0.5 * 3 / (3 + 3) = 9.75, got {got['w']}"
)
assert np.array_equal(model["w"], [10]), "the model passed in was changed"


# %% test="review" case="test" points=4 hidden=true
# Hidden check: your test on right FedAdagrads, and on wrong ones with this bug.
def in_one_go(model, pseudo_gradient, state, *, lr, tau):
    new, squares = {}, {}
    for name in model:
        squares[name] = state.get(name, 0.0) + np.square(pseudo_gradient[name])
        new[name] = model[name] - lr * pseudo_gradient[name] / (
            squares[name] ** 0.5 + tau
        )
    return new, squares


def keeps_everything(model, pseudo_gradient, state, *, lr, tau):
    """Keep all pseudo-gradients, and add their squares up anew in each round."""
    past = [
        *state.get("past", []),
        {n: np.array(g) for n, g in pseudo_gradient.items()},
    ]
    new = {}
    for name, w in model.items():
        length = np.linalg.norm([np.float64(one[name]) for one in past], axis=0)
        step = pseudo_gradient[name] * (lr / (tau + length))
        new[name] = np.asarray(w - step).astype(w.dtype)
    return new, {"past": past}


def in_float64(model, pseudo_gradient, state, *, lr, tau):
    total = [np.float64(g) ** 2 for g in pseudo_gradient.values()]
    if state:
        total = [a + b for a, b in zip(total, state["total"], strict=True)]
    new = {n: np.array(w, np.float64) for n, w in model.items()}
    for (name, g), s in zip(pseudo_gradient.items(), total, strict=True):
        new[name] = np.asarray(
            new[name] - g / (np.sqrt(s) + tau) * lr, model[name].dtype
        )
    return new, {"total": total}


def scales_first(model, pseudo_gradient, state, *, lr, tau):
    """The same bug: the scaled model, minus the scaled direction."""
    new, squares = in_one_go(model, pseudo_gradient, state, lr=1.0, tau=tau)
    steps = {name: model[name] - new[name] for name in model}
    return {name: lr * model[name] - lr * steps[name] for name in model}, squares


def scales_at_last(model, pseudo_gradient, state, *, lr, tau):
    """The same bug: a right step of length one, then everything is scaled."""
    new, squares = in_float64(model, pseudo_gradient, state, lr=1.0, tau=tau)
    return {name: np.asarray(w * lr, w.dtype) for name, w in new.items()}, squares


for right in (in_one_go, keeps_everything, in_float64):
    got = what_is_raised(review, right)
    assert got is None, f"your test raised {got} for a right FedAdagrad"
for bug in (adagrad_under_review, scales_first, scales_at_last):
    got = what_is_raised(review, bug)
    assert got == "AssertionError", f"for the bug your test raised {got}"

# %% test="review" case="fix" points=5 hidden=true
# Hidden check: your fix against the equation and Flower's own FedAdagrad.
start, *gradients = draw_models(6, seed=61)
zero = zeros(start)
check_rounds(fedadagrad, start, [zero] * 3, [start] * 3, lr=0.3, tau=0.2)
for lr, tau in ((0.3, 0.2), (2.0, 1e-3), (1.0, 0.5)):
    expected, w, s = [], start, dict.fromkeys(start, 0.0)
    for g in gradients:
        s = {name: s[name] + np.float64(g[name]) ** 2 for name in w}
        w = {name: w[name] - lr * g[name] / (np.sqrt(s[name]) + tau) for name in w}
        expected.append(w)
    theirs = flower_rollout(flower.FedAdagrad, start, gradients, eta=lr, tau=tau)
    for ours, other in zip(expected, theirs, strict=True):
        assert all(np.allclose(ours[name], other[name], atol=1e-5) for name in ours)
    check_rounds(fedadagrad, start, gradients, expected, lr=lr, tau=tau)

# %% [markdown]
# ## Task 7 · Explain
#
# **7a** In FedAvgM a constant $g$ makes the velocity grow to $g / (1 - \beta) = 10\,g$,
# so `lr=0.7` with `momentum=0.9` goes as far as FedAvg with a server learning rate of
# 7. Run `percent_by_round(partial(fedavgm, lr=7, momentum=0.0))`. What happens, and why
# do the servers with momentum in the figure of Task 2 not suffer the same, although
# three of ten clients train in each round? **At most four sentences.**
#
# **7b** After round 500 the server crashes. It restarts from the saved model, but the
# optimiser's state is lost and starts at `{}`. The model is close to its optimum, where
# the pseudo-gradients of successive cohorts nearly cancel. What do the next ten rounds
# look like with FedAvgM, and what with FedAdam, equations A and B? **At most five
# sentences.**

# %% [markdown] question="large-steps" points=5
# The model stays at chance (10 %): seven times the pseudo-gradient of three clients
# throws it far beyond what any of them, let alone the other seven, would accept, and
# the next cohort's correction overshoots as well. The velocity is long only in
# directions on which successive cohorts agree. What is particular to one cohort enters
# with a factor of 0.7, not 7, and is averaged with the nine or so cohorts before it, in
# which nearly all clients have been asked.

# %% [markdown] question="lost-state" points=5
# FedAvgM loses its velocity: the next steps are those of FedAvg and get longer again
# within about ten rounds; near the optimum, where the velocity was short anyway, hardly
# anything happens. FedAdam moves away from the optimum. It had short steps because m
# averages pseudo-gradients that cancel while sqrt(v) knows their full size. With an
# empty state, B's first step is lr in every number of the model whose g is well above
# tau, however small g is. A starts with a tiny v as well, makes about the same first
# step, and steps up to twice as long in the ten rounds after it, because m forgets its
# start faster than v does.

# %%
# Optional. What you wrote is a Flower strategy, so Flower's own engine runs it too:
# Ray processes train the clients, and your optimiser takes the server's steps. It
# needs `pip install "lecturekit[ray]"` and half a minute to start. Set RUN to True.
RUN = False
if RUN:
    from flwr.serverapp import ServerApp
    from flwr.simulation import run_simulation

    client_app, server_app = ClientApp(), ServerApp()
    client_app.train()(local_training)

    @server_app.main()
    def main(grid, context):
        optimiser = partial(nesterov, lr=0.7, momentum=0.9)
        strategy = FedOpt(optimiser, fraction_train=0.3, fraction_evaluate=0.0)
        result = strategy.start(grid, packed(mlp.initial(SEED)), num_rounds=5)
        x, y = test_set.features, test_set.labels
        print(f"{100 * mlp.accuracy(unpacked(result.arrays), x, y):.0f} % right")

    run_simulation(server_app, client_app, num_supernodes=len(federation))
