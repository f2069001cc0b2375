"""The page a student gets: readable, complete, and nothing in it runs or loads."""

import re

import pytest
from nbformat.v4 import new_output

from autograder.grading import markup
from tests.grading.tiny import RIGHT, cell_named

ATTACK = """\
from IPython.display import HTML, Javascript, SVG, display
display(HTML("<script>alert(1)</script><img src=x onerror=alert(2)><b>bold</b>"))
display(HTML('<a href="javascript:alert(3)">a</a><iframe src="https://a.b"></iframe>'))
display(HTML('<link href="https://a.b/c.css"><style>@import "https://a.b"</style>'))
display(Javascript("alert(4)"))
print("<script>alert(5)</script>")
"""
HIDDEN = 'assert np.isclose(mean(list(many)), many.mean()), "wrong for ten numbers"'
SPY = """
def mean(values):
    print("spy:", values)
    import inspect
    for frame in inspect.stack():
        print(frame.code_context)
    raise ValueError("for ten numbers" if len(values) == 10 else "for two")
"""


@pytest.fixture(scope="module")
def pages(course):
    """Student -> page."""
    attack = course.answered(largest=ATTACK + RIGHT["largest"])
    words = cell_named(attack, "meaning")
    words["source"] = "$x^2$ ![](https://a.b/c.png) **yes**\n<script>alert(6)</script>"
    course.submit("eve", attack)
    course.submit("spy", mean=SPY)
    course.submit("<img src=x onerror=alert(7)>", text="{")
    marks = course.grade()
    return {student: course.page(student) for student in marks}


def test_nothing_in_a_page_runs(pages):
    """No script, no handler, no javascript link, from outputs, answers or names."""
    for page in pages.values():
        assert not re.search(r"<(script|iframe|object|embed|link|base|form)\b", page)
        tags = re.findall(r"<[a-z][^>]*>", page)
        assert not any(re.search(r"\son\w+=|javascript:", tag) for tag in tags)


def test_nothing_in_a_page_is_loaded(pages):
    """No address in anything that a browser fetches by itself; a policy forbids it."""
    for page in pages.values():
        assert "default-src 'none'" in page
        (style,) = re.findall(r"<style.*?</style>", page, re.DOTALL)
        assert not re.search(r"url\(|@import", style)
        tags = " ".join(re.findall(r"<[a-z][^>]*>", page))
        sources = re.findall(r"src=[\"']?([^\"'> ]*)", tags)
        assert all(source.startswith("data:image/") for source in sources)


def test_harmless_output_is_shown(pages):
    """Bold text, prints, formulas as MathML."""
    assert "<b>bold</b>" in pages["eve"]
    assert "&lt;script&gt;alert(5)" in pages["eve"]
    assert "<strong>yes</strong>" in pages["eve"]
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in pages["eve"]


def test_hidden_tests_do_not_appear(pages, course):
    """Neither their text nor a traceback through them, nor what was printed there."""
    assert (
        HIDDEN.split(",")[0]
        in cell_named(course.autograded("spy"), "test-mean-many").source
    )
    for page in pages.values():
        text = re.sub(r"<[^>]*>", "", page)
        assert "many.mean()" not in text
        assert "HIDDEN TESTS" not in text
        assert "default_rng(SEED)" not in text
    assert "Hidden check: many numbers." in pages["spy"]
    assert pages["spy"].count("spy: [") == 1  # in the visible test


def test_a_hidden_tests_message_appears(pages):
    """It is what the student can learn from."""
    assert "ValueError: for ten numbers" in pages["spy"]


def test_lines_of_hidden_tests_are_blanked_in_other_outputs(course):
    """As far as they are recognised."""
    leak = f"print({HIDDEN!r})"
    course.submit(
        "leak",
        mean=RIGHT["mean"] + "\n" + leak.replace("many.mean()", "many" + ".mean()"),
    )
    course.grade()
    outputs = course.page("leak").split('class="outputs"')[1]

    assert "[hidden]" in outputs
    assert "np.isclose" not in re.sub(r"<[^>]*>", "", outputs.split("</div>")[0])


