# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 5 · Collectives, wall time, compression
#
# **You will** write the operation that data-parallel training spends its network on,
# predict how long training takes when workers talk less often, and make what they
# say smaller without losing what they learnt.
#
# **You need** NumPy indexing and the idea of federated averaging: train locally, then
# average. The last part uses Flower's messages; the lab names what it uses.
#
# **Budget** 90 minutes. Every cell runs in under five seconds on a laptop.
#
# **Tracks** L46 and Part III/MPhil: all tasks. Part II: Tasks 2 to 5 (5 needs the
# figures of the others), then 1 if time allows. The last two cells are optional for
# everyone.
#
# | Task | What you write | Minutes | Difficulty | Points |
# |---|---|---|---|---|
# | 1 | all-reduce on a ring of workers | 25 | hard | 25 |
# | 2 | how long an exchange takes; how many local steps pay for it | 20 | easy | 20 |
# | 3 | the largest entries of an update, and a memory for the rest | 15 | medium | 16 |
# | 4 | rounding at random to a few bits; packing and counting them | 20 | medium | 24 |
# | 5 | three answers in words | 10 | medium | 15 |
# | **Total** | | 90 | | 100 |
#
# ## Setup
#
# Run the next cell and read it. In this lab a model is one long vector of float32
# numbers: `flat` lays a network's arrays end to end, and `gradient` takes and returns
# such vectors. `rehearse` runs one worker of Task 1 alone, and stands in for its
# neighbours.

# %% setup="imports"
import math

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from lecturekit import plots
from lecturekit.data import digits, dirichlet
from lecturekit.models import MLP
from lecturekit.runtime import LocalGrid, Network, run_ring
from lecturekit.widgets import Prediction

SEED = 1
mlp = MLP(num_features=64, num_hidden=64, num_labels=10)
shapes = {name: array.shape for name, array in mlp.initial(SEED).items()}
cuts = np.cumsum([math.prod(shape) for shape in shapes.values()])


def flat(model):
    """Return the arrays of a model as one vector."""
    return np.concatenate([array.ravel() for array in model.values()])


def unflat(vector):
    """Return the model whose arrays, end to end, are `vector`."""
    parts = np.split(vector, cuts[:-1])
    return {
        name: part.reshape(shapes[name])
        for name, part in zip(shapes, parts, strict=True)
    }


def gradient(vector, features, labels):
    """Return the gradient of the mean loss at the model `vector`, as a vector."""
    return flat(mlp.gradients(unflat(vector), features, labels))


def is_number(got, expected):
    """Return whether `got` is one number, and this one but for rounding."""
    return np.ndim(got) == 0 and np.isclose(got, expected, rtol=1e-6, atol=0)


def rehearse(program, array, rank, num_workers, incoming):
    """Return what worker `rank` returns and sends if it receives `incoming`."""
    sent, received = [], []

    def send(chunk):
        sent.append(np.array(chunk))

    def receive():
        turn = len(received)
        assert turn < len(sent), (
            f"worker {rank} of {num_workers} has sent {len(sent)} messages and waits "
            f"for number {turn + 1}. All workers run this program: all would wait"
        )
        assert turn < len(incoming), (
            f"worker {rank} of {num_workers} wants to receive more than "
            f"{len(incoming)} messages: nobody will send them"
        )
        received.append(incoming[turn])
        return np.array(incoming[turn])

    result = program(array, rank, num_workers, send, receive)
    assert len(received) == len(incoming), (
        f"worker {rank} of {num_workers} received {len(received)} messages, and its "
        f"neighbour sends it {len(incoming)}"
    )
    return result, sent


# %% [markdown]
# ## Task 1 · Sum around a ring
#
# In data-parallel training $K$ workers hold a gradient each, and every one of them
# needs the sum: an **all-reduce**. If one machine collects $K$ vectors and sends $K$
# sums back, its link is the bottleneck. On a **ring** all links work all the time:
# worker $k$ sends to worker $(k + 1) \bmod K$ and receives from $(k - 1) \bmod K$,
# and no link carries much.
#
# Each worker cuts its vector into $K$ **chunks**, as `np.array_split(array, K)` does:
# their lengths differ by at most one, and may be 0. Then there are two passes of
# $K - 1$ steps each. In each step every worker first sends one chunk, then receives
# one.
#
# 1. **Reduce-scatter.** In step $s = 0, \dots, K - 2$ worker $k$ sends its chunk
#    $(k - s) \bmod K$, and *adds* what it receives to its chunk $(k - s - 1) \bmod K$.
#    In the end each worker has one chunk that is complete, the sum of all workers'.
# 2. **All-gather.** The complete chunks go round. Each worker first sends the one
#    that it completed, and from then on the one that it received last. What it
#    receives *replaces* its own. Which numbers these chunks have is for you to find.
#
# With $K = 3$ and one number per chunk, worker 1 (holding 10, 20, 30) lives through
# this, while worker 0 holds 1, 2, 3 and worker 2 holds 100, 200, 300:
#
# | step | sends | receives | then holds |
# |---|---|---|---|
# | reduce-scatter 0 | 20 | 1 | 11, 20, 30 |
# | reduce-scatter 1 | 11 | 303 | 11, 20, 333 |
# | all-gather 0 | 333 | 222 | 11, 222, 333 |
# | all-gather 1 | 222 | 111 | 111, 222, 333 |
#
# Complete the function; it takes about ten lines.


# %% exercise="ring"
def ring_all_reduce(array, rank, num_workers, send, receive):
    """Return the sum of all workers' arrays. This is the program of one worker.

    Parameters
    ----------
    array : (n,) np.ndarray, float32 or float64, n >= 0
        What this worker holds; the others hold arrays of its shape and dtype. It is
        not changed.
    rank, num_workers : int
        k, with 0 <= k < K, and K >= 1.
    send : callable
        `send(chunk)` sends a chunk, a 1-d array of any length, to the right neighbour
        and goes on at once.
    receive : callable
        `receive()` waits for the oldest chunk from the left neighbour that has not
        been received, and returns it. The array is then yours.

    Returns
    -------
    (n,) np.ndarray
        The sum, in a new array of the dtype of `array`.

    Notes
    -----
    Sends 2 (K - 1) chunks of the dtype of `array` and receives as many, in the order
    given above: each step sends, then receives.
    """
    ### BEGIN SOLUTION
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):  # reduce-scatter
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):  # all-gather
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)
    ### END SOLUTION


