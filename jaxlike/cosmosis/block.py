"""What the sections of a CosmoSIS block mean to the core: parameters, and tables in its units.

CosmoSIS has distances in Mpc and power spectra in h units. CosmoSIS itself is not imported here.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from jaxlike.config.cosmosis_unused import ELSEWHERE, check_massive
from jaxlike.cosmosis.extent import check_extent
from jaxlike.errors import DataError, ParameterError
from jaxlike.registry.names import Names, canonical_name
from jaxlike.registry.samples import Sample
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.power_table import PowerTable
from jaxlike.theory.tracers import TRACERS

COSMOLOGY, POWER, DISTANCES = "cosmological_parameters", "matter_power_nl", "distances"
LINEAR_POWER = "matter_power_lin"
FEEDBACK = "halo_model_parameters"

# Names of one quantity in order of preference: modules before this one may have filled in all.
_COSMOLOGY: tuple[tuple[str, ...], ...] = (
    ("h0", "hubble"),
    ("omega_m", "omega_c", "omch2"),
    ("omega_b", "ombh2"),
    ("omnuh2", "mnu"),
    ("n_s",),
    ("a_s",),
    ("sigma_8",),
    ("omega_k",),
    ("w",),
    ("wa",),
    ("nnu",),
)
_CHOICES = frozenset(name for names in _COSMOLOGY for name in names)
_BOOKKEEPING = ("cosmosis_metadata:", "_cosmosis_order_")
_AGREEMENT = 2e-3  # relative, of two names of one quantity, as CosmoSIS's own CAMB module has it
_Z_START = 1e-3  # the core's first redshift is above


class Block(Protocol):
    """The part of cosmosis.datablock.DataBlock that is used."""

    def keys(self, section: str, /) -> Iterable[tuple[str, str]]:
        """(section, name) of every value of a section."""

    def has_value(self, section: str, name: str, /) -> bool:
        """Whether the block has the value."""

    def __getitem__(self, key: tuple[str, str], /) -> Any:
        """The value at (section, name)."""

    def get_log_count(self) -> int:
        """Number of entries in the log of accesses."""

    def get_log_entry(self, i: int, /) -> tuple[str, str, str, str]:
        """Action, section, name and type of an access."""

    def get_grid(self, section: str, x: str, y: str, z: str, /) -> tuple[NDArray, NDArray, NDArray]:
        """Two axes and the table on them."""


def names_in(block: Block, section: str) -> list[str]:
    """Names of a section's values; none if there is no such section."""
    names = (name for _, name in block.keys(section))
    return [name for name in names if not name.startswith(_BOOKKEEPING)]


def cosmology_names(block: Block) -> tuple[str, ...]:
    """The names to take the cosmology from: one for each quantity, where several are there.

    ParameterError on a name that would have no effect. Depends on the names in the block alone.
    """
    given = names_in(block, COSMOLOGY)
    for name in given:
        if name not in _CHOICES and name not in ELSEWHERE:
            raise ParameterError(
                f"parameter '{COSMOLOGY}--{name}' has no effect on the module's theory; accepted"
                f" are {', '.join(sorted(_CHOICES))}, or take power = block"
            )
    chosen = [next((n for n in names if n in given), None) for names in _COSMOLOGY]
    found = tuple(name for name in chosen if name is not None)
    if {"a_s", "sigma_8"} <= set(found):
        # the one that is sampled; the other is what a module before this one made of it
        sampled = _sampled_amplitudes(block) or {"a_s"}
        found = tuple(n for n in found if n not in ("a_s", "sigma_8") or n in sampled)
    return found


def _sampled_amplitudes(block: Block) -> set[str]:
    """Amplitudes that were in the block before any module ran."""
    sampled = set()
    for i in range(block.get_log_count()):
        action, section, name, _ = block.get_log_entry(i)
        if action == "MODULE-START":
            break
        if section.lower() == COSMOLOGY and name.lower() in ("a_s", "sigma_8"):
            sampled.add(name.lower())
    return sampled


