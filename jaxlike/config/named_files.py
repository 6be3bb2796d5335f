"""The files that an input reads: itself, what it includes, and what it names."""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

from jaxlike.config.ini_file import read_ini, read_lines
from jaxlike.config.places import find_place
from jaxlike.config.yaml_text import read_yaml

_MOST = 100_000  # words of an input that are looked at
_LONGEST = 4096  # characters of a path


def files_named_by(
    path: str | PathLike[str], overrides: Mapping[str, object] | None = None
) -> list[Path]:
    """The input, the files it includes, and all that it or `overrides` name that are there.

    Whatever an entry means: a word that is a file's name, seen from here or from the input, is
    that file, and of a folder those in it.
    """
    path = Path(path)
    found: dict[Path, None] = {path: None}
    for word in [*_words_of(path, found), *_words(overrides or {})]:
        if word and len(word) < _LONGEST and "\0" not in word:
            found.update(dict.fromkeys(_files(word, path)))
    return list(found)


def _files(word: str, beside: Path) -> Iterator[Path]:
    try:
        place = Path(str(find_place(word, beside)))
        if place.is_file():
            yield place
        elif place.is_dir() and ("/" in word or "." in word):
            yield from (file for file in place.iterdir() if file.is_file())
    except OSError:  # a word that is too long, a folder of somebody else's
        return


def _words_of(path: Path, found: dict[Path, None]) -> Iterator[str]:
    """All words of an input; into `found` go the files that are read with it."""
    if path.suffix.lower() != ".ini":
        yield from _words(read_yaml(path, "an input"))
        return
    waiting = [path]
    while waiting:
        one = waiting.pop()
        found.update({Path(line.file): None for line in read_lines(one, path)})
        for section in read_ini(one, path).values():
            for value in section.entries.values():
                for word in (value, *value.split()):
                    yield word
                    place = Path(str(find_place(word, path)))
                    inner = place.suffix.lower() == ".ini" and place not in found
                    if inner and place.is_file():  # values, priors
                        found[place] = None
                        waiting.append(place)


def _words(value: object) -> Iterator[str]:
    """Every text in lists and mappings, each of which is looked into once."""
    waiting, seen, count = [value], set[int](), 0
    while waiting and count < _MOST:
        one = waiting.pop()
        count += 1
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping | Sequence) and id(one) not in seen:
            seen.add(id(one))
            waiting += [*one, *one.values()] if isinstance(one, Mapping) else [*one]
