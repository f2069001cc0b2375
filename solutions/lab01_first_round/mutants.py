# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Answers to lab 1, wrong ones and right ones
#
# Each cell is a whole answer to one exercise. A *mutant* is a misconception, and its
# comment is what a student who has it should read. An *alternative* is right and looks
# different, so it must earn every mark.

# %% [markdown]
# ## Task 1a

# %% mutant="names-lost" exercise="parameters"
# You packed a list of arrays: the record then has the names "0", "1", ... and nobody
# can tell a weight from a bias.
def get_parameters(model):
    return ArrayRecord(list(model.values()))


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()


# %% mutant="alphabetical" exercise="parameters"
# You packed the arrays in alphabetical order; the record must keep the model's own
# order, hidden.weight before hidden.bias.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in sorted(model.items())})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()


# %% mutant="by-position" exercise="parameters"
# You matched arrays by their position. A record may list its names in another order, so
# take arrays[name] for each name of the model.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name, array in zip(model, arrays.values(), strict=True):
        model[name] = array.numpy()


# %% mutant="rebinds-the-local-name" exercise="parameters"
# You assigned a new dictionary to the local variable `model`, which the caller never
# sees: change the dictionary you were given.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    model = {name: array.numpy() for name, array in arrays.items()}


# %% mutant="accepts-missing-names" exercise="parameters"
# You accepted a record that lacks an array of the model: that part of the model would
# silently stay untrained.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if not set(arrays) <= set(model):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in arrays:
        model[name] = arrays[name].numpy()


# %% mutant="accepts-extra-names" exercise="parameters"
# You accepted a record with an array that the model does not have: it comes from
# another model and must be refused.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if not set(model) <= set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()


# %% mutant="update-adds-names" exercise="parameters"
# You used `update` without comparing the names, so that a record of another model adds
# its arrays to yours.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    model.update({name: array.numpy() for name, array in arrays.items()})


# %% mutant="counts-names" exercise="parameters"
# You compared the number of names, not the names: four arrays with other names are
# another model.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if len(model) != len(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in arrays:
        model[name] = arrays[name].numpy()


# %% mutant="changes-before-it-refuses" exercise="parameters"
# You overwrote arrays before you knew that all names match: after the ValueError the
# model is half old, half new.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    for name in model:
        if name not in arrays:
            raise ValueError(f"no array {name} in the record")
        model[name] = arrays[name].numpy()
    if len(arrays) > len(model):
        raise ValueError("the record has more arrays than the model")


# %% mutant="key-error" exercise="parameters"
# You let a missing name end in a KeyError; the docstring promises a ValueError, which
# is what callers catch.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    new = {name: arrays[name].numpy() for name in model}
    if len(arrays) > len(model):
        raise ValueError("the record has more arrays than the model")
    model.update(new)


# %% mutant="everything-float32" exercise="parameters"
# You converted every array to float32: a record keeps each array's dtype, counters and
# float64 included.
def get_parameters(model):
    return ArrayRecord(
        {name: Array(array.astype(np.float32)) for name, array in model.items()}
    )


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()


# %% mutant="flattened" exercise="parameters"
# You flattened the arrays: the shape is part of the model, and a matrix cannot be used
# as a vector.
def get_parameters(model):
    return ArrayRecord({name: Array(np.ravel(array)) for name, array in model.items()})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()


# %% mutant="at-least-one-dimension" exercise="parameters"
# You packed a shape () array as shape (1,): numbers without dimensions keep their shape
# too.
def get_parameters(model):
    return ArrayRecord(
        {name: Array(np.atleast_1d(array)) for name, array in model.items()}
    )


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()


# %% mutant="leaves-arrays-packed" exercise="parameters"
# You stored Flower's packed `Array` in the model: call `.numpy()`, or the next matrix
# product fails.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name]


# %% mutant="takes-the-order-of-the-record" exercise="parameters"
# You emptied the model and filled it in the record's order; the model's own order must
# not change.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    new = {name: array.numpy() for name, array in arrays.items()}
    model.clear()
    model.update(new)


# %% mutant="skips-the-biases" exercise="parameters"
# You overwrote matrices only: biases and single numbers are part of the model too.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        if model[name].ndim > 1:
            model[name] = arrays[name].numpy()


# %% mutant="unpacks-by-emptying" exercise="parameters"
# You took the arrays out of the record: the record belongs to the message, and must
# stay as it is.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays.pop(name).numpy()


# %% mutant="contiguous-copies" exercise="parameters"
# You packed np.ascontiguousarray(array), which turns shape () into shape (1,): `Array`
# takes any array as it is.
def get_parameters(model):
    return ArrayRecord(
        {name: Array(np.ascontiguousarray(array)) for name, array in model.items()}
    )


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()


# %% mutant="finds-extra-names-too-late" exercise="parameters"
# You looked for extra names when the model had already changed: compare all names
# before you change anything.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    try:
        model.update({name: arrays[name].numpy() for name in model})
    except KeyError as error:
        raise ValueError(f"the record lacks {error}") from error
    if len(arrays) > len(model):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")


# %% mutant="empties-what-it-unpacked" exercise="parameters"
# You set the record's arrays to zero once you had their values: the record belongs to
# the message, and must stay as it is.
def get_parameters(model):
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def set_parameters(model, arrays):
    if set(model) != set(arrays):
        raise ValueError(f"expected the arrays {list(model)}, got {list(arrays)}")
    for name in model:
        model[name] = arrays[name].numpy()
        arrays[name] = Array(np.zeros_like(model[name]))


# %% alternative="loops" exercise="parameters"
# Explicit loops, and writes into the arrays that are there.
def get_parameters(model):
    record = ArrayRecord()
    for name in model:
        record[name] = Array.from_numpy_ndarray(model[name])
    return record


def set_parameters(model, arrays):
    for name in (*model, *arrays):
        if name not in model or name not in arrays:
            raise ValueError(f"{name} is not in both")
    for name, array in model.items():
        array[...] = arrays[name].numpy()


# %% alternative="through-torch" exercise="parameters"
# Packs torch tensors with Flower's own helper, and unpacks in the record's order.
import torch


def get_parameters(model):
    tensors = {name: torch.from_numpy(array.copy()) for name, array in model.items()}
    return ArrayRecord.from_torch_state_dict(tensors)


def set_parameters(model, arrays):
    if sorted(model) != sorted(arrays):
        raise ValueError("different names")
    for name, tensor in arrays.to_torch_state_dict().items():
        model[name] = tensor.numpy().copy()


# %% alternative="functional" exercise="parameters"
# Compares key views, and updates the model from a mapping.
def get_parameters(model):
    return ArrayRecord(dict(zip(model, map(Array, model.values()), strict=True)))


def set_parameters(model, arrays):
    if model.keys() ^ arrays.keys():
        raise ValueError("names differ: " + ", ".join(model.keys() ^ arrays.keys()))
    model.update((name, array.numpy()) for name, array in arrays.items())


# %% alternative="undoes" exercise="parameters"
# Changes the model and puts the old arrays back if a name does not match.
def get_parameters(model):
    record = ArrayRecord()
    for name in model:
        record[name] = Array(np.array(model[name]))
    return record


def set_parameters(model, arrays):
    before = model.copy()
    try:
        for name in before:
            model[name] = arrays[name].numpy()
        if len(before) < len(arrays):
            raise KeyError("a name that the model lacks")
    except KeyError as error:
        model.update(before)
        raise ValueError(f"the names do not match: {error}") from error


# %% [markdown]
# ## Task 1b


# %% mutant="shallow-copy" exercise="local-sgd"
# You copied the dictionary but not the arrays, so `-=` changed the global model that
# you were given.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = dict(model)
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="trains-the-original" exercise="local-sgd"
# You trained the model you were given, not a copy: the server and every other client in
# this process share it.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = model
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="empty-arrays" exercise="local-sgd"
# You returned arrays with no number in them: training does not change a shape.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    for _ in range(local_epochs):
        rng.permutation(len(labels))
    return {name: array[np.newaxis][:0] for name, array in model.items()}


