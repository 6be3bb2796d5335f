"""What the sections of a CosmoSIS block mean to the core: parameters.

CosmoSIS itself is not imported here.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from jaxlike.config.cosmosis_unused import COSMOLOGY_SECTION as COSMOLOGY
from jaxlike.config.cosmosis_unused import ELSEWHERE, check_massive
from jaxlike.config.cosmosis_values import UNMAPPED
from jaxlike.errors import ParameterError
from jaxlike.registry.names import Names, canonical_name
from jaxlike.registry.samples import Sample
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.universe.cosmology import AMPLITUDES, HUBBLE, PARAMETERS

FEEDBACK = "halo_model_parameters"


def _sections_of(quantities: Iterable[str]) -> tuple[str, ...]:
    """Their names in the cosmology's section, in lower case."""
    declared = {one.name: one for one in PARAMETERS}
    names = (section for name in quantities for section in declared[name].sections)
    return tuple(name.partition("--")[2].lower() for name in names)


# Names of one quantity in order of preference: modules before this one may have filled in all.
_COSMOLOGY: tuple[tuple[str, ...], ...] = (
    ("omega_m", "omega_c", "omch2"),
    ("omega_b", "ombh2"),
    ("omnuh2", "mnu"),
    ("n_s",),
    ("omega_k",),
    ("w",),
    ("wa", "w0_plus_wa"),
    ("nnu",),
)
# The same of quantities that modules make of each other: what is sampled goes first.
_EITHER: tuple[tuple[str, ...], ...] = (_sections_of(HUBBLE), _sections_of(AMPLITUDES))
_CHOICES = frozenset(name for names in (*_COSMOLOGY, *_EITHER) for name in names)
_BOOKKEEPING = ("cosmosis_metadata:", "_cosmosis_order_")
_AGREEMENT = 2e-3  # relative, of two names of one quantity, as CosmoSIS's own CAMB module has it


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


class WritableBlock(Block, Protocol):
    """The same where something is written."""

    def __setitem__(self, key: tuple[str, str], value: Any, /) -> None:
        """Put a value at (section, name)."""

    def put_grid(
        self,
        section: str,
        x: str,
        x_values: NDArray,
        y: str,
        y_values: NDArray,
        z: str,
        table: NDArray,
        /,
    ) -> None:
        """Put two axes and the table on them."""


def names_in(block: Block, section: str) -> list[str]:
    """Names of a section's values; none if there is no such section."""
    names = (name for _, name in block.keys(section))
    return [name for name in names if not name.startswith(_BOOKKEEPING)]


def of_others(block: Block, places: Mapping[str, str]) -> dict[str, float]:
    """Parameters of likelihoods of other data, name -> `section--name`; ParameterError where one
    has no value."""
    found = {}
    for name, place in places.items():
        section, _, key = place.partition("--")
        if not block.has_value(section, key):
            raise ParameterError(f"supernovae read '{place}', which has no value")
        found[name] = float(block[section, key])
    return found


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
    for names in _EITHER:
        there = [name for name in names if name in given]
        if len(there) > 1:
            # the one that is sampled; the others are what modules before this one made of it
            there = [name for name in there if name in _sampled(block)] or there[:1]
        if "h0" in there and "hubble" in there:
            there.remove("hubble")
        found += tuple(there)
    return found


def _sampled(block: Block) -> set[str]:
    """Names of the cosmology that were in the block before any module ran."""
    sampled = set()
    for i in range(block.get_log_count()):
        action, section, name, _ = block.get_log_entry(i)
        if action == "MODULE-START":
            break
        if section.lower() == COSMOLOGY:
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
            for name in (one for one in found if not one.lower().startswith(UNMAPPED)):
                whole = f"{section}--{name}"
                if end or name.lower().endswith(tuple(ends)):  # "" where there is no suffix
                    names.canonical(whole)
                    given[whole] = _number(block, section, name)
    return Nuisance(given, idle)


def _sections(kind: str, ends: Iterable[str]) -> list[tuple[str, str]]:
    """The sections of a kind of tracer's parameters, and which of the ends of suffixes each has."""
    declared = Sample(kind, 0).parameters
    bare = (one.partition("--")[0] for d in declared for one in d.sections)
    return [(section + end, end) for section in dict.fromkeys(bare) for end in sorted({"", *ends})]
