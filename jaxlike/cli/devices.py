"""Which devices JAX computes on, and the other processes of a run, as the command line asks."""

import gc
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import numpy as np

from jaxlike.compile_cache import forget_compiled, keep_compiled
from jaxlike.errors import ConfigError

if TYPE_CHECKING:
    from jaxlike.inference import Chains

_MOST_OF_A_CPU = 16  # devices that any CPU may be made, for tests of what runs on several

_FORM = "HOST:PORT,NUMBER_OF_PROCESSES,NUMBER_OF_THIS_ONE, or auto"


@dataclass(frozen=True)
class Team:
    """The processes of one run: how many there are, and which one this is, from 0."""

    size: int = 1
    rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0

    def together(self, chains: "Chains") -> "Chains":
        """The chains of all processes as one set; every process has to ask."""
        if self.size == 1:
            return chains
        from dataclasses import replace

        from jax.experimental.multihost_utils import process_allgather

        from jaxlike.inference import together

        names = ("draws", "log_posterior", "log_prior", "divergent", "derived", "energy")
        arrays = {name: getattr(chains, name) for name in names}
        every = {n: process_allgather(a) for n, a in arrays.items() if a is not None}
        counts = process_allgather(np.array([chains.cost.gradients, chains.cost.values]))
        parts = [replace(chains, **{n: a[i] for n, a in every.items()}) for i in range(self.size)]
        whole = together(parts)
        others = np.delete(counts, self.rank, axis=0).sum(axis=0)
        cost = replace(
            chains.cost,
            sampling_gradients=chains.cost.sampling_gradients + int(others[0]),
            values=chains.cost.values + int(others[1]),
        )
        return replace(whole, cost=cost)


def use_devices(
    device: str | None,
    devices: int | None,
    distributed: str | None,
    *,
    cpu_devices: int | None = None,
    keep: bool = True,
) -> Team:
    """Set JAX up before it starts: double precision, kind and number of devices, processes.

    `devices` share chains between them: on a CPU so many are made of its cores, else the first ones
    are taken. Where they are not given, a CPU is made `cpu_devices`. ConfigError names what is not
    there. `keep`: what is compiled in a folder of the user's.
    """
    jax.config.update("jax_enable_x64", True)
    _trace_quickly()
    if keep:
        keep_compiled()
    else:
        forget_compiled()
    if devices is not None and devices < 1:
        raise ConfigError(f"option --devices is {devices}; accepted are whole numbers from 1")
    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    elif device == "gpu":
        jax.config.update("jax_platforms", None)  # whatever the environment prefers
    if devices is not None or cpu_devices is not None:
        _make_cpu_devices(devices, cpu_devices)
    if devices is not None:
        visible = ",".join(map(str, range(devices)))
        jax.config.update("jax_cuda_visible_devices", visible)
    team = _join(distributed) if distributed else Team()
    if device == "gpu":
        try:
            jax.devices("gpu")
        except RuntimeError as error:
            seen = ", ".join(sorted({d.platform for d in jax.devices()}))
            raise ConfigError(
                f"option --device gpu: JAX sees no GPU, only {seen}; take --device cpu, or install "
                "jaxlike[cuda12] or jaxlike[cuda13] on a machine with one"
            ) from error
    if devices is not None and jax.local_device_count() < devices:
        raise ConfigError(
            f"option --devices is {devices}, but JAX sees {jax.local_device_count()} "
            f"({jax.default_backend()})"
        )
    return team


def _make_cpu_devices(devices: int | None, otherwise: int | None) -> None:
    """Make a CPU so many devices, as long as JAX has not started; each is at least a thread."""
    most = max(_MOST_OF_A_CPU, os.cpu_count() or 1)
    if devices is not None and devices > most and jax.config.values["jax_platforms"] == "cpu":
        raise ConfigError(
            f"option --devices is {devices}; accepted on this CPU are numbers from 1 to {most}"
        )
    with suppress(RuntimeError):  # it has: whoever asks for more than there are hears it below
        jax.config.update("jax_num_cpu_devices", min(devices or otherwise or 1, most))


def _trace_quickly() -> None:
    """Spend no time on what tracing leaves behind: few of its millions of objects are garbage, and
    nobody reads where in the sources a compiled operation stands."""
    gc.set_threshold(200_000, 20, 50)
    jax.config.update("jax_traceback_in_locations_limit", 0)


def _join(distributed: str) -> Team:
    """Meet the other processes of the run."""
    if distributed == "auto":  # Slurm, Open MPI or a cloud say who is who
        try:
            jax.distributed.initialize()
        except (ValueError, RuntimeError) as error:
            raise ConfigError(
                f"option --distributed auto: JAX finds no cluster here; accepted is {_FORM}"
            ) from error
    else:
        try:
            address, *numbers = distributed.split(",")
            size, rank = map(int, numbers)
        except ValueError as error:
            raise ConfigError(
                f"option --distributed is '{distributed}'; accepted is {_FORM}"
            ) from error
        if ":" not in address or not 0 <= rank < size:
            raise ConfigError(f"option --distributed is '{distributed}'; accepted is {_FORM}")
        try:
            jax.distributed.initialize(address, size, rank)
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise ConfigError(
                f"option --distributed is '{distributed}': the processes cannot meet ({reason})"
            ) from error
    team = Team(jax.process_count(), jax.process_index())
    if team.size > 1:
        from jax.experimental.multihost_utils import process_allgather

        # on CPUs processes that meet at the end of a run for the first time wait for 30 s only
        process_allgather(np.zeros(1))
    return team