# %% mutant="ascent" exercise="local-sgd"
# You added the gradient: that climbs the loss. A step goes against the gradient.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] += lr * gradient[name]
    return trained


# %% mutant="drops-the-small-batch" exercise="local-sgd"
# You left out the last batch when it is smaller than batch_size: its examples count
# too.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order) - batch_size + 1, batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="one-order-for-all-epochs" exercise="local-sgd"
# You shuffled once: every epoch draws a new order from rng.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    order = rng.permutation(len(labels))
    for _ in range(local_epochs):
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="no-shuffle" exercise="local-sgd"
# You visited the examples in the order of the data: each epoch draws its own order from
# rng.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = np.arange(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="with-replacement" exercise="local-sgd"
# You drew examples with replacement, so that some are seen twice and others never; an
# epoch visits each example once.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.integers(len(labels), size=len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="labels-left-behind" exercise="local-sgd"
# You shuffled the features but not the labels: example i and label i must stay
# together.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(
                trained, features[batch], labels[first : first + batch_size]
            )
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="stale-gradient" exercise="local-sgd"
# You took every gradient at the model you started from; after a step the next gradient
# is taken where that step led.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(model, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="one-epoch" exercise="local-sgd"
# You went over the data once, whatever local_epochs says.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(1):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="equal-batches" exercise="local-sgd"
# You cut the examples into batches of nearly equal size; every batch has batch_size
# examples, and only the last may be smaller.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        num_batches = max(-(-len(order) // batch_size), 1)
        for batch in np.array_split(order, num_batches):
            if len(batch) == 0:
                continue
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="skips-a-batch-of-one" exercise="local-sgd"
# You left out a last batch of one example: its gradient is as good as any.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            if len(batch) == 1:
                continue
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="one-batch-per-epoch" exercise="local-sgd"
# You took one step per epoch: an epoch has a step for every batch.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
            break
    return trained


# %% mutant="full-batch" exercise="local-sgd"
# You used all examples for every step; a step uses the batch_size examples of its
# batch.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="divides-again" exercise="local-sgd"
# You divided by the batch size once more: the gradient is already that of the mean
# loss.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr / len(batch) * gradient[name]
    return trained


# %% mutant="weights-only" exercise="local-sgd"
# You moved the matrices and not the biases: a step moves every array of the model.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                if trained[name].ndim > 1:
                    trained[name] -= lr * gradient[name]
    return trained


# %% mutant="restarts-each-epoch" exercise="local-sgd"
# You began every epoch at the global model, so only the last epoch counts.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        trained = {name: array.copy() for name, array in model.items()}
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="float64" exercise="local-sgd"
# You returned float64 arrays: that doubles every message. The trained model keeps the
# dtypes of the model.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.astype(np.float64) for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="returns-the-update" exercise="local-sgd"
# You returned how far the model moved; the client sends the model where training ended.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return {name: trained[name] - model[name] for name in model}


# %% mutant="own-seed" exercise="local-sgd"
# You made your own generator instead of using `rng`: then every client and every round
# shuffles alike, and no seed repeats the run.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = np.random.default_rng(0).permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="crashes-when-empty" exercise="local-sgd"
# Your client fails when it holds no examples: with n = 0 there is nothing to step on,
# and the copy is returned as it is.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    step = max(batch_size // len(labels), 1)
    for _ in range(local_epochs * step // step):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="no-draw-for-one-batch" exercise="local-sgd"
# You skipped the permutation when one batch holds all examples: every epoch draws from
# rng, or what is drawn next depends on the batch size.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    n = len(labels)
    for _ in range(local_epochs):
        order = rng.permutation(n) if batch_size < n else np.arange(n)
        for first in range(0, n, batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="draws-one-order-too-many" exercise="local-sgd"
# You drew an order that no epoch uses: one permutation per epoch, and none besides.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    order = rng.permutation(len(labels))
    for _ in range(local_epochs):
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
        order = rng.permutation(len(labels))
    return trained


# %% mutant="always-float32" exercise="local-sgd"
# You returned float32 whatever came in: a float64 array stays float64.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.astype(np.float32) for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] = trained[name] - np.float32(lr) * gradient[name]
    return trained


# %% mutant="one-array-after-another" exercise="local-sgd"
# You took a new gradient for every array, when the arrays before it had moved: a step
# has one gradient, taken at one model.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            for name in trained:
                gradient = gradients(trained, features[batch], labels[batch])
                trained[name] -= lr * gradient[name]
    return trained


# %% mutant="stacks-the-models" exercise="local-sgd"
# You returned arrays with one axis more, the last of a stack of models; each array has
# the shape that it has in the model.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    for _ in range(local_epochs):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            gradient = gradients(trained, features[batch], labels[batch])
            for name in trained:
                trained[name] -= lr * gradient[name]
    return {name: np.stack([model[name], trained[name]])[1:] for name in trained}


# %% alternative="while-loop" exercise="local-sgd"
# Counts examples in a while loop and builds a new dictionary at every step.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: np.array(model[name]) for name in model}
    epoch = 0
    while epoch < local_epochs:
        order, done = rng.permutation(len(labels)), 0
        while done < len(order):
            chosen = order[done : done + batch_size]
            slope = gradients(trained, features[chosen], labels[chosen])
            trained = {name: trained[name] - lr * slope[name] for name in trained}
            done += len(chosen)
        epoch += 1
    return trained


# %% alternative="shuffles-whole-arrays" exercise="local-sgd"
# Shuffles copies of the examples, cuts them with np.array_split at fixed places, and
# steps with np.subtract.
import copy


def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = copy.deepcopy(model)
    n = len(labels)
    for _ in range(local_epochs):
        order = rng.permutation(n)
        cuts = np.arange(batch_size, n, batch_size)
        xs, ys = np.split(features[order], cuts), np.split(labels[order], cuts)
        for x, y in zip(xs, ys, strict=True):
            if len(y):
                for name, slope in gradients(trained, x, y).items():
                    np.subtract(trained[name], lr * slope, out=trained[name])
    return trained


# %% alternative="torch-optimizer" exercise="local-sgd"
# Draws all orders first, and lets torch.optim.SGD step on tensors that share memory
# with the arrays.
import torch


def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    orders = [rng.permutation(len(labels)) for _ in range(local_epochs)]
    trained = {name: np.array(array) for name, array in model.items()}
    tensors = {name: torch.from_numpy(array) for name, array in trained.items()}
    optimizer = torch.optim.SGD(tensors.values(), lr=lr)
    for order in orders:
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            if batch.size == 0:
                continue
            slope = gradients(trained, features[batch], labels[batch])
            for name, tensor in tensors.items():
                tensor.grad = torch.as_tensor(slope[name]).to(tensor.dtype)
            optimizer.step()
    return trained


# %% alternative="recursion" exercise="local-sgd"
# Returns at once if there is nothing to do, and calls itself for the other epochs.
def local_sgd(model, features, labels, gradients, *, lr, batch_size, local_epochs, rng):
    trained = {name: array.copy() for name, array in model.items()}
    if local_epochs == 0 or len(labels) == 0:
        return trained
    rows = list(rng.permutation(len(labels)))
    while rows:
        batch, rows = rows[:batch_size], rows[batch_size:]
        slope = gradients(trained, features[batch], labels[batch])
        for name, array in trained.items():
            array -= lr * slope[name]
    settings = {"lr": lr, "batch_size": batch_size, "local_epochs": local_epochs - 1}
    return local_sgd(trained, features, labels, gradients, **settings, rng=rng)


# %% [markdown]
# ## Task 1c


# %% mutant="counts-clients" exercise="client-app"
# You sent the number of clients as num-examples; n_k is the number of examples that
# this client holds.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(federation), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="test-size" exercise="client-app"
# You sent the size of the test set as num-examples; the weight of a client is what it
# trained on.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(test_set), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="weight-one" exercise="client-app"
# You sent num-examples 1: the server would weigh all clients equally, however much they
# know.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": 1, "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="all-examples" exercise="client-app"
# You sent the number of all examples in the federation, which a client cannot know and
# which makes all weights equal.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord(
        {"num-examples": sum(map(len, federation)), "train-loss": loss}
    )
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="untrained-model" exercise="client-app"
# You sent back the model that you received: the trained one is the first thing that fit
# returns.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": message.content["arrays"], "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="first-client" exercise="client-app"
# You trained every client on the data of client 0: the index is in context.node_config.
def train_client(message, context, federation, fit):
    dataset = federation[0]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="node-id" exercise="client-app"
# You used the node's address as its index in the federation: an address can be any
# number.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_id % len(federation) - 1]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="counts-from-one" exercise="client-app"
# You subtracted one from partition-id: it counts from 0, like Python.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"] - 1]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="round-as-index" exercise="client-app"
# You took the data by round; a client trains on its own data in every round.
def train_client(message, context, federation, fit):
    dataset = federation[message.content["config"].get("server-round", 0)]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="trains-twice" exercise="client-app"
# You called fit twice, once for the model and once for the loss: training is the slow
# part, and the second model was thrown away.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    request = message.content
    arrays, _ = fit(request["arrays"], dataset, request["config"])
    _, loss = fit(request["arrays"], dataset, request["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="own-settings" exercise="client-app"
# You trained with settings of your own: the server's are in message.content["config"].
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(
        message.content["arrays"], dataset, ConfigRecord({"lr": 0.5, "local-epochs": 1})
    )
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="underscores" exercise="client-app"
# You wrote num_examples and train_loss: Flower's keys are spelt with hyphens, and
# FedAvg looks for "num-examples".
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num_examples": len(dataset), "train_loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="no-loss" exercise="client-app"
# You left out the train-loss, so nobody can see whether training worked.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset)})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="loss-as-weight" exercise="client-app"
# You exchanged num-examples and train-loss: the server would weigh clients by their
# loss.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": loss, "train-loss": len(dataset)})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="echoes-the-config" exercise="client-app"
# You sent the settings back: the reply has two records, the model and the metrics.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict(
        {"arrays": arrays, "metrics": metrics, "config": message.content["config"]}
    )
    return Message(content, reply_to=message)


# %% mutant="metrics-as-config" exercise="client-app"
# You sent the metrics under the key "config"; the server reads "metrics".
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "config": metrics})
    return Message(content, reply_to=message)


