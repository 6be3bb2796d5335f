"""Fingerprints: digests of all that a result depends on, which are the same in every process.

What is not known to be the same in another process has none. Functions and classes are named, which
says what they do as long as they are of a package whose version is in `environment`: those of
somebody else are not.
"""

import functools
import hashlib
import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from types import FunctionType, MethodType
from typing import Any

import jax
import numpy as np
from jax.tree_util import PyTreeDef

from jaxlike.kept.environment import PACKAGES, environment


class NoFingerprintError(Exception):
    """Of something that may be another thing in the next process."""


def fingerprint(*values: Any) -> str | None:
    """A digest of values and of `environment`; None where one of them has no fingerprint.

    Arrays count by what is in them, ShapeDtypeStructs and structures of trees by what they say,
    objects of dataclasses by their fields, or by what their method `fingerprinted` returns.
    """
    digest = hashlib.sha256(environment().encode())
    try:
        _add(digest, values)
    except NoFingerprintError:
        return None
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    """What a value is, kind and length first, so that no two read alike."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        _say(digest, type(value).__name__, repr(value))
    elif isinstance(value, np.ndarray | np.generic | jax.Array):
        _add_array(digest, value)
    elif isinstance(value, jax.ShapeDtypeStruct):
        _say(digest, "shape", f"{value.shape} {value.dtype} {value.weak_type}")
    elif isinstance(value, np.dtype):
        _say(digest, "dtype", value.str)
    elif isinstance(value, PyTreeDef):
        _add_structure(digest, value)
    elif isinstance(value, type):
        _say(digest, "type", _name(value))
    elif isinstance(value, Enum):
        _say(digest, "enum", f"{_name(type(value))}.{value.name}")
    elif hasattr(value, "fingerprinted"):
        _say(digest, "object", _name(type(value)))
        _add(digest, value.fingerprinted())
    elif isinstance(value, Mapping):
        _say(digest, "mapping", str(len(value)))
        for key, item in value.items():
            _add(digest, key)
            _add(digest, item)
    elif isinstance(value, Set):
        _say(digest, "set", str(len(value)))
        for one in sorted(_alone(item) for item in value):
            digest.update(one)
    elif isinstance(value, Sequence):
        _say(digest, "sequence", f"{_name(type(value))} {len(value)}")
        for item in value:
            _add(digest, item)
    elif is_dataclass(value):
        _say(digest, "dataclass", _name(type(value)))
        for field in fields(value):
            _add(digest, (field.name, getattr(value, field.name, None)))
    elif callable(value):
        _add_function(digest, value)
    else:
        raise NoFingerprintError(_name(type(value)))


def _add_array(digest: Any, value: Any) -> None:
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise NoFingerprintError("an array of objects")
    _say(digest, "array", f"{array.shape} {array.dtype.str}")
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8))


def _add_structure(digest: Any, tree: PyTreeDef) -> None:
    node = tree.node_data()
    if node is None:
        _say(digest, "tree", f"leaf {tree.num_leaves}")
        return
    kind, about = node
    children = tree.children()
    _say(digest, "tree", f"{_name(kind)} {len(children)}")
    _add(digest, about)
    for child in children:
        _add_structure(digest, child)


def _add_function(digest: Any, value: Any) -> None:
    """By its name, and by what it holds of the functions around it."""
    if isinstance(value, functools.partial):
        _say(digest, "partial", "")
        _add(digest, (value.func, value.args, value.keywords))
        return
    if isinstance(value, MethodType):
        _say(digest, "method", "")
        _add(digest, (value.__func__, value.__self__))
        return
    _say(digest, "function", _name(value))
    if isinstance(value, FunctionType):
        for cell in value.__closure__ or ():
            _add(digest, cell.cell_contents)


def _alone(value: Any) -> bytes:
    digest = hashlib.sha256()
    _add(digest, value)
    return digest.digest()


def _name(value: Any) -> str:
    """Where a class or a function stands, in one of PACKAGES or in Python itself."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        raise NoFingerprintError(f"{value!r} has no name")
    package = module.partition(".")[0]
    if package not in PACKAGES and package not in sys.stdlib_module_names:
        raise NoFingerprintError(f"{module}.{name} is somebody else's")
    return f"{module}.{name}"


def _say(digest: Any, kind: str, text: str) -> None:
    digest.update(f"{kind} {len(text)} {text}\n".encode())
