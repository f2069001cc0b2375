"""A ClientApp whose function runs on the other side of the wall.

A grid takes nothing but a ClientApp, and calls it with a message and a context. Both go
over as things that both sides hold, so that what a client keeps in its context's state
is there in the next round.
"""

from typing import Any

from flwr.app import Context, Message
from flwr.clientapp import ClientApp


class LentClientApp(ClientApp):
    """Stands for a ClientApp of the other side.

    Parameters
    ----------
    peer : Peer
        This side's end of the conversation.
    name : str
        How the app is called, for `repr`.
    """

    def __init__(self, peer: Any, name: str) -> None:
        super().__init__()
        self._peer, self._name = peer, name
        # What a grid asks for before it sends a message: all types are there, and a
        # missing one is the app's own exception.
        self._call = self.__call__

    def __call__(self, message: Message, context: Context) -> Message:
        """Let the app on the other side answer `message`."""
        reply: Message = self._peer.request(self, "call", (message, context), {})
        return reply

    def __repr__(self) -> str:
        return f"<ClientApp {self._name!r}>"
