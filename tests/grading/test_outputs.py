"""What is kept of what a kernel publishes can be written to a file, and read again."""

import json

import nbformat
import pytest

from autograder.grading.outputs import CellOutputs, OutputBudget


def kept(kind, *contents):
    outputs = CellOutputs(OutputBudget(50_000, 100_000))
    for content in contents:
        outputs.add({"msg_type": kind, "content": content})
    return outputs.outputs


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "data",
    [
        {"text/\ud800": "x"},
        {"application/json": nested(100)},
        {"application/json": [float("inf")]},
        {"application/json": [float("nan")]},
        {"text/plain": nested(100)},
        {"no kind": "x"},
        {"text/" + "x" * 1_000: ""},
        {"": ""},
        [],
        None,
    ],
)
def test_a_representation_that_is_unsound_is_left_out(data):
    """Whoever reads the notebook later has no say in it."""
    assert kept("display_data", {"data": data}) == []


@pytest.mark.parametrize("kind", ["display_data", "execute_result", "stream", "error"])
def test_half_characters_are_replaced(kind):
    """JSON can spell them, UTF-8 cannot."""
    data = {"application/json": {"\ud800": ["\udfff"]}, "text/plain": "\ud800"}
    content = {"data": data, "name": "\ud800", "text": "\ud800", "ename": "\ud800"}
    content |= {"evalue": "\ud800", "traceback": ["\ud800", 7, nested(900)]}
    cell = nbformat.v4.new_code_cell(outputs=kept(kind, content))

    assert nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()


def test_names_of_representations_count_too():
    """A hundred displays of nothing, each with twenty long names."""
    data = {f"text/{'x' * 50}{k}": "" for k in range(1_000)}
    outputs = kept("display_data", *[{"data": data}] * 190)

    assert len(json.dumps(outputs)) < 100_000


def test_json_that_is_sound_is_kept():
    """A figure's description, for the notebook's reader."""
    figure = {"data": [{"x": [1, 2.5, None]}], "layout": {"title": "é"}}
    (output,) = kept("display_data", {"data": {"application/vnd.x+json": figure}})

    assert output.data == {"application/vnd.x+json": figure}
