"""What a checkpoint can hold, and how: a tree of values in JSON, with arrays beside it.

    {"m_t": {"w": <float32 (784, 10)>}, "eta": 0.1}

becomes the JSON text `{"dict": [["m_t", {"dict": [["w", {"ndarray": 0}]]}], ...` and
the list [<float32 (784, 10)>], which a file `.npz` can hold. Numbers, strings, bytes,
lists, tuples, dicts, sets, NumPy's and torch's arrays, Flower's records, and generators
of random numbers come back as they were, bit for bit. Nothing is pickled: to read a
checkpoint runs no code of its writer, and never fails because a class has changed.
"""

import random
import sys
from collections import Counter, OrderedDict, deque
from typing import Any, TypeAlias

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict
from numpy.typing import NDArray

Tree: TypeAlias = Any  # of JSON: None, bool, int, float, str, list, {tag: Tree}

_SCALARS = (type(None), bool, int, float, str)
_SEQUENCES = {kind.__name__: kind for kind in (tuple, set, frozenset)}
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
        self._places: dict[int, tuple[bytes, int]] = {}  # by identity

    def add(self, array: NDArray[Any]) -> int:
        """Take an array in; return its number."""
        self.arrays.append(array)
        return len(self.arrays) - 1

    def add_bytes(self, data: bytes) -> int:
        """Take bytes in, unless these very ones are here; return their number."""
        if id(data) not in self._places:
            self._places[id(data)] = data, self.add(np.frombuffer(data, np.uint8))
        return self._places[id(data)][1]


def encode(value: Any, blobs: Blobs, where: str) -> Tree:
    """Return `value` as a tree whose arrays are in `blobs`.

    Raises
    ------
    TypeError
        If there is something else in it; the sentence says what and `where`.
    """
    kind: type = RecordDict if isinstance(value, RecordDict) else type(value)
    if kind in _SCALARS:
        return value
    if kind is list:
        return [encode(v, blobs, f"{where}[{k}]") for k, v in enumerate(value)]
    if _SEQUENCES.get(kind.__name__) is kind:
        return {kind.__name__: encode(list(value), blobs, where)}
    if kind is deque:
        return {"deque": [encode(list(value), blobs, where), value.maxlen]}
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
        raise TypeError(
            f"{where} cannot be saved in a checkpoint: it must be of numbers, strings, "
            "arrays, records or generators, in lists and dicts, got "
            f"{kind.__module__}.{kind.__qualname__}"
        )
    return leaf


def _encode_leaf(value: Any, blobs: Blobs, where: str) -> Tree:
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
    if isinstance(value, np.random.Generator):
        state = dict(value.bit_generator.state)
        return {"numpy.Generator": encode(state, blobs, where)}
    if type(value) is random.Random:
        return {"random.Random": encode(value.getstate(), blobs, where)}
    torch = sys.modules.get("torch")
    if torch and type(value) is torch.Generator and value.device.type == "cpu":
        return {"torch.Generator": blobs.add(value.get_state().numpy())}
    if torch and type(value) is torch.Tensor and value.dtype != torch.bfloat16:
        return {"Tensor": blobs.add(value.detach().cpu().numpy().copy())}
    return None


def decode(tree: Tree, blobs: Blobs) -> Any:
    """Return the value that `encode` has made `tree` of."""
    if isinstance(tree, list):
        return [decode(branch, blobs) for branch in tree]
    if not isinstance(tree, dict):
        return tree
    ((tag, content),) = tree.items()
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
    return torch.Generator().set_state(tensor)
