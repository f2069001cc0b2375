"""Figures: what is drawn is what was given, and it can be read without colour."""

import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from lecturekit import plots
from lecturekit.data import Dataset, Federation, by_quantity
from lecturekit.plots.colours import HUES, line_style

FOUR = Dataset(
    "four", np.arange(16.0).reshape(4, 2, 2) / 16, [0, 0, 1, 2], ("a", "b", "c")
)
TWO_CLIENTS = Federation(FOUR, [[0, 1, 2], [3]], "by hand")
EVERY_FIGURE = {
    "label_counts": lambda: plots.label_counts(TWO_CLIENTS),
    "images of a dataset": lambda: plots.images(FOUR),
    "images of clients": lambda: plots.images(TWO_CLIENTS),
    "accuracy": lambda: plots.accuracy({"one": [0.1, 0.2]}),
    "lines": lambda: plots.lines(
        [1, 2], {"one": [3, 4]}, x_title="n", y_title="time (s)", title="How long?"
    ),
    "similarity": lambda: plots.similarity(np.eye(2)),
    "paths": lambda: plots.paths(
        {"FedAvg": {"A": [[0, 0], [1, 0]]}}, [1, 1], x_title="x", y_title="y", title="?"
    ),
}


def names_at_line_ends(figure):
    return [note.text.split("</span> ")[1] for note in figure.layout.annotations]


@pytest.mark.parametrize("draw", EVERY_FIGURE.values(), ids=EVERY_FIGURE)
def test_every_figure_says_what_it_shows(draw):
    """A title and two axis titles; and plotly can hand it to a browser."""
    figure = draw()

    assert figure.layout.title.text
    assert figure.layout.xaxis.title.text
    assert figure.layout.yaxis.title.text
    assert json.loads(figure.to_json())["data"]


def test_label_counts_are_the_federations():
    """Client 0 holds two a and one b, client 1 one c; the numbers are in the cells."""
    cells = plots.label_counts(TWO_CLIENTS).data[0]

    assert np.array_equal(cells.z, [[2, 0], [1, 0], [0, 1]])
    assert list(cells.x) == [0, 1]
    assert list(cells.y) == ["a", "b", "c"]
    assert cells.texttemplate == "%{z}"
    assert (cells.zmin, cells.zmax) == (0, 2)


def test_many_clients_have_no_numbers_in_their_cells():
    """A thousand columns have no room for them; hovering still tells."""
    many = Dataset("many", np.zeros((5000, 1)), np.zeros(5000, int), ("zero",))
    cells = plots.label_counts(by_quantity(many, 1000, alpha=1.0)).data[0]

    assert cells.texttemplate is None
    assert cells.xgap == 0
    assert "%{z} examples" in cells.hovertemplate


def test_a_dataset_is_shown_label_by_label():
    """Row a: examples 0 and 1; rows b and c: one example and a gap."""
    sheet = plots.images(FOUR, max_columns=2).data[0].z
    gap = np.nan

    expected = [
        [0, 1, gap, 4, 5],
        [2, 3, gap, 6, 7],
        [gap] * 5,
        [8, 9, gap, gap, gap],
        [10, 11, gap, gap, gap],
        [gap] * 5,
        [12, 13, gap, gap, gap],
        [14, 15, gap, gap, gap],
    ]
    assert np.array_equal(sheet * 16, expected, equal_nan=True)


def test_a_client_is_shown_with_one_example_of_each_label():
    """Client 1 has only a c: its first two cells are blank."""
    figure = plots.images(TWO_CLIENTS)
    sheet = figure.data[0].z

    assert sheet.shape == (5, 8)
    assert np.isnan(sheet[3:, :6]).all()
    assert np.array_equal(sheet[3:, 6:], FOUR.features[3])
    assert figure.layout.xaxis.ticktext == ("a", "b", "c")
    assert figure.layout.yaxis.ticktext == ("0", "1")


def test_only_the_first_rows_and_columns_are_drawn():
    """One client, two labels: one row of two images."""
    figure = plots.images(TWO_CLIENTS, max_rows=1, max_columns=2)

    assert figure.data[0].z.shape == (2, 5)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, 15 / 16)


