"""Files of one's own home, through the browser: none above a size.

An upload comes in pieces; the piece that goes over the limit is refused with one
sentence, and what came before it is removed.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError

from autograder.hub.limits import Limits


class BoundedFiles(AsyncLargeFileManager):
    """Jupyter's own files, with a limit on the size of one."""

    max_bytes = Limits().file_bytes

    async def save(self, model: dict[str, Any], path: str = "") -> Any:
        """Save a file or a piece of one."""
        piece = model.get("chunk")
        content = model.get("content")
        size = len(content) if isinstance(content, str) else 0
        if model.get("format") == "base64":
            size = size * 3 // 4 - str(content)[-2:].count("=")
        so_far = Path(self._get_os_path(path.strip("/")))  # type: ignore[no-untyped-call]
        if piece not in (None, 1):
            with suppress(OSError):
                size += so_far.stat().st_size
        if size > self.max_bytes:
            if piece not in (None, 1):
                so_far.unlink(missing_ok=True)
            raise HTTPError(
                413,
                f"expected a file of at most {self.max_bytes // 10**6} MB, got more in "
                f"{path}: nothing of it was kept",
                reason=f"File too large: at most {self.max_bytes // 10**6} MB",
            )
        return await super().save(model, path)  # type: ignore[no-untyped-call]
