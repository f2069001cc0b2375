"""What we use of Flower that Flower does not promise to keep: here and in fast_*.py.

Flower's public packages (`flwr.app`, `flwr.clientapp`, `flwr.serverapp`) do not say how
an engine delivers messages, so an engine of one's own needs a few private things:

    server_identity         Message(...) reads run, node and task of this process
    set_message_id          a message's id has no setter: every engine writes the slot
    empty_run               the value of `Grid.run`
    has_function            which functions a ClientApp has registered
    error_reply             the code that says "the client's code raised"
    proto_bytes             Flower's own serialisation, to know what a message weighs
    quiet_log               how loud Flower's logger is by default
    nodes_awaited           how many nodes a strategy waits for

When Flower moves one of them, `check()` says which in one sentence. A version of Flower
that passes `check()` (and the conformance tests) can be allowed in `pyproject.toml`.
"""

import logging
import os
import sys
from importlib import import_module, metadata
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Error,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp

from .fast_arrays import FLOWERS_ENCODING, array_of, decoded, encoded
from .fast_records import FastRecordDict, delivered, filled

if TYPE_CHECKING:
    from flwr.supercore.run import Run as Run

SERVER_NODE_ID = 1  # flwr.common.constant.SUPERLINK_NODE_ID


class FlowerMoved(ImportError):  # noqa: N818 - says what happened
    """A private part of Flower is not where this version of lecturekit expects it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"flwr {flower_version()} has moved or changed {what}, which "
            "lecturekit.runtime needs: install flwr 1.41 (pip install 'flwr==1.41.*')"
            " or adapt lecturekit/runtime/flower_private.py"
        )


def flower_version() -> str:
    """Return the version of the Flower that is installed."""
    return metadata.version("flwr")


def _private(module: str, path: str) -> Any:
    """Return what stands at `path` in `module`, or say that it moved."""
    try:
        return attrgetter(path)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise FlowerMoved(f"{module}.{path}") from error


def server_identity() -> None:
    """Let `Message(...)` work in this process: it speaks as a run's server.

    A process that already takes part in a run of Flower keeps its identity.
    """
    identity = _private("flwr.supercore.task_identity", "TaskIdentity")
    try:
        _ = identity.run_id, identity.node_id, identity.task_id
    except RuntimeError:  # nobody is anybody yet
        identity.run_id, identity.node_id, identity.task_id = 1, SERVER_NODE_ID, 1
    except AttributeError as error:
        raise FlowerMoved(f"flwr.supercore.task_identity ({error})") from error


def set_message_id(message: Message, message_id: str) -> None:
    """Give `message` its id, as an engine does when the message is sent."""
    slots = message.metadata.__dict__
    if "_message_id" not in slots:
        raise FlowerMoved("flwr.app.Message.metadata._message_id")
    slots["_message_id"] = message_id


def empty_run(run_id: int) -> "Run":
    """Return a description of a run of which nothing but the id is known."""
    run: Run = _private("flwr.supercore.run", "Run.create_empty")(run_id)
    return run


def has_function(client_app: ClientApp, message_type: str) -> bool:
    """Tell whether `client_app` has a function for messages of this type."""
    try:
        legacy, functions = client_app._call, client_app._registered_funcs
    except AttributeError as error:
        raise FlowerMoved(f"flwr.clientapp.ClientApp ({error})") from error
    category, _, action = message_type.partition(".")
    return legacy is not None or f"{category}.{action or 'default'}" in functions


def error_reply(message: Message, error: BaseException) -> Message:
    """Return the reply Flower's engines give in place of a client that raised."""
    code = _private("flwr.common.constant", "ErrorCode.CLIENT_APP_RAISED_EXCEPTION")
    reason = f"{type(error)}:<'{error}'>"  # Flower's wording
    return Message(Error(code=code, reason=reason), reply_to=message)


def proto_bytes(part: ConfigRecord | MetricRecord | RecordDict | Error) -> int:
    """Return the length of a record, a message's content or an error on the wire."""
    for kind, name in _TO_PROTO.items():
        if isinstance(part, kind):
            size: int = _private("flwr.common.serde", name)(part).ByteSize()
            return size
    raise TypeError(f"part must be a record, a RecordDict or an Error, got {part!r}")


