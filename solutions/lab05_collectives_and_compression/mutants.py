# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Answers to lab 5, wrong ones and right ones
#
# Each cell is a whole answer to one exercise. A *mutant* is a misconception, and its
# comment is what a student who has it should read. An *alternative* is right and looks
# different, so it must earn every mark.

# %% [markdown]
# ## Task 1

# %% mutant="adds-into-views" exercise="ring"
# You added into pieces that np.array_split returned: they are views, so the gradient
# that the worker was given changed.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = np.array_split(array, num_workers)
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="list-of-views" exercise="ring"
# You put the views that np.array_split returns into a list: += still writes into the
# array that they are views of.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = list(np.array_split(array, num_workers))
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="k-steps" exercise="ring"
# You took K steps in each pass: after K - 1 every chunk has been everywhere, and one
# more adds a part twice.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="k-minus-2-steps" exercise="ring"
# You took K - 2 steps in each pass: the last worker's part is still missing then.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(max(num_workers - 2, 0)):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(max(num_workers - 2, 0)):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="k-steps-in-the-second-pass" exercise="ring"
# You took K steps in the all-gather: the worker completed one chunk itself, so it lacks
# K - 1.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="receives-first" exercise="ring"
# You received before you sent. All workers run this program, so all of them wait.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        received = receive()
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += received
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="receives-first-in-the-second-pass" exercise="ring"
# You received before you sent in the all-gather: all workers wait there.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        received = receive()
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = received
    return np.concatenate(chunks)


# %% mutant="reduce-scatter-only" exercise="ring"
# You stopped after the reduce-scatter: each worker has one complete chunk, and needs
# the others.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    return np.concatenate(chunks)


# %% mutant="adds-in-the-second-pass" exercise="ring"
# You added in the all-gather as well: complete chunks replace what a worker has.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] += receive()
    return np.concatenate(chunks)