# %% mutant="model-as-parameters" exercise="client-app"
# You sent the model under another key: the server reads "arrays".
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"parameters": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="not-a-reply" exercise="client-app"
# You sent a new message instead of a reply: Message(content, reply_to=message) is what
# finds its way back.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, message.metadata.src_node_id, MessageType.TRAIN)


# %% mutant="fractional-count" exercise="client-app"
# You sent num-examples as a float: it is a count, an int.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": float(len(dataset)), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="sends-the-update" exercise="client-app"
# You sent how far the model moved: the server averages models, so send the trained
# model itself.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    arrays = ArrayRecord(
        {
            name: Array(arrays[name].numpy() - message.content["arrays"][name].numpy())
            for name in arrays
        }
    )
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="rounded-loss" exercise="client-app"
# You rounded the loss: send the number that fit returned, and round where it is shown.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": round(loss, 2)})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="address-modulo" exercise="client-app"
# You took the remainder of the node's address, which happens to fit in some
# federations: an address can be any number.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_id % len(federation)]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="metrics-in-a-config-record" exercise="client-app"
# You sent the metrics in a ConfigRecord: the server reads a client's weight from a
# MetricRecord.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = ConfigRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="settings-as-a-dictionary" exercise="client-app"
# You turned the settings into a dictionary: fit is promised the ConfigRecord.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    settings = dict(message.content["config"].items())
    arrays, loss = fit(message.content["arrays"], dataset, settings)
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="at-least-one-example" exercise="client-app"
# You reported one example for a client that holds none: n_k = 0 means no influence.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": max(len(dataset), 1), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="empty-client-does-not-train" exercise="client-app"
# You skipped fit for a client without examples, and made up its loss: what to do then
# is for fit to decide.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = message.content["arrays"], 0.0
    if len(dataset) > 0:
        arrays, loss = fit(arrays, dataset, message.content["config"])
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="converts-to-float32" exercise="client-app"
# You converted the trained model to float32: send the arrays that fit returned.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    arrays = ArrayRecord(
        {name: Array(np.float32(array.numpy())) for name, array in arrays.items()}
    )
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% mutant="an-axis-for-the-client" exercise="client-app"
# You gave every array an axis more, for the client: send the arrays that fit returned,
# in their shapes.
def train_client(message, context, federation, fit):
    dataset = federation[context.node_config["partition-id"]]
    arrays, loss = fit(message.content["arrays"], dataset, message.content["config"])
    arrays = ArrayRecord(
        {name: Array(array.numpy()[None]) for name, array in arrays.items()}
    )
    metrics = MetricRecord({"num-examples": len(dataset), "train-loss": loss})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


# %% alternative="one-expression" exercise="client-app"
# Names every part first, and nests the records in one expression.
def train_client(message, context, federation, fit):
    request, k = message.content, context.node_config["partition-id"]
    trained, loss = fit(
        arrays=request["arrays"], dataset=federation[k], config=request["config"]
    )
    return Message(
        RecordDict(
            {
                "metrics": MetricRecord(
                    {"train-loss": float(loss), "num-examples": int(len(federation[k]))}
                ),
                "arrays": trained,
            }
        ),
        reply_to=message,
    )


# %% alternative="fills-records" exercise="client-app"
# Starts from empty records and fills them; reads the request through its typed views.
def train_client(message, context, federation, fit):
    arrays = message.content.array_records["arrays"]
    config = message.content.config_records["config"]
    own = federation[int(context.node_config["partition-id"])]
    reply = RecordDict()
    reply["arrays"], loss = fit(arrays, own, config)
    reply["metrics"] = MetricRecord()
    reply["metrics"]["num-examples"] = len(own.labels)
    reply["metrics"]["train-loss"] = loss
    return Message(content=reply, reply_to=message)


# %% alternative="class" exercise="client-app"
# Keeps the client's data in an object, and copies the records that it passes on.
class Client:
    def __init__(self, context, federation):
        self.data = federation[context.node_config["partition-id"]]

    def answer(self, message, fit):
        arrays = ArrayRecord(dict(message.content["arrays"]))
        result = fit(arrays, self.data, ConfigRecord(dict(message.content["config"])))
        metrics = {"num-examples": len(self.data), "train-loss": result[1]}
        return {"metrics": MetricRecord(metrics), "arrays": result[0]}


def train_client(message, context, federation, fit):
    records = Client(context, federation).answer(message, fit)
    return Message(RecordDict(records), reply_to=message)


# %% [markdown]
# ## Task 2


