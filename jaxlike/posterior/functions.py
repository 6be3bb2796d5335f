"""Functions of parameters that an input writes: equal where their texts are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jax.typing import ArrayLike


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
