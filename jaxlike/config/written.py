"""A Config as a Cobaya input: what reads as the same Config again, here and in Cobaya."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxlike.config.cobaya_yaml import PREFIX, THEORY
from jaxlike.config.container import Config, LikelihoodConfig
from jaxlike.data.shipped import SHIPPED
from jaxlike.posterior.functions import Function
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import CorrelatedPrior
from jaxlike.registry.additions import FILE_OPTIONS
from jaxlike.registry.names import Names
from jaxlike.registry.nz_models import as_given
from jaxlike.registry.options import KAPPA_OPTIONS, LIKELIHOOD_OPTIONS, THEORY_OPTIONS
from jaxlike.registry.probes import PROBE_SETS
from jaxlike.registry.samples import Prefix, owner_word


def as_cobaya(config: Config) -> dict[str, Any]:
    """The blocks theory, likelihood, params and prior of a Cobaya input.

    Likelihoods keep their names; the default parameters of components stand among the others.
    Parameters that CosmoSIS has in sections have names that both hosts take, and likelihoods a
    prefix in the place of a suffix.  Functions are their text; one of Python, which has none, is
    said to be a function.  Parameters that are marginalised in closed form stand there with their
    priors, as they were.
    """
    config = config.asked or config
    theory, names = vars(config.theory), config.names
    renamed = {p.name: _name(p.name, names) for p in config.parameters}
    joint = {prior.name: prior.renamed(renamed) for prior in config.correlated_priors}
    params: dict[str, Any] = {
        renamed[p.name]: _parameter(p, p.name in config.output_latex, renamed)
        for p in config.parameters
    }
    for one in config.outputs:
        if one.name not in params:
            function = {} if one.function is None else {"derived": _text(one.function.text)}
            params[one.name] = {**function, "latex": config.output_latex[one.name]}
    return {
        "theory": {THEORY: {name: theory[name] for name in THEORY_OPTIONS}},
        "likelihood": {
            **{one.name: _likelihood(one, joint, renamed) for one in config.likelihoods},
            **{one.name: one.as_cobaya for one in config.others},
        },
        "params": params,
        "prior": {
            # those of likelihoods too, as Cobaya writes them
            **{name: prior.text for name, prior in joint.items()},
            **{prior.name: _text(prior.text) for prior in config.external_priors},
        },
    }


def _likelihood(
    one: LikelihoodConfig, joint: Mapping[str, CorrelatedPrior], renamed: Mapping[str, str]
) -> dict[str, Any]:
    name = next((k for k, v in PROBE_SETS.items() if v == one.probes), None)
    # other choices of statistics have no component of their own
    component, chosen = PREFIX + (name or "3x2pt"), None if name else list(one.probes or ())
    options: dict[str, Any] = {} if one.name == component else {"class": component}
    known = {
        **{name: _given(value) for name, value in vars(one.options).items()},
        **{key: _place(getattr(one.options, key)) for key in FILE_OPTIONS},
        "marginalise": [renamed.get(name, name) for name in one.options.marginalise or ()] or None,
        "nz": as_given(one.options.nz),
        "data_file": _place(one.data_file or SHIPPED[0]),  # by name: it is a mock
        "probes": chosen,
        "scale_cuts": one.scale_cuts
        if isinstance(one.scale_cuts, Mapping)
        else _place(one.scale_cuts),
        "survey": one.survey,
        "prefix": _given(_prefix(one)),
        "kernels": _given(one.kernels),
        "correlated_priors": {
            prior.name: joint[prior.name].as_option
            for prior in one.correlated
            if prior.name in joint
        }
        or None,
        "nz_file": _places(one.nz_file),
        **dict.fromkeys(KAPPA_OPTIONS),
        **{key: _given(value) for key, value in one.kappa.items()},
    }
    return {**options, **{key: known[key] for key in LIKELIHOOD_OPTIONS}, "params": {}}


def _prefix(one: LikelihoodConfig) -> Prefix:
    """What the names of a likelihood's parameters begin with outside of CosmoSIS's sections."""
    if one.prefix or isinstance(one.suffix, str):
        return one.prefix or owner_word("", str(one.suffix))
    return {table: owner_word("", suffix) for table, suffix in one.suffix.items()}


def _name(name: str, names: Names) -> str:
    """A parameter's name as both hosts take it: the canonical one of what stands in a section."""
    named = names.find(name) if "--" in name else None
    return name.replace("--", "_") if named is None else named.canonical


def _given(value: object) -> object:
    """What yaml can hold of an option: None where nothing is given."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    return None if value == "" else value


def _place(name: str | None) -> str | None:
    """A file from the root on, so that it is found from wherever the input is read again."""
    return str(Path(name).resolve()) if name is not None and Path(name).is_file() else name


def _places(found: str | Mapping[str, str] | None) -> str | dict[str, str | None] | None:
    """The same of a file, or of each by its name."""
    if isinstance(found, Mapping):
        return {name: _place(one) for name, one in found.items()}
    return _place(found)


def _text(text: str | None) -> str:
    return "a function" if text is None else text


def _function(function: Function, renamed: Mapping[str, str]) -> str:
    """The text of a function of parameters, by their names outside of CosmoSIS's sections."""
    arguments = [renamed.get(name, name) for name in function.arguments]
    if arguments == list(function.arguments):
        return _text(function.text)
    listed = ", ".join(arguments)
    return f"lambda {listed}: ({_text(function.text)})({listed})"


def _parameter(p: Parameter, recorded: bool, renamed: Mapping[str, str]) -> Any:
    drop = {"drop": True} if p.drop else {}
    if p.prior is not None:
        found: dict[str, Any] = {"prior": dict(p.prior.as_cobaya())}
        if p.ref_scale is not None and p.ref_loc is not None:
            normal = {"dist": "norm", "loc": p.ref_loc, "scale": p.ref_scale}
            found["ref"] = normal if p.ref_scale > 0 else p.ref_loc
        elif p.ref_loc not in (None, p.prior.centre):  # where CosmoSIS starts
            found["ref"] = p.ref_loc
        if p.proposal is not None:
            found["proposal"] = p.proposal
        return {**found, "latex": p.latex, **drop}
    if p.derived_from is not None:
        kept = {} if recorded else {"derived": False}
        text = _function(p.derived_from, renamed)
        return {"value": text, "latex": p.latex, **kept, **drop}
    return {"value": p.value, **drop} if drop else p.value