# %% mutant="uniform" exercise="weighted-mean"
# You averaged all clients equally: client k weighs n_k / n, its share of all examples.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += model[name] / len(models)
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="divides-by-clients" exercise="weighted-mean"
# You weighed by n_k but divided by the number of clients: divide by n, the sum of all
# n_k.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / len(models)) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="weighted-sum" exercise="weighted-mean"
# You forgot to divide: the weights must add up to 1.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += n_k * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="integer-division" exercise="weighted-mean"
# You divided with //, which makes every weight 0 or 1.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k // n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="in-place-into-client-0" exercise="weighted-mean"
# You added into the arrays of client 0: after the call its model is the average.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = array
        total *= num_examples[0] / n
        for model, n_k in zip(models[1:], num_examples[1:], strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="scales-the-inputs" exercise="weighted-mean"
# You scaled the clients' models in place before adding them: whoever looks at them next
# sees other models.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            model[name] *= n_k / n
            total += model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="first-array-only" exercise="weighted-mean"
# You averaged the first array and took the others from client 0: every array is
# averaged.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    mean = dict(models[0])
    for name, array in list(models[0].items())[:1]:
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="by-position" exercise="weighted-mean"
# You matched arrays by their position; models may list their names in different orders.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for i, (name, array) in enumerate(models[0].items()):
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * list(model.values())[i]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="alphabetical" exercise="weighted-mean"
# You returned the names in alphabetical order: the order is that of models[0].
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in sorted(models[0].items()):
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="float64" exercise="weighted-mean"
# You returned float64: the average keeps the dtype of each array, or every later
# message is twice as long.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total
    return mean


# %% mutant="always-float32" exercise="weighted-mean"
# You returned float32 whatever came in: a float64 array stays float64.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(np.float32)
    return mean


# %% mutant="adds-in-float32" exercise="weighted-mean"
# You added in float32: with thousands of clients the rounding errors add up. Add in
# float64, convert at the end.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape, array.dtype)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="multiplies-first" exercise="weighted-mean"
# You multiplied a float32 array by a large n_k before dividing: it overflows to
# infinity.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += n_k * model[name] / n
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="empty-clients-count-one" exercise="weighted-mean"
# You gave clients without examples the weight 1: n_k = 0 means no influence.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    num_examples = [max(n_k, 1) for n_k in num_examples] if n else num_examples
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="returns-nan-without-examples" exercise="weighted-mean"
# You divided 0 by 0 when no client has an example: say so with a ValueError.
def weighted_mean(models, num_examples):
    n = sum(num_examples) or float("nan")
    if len(models) != len(num_examples):
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="uniform-without-examples" exercise="weighted-mean"
# You fell back to equal weights when all n_k are 0: the docstring asks for a
# ValueError, so that nobody trusts an average of nothing.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if n == 0:
        num_examples, n = [1] * len(models), len(models)
    if len(models) != len(num_examples):
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="forgives-lengths" exercise="weighted-mean"
# You paired models and counts with a zip that stops at the shorter list: a model
# without a count must be refused.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=False):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="skips-the-last" exercise="weighted-mean"
# You left out the last client.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models[:-1], num_examples[:-1], strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="weights-squared" exercise="weighted-mean"
# You used the weights twice: once for each client's share is enough.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) ** 2 * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="largest-client" exercise="weighted-mean"
# You took the model of the client with the most examples: every client with examples
# has its share.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            if n_k == max(num_examples):
                total = np.float64(model[name])
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="one-number-per-array" exercise="weighted-mean"
# You averaged over the entries of each array as well: the mean is taken over clients,
# entry by entry.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = np.full(
            array.shape, total.mean() if total.size else 0, array.dtype
        )
    return mean


# %% mutant="sorts-the-counts" exercise="weighted-mean"
# You sorted the counts and lost track of whose they are.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, sorted(num_examples), strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="empties-the-counts" exercise="weighted-mean"
# You took the counts out of the caller's list: the inputs stay as they are.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        total = np.zeros(array.shape)
        for model, n_k in zip(models, num_examples, strict=True):
            total += (n_k / n) * model[name]
        mean[name] = total.astype(array.dtype)
    num_examples.clear()
    return mean


# %% mutant="converts-the-clients" exercise="weighted-mean"
# You put float64 arrays into the clients' own models: convert a copy.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    dtypes = {name: array.dtype for name, array in models[0].items()}
    for model in models:
        for name in model:
            model[name] = model[name].astype(np.float64)
    mean = {}
    for name, dtype in dtypes.items():
        pairs = zip(models, num_examples, strict=True)
        total = sum((n_k / n) * model[name] for model, n_k in pairs)
        mean[name] = np.asarray(total, dtype)
    return mean


# %% mutant="running-mean-in-float32" exercise="weighted-mean"
# You kept a running mean in float32: every step rounds it, and with thousands of
# clients the rounding shows. Add in float64, convert at the end.
def weighted_mean(models, num_examples):
    if len(models) != len(num_examples) or sum(num_examples) == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean, n = {name: np.zeros_like(array) for name, array in models[0].items()}, 0
    for model, n_k in zip(models, num_examples, strict=True):
        n += n_k
        for name in mean:
            if n_k > 0:
                mean[name] += (n_k / n) * (model[name] - mean[name])
    return mean


# %% mutant="refuses-a-single-example" exercise="weighted-mean"
# You refused counts that add up to 1: one example is an example.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n <= 1:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, first in models[0].items():
        pairs = zip(models, num_examples, strict=True)
        total = sum((n_k / n) * model[name].astype(float) for model, n_k in pairs)
        mean[name] = np.asarray(total, first.dtype)
    return mean


# %% mutant="empty-arrays" exercise="weighted-mean"
# You returned arrays without entries: `[:0]` takes none, and the mean of an array has
# the array's own shape.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    return {name: np.ravel(array)[:0] for name, array in models[0].items()}


# %% mutant="keeps-the-axis-of-the-clients" exercise="weighted-mean"
# You kept the axis over which you averaged, with length 1: the mean of arrays of shape
# (2,) has the shape (2,), not (1, 2).
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        stacked = np.stack([np.float64(model[name]) for model in models])
        weights = np.divide(num_examples, n).reshape(-1, *[1] * array.ndim)
        total = (weights * stacked).sum(axis=0, keepdims=True)
        mean[name] = total.astype(array.dtype)
    return mean


# %% mutant="normalises-in-place" exercise="weighted-mean"
# You replaced the caller's numbers of examples by weights: compute n_k / n in a list of
# your own.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    for k in range(len(num_examples)):
        num_examples[k] /= n
    mean = {}
    for name, array in models[0].items():
        pairs = zip(models, num_examples, strict=True)
        total = sum(weight * np.float64(model[name]) for model, weight in pairs)
        mean[name] = np.asarray(total, array.dtype)
    return mean


# %% mutant="converts-arrays-with-axes-only" exercise="weighted-mean"
# You converted vectors and matrices back, but not single numbers: an array of shape ()
# has a dtype too, which the average keeps.
def weighted_mean(models, num_examples):
    n = sum(num_examples)
    if len(models) != len(num_examples) or n == 0:
        raise ValueError(f"cannot weigh {len(models)} models by {num_examples}")
    mean = {}
    for name, array in models[0].items():
        pairs = zip(models, num_examples, strict=True)
        total = sum((n_k / n) * np.float64(model[name]) for model, n_k in pairs)
        mean[name] = total.astype(array.dtype) if array.ndim else np.asarray(total)
    return mean


# %% alternative="np-average" exercise="weighted-mean"
# Stacks the clients and lets np.average do the work in float64.
def weighted_mean(models, num_examples):
    if len(models) != len(num_examples) or not any(num_examples):
        raise ValueError("nothing to average")
    return {
        name: np.asarray(
            np.average(
                np.stack([np.asarray(model[name], np.float64) for model in models]),
                axis=0,
                weights=num_examples,
            ),
            dtype=models[0][name].dtype,
        )
        for name in models[0]
    }


# %% alternative="torch" exercise="weighted-mean"
# Contracts the client axis with torch in double precision.
import torch


def weighted_mean(models, num_examples):
    if len(models) != len(num_examples):
        raise ValueError("as many counts as models, please")
    weights = torch.tensor(num_examples, dtype=torch.float64)
    if weights.sum() == 0:
        raise ValueError("no examples")
    weights = weights / weights.sum()
    mean = {}
    for name, array in models[0].items():
        stack = torch.stack([torch.tensor(model[name]).double() for model in models])
        flat = weights @ stack.reshape(len(models), -1)
        mean[name] = flat.numpy().reshape(array.shape).astype(array.dtype)
    return mean


