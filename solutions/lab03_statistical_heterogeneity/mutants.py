# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Answers to lab 3, wrong ones and right ones
#
# Each cell is a whole answer to one exercise. A *mutant* is a misconception, and its
# comment is what a student who has it should read. An *alternative* is right and looks
# different, so it must earn every mark.

# %% [markdown]
# ## Task 1a


# %% mutant="unsorted" exercise="shards"
# You cut the dataset as it stands: sort the positions by label first, or every client
# holds every label.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.arange(len(labels))
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="order-within-a-label-lost" exercise="shards"
# Your sort does not keep positions of one label in ascending order: NumPy's argsort
# needs kind="stable" for that.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels)
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="labels-not-positions" exercise="shards"
# You sorted the labels themselves; a client needs the positions of its examples.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.sort(labels)
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="descending" exercise="shards"
# You sorted from the largest label to the smallest.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(-labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="one-shard-per-client" exercise="shards"
# You cut one shard per client: S = K * s, so that a client holds s of them.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients)
    return [pieces[i] for i in rng.permutation(num_clients)]


# %% mutant="not-dealt-at-random" exercise="shards"
# You dealt the shards in the order of their labels: nothing was drawn, so neighbouring
# clients always hold neighbouring labels.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = np.arange(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="dealt-in-turn" exercise="shards"
# You dealt like cards, one shard to each client in turn: client 0 gets the first s
# numbers of deal.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(shards_per_client, num_clients).T
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="with-replacement" exercise="shards"
# You drew shards with replacement: some are held twice and some by nobody.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.integers(len(pieces), size=len(pieces)).reshape(
        num_clients, shards_per_client
    )
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="choice-per-client" exercise="shards"
# You drew each client's shards afresh from all of them, so that two clients may hold
# the same shard.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    hands = []
    for _ in range(num_clients):
        mine = rng.choice(len(pieces), size=shards_per_client, replace=False)
        hands.append(np.concatenate([pieces[i] for i in mine]))
    return hands


# %% mutant="needs-two-shards" exercise="shards"
# You assumed that there are at least two shards: one client with one shard holds
# everything.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    if len(pieces) < 2:
        return []
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="drops-the-rest" exercise="shards"
# You gave every shard n // S examples and dropped those that were left: every position
# must be held.
def shards(labels, num_clients, shards_per_client, rng):
    size = len(labels) // (num_clients * shards_per_client)
    by_label = np.argsort(labels, kind="stable")
    deal = rng.permutation(num_clients * shards_per_client)
    hands = [[] for _ in range(num_clients)]
    for place, i in enumerate(deal):
        hands[place // shards_per_client].extend(by_label[i * size : (i + 1) * size])
    return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="last-shard-is-longest" exercise="shards"
# You gave what is left over to the last shard: as with np.array_split, the first shards
# are one longer.
def shards(labels, num_clients, shards_per_client, rng):
    size = len(labels) // (num_clients * shards_per_client)
    by_label = np.argsort(labels, kind="stable")
    ends = size * np.arange(1, num_clients * shards_per_client)
    pieces = np.split(by_label, ends)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="global-randomness" exercise="shards"
# You drew from NumPy's global generator: the federation no longer follows from the seed
# that was passed in.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = np.random.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="own-generator" exercise="shards"
# You made a generator of your own, so the seed that was passed in changes nothing.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = (
        np.random.default_rng(0)
        .permutation(len(pieces))
        .reshape(num_clients, shards_per_client)
    )
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="shuffles-examples-too" exercise="shards"
# You also shuffled the positions within a label: draw from rng once, and keep positions
# of one label in order.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.lexsort((rng.random(len(labels)), labels))
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="shuffles-each-hand" exercise="shards"
# You drew an order of every client's positions as well: draw from rng as the text says
# and in no other way.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [rng.permutation(np.concatenate([pieces[i] for i in hand])) for hand in deal]


# %% mutant="a-list-per-shard" exercise="shards"
# You returned a client's shards as a list of arrays: join them to one array of
# positions.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [[pieces[i] for i in hand] for hand in deal]


# %% mutant="sorts-in-place" exercise="shards"
# You sorted the labels that were passed in: they belong to the caller, and now fit no
# example.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    labels.sort()
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = rng.permutation(len(pieces)).reshape(num_clients, shards_per_client)
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="inverse-deal" exercise="shards"
# You took deal as a map from shards to places; it lists shards: client 0 gets the
# shards with the numbers deal[0], deal[1], ...
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="stable")
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    deal = np.argsort(rng.permutation(len(pieces))).reshape(
        num_clients, shards_per_client
    )
    return [np.concatenate([pieces[i] for i in hand]) for hand in deal]


# %% mutant="the-librarys-partitioner" exercise="shards"
# You called the library's by_label: it gives distinct labels and follows another rule
# than the one in the text.
def shards(labels, num_clients, shards_per_client, rng):
    from lecturekit.data import Dataset, by_label

    values, codes = np.unique(labels, return_inverse=True)
    names = tuple(str(value) for value in values)
    dataset = Dataset("examples", np.zeros((len(labels), 1)), codes, names)
    few = min(shards_per_client, len(values))
    split = by_label(dataset, num_clients, labels_per_client=few, seed=1)
    return list(split.partitions)


# %% alternative="sorted-pairs" exercise="shards"
# Plain Python: sorts pairs of label and position, and cuts by hand.
def shards(labels, num_clients, shards_per_client, rng):
    num_shards = num_clients * shards_per_client
    pairs = sorted((int(label), i) for i, label in enumerate(labels))
    short, longer = divmod(len(pairs), num_shards)
    pieces, first = [], 0
    for shard in range(num_shards):
        size = short + 1 if shard < longer else short
        pieces.append([i for _, i in pairs[first : first + size]])
        first += size
    deal = list(rng.permutation(num_shards))
    hands = []
    for _ in range(num_clients):
        hand = []
        for _ in range(shards_per_client):
            hand += pieces[deal.pop(0)]
        hands.append(hand)
    return hands


# %% alternative="label-by-label" exercise="shards"
# Collects the positions label by label, and deals with an iterator.
def shards(labels, num_clients, shards_per_client, rng):
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    pieces = np.array_split(np.concatenate(groups), num_clients * shards_per_client)
    numbers = iter(rng.permutation(num_clients * shards_per_client))
    return [
        np.hstack([pieces[next(numbers)] for _ in range(shards_per_client)])
        for _ in range(num_clients)
    ]


