"""A prediction: what may be chosen, what locks, and what is shown when."""

import subprocess
import sys

import pytest
from plotly.graph_objects import Figure, Scatter

from lecturekit.widgets import Prediction
from lecturekit.widgets.prediction import CHOOSE_FIRST, WAITING


@pytest.fixture
def prediction():
    """Ask a question with two answers; nothing is chosen yet."""
    return Prediction("Which is larger?", ["2**10", "10**3"])


def widgets_of(prediction):
    """Return the parts of the form: question, radio buttons, button, status line."""
    from lecturekit.widgets.prediction import _form

    return _form(prediction).children


def test_a_choice_can_change_until_it_is_locked(prediction):
    """Choosing twice keeps the second; after locking, neither can be chosen."""
    prediction.choose("10**3")
    prediction.choose("2**10")
    prediction.lock()

    assert (prediction.choice, prediction.locked) == ("2**10", True)
    with pytest.raises(ValueError, match=r"the answer is locked: '2\*\*10'"):
        prediction.choose("10**3")


def test_commit_chooses_and_locks(prediction):
    """One call does both, for readers without a browser."""
    prediction.commit("10**3")

    assert (prediction.choice, prediction.locked) == ("10**3", True)


def test_only_the_options_can_be_chosen(prediction):
    """The message lists them."""
    with pytest.raises(ValueError, match=r"one of \('2\*\*10', '10\*\*3'\), got 'x'"):
        prediction.choose("x")


def test_nothing_cannot_be_locked(prediction):
    """A lock without a choice would reveal the result for free."""
    with pytest.raises(ValueError, match="chosen first"):
        prediction.lock()

    assert not prediction.locked


@pytest.mark.parametrize("options", [[], ["only"], ["twice", "twice"], "aa"])
def test_options_that_leave_no_choice_are_refused(options):
    """A question needs two different answers."""
    with pytest.raises(ValueError, match="two or more different answers"):
        Prediction("Which?", options)


def test_reveal_waits_for_the_lock(prediction):
    """Before it one sentence is drawn and no result; the lock adds the result."""
    curtain = prediction.reveal("1024")
    status, stage = curtain.children
    assert WAITING in status.value
    assert stage.outputs == ()

    prediction.commit("2**10")

    assert "You predicted: 2**10" in status.value
    assert [output["text"] for output in stage.outputs] == ["1024"]


def test_the_result_is_shown_once(prediction):
    """Locking a second time adds nothing."""
    _, stage = prediction.reveal("1024").children
    prediction.commit("2**10")
    prediction.lock()

    assert len(stage.outputs) == 1


def test_a_plotly_figure_arrives_behind_the_curtain(prediction, capsys):
    """It draws nowhere else, and brings its own numbers."""
    figure = Figure(Scatter(y=[3, 1, 2]))
    _, stage = prediction.reveal(figure).children
    prediction.commit("2**10")

    (output,) = stage.outputs
    assert output["output_type"] == "display_data"
    drawn = output["data"]["application/vnd.plotly.v1+json"]
    assert drawn["data"][0]["y"] == [3, 1, 2]
    assert capsys.readouterr().out == ""


def test_another_object_is_drawn_as_a_notebook_draws_it(prediction):
    """It arrives with its own representations, not as text alone."""

    class Table:
        def _repr_html_(self):
            return "<figure></figure>"

    _, stage = prediction.reveal(Table()).children
    prediction.commit("2**10")

    assert stage.outputs[0]["data"]["text/html"] == "<figure></figure>"


def test_reveal_after_the_lock_is_the_result_itself(prediction):
    """A cell that is run again shows its figure like any other cell."""
    prediction.commit("2**10")
    result = object()

    assert prediction.reveal(result) is result


def test_the_form_locks_what_the_reader_chose(prediction):
    """Radio button, then button: the state follows and the controls close."""
    _, radios, button, status = widgets_of(prediction)
    radios.value = "10**3"
    assert (prediction.choice, prediction.locked) == ("10**3", False)

    button.click()

    assert prediction.locked
    assert radios.disabled and button.disabled
    assert "Locked: 10**3" in status.value


def test_the_button_without_a_choice_says_what_to_do(prediction):
    """Nothing is preselected, nothing locks, and the live region says why."""
    _, radios, button, status = widgets_of(prediction)
    assert radios.value is None

    button.click()

    assert not prediction.locked
    assert CHOOSE_FIRST in status.value
    assert 'role="alert"' in status.value


def test_two_forms_of_one_prediction_agree(prediction):
    """A cell run twice draws two forms; a lock in one closes both."""
    _, first, button, _ = widgets_of(prediction)
    _, second, other_button, _ = widgets_of(prediction)
    first.value = "2**10"
    button.click()

    assert (second.value, second.disabled, other_button.disabled) == (
        "2**10",
        True,
        True,
    )


def test_question_and_choice_are_drawn_as_text():
    """Angle brackets are the reader's to see, not the browser's to run."""
    prediction = Prediction("Is a < b?", ["<b>yes</b>", "no"])
    question, _, _, status = widgets_of(prediction)
    prediction.commit("<b>yes</b>")

    assert "a &lt; b" in question.value
    assert "&lt;b&gt;yes" in status.value


def test_a_notebook_draws_the_form(prediction):
    """The last expression of a cell becomes a widget."""
    assert "application/vnd.jupyter.widget-view+json" in prediction._repr_mimebundle_()


def test_a_script_without_a_notebook_runs_silently():
    """Nobody clicks and nothing is raised or written."""
    code = (
        "from lecturekit.widgets import Prediction\n"
        "prediction = Prediction('Which?', ('a', 'b'))\n"
        "prediction._repr_mimebundle_()\n"
        "prediction.reveal('never shown')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
