"""labs/README.md: how to start, what to do when a check fails, and a map of the labs.

The map is made from the labs' own headers, so that it never says anything else.
"""

import re
from collections.abc import Sequence

from autograder.authoring.lab import Lab

_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
_TOTAL = re.compile(r"^\|\s*\*\*Total\*\*\s*\|(.+)\|\s*$", re.MULTILINE)

_PAGE = """# The labs

Each folder is one lab: a notebook in which you write the missing code.

## How to start

- On a hub, take the lab from the **Assignment List**. On your own machine, run
  `jupyter lab` in this folder, in the environment that the course installed.
- Read from the top and run each cell as you come to it. Write code where a cell says
  `raise NotImplementedError`; the text above it says what is wanted, and about how long
  it is.
- Every task stands on its own: if one does not work, go on with the next. You need no
  network, no GPU and no other lab's file.

## When a check fails

1. Read the last line. It says what was expected, what your code gave, and often why.
2. The check's own code is above the message: run its lines in a new cell, with the same
   small numbers, and print what is in between.
3. A name that "is not defined", or an answer that does not change when you change it,
   is often an old kernel: *Kernel, Restart Kernel and Run All Cells*.
4. Still stuck? Leave the cell as it is and go on. Ask with the message, the cell, and
   what you have tried.

**Validate** runs all visible checks in a fresh kernel: do that before you hand in.
Hidden checks try the same contract with other numbers, and the edge cases that the text
names. An unusual solution costs nothing. Do not delete, split or rename cells.

## The map

| Lab | What it is about | Minutes | Points |
|---|---|---|---|
{rows}

Which tasks belong to which course:

{tracks}
"""


def overview(labs: Sequence[Lab]) -> str:
    """Return the text of labs/README.md.

    Parameters
    ----------
    labs : sequence of Lab
        In the order of the map.
    """
    rows = [
        f"| [`{lab.name}`]({lab.name}/{lab.name}.ipynb) | {title(lab)} "
        f"| {minutes(lab) or ''} | {lab.points} |"
        for lab in labs
    ]
    tracks = [f"- `{lab.name}`. {paragraph(lab, 'Tracks')}" for lab in labs]
    return _PAGE.format(rows="\n".join(rows), tracks="\n".join(tracks))


def title(lab: Lab) -> str:
    """Return what the lab's first heading says, without "Lab 7 ·"; else its name."""
    found = _TITLE.search(_header(lab))
    return re.sub(r"^Lab +\d+ +· +", "", found[1].strip()) if found else lab.name


def minutes(lab: Lab) -> int | None:
    """Return the sum of the header's table in the column "Minutes", if there is one."""
    total = _TOTAL.search(_header(lab))
    heading = re.search(r"^\|.*\bMinutes\b.*\|\s*$", _header(lab), re.MULTILINE)
    if total is None or heading is None:
        return None
    column = [cell.strip() for cell in heading[0].split("|")].index("Minutes")
    text = total[0].split("|")[column].strip()
    return int(text) if text.isdecimal() else None


def paragraph(lab: Lab, name: str) -> str:
    """Return the header's paragraph that begins with **name**, on one line; or ""."""
    found = re.search(rf"^\*\*{name}\*\* +(.+?)(?:\n\n|\Z)", _header(lab), re.M | re.S)
    return " ".join(found[1].split()) if found else ""


def _header(lab: Lab) -> str:
    """Return the lab's prose before its first cell of another kind."""
    for cell in lab.cells:
        return cell.source if cell.kind == "prose" else ""
    return ""