# %% mutant="replaces-in-the-first-pass" exercise="ring"
# You replaced in the reduce-scatter: there, what arrives is added to the own chunk.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] = receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="second-pass-one-off" exercise="ring"
# You began the all-gather with chunk k; the one that worker k completed is (k + 1) mod
# K.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="sends-the-same-chunk" exercise="ring"
# You sent the same chunk in every step of the all-gather: from the second step on, pass
# on what you received last.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="sends-its-own-chunk-always" exercise="ring"
# You sent chunk k in every step of the reduce-scatter; in step s it is (k - s) mod K.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[rank])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="other-way-round" exercise="ring"
# You counted chunks upwards: chunks travel to the right, so in step s worker k sends (k
# - s) mod K.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank + step) % num_workers])
        chunks[(rank + step + 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="adds-to-the-chunk-it-sent" exercise="ring"
# You added what arrived to the chunk that you had just sent; it belongs to the chunk
# before it.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="second-pass-in-place-one-late" exercise="ring"
# You stored what the all-gather brought one chunk too low.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="whole-vectors" exercise="ring"
# You sent whole vectors around the ring: the sum is right, and the bytes are K / 2
# times what chunks need.
def ring_all_reduce(array, rank, num_workers, send, receive):
    total, passing = array.copy(), array.copy()
    for _ in range(num_workers - 1):
        send(passing)
        passing = receive()
        total += passing
    return total


# %% mutant="averages" exercise="ring"
# You returned the average: all-reduce is asked for the sum.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks) / num_workers


# %% mutant="divides-while-it-adds" exercise="ring"
# You divided by K on the way: all-reduce is asked for the sum.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive() / num_workers
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="equal-chunks" exercise="ring"
# You cut into K equal parts with np.split, which refuses lengths that K does not
# divide.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="drops-the-remainder" exercise="ring"
# You cut chunks of n // K entries: the last n mod K entries of the vector are in none
# of them.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [
        array[k * (len(array) // num_workers) :][: len(array) // num_workers].copy()
        for k in range(num_workers)
    ]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="remainder-in-the-last-chunk" exercise="ring"
# You put the remainder into the last chunk: np.array_split spreads it, so that lengths
# differ by at most one, and neighbours expect that.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [
        array[k * (len(array) // num_workers) :].copy()
        if k == num_workers - 1
        else array[k * (len(array) // num_workers) :][
            : len(array) // num_workers
        ].copy()
        for k in range(num_workers)
    ]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="float64" exercise="ring"
# You computed in float64: a float32 chunk then takes twice its bytes on the wire.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.astype(np.float64) for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="float64-inside" exercise="ring"
# You sent float64 chunks and converted the result only: the wire carries twice the
# bytes.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.astype(np.float64) for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks).astype(array.dtype)


# %% mutant="float32-always" exercise="ring"
# You converted to float32: an array keeps its dtype.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.astype(np.float32) for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="alone-returns-its-input" exercise="ring"
# You returned the array itself for K = 1: the result is a new array, which its owner
# may change.
def ring_all_reduce(array, rank, num_workers, send, receive):
    if num_workers == 1:
        return array
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="alone-sends" exercise="ring"
# You let a single worker send to itself; with K = 1 there is nothing to exchange.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(max(1, num_workers - 1)):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(max(1, num_workers - 1)):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="skips-empty-chunks" exercise="ring"
# You did not send empty chunks: the neighbour waits for one message in every step.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        if chunks[(rank - step) % num_workers].size:
            send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="starts-elsewhere" exercise="ring"
# You began the reduce-scatter one chunk further: neighbours that follow the protocol
# expect chunk (k - s) mod K in step s.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 2 - step) % num_workers])
        chunks[(rank + 1 - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="rank-from-one" exercise="ring"
# You counted workers from 1; ranks begin at 0.
def ring_all_reduce(array, rank, num_workers, send, receive):
    rank = rank - 1
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="modulo-k-minus-1" exercise="ring"
# You took indices modulo K - 1: there are K chunks.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % max(1, num_workers - 1)])
        chunks[(rank - step - 1) % max(1, num_workers - 1)] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % max(1, num_workers - 1)])
        chunks[(rank - step) % max(1, num_workers - 1)] = receive()
    return np.concatenate(chunks)


# %% mutant="writes-the-sum-back" exercise="ring"
# You wrote the sum into the array that you were given: return a new one.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    array[:] = np.concatenate(chunks)
    return array.copy()


# %% mutant="returns-chunks" exercise="ring"
# You returned the list of chunks: put them end to end.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return chunks


# %% mutant="rolled" exercise="ring"
# You rotated the chunks: chunk 0 comes first, whichever the worker completed first.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks[rank:] + chunks[:rank])


# %% mutant="forgets-the-last" exercise="ring"
# You left out the last receive of the all-gather.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        if step < num_workers - 2:
            chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="sends-after-adding" exercise="ring"
# You added what you received before you knew what to send: send first, and then the
# chunk below.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        if step == 0:
            send(chunks[rank])
        chunks[(rank - step - 1) % num_workers] += receive()
        if step < num_workers - 1:
            send(chunks[(rank - step - 1) % num_workers])
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="padded" exercise="ring"
# You padded the vector to a multiple of K: neighbours expect the chunks of
# np.array_split, whose lengths differ by at most one.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = np.split(np.pad(array, (0, -len(array) % num_workers)), num_workers)
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)[: len(array)]


# %% mutant="float64-result" exercise="ring"
# You collected the chunks in an array of np.zeros, which is float64: the sum keeps the
# dtype of the array.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    total = np.zeros(len(array))
    total[:] = np.concatenate(chunks)
    return total


# %% mutant="nothing-to-do-for-nothing" exercise="ring"
# You returned at once for an empty vector: the neighbours still wait for a message in
# each step.
def ring_all_reduce(array, rank, num_workers, send, receive):
    if len(array) == 0:
        return array.copy()
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="steps-from-one" exercise="ring"
# You counted steps from 1: step 0 sends the own chunk k.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(1, num_workers):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(1, num_workers):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="one-pass-of-all-steps" exercise="ring"
# You added in all 2 (K - 1) steps of one long pass: after K - 1 of them, chunks
# replace.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(2 * (num_workers - 1)):
        send(chunks[(rank - step) % num_workers])
        chunks[(rank - step - 1) % num_workers] += receive()
    return np.concatenate(chunks)


# %% mutant="everything-at-once" exercise="ring"
# You sent all your chunks before you received any: only the first is known to be what
# the neighbour needs.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers])
    for step in range(num_workers - 1):
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="column-chunks" exercise="ring"
# You sent chunks as columns: they are 1-d arrays.
def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = [chunk.copy() for chunk in np.array_split(array, num_workers)]
    for step in range(num_workers - 1):
        send(chunks[(rank - step) % num_workers][:, None])
        chunks[(rank - step - 1) % num_workers] += receive()
    for step in range(num_workers - 1):
        send(chunks[(rank + 1 - step) % num_workers])
        chunks[(rank - step) % num_workers] = receive()
    return np.concatenate(chunks)


# %% mutant="chunks-by-stride" exercise="ring"
# You dealt the numbers out like cards. A chunk is a piece of the vector, as
# np.array_split cuts it.
def ring_all_reduce(array, rank, num_workers, send, receive):
    parts = [array[i::num_workers].copy() for i in range(num_workers)]
    K = num_workers
    for s in range(K - 1):
        send(parts[(rank - s) % K])
        parts[(rank - s - 1) % K] = parts[(rank - s - 1) % K] + receive()
    for s in range(K - 1):
        send(parts[(rank + 1 - s) % K])
        parts[(rank - s) % K] = receive()
    return np.concatenate(parts)


# %% mutant="float32-on-the-wire" exercise="ring"
# You sent float32, whatever the array holds: the sums of float64 arrays lose half of
# their digits.
def ring_all_reduce(array, rank, num_workers, send, receive):
    parts = [p.copy() for p in np.array_split(array, num_workers)]
    K = num_workers
    for s in range(K - 1):
        send(parts[(rank - s) % K].astype(np.float32))
        parts[(rank - s - 1) % K] = parts[(rank - s - 1) % K] + receive()
    for s in range(K - 1):
        send(parts[(rank + 1 - s) % K])
        parts[(rank - s) % K] = receive()
    return np.concatenate(parts)


# %% alternative="one-buffer" exercise="ring"
# Cuts by boundaries and works in one buffer, sending slices of it.
def ring_all_reduce(array, rank, num_workers, send, receive):
    total, extra = np.array(array), len(array) % num_workers
    size = len(array) // num_workers
    ends = [(k + 1) * size + min(k + 1, extra) for k in range(num_workers)]
    starts = [0, *ends[:-1]]

    def piece(k):
        k %= num_workers
        return slice(starts[k], ends[k])

    for step in range(num_workers - 1):
        send(total[piece(rank - step)])
        total[piece(rank - step - 1)] += receive()
    for step in range(num_workers - 1):
        send(total[piece(rank - step + 1)])
        total[piece(rank - step)] = receive()
    return total


# %% alternative="one-loop" exercise="ring"
# One loop over both passes, and the chunk in transit is kept between steps.
def ring_all_reduce(array, rank, num_workers, send, receive):
    K = num_workers
    chunks = dict(enumerate(np.array_split(array.copy(), K)))
    where, moving = rank, chunks[rank]
    for turn in range(2 * K - 2):
        send(moving)
        where = (where - 1) % K
        moving = receive()
        if turn < K - 1:
            moving = chunks[where] + moving
        chunks[where] = moving
    return np.hstack([chunks[k] for k in range(K)])


# %% alternative="recursive" exercise="ring"
# Calls itself for each step.
def ring_all_reduce(array, rank, num_workers, send, receive):
    def go(step, chunks):
        if step == 2 * (num_workers - 1):
            return np.concatenate(chunks)
        send(chunks[(rank - step) % num_workers])
        got, k = receive(), (rank - step - 1) % num_workers
        adds = step < num_workers - 1
        chunks[k] = chunks[k] + got if adds else got
        return go(step + 1, chunks)

    return go(0, list(np.array_split(array, num_workers)))


# %% alternative="deque" exercise="ring"
# Rotates a deque instead of counting modulo K.
from collections import deque


def ring_all_reduce(array, rank, num_workers, send, receive):
    chunks = deque(np.array(chunk) for chunk in np.array_split(array, num_workers))
    chunks.rotate(-rank)  # the own chunk first
    for _ in range(num_workers - 1):
        send(chunks[0])
        chunks.rotate(1)
        chunks[0] = receive() + chunks[0]
    for _ in range(num_workers - 1):
        send(chunks[0])
        chunks.rotate(1)
        chunks[0] = receive()
    chunks.rotate(rank - 2 * (num_workers - 1))  # chunk 0 first
    return np.concatenate(list(chunks))


# %% alternative="through-torch" exercise="ring"
# Adds with torch, and sends NumPy arrays.
import torch


def ring_all_reduce(array, rank, num_workers, send, receive):
    n = num_workers
    parts = [torch.tensor(part) for part in np.array_split(array, n)]
    for step in range(n - 1):
        send(parts[(rank + n - step) % n].numpy())
        into = (rank + 2 * n - step - 1) % n
        parts[into] = parts[into] + torch.from_numpy(np.array(receive()))
    for step in range(n - 1):
        send(parts[(rank + 1 + n - step) % n].numpy())
        parts[(rank + n - step) % n] = torch.from_numpy(np.array(receive()))
    return torch.cat(parts).numpy()


# %% [markdown]
# ## Task 2a


# %% mutant="bits-for-bytes" exercise="exchange-time"
# You divided bytes by bits per second: a byte has eight bits.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="divides-by-8" exercise="exchange-time"
# You divided by eight: bits are more than bytes.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes / 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="binary-megabits" exercise="exchange-time"
# You took a megabit for 2^20 bits; networks count in powers of ten.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 2**20) + hops * latency_ms / 1000


# %% mutant="kilobits" exercise="exchange-time"
# You took megabits for kilobits.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e3) + hops * latency_ms / 1000


# %% mutant="milliseconds" exercise="exchange-time"
# You added milliseconds to seconds.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms


# %% mutant="no-latency" exercise="exchange-time"
# You left out the latency.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    models = {
        "server": num_workers,
        "all-to-all": num_workers - 1,
        "ring": 2 * (num_workers - 1) / num_workers,
    }
    if topology not in models:
        raise ValueError(f"unknown topology {topology!r}")
    return models[topology] * num_bytes * 8 / (mbps * 1e6)


# %% mutant="one-latency" exercise="exchange-time"
# You counted one latency for every topology: messages that wait for each other pay one
# each.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + min(hops, 1) * latency_ms / 1000


# %% mutant="ring-once" exercise="exchange-time"
# You counted one pass of the ring; there are two, of K - 1 steps each.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = others / num_workers, others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="ring-bytes-once" exercise="exchange-time"
# You counted the bytes of one pass of the ring only.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="ring-k-steps" exercise="exchange-time"
# You counted K steps in each pass of the ring instead of K - 1.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2, 2 * num_workers
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="ring-at-infinity" exercise="exchange-time"
# You took the ring's limit for many workers, two models; with K workers it is 2 (K - 1)
# / K.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="ring-whole-models" exercise="exchange-time"
# You let whole models go around the ring: each message is a chunk of S / K bytes.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="ring-two-latencies" exercise="exchange-time"
# You paid two latencies on the ring: each of its 2 (K - 1) steps waits for the one
# before.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="ring-latency-per-chunk" exercise="exchange-time"
# You divided the ring's latency by K: a short message travels as long as a long one.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others / num_workers
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="server-k-minus-1" exercise="exchange-time"
# You let K - 1 models pass the server's link: the server is another machine, and all K
# workers send.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = others, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="server-both-ways" exercise="exchange-time"
# You added the server's way in and its way out: they overlap, because its link carries
# both at the same time.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = 2 * num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="server-workers-link" exercise="exchange-time"
# You looked at a worker's link, which carries one model; the busiest link is the
# server's.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = 1, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="server-one-latency" exercise="exchange-time"
# You counted one latency for the server: the average has to come back.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 1
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="server-latency-per-worker" exercise="exchange-time"
# You paid the server's latency once per worker: the models travel at the same time.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2 * num_workers
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="all-to-all-k" exercise="exchange-time"
# You let a worker send its model to itself as well.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = num_workers, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="all-to-all-one-model" exercise="exchange-time"
# You sent one model: each of the other K - 1 workers gets its own copy over the same
# link.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = 1, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="all-to-all-pairs" exercise="exchange-time"
# You added up all links; the busiest one decides, as they work at the same time.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = num_workers * others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="all-to-all-both-ways" exercise="exchange-time"
# You added what comes in and what goes out: a link carries both at the same time.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = 2 * others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="all-to-all-latencies" exercise="exchange-time"
# You paid one latency per other worker: the messages travel at the same time.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, others
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="unknown-is-ring" exercise="exchange-time"
# You took every other name for a ring: an unknown topology is an error.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    else:
        models, hops = 2 * others / num_workers, 2 * others
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="key-error" exercise="exchange-time"
# You let an unknown name end in a KeyError; the docstring promises a ValueError.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise KeyError(topology)
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="returns-none" exercise="exchange-time"
# You returned None for an unknown topology: raise a ValueError.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        return None
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="any-case" exercise="exchange-time"
# You accepted "Ring" for "ring": the names are the three given.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    topology = str(topology).lower()
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


# %% mutant="returns-milliseconds" exercise="exchange-time"
# You returned milliseconds.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e3) + hops * latency_ms


# %% mutant="integer-division" exercise="exchange-time"
# You divided with //: times are not whole numbers of anything.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others // num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="ring-half-the-latencies" exercise="exchange-time"
# You paid the latency of one pass of the ring.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="infinite" exercise="exchange-time"
# You returned infinity for an unknown topology: raise a ValueError.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        return math.inf
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="full-duplex-halves" exercise="exchange-time"
# You halved the bandwidth because links work both ways: a link carries B in each
# direction.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = num_workers, 2
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6 / 2) + hops * latency_ms / 1000


# %% mutant="server-is-a-worker" exercise="exchange-time"
# You let the server be one of the workers, and counted K - 1 models and no way back.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    others = num_workers - 1
    if topology == "server":
        models, hops = others, 1
    elif topology == "all-to-all":
        models, hops = others, 1
    elif topology == "ring":
        models, hops = 2 * others / num_workers, 2 * others
    else:
        raise ValueError(f"unknown topology {topology!r}")
    return models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000


# %% mutant="store-and-forward" exercise="exchange-time"
# You let the server wait for all models before it sends the average. It sends each part
# as soon as it has it.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    S = 8 * num_bytes / (mbps * 1e6)
    L = latency_ms / 1000
    K = num_workers
    if topology == "server":
        return (K + 1) * S + 2 * L
    if topology == "all-to-all":
        return (K - 1) * S + L
    if topology == "ring":
        return 2 * (K - 1) / K * S + 2 * (K - 1) * L
    raise ValueError(topology)


# %% mutant="max-of-the-terms" exercise="exchange-time"
# You took the larger of the two terms. Bytes and latency add up.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    S = 8 * num_bytes / (mbps * 1e6)
    L = latency_ms / 1000
    K = num_workers
    if topology == "server":
        return K * S + 2 * L
    if topology == "all-to-all":
        return (K - 1) * S + L
    if topology == "ring":
        return 2 * (K - 1) * max(S / K, L)
    raise ValueError(topology)


# %% mutant="arrays-of-one" exercise="exchange-time"
# You returned an array with one number in it: T is one float.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    K, names = num_workers, ["server", "all-to-all", "ring"]
    if topology not in names:
        raise ValueError(f"topology must be one of {names}, got {topology!r}")
    models = np.array([K, K - 1, 2 * (K - 1) / K])
    hops = np.array([2, 1, 2 * (K - 1)])
    seconds = models * num_bytes * 8 / (mbps * 1e6) + hops * latency_ms / 1000
    return seconds[[names.index(topology)]]


# %% alternative="table" exercise="exchange-time"
# Looks the two numbers up in a dictionary.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    K, bits = num_workers, 8 * num_bytes
    table = {
        "server": (K * bits, 2),
        "all-to-all": ((K - 1) * bits, 1),
        "ring": (2 * (K - 1) * bits / K, 2 * (K - 1)),
    }
    if topology not in table:
        raise ValueError(f"topology must be one of {list(table)}, got {topology!r}")
    carried, waits = table[topology]
    return carried / mbps / 1e6 + waits * latency_ms * 1e-3


# %% alternative="step-by-step" exercise="exchange-time"
# Adds up the ring message by message.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    bytes_per_s, delay = mbps * 125_000, latency_ms / 1000
    match topology:
        case "server":
            return num_workers * num_bytes / bytes_per_s + delay + delay
        case "all-to-all":
            return sum(num_bytes / bytes_per_s for _ in range(num_workers - 1)) + delay
        case "ring":
            step = num_bytes / num_workers / bytes_per_s + delay
            return sum(step for _ in range(2 * (num_workers - 1)))
    raise ValueError(topology)


# %% alternative="network" exercise="exchange-time"
# Lets the runtime's own Network do the units.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    link, K = Network(uplink_mbps=mbps, latency_ms=latency_ms), num_workers
    if topology == "ring":
        return 2 * (K - 1) * link.uplink_s(num_bytes / K)
    if topology == "all-to-all":
        return link.uplink_s((K - 1) * num_bytes)
    if topology == "server":
        return link.uplink_s(K * num_bytes) + link.latency_s
    raise ValueError("server, all-to-all or ring")


# %% alternative="numpy-float" exercise="exchange-time"
# Returns a NumPy number, and subclasses ValueError.
class UnknownTopology(ValueError):
    pass


def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    names = ["server", "all-to-all", "ring"]
    if topology not in names:
        raise UnknownTopology(topology)
    models = np.array([num_workers, num_workers - 1, 2 - 2 / num_workers])
    hops = np.array([2, 1, 2 * num_workers - 2])
    times = models * num_bytes / mbps * 8e-6 + hops * latency_ms * 0.001
    return times[names.index(topology)]


# %% alternative="match" exercise="exchange-time"
# Uses match.
def exchange_s(topology, num_bytes, num_workers, *, mbps, latency_ms):
    S = 8 * num_bytes / (mbps * 1e6)
    L = latency_ms / 1000
    K = num_workers
    match topology:
        case "server":
            return K * S + 2 * L
        case "all-to-all":
            return (K - 1) * S + L
        case "ring":
            return 2 * (K - 1) * (S / K + L)
        case _:
            raise ValueError("no such topology")


# %% [markdown]
# ## Task 2b


# %% mutant="share-of-waiting" exercise="local-steps"
# You returned the share of a round that is spent waiting.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return exchange / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="compute-over-exchange" exercise="local-steps"
# You divided computing by the exchange: divide by the whole round.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / max(exchange, 1e-12)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="multiplies-by-the-speed" exercise="local-steps"
# You multiplied steps by steps per second: tau steps take tau / nu seconds.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps * steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="one-step" exercise="local-steps"
# You computed for one step: a round has tau.
def utilisation(local_steps, steps_per_s, exchange):
    compute = 1 / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="percent" exercise="local-steps"
# You returned percent: a share lies between 0 and 1.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return 100 * compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="exchange-per-step" exercise="local-steps"
# You let every local step pay for an exchange.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + local_steps * exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="drops-the-short-round" exercise="local-steps"
# You rounded the number of rounds down: the last, short round ends with an exchange,
# too.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = num_steps // local_steps
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="one-round-more" exercise="local-steps"
# You counted one round too many when tau divides N.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = num_steps // local_steps + 1
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="broken-rounds" exercise="local-steps"
# You paid for a part of an exchange: a short round pays for a whole one.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = num_steps / local_steps
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="rounds-to-nearest" exercise="local-steps"
# You rounded the number of rounds to the nearest whole number: a short round counts.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = round(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="whole-rounds" exercise="local-steps"
# You let the last round have tau steps: it is shorter if N demands it.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_rounds * local_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="no-exchange-at-the-end" exercise="local-steps"
# You left out the exchange after the last round.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + (num_rounds - 1) * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="exchanges-every-step" exercise="local-steps"
# You paid for an exchange after every step: that is tau = 1.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    return num_steps / steps_per_s + num_steps * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="rounds-down" exercise="local-steps"
# You rounded the break-even down: one step fewer does not reach the target.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.floor(steps_per_s * exchange * target / (1 - target)))


# %% mutant="rounds-half" exercise="local-steps"
# You rounded the break-even to the nearest whole number: it may fall short.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, round(steps_per_s * exchange * target / (1 - target)))


# %% mutant="one-step-more" exercise="local-steps"
# You added a step: the target is reached with the least tau at which utilisation equals
# it.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.floor(steps_per_s * exchange * target / (1 - target)) + 1)


# %% mutant="no-fewer-than-one" exercise="local-steps"
# You returned 0 steps where the exchange takes no time: tau is at least 1.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return math.ceil(steps_per_s * exchange * target / (1 - target))


# %% mutant="target-times-exchange" exercise="local-steps"
# You multiplied by the target: solve u(tau) = target for tau, which gives target / (1 -
# target).
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target))


