"""What is there under a dotted path or the name of an entry point, made a likelihood."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module, invalidate_caches
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from jaxlike.data.numbers import numbers_of, read_numbers
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.function import Function
from jaxlike.likelihoods.protocol import LogLikelihood
from jaxlike.registry.option_values import bad_value

GROUP = "jaxlike.likelihoods"
"""Entry points of other packages, whose names may be given as a likelihood in an input."""

EXAMPLE = "my_package.my_module.log_likelihood"


def installed() -> tuple[str, ...]:
    """Names of the likelihoods that other packages bring as entry points."""
    return tuple(dict.fromkeys(one.name for one in entry_points(group=GROUP)))


def found_at(function: object, python_path: object = None) -> Any:
    """What is there under a dotted path, or an entry point's name, or what is given itself.

    Modules are looked for in python_path, in the current folder, and where Python looks.
    ConfigError says what is wrong with it.
    """
    if isinstance(function, str):
        found = _entered(function) if "." not in function else _imported(function, python_path)
    else:
        found = function
    if not (callable(found) or isinstance(found, LogLikelihood)):
        raise ConfigError(
            f"'{function}' is {found!r}, but must be a function (parameters, universe) or "
            "(parameters, universe, data), or have log_likelihood(parameters, universe)"
        )
    return found


def _entered(name: str) -> Any:
    one = next(iter(entry_points(group=GROUP, name=name)), None)
    if one is None:
        there = ", ".join(installed()) or "none"
        raise ConfigError(
            f"'{name}' is no dotted path such as {EXAMPLE}, and no entry point of the group "
            f"{GROUP}, of which there are {there}"
        )
    try:
        return one.load()
    except Exception as error:  # as any program may fail
        raise ConfigError(
            f"entry point '{name}' of {GROUP}, {one.value}, cannot be loaded: {_reason(error)}"
        ) from error


def _imported(path: str, folder: object) -> Any:
    module_name, _, attribute = path.rpartition(".")
    if folder is not None and not Path(str(folder)).is_dir():
        raise bad_value("python_path", folder, "a folder that is there")
    try:
        with _importable_from([*([] if folder is None else [str(folder)]), os.curdir]):
            module = import_module(module_name)
    except Exception as error:  # a module may raise anything
        missing = str(error.name) if isinstance(error, ModuleNotFoundError) else "."
        if f"{module_name}.".startswith(f"{missing}."):
            problem = f"there is no module '{missing}' in {folder or 'the current folder'} or "
            problem += "among the installed packages"
        else:
            problem = f"importing '{module_name}' raises {_reason(error)}"
        raise ConfigError(f"'{path}' cannot be imported: {problem}") from error
    file = getattr(module, "__file__", None)
    if folder is not None and file and not Path(file).is_relative_to(Path(str(folder)).resolve()):
        raise ConfigError(
            f"'{path}' is imported from {file}, which is not in python_path {folder}: give the "
            "module another name"
        )
    if not hasattr(module, attribute):
        close = get_close_matches(attribute, dir(module), n=1)
        hint = f"; is '{close[0]}' meant?" if close else ""
        raise ConfigError(f"module '{module_name}' has no '{attribute}'{hint}")
    return getattr(module, attribute)


@contextmanager
def _importable_from(folders: Sequence[str]) -> Iterator[None]:
    before = list(sys.path)
    sys.path[:0] = [str(Path(folder).resolve()) for folder in folders]
    invalidate_caches()  # a module may have been written just now
    try:
        yield
    finally:
        sys.path[:] = before


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}" + (f" ({lines[0]})" if lines else "")


def built(found: Any, given: object, parameters: tuple[str, ...]) -> LogLikelihood:
    """The likelihood that a function, a class or an object is, of the data that an input gives.

    What has an attribute `load` makes its data by it, of whatever the input gives, or None.
    """
    load = getattr(found, "load", None)
    data = _called("load", load, given) if load is not None else _numbers(given)
    if isinstance(found, type):
        found = _called("its class", found, *(() if data is None else (data,)))
    elif isinstance(found, LogLikelihood) and data is not None:
        raise ConfigError("it is an object, which has its own data: leave out the option 'data'")
    return found if isinstance(found, LogLikelihood) else Function.of(found, data, parameters)


def _called(what: str, function: Callable[..., Any], *arguments: object) -> Any:
    """What a function of the user's makes, which may raise anything."""
    try:
        return function(*arguments)
    except Exception as error:
        raise ConfigError(f"{what} raises {_reason(error)}") from error


def _numbers(given: object) -> Any:
    if given is None:
        return None
    if isinstance(given, Mapping):
        return numbers_of(given)
    if isinstance(given, str):
        return read_numbers(given)
    raise bad_value("data", given, "a file, a mapping of numbers, null")
