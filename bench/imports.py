"""What the runtime adds to importing Flower: a grader pays it for every student."""

import statistics
import subprocess
import sys

FLOWER = "import flwr.app, flwr.clientapp, flwr.serverapp.strategy"
CODE = (
    f"import time; {FLOWER}; t = time.perf_counter(); "
    "import lecturekit.runtime; print(time.perf_counter() - t)"
)


def results(device: str = "cpu") -> dict[str, float]:
    """Return the median seconds of five fresh processes."""
    runs = [
        subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True)
        for _ in range(5)
    ]
    seconds = statistics.median(float(run.stdout) for run in runs)
    return {"import_seconds_beyond_flwr": seconds}