# %% mutant="other-way" exercise="local-steps"
# You divided 1 - target by target.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * (1 - target) / target))


# %% mutant="over-one-minus-target" exercise="local-steps"
# You divided by 1 - target and forgot to multiply by target.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange / (1 - target)))


# %% mutant="half-only" exercise="local-steps"
# You answered for a target of one half: as long as the exchange.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange))


# %% mutant="no-speed" exercise="local-steps"
# You returned seconds: multiplied by steps per second they are steps.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(exchange * target / (1 - target)))


# %% mutant="divides-by-the-speed" exercise="local-steps"
# You divided the exchange by steps per second: it lasts T nu steps.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(exchange / steps_per_s * target / (1 - target)))


# %% mutant="not-whole" exercise="local-steps"
# You returned a broken number of steps.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, steps_per_s * exchange * target / (1 - target))


# %% mutant="powers-of-two" exercise="local-steps"
# You doubled until the target was reached: the least tau need not be a power of two.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    steps = 1
    while utilisation(steps, steps_per_s, exchange) < target:
        steps *= 2
    return steps


# %% mutant="more-than-the-target" exercise="local-steps"
# You asked for more than the target; reaching it is enough.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    steps = 1
    while utilisation(steps, steps_per_s, exchange) <= target:
        steps += 1
    return steps


# %% mutant="adds-a-half" exercise="local-steps"
# You added a half and rounded, which rounds 1.5 to 2 where one step is enough.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, round(steps_per_s * exchange * target / (1 - target) + 0.5))


# %% mutant="whole-seconds" exercise="local-steps"
# You divided with //, which cuts off parts of a second.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps // steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="at-least-one-whole-round" exercise="local-steps"
# You counted whole rounds, and one if there is none.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = max(1, num_steps // local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="two-at-least" exercise="local-steps"
# You returned at least two steps: one may be enough.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(2, math.ceil(steps_per_s * exchange * target / (1 - target)))


# %% mutant="break-even-of-training" exercise="local-steps"
# You rounded the exchange up to whole seconds.
def utilisation(local_steps, steps_per_s, exchange):
    compute = local_steps / steps_per_s
    return compute / (compute + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    num_rounds = math.ceil(num_steps / local_steps)
    return num_steps / steps_per_s + num_rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(steps_per_s * math.ceil(exchange) * target / (1 - target)))


