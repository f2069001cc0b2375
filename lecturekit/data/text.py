"""Text in four kinds, from files that every installation has: no download.

| source       | what it is                                    | from                  |
|--------------|-----------------------------------------------|-----------------------|
| "manual"     | English about the Python language             | Python, `pydoc_data`  |
| "python"     | Python code                                   | Python, its library   |
| "docstrings" | English with formulas, tables and examples    | SciPy                 |
| "c"          | C declarations                                | NumPy, its headers    |

Each client of a federation can hold one of them: words, punctuation and line lengths
differ so much that every client has another language, and real heterogeneity needs no
invention. The texts belong to their packages (PSF and BSD licences) and change with
their versions, so losses on them are comparable within one installation only.

A language model reads numbers. `train_tokenizer` learns which ones: byte-level *byte
pair encoding* starts from the 256 bytes and joins, again and again, the pair of
neighbours that occurs most often, until it has `vocab_size` tokens. Every text can be
written in them, and is read back exactly.

Paper: Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword
Units, ACL 2016, https://arxiv.org/abs/1508.07909.
"""

import ast
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .cache import Arrays, load_or_build
from .checks import check_count

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# What every source has at least, so that no client is richer than another.
_LONGEST = 250_000


def text_sources(num_characters: int = _LONGEST) -> dict[str, str]:
    """Return the beginning of each of the four texts, by name.

    Parameters
    ----------
    num_characters : int, 1 to 250,000
        The length of each text.

    Examples
    --------
    >>> {name: len(text) for name, text in text_sources(1000).items()}
    {'manual': 1000, 'python': 1000, 'docstrings': 1000, 'c': 1000}
    """
    check_count("num_characters", num_characters, low=1, high=_LONGEST)
    arrays = load_or_build(
        f"text-python{sysconfig.get_python_version()}",
        _read_all,
        version=1,
        packages=["numpy", "scipy"],
    )
    return {
        name: array.tobytes().decode("utf-8")[:num_characters]
        for name, array in arrays.items()
    }


def train_tokenizer(texts: Iterable[str], vocab_size: int = 512) -> "Tokenizer":
    """Return a byte-level BPE tokenizer, trained on `texts`.

    Parameters
    ----------
    texts : iterable of str
        What it learns frequent pairs from.
    vocab_size : int, >= 256
        The number of tokens, 256 bytes included; fewer if no pair occurs twice.

    Returns
    -------
    tokenizers.Tokenizer
        `tokenizer.encode(text).ids` is a list of int, `tokenizer.decode(ids)` the text.

    Examples
    --------
    >>> tokenizer = train_tokenizer(["round after round after round"], vocab_size=260)
    >>> tokenizer.decode(tokenizer.encode("a round, naïvely").ids)
    'a round, naïvely'
    """
    # Imported here: most of what uses `lecturekit.data` reads no text.
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    check_count("vocab_size", vocab_size, low=256)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _read_all() -> Arrays:
    """Return the UTF-8 bytes of each text, from its first file to `_LONGEST`."""
    readers: dict[str, Callable[[], Iterator[str]]] = {
        "manual": _manual,
        "python": _python_code,
        "docstrings": _docstrings,
        "c": _c_headers,
    }
    texts = {name: _beginning(pieces()) for name, pieces in readers.items()}
    return {
        name: np.frombuffer(text.encode("utf-8"), dtype=np.uint8)
        for name, text in texts.items()
    }


def _beginning(pieces: Iterator[str]) -> str:
    text = ""
    while len(text) < _LONGEST:
        text += next(pieces) + "\n\n"
    return text[:_LONGEST]


def _manual() -> Iterator[str]:
    from pydoc_data.topics import topics

    return (topics[name] for name in sorted(topics))


def _python_code() -> Iterator[str]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    return (path.read_text("utf-8") for path in sorted(folder.glob("[a-z]*.py")))


def _docstrings() -> Iterator[str]:
    for path in sorted(_folder("scipy").glob("[a-z]*/_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                text = ast.get_docstring(node)
                if text and "\n" in text:
                    yield text


def _c_headers() -> Iterator[str]:
    paths = _folder("numpy").glob("_core/include/numpy/*.h")
    return (path.read_text("utf-8") for path in sorted(paths))


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])
