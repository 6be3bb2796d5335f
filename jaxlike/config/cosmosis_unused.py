"""Values and priors of a CosmoSIS pipeline that are other modules' business, as CosmoSIS has it."""

from collections.abc import Iterable
from difflib import get_close_matches

from jaxlike.errors import ConfigError, ParameterError
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.names import Names, guessed
from jaxlike.registry.samples import Sample
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.universe.cosmology import MASSIVE_EIGENSTATES
from jaxlike.theory.universe.cosmology import PARAMETERS as COSMOLOGY

COSMOLOGY_SECTION = "cosmological_parameters"
# fmt: off
ELSEWHERE = frozenset({
    "tau", "yhe", "tcmb", "k", "k_s", "pivot_scalar", "cs2_de", "a_lens", "r", "r_t", "nt", "n_t",
    "ntrun", "omega_nu", "omega_lambda", "omlamh2", "ommh2", "baryon_fraction", "n_eff",
    "massive_nu", "massless_nu", "num_massive_neutrinos", "num_nu_massive", "num_nu_massless",
    "sterile_neutrino", "delta_neff", "standard_neutrino_neff", "theta_s", "s8", "sigma_12",
    "consistency_module_was_used",
})
"""Names in the cosmology's section that other modules take or make, and the theory does not."""
# fmt: on
_RUNNING = frozenset({"nrun", "n_run", "nrunrun"})  # of no effect at zero, refused else
_OF_THE_CMB = frozenset({"tau", "a_lens", "r", "r_t", "nt", "n_t"})
MASSIVE = ("num_massive_neutrinos", "num_nu_massive")


def without_unused(
    parameters: Iterable[Parameter], names: Names, neutrinos: str
) -> tuple[Parameter, ...]:
    """The parameters without those of no effect on galaxies: of the CMB, of sections of others, and
    fixed ones that only others take.  Those that feed functions stay, whatever they are called.

    ParameterError where the number of massive neutrinos is another than `neutrinos` means. What is
    spelt almost as a section or name with effect stays, for `check_names` to refuse.
    """
    kept = []
    for one in parameters:
        section, dashes, key = one.name.lower().partition("--")
        if section == COSMOLOGY_SECTION and key in MASSIVE:
            check_massive(one.name, one.value, neutrinos)
        elif section == COSMOLOGY_SECTION and key in _RUNNING and one.value == 0:
            continue
        elif one.drop or not dashes or not is_unused(one.name, names, fixed=one.value is not None):
            kept.append(one)
    return tuple(kept)


def is_unused(name: str, names: Names, *, fixed: bool = False) -> bool:
    """Whether a `section--name` certainly has no effect on galaxies, or none here and is fixed."""
    section, _, key = name.lower().partition("--")
    if section == COSMOLOGY_SECTION:
        return key in (ELSEWHERE if fixed else _OF_THE_CMB)
    if names.find(name) is not None or guessed(name) is not None:
        return False
    ours = {stem.partition("--")[0] for stem in _sections()}
    ends = {end for sample in names.samples for end in (sample.section_end, "") if end}
    stems = [section, *(section.removesuffix(end) for end in ends)]
    return not any(get_close_matches(stem, ours, n=1, cutoff=0.8) for stem in stems)


def check_massive(name: str, value: float | None, neutrinos: str) -> None:
    """ParameterError unless a number of massive neutrinos is that of the option `neutrinos`."""
    number = MASSIVE_EIGENSTATES[neutrinos]
    if value != number:
        said = "sampled" if value is None else f"{value:g}"
        words = [word for word, n in MASSIVE_EIGENSTATES.items() if n == value]
        advice = f"take neutrinos = {' or '.join(words)}" if words else "give 0, 1 or 3"
        raise ParameterError(
            f"parameter '{name}' is {said}, but the option neutrinos = {neutrinos} has {number}"
            f" with a mass: {advice}"
        )


def check_hierarchy(section: str, hierarchy: str, neutrinos: str) -> None:
    """ConfigError where a Boltzmann code's module, whose P(k) is not used, has neutrinos in another
    order of masses than the option `neutrinos`: it would be ignored."""
    own = {"normal": ("normal",), "degenerate": ("one_massive", "degenerate", "massless")}
    hierarchy = hierarchy.strip().lower()
    accepted = own.get(hierarchy, ())
    if neutrinos not in accepted:
        advice = f"take neutrinos = {' or '.join(accepted)}, or " if accepted else "take "
        raise ConfigError(
            f"option 'neutrino_hierarchy' of section [{section}] is {hierarchy}, but jaxlike"
            f" computes P(k) itself, with neutrinos = {neutrinos}: {advice}power = block, for that"
            " module's P(k)"
        )


def _sections() -> list[str]:
    every = list(COSMOLOGY)
    for kind in TRACERS:
        every += Sample(kind, 0).parameters
    return [section for declared in every for section in declared.sections]
