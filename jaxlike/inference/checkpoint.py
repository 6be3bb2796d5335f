"""What a run of chains needs to go on as if it had never stopped, in one file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference.blocks import Tuning
from jaxlike.inference.chains import Cost
from jaxlike.inference.shear import Shear

_SAME = 1e-8  # relative change of a log-density that another data set or theory would exceed


@dataclass(frozen=True)
class Checkpoint:
    """State of every chain after its last draw, the tuning, and the draws so far.

    settings: what the run was asked for (names -> plain values); position, gradient (chain, n) and
    value (chain,) in u; u (chain, draw, n), log_density and divergent (chain, draw); constant: what
    the log-density leaves out; exact: draws of the warm-up (chain, draw, n).
    """

    settings: Mapping[str, Any]
    position: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    tuning: Tuning
    u: np.ndarray
    log_density: np.ndarray
    divergent: np.ndarray
    exact: np.ndarray
    constant: float
    cost: Cost

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        header = {
            "settings": dict(self.settings),
            "constant": self.constant,
            "cost": asdict(self.cost),
            "step_size": float(self.tuning.step_size),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(path) as file:
            arrays: dict[str, Any] = {
                "header": json.dumps(header),
                "inverse_mass": self.tuning.inverse_mass,
                **{f"shear_{name}": a for name, a in self.tuning.shear._asdict().items()},
                **{name: getattr(self, name) for name in _ARRAYS},
            }
            np.savez(file, **arrays)

    @classmethod
    def read(cls, path: Path, settings: Mapping[str, Any]) -> "Checkpoint":
        """Read what `save` wrote; ConfigError if it is damaged or of a run with other settings."""
        try:
            with np.load(path) as file:
                header = json.loads(str(file["header"]))
                arrays = {name: file[name] for name in file.files if name != "header"}
            shear = Shear(**{name: arrays[f"shear_{name}"] for name in Shear._fields})
            found = cls(
                settings=header["settings"],
                tuning=Tuning(header["step_size"], arrays["inverse_mass"], shear),
                constant=header["constant"],
                cost=Cost(**header["cost"]),
                **{name: arrays[name] for name in _ARRAYS},
            )
        except FileNotFoundError as error:
            raise ConfigError(f"checkpoint '{path}' is not there: start without resume") from error
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise ConfigError(
                f"checkpoint '{path}' is damaged ({error}): start again, with --force"
            ) from error
        for name in sorted({*settings, *found.settings}):
            here, there = settings.get(name), found.settings.get(name)
            if here != there:
                raise ConfigError(
                    f"checkpoint '{path}' belongs to a run with {name} = {there}, not {here}: "
                    f"ask for the same, or start again with --force"
                )
        return found

    def check_density(self, values: Sequence[float] | np.ndarray, path: Path) -> None:
        """ConfigError unless `values` (chain,) are the log-densities of the chains' states."""
        if not np.allclose(values, self.value, rtol=_SAME, atol=1e-6):
            raise ConfigError(
                f"checkpoint '{path}' is of another posterior: its chains have ln densities of "
                f"{self.value[0]:.6f}, ..., which are {float(values[0]):.6f}, ... here; other "
                "data, options or priors? Start again with --force"
            )


_ARRAYS = ("position", "value", "gradient", "u", "log_density", "divergent", "exact")
