# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 3 · Statistical heterogeneity
#
# **You will** divide data so that clients differ, in three ways; see what that does to
# an average; and write three answers to it, FedProx, SCAFFOLD and FedNova, each for
# the problem it was made for. At last you ask who pays: how accuracy is spread over
# the clients.
#
# **You need** NumPy and federated averaging (Lab 1). The last part uses Flower's
# messages; you can read it without knowing them.
#
# **Budget** 100 minutes. Every cell runs in under five seconds on a laptop.
#
# **Tracks** Part II: Tasks 1 to 3, 5 and question 6b, then 4 if time allows.
# Part III/MPhil and L46: all tasks. The last cell is optional for everyone.
#
# | Task | What you write | Minutes | Difficulty | Points |
# |---|---|---|---|---|
# | 1 | three ways to divide a dataset | 30 | medium | 25 |
# | 2 | FedProx: a client that is held back | 10 | easy | 15 |
# | 3 | SCAFFOLD: a client and a server that correct drift | 25 | hard | 25 |
# | 4 | FedNova: a server that counts its clients' steps | 15 | medium | 15 |
# | 5 | five numbers on how fair a model is | 8 | easy | 10 |
# | 6 | two answers in words | 12 | medium | 10 |
# | **Total** | | 100 | | 100 |
#
# ## Setup
#
# Run the next two cells and read the first. In this lab a model is one long vector of
# float64 numbers: `flat` lays a network's arrays end to end, `unflat` cuts them again.

# %% setup="imports"
import math

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from lecturekit import plots
from lecturekit.data import Federation, digits
from lecturekit.models import MLP
from lecturekit.runtime import LocalGrid
from lecturekit.widgets import Prediction

SEED = 1
mlp = MLP(num_features=64, num_hidden=64, num_labels=10)
train_set, test_set = digits().split(test_fraction=0.2, seed=SEED)
shapes = {name: array.shape for name, array in mlp.initial(SEED).items()}
cuts = np.cumsum([math.prod(shape) for shape in shapes.values()])


def flat(model):
    """Return the arrays of a model as one vector of float64."""
    return np.concatenate([array.ravel() for array in model.values()]).astype(float)


def unflat(vector):
    """Return the float32 model whose arrays, end to end, are `vector`."""
    parts = np.split(vector.astype(np.float32), cuts[:-1])
    shaped = zip(shapes.items(), parts, strict=True)
    return {name: part.reshape(shape) for (name, shape), part in shaped}


# %% setup="checks"
def held(partitions):
    """Return each client's positions, in ascending order, as lists of int."""
    hands = [np.asarray(partition) for partition in partitions]
    for k, hand in enumerate(hands):
        right = hand.ndim == 1 and (hand.size == 0 or hand.dtype.kind in "iu")
        assert right, f"client {k}: expected a list of integer positions, got {hand}"
    return [sorted(hand.tolist()) for hand in hands]


def is_whole(hands, n):
    """Return whether the positions 0 to n - 1 are held, each once."""
    return sorted(position for hand in hands for position in hand) == list(range(n))


def slope(curvature, centre, noise=None, seen=None):
    """Return the gradient of curvature/2 * (w - centre)^2, with noise in each step."""

    def gradient(w, step):
        if seen is not None:
            seen.append((step, w.copy()))
        return curvature * (w - centre) + (0 if noise is None else noise[step])

    return gradient


def check(got, values, case):
    """Refuse an answer that is no float64 array of these values."""
    got = np.asarray(got)
    assert got.shape == np.shape(values), f"{case}: got the shape {got.shape}"
    assert got.dtype == np.float64, f"{case}: expected float64, got {got.dtype}"
    assert np.allclose(got, values, rtol=1e-9, atol=1e-9), f"{case}: got {got}"


# %% [markdown]
# ## Task 1 · Divide a dataset
#
# Real clients differ: one hospital sees other patients than the next, and more of
# them. A lab has one dataset and divides it. A **partitioner** returns one array of
# *positions* per client; together the clients hold every position 0 to $n - 1$ once.
#
# `lecturekit.data` has partitioners too. They follow other rules than the ones below
# and draw in another order, so that importing them answers nothing here. Chance comes
# in through `rng`. Draw from it as the text says and in no other way: then a seed
# names a federation, and a colleague who has your seed has your federation.
#
# ### 1a · Shards
#
# The first paper on federated averaging (McMahan et al., 2017) made clients differ
# like this. Sort the positions by label; positions of one label stay in ascending
# order. Cut them into $S = K \cdot s$ **shards**, one after the other, as
# `np.array_split` does: their lengths differ by at most one, longer ones first. Draw
# `deal = rng.permutation(S)`, once. Client 0 gets the shards with the first $s$
# numbers in `deal`, client 1 those with the next $s$, and so on. A shard may hold two
# labels, and a client two shards of one label. Complete the function; about five
# lines.


# %% exercise="shards"
def shards(labels, num_clients, shards_per_client, rng):
    """Deal shards of examples that are sorted by label.

    Parameters
    ----------
    labels : (n,) np.ndarray of int
        Any labels in any order; n may be smaller than the number of shards. It is not
        changed.
    num_clients, shards_per_client : int
        K >= 1 and s >= 1.
    rng : np.random.Generator
        What `deal` is drawn from.

    Returns
    -------
    list of K arrays of int
        The positions of each client's examples, in any order; some may be empty.
    """
    ### BEGIN SOLUTION
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]
    ### END SOLUTION


# %% test="shards" points=3
# Check yourself: seven examples in four shards, two for each of two clients.
labels = np.array([2, 0, 1, 0, 2, 1, 0])
cut = [[1, 3], [6, 2], [5, 0], [4]]  # sorted by label: 1 3 6, then 2 5, then 0 4
deal = np.random.default_rng(SEED).permutation(4)
hands = [sorted(cut[i] + cut[j]) for i, j in (deal[:2], deal[2:])]
got = held(shards(labels, 2, 2, np.random.default_rng(SEED)))
assert len(got) == 2, f"expected the positions of 2 clients, got {len(got)}"
assert is_whole(got, 7), f"expected the clients to hold 0 to 6, each once, got {got}"
assert got == hands, (
    f"the shards are {cut}, and deal is {deal}: expected {hands}, got {got}"
)
assert labels.tolist() == [2, 0, 1, 0, 2, 1, 0], f"the labels were changed: {labels}"

