"""Compiled programs that are kept: found without tracing what they were made of."""

import functools
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental.serialize_executable import deserialize_and_load, serialize
from jax.stages import Compiled

from jaxlike.kept import store
from jaxlike.kept.fingerprint import fingerprint
from jaxlike.numerics.compilation import compile_anew, compile_quickly, compile_usually

_KIND = "program"


@dataclass(frozen=True)
class Program:
    """A function that is to be compiled for arguments like these.

    jitted: by `jax.jit`; arguments: arrays or ShapeDtypeStructs in pytrees; about: all that the
    program depends on besides shapes and structures of its arguments (names, options, digests),
    None where that is not known, and then it is not kept; quick: whether it will run a few times
    only; devices: that it runs on (None: JAX's first).
    """

    jitted: Callable[..., Any]
    arguments: tuple[Any, ...]
    about: tuple[Any, ...] | None
    quick: bool = False
    devices: Sequence[Any] | None = None

    @functools.cached_property
    def key(self) -> str | None:
        """Its fingerprint; None where it is not kept, as on devices that it was not tried on."""
        if self.about is None or store.folder() is None or jax.default_backend() != "cpu":
            return None
        leaves, tree = jax.tree.flatten(self.arguments)
        shapes = [(a.shape, str(a.dtype), getattr(a, "weak_type", False)) for a in leaves]
        used = [one.id for one in self._devices]
        return fingerprint(self.about, tree, shapes, self.quick, used)

    @property
    def kept(self) -> bool:
        """Whether it need not be traced."""
        return store.has(_KIND, self.key)

    def compiled(self) -> Callable[..., Any]:
        """The program, read or compiled; what is compiled is kept."""
        found = store.read(_KIND, self.key, self._restored)
        if found is not None:
            return found
        lowered = self.jitted.lower(*self.arguments)  # type: ignore[attr-defined]
        if self.key is not None:
            made = compile_anew(lowered, quick=self.quick)
            if made is not None:
                if (stored := _stored(made)) is not None:
                    store.write(_KIND, self.key, stored)
                return made
        return (compile_quickly if self.quick else compile_usually)(lowered)

    @property
    def _devices(self) -> list[Any]:
        return list(self.devices or jax.local_devices()[:1])

    def _restored(self, payload: bytes) -> Compiled:
        _load_libraries()
        # written by this user, and whole, as the store has found
        serialized, results = pickle.loads(payload)
        inward = jax.tree.structure((self.arguments, {}))
        outward = jax.tree.structure(results)
        devices = self._devices
        return deserialize_and_load(
            serialized, inward, outward, backend=devices[0].client, execution_devices=devices
        )


@functools.cache
def _load_libraries() -> None:
    """Have JAX load LAPACK, as it does when it lowers what calls it: a program that is read calls
    it without, where there is nothing yet."""
    matrix = jax.ShapeDtypeStruct((2, 2), jnp.result_type(float))
    jax.jit(jnp.linalg.cholesky).lower(matrix)


def _stored(made: Compiled) -> bytes | None:
    """What of a program goes into a file; None where JAX cannot take it there, as callbacks."""
    try:
        serialized, _, outward = serialize(made)
        results = jax.tree.unflatten(outward, range(outward.num_leaves))
        return pickle.dumps((serialized, results))
    except Exception:  # of many kinds, of JAX's and of devices': it only spares work
        return None