# %% alternative="drops-empty-clients" exercise="weighted-mean"
# Leaves out clients without examples, and uses exact sums of Python floats.
from functools import reduce


def weighted_mean(models, num_examples):
    pairs = [(m, n) for m, n in zip(models, num_examples, strict=True) if n > 0]
    if not pairs:
        raise ValueError("no client has examples")
    total = sum(n for _, n in pairs)

    def add(so_far, pair):
        model, n_k = pair
        return {k: so_far[k] + np.float64(model[k]) * (n_k / total) for k in so_far}

    zeros = {k: np.zeros_like(a, dtype=np.float64) for k, a in models[0].items()}
    summed = reduce(add, pairs, zeros)
    return {k: np.asarray(summed[k], models[0][k].dtype) for k in summed}


# %% alternative="numpy-scalars" exercise="weighted-mean"
# One expression; an array of shape () comes out as a NumPy scalar of its dtype.
def weighted_mean(models, num_examples):
    pairs, n = list(zip(models, num_examples, strict=True)), sum(num_examples)
    if n == 0:
        raise ValueError("expected at least one example, got none")
    return {
        name: sum(n_k / n * m[name].astype(np.float64) for m, n_k in pairs).astype(
            like.dtype
        )
        for name, like in models[0].items()
    }


# %% alternative="flat-matrix" exercise="weighted-mean"
# Lays every model out as a row of one float64 matrix, and multiplies once.
def weighted_mean(models, num_examples):
    if len(models) != len(num_examples) or not any(num_examples):
        raise ValueError("expected one count per model, and one that is not 0")
    like = models[0]
    rows = [
        np.concatenate([m[name].ravel() for name in like], dtype=float) for m in models
    ]
    mean = np.array(num_examples) @ np.array(rows) / sum(num_examples)
    result, first = {}, 0
    for name, array in like.items():
        part = mean[first : first + array.size]
        result[name] = part.reshape(array.shape).astype(array.dtype)
        first += array.size
    return result


# %% [markdown]
# ## Task 3


# %% mutant="trusts-every-reply" exercise="run-round"
# You read the content of every reply: a client that failed has none. Ask
# reply.has_error() first.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests)]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="failed-clients-stand-still" exercise="run-round"
# You let failed clients vote for the old model: they are not part of the average,
# neither as a model nor as a weight.
def run_round(grid, arrays, server_round, config, average):
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
    num_failed = len(requests) - len(replies)
    share = sum(counts) // len(replies)
    return average(models + [arrays] * num_failed, counts + [share] * num_failed)


# %% mutant="equal-weights" exercise="run-round"
# You passed equal weights: the weights are the clients' num-examples.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [1 for reply in replies]
    return average(models, counts)


# %% mutant="loss-as-weight" exercise="run-round"
# You weighed clients by their training loss: the worst client would count most.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["train-loss"] for reply in replies]
    return average(models, counts)


# %% mutant="nothing-left-of-nothing" exercise="run-round"
# You returned None when every client failed: the global model stays as it is.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return None
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="averages-nothing" exercise="run-round"
# You called average although no client answered: with no models there is nothing to
# average, and the global model stays.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="empty-model" exercise="run-round"
# You returned an empty record when every client failed: the next round would start from
# no model at all.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return ArrayRecord()
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="asks-one-client-less" exercise="run-round"
# You did not ask the last client: every node of the grid gets a message.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN)
        for node_id in list(grid.get_node_ids())[:-1]
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="half-the-clients" exercise="run-round"
# You sampled half of the clients: this round asks every node.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN)
        for node_id in list(grid.get_node_ids())[::2]
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="settings-lost" exercise="run-round"
# You sent the round number without the settings in `config`, so that clients fall back
# to their own.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({"server-round": server_round})
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


# %% mutant="round-lost" exercise="run-round"
# You did not send the round: clients need "server-round" to draw other random numbers
# in every round.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord(config)
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


# %% mutant="rounds-from-zero" exercise="run-round"
# You sent server_round - 1: rounds count from 1, and the number given is the one to
# send.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round - 1})
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


# %% mutant="changes-the-settings" exercise="run-round"
# You wrote the round into the caller's config: make a copy, or the settings grow from
# round to round.
def run_round(grid, arrays, server_round, config, average):
    config["server-round"] = server_round
    config = ConfigRecord(config)
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


# %% mutant="one-after-another" exercise="run-round"
# You passed each client the model of the one before: in a round all clients start from
# the same global model.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    replies = []
    for node_id in grid.get_node_ids():
        request = Message(content, node_id, MessageType.TRAIN)
        (reply,) = grid.send_and_receive([request])
        if not reply.has_error():
            replies.append(reply)
            content = RecordDict({"arrays": reply.content["arrays"], "config": config})
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="own-average" exercise="run-round"
# You averaged by yourself, without weights, instead of calling `average`.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    return ArrayRecord(
        {
            name: Array(np.mean([model[name].numpy() for model in models], axis=0))
            for name in arrays
        }
    )


# %% mutant="old-model-votes" exercise="run-round"
# You put the old global model into the average: FedAvg averages what came back, and
# nothing else.
def run_round(grid, arrays, server_round, config, average):
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
    return average([arrays, *models], [max(counts), *counts])


# %% mutant="gives-up-on-a-failure" exercise="run-round"
# You kept the old model as soon as one client failed: the others' work is good and must
# be averaged.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if len(replies) < len(requests):
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="keeps-old-without-a-majority" exercise="run-round"
# You gave up the round when fewer than half of the clients answered; the docstring asks
# to average whatever came back.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if 2 * len(replies) < len(requests):
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="returns-first-reply" exercise="run-round"
# You returned the model of the first client that answered: the round's result is the
# average of all.
def run_round(grid, arrays, server_round, config, average):
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
    average(models, counts)
    return models[0]


# %% mutant="counts-out-of-step" exercise="run-round"
# Your models and counts are in different orders: n_k must stand where its model stands.
def run_round(grid, arrays, server_round, config, average):
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
    return average(models, sorted(counts, reverse=True))