# %% test="shards" case="hidden" points=5 hidden=true
# Hidden check: many sizes, any labels, fewer examples than shards, the same seed.
rng = np.random.default_rng((SEED, 11))
cases = ((200, 10, 2, 10), (157, 4, 3, 5), (61, 7, 1, 3), (5, 3, 4, 2), (40, 1, 6, 4))
for n, K, s, num_labels in (*cases, (300, 20, 2, 1), (90, 3, 5, 90), (7, 1, 1, 3)):
    names = rng.choice(1000, size=num_labels, replace=False)
    labels, seed = rng.choice(names, size=n), int(rng.integers(10**6))
    before, case = labels.copy(), f"n = {n}, K = {K}, s = {s}"
    order = sorted(range(n), key=lambda i, of=before: (of[i], i))
    short, longer = divmod(n, K * s)
    ends = np.cumsum([0] + [short + (i < longer) for i in range(K * s)])
    draw = np.random.default_rng(seed)
    deal = draw.permutation(K * s)
    expected = [
        sorted(
            p for i in deal[k * s : (k + 1) * s] for p in order[ends[i] : ends[i + 1]]
        )
        for k in range(K)
    ]
    passed = np.random.default_rng(seed)
    got = held(shards(labels, K, s, passed))
    assert len(got) == K, f"{case}: got {len(got)} clients"
    assert is_whole(got, n), f"{case}: not every position is held once"
    assert got == expected, f"{case}: some client got wrong shards: {got}"
    assert passed.random() == draw.random(), f"{case}: rng was drawn from once more"
    assert np.array_equal(labels, before), f"{case}: the labels were changed"

# %% [markdown]
# ### 1b · Dirichlet shares
#
# In the shards a client either has a label or has not. A **Dirichlet** split has a
# dial: $\alpha$. Every label $c$ is divided over the clients in random shares
# $q_c \sim \mathrm{Dirichlet}(\alpha, \dots, \alpha)$. With a large $\alpha$ all
# clients get the same, with a small one most of a label goes to one client.
#
# One *attempt* goes through the labels that occur, in ascending order. For each label,
# with $n_c$ examples:
#
# 1. draw the $K$ shares, `q = rng.dirichlet([alpha] * K)`;
# 2. draw an order of the label's positions, `rng.permutation` of them;
# 3. cut that order at $e_k = \lfloor (q_0 + \dots + q_k)\, n_c \rfloor$ for $k = 0,
#    \dots, K - 2$. Client 0 gets what comes before $e_0$, client $k$ what comes from
#    $e_{k-1}$ to $e_k$, and the last client all the rest.
#
# If after all labels some client holds fewer than `min_examples`, the attempt is
# thrown away, and the next one goes on drawing from the same `rng`. Complete the
# function; about ten lines.


# %% exercise="dirichlet"
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    """Divide every label in Dirichlet shares, until all clients hold enough.

    Parameters
    ----------
    labels : (n,) np.ndarray of int
        Any labels in any order, n >= 1. It is not changed.
    num_clients : int
        K >= 1.
    alpha : float
        Concentration, > 0.
    min_examples : int
        The least that a client must hold; may be 0. You may assume that some attempt
        succeeds.
    rng : np.random.Generator
        What is drawn from, in the order given above.

    Returns
    -------
    list of K arrays of int
        The positions of each client's examples, in any order.
    """
    ### BEGIN SOLUTION
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]
    ### END SOLUTION


# %% test="dirichlet" points=4
# Check yourself: six examples of one label for three clients, then two labels.
rng = np.random.default_rng(SEED)
q, order = rng.dirichlet([0.5] * 3), rng.permutation(6)
e = [int(q[0] * 6), int((q[0] + q[1]) * 6)]
hands = [sorted(h.tolist()) for h in (order[: e[0]], order[e[0] : e[1]], order[e[1] :])]
got = held(
    dirichlet_partition(np.zeros(6, int), 3, 0.5, 0, np.random.default_rng(SEED))
)
assert got == hands, (
    f"the shares are {q}, the order is {order}, the cuts are {e}: expected {hands}, "
    f"got {got}"
)
labels = np.array([7, 3] * 30)
got = held(dirichlet_partition(labels, 3, 0.2, 8, np.random.default_rng(SEED)))
assert is_whole(got, 60), f"expected the clients to hold 0 to 59, each once, got {got}"
sizes = [len(hand) for hand in got]
assert min(sizes) >= 8, f"expected at least 8 examples on every client, got {sizes}"
assert labels.tolist() == [7, 3] * 30, "the labels were changed"

# %% test="dirichlet" case="hidden" points=6 hidden=true
# Hidden check: many sizes, retries, empty clients, one client, very even and uneven.
rng = np.random.default_rng((SEED, 12))
names = rng.choice(60, size=10, replace=False)
cases = [(150, 5, 0.3, 9), (80, 9, 0.2, 4), (60, 9, 0.05, 0), (12, 4, 5.0, 2)]
for n, K, alpha, least in [*cases, (13, 4, 3.0, 2), (40, 1, 0.7, 40), (999, 4, 1e6, 1)]:
    count = int(np.clip(n // 12, 1, 10))
    labels, seed = rng.choice(names[:count], size=n), int(rng.integers(10**6))
    before, case, expected = labels.copy(), f"{n} examples, {K} clients", []
    draw, passed = np.random.default_rng(seed), np.random.default_rng(seed)
    while len(expected) < K or min(map(len, expected)) < least:
        expected = [[] for _ in range(K)]
        for label in sorted(set(before.tolist())):
            q, of = draw.dirichlet(np.full(K, alpha)), np.flatnonzero(before == label)
            order, shares = draw.permutation(of).tolist(), np.cumsum(q)
            ends = [0, *(int(q_k * len(of)) for q_k in shares[:-1]), len(of)]
            for k in range(K):
                expected[k] = sorted(expected[k] + order[ends[k] : ends[k + 1]])
    got = held(dirichlet_partition(labels, K, alpha, least, passed))
    right = len(got) == K and is_whole(got, n)
    assert right, f"{case}: not every position is held once"
    assert got == expected, f"{case}, alpha = {alpha}, at least {least}: got {got}"
    assert passed.random() == draw.random(), f"{case}: rng was drawn from once more"
    assert np.array_equal(labels, before), f"{case}: the labels were changed"

# %% [markdown]
# ### 1c · A power law of sizes
#
# Labels are not all that differs: a few clients hold most examples, and many hold
# few. Let client $k$'s share be proportional to $(k + 1)^{-\gamma}$. Every client
# first gets `min_examples`; the other $R = n - K \cdot \texttt{min\_examples}$ are
# divided as a parliament divides its seats, by **largest remainders**:
#
# $$r_k = R\, \frac{(k+1)^{-\gamma}}{\sum_j (j+1)^{-\gamma}}, \qquad
# \text{client } k \text{ gets } \lfloor r_k \rfloor \text{ more.}$$
#
# What is left of $R$ goes, one each, to the clients whose $r_k - \lfloor r_k \rfloor$
# is largest; if remainders are equal, to the lower $k$. Then draw
# `order = rng.permutation(n)`, once: client 0 gets the first of them, as many as it is
# due, client 1 the next, and so on. Complete the function; about eight lines.


# %% exercise="power-law"
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    """Deal examples out at random, in amounts that follow a power law.

    Parameters
    ----------
    num_examples, num_clients : int
        n and K >= 1.
    gamma : float
        The exponent, >= 0. With 0 all clients get the same, give or take one.
    min_examples : int
        The least that a client gets, >= 0, with K * min_examples <= n.
    rng : np.random.Generator
        What `order` is drawn from.

    Returns
    -------
    list of K arrays of int
        The positions of each client's examples, in any order; some may be empty.
    """
    ### BEGIN SOLUTION
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])
    ### END SOLUTION