_TO_PROTO: dict[type, str] = {
    ConfigRecord: "config_record_to_proto",
    MetricRecord: "metric_record_to_proto",
    RecordDict: "recorddict_to_proto",
    Error: "error_to_proto",
}


def quiet_log() -> None:
    """Silence Flower's logger below ERROR, unless somebody has set it already.

    Flower logs some 60 lines to stderr for five rounds. To read them, set the level of
    the logger "flwr" before or after: `logging.getLogger("flwr").setLevel("INFO")`, or
    the environment variable FLWR_LOG_LEVEL that Flower itself reads.
    """
    logger = logging.getLogger("flwr")
    untouched = logger.level == logging.DEBUG  # as flwr leaves it
    if untouched and "FLWR_LOG_LEVEL" not in os.environ:
        logger.setLevel(logging.ERROR)


def nodes_awaited() -> int:
    """Return how many nodes the strategy waits for that is asking a grid; 0 if none is.

    Flower's strategies look for nodes once a second, in `sample_nodes`, until there are
    enough; and nothing but that function's own variable says how many are enough.
    """
    waiting = _private(_STRATEGY_UTILS, "sample_nodes").__code__
    frame = sys._getframe()
    while frame.f_code is not waiting:
        if frame.f_back is None:
            return 0
        frame = frame.f_back
    try:
        return int(frame.f_locals["min_available_nodes"])
    except KeyError as error:
        raise FlowerMoved(f"{_STRATEGY_UTILS}.sample_nodes ({error})") from error


_STRATEGY_UTILS = "flwr.serverapp.strategy.strategy_utils"


def _probe_nodes_awaited() -> int:
    """Return what a grid learns when a strategy needs a node, of two at least."""
    seen = []

    class Probe:
        def get_node_ids(self) -> range:
            seen.append(nodes_awaited())
            return range(2)

    _private(_STRATEGY_UTILS, "sample_nodes")(Probe(), 2, 0)
    return seen[0]


def check() -> None:
    """Try every private thing once.

    Raises
    ------
    FlowerMoved
        If one of them is missing or behaves differently; its message names it, the
        version of Flower found and what to do.
    """
    server_identity()
    message = Message(RecordDict({"c": ConfigRecord()}), 7, MessageType.TRAIN)
    set_message_id(message, "m1")
    if message.metadata.message_id != "m1":
        raise FlowerMoved("flwr.app.Message.metadata._message_id")
    own = delivered(message, "m2", RecordDict())
    if own.metadata.message_id != "m2" or len(own.content) or not message.content:
        raise FlowerMoved("flwr.app.Message._content or ._metadata")
    if empty_run(3).run_id != 3:
        raise FlowerMoved("flwr.supercore.run.Run.create_empty")
    app = ClientApp()
    app.query("ask")(lambda message, context: message)
    if not has_function(app, "query.ask") or has_function(app, "train"):
        raise FlowerMoved("flwr.clientapp.ClientApp._registered_funcs")
    if error_reply(message, KeyError("lr")).metadata.reply_to_message_id != "m1":
        raise FlowerMoved("flwr.app.Message(error, reply_to=message)")
    if proto_bytes(Error(code=3, reason="")) != 2:
        raise FlowerMoved("flwr.common.serde.error_to_proto")
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    if filled(ArrayRecord, {"w": Array(values)}) != {"w": Array(values)}:
        raise FlowerMoved("flwr.app.ArrayRecord._data")
    if (nodes_awaited(), _probe_nodes_awaited()) != (0, 2):
        raise FlowerMoved(f"{_STRATEGY_UTILS}.sample_nodes")
    if filled(FastRecordDict, {"c": ConfigRecord()}).config_records != {"c": {}}:
        raise FlowerMoved("flwr.app.RecordDict.config_records")
    flowers = FLOWERS_ENCODING(values)
    if encoded(values) != flowers or not np.array_equal(decoded(flowers), values):
        raise FlowerMoved("flwr.app.Array.data (.npy bytes)")
    if array_of("float32", (2, 3), "numpy.ndarray", flowers.data) != flowers:
        raise FlowerMoved("flwr.app.Array")
