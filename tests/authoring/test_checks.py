"""Every fault of a lab is one sentence, with the line at which its author must look."""

import pytest

from autograder.authoring.checks import check


@pytest.fixture
def faults_of(lab_of):
    """Check the sound lab, changed by (old, new) pairs; (line, sentence) per fault."""

    def faults(*replacements):
        lab = lab_of(*replacements)
        found = check(lab)
        for fault in found:
            assert str(fault) == f"{lab.path}:{fault.line}: {fault.fault}"
        return [(fault.line, fault.fault) for fault in found]

    return faults


def test_the_sound_lab_has_no_faults(faults_of):
    """Nothing below fails for another reason than the change that it makes."""
    assert faults_of() == []


def test_all_faults_are_reported_in_the_order_of_the_file(faults_of):
    """An author mends a lab in one go."""
    faults = faults_of(("2 + 3", "2 + 4"), ("SEED = 1", "seed = 1"), ("points=4", ""))

    assert [line for line, _ in faults] == [14, 15, 16, 18, 41, 53]


VISIBLE = 'assert mean([1.0, 3.0]) == 2.0, "1 and 3 average to 2"'
HIDDEN = "assert np.isclose(mean(many), many.mean())"
REGION = """\
    ### BEGIN SOLUTION
    total = sum(values)
    return total / len(values)
    ### END SOLUTION
"""
BEGIN, END = "    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n"


def only(faults, line, sentence):
    """Assert that there is one fault, at `line`, that contains `sentence`."""
    assert [at for at, _ in faults] == [line], faults
    assert sentence in faults[0][1]


def test_a_grade_id_stands_once(faults_of):
    """Marks hang on it: nbgrader would refuse, without a line."""
    faults = faults_of(('case="many" ', ""))

    only(
        faults, 39, "'test-mean', got a second one (the first is at line 36): add case="
    )


def test_a_question_may_not_have_the_name_of_an_exercise(faults_of):
    """Exercises and questions share the space of grade ids."""
    faults = faults_of(('question="why"', 'question="mean"'))

    only(faults, 53, "'mean', got a second one (the first is at line 27): rename")


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        (REGION, "    return 0\n", 27, "exercise 'mean', got none"),
        (END, "", 30, "'### END SOLUTION' after '### BEGIN SOLUTION', got none"),
        (BEGIN, "", 32, "got the end alone"),
        (
            BEGIN,
            BEGIN * 2,
            31,
            "got one inside another (the first begins 1 lines above",
        ),
        (BEGIN, "    # BEGIN SOLUTION\n", 30, "on a line of its own, got '# BEGIN SOL"),
    ],
)
def test_an_exercise_has_one_whole_solution_region(faults_of, old, new, line, sentence):
    """What stands between the markers, and nothing else, is the answer."""
    assert (line, sentence) in [
        (at, sentence) for at, fault in faults_of((old, new)) if sentence in fault
    ]


def test_an_exercise_must_parse_with_its_stub(faults_of):
    """A region may only stand where a statement may."""
    faults = faults_of(
        (
            REGION,
            "    return max(\n### BEGIN SOLUTION\n        values\n"
            "### END SOLUTION\n    )\n",
        )
    )

    only(faults, 27, "expected exercise 'mean' to stay Python when")


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        (
            "shown = ",
            "### BEGIN SOLUTION\nshown = ",
            45,
            "only in exercise or question",
        ),
        (
            "# Why divide",
            "# BEGIN SOLUTION: why divide",
            51,
            "got one in a cell of kind",
        ),
        (VISIBLE, f"{VISIBLE}\n### END HIDDEN TESTS", 38, "got the end alone"),
        (VISIBLE, f"### BEGIN HIDDEN TESTS\n{VISIBLE}", 37, "got none in this cell"),
        ("SEED = 1", "SEED = 1\n### BEGIN HIDDEN TESTS", 22, "only in test cells"),
        (
            HIDDEN,
            f"### BEGIN HIDDEN TESTS\n{HIDDEN}\n### END HIDDEN TESTS",
            42,
            "hidden=true hides all of it",
        ),
    ],
)
def test_regions_stand_where_nbgrader_cuts_them(faults_of, old, new, line, sentence):
    """A marker elsewhere would be refused with a traceback, or give tests away."""
    only(faults_of((old, new)), line, sentence)