def test_what_is_no_image_is_refused():
    """Rows of a table have no height and width."""
    table = Dataset("table", np.zeros((3, 5)), [0, 0, 0], ("zero",))
    with pytest.raises(ValueError, match=r"got table with features of shape \(3, 5\)"):
        plots.images(table)
    with pytest.raises(ValueError, match="at least 1, got 0 and 10"):
        plots.images(FOUR, max_rows=0)


def test_a_line_stands_at_its_rounds():
    """Three values from round 1 on; or from round 0, if the initial model counts."""
    curve = {"one": [0.1, 0.2, 0.3]}
    from_one = plots.accuracy(curve).data[0]
    from_zero = plots.accuracy(curve, first_round=0).data[0]

    assert list(from_one.x) == [1, 2, 3]
    assert list(from_zero.x) == [0, 1, 2]
    assert list(from_one.y) == [0.1, 0.2, 0.3]


def test_lines_bear_their_names_at_their_ends():
    """Where lines end alike, the names are moved apart; the order stays."""
    figure = plots.accuracy({"low": [0.0, 0.5], "twin": [0.2, 0.5], "top": [0.1, 1.0]})
    low, twin, top = (note.y for note in figure.layout.annotations)

    assert names_at_line_ends(figure) == ["low", "twin", "top"]
    assert low == 0.5
    assert twin >= 0.55
    assert top == 1.0


def test_a_line_that_stops_early_is_named_where_it_stops():
    """A diverged run has NaN from round 3 on."""
    figure = plots.accuracy({"lost": [0.3, 0.2, np.nan, np.nan], "ok": [0.1] * 4})

    assert [note.x for note in figure.layout.annotations] == [2, 4]


def test_a_name_is_text_not_markup():
    """`a<b` is shown as it was written."""
    figure = plots.accuracy({"a<b": [0.1]})

    assert names_at_line_ends(figure) == ["a&lt;b"]


def test_twenty_lines_can_be_told_apart():
    """Five hues and four dashes; neighbours differ in both."""
    styles = [line_style(position) for position in range(20)]

    assert len({(style["color"], style["dash"]) for style in styles}) == 20
    assert len(HUES) == 5
    for one, other in pairwise(styles):
        assert one["color"] != other["color"]
        assert one["dash"] != other["dash"]


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "1 to 20 lines, got 0"),
        ({str(i): [0.1] for i in range(21)}, "1 to 20 lines, got 21"),
        ({"none": []}, "curve 'none' must be a list of numbers"),
        ({"gone": [float("nan")]}, "curve 'gone' must be a list of numbers"),
        ({"square": [[1.0, 2.0], [3.0, 4.0]]}, "curve 'square' must be a list"),
    ],
)
def test_lines_that_cannot_be_drawn_are_refused(curves, message):
    """An empty figure would look like a result."""
    with pytest.raises(ValueError, match=message):
        plots.accuracy(curves)


def test_similarities_stand_in_their_cells():
    """White is 0 whatever the numbers, and each cell says its number."""
    cells = plots.similarity([[1.0, 0.25], [0.25, 1.0]], labels=["ada", "ben"]).data[0]

    assert np.array_equal(cells.z, [[1.0, 0.25], [0.25, 1.0]])
    assert (cells.zmin, cells.zmax) == (-1, 1)
    assert cells.texttemplate == "%{z:.2f}"
    assert list(cells.x) == list(cells.y) == ["ada", "ben"]


@pytest.mark.parametrize(
    ("matrix", "labels", "message"),
    [
        ([[1.0, 0.0]], None, r"must be square, got shape \(1, 2\)"),
        ([[2.0]], None, "from -1 to 1, got 2 to 2"),
        ([[float("nan")]], None, "from -1 to 1, got nan"),
        ([[1.0]], ["a", "b"], "labels must be 1 names, got 2"),
    ],
)
def test_what_is_no_similarity_matrix_is_refused(matrix, labels, message):
    """Distances, for instance, leave [-1, 1]."""
    with pytest.raises(ValueError, match=message):
        plots.similarity(matrix, labels)


def test_cosines_in_float32_may_round_past_one():
    """1.0000001 is a cosine of 1."""
    plots.similarity(np.array([[1.0000001]], np.float32))