def cosmology(block: Block, names: Iterable[str]) -> dict[str, float]:
    """`section--name` -> value for `names` of the cosmology's section, and those of feedback."""
    values = {name: _number(block, COSMOLOGY, name) for name in names}
    for name in ("omnuh2", "mnu"):
        # no massive neutrino, rather than one without a scale of free streaming
        if values.get(name) == 0:
            del values[name]
    given = {f"{COSMOLOGY}--{name}": value for name, value in values.items()}
    for name in names_in(block, FEEDBACK):
        canonical_name(f"{FEEDBACK}--{name}")
        given[f"{FEEDBACK}--{name}"] = _number(block, FEEDBACK, name)
    return given


def check_agreement(block: Block, canonical: Mapping[str, float], massive: str) -> None:
    """Raise ParameterError if the block has another value for what `canonical` implies, or another
    number of massive neutrinos than `massive`, the option `neutrinos`, means."""
    number = "num_massive_neutrinos"
    if block.has_value(COSMOLOGY, number) and canonical.get("omega_nu"):
        check_massive(f"{COSMOLOGY}--{number}", _number(block, COSMOLOGY, number), massive)
    h2 = canonical["h"] ** 2
    neutrinos = canonical.get("omega_nu", 0.0)
    cold = canonical["Omega_m"] - canonical["Omega_b"] - neutrinos / h2
    implied = {
        "h0": canonical["h"],
        "hubble": 100 * canonical["h"],
        "omega_m": canonical["Omega_m"],
        "ommh2": canonical["Omega_m"] * h2,
        "omega_c": cold,
        "omch2": cold * h2,
        "omega_b": canonical["Omega_b"],
        "ombh2": canonical["Omega_b"] * h2,
        "omega_nu": neutrinos / h2,
    }
    for name, value in implied.items():
        if not block.has_value(COSMOLOGY, name):
            continue
        found = block[COSMOLOGY, name]
        if not math.isclose(found, value, rel_tol=_AGREEMENT, abs_tol=1e-6):
            raise ParameterError(
                f"parameter '{COSMOLOGY}--{name}' is {found:.6g}, but the others make it"
                f" {value:.6g}: give one name of each quantity"
            )