# %% mutant="asks-to-evaluate" exercise="run-round"
# You sent messages of the type EVALUATE: a client trains when it is asked to TRAIN.
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": config})
    requests = [
        Message(content, node_id, MessageType.EVALUATE)
        for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="config-inside-out" exercise="run-round"
# You sent the settings under the key "settings"; clients read "config".
def run_round(grid, arrays, server_round, config, average):
    config = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "settings": config})
    requests = [
        Message(content, node_id, MessageType.TRAIN) for node_id in grid.get_node_ids()
    ]
    replies = [r for r in grid.send_and_receive(requests) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% mutant="averages-twice" exercise="run-round"
# You called average twice: a mean of the mean and the old counts is not the round's
# result.
def run_round(grid, arrays, server_round, config, average):
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
    mean = average(models, counts)
    return average([mean, *models], [sum(counts), *counts])


# %% mutant="forgets-empty-clients" exercise="run-round"
# You left out clients that hold no examples: they answered without error, and n_k = 0
# is a weight like any other. What it means is for `average` to decide.
def run_round(grid, arrays, server_round, config, average):
    record = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": record})
    messages = [Message(content, k, MessageType.TRAIN) for k in grid.get_node_ids()]
    models, counts = [], []
    for reply in grid.send_and_receive(messages):
        if not reply.has_error() and reply.content["metrics"]["num-examples"]:
            models.append(reply.content["arrays"])
            counts.append(reply.content["metrics"]["num-examples"])
    return average(models, counts) if models else arrays


# %% mutant="asks-again" exercise="run-round"
# You asked the clients that failed a second time: each node gets one message.
def run_round(grid, arrays, server_round, config, average):
    record = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": record})
    waiting, contents = set(grid.get_node_ids()), []
    for _ in range(2):
        messages = [Message(content, k, MessageType.TRAIN) for k in sorted(waiting)]
        for reply in grid.send_and_receive(messages):
            if not reply.has_error():
                contents.append(reply.content)
                waiting.discard(reply.metadata.src_node_id)
    models = [answer["arrays"] for answer in contents]
    counts = [answer["metrics"]["num-examples"] for answer in contents]
    return average(models, counts) if models else arrays


# %% mutant="first-ten-nodes" exercise="run-round"
# You asked ten nodes at most; every node of the grid takes part in the round.
def run_round(grid, arrays, server_round, config, average):
    messages = []
    for node_id in list(grid.get_node_ids())[:10]:
        settings = ConfigRecord({**config, "server-round": server_round})
        content = RecordDict({"arrays": arrays, "config": settings})
        messages.append(Message(content, node_id, MessageType.TRAIN))
    replies = [r for r in grid.send_and_receive(messages) if not r.has_error()]
    if not replies:
        return arrays
    return average(
        [reply.content["arrays"] for reply in replies],
        [reply.content["metrics"]["num-examples"] for reply in replies],
    )


# %% mutant="an-axis-for-the-round" exercise="run-round"
# You gave the average an axis more, for the round: return what average returned.
def run_round(grid, arrays, server_round, config, average):
    settings = ConfigRecord({**config, "server-round": server_round})
    content = RecordDict({"arrays": arrays, "config": settings})
    messages = [Message(content, i, MessageType.TRAIN) for i in grid.get_node_ids()]
    replies = [r for r in grid.send_and_receive(messages) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    mean = average(models, counts)
    return ArrayRecord({name: Array(mean[name].numpy()[None]) for name in mean})


# %% mutant="stamps-the-global-model" exercise="run-round"
# You wrote the round's number into the record of the global model: it is the caller's,
# and must stay as it is. The number goes into the config.
def run_round(grid, arrays, server_round, config, average):
    settings = ConfigRecord({**config, "server-round": server_round})
    arrays["server-round"] = Array(np.array(server_round))
    content = RecordDict({"arrays": arrays, "config": settings})
    messages = [Message(content, i, MessageType.TRAIN) for i in grid.get_node_ids()]
    replies = [r for r in grid.send_and_receive(messages) if not r.has_error()]
    if not replies:
        return arrays
    models = [reply.content["arrays"] for reply in replies]
    counts = [reply.content["metrics"]["num-examples"] for reply in replies]
    return average(models, counts)


# %% alternative="one-loop" exercise="run-round"
# Builds records by assignment, and fills both lists in one loop.
def run_round(grid, arrays, server_round, config, average):
    settings = ConfigRecord(dict(config))
    settings["server-round"] = server_round
    requests = []
    for node_id in grid.get_node_ids():
        content = RecordDict()
        content["arrays"], content["config"] = arrays, settings
        requests.append(Message(content, dst_node_id=node_id, message_type="train"))
    models, num_examples = [], []
    for reply in grid.send_and_receive(requests):
        if reply.has_content():
            models.append(reply.content.array_records["arrays"])
            metrics = reply.content.metric_records["metrics"]
            num_examples.append(metrics["num-examples"])
    return average(models, num_examples) if models else arrays


# %% alternative="one-node-at-a-time" exercise="run-round"
# Asks the nodes one by one, last one first, all from the same global model.
def run_round(grid, arrays, server_round, config, average):
    answered = {}
    for node_id in reversed(list(grid.get_node_ids())):
        record = ConfigRecord(dict(config, **{"server-round": int(server_round)}))
        content = RecordDict({"config": record, "arrays": arrays.copy()})
        request = Message(content, node_id, MessageType.TRAIN)
        for reply in grid.send_and_receive([request]):
            if not reply.has_error():
                answered[node_id] = reply.content
    if len(answered) == 0:
        return arrays
    return average(
        [content["arrays"] for content in answered.values()],
        [int(content["metrics"]["num-examples"]) for content in answered.values()],
    )


# %% alternative="keywords" exercise="run-round"
# Lets failed replies raise, last node first; calls average by its parameters' names.
def run_round(grid, arrays, server_round, config, average):
    messages = []
    for node_id in sorted(grid.get_node_ids(), reverse=True):
        settings = ConfigRecord(config | {"server-round": server_round})
        content = RecordDict({"config": settings, "arrays": arrays.copy()})
        messages.append(Message(content, node_id, "train"))
    contents = []
    for reply in grid.send_and_receive(messages):
        try:
            contents.append(reply.content)
        except ValueError:
            pass
    if not contents:
        return arrays.copy()
    return average(
        num_examples=[one["metrics"]["num-examples"] for one in contents],
        models=[one["arrays"] for one in contents],
    )


# %% [markdown]
# ## Task 4


# %% mutant="collects-first" exercise="streaming-mean"
# You collected the whole stream before you averaged: that holds every model at once,
# and here all of them are the same buffer.
def streaming_mean(updates):
    pairs = list(updates)
    n = sum(n_k for _, n_k in pairs)
    if n == 0:
        raise ValueError("no examples")
    first = pairs[0][0]
    return {
        name: sum((n_k / n) * np.float64(model[name]) for model, n_k in pairs).astype(
            first[name].dtype
        )
        for name in first
    }


# %% mutant="keeps-the-buffer" exercise="streaming-mean"
# You kept the first model itself as the running mean: it is the stream's buffer, and
# changes when the next model arrives.
def streaming_mean(updates):
    n, mean = 0, None
    for model, n_k in updates:
        n += n_k
        if mean is None:
            mean = model
        elif n_k > 0:
            mean = {
                name: (mean[name] + (n_k / n) * (model[name] - mean[name])).astype(
                    mean[name].dtype
                )
                for name in mean
            }
    if n == 0:
        raise ValueError("no examples")
    return mean


# %% mutant="reads-twice" exercise="streaming-mean"
# You went over the stream twice, first for the counts: the second time it is empty.
def streaming_mean(updates):
    n = sum(n_k for _, n_k in updates)
    if n == 0:
        raise ValueError("no examples")
    mean, dtypes = {}, {}
    for model, n_k in updates:
        for name, array in model.items():
            mean[name] = mean.get(name, 0.0) + (n_k / n) * np.float64(array)
            dtypes[name] = array.dtype
    return {name: np.asarray(array, dtypes[name]) for name, array in mean.items()}


# %% mutant="counts-models" exercise="streaming-mean"
# You weighed every model equally, 1 over the number of models so far: the weight is n_k
# / N.
def streaming_mean(updates):
    n, mean, dtypes, num_models = 0, {}, {}, 0
    for model, n_k in updates:
        n += n_k
        num_models += n_k > 0
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (1 / num_models) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="weight-of-two" exercise="streaming-mean"
# You compared n_k with the client before it only: N is the sum of all counts so far.
def streaming_mean(updates):
    n, mean, dtypes, before = 0, {}, {}, 0
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / (n_k + before)) * (array - mean[name])
        before = n_k
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="halves" exercise="streaming-mean"
# You took the mean of the mean so far and the new model: then the last model counts one
# half.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (0.5 if n > n_k else 1.0) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="count-added-late" exercise="streaming-mean"
# You added n_k to N after using it: the first model then divides by 0, and the next
# ones weigh too much.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / max(n, 1)) * (array - mean[name])
        n += n_k
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="old-mean-not-scaled" exercise="streaming-mean"
# You added the new share without shrinking the mean so far: m grows with every model.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * array
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="wrong-sign" exercise="streaming-mean"
# You moved the mean away from the new model: it is w_k - m, the way from the mean to
# the model.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (mean[name] - array)
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="never-divides" exercise="streaming-mean"
# You added n_k times each model and never divided by N.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += n_k * array
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="zero-is-a-client" exercise="streaming-mean"
# You let the zeros that you start from count as a client with one example.
def streaming_mean(updates):
    n, mean, dtypes = 1, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n == 1:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="nan-for-empty-clients" exercise="streaming-mean"
# You divided by N while it was still 0: a stream may begin with clients that hold
# nothing.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            with np.errstate(invalid="ignore"):
                mean[name] += (np.float64(n_k) / n) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="stops-at-an-empty-client" exercise="streaming-mean"
# You stopped at the first client without examples; skip it and go on.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        if n_k == 0:
            break
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="last-model" exercise="streaming-mean"
# You returned the last model, not the mean.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name][...] = array
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="accepts-nothing" exercise="streaming-mean"
# You returned a model although there was no example: without examples there is no
# average, so raise ValueError.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="float64" exercise="streaming-mean"
# You returned float64: the mean keeps the dtypes of the models.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array for name, array in mean.items()}


# %% mutant="always-float32" exercise="streaming-mean"
# You returned float32 whatever came in: a float64 array stays float64.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(np.float32) for name, array in mean.items()}


# %% mutant="forgets-the-first" exercise="streaming-mean"
# You used the first pair only to learn the shapes, and left its model out of the mean.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        if not mean:
            mean = {name: np.zeros(array.shape) for name, array in model.items()}
            dtypes = {name: array.dtype for name, array in model.items()}
            continue
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="adds-one-for-safety" exercise="streaming-mean"
# You added 1 to the denominator to avoid 0 / 0: that moves every average towards zero.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / (n + 1)) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="copies-every-model" exercise="streaming-mean"
# You copied every model into a list: the buffer no longer matters, and the server is
# out of memory. Keep one mean.
def streaming_mean(updates):
    models, counts = [], []
    for model, n_k in updates:
        models.append({name: array.copy() for name, array in model.items()})
        counts.append(n_k)
    if sum(counts) == 0:
        raise ValueError("expected at least one example in the stream, got none")
    mean = {}
    for name, like in models[0].items():
        stack = [model[name].astype(np.float64) for model in models]
        mean[name] = np.asarray(np.average(stack, axis=0, weights=counts), like.dtype)
    return mean


# %% mutant="mean-in-float32" exercise="streaming-mean"
# You kept the running mean in float32: every step rounds it, and with thousands of
# models the rounding shows. Keep it in float64, convert at the end.
def streaming_mean(updates):
    n, mean = 0, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros_like(array))
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return mean