def test_part_of_a_test_may_be_hidden(faults_of):
    """A region in a visible test is nbgrader's own way."""
    hidden = "### BEGIN HIDDEN TESTS\nassert mean([2.0]) == 2.0\n### END HIDDEN TESTS"

    assert faults_of((VISIBLE, f"{VISIBLE}\n{hidden}")) == []


def test_an_exercise_has_a_test(faults_of):
    """Work that nothing marks is not an exercise."""
    second = (
        '# %% exercise="median"\n### BEGIN SOLUTION\nmedian = 1\n### END SOLUTION\n\n'
    )

    only(
        faults_of(("# %%\nshown", f"{second}# %%\nshown")), 44, "exercise 'median', got"
    )


def test_a_test_has_an_exercise(faults_of):
    """A misspelt name says which one is close."""
    faults = faults_of(('test="mean" case', 'test="maen" case'))

    only(faults, 39, "exercises mean, got 'maen': did you mean 'mean'?")


def test_tests_and_questions_give_points(faults_of):
    """A cell with zero points would be graded for nothing."""
    faults = faults_of(("points=2", "points=0"), ("2 + 3", "3"), ("**9**", "**7**"))
    only(faults, 36, "points=1 or more for test 'test-mean', got 0")

    faults = faults_of(("points=4", ""), ("| 4 |", "| 0 |"), ("**9**", "**5**"))
    only(faults, 53, "points=1 or more for question 'why', got 0")


@pytest.mark.parametrize(
    ("code", "line", "sentence"),
    [
        ("result = mean([1.0])", 36, "an assert in test 'test-mean', got none"),
        ("assert True", 37, "got 'assert True', which is always true"),
        ("assert (mean([1.0]) == 1, 'is one')", 37, "a tuple is always true"),
        ("assert f'{mean([1.0])}'", 37, "which is always true"),
        (f"{VISIBLE}\nassert not 0", 38, "which is always true"),
    ],
)
def test_a_test_can_fail(faults_of, code, line, sentence):
    """No assert, or one on a constant, gives marks for nothing."""
    only(faults_of((VISIBLE, code)), line, sentence)


def test_a_hidden_test_does_not_tell_what_it_expects(faults_of):
    """Its message goes into feedback; a visible one may and should."""
    code = "expected = many.mean()\nassert mean(many) == expected, f'{m}{got}'"
    telling = code.replace("{m}", "not {expected}, ")
    sentence = (
        "a message without the expected value in the hidden test 'test-mean-many'"
    )

    assert faults_of((HIDDEN, f"got = mean(many)\n{code.replace('{m}', '')}")) == []
    only(faults_of((HIDDEN, f"got = mean(many)\n{telling}")), 44, sentence)
    visible = "expected = 2.0\nassert mean([1.0, 3.0]) == expected, f'not {expected}'"
    assert faults_of((VISIBLE, visible)) == []


def test_raising_counts_as_an_assertion(faults_of):
    """`else: raise AssertionError` is how a test demands an exception."""
    code = (
        "try:\n    mean([])\nexcept ZeroDivisionError:\n    pass\nelse:\n"
        "    raise AssertionError('the mean of nothing')"
    )

    assert faults_of((VISIBLE, code)) == []


def test_a_test_ends_in_a_statement(faults_of):
    """nbgrader reads a last expression as partial credit: `-1` earns full marks."""
    only(
        faults_of((HIDDEN, f"{HIDDEN}\nmean(many)")), 43, "to end in an assert, got an"
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("shown = ", "shown == = ", 45, "a line that does not parse: invalid syntax"),
        (HIDDEN, f"{HIDDEN[:-1]}", 42, "does not parse: '(' was never closed"),
        ("shown = ", "return ", 45, "does not parse: 'return' outside function"),
        (
            "SEED = 1",
            "SEED = 1\npattern = '\\d'",
            22,
            r"does not parse: invalid escape",
        ),
        ("shown = ", "!pip install torch\nshown = ", 45, "magic line '!pip install"),
        ("shown = ", "# %time\nshown = ", 45, "magic line '%time'"),
        ("shown = ", "    %%time\nshown = ", 45, "the shell or magic line '%%time'"),
    ],
)
def test_code_is_python(faults_of, old, new, line, sentence):
    """A syntax error is reported at its line inside the file."""
    only(faults_of((old, new)), line, sentence)


