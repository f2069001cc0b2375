"""What Flower's own Ray engine costs, on the same app."""

import statistics
from pathlib import Path

from lecturekit.runtime.engines import run_app

APP = Path(__file__).parent / "digits_app"


def warm_round_s(num_clients: int, num_rounds: int = 4) -> float:
    """Return the median seconds of a round on Ray, the first one left out."""
    result = run_app(
        APP,
        engine="ray",
        num_clients=num_clients,
        run_config={"num-clients": num_clients, "num-rounds": num_rounds},
    )
    rounds = [result.server_metrics[t]["seconds"] for t in range(2, num_rounds + 1)]
    return statistics.median(float(str(seconds)) for seconds in rounds)


def run_s(engine: str, num_clients: int = 10, num_rounds: int = 3) -> float:
    """Return the seconds from the call to the result, start of the engine included."""
    config = {"num-clients": num_clients, "num-rounds": num_rounds}
    result = run_app(APP, engine=engine, num_clients=num_clients, run_config=config)
    return result.wall_s
