"""Cobaya's view of candl's likelihoods, by the spectra of jaxlike's theory."""

from collections.abc import Mapping
from typing import Any

from cobaya.typing import empty_dict

from jaxlike.cobaya.own_likelihood import OfUniverse
from jaxlike.config.others import OtherConfig
from jaxlike.config.others.candl import COMPONENT, OPTIONS, CandlConfig
from jaxlike.errors import JaxlikeError


class candl(OfUniverse):  # Cobaya looks for a class of the component's own name
    r"""
    A data set of candl \cite{Balkenhol:2024sbv}, with the options of candl's own class for Cobaya
    and the lensed spectra of ``jaxlike.cobaya.Theory``.
    """

    bibtex_file = "candl.bibtex"

    data_set_file: Any
    variant: Any
    lensing: Any
    data_selection: Any
    clear_internal_priors: Any
    clear_specific_priors: Any
    add_logdet: Any
    additional_args: Any

    @classmethod
    def get_modified_defaults(
        cls, defaults: dict[str, Any], input_options: Mapping[str, Any] = empty_dict
    ) -> dict[str, Any]:
        """With the priors of the data set, which count where the input says nothing else."""
        if "input_params" in input_options or "params" in input_options:
            return defaults
        given = {k: v for k, v in {**defaults, **input_options}.items() if k in OPTIONS}
        try:
            return {**defaults, "params": dict(_config(cls.__name__, given).default_params)}
        except JaxlikeError:
            return defaults  # `initialize` will say what is wrong

    def _read(self) -> OtherConfig:
        return _config(self.get_name(), {name: getattr(self, name, None) for name in OPTIONS})


def _config(name: str, options: Mapping[str, Any]) -> CandlConfig:
    given = {key: value for key, value in options.items() if value is not None}
    return CandlConfig.read(name, COMPONENT, given)