# %% test="ring" points=8
# Check yourself: the example of the table, as worker 1 of three.
array = np.array([10.0, 20.0, 30.0])
incoming = [np.array([number]) for number in (1.0, 303.0, 222.0, 111.0)]
result, sent = rehearse(ring_all_reduce, array, 1, 3, incoming)
sent = [np.ravel(chunk).tolist() for chunk in sent]
assert sent[:2] == [[20.0], [11.0]], (
    f"reduce-scatter: expected worker 1 to send [20] and then [11], got {sent[:2]}. "
    "In step s it sends chunk (k - s) mod K"
)
assert sent[2:] == [[333.0], [222.0]], (
    f"all-gather: expected worker 1 to send [333] and then [222], got {sent[2:]}. "
    "Which chunk is complete after the first pass?"
)
assert np.array_equal(result, [111.0, 222.0, 333.0]), (
    f"expected the sum [111, 222, 333], got {result}"
)
assert np.array_equal(array, [10.0, 20.0, 30.0]), (
    f"expected the worker's array to stay [10, 20, 30], got {array}. The pieces that "
    "np.array_split returns are views of it"
)

# %% test="ring" case="hidden" points=9 hidden=true
# Hidden check: every worker of rings of two to six, K dividing n.
rng = np.random.default_rng((SEED, 11))


def check_worker(arrays, rank):
    """Let one worker run among neighbours whose every message is known beforehand."""
    size, case = len(arrays), f"worker {rank} of {len(arrays)}, n = {len(arrays[0])}"
    pieces = [np.array_split(array, size) for array in arrays]
    total = np.array_split(np.sum(arrays, axis=0), size)

    def collected(chunk, last, length):
        return sum(pieces[(last - j) % size][chunk] for j in range(length))

    steps = range(size - 1)
    incoming = [collected((rank - 1 - s) % size, rank - 1, s + 1) for s in steps]
    incoming += [total[(rank - s) % size] for s in steps]
    outgoing = [collected((rank - s) % size, rank, s + 1) for s in steps]
    outgoing += [total[(rank + 1 - s) % size] for s in steps]
    array = arrays[rank].copy()
    result, sent = rehearse(ring_all_reduce, array, rank, size, incoming)
    assert len(sent) == len(outgoing), (
        f"{case}: expected {len(outgoing)} messages, got {len(sent)}"
    )
    for s, (got, expected) in enumerate(zip(sent, outgoing, strict=True)):
        message = f"{case}: message {s} should be {expected}, got {got}"
        assert got.shape == expected.shape, message
        assert np.allclose(got, expected, rtol=1e-9, atol=1e-9), message
    expected = np.concatenate(total)
    assert np.shape(result) == expected.shape, f"{case}: shape {np.shape(result)}"
    assert np.allclose(result, expected, rtol=1e-9, atol=1e-9), f"{case}: got {result}"


for K in range(2, 7):
    arrays = list(rng.normal(size=(K, K * int(rng.integers(1, 5)))))
    for rank in range(K):
        check_worker(arrays, rank)

# %% test="ring" case="edges" points=8 hidden=true
# Hidden check: K not dividing n, n < K, K = 1; dtypes, bytes, inputs unchanged.
rng = np.random.default_rng((SEED, 12))


def check_bytes(arrays, rank):
    """Let one worker run among neighbours whose every message is known beforehand."""
    size, n, dtype = len(arrays), len(arrays[0]), arrays[0].dtype
    case = f"worker {rank} of {size}, n = {n}, {dtype}"
    pieces = [np.array_split(array, size) for array in arrays]
    total = np.array_split(np.sum(arrays, axis=0), size)
    incoming, lengths = [], []
    for s in range(size - 1):
        chunk = (rank - 1 - s) % size
        partial = np.zeros_like(total[chunk])
        for j in range(s + 1):
            partial = partial + pieces[(rank - 1 - j) % size][chunk]
        incoming.append(partial)
        lengths.append(len(total[(rank - s) % size]))
    for s in range(size - 1):
        incoming.append(total[(rank - s) % size])
        lengths.append(len(total[(rank + 1 - s) % size]))
    expected, array = np.concatenate(total), arrays[rank].copy()
    result, sent = rehearse(ring_all_reduce, array, rank, size, incoming)
    got = [len(np.ravel(chunk)) for chunk in sent]
    assert got == lengths, f"{case}: expected chunks of lengths {lengths}, got {got}"
    num_bytes = sum(chunk.nbytes for chunk in sent)
    exact = sum(lengths) * dtype.itemsize
    assert num_bytes == exact, f"{case}: expected {exact} bytes, got {num_bytes}"
    assert np.shape(result) == (n,), f"{case}: got the shape {np.shape(result)}"
    assert result.dtype == dtype, f"{case}: the sum is {result.dtype}"
    assert np.allclose(result, expected, rtol=1e-5, atol=1e-5), f"{case}: got {result}"
    assert np.array_equal(array, arrays[rank]), f"{case}: its array was changed"
    result += 1
    assert np.array_equal(array, arrays[rank]), (
        f"{case}: expected a new array, got one that shares memory with the input"
    )


for K, n in ((3, 7), (4, 10), (5, 3), (4, 1), (3, 0), (1, 5), (1, 0), (2, 9), (2, 1)):
    for dtype in (np.float32, np.float64):
        arrays = [rng.normal(size=n).astype(dtype) for _ in range(K)]
        for rank in range(K):
            check_bytes(arrays, rank)

# %% [markdown]
# ### Run it
#
# `run_ring` runs your program on real queues: eight workers in eight threads, linked
# by a modelled network. It counts the bytes that each worker sends and keeps virtual
# time. For comparison, the same sum in which whole vectors go round.


# %%
def whole_vectors_go_round(array, rank, num_workers, send, receive):
    """Sum what each worker holds by passing every vector on to the right."""
    total = array.copy()
    for _ in range(num_workers - 1):
        send(array)
        array = receive()
        total = total + array
    return total


gradients_of_eight = list(
    np.random.default_rng(SEED).normal(size=(8, 1_000_000)).astype(np.float32)
)
link = Network(uplink_mbps=1000, latency_ms=1)
for program in (whole_vectors_go_round, ring_all_reduce):
    run = run_ring(program, gradients_of_eight, network=link)
    same = np.allclose(run.results, np.sum(gradients_of_eight, axis=0), atol=1e-4)
    print(f"{program.__name__}: {'right' if same else 'WRONG'}")
    print(f"  {run.bytes_sent[0]:,} bytes per worker, {1000 * run.seconds:.0f} ms")

# %% [markdown]
# ## Task 2 · Count the seconds
#
# ### 2a · How long does one exchange take?
#
# $K$ workers exchange models of $S$ bytes over links that carry $B$ bits per second in
# each direction, both at the same time. A bit travels for $\ell$ seconds, the latency.
# Computing the sum takes no time. Two things then count: the bytes that the *busiest*
# link carries in one direction, and the number $H$ of messages that follow *one after
# the other*, each waiting for the one before:
#
# $$T = \frac{8 \cdot \text{bytes on the busiest link}}{B} + H\,\ell.$$
#
# Find both for three ways to connect $K \ge 2$ workers:
#
# - `"server"`: every worker sends its model to a parameter server, another machine
#   with a link like theirs, which sends the average to every worker. It sends each
#   part of the average as soon as it has the $K$ copies of that part, so models go in
#   and averages go out at the same time, after the latency of both ways.
# - `"all-to-all"`: every worker sends its whole model to each of the others directly,
#   at the same time.
# - `"ring"`: Task 1, with $K$ a divisor of the number of weights.
#
# Mind the units: models are counted in bytes, bandwidth in megabits ($10^6$ bits) per
# second, latency in milliseconds. Complete the function; it takes about ten lines.