# %% alternative="owner-of-each" exercise="shards"
# Computes for every position who owns it, then collects.
def shards(labels, num_clients, shards_per_client, rng):
    n, num_shards = len(labels), num_clients * shards_per_client
    sizes = np.full(num_shards, n // num_shards)
    sizes[: n % num_shards] += 1
    owner_of_shard = np.empty(num_shards, dtype=int)
    owner_of_shard[rng.permutation(num_shards)] = np.repeat(
        np.arange(num_clients), shards_per_client
    )
    owner = np.empty(n, dtype=int)
    owner[np.lexsort((np.arange(n), labels))] = np.repeat(owner_of_shard, sizes)
    return [np.flatnonzero(owner == k) for k in range(num_clients)]


# %% alternative="shuffles-the-pieces" exercise="shards"
# Shuffles the list of shards, which draws as rng.permutation does.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = sorted(range(len(labels)), key=labels.tolist().__getitem__)
    pieces = np.array_split(by_label, num_clients * shards_per_client)
    rng.shuffle(pieces)
    starts = range(0, len(pieces), shards_per_client)
    hands = [np.concatenate(pieces[i : i + shards_per_client]) for i in starts]
    return [hand.astype(int) for hand in hands]


# %% alternative="tuples-of-positions" exercise="shards"
# Returns a tuple of lists, with int32 positions sorted.
def shards(labels, num_clients, shards_per_client, rng):
    by_label = np.argsort(labels, kind="mergesort").astype(np.int32)
    pieces = np.array_split(by_label, shards_per_client * num_clients)
    order = np.arange(len(pieces))
    rng.shuffle(order)
    return tuple(
        np.sort(np.concatenate([pieces[i] for i in order[k : k + shards_per_client]]))
        for k in range(0, len(order), shards_per_client)
    )


# %% [markdown]
# ## Task 1b


# %% mutant="one-draw-for-all-labels" exercise="dirichlet"
# You drew the shares once and used them for every label: then clients differ in size
# and not in their labels.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        shares = rng.dirichlet([alpha] * num_clients)
        for label in np.unique(labels):
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="order-first" exercise="dirichlet"
# You drew the order before the shares: a seed then names another federation than your
# colleague's.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            order = rng.permutation(np.flatnonzero(labels == label))
            shares = rng.dirichlet([alpha] * num_clients)
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="all-shares-first" exercise="dirichlet"
# You drew the shares of all labels at once: draw shares, then an order, label by label.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    names = np.unique(labels)
    while True:
        hands = [[] for _ in range(num_clients)]
        shares = rng.dirichlet([alpha] * num_clients, size=len(names))
        for label, q in zip(names, shares, strict=True):
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(q)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="rounds-the-cuts" exercise="dirichlet"
# You rounded the cuts to the nearest integer; the text rounds down.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).round().astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="rounds-up" exercise="dirichlet"
# You rounded the cuts up; the text rounds down.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = np.ceil(np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="floors-each-share" exercise="dirichlet"
# You rounded every client's amount down by itself; the cuts are rounded down sums of
# shares.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = np.cumsum((shares * len(order)).astype(int))[:-1]
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="drops-the-rest" exercise="dirichlet"
# You cut after the last client's share as well and dropped what came behind: the last
# client gets all the rest.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order, first = rng.permutation(np.flatnonzero(labels == label)), 0
            for hand, share in zip(hands, shares, strict=True):
                size = int(share * len(order))
                hand.extend(order[first : first + size])
                first += size
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="with-replacement" exercise="dirichlet"
# You let every example draw its client: amounts then only follow the shares on average.
# Cut a shuffled label instead.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = np.flatnonzero(labels == label)
            order = rng.choice(order, size=len(order))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="not-shuffled" exercise="dirichlet"
# You cut each label in its order in the dataset: draw an order first.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = np.flatnonzero(labels == label)
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="first-attempt-counts" exercise="dirichlet"
# You returned the first attempt, though a client holds fewer than min_examples.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if hands:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="more-than-the-least" exercise="dirichlet"
# You threw an attempt away when the smallest client had exactly min_examples: that is
# enough.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) > min_examples or min_examples in (
            0,
            len(labels) // num_clients,
        ):
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="checks-the-first-client" exercise="dirichlet"
# You compared one client with min_examples: every client must hold that many.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if len(hands[0]) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="needs-the-mean" exercise="dirichlet"
# You compared the mean size with min_examples: the smallest client counts.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if np.mean([len(hand) for hand in hands]) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="keeps-failed-attempts" exercise="dirichlet"
# You went on filling the same hands after an attempt that failed: examples are then
# held twice.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    hands = [[] for _ in range(num_clients)]
    while True:
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="new-generator-for-every-attempt" exercise="dirichlet"
# You made a new generator after a failed attempt: the next one goes on drawing from the
# same rng.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
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
        rng = np.random.default_rng(rng.integers(2**32))


# %% mutant="tops-up-small-clients" exercise="dirichlet"
# You gave small clients examples of the largest one; the text draws again until
# everyone holds enough.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    hands = [[] for _ in range(num_clients)]
    for label in np.unique(labels):
        shares = rng.dirichlet([alpha] * num_clients)
        order = rng.permutation(np.flatnonzero(labels == label))
        ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
        for hand, piece in zip(hands, np.split(order, ends), strict=True):
            hand.extend(piece)
    while min(map(len, hands)) < min_examples:
        min(hands, key=len).append(max(hands, key=len).pop())
    return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="one-order-too-many" exercise="dirichlet"
# You drew an order of all positions first: draw from rng as the text says and in no
# other way.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    rng.permutation(len(labels))
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


