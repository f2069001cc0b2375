"""One list of dependencies: pyproject.toml, environment.yml, constraints.txt."""

import asyncio
import json
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import Channel, MatchSpec, SparseRepoData, solve_with_sparse_repodata

ROOT = Path(__file__).parent.parent

# Where conda-forge's name for a package is not PyPI's.
CONDA_NAMES = {"torch": "pytorch"}
# Not to be had from conda-forge in the versions that we need.
PIP_ONLY = {"flwr", "latex2mathml"}
# Needed to make the environment, not by the project itself.
TOOLS = {"python", "pip"}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def requirements(project):
    """PyPI name -> requirement, for those that hold on every supported Python."""
    parsed = [Requirement(text) for text in project["dependencies"]]
    return {r.name: r for r in parsed if r.marker is None}


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def conda_specs(environment):
    return [spec for spec in environment["dependencies"] if isinstance(spec, str)]


def pip_specs(environment):
    (section,) = [d for d in environment["dependencies"] if isinstance(d, dict)]
    return section["pip"]


def test_the_environment_has_conda_keys_only(environment):
    """A misspelt key would be ignored in silence by conda."""
    assert set(environment) == {"name", "channels", "dependencies"}
    assert environment["channels"] == ["conda-forge", "nodefaults"]


def test_conda_installs_what_pip_installs(environment, requirements):
    """Same packages, same ranges; only the names differ."""
    conda = {
        spec.split()[0]: spec.partition(" ")[2] for spec in conda_specs(environment)
    }
    pip = [Requirement(s) for s in pip_specs(environment) if not s.startswith("-e")]

    assert {r.name for r in pip} <= PIP_ONLY
    expected = {
        CONDA_NAMES.get(name, name): str(requirement.specifier)
        for name, requirement in requirements.items()
        if name not in {r.name for r in pip}
    }
    got = {
        name: str(SpecifierSet(text))
        for name, text in conda.items()
        if name not in TOOLS
    }
    assert got == expected
    assert {r.name: r.specifier for r in pip} == {
        r.name: requirements[r.name].specifier for r in pip
    }


def test_conda_uses_the_same_python(environment, project):
    """The range of Python versions is stated twice and equal."""
    (python,) = [s for s in conda_specs(environment) if s.startswith("python ")]

    assert SpecifierSet(python.split()[1]) == SpecifierSet(project["requires-python"])


def test_every_conda_spec_is_strict(environment):
    """A strict parser accepts each line as conda's own solver reads it."""
    for spec in conda_specs(environment):
        assert MatchSpec(spec, strict=True).name is not None


def solve(tmp_path, specs, records):
    """Solve `specs` against a channel on disk that offers `records`, offline."""
    subdir = tmp_path / "channel" / "noarch"
    subdir.mkdir(parents=True)
    packages = {
        f"{name}-{number}-0.tar.bz2": {
            "name": name,
            "version": number,
            "build": "0",
            "build_number": 0,
            "depends": [],
            "subdir": "noarch",
            "noarch": "python",
            "md5": "0" * 32,
            "sha256": "0" * 64,
            "size": 1,
            "timestamp": 1_700_000_000_000,
        }
        for name, number in records.items()
    }
    (subdir / "repodata.json").write_text(
        json.dumps({"info": {"subdir": "noarch"}, "packages": packages})
    )
    data = SparseRepoData(
        Channel((tmp_path / "channel").as_uri()),
        "noarch",
        subdir / "repodata.json",
    )
    return asyncio.run(
        solve_with_sparse_repodata(
            specs=[MatchSpec(spec, strict=True) for spec in specs],
            sparse_repodata=[data],
        )
    )


@pytest.fixture
def installed(environment):
    """What this environment has, under conda's names."""
    pypi = {conda: name for name, conda in CONDA_NAMES.items()}
    names = [spec.split()[0] for spec in conda_specs(environment)]
    records = {
        name: Version(version(pypi.get(name, name))).public
        for name in names
        if name not in TOOLS
    }
    return records | {"python": "3.11.7", "pip": "24.0"}


def test_the_environment_solves_with_the_tested_versions(
    environment, installed, tmp_path
):
    """The ranges admit, all at once, the versions that the tests run with."""
    solution = solve(tmp_path, conda_specs(environment), installed)

    assert {r.name.normalized for r in solution} == set(installed)


def test_an_impossible_environment_is_noticed(environment, installed, tmp_path):
    """The solver used above does say no."""
    with pytest.raises(Exception, match="nbgrader"):
        solve(tmp_path, [*conda_specs(environment), "nbgrader >=99"], installed)


@pytest.fixture(scope="module")
def pins():
    """PyPI name -> the exact version of constraints.txt on this Python."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [Requirement(line) for line in lines if not line.startswith("#")]
    return {
        canonicalize_name(r.name): str(r.specifier).removeprefix("==")
        for r in pinned
        if r.marker is None or r.marker.evaluate()
    }


def test_constraints_pin_every_direct_dependency_within_its_range(requirements, pins):
    """CI's exact versions lie inside the ranges that users may install."""
    for name, requirement in requirements.items():
        assert requirement.specifier.contains(pins[canonicalize_name(name)]), name


def test_the_tests_run_with_the_pinned_versions(requirements, pins):
    """A constraints file that nobody installs proves nothing."""
    for name in requirements:
        assert Version(version(name)).public == pins[canonicalize_name(name)], name