# %% exercise="exchange-time"
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    """Return how long it takes until every worker has the average.

    Parameters
    ----------
    topology : str
        "server", "all-to-all" or "ring".
    num_bytes : int
        S, the size of a model in bytes.
    num_workers : int
        K >= 2.
    mbps : float
        B / 10^6: what a link carries in each direction, in megabits per second.
    latency_ms : float
        How long a bit travels along a link, in milliseconds.

    Returns
    -------
    float
        T in seconds.

    Raises
    ------
    ValueError
        If `topology` is none of the three.
    """
    ### BEGIN SOLUTION
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000
    ### END SOLUTION


# %% test="exchange-time" points=4
# Check yourself: models of 1 MB (8 Mbit), four workers, 8 megabits per second.
hints = {
    "server": (4.0, 2, "all K models pass the server's link; then the average returns"),
    "all-to-all": (3.0, 1, "to each of the K - 1 others, all at once"),
    "ring": (1.5, 6, "2 (K - 1) messages of S / K bytes, each after the one before"),
}
for topology, (seconds, num_hops, hint) in hints.items():
    got = exchange_s(topology, 1_000_000, 4, mbps=8, latency_ms=0)
    assert is_number(got, seconds), (
        f"{topology}: expected {seconds} s without latency, got {got} s ({hint}). "
        "A byte has 8 bits"
    )
    got = exchange_s(topology, 1_000_000, 4, mbps=8, latency_ms=500)
    expected = seconds + num_hops * 0.5
    assert is_number(got, expected), (
        f"{topology}: expected {expected} s with 0.5 s of latency, got {got} s ({hint})"
    )

# %% test="exchange-time" case="hidden" points=6 hidden=true
# Hidden check: other sizes and speeds, many workers, unknown topologies.
rng = np.random.default_rng((SEED, 21))
for K in (2, 3, 5, 8, 16, 1000):
    size, speed = 4 * K * int(rng.integers(1, 10**7)), float(rng.uniform(0.1, 1e5))
    for delay in (0, 0.25, float(rng.uniform(1, 300))):
        one_model = size / (speed * 125_000)
        expected = {
            "server": K * one_model + 0.002 * delay,
            "all-to-all": (K - 1) * one_model + 0.001 * delay,
            "ring": (2 - 2 / K) * one_model + 0.002 * (K - 1) * delay,
        }
        for topology, seconds in expected.items():
            got = exchange_s(topology, size, K, mbps=speed, latency_ms=delay)
            assert is_number(got, seconds), (
                f"{topology}, {size} bytes, K = {K}, {speed} Mbit/s, {delay} ms: "
                f"expected {seconds} s, got {got} s"
            )
for topology in ("star", "", "Ring", None):
    refused = False
    try:
        exchange_s(topology, 1000, 4, mbps=1, latency_ms=0)
    except ValueError:
        refused = True
    assert refused, f"expected ValueError for the topology {topology!r}, got none"

# %%
predicted = exchange_s("ring", 4_000_000, 8, mbps=1000, latency_ms=1)
print(f"Your ring in Task 1 should have taken {1000 * predicted:.0f} ms.")
sizes = np.geomspace(1e3, 1e9, 25)
curves = {
    topology: [exchange_s(topology, s, 16, mbps=1000, latency_ms=50) for s in sizes]
    for topology in ("server", "all-to-all", "ring")
}
plots.lines(
    sizes / 1e6,
    curves,
    x_title="size of the model (MB)",
    y_title="time of one exchange (s)",
    title="16 workers, 1 gigabit per second, 50 ms: which exchange is fastest?",
    log_x=True,
    log_y=True,
)

# %% [markdown]
# ### 2b · How many local steps pay for an exchange?
#
# A worker takes $\nu$ steps per second. Classical data-parallel training exchanges
# gradients after *every* step. Federated training of language models (Photon, DiLoCo)
# takes $\tau$ **local steps** and then exchanges models, which are as large. A round
# of $\tau$ steps takes $\tau / \nu + T$ seconds, where $T$ is the exchange, and the
# **utilisation** is the share of a round in which the worker computes:
#
# $$u(\tau) = \frac{\tau / \nu}{\tau / \nu + T}.$$
#
# Training takes $N$ steps in all, in rounds of $\tau$ steps. The last round may be
# shorter, and ends with an exchange like every other. A worker is worth its
# electricity from some utilisation on; the least $\tau$ that reaches it is where
# local steps break even. Complete the three functions; they take about six lines.


# %% exercise="local-steps"
def utilisation(local_steps, steps_per_s, exchange):
    """Return the share of a round that is spent computing, between 0 and 1.

    Parameters
    ----------
    local_steps : int
        tau >= 1.
    steps_per_s : float
        nu > 0.
    exchange : float
        T >= 0, in seconds.
    """
    ### BEGIN SOLUTION
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)
    ### END SOLUTION


def training_s(num_steps, local_steps, steps_per_s, exchange):
    """Return how long `num_steps` = N >= 1 steps take, exchanges included, in seconds.

    The other parameters are those of `utilisation`.
    """
    ### BEGIN SOLUTION
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange
    ### END SOLUTION


def break_even_steps(steps_per_s, exchange, target):
    """Return the least tau, an int >= 1, whose utilisation is at least `target`.

    0 < target < 1; the other parameters are those of `utilisation`.
    """
    ### BEGIN SOLUTION
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))
    ### END SOLUTION


# %% test="local-steps" points=2
# Check yourself: 2 steps per second, and 3 seconds for an exchange.
got = utilisation(2, 2.0, 3.0)
assert is_number(got, 0.25), (
    f"2 steps take 1 s and the exchange 3 s: expected the utilisation 0.25, got {got}"
)
got = training_s(10, 4, 2.0, 3.0)
assert is_number(got, 14.0), (
    f"10 steps in rounds of 4, 4 and 2: expected 5 s of computing and 3 exchanges of "
    f"3 s, 14 s in all, got {got}"
)

# %% test="local-steps" case="break-even" points=2
# Check yourself: again 2 steps per second and 3 seconds.
got = break_even_steps(2.0, 3.0, 0.5)
assert is_number(got, 6), (
    f"expected 6 steps, which take 3 s, as long as the exchange, for a utilisation of "
    f"0.5, got {got}"
)
got = break_even_steps(2.0, 3.0, 0.61)
assert is_number(got, 10), (
    f"9 steps reach 0.6 and 10 reach 0.625: expected 10 steps for 0.61, got {got}"
)

