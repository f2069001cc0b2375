"""The environment variables of a zygote and of every kernel: the grader's choice.

None of the grader's own variables reaches a submission, except those that say how to
find shared libraries and how to write text and dates.
"""

import os
import sys
from pathlib import Path

from autograder.sandbox.layout import DATA

_PASSED_ON = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")


def kernel_environment(home: str, temporary: str, code: str) -> dict[str, str]:
    """Return all the variables that student code sees.

    Parameters
    ----------
    home, temporary : str
        Where it may write.
    code : str
        The folders that hold packages, ours first, as in PYTHONPATH.
    """
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    programs = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        **passed_on,
        "PATH": os.pathsep.join(programs),
        "PYTHONPATH": code,
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "IPYTHONDIR": f"{home}/.ipython",
        "TMPDIR": temporary,
        "LECTUREKIT_CACHE": DATA,
        "FLWR_TELEMETRY_ENABLED": "0",
        "NBGRADER_EXECUTION": "autograde",
        "PLOTLY_RENDERER": "plotly_mimetype",  # figures stay figures, as in JupyterLab
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",  # the same answer gets the same mark
        "PYTHONWARNINGS": "ignore",
        "TQDM_DISABLE": "1",
    }