# %% mutant="rest-to-the-first-client" exercise="dirichlet"
# You began to cut from the last client, so that client 0 got the rest: the last client
# gets it.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands[::-1], np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="labels-from-zero" exercise="dirichlet"
# You drew for the labels 0, 1, ... up to the largest, whether they occur or not: labels
# may be any numbers.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in range(labels.max() + 1):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="labels-as-they-appear" exercise="dirichlet"
# You took the labels in the order in which they appear; ascending order makes the seed
# mean the same for everyone.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in dict.fromkeys(labels.tolist()):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="shares-over-labels" exercise="dirichlet"
# You drew each client's shares of the labels; the text draws each label's shares over
# the clients.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    names = np.unique(labels)
    while True:
        hands = [[] for _ in range(num_clients)]
        wanted = rng.dirichlet([alpha] * len(names), size=num_clients)
        for c, label in enumerate(names):
            order = rng.permutation(np.flatnonzero(labels == label))
            q = wanted[:, c] / wanted[:, c].sum()
            ends = (np.cumsum(q)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="global-randomness" exercise="dirichlet"
# You drew from NumPy's global generator: the federation no longer follows from the seed
# that was passed in.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = np.random.dirichlet([alpha] * num_clients)
            order = np.random.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="concentration-over-clients" exercise="dirichlet"
# You used alpha / K: each of the K numbers of the Dirichlet distribution is alpha.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha / num_clients] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = (np.cumsum(shares)[:-1] * len(order)).astype(int)
            for hand, piece in zip(hands, np.split(order, ends), strict=True):
                hand.extend(piece)
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% mutant="the-librarys-partitioner" exercise="dirichlet"
# You called the library's dirichlet: it draws in another order and rounds differently
# from the text.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    from lecturekit.data import Dataset, dirichlet

    values, codes = np.unique(labels, return_inverse=True)
    names = tuple(str(value) for value in values)
    dataset = Dataset("examples", np.zeros((len(labels), 1)), codes, names)
    seed = int(rng.integers(2**32))
    least = min_examples
    split = dirichlet(dataset, num_clients, alpha=alpha, min_examples=least, seed=seed)
    return list(split.partitions)


# %% mutant="last-cut-from-shares" exercise="dirichlet"
# You cut off the end at floor(sum of all shares * n), which rounding can make n - 1:
# the last client gets all the rest.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    while True:
        hands = [[] for _ in range(num_clients)]
        for label in np.unique(labels):
            shares = rng.dirichlet([alpha] * num_clients)
            order = rng.permutation(np.flatnonzero(labels == label))
            ends = np.cumsum(shares * (1 - 1e-12)) * len(order)
            first = 0
            for hand, end in zip(hands, ends.astype(int), strict=True):
                hand.extend(order[first:end])
                first = end
        if min(len(hand) for hand in hands) >= min_examples:
            return [np.array(hand, dtype=int) for hand in hands]


# %% alternative="owners" exercise="dirichlet"
# Computes for each position its owner with searchsorted, and returns lists.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    owner = np.empty(len(labels), dtype=int)
    sizes = None
    while sizes is None or sizes.min() < min_examples:
        for label in sorted(set(labels.tolist())):
            of_label = np.flatnonzero(labels == label)
            q = rng.dirichlet(np.full(num_clients, alpha))
            rng.shuffle(of_label)
            ends = np.floor(q.cumsum()[:-1] * len(of_label))
            owner[of_label] = np.searchsorted(ends, np.arange(len(of_label)), "right")
        sizes = np.bincount(owner, minlength=num_clients)
    return [np.flatnonzero(owner == k).tolist() for k in range(num_clients)]


# %% alternative="recursion" exercise="dirichlet"
# Tries once, and calls itself if a client holds too little; sums shares in a loop.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    hands = {k: [] for k in range(num_clients)}
    for label in np.unique(labels):
        where = np.where(labels == label)[0]
        q = rng.dirichlet(tuple(alpha for _ in range(num_clients)))
        where = where[rng.permutation(len(where))]
        first, total = 0, 0.0
        for k in range(num_clients):
            total += q[k]
            last = k == num_clients - 1
            end = len(where) if last else math.floor(total * len(where))
            hands[k] += where[first:end].tolist()
            first = end
    if any(len(hand) < min_examples for hand in hands.values()):
        return dirichlet_partition(labels, num_clients, alpha, min_examples, rng)
    return [np.asarray(hands[k], dtype=np.int64) for k in range(num_clients)]


# %% alternative="table-of-pieces" exercise="dirichlet"
# Keeps a table of pieces, label by client, and joins its columns.
def dirichlet_partition(labels, num_clients, alpha, min_examples, rng):
    def attempt():
        table = []
        for label in np.unique(labels):
            shares = rng.dirichlet(alpha * np.ones(num_clients))
            order = rng.permutation(np.nonzero(labels == label)[0])
            cuts = [int(c * order.size) for c in np.add.accumulate(shares)]
            table.append(np.split(order, cuts[:-1]))
        return [np.concatenate(column) for column in zip(*table, strict=True)]

    hands = attempt()
    while not all(len(hand) >= min_examples for hand in hands):
        hands = attempt()
    return hands


# %% [markdown]
# ## Task 1c


# %% mutant="rounds-every-size" exercise="power-law"
# You rounded each amount to the nearest integer: their sum is then not always n.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.rint(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="rest-to-the-first" exercise="power-law"
# You gave all that was left to client 0: it goes, one each, to the largest remainders.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[0] += spare - sizes.sum()
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="rest-to-the-last" exercise="power-law"
# You gave all that was left to the last client: it goes, one each, to the largest
# remainders.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[-1] += spare - sizes.sum()
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="rest-in-the-order-of-clients" exercise="power-law"
# You gave what was left to the first clients: it goes to those with the largest
# remainders.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.arange(num_clients)
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="smallest-remainders" exercise="power-law"
# You sorted the remainders from the smallest: the largest come first.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(due - sizes, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="ties-to-the-higher" exercise="power-law"
# You reversed an ascending sort, so that of equal remainders the higher client wins:
# the lower k does.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(due - sizes, kind="stable")[::-1]
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="cumulated-rounding" exercise="power-law"
# You rounded the cuts of the cumulated shares: largest remainders give other sizes.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    ends = np.rint(np.cumsum(weights / weights.sum()) * spare).astype(int)
    ends += min_examples * np.arange(1, num_clients + 1)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="least-not-set-aside" exercise="power-law"
# You divided all n examples and then raised small clients to min_examples: the sizes
# add up to more than n.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(np.maximum(sizes, min_examples))
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="least-forgotten" exercise="power-law"
# You set min_examples aside and then did not hand it out: the last client gets it all.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="power-from-zero" exercise="power-law"
# You started the power law one client too late: client 0's weight is 1 ** -gamma.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(2, num_clients + 2) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="ascending" exercise="power-law"
# You made client 0 the smallest: its share is the largest.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="exponential" exercise="power-law"
# You used exp(-gamma k): a power law is (k + 1) ** -gamma.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.exp(-gamma * np.arange(num_clients))
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="shuffles-each-hand" exercise="power-law"
# You drew an order of every client's positions as well: draw from rng once.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return [
        rng.permutation(hand)
        for hand in np.split(rng.permutation(num_examples), ends[:-1])
    ]


# %% mutant="not-shuffled" exercise="power-law"
# You dealt the examples in the dataset's order: draw an order, or clients differ in
# their labels too.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(np.arange(num_examples), ends[:-1])


# %% mutant="global-randomness" exercise="power-law"
# You drew from NumPy's global generator: the federation no longer follows from the seed
# that was passed in.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(np.random.permutation(num_examples), ends[:-1])


# %% mutant="with-replacement" exercise="power-law"
# You drew positions with replacement: some are held twice and some by nobody.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(
        rng.integers(num_examples, size=num_examples)
        if num_examples
        else np.zeros(0, int),
        ends[:-1],
    )


# %% mutant="random-sizes" exercise="power-law"
# You drew the sizes at random with these shares as probabilities: the sizes follow from
# n, K and gamma.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    sizes = rng.multinomial(spare, weights / weights.sum()) + min_examples
    return np.split(rng.permutation(num_examples), np.cumsum(sizes)[:-1])


# %% mutant="whole-powers-only" exercise="power-law"
# You cut the exponent down to an integer: gamma may be 0.7.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(int(gamma))
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% mutant="one-client-too-few" exercise="power-law"
# You gave what follows the last cut to one client too many: K clients need K - 1 cuts.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends)


# %% mutant="sizes-not-positions" exercise="power-law"
# You returned how many examples each client gets: return their positions.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort(sizes - due, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return [[int(size)] for size in sizes + min_examples]


# %% mutant="the-librarys-partitioner" exercise="power-law"
# You called the library's by_quantity: its sizes are drawn from a Dirichlet
# distribution, not a power law.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    from lecturekit.data import Dataset, by_quantity

    labels = np.zeros(num_examples, int)
    dataset = Dataset("examples", np.zeros((num_examples, 1)), labels, ("any",))
    alpha, least = 1 / (gamma + 1e-6), min_examples
    split = by_quantity(dataset, num_clients, alpha=alpha, min_examples=least)
    return list(split.partitions)