# %% test="local-steps" case="rounds" points=3 hidden=true
# Hidden check: random speeds; whole rounds and broken ones.
rng = np.random.default_rng((SEED, 22))
for _ in range(12):
    speed, T = rng.uniform(0.1, 20), rng.uniform(0.05, 30)
    tau, steps = int(rng.integers(2, 600)), int(rng.integers(1, 5000))
    expected = 1 / (1 + T * speed / tau)
    got = utilisation(tau, speed, T)
    assert is_number(got, expected), f"u({tau}) with nu = {speed}, T = {T}: got {got}"
    for num_steps in (steps, tau, 7 * tau, 7 * tau + 1, 7 * tau - 1, 1):
        expected = num_steps / speed + -(-num_steps // tau) * T
        got = training_s(num_steps, tau, speed, T)
        assert is_number(got, expected), (
            f"{num_steps} steps, tau = {tau}, nu = {speed}, T = {T}: got {got} s"
        )
got = utilisation(3, 2.0, 0.0), training_s(9, 1, 3.0, 0.5), training_s(9, 4, 3.0, 0.0)
assert np.allclose(got, [1, 7.5, 3]), f"expected 1, 7.5 s and 3 s, got {got}"

# %% test="local-steps" case="least" points=3 hidden=true
# Hidden check: the least tau and no less, for all targets and speeds.
rng = np.random.default_rng((SEED, 23))
for _ in range(12):
    speed, tau = rng.uniform(0.1, 20), int(rng.integers(2, 300))
    T = (tau - rng.uniform(0.2, 0.8)) / speed  # so that tau breaks even at 1/2
    for share in (0.5, float(rng.uniform(0.05, 0.45)), float(rng.uniform(0.55, 0.99))):
        exact = speed * T * share / (1 - share)
        if abs(exact - round(exact)) < 1e-6:
            continue
        expected = int(exact) + 1
        got = break_even_steps(speed, T, share)
        assert np.ndim(got) == 0 and got == expected, (
            f"nu = {speed}, T = {T}, target {share}: got {got} steps"
        )
for T, expected in (
    (0.0, 1),
    (0.125, 1),
    (0.5, 1),
    (0.501, 2),
    (0.75, 2),
    (1.0, 2),
    (8.0, 16),
):
    got = break_even_steps(2.0, T, 0.5)
    assert got == expected, f"nu = 2, T = {T}, target 0.5: got {got} steps"

# %% [markdown]
# ### Predict first
#
# A language model of 1.3 billion weights in 16 bits is 2.6 GB. Eight workers take 2
# steps per second each and are joined in a ring by links of 10 gigabits per second;
# latency does not matter. With $\tau = 64$ they send 64 times fewer bytes than with
# $\tau = 1$. How much sooner is training over?

# %%
prediction = Prediction(
    "Training with 64 local steps, against an exchange after every step, is faster by",
    ("a factor of about 64", "a factor of about 25", "a factor of about 7"),
)
prediction

# %%
taus = 2 ** np.arange(10)
curves = {}
for topology in ("server", "all-to-all", "ring"):
    T = exchange_s(topology, 2.6e9, 8, mbps=10_000, latency_ms=0)
    curves[topology] = [training_s(51_200, t, 2.0, T) / 3600 for t in taus]
    print(f"{topology}: 90 % utilisation from {break_even_steps(2.0, T, 0.9)} steps on")
prediction.reveal(
    plots.lines(
        taus,
        curves,
        x_title="local steps per exchange",
        y_title="time of 51,200 steps (hours)",
        title="What do local steps save? (computing alone: 7.1 hours)",
        log_x=True,
        log_y=True,
    )
)

# %% [markdown]
# ## Task 3 · Send the largest entries, remember the rest
#
# Fewer exchanges are one way to spend less; smaller ones are another. A client sends
# its **update** $\Delta$, what training added to the global model. **Top-k** sends
# only its $k$ entries of largest magnitude and their indices. The others are lost, and
# an entry that is small in every round is lost for ever, although over many rounds it
# adds up.
#
# **Error feedback** keeps it. Each client has a memory $e$, zero at first. In every
# round it adds the memory to its update, sends the top-k of the sum, and remembers
# what it did not send:
#
# $$v = \Delta + e, \qquad c = \text{top-}k(v), \qquad e \leftarrow v - c.$$
#
# Add up the rounds and everything but the last memory cancels: what was sent plus
# what is remembered equals the sum of all updates.
#
# Complete the function; it takes about six lines.


# %% exercise="error-feedback"
def top_k_with_memory(update, memory, k):
    """Choose what to send of an update, and remember the rest.

    Parameters
    ----------
    update : (n,) np.ndarray of float32, n >= 1
        Delta. It is not changed.
    memory : (n,) np.ndarray of float32
        e, what earlier rounds have not sent. It is not changed.
    k : int
        How many entries to send, 0 <= k <= n.

    Returns
    -------
    indices : (k,) np.ndarray of int32
        Where the k entries of v = update + memory with the largest magnitudes stand,
        in any order, each once. Of entries with equal magnitudes, any may be chosen.
    values : (k,) np.ndarray of float32
        v at these indices.
    memory : (n,) np.ndarray of float32
        The new memory, a new array: v, with zeros where it was sent.
    """
    ### BEGIN SOLUTION
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest
    ### END SOLUTION


# %% test="error-feedback" points=6
# Check yourself: five entries, two of them sent.
update = np.array([1, -5, 2, 0, -3], np.float32)
memory = np.array([0, 1, 2, 0, 0], np.float32)
indices, values, rest = top_k_with_memory(update, memory, 2)
sent = dict(zip(np.asarray(indices).tolist(), np.asarray(values).tolist(), strict=True))
assert sent == {1: -4.0, 2: 4.0}, (
    f"update + memory is [1, -4, 4, 0, -3]: expected -4 at index 1 and 4 at index 2 to "
    f"be sent, got {sent}. Compare magnitudes, and send values with their signs"
)
assert np.array_equal(rest, [1, 0, 0, 0, -3]), (
    f"expected to remember [1, 0, 0, 0, -3], what was not sent, got {rest}"
)
dtypes = [str(array.dtype) for array in (indices, values, rest)]
assert dtypes == ["int32", "float32", "float32"], (
    f"expected int32 indices, float32 values and a float32 memory, got {dtypes}: on "
    "the wire, 64 bits cost twice as much as 32"
)
assert update.tolist() == [1, -5, 2, 0, -3] and memory.tolist() == [0, 1, 2, 0, 0], (
    f"expected update and memory to stay as they were, got {update} and {memory}"
)

# %% test="error-feedback" case="hidden" points=5 hidden=true
# Hidden check: random updates, ties, no entry, every entry.
rng = np.random.default_rng((SEED, 31))
ties = np.array([3, -3, 1, 3, 0, -3, 0, 1], np.float32)
zeros = np.zeros(8, np.float32)
cases = [(ties, zeros, k) for k in range(9)] + [(zeros, zeros, 3), (zeros, ties, 2)]
for n in (1, 2, 7, 300):
    for k in sorted({0, 1, n // 2, n - 1, n}):
        draws = rng.normal(size=(2, n)) * [[1.0], [3.0]]
        cases.append((*np.float32(draws), k))
cases += [(np.float32(1e-30) * ties, zeros, 3), (-ties, zeros, 5)]
for update, memory, k in cases:
    v, before = update + memory, (update.copy(), memory.copy())
    largest = np.sort(np.abs(v))[len(v) - k :]
    case = f"update {update[:8]}, memory {memory[:8]}, k = {k}"
    indices, values, rest = top_k_with_memory(update, memory, k)
    shapes_got = [np.shape(array) for array in (indices, values, rest)]
    assert shapes_got == [(k,), (k,), v.shape], f"{case}: got the shapes {shapes_got}"
    dtypes = [str(array.dtype) for array in (indices, values, rest)]
    assert dtypes == ["int32", "float32", "float32"], f"{case}: got {dtypes}"
    assert len(set(indices.tolist())) == k, f"{case}: got the indices {indices}"
    assert all(0 <= i < len(v) for i in indices.tolist()), f"{case}: got {indices}"
    assert np.array_equal(values, v[indices]), f"{case}: got the values {values}"
    got = np.sort(np.abs(values))
    assert np.array_equal(got, largest), f"{case}: {values} are not the largest"
    expected = v.copy()
    expected[indices] = 0
    assert np.array_equal(rest, expected), f"{case}: got the memory {rest}"
    unchanged = np.array_equal(update, before[0]) and np.array_equal(memory, before[1])
    assert unchanged, f"{case}: update or memory was changed"

# %% test="error-feedback" case="rounds" points=5 hidden=true
# Hidden check: over many rounds nothing is lost, and small entries get their turn.
rng = np.random.default_rng((SEED, 32))
for n, k in ((40, 1), (40, 7), (9, 9)):
    memory, kept = np.zeros(n, np.float32), np.zeros(n, np.float32)
    total, sent = np.zeros(n), np.zeros(n)
    for _ in range(30):
        update = np.float32(rng.integers(-64, 65, size=n) / 16)  # exact in float32
        total += update
        indices, values, memory = top_k_with_memory(update, memory, k)
        got = [np.shape(array) for array in (indices, values, memory)]
        assert got == [(k,), (k,), (n,)], f"n = {n}, k = {k}: got the shapes {got}"
        sent[indices] += values
        kept += update
        largest = np.argmax(np.abs(kept))
        assert abs(kept[largest]) <= np.abs(kept[indices]).max(), (
            f"n = {n}, k = {k}: the largest of update + memory was not sent"
        )
        kept[indices] = 0
    assert np.allclose(sent + memory, total, rtol=0, atol=1e-6), (
        f"n = {n}, k = {k}: sent + memory = {sent + memory}, updates = {total}"
    )
small, memory, times_sent = np.float32([1.0, 0.25]), np.zeros(2, np.float32), 0
for _ in range(10):
    indices, values, memory = top_k_with_memory(small, memory, 1)
    times_sent += 1 in indices.tolist()
assert times_sent in (1, 2), (
    f"an update of [1, 0.25], ten times, k = 1: expected index 1 to be sent when its "
    f"memory exceeds 1, once or twice, got {times_sent} times"
)

# %% [markdown]
# ## Task 4 · Send few bits
#
# ### 4a · Round at random
#
# Another way to shrink a vector $x$: send every entry, but in $b$ bits instead of 32.
# With the **scale** $s = \max_i |x_i|$ and $L = 2^{b-1} - 1$ levels on either side of
# zero, entry $i$ becomes a **code**, a whole number from $-L$ to $L$ near
#
# $$v_i = \frac{x_i}{s}\, L,$$
#
# and the receiver takes code $c_i$ for $c_i\, s / L$. With two bits $L = 1$: all that
# is left of an entry is $-s$, $0$ or $s$.
#
# Rounding $v_i$ to the *nearest* whole number makes the smallest errors, and the same
# ones every time. **Stochastic rounding** takes the whole number below or above
# $v_i$, by chance:
#
# $$c_i = \lfloor v_i \rfloor + 1 \text{ with probability } v_i - \lfloor v_i \rfloor,
# \qquad c_i = \lfloor v_i \rfloor \text{ otherwise},$$
#
# independently for every entry. Its expected value is $v_i$ exactly: the errors of
# many clients and many rounds cancel. Complete both functions; together they take
# about eight lines.


# %% exercise="quantise"
def quantise(vector, bits, rng):
    """Round a vector to codes of a few bits, stochastically.

    Parameters
    ----------
    vector : (n,) np.ndarray of float32, n >= 1
        x, entries between 1e-30 and 1e30 in magnitude, or 0. It is not changed.
    bits : int
        b, from 2 to 8.
    rng : np.random.Generator
        The only source of chance: equal vectors and equal states give equal codes.

    Returns
    -------
    codes : (n,) np.ndarray of int8
        From -L to L. If all entries are 0, all codes are 0.
    scale : float
        s, the largest magnitude.
    """
    ### BEGIN SOLUTION
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale
    ### END SOLUTION


def dequantise(codes, scale, bits):
    """Return the (n,) float32 vector c s / L that codes and scale stand for."""
    ### BEGIN SOLUTION
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)
    ### END SOLUTION


# %% test="quantise" points=4
# Check yourself: three bits, so L = 3, and a scale of 6: codes count in twos.
vector = np.array([6, -6, 2, -4, 0] + [3] * 4000 + [-3] * 4000, np.float32)
codes, scale = quantise(vector, 3, np.random.default_rng(SEED))
assert is_number(scale, 6), f"expected the scale 6, the largest magnitude, got {scale}"
assert codes.dtype == np.int8, f"expected int8 codes, got {codes.dtype}"
assert codes[:5].tolist() == [3, -3, 1, -2, 0], (
    f"expected [6, -6, 2, -4, 0] to have the codes [3, -3, 1, -2, 0], got {codes[:5]}"
)
kinds = set(codes[5:4005].tolist()), set(codes[4005:].tolist())
assert kinds == ({1, 2}, {-2, -1}), (
    f"3 is v = 1.5: expected codes 1 and 2 by chance, and -2 and -1 for -3, got {kinds}"
)
for start, value in ((5, 1.5), (4005, -1.5)):
    mean = codes[start : start + 4000].mean()
    assert abs(mean - value) < 0.04, (
        f"expected v = {value} on average over 4000 entries, got {mean}. Does every "
        "entry have its own chance, and does -1.5 go down to -2?"
    )
got = dequantise(np.array([3, -1, 0], np.int8), 6.0, 3)
right = np.shape(got) == (3,) and np.allclose(got, [6, -2, 0])
assert right and got.dtype == np.float32, (
    f"expected the codes 3, -1, 0 to stand for [6, -2, 0] in float32, got {got!r}"
)

# %% test="quantise" case="hidden" points=9 hidden=true
# Hidden check: range, neighbours, no bias, chance from rng alone; zeros; any scale.
rng = np.random.default_rng((SEED, 41))
m, scales = 20_000, (1e-20, 57.0, 3e-4, 1.0, 1e-9, 1e20, 2.5)
for bits, s in zip(range(2, 9), scales, strict=True):
    L = 2 ** (bits - 1) - 1
    fractions = rng.uniform(0.05, 0.95, size=3)
    v = rng.integers(-L, L, size=3) + fractions
    peak = (-1) ** bits  # the largest magnitude, on one side of zero only
    x = np.concatenate([[peak * s, 0.0], np.repeat(v * s / L, m), [peak * s] * 1000])
    x = x.astype(np.float32)
    before, exact = x.copy(), x.astype(np.float64) / float(np.float32(s)) * L
    draws = np.random.default_rng((SEED, bits))
    codes, scale = quantise(x, bits, draws)
    case = f"{bits} bits, scale {s}"
    assert is_number(scale, s), f"{case}: got the scale {scale}"
    assert codes.dtype == np.int8 and codes.shape == x.shape, (
        f"{case}: got codes of {codes.dtype} and shape {codes.shape}"
    )
    assert codes[:2].tolist() == [peak * L, 0], f"{case}: {x[:2]} became {codes[:2]}"
    peaks = set(codes[-1000:].tolist())
    assert peaks == {peak * L}, f"{case}: 1000 times {x[0]} became {peaks}"
    away = np.abs(codes - exact).max()
    assert away < 1, f"{case}: a code is {away} away from its v, expected less than 1"
    errors = []
    for j in range(3):
        part = codes[2 + j * m : 2 + (j + 1) * m].astype(float)
        sigma = np.sqrt(fractions[j] * (1 - fractions[j]))
        assert abs(part.mean() - v[j]) < 5 * sigma / np.sqrt(m) + 1e-4, (
            f"{case}: v = {v[j]} became {part.mean()} on average of {m} codes"
        )
        errors.append((part - v[j]) / sigma)
    # Independent errors do not resemble themselves, however far they are shifted.
    spectrum = np.abs(np.fft.rfft(np.concatenate(errors), 6 * m)) ** 2
    echo = np.abs(np.fft.irfft(spectrum)[1 : 3 * m]).max() / (3 * m)
    assert echo < 0.04, f"{case}: entries share their chance, correlation {echo:.2f}"
    again, _ = quantise(x, bits, np.random.default_rng((SEED, bits)))
    assert np.array_equal(codes, again), f"{case}: equal states, different codes"
    other, _ = quantise(x, bits, draws)
    assert not np.array_equal(codes, other), f"{case}: the second call drew the same"
    assert np.array_equal(x, before), f"{case}: the vector was changed"
    got = dequantise(codes, scale, bits)
    assert got.dtype == np.float32 and got.shape == x.shape, f"{case}: {got.dtype}"
    expected = codes.astype(float) * float(np.float32(s)) / L
    assert np.allclose(got, expected, rtol=1e-5, atol=0), f"{case}: {got[:4]}"
for n in (1, 5):
    codes, scale = quantise(np.zeros(n, np.float32), 4, rng)
    assert codes.tolist() == [0] * n and codes.dtype == np.int8, f"zeros became {codes}"
    assert scale == 0, f"the scale of a vector of zeros is 0, got {scale}"
    got = dequantise(np.zeros(n, np.int8), 0.0, 4)
    assert got.tolist() == [0.0] * n, f"codes 0 with the scale 0 became {got}"
short = np.array([-3, 0.375, 1.125, 1.875], np.float32)  # v = -1, 1/8, 3/8, 5/8
mean = np.mean([quantise(short, 2, rng)[0] for _ in range(400)], axis=0)
expected = short / 3
assert np.all(np.abs(mean - expected) <= [0, 0.09, 0.115, 0.115]), (
    f"{short} became {mean} on average over 400 times"
)
codes, scale = quantise(np.array([-2.5], np.float32), 8, rng)
assert (codes.tolist(), scale) == ([-127], 2.5), f"-2.5 became {codes}, {scale}"

# %% [markdown]
# ### 4b · Pack the bits
#
# A code of two bits that sits in an int8 costs eight bits on the wire. Put the codes
# next to each other: $n$ codes of $b$ bits fit into $\lceil n b / 8 \rceil$ bytes.
# First add $L$, so that codes are not negative; then write the $b$ binary digits of
# each, one code after the other. How the digits are arranged is up to you, as long as
# you can read them again. (`np.packbits` makes bytes of an array of zeros and ones,
# `np.unpackbits` undoes it.) Complete both functions; they take about eight lines.


# %% exercise="pack"
def pack_codes(codes, bits):
    """Return codes as bytes, `bits` bits for each.

    Parameters
    ----------
    codes : (n,) np.ndarray of int8, n >= 0
        From -L to L, with L = 2 ** (bits - 1) - 1. It is not changed.
    bits : int
        b, from 2 to 8.

    Returns
    -------
    (ceil(n b / 8),) np.ndarray of uint8
    """
    ### BEGIN SOLUTION
    shifted = codes.astype(np.uint8) + np.uint8(2 ** (bits - 1) - 1)  # modulo 256
    digits_of_codes = shifted[:, None] >> np.arange(bits, dtype=np.uint8) & 1
    return np.packbits(digits_of_codes)
    ### END SOLUTION


def unpack_codes(packed, bits, n):
    """Return the (n,) int8 codes that `pack_codes(codes, bits)` made `packed` of."""
    ### BEGIN SOLUTION
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)
    ### END SOLUTION


# %% test="pack" points=3
# Check yourself: five codes of three bits are 15 bits, which take two bytes.
codes = np.array([3, -3, 0, 1, -2], np.int8)
packed = pack_codes(codes, 3)
assert packed.dtype == np.uint8 and packed.shape == (2,), (
    f"expected 5 codes of 3 bits in 2 bytes, got {packed.size} of {packed.dtype}"
)
back = unpack_codes(packed, 3, 5)
assert np.array_equal(back, codes), (
    f"expected to read the codes [3, -3, 0, 1, -2] again, got {back}"
)
assert back.dtype == np.int8, f"expected int8 codes, got {back.dtype}"

# %% test="pack" case="hidden" points=3 hidden=true
# Hidden check: all widths and codes, lengths that fill bytes and that do not.
rng, packages = np.random.default_rng((SEED, 42)), []
for bits in range(2, 9):
    L = 2 ** (bits - 1) - 1
    for n in (0, 1, 2, 3, 7, 8, 9, 64, 1001):
        codes = rng.integers(-L, L + 1, size=n).astype(np.int8)
        if n > 3:
            codes[:4] = L, -L, 0, -1
        before, size = codes.copy(), math.ceil(n * bits / 8)
        packed = pack_codes(codes, bits)
        case = f"{n} codes of {bits} bits"
        assert packed.dtype == np.uint8, f"{case}: got {packed.dtype}"
        assert packed.shape == (size,), f"{case}: got {packed.shape}, not ({size},)"
        assert np.array_equal(codes, before), f"{case}: the codes were changed"
        back = unpack_codes(packed, bits, n)
        assert back.shape == (n,) and back.dtype == np.int8, (
            f"{case}: got back shape {back.shape} of {back.dtype}"
        )
        assert np.array_equal(back, before), f"{case}: {before[:9]} became {back[:9]}"
        packages.append((packed, bits, before))
for packed, bits, codes in packages[::5]:
    back = unpack_codes(packed, bits, len(codes))
    case = f"{len(codes)} codes of {bits} bits, unpacked once more after others"
    assert np.array_equal(back, codes), f"{case}: {codes[:9]} became {back[:9]}"

# %% [markdown]
# ### 4c · Count the bytes
#
# What does a reply cost? Count the bytes of its arrays, as Tasks 3 and 4 specify them,
# for an update of $n$ weights. There are three kinds of reply:
#
# - everything: the update, float32;
# - top-k: the $k$ indices and the $k$ values;
# - few bits: the packed codes of $b$ bits, and the scale as one float32.
#
# Complete both functions; they take about seven lines.


# %% exercise="bytes"
def reply_bytes(n, *, k=None, bits=None):
    """Return the bytes of the arrays in a reply, without names and headers.

    Parameters
    ----------
    n : int
        Weights in the update, n >= 0.
    k : int, optional
        If given, the reply is top-k's, with 0 <= k <= n.
    bits : int, optional
        If given, the reply has codes of 2 to 8 bits. At most one of k and bits is
        given; if neither is, the reply has everything.

    Returns
    -------
    int
    """
    ### BEGIN SOLUTION
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n
    ### END SOLUTION


def largest_k(n, bits):
    """Return the largest k, 0 <= k <= n, whose top-k reply is no larger than `bits`'s.

    That is, the most entries that top-k may send without sending more bytes than n
    codes of `bits` bits and their scale, with n >= 0 and bits from 2 to 8.
    """
    ### BEGIN SOLUTION
    return (math.ceil(n * bits / 8) + 4) // 8
    ### END SOLUTION


# %% test="bytes" points=2
# Check yourself: an update of 1001 weights.
expected = {"everything": 4004, "top 10": 80, "3 bits": 380}
got = {
    "everything": reply_bytes(1001),
    "top 10": reply_bytes(1001, k=10),
    "3 bits": reply_bytes(1001, bits=3),
}
assert got == expected and not any(map(np.ndim, got.values())), (
    f"expected {expected} bytes, got {got}. An index costs as much as a value; 3003 "
    "bits fill 376 bytes; the scale is a float32"
)
got = largest_k(1001, 3)
right = np.ndim(got) == 0 and got == 47
assert right, f"47 entries cost 376 bytes and 48 cost 384: expected 47, got {got}"

# %% test="bytes" case="hidden" points=3 hidden=true
# Hidden check: other sizes; the least sizes; the largest k and no less.
rng = np.random.default_rng((SEED, 43))
for n in (0, 1, 2, 3, 7, 8, 4810, *rng.integers(1, 10**5, size=8).tolist()):
    is_plain = np.ndim(reply_bytes(n)) == np.ndim(largest_k(n, 2)) == 0
    assert is_plain, f"expected numbers, got {reply_bytes(n)!r}, {largest_k(n, 2)!r}"
    assert reply_bytes(n) == n * 4, f"everything, n = {n}: got {reply_bytes(n)}"
    for k in (0, n // 3, n):
        got = reply_bytes(n, k=k)
        assert got == k * 8, f"n = {n}, k = {k}: expected {k * 8}, got {got}"
    for bits in range(2, 9):
        expected = (n * bits + 7) // 8 + 4
        got = reply_bytes(n, bits=bits)
        assert got == expected, f"n = {n}, {bits} bits: got {got}"
        most = expected >> 3
        got = largest_k(n, bits)
        assert got == most, f"n = {n}, {bits} bits: expected k = {most}, got {got}"

# %% [markdown]
# ### Train with it
#
# Now ten clients with unlike digits (a Dirichlet split, $\alpha = 1$) train together:
# ten local steps, then each client sends what `encode` makes of its update. Their
# uplink is slow, as at home. The runtime carries real Flower messages, counts their
# bytes and keeps the time; a client's memory lives in its `context.state`. Run the
# three cells: the app and the strategy, five ways to encode, and what decodes them.
# Read `train`: only `encode` and `decode` differ from federated averaging.

# %%
train_set, test_set = digits().split(test_fraction=0.2, seed=SEED)
federation = dirichlet(train_set, 10, alpha=1.0, min_examples=5, seed=SEED)


def app_that_sends(encode):
    """Return a client that takes ten local steps and replies with its update."""
    app = ClientApp()

    @app.train()
    def train(message, context):
        k, content = context.node_config["partition-id"], message.content
        rng = np.random.default_rng((SEED, k, content["config"]["server-round"]))
        w, data = content["arrays"]["w"].numpy(), federation[k]
        trained = w.copy()
        for _ in range(10):
            batch = rng.integers(len(data), size=32)
            trained -= 0.1 * gradient(trained, data.features[batch], data.labels[batch])
        sent = encode(trained - w, context, rng)
        arrays = ArrayRecord({name: Array(array) for name, array in sent.items()})
        metrics = MetricRecord({"num-examples": len(data)})
        reply = RecordDict({"arrays": arrays, "metrics": metrics})
        return Message(reply, reply_to=message)

    return app


class AverageOfUpdates(FedAvg):
    """Federated averaging of clients that send encoded updates, not models."""

    def __init__(self, decode):
        super().__init__(fraction_evaluate=0.0, min_available_nodes=len(federation))
        self.decode = decode

    def configure_train(self, server_round, arrays, config, grid):
        self.w = arrays["w"].numpy()
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        replies = [reply for reply in replies if reply.has_content()]
        for reply in replies:
            sent = {n: a.numpy() for n, a in reply.content["arrays"].items()}
            new = np.float32(self.w + self.decode(sent))
            reply.content["arrays"] = ArrayRecord({"w": Array(new)})
        return super().aggregate_train(server_round, replies)


# %%
NUM_SENT, BITS = len(flat(mlp.initial(SEED))) // 100, 2


def everything(update, context, rng):
    return {"update": update}


def top_k(update, context, rng, keep=True):
    memory = np.zeros_like(update)
    if keep and "memory" in context.state:
        memory = context.state["memory"]["e"].numpy()
    indices, values, memory = top_k_with_memory(update, memory, NUM_SENT)
    context.state["memory"] = ArrayRecord({"e": Array(memory)})
    return {"indices": indices, "values": values}


def top_k_forgetful(update, context, rng):
    return top_k(update, context, rng, keep=False)


def at_random(update, context, rng):
    codes, scale = quantise(update, BITS, rng)
    return {"codes": pack_codes(codes, BITS), "scale": np.float32([scale])}


def to_nearest(update, context, rng):
    scale, levels = np.abs(update).max(), 2 ** (BITS - 1) - 1
    codes = np.rint(update / scale * levels).astype(np.int8)
    return {"codes": pack_codes(codes, BITS), "scale": np.float32([scale])}


# %%
def decode(sent):
    """Return the update that any of these messages stands for."""
    if "update" in sent:
        return sent["update"]
    n = cuts[-1]
    if "codes" in sent:
        codes = unpack_codes(sent["codes"], BITS, n)
        return dequantise(codes, float(sent["scale"][0]), BITS)
    update = np.zeros(n, np.float32)
    update[sent["indices"]] = sent["values"]
    return update


def training(encode, num_rounds=30):
    """Return a run's trace, and the test accuracy at first and after each round."""
    home = Network(uplink_mbps=0.25, downlink_mbps=5, latency_ms=20)
    grid = LocalGrid(app_that_sends(encode), federation, seed=SEED, network=home)
    accuracies = []

    def evaluate(server_round, arrays):
        model = unflat(arrays["w"].numpy())
        accuracies.append(mlp.accuracy(model, test_set.features, test_set.labels))

    start = ArrayRecord({"w": Array(flat(mlp.initial(SEED)))})
    strategy = AverageOfUpdates(decode)
    strategy.start(grid, start, num_rounds=num_rounds, evaluate_fn=evaluate)
    return grid.trace, accuracies


# %% [markdown]
# ### Predict first
#
# Two bits leave three values for each entry. Rounding to the nearest of them makes an
# error of at most $s/2$ per entry; rounding at random, up to $s$, and on average a
# larger one. Which of the two trains better?

# %%
rounding = Prediction(
    "After 30 rounds with two bits per entry, which model names more digits correctly?",
    (
        "The one of rounding to nearest, by 10 points or more",
        "Both are within 10 points",
        "The one of rounding at random, by 10 points or more",
    ),
)
rounding

# %%
runs = {
    "everything": training(everything),
    "top 1 %, with memory": training(top_k),
    "top 1 %, forgetful": training(top_k_forgetful),
    "2 bits, at random": training(at_random),
    "2 bits, to nearest": training(to_nearest),
}
rounding.reveal(plots.against(runs, "rounds", title="Who learns how much per round?"))

# %%
# Your count beside the runtime's, which has names and metrics as well, and the header
# of 128 bytes that NumPy writes before each array.
n, few, small = int(cuts[-1]), {"k": NUM_SENT}, {"bits": BITS}
counted = [reply_bytes(n, **kind) for kind in ({}, few, few, small, small)]
print("bytes and seconds".ljust(22), "arrays   reply  request    whole run     time")
for num_bytes, (name, (trace, _)) in zip(counted, runs.items(), strict=True):
    reply, request = (trace.where(event=e)[0].bytes for e in ("replied", "asked"))
    total = sum(row.bytes for row in trace)
    print(
        f"{name:22}{num_bytes:7,}{reply:8,}{request:9,}{total:13,}"
        f"{trace[-1].time_s:7.2f} s"
    )
plots.against(runs, "seconds", title="Who learns how much in how many seconds?")

# %% [markdown]
# ## Task 5 · Explain
#
# **5a** Look at the figure in Task 2a. Which topology would you take for a model of
# 10 kB, and which for one of 1 GB? Explain both choices with the two terms of $T$.
# **At most five sentences.**
#
# **5b** Now a server asks only one client in a hundred in each round, so that a client
# waits a hundred rounds for its next turn. What is in its memory then, and how can
# adding it harm the model? Name one change, and say what it costs. **At most five
# sentences.**
#
# **5c** With top 1 % and memory a client's reply is many times smaller than before.
# Use the table above to say by which factors the reply, the bytes of the whole run and
# its time fell, and why the three factors differ. What would you make smaller next?
# **At most five sentences.**

# %% [markdown] question="which-topology" points=5
# For 10 kB the bytes hardly count (0.08 ms per model at a gigabit), the messages that
# follow one another do: the ring needs 30 of them, 1.5 s, the server two, 0.1 s, and
# all-to-all one, 0.05 s. So I take all-to-all, or the server if 15 connections per
# worker are a burden. For 1 GB a model takes 8 s, and the latency is lost in it: the
# ring's busiest link carries 1.9 models, 15 s and 1.5 s of latency, against 15 models
# for all-to-all and 16 for the server, 120 s and more. I take the ring.

# %% [markdown] question="stale-memory" points=5
# The memory holds what the client did not send a hundred rounds ago, computed at a
# model that has long been replaced: it is stale. Added to the new update it pulls the
# model in a direction that may have been right then, and that others may have covered
# since; and as it can be larger than the fresh update, the top-k may consist of old
# entries only. One change is to shrink the memory with its age (or to drop it after
# some rounds), which costs the small entries that error feedback was meant to save.
# Keeping one memory at the server, or asking the same clients more often, are others.

# %% [markdown] question="where-bytes-went" points=5
# The reply fell from 19,466 to 775 bytes, 25 times; the bytes of the run 1.9 times; its
# time 7.2 times. In every round the server also sends the whole model to each client,
# 19,459 bytes that nobody made smaller, so that even replies of 0 bytes could only
# halve the run's. The time fell more, because the uplink is 20 times slower than the
# downlink, and the reply took 0.62 of the round's 0.69 s; it fell less than the reply,
# because the request's 31 ms and two latencies of 20 ms stay. I would next make the
# request smaller: send what changed in the model, rounded to few bits.


# %%
# Optional. How little can a client send? 10 of 4,810 entries, for twice as many rounds.
NUM_SENT = 10
trace, accuracies = training(top_k, num_rounds=60)
reply = trace.where(event="replied")[-1].bytes
print(f"{reply} bytes per reply, {100 * accuracies[-1]:.1f} % of the test digits right")

# %%
# Optional. What you ran is a Flower app: a ClientApp and a Strategy that know nothing
# of this notebook's runtime. Flower's own engine runs it too, with Ray processes for
# the clients; a client's memory goes with it, because it is in `context.state`. It
# needs `pip install "lecturekit[ray]"` and half a minute to start. Set RUN to True. (It
# sends NUM_SENT entries: 10, if you have run the cell above.)
RUN = False
if RUN:
    from flwr.serverapp import ServerApp
    from flwr.simulation import run_simulation

    server_app = ServerApp()

    @server_app.main()
    def main(grid, context):
        start = ArrayRecord({"w": Array(flat(mlp.initial(SEED)))})
        result = AverageOfUpdates(decode).start(grid, start, num_rounds=30)
        model = unflat(result.arrays["w"].numpy())
        right = mlp.accuracy(model, test_set.features, test_set.labels)
        print(f"{100 * right:.1f} % of the test digits right")

    run_simulation(server_app, app_that_sends(top_k), num_supernodes=len(federation))
