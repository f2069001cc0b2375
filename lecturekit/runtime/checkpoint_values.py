"""What a checkpoint can hold, and how: a tree of values in JSON, with arrays beside it.

    {"m_t": {"w": <float32 (784, 10)>}, "eta": 0.1}

becomes the JSON text `{"dict": [["m_t", {"dict": [["w", {"ndarray": 0}]]}], ...` and
the list [<float32 (784, 10)>], which a file `.npz` can hold. Numbers, strings, bytes,
lists, tuples, dicts, sets, NumPy's and torch's arrays, Flower's records, and generators
of random numbers come back as they were, bit for bit. Nothing is pickled: to read a
checkpoint runs no code of its writer, and never fails because a class has changed.

What is one object comes back as one. Where it is met again the tree has a reference,
`{"same_as": 1}`, and around its first place `{"shared": [1, ...]}`.
"""

import random
import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict
from numpy.typing import NDArray

Tree: TypeAlias = Any  # of JSON: None, bool, int, float, str, list, {tag: Tree}

_SCALARS = (type(None), bool, int, float, str)
_IMMUTABLE = (tuple, frozenset, bytes, np.generic)  # one or two: nobody can tell
_SEQUENCES = {kind.__name__: kind for kind in (list, tuple, set, frozenset)}
_MAPPINGS = {
    kind.__name__: kind
    for kind in (dict, OrderedDict, ArrayRecord, ConfigRecord, MetricRecord, RecordDict)
}


class Blobs:
    """The arrays that a tree refers to by number; the same bytes are in it once.

    Parameters
    ----------
    arrays : list of ndarray, optional
        To read from.
    """

    def __init__(self, arrays: list[NDArray[Any]] | None = None) -> None:
        self.arrays = arrays or []
        self.made: dict[int, Any] = {}  # what was shared, by number, when decoded
        self._places: dict[int, tuple[bytes, int]] = {}  # by identity
        self._met: dict[int, tuple[Any, Tree]] = {}  # by identity
        self._num_shared = 0

    def add(self, array: NDArray[Any]) -> int:
        """Take an array in; return its number."""
        self.arrays.append(array)
        return len(self.arrays) - 1

    def add_bytes(self, data: bytes) -> int:
        """Take bytes in, unless these very ones are here; return their number."""
        if id(data) not in self._places:
            self._places[id(data)] = data, self.add(np.frombuffer(data, np.uint8))
        return self._places[id(data)][1]

    def meet(self, value: Any, node: dict[str, Tree]) -> None:
        """Keep in mind that `node` is what `value` has become."""
        self._met[id(value)] = value, node

    def replace(self, made: Any, other: Any) -> None:
        """Let `other` be what is meant where `made` is referred to."""
        self.made = {n: other if v is made else v for n, v in self.made.items()}

    def reference(self, value: Any) -> Tree:
        """Return what stands for `value` if it has been met, else None."""
        if id(value) not in self._met:
            return None
        _, node = self._met[id(value)]
        if "shared" not in node:
            self._num_shared += 1
            first = dict(node)
            node.clear()
            node["shared"] = [self._num_shared, first]
        return {"same_as": node["shared"][0]}


def encode(value: Any, blobs: Blobs, where: str) -> Tree:
    """Return `value` as a tree whose arrays are in `blobs`.

    Raises
    ------
    TypeError
        If there is something else in it; the sentence says what and `where`.
    """
    if type(value) in _SCALARS:
        return value
    if isinstance(value, _IMMUTABLE):
        return _encode_new(value, blobs, where)
    reference = blobs.reference(value)
    if reference is not None:
        return reference
    node = _encode_new(value, blobs, where)
    blobs.meet(value, node)
    return node


def cannot_save(value: Any, where: str) -> TypeError:
    """Return what to raise: which thing, and what can be saved."""
    return TypeError(
        f"{where} cannot be saved in a checkpoint: it must be of numbers, strings, "
        "arrays, records or generators, in lists and dicts, got "
        f"{type(value).__module__}.{type(value).__qualname__}"
    )