# %% test="power-law" points=3
# Check yourself: 14 examples for three clients, at least 1 each, so R = 11.
order = np.random.default_rng(SEED).permutation(14).tolist()
got = held(power_law_partition(14, 3, 1.0, 1, np.random.default_rng(SEED)))
sizes = [len(hand) for hand in got]
assert sizes == [7, 4, 3], (
    f"r = 6, 3, 2 for shares 1, 1/2, 1/3 of R = 11, and 1 each: expected 7, 4, 3 "
    f"examples, got {sizes}"
)
hands = [sorted(order[:7]), sorted(order[7:11]), sorted(order[11:])]
assert got == hands, f"the order is {order}: expected {hands}, got {got}"
sizes = [len(h) for h in power_law_partition(8, 3, 0.0, 0, np.random.default_rng(1))]
assert sizes == [3, 3, 2], (
    f"three remainders of 2/3 and two examples left: expected 3, 3, 2, got {sizes}"
)

# %% test="power-law" case="hidden" points=4 hidden=true
# Hidden check: many sizes and exponents, equal remainders, empty clients, one client.
rng = np.random.default_rng((SEED, 13))
cases = [(100, 7, 1.0, 2), (1000, 10, 1.5, 5), (60, 20, 3.0, 0), (43, 20, 0.0, 1)]
cases += [(9, 1, 2.0, 3), (12, 4, 0.7, 3), (5, 8, 0.0, 0), (0, 3, 1.0, 0)]
cases += [(n, 6, float(rng.uniform(0.2, 2)), 1) for n in (50, 177, 391)]
for n, K, gamma, least in cases:
    seed, case = int(rng.integers(10**6)), f"n = {n}, K = {K}, gamma = {gamma}"
    shares = [math.exp(-gamma * math.log(k + 1)) for k in range(K)]
    due = [(n - K * least) * share / sum(shares) for share in shares]
    floors = [math.floor(r + 1e-9) for r in due]
    ranks = sorted((round(floors[k] - due[k], 9), k) for k in range(K))
    for _, k in ranks[: n - K * least - sum(floors)]:
        floors[k] += 1
    sizes = [least + floor for floor in floors]
    ends = np.cumsum([0, *sizes])
    draw, passed = np.random.default_rng(seed), np.random.default_rng(seed)
    order = draw.permutation(n).tolist()
    expected = [sorted(order[ends[k] : ends[k + 1]]) for k in range(K)]
    got = held(power_law_partition(n, K, gamma, least, passed))
    assert len(got) == K, f"{case}: got {len(got)} clients"
    counts = [len(hand) for hand in got]
    assert counts == sizes, f"{case}, at least {least}: wrong sizes {counts}"
    assert got == expected, f"{case}: right sizes, and wrong examples: {got}"
    assert passed.random() == draw.random(), f"{case}: rng was drawn from once more"

# %% [markdown]
# ### Look, and predict
#
# Ten clients share 1,438 handwritten digits in three Dirichlet splits. The next cell
# makes them, draws the most uneven one, and prints how many examples ten clients get
# from a power law. Then every client trains alone for 20 epochs, from the same start,
# and the ten models are averaged *once*, weighted by $n_k$. How good is the average at
# each $\alpha$?


# %%
federations = {}
for alpha in (0.1, 1, 1000):
    rng = np.random.default_rng((SEED, int(10 * alpha)))
    parts = dirichlet_partition(train_set.labels, 10, alpha, 5, rng)
    federations[alpha] = Federation(train_set, parts, f"Dirichlet, alpha = {alpha}")
parts = power_law_partition(len(train_set), 10, 1.5, 5, np.random.default_rng(SEED))
print("power law:", [len(part) for part in parts], "examples")
plots.label_counts(federations[0.1])

# %%
prediction = Prediction(
    "At which skews does the one average name at least 20 points more of the test "
    "digits correctly than its ten clients do in the mean?",
    ("At alpha = 1000 only", "At alpha = 1 only", "At 1000 and at 1", "At none"),
)
prediction


# %%
def minibatches(data, num_epochs, rng):
    """Return gradient(w, step) of a client's loss on minibatch `step`; their number."""
    batches = []
    for _ in range(num_epochs):
        order = rng.permutation(len(data))
        batches += [order[i : i + 32] for i in range(0, len(data), 32)]

    def gradient(w, step):
        x, y = data.features[batches[step]], data.labels[batches[step]]
        return flat(mlp.gradients(unflat(w), x, y))

    return gradient, len(batches)


def percent_right(w):
    """Return how many of the test digits a model names correctly, in percent."""
    return 100 * mlp.accuracy(unflat(w), test_set.features, test_set.labels)


def one_shot(federation):
    """Return the models of clients that train alone, and their weighted average."""
    models = []
    for k, data in enumerate(federation):
        gradient, num_steps = minibatches(data, 20, np.random.default_rng((SEED, k)))
        w = flat(mlp.initial(SEED))
        for step in range(num_steps):
            w = w - 0.1 * gradient(w, step)
        models.append(w)
    return models, np.average(models, axis=0, weights=federation.num_examples())


# %%
runs = [one_shot(federation) for federation in federations.values()]
curves = {
    "the average": [percent_right(average) for _, average in runs],
    "the mean client": [np.mean(list(map(percent_right, ws))) for ws, _ in runs],
    "the best client": [max(map(percent_right, ws)) for ws, _ in runs],
}
prediction.reveal(
    plots.lines(
        list(federations),
        curves,
        x_title="alpha (0.1: most uneven, 1000: even)",
        y_title="test digits named correctly (%)",
        title="How good is one average of ten models?",
        log_x=True,
    )
)

