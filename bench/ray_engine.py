"""What Flower's own Ray engine costs, on the same app."""

from pathlib import Path

from bench import rounds
from bench.measure import interleaved, median, ratios
from lecturekit.runtime import LocalGrid
from lecturekit.runtime.engines import run_app

APP = Path(__file__).parent / "digits_app"


def results(device: str = "cpu") -> dict[str, float]:
    """Return Ray's rounds as ratios to the bare loop and to LocalGrid."""
    figures: dict[str, float] = {}
    for load in (rounds.LOADS[1], rounds.LOADS[2]):
        variants = {
            "bare": rounds.bare(load),
            "localgrid": rounds.on_grid(
                LocalGrid(rounds.client_app, load.num_clients), load
            ),
        }
        here = interleaved(variants, load.repeats)  # before, and after: Ray has
        ray_s = warm_round_s(load.num_clients)  # processes of its own
        for name, after in interleaved(variants, load.repeats).items():
            here[name] += after
        ray = ray_s / median(seconds.wall for seconds in here["bare"])
        figures[f"flower_ray_{load.name}"] = ray
        figures[f"ray_over_localgrid_{load.name}"] = (
            ray / ratios(here, "bare", "wall")["localgrid"]
        )
    run_s("local")  # imports and caches are warm in a notebook
    here_s = median([run_s("local") for _ in range(5)])
    figures["ray_over_localgrid_notebook_run"] = run_s("ray") / here_s
    return figures


def warm_round_s(num_clients: int, num_rounds: int = 4) -> float:
    """Return the median seconds of a round on Ray, the first one left out."""
    result = run_app(
        APP,
        engine="ray",
        num_clients=num_clients,
        run_config={"num-clients": num_clients, "num-rounds": num_rounds},
    )
    seconds = [result.server_metrics[t]["seconds"] for t in range(2, num_rounds + 1)]
    return median([float(str(s)) for s in seconds])


def run_s(engine: str, num_clients: int = 10, num_rounds: int = 3) -> float:
    """Return the seconds from the call to the result, start of the engine included."""
    config = {"num-clients": num_clients, "num-rounds": num_rounds}
    result = run_app(APP, engine=engine, num_clients=num_clients, run_config=config)
    return result.wall_s
