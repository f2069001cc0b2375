"""A Jupyter kernel for tests: cells are run in it as a student would."""

import queue

from jupyter_client.manager import KernelManager


class Notebook:
    """A Jupyter kernel and what it has shown."""

    def __init__(self):
        self.manager = KernelManager()
        self.manager.start_kernel()
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        self.messages = []  # of the last cell, as they came

    def run(self, cell):
        """Run a cell; return the text of its last expression."""
        self.messages = []
        reply = self.client.execute_interactive(
            cell, timeout=120, output_hook=self.messages.append
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        texts = [data["text/plain"] for data in self.shown()]
        return texts[-1] if texts else ""

    def reply_to(self, asked, timeout_s=120):
        """Return the reply to a message; pass over others, such as late ones.

        A client that waits for a slow kernel asks for it more than once.
        """
        while True:
            reply = self.client.get_shell_msg(timeout=timeout_s)
            if reply["parent_header"].get("msg_id") == asked:
                return reply

    def shown(self):
        """Return what the last cell displayed, each by MIME type."""
        contents = [message["content"] for message in self.messages]
        return [content["data"] for content in contents if "data" in content]

    def shown_meanwhile(self):
        """Return what a thread wrote since the last cell."""
        texts = []
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=2)
            except queue.Empty:
                return "".join(texts)
            texts.append(message["content"].get("text", ""))

    def close(self):
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