# %% [markdown]
# ## Task 2 · Hold clients back: FedProx
#
# One average gains most in the middle. Even clients know the same, so there is little
# to add up. At $\alpha = 1$ each knows what others do not. At 0.1 they know still less
# of what others know, but 20 epochs have led them so far apart that their mean is a
# model that nobody trained.
#
# For each client walks towards the minimum of its own loss $F_k$, which is not the
# minimum of their mean. That is **client drift**, and it grows with every local step.
# FedProx (Li et al., 2020) lets client $k$ minimise
#
# $$F_k(v) + \frac{\mu}{2} \lVert v - w \rVert^2$$
#
# instead, where $w$ is the global model that it received. The penalty's gradient
# $\mu (v - w)$ is a rubber band: in each local step
#
# $$v \leftarrow v - \eta \left( \nabla F_k(v) + \mu\, (v - w) \right), \qquad v = w
# \text{ at first}, \quad \eta = \texttt{lr}.$$
#
# With $\mu = 0$ this is FedAvg's client. Less drift is all that is promised: nobody
# promises a more accurate model, and no check here asks for one.
#
# For this task and the next, `gradient(v, step)` returns the gradient at $v$ on the
# minibatch of that step. Call it once for each step 0, 1, ..., `num_steps` - 1, in
# this order. Complete the function; about four lines.


# %% exercise="fedprox"
def fedprox(w, gradient, *, lr, mu, num_steps):
    """Return a client's model after local steps with a proximal term.

    Parameters
    ----------
    w : (n,) np.ndarray of float64
        The global model. It is not changed.
    gradient : callable
        `gradient(v, step)`, see above, returns a new (n,) array of float64.
    lr, mu : float
        eta > 0 and mu >= 0.
    num_steps : int
        May be 0, for a client without examples.

    Returns
    -------
    (n,) np.ndarray of float64
        The trained model, in a new array.
    """
    ### BEGIN SOLUTION
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + mu * (v - w))
    return v
    ### END SOLUTION


# %% test="fedprox" points=5
# Check yourself: F(v) = v^2 / 2, whose gradient is v, from w = 8 with lr = 0.5.
w = np.array([8.0])
got = fedprox(w, slope(1.0, 0.0), lr=0.5, mu=0.0, num_steps=2)
assert np.shape(got) == (1,), f"expected an array of w's shape (1,), got {got!r}"
assert np.allclose(got, 2), f"mu = 0: expected 8, 4, 2 as in FedAvg, got {got}"
got = fedprox(w, slope(1.0, 0.0), lr=0.5, mu=0.5, num_steps=1)
assert np.allclose(got, 4), (
    f"step 1 begins at v = w, where the penalty is flat: expected 8 - 4 = 4, got {got}"
)
got = fedprox(w, slope(1.0, 0.0), lr=0.5, mu=0.5, num_steps=2)
assert np.allclose(got, 3), (
    f"step 2: the loss pulls with 4, the band back with 0.5 * (4 - 8) = -2: expected "
    f"4 - 0.5 * (4 - 2) = 3, got {got}"
)
assert np.array_equal(w, [8]), f"expected w to stay 8, got {w}. Train a copy"

# %% test="fedprox" case="hidden" points=10 hidden=true
# Hidden check: noisy gradients, mu = 0, no steps; every step asks for its minibatch.
rng = np.random.default_rng((SEED, 21))
cases = ((3, 0.1, 0.7, 5), (4, 0.3, 0.0, 6), (1, 0.05, 4.0, 3), (2, 0.2, 0.5, 1))
for n, lr, mu, num_steps in (*cases, (5, 1.5, 0.3, 2), (3, 0.2, 0.5, 0)):
    a, b, w = rng.uniform(0.5, 2, size=n), rng.normal(size=n), rng.normal(size=n)
    noise, seen, path = rng.normal(size=(num_steps, n)), [], [w.copy()]
    for s in range(num_steps):
        path.append(
            path[-1] * (1 - lr * mu - lr * a) + lr * (a * b + mu * w - noise[s])
        )
    before, case = w.copy(), f"lr = {lr}, mu = {mu}, {num_steps} steps"
    got = fedprox(w, slope(a, b, noise, seen), lr=lr, mu=mu, num_steps=num_steps)
    steps = [step for step, _ in seen]
    assert steps == list(range(num_steps)), f"{case}: asked for the minibatches {steps}"
    for s, v in seen:
        check(v, path[s], f"{case}: the model of step {s}")
    check(got, path[-1], f"{case}: the trained model")
    got += 1
    assert np.array_equal(w, before), f"{case}: the global model was changed"

# %% [markdown]
# ## Task 3 · Correct clients: SCAFFOLD
#
# FedProx slows a client down in every direction, the right one included. SCAFFOLD
# (Karimireddy et al., 2020) corrects the direction. Client $k$ remembers a **control
# variate** $c_k$, its estimate of its own gradient; the server keeps $c$, the mean of
# all $N$ clients'. All are 0 at first. In each local step the client replaces what is
# its own by what is everybody's:
#
# $$v \leftarrow v - \eta \left( \nabla F_k(v) - c_k + c \right), \qquad v = w
# \text{ at first.}$$
#
# After its $\tau$ steps it has a new estimate (option II of the paper)
#
# $$c_k^+ = c_k - c + \frac{1}{\tau \eta} (w - v),$$
#
# and answers with its model $w_k = v$ and the change $\Delta c_k = c_k^+ - c_k$. A
# client that takes no step keeps its $c_k$.
#
# The server averages over the clients $S$ that answered, all with the same weight. A
# client that did not answer has not changed its $c_k$, so that the mean over *all*
# clients moves by less:
#
# $$w \leftarrow \frac{1}{|S|} \sum_{k \in S} w_k, \qquad
# c \leftarrow c + \frac{1}{N} \sum_{k \in S} \Delta c_k.$$
#
# If nobody answered, both stay. Complete both functions; about twelve lines together.


# %% exercise="scaffold"
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    """Train with corrected steps.

    Parameters
    ----------
    w, c, c_k : (n,) np.ndarray of float64
        The global model, the server's control variate, this client's. Not changed.
    gradient, lr, num_steps
        As for `fedprox`.

    Returns
    -------
    w_k, new_c_k : two (n,) np.ndarray of float64
        The trained model and the new control variate (not its change), as new arrays.
    """
    ### BEGIN SOLUTION
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)
    ### END SOLUTION