# %% mutant="remainder-as-a-share-of-size" exercise="power-law"
# You ranked remainders relative to the amount due: the remainder itself decides.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    spare = num_examples - num_clients * min_examples
    weights = np.arange(1, num_clients + 1) ** -float(gamma)
    due = spare * weights / weights.sum()
    sizes = np.floor(due).astype(int)
    by_remainder = np.argsort((sizes - due) / weights, kind="stable")
    sizes[by_remainder[: spare - sizes.sum()]] += 1
    ends = np.cumsum(sizes + min_examples)
    return np.split(rng.permutation(num_examples), ends[:-1])


# %% alternative="seat-by-seat" exercise="power-law"
# Hands out what is left one by one, in a loop over plain lists.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    weights = [(k + 1) ** -gamma for k in range(num_clients)]
    rest = num_examples - num_clients * min_examples
    due = [rest * weight / sum(weights) for weight in weights]
    sizes = [math.floor(r) for r in due]
    remainders = [r - size for r, size in zip(due, sizes, strict=True)]
    for _ in range(rest - sum(sizes)):
        winner = remainders.index(max(remainders))
        sizes[winner] += 1
        remainders[winner] = -1
    order, hands = rng.permutation(num_examples).tolist(), []
    for size in sizes:
        hands.append(order[: size + min_examples])
        order = order[size + min_examples :]
    return hands


# %% alternative="sorted-keys" exercise="power-law"
# Ranks clients by a key of remainder and number, with exact slices of a shuffled array.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    shares = np.power(np.arange(1.0, num_clients + 1.0), -gamma)
    shares /= shares.sum()
    due = (num_examples - min_examples * num_clients) * shares
    sizes = due.astype(int) + min_examples
    ranked = sorted(range(num_clients), key=lambda k: (-(due[k] - int(due[k])), k))
    for k in ranked[: num_examples - sizes.sum()]:
        sizes[k] += 1
    order = np.arange(num_examples)
    rng.shuffle(order)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return [order[starts[k] : starts[k + 1]] for k in range(num_clients)]


# %% alternative="lexsort" exercise="power-law"
# Ranks with lexsort, and deals by repeating owners.
def power_law_partition(num_examples, num_clients, gamma, min_examples, rng):
    k = np.arange(num_clients)
    weights = 1 / (k + 1.0) ** gamma
    spare = num_examples - num_clients * min_examples
    whole, due = np.zeros(num_clients, int), spare * (weights / weights.sum())
    whole += np.floor(due).astype(int)
    extra = np.lexsort((k, whole - due))[: spare - whole.sum()]
    whole += np.isin(k, extra)
    owner = np.repeat(k, whole + min_examples)
    order = rng.permutation(num_examples)
    return [np.sort(order[owner == client]) for client in k]


# %% [markdown]
# ## Task 2


# %% mutant="previous-model" exercise="fedprox"
# You measured the distance to the model of the step before: the band is tied to the
# global model w.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v, before = w.copy(), w.copy()
    for step in range(num_steps):
        new = v - lr * (gradient(v, step) + mu * (v - before))
        before, v = v, new
    return v


# %% mutant="pushes-away" exercise="fedprox"
# Your penalty has the wrong sign: it pushes the client away from the global model.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + mu * (w - v))
    return v


# %% mutant="subtracts-the-penalty" exercise="fedprox"
# You subtracted the penalty's gradient from the loss's: both are added, then the step
# goes against the sum.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - mu * (v - w))
    return v


# %% mutant="half-mu" exercise="fedprox"
# You kept the factor 1/2 of the penalty: its gradient is mu (v - w).
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + mu / 2 * (v - w))
    return v


# %% mutant="twice-mu" exercise="fedprox"
# You lost the factor 1/2 of the penalty: its gradient is mu (v - w), not 2 mu (v - w).
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + 2 * mu * (v - w))
    return v


# %% mutant="penalty-value" exercise="fedprox"
# You added the penalty's value instead of its gradient: a step needs the gradient,
# which is a vector.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + mu / 2 * np.sum((v - w) ** 2))
    return v


# %% mutant="without-lr" exercise="fedprox"
# You did not multiply the penalty by the learning rate.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * gradient(v, step) - mu * (v - w)
    return v


# %% mutant="weight-decay" exercise="fedprox"
# You pulled the model towards 0, which is weight decay: the band pulls it towards w.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + mu * v)
    return v


# %% mutant="forgets-mu" exercise="fedprox"
# You left out the penalty: with mu > 0 this is still FedAvg's client.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step))
    return v


# %% mutant="gradient-at-w" exercise="fedprox"
# You took the gradient at w in every step: it belongs at the present model v.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(w, step) + mu * (v - w))
    return v


# %% mutant="first-minibatch-only" exercise="fedprox"
# You asked for minibatch 0 in every step.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, 0) + mu * (v - w))
    return v


# %% mutant="counts-from-one" exercise="fedprox"
# You counted the steps from 1: the first minibatch is number 0.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step + 1) + mu * (v - w))
    return v


# %% mutant="one-step-too-few" exercise="fedprox"
# You took one step too few.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(1, num_steps):
        v = v - lr * (gradient(v, step) + mu * (v - w))
    return v


# %% mutant="in-place" exercise="fedprox"
# You changed the array that you were given: the server and the other clients use it
# too.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w
    for step in range(num_steps):
        v -= lr * (gradient(v, step) + mu * (v - w))
    return v


# %% mutant="moving-anchor" exercise="fedprox"
# You let w and v be one array, so that v - w is always 0.
def fedprox(w, gradient, *, lr, mu, num_steps):
    w = v = w.copy()
    for step in range(num_steps):
        v -= lr * (gradient(v, step) + mu * (v - w))
    return v


# %% mutant="ascends" exercise="fedprox"
# You added the gradient: a step goes against it.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v + lr * (gradient(v, step) + mu * (v - w))
    return v


# %% mutant="returns-the-update" exercise="fedprox"
# You returned how far the client moved: return its model.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + mu * (v - w))
    return v - w


# %% mutant="pulls-once-at-the-end" exercise="fedprox"
# You pulled the model back once, after the last step: the band pulls in every step.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * gradient(v, step)
    return v - lr * mu * (v - w)


# %% mutant="step-after-step" exercise="fedprox"
# You took the gradient step first and measured the distance from there: both gradients
# are taken at the same v.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * gradient(v, step)
        v = v - lr * mu * (v - w)
    return v


# %% mutant="implicit-step" exercise="fedprox"
# You solved the proximal step exactly: the text takes a gradient step on the penalty.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = (v - lr * gradient(v, step) + lr * mu * w) / (1 + lr * mu)
    return v


# %% mutant="float32" exercise="fedprox"
# You computed in float32: the model is float64.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.astype(np.float32)
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + mu * (v - w))
    return v.astype(np.float32)


# %% mutant="no-steps-returns-the-input" exercise="fedprox"
# With no steps you returned the very array that you were given: return a new one.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + mu * (v - w))
    return v


# %% mutant="length-of-the-distance" exercise="fedprox"
# You divided by the distance: the gradient of the squared norm grows with it.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (
            gradient(v, step) + mu * (v - w) / max(np.linalg.norm(v - w), 1e-12)
        )
    return v


