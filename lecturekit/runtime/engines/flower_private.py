"""What a kernel node needs of Flower that Flower does not promise to keep, in one file.

A SuperNode talks to a SuperLink over Flower's Fleet API, protobuf messages over HTTP:

    register, activate      once; the SuperLink gives the node its id
    heartbeat               every ten seconds, or it counts as gone
    pull                    a message's metadata and the tree of its objects' ids; each
                            object (an object id is a SHA-256 of its bytes) by itself;
                            then "received"
    push                    the same the other way
    deactivate, unregister  once

Flower's own `http_request_response` does this as well, but it is made for a process of
its own: it ends the process when the SuperLink cannot be reached or does not know it,
which would end a student's kernel. So the calls are made here, one by one.

When Flower moves one of them, `check()` says which in one sentence.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from operator import attrgetter
from typing import Any

import httpx
from flwr.app import ConfigRecord, Message, MessageType, RecordDict

from lecturekit.runtime import flower_private
from lecturekit.runtime.nodes import ConfigValue

HEARTBEAT_INTERVAL_S = 30  # at most; the SuperLink waits for two of them
_LOOK_AGAIN_S = 0.02


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


def _private(module: str, path: str) -> Any:
    """Return what stands at `path` in `module`, or say that it moved."""
    try:
        return attrgetter(path)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise FlowerMoved(f"{module}.{path}") from error


class FleetConnection:
    """A node's side of the wire; every call may raise ConnectionError.

    Parameters
    ----------
    superlink : str
        "host:port"; the connection is not encrypted.

    Attributes
    ----------
    node_id : int
        What the SuperLink calls this node.
    """

    def __init__(self, superlink: str) -> None:
        asymmetric = "flwr.supercore.primitives.asymmetric"
        keys = _private(asymmetric, "generate_key_pairs")()
        self._key = _private(asymmetric, "public_key_to_bytes")(keys[1])
        self._client = _client(superlink, keys)
        self._call("RegisterNode", "RegisterNodeFleetRequest", public_key=self._key)
        self.node_id = int(
            self._call(
                "ActivateNode",
                "ActivateNodeRequest",
                public_key=self._key,
                heartbeat_interval=HEARTBEAT_INTERVAL_S,
            ).node_id
        )
        self._node = _private("flwr.proto.node_pb2", "Node")(node_id=self.node_id)
        # The objects of the message before: a model that is evaluated and then trained
        # is fetched once. An object's id is the hash of its bytes.
        self._contents: dict[str, bytes] = {}

    def heartbeat(self) -> None:
        """Tell the SuperLink that this node is alive."""
        self._call(
            "SendNodeHeartbeat",
            "SendNodeHeartbeatRequest",
            "heartbeat",
            node=self._node,
            heartbeat_interval=HEARTBEAT_INTERVAL_S,
        )

    def pull(self) -> Message | None:
        """Return the next message for this node, complete, or None."""
        response = self._call("PullMessages", "PullMessagesRequest", node=self._node)
        if not response.messages_list:
            return None
        metadata = response.messages_list[0].metadata
        tree = response.message_object_trees[0]
        pull_object = _private(_PROTOBUF_UTILS, "make_pull_object_fn_protobuf")(
            self._client.PullObject, self._node, metadata.run_id
        )
        object_ids = {t.object_id for t in _inflatable("iterate_object_tree")(tree)}
        known = {i: data for i, data in self._contents.items() if i in object_ids}
        with _as_connection_errors():
            news = _private(_UTILS, "pull_objects")(
                list(object_ids - set(known)),
                pull_object_fn=pull_object,
                initial_backoff=_LOOK_AGAIN_S,
            )
        self._contents = known | news
        self._call(
            "ConfirmMessageReceived",
            "ConfirmMessageReceivedRequest",
            "message",
            node=self._node,
            run_id=metadata.run_id,
            message_object_id=metadata.message_id,
        )
        message: Message = _private(_UTILS, "inflate_object_from_contents")(
            tree.object_id, dict(self._contents)
        )
        flower_private.set_message_id(message, metadata.message_id)
        return message

    def push(self, reply: Message, runtime_s: float) -> None:
        """Send `reply`, which took the client `runtime_s` seconds."""
        with _inflatable("no_object_id_recompute")():
            flower_private.set_message_id(reply, reply.object_id)
            objects = _inflatable("get_all_nested_objects")(reply)
            tree = _inflatable("get_object_tree")(reply)
            contents = {name: thing.deflate() for name, thing in objects.items()}
        without_content = _private("flwr.app.message", "remove_content_from_message")
        to_proto = _private("flwr.common.serde", "message_to_proto")
        response = self._call(
            "PushMessages",
            "PushMessagesRequest",
            node=self._node,
            messages_list=[to_proto(without_content(reply))],
            message_object_trees=[tree],
            clientapp_runtime_list=[runtime_s],
        )
        push_object = _private(_PROTOBUF_UTILS, "make_push_object_fn_protobuf")(
            self._client.PushObject,
            self._node,
            reply.metadata.run_id,
            response.session_id,
        )
        with _as_connection_errors():
            _private(_UTILS, "push_object_contents_from_iterable")(
                [(name, contents[name]) for name in response.objects_to_push],
                push_object,
            )

    def run_config(self, run_id: int) -> dict[str, ConfigValue]:
        """Return the config of a run: the app's, with what the caller overrode."""
        from_proto = "flwr.common.serde"
        run = _private(from_proto, "run_from_proto")(
            self._call(
                "GetRun", "GetRunRequest", "run", node=self._node, run_id=run_id
            ).run
        )
        fab = _private(from_proto, "fab_from_proto")(
            self._call(
                "GetFab",
                "GetFabRequest",
                "fab",
                node=self._node,
                hash_str=run.fab_hash,
                run_id=run_id,
            ).fab
        )
        fused = _private("flwr.common.config", "get_fused_config_from_fab")
        return dict(fused(fab.content, run))

    def close(self) -> None:
        """Leave the SuperLink, if it is still there."""
        with suppress(ConnectionError):
            self._call("DeactivateNode", "DeactivateNodeRequest", node_id=self.node_id)
            self._call(
                "UnregisterNode", "UnregisterNodeFleetRequest", node_id=self.node_id
            )
        self._client.close()

    def _call(
        self, method: str, request: str, proto: str = "fleet", **fields: Any
    ) -> Any:
        """Make one call of the Fleet API."""
        message = _private(f"flwr.proto.{proto}_pb2", request)(**fields)
        with _as_connection_errors():
            return getattr(self._client, method)(message)


