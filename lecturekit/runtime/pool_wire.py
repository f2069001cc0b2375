"""How objects cross to a worker process: small things together, large arrays as is.

Pickle's protocol 5 lets large bytes travel beside the pickle instead of inside it. An
object becomes a `Parcel`: a *frame*, which is an ordinary pickle, and the data of its
large arrays, untouched:

    pack(messages)   frame  = ... Array(float32, (784, 512), <1st>) ... Array(<1st>) ...
                     large  = (the 1.6 MB that all these messages share,)

Bytes that many objects in one parcel share are in it once. So the model that a server
sends to a cohort crosses once per worker, not once per client; and an array is copied
where a wire would copy it: into the pipe and out of it.

Two parcels are equal if the objects hold the same bytes in the same containers, which
is how the pool sees whether a client has changed what it keeps.
"""

import copyreg
import pickle
from io import BytesIO
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from flwr.app import Array

from .fast_arrays import array_of

LARGE_BYTES = 65536  # below, two more writes to a pipe cost more than a copy


class Parcel(NamedTuple):
    """A packed object.

    Parameters
    ----------
    frame : bytes
        The pickle.
    order : tuple of int
        Positions in `large`, in the order in which the frame asks for them.
    large : tuple of bytes
        Each of them once, not copied.
    """

    frame: bytes
    order: tuple[int, ...]
    large: tuple[bytes, ...]


def pack(content: object) -> Parcel:
    """Return `content` as a parcel, or raise what pickle raises if it cannot be."""
    large: dict[int, bytes] = {}  # by identity; insertion order is the position
    asked: list[int] = []

    def beside(buffer: pickle.PickleBuffer) -> None:
        data = buffer.raw().obj
        assert isinstance(data, bytes)  # see _reduced
        large[id(data)] = data
        asked.append(id(data))

    frame = BytesIO()
    pickler = pickle.Pickler(frame, protocol=5, buffer_callback=beside)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(content)
    position = {identity: k for k, identity in enumerate(large)}
    order = tuple(position[identity] for identity in asked)
    return Parcel(frame.getvalue(), order, tuple(large.values()))


def unpack(parcel: Parcel) -> Any:
    """Return the object in `parcel`, or raise what pickle raises if it cannot be."""
    large = (parcel.large[position] for position in parcel.order)
    return pickle.loads(parcel.frame, buffers=large)


def send(connection: Connection, parcel: Parcel) -> None:
    """Write `parcel` into `connection`; OSError if nobody is there any more."""
    connection.send((parcel.frame, parcel.order, len(parcel.large)))
    for data in parcel.large:
        connection.send_bytes(data)


def receive(connection: Connection) -> Parcel:
    """Read a parcel; EOFError or OSError if the other side ends before it is whole."""
    frame, order, num_large = connection.recv()
    return Parcel(
        frame, order, tuple(connection.recv_bytes() for _ in range(num_large))
    )


def _reduced(array: Array) -> tuple[Any, ...]:
    data: bytes | pickle.PickleBuffer = array.data
    if len(array.data) >= LARGE_BYTES:
        data = pickle.PickleBuffer(array.data)
    return array_of, (array.dtype, array.shape, array.stype, data)


# By the exact type: a subclass of Array takes pickle's ordinary way.
_REDUCERS = copyreg.dispatch_table | {Array: _reduced}
