"""Every entry of a Cobaya input: where it stands, and in which line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from jaxlike.config.explained import Entry

_NESTED = ("extra_args", "params", "dataset_params")  # whose entries count one by one
_OF_COMPONENTS = ("theory", "likelihood", "sampler")

Path = tuple[str, ...]


def entries_of(info: Mapping[str, Any], text: str = "") -> list[Entry]:
    """The entries of an input, in its order; text: of its file, for their lines.

    `theory: {camb: {extra_args: {nnu: 3.044}}}` has three: camb of theory, extra_args of
    `theory: camb`, and nnu of `theory: camb: extra_args`.
    """
    lines = dict(_lines(text)) if text else {}
    found = []
    for path, value in _leaves(info):
        *before, key = path
        said = value if isinstance(value, str) else repr(value)
        found.append(Entry(": ".join(before) or "input", key, said, line=lines.get(path)))
    return found


def places_of(entries: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """(Where, key) -> line of those whose line is known."""
    return {(one.where, one.key): one.line for one in entries if one.line is not None}


def _leaves(info: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for block, content in info.items():
        if block in _OF_COMPONENTS:
            yield from _of_components(str(block), content)
        elif block in ("params", "prior") and isinstance(content, Mapping):
            for name, entry in content.items():
                yield (str(block), str(name)), entry
        else:
            yield (str(block),), content


def _of_components(block: str, content: Any) -> Iterator[tuple[Path, Any]]:
    content = {content: None} if isinstance(content, str) else content
    if not isinstance(content, Mapping):
        yield (block,), content
        return
    for name, options in content.items():
        yield (block, str(name)), ""
        for key, value in options.items() if isinstance(options, Mapping) else ():
            yield (block, str(name), str(key)), "" if key in _NESTED else value
            if key in _NESTED and isinstance(value, Mapping):
                for inner, one in value.items():
                    yield (block, str(name), str(key), str(inner)), one


def _lines(text: str) -> Iterator[tuple[Path, int]]:
    """Where each key stands, by the keys above it."""
    try:
        node = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    yield from _of_node(node, ())


def _of_node(node: Any, above: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, yaml.ScalarNode):
        yield (*above, node.value), node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        path = (*above, str(key.value))
        yield path, key.start_mark.line + 1
        yield from _of_node(value, path)
