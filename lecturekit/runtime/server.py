"""A whole app here: the ServerApp on a LocalGrid, as `flwr run` runs it elsewhere."""

from flwr.app import Context, RecordDict
from flwr.serverapp import ServerApp

from .flower_private import SERVER_NODE_ID
from .grid import LocalGrid
from .seeding import client_entropy, generators_restored, seed_generators


def run_server_app(server_app: ServerApp, grid: LocalGrid) -> Context:
    """Run an unmodified ServerApp on `grid` until it returns.

    The server's draws (Flower's strategies sample the cohort from Python's generator,
    models are initialised from torch's) come from the grid's seed; the caller's own
    generators are as before afterwards. So two runs with one seed give equal bytes.

    Parameters
    ----------
    server_app : ServerApp
        With a function registered by `@app.main()`.
    grid : LocalGrid
        Its `run_config` is the server's too.

    Returns
    -------
    Context
        The server's, with the state it left.

    Raises
    ------
    ClientFailed
        If a client fails and the grid was made with `on_error="raise"`.
    """
    context = Context(
        run_id=grid.run.run_id,
        node_id=SERVER_NODE_ID,
        node_config={},
        state=RecordDict(),
        run_config=dict(grid.run_config),
    )
    with generators_restored():
        seed_generators(client_entropy(grid.seed, 0, "server", -1))
        server_app(grid, context)
    return context