def test_messages_cannot_carry_hidden_lines(course):
    """A student's function can raise whatever it finds on the stack."""
    thief = """
def mean(values):
    import inspect
    raise ValueError("stolen " + inspect.stack()[1].code_context[0])
"""
    course.submit("thief", mean=thief)
    marks = course.grade()["thief"].marks

    assert "many.mean()" in marks[1].message  # the instructor sees it
    text = re.sub(r"<[^>]*>", "", course.page("thief"))
    assert "many.mean()" not in text
    assert "ValueError: stolen [hidden]" in text


def test_an_unreadable_submission_has_a_page(pages):
    """Which says why, and shows the zeros."""
    page = pages["<img src=x onerror=alert(7)>"]

    assert "not valid JSON" in page
    assert page.count('<td class="number">0 /') == 4


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p>a</p>", "<p>a</p>"),
        ("<script>a</script>b", "b"),
        ("<SCRIPT>a</SCRIPT >b<script>c", "b"),
        ("<p onclick='a'>b</p>", "<p>b</p>"),
        ('<img src="https://a.b/c.png">', "<img>"),
        (
            '<img src="data:image/png;base64,aGk=">',
            '<img src="data:image/png;base64,aGk=">',
        ),
        ('<img src="data:text/html,a">', "<img>"),
        ('<a href="javascript:a">b</a>', "<a>b</a>"),
        ('<a href=" javascript:a">b</a>', "<a>b</a>"),
        ('<p style="background: url(https://a.b)">c</p>', "<p>c</p>"),
        ("<svg onload=a><circle/></svg>b", "b"),
        (
            "<math><mtext><style><img src=x onerror=a></style></mtext></math>",
            "<math><mtext></mtext></math>",
        ),
    ],
)
def test_html_is_cut_down_to_what_is_harmless(html, clean):
    """A list of what may stay, not of what must go."""
    assert markup.harmless(html) == clean


def test_formulas_that_cannot_be_read_stay_as_text():
    """TeX by students need not be right, and may be endless."""
    for tex in (r"\frac{1", "{" * 900, "x" * 5000, r"\left( x", "", "&"):
        assert markup.formula(tex, "inline")
    assert "<msup>" in markup.markdown("$$x^2$$")
    assert markup.markdown("costs $5 or *so*") == "<p>costs $5 or <em>so</em></p>\n"


@pytest.mark.parametrize(
    "source", ["[" * 19_000, "> " * 9_000, "![](attachment:no.png)", "*a " * 6_000]
)
def test_odd_markdown_is_shown_somehow(source):
    """Within seconds, and without an error."""
    assert markup.markdown(source)


def test_of_several_representations_the_best_harmless_one_is_shown():
    """HTML, then images, then text; a widget is told to be seen in the notebook."""
    table = new_output("display_data", {"text/html": "<b>a</b>", "text/plain": "b"})
    script = new_output(
        "display_data", {"text/html": "<script>a</script>", "text/plain": "b"}
    )
    drawing = new_output("display_data", {"image/svg+xml": "<svg onload='a'/>"})
    widget = new_output("display_data", {"application/vnd.plotly.v1+json": {}})

    assert markup.output(table) == "<b>a</b>"
    assert markup.output(script) == "<pre>b</pre>"
    assert 'src="data:image/svg+xml;base64,' in markup.output(drawing)
    assert "see it in the notebook" in markup.output(widget)


def test_terminal_colours_are_removed():
    """Tracebacks come coloured."""
    failed = new_output(
        "error", ename="E", evalue="x", traceback=["\x1b[31mE\x1b[39m: x"]
    )

    assert markup.output(failed) == "<pre>E: x</pre>"
    assert failed.traceback == ["\x1b[31mE\x1b[39m: x"]
