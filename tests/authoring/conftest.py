"""A small sound lab, and courses made of changed copies of it."""

from pathlib import Path

import pytest

from autograder.authoring import build_labs, read_lab

SOUND = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 1 · Means
#
# | Task | What you write | Points |
# |---|---|---|
# | 1 | `mean` | 2 + 3 |
# | 2 | a sentence | 4 |
# | **Total** | | **9** |

# %% setup="imports"
import numpy as np

SEED = 1

# %% [markdown]
# ## Task 1 · Average


# %% exercise="mean"
def mean(values):
    \"\"\"Return the mean of a list.\"\"\"
    ### BEGIN SOLUTION
    total = sum(values)
    return total / len(values)
    ### END SOLUTION


# %% test="mean" points=2
assert mean([1.0, 3.0]) == 2.0, "1 and 3 average to 2"

# %% test="mean" case="many" points=3 hidden=true
# Hidden checks: many values.
many = np.random.default_rng(SEED).normal(size=100)
assert np.isclose(mean(many), many.mean())

# %%
shown = mean([1, 2])
print(shown)

# %% [markdown]
# ## Task 2 · Explain
#
# Why divide by the count?

# %% [markdown] question="why" points=4
# Because the sum grows with the number of values.
"""


def changed(*replacements):
    """Return the sound lab's source with each (old, new) replaced once."""
    source = SOUND
    for old, new in replacements:
        assert old in source, old
        source = source.replace(old, new, 1)
    return source


def write_source(root, source=SOUND, name="lab01_mean"):
    """Write a lab source into the course at `root`; return its path."""
    path = Path(root) / "solutions" / name / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def sound():
    """The source of a lab without faults."""
    return SOUND


@pytest.fixture
def write_lab(tmp_path):
    """Write the sound lab, changed by (old, new) pairs, into a course; its path."""
    return lambda *replacements, name="lab01_mean": write_source(
        tmp_path, changed(*replacements), name
    )


@pytest.fixture
def lab_of(write_lab):
    """Read the sound lab, changed by (old, new) pairs."""
    return lambda *replacements: read_lab(write_lab(*replacements))


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A course that holds the sound lab and its student notebook."""
    root = tmp_path_factory.mktemp("course")
    write_source(root)
    build_labs(root)
    return root
