"""A Grid with everything that Flower's engines leave open, in one process."""

import random

from flwr.app import Message

from lecturekit.runtime import LocalGrid


class RestlessGrid(LocalGrid):
    """Nodes have ids of their own in each run, come late, and answer in any order.

    `late` nodes are not there the first three times that somebody looks. The disorder
    comes from the operating system's randomness: no seed can undo it.
    """

    def __init__(self, client_app, num_clients, *, late=0, **options):
        super().__init__(client_app, num_clients, **options)
        self._chaos = random.SystemRandom()
        real = super().get_node_ids()
        self._real = {self._chaos.getrandbits(60): node_id for node_id in real}
        self._late = set(self._chaos.sample(sorted(self._real), late))
        self._looks = 0

    def get_node_ids(self):
        self._looks += 1
        ids = set(self._real) - (self._late if self._looks <= 3 else set())
        return self._chaos.sample(sorted(ids), len(ids))

    def push_messages(self, messages):
        random.random()  # as the threads of an engine do
        return super().push_messages(
            Message(
                m.content, self._real[m.metadata.dst_node_id], m.metadata.message_type
            )
            for m in messages
        )

    def pull_messages(self, message_ids):
        """Hand out one reply at a time."""
        pending = list(message_ids)
        return super().pull_messages([self._chaos.choice(pending)] if pending else [])

    def leave(self):
        """Take one node away and return its id and its real one."""
        return self._real.popitem()

    def join(self, real_node_id):
        """Let a node come back under a new id."""
        self._real[self._chaos.getrandbits(60)] = real_node_id
