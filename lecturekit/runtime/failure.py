"""How a client fails: under its own name, and under the round's."""

from flwr.app import Message
from flwr.clientapp import ClientApp

from .flower_private import has_function
from .nodes import FIRST_NODE_ID


class ClientFailed(RuntimeError):  # noqa: N818 - says what happened
    """A client's code raised, or did not answer with a Message.

    The client's own exception, with its traceback, is the `__cause__`.

    Parameters
    ----------
    partition_id, node_id : int
        Which client: the partition it holds, and its address.
    server_round : int
        The round it failed in (see `LocalGrid` for messages that name no round).
    message_type : str
        What it was asked to do: "train", "evaluate", "query", "train.my_action".
    reason : str
        Type and text of the exception.
    """

    def __init__(
        self,
        partition_id: int,
        node_id: int,
        server_round: int,
        message_type: str,
        reason: str,
    ) -> None:
        super().__init__(partition_id, node_id, server_round, message_type, reason)
        self.partition_id = partition_id
        self.node_id = node_id
        self.server_round = server_round
        self.message_type = message_type
        self.reason = reason

    @classmethod
    def at(
        cls, message: Message, server_round: int, error: BaseException
    ) -> "ClientFailed":
        """Return what to raise when `message` led to `error`."""
        node_id = message.metadata.dst_node_id
        reason = f"{type(error).__name__}: {error}"
        return cls(
            node_id - FIRST_NODE_ID,
            node_id,
            server_round,
            message.metadata.message_type,
            reason,
        )

    def __str__(self) -> str:
        return (
            f"client {self.partition_id} (node {self.node_id}) failed in round "
            f"{self.server_round} on '{self.message_type}': {self.reason}"
        )


def check_registered(client_app: ClientApp, message_type: str) -> None:
    """Raise ValueError if `client_app` has no function for such messages."""
    if has_function(client_app, message_type):
        return
    category, _, action = message_type.partition(".")
    decorator = f"@app.{category}({action!r})" if action else f"@app.{category}()"
    raise ValueError(
        f"the ClientApp has no function for '{message_type}' messages: "
        f"register one with {decorator}"
    )
