"""The page a student gets: readable, complete, and nothing in it runs or loads."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from nbformat.v4 import new_output

from autograder.grading import CellMark, StudentMarks, markup
from autograder.grading.feedback import update_page
from autograder.grading.ledger import Ledger
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


def test_a_thief_finds_no_hidden_line_on_the_stack(course):
    """The test runs elsewhere: above the student's function there is only the wall."""
    thief = """
def mean(values):
    import inspect
    lines = [frame.code_context or "" for frame in inspect.stack()]
    raise ValueError(f"stolen {lines}")
"""
    course.submit("thief", mean=thief)
    marks = course.grade()["thief"].marks

    assert marks[1].message.startswith("ValueError: stolen")
    assert "many" not in marks[1].message
    assert "many.mean()" not in re.sub(r"<[^>]*>", "", course.page("thief"))


def test_an_unreadable_submission_has_a_page(pages):
    """Which says why, and shows the zeros."""
    page = pages["<img src=x onerror=alert(7)>"]

    assert "not valid JSON" in page
    assert page.count('<td class="number">0 /') == 4


class Outline(HTMLParser):
    """What a screen reader finds: headings, pictures, header cells, languages."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def named(self, *tags):
        return [(tag, attributes) for tag, attributes in self.tags if tag in tags]


def test_a_page_can_be_read_aloud(pages):
    """Language, one title, headings without a gap, named columns and pictures."""
    for page in pages.values():
        outline = Outline(page)
        levels = [int(tag[1]) for tag, _ in outline.named("h1", "h2", "h3", "h4")]
        assert outline.named("html")[0][1]["lang"] == "en"
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))
        assert all(a["scope"] == "col" for _, a in outline.named("th"))
        assert all("alt" in a for _, a in outline.named("img"))
        assert len(outline.named("main", "title")) == 2
        ids = [a["id"] for _, a in outline.tags if "id" in a]
        assert len(ids) == len(set(ids))
        links = {a.get("href", "") for _, a in outline.named("a")}
        assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_headings_of_a_notebook_stand_below_the_pages_own():
    """`# Means` is a part of a part of the page."""
    assert (
        markup.markdown("# A\n## B\n##### C") == "<h3>A</h3>\n<h4>B</h4>\n<h6>C</h6>\n"
    )


def contrast(one, other):
    """Return WCAG's contrast of two colours such as #f6f6f6."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_has_enough_contrast(pages):
    """At least 4.5 to 1 on every background that the page has (WCAG AA)."""
    (style,) = re.findall(r"<style>(.*?)</style>", pages["eve"], re.DOTALL)
    colours = set(re.findall(r"(?<![-\w])color: (#[0-9a-fA-F]{6})", style))
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert {"#1a1a1a", "#a03000", "#0b5394"} < colours
    for colour in colours:
        for background in ("#ffffff", "#f6f6f6"):
            assert contrast(colour, background) >= 4.5, (colour, background)


def test_it_reads_on_a_phone(pages):
    """Nothing is wider than the screen, and the table becomes a list."""
    assert 'content="width=device-width, initial-scale=1"' in pages["eve"]
    assert "@media (max-width: 40rem)" in pages["eve"]
    assert "img { max-width: 100%" in pages["eve"]


def test_a_known_mistake_is_named_apart_from_the_message(release, tmp_path):
    """Escaped, like everything, and without lines of hidden tests."""
    sentence = "You averaged uniformly <b>again</b>: assert np.isclose(mean(list(many))"
    mark = CellMark("test-mean", "mean", 0.0, 2.0, "got 2.5", misconception=sentence)
    page = tmp_path / "means.html"
    ledger = Ledger("", "", is_readable=False)
    late = "handed in 1 hour after the deadline"
    marks = StudentMarks("ada", (mark,), "graded", penalty=1, lateness=late)
    update_page(page, release, marks, {}, ledger, tmp_path)
    text = page.read_text()

    assert (
        "<strong>What probably happened:</strong> You averaged uniformly &lt;b&gt;"
        in (text)
    )
    assert "got 2.5" in text
    assert "<strong>Lateness:</strong> handed in 1 hour after the deadline." in text


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p>a</p>", "<p>a</p>"),
        ("<script>a</script>b", "b"),
        ("<SCRIPT>a</SCRIPT >b<script>c", "b"),
        ("<p onclick='a'>b</p>", "<p>b</p>"),
        ('<img src="https://a.b/c.png">', '<img alt="picture">'),
        (
            '<img src="data:image/png;base64,aGk=" alt="a plot">',
            '<img src="data:image/png;base64,aGk=" alt="a plot">',
        ),
        ('<img src="data:text/html,a">', '<img alt="picture">'),
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
