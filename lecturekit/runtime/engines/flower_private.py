"""What this package needs of Flower that Flower does not promise to keep, in one file.

    FlowerMoved, private, check   a private part, or a sentence that says it moved
    inflatable                    a message is a tree of objects, cut and put together
    content_to_bytes              Flower's own serialisation of a content
    look_again_soon               how long its grid waits for objects on their way
    run_superlink                 its server, and the layers that requests go through

What a node says to a SuperLink is in `fleet.py`, part by part through `private`. When
Flower moves one of them, `check()` says which in one sentence.
"""

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from operator import attrgetter
from typing import Any

from flwr.app import ConfigRecord, Message, MessageType, RecordDict

from lecturekit.runtime import flower_private

LOOK_AGAIN_S = 0.02

UTILS = "flwr.supercore.inflatable.inflatable_utils"
PROTOBUF_UTILS = "flwr.supercore.inflatable.inflatable_protobuf_utils"

_HTTP_GRID = "flwr.superlink.grid.http_grid"


class FlowerMoved(flower_private.FlowerMoved):
    """A private part of Flower is not where this version of lecturekit expects it."""

    def __init__(self, what: str) -> None:
        version = flower_private.flower_version()
        ImportError.__init__(
            self,
            f"flwr {version} has moved or changed {what}, which "
            "lecturekit.runtime.engines needs: install flwr 1.41 (pip install "
            "'flwr==1.41.*') or adapt lecturekit/runtime/engines/flower_private.py",
        )


def private(module: str, path: str) -> Any:
    """Return what stands at `path` in `module`, or say that it moved."""
    try:
        return attrgetter(path)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise FlowerMoved(f"{module}.{path}") from error


def inflatable(name: str) -> Any:
    """Return a function of Flower's that cuts messages into objects, or back."""
    return private("flwr.supercore.inflatable.inflatable_object", name)


def look_again_soon() -> None:
    """Let this process's HttpGrid wait 20 ms, not a second, for what is on its way.

    A reply is announced first and its objects follow, some milliseconds later. Flower's
    grid, coming in between, waits a second before it looks again (then two, four, ...)
    and meanwhile takes no other reply: most of a phase.
    """
    if _HTTP_GRID in sys.modules:  # else nobody has made one
        quick = partial(private(UTILS, "pull_objects"), initial_backoff=LOOK_AGAIN_S)
        private(_HTTP_GRID, "pull_objects")
        sys.modules[_HTTP_GRID].pull_objects = quick  # type: ignore[attr-defined]


def content_to_bytes(content: RecordDict) -> bytes:
    """Return a message's content as Flower's protobuf message of it."""
    to_proto = private("flwr.common.serde", "recorddict_to_proto")
    data: bytes = to_proto(content).SerializeToString(deterministic=True)
    return data


def content_from_bytes(data: bytes) -> RecordDict:
    """Return the content that `content_to_bytes` made these bytes of."""
    proto = private("flwr.proto.recorddict_pb2", "RecordDict").FromString(data)
    content: RecordDict = private("flwr.common.serde", "recorddict_from_proto")(proto)
    return content


def run_superlink(change: Callable[[list[Any]], list[Any]]) -> None:
    """Run flower-superlink with this process's arguments and changed layers.

    Parameters
    ----------
    change : callable
        Gets the list of starlette Middleware that requests go through, outermost first;
        returns the list to use.
    """
    layers = private("flwr.superlink.main", "_get_middleware")
    main: Any = import_module("flwr.superlink.main")
    main._get_middleware = lambda: change(layers())
    private("flwr.superlink.cli", "flower_superlink")()


def check() -> None:
    """Try every private thing that can be tried without a SuperLink.

    Raises
    ------
    FlowerMoved
        If one of them is missing or behaves differently; its message names it, the
        version of Flower found and what to do.
    """
    flower_private.check()
    for module, names in NEEDED.items():
        for name in names:
            private(module, name)
    message = Message(RecordDict({"c": ConfigRecord({"n": 7})}), 1, MessageType.TRAIN)
    objects = inflatable("get_all_nested_objects")(message)
    contents = {name: thing.deflate() for name, thing in objects.items()}
    tree = inflatable("get_object_tree")(message)
    again = private(UTILS, "inflate_object_from_contents")(tree.object_id, contents)
    if again.content != message.content:
        raise FlowerMoved(f"{UTILS}.inflate_object_from_contents")
    if content_from_bytes(content_to_bytes(message.content)) != message.content:
        raise FlowerMoved("flwr.common.serde.recorddict_from_proto")


NEEDED = {
    "flwr.app.message": ["remove_content_from_message"],
    "flwr.common.config": ["get_fused_config_from_fab"],
    "flwr.common.serde": [
        "fab_from_proto",
        "message_to_proto",
        "recorddict_from_proto",
        "recorddict_to_proto",
        "run_from_proto",
    ],
    "flwr.proto.fab_pb2": ["GetFabRequest"],
    "flwr.proto.fleet_pb2": [
        "ActivateNodeRequest",
        "DeactivateNodeRequest",
        "PullMessagesRequest",
        "PushMessagesRequest",
        "RegisterNodeFleetRequest",
        "UnregisterNodeFleetRequest",
    ],
    "flwr.proto.heartbeat_pb2": ["SendNodeHeartbeatRequest"],
    "flwr.proto.message_pb2": ["ConfirmMessageReceivedRequest"],
    "flwr.proto.node_pb2": ["Node"],
    "flwr.proto.recorddict_pb2": ["RecordDict"],
    "flwr.proto.run_pb2": ["GetRunRequest"],
    "flwr.supercore.inflatable.inflatable_object": [
        "get_all_nested_objects",
        "get_object_tree",
        "iterate_object_tree",
        "no_object_id_recompute",
    ],
    PROTOBUF_UTILS: ["make_pull_object_fn_protobuf", "make_push_object_fn_protobuf"],
    UTILS: [
        "ObjectPullError",
        "ObjectPushError",
        "inflate_object_from_contents",
        "pull_objects",
        "push_object_contents_from_iterable",
    ],
    "flwr.supercore.primitives.asymmetric": [
        "generate_key_pairs",
        "public_key_to_bytes",
    ],
    "flwr.supernode.fleet_http_client": [
        "FleetHttpClient.ActivateNode",
        "FleetHttpClient.ConfirmMessageReceived",
        "FleetHttpClient.DeactivateNode",
        "FleetHttpClient.GetFab",
        "FleetHttpClient.GetRun",
        "FleetHttpClient.PullMessages",
        "FleetHttpClient.PullObject",
        "FleetHttpClient.PushMessages",
        "FleetHttpClient.PushObject",
        "FleetHttpClient.RegisterNode",
        "FleetHttpClient.SendNodeHeartbeat",
        "FleetHttpClient.UnregisterNode",
        "FleetHttpClient.from_server_address",
    ],
    _HTTP_GRID: ["pull_objects"],
    "flwr.superlink.cli": ["flower_superlink"],
    "flwr.superlink.main": ["_get_middleware"],
    "flwr.supernode.node_auth_http_interceptor": ["NodeAuthHttpInterceptor"],
}