# %% mutant="multiplies-first" exercise="streaming-mean"
# You multiplied a float32 array by a large n_k: it overflows to infinity. Convert to
# float64 first.
def streaming_mean(updates):
    n, total, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            total[name] = total.get(name, np.zeros(array.shape)) + n_k * array
            dtypes[name] = array.dtype
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: np.asarray(total[name] / n, dtypes[name]) for name in total}


# %% mutant="refuses-a-single-example" exercise="streaming-mean"
# You refused a stream with one example: one example is an example.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n <= 1:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="writes-into-the-stream" exercise="streaming-mean"
# You computed w_k - m in the stream's own arrays: they are not yours, and whoever reads
# them next reads something else.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros(array.shape))
            dtypes[name] = array.dtype
            if n_k > 0:
                array -= mean[name].astype(array.dtype)
                mean[name] += (n_k / n) * array.astype(np.float64)
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="float64-without-a-copy" exercise="streaming-mean"
# You took the first model with np.asarray, which copies float32 but not float64: a
# float64 array is then still the stream's buffer.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        if not mean:
            dtypes = {name: array.dtype for name, array in model.items()}
            mean = {name: np.asarray(array, float) for name, array in model.items()}
        elif n_k > 0:
            for name in mean:
                mean[name] = mean[name] + (n_k / n) * (model[name] - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% mutant="an-axis-for-the-stream" exercise="streaming-mean"
# You began with zeros of shape (1, ...), an axis for the models of the stream: the mean
# has the shape of the arrays themselves.
def streaming_mean(updates):
    n, mean, dtypes = 0, {}, {}
    for model, n_k in updates:
        n += n_k
        for name, array in model.items():
            mean.setdefault(name, np.zeros((1, *array.shape)))
            dtypes[name] = array.dtype
            if n_k > 0:
                mean[name] += (n_k / n) * (array - mean[name])
    if n == 0:
        raise ValueError("expected at least one example in the stream, got none")
    return {name: array.astype(dtypes[name]) for name, array in mean.items()}


# %% alternative="sum-and-divide" exercise="streaming-mean"
# Keeps a weighted sum in float64 and divides once, at the end.
def streaming_mean(updates):
    total, n, dtypes = None, 0, {}
    for model, n_k in updates:
        if total is None:
            dtypes = {name: array.dtype for name, array in model.items()}
            total = {name: np.zeros(array.shape) for name, array in model.items()}
        for name in total:
            total[name] += n_k * np.asarray(model[name], np.float64)
        n += n_k
    if not n:
        raise ValueError("no examples")
    return {name: np.asarray(total[name] / n, dtypes[name]) for name in total}


# %% alternative="flat-vector" exercise="streaming-mean"
# Joins all arrays into one float64 vector, and scales the mean so far by N_old / N.
def streaming_mean(updates):
    mean, n, like = 0.0, 0, {}
    for model, n_k in iter(updates):
        like = like or {name: (a.shape, a.dtype, a.size) for name, a in model.items()}
        if n_k == 0:
            continue
        vector = np.concatenate([np.float64(a).ravel() for a in model.values()])
        mean = mean * (n / (n + n_k)) + vector * (n_k / (n + n_k))
        n += n_k
    if n == 0:
        raise ValueError("no examples")
    result, first = {}, 0
    for name, (shape, dtype, size) in like.items():
        result[name] = mean[first : first + size].reshape(shape).astype(dtype)
        first += size
    return result


# %% alternative="torch-lerp" exercise="streaming-mean"
# Moves a torch tensor towards each model with `lerp`.
import torch


def streaming_mean(updates):
    mean, dtypes, n = {}, {}, 0
    stream = iter(updates)
    while (pair := next(stream, None)) is not None:
        model, n_k = pair
        n += n_k
        for name, array in model.items():
            new = torch.tensor(np.float64(array), dtype=torch.float64)
            old = mean.get(name, torch.zeros_like(new))
            mean[name] = torch.lerp(old, new, n_k / n if n else 0.0)
            dtypes[name] = array.dtype
    if n < 1:
        raise ValueError("no examples in the stream")
    return {name: tensor.numpy().astype(dtypes[name]) for name, tensor in mean.items()}


# %% alternative="takes-the-first-with-next" exercise="streaming-mean"
# Takes the first pair by itself, copies it to float64, and loops over the others.
def streaming_mean(updates):
    first, n = next(updates, ({}, 0))
    dtypes = {name: array.dtype for name, array in first.items()}
    mean = {name: np.array(array, np.float64) for name, array in first.items()}
    for model, n_k in updates:
        if n_k:
            n += n_k
            mean = {key: m + (n_k / n) * (model[key] - m) for key, m in mean.items()}
    if n == 0:
        raise ValueError("expected at least one example, got none")
    return {name: np.asarray(array, dtypes[name]) for name, array in mean.items()}


# %% [markdown]
# ## Task 5


# %% mutant="compares-models" exercise="similarity"
# You compared models, not updates: subtract the global model first, or everything looks
# alike.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


# %% mutant="dot-products" exercise="similarity"
# You returned dot products: divide by both lengths, so that the cosine does not depend
# on how far a client moved.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    return updates @ updates.T


# %% mutant="one-length" exercise="similarity"
# You divided by one of the two lengths only: the matrix is then not symmetric.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ updates.T


# %% mutant="squared-lengths" exercise="similarity"
# You divided by squared lengths: a vector's length is the square root of its dot
# product with itself.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1) ** 2
    return directions @ directions.T


# %% mutant="nan-for-no-update" exercise="similarity"
# You divided 0 by 0 for a client that did not move; its row and column are 0.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, np.nan)
    return directions @ directions.T


# %% mutant="epsilon" exercise="similarity"
# You added a small number to the lengths against 0 / 0: it hides short updates, whose
# cosine is as good as any.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / (lengths + 1e-8)
    return directions @ directions.T


# %% mutant="rounds-short-updates-to-zero" exercise="similarity"
# You treated short updates as no update: only an update of exactly 0 has no direction.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 1e-12, lengths, 1)
    return directions @ directions.T


# %% mutant="ones-for-no-update" exercise="similarity"
# You set the whole diagonal to 1: a client that did not move has no direction, so its
# diagonal entry is 0 as well.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, 1)
    return cosines


# %% mutant="own-order-of-names" exercise="similarity"
# You flattened every model in its own order of names: then entries of different arrays
# are multiplied.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(array).ravel() for array in w.values()])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


# %% mutant="mean-of-layers" exercise="similarity"
# You averaged one cosine per array: the update is one long vector, in which large
# arrays count more.
def similarity(model, client_models):
    cosines = 0
    for name in model:
        updates = np.array(
            [np.ravel(np.float64(w_k[name]) - model[name]) for w_k in client_models]
        )
        lengths = np.linalg.norm(updates, axis=1, keepdims=True)
        directions = updates / np.where(lengths > 0, lengths, 1)
        cosines = cosines + directions @ directions.T / len(model)
    return cosines


# %% mutant="first-array" exercise="similarity"
# You compared the first array only: all arrays belong to the update.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in list(model)[:1]])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


# %% mutant="matrices-only" exercise="similarity"
# You left out biases and single numbers: all arrays belong to the update.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate(
            [np.float64(w[name]).ravel() for name in model if model[name].ndim > 1]
            or [np.zeros(1)]
        )

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