def scaffold_server(w, c, models, changes, num_clients):
    """Aggregate what the clients of a round answered.

    Parameters
    ----------
    w, c : (n,) np.ndarray of float64
        The global model and control variate of this round. They are not changed.
    models, changes : lists of |S| (n,) arrays of float64
        w_k and Delta c_k of each client that answered; empty if none did. They are not
        changed.
    num_clients : int
        N >= 1, all clients, whether or not they answered.

    Returns
    -------
    new_w, new_c : two (n,) np.ndarray of float64
        As new arrays.
    """
    ### BEGIN SOLUTION
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients
    ### END SOLUTION


# %% test="scaffold" points=6
# Check yourself: a gradient of 5 everywhere; c_k takes 3 of it away, c adds 1.
w, c, c_k = np.array([2.0]), np.array([1.0]), np.array([3.0])
v, new = scaffold_client(
    w, c, c_k, lambda v, step: np.array([5.0]), lr=0.5, num_steps=2
)
assert np.shape(v) == np.shape(new) == (1,), (
    f"expected two arrays of w's shape (1,), got {v!r} and {new!r}"
)
assert np.allclose(v, -1), (
    f"two steps of 0.5 * (5 - 3 + 1) = 1.5: expected 2 - 3 = -1, got {v}"
)
assert np.allclose(new, 5), (
    f"expected the new c_k 3 - 1 + (2 - -1) / (2 * 0.5) = 5, which is this client's "
    f"gradient, got {new}"
)
models, changes = [np.array([4.0]), np.array([8.0])], [np.array([6.0]), np.array([2.0])]
new_w, new_c = scaffold_server(w, c, models, changes, 4)
assert np.shape(new_w) == np.shape(new_c) == (1,), (
    f"expected two arrays of w's shape (1,), got {new_w!r} and {new_c!r}"
)
assert np.allclose(new_w, 6), f"expected the mean of 4 and 8, 6, got {new_w}"
assert np.allclose(new_c, 3), (
    f"two of four clients changed, by 6 and 2: expected 1 + 8 / 4 = 3, got {new_c}"
)
assert (w, c, c_k) == (2, 1, 3), f"w, c and c_k were changed: {w}, {c}, {c_k}"

# %% test="scaffold" case="client" points=10 hidden=true
# Hidden check: noisy gradients; the new c_k is the mean gradient; zeros; no steps.
rng = np.random.default_rng((SEED, 31))
cases = ((3, 0.1, 5), (4, 0.3, 7), (1, 0.05, 1), (2, 1.5, 2), (3, 1.0, 0))
for n, lr, num_steps in cases:
    a, b = rng.uniform(0.5, 2, size=n), rng.normal(size=n)
    w, *controls = rng.normal(size=(3, n))
    for c, c_k in (controls, 0 * np.array(controls)):
        noise, seen, path = rng.normal(size=(num_steps, n)), [], [w.copy()]
        for s in range(num_steps):
            g = a * (path[-1] - b) + noise[s]
            path.append(path[-1] - lr * g + lr * c_k - lr * c)
        gradients = [a * (path[s] - b) + noise[s] for s in range(num_steps)]
        expected = np.mean(gradients, axis=0) if num_steps else c_k.copy()
        before, case = (w.copy(), c.copy(), c_k.copy()), f"lr = {lr}, {num_steps} steps"
        client = slope(a, b, noise, seen)
        v, new = scaffold_client(w, c, c_k, client, lr=lr, num_steps=num_steps)
        steps = [step for step, _ in seen]
        assert steps == list(range(num_steps)), f"{case}: asked for minibatches {steps}"
        check(v, path[-1], f"{case}: the trained model")
        check(new, expected, f"{case}: the new control variate")
        v += 1
        new += 1
        same = all(map(np.array_equal, (w, c, c_k), before))
        assert same, f"{case}: w, c or c_k was changed"

# %% test="scaffold" case="server" points=9 hidden=true
# Hidden check: some, all and none of the clients answer; order; nothing is changed.
rng = np.random.default_rng((SEED, 32))
for n, num_answers, N in ((3, 2, 5), (4, 4, 4), (1, 1, 9), (2, 0, 3), (3, 6, 7)):
    w, c = rng.normal(size=(2, n))
    models, changes = rng.normal(size=(2, num_answers, n))
    total, moved = np.zeros(n), np.zeros(n)
    for k in range(num_answers):
        total, moved = total + models[k], moved + changes[k]
    expected = (total / num_answers if num_answers else w.copy(), c + moved / N)
    case, places = f"{num_answers} of {N} clients", range(num_answers)
    for order in (list(places), list(places)[::-1]):
        lists = [[a[k].copy() for k in order] for a in (models, changes)]
        passed = [w.copy(), c.copy(), *lists, N]
        got = scaffold_server(*passed)
        check(got[0], expected[0], f"{case}: the model")
        check(got[1], expected[1], f"{case}: the control variate")
        for array in got:
            array += 1
        assert np.array_equal(passed[0], w) and np.array_equal(passed[1], c), (
            f"{case}: w or c was changed"
        )
        for ours, theirs in zip((models, changes), lists, strict=True):
            kept = len(theirs) == num_answers and np.array_equal(ours[order], theirs)
            assert num_answers == 0 or kept, f"{case}: what a client sent was changed"

# %% [markdown]
# ### Watch clients drift
#
# Two clients and two weights, so that it can be drawn. Client A cares about $w_1$ most
# of all, client B about $w_2$. Both start from the same $w$ and take eight steps, and
# SCAFFOLD's already know their gradients at $w$. Where do the clients go, and where
# does that leave their average? Change `mu` and look again.

# %%
curvature, centre = np.array([[1, 0.1], [0.1, 1]]), np.array([[0.0, 0], [4, 4]])
w, mu = np.array([4.0, 0.5]), 0.5
own = curvature * (w - centre)  # each client's gradient at w: what c_k holds
trainers = {
    "FedAvg": lambda k, f: fedprox(w, f, lr=0.3, mu=0.0, num_steps=8),
    f"FedProx, mu = {mu}": lambda k, f: fedprox(w, f, lr=0.3, mu=mu, num_steps=8),
    "SCAFFOLD": lambda k, f: scaffold_client(
        w, own.mean(axis=0), own[k], f, lr=0.3, num_steps=8
    )[0],
}
panels = {}
for name, train in trainers.items():
    panels[name] = {}
    for k, client in enumerate("AB"):
        seen = []
        end = train(k, slope(curvature[k], centre[k], seen=seen))
        panels[name][f"client {client}"] = [*(v for _, v in seen), end]
optimum = (curvature * centre).sum(axis=0) / curvature.sum(axis=0)
plots.paths(
    panels,
    optimum,
    x_title="weight w<sub>1</sub>",
    y_title="weight w<sub>2</sub>",
    title="Where do two clients go in eight local steps?",
)

