"""What instructors and teaching assistants run: build, verify and grade labs.

The command line is `autograder --help`; each command is one function of a package:
`authoring` (lab source to student notebook), `judging` (tests on our side of the wall),
`proving` (the kill matrix), `grading` (submissions to marks) and `reports` (tables and
files that people read).
"""

import sys

# Whatever imports nbformat would build grammars of addresses first, for seconds, in
# every command and every worker. See lecturekit/plots/first_figure.py.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
