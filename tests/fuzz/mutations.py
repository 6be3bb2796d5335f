"""Ways in which files and words go wrong, each a function of a random number generator."""

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Rng = np.random.Generator

WORDS = (
    *("", " ", "nan", "inf", "-inf", "-1", "0", "1", "1e400", "1e20", "1e-300", "0x10", "1,5"),
    *("!!int abc", "!!python/object:os.system", "2026-02-30", "null", "true", "T", "[1, 2"),
    *("{a: 1}", "'", '"', "\\", "\t", "\u00e9\u03a9", "a" * 3000, "../..", "/", ".", "1_0"),
    *("~nobody/x", "%(x)s", "$HOME", "*", "*a", "&a b", "lambda: exit()", "lambda omegam: 1/0"),
    *("lambda x: x", "9" * 400, "-", "---", "#", ";", "=", ":", "a=b", "a: b", "- a", "<<"),
    *("none", "mock", "des_y1", "all", "xi_plus"),
)
"""What may stand where something else is meant."""

VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 10**400, -(10**19), 1e308, 5e-324, 1e20, 0.5, 1e-12),
    *(np.nan, np.inf, -np.inf, "", " ", "nan", "1e-3", "a", "a" * 3000, "\u00e9", "none"),
    *([], {}, [1], [1, 2], [2, 1], [0, 0], ["a", "b"], [[[]]], [None], {"a": None}, {1: 2}),
    *({"": ""}, {"prior": {}}, {"prior": [0, 1]}, {"min": 1}, {"dist": "norm"}),
    *({"dist": "norm", "loc": 1}, "lambda: exit()", "lambda omegam: 1/0", "lambda zz: zz"),
    "import_module('os').getcwd",
)
"""What may stand in a mapping where something else is meant."""

SIGNS = ("", " ", "\t", ":", "'", '"', "[", "}", "\0", "\r", "%", "\ufeff", "\u2028")
"""What may stand between letters."""


def chosen(rng: Rng, among: Sequence[Any]) -> Any:
    """One of several."""
    return among[int(rng.integers(len(among)))]


def bytes_changed(rng: Rng, content: bytes) -> bytes:
    """A file after a bad disk, a bad copy, or a bad editor."""
    n = max(len(content), 1)
    at, other = sorted(int(i) for i in rng.integers(0, n, 2))
    length = int(min(rng.geometric(0.01), n))
    noise = rng.bytes(length)

    def flipped() -> bytes:
        found = bytearray(content)
        for i in rng.integers(0, n, int(rng.integers(1, 20))):
            if found:
                found[i] ^= 1 << int(rng.integers(8))
        return bytes(found)

    def special() -> bytes:
        """Numbers of eight bytes that are none, where numbers stand."""
        start = at - at % 8
        bad = chosen(rng, (np.nan, np.inf, -1.0, 0.0, 1e300, -1e300))
        return content[:start] + np.array(bad, ">f8").tobytes() + content[start + 8 :]

    return chosen(
        rng,
        (
            flipped,
            special,
            lambda: content[:at],
            lambda: content[:at] + content[other:],
            lambda: content[:at] + noise + content[at:],
            lambda: content[:at] + noise + content[at + length :],
            lambda: content[:at] + bytes(length) + content[at + length :],
            lambda: content + noise,
            lambda: content + bytes(2880),
            lambda: content + content,
            lambda: b"",
        ),
    )()


