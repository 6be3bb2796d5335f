"""Functions of parameters that an input writes: equal where their texts are."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import jax.numpy as jnp
from jax.scipy import stats
from jax.typing import ArrayLike

from jaxlike.kept.fingerprint import NoFingerprintError

_SCOPE = {"np": jnp, "numpy": jnp, "jnp": jnp, "stats": stats, "import_module": import_module}


@dataclass(frozen=True)
class Function:
    """A function of named parameters that JAX can trace.

    text: how the input has it, None for a function of Python; two functions are one where their
    texts and arguments are the same, so that reading a file again compiles nothing.
    """

    function: Callable[..., ArrayLike] = field(compare=False)
    arguments: tuple[str, ...]
    text: str | None = None
    identity: Any = None

    @classmethod
    def of(
        cls, function: Callable[..., ArrayLike], arguments: tuple[str, ...], text: str | None = None
    ) -> "Function":
        """From a function, and the text that it was made of, if there is one."""
        return cls(function, arguments, text, None if text is not None else function)

    def __call__(self, *arguments: ArrayLike, **named: ArrayLike) -> ArrayLike:
        return self.function(*arguments, **named)

    def __reduce__(self) -> tuple[Any, ...]:
        """A lambda cannot be pickled, but its text can."""
        if self.text is None:
            return Function.of, (self.function, self.arguments)
        return _of_text, (self.text, self.arguments)

    def fingerprinted(self) -> tuple[Any, ...]:
        """What says what it is: its text, unless that takes something from elsewhere."""
        if self.text is None or any(word in self.text for word in ("import", "open")):
            raise NoFingerprintError(f"a function of {', '.join(self.arguments)}")
        return self.text, self.arguments


def _of_text(text: str, arguments: tuple[str, ...]) -> Function:
    return Function.of(evaluated(text), arguments, text)


def evaluated(text: str) -> Callable[..., ArrayLike]:
    """The function that a text such as 'lambda a, b: a * np.exp(b)' is, with Cobaya's words: np
    and stats are JAX's here, and import_module finds files of the current folder.

    Raises whatever the text does, but that a program's end is no end of this one.
    """
    with _importable_here(), no_exit():
        # An input file is a program of its user's, in Cobaya as here.
        return eval(text, dict(_SCOPE))


@contextmanager
def no_exit() -> Iterator[None]:
    """RuntimeError in the place of an exit(), which would end whoever reads an input."""
    try:
        yield
    except SystemExit as error:
        raise RuntimeError("it calls exit()") from error


@contextmanager
def _importable_here() -> Iterator[None]:
    before = list(sys.path)
    sys.path.insert(0, os.curdir)
    try:
        yield
    finally:
        sys.path[:] = before