# %% mutant="rounds-from-a-hundredth-on" exercise="local-steps"
# You rounded up by adding almost one half: a hundredth of a step above a whole number
# is one step more.
def utilisation(local_steps, steps_per_s, exchange):
    c = local_steps / steps_per_s
    return c / (c + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    rounds = -(-num_steps // local_steps)
    return num_steps / steps_per_s + rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    return max(1, round(0.49 + target / (1 - target) * exchange * steps_per_s))


# %% mutant="overlaps" exercise="local-steps"
# You let workers compute while they exchange. Here a round is steps, then an exchange.
def utilisation(local_steps, steps_per_s, exchange):
    c = local_steps / steps_per_s
    return c / (c + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    rounds = -(-num_steps // local_steps)
    return max(num_steps / steps_per_s, rounds * exchange)


def break_even_steps(steps_per_s, exchange, target):
    return max(1, math.ceil(target / (1 - target) * exchange * steps_per_s))


# %% mutant="arrays-of-one" exercise="local-steps"
# You returned arrays with one number in them: a share, a time and a number of steps are
# one number each.
def utilisation(local_steps, steps_per_s, exchange):
    c = np.atleast_1d(local_steps) / steps_per_s
    return c / (c + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    rounds = np.ceil(np.atleast_1d(num_steps) / local_steps)
    return num_steps / steps_per_s + rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    least = np.ceil(np.atleast_1d(target / (1 - target) * exchange * steps_per_s))
    return np.maximum(1, least).astype(int)


# %% alternative="search" exercise="local-steps"
# Searches for the least tau, doubling and halving.
def utilisation(local_steps, steps_per_s, exchange):
    return 1 / (1 + exchange * steps_per_s / local_steps)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    rounds, rest = divmod(num_steps, local_steps)
    seconds = rounds * (local_steps / steps_per_s + exchange)
    return seconds + (rest / steps_per_s + exchange if rest else 0)


def break_even_steps(steps_per_s, exchange, target):
    high = 1
    while utilisation(high, steps_per_s, exchange) < target:
        high *= 2
    low = high // 2  # not enough, or 0
    while high - low > 1:
        middle = (low + high) // 2
        if utilisation(middle, steps_per_s, exchange) < target:
            low = middle
        else:
            high = middle
    return high


# %% alternative="loops" exercise="local-steps"
# Goes through the rounds, and counts steps one by one.
def utilisation(local_steps, steps_per_s, exchange):
    computing = sum(1 / steps_per_s for _ in range(local_steps))
    return computing / (computing + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    seconds = 0.0
    for done in range(0, num_steps, local_steps):
        seconds += min(local_steps, num_steps - done) / steps_per_s + exchange
    return seconds


def break_even_steps(steps_per_s, exchange, target):
    tau = 1
    while tau / steps_per_s < target * (tau / steps_per_s + exchange):
        tau += 1
    return tau


# %% alternative="numpy" exercise="local-steps"
# NumPy throughout; a whole number in a float is a whole number.
def utilisation(local_steps, steps_per_s, exchange):
    return np.divide(local_steps, local_steps + np.multiply(exchange, steps_per_s))


def training_s(num_steps, local_steps, steps_per_s, exchange):
    return num_steps / steps_per_s + np.ceil(num_steps / local_steps) * exchange


def break_even_steps(steps_per_s, exchange, target):
    return np.maximum(np.ceil(exchange * steps_per_s / (1 / target - 1)), 1)


# %% alternative="integers" exercise="local-steps"
# Rounds up without math.
def utilisation(local_steps, steps_per_s, exchange):
    round_s = local_steps / steps_per_s + exchange
    return 1 - exchange / round_s


def training_s(num_steps, local_steps, steps_per_s, exchange):
    return num_steps / steps_per_s - (-num_steps // local_steps) * exchange


def break_even_steps(steps_per_s, exchange, target):
    needed = target * exchange * steps_per_s / (1 - target)
    return int(max(-(-needed // 1), 1))


# %% alternative="linear-search" exercise="local-steps"
# Tries one tau after the other.
def utilisation(local_steps, steps_per_s, exchange):
    c = local_steps / steps_per_s
    return c / (c + exchange)


def training_s(num_steps, local_steps, steps_per_s, exchange):
    rounds = -(-num_steps // local_steps)
    return num_steps / steps_per_s + rounds * exchange


def break_even_steps(steps_per_s, exchange, target):
    tau = 1
    while utilisation(tau, steps_per_s, exchange) < target:
        tau += 1
    return tau


# %% [markdown]
# ## Task 3


# %% mutant="no-memory-added" exercise="error-feedback"
# You chose from the update alone: the memory is added first.
def top_k_with_memory(update, memory, k):
    rest = update.copy()
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="remembers-what-was-sent" exercise="error-feedback"
# You remembered what was sent; the memory holds the rest.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    sent = np.zeros_like(rest)
    sent[indices] = values
    return indices, values, sent


# %% mutant="forgets" exercise="error-feedback"
# You returned a memory of zeros: what was not sent is lost.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, np.zeros_like(rest)


# %% mutant="forgets-the-old-memory" exercise="error-feedback"
# You remembered the rest of this update only, and lost what earlier rounds had kept.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest = update.copy()
    rest[indices] = 0
    return indices, values, rest


# %% mutant="keeps-what-was-sent" exercise="error-feedback"
# You did not set the memory to zero where it was sent: the same amount will be sent
# again.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    return indices, values, rest


# %% mutant="adds-to-the-old-memory" exercise="error-feedback"
# You added the rest to the old memory, which is in it already: it counts twice.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest + memory


# %% mutant="unchanged-memory" exercise="error-feedback"
# You returned the memory that you were given.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, memory.copy()


# %% mutant="sends-values-of-the-update" exercise="error-feedback"
# You sent the update's values: the memory belongs to what is sent.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = update[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="sends-magnitudes" exercise="error-feedback"
# You sent magnitudes: the sign is half of the message.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = np.abs(rest[indices])
    rest[indices] = 0
    return indices, values, rest


# %% mutant="largest-not-magnitude" exercise="error-feedback"
# You took the largest numbers: a large negative entry matters as much.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(rest)
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="smallest" exercise="error-feedback"
# You sent the k smallest magnitudes.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[:k].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="minus-zero" exercise="error-feedback"
# You sliced [-k:], which for k = 0 is everything.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[-k:].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="k-plus-1" exercise="error-feedback"
# You sent k + 1 entries.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[max(0, len(order) - k - 1) :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="at-least-one" exercise="error-feedback"
# You sent one entry for k = 0.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    k = max(k, 1)
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="threshold" exercise="error-feedback"
# You compared with the k-th largest magnitude: with equal magnitudes more than k
# entries pass.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    smallest = np.sort(np.abs(rest))[::-1][k - 1] if k else np.inf
    indices = np.flatnonzero(np.abs(rest) >= smallest).astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="above-threshold" exercise="error-feedback"
# You sent what is above the k-th largest magnitude: with equal magnitudes fewer than k
# entries pass.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    below = np.append(np.sort(np.abs(rest))[::-1], -1)[k]
    indices = np.flatnonzero(np.abs(rest) > below).astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="only-non-zero" exercise="error-feedback"
# You left out entries that are 0: exactly k are sent, whatever they are.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    indices = indices[rest[indices] != 0]
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="chooses-by-the-update" exercise="error-feedback"
# You chose by the update's magnitudes: an entry that the memory has made large stays
# for ever.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(update))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="chooses-by-the-memory" exercise="error-feedback"
# You chose by the memory's magnitudes.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(memory))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="adds-in-place" exercise="error-feedback"
# You added the update into the memory that you were given.
def top_k_with_memory(update, memory, k):
    memory += update
    rest = memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="update-in-place" exercise="error-feedback"
# You added the memory into the update that you were given.
def top_k_with_memory(update, memory, k):
    update += memory
    rest = update
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="subtracts-the-memory" exercise="error-feedback"
# You subtracted the memory: what was not sent still has to be.
def top_k_with_memory(update, memory, k):
    rest = update - memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="int64-indices" exercise="error-feedback"
# You left the indices int64, which cost twice as many bytes.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :]
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="float64-values" exercise="error-feedback"
# You sent float64 values, which cost twice as many bytes.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices].astype(np.float64)
    rest[indices] = 0
    return indices, values, rest


# %% mutant="int16-indices" exercise="error-feedback"
# You packed the indices into 16 bits; the contract, which the server relies on, says
# int32.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int16)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="dense-values" exercise="error-feedback"
# You sent the whole vector with zeros in it: that saves nothing.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = np.zeros_like(rest)
    values[indices] = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="sends-and-remembers-half" exercise="error-feedback"
# You sent only half of what you had chosen and remembered none of it.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices] / 2
    rest[indices] = 0
    return indices, values, rest


# %% mutant="decays" exercise="error-feedback"
# You shrank the memory: what is not sent is then lost bit by bit.
def top_k_with_memory(update, memory, k):
    rest = update + np.float32(0.9) * memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="values-after-zeroing" exercise="error-feedback"
# You set entries to zero before you read their values.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    rest[indices] = 0
    values = rest[indices]
    return indices, values, rest


# %% mutant="mismatched-order" exercise="error-feedback"
# You sorted the indices but not the values: they belong together.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return np.sort(indices), values, rest


# %% mutant="remembers-the-mask-wrongly" exercise="error-feedback"
# You kept the entries that were sent and set the others to zero.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    kept = np.zeros(len(rest), bool)
    kept[indices] = True
    rest = np.where(kept, rest, np.float32(0))
    return indices, values, rest


# %% mutant="memory-minus-sent" exercise="error-feedback"
# You subtracted what was sent from the old memory and forgot the update.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest = memory.copy()
    rest[indices] -= values
    return indices, values, rest


# %% mutant="clears-equal-values" exercise="error-feedback"
# You set to zero every entry that equals one that was sent: entries of the same value
# that stayed are lost.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[np.isin(rest, values)] = 0
    return indices, values, rest


# %% mutant="float64-memory" exercise="error-feedback"
# You returned a float64 memory: the contract says float32, and twice the memory is
# twice the state of every client.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest.astype(np.float64)


# %% mutant="squares" exercise="error-feedback"
# You compared squares: the square of 1e-30 is 0 in float32, and all small entries look
# alike.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(rest**2)
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="loses-signs-in-the-memory" exercise="error-feedback"
# You took magnitudes in place: the memory has lost its signs.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    signs = np.sign(rest)
    np.abs(rest, out=rest)
    order = np.argsort(rest)
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices] * signs[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="separate-halves" exercise="error-feedback"
# You took half of the entries from the update and half from the memory.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    first = np.argsort(-np.abs(update))[: k - k // 2]
    second = [i for i in np.argsort(-np.abs(memory)) if i not in first][: k // 2]
    indices = np.array([*first, *second], dtype=np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest


# %% mutant="memory-of-magnitude" exercise="error-feedback"
# You remembered the change of the memory instead of the memory.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    return indices, values, rest - memory


# %% mutant="clears-the-callers-memory" exercise="error-feedback"
# You cleared the memory that you were given.
def top_k_with_memory(update, memory, k):
    rest = update + memory
    order = np.argsort(np.abs(rest))
    indices = order[len(order) - k :].astype(np.int32)
    values = rest[indices]
    rest[indices] = 0
    memory[indices] = 0
    return indices, values, rest


# %% mutant="clears-tiny-entries" exercise="error-feedback"
# You forgot what is small. Small entries are what the memory is for.
def top_k_with_memory(update, memory, k):
    v = update + memory
    idx = np.argsort(-np.abs(v))[:k].astype(np.int32)
    values = v[idx].copy()
    rest = v.copy()
    rest[rest == values.sum()] = 0
    rest[idx] = 0
    rest[np.abs(rest) < 1e-6] = 0
    return idx, values, rest


# %% mutant="memory-instead-of-zero" exercise="error-feedback"
# You left the old memory where entries were sent. What was sent is not owed any more.
def top_k_with_memory(update, memory, k):
    v = update + memory
    idx = np.argsort(-np.abs(v))[:k].astype(np.int32)
    values = v[idx].copy()
    rest = v.copy()
    rest[idx] = memory[idx]
    return idx, values, rest


# %% mutant="rounded-magnitudes" exercise="error-feedback"
# You rounded the magnitudes before comparing them: of two close ones the smaller may be
# sent.
def top_k_with_memory(update, memory, k):
    v = update + memory
    idx = np.argsort(-np.round(np.abs(v), 1))[:k].astype(np.int32)
    values = v[idx].copy()
    rest = v.copy()
    rest[idx] = 0
    return idx, values, rest


# %% alternative="argpartition" exercise="error-feedback"
# Partitions instead of sorting, and subtracts what was sent.
def top_k_with_memory(update, memory, k):
    v, n = update + memory, len(update)
    chosen = np.argpartition(-np.abs(v), min(k, n - 1))[:k]
    sent = np.zeros_like(v)
    sent[chosen] = v[chosen]
    return chosen.astype("int32"), v[chosen], v - sent


# %% alternative="heap" exercise="error-feedback"
# Plain Python: a heap of magnitudes, float64 on the way.
import heapq


def top_k_with_memory(update, memory, k):
    v = [float(a) + float(b) for a, b in zip(update, memory, strict=True)]
    best = heapq.nlargest(k, range(len(v)), key=lambda i: abs(v[i]))
    indices = np.array(sorted(best), dtype=np.int32)
    values = np.array([v[i] for i in indices], dtype=np.float32)
    rest = [0.0 if i in best else x for i, x in enumerate(v)]
    return indices, values, np.array(rest, dtype=np.float32)


# %% alternative="torch" exercise="error-feedback"
# torch.topk on magnitudes.
import torch


def top_k_with_memory(update, memory, k):
    v = torch.tensor(update) + torch.tensor(memory)
    _, where = torch.topk(v.abs(), k)
    values = v[where].clone()
    v[where] = 0.0
    return where.to(torch.int32).numpy(), values.numpy(), v.numpy()


# %% alternative="lexsort" exercise="error-feedback"
# Breaks ties by index, and masks.
def top_k_with_memory(update, memory, k):
    v = np.add(update, memory, dtype=np.float32)
    indices = np.lexsort((np.arange(v.size), -abs(v)))[:k]
    mask = np.ones(v.size, bool)
    mask[indices] = False
    return np.int32(indices), v[indices], np.where(mask, v, 0).astype(np.float32)


# %% alternative="torch-topk" exercise="error-feedback"
# Uses torch's topk.
def top_k_with_memory(update, memory, k):
    v = update + memory
    import torch

    idx = torch.as_tensor(v).abs().topk(k).indices.to(torch.int32).numpy()
    values = v[idx].copy()
    rest = v.copy()
    rest[idx] = 0
    return idx, values, rest


# %% [markdown]
# ## Task 4a


# %% mutant="to-nearest" exercise="quantise"
# You rounded to the nearest code: the errors are the same every time, and do not
# cancel.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    codes = np.rint(v)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="always-down" exercise="quantise"
# You rounded down: the decoded values are too low on average.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="coin" exercise="quantise"
# You tossed a fair coin: the chance to round up is the distance from the lower code.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + ((rng.random(len(v)) < 0.5) & (v > lower))
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="chances-swapped" exercise="quantise"
# You swapped the chances: the nearer code must be the likelier one.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) > v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="truncates" exercise="quantise"
# You cut off the digits after the point: that rounds negative numbers up, where floor
# goes down.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.trunc(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="one-draw-for-all" exercise="quantise"
# You drew one number for the whole vector: every entry has its own chance.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random() < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="own-generator" exercise="quantise"
# You made a generator of your own with a fixed seed: every call then draws the same
# numbers, and errors add up.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (np.random.default_rng(0).random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="global-generator" exercise="quantise"
# You drew from NumPy's global generator: equal states of rng must give equal codes.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (np.random.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="fresh-entropy" exercise="quantise"
# You drew from a generator without a seed: nobody can repeat the run.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (np.random.default_rng().random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="copied-generator" exercise="quantise"
# You drew from a copy of rng, so that its state never moves on.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    from copy import deepcopy

    rng = deepcopy(rng)
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="normal-noise" exercise="quantise"
# You added normal noise and rounded: codes more than one step away come out.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    codes = np.clip(np.rint(v + rng.normal(size=len(v))), -levels, levels)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="wide-noise" exercise="quantise"
# You added noise between -1 and 1: codes more than one step away come out.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    codes = np.clip(np.rint(v + rng.uniform(-1, 1, len(v))), -levels, levels)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="signed-max" exercise="quantise"
# You took the largest entry, not the largest magnitude: a vector of negative numbers
# has a wrong scale.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(vector.max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="standard-deviation" exercise="quantise"
# You scaled by the standard deviation: the largest entries do not fit into the codes.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(vector.std())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="length" exercise="quantise"
# You scaled by the vector's length: s is the largest magnitude.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.linalg.norm(vector))
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="mean-magnitude" exercise="quantise"
# You scaled by the mean magnitude: s is the largest.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).mean())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="too-many-levels" exercise="quantise"
# You took L = 2^(b - 1): the code L does not fit into b bits.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1)
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1)
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="all-levels" exercise="quantise"
# You took L = 2^b - 1: that is the number of codes in all, and L counts one side.
def quantise(vector, bits, rng):
    levels = 2**bits - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2**bits - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="half-the-range" exercise="quantise"
# You used L for both sides together: codes go from -L to L.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels / 2
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (2 * scale / levels)).astype(np.float32)


# %% mutant="epsilon" exercise="quantise"
# You added a small number to the scale: a vector of small numbers then has no codes
# left.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    v = vector.astype(np.float64) / (scale + 1e-8) * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="smallest-scale" exercise="quantise"
# You took scales below 1e-12 for 0: only a vector of zeros has the scale 0.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale < 1e-12:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="scale-one-for-zeros" exercise="quantise"
# You returned the scale 1 for a vector of zeros: the largest magnitude is 0.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 1.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="float-codes" exercise="quantise"
# You returned codes as float64, eight bytes each.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes, scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="int32-codes" exercise="quantise"
# You returned codes as int32: int8 holds them.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int32), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="returns-values" exercise="quantise"
# You returned decoded values instead of codes.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return (codes * scale / levels).astype(np.float32), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="scale-of-a-step" exercise="quantise"
# You returned the size of a step, s / L: the scale is s.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale / levels


def dequantise(codes, scale, bits):
    return (codes * scale).astype(np.float32)


# %% mutant="divides-in-place" exercise="quantise"
# You divided in place, and changed the vector that you were given.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    vector /= scale
    v = vector.astype(np.float64) * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="decodes-without-levels" exercise="quantise"
# You multiplied codes by s: code L stands for s, code 1 for s / L.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    return (codes * scale).astype(np.float32)


# %% mutant="decodes-int8" exercise="quantise"
# You multiplied in int8, where 100 times 2 overflows.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * np.int8(min(scale, 127)) / levels).astype(np.float32)


# %% mutant="decodes-float64" exercise="quantise"
# You decoded to float64: the model is float32.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float64)


# %% mutant="decodes-middle" exercise="quantise"
# You decoded to the middle between two codes: code c stands for c s / L.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return ((codes + 0.5) * (scale / levels)).astype(np.float32)


# %% mutant="clips-the-top" exercise="quantise"
# You kept codes below L: the largest entry is code L exactly.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = np.clip(lower + (rng.random(len(v)) < v - lower), -levels, levels - 1)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="rounds-magnitudes-up" exercise="quantise"
# You rounded magnitudes up: decoded values are too long on average.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    codes = np.sign(v) * np.ceil(np.abs(v))
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="clipped-first" exercise="quantise"
# You clipped to three standard deviations before you took the scale: the largest
# entries are cut.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    limit = 3 * vector.std()
    vector = np.clip(vector, -limit, limit)
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="sorted-draws" exercise="quantise"
# You sorted the random numbers: neighbours then round the same way.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (np.sort(rng.random(len(v))) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="seeded-by-the-vector" exercise="quantise"
# You seeded a generator by the vector: the same vector then has the same errors in
# every call.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (
        np.random.default_rng(int(1e6 * abs(v.mean()))).random(len(v)) < v - lower
    )
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="pairs-undo-each-other" exercise="quantise"
# You gave the second half of the entries one minus the draws of the first: entries are
# to be independent.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (
        np.ravel([(u, 1 - u) for u in rng.random(len(v) // 2 + 1)])[: len(v)]
        < v - lower
    )
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="repeats-the-draws" exercise="quantise"
# You drew for half of the entries and used each number twice: entries are to be
# independent.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (np.tile(rng.random(len(v) // 2 + 1), 2)[: len(v)] < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="blocks" exercise="quantise"
# You used one number for a hundred entries: every entry has its own chance.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (
        np.repeat(rng.random(len(v) // 100 + 1), 100)[: len(v)] < v - lower
    )
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="four-seeds" exercise="quantise"
# You drew one of four seeds: only four outcomes are possible, and their errors do not
# cancel.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (np.random.default_rng(rng.integers(4)).random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="shuffled-grid" exercise="quantise"
# You shuffled the fractions 0, 1/n, 2/n, ...: short vectors are then rounded up too
# often.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.permutation(len(v)) / len(v) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="normal-draws" exercise="quantise"
# You drew normal numbers: the chance to be below a fraction is that fraction for
# uniform ones only.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.normal(0.5, 0.3, len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="scale-of-the-largest-entry" exercise="quantise"
# You took the magnitude of the largest entry: the largest magnitude may be a negative
# one.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(abs(vector[np.argmax(vector)]))
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="scale-of-a-quantile" exercise="quantise"
# You took a quantile of the magnitudes: what is above it does not fit into the codes.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.quantile(np.abs(vector), 0.999))
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="compares-with-v" exercise="quantise"
# You compared the draw with v itself, not with its distance from the lower code.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="unsigned" exercise="quantise"
# You returned codes from 0 to 2 L.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return (codes + levels).astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return ((codes - (2 ** (bits - 1) - 1.0)) * (scale / levels)).astype(np.float32)


# %% mutant="up-from-the-nearest" exercise="quantise"
# You started from the nearest code instead of the one below.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.rint(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="one-scale-per-sign" exercise="quantise"
# You scaled positive and negative entries separately: there is one scale.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    low, high = -min(vector.min(), -1e-30), max(vector.max(), 1e-30)
    v = np.where(vector < 0, vector / low, vector / high) * float(levels)
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = 2 ** (bits - 1) - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="keeps-few-levels" exercise="quantise"
# You took L = b: b bits give 2^b codes.
def quantise(vector, bits, rng):
    levels = bits - 1
    scale = float(np.abs(vector).max())
    if scale == 0:
        return np.zeros(len(vector), np.int8), 0.0
    v = vector.astype(np.float64) / scale * levels
    lower = np.floor(v)
    codes = lower + (rng.random(len(v)) < v - lower)
    return codes.astype(np.int8), scale


def dequantise(codes, scale, bits):
    levels = bits - 1
    return (codes * (scale / levels)).astype(np.float32)


# %% mutant="scale-a-little-larger" exercise="quantise"
# You made the scale a little larger, so that the largest entry does not always get the
# last code.
def quantise(vector, bits, rng):
    L = 2 ** (bits - 1) - 1
    s = float(np.max(np.abs(vector)))
    if s == 0.0:
        return np.zeros(vector.shape, np.int8), 0.0
    v = vector / np.float32(s * 1.0001) * L
    low = np.floor(v)
    up = rng.random(v.shape) < v - low
    return (low + up).astype(np.int8), s


def dequantise(codes, scale, bits):
    L = 2 ** (bits - 1) - 1
    return np.float32(codes * (scale / L))


# %% mutant="draws-shared-by-pairs" exercise="quantise"
# You gave neighbours one draw between them. Every entry has its own chance.
def quantise(vector, bits, rng):
    L = 2 ** (bits - 1) - 1
    s = float(np.max(np.abs(vector)))
    if s == 0.0:
        return np.zeros(vector.shape, np.int8), 0.0
    v = np.float64(vector) / s * L
    low = np.floor(v)
    up = np.repeat(rng.random((len(v) + 1) // 2), 2)[: len(v)] < v - low
    return (low + up).astype(np.int8), s


def dequantise(codes, scale, bits):
    L = 2 ** (bits - 1) - 1
    return np.float32(codes * (scale / L))


# %% mutant="one-draw-below-zero" exercise="quantise"
# You made one draw for all negative entries. Every entry has its own chance.
def quantise(vector, bits, rng):
    L = 2 ** (bits - 1) - 1
    s = float(np.max(np.abs(vector)))
    if s == 0.0:
        return np.zeros(vector.shape, np.int8), 0.0
    v = np.float64(vector) / s * L
    low = np.floor(v)
    up = np.where(v < 0, rng.random(), rng.random(v.shape)) < v - low
    return (low + up).astype(np.int8), s


def dequantise(codes, scale, bits):
    L = 2 ** (bits - 1) - 1
    return np.float32(codes * (scale / L))


# %% mutant="scale-in-an-array" exercise="quantise"
# You returned the scale as an array with one number in it: it is one float.
def quantise(vector, bits, rng):
    L = 2 ** (bits - 1) - 1
    s = np.abs(vector).max(keepdims=True)
    v = np.float64(vector) / np.where(s > 0, s, 1) * L
    low = np.floor(v)
    return (low + (rng.random(v.shape) < v - low)).astype(np.int8), s


def dequantise(codes, scale, bits):
    L = 2 ** (bits - 1) - 1
    return np.float32(codes * (scale / L))


# %% mutant="decodes-into-a-row" exercise="quantise"
# You decoded the codes into a matrix with one row: they stand for a vector, of shape
# (n,).
def quantise(vector, bits, rng):
    L = 2 ** (bits - 1) - 1
    s = float(np.max(np.abs(vector)))
    if s == 0.0:
        return np.zeros(vector.shape, np.int8), 0.0
    v = np.float64(vector) / s * L
    low = np.floor(v)
    return (low + (rng.random(v.shape) < v - low)).astype(np.int8), s


def dequantise(codes, scale, bits):
    L = 2 ** (bits - 1) - 1
    return np.float32(np.outer(scale / L, codes))


# %% alternative="dither" exercise="quantise"
# Adds uniform noise below one and rounds down: the same chances.
def quantise(vector, bits, rng):
    top, s = 2 ** (bits - 1) - 1, np.abs(vector).max()
    noise = rng.uniform(size=vector.shape)
    x = np.zeros(len(vector)) if s == 0 else vector / np.float64(s) * top
    return np.floor(x + noise).astype(np.int8), s


def dequantise(codes, scale, bits):
    return np.float32(codes) * np.float32(scale) / np.float32(2 ** (bits - 1) - 1)


# %% alternative="loop" exercise="quantise"
# Entry by entry, in plain Python.
def quantise(vector, bits, rng):
    levels = (1 << bits - 1) - 1
    scale = max(abs(float(x)) for x in vector)
    codes = []
    for x in vector.tolist():
        v = x / scale * levels if scale else 0.0
        low = math.floor(v)
        codes.append(low + 1 if rng.random() < v - low else low)
    return np.array(codes, dtype=np.int8), scale


def dequantise(codes, scale, bits):
    levels = (1 << bits - 1) - 1
    return np.array([c * scale / levels for c in codes.tolist()], dtype=np.float32)


# %% alternative="torch" exercise="quantise"
# torch throughout, seeded by rng.
import torch


def quantise(vector, bits, rng):
    x = torch.tensor(vector, dtype=torch.float64)
    levels, scale = 2 ** (bits - 1) - 1, x.abs().max().item()
    if scale == 0:
        return torch.zeros(len(x), dtype=torch.int8).numpy(), 0.0
    chance = torch.Generator().manual_seed(int(rng.integers(2**62)))
    u = torch.rand(len(x), generator=chance, dtype=torch.float64)
    codes = torch.floor(x / scale * levels + u).clamp(-levels, levels)
    return codes.to(torch.int8).numpy(), scale


def dequantise(codes, scale, bits):
    values = torch.tensor(codes).double() * scale / (2 ** (bits - 1) - 1)
    return values.float().numpy()


# %% alternative="magnitudes" exercise="quantise"
# Rounds magnitudes at random and puts the signs back.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    size = np.abs(np.float64(vector))
    scale = size.max()
    v = size * (levels / scale) if scale > 0 else size
    whole = v.astype(int)
    whole = np.where(rng.random(len(v)) < v % 1, whole + 1, whole)
    return (np.sign(vector) * np.minimum(whole, levels)).astype(np.int8), float(scale)


def dequantise(codes, scale, bits):
    return (codes.astype(float) / (2 ** (bits - 1) - 1) * scale).astype(np.float32)


# %% alternative="binomial" exercise="quantise"
# Draws the rounding up as Bernoulli numbers, after a rescaling in float64.
def quantise(vector, bits, rng):
    levels = 2 ** (bits - 1) - 1
    scale = float(np.linalg.norm(vector, ord=np.inf))
    if not vector.any():
        return np.zeros(vector.shape, dtype=np.int8), scale
    fraction, lower = np.modf(np.float64(vector) * (levels / scale) + levels)
    up = rng.binomial(1, np.clip(fraction, 0, 1))
    return np.int8(lower - levels + up), scale


def dequantise(codes, scale, bits):
    table = np.arange(-127, 128) * scale / (2 ** (bits - 1) - 1)
    return table[codes.astype(int) + 127].astype(np.float32)


# %% alternative="floor-of-a-sum" exercise="quantise"
# Adds a draw between 0 and 1, and rounds down.
def quantise(vector, bits, rng):
    L = 2 ** (bits - 1) - 1
    s = float(np.max(np.abs(vector)))
    if s == 0.0:
        return np.zeros(vector.shape, np.int8), 0.0
    v = np.float64(vector) / s * L
    return np.clip(np.floor(v + rng.uniform(size=len(v))), -L, L).astype(np.int8), s


def dequantise(codes, scale, bits):
    L = 2 ** (bits - 1) - 1
    return np.float32(codes * (scale / L))


# %% [markdown]
# ## Task 4b


# %% mutant="one-byte-each" exercise="pack"
# You sent one byte per code: that is what int8 does already.
def pack_codes(codes, bits):
    return codes.view(np.uint8)


def unpack_codes(packed, bits, n):
    return packed.view(np.int8)


# %% mutant="one-bit-per-byte" exercise="pack"
# You returned zeros and ones, one per byte: np.packbits puts eight into a byte.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return digits_of_codes.astype(np.uint8).ravel()


def unpack_codes(packed, bits, n):
    digits_of_codes = packed.reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="bytes-per-code" exercise="pack"
# You filled up each code to whole bytes: codes stand next to each other.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8), axis=1).ravel()


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed.reshape(n, -1), axis=1)[:, :bits]
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="bytes-per-digit" exercise="pack"
# You packed each binary digit of all codes on its own, and each of the b rows ends in
# unused bits.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8), axis=0).ravel()


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed.reshape(-1, bits), axis=0, count=n)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="eight-bits" exercise="pack"
# You wrote eight digits of every code, whatever b is.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(8) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * 8).reshape(n, 8)
    shifted = digits_of_codes @ 2 ** np.arange(8)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="drops-the-tail" exercise="pack"
# You cut the last byte off when it is not full: its bits are codes, too.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))[: len(codes) * bits // 8]


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="one-byte-more" exercise="pack"
# You always added a byte: n b bits may fill their bytes.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.append(np.packbits(digits_of_codes.astype(np.uint8)), np.uint8(0))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="loses-signs" exercise="pack"
# You packed magnitudes: the sign needs its bit.
def pack_codes(codes, bits):
    shifted = np.abs(codes.astype(np.int64))
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return shifted.astype(np.int8)


# %% mutant="never-shifts-back" exercise="pack"
# You did not subtract L again.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return shifted.astype(np.int8)


# %% mutant="shifts-by-one-more" exercise="pack"
# You added 2^(b - 1) and subtracted L: the codes come back one too large.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1)
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="digits-reversed" exercise="pack"
# You wrote the lowest digit first and read it as the highest.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)[::-1]
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="one-digit-too-few" exercise="pack"
# You wrote b - 1 digits: codes from 0 to 2 L need b.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits - 1) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * (bits - 1)).reshape(n, bits - 1)
    shifted = digits_of_codes @ 2 ** np.arange(bits - 1)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="reads-uint8" exercise="pack"
# You added up the digits in uint8, and subtracted in uint8: 0 - 127 is 129 there.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return shifted.astype(np.uint8) - np.uint8(2 ** (bits - 1) - 1)


# %% mutant="reads-everything" exercise="pack"
# You read all bits of the last byte: those after n codes are not codes.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed)[: packed.size * 8 // bits * bits].reshape(
        -1, bits
    )
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="python-bytes" exercise="pack"
# You returned a bytes object: the record holds arrays.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8)).tobytes()


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(
        np.frombuffer(packed, np.uint8), count=n * bits
    ).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="int64-codes" exercise="pack"
# You returned int64 codes.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return shifted - (2 ** (bits - 1) - 1)


# %% mutant="shifts-in-place" exercise="pack"
# You added L in place, and changed the codes that you were given.
def pack_codes(codes, bits):
    codes += np.int8(2 ** (bits - 1) - 1)
    shifted = codes.astype(np.uint8)
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="axis-mixed-up" exercise="pack"
# You wrote digit by digit and read code by code.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.T.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="four-bits-at-most" exercise="pack"
# You split bytes into halves, which holds codes of four bits or fewer only.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = (shifted[:, None] & 15) >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="remembers-outside" exercise="pack"
# You kept the codes in a variable and read them from there: the bytes are all that the
# server gets. It worked for one message at a time only, and not for its length.
def pack_codes(codes, bits):
    global kept
    kept = codes.copy()
    return np.zeros(len(codes) // 8 + 1, np.uint8)


def unpack_codes(packed, bits, n):
    return kept


# %% mutant="packs-non-zero" exercise="pack"
# You gave the codes to np.packbits as they are: it makes a 1 of everything that is not
# 0.
def pack_codes(codes, bits):
    packed = np.packbits(codes != 0)
    return np.resize(packed, -(-len(codes) * bits // 8)).astype(np.uint8)


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="two-bit-orders" exercise="pack"
# You packed with the little bit order and unpacked with the big one.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8), bitorder="little")


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="int8-shift" exercise="pack"
# You shifted by L and cut to int8, and what is above 127 came back negative and was cut
# at 0.
def pack_codes(codes, bits):
    shifted = np.maximum(codes + np.int8(2 ** (bits - 1) - 1), 0)
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="needs-a-code" exercise="pack"
# You indexed the first byte: no codes make no bytes.
def pack_codes(codes, bits):
    shifted = codes.astype(np.int64) + 2 ** (bits - 1) - 1
    digits_of_codes = shifted[:, None] >> np.arange(bits) & 1
    return np.packbits(digits_of_codes.astype(np.uint8))


def unpack_codes(packed, bits, n):
    assert packed[0] >= 0
    digits_of_codes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    shifted = digits_of_codes @ 2 ** np.arange(bits)
    return (shifted - (2 ** (bits - 1) - 1)).astype(np.int8)


# %% mutant="remembers-the-last" exercise="pack"
# You kept the codes outside and returned those that were packed last. The bytes have to
# carry them.
KEEP = []


def pack_codes(codes, bits):
    KEEP.append(np.array(codes))
    L = 2 ** (bits - 1) - 1
    text = "".join(format(int(c) + L, f"0{bits}b") for c in codes)
    digits = np.array([int(d) for d in text], np.uint8)
    return np.packbits(digits)


def unpack_codes(packed, bits, n):
    L = 2 ** (bits - 1) - 1
    digits = np.unpackbits(packed)[: n * bits].reshape(n, bits).astype(int)
    weights = 2 ** np.arange(bits)[::-1]
    return KEEP[-1]


# %% mutant="strips-leading-zeros" exercise="pack"
# You wrote codes without their leading zeros, so that nobody knows where one ends.
def pack_codes(codes, bits):
    L = 2 ** (bits - 1) - 1
    text = "".join(format(int(c) + L, "b") for c in codes)
    digits = np.array([int(d) for d in text], np.uint8)
    return np.packbits(digits)


def unpack_codes(packed, bits, n):
    L = 2 ** (bits - 1) - 1
    digits = np.unpackbits(packed)[: n * bits].reshape(n, bits).astype(int)
    weights = 2 ** np.arange(bits)[::-1]
    return (digits @ weights - L).astype(np.int8)


# %% alternative="one-big-number" exercise="pack"
# The codes are the digits of one long whole number.
def pack_codes(codes, bits):
    number = 0
    for code in codes.tolist():
        number = number << bits | code + 2 ** (bits - 1) - 1
    size = -(-len(codes) * bits // 8)
    return np.frombuffer(number.to_bytes(size, "little"), dtype=np.uint8)


def unpack_codes(packed, bits, n):
    number, codes = int.from_bytes(packed.tobytes(), "little"), []
    for _ in range(n):
        codes.append((number & 2**bits - 1) - 2 ** (bits - 1) + 1)
        number >>= bits
    return np.array(codes[::-1], dtype=np.int8)


# %% alternative="text" exercise="pack"
# Writes zeros and ones as text.
def pack_codes(codes, bits):
    top = 2 ** (bits - 1) - 1
    text = "".join(format(int(code) + top, f"0{bits}b") for code in codes)
    text += "0" * (-len(text) % 8)
    chunks = [text[i : i + 8] for i in range(0, len(text), 8)]
    return np.array([int(chunk, 2) for chunk in chunks], dtype=np.uint8)


def unpack_codes(packed, bits, n):
    text, top = (
        "".join(format(int(byte), "08b") for byte in packed),
        2 ** (bits - 1) - 1,
    )
    codes = [int(text[i * bits : (i + 1) * bits], 2) - top for i in range(n)]
    return np.array(codes, dtype=np.int8)


# %% alternative="digit-by-digit" exercise="pack"
# All lowest digits first, then the next ones; little bit order.
def pack_codes(codes, bits):
    shifted = (codes.astype(np.int16) + 2 ** (bits - 1) - 1).astype(np.uint8)
    planes = np.unpackbits(shifted[None], axis=0, bitorder="little")[:bits]
    return np.packbits(planes.ravel(), bitorder="little")


def unpack_codes(packed, bits, n):
    flags = np.unpackbits(packed, bitorder="little")[: n * bits].reshape(bits, n)
    total = sum(int(2**b) * flags[b].astype(np.int16) for b in range(bits))
    return (total - 2 ** (bits - 1) + 1).astype(np.int8)


# %% alternative="twos-complement" exercise="pack"
# Keeps the low b bits of the two's complement, and extends the sign again.
def pack_codes(codes, bits):
    low = codes.view(np.uint8) & np.uint8(2**bits - 1)
    return np.packbits(np.unpackbits(low[:, None], axis=1)[:, 8 - bits :])


def unpack_codes(packed, bits, n):
    flags = np.unpackbits(packed)[: n * bits].reshape(n, bits).astype(int)
    weights = 2 ** np.arange(bits - 1, -1, -1)
    weights[0] *= -1
    return (flags @ weights).astype(np.int8)


# %% alternative="planes" exercise="pack"
# Writes the first digits of all codes, then the second digits, and so on.
def pack_codes(codes, bits):
    L = 2 ** (bits - 1) - 1
    x = codes.astype(np.int64) + L
    digits = np.concatenate([(x >> b) & 1 for b in range(bits)]).astype(np.uint8)
    return np.packbits(digits)


def unpack_codes(packed, bits, n):
    L = 2 ** (bits - 1) - 1
    digits = np.unpackbits(packed)[: n * bits].reshape(bits, n).T.astype(int)
    weights = 2 ** np.arange(bits)
    return (digits @ weights - L).astype(np.int8)


# %% [markdown]
# ## Task 4c


# %% mutant="ignores-indices" exercise="bytes"
# You counted values only: their indices travel with them, four bytes each.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="index-of-8-bytes" exercise="bytes"
# You counted eight bytes for an index: they are int32.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 8 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="index-bits" exercise="bytes"
# You counted as many bits as an index needs: Task 3 sends int32.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + math.ceil(k * math.log2(max(n, 2)) / 8)
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="bits-not-bytes" exercise="bytes"
# You returned bits: eight of them are a byte.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return n * bits + 32
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="rounds-down" exercise="bytes"
# You rounded bytes down: a few bits take a byte, too.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return n * bits // 8 + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="broken-bytes" exercise="bytes"
# You returned a broken number of bytes.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return n * bits / 8 + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="one-more-byte" exercise="bytes"
# You added a byte where n b bits fill their bytes.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return n * bits // 8 + 1 + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="forgets-the-scale" exercise="bytes"
# You forgot the scale, a float32: without it codes mean nothing.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8)
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="scale-of-8-bytes" exercise="bytes"
# You counted eight bytes for the scale: it is sent as a float32.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 8
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="scale-per-code" exercise="bytes"
# You counted a scale for each code: one is enough.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4 * n
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="byte-per-code" exercise="bytes"
# You counted a byte per code: Task 4b packs b bits.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return n + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="float64" exercise="bytes"
# You counted eight bytes for a weight: the update is float32.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 8 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="k-means-if-k" exercise="bytes"
# You asked `if k`, which is false for k = 0: no entry is not everything.
def reply_bytes(n, *, k=None, bits=None):
    if k:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="sends-n-for-k" exercise="bytes"
# You counted n values for top-k: it sends k.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * n + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="largest-rounds-up" exercise="bytes"
# You rounded the largest k up: that reply is larger than the other.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return math.ceil((math.ceil(n * bits / 8) + 4) / 8)


# %% mutant="largest-without-indices" exercise="bytes"
# You divided by four bytes per entry: each has an index as well.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 4


# %% mutant="largest-without-scale" exercise="bytes"
# You compared with the codes alone: their scale is in the reply, too.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return math.ceil(n * bits / 8) // 8


# %% mutant="largest-less-than" exercise="bytes"
# You asked for strictly fewer bytes; equal is allowed.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 3) // 8


# %% mutant="largest-against-everything" exercise="bytes"
# You compared with sending everything.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return n // 2


# %% mutant="largest-broken" exercise="bytes"
# You returned a broken number of entries.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) / 8


# %% mutant="largest-at-least-one" exercise="bytes"
# You returned at least one entry: there may be none to send.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return max(1, (math.ceil(n * bits / 8) + 4) // 8)


# %% mutant="everything-for-n" exercise="bytes"
# You counted a top-k of all entries as everything: its indices are sent as well.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None and k < n:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="half-precision" exercise="bytes"
# You counted two bytes for a value.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 2 * k + 4 * k
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="nearest-byte" exercise="bytes"
# You rounded to the nearest byte.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return round(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="scale-among-the-bits" exercise="bytes"
# You put the scale's 32 bits into bytes before you rounded and once more after.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k
    if bits is not None:
        return math.ceil((n * bits + 32) / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="scale-for-top-k" exercise="bytes"
# You counted a scale for top-k, which sends values as they are.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return 4 * k + 4 * k + 4
    if bits is not None:
        return math.ceil(n * bits / 8) + 4
    return 4 * n


def largest_k(n, bits):
    return (math.ceil(n * bits / 8) + 4) // 8


# %% mutant="no-more-than-everything" exercise="bytes"
# You took the smaller of top-k and everything. top-k with a large k costs more than
# everything, and that is what it costs.
def reply_bytes(n, *, k=None, bits=None):
    if bits is not None:
        return -(-n * bits // 8) + 4
    if k is not None:
        return min(8 * k, 4 * n)
    return 4 * n


def largest_k(n, bits):
    return reply_bytes(n, bits=bits) // 8


# %% mutant="no-scale-for-nothing" exercise="bytes"
# You left out the scale of an empty update. It is sent all the same.
def reply_bytes(n, *, k=None, bits=None):
    if bits is not None:
        return -(-n * bits // 8) + (4 if n else 0)
    if k is not None:
        return 8 * k
    return 4 * n


def largest_k(n, bits):
    return reply_bytes(n, bits=bits) // 8


# %% mutant="arrays-of-one" exercise="bytes"
# You returned arrays with one number in them: a count of bytes is one int.
def reply_bytes(n, *, k=None, bits=None):
    if k is not None:
        return np.array([8 * k])
    if bits is not None:
        return np.ceil(np.array([n * bits / 8])).astype(int) + 4
    return np.array([4 * n])


def largest_k(n, bits):
    return reply_bytes(n, bits=bits) // 8


# %% alternative="search" exercise="bytes"
# Takes the largest k by bisection, with the first function.
def reply_bytes(n, *, k=None, bits=None):
    if k is None and bits is None:
        return n * np.dtype(np.float32).itemsize
    if bits is None:
        return 8 * k
    return -(-n * bits // 8) + 4


def largest_k(n, bits):
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        if reply_bytes(n, k=middle) <= reply_bytes(n, bits=bits):
            low = middle
        else:
            high = middle - 1
    return low


# %% alternative="bits" exercise="bytes"
# Counts in bits, and rounds at the end.
def reply_bytes(n, *, k=None, bits=None):
    total = 32 * n
    if k is not None:
        total = k * (32 + 32)
    elif bits is not None:
        total = n * bits + 32
    return (total + 7) // 8


def largest_k(n, bits):
    budget = (n * bits + 7) // 8 + 4
    return sorted((n, budget // 8))[0]


# %% alternative="divmod" exercise="bytes"
# Counts with divmod.
def reply_bytes(n, *, k=None, bits=None):
    if bits is not None:
        full, rest = divmod(n * bits, 8)
        return full + (rest > 0) + 4
    return 4 * n if k is None else 8 * k


def largest_k(n, bits):
    k = reply_bytes(n, bits=bits) >> 3
    return n if k > n else k


# %% alternative="linear-search" exercise="bytes"
# Tries one k after the other.
def reply_bytes(n, *, k=None, bits=None):
    if bits is not None:
        return -(-n * bits // 8) + 4
    if k is not None:
        return 8 * k
    return 4 * n


def largest_k(n, bits):
    k = 0
    while k < n and reply_bytes(n, k=k + 1) <= reply_bytes(n, bits=bits):
        k += 1
    return k