@pytest.mark.parametrize(
    ("replacements", "line", "sentence"),
    [
        (
            [("| 1 | `mean` | 2 + 3 |", "| 1 | `mean` | 20 |")],
            14,
            "expected 5 points for task 1, as its cells from line 24 have, got '20'",
        ),
        ([("**9**", "**10**")], 16, "expected a total of 9 points"),
        ([("2 + 3", "2.5")], 14, "expected whole numbers such as '25' or '20 + 5'"),
        (
            [("# | 2 | a sentence | 4 |\n", "")],
            14,
            "each of the 2 '## Task N' headings",
        ),
        ([("## Task 2", "## Task 3")], 49, "expected '## Task 2', got '## Task 3'"),
        ([("| Points |", "| Marks |")], 1, "a table with a column 'Points'"),
    ],
)
def test_points_add_up(faults_of, replacements, line, sentence):
    """The header promises, per task and in total, what the cells give."""
    only(faults_of(*replacements), line, sentence)


def test_points_may_be_a_sum_with_words(faults_of):
    """`2 + 3 hidden` is five points; the total may be left out."""
    assert (
        faults_of(("2 + 3", "2 + 3 hidden"), ("# | **Total** | | **9** |\n", "")) == []
    )


def test_points_belong_to_a_task(faults_of):
    """A question after another section's heading is in nobody's row."""
    faults = faults_of(("# Why divide", "# ## Afterwards\n# Why divide"))

    assert (
        54,
        "expected 'why' under a '## Task N' heading, got it under none: its 4 "
        "points belong to no task",
    ) in faults


@pytest.mark.parametrize("line", ["", "seed = 1", "SEED = 1 + 1", "SEED = 1\nSEED = 2"])
def test_tests_have_a_seed(faults_of, line):
    """Proving replaces the number on the one line `SEED = 1`."""
    faults = [fault for _, fault in faults_of(("SEED = 1", line))]

    assert any("expected one line 'SEED = 1' in the setup cells" in f for f in faults)


@pytest.mark.parametrize(
    ("replacements", "line", "sentence"),
    [
        (
            [(HIDDEN, "assert mean([1, 2]) == shown")],
            42,
            "'shown', which only the exploration at line 44 defines",
        ),
        (
            [(VISIBLE, f"few = [1, 3]\n{VISIBLE}"), (HIDDEN, "assert mean(few) == 2")],
            43,
            "'few', which only test 'test-mean' (line 36) defines",
        ),
        (
            [(HIDDEN, "assert maen(many) == 2")],
            42,
            "'maen', which no cell defines (did you mean 'mean'?)",
        ),
        (
            [("import numpy as np\n", "import numpy as np; start = mean([1])\n")],
            19,
            "setup 'setup-imports' uses 'mean', which only exercise 'mean' (line 27)",
        ),
        (
            [("total = sum(values)", "total = shown")],
            31,
            "exercise 'mean' uses 'shown', which only the exploration at line 44",
        ),
    ],
)
def test_a_test_stands_on_setup_and_exercises_alone(
    faults_of, replacements, line, sentence
):
    """A grader runs neither explorations nor, for a test, the other tests."""
    only(faults_of(*replacements), line, sentence)


def test_names_of_inner_scopes_are_the_cells_own(faults_of):
    """Comprehensions, functions, lambdas and `except ... as` define names locally."""
    code = (
        "def near(a, b):\n    return abs(a - b) < 1e-9\n"
        "squares = [x * x for x in range(3)]\n"
        "key = lambda pair: pair[0]\n"
        "try:\n    mean(1)\nexcept TypeError as error:\n    assert str(error)\n"
        "assert near(mean(squares), 5 / 3), sorted([(1, 2)], key=key)"
    )

    assert faults_of((VISIBLE, code)) == []


def test_explorations_leave_the_names_of_tests_alone(faults_of):
    """A student's kernel ran every cell; its Validate must agree with the marks."""
    faults = faults_of(("shown = mean([1, 2])\nprint(shown)", "SEED = 2"))

    only(
        faults,
        44,
        "the exploration at line 44 replaces 'SEED' of setup 'setup-imports' "
        "(line 18), which test 'test-mean-many' (line 39) uses",
    )