# %% [markdown]
# ### Train with it
#
# Now ten clients train together, five local epochs in each of 20 rounds, on the split
# of Task 1a: two shards each, so that nearly all of a client's examples are of two
# digits, and all clients have as many. Read the next two cells: a Flower client that
# trains with your functions, and a strategy that aggregates with yours. What the server
# sends is one `ArrayRecord` with the arrays `w` and `c`; a client answers with $w_k$
# and $\Delta c_k$, and keeps its $c_k$ in `context.state`. Without corrections, $c$
# stays 0 and the server's step is a plain average, so it serves all three methods.


# %%
def app_of(federation, *, mu=0.0, corrects=False):
    """Return clients that train with FedProx, or with SCAFFOLD if it `corrects`."""
    app = ClientApp()

    @app.train()
    def train(message, context):
        k, content = context.node_config["partition-id"], message.content
        w, c = (content["arrays"][name].numpy() for name in ("w", "c"))
        rng = np.random.default_rng((SEED, content["config"]["server-round"], k))
        gradient, num_steps = minibatches(federation[k], 5, rng)
        if corrects:
            known = "control" in context.state
            c_k = context.state["control"]["c"].numpy() if known else 0 * c
            w_k, new = scaffold_client(w, c, c_k, gradient, lr=0.1, num_steps=num_steps)
            context.state["control"] = ArrayRecord({"c": Array(new)})
            change = new - c_k
        else:
            w_k = fedprox(w, gradient, lr=0.1, mu=mu, num_steps=num_steps)
            change = 0 * c
        arrays = ArrayRecord({"w": Array(w_k), "c": Array(change)})
        metrics = MetricRecord({"num-examples": len(federation[k])})
        reply = RecordDict({"arrays": arrays, "metrics": metrics})
        return Message(reply, reply_to=message)

    return app


# %%
class Server(FedAvg):
    """Flower's FedAvg, which aggregates with `scaffold_server` and measures drift."""

    def __init__(self, num_clients):
        super().__init__(fraction_evaluate=0.0, min_available_nodes=num_clients)
        self.num_clients, self.drift = num_clients, []

    def configure_train(self, server_round, arrays, config, grid):
        self.w, self.c = (arrays[name].numpy() for name in ("w", "c"))
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        sent = [reply.content["arrays"] for reply in replies if reply.has_content()]
        models, changes = ([s[name].numpy() for s in sent] for name in ("w", "c"))
        w, c = scaffold_server(self.w, self.c, models, changes, self.num_clients)
        self.drift.append(np.mean([np.linalg.norm(w_k - w) for w_k in models]))
        return ArrayRecord({"w": Array(w), "c": Array(c)}), MetricRecord()


# %%
def training(federation, num_rounds=20, **method):
    """Return the last model, and per round the percentage right and the drift."""
    grid = LocalGrid(app_of(federation, **method), federation, seed=SEED)
    server, percent, start = Server(len(federation)), [], flat(mlp.initial(SEED))
    result = server.start(
        grid,
        ArrayRecord({"w": Array(start), "c": Array(0 * start)}),
        num_rounds=num_rounds,
        evaluate_fn=lambda _, arrays: percent.append(
            percent_right(arrays["w"].numpy())
        ),
    )
    return result.arrays["w"].numpy(), percent[1:], server.drift


parts = shards(train_set.labels, 10, 2, np.random.default_rng(SEED))
uneven = Federation(train_set, parts, "two shards per client")
better = Prediction(
    "FedProx (mu = 0.3) and SCAFFOLD both drift less than FedAvg. Which of them is at "
    "least 2 points more accurate than FedAvg, in the mean of rounds 11 to 20?",
    ("Both", "FedProx only", "SCAFFOLD only", "Neither"),
)
better

# %%
trained = {
    "FedAvg": training(uneven),
    "FedProx": training(uneven, mu=0.3),
    "SCAFFOLD": training(uneven, corrects=True),
}
better.reveal(
    plots.accuracy(
        {name: percent for name, (_, percent, _) in trained.items()},
        y_title="test digits named correctly (%)",
        title="Which method learns most per round?",
    )
)

# %%
for name, (_, percent, drift) in trained.items():
    print(
        f"{name:9}{np.mean(percent[10:]):.1f} % right and a drift of "
        f"{np.mean(drift[10:]):.2f}, means of rounds 11 to 20"
    )
plots.accuracy(
    {name: drift for name, (_, _, drift) in trained.items()},
    y_title="mean distance of a client's model from their average",
    title="How far do clients drift apart in a round?",
)

# %% [markdown]
# ## Task 4 · Count the steps: FedNova
#
# Clients also differ in how *many* steps they take: those with more data, or a faster
# chip, take more. FedAvg then weighs client $k$ by $p_k = n_k / n$ and, without
# meaning to, by its number of steps $\tau_k$ as well.
#
# How much that matters can be calculated for $F_k(w) = \tfrac12 (w - b_k)^2$. One step
# multiplies the distance to $b_k$ by $1 - \eta$, so $\tau_k$ steps move the client by
#
# $$w - w_k = \left(1 - (1 - \eta)^{\tau_k}\right) (w - b_k) \approx \eta\, \tau_k\,
# (w - b_k) \quad \text{for small } \eta.$$
#
# FedAvg stands still where $\sum_k p_k (w - w_k) = 0$, that is near
# $\sum_k p_k \tau_k b_k / \sum_k p_k \tau_k$. The optimum of $\sum_k p_k F_k$ is
# $\sum_k p_k b_k$, another point, and no learning rate and no number of rounds leads
# FedAvg there. FedNova (Wang et al., 2020) averages the movement *per step*, then takes
# as many steps as the clients took on average:
#
# $$w \leftarrow w - \tau_{\text{eff}} \sum_k p_k\, \frac{w - w_k}{\tau_k}, \qquad
# \tau_{\text{eff}} = \sum_k p_k \tau_k.$$
#
# A client with $\tau_k = 0$ has no movement per step and takes no part: $p_k$ is
# $n_k / n$ with $n$ the sum over the clients that do. Complete the function; about
# eight lines.


# %% exercise="fednova"
def fednova_server(w, models, num_examples, num_steps):
    """Return the next global model from clients that took unlike numbers of steps.

    Parameters
    ----------
    w : (n,) np.ndarray of float64
        The global model that they started from. It is not changed.
    models : list of (n,) np.ndarray of float64
        w_k, one per client that answered; may be empty. They are not changed.
    num_examples, num_steps : lists of int
        n_k >= 0 and tau_k >= 0, one per model.

    Returns
    -------
    (n,) np.ndarray of float64
        In a new array. If no client has both examples and steps, w's values.
    """
    ### BEGIN SOLUTION
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step
    ### END SOLUTION