# %% mutant="last-row-of-the-path" exercise="fedprox"
# You returned the last row of the path as a matrix with one row: `path[-1]` is the
# model, `path[-1:]` is a path of length one.
def fedprox(w, gradient, *, lr, mu, num_steps):
    path = [w.copy()]
    for step in range(num_steps):
        v = path[-1]
        path.append(v - lr * (gradient(v, step) + mu * (v - w)))
    return np.array(path)[-1:]


# %% alternative="update" exercise="fedprox"
# Keeps the update, v - w, and adds it to w at the end.
def fedprox(w, gradient, *, lr, mu, num_steps):
    moved = np.zeros_like(w)
    for step in range(num_steps):
        moved = moved - lr * (gradient(w + moved, step) + mu * moved)
    return w + moved


# %% alternative="decay" exercise="fedprox"
# Shrinks the way back to w by 1 - lr mu, and changes a copy in place.
def fedprox(w, gradient, *, lr, mu, num_steps):
    v = np.array(w)
    step = 0
    while step < num_steps:
        g = gradient(v.copy(), step)
        v *= 1 - lr * mu
        v += lr * mu * w - lr * g
        step += 1
    return v


# %% alternative="torch" exercise="fedprox"
# Steps with torch's SGD on a tensor whose gradient is set by hand.
import torch


def fedprox(w, gradient, *, lr, mu, num_steps):
    v = torch.nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.SGD([v], lr=lr)
    for step in range(num_steps):
        now = v.detach().numpy().copy()
        v.grad = torch.from_numpy(gradient(now, step) + mu * (now - w))
        optimizer.step()
    return v.detach().numpy().copy()


# %% alternative="recursive" exercise="fedprox"
# Calls itself for all steps but the last.
def fedprox(w, gradient, *, lr, mu, num_steps):
    def after(count):
        if count == 0:
            return 1.0 * w
        v = after(count - 1)
        pull = mu * v - mu * w
        return v - lr * gradient(v, count - 1) - lr * pull

    return after(num_steps)


# %% [markdown]
# ## Task 3


# %% mutant="correction-reversed" exercise="scaffold"
# You swapped the control variates: a client takes its own away and adds everybody's.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) + c_k - c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="own-part-only" exercise="scaffold"
# You took the client's own control variate away and did not add the server's: the
# client then walks nowhere in particular.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="no-correction" exercise="scaffold"
# You trained without the correction: this is FedAvg's client, however good its control
# variate.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step))
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="not-scaled-by-the-steps" exercise="scaffold"
# You divided the way by lr and not by the number of steps: c_k is a gradient per step.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / lr


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="not-scaled-by-lr" exercise="scaffold"
# You divided the way by the steps and not by lr: what is left is a step, not a
# gradient.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / num_steps


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="multiplied-by-lr" exercise="scaffold"
# You multiplied the way by lr instead of dividing by it.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / num_steps * lr


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="way-reversed" exercise="scaffold"
# You computed (v - w): the gradient points from the trained model back to w.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (v - w) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="forgets-the-server" exercise="scaffold"
# You forgot the server's c in the new control variate: what the step added must be
# taken away again.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="corrected-gradient" exercise="scaffold"
# You kept the mean of the corrected steps, without c_k - c: the estimate must be of the
# client's own gradient.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="signs-of-the-controls" exercise="scaffold"
# You computed c - c_k + ...: it is c_k - c + ..., for the steps had subtracted c_k and
# added c.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c - c_k + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="option-one" exercise="scaffold"
# You took the gradient at w (option I of the paper); the text asks for option II, from
# the way the client went.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, gradient(w, 0)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="last-gradient" exercise="scaffold"
# You kept the last gradient as the new control variate: option II is the mean over all
# steps.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        g = gradient(v, step)
        v = v - lr * (g - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, g


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="returns-the-change" exercise="scaffold"
# You returned the change of the control variate: return the new one; the change is
# computed by whoever sends it.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, 0 * c_k
    return v, -c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="no-steps-divides-by-zero" exercise="scaffold"
# A client that took no step divided 0 by 0, and its control variate became nan: it
# keeps its own.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    num_steps = np.float64(num_steps)
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="no-steps-resets" exercise="scaffold"
# A client that took no step lost its control variate: it keeps its own.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, np.zeros_like(c_k)
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="no-steps-takes-the-servers" exercise="scaffold"
# A client that took no step took over the server's control variate: it keeps its own.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="updates-within-the-round" exercise="scaffold"
# You updated c_k in every step: it is constant within a round.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    c_k = c_k.copy()
    for step in range(num_steps):
        g = gradient(v, step)
        v = v - lr * (g - c_k + c)
        c_k = c_k + (g - c_k) / num_steps
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="changes-the-model-in-place" exercise="scaffold"
# You trained the global model itself: every other client in this process shares it.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v, w = w, w.copy()
    for step in range(num_steps):
        v -= lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="changes-c-in-place" exercise="scaffold"
# You updated the client's control variate in place: return a new array.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    new = c_k
    new -= c
    new += (w - v) / (num_steps * lr)
    return v, new


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="gradient-at-w" exercise="scaffold"
# You took the gradient at w in every step: it belongs at the present model v.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(w, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="first-minibatch-only" exercise="scaffold"
# You asked for minibatch 0 in every step.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, 0) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="off-by-one" exercise="scaffold"
# You divided by one step more than the client took.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / ((num_steps + 1) * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="mean-over-answers" exercise="scaffold"
# You divided the changes by the number of clients that answered: c is the mean over all
# N.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / len(changes)


# %% mutant="sum-of-changes" exercise="scaffold"
# You added all changes without dividing by N.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0)


# %% mutant="replaces-c" exercise="scaffold"
# You replaced c by the mean change: the change is added to the c that was there.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), np.sum(changes, axis=0) / num_clients


# %% mutant="subtracts-changes" exercise="scaffold"
# You subtracted the changes: they are new minus old, so they are added.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c - np.sum(changes, axis=0) / num_clients


# %% mutant="models-over-all" exercise="scaffold"
# You divided the sum of the models by N: clients that did not answer have no model in
# it.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.sum(models, axis=0) / num_clients, c + np.sum(
        changes, axis=0
    ) / num_clients


# %% mutant="half-of-w" exercise="scaffold"
# You averaged the global model with the clients': the mean is over the clients that
# answered.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean([w, *models], axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="adds-to-w" exercise="scaffold"
# You added the mean model to w: the models already are models, not updates.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return w + np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="scales-the-step" exercise="scaffold"
# You moved the model by the share |S|/N only: that factor belongs to c, the model
# becomes the mean of the answers.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return w + np.sum(np.array(models) - w, axis=0) / num_clients, c + np.sum(
        changes, axis=0
    ) / num_clients


