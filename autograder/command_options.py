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
LabName = Annotated[str, typer.Argument(help="For instance lab01_first_round.")]
Course = Annotated[Path, typer.Option(help="The course folder.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Change nothing; print what would change.")
]