# %% test="fednova" points=5
# Check yourself: from w = 10, one client takes 1 step, the other 4.
w, models = np.array([10.0]), [np.array([8.0]), np.array([6.0])]
got = fednova_server(w, models, [30, 10], [1, 4])
assert np.shape(got) == (1,), f"expected an array of w's shape (1,), got {got!r}"
assert np.allclose(got, 6.9375), (
    f"per step they move by 2 and 1, with p = 3/4 and 1/4 by 1.75; they take 3/4 + 4/4 "
    f"= 1.75 steps on average: expected 10 - 1.75 * 1.75 = 6.9375, got {got}"
)
got = fednova_server(w, models, [30, 10], [5, 5])
assert np.allclose(got, 7.5), (
    f"with equal numbers of steps FedNova is FedAvg: expected 7.5, got {got}"
)
got = fednova_server(w, [*models, w.copy()], [30, 10, 99], [1, 4, 0])
assert np.allclose(got, 6.9375), (
    f"a client without steps takes no part, nor do its examples: expected 6.9375, got "
    f"{got}"
)
assert (w, *models) == (10, 8, 6), f"w or a client's model was changed: {w}, {models}"

# %% test="fednova" case="hidden" points=6 hidden=true
# Hidden check: many clients, in any order, twice, without examples, failed, alone.
rng = np.random.default_rng((SEED, 41))
w, models = rng.normal(size=3), list(rng.normal(size=(5, 3)))
counts, steps = rng.integers(2, 90, size=5).tolist(), [5, 1, 14, 2, 9]
cases = {
    "five clients": (models, counts, steps),
    "in another order": (models[::-1], counts[::-1], steps[::-1]),
    "a client once more": ([models[0], *models], [7, *counts], [steps[0], *steps]),
    "one client": (models[:1], counts[:1], steps[:1]),
    "no examples on client 1": (models, [counts[0], 0, *counts[2:]], steps),
    "no steps on two": (models, counts, [0, *steps[1:4], 0]),
    "nobody has both": (models[:2], [0, 9], [3, 0]),
    "nobody answered": ([], [], []),
}
for case, (ws, ns, taus) in cases.items():
    p = np.array([n_k * (tau > 0) for n_k, tau in zip(ns, taus, strict=True)], float)
    rates = [(w - v) / max(tau, 1) for v, tau in zip(ws, taus, strict=True)]
    total, mean = max(p.sum(), 1), p @ np.array(taus, float)
    expected = w - mean / total * sum(p[:, None] * rates, 0 * w) / total
    start, given = w.copy(), [v.copy() for v in ws]
    got = fednova_server(start, given, list(ns), list(taus))
    check(got, expected, case)
    got += 1
    kept = np.array_equal(start, w) and len(given) == len(ws)
    kept = kept and all(map(np.array_equal, given, ws))
    assert kept, f"{case}: w or a client's model was changed"

# %% test="fednova" case="optimum" points=4 hidden=true
# Hidden check: where the clients' gradients cancel the model stays; it goes there.
rng = np.random.default_rng((SEED, 42))
counts, steps = rng.integers(5, 50, size=3).tolist(), [1, 4, 12]
p, b = np.array(counts) / sum(counts), np.array([-3.0, 1.0, 9.0]) + rng.normal(size=3)
optimum, biased = p @ b, (p * steps) @ b / (p @ steps)
lines = [np.array([optimum - 0.1 * steps[k] * (optimum - b[k])]) for k in range(3)]
got = fednova_server(np.array([optimum]), lines, counts, steps)
check(got, [optimum], "constant gradients that cancel")
w, lr = np.array([20.0]), 0.02
for _ in range(150):
    ends = [b[k] + (1 - lr) ** steps[k] * (w - b[k]) for k in range(3)]
    w = np.asarray(fednova_server(w, ends, counts, steps))
assert w.shape == (1,) and abs(w[0] - optimum) < 0.3 * abs(biased - optimum), (
    f"150 rounds on three quadratics with b = {b} and {counts} examples lead to {w}"
)


# %%
# Two clients with as many examples each, one with its minimum at 0 and one at 10. The
# best model for both is 5. Where do FedAvg and FedNova go if they take 1 step and 9?
def rounds_of(server, lr=0.02, num_rounds=100):
    """Return the global model of each round, from 2; the clients take 1 and 9 steps."""
    w, path = np.array([2.0]), []
    for _ in range(num_rounds):
        models = [(1 - lr) ** tau * (w - b) + b for b, tau in ((0.0, 1), (10.0, 9))]
        w = server(w, models, [50, 50], [1, 9])
        path.append(float(w[0]))
    return path


paths = {
    "FedAvg": rounds_of(lambda w, models, counts, steps: np.mean(models, axis=0)),
    "FedNova": rounds_of(fednova_server),
    "optimum": [5.0] * 100,
}
print({name: round(path[-1], 3) for name, path in paths.items()})
plots.accuracy(paths, y_title="global model w", title="Where does the average settle?")

# %% [markdown]
# ## Task 5 · Ask who pays
#
# A model that names 90 % of the digits correctly may name 20 % of *your* digits
# correctly. Let $a_k$ be the accuracy on client $k$'s own kind of data. Of the
# clients that hold examples, $K'$ of them, five numbers tell more than one:
#
# - `"examples"`: the mean over examples, $\sum_k n_k a_k / \sum_k n_k$;
# - `"clients"`: the mean over clients, all with the same weight;
# - `"worst"`: the least accuracy;
# - `"tail"`: the mean over the worst tenth of the clients, that is, over the
#   $\lceil K' / 10 \rceil$ with the least accuracies, with the same weight each;
# - `"spread"`: the standard deviation over the clients,
#   $\sqrt{\frac{1}{K'} \sum_k (a_k - \bar a)^2}$, with $\bar a$ the mean over clients.
#
# Complete the function; about nine lines.


# %% exercise="fairness"
def fairness(accuracies, num_examples):
    """Return five numbers on how accuracy is spread over clients.

    Parameters
    ----------
    accuracies : (K,) np.ndarray of float64
        a_k, a fraction; nan for a client without examples. It is not changed.
    num_examples : (K,) np.ndarray of int
        n_k >= 0. It is not changed.

    Returns
    -------
    dict[str, float]
        The five entries above. A client without examples takes no part in any.

    Raises
    ------
    ValueError
        If no client holds an example.
    """
    ### BEGIN SOLUTION
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a = np.sort(accuracies[has_any])
    return {
        "examples": float(
            np.average(accuracies[has_any], weights=num_examples[has_any])
        ),
        "clients": float(a.mean()),
        "worst": float(a[0]),
        "tail": float(a[: math.ceil(len(a) / 10)].mean()),
        "spread": float(a.std()),
    }
    ### END SOLUTION


