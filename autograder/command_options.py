"""Options that several commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

Ray = Annotated[
    str, typer.Option(help="A Ray cluster's address; 'local' starts one here.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes; one per core if not given.")
]
Unsafe = Annotated[
    bool,
    typer.Option(
        "--unsafe",
        help="Run submissions without a sandbox: they can read and change "
        "everything that you can.",
    ),
]
Root = Annotated[Path, typer.Option(help="The folder that holds solutions/ and labs/.")]