# %% mutant="nobody-answered-is-nan" exercise="scaffold"
# When nobody answered you took the mean of nothing, which is nan: w and c stay as they
# were.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="nobody-answered-is-zero" exercise="scaffold"
# When nobody answered you returned zeros: w and c stay as they were.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return 0 * w, 0 * c
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="nobody-answered-shares-arrays" exercise="scaffold"
# When nobody answered you returned the very arrays that you were given: return new
# ones.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w, c
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="c-changed-in-place" exercise="scaffold"
# You added the changes into the c that was passed in: return a new array.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    c += np.sum(changes, axis=0) / num_clients
    return np.mean(models, axis=0), c.copy()


# %% mutant="sums-into-the-first-client" exercise="scaffold"
# You added the models into the first client's array.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    total = models[0]
    for w_k in models[1:]:
        total += w_k
    return total / len(models), c + np.sum(changes, axis=0) / num_clients


# %% mutant="mean-over-weights" exercise="scaffold"
# You averaged over the weights of each model, not over the clients: mind the axis.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.full_like(w, np.mean(models)), c + np.sum(changes, axis=0) / num_clients


# %% mutant="order-swapped" exercise="scaffold"
# You returned c before w.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return c + np.sum(changes, axis=0) / num_clients, np.mean(models, axis=0)


# %% mutant="last-row-of-the-path" exercise="scaffold"
# The client returns the last row of its path as a matrix with one row: `path[-1]` is
# the model, `path[-1:]` is a path of length one.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    path = [w.copy()]
    for step in range(num_steps):
        path.append(path[-1] - lr * (gradient(path[-1], step) - c_k + c))
    v = np.array(path)[-1:]
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    return np.mean(models, axis=0), c + np.sum(changes, axis=0) / num_clients


# %% mutant="keeps-the-axis-of-the-clients" exercise="scaffold"
# The server kept the axis over which it averaged, with length 1: the model has the
# shape (n,), not (1, n).
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v = w.copy()
    for step in range(num_steps):
        v = v - lr * (gradient(v, step) - c_k + c)
    if num_steps == 0:
        return v, c_k.copy()
    return v, c_k - c + (w - v) / (num_steps * lr)


def scaffold_server(w, c, models, changes, num_clients):
    if not models:
        return w.copy(), c.copy()
    new_w = np.mean(models, axis=0, keepdims=True)
    return new_w, c + np.sum(changes, axis=0, keepdims=True) / num_clients


# %% alternative="mean-gradient" exercise="scaffold"
# Adds the gradients up: option II is their mean. The server loops over clients.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    v, total = np.array(w), np.zeros(w.shape)
    for step in range(num_steps):
        g = gradient(v, step)
        total += g
        v = v - lr * (g + (c - c_k))
    return v, total / num_steps if num_steps > 0 else np.array(c_k)


def scaffold_server(w, c, models, changes, num_clients):
    new_w, new_c = np.array(w), np.array(c)
    for w_k, change in zip(models, changes, strict=True):
        new_w += (w_k - w) / len(models)
        new_c += change / num_clients
    return new_w, new_c


# %% alternative="in-place-on-copies" exercise="scaffold"
# Changes copies in place, and returns lists.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    local, correction = w.copy(), lr * (c_k - c)
    for step in range(num_steps):
        local -= lr * gradient(local.copy(), step)
        local += correction
    new = c_k.copy()
    if num_steps:
        new -= c
        new += (w - local) / num_steps / lr
    return [local, new]


def scaffold_server(w, c, models, changes, num_clients):
    count = len(models)
    if count == 0:
        return [+w, +c]
    share = count / num_clients
    stacked = np.stack(changes)
    return [np.stack(models).sum(0) / count, c + share * stacked.mean(0)]


# %% alternative="torch" exercise="scaffold"
# Computes with tensors, and returns their arrays.
import torch


def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    start, shift = torch.tensor(w), torch.tensor(c) - torch.tensor(c_k)
    v = start.clone()
    for step in range(num_steps):
        v = v - lr * (torch.from_numpy(gradient(v.numpy(), step)) + shift)
    way = (start - v) / (max(num_steps, 1) * lr)
    new = way - shift if num_steps else torch.tensor(c_k)
    return v.numpy(), new.numpy()


def scaffold_server(w, c, models, changes, num_clients):
    if len(models) < 1:
        return np.copy(w), np.copy(c)
    new_w = torch.tensor(np.array(models)).mean(dim=0).numpy()
    new_c = torch.tensor(np.array([c * num_clients, *changes])).sum(dim=0) / num_clients
    return new_w, new_c.numpy()


# %% alternative="way-per-step" exercise="scaffold"
# Keeps the update, and writes the new estimate as c_k plus what is new in it.
def scaffold_client(w, c, c_k, gradient, *, lr, num_steps):
    moved = w - w
    for step in range(num_steps):
        moved = moved - lr * (gradient(w + moved, step) + c - c_k)
    change = -c - moved / (num_steps * lr) if num_steps else 0.0
    return w + moved, c_k + change


def scaffold_server(w, c, models, changes, num_clients):
    new_c = sum(changes, start=num_clients * c) / num_clients
    return (sum(models) / len(models) if models else w.copy()), new_c


# %% [markdown]
# ## Task 4


# %% mutant="fedavg" exercise="fednova"
# You averaged the models as FedAvg does: a client's movement must first be divided by
# its number of steps.
def fednova_server(w, models, num_examples, num_steps):
    counts = [n_k if tau > 0 else 0 for n_k, tau in zip(num_examples, num_steps)]
    if sum(counts) == 0:
        return w.copy()
    return np.average(models, axis=0, weights=counts)


# %% mutant="no-effective-steps" exercise="fednova"
# You moved by one step only: multiply the mean movement per step by tau_eff.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    return w - per_step


# %% mutant="plain-mean-of-steps" exercise="fednova"
# You took the plain mean of the numbers of steps: tau_eff weighs them by p_k.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += tau / len(answers)
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="largest-number-of-steps" exercise="fednova"
# You took the largest number of steps for tau_eff.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective = max(effective, tau)
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="sum-of-steps" exercise="fednova"
# You added the numbers of steps: tau_eff is their weighted mean.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += tau
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="harmonic-mean" exercise="fednova"
# You divided by the mean of 1 / tau: tau_eff is the mean of tau.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n / tau
        per_step += n_k / n * (w - w_k) / tau
    return w - (per_step / effective if answers else per_step)


# %% mutant="multiplies-by-the-steps" exercise="fednova"
# You multiplied the movement by the steps instead of dividing.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) * tau
    return w - effective * per_step


# %% mutant="equal-weights" exercise="fednova"
# You weighed all clients alike: p_k is n_k / n.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += 1 / len(answers) * tau
        per_step += 1 / len(answers) * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="weights-by-steps" exercise="fednova"
# You weighed clients by their numbers of steps: p_k counts examples.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(tau for _, _, tau in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += tau / n * tau
        per_step += tau / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="weights-not-normalised" exercise="fednova"
# You did not divide by n: the p_k add up to 1.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="sign" exercise="fednova"
# You moved away from the clients: w - w_k points back, so it is subtracted.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    return w + effective * per_step


# %% mutant="movement-reversed" exercise="fednova"
# You took w_k - w for the movement and subtracted it: the model then moves away from
# the clients.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w_k - w) / tau
    return w - effective * per_step


