"""The CosmoSIS module: parameters of a block in, likelihood and data vector out.

CosmoSIS loads cosmosis_modules/jaxlike_two_point.py, which has these functions and nothing else.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from cosmosis.datablock import DataBlock, names, option_section
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.compile_cache import double_precision, keep_compiled
from jaxlike.config import LikelihoodConfig, OtherConfig
from jaxlike.config.container import make_config
from jaxlike.config.cosmosis_ini import (
    LIKELIHOOD,
    like_name_of,
    likelihood_name,
    module_options,
)
from jaxlike.config.cosmosis_others import OWN_SECTIONS, check_listed, others_of
from jaxlike.config.cosmosis_output import derived_in
from jaxlike.config.others import own_names
from jaxlike.cosmosis import block as block_contents
from jaxlike.cosmosis.block_tables import tables as tables_in
from jaxlike.cosmosis.correlated import CorrelatedFactors
from jaxlike.cosmosis.outputs import Outputs
from jaxlike.cosmosis.pipeline import check_values, compressed_for, pipeline_parameters_of
from jaxlike.cosmosis.written import write_likelihood, write_other
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.compiled import Evaluated
from jaxlike.likelihoods.protocol import Other, minus_2_ln
from jaxlike.likelihoods.two_point import Likelihood, build_likelihoods
from jaxlike.loading import built_other, data_set_of
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.range_policy import RangeCount
from jaxlike.registry.closed_form import check_host
from jaxlike.registry.options import bad_value, flag
from jaxlike.registry.power_options import needs_linear
from jaxlike.registry.resolve import resolve
from jaxlike.theory.power.derived import derived_of
from jaxlike.theory.power.power_table import PowerTable
from jaxlike.theory.power.validity import conditions, range_conditions

_DEFAULT_SECTION = "_cosmosis_default_section"  # what [DEFAULT] gives to every section
_ALWAYS = {"sigma_8": "sigma8", "s_8": "S8"}  # what the block gets in any case
# With the block's power the cosmology is the host's: any one lets the other names be checked.
_STAND_IN = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "sigma8": 0.8}


class _Result(NamedTuple):
    """Theory (n_data,), its chi^2 and -2 ln L, what a solution and the range of the power spectrum
    need, the cosmology's own numbers, what follows from it by names in the block, what else is
    written, and -2 ln L of likelihoods of other data."""

    likelihood: Evaluated
    conditions: dict[str, Array]
    range: dict[str, Array]
    cosmology: dict[str, Array]
    derived: dict[str, Array]
    outputs: dict[str, Any]
    others: dict[str, Array]


@dataclass(eq=False)
class TwoPointModule:
    """What setup hands to execute; the caches at the end are filled at the first points."""

    likelihood: Likelihood
    config: LikelihoodConfig
    like_name: str
    include_norm: bool
    likelihood_only: bool
    cholesky: NDArray
    own_theory: Callable[[Mapping[str, ArrayLike]], _Result]
    log_prior: Callable[[DataBlock], float]
    outputs: Outputs
    others: tuple[OtherConfig, ...] = ()
    of_others: Mapping[str, str] = field(default_factory=dict)
    table_theories: dict[bytes, Callable[[PowerTable, Mapping[str, ArrayLike]], _Result]] = field(
        default_factory=dict
    )
    out_of_range: RangeCount = field(init=False)
    cosmology_names: tuple[str, ...] = ()
    said: set[str] = field(default_factory=set)
    process: int = field(default_factory=os.getpid)

    def __post_init__(self) -> None:
        self.out_of_range = RangeCount(
            self.likelihood.options.out_of_range,
            lambda sentence: print(f"jaxlike: warning: {sentence}", flush=True),
        )

    def say_once(self, sentence: str) -> None:
        """Print a sentence, unless it has been printed before."""
        if sentence not in self.said:
            self.said.add(sentence)
            print(f"jaxlike: {sentence}", flush=True)


def setup(options: DataBlock) -> TwoPointModule:
    """Read the module's options and its data; JaxlikeError, in one sentence, on bad ones."""
    double_precision()
    keep_compiled()
    section = LIKELIHOOD
    if options.has_value("pipeline", "current_module"):
        section = options["pipeline", "current_module"]
    given = {name: options[option_section, name] for _, name in options.keys(option_section)}
    default = {name for _, name in options.keys(_DEFAULT_SECTION)}
    own = {name: value for name, value in given.items() if name not in default}
    inherited = {name: value for name, value in given.items() if name in default}
    config = make_config(
        Path(f"[{section}]"),
        {likelihood_name(given, section): module_options(own, inherited, section)},
        {},
        parameters=(),
        host="block",
        sampler={},
    )
    like_name = like_name_of(given)
    if not isinstance(like_name, str):
        raise bad_value("like_name", like_name, "a name")
    include_norm = flag("include_norm", given.get("include_norm", False))
    likelihood_only = flag("likelihood_only", given.get("likelihood_only", False))
    check_host(config.theory.marginalise)
    check_values(config, options)
    data_set = data_set_of(config.likelihoods[0])
    if config.theory.compression != "none":
        likelihood = compressed_for(config, options)
    else:
        likelihood = build_likelihoods([data_set])[data_set.name]
    data = likelihood.data
    outputs = Outputs.of(given.get("outputs", ""), likelihood)
    correlated = CorrelatedFactors.of(
        config, pipeline_parameters_of(options) if config.correlated_priors else ()
    )
    others = others_of(own, Path("pipeline"))
    check_listed(others, options.get_string("pipeline", "likelihoods", ""))
    names_of_others = {name: OWN_SECTIONS[name] for name in own_names(others)}
    theirs = replace(config, parameters=tuple(Parameter(name) for name in names_of_others))
    built = [built_other(one, theirs) for one in others]
    saved = options.get_string("pipeline", "extra_output", "")
    derived = _ALWAYS | derived_in(saved, radiation=likelihood.options.radiation)
    where = config.likelihoods[0].said_of(data.source)
    also = (one.source for one in others)
    for sentence in (f"{data.n_data} points of {where}", *also, *correlated.sentences):
        print(f"jaxlike: {sentence}", flush=True)
    return TwoPointModule(
        likelihood,
        config.likelihoods[0],
        like_name,
        include_norm=include_norm,
        likelihood_only=likelihood_only,
        cholesky=np.linalg.cholesky(likelihood.covariance),
        own_theory=jax.jit(
            lambda parameters: _own_theory(
                likelihood, built, parameters, derived, outputs, tuple(names_of_others)
            )
        ),
        log_prior=correlated.log_ratio,
        outputs=outputs,
        others=others,
        of_others=names_of_others,
    )


