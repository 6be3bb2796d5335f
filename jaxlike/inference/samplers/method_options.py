"""Options of the samplers in one table, which `--help` reads without importing any of them.

The functions of `by_name.SAMPLERS` have the same options with the same defaults, as a test sees to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_KERNELS = ("nuts", "hmc", "adjusted_mclmc", "mclmc")
_GUIDED = ("svi", "neutra")
_ALL = (*_KERNELS, "laps", *_GUIDED, "nested", "mh")


@dataclass(frozen=True)
class MethodOption:
    """An option of one sampler or several.

    kind: int, float, bool or str; text: what it is; defaults: by method; unset: what happens where
    the default is None.
    """

    name: str
    kind: type
    text: str
    defaults: Mapping[str, Any]
    unset: str = ""

    @property
    def flag(self) -> str:
        """As the command line has it."""
        return f"--{self.name.replace('_', '-')}"

    def help(self, method: str | None = None) -> str:
        """The text with the default of one method, or of all that have the option."""
        if method is not None:
            return f"{self.text} ({self._said(self.defaults[method])})"
        groups: dict[str, list[str]] = {}
        for name, default in self.defaults.items():
            groups.setdefault(self._said(default), []).append(name)
        if len(groups) == 1 and len(self.defaults) == len(_ALL):
            return f"{self.text} ({next(iter(groups))})"
        each = "; ".join(f"{', '.join(names)}: {default}" for default, names in groups.items())
        return f"{self.text} ({each})"

    def _said(self, default: Any) -> str:
        if default is None:
            return self.unset
        return str(default).lower() if self.kind is bool else str(default)


def _of(methods: tuple[str, ...], default: Any, **others: Any) -> dict[str, Any]:
    """Method -> default, for `methods` and, with other defaults, for `others`."""
    return {**dict.fromkeys(methods, default), **others}


METHOD_OPTIONS: tuple[MethodOption, ...] = (
    MethodOption("chains", int, "number of chains", _of(_ALL, 4, laps=8)),
    MethodOption(
        "warmup",
        int,
        "draws of each chain that tune the sampler and are dropped",
        _of(_KERNELS, 500, neutra=300),
    ),
    MethodOption(
        "samples",
        int,
        "draws of each chain that are kept",
        _of(_ALL, 1000, nested=None, mh=2000),
        unset="as many as the points are worth",
    ),
    MethodOption("seed", int, "seed of the random numbers", _of(_ALL, 0)),
    MethodOption(
        "target_accept",
        float,
        "acceptance rate that the step size is tuned to; more means shorter steps",
        {"nuts": None, "hmc": None, "adjusted_mclmc": None, "mclmc": None}
        | {"laps": 0.8, "neutra": 0.9},
        unset="what suits the method, 0.95 of nuts",
    ),
    MethodOption(
        "max_tree_depth",
        int,
        "largest number of doublings of a trajectory of NUTS, in the warm-up too",
        _of((*_KERNELS, "neutra"), 10),
    ),
    MethodOption(
        "mass",
        str,
        "mass matrix: dense, diagonal, or blocks such as 'omegam,H0;DES_b1,DES_b2'",
        _of(_KERNELS, "dense"),
    ),
    MethodOption(
        "straighten",
        bool,
        "whether to look for a map that straightens a curved posterior: true or false",
        _of((*_KERNELS, "laps"), True),
    ),
    MethodOption(
        "start",
        str,
        "where the search for the best fit begins: reference, or prior (the best of some draws)",
        _of((*_KERNELS, "laps", *_GUIDED, "mh"), "reference"),
    ),
    MethodOption("walkers", int, "walkers of each chain", {"laps": 64}),
    MethodOption("burn_in", int, "steps of the burn-in, at most", {"laps": 200}),
    MethodOption("guide", str, "what is trained: mvn (normal) or bnaf (flow)", _of(_GUIDED, "mvn")),
    MethodOption(
        "steps",
        int,
        "steps of the training; of mh accepted steps of each chain",
        _of(_GUIDED, None, mh=20000),
        unset="what suits the guide",
    ),
    MethodOption(
        "learning_rate", float, "of the training", _of(_GUIDED, None), unset="what suits the guide"
    ),
    MethodOption("particles", int, "gradients of each step of the training", _of(_GUIDED, 16)),
    MethodOption("live", int, "number of live points", {"nested": 500}),
    MethodOption(
        "inner_steps",
        int,
        "slices between a new point and the one that it began as",
        {"nested": None},
        unset="twice the number of parameters",
    ),
    MethodOption(
        "delete",
        int,
        "points that are replaced at once",
        {"nested": None},
        unset="few on a CPU, a quarter of all on a GPU",
    ),
    MethodOption("tolerance", float, "share of the evidence that may be left", {"nested": 0.01}),
)


def options_for(method: str) -> tuple[MethodOption, ...]:
    """Those of one method, none of one that is not in the table."""
    return tuple(option for option in METHOD_OPTIONS if method in option.defaults)
