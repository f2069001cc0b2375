"""Flower's published PyTorch quickstart runs here, from its unmodified source text.

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

import pytest
import torch

from lecturekit.runtime import LocalGrid, run_server_app

PUBLISHED = Path(__file__).parent / "quickstart"

# Of the files in the wheel of flwr 1.23.0.
SHA256 = {
    "client.pytorch.py.tpl": "7d8a21f9d4eed3b2e4a8d62fc1cc509d"
    "b815bc7e18a387a21847321c409bb275",
    "server.pytorch.py.tpl": "7a9011a9f710f8442c759c1a69a529e7"
    "2e0e493053e828851a5351a1cc3edb70",
    "task.pytorch.py.tpl": "44a039955e8ee8e9d5299dabef9a5bcf"
    "0cbd6ab839a369735ea1b690dacb2145",
    "pyproject.pytorch.toml.tpl": "4c4a9fee459de2db0ddd36cd368b0dd2"
    "8d830169f85b63851ea8a909ffb98025",
}

RENDERED = {
    "client.pytorch.py.tpl": "quickstart_pytorch/client_app.py",
    "server.pytorch.py.tpl": "quickstart_pytorch/server_app.py",
    "task.pytorch.py.tpl": "quickstart_pytorch/task.py",
    "pyproject.pytorch.toml.tpl": "pyproject.toml",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write the app as `flwr new quickstart-pytorch` does, and make it importable."""
    names = {
        "framework_str": "PyTorch",
        "import_name": "quickstart_pytorch",
        "package_name": "quickstart-pytorch",
        "project_name": "quickstart-pytorch",
        "username": "student",
    }
    (tmp_path / "quickstart_pytorch").mkdir()
    (tmp_path / "quickstart_pytorch/__init__.py").touch()
    for template, path in RENDERED.items():
        text = (PUBLISHED / template).read_text()
        (tmp_path / path).write_text(Template(text).substitute(names))
    monkeypatch.syspath_prepend(PUBLISHED / "standins")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["flwr"]
    standins = ("quickstart_pytorch", "flwr_datasets", "torchvision")
    for name in [name for name in sys.modules if name.split(".")[0] in standins]:
        del sys.modules[name]


@pytest.mark.parametrize("template", SHA256)
def test_the_source_is_as_published(template):
    """The files are Flower's, to the byte."""
    content = (PUBLISHED / template).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256[template]


def run(project):
    """Run the project as its pyproject.toml says; return the model it saves."""
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
    run_server_app(apps["serverapp"], grid)
    return torch.load("final_model.pt")


def test_the_quickstart_learns_here(project, capfd):
    """Three rounds of 10 clients, as published: the model learns, and repeats exactly.

    It prints its own line and nothing else.
    """
    random.seed()
    torch.seed()
    final = run(project)
    assert capfd.readouterr() == ("\nSaving final model to disk...\n", "")

    task = importlib.import_module("quickstart_pytorch.task")
    model = task.Net()
    model.load_state_dict(final)
    correct = 0.0
    for partition_id in range(10):
        _, test_set = task.load_data(partition_id, 10)
        correct += task.test(model, test_set, torch.device("cpu"))[1] / 10
    assert correct > 0.5  # by chance 0.1

    again = run(project)
    assert all(torch.equal(final[name], again[name]) for name in final)
