"""CMB lensing of Planck under Cobaya's names for it, as two-point data of the convergence."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jaxlike.data.lensing_sets import LENSING_SETS, MARGINALISED_NEEDED, find_lensing_set
from jaxlike.errors import ConfigError
from jaxlike.registry.options import check_option_names

BY_COMPONENT: Mapping[str, str] = {one.component: name for name, one in LENSING_SETS.items()}
"""Cobaya's names -> names of data sets."""

_OPTIONS = ("path", "dataset_file", "packages_path", "params")
_OF_HOST = ("l_max",)  # multipoles of a Boltzmann code, beyond those of the windows


def with_lensing(
    block: Mapping[Any, Any],
    component: Callable[[str, object, object], tuple[str, dict[str, Any]]],
    two_point: str,
    unread: Sequence[str],
    packages_path: object = None,
) -> dict[Any, Any]:
    """The block `likelihood` with Planck's lensing as likelihoods of the component `two_point`.

    component: a block's class and options; unread: options of every component that only a host
    reads; packages_path: Cobaya's, where the input gives it. ConfigError on what is no Gaussian in
    C_L of phi alone, on an unknown option and on data that would count twice; DataError where they
    are not installed.
    """
    found: dict[Any, Any] = {}
    of_planck: list[str] = []
    for name, given in block.items():
        kind, options = component("likelihood", name, given)
        if kind in MARGINALISED_NEEDED:
            raise ConfigError(
                f"likelihood '{kind}' is corrected by the CMB's own spectra, which is not computed "
                f"here: take {MARGINALISED_NEEDED[kind]}, which is marginalised over them"
            )
        if kind in BY_COMPONENT:
            found[name] = _as_two_point(kind, options, two_point, unread, packages_path)
        else:
            found[name] = given
        if kind in BY_COMPONENT or str(options.get("data_file")) in LENSING_SETS:
            of_planck.append(str(name))
    if len(of_planck) > 1:
        raise ConfigError(
            f"likelihoods '{of_planck[0]}' and '{of_planck[1]}' have the same data, Planck's "
            "lensing, which would count twice: leave out one of them"
        )
    return found


def _as_two_point(
    kind: str,
    options: Mapping[str, Any],
    two_point: str,
    unread: Sequence[str],
    packages_path: object,
) -> dict[str, Any]:
    if options.get("dataset_params"):
        raise ConfigError(
            f"option 'dataset_params' of {kind} is not followed here: write a .dataset file with "
            "DEFAULT(...) and these lines, and name it in dataset_file"
        )
    accepted = (*_OPTIONS, "dataset_params", *_OF_HOST, *unread)
    check_option_names(options, accepted, f"option of {kind}:")
    file = find_lensing_set(
        BY_COMPONENT[kind],
        path=options.get("path"),
        packages=options.get("packages_path") or packages_path,
        file=options.get("dataset_file"),
    )
    return {
        "class": two_point,
        "data_file": str(file),
        "scale_cuts": "none",
        "params": options.get("params") or {},
    }
