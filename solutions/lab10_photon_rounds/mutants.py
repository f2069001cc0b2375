# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Answers to lab 10, wrong ones and right ones
#
# Each cell is a whole answer to one exercise. A *mutant* is a misconception, and its
# comment is what a student who has it should read. An *alternative* is right and looks
# different, so it must earn every mark.

# %% [markdown]
# ## Task 1


# %% mutant="overlapping" exercise="stream"
# You cut sequences at every token: they overlap, and clients train on each other's
# text. The next sequence begins where the last one ends.
def shard(tokens, length, client, num_clients):
    sequences = np.lib.stride_tricks.sliding_window_view(tokens, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="overlap-by-one" exercise="stream"
# Your sequences share a token with their neighbours. Sequence i holds tokens i * length
# to (i + 1) * length - 1.
def shard(tokens, length, client, num_clients):
    starts = range(0, len(tokens) - length + 1, max(length - 1, 1))
    sequences = np.array([tokens[i : i + length] for i in starts])
    sequences = sequences.reshape(-1, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="one-block-each" exercise="stream"
# You gave each client one block of neighbouring sequences; client k holds the sequences
# k, k + K, k + 2K, ...
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return np.array_split(sequences, num_clients)[client]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="deals-out-tokens" exercise="stream"
# You dealt out tokens and cut them afterwards: the sentences are torn apart. Cut first,
# deal out whole sequences.
def shard(tokens, length, client, num_clients):
    mine = tokens[client::num_clients]
    return mine[: len(mine) // length * length].reshape(-1, length)


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="from-the-first-client" exercise="stream"
# Every client began at sequence 0: the first sequences belong to all of them. Client k
# begins at sequence k.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="clients-from-one" exercise="stream"
# You numbered clients from 1; k goes from 0 to K - 1.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client - 1 :: num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="drops-from-the-front" exercise="stream"
# You dropped the leftover at the beginning of the corpus; it is the end that does not
# fill a sequence.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[len(tokens) - num_sequences * length :].reshape(
        num_sequences, length
    )
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="pads-the-last" exercise="stream"
# You filled the last sequence up with zeros: the model would learn to predict padding.
# What is left at the end is dropped.
def shard(tokens, length, client, num_clients):
    num_sequences = -(-len(tokens) // length)
    sequences = np.zeros((num_sequences, length), dtype=np.int64)
    sequences.flat[: len(tokens)] = tokens
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="reshaped-by-columns" exercise="stream"
# You reshaped to (length, number) and transposed: then a sequence holds every n-th
# token of the corpus, not neighbours.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(length, num_sequences).T
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="equal-shares-only" exercise="stream"
# You dropped sequences so that all clients have equally many; only what does not fill a
# sequence is dropped.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    num_each = num_sequences // num_clients
    return sequences[client::num_clients][:num_each]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="same-order-every-epoch" exercise="stream"
# You read every epoch in the same order: draw the order of epoch e from (seed, e).
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, 0)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="seed-without-epoch" exercise="stream"
# You drew every order from the seed alone, so that every epoch has the same one.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng(self.seed).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="seed-plus-epoch" exercise="stream"
# You drew from seed + epoch: epoch 1 of one client is then epoch 0 of its neighbour.
# The pair (seed, epoch) keeps them apart.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng(self.seed + epoch).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="epoch-before-seed" exercise="stream"
# You drew from (epoch, seed); the text says (seed, e).
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((epoch, self.seed)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="epochs-from-one" exercise="stream"
# You counted epochs from 1; the first one is e = 0.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch + 1)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="not-shuffled" exercise="stream"
# You read the sequences as they stand: neighbours in the corpus are alike, and every
# epoch is the same.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[p % size for p in places]]


# %% mutant="short-last-batch" exercise="stream"
# You ended the batch with the epoch: it may hold the last sequences of one epoch and
# the first of the next.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        places = [p for p in places if p // size == places[0] // size]
        self.num_read += len(places)
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="drops-the-last-sequences" exercise="stream"
# You skipped to the next epoch when fewer than a batch were left: these sequences are
# never read in that order. A batch may span two epochs.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        left = size - self.num_read % size
        if left < self.batch_size <= size:
            self.num_read += left
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="two-epochs-at-most" exercise="stream"
# You looked into two epochs at most; a batch that is larger than the data spans more of
# them.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[0] // size + 2)
        }
        self.num_read += self.batch_size
        return self.sequences[
            [orders[min(p // size, places[0] // size + 1)][p % size] for p in places]
        ]


# %% mutant="order-of-the-first-epoch" exercise="stream"
# You read the whole batch in the order of the epoch in which it began; after the
# epoch's end the next order holds.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[places[0] // size][p % size] for p in places]]


# %% mutant="counts-batches" exercise="stream"
# You counted batches; `num_read` counts sequences, so that it means the same whatever
# the batch size.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += 1
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="never-counts" exercise="stream"
# You did not move `num_read` on, so every batch is the first one.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="counts-before-it-reads" exercise="stream"
# You moved `num_read` before you chose the places: the first batch of the stream is
# skipped.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        self.num_read += self.batch_size
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="counts-within-the-epoch" exercise="stream"
# You took `num_read` modulo the number of sequences: after a restart the stream
# believes that it is in epoch 0.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read = (self.num_read + self.batch_size) % size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="resumes-at-the-start" exercise="stream"
# You kept the place in an attribute of your own that starts at 0, so that a stream that
# is opened again begins at the beginning: begin at `num_read`.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read, self.place = seed, num_read, 0

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.place, self.place + self.batch_size)
        self.place += self.batch_size
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="resumes-in-a-new-epoch" exercise="stream"
# You drew a new order when the stream was opened: after a restart the rest of the epoch
# comes in another order, some sequences twice. The order belongs to the epoch's number.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read
        self.opened = num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        if self.opened % size:
            rng = np.random.default_rng((self.seed, self.opened))
            orders[self.opened // size] = rng.permutation(size)
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="one-generator" exercise="stream"
# You drew all orders from one generator: a stream that is opened later draws the first
# order again for a later epoch.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read
        self.rng, self.orders = np.random.default_rng(seed), {}

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = self.orders
        for epoch in range(places[0] // size, places[-1] // size + 1):
            if epoch not in orders:
                orders[epoch] = self.rng.permutation(size)
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="draws-with-replacement" exercise="stream"
# You drew positions at random: some sequences are read twice in an epoch and others
# never. An epoch is a permutation.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).integers(size, size=size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="global-generator" exercise="stream"
# You shuffled with NumPy's global generator after seeding it, which gives another order
# than default_rng((seed, e)).
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.RandomState([self.seed, epoch]).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="shuffles-in-place" exercise="stream"
# You shuffled the array that you were given: it is not yours, and the next epoch
# shuffles the shuffled one.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        rows = []
        for p in places:
            if p % size == 0:
                self.sequences[:] = self.sequences[orders[p // size]]
            rows.append(self.sequences[p % size].copy())
        self.num_read += self.batch_size
        return np.array(rows)


# %% mutant="counter-of-the-class" exercise="stream"
# You kept the count in the class, which all streams share: keep it in `self`.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    count = [0]

    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        self.num_read = self.num_read or Stream.count[0]
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        Stream.count[0] = self.num_read
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="views-of-a-buffer" exercise="stream"
# You return the same array each time and overwrite it, or a view of your own data:
# whoever writes into a batch changes the stream.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read
        self.shuffled = {}

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        rows = [orders[p // size][p % size] for p in places]
        if len(rows) == 1 or rows == list(range(rows[0], rows[0] + len(rows))):
            return self.sequences[rows[0] : rows[-1] + 1]
        return self.sequences[rows]


# %% mutant="float-batch" exercise="stream"
# Your batch holds floats: tokens are integers, and an embedding takes nothing else.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        batch = np.empty((self.batch_size, self.sequences.shape[1]))
        for i, p in enumerate(places):
            batch[i] = self.sequences[orders[p // size][p % size]]
        return batch


# %% mutant="flat-if-empty" exercise="stream"
# A client without sequences gets an array of the shape (0,) from you; it is (0,
# length).
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return np.array([sequences[i] for i in range(client, num_sequences, num_clients)])


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="orders-of-all-streams" exercise="stream"
# You keep the orders of all streams in one place, by seed and epoch: a stream with
# another number of sequences then finds a wrong one.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


ORDERS = {}


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = ORDERS
        for epoch in range(places[0] // size, places[-1] // size + 1):
            if (self.seed, epoch) not in orders:
                orders[self.seed, epoch] = np.random.default_rng(
                    (self.seed, epoch)
                ).permutation(size)
        orders = {e: o for (s, e), o in orders.items() if s == self.seed}
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="reads-ahead" exercise="stream"
# You read a batch ahead, so that `num_read` counts sequences that nobody has got.
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read
        self.following = self._make()

    def next_batch(self):
        now, self.following = self.following, self._make()
        return now

    def _make(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size)
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% mutant="inverse-order" exercise="stream"
# You used the inverse of the order: place i of the epoch holds sequence order[i].
def shard(tokens, length, client, num_clients):
    num_sequences = len(tokens) // length
    sequences = tokens[: num_sequences * length].reshape(num_sequences, length)
    return sequences[client::num_clients]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        size = len(self.sequences)
        places = range(self.num_read, self.num_read + self.batch_size)
        orders = {
            epoch: np.random.default_rng((self.seed, epoch)).permutation(size).argsort()
            for epoch in range(places[0] // size, places[-1] // size + 1)
        }
        self.num_read += self.batch_size
        return self.sequences[[orders[p // size][p % size] for p in places]]


# %% alternative="loops" exercise="stream"
# Plain loops over sequences and places.
def shard(tokens, length, client, num_clients):
    rows = []
    for i in range(len(tokens) // length):
        if i % num_clients == client:
            rows.append(tokens[i * length : (i + 1) * length])
    return np.array(rows, dtype=np.int64).reshape(len(rows), length)


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read

    def next_batch(self):
        batch = []
        while len(batch) < self.batch_size:
            epoch, place = divmod(self.num_read, len(self.sequences))
            rng = np.random.default_rng((self.seed, epoch))
            order = rng.permutation(len(self.sequences))
            batch.append(self.sequences[order[place]].copy())
            self.num_read += 1
        return np.array(batch)


# %% alternative="queue" exercise="stream"
# Keeps a queue of what is left of the epoch, filled where the stream is opened.
def shard(tokens, length, client, num_clients):
    end = len(tokens) - len(tokens) % length
    starts = np.arange(client * length, end, num_clients * length)
    return tokens[starts[:, None] + np.arange(length)]


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read
        self.queue, self.epoch = [], num_read // len(sequences)
        self.fill()
        del self.queue[: num_read % len(sequences)]

    def fill(self):
        rng = np.random.default_rng((self.seed, self.epoch))
        self.queue += rng.permutation(len(self.sequences)).tolist()
        self.epoch += 1

    def next_batch(self):
        while len(self.queue) < self.batch_size:
            self.fill()
        rows, self.queue = (
            self.queue[: self.batch_size],
            self.queue[self.batch_size :],
        )
        self.num_read += self.batch_size
        return np.take(self.sequences, rows, axis=0)


# %% alternative="generator" exercise="stream"
# Runs a generator of positions, in torch.
import itertools


def shard(tokens, length, client, num_clients):
    whole = torch.as_tensor(tokens)[: len(tokens) // length * length]
    return whole.view(-1, length)[client::num_clients].clone().numpy()


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size = sequences, batch_size
        self.seed, self.num_read = seed, num_read
        self.positions = self.walk(num_read)

    def walk(self, start):
        size = len(self.sequences)
        for epoch in itertools.count(start // size):
            order = np.random.default_rng((self.seed, epoch)).permutation(size)
            skip = start % size if epoch == start // size else 0
            yield from order[skip:]

    def next_batch(self):
        rows = [next(self.positions) for _ in range(self.batch_size)]
        self.num_read += self.batch_size
        return np.stack([self.sequences[row] for row in rows])


# %% alternative="from-the-beginning" exercise="stream"
# Begins at epoch 0 and skips what was read before.
def shard(tokens, length, client, num_clients):
    windows = (
        np.lib.stride_tricks.sliding_window_view(tokens, length)
        if len(tokens) >= length
        else np.zeros((0, length), dtype=np.int64)
    )
    return windows[client * length :: num_clients * length].copy()


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size, self.seed = sequences, batch_size, seed
        self.num_read = num_read
        self.epoch = 0
        self.left = list(self._order())
        for _ in range(num_read):
            self._pop()

    def _order(self):
        return np.random.default_rng((self.seed, self.epoch)).permutation(
            len(self.sequences)
        )

    def _pop(self):
        if not self.left:
            self.epoch += 1
            self.left = list(self._order())
        return self.left.pop(0)

    def next_batch(self):
        picked = [self._pop() for _ in range(self.batch_size)]
        self.num_read += self.batch_size
        return np.take(self.sequences, picked, axis=0)


# %% alternative="counts-batches-inside" exercise="stream"
# `num_read` is a property; an endless generator, made anew for each batch.
from itertools import islice


def shard(tokens, length, client, num_clients):
    sequences = np.array_split(
        tokens[: len(tokens) // length * length], max(len(tokens) // length, 1)
    )
    mine = sequences[client::num_clients] if len(tokens) >= length else []
    return (
        np.concatenate(mine).reshape(-1, length)
        if len(mine)
        else np.empty((0, length), np.int64)
    )


class Stream:
    def __init__(self, sequences, batch_size, seed, num_read=0):
        self.sequences, self.batch_size, self.seed = sequences, batch_size, seed
        self.start, self.batches = num_read, 0

    @property
    def num_read(self):
        return self.start + self.batches * self.batch_size

    def positions(self):
        n = len(self.sequences)
        epoch, skip = self.num_read // n, self.num_read % n
        while True:
            order = np.random.default_rng((self.seed, epoch)).permutation(n)
            yield from order[skip:]
            epoch, skip = epoch + 1, 0

    def next_batch(self):
        batch = self.sequences[list(islice(self.positions(), self.batch_size))]
        self.batches += 1
        return batch


# %% [markdown]
# ## Task 2


# %% mutant="warm-up-from-zero" exercise="schedule"
# Your warm-up begins at 0, so step 0 teaches nothing: step s has the rate peak * (s +
# 1) / W.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * step / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="no-warm-up" exercise="schedule"
# You left the warm-up out.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    progress = min(1, max(0, step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="cosine-from-step-zero" exercise="schedule"
# Your cosine runs from step 0, so it is already on its way down when the warm-up ends:
# p counts from W.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, step / total)
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="cosine-too-long" exercise="schedule"
# You divided by S, not by S - W: the cosine has not come down at step S.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / total)
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="rises-again" exercise="schedule"
# You let p go on beyond 1, and the cosine climbs again after step S.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / (total - warmup)
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="down-to-zero" exercise="schedule"
# Your rate falls to 0; it ends at the share f of the peak.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (1 + cos(pi * progress)) / 2


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="floor-added" exercise="schedule"
# You added the final share on top: the peak becomes (1 + f) times what it should be.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="final-is-a-rate" exercise="schedule"
# You took `final` for a rate; it is a share of the peak.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return final + (peak - final) * (1 + cos(pi * progress)) / 2


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="no-half" exercise="schedule"
# You forgot the half: (1 + cos) goes from 2 to 0.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)))


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="half-a-cosine" exercise="schedule"
# You used a quarter of the wave, cos(pi p / 2); the schedule uses (1 + cos(pi p)) / 2.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * cos(pi * progress / 2))


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="linear-decay" exercise="schedule"
# Your rate falls in a straight line; the schedule is a cosine.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 - progress))


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="degrees" exercise="schedule"
# You gave the cosine degrees; it takes radians.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(180 * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="warm-up-one-longer" exercise="schedule"
# Your warm-up takes one step too many: at s = W the cosine begins.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step <= warmup and warmup > 0:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="warm-up-times-cosine" exercise="schedule"
# You multiplied warm-up and cosine; the cosine begins when the warm-up has ended.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    progress = min(1, step / total)
    warm = min(1, (step + 1) / warmup) if warmup else 1
    return peak * warm * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="restarts" exercise="schedule"
# You restarted the schedule when it had ended: after step S the rate stays at f times
# the peak.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    step %= total + 1
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="steps-from-one" exercise="schedule"
# You counted steps from 1 in the cosine, too: at s = W the rate is the peak.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step + 1 - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="ends-one-step-early" exercise="schedule"
# You reached the final rate at step S - 1; it is reached at step S.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / max(total - 1 - warmup, 1))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="needs-a-warm-up" exercise="schedule"
# You divide by W even if it is 0.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    warm = (step + 1) / warmup
    if warm < 1:
        return peak * warm
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="squeezed" exercise="schedule"
# You multiplied by b / B: a smaller batch needs more steps for the same text, not
# fewer.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * local_batch_size / batch_size) for n in (warmup, total))


# %% mutant="rounds-down" exercise="schedule"
# You cut off the fraction: round up, or the last step of the recipe is lost.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(n * batch_size // local_batch_size for n in (warmup, total))


# %% mutant="rounds-to-nearest" exercise="schedule"
# You rounded to the nearest whole number; the text says up.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(round(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="whole-factors-only" exercise="schedule"
# You rounded the factor B / b before you multiplied: 10 / 3 is not 3 or 4.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(n * ceil(batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="warm-up-stays" exercise="schedule"
# You left the warm-up as it was: it is part of the schedule, and is stretched, too.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return warmup, ceil(total * batch_size / local_batch_size)


# %% mutant="wrong-order" exercise="schedule"
# You returned (S, W); the text says W, then S.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (total, warmup))


# %% mutant="floats" exercise="schedule"
# You returned fractions of steps.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(n * batch_size / local_batch_size for n in (warmup, total))


# %% mutant="whole-floats" exercise="schedule"
# You returned 800.0: a number of steps is an int, for range() takes nothing else.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(
        float(ceil(n * batch_size / local_batch_size)) for n in (warmup, total)
    )


# %% mutant="one-step-more" exercise="schedule"
# You added 1 instead of rounding up: numbers that divide get a step too many.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(n * batch_size // local_batch_size + 1 for n in (warmup, total))


# %% mutant="never-shorter" exercise="schedule"
# You never shorten a schedule; with a larger batch than the recipe's it takes fewer
# steps.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(
        ceil(n * max(1, batch_size / local_batch_size)) for n in (warmup, total)
    )


# %% mutant="warm-up-never-arrives" exercise="schedule"
# You divided by W + 1: the last step of the warm-up has the peak rate already.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="warm-up-from-final" exercise="schedule"
# Your warm-up begins at the final rate; it begins at peak / W.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (final + (1 - final) * (step + 1) / warmup)
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="cut-off-below" exercise="schedule"
# You cut the cosine off at the final rate; it is squeezed, so that it ends there.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * max(final, (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="falls-to-zero-and-jumps" exercise="schedule"
# Your cosine falls to 0 and jumps to the final rate at step S; it ends at that rate.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * ((1 + cos(pi * progress)) / 2 if progress < 1 else final)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="another-default" exercise="schedule"
# You changed the default of `final`: it is 0.1.
def learning_rate(step, *, peak, warmup, total, final=0.0):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% mutant="rounds-before-multiplying" exercise="schedule"
# You rounded W / b up before you multiplied by B: multiply first.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n / local_batch_size) * batch_size for n in (warmup, total))


# %% mutant="adds-almost-one" exercise="schedule"
# You added 0.999 and cut off: a fraction below 0.001 is lost. Use ceil.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + cos(pi * progress)) / 2)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(
        int(n * batch_size / local_batch_size + 0.999) for n in (warmup, total)
    )


# %% mutant="arrays-of-one" exercise="schedule"
# You returned the rate as an array with one number in it: a rate is one float.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    s = np.atleast_1d(step)
    progress = np.clip((s - warmup) / (total - warmup), 0, 1)
    falling = peak * (final + (1 - final) * (1 + np.cos(np.pi * progress)) / 2)
    return np.where(s < warmup, peak * (s + 1) / max(warmup, 1), falling)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(ceil(n * batch_size / local_batch_size) for n in (warmup, total))


# %% alternative="numpy" exercise="schedule"
# Clips with NumPy; integer arithmetic for the rounding.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step < warmup:
        return peak / warmup * (step + 1)
    p = np.clip((step - warmup) / (total - warmup), 0.0, 1.0)
    low = final * peak
    return float(low + 0.5 * (peak - low) * (1.0 + np.cos(np.pi * p)))


def stretched(warmup, total, batch_size, local_batch_size):
    rounded = divmod(warmup * batch_size, local_batch_size)
    w = rounded[0] + (rounded[1] > 0)
    return w, -(-total * batch_size // local_batch_size)


# %% alternative="with-torch" exercise="schedule"
# Lets torch anneal; the pair as a list.
from fractions import Fraction


def learning_rate(step, *, peak, warmup, total, final=0.1):
    warm = (step + 1) / warmup if warmup else 1.0
    if warm <= 1 and step < warmup:
        return peak * warm
    if step >= total:
        return peak * final
    angle = torch.tensor(pi * (step - warmup) / (total - warmup), dtype=torch.float64)
    return (peak * (final + (1 - final) * torch.cos(angle / 2) ** 2)).item()


def stretched(warmup, total, batch_size, local_batch_size):
    factor = Fraction(batch_size, local_batch_size)
    return [ceil(warmup * factor), ceil(total * factor)]


# %% alternative="np-where" exercise="schedule"
# Computes both branches; NumPy's integers.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    down = final + (1 - final) * 0.5 * (
        1 + np.cos(np.pi * np.clip((step - warmup) / (total - warmup), 0, 1))
    )
    up = (step + 1) / max(warmup, 1)
    return float(np.where(step < warmup, up, down) * peak)


def stretched(warmup, total, batch_size, local_batch_size):
    return tuple(
        np.ceil(np.array([warmup, total]) * batch_size / local_batch_size).astype(int)
    )


# %% alternative="factor-first" exercise="schedule"
# Divides the batch sizes first; three branches.
def learning_rate(step, *, peak, warmup, total, final=0.1):
    if step >= total:
        return peak * final
    if step >= warmup:
        return (
            peak * final
            + peak
            * (1 - final)
            * (1 + cos((step - warmup) / (total - warmup) * pi))
            * 0.5
        )
    return peak / warmup * (step + 1)


def stretched(warmup, total, batch_size, local_batch_size):
    factor = batch_size / local_batch_size
    return ceil(warmup * factor), ceil(total * factor)


# %% [markdown]
# ## Task 3a


# %% mutant="does-not-load" exercise="local-steps"
# You trained what the network happened to hold: load the global model first.
def local_steps(network, arrays, batches, rates, kept=None):
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="clips-after-the-step" exercise="local-steps"
# You clipped after the step: the gradient had been used by then.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="clips-before-backward" exercise="local-steps"
# You clipped before there was a gradient.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        loss.backward()
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="no-clipping" exercise="local-steps"
# You did not clip.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="clips-each-array" exercise="local-steps"
# You clipped each array by itself, which changes the direction of the gradient: all
# arrays together are one vector.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        for p in network.parameters():
            torch.nn.utils.clip_grad_norm_(p, CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="clips-each-number" exercise="local-steps"
# You cut every number of the gradient to [-1, 1]; what is bounded is the length of the
# whole gradient.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="always-length-one" exercise="local-steps"
# You scaled every gradient to the length CLIP_NORM, short ones up, too.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        length = sum((p.grad**2).sum() for p in network.parameters()).sqrt()
        for p in network.parameters():
            p.grad *= CLIP_NORM / length
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="clips-the-weights" exercise="local-steps"
# You clipped the parameters, not their gradient.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            length = sum((p**2).sum() for p in network.parameters()).sqrt()
            for p in network.parameters():
                p *= min(1.0, CLIP_NORM / length)
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="gradients-add-up" exercise="local-steps"
# You did not clear the gradient, so every step uses the sum of all batches so far.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="clears-too-late" exercise="local-steps"
# You cleared the gradient between backward and step: the step sees none.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        loss.backward()
        optimizer.zero_grad(set_to_none=False)
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="first-rate-for-all" exercise="local-steps"
# You set the rate once, before the loop: every step has its own.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rates[0]
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="rate-too-late" exercise="local-steps"
# You set the rate after the step, so that each step has the rate of the one before.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] = rate
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="rates-reversed" exercise="local-steps"
# You used the rates in reverse order.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, reversed(rates), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="default-rate" exercise="local-steps"
# You never set the rate: AdamW's default is 0.001.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="default-betas" exercise="local-steps"
# You left the betas at torch's default, (0.9, 0.999).
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="default-decay" exercise="local-steps"
# You left the weight decay at torch's default, 0.01, only by luck, or at another value:
# pass WEIGHT_DECAY.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), betas=BETAS, weight_decay=0.1)
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="no-decay" exercise="local-steps"
# You left the weight decay out.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), betas=BETAS, weight_decay=0.0)
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="adam" exercise="local-steps"
# You used Adam: its weight decay goes through the averages. AdamW takes it from the
# weights directly.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.Adam(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="sgd" exercise="local-steps"
# You used SGD: the text asks for AdamW.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, weight_decay=WEIGHT_DECAY)
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="new-optimizer-each-step" exercise="local-steps"
# You made a new optimizer for every batch: it never remembers anything.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        optimizer = torch.optim.AdamW(
            network.parameters(), rate, betas=BETAS, weight_decay=WEIGHT_DECAY
        )
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="ignores-kept" exercise="local-steps"
# You ignored `kept`: the optimizer starts anew although the server asked to keep it.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="leaks-state" exercise="local-steps"
# You kept the optimizer in the function: clients that should start anew go on with each
# other's averages.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    kept = kept or getattr(local_steps, "memory", None)
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    local_steps.memory = kept
    return arrays, total / max(len(batches), 1), kept


# %% mutant="returns-old-memory" exercise="local-steps"
# You returned the memory that you were given, not what the optimizer remembers now.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    if kept is None:
        kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="memory-before-training" exercise="local-steps"
# You took the memory out before the training.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total, remembered = 0.0, optimizer_tensors(optimizer)
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(remembered)
    return arrays, total / max(len(batches), 1), kept


# %% mutant="forgets-the-count" exercise="local-steps"
# You kept the averages but not the count of steps, so that Adam corrects them as if
# training had just begun.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(
        {n: t * ("step" not in n) for n, t in optimizer_tensors(optimizer).items()}
    )
    return arrays, total / max(len(batches), 1), kept


# %% mutant="memory-before-loading-order" exercise="local-steps"
# You loaded the memory into the optimizer and then made a new one.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="returns-the-start" exercise="local-steps"
# You returned the model that you were given, not the trained one.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="returns-the-update" exercise="local-steps"
# You returned the update, w - w_start; the server expects the trained model.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    old, new = arrays.to_torch_state_dict(), network.state_dict()
    arrays = ArrayRecord.from_torch_state_dict({n: new[n] - old[n] for n in new})
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="overwrites-the-record" exercise="local-steps"
# You wrote the trained arrays into the record that you were given.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    for name, tensor in network.state_dict().items():
        arrays[name] = Array(tensor.numpy())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="last-loss" exercise="local-steps"
# You returned the last batch's loss, not the mean.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total = loss.item() * len(batches)
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="loss-after-the-step" exercise="local-steps"
# You measured the loss after the step; the text says before.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        with torch.no_grad():
            total += next_token_losses(network, torch.as_tensor(batch)).mean().item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="sum-of-losses" exercise="local-steps"
# You returned the sum of the losses, not their mean.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total, kept


# %% mutant="loss-by-sequences" exercise="local-steps"
# You weighted the losses by the batches' sizes; the mean is over steps.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item() * len(batch)
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(sum(map(len, batches)), 1), kept


# %% mutant="divides-by-zero" exercise="local-steps"
# You divided by the number of batches even if there is none.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / len(batches), kept


# %% mutant="loss-as-a-tensor" exercise="local-steps"
# You returned a tensor; the loss is a float.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, torch.tensor(total / max(len(batches), 1)), kept


# %% mutant="summed-loss" exercise="local-steps"
# You minimised the sum over the batch, so that a larger batch takes longer steps until
# the clipping hides it: it is the mean.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="ascends" exercise="local-steps"
# You climbed: the step goes down the loss.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        (-loss).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="one-batch-twice" exercise="local-steps"
# You trained on the first batch in every step.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batches[0])).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="skips-the-first" exercise="local-steps"
# You skipped the first step.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches[1:], rates[1:], strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="frozen-norms" exercise="local-steps"
# You trained matrices only: biases and norms are parameters, too.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        [p for p in network.parameters() if p.ndim > 1],
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="decays-matrices-only" exercise="local-steps"
# You left the weight decay out for the norms, as is often done; the text decays all
# parameters alike.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in network.parameters() if p.ndim > 1]},
            {
                "params": [p for p in network.parameters() if p.ndim < 2],
                "weight_decay": 0.0,
            },
        ],
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="skips-zero-rates" exercise="local-steps"
# You skipped steps whose rate is 0: their gradient belongs in AdamW's averages, and
# their loss in the mean.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        if rate == 0:
            continue
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% mutant="drops-the-last-token" exercise="local-steps"
# You cut the last token off; `next_token_losses` does that by itself.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    total = 0.0
    for batch, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = next_token_losses(network, torch.as_tensor(batch)[:, :-1]).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        total += loss.item()
    arrays = ArrayRecord.from_torch_state_dict(network.state_dict())
    kept = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return arrays, total / max(len(batches), 1), kept


# %% alternative="functional" exercise="local-steps"
# Trains tensors of its own, through functional_call.
from torch.func import functional_call


def local_steps(network, arrays, batches, rates, kept=None):
    model = {n: t.requires_grad_() for n, t in arrays.to_torch_state_dict().items()}
    optimizer = torch.optim.AdamW(
        list(model.values()), lr=1.0, betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())

    def predict(tokens):
        return functional_call(network, model, (tokens,))

    losses = []
    for i, batch in enumerate(batches):
        optimizer.param_groups[0]["lr"] = rates[i]
        loss = next_token_losses(predict, torch.from_numpy(batch)).mean()
        grads = torch.autograd.grad(loss, list(model.values()))
        length = torch.cat([g.flatten() for g in grads]).norm()
        for tensor, g in zip(model.values(), grads, strict=True):
            tensor.grad = g * min(1.0, CLIP_NORM / float(length))
        optimizer.step()
        losses.append(float(loss))
    new = {n: t.detach() for n, t in model.items()}
    remembered = optimizer_tensors(optimizer)
    return (
        ArrayRecord.from_torch_state_dict(new),
        sum(losses) / len(losses) if losses else 0.0,
        ArrayRecord.from_torch_state_dict(remembered),
    )


# %% alternative="fused" exercise="local-steps"
# A fused AdamW, the rate through the schedule of torch, the loss with NumPy.
def local_steps(network, arrays, batches, rates, kept=None):
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            tensor.copy_(torch.from_numpy(arrays[name].numpy()))
    network.zero_grad()
    optimizer = torch.optim.AdamW(
        network.parameters(),
        lr=1.0,
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
        fused=True,
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, kept.to_torch_state_dict())
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rates[min(step, len(rates) - 1)] if rates else 0.0
    )
    losses = []
    for tokens in map(torch.as_tensor, batches):
        loss = torch.mean(next_token_losses(network, tokens))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        schedule.step()
        losses.append(loss.item())
    trained = {n: t.detach().numpy() for n, t in network.named_parameters()}
    memory = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    return packed(trained), float(np.mean(losses)) if losses else 0.0, memory


# %% alternative="by-hand" exercise="local-steps"
# AdamW written out; it remembers under names of its own.
def local_steps(network, arrays, batches, rates, kept=None):
    network.load_state_dict(arrays.to_torch_state_dict())
    names = [name for name, _ in network.named_parameters()]
    ps = dict(network.named_parameters())
    zeros = {n: torch.zeros_like(p) for n, p in ps.items()}
    if kept is None:
        t, m, v = 0, zeros, {n: z.clone() for n, z in zeros.items()}
    else:
        memory = kept.to_torch_state_dict()
        t = int(memory["count"])
        m, v = ({n: memory[f"{k}/{n}"] for n in names} for k in "mv")
    total = 0.0
    for batch, rate in zip(batches, rates):
        loss = next_token_losses(network, torch.as_tensor(batch)).mean()
        grads = dict(zip(names, torch.autograd.grad(loss, list(ps.values()))))
        length = sum(float((g**2).sum()) for g in grads.values()) ** 0.5
        t += 1
        with torch.no_grad():
            for n, p in ps.items():
                g = grads[n] * min(1.0, CLIP_NORM / length)
                m[n] = BETAS[0] * m[n] + (1 - BETAS[0]) * g
                v[n] = BETAS[1] * v[n] + (1 - BETAS[1]) * g * g
                up = m[n] / (1 - BETAS[0] ** t)
                down = (v[n] / (1 - BETAS[1] ** t)).sqrt() + 1e-8
                p.mul_(1 - rate * WEIGHT_DECAY).sub_(rate * up / down)
        total += loss.item() / len(batches)
    memory = {f"{k}/{n}": a[n] for k, a in (("m", m), ("v", v)) for n in names}
    memory["count"] = torch.tensor(t)
    trained = ArrayRecord.from_torch_state_dict(network.state_dict())
    return trained, total, ArrayRecord.from_torch_state_dict(memory)


# %% alternative="closure" exercise="local-steps"
# Hands AdamW a closure.
def local_steps(network, arrays, batches, rates, kept=None):
    with torch.no_grad():
        for name, p in network.named_parameters():
            p.copy_(torch.tensor(arrays[name].numpy()))
    network.requires_grad_(True)
    optimizer = torch.optim.AdamW(
        list(network.parameters()), lr=0.0, betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    if kept is not None:
        load_optimizer_tensors(optimizer, dict(kept.to_torch_state_dict()))
    history = []
    for tokens, eta in zip(batches, rates, strict=True):
        tokens = torch.as_tensor(np.array(tokens, dtype=np.int64))

        def closure():
            optimizer.zero_grad(set_to_none=True)
            loss = torch.mean(next_token_losses(network, tokens))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
            return loss

        for g in optimizer.param_groups:
            g["lr"] = eta
        history.append(optimizer.step(closure).item())
    loss = sum(history) / len(history) if history else 0.0
    trained = {
        n: Array(p.detach().numpy().copy()) for n, p in network.state_dict().items()
    }
    return (
        ArrayRecord(trained),
        loss,
        ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer)),
    )


# %% [markdown]
# ## Task 3b


# %% mutant="restarted-schedule" exercise="train-client"
# You restarted the schedule in every round: step i of this round is step first-step + i
# of the federation.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="round-times-tau" exercise="train-client"
# You computed the position from the round's number; rounds may differ in length. The
# server tells you where the federation stands.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [
        rate((config["server-round"] - 1) * num_steps + i) for i in range(num_steps)
    ]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="one-rate-a-round" exercise="train-client"
# You used one rate for the whole round; every step has its own.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"]) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="steps-from-one" exercise="train-client"
# You began at first-step + 1: step i = 0 of the round is step first-step.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i + 1) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="own-clock" exercise="train-client"
# You counted this client's own steps: a client that was not asked in every round would
# lag behind the federation.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    done = state["stream"]["steps"] if "stream" in state else 0
    rates = [rate(done + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord(
        {"num-read": stream.num_read, "steps": done + num_steps}
    )
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="stream-restarts" exercise="train-client"
# You opened the stream at its beginning in every round: the client sees the same first
# batches for ever.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="never-stores" exercise="train-client"
# You did not store how much was read.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="stores-too-early" exercise="train-client"
# You stored the place before the batches were read, so that they are read again.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="stores-before-fit" exercise="train-client"
# You stored the place before the training: if it fails, this text is skipped for ever.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="forgets-optimizer-before-fit" exercise="train-client"
# You dropped the optimizer's memory before the training: if it fails, it is lost.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    state.pop("optimizer", None)
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="counts-steps-not-sequences" exercise="train-client"
# You stored the number of batches; the stream counts sequences.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": config["first-step"] + num_steps})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="place-from-the-server" exercise="train-client"
# You computed the place from first-step: clients have batches of their own size, and
# may have missed rounds.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(2 * config["first-step"])
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="global-memory" exercise="train-client"
# You kept the place in a global variable: all clients share it, and another process
# does not have it.
PLACE = {"num-read": 0}


def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(PLACE["num-read"])
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    PLACE["num-read"] = stream.num_read
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="memory-by-node" exercise="train-client"
# You kept the memory in a dictionary by client: it is lost with the process.
# `context.state` is what survives.
MEMORY = {}


def train_client(message, context, open_stream, rate, fit):
    config, state = (
        message.content["config"],
        MEMORY.setdefault(context.node_id, RecordDict()),
    )
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="one-batch-more" exercise="train-client"
# You read one batch more than tau.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps + 1)][:-1]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="one-batch-for-all" exercise="train-client"
# You read one batch and trained on it tau times.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch()] * num_steps
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="reads-twice" exercise="train-client"
# You called next_batch a second time for the count: these sequences are skipped.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = num_steps * len(stream.next_batch())
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="always-keeps" exercise="train-client"
# You always passed on what the optimizer remembered: a server that asks for a fresh one
# does not get it.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="never-keeps" exercise="train-client"
# You never passed on what the optimizer remembered.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="stale-memory" exercise="train-client"
# You left an old memory in place when the server asked for a fresh optimizer: two
# rounds later it comes back.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="stores-in-any-case" exercise="train-client"
# You stored the memory of a round that should not keep it, and used it in the next one
# that should.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="keeps-the-first-memory" exercise="train-client"
# You stored the memory once and never replaced it.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    if not keeps:
        state.pop("optimizer", None)
    elif "optimizer" not in state:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="counts-steps-as-examples" exercise="train-client"
# You reported the number of steps as num-examples; it counts sequences.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": num_steps, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="all-read-so-far" exercise="train-client"
# You reported all sequences read so far; num-examples are those of this round.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {
        "num-examples": stream.num_read,
        "num-steps": num_steps,
        "train-loss": loss,
    }
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="counts-tokens" exercise="train-client"
# You counted tokens as examples... or arrays of another axis: an example is a sequence.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(batch.size for batch in batches) * 16
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="counts-one-batch" exercise="train-client"
# You counted one batch's sequences, not those of all tau batches.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = len(batches[0])
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="examples-as-float" exercise="train-client"
# You reported num-examples as a float.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": float(count), "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="steps-so-far" exercise="train-client"
# You reported the clock as num-steps; it is the number of steps of this round.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {
        "num-examples": count,
        "num-steps": config["first-step"] + num_steps,
        "train-loss": loss,
    }
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="replies-with-the-old-model" exercise="train-client"
# You sent the global model back.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": message.content["arrays"], "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="sends-the-optimizer" exercise="train-client"
# You sent the optimizer's memory along: three times the bytes, and FedAvg would average
# it.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    if keeps:
        content["optimizer"] = kept
    return Message(RecordDict(content), reply_to=message)


# %% mutant="fits-twice" exercise="train-client"
# You called `fit` twice, once for the model and once for the loss.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, _, new = fit(message.content["arrays"], batches, rates, kept)
    _, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="fits-step-by-step" exercise="train-client"
# You called `fit` once per batch from the same model: only the last batch counts.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    for batch, one in zip(batches, rates):
        arrays, loss, kept = fit(message.content["arrays"], [batch], [one], kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="swallows-the-error" exercise="train-client"
# You caught the exception and answered with the old model: the server counts it as a
# trained one.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    try:
        arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    except RuntimeError:
        arrays, loss, kept = message.content["arrays"], 0.0, ArrayRecord()
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="opens-twice" exercise="train-client"
# You opened the stream twice: once to read and once to ask for its place.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    count = sum(len(batch) for batch in batches)
    state["stream"] = MetricRecord(
        {
            "num-read": open_stream(
                state["stream"]["num-read"] if "stream" in state else 0
            ).num_read
            + count
        }
    )
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="first-step-as-first-round" exercise="train-client"
# You took `first-step` 0 for the client's first round; whether there is a memory stands
# in `context.state`.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = (
        state["optimizer"]
        if keeps and "optimizer" in state and config["first-step"] > 0
        else None
    )
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="never-goes-back" exercise="train-client"
# You did not go back when `first-step` did: the federation's clock holds, whatever this
# client has done before.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    state.setdefault("clock", MetricRecord({"steps": 0}))
    rates = [
        rate(max(config["first-step"], state["clock"]["steps"]) + i)
        for i in range(num_steps)
    ]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state["clock"]["steps"] = config["first-step"] + num_steps
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="a-message-of-its-own" exercise="train-client"
# You wrote a new message to the server; a reply is made with `reply_to=message`.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), message.metadata.src_node_id, MessageType.TRAIN)


# %% mutant="underscores" exercise="train-client"
# You spelt a metric with an underscore: it is "num-examples".
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num_examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="place-only-with-optimizer" exercise="train-client"
# You stored the stream's place only if the optimizer is kept; it is kept always.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    if keeps:
        state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% mutant="an-axis-for-the-client" exercise="train-client"
# You gave every array an axis more, for the client: send the arrays that fit returned,
# in their shapes.
def train_client(message, context, open_stream, rate, fit):
    config, state = message.content["config"], context.state
    keeps, num_steps = config["keep-optimizer"], config["local-steps"]
    stream = open_stream(state["stream"]["num-read"] if "stream" in state else 0)
    batches = [stream.next_batch() for _ in range(num_steps)]
    rates = [rate(config["first-step"] + i) for i in range(num_steps)]
    kept = state["optimizer"] if keeps and "optimizer" in state else None
    arrays, loss, kept = fit(message.content["arrays"], batches, rates, kept)
    state["stream"] = MetricRecord({"num-read": stream.num_read})
    state.pop("optimizer", None)
    if keeps:
        state["optimizer"] = kept
    count = sum(len(batch) for batch in batches)
    metrics = {"num-examples": count, "num-steps": num_steps, "train-loss": loss}
    arrays = packed({name: w[None] for name, w in unpacked(arrays).items()})
    content = {"arrays": arrays, "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


# %% alternative="config-record" exercise="train-client"
# Keeps both in one place, written out step by step.
def train_client(message, context, open_stream, rate, fit):
    config = message.content["config"]
    tau = int(config["local-steps"])
    if "place" not in context.state:
        context.state["place"] = ConfigRecord({"sequences": 0})
    stream = open_stream(context.state["place"]["sequences"])
    batches, rates, count = [], [], 0
    for step in range(config["first-step"], config["first-step"] + tau):
        batches.append(stream.next_batch())
        rates.append(rate(step))
        count += batches[-1].shape[0]
    kept = None
    if config["keep-optimizer"]:
        kept = context.state.get("memory")
    model, loss, memory = fit(message.content["arrays"], batches, rates, kept)
    context.state["place"]["sequences"] = stream.num_read
    if config["keep-optimizer"]:
        context.state["memory"] = memory
    elif "memory" in context.state:
        del context.state["memory"]
    reply = RecordDict()
    reply["arrays"] = model
    reply["metrics"] = MetricRecord()
    reply["metrics"]["num-examples"] = count
    reply["metrics"]["num-steps"] = tau
    reply["metrics"]["train-loss"] = float(loss)
    return Message(content=reply, reply_to=message)


# %% alternative="place-as-array" exercise="train-client"
# Keeps the place in an ArrayRecord, and an empty record for no memory.
def train_client(message, context, open_stream, rate, fit):
    content, state = message.content, context.state
    first, tau, keep = (
        content["config"][name]
        for name in ("first-step", "local-steps", "keep-optimizer")
    )
    place = int(state["place"]["n"].numpy()) if "place" in state else 0
    memory = state["memory"] if "memory" in state else ArrayRecord()
    stream = open_stream(place)
    batches = []
    while len(batches) < tau:
        batches.append(stream.next_batch())
    rates = list(map(rate, range(first, first + tau)))
    usable = memory if keep and len(memory) else None
    arrays, loss, new = fit(content["arrays"], batches, rates, usable)
    state["memory"] = new if keep else ArrayRecord()
    state["place"] = ArrayRecord({"n": Array(np.array(stream.num_read))})
    record = MetricRecord(
        {
            "train-loss": loss,
            "num-steps": len(batches),
            "num-examples": stream.num_read - place,
        }
    )
    return Message(RecordDict({"metrics": record, "arrays": arrays}), reply_to=message)


# %% alternative="new-state" exercise="train-client"
# Puts a new RecordDict into the context.
def train_client(message, context, open_stream, rate, fit):
    config, old = message.content["config"], context.state
    stream = open_stream(old["stream"]["n"] if "stream" in old else 0)
    batches = [stream.next_batch() for _ in range(config["local-steps"])]
    rates = [rate(config["first-step"] + i) for i in range(config["local-steps"])]
    keep = config["keep-optimizer"]
    arrays, loss, kept = fit(
        message.content["arrays"], batches, rates, old.get("kept") if keep else None
    )
    new = RecordDict({"stream": MetricRecord({"n": stream.num_read})})
    if keep:
        new["kept"] = kept
    context.state = new
    metrics = MetricRecord(
        {
            "num-examples": sum(map(len, batches)),
            "num-steps": len(batches),
            "train-loss": loss,
        }
    )
    return Message(
        content=RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message
    )


# %% alternative="one-more-metric" exercise="train-client"
# Reports one metric more; always keeps the memory and notes whether it holds.
def train_client(message, context, open_stream, rate, fit):
    content, state = message.content, context.state
    settings = dict(content["config"])
    memory = (
        state["memory"]
        if "memory" in state
        else ConfigRecord({"read": 0, "kept": False})
    )
    stream = open_stream(num_read=memory["read"])
    batches = list(stream.next_batch() for _ in range(settings["local-steps"]))
    rates = list(
        map(
            rate,
            range(
                settings["first-step"], settings["first-step"] + settings["local-steps"]
            ),
        )
    )
    kept = state["optimizer"] if settings["keep-optimizer"] and memory["kept"] else None
    model, loss, kept = fit(content["arrays"], batches, rates, kept)
    state["memory"] = ConfigRecord(
        {"read": stream.num_read, "kept": settings["keep-optimizer"]}
    )
    state["optimizer"] = kept
    metrics = {
        "num-examples": int(np.concatenate(batches).shape[0]),
        "num-steps": settings["local-steps"],
        "train-loss": float(loss),
        "last-rate": float(rates[-1]),
    }
    return Message(
        RecordDict({"arrays": model, "metrics": MetricRecord(metrics)}),
        reply_to=message,
    )


# %% [markdown]
# ## Task 4a


# %% mutant="wrong-sign" exercise="outer-step"
# You subtracted w from the mean: then the model moves away from where the clients went.
# The pseudo-gradient is w - mean.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = mean[name] - w
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="adds-the-step" exercise="outer-step"
# You added the step; the pseudo-gradient is subtracted like any gradient.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w + np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="returns-the-mean" exercise="outer-step"
# You returned the mean, whatever lr and momentum say.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = mean[name]
    return new, new_velocity


# %% mutant="heavy-ball" exercise="outer-step"
# You stepped along the velocity alone: that is heavy-ball momentum. Nesterov's step is
# Delta + mu v.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * v
    return new, new_velocity


# %% mutant="old-velocity" exercise="outer-step"
# You looked ahead along the old velocity; the v in the step is the new one.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * before)
    return new, new_velocity


# %% mutant="no-momentum" exercise="outer-step"
# You left the momentum out of the step.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * gradient
    return new, new_velocity


# %% mutant="no-gradient" exercise="outer-step"
# You left the pseudo-gradient out: the step is Delta + mu v.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="damped" exercise="outer-step"
# You damped the pseudo-gradient by (1 - mu); v is mu v + Delta.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + np.float32(1 - momentum) * gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="lr-in-the-velocity" exercise="outer-step"
# You put the rate into the velocity as well: it counts twice.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + np.float32(lr) * gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="velocity-without-momentum" exercise="outer-step"
# You added the whole old velocity, not mu times it.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="velocity-starts-at-delta-twice" exercise="outer-step"
# You started the velocity at Delta and added Delta again.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = gradient if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="velocity-forgotten" exercise="outer-step"
# You started the velocity at zero in every round.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w)
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="scales-the-model" exercise="outer-step"
# You scaled the model by the rate: with no pseudo-gradient at all it would move.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = np.float32(lr) * w - (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="changes-the-velocity" exercise="outer-step"
# You changed the velocity that you were given, in place.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        v = np.zeros_like(w) if velocity is None else velocity[name]
        v *= np.float32(momentum)
        v += gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="changes-the-model" exercise="outer-step"
# You changed the model that you were given, in place.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        w -= np.float32(lr) * (gradient + np.float32(momentum) * v)
        new[name] = w
    return new, new_velocity


# %% mutant="by-position" exercise="outer-step"
# You matched the arrays by position; the mean may list its names in another order.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for (name, w), other in zip(model.items(), mean.values()):
        gradient = w - other
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="float64" exercise="outer-step"
# Your arrays became float64: twice the bytes in every message.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = np.float64(w) - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="order-of-the-mean" exercise="outer-step"
# You returned the names in the order of the mean.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name in mean:
        w = model[name]
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="returns-the-step" exercise="outer-step"
# You returned the old velocity instead of the new one.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = before
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="lookahead-velocity" exercise="outer-step"
# You returned the look-ahead Delta + mu v as the velocity.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = gradient + np.float32(momentum) * v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="shared-velocity" exercise="outer-step"
# You kept the velocity in the function: two runs share it.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    velocity = getattr(outer_step, "memory", None) if velocity is None else velocity
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    outer_step.memory = new_velocity
    return new, new_velocity


# %% mutant="not-if-still" exercise="outer-step"
# You divide by the length of the pseudo-gradient: if nobody moved it is 0.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        gradient = gradient / np.linalg.norm(gradient) * np.linalg.norm(gradient)
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="rate-on-the-gradient-only" exercise="outer-step"
# You multiplied only Delta by the rate; it is the whole step, Delta + mu v.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * gradient - np.float32(momentum) * v
    return new, new_velocity


# %% mutant="velocity-in-float64" exercise="outer-step"
# Your velocity became float64; it is float32, like the model.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v.astype(np.float64)
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="changes-the-mean" exercise="outer-step"
# You changed the mean that you were given, in place.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        mean[name] -= w
        gradient = -mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="opposite-velocity" exercise="outer-step"
# Your velocity has the opposite sign: v is mu v + Delta.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else -velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = -v
        new[name] = w - np.float32(lr) * (gradient + np.float32(momentum) * v)
    return new, new_velocity


# %% mutant="empty-arrays" exercise="outer-step"
# You returned arrays without entries: the new model and velocity have the shapes of the
# model.
def outer_step(model, mean, velocity, *, lr, momentum):
    new = {name: np.zeros(0, np.float32) for name in model}
    return new, dict(new)


# %% mutant="an-axis-for-the-round" exercise="outer-step"
# You returned the last of a stack of models with the stack's axis: the new model has
# the shapes of the old one.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name, w in model.items():
        gradient = w - mean[name]
        before = np.zeros_like(w) if velocity is None else velocity[name]
        v = np.float32(momentum) * before + gradient
        new_velocity[name] = v
        step = np.float32(lr) * (gradient + np.float32(momentum) * v)
        new[name] = np.stack([w, w - step])[1:]
    return new, new_velocity


# %% alternative="torch" exercise="outer-step"
# Lets torch.optim.SGD take the step.
def outer_step(model, mean, velocity, *, lr, momentum):
    new, new_velocity = {}, {}
    for name in model:
        w = torch.tensor(model[name], requires_grad=True)
        w.grad = w.detach() - torch.tensor(mean[name])
        nesterov = momentum > 0
        sgd = torch.optim.SGD([w], lr=lr, momentum=momentum, nesterov=nesterov)
        if velocity is not None and nesterov:
            sgd.state[w]["momentum_buffer"] = torch.tensor(velocity[name])
        still = w.grad.clone()
        sgd.step()
        new[name] = w.detach().numpy()
        new_velocity[name] = sgd.state[w].get("momentum_buffer", still).numpy()
        if not nesterov:
            new_velocity[name] = still.numpy()
    return new, new_velocity


# %% alternative="comprehensions" exercise="outer-step"
# Three dictionaries, one after the other, in float64 and back.
def outer_step(model, mean, velocity, *, lr, momentum):
    velocity = velocity or {name: 0.0 for name in model}
    delta = {n: np.subtract(model[n], mean[n], dtype=np.float64) for n in model}
    v = {n: momentum * np.float64(velocity[n]) + delta[n] for n in model}
    w = {n: model[n] - lr * (delta[n] + momentum * v[n]) for n in model}
    return (
        {n: np.asarray(w[n], np.float32) for n in w},
        {n: np.asarray(v[n], np.float32) for n in v},
    )


# %% alternative="one-vector" exercise="outer-step"
# All arrays as one vector.
def outer_step(model, mean, velocity, *, lr, momentum):
    names, shapes = list(model), [np.shape(a) for a in model.values()]

    def flat(one):
        return np.concatenate([np.ravel(one[n]) for n in names]).astype(np.float32)

    def unflat(vector):
        ends = np.cumsum([int(np.prod(s)) for s in shapes])
        parts = np.split(vector, ends[:-1])
        return {n: p.reshape(s).copy() for n, p, s in zip(names, parts, shapes)}

    w = flat(model)
    g = w - flat(mean)
    v = g if velocity is None else (momentum * flat(velocity) + g).astype(np.float32)
    return unflat((w - lr * (g + momentum * v)).astype(np.float32)), unflat(v)


# %% [markdown]
# ## Task 4b


# %% mutant="no-clock" exercise="outer-fedavg"
# You did not count the steps: every round begins at step 0 of the schedule.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="counts-rounds" exercise="outer-fedavg"
# You counted rounds; the clock counts local steps.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += 1
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="adds-all-clients" exercise="outer-fedavg"
# You added the steps of all clients: the schedule would run K times too fast. They step
# at the same time; a round adds the largest number.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += sum(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="mean-of-steps" exercise="outer-fedavg"
# You added the mean of the steps; the text says the largest.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += round(np.mean([one["num-steps"] for one in good]))
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="smallest-steps" exercise="outer-fedavg"
# You added the smallest number of steps.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += min(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="steps-of-the-first" exercise="outer-fedavg"
# You took the first reply's steps for all.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += good[0]["num-steps"]
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="examples-as-steps" exercise="outer-fedavg"
# You counted examples; the clock counts steps.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-examples"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="replaces-the-clock" exercise="outer-fedavg"
# You set the clock to the round's steps; they are added.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps = max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="planned-steps" exercise="outer-fedavg"
# You added the steps that were planned, not those that were taken.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays, self.planned = arrays, config.get("local-steps", 5)
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += self.planned
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="averaged-steps" exercise="outer-fedavg"
# You took num-steps from the averaged metrics: that is their mean.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += round(metrics["num-steps"])
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="clock-runs-on-planning" exercise="outer-fedavg"
# You moved the clock when the round was planned: a round in which everybody fails still
# counts.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        self.num_steps += config.get("local-steps", 5)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="does-not-send-the-clock" exercise="outer-fedavg"
# You did not tell the clients where the federation stands.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="loses-the-config" exercise="outer-fedavg"
# You sent a config of your own without the caller's settings.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({"first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="wrong-key" exercise="outer-fedavg"
# You spelt the key "first_step"; the clients read "first-step".
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first_step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="round-as-clock" exercise="outer-fedavg"
# You sent the round's number as first-step.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": server_round - 1})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="no-outer-step" exercise="outer-fedavg"
# You returned the mean: that is FedAvg, without the outer optimizer.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(mean), metrics


# %% mutant="old-and-mean-swapped" exercise="outer-fedavg"
# You passed mean and model in the wrong order.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(mean, old, self.velocity)
        return packed(model), metrics


# %% mutant="velocity-forgotten" exercise="outer-fedavg"
# You passed None as velocity in every round.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, None)
        return packed(model), metrics


# %% mutant="velocity-not-kept" exercise="outer-fedavg"
# You did not keep the velocity that `outer` returned.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, _ = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="outer-without-mean" exercise="outer-fedavg"
# You called `outer` although nobody replied: there is no mean to go to.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        mean = self.arrays if mean is None else mean
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max([one["num-steps"] for one in good], default=0)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="crashes-without-replies" exercise="outer-fedavg"
# You did not expect that all clients may fail.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="failed-replies-too" exercise="outer-fedavg"
# You asked a failed reply for its content; it has none.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="old-model-of-round-one" exercise="outer-fedavg"
# You kept the first model and stepped from it in every round.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = self.arrays or arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="records-to-outer" exercise="outer-fedavg"
# You passed records to `outer`; it takes dictionaries of arrays.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old = self.arrays
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="returns-a-dictionary" exercise="outer-fedavg"
# You returned a dictionary; the next message needs an ArrayRecord.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return model, metrics


# %% mutant="loses-the-metrics" exercise="outer-fedavg"
# You returned no metrics.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), None


# %% mutant="resets-velocity-on-failure" exercise="outer-fedavg"
# You forgot the velocity when a round failed.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            self.velocity = None
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="outer-twice" exercise="outer-fedavg"
# You called `outer` twice, once for the model and once for the velocity.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model = self.outer(old, mean, self.velocity)[0]
        self.velocity = self.outer(old, mean, self.velocity)[1]
        return packed(model), metrics


# %% mutant="plain-mean" exercise="outer-fedavg"
# You averaged the models yourself and without weights.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        models = [unpacked(r.content["arrays"]) for r in replies if not r.has_error()]
        old = unpacked(self.arrays)
        mean = {n: np.mean([m[n] for m in models], axis=0) for n in old}
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="clock-as-float" exercise="outer-fedavg"
# You sent the clock as a float; it is a number of steps, an int.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0  # the server evaluates; clients only train
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": float(self.num_steps)})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="steps-from-its-own-model" exercise="outer-fedavg"
# You stepped from the model that you returned last; the global model is the one that
# `configure_train` gets.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0  # the server evaluates; clients only train
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        if self.arrays is None:
            self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        self.arrays = packed(model)
        return self.arrays, metrics


# %% mutant="old-model-if-all-failed" exercise="outer-fedavg"
# You returned the old model when all clients had failed; return None, and the caller
# keeps it.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0  # the server evaluates; clients only train
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return self.arrays, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="all-or-nothing" exercise="outer-fedavg"
# You gave the round up when a single client failed; the others' models count.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0  # the server evaluates; clients only train
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None or any(reply.has_error() for reply in replies):
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed(model), metrics


# %% mutant="an-axis-for-the-round" exercise="outer-fedavg"
# You gave the new model an axis more, for the round: its arrays have the shapes that
# outer returned.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0  # the server evaluates; clients only train
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = ConfigRecord({**config, "first-step": self.num_steps})
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        good = [reply.content["metrics"] for reply in replies if not reply.has_error()]
        self.num_steps += max(one["num-steps"] for one in good)
        old, mean = unpacked(self.arrays), unpacked(mean)
        model, self.velocity = self.outer(old, mean, self.velocity)
        return packed({name: w[None] for name, w in model.items()}), metrics


# %% alternative="own-mean" exercise="outer-fedavg"
# Averages by itself and loops over replies.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        config = ConfigRecord(dict(config))
        config["first-step"] = self.num_steps
        self.arrays = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        longest, total, sums = 0, 0, None
        for reply in replies:
            if reply.has_error():
                continue
            count = reply.content["metrics"]["num-examples"]
            longest = max(longest, reply.content["metrics"]["num-steps"])
            part = {n: count * a for n, a in unpacked(reply.content["arrays"]).items()}
            sums = part if sums is None else {n: sums[n] + part[n] for n in sums}
            total += count
        _, metrics = super().aggregate_train(server_round, replies)
        if sums is None:
            return None, metrics
        mean = {n: (a / total).astype(self.arrays[n].dtype) for n, a in sums.items()}
        new, self.velocity = self.outer(self.arrays, mean, self.velocity)
        self.num_steps = self.num_steps + longest
        return packed(new), metrics


# %% alternative="writes-into-config" exercise="outer-fedavg"
# Puts first-step into the config it was given, and keeps model and velocity together.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer, self.num_steps = outer, 0
        self.arrays = self.velocity = None

    def configure_train(self, server_round, arrays, config, grid):
        config["first-step"] = self.num_steps
        self.arrays = arrays
        return FedAvg.configure_train(self, server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        alive = [reply for reply in replies if reply.has_content()]
        mean, metrics = FedAvg.aggregate_train(self, server_round, replies)
        if alive:
            steps = sorted(r.content["metrics"]["num-steps"] for r in alive)
            self.num_steps += steps[-1]
            state = unpacked(self.arrays), unpacked(mean), self.velocity
            new, self.velocity = self.outer(*state)
            mean = ArrayRecord({n: Array(np.asarray(a)) for n, a in new.items()})
        return mean, metrics


# %% alternative="list-of-rounds" exercise="outer-fedavg"
# The clock is a property: the sum over a list of rounds.
class OuterFedAvg(FedAvg):
    def __init__(self, outer, num_clients):
        super().__init__(min_train_nodes=num_clients, min_available_nodes=num_clients)
        self.fraction_evaluate = 0.0
        self.outer = outer
        self.arrays = self.velocity = None
        self.rounds = []

    @property
    def num_steps(self):
        return sum(self.rounds)

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = arrays
        config = config.copy()
        config["first-step"] = self.num_steps
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return mean, metrics
        longest = 0
        for reply in replies:
            if not reply.has_error():
                longest = max(longest, reply.content["metrics"]["num-steps"])
        self.rounds.append(longest)
        model, self.velocity = self.outer(
            unpacked(self.arrays), unpacked(mean), self.velocity
        )
        return packed(model), metrics


# %% [markdown]
# ## Task 5a


# %% mutant="does-not-load" exercise="excess-and-traffic"
# You evaluated what the network happened to hold, the model of the last client, say:
# load `arrays` first.
def excess_loss(network, arrays, batches, floor):
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="loads-too-late" exercise="excess-and-traffic"
# You loaded the model after you had evaluated.
def excess_loss(network, arrays, batches, floor):
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    network.load_state_dict(arrays.to_torch_state_dict())
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="mean-of-means" exercise="excess-and-traffic"
# You averaged the batches' means: a batch of one sequence then counts as much as one of
# thirty.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.stack([one.mean() for one in losses]).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="sum" exercise="excess-and-traffic"
# You added the losses up.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).sum().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="last-batch" exercise="excess-and-traffic"
# You evaluated the last batch only.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return losses[-1].mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="first-batch" exercise="excess-and-traffic"
# You evaluated the first batch only.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return losses[0].mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="no-floor" exercise="excess-and-traffic"
# You returned the loss; the excess is what lies above the floor.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item()


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="floor-added" exercise="excess-and-traffic"
# You added the floor.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() + floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="floor-minus-loss" exercise="excess-and-traffic"
# You subtracted the loss from the floor.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return floor - torch.cat(losses).mean().item()


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="ratio" exercise="excess-and-traffic"
# You divided by the floor.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() / floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="not-below-zero" exercise="excess-and-traffic"
# You cut the excess at 0: on few sequences a loss may lie below the floor, and hiding
# that makes every mean of such numbers too large.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return max(0.0, torch.cat(losses).mean().item() - floor)


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="tensor" exercise="excess-and-traffic"
# You returned a tensor.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="floor-per-batch" exercise="excess-and-traffic"
# You subtracted the floor once for each batch.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor * len(batches)


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="in-bits" exercise="excess-and-traffic"
# You divided by log 2: that is bits, the text says nats.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() / np.log(2) - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="weights-by-tokens" exercise="excess-and-traffic"
# You divided by the number of batches times the size of the first.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return (torch.cat(losses).sum() / (len(batches) * len(batches[0]))).item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="rounds-down" exercise="excess-and-traffic"
# You left the last, shorter round out.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = num_steps // local_steps
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="one-round-more" exercise="excess-and-traffic"
# You added a round although tau divides S.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = num_steps // local_steps + 1
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="rounds-to-nearest" exercise="excess-and-traffic"
# You rounded to the nearest number of rounds; a part of a round is a round.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = round(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="at-least-one" exercise="excess-and-traffic"
# You count a round even if there is no step.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = max(1, ceil(num_steps / local_steps))
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="one-way" exercise="excess-and-traffic"
# You counted one direction; a client receives the model and sends one back.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, model_bytes * num_rounds


# %% mutant="per-step" exercise="excess-and-traffic"
# You counted bytes for every step; a round moves 2M however long it is.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_steps


# %% mutant="shorter-round-cheaper" exercise="excess-and-traffic"
# You charged the last round by its steps; it moves as much as any other.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, round(2 * model_bytes * num_steps / local_steps)


# %% mutant="first-model-only" exercise="excess-and-traffic"
# You counted the first download once: the model comes back in every round.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, model_bytes * (num_rounds + 1)


# %% mutant="bits" exercise="excess-and-traffic"
# You counted bits.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 16 * model_bytes * num_rounds


# %% mutant="rounds-only" exercise="excess-and-traffic"
# You returned the bytes before the rounds.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return 2 * model_bytes * num_rounds, num_rounds


# %% mutant="megabytes" exercise="excess-and-traffic"
# You returned megabytes.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds / 1e6


# %% mutant="float-rounds" exercise="excess-and-traffic"
# You returned rounds and bytes as floats; range() takes an int.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = np.ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="drops-the-smaller-batch" exercise="excess-and-traffic"
# You left out batches that are smaller than the first; every sequence counts.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    losses = [one for one in losses if len(one) == len(losses[0])]
    return torch.cat(losses).mean().item() - floor


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% mutant="numpy-float32" exercise="excess-and-traffic"
# You returned a float32 of NumPy's; the excess is a float, as a MetricRecord takes it.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    with torch.no_grad():
        losses = [next_token_losses(network, torch.as_tensor(b)) for b in batches]
    return torch.cat(losses).mean().numpy() - np.float32(floor)


def traffic(num_steps, local_steps, model_bytes):
    num_rounds = ceil(num_steps / local_steps)
    return num_rounds, 2 * model_bytes * num_rounds


# %% alternative="running-sum" exercise="excess-and-traffic"
# A running sum and count; integer division.
def excess_loss(network, arrays, batches, floor):
    with torch.inference_mode():
        network.load_state_dict(arrays.to_torch_state_dict())
        total, count = 0.0, 0
        for batch in batches:
            losses = next_token_losses(network, torch.from_numpy(batch))
            total += float(losses.double().sum())
            count += len(losses)
    return total / count - floor


def traffic(num_steps, local_steps, model_bytes):
    rounds = 0
    while rounds * local_steps < num_steps:
        rounds += 1
    return rounds, rounds * (model_bytes + model_bytes)


# %% alternative="one-batch" exercise="excess-and-traffic"
# All sequences at once, through functional_call.
from torch.func import functional_call


def excess_loss(network, arrays, batches, floor):
    model = arrays.to_torch_state_dict()
    tokens = torch.as_tensor(np.concatenate(batches, axis=0))
    losses = next_token_losses(lambda x: functional_call(network, model, (x,)), tokens)
    return float(np.average(losses.detach().numpy()) - floor)


def traffic(num_steps, local_steps, model_bytes):
    whole, left = divmod(num_steps, local_steps)
    rounds = whole + bool(left)
    return [rounds, 2 * rounds * model_bytes]


# %% alternative="weighted-average" exercise="excess-and-traffic"
# The batches' means, weighted by their sizes.
def excess_loss(network, arrays, batches, floor):
    network.load_state_dict(arrays.to_torch_state_dict())
    network.eval()
    with torch.no_grad():
        means = [
            next_token_losses(network, torch.as_tensor(b)).mean().item()
            for b in batches
        ]
    return float(np.average(means, weights=[len(b) for b in batches])) - floor


def traffic(num_steps, local_steps, model_bytes):
    rounds = -(-num_steps // local_steps)
    return (rounds, rounds * 2 * model_bytes)
