"""What the engines need of Flower's private parts is there, or is named."""

from importlib import import_module
from operator import attrgetter

import pytest
from flwr.app import Message, RecordDict

from lecturekit.runtime.engines import flower_private

NEEDED = [
    f"{module}.{name}"
    for module, names in flower_private.NEEDED.items()
    for name in names
]


def test_the_installed_flower_has_all_we_need():
    """A new version of Flower has to pass this before we allow it."""
    flower_private.check()


@pytest.mark.parametrize("target", NEEDED)
def test_what_moved_is_named(monkeypatch, target):
    """The sentence names the missing thing, Flower's version and what to do."""
    module = next(m for m in flower_private.NEEDED if target.startswith(f"{m}."))
    path = target.removeprefix(f"{module}.").split(".")
    owner = import_module(module)
    owner = attrgetter(".".join(path[:-1]))(owner) if path[1:] else owner
    if path[-1] in vars(owner):
        monkeypatch.delattr(owner, path[-1])
    else:  # inherited
        monkeypatch.delattr(owner.__base__, path[-1])

    with pytest.raises(flower_private.FlowerMoved) as moved:
        flower_private.check()

    assert target in str(moved.value)
    assert "install flwr 1.41" in str(moved.value)
    assert "lecturekit/runtime/engines/flower_private.py" in str(moved.value)


def test_a_changed_encoding_is_named(monkeypatch):
    """The check sends a message through, there and back."""
    utils = import_module("flwr.supercore.inflatable.inflatable_utils")
    other = Message(RecordDict(), 1, "train")
    monkeypatch.setattr(utils, "inflate_object_from_contents", lambda *_: other)

    with pytest.raises(flower_private.FlowerMoved, match="inflate_object_from_conten"):
        flower_private.check()


def test_what_is_on_its_way_is_looked_for_again_soon(monkeypatch):
    """Flower's grid would wait a second for objects that come milliseconds later."""
    http_grid = import_module("flwr.superlink.grid.http_grid")
    monkeypatch.setattr(http_grid, "pull_objects", http_grid.pull_objects)
    unavailable = import_module("flwr.supercore.inflatable.inflatable_utils")
    looks = []

    def pull(object_id):
        looks.append(object_id)
        if len(looks) < 3:
            raise unavailable.ObjectUnavailableError(object_id)
        return b"here"

    flower_private.look_again_soon()
    flower_private.look_again_soon()  # twice is as good as once

    assert http_grid.pull_objects(["x"], pull_object_fn=pull) == {"x": b"here"}
    assert http_grid.pull_objects.keywords == {"initial_backoff": 0.02}