def test_importing_plots_loads_no_learning_library():
    """Neither torch nor Flower nor the parsers of datasets."""
    code = "import sys, lecturekit.plots; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "lecturekit.plots" in loaded
    assert not {"torch", "flwr", "sklearn", "scipy", "pandas"} & set(loaded)


def three_lines(x=(1, 10, 100), a=(1, 2, 3), **options):
    curves = {"a": a, "b": (3, 2, 1000)}
    return plots.lines(x, curves, x_title="x", y_title="y", title="?", **options)


def test_lines_draw_what_is_given():
    """Both lines over the same x, in different colours and dashes, with their names."""
    figure = three_lines()

    assert [list(line.x) for line in figure.data] == [[1, 10, 100]] * 2
    assert [list(line.y) for line in figure.data] == [[1, 2, 3], [3, 2, 1000]]
    assert [line.line.dash for line in figure.data] == ["solid", "dash"]
    assert names_at_line_ends(figure) == ["a", "b"]


def test_names_on_a_logarithmic_axis_stand_at_the_exponent():
    """plotly places a note at 10^x: the line ends at x = 100, y = 1000."""
    notes = three_lines(log_x=True, log_y=True).layout.annotations
    plain = three_lines().layout.annotations

    assert (notes[1].x, notes[1].y) == pytest.approx((2, 3))
    assert (plain[1].x, plain[1].y) == pytest.approx((100, 1000))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"x": (1, 10)}, "curve 'a' must be 2 numbers"),
        ({"x": (1, 10, 10)}, "two or more ascending numbers"),
        ({"a": (np.nan,) * 3}, "curve 'a' must be 3 numbers"),
        ({"a": (1, 0, 1), "log_y": True}, r"curve 'a' must be positive .* got 0\.0"),
        ({"x": (0, 1, 2), "log_x": True}, r"x must be positive .* got 0\.0"),
    ],
)
def test_lines_over_an_axis_that_do_not_fit_are_refused(arguments, sentence):
    """The sentence names the line and what is wrong with it."""
    with pytest.raises(ValueError, match=sentence):
        three_lines(**arguments)


def test_logarithmic_axes_label_every_tick_in_full():
    """Over two decades 1, 2, 5, 10, ...; over three, powers of ten alone."""
    figure = three_lines(log_x=True, log_y=True)

    x, y = figure.layout.xaxis, figure.layout.yaxis
    assert list(x.ticktext) == ["1", "2", "5", "10", "20", "50", "100", "200", "500"]
    assert list(y.ticktext) == ["1", "10", "100", "1,000"]
    assert list(y.tickvals) == [1, 10, 100, 1000]


def test_paths_end_in_their_average_in_every_panel():
    """Ends (2, 0) and (0, 4) average to (1, 2); the target is the same everywhere."""
    lines = {"A": [[0, 0], [2, 0]], "B": [[0, 0], [0, 1], [0, 4]]}
    figure = plots.paths(
        {"one": lines, "two": {"A": [[5, 5]]}},
        [3, 3],
        x_title="w1",
        y_title="w2",
        title="Where?",
    )
    points = [(one.name, list(one.x)[-1], list(one.y)[-1]) for one in figure.data]

    assert points == [
        ("A", 2, 0),
        ("B", 0, 4),
        ("average", 1, 2),
        ("optimum", 3, 3),
        ("A", 5, 5),
        ("average", 5, 5),
        ("optimum", 3, 3),
    ]
    assert [one.xaxis for one in figure.data] == ["x"] * 4 + ["x2"] * 3
    assert list(figure.data[1].text) == ["", "", "B"]
    assert figure.data[0].line.dash != figure.data[1].line.dash


@pytest.mark.parametrize(
    ("panels", "target", "sentence"),
    [
        ({}, [0, 0], "got 0 panels"),
        ({"p": {"A": [[0, 0]]}}, [0], "target of shape"),
        ({"p": {}}, [0, 0], "1 to 20 paths, got 0"),
        ({"p": {"A": [0, 1]}}, [0, 0], "points of two numbers"),
        ({"p": {"A": [[0, np.nan]]}}, [0, 0], "points of two numbers"),
    ],
)
def test_paths_that_cannot_be_drawn_are_refused(panels, target, sentence):
    """What was expected, and what came."""
    with pytest.raises(ValueError, match=sentence):
        plots.paths(panels, target, x_title="x", y_title="y", title="?")