_HTTP_GRID = "flwr.superlink.grid.http_grid"
_UTILS = "flwr.supercore.inflatable.inflatable_utils"
_PROTOBUF_UTILS = "flwr.supercore.inflatable.inflatable_protobuf_utils"


def _inflatable(name: str) -> Any:
    return _private("flwr.supercore.inflatable.inflatable_object", name)


def _client(superlink: str, keys: tuple[Any, Any]) -> Any:
    """Return Flower's HTTP client for the Fleet API, signing with `keys`."""
    sign = _private(
        "flwr.supernode.node_auth_http_interceptor", "NodeAuthHttpInterceptor"
    )
    connect = _private(
        "flwr.supernode.fleet_http_client", "FleetHttpClient.from_server_address"
    )
    return connect(superlink, True, None, interceptors=[sign(*keys)])


@contextmanager
def _as_connection_errors() -> Iterator[None]:
    """Say ConnectionError whatever goes wrong on the wire."""
    unavailable = (
        _private(_UTILS, "ObjectPullError"),
        _private(_UTILS, "ObjectPushError"),
    )
    try:
        yield
    except (httpx.HTTPError, *unavailable) as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error


def look_again_soon() -> None:
    """Let this process's HttpGrid wait 20 ms, not a second, for what is on its way.

    A reply is announced first and its objects follow, some milliseconds later. Flower's
    grid, coming in between, waits a second before it looks again (then two, four, ...)
    and meanwhile takes no other reply: most of a phase.
    """
    if _HTTP_GRID in sys.modules:  # else nobody has made one
        quick = partial(_private(_UTILS, "pull_objects"), initial_backoff=_LOOK_AGAIN_S)
        _private(_HTTP_GRID, "pull_objects")
        sys.modules[_HTTP_GRID].pull_objects = quick  # type: ignore[attr-defined]


def content_to_bytes(content: RecordDict) -> bytes:
    """Return a message's content as Flower's protobuf message of it."""
    to_proto = _private("flwr.common.serde", "recorddict_to_proto")
    data: bytes = to_proto(content).SerializeToString(deterministic=True)
    return data


def content_from_bytes(data: bytes) -> RecordDict:
    """Return the content that `content_to_bytes` made these bytes of."""
    proto = _private("flwr.proto.recorddict_pb2", "RecordDict").FromString(data)
    content: RecordDict = _private("flwr.common.serde", "recorddict_from_proto")(proto)
    return content


def run_superlink(change: Callable[[list[Any]], list[Any]]) -> None:
    """Run flower-superlink with this process's arguments and changed layers.

    Parameters
    ----------
    change : callable
        Gets the list of starlette Middleware that requests go through, outermost first;
        returns the list to use.
    """
    layers = _private("flwr.superlink.main", "_get_middleware")
    main: Any = import_module("flwr.superlink.main")
    main._get_middleware = lambda: change(layers())
    _private("flwr.superlink.cli", "flower_superlink")()


def check() -> None:
    """Try every private thing that can be tried without a SuperLink.

    Raises
    ------
    FlowerMoved
        If one of them is missing or behaves differently; its message names it, the
        version of Flower found and what to do.
    """
    flower_private.check()
    for module, names in _NEEDED.items():
        for name in names:
            _private(module, name)
    message = Message(RecordDict({"c": ConfigRecord({"n": 7})}), 1, MessageType.TRAIN)
    objects = _inflatable("get_all_nested_objects")(message)
    contents = {name: thing.deflate() for name, thing in objects.items()}
    tree = _inflatable("get_object_tree")(message)
    again = _private(_UTILS, "inflate_object_from_contents")(tree.object_id, contents)
    if again.content != message.content:
        raise FlowerMoved(f"{_UTILS}.inflate_object_from_contents")
    if content_from_bytes(content_to_bytes(message.content)) != message.content:
        raise FlowerMoved("flwr.common.serde.recorddict_from_proto")


_NEEDED = {
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
    _PROTOBUF_UTILS: ["make_pull_object_fn_protobuf", "make_push_object_fn_protobuf"],
    _UTILS: [
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
