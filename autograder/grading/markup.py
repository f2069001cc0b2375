"""Student text as HTML that does nothing: no scripts, no requests, formulas drawn.

Markdown goes through nbconvert's own renderer with formulas as MathML, which browsers
draw by themselves. All HTML that a student could have written is cut down to a list of
harmless tags and attributes. Text too long or too strange for that is shown as it is.
"""

import base64
import html
import re
from functools import lru_cache
from typing import Any

import bleach  # type: ignore[import-untyped]
from latex2mathml.converter import convert
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

_MAX_MARKDOWN_CHARS = 20_000  # markdown and HTML parsers are slow on hostile text
_MAX_HTML_CHARS = 200_000
_MAX_CODE_CHARS = 100_000
_MAX_PRINTED_CHARS = 10_000
_NUM_KEPT = 200  # most cells of a class are the release's: they are drawn once
_MAX_FORMULA_CHARS = 1_000
_IMAGES = ("image/png", "image/jpeg", "image/gif")

# A style whose every colour has the contrast that readers need (WCAG AA).
_CODE = HtmlFormatter(style="xcode")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_SILENT = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)")
_NAMELESS_IMAGE = re.compile(r"<img(?![^>]* alt=)")
_TEXT_TAGS = """
    a abbr b blockquote br caption code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img
    li ol p pre s small span strong sub sup table tbody td tfoot th thead tr ul
"""
_MATH_TAGS = """
    math mfenced mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle
    msub msubsup msup mtable mtd mtext mtr munder munderover
"""
_MATH_ATTRIBUTES = """
    accent accentunder close columnalign columnlines columnspacing depth display
    displaystyle fence height linethickness lspace mathsize mathvariant maxsize minsize
    movablelimits notation open rowspacing rspace separator stretchy symmetric voffset
    width
"""


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if tag == "img":
        is_inline = value.startswith(tuple(f"data:{kind};base64," for kind in _IMAGES))
        return name == "alt" or (name == "src" and is_inline)
    if tag == "a":
        return name == "href" and value.startswith(("https://", "http://", "#"))
    if tag in _MATH_TAGS.split():
        return name in _MATH_ATTRIBUTES.split()
    return name in ("class", "colspan", "rowspan")


_CLEANER = bleach.Cleaner(
    tags=[*_TEXT_TAGS.split(), *_MATH_TAGS.split()],
    attributes=_is_harmless,
    protocols=["http", "https", "data"],
    strip=True,
)


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, with formulas as MathML."""

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """Draw a heading below the page's own two levels."""
        return str(super().heading(text, min(level + 2, 6), **attributes))

    def block_math(self, body: str) -> str:
        return formula(body, "block")

    def inline_math(self, body: str) -> str:
        return formula(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


def formula(tex: str, display: str) -> str:
    """Return MathML for a TeX formula, or the TeX itself if it cannot be read."""
    if len(tex) <= _MAX_FORMULA_CHARS:
        try:
            return str(convert(tex.strip(), display=display))
        except Exception:  # the parser raises whatever its own slip is, IndexError too
            pass
    return f"<code>{html.escape(tex)}</code>"


def markdown(source: str, attachments: dict[str, Any] | None = None) -> Markup:
    """Return a text cell as harmless HTML."""
    if attachments:
        return _rendered(source, attachments)
    return _rendered_once(source)


@lru_cache(maxsize=_NUM_KEPT)
def _rendered_once(source: str) -> Markup:
    return _rendered(source, {})


def _rendered(source: str, attachments: dict[str, Any]) -> Markup:
    if len(source) > _MAX_MARKDOWN_CHARS:
        return preformatted(source)
    renderer = _Renderer(
        escape=False, attachments=attachments, exclude_anchor_links=True
    )
    try:
        return harmless(MarkdownWithMath(renderer=renderer).render(source))
    except Exception:  # an attachment that is not there, a nesting without end
        return preformatted(source)


@lru_cache(maxsize=_NUM_KEPT)
def code(source: str) -> Markup:
    """Return Python source with its syntax coloured."""
    if len(source) > _MAX_CODE_CHARS:
        return preformatted(source)
    return Markup(highlight(source, PythonLexer(), _CODE))


def code_style() -> Markup:
    """Return the style sheet for `code`."""
    return Markup(_CODE.get_style_defs(".highlight"))


def preformatted(text: str) -> Markup:
    """Return plain text, terminal colours removed."""
    return Markup("<pre>{}</pre>").format(without_colours(text))


def without_colours(text: str) -> str:
    """Return a terminal's text without its colour codes."""
    return _ANSI.sub("", text)


def harmless(page: str) -> Markup:
    """Return HTML without anything that runs or loads."""
    if len(page) > _MAX_HTML_CHARS:
        return preformatted("[HTML too long to show]")
    try:
        clean = _CLEANER.clean(_SILENT.sub("", page))
        return Markup(_NAMELESS_IMAGE.sub('<img alt="picture"', clean))
    except Exception:  # a nesting without end, or a slip of the parser's own
        return preformatted(page)


def output(out: NotebookNode) -> Markup:
    """Return one output of a cell as harmless HTML."""
    if out.output_type == "stream":
        is_long = len(out.text) > _MAX_PRINTED_CHARS
        rest = "\n[...]" if is_long else ""
        return preformatted(out.text[:_MAX_PRINTED_CHARS] + rest)
    if out.output_type == "error":
        return preformatted("\n".join(out.traceback) or f"{out.ename}: {out.evalue}")
    data = out.get("data", {})
    if isinstance(data.get("text/html"), str):
        shown = harmless(data["text/html"])
        if shown.strip():
            return shown
    for kind in _IMAGES:
        if isinstance(data.get(kind), str):
            return _image(kind, "".join(data[kind].split()))
    if isinstance(data.get("image/svg+xml"), str):
        # As an image, not inline: scripts in an image do not run.
        drawing = base64.b64encode(data["image/svg+xml"].encode()).decode()
        return _image("image/svg+xml", drawing)
    if isinstance(data.get("text/markdown"), str):
        return markdown(data["text/markdown"])
    return preformatted(
        str(data.get("text/plain", "[a figure: see it in the notebook]"))
    )


def plain_output(out: NotebookNode) -> Markup:
    """Return one output of a cell as text, whatever it may look like."""
    if out.output_type in ("stream", "error"):
        return output(out)
    return preformatted(str(out.data.get("text/plain", ""))[:_MAX_PRINTED_CHARS])


def _image(kind: str, content: str) -> Markup:
    return Markup('<img alt="what the cell drew" src="data:{};base64,{}">').format(
        kind, content
    )