# %% test="fairness" points=4
# Check yourself: a large client, three small ones, and one without examples.
a, n = np.array([0.9, 0.5, np.nan, 0.7, 0.5]), np.array([70, 10, 0, 10, 10])
values = {"examples": 0.8, "clients": 0.65, "worst": 0.5, "tail": 0.5}
values["spread"] = math.sqrt((0.25**2 + 0.15**2 + 0.05**2 + 0.15**2) / 4)
got = fairness(a, n)
assert set(got) == set(values), f"expected the entries {set(values)}, got {set(got)}"
for name, value in values.items():
    assert np.ndim(got[name]) == 0, f"{name}: expected one number, got {got[name]!r}"
    assert np.isclose(got[name], value), (
        f"{name}: expected {value:.4f} for the accuracies 0.9, 0.5, 0.7, 0.5 of 70, "
        f"10, 10, 10 examples, got {got[name]}"
    )
assert np.array_equal(n, [70, 10, 0, 10, 10]) and a[0] == 0.9 and np.isnan(a[2]), (
    f"the arrays passed in were changed: {a}, {n}"
)
refused = False
try:
    fairness(np.array([np.nan]), np.array([0]))
except ValueError:
    refused = True
assert refused, "expected ValueError for one client without examples, got none"

# %% test="fairness" case="hidden" points=6 hidden=true
# Hidden check: tails of one and more clients, one client, clients without examples.
rng = np.random.default_rng((SEED, 51))
for K, num_empty in ((10, 0), (11, 0), (21, 0), (22, 3), (1, 0), (41, 12), (5, 4)):
    n, a = rng.integers(1, 900, size=K), np.linspace(0, 1, K)
    a[1:4] = a[1:2]  # equal accuracies
    a = rng.permutation(a)
    empty = rng.choice(K, size=num_empty, replace=False)
    n[0], n[empty], a[empty] = 1, 0, np.nan
    values = sorted(x for x in a.tolist() if x == x)
    mean, tail = sum(values) / len(values), values[: (len(values) + 9) // 10]
    expected = {"clients": mean, "worst": values[0], "tail": sum(tail) / len(tail)}
    expected["examples"] = np.nansum(a * n) / n.sum()
    expected["spread"] = (sum((x - mean) ** 2 for x in values) / len(values)) ** 0.5
    before, case = (a.copy(), n.copy()), f"{K} clients, {num_empty} without examples"
    got = fairness(a, n)
    assert set(got) == set(expected), f"{case}: got the entries {set(got)}"
    for name in expected:
        close = np.isclose(got[name], expected[name], rtol=1e-9, atol=1e-9)
        assert np.ndim(got[name]) == 0 and close, f"{case}: {name} is {got[name]}"
    kept = np.array_equal(a, before[0], equal_nan=True) and np.array_equal(n, before[1])
    assert kept, f"{case}: an array passed in was changed"

# %%
counts, y = uneven.label_counts(), test_set.labels
num_examples, own = counts.sum(axis=1), {}
for name, (w, _, _) in trained.items():
    by_label = [
        mlp.accuracy(unflat(w), test_set.features[y == c], y[y == c]) for c in range(10)
    ]
    own[name] = counts @ by_label / num_examples  # as its own labels are mixed
    numbers = fairness(own[name], num_examples)
    print(f"{name:9}", {key: f"{value:.3f}" for key, value in numbers.items()})
plots.lines(
    np.arange(1, 11),
    {name: np.sort(a) for name, a in own.items()},
    x_title="clients, from the worst served to the best",
    y_title="accuracy on the client's own mixture of digits",
    title="Who is served how well after 20 rounds?",
)

# %% [markdown]
# ## Task 6 · Explain
#
# **6a** In the figure of Task 4, FedAvg and FedNova both settle beside the optimum of
# 5. Say for each where its gap comes from. What happens to the two gaps if both
# clients use a tenth of the learning rate? (Try it: `rounds_of(server, lr=0.002,
# num_rounds=1000)`.) **At most five sentences.**
#
# **6b** FedProx's clients drift less than FedAvg's. Use your figures of Task 3 to say
# why less drift need not mean a better model, and what SCAFFOLD does differently. Then
# name what SCAFFOLD costs, and a federation in which its corrections go wrong. **At
# most six sentences.**

# %% [markdown] question="two-gaps" points=5
# FedAvg settles at 8.93: client B takes nine steps to A's one, so its minimum counts
# about nine times, and the average goes near (1 * 0 + 9 * 10) / 10 = 9. FedNova settles
# at 4.80: dividing by the steps makes B's movement comparable only to first order,
# because each of B's steps is a little shorter than the one before, and nine are worth
# 8.3. With a tenth of the learning rate FedNova's gap falls to a tenth, 0.02, since it
# comes from steps that are not infinitely small. FedAvg's does not fall, it even grows
# a little, to 4: its weights are wrong, not its steps.

# %% [markdown] question="less-drift" points=5
# FedProx's clients end closer together (0.65 from their average instead of 0.76), but
# its model is no better (86.0 % instead of 86.8 %): the band holds back every
# movement, useful ones too, and with an infinite mu nobody would drift or learn. In the
# figure its average is further from the optimum than FedAvg's. SCAFFOLD turns the
# steps instead of shortening them, so that all clients walk where their mean wants to
# go (drift 0.34, 93.6 %). It sends c and the change of c_k along with the models, twice
# the bytes in both directions, and each client has to keep c_k. If a client is asked
# once in a hundred rounds, its c_k describes a model long gone, and the correction
# points in a wrong direction.

# %%
# Optional. What you ran is a Flower app, so Flower's own engine runs it too: Ray
# processes train the clients, keep each c_k in `context.state`, and your functions do
# the work. It needs `pip install "lecturekit[ray]"` and half a minute to start. Set RUN
# to True.
RUN = False
if RUN:
    from flwr.serverapp import ServerApp
    from flwr.simulation import run_simulation

    server_app = ServerApp()

    @server_app.main()
    def main(grid, context):
        start = flat(mlp.initial(SEED))
        arrays = ArrayRecord({"w": Array(start), "c": Array(0 * start)})
        result = Server(len(uneven)).start(grid, arrays, num_rounds=5)
        print(f"{percent_right(result.arrays['w'].numpy()):.0f} % right after 5 rounds")

    client_app = app_of(uneven, corrects=True)
    run_simulation(server_app, client_app, num_supernodes=len(uneven))
