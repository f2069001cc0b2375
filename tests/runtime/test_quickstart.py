"""Flower's published quickstarts run here, from their unmodified source text.

Both apps, the model, the training loop and the project file are Flower's, rendered as
`flwr new` renders them (see quickstart/NOTICE); only the data are local.
"""

import hashlib
import importlib
import random
import sys
import tomllib
from pathlib import Path
from string import Template

import joblib
import numpy as np
import pytest
import torch

from lecturekit.runtime import LocalGrid, run_server_app

PUBLISHED = Path(__file__).parent / "quickstart"

# Of the files in the wheel of flwr 1.23.0.
SHA256 = {
    "client.numpy.py.tpl": "d7f584a0e3def6325e2beec566062e0d"
    "4a98f260b4bf182a03cdddfa1db4d469",
    "client.pytorch.py.tpl": "7d8a21f9d4eed3b2e4a8d62fc1cc509d"
    "b815bc7e18a387a21847321c409bb275",
    "client.sklearn.py.tpl": "d2aa847be4518e41c6387f20b03f5ef3"
    "769efa4cb2622c61c818335478d8a739",
    "pyproject.numpy.toml.tpl": "d69b67c356bbc1c6f75316c356abae75"
    "9efd67aa136c997aab7dca006ab4704a",
    "pyproject.pytorch.toml.tpl": "4c4a9fee459de2db0ddd36cd368b0dd2"
    "8d830169f85b63851ea8a909ffb98025",
    "pyproject.sklearn.toml.tpl": "1258796d44d504d446d5a0d3ae041c66"
    "08dfad77086955c7d3451db8d2436765",
    "server.numpy.py.tpl": "4f785c29b3f0dee2f995710ff8cb9525"
    "72015e3cef6b9b162577e942a6ab5300",
    "server.pytorch.py.tpl": "7a9011a9f710f8442c759c1a69a529e7"
    "2e0e493053e828851a5351a1cc3edb70",
    "server.sklearn.py.tpl": "7a14395518019fdd9678597a92ea7026"
    "7bb148d90abc4f84bca75ee80f66350a",
    "task.numpy.py.tpl": "0b05093e7377cfa1a33fcf8a5465b3c7"
    "b458449b25d302c567bdb1b1cbe5dd13",
    "task.pytorch.py.tpl": "44a039955e8ee8e9d5299dabef9a5bcf"
    "0cbd6ab839a369735ea1b690dacb2145",
    "task.sklearn.py.tpl": "bc7761b4ca74147c5b61a7d7ca10d3f5"
    "a2a69a603426fa71e4eba6d58bbd9566",
}

RENDERED = {
    "client.{}.py.tpl": "quickstart/client_app.py",
    "server.{}.py.tpl": "quickstart/server_app.py",
    "task.{}.py.tpl": "quickstart/task.py",
    "pyproject.{}.toml.tpl": "pyproject.toml",
}

FRAMEWORKS = {  # as `flwr new` names them in the source
    "numpy": "NumPy",
    "pytorch": "PyTorch",
    "sklearn": "sklearn",
}

SAYS = "\nSaving final model to disk...\n"


@pytest.fixture
def project(request, tmp_path, monkeypatch):
    """Write the app as `flwr new quickstart` does, and make it importable."""
    names = {
        "framework_str": FRAMEWORKS[request.param],
        "import_name": "quickstart",
        "package_name": "quickstart",
        "project_name": "quickstart",
        "username": "student",
    }
    (tmp_path / "quickstart").mkdir()
    (tmp_path / "quickstart/__init__.py").touch()
    for template, path in RENDERED.items():
        text = (PUBLISHED / template.format(request.param)).read_text()
        (tmp_path / path).write_text(Template(text).substitute(names))
    monkeypatch.syspath_prepend(PUBLISHED / "standins")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["flwr"]
    standins = ("quickstart", "flwr_datasets", "torchvision")
    for name in [name for name in sys.modules if name.split(".")[0] in standins]:
        del sys.modules[name]


def with_framework(name):
    return pytest.mark.parametrize("project", [name], indirect=True, ids=[name])


@pytest.mark.parametrize("template", SHA256)
def test_the_source_is_as_published(template):
    """The files are Flower's, to the byte, and there is no other."""
    content = (PUBLISHED / template).read_bytes()

    assert hashlib.sha256(content).hexdigest() == SHA256[template]
    assert {path.name for path in PUBLISHED.glob("*.tpl")} == set(SHA256)


def run(project):
    """Run the project as its pyproject.toml says; return its grid."""
    components = project["app"]["components"]
    apps = {}
    for role, place in components.items():
        module, name = place.split(":")
        apps[role] = getattr(importlib.import_module(module), name)
    federation = project["federations"]["local-simulation"]
    grid = LocalGrid(
        apps["clientapp"],
        federation["options"]["num-supernodes"],
        run_config=project["app"]["config"],
    )
    random.seed()
    np.random.seed()
    torch.seed()
    run_server_app(apps["serverapp"], grid)
    return grid


@with_framework("pytorch")
def test_the_pytorch_quickstart_learns_here(project, capfd):
    """Three rounds of 10 clients, as published: the model learns, and repeats exactly.

    It prints its own line and nothing else.
    """
    num_clients = len(run(project).get_node_ids())
    assert capfd.readouterr() == (SAYS, "")

    final = torch.load("final_model.pt")
    task = importlib.import_module("quickstart.task")
    model = task.Net()
    model.load_state_dict(final)
    correct = 0.0
    for partition_id in range(num_clients):
        _, test_set = task.load_data(partition_id, num_clients)
        correct += task.test(model, test_set, torch.device("cpu"))[1] / num_clients
    assert correct > 0.5  # by chance 0.1

    run(project)
    again = torch.load("final_model.pt")
    assert all(torch.equal(final[name], again[name]) for name in final)


@with_framework("numpy")
def test_the_numpy_quickstart_runs_here(project, capfd):
    """Each round adds the mean of the clients' noise, 0 to 1, to a model that was 1."""
    run(project)
    assert capfd.readouterr() == (SAYS, "")

    final = np.load("final_model.npz")["arr_0"]
    assert final.shape == (1, 1)
    assert 1 + 3 * 0.2 < final < 1 + 3 * 0.8

    run(project)
    assert np.array_equal(np.load("final_model.npz")["arr_0"], final)


@with_framework("sklearn")
def test_the_sklearn_quickstart_learns_here(project, capfd):
    """Logistic regression on 500 images of MNIST per client, one iteration a round."""
    num_clients = len(run(project).get_node_ids())
    assert capfd.readouterr() == (SAYS, "")

    final = joblib.load("logreg_model.pkl")
    task = importlib.import_module("quickstart.task")
    tests = [task.load_data(k, num_clients) for k in range(num_clients)]
    accuracies = [final.score(images, labels) for _, images, _, labels in tests]
    assert np.mean(accuracies) > 0.5  # by chance 0.1

    run(project)
    again = joblib.load("logreg_model.pkl")
    assert np.array_equal(again.coef_, final.coef_)
