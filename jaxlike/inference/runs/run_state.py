"""Everything that a run of chains carries from one segment of draws to the next."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from jaxlike.inference.geometry.straightening import Straightening, no_straightening
from jaxlike.inference.results.chains import Chains, Cost
from jaxlike.inference.runs.checkpoint import Checkpoint
from jaxlike.inference.runs.parameter_space import ParameterSpace
from jaxlike.inference.runs.transitions import Draws, Tuning


@dataclass(frozen=True)
class Run:
    """State of every chain after its last draw, the tuning, and the draws so far.

    done: draws of every chain, of all stages; position, gradient (chain, n) and value (chain,) in
    u; averaging: the state of the step size's dual averaging, () where none is under way; warm_u,
    warm_gradient (chain, draw, n): the warm-up by NUTS; u (chain, draw, n), log_density, divergent
    and energy (chain, draw): the draws that are kept; constant: what the log-density leaves out.
    """

    done: int
    position: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    tuning: Tuning
    averaging: tuple[float, ...]
    warm_u: np.ndarray
    warm_gradient: np.ndarray
    u: np.ndarray
    log_density: np.ndarray
    divergent: np.ndarray
    energy: np.ndarray
    constant: float
    cost: Cost

    @classmethod
    def begin(
        cls,
        starts: np.ndarray,
        value: np.ndarray,
        gradient: np.ndarray,
        *,
        step_size: float,
        inverse_mass: np.ndarray,
        constant: float,
        cost: Cost,
    ) -> "Run":
        """Chains at their starting points (chain, n)."""
        chains, n = starts.shape
        none, no_draw = np.zeros((chains, 0, n)), np.zeros((chains, 0))
        return cls(
            done=0,
            position=starts,
            value=value,
            gradient=gradient,
            tuning=Tuning(step_size, inverse_mass, no_straightening(n)),
            averaging=(),
            warm_u=none,
            warm_gradient=none,
            u=none,
            log_density=no_draw,
            divergent=no_draw > 0,
            energy=no_draw,
            constant=constant,
            cost=cost,
        )

    def warmed(self, draws: Draws) -> "Run":
        """With draws of the warm-up."""
        return replace(
            self,
            warm_u=np.concatenate([self.warm_u, draws.u], axis=1),
            warm_gradient=np.concatenate([self.warm_gradient, draws.gradient], axis=1),
        )

    def extended(self, draws: Draws) -> "Run":
        """With draws that are kept."""
        return replace(
            self,
            u=np.concatenate([self.u, draws.u], axis=1),
            log_density=np.concatenate([self.log_density, draws.log_density], axis=1),
            divergent=np.concatenate([self.divergent, draws.divergent], axis=1),
            energy=np.concatenate([self.energy, draws.energy], axis=1),
        )

    def chains(self, space: ParameterSpace, wanted: int, method: str, together: int = 1) -> Chains:
        """The draws that are kept, as chains of `wanted` draws.

        `together` chains are put one after another to make one of the result.
        """
        groups, n = len(self.u) // together, self.u.shape[-1]
        return space.chains(
            self.u.reshape(groups, -1, n),
            self.log_density.reshape(groups, -1),
            self.constant,
            divergent=self.divergent.reshape(groups, -1),
            energy=self.energy if np.isfinite(self.energy).all() else None,
            step_size=float(self.tuning.step_size),
            cost=self.cost,
            wanted=wanted,
            method=method,
        )

    def checkpoint(self, settings: Mapping[str, Any]) -> Checkpoint:
        """What goes into a file."""
        numbers = {
            "done": self.done,
            "averaging": [float(x) for x in self.averaging],
            "step_size": float(self.tuning.step_size),
            "constant": self.constant,
            "cost": asdict(self.cost),
        }
        straightening = {
            f"straightening_{name}": a for name, a in self.tuning.straightening._asdict().items()
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        return Checkpoint(
            settings, numbers, {**arrays, **straightening, "inverse_mass": self.tuning.inverse_mass}
        )

    @classmethod
    def of_checkpoint(cls, stored: Checkpoint, chains: int, n: int) -> "Run":
        """What came out of a file of `chains` chains in n dimensions; ValueError or KeyError where
        that is something else."""
        numbers, empty = stored.numbers, no_straightening(n)._asdict()
        straightening = Straightening(
            **{
                name: stored.array(f"straightening_{name}", *np.shape(array))
                for name, array in empty.items()
            }
        )
        warm, kept = (np.shape(stored.arrays[name])[1] for name in ("warm_u", "u"))
        shapes: dict[str, tuple[int, ...]] = {
            "position": (chains, n),
            "value": (chains,),
            "gradient": (chains, n),
            "warm_u": (chains, warm, n),
            "warm_gradient": (chains, warm, n),
            "u": (chains, kept, n),
            "log_density": (chains, kept),
            "divergent": (chains, kept),
            "energy": (chains, kept),
        }
        return cls(
            done=int(numbers["done"]),
            tuning=Tuning(
                float(numbers["step_size"]), stored.array("inverse_mass", n, n), straightening
            ),
            averaging=tuple(map(float, numbers["averaging"])),
            constant=float(numbers["constant"]),
            cost=Cost(**numbers["cost"]),
            **{name: stored.array(name, *shape) for name, shape in shapes.items()},
        )


_ARRAYS = (
    "position",
    "value",
    "gradient",
    "warm_u",
    "warm_gradient",
    "u",
    "log_density",
    "divergent",
    "energy",
)
