"""Names of people: as folders, and as the same person under another spelling.

Platforms write one person as "Ada Lovelace", "Lovelace, Ada" or "lovelaceada". Two
spellings are one person if their words, accents and case apart, are the same in some
rotation. Two people with one name are told apart by whoever calls.
"""

import re
import unicodedata
from functools import lru_cache

_MAX_CHARS = 80


def folded(name: str) -> str:
    """Return a name without accents, in lower case."""
    decomposed = unicodedata.normalize("NFKD", name)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return bare.casefold()


@lru_cache(maxsize=10_000)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, folded; an apostrophe is part of a word."""
    return tuple(re.findall(r"\w+", re.sub("['\u2019`]", "", folded(name))))


@lru_cache(maxsize=10_000)
def spellings(name: str) -> frozenset[str]:
    """Return the ways in which platforms run the words of a name together."""
    parts = words(name)
    return frozenset("".join(parts[k:] + parts[:k]) for k in range(len(parts)))


def is_same_name(one: str, other: str) -> bool:
    """Return True if both may be spellings of one name."""
    joined = "".join(words(other))
    return bool(joined) and joined in spellings(one)


def folder_name(name: str) -> str:
    """Return a name as a folder: "Ada O'Neil" becomes "ada-oneil"; "" if none is left.

    What is left are letters, digits, _ and -: it is one folder on every system, and no
    pattern for nbgrader.
    """
    return "-".join(words(name))[:_MAX_CHARS].strip("-_")


def is_folder_name(name: str) -> bool:
    """Return True if nbgrader and the file system take `name` for one student."""
    is_plain = re.fullmatch(r"[\w@.-][\w@. -]*", name) is not None
    return (
        is_plain and len(name) <= _MAX_CHARS and name[0] != "." and name == name.strip()
    )
