"""What a run needs to go on as if it had never stopped, in one file."""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.files import DAMAGED_ARRAYS, atomic_writer

_LONGEST = 200  # characters of what others say of a file
_SAME = 1e-8  # relative change of a log-density that another data set or theory would exceed


@dataclass(frozen=True)
class Checkpoint:
    """What a run was asked for, its plain numbers and its arrays.

    settings: names -> plain values, which a run that goes on must share; numbers: names -> whatever
    JSON holds; path: of the file that it was read from.
    """

    settings: Mapping[str, Any]
    numbers: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    path: Path = Path()

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        header = {"settings": _with_versions(self.settings), "numbers": dict(self.numbers)}
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {"header": json.dumps(header), **self.arrays}
        with atomic_writer(path) as file:
            np.savez(file, **arrays)

    @classmethod
    def read(cls, path: Path, settings: Mapping[str, Any]) -> "Checkpoint":
        """Read what `save` wrote; ConfigError if it is damaged or of a run with other settings."""
        try:
            with np.load(path) as file:
                header = json.loads(str(file["header"]))
                arrays = {name: file[name] for name in file.files if name != "header"}
            found = cls(dict(header["settings"]), dict(header["numbers"]), arrays, path)
        except FileNotFoundError as error:
            raise ConfigError(f"checkpoint '{path}' is not there: start without resume") from error
        except DAMAGED_ARRAYS as error:
            raise _damaged(path, error) from error
        wanted = json.loads(json.dumps(_with_versions(settings)))
        for name in sorted({*wanted, *found.settings}):
            here, there = wanted.get(name), found.settings.get(name)
            if here != there:
                raise ConfigError(
                    f"checkpoint '{path}' belongs to a run with {name} = {there}, not {here}: "
                    f"ask for the same, or start again with --force"
                )
        return found

    def array(self, name: str, *shape: int | None) -> np.ndarray:
        """One of the arrays, of this shape, in which None is any number; ValueError on another."""
        found = self.arrays[name]
        fits = len(shape) == found.ndim and found.dtype.kind in "fiub"
        if not fits or any(a not in (None, b) for a, b in zip(shape, found.shape, strict=True)):
            raise ValueError(f"its array {name} is of shape {found.shape}")
        return found


@contextmanager
def restoring(path: Path) -> Iterator[None]:
    """ConfigError where what a checkpoint holds is not what a run of its settings has."""
    try:
        yield
    except JaxlikeError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: BaseException) -> ConfigError:
    said = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
    older = ""
    if isinstance(error, KeyError):
        said, older = f"it has no {said}", ", or of another version of jaxlike"
    return ConfigError(f"checkpoint '{path}' is damaged ({said}){older}: start again, with --force")


def stored(path: Path | None, resume: bool, settings: Mapping[str, Any]) -> Checkpoint | None:
    """The checkpoint that a run goes on from; None where there is none yet, or is not asked for."""
    if path is None or not resume or not path.exists():
        return None
    return Checkpoint.read(path, settings)


def leaves_of(name: str, tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a pytree for a Checkpoint, under `name`; random keys as their words."""
    return {f"{name}_{i}": _words(leaf) for i, leaf in enumerate(jax.tree.leaves(tree))}


def tree_like(
    name: str, example: Any, arrays: Mapping[str, np.ndarray], *, rows: bool = True
) -> Any:
    """The pytree that `leaves_of` took apart, with the form, kinds and shapes of `example`.

    Its arrays may have another number of rows where not `rows`; ValueError on another shape.
    """
    leaves, form = jax.tree.flatten(example)
    found = []
    for i, leaf in enumerate(leaves):
        stored = jnp.asarray(arrays[f"{name}_{i}"])
        wanted, first = np.shape(_words(leaf)), 0 if rows else 1
        if isinstance(leaf, jax.Array) and wanted[first:] != stored.shape[first:]:
            raise ValueError(f"its array {name}_{i} is of shape {stored.shape}, not {wanted}")
        if _is_key(leaf):
            stored = jax.random.wrap_key_data(stored, impl=jax.random.key_impl(leaf))
        found.append(stored)
    return jax.tree.unflatten(form, found)


def _is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _words(leaf: Any) -> np.ndarray:
    return np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf)


def check_same_density(
    path: Path, here: Sequence[float] | np.ndarray, there: Sequence[float] | np.ndarray
) -> None:
    """ConfigError unless log-densities `here` are those `there` of the checkpoint's points."""
    if not np.allclose(here, there, rtol=_SAME, atol=1e-6):
        raise ConfigError(
            f"checkpoint '{path}' is of another posterior: its points have ln densities of "
            f"{float(there[0]):.6f}, ..., which are {float(here[0]):.6f}, ... here; other "
            "data, options or priors? Start again with --force"
        )


def _with_versions(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, and the versions without which the draws would not be the same bit for bit."""
    return {**settings, **{f"version of {p}": _version(p) for p in ("jaxlike", "jax", "blackjax")}}


@functools.cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