def text_changed(rng: Rng, text: str) -> str:
    """A text after a slip of the hand: a word, a line or a sign that is another."""
    lines = text.split("\n")
    i, j = (int(k) for k in rng.integers(0, len(lines), 2))

    def word() -> list[str]:
        words = re.split(r"(\s+|[:=,])", lines[i])
        places = [k for k, one in enumerate(words) if one.strip()] or [0]
        words[chosen(rng, places)] = chosen(rng, WORDS)
        return [*lines[:i], "".join(words), *lines[i + 1 :]]

    def sign() -> list[str]:
        at = int(rng.integers(0, len(lines[i]) + 1))
        new = chosen(rng, SIGNS)
        return [*lines[:i], lines[i][:at] + new + lines[i][at + 1 :], *lines[i + 1 :]]

    return "\n".join(
        chosen(
            rng,
            (
                word,
                word,
                word,
                sign,
                lambda: [*lines[:i], *lines[i + 1 :]],
                lambda: [*lines[:i], lines[j], *lines[i:]],
                lambda: [*lines[:i], f"  {lines[i]}", *lines[i + 1 :]],
                lambda: [*lines[:i], lines[i].lstrip(), *lines[i + 1 :]],
                lambda: [*lines[:i], chosen(rng, WORDS), *lines[i:]],
                lambda: lines[:i],
            ),
        )()
    )


def mapping_changed(rng: Rng, content: Any) -> Any:
    """A yaml's content with one entry deleted, renamed, repeated elsewhere or of another value."""
    content = copy.deepcopy(content)
    places = [*_places(content)]
    if not places:
        return chosen(rng, VALUES)
    container, key = chosen(rng, places)
    what = int(rng.integers(6))
    if what == 0:
        del container[key]
    elif what == 1 and isinstance(container, dict):
        container[chosen(rng, (*WORDS[:20], 1, None, "omegam"))] = container.pop(key)
    elif what == 2:
        other, there = chosen(rng, places)
        if isinstance(other, dict) or there < len(other):
            container[key] = copy.deepcopy(other[there])
    elif what == 3 and isinstance(container, dict):
        container[chosen(rng, WORDS)] = chosen(rng, VALUES)
    else:
        container[key] = copy.deepcopy(chosen(rng, VALUES))
    return content


def _places(content: Any) -> list[tuple[Any, Any]]:
    """(Mapping or list, key) of every entry."""
    keys = list(content) if isinstance(content, dict) else range(len(content))
    found: list[tuple[Any, Any]] = []
    for key in keys:
        found.append((content, key))
        if isinstance(content[key], (dict, list)):
            found += _places(content[key])
    return found


_CARDS = (
    *("", "0", "-1", "1", "3", "1000000000", "99999999999999999999", "'x'", "T", "1.5", "'"),
    "/",
)
_KEYS = (
    *("NAXIS", "NAXIS1", "NAXIS2", "BITPIX", "PCOUNT", "GCOUNT", "TFIELDS", "TFORM", "TTYPE"),
    *("TUNIT", "EXTNAME", "XTENSION", "SIMPLE", "2PTDATA", "NZDATA", "COVDATA", "QUANT1"),
    *("QUANT2", "KERNEL", "STRT_", "NAME_", "WINDOWS", "SACCTYPE", "SACC", "ZCMPTYPE", "END"),
    "TDIM",
)


def cards_changed(rng: Rng, content: bytes) -> bytes:
    """A FITS file of which a card of a header says something else."""
    cards = [
        i
        for i in range(0, len(content) - 80, 80)
        if content[i : i + 8].rstrip().decode("latin-1").rstrip("0123456789").startswith(_KEYS)
    ]
    if not cards:
        return bytes_changed(rng, content)
    at = chosen(rng, cards)
    key = content[at : at + 8]
    card: bytes = chosen(
        rng,
        (
            key + b"= " + chosen(rng, _CARDS).rjust(20).encode() + b" " * 50,
            key + b"= " + chosen(rng, _CARDS).rjust(20).encode() + b" " * 50,
            b" " * 80,
            rng.bytes(80),
            key + b" " * 72,
            content[chosen(rng, cards) :][:80],
        ),
    )
    return content[:at] + card.ljust(80)[:80] + content[at + 80 :]


Change = Callable[[Rng, bytes], bytes]


def as_text(change: Callable[[Rng, str], str]) -> Change:
    """A change of text as one of bytes."""
    as_is = "surrogateescape"
    return lambda rng, content: change(rng, content.decode("utf-8", as_is)).encode("utf-8", as_is)