def _number(block: Block, section: str, name: str) -> float:
    value = block[section, name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(
            f"parameter '{section}--{name}' is {value!r}, but must be a real number"
        )
    return float(value)


class Nuisance(NamedTuple):
    """Parameters as `section--name`, and the sections that these data have no use for."""

    given: dict[str, float]
    idle: list[str]


def nuisance(block: Block, samples: Sequence[Sample]) -> Nuisance:
    """Galaxy and shear parameters; ParameterError on unknown names.

    CosmoSIS's sections are shared by all modules: those for galaxies that are not in the data (a
    shear-only likelihood beside another one) are left out, and, where samples have a suffix, so
    are names without it.
    """
    given, idle = {}, []
    names = Names(samples)
    for kind in TRACERS:
        own = {sample.section_end for sample in samples if sample.kind == kind}
        ends = own or {sample.section_end for sample in samples}
        for section, end in _sections(kind, ends):
            found = names_in(block, section)
            if not own:
                idle += [section] if found else []
                continue
            for name in found:
                whole = f"{section}--{name}"
                if end or name.lower().endswith(tuple(ends)):  # "" where there is no suffix
                    names.canonical(whole)
                    given[whole] = _number(block, section, name)
    return Nuisance(given, idle)


def _sections(kind: str, ends: Iterable[str]) -> list[tuple[str, str]]:
    """The sections of a kind of tracer's parameters, and which of the ends of suffixes each has."""
    bare = (one.partition("--")[0] for d in TRACERS[kind].parameters for one in d.sections)
    return [(section + end, end) for section in dict.fromkeys(bare) for end in sorted({"", *ends})]


class Tables(NamedTuple):
    """A PowerTable with the grids that it is on: z (n_z,), k (n_k,) in h/Mpc, z_distance (n_d,)."""

    z: NDArray
    k: NDArray
    z_distance: NDArray
    power: PowerTable


def tables(block: Block, *, linear: bool = False) -> Tables:
    """P(k, z) and distances that modules before this one have put into the block.

    With `linear` the linear power today too. D(z) is the root of the power at the smallest k, as in
    CosmoSIS's linear alignments. Omega_m is that of the block now: Boltzmann codes overwrite the
    sampled one. DataError names what is missing.
    """
    for name in ("z", "k_h", "p_k"):
        _require(block, POWER, name)
    z, k, power = block.get_grid(POWER, "z", "k_h", "p_k")
    in_z, in_k = np.argsort(z), np.argsort(k)
    z, k, power = z[in_z], k[in_k], power[np.ix_(in_z, in_k)]
    h = _require(block, COSMOLOGY, "h0")
    z_distance = np.asarray(_require(block, DISTANCES, "z"))
    in_distance = np.argsort(z_distance)
    Omega_k = block[COSMOLOGY, "omega_k"] if block.has_value(COSMOLOGY, "omega_k") else 0.0
    chi = _radial_distance(block, z_distance, Omega_k / (HUBBLE_DISTANCE / h) ** 2)
    hubble = np.asarray(_require(block, DISTANCES, "h"))
    for section, first in ((POWER, z[0]), (DISTANCES, z_distance.min())):
        if first > _Z_START:
            raise DataError(
                f"{section}--z in the block starts at {first:.4g}, but must start at 0: set the"
                " module that fills it so"
            )
    check_extent(POWER, z, k)
    return Tables(
        z,
        k,
        z_distance[in_distance],
        PowerTable(
            P_nl=power,
            chi=chi[in_distance] * h,
            hubble=hubble[in_distance] / h,
            growth=np.sqrt(power[:, 0] / power[0, 0]),
            Omega_m=_require(block, COSMOLOGY, "omega_m"),
            Omega_k=Omega_k,
            P_lin=_linear_power_today(block, k) if linear else None,
            chi_last=_last_scattering(block, h, Omega_k),
        ),
    )


def _last_scattering(block: Block, h: float, Omega_k: float) -> float | None:
    """chi [Mpc/h] of last scattering, where the block says it and space is flat: CAMB's is f_k."""
    if Omega_k != 0 or not block.has_value(DISTANCES, "chistar"):
        return None
    return float(block[DISTANCES, "chistar"]) * h


def _linear_power_today(block: Block, k: NDArray) -> NDArray:
    """P_lin (n_k,) at z = 0 and the wavenumbers of the nonlinear power."""
    for name in ("z", "k_h", "p_k"):
        _require(block, LINEAR_POWER, name)
    z, own_k, power = block.get_grid(LINEAR_POWER, "z", "k_h", "p_k")
    today, in_k = power[np.argmin(z)], np.argsort(own_k)
    x = np.log(own_k[in_k])
    if min(z) > _Z_START or x[0] > np.log(k[0]) + 1e-6 or x[-1] < np.log(k[-1]) - 1e-6:
        raise DataError(
            f"{LINEAR_POWER} in the block is for z >= {min(z):.4g} and k = {own_k.min():.4g} to "
            f"{own_k.max():.4g}, but alignment = tatt needs z = 0 and k = {k[0]:.4g} to "
            f"{k[-1]:.4g}, as {POWER} has: set the module that fills it so"
        )
    return np.exp(CubicSpline(x, np.log(today[in_k]))(np.log(k)))


def _radial_distance(block: Block, z: NDArray, curvature: float) -> NDArray:
    """chi in Mpc; `curvature` is Omega_k (H0/c)^2 in 1/Mpc^2."""
    if block.has_value(DISTANCES, "d_c"):
        return np.asarray(block[DISTANCES, "d_c"])
    if curvature == 0:
        return np.asarray(_require(block, DISTANCES, "d_m"))
    # d_m is the radial distance in some modules and the transverse one in others; d_a is clear
    f_k = (1 + z) * np.asarray(_require(block, DISTANCES, "d_a"))
    root = math.sqrt(abs(curvature))
    return (np.arcsinh if curvature > 0 else np.arcsin)(root * f_k) / root


def _require(block: Block, section: str, name: str) -> Any:
    if not block.has_value(section, name):
        raise DataError(
            f"the block has no '{section}--{name}', which power = block needs: run a module that"
            " computes it (CAMB, CLASS) before this one, or take power = jaxlike"
        )
    return block[section, name]