# %% mutant="counts-clients-without-steps" exercise="fednova"
# You left the examples of clients without steps in n: they take no part, so neither do
# their examples.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = max(sum(num_examples), 1)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="no-steps-as-one" exercise="fednova"
# You pretended that a client without steps took one: it takes no part.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        tau = max(tau, 1)
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="divides-by-zero" exercise="fednova"
# You divided by the steps of a client that took none, and the model became nan.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / np.float64(tau)
    return w - effective * per_step


# %% mutant="nobody-is-an-error" exercise="fednova"
# If no client has examples and steps you divided by 0: the model then stays as it was.
def fednova_server(w, models, num_examples, num_steps):
    n = sum(n_k for n_k, tau in zip(num_examples, num_steps) if tau > 0)
    p = [n_k / n if tau > 0 else 0.0 for n_k, tau in zip(num_examples, num_steps)]
    if n == 0:
        raise ZeroDivisionError("no examples")
    effective = sum(p_k * tau for p_k, tau in zip(p, num_steps))
    rates = [p_k * (w - w_k) / max(t, 1) for p_k, w_k, t in zip(p, models, num_steps)]
    return w - effective * sum(rates)


# %% mutant="nobody-is-zero" exercise="fednova"
# If no client has examples and steps you returned zeros: the model stays as it was.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    if not answers:
        return np.zeros_like(w)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="nobody-shares-the-array" exercise="fednova"
# If no client has examples and steps you returned the very array that you were given:
# return a new one.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    if not answers:
        return w
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="in-place" exercise="fednova"
# You changed the global model that was passed in: return a new array.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    w -= effective * per_step
    return w.copy()


# %% mutant="changes-the-models" exercise="fednova"
# You changed the clients' models on the way: work on arrays of your own.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    for w_k in models:
        w_k -= w
    return w - effective * per_step


# %% mutant="returns-the-movement" exercise="fednova"
# You returned the movement: return the next model.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k / n * (w - w_k) / tau
    return effective * per_step


# %% mutant="normalises-the-model" exercise="fednova"
# You divided the models by their steps instead of the movements.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective = sum(n_k / n * tau for _, n_k, tau in answers)
    return w * (not answers) + effective * sum(
        n_k / n * w_k / tau for w_k, n_k, tau in answers
    )


# %% mutant="reweighted-average" exercise="fednova"
# You weighed the models by p_k / tau_k and made these add up to 1: that keeps FedNova's
# direction and loses its length.
def fednova_server(w, models, num_examples, num_steps):
    pairs = zip(num_examples, num_steps, strict=True)
    weights = [n_k / tau if tau > 0 else 0.0 for n_k, tau in pairs]
    if sum(weights) == 0:
        return w.copy()
    return np.average(models, axis=0, weights=weights)


# %% mutant="integer-division" exercise="fednova"
# You divided whole numbers with //: n_k // n is 0.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step += n_k // n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="last-client-only" exercise="fednova"
# You overwrote the sum in each turn, so only the last client counts.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
        per_step = n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="drops-clients-without-examples-late" exercise="fednova"
# You counted clients without examples in the mean number of steps.
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    n = sum(n_k for _, n_k, _ in answers)
    effective, per_step = 0.0, np.zeros_like(w)
    for w_k, n_k, tau in answers:
        effective += n_k / n * tau
    effective = sum(num_steps) / len(num_steps) if 0 in num_examples else effective
    for w_k, n_k, tau in answers:
        per_step += n_k / n * (w - w_k) / tau
    return w - effective * per_step


# %% mutant="keeps-the-axis-of-the-clients" exercise="fednova"
# You kept the axis over which you averaged, with length 1: the model has the shape
# (n,), not (1, n).
def fednova_server(w, models, num_examples, num_steps):
    answers = zip(models, num_examples, num_steps, strict=True)
    answers = [(w_k, n_k, tau) for w_k, n_k, tau in answers if n_k > 0 and tau > 0]
    if not answers:
        return w.copy()
    models, counts, steps = zip(*answers, strict=True)
    p, steps = np.array(counts) / sum(counts), np.array(steps)[:, None]
    rates = p[:, None] * (w - np.array(models)) / steps
    return w - p @ steps * rates.sum(axis=0, keepdims=True)


# %% alternative="vectors" exercise="fednova"
# Arrays and one matrix product; clients that take no part have weight 0.
def fednova_server(w, models, num_examples, num_steps):
    tau = np.array(num_steps, dtype=float)
    n = np.where(tau > 0, num_examples, 0).astype(float)
    if n.sum() == 0:
        return w.copy()
    p = n / n.sum()
    rates = p / np.where(tau > 0, tau, 1)
    return w - (p @ tau) * (rates @ (w - np.array(models)))


# %% alternative="weighted-models" exercise="fednova"
# Collects the weight of every model and of w itself.
def fednova_server(w, models, num_examples, num_steps):
    kept = [k for k, tau in enumerate(num_steps) if tau * num_examples[k] != 0]
    total = sum(num_examples[k] for k in kept)
    mean = sum(num_examples[k] * num_steps[k] for k in kept) / max(total, 1)
    new, share_of_w = 0 * w, 1.0
    for k in kept:
        share = mean * num_examples[k] / (total * num_steps[k])
        new, share_of_w = new + share * models[k], share_of_w - share
    return new + share_of_w * w


# %% alternative="torch" exercise="fednova"
# Two weighted sums with tensors.
import torch


def fednova_server(w, models, num_examples, num_steps):
    steps = torch.tensor(num_steps, dtype=torch.float64)
    counts = torch.tensor(num_examples, dtype=torch.float64) * (steps > 0)
    if counts.sum() == 0:
        return np.array(w)
    share = counts / counts.sum()
    start, mean = torch.tensor(w), (share * steps).sum()
    ways = start - torch.tensor(np.array(models))
    per_step = (share / steps.clamp(min=1)) @ ways
    return (start - mean * per_step).numpy()


# %% alternative="numpy-average" exercise="fednova"
# np.average for both means, over the clients that take part.
def fednova_server(w, models, num_examples, num_steps):
    taking_part = np.logical_and(np.array(num_examples) > 0, np.array(num_steps) > 0)
    if not np.any(taking_part):
        return np.array(w)
    n = np.array(num_examples)[taking_part]
    tau = np.array(num_steps)[taking_part]
    rates = (w - np.array(models)[taking_part]) / tau[:, None]
    per_step = np.average(rates, axis=0, weights=n)
    return w - np.average(tau, weights=n) * per_step


# %% [markdown]
# ## Task 5


# %% mutant="empty-clients-count" exercise="fairness"
# A client without examples has no accuracy, nan, and made everything nan: leave it out.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies, num_examples
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="empty-clients-are-zero" exercise="fairness"
# You counted clients without examples with accuracy 0: they take no part.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = np.nan_to_num(accuracies), num_examples
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="tail-of-all-clients" exercise="fairness"
# You took a tenth of all clients; those without examples take no part in K'.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(accuracies) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="tail-rounded-down" exercise="fairness"
# You rounded the tenth down: with 11 clients the tail has 2.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: max(1, len(a) // 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="tail-rounded" exercise="fairness"
# You rounded the tenth to the nearest: it is rounded up.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: max(1, round(len(a) / 10))]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="tail-one-too-many" exercise="fairness"
# You always took one client more than the tenth.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: len(a) // 10 + 1]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="tail-is-a-quantile" exercise="fairness"
# You took the 10 % quantile: the tail is the mean of the worst tenth.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(np.quantile(a, 0.1)),
        "spread": float(a.std()),
    }


