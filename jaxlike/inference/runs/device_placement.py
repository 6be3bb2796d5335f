"""Where chains run: a thread each on one CPU device, or one batch spread over the devices."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = "chains"


@dataclass(frozen=True)
class Placement:
    """Chains in groups of `group`; the chains of a group are a batch, spread over `devices`.

    On one CPU device every chain of NUTS is a group: it has a thread of its own, and never waits
    for another's longer trajectory. Chains that keep pace are in groups of a few, for each core at
    least one. Elsewhere all chains are one group.
    """

    group: int
    devices: tuple[Any, ...]

    @classmethod
    def of(cls, chains: int, few: int = 1) -> "Placement":
        """The placement for this number of chains on the devices that JAX sees in this process.

        few: how many chains a core of a CPU takes at once. As many devices are used as share the
        chains evenly.
        """
        devices = jax.local_devices()
        if len(devices) == 1 and devices[0].platform == "cpu":
            most = min(few, -(-chains // (os.cpu_count() or 1)))
            return cls(max(k for k in range(1, most + 1) if chains % k == 0), tuple(devices))
        used = max(k for k in range(1, len(devices) + 1) if chains % k == 0)
        return cls(chains, tuple(devices[:used]))

    @property
    def mesh(self) -> Mesh:
        """The devices as a mesh of one axis."""
        return Mesh(np.array(self.devices), (AXIS,))

    def spread(self, chains: bool = True) -> NamedSharding:
        """How arrays lie: with their first axis over the devices, or whole on every one."""
        return NamedSharding(self.mesh, PartitionSpec(AXIS) if chains else PartitionSpec())

    def over_chains(
        self, function: Callable[..., Any], ins: tuple[bool, ...], outs: Any
    ) -> Callable[..., Any]:
        """`function` of a group, run by every device on its own chains.

        ins: whether each argument has an axis of chains, its first; outs: partition specs.
        """
        if len(self.devices) == 1:
            return function
        specs = tuple(PartitionSpec(AXIS) if one else PartitionSpec() for one in ins)
        return jax.shard_map(
            function, mesh=self.mesh, in_specs=specs, out_specs=outs, check_vma=False
        )
