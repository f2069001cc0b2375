"""One call chooses the engine; nothing in the app changes.

    run_app("digits_app", engine="local", num_clients=10, seed=1)
    run_app("digits_app", engine="ray", num_clients=10, seed=1)
    run_app("digits_app", engine="superlink", num_clients=10, seed=1)

| engine      | the clients run in                   | good for                       |
|-------------|--------------------------------------|--------------------------------|
| `local`     | this process, one after another      | notebooks, debugging, grading  |
| `ray`       | Ray's worker processes, many at once | heavy clients on many cores or |
|             |                                      | GPUs, clusters                 |
| `superlink` | a fresh process per message, one     | seeing what a deployment does  |
|             | SuperNode per client, over HTTP      |                                |

Where Ray wins: clients of a second or more, on a machine with cores (or GPUs) to spare.
For small models it loses by far, because starting it takes ten seconds or more (a
minute on a busy machine), and each phase at least 0.1 s of polling: ten clients of a
tiny network take 0.1 s here for three rounds, and 10 s there.

What Flower 1.41 lets one say about Ray is `federation_config`, space-separated:

    num-supernodes=10                  run_app sets it, from num_clients
    client-resources-num-cpus=1        per client; as many run at once as fit
    client-resources-num-gpus=0.25     a fraction: four clients share a GPU
    init-args-num-cpus=8               of all Ray; also init-args-num-gpus,
                                       init-args-logging-level, init-args-log-to-driver

There is no setting for the address of a cluster: Flower starts a Ray of its own on this
machine. Ray itself reads the environment variable RAY_ADDRESS, and that is what
`ray_address` sets ("auto", or "10.0.0.5:6379"; no init-args-num-... then, a cluster
has its own). Ray's workers import the app from this machine's folders: Python, the
packages and the temporary folder (TMPDIR) must stand under the same paths on all of the
cluster's machines, on a shared disk say. The cluster is the user's; none is built here.

What is not isolated: on `local` clients share this process; on `ray` a worker process
serves many clients, so what they leave in globals is seen by others; on all three they
share this machine's files and network, as you.

A client's exception: `local` stops at the first one, and shows it; on the others the
client is left out of the round, and `Reproducible` stops if none remains.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lecturekit.runtime.grid import LocalGrid
from lecturekit.runtime.nodes import ConfigValue
from lecturekit.runtime.server import run_server_app
from lecturekit.runtime.trace import Trace

from .app_folder import AppFolder
from .result import RunResult, read_result
from .superlink import SuperLink

ENGINES = ("local", "ray", "superlink")

_RAY_ATTEMPTS = 4
_RAY_WAS_SLOW = "The current node timed out during startup"


def run_app(
    app_dir: str | Path,
    *,
    engine: str = "local",
    num_clients: int,
    run_config: Mapping[str, ConfigValue] | None = None,
    seed: int = 0,
    timeout_s: float = 600.0,
    ray_address: str | None = None,
    federation_config: str = "client-resources-num-cpus=1",
) -> RunResult:
    """Run a Flower app on the engine chosen; return its final model and metrics.

    Parameters
    ----------
    app_dir : path
        The app's folder (see `app_folder.py`). Its config has the keys `seed` and
        `result-path`; its server ends with `save_result`. To get the same bytes on all
        engines, it uses `seeding_mod`, `report_partition` and `Reproducible`.
    engine : {"local", "ray", "superlink"}
        Where the clients run.
    num_clients : int
        K, one per partition.
    run_config : mapping, optional
        Overrides of the app's config.
    seed : int
        Becomes `run_config["seed"]`.
    timeout_s : float
        How long the run may take, s. "local" runs here: stop it with Ctrl-C.
    ray_address : str, optional
        Of an existing Ray cluster, for "ray".
    federation_config : str
        What else Flower should tell "ray" (see the top of this module).

    Raises
    ------
    ValueError
        For an unknown engine, a folder that is no app, a key the app does not know, or
        "ray" where Ray is not installed.
    ClientFailed
        If a client fails on "local".
    RuntimeError, TimeoutError
        If the run fails, or does not end, on the others: with the end of its log.
    """
    app = AppFolder.read(app_dir)
    _check(engine, num_clients)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lk") as folder:
        path = Path(folder) / "result.zip"
        own: dict[str, ConfigValue] = {"seed": seed, "result-path": str(path)}
        config = app.run_config({**(run_config or {}), **own})
        log, trace = "", None
        if engine == "local":
            trace = _run_local(app, num_clients, config)
        elif engine == "ray":
            federation_config += f" num-supernodes={num_clients}"
            # "local": never a cluster that happens to run on this machine.
            superlink = SuperLink(
                simulation=True, environment={"RAY_ADDRESS": ray_address or "local"}
            )
            log = _run_on_ray(superlink, app, config, federation_config, timeout_s)
        else:
            with SuperLink() as superlink:
                superlink.start_supernodes(num_clients)
                log = superlink.run(app.path, config, timeout_s=timeout_s)
        if not path.exists():
            raise RuntimeError(_no_model(log))
        wall_s = time.monotonic() - started
        result = read_result(path, engine=engine, wall_s=wall_s, log=log)
        return replace(result, trace=trace)


def _check(engine: str, num_clients: int) -> None:
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
    if num_clients < 1:
        raise ValueError(f"num_clients must be >= 1, got {num_clients}")
    if engine == "ray" and find_spec("ray") is None:
        raise ValueError(
            "engine 'ray' needs Ray, which is not installed: "
            "pip install 'lecturekit[ray]', or choose another engine"
        )


def _run_local(
    app: AppFolder, num_clients: int, config: Mapping[str, ConfigValue]
) -> Trace:
    # One thread, as on Flower's engines: sums of many threads differ in the last bit.
    with app.loaded() as (server_app, client_app), threadpool_limits(1):
        seed = int(config["seed"])
        grid = LocalGrid(client_app, num_clients, seed=seed, run_config=config)
        run_server_app(server_app, grid)
    return grid.trace


def _run_on_ray(
    superlink: SuperLink,
    app: AppFolder,
    config: Mapping[str, ConfigValue],
    federation_config: str,
    timeout_s: float,
) -> str:
    """Run; again if Ray was not up in the 30 s that it gives itself, on a busy machine.

    There is no setting for these 30 s, and no client has run by then.
    """
    for _ in range(_RAY_ATTEMPTS):
        with superlink:
            log = superlink.run(
                app.path,
                config,
                federation_config=federation_config,
                timeout_s=timeout_s,
            )
        if _RAY_WAS_SLOW not in log:
            break
    return log


def _no_model(log: str) -> str:
    """Say why there is no model: the log, if there is one, shows what was raised.

    Flower raises anew several times; what was raised first stands some way up.
    """
    lines = [line for line in log.splitlines() if line.strip()]
    quoted = "".join(f"\n    {line}" for line in lines[-80:])
    return (
        "expected a final model, got none: the app's server failed, or does not end "
        "with save_result(result, context.run_config['result-path'])"
        + (f"; the last lines of its log: {quoted}" if quoted else "")
    )
