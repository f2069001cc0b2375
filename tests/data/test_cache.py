"""The cache: build once, and never let it get in the way."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lecturekit.data.cache import cache_folder, load_or_build


class Recipe:
    """Three numbers, and how often they were asked for."""

    def __init__(self):
        self.runs = 0

    def __call__(self):
        self.runs += 1
        return {"numbers": np.array([1, 2, 3]), "half": np.array([0.5])}


def load(recipe, *, version=1, **parameters):
    return load_or_build(
        "three", recipe, version=version, packages=["numpy"], parameters=parameters
    )


def entries(folder):
    return sorted(folder.iterdir())


def test_arrays_are_built_once(empty_cache):
    """The second call reads what the first one stored."""
    recipe = Recipe()
    for _ in range(2):
        arrays = load(recipe)
        assert arrays["numbers"].tolist() == [1, 2, 3]
        assert arrays["half"].tolist() == [0.5]

    assert recipe.runs == 1
    assert [path.suffix for path in entries(empty_cache)] == [".arrays"]


def test_an_entry_depends_on_parameters_and_version(empty_cache):
    """Another seed or a new recipe is another entry."""
    recipe = Recipe()
    load(recipe, seed=1)
    load(recipe, seed=2)
    load(recipe, seed=1, version=2)
    load(recipe, seed=1)

    assert recipe.runs == 3
    assert f"three-seed-1-v1-numpy-{np.__version__}.arrays" in os.listdir(empty_cache)


@pytest.mark.parametrize("keep", [0, 10, 32, 200, -1])
def test_a_file_cut_short_is_built_anew(empty_cache, keep):
    """As after a power cut; the file is whole again afterwards."""
    recipe = Recipe()
    load(recipe)
    (path,) = entries(empty_cache)
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])

    assert load(recipe)["numbers"].tolist() == [1, 2, 3]
    assert recipe.runs == 2
    assert path.read_bytes() == whole


@pytest.mark.parametrize("position", range(0, 500, 7))
def test_a_single_wrong_byte_is_noticed(empty_cache, position):
    """Wherever it is: in the digest, the zip's headers or the numbers."""
    recipe = Recipe()
    load(recipe)
    (path,) = entries(empty_cache)
    content = bytearray(path.read_bytes())
    content[position] ^= 0xFF
    path.write_bytes(content)

    assert load(recipe)["numbers"].tolist() == [1, 2, 3]
    assert recipe.runs == 2


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path, monkeypatch):
    """Here its parent is a file; the arrays come all the same, each time anew."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LECTUREKIT_CACHE", str(tmp_path / "file" / "cache"))
    recipe = Recipe()

    assert load(recipe)["numbers"].tolist() == [1, 2, 3]
    assert load(recipe)["numbers"].tolist() == [1, 2, 3]
    assert recipe.runs == 2


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_folder_is_still_read(empty_cache):
    """What is stored there is used; what is not cannot be added."""
    stored, new = Recipe(), Recipe()
    load(stored, seed=1)
    empty_cache.chmod(0o500)
    load(stored, seed=1)
    load(new, seed=2)
    empty_cache.chmod(0o700)

    assert stored.runs == 1
    assert len(entries(empty_cache)) == 1


def test_a_full_disk_leaves_nothing_behind(empty_cache, monkeypatch):
    """The half-written file is removed, the arrays are returned."""

    def no_space(self, data):
        with open(self, "wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)

    assert load(Recipe())["numbers"].tolist() == [1, 2, 3]
    assert entries(empty_cache) == []


def test_the_folder_follows_the_environment(monkeypatch):
    """LECTUREKIT_CACHE, then XDG_CACHE_HOME, then ~/.cache."""
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_CACHE_HOME", "/scratch/ada")
    monkeypatch.setenv("LECTUREKIT_CACHE", "/data/prepared")
    assert cache_folder() == Path("/data/prepared")

    monkeypatch.delenv("LECTUREKIT_CACHE")
    assert cache_folder() == Path("/scratch/ada/lecturekit")

    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path("/home/ada/.cache/lecturekit")


def test_a_user_without_a_home_has_no_cache(monkeypatch):
    """Some containers run under a number that has no account."""

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("LECTUREKIT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)

    assert load(Recipe())["numbers"].tolist() == [1, 2, 3]


def test_a_missing_package_is_named(empty_cache):
    """The message says what to install, and for which dataset."""
    with pytest.raises(
        ModuleNotFoundError, match=r"three is made .* `pip install nosuch"
    ):
        load_or_build("three", Recipe(), version=1, packages=["nosuch"])


@pytest.mark.parametrize(
    ("loader", "parser"), [("digits", "sklearn"), ("synthetic_writers", "pandas")]
)
def test_a_second_process_does_without_the_parser(empty_cache, loader, parser):
    """With the parser's package made impossible to import, the data still load."""
    code = f"from lecturekit import data; print(data.{loader}().features.sum())"
    blocked = f"import sys; sys.modules[{parser!r}] = None; {code}"
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for program in (code, blocked)
    ]

    assert outputs[0] == outputs[1] != ""