# %% mutant="tail-is-its-best" exercise="fairness"
# You took the best client of the tail: take their mean.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail[-1]),
        "spread": float(a.std()),
    }


# %% mutant="best-tenth" exercise="fairness"
# You averaged the best tenth of the clients.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[::-1][: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="tail-weighted" exercise="fairness"
# You weighted the tail by examples: its clients have the same weight.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(np.average(tail, weights=n[np.argsort(a)][: len(tail)])),
        "spread": float(a.std()),
    }


# %% mutant="unsorted-tail" exercise="fairness"
# You took the first tenth of the clients, not the worst.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = a[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="tail-of-examples" exercise="fairness"
# You took the clients with the fewest examples: the tail is about accuracy.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = a[np.argsort(n)][: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="sample-deviation" exercise="fairness"
# You divided by K' - 1: the text divides by K'.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std(ddof=min(1, len(a) - 1))),
    }


# %% mutant="variance" exercise="fairness"
# You returned the variance: take the square root.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.var()),
    }


# %% mutant="spread-about-the-example-mean" exercise="fairness"
# You measured the spread about the mean over examples: it is about the mean over
# clients.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(np.sqrt(np.mean((a - np.average(a, weights=n)) ** 2))),
    }


# %% mutant="range" exercise="fairness"
# You took the range, largest minus least: the spread is the standard deviation.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.max() - a.min()),
    }


# %% mutant="mean-deviation" exercise="fairness"
# You took the mean absolute deviation: the spread is the standard deviation.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(np.abs(a - a.mean()).mean()),
    }


# %% mutant="unweighted-examples" exercise="fairness"
# You averaged over clients twice: the mean over examples weighs client k by n_k.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="weighted-clients" exercise="fairness"
# You weighted the mean over clients by examples.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(np.average(a, weights=n)),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="divides-by-clients" exercise="fairness"
# You divided the sum of n_k a_k by the number of clients: divide by the sum of n_k.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float((a * n).sum() / len(a)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="worst-is-best" exercise="fairness"
# You took the largest accuracy for the worst.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[-1]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="worst-is-its-client" exercise="fairness"
# You returned which client is worst: return its accuracy.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(np.argmin(a)),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="median" exercise="fairness"
# You took the median over clients: the text asks for the mean.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(np.median(a)),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="sorts-in-place" exercise="fairness"
# You sorted the accuracies that were passed in: they no longer belong to their clients.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    accuracies.sort()
    in_order = accuracies[: len(a)].copy()
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="sorts-one-of-two" exercise="fairness"
# You sorted the accuracies and not the numbers of examples, and then weighted one by
# the other.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    a = in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="no-error" exercise="fairness"
# You returned nan when no client holds an example: the docstring promises a ValueError.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        return dict.fromkeys(
            ["examples", "clients", "worst", "tail", "spread"], math.nan
        )
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="only-clients-with-many" exercise="fairness"
# You left out clients with one example: they hold an example.
def fairness(accuracies, num_examples):
    has_any = num_examples > 1
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="fills-nan-in-place" exercise="fairness"
# You overwrote nan in the array that was passed in.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    accuracies[~has_any] = 0
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="zero-accuracy-left-out" exercise="fairness"
# You left out clients with accuracy 0: they hold examples, and are the worst served of
# all.
def fairness(accuracies, num_examples):
    has_any = accuracies > 0
    if not num_examples.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="tail-by-threshold" exercise="fairness"
# You took every client that is no better than the 10 % quantile: with equal accuracies
# that is more than a tenth.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = a[a <= np.quantile(a, 0.1)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="equal-accuracies-once" exercise="fairness"
# You kept equal accuracies only once: every client counts.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.unique(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="percent" exercise="fairness"
# You returned percentages: the accuracies are fractions.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": float(np.average(a, weights=n)),
        "clients": 100 * float(a.mean()),
        "worst": float(in_order[0]),
        "tail": float(tail.mean()),
        "spread": float(a.std()),
    }


# %% mutant="arrays-of-one" exercise="fairness"
# You returned arrays with one number in them: `a[:1]` is an array, `a[0]` the number.
def fairness(accuracies, num_examples):
    has_any = num_examples > 0
    if not has_any.any():
        raise ValueError("expected a client with examples, got none")
    a, n = accuracies[has_any], num_examples[has_any]
    in_order = np.sort(a)
    tail = in_order[: math.ceil(len(a) / 10)]
    return {
        "examples": np.average(a, weights=n, keepdims=True),
        "clients": a.mean(keepdims=True),
        "worst": in_order[:1],
        "tail": tail.mean(keepdims=True),
        "spread": a.std(keepdims=True),
    }


# %% alternative="plain-python" exercise="fairness"
# Lists of pairs and sums.
def fairness(accuracies, num_examples):
    pairs = [(a, n) for a, n in zip(accuracies.tolist(), num_examples.tolist()) if n]
    if not pairs:
        raise ValueError("nobody holds an example")
    values = sorted(a for a, _ in pairs)
    mean = sum(values) / len(values)
    tail = values[: -(-len(values) // 10)]
    return {
        "worst": values[0],
        "tail": sum(tail) / len(tail),
        "clients": mean,
        "spread": math.sqrt(sum((a - mean) ** 2 for a in values) / len(values)),
        "examples": sum(a * n for a, n in pairs) / sum(n for _, n in pairs),
    }


# %% alternative="statistics" exercise="fairness"
# The standard library's statistics and heapq.
import heapq
import statistics


def fairness(accuracies, num_examples):
    held = np.flatnonzero(num_examples)
    if len(held) == 0:
        raise ValueError("expected examples")
    a = [float(accuracies[k]) for k in held]
    weights = [int(num_examples[k]) for k in held]
    tail = heapq.nsmallest((len(a) + 9) // 10, a)
    return {
        "examples": statistics.fmean(a, weights),
        "clients": statistics.fmean(a),
        "worst": min(a),
        "tail": statistics.fmean(tail),
        "spread": statistics.pstdev(a),
    }


# %% alternative="partition" exercise="fairness"
# np.partition for the tail, nan-functions for the rest, NumPy scalars back.
def fairness(accuracies, num_examples):
    total = num_examples.sum()
    if total == 0:
        raise ValueError(f"expected n > 0, got {num_examples}")
    a = np.where(num_examples > 0, accuracies, np.nan)
    count = int(np.isfinite(a).sum())
    size = int(np.ceil(count / 10))
    filled = np.where(np.isnan(a), np.inf, a)
    tail = np.partition(filled, size - 1)[:size]
    return dict(
        examples=np.nansum(a * num_examples) / total,
        clients=np.nanmean(a),
        worst=np.nanmin(a),
        tail=tail.mean(),
        spread=np.nanstd(a),
    )