# %% mutant="float32" exercise="similarity"
# You computed in float32, where the square of 1e-30 is 0: compute in float64.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float32(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


# %% mutant="absolute" exercise="similarity"
# You took absolute values: a negative cosine says that two clients undo each other's
# work.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return np.abs(directions @ directions.T)


# %% mutant="correlation" exercise="similarity"
# You subtracted each update's own mean: that is the correlation, not the cosine.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    updates = updates - updates.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


# %% mutant="around-the-mean-client" exercise="similarity"
# You measured updates from the clients' average; an update starts at the global model.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    updates = updates - updates.mean(axis=0)
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


# %% mutant="wrong-axis" exercise="similarity"
# You compared entries across clients: each row of the result belongs to a client, not
# to a weight.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions.T @ directions


# %% mutant="distances" exercise="similarity"
# You returned 1 minus the cosine, a distance: equal directions have the cosine 1.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return 1 - directions @ directions.T


# %% mutant="upper-triangle" exercise="similarity"
# You filled one half of the matrix: it is symmetric.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return np.triu(directions @ directions.T)


# %% mutant="against-the-first-client" exercise="similarity"
# You compared every client with client 0 only: the matrix has an entry for every two
# clients.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    updates = np.array([flat(w_k) - flat(model) for w_k in client_models])
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return np.tile(directions @ directions[0], (len(directions), 1))


# %% mutant="subtracts-in-place" exercise="similarity"
# You subtracted in place, which turned the clients' models into updates for whoever
# uses them next.
def similarity(model, client_models):
    def flat(w):
        return np.concatenate([np.float64(w[name]).ravel() for name in model])

    start = flat(model)
    updates = np.array([flat(w_k) - start for w_k in client_models])
    for w_k in client_models:
        for name in w_k:
            w_k[name] = w_k[name] - model[name]
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    directions = updates / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


# %% mutant="subtracts-in-float32" exercise="similarity"
# You converted to float32 before you subtracted: of a float64 model that moved by a
# billionth nothing is left. Subtract in float64.
def similarity(model, client_models):
    base = {name: array.astype(np.float32) for name, array in model.items()}
    rows = []
    for client in client_models:
        moved = [client[name].astype(np.float32) - base[name] for name in model]
        rows.append(np.concatenate([array.ravel() for array in moved]))
    updates = np.array(rows, np.float64)
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    units = np.divide(updates, lengths, out=np.zeros_like(updates), where=lengths > 0)
    return units @ units.T


# %% mutant="keeps-a-smallest-length" exercise="similarity"
# You divided by at least 1e-8, as torch's cosine_similarity does: shorter updates lose
# their direction.
def similarity(model, client_models):
    rows = []
    for client in client_models:
        moved = [np.float64(client[name]) - np.float64(model[name]) for name in model]
        rows.append(np.concatenate([np.ravel(array) for array in moved]))
    updates = np.array(rows)
    lengths = np.linalg.norm(updates, axis=1, keepdims=True)
    units = updates / np.maximum(lengths, 1e-8)
    return units @ units.T


# %% alternative="pair-by-pair" exercise="similarity"
# Two loops over clients, and a sum over arrays instead of one long vector.
def similarity(model, client_models):
    def dot(a, b):
        return sum(float(np.vdot(a[name], b[name])) for name in a)

    updates = [
        {name: w_k[name].astype(np.float64) - model[name] for name in model}
        for w_k in client_models
    ]
    cosines = np.zeros((len(updates), len(updates)))
    for j, one in enumerate(updates):
        for k, other in enumerate(updates):
            lengths = dot(one, one) ** 0.5 * dot(other, other) ** 0.5
            if lengths > 0:
                cosines[j, k] = dot(one, other) / lengths
    return cosines


# %% alternative="scikit-learn" exercise="similarity"
# Hands the stacked updates to scikit-learn's own function, sorted by name.
from sklearn.metrics.pairwise import cosine_similarity


def similarity(model, client_models):
    names = sorted(model)
    rows = []
    for w_k in client_models:
        moved = [np.float64(w_k[name]) - np.float64(model[name]) for name in names]
        rows.append(np.hstack([np.ravel(array) for array in moved]))
    updates = np.vstack(rows)
    largest = np.abs(updates).max(axis=1, keepdims=True)
    return cosine_similarity(updates / np.where(largest == 0, 1, largest))


# %% alternative="gram-matrix" exercise="similarity"
# Builds the matrix of dot products, then divides by the outer product of the lengths.
def similarity(model, client_models):
    start = {name: np.asarray(array, dtype=float) for name, array in model.items()}
    updates = np.stack(
        [
            np.concatenate(
                [(w_k[name] - array).reshape(-1) for name, array in start.items()]
            )
            for w_k in client_models
        ]
    )
    gram = updates @ updates.T
    lengths = np.sqrt(np.diag(gram))
    outer = np.outer(lengths, lengths)
    return np.divide(gram, outer, out=np.zeros_like(gram), where=outer > 0)


# %% alternative="nan-to-zero" exercise="similarity"
# Divides 0 by 0, with NumPy's warning, and replaces what is then not a number.
def similarity(model, client_models):
    def flat(one):
        return np.concatenate([one[name].ravel() for name in model], dtype=float)

    updates = np.array([flat(client) for client in client_models]) - flat(model)
    lengths = np.sqrt((updates**2).sum(axis=1))
    return np.nan_to_num(updates @ updates.T / np.outer(lengths, lengths))


# %% alternative="scipy" exercise="similarity"
# One minus SciPy's cosine distance, between the clients that moved.
from scipy.spatial.distance import cdist


def similarity(model, client_models):
    parts = []
    for name in sorted(model):
        moved = np.array([one[name] for one in client_models], float) - model[name]
        parts.append(moved.reshape(len(client_models), -1))
    updates = np.hstack(parts)
    moved = updates.any(axis=1)
    cosines = np.zeros((len(updates), len(updates)))
    cosines[np.ix_(moved, moved)] = 1 - cdist(updates[moved], updates[moved], "cosine")
    return cosines