def _encode_new(value: Any, blobs: Blobs, where: str) -> dict[str, Tree]:
    """Return the tree of something that has not been met before."""
    kind: type = RecordDict if isinstance(value, RecordDict) else type(value)
    if _SEQUENCES.get(kind.__name__) is kind:
        return {kind.__name__: _encode_all(value, blobs, where)}
    if kind is deque:
        return {"deque": [_encode_all(value, blobs, where), value.maxlen]}
    if kind is Counter:
        return {"Counter": encode(dict(value), blobs, where)}
    if _MAPPINGS.get(kind.__name__) is kind:
        pairs = [
            [encode(k, blobs, where), encode(v, blobs, f"{where}[{k!r}]")]
            for k, v in value.items()
        ]
        return {kind.__name__: pairs}
    leaf = _encode_leaf(value, blobs, where)
    if leaf is None:
        raise cannot_save(value, where)
    return leaf


def _encode_all(values: Iterable[Any], blobs: Blobs, where: str) -> list[Tree]:
    return [encode(v, blobs, f"{where}[{k}]") for k, v in enumerate(values)]


def _encode_leaf(value: Any, blobs: Blobs, where: str) -> dict[str, Tree] | None:
    """Return the tree of something with bytes in it; None if it is not known."""
    if isinstance(value, bytes):
        return {"bytes": blobs.add_bytes(value)}
    if isinstance(value, Array):
        data = blobs.add_bytes(value.data)
        return {"Array": [value.dtype, list(value.shape), value.stype, data]}
    if isinstance(value, np.generic) and not value.dtype.hasobject:
        return {"scalar": blobs.add(np.asarray(value))}
    if type(value) is np.ndarray and not value.dtype.hasobject:
        return {"ndarray": blobs.add(value.copy("K"))}
    if type(value) is np.random.Generator:
        state = dict(value.bit_generator.state)
        return {"numpy.Generator": encode(state, blobs, where)}
    if type(value) is random.Random:
        return {"random.Random": encode(value.getstate(), blobs, where)}
    torch = sys.modules.get("torch")
    if torch and type(value) is torch.Generator and value.device.type == "cpu":
        return {"torch.Generator": blobs.add(value.get_state().numpy())}
    if torch and type(value) is torch.Tensor:
        return _encode_tensor(value.detach().cpu(), blobs)
    return None


def _encode_tensor(tensor: Any, blobs: Blobs) -> dict[str, Tree] | None:
    bfloat16, int16 = sys.modules["torch"].bfloat16, sys.modules["torch"].int16
    if tensor.dtype == bfloat16:  # NumPy has none: its bits
        return {"bfloat16": blobs.add(tensor.view(int16).numpy().copy())}
    try:
        return {"Tensor": blobs.add(tensor.numpy().copy())}
    except (TypeError, RuntimeError):  # sparse, or of a type that NumPy does not have
        return None


def decode(tree: Tree, blobs: Blobs) -> Any:
    """Return the value that `encode` has made `tree` of."""
    if isinstance(tree, list):
        return [decode(branch, blobs) for branch in tree]
    if not isinstance(tree, dict):
        return tree
    ((tag, content),) = tree.items()
    if tag == "same_as":
        return blobs.made[content]
    if tag == "shared":
        number, first = content
        blobs.made[number] = decode(first, blobs)
        return blobs.made[number]
    if tag in _MAPPINGS:
        pairs = ((decode(k, blobs), decode(v, blobs)) for k, v in content)
        return _MAPPINGS[tag](dict(pairs))
    if tag in _SEQUENCES:
        return _SEQUENCES[tag](decode(content, blobs))
    return _decode_leaf(tag, content, blobs)


def _decode_leaf(tag: str, content: Tree, blobs: Blobs) -> Any:
    if tag == "Counter":
        return Counter(decode(content, blobs))
    if tag == "deque":
        return deque(decode(content[0], blobs), content[1])
    if tag == "bytes":
        return blobs.arrays[content].tobytes()
    if tag == "Array":
        dtype, shape, stype, data = content
        return Array(dtype, tuple(shape), stype, blobs.arrays[data].tobytes())
    if tag == "scalar":
        return blobs.arrays[content][()]
    if tag == "ndarray":
        return blobs.arrays[content].copy("K")
    if tag == "numpy.Generator":
        state = decode(content, blobs)
        bit_generator = getattr(np.random, state["bit_generator"])()
        bit_generator.state = state
        return np.random.Generator(bit_generator)
    if tag == "random.Random":
        generator = random.Random()
        generator.setstate(decode(content, blobs))
        return generator
    import torch  # it was there when the checkpoint was written

    tensor = torch.from_numpy(blobs.arrays[content].copy())
    if tag == "Tensor":
        return tensor
    if tag == "bfloat16":
        return tensor.view(torch.bfloat16)
    return torch.Generator().set_state(tensor)