def execute(block: DataBlock, module: TwoPointModule) -> int:
    """Write the likelihood of the block's parameters; a status that is not 0 is zero likelihood.

    That is for a cosmology without a solution, with the reason printed once; what is wrong at every
    point (an unknown or missing parameter, a missing section, a bug) is an exception.
    """
    if os.getpid() != module.process:
        raise ConfigError(
            "cosmosis --smp runs copies of one process, in which JAX would wait for ever: use --mpi"
        )
    own_power = module.likelihood.options.power == "jaxlike"
    result = _with_own_power(block, module) if own_power else _with_block_power(block, module)
    for sentence, holds in result.conditions.items():
        if not holds:
            return _impossible(module, f"it needs {sentence}")
    for sentence, holds in result.range.items():
        if not holds:
            module.out_of_range.record(sentence)
            return 1
    found = result.likelihood
    if not (np.isfinite(found.deviance) and np.all(np.isfinite(found.vector))):
        return _impossible(module, "its data vector is not finite")
    write_likelihood(
        block,
        module.like_name,
        module.likelihood,
        found,
        log_det=module.likelihood.log_det_of_points if module.include_norm else 0.0,
        log_prior=module.log_prior(block),
        cholesky=None if module.likelihood_only else module.cholesky,
    )
    for one in module.others:
        write_other(block, one.name, float(result.others[one.name]))
    for name, value in result.derived.items():
        if not block.has_value(names.cosmological_parameters, name):
            block[names.cosmological_parameters, name] = float(value)
    module.outputs.write(block, result.outputs)
    return 0


