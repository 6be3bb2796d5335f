"""BAO, supernovae and the compressed CMB in the section of CosmoSIS's module."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jaxlike.config.others import KINDS, OtherConfig, bao, check_counted_once, cmb, supernovae
from jaxlike.config.places import find_file
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.supernovae import ABSOLUTE_MAGNITUDE
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.names import default_latex
from jaxlike.registry.option_values import flag

OTHER_OPTIONS: Mapping[str, str] = {
    "bao": bao.COMPONENT,
    "supernovae": supernovae.COMPONENT,
    "cmb": cmb.COMPONENT,
}
"""Options of the module's section -> the component whose option `data` has the same words."""

MAGNITUDE_OPTION = "use_abs_mag"

SUPERNOVA_OPTIONS: Mapping[str, str] = {
    MAGNITUDE_OPTION: MAGNITUDE_OPTION,
    "supernova_table": "table",
    "supernova_covariance": "covariance",
}
"""Further options of supernovae -> what the component calls them: whether the absolute magnitude is
a parameter, and the files of data of the standard library's."""

OWN_SECTIONS: Mapping[str, str] = {ABSOLUTE_MAGNITUDE: "supernova_params--m"}
"""Parameters of these likelihoods -> `section--name`, as the standard library has them."""


def others_of(options: Mapping[str, object], path: Path) -> tuple[OtherConfig, ...]:
    """The likelihoods that entries of a section ask for, a word a data set, as `data` of Cobaya's
    components has them. Files of the compressed CMB are seen from here, or from the pipeline's,
    `path`.

    Their names, as in likelihoods/NAME_like, are those of the data with _ for each point.
    ConfigError on a set that is none, and on data that would count twice.
    """
    found: list[OtherConfig] = []
    of_supernovae = _of_supernovae(options, path)
    for option, component in OTHER_OPTIONS.items():
        words = str(options.get(option) or "").split()
        if option in options and not words:
            raise ConfigError(f"option '{option}' names no data: give some, or leave it out")
        for word in words:
            data = find_file(word, path, above=True) if option == "cmb" else word
            name = Path(data).stem if Path(data).is_file() else word
            try:
                given: dict[str, object] = {"data": data}
                if option == "supernovae":
                    given |= of_supernovae
                one = KINDS[component].read(name.replace(".", "_"), component, given)
            except ConfigError as error:
                raise ConfigError(f"option '{option}': {error}") from error
            found.append(one)
    check_counted_once(found)
    return tuple(found)


def _of_supernovae(options: Mapping[str, object], path: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for option, name in SUPERNOVA_OPTIONS.items():
        if option not in options:
            continue
        if option != MAGNITUDE_OPTION:
            found[name] = find_file(str(options[option]), path, above=True)
        elif flag(option, options[option]):
            found[name] = True
        if name in found and "supernovae" not in options:
            raise ConfigError(f"option '{option}' has no effect without 'supernovae'")
    return found


def with_own_names(
    parameters: Sequence[Parameter], others: Sequence[OtherConfig]
) -> tuple[Parameter, ...]:
    """The parameters of a pipeline with the names that these likelihoods have for theirs;
    ConfigError where one is missing."""
    names = {p.name.lower(): p.name for p in parameters}
    own = {}
    for one in others:
        for name in one.parameters:
            section = OWN_SECTIONS[name]
            if section not in names:
                raise ConfigError(f"likelihood '{one.name}' reads '{section}', which has no value")
            own[names[section]] = name
    return tuple(
        replace(p, name=own[p.name], latex=default_latex(own[p.name])) if p.name in own else p
        for p in parameters
    )


def check_used(options: Mapping[str, object], power: object) -> None:
    """ConfigError where others are asked for in a universe of tables, whose parameters are not
    known."""
    for option in (*OTHER_OPTIONS, *SUPERNOVA_OPTIONS):
        if option in options and power == "block":
            raise ConfigError(
                f"option '{option}' has no effect with power = block: take power = jaxlike, or a "
                "module of CosmoSIS's standard library for these data"
            )


def check_listed(others: Sequence[OtherConfig], listed: str) -> None:
    """ConfigError on a likelihood that [pipeline] likelihoods, where it lists any, leaves out."""
    names = listed.split()
    for one in others:
        if names and one.name not in names:
            raise ConfigError(
                f"likelihood '{one.name}' has no effect, as [pipeline] likelihoods does not list "
                f"it: add {one.name} there"
            )
