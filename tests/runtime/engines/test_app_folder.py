"""An app's folder: what it says, what is wrong with it, and that it is read anew."""

import sys
from pathlib import Path

import pytest

from lecturekit.runtime.engines import AppFolder, run_app

COIN = Path(__file__).parent / "coin_app"

PROJECT = """\
[tool.flwr.app.components]
serverapp = "task.server:server_app"
clientapp = "task.client:client_app"

[tool.flwr.app.config]
seed = 0
result-path = ""
client.lr = 0.1
"""

SERVER = """\
import numpy as np
from flwr.app import Array, ArrayRecord
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import Result
from lecturekit.runtime.engines import save_result

server_app = ServerApp()

@server_app.main()
def main(grid, context):
    result = Result()
    result.arrays = ArrayRecord({{"w": Array(np.float32([{value}]))}})
    save_result(result, context.run_config["result-path"])
"""

CLIENT = "from flwr.clientapp import ClientApp\nclient_app = ClientApp()\n"


def write_app(folder, value=1):
    (folder / "task").mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "task/server.py").write_text(SERVER.format(value=value))
    (folder / "task/client.py").write_text(CLIENT)
    return folder


def value_of(folder):
    return float(run_app(folder, num_clients=1).arrays["w"].numpy()[0])


def test_a_folder_is_described_by_its_pyproject(tmp_path):
    """Where the two objects are, and the config, flattened as Flower does."""
    app = AppFolder.read(write_app(tmp_path))

    assert (app.serverapp, app.clientapp) == (
        "task.server:server_app",
        "task.client:client_app",
    )
    assert app.config == {"seed": 0, "result-path": "", "client.lr": 0.1}
    assert app.run_config({"client.lr": 0.5})["client.lr"] == 0.5


def test_a_changed_file_counts_at_the_next_run(tmp_path):
    """Nothing of the app stays imported."""
    before = value_of(write_app(tmp_path, value=1))
    after = value_of(write_app(tmp_path, value=25))

    assert (before, after) == (1, 25)
    assert "task" not in sys.modules
    assert str(tmp_path) not in sys.path


def test_two_apps_may_have_modules_of_the_same_name(tmp_path):
    """And a module of that name which is already imported stays what it was."""
    sys.modules["task"] = mine = type(sys)("task")
    try:
        values = [value_of(write_app(tmp_path / str(v), value=v)) for v in (3, 4)]
        assert sys.modules["task"] is mine
    finally:
        del sys.modules["task"]

    assert values == [3, 4]


def test_a_folder_without_pyproject_is_refused(tmp_path):
    """Also one that is not there."""
    expected = r"a folder with a pyproject.toml, got .*: No such file"
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ValueError, match=expected):
            run_app(folder, num_clients=2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[tool", "is not TOML"),
        ("[project]\nname = 'x'\n", "'tool' is missing"),
        ("[tool.flwr.app.components]\nserverapp = 'a:b'\n", "'clientapp' is missing"),
    ],
)
def test_a_folder_that_is_no_app_is_refused(tmp_path, text, complaint):
    """The sentence names the file and what it lacks."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ValueError, match=rf"pyproject.toml.*{complaint}"):
        run_app(tmp_path, num_clients=2)


def test_an_object_that_is_not_there_is_named(tmp_path):
    """As pyproject.toml spells it."""
    write_app(tmp_path)
    (tmp_path / "task/client.py").write_text("app = 3\n")
    with pytest.raises(ValueError, match=r"'task.client:client_app'.*no attribute"):
        run_app(tmp_path, num_clients=2)


def test_keys_that_the_app_does_not_know_are_refused(tmp_path):
    """Flower would fail late, on the server."""
    write_app(tmp_path)
    (tmp_path / "pyproject.toml").write_text(PROJECT.replace("seed = 0\n", ""))
    with pytest.raises(ValueError, match=r"know: \['seed'\]; write `seed = 0`"):
        run_app(tmp_path, num_clients=2)
    with pytest.raises(ValueError, match=r"does not know: \['lr'\]"):
        run_app(COIN, num_clients=2, run_config={"lr": 0.1})


def test_an_unknown_engine_is_refused():
    """The message lists the engines."""
    with pytest.raises(ValueError, match="one of local, ray, superlink, got 'spark'"):
        run_app(COIN, engine="spark", num_clients=2)


def test_a_run_without_clients_is_refused():
    """There is nobody to ask."""
    with pytest.raises(ValueError, match="num_clients must be >= 1, got 0"):
        run_app(COIN, num_clients=0)


def test_a_server_that_saves_nothing_is_told_how(tmp_path):
    """The model has to get out somehow."""
    write_app(tmp_path)
    text = SERVER.format(value=1).replace("save_result(result,", "print(")
    (tmp_path / "task/server.py").write_text(text)
    with pytest.raises(
        RuntimeError, match=r"got none: .* does not end with save_result"
    ):
        run_app(tmp_path, num_clients=1)


def test_a_run_repeats_to_the_last_bit():
    """Same seed, same model; another seed, another."""
    hashes = [run_app(COIN, num_clients=4, seed=seed).model_hash for seed in (7, 7, 8)]

    assert hashes[0] == hashes[1] != hashes[2]