def cleanup(module: TwoPointModule) -> None:
    """Say how many points were out of range in all."""
    if module.out_of_range.n > 1:
        module.out_of_range.warn(module.out_of_range.sentence)


def _impossible(module: TwoPointModule, reason: str) -> int:
    module.say_once(f"zero likelihood for a cosmology without a solution: {reason}")
    return 1


def _own_theory(
    likelihood: Likelihood,
    others: Sequence[Other],
    parameters: Mapping[str, ArrayLike],
    wanted: Mapping[str, str],
    outputs: Outputs,
    of_others: tuple[str, ...] = (),
) -> _Result:
    own_values = {name: parameters[name] for name in of_others}
    shared = {name: value for name, value in parameters.items() if name not in own_values}
    canonical = resolve(shared, likelihood.samples, likelihood.options)
    cosmo = likelihood.cosmology(canonical)
    universe = likelihood.grid.universe(cosmo)  # once, for all that see it
    found, spectra = likelihood.evaluate_in(universe, canonical)
    own = ("h", "Omega_m", "Omega_b", "omega_nu")
    numbers = {name: canonical[name] for name in own if name in canonical}
    of = derived_of(cosmo, likelihood.options.linear)
    derived = {name: jnp.asarray(of(quantity)) for name, quantity in wanted.items()}
    inside = range_conditions(cosmo, likelihood.options.linear)
    possible = conditions(cosmo, last=likelihood.grid.nodes.last_scattering)
    more = outputs.compute(universe, spectra)
    everything = {**canonical, **own_values}
    beside = {one.name: minus_2_ln(one.arrays, everything, universe) for one in others}
    if outputs.words:
        base = {"h0": cosmo.h, "omega_m": cosmo.Omega_m, "omega_k": cosmo.Omega_k}
        derived |= {name: jnp.asarray(value) for name, value in base.items()}
    return _Result(found, possible, inside, numbers, derived, more, beside)


def _with_own_power(block: DataBlock, module: TwoPointModule) -> _Result:
    if not module.cosmology_names:
        module.cosmology_names = block_contents.cosmology_names(block)
    parameters = block_contents.cosmology(block, module.cosmology_names)
    given = (
        parameters | _nuisance(block, module) | block_contents.of_others(block, module.of_others)
    )
    result = jax.device_get(module.own_theory(given))
    numbers = {k: float(v) for k, v in result.cosmology.items()}
    block_contents.check_agreement(block, numbers, module.likelihood.options.neutrinos)
    return result


def _with_block_power(block: DataBlock, module: TwoPointModule) -> _Result:
    likelihood = module.likelihood
    tables = tables_in(block, linear=needs_linear(vars(likelihood.options)))
    # one compilation for each set of grids; a pipeline has one
    key = b"".join(grid.tobytes() for grid in tables[:3])
    if key not in module.table_theories:
        grid = likelihood.table_grid(tables.z, tables.k, tables.z_distance)

        @jax.jit
        def theory(power: PowerTable, parameters: Mapping[str, ArrayLike]) -> _Result:
            canonical = resolve({**_STAND_IN, **parameters}, likelihood.samples)
            universe = likelihood.grid.universe_of_tables(grid, power)
            found, spectra = likelihood.evaluate_in(universe, canonical)
            positive = {"matter_power_nl--p_k > 0": jnp.all(jnp.asarray(power.P_nl) > 0)}
            more = module.outputs.compute(universe, spectra)
            return _Result(found, positive, {}, {}, {}, more, {})

        module.table_theories[key] = theory
    return jax.device_get(module.table_theories[key](tables.power, _nuisance(block, module)))


def _nuisance(block: DataBlock, module: TwoPointModule) -> dict[str, float]:
    found = block_contents.nuisance(block, module.likelihood.samples)
    for section in found.idle:
        module.say_once(f"section [{section}] is not used, for the data have no such galaxies")
    own, samples = module.config, module.likelihood.samples
    return {name: x for name, x in found.given.items() if not own.is_of_unread(name, samples)}
