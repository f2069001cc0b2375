"""Run a notebook in a fresh kernel, to the end, whatever its cells do.

A cell that does not end is interrupted, one that cannot be interrupted is killed with
its kernel; then what had run until there still counts.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

CELL_S = 30
_NOTEBOOK_S = 150.0
_TIMED_OUT = {
    "ename": "TimeoutError",
    "evalue": f"this ran for more than {CELL_S} s and was stopped",
    "traceback": [],
}
_VARIABLES = {"NBGRADER_VALIDATING": "1", "NBGRADER_EXECUTION": "validate"}


async def run(notebook: NotebookNode, folder: Path, environment: dict[str, str]) -> str:
    """Run all cells of `notebook`, in place; return why it did not end, or "".

    Parameters
    ----------
    folder : Path
        The current folder of the kernel.
    environment : dict of str to str
        The kernel's variables.
    """
    _clear(notebook)
    with tempfile.TemporaryDirectory(prefix="validate-") as place:
        # On sockets in a folder of ours, as the server's own kernels are.
        manager = AsyncKernelManager(
            kernel_name="python3",
            transport="ipc",
            ip=f"{place}/k",
            connection_file=f"{place}/kernel.json",
        )
        client = NotebookClient(
            notebook,
            km=manager,
            allow_errors=True,
            timeout=CELL_S,
            interrupt_on_timeout=True,
            error_on_timeout=_TIMED_OUT,
            shutdown_kernel="immediate",
            resources={"metadata": {"path": str(folder)}},
        )
        try:
            async with asyncio.timeout(_NOTEBOOK_S):
                await client.async_execute(env={**environment, **_VARIABLES})
        except DeadKernelError:
            return "the kernel died: a cell used more memory than there is, or ended it"
        except TimeoutError:
            return f"the notebook ran for more than {_NOTEBOOK_S:.0f} s and was stopped"
        finally:
            with contextlib.suppress(Exception):  # it may have ended long ago
                await manager.shutdown_kernel(now=True)
    return ""


def _clear(notebook: NotebookNode) -> None:
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None


def code_cells(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the cells that run."""
    return (cell for cell in notebook.cells if cell.cell_type == "code")
