"""Files: yaml whose keys stand once, and what is either complete or not there at all."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import yaml


@contextmanager
def atomic_writer(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a binary file that takes the name `path` when the block ends without an exception."""
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes, in 64 hexadecimal digits."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class YamlError(ValueError):
    """What is wrong with a text that is no YAML, and in which line, as far as that is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


def parse_yaml(text: str) -> Any:
    """What a YAML text says, read as Cobaya does; YamlError where it says nothing, or it twice."""
    try:
        return _load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise YamlError(problem, mark.line + 1 if mark else None) from error
    except RecursionError as error:
        raise YamlError("brackets nest too deep") from error
    except (ValueError, TypeError, OverflowError) as error:  # a date or number that there is not
        raise YamlError(" ".join(str(error).split())) from error


def _load(text: str) -> Any:
    """By the library in C where it is, ten times as fast; the one in Python says best what is
    wrong."""
    if _QuickLoader is not None:
        with suppress(yaml.YAMLError):
            return yaml.load(text, _QuickLoader)
    return yaml.load(text, _Loader)


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for i, key in enumerate(keys):
        if key in keys[:i]:
            mark = node.value[i][0].start_mark
            raise yaml.constructor.ConstructorError(None, None, f"key '{key}' is given twice", mark)
    mapping: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return mapping


def _as_cobaya(loader: Any) -> Any:
    """A YAML loader that reads as Cobaya's does: 1e-9 is a number, a repeated key is an error."""
    own: Any = type(f"_{loader.__name__}", (loader,), {})
    number = re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$")
    own.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+0123456789"))
    own.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
    return own


_Loader = _as_cobaya(yaml.SafeLoader)
_QuickLoader = _as_cobaya(yaml.CSafeLoader) if hasattr(yaml, "CSafeLoader") else None
