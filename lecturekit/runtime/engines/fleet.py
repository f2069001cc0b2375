"""A node's side of Flower's Fleet API: protobuf messages over HTTP to a SuperLink.

    register, activate      once; the SuperLink gives the node its id
    heartbeat               every ten seconds, or it counts as gone
    pull                    a message's metadata and the tree of its objects' ids; each
                            object (an object id is a SHA-256 of its bytes) by itself;
                            then "received"
    push                    the same the other way
    deactivate, unregister  once

Flower's own `http_request_response` does this as well, but it is made for a process of
its own: it ends the process when the SuperLink cannot be reached or does not know it,
which would end a student's kernel. So the calls are made here, one by one, with the
private parts of Flower that `flower_private.check` looks for.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from flwr.app import Message

from lecturekit.runtime.flower_private import set_message_id
from lecturekit.runtime.nodes import ConfigValue

from .flower_private import LOOK_AGAIN_S, PROTOBUF_UTILS, UTILS, inflatable, private

HEARTBEAT_INTERVAL_S = 30  # at most; the SuperLink waits for two of them


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
        keys = private(asymmetric, "generate_key_pairs")()
        self._key = private(asymmetric, "public_key_to_bytes")(keys[1])
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
        self._node = private("flwr.proto.node_pb2", "Node")(node_id=self.node_id)
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
        pull_object = private(PROTOBUF_UTILS, "make_pull_object_fn_protobuf")(
            self._client.PullObject, self._node, metadata.run_id
        )
        object_ids = {t.object_id for t in inflatable("iterate_object_tree")(tree)}
        known = {i: data for i, data in self._contents.items() if i in object_ids}
        with _as_connection_errors():
            news = private(UTILS, "pull_objects")(
                list(object_ids - set(known)),
                pull_object_fn=pull_object,
                initial_backoff=LOOK_AGAIN_S,
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
        message: Message = private(UTILS, "inflate_object_from_contents")(
            tree.object_id, dict(self._contents)
        )
        set_message_id(message, metadata.message_id)
        return message

    def push(self, reply: Message, runtime_s: float) -> None:
        """Send `reply`, which took the client `runtime_s` seconds."""
        with inflatable("no_object_id_recompute")():
            set_message_id(reply, reply.object_id)
            objects = inflatable("get_all_nested_objects")(reply)
            tree = inflatable("get_object_tree")(reply)
            contents = {name: thing.deflate() for name, thing in objects.items()}
        without_content = private("flwr.app.message", "remove_content_from_message")
        to_proto = private("flwr.common.serde", "message_to_proto")
        response = self._call(
            "PushMessages",
            "PushMessagesRequest",
            node=self._node,
            messages_list=[to_proto(without_content(reply))],
            message_object_trees=[tree],
            clientapp_runtime_list=[runtime_s],
        )
        push_object = private(PROTOBUF_UTILS, "make_push_object_fn_protobuf")(
            self._client.PushObject,
            self._node,
            reply.metadata.run_id,
            response.session_id,
        )
        with _as_connection_errors():
            private(UTILS, "push_object_contents_from_iterable")(
                [(name, contents[name]) for name in response.objects_to_push],
                push_object,
            )

    def run_config(self, run_id: int) -> dict[str, ConfigValue]:
        """Return the config of a run: the app's, with what the caller overrode."""
        from_proto = "flwr.common.serde"
        run = private(from_proto, "run_from_proto")(
            self._call(
                "GetRun", "GetRunRequest", "run", node=self._node, run_id=run_id
            ).run
        )
        fab = private(from_proto, "fab_from_proto")(
            self._call(
                "GetFab",
                "GetFabRequest",
                "fab",
                node=self._node,
                hash_str=run.fab_hash,
                run_id=run_id,
            ).fab
        )
        fused = private("flwr.common.config", "get_fused_config_from_fab")
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
        message = private(f"flwr.proto.{proto}_pb2", request)(**fields)
        with _as_connection_errors():
            return getattr(self._client, method)(message)


def _client(superlink: str, keys: tuple[Any, Any]) -> Any:
    """Return Flower's HTTP client for the Fleet API, signing with `keys`."""
    sign = private(
        "flwr.supernode.node_auth_http_interceptor", "NodeAuthHttpInterceptor"
    )
    connect = private(
        "flwr.supernode.fleet_http_client", "FleetHttpClient.from_server_address"
    )
    return connect(superlink, True, None, interceptors=[sign(*keys)])


@contextmanager
def _as_connection_errors() -> Iterator[None]:
    """Say ConnectionError whatever goes wrong on the wire."""
    unavailable = (
        private(UTILS, "ObjectPullError"),
        private(UTILS, "ObjectPushError"),
    )
    try:
        yield
    except (httpx.HTTPError, *unavailable) as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error
