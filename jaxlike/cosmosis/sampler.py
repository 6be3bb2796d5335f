"""CosmoSIS samplers that follow the gradients of a pipeline whose only module is jaxlike's.

`[runtime] import_samplers = cosmosis_modules/jaxlike_samplers.py` makes them known to CosmoSIS. The
likelihood is the one that the module has set up, the priors are the pipeline's own.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import jax
import numpy as np
from cosmosis.runtime import prior as host
from cosmosis.samplers import ParallelSampler

from jaxlike.config import Config, cosmosis_priors
from jaxlike.config.correlated import check_distinct, of_parameters
from jaxlike.config.cosmosis_correlated import MODULE_FILE, mapped
from jaxlike.config.cosmosis_output import derived_in, with_outputs
from jaxlike.config.likelihood_config import names_of
from jaxlike.config.others import check_counted_once
from jaxlike.cosmosis.module import TwoPointModule
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.inference import Chains, complaints, report, summarise, together, with_derived
from jaxlike.inference.samplers.by_name import checked_options, options_of, sampler
from jaxlike.likelihoods.two_point import DataSet
from jaxlike.loading import model_from_config, with_checked_parameters
from jaxlike.posterior.model import Model
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Prior
from jaxlike.registry.names import Names, default_latex


def prior_of(name: str, given: Any) -> Prior:
    """A CosmoSIS prior as one with a gradient; ParameterError names those that have none."""
    ever = {"low": -math.inf, "high": math.inf}
    try:
        match given:
            case host.UniformPrior():
                return cosmosis_priors.uniform(given.a, given.b, **ever)
            case host.GaussianPrior():
                return cosmosis_priors.gaussian(given.mu, given.sigma, **ever)
            case host.ExponentialPrior():
                return cosmosis_priors.exponential(given.beta, **ever)
            case host.TruncatedOneoverxPrior():
                return cosmosis_priors.one_over_x(given.lower, given.upper, **ever)
            case host.TruncatedGaussianPrior():
                limits = {"low": given.lower, "high": given.upper}
                return cosmosis_priors.gaussian(given.mu, given.sigma, **limits)
            case host.TruncatedExponentialPrior():
                limits = {"low": given.lower, "high": given.upper}
                return cosmosis_priors.exponential(given.beta, **limits)
    except ParameterError as error:
        raise ParameterError(f"prior of '{name}': {error}") from error
    raise ParameterError(
        f"parameter '{name}' has a {type(given).__name__}, which this sampler cannot follow; "
        "accepted are uniform, gaussian, exponential and one-over-x priors"
    )


def model_of(pipeline: Any) -> Model:
    """The posterior of a CosmoSIS pipeline, the product of the likelihoods of its modules;
    ConfigError if some of them are not this package's."""
    maps = [module for module in pipeline.modules if Path(module.filename).name == MODULE_FILE]
    modules = [module.data for module in pipeline.modules if module not in maps]
    if not modules or not all(isinstance(module, TwoPointModule) for module in modules):
        names = ", ".join(module.name for module in pipeline.modules)
        raise ConfigError(
            f"the pipeline's modules are {names}: gradients go through jaxlike_two_point.py alone"
        )
    configs = [module.config for module in modules]
    if any(config.options.power != "jaxlike" for config in configs):
        raise ConfigError("power = block has no gradient: take power = jaxlike")
    known = names_of(dict.fromkeys(owner for one in configs for owner in one.owners))
    others = tuple(one for module in modules for one in module.others)
    check_counted_once(others)
    given = check_distinct(prior for one in configs for prior in one.correlated)
    parameters, joint = of_parameters(
        _with_maps(_parameters_of(pipeline, known), maps), given, known
    )
    config = with_outputs(
        Config(
            Path("pipeline"), tuple(configs), parameters, correlated_priors=joint, others=others
        ),
        _extra_output(pipeline),
    )
    if len(modules) > 1 or others:
        return model_from_config(config)
    one, own = modules[0].likelihood, configs[0]
    data_set = DataSet(one.name, one.data, own.options, own.prefix, own.suffix)
    return Model.of(with_checked_parameters(config, [data_set]), {one.name: one})


def _extra_output(pipeline: Any) -> str:
    return " ".join("/".join(place) for place in pipeline.extra_saves)


def _parameters_of(pipeline: Any, known: Names) -> tuple[Parameter, ...]:
    parameters = []
    for p in pipeline.parameters:
        name = f"{p.section}--{p.name}"
        if p.is_fixed():
            parameters.append(Parameter(name, value=float(p.start)))
            continue
        prior, label = prior_of(name, p.prior), default_latex(name, known)
        parameters.append(Parameter(name, prior=prior, latex=label, ref_loc=float(p.start)))
    return tuple(parameters)


def _with_maps(parameters: tuple[Parameter, ...], maps: Sequence[Any]) -> tuple[Parameter, ...]:
    """The parameters with those that CosmoSIS's own modules for correlated ones make of them."""
    for module in maps:
        inputs, outputs, factor, *rest = module.data
        mean = np.asarray(rest[0], float) if rest else np.zeros(len(factor))
        taken, made = (["--".join(name).lower() for name in names] for names in (inputs, outputs))
        parameters = mapped(parameters, taken, made, np.asarray(factor), mean, module.name)
    return parameters


class JaxlikeSampler(ParallelSampler):
    """Chains of one of the package's methods, whose options its section takes.

    With MPI every process makes chains of its own, in an output file of its own, as CosmoSIS's
    metropolis does. `[runtime] resume` goes on from the checkpoint beside the output.
    """

    sampler_outputs = (("prior", float), ("post", float))
    supports_resume = True
    method: str

    def config(self) -> None:
        """Read the options and build the posterior."""
        jax.config.update("jax_enable_x64", True)
        given = {}
        for name in options_of(self.method):
            text = self.read_ini(name, str, "")
            if text:
                given[name] = text
        self.options = checked_options(self.method, given)
        rank = self.pool.rank if self.pool is not None else 0
        defaults = options_of(self.method)
        chains, seed = (self.options.get(name, defaults[name]) for name in ("chains", "seed"))
        self.options["seed"] = seed + rank * chains
        self.model = model_of(self.pipeline)
        self.extra = []
        own = list(self.model.derived_parameters)
        computed = derived_in(
            _extra_output(self.pipeline), radiation=self.model.config.theory.radiation
        )
        for section, name in self.pipeline.extra_saves:
            found = computed.get(name.lower(), "")
            if section.lower() != "cosmological_parameters" or found not in own:
                raise ConfigError(
                    f"extra_output has {section}/{name}, which this sampler does not compute; "
                    "accepted are sigma_8, S_8, omega_m, A_s and others of cosmological_parameters "
                    "that are not among its own parameters"
                )
            self.extra.append(own.index(found))
        # cosmosis-postprocess knows its own samplers by name: these chains are of this kind
        self.output.metadata("sampler", "metropolis")
        self.converged = self.resuming = False
        self.written = 0

    def resume(self) -> None:
        """Go on from the checkpoint; rows of the output are written again, whole."""
        path = self._checkpoint()
        self.resuming = path is not None and path.exists()
        _drop_rows(self.output._file)

    def execute(self) -> None:
        """Make the chains; what there is of them is on disk every few seconds."""
        run = sampler(self.method)
        chains = run(
            self.model,
            **self.options,
            progress=self.is_master(),
            save=self._write,
            checkpoint=self._checkpoint(),
            resume=self.resuming,
        )
        every = [chains] if self.pool is None else self.pool.comm.gather(chains)
        if every is not None:
            chains = together(every)
            summary = summarise(chains)
            print(report(chains, summary), flush=True)
            for complaint in complaints(chains, summary):
                print(f"jaxlike: warning: {complaint}", flush=True)
        self.converged = True

    def worker(self) -> None:
        """What the other processes do: the same as the first."""
        self.execute()

    def _checkpoint(self) -> Path | None:
        """Where the state of the run is kept; None where the output is not a file."""
        if not hasattr(self.output, "filename_base"):
            return None
        return Path(f"{self.output.filename_base}.checkpoint.npz")

    def _write(self, chains: Chains) -> None:
        """Add the new draws of every chain to the output."""
        new = replace(
            chains,
            draws=chains.draws[:, self.written :],
            log_prior=chains.log_prior[:, self.written :],
            log_posterior=chains.log_posterior[:, self.written :],
        )
        self.written = chains.n_draws
        if not new.draws.size:
            return
        flat = new.draws.reshape(-1, new.draws.shape[-1])
        derived = np.asarray(with_derived(self.model, new).derived)
        extra = derived.reshape(len(flat), -1)[:, np.array(self.extra, int)]
        densities = new.log_prior.ravel(), new.log_posterior.ravel()
        for x, more, prior, posterior in zip(flat, extra, *densities, strict=True):
            self.output.parameters(x, more, prior, posterior)
        self.output.flush()

    def is_converged(self) -> bool:
        """Whether the chains have been made."""
        return self.converged


def _drop_rows(file: TextIO) -> None:
    """Cut an open text chain behind its header, and stand there."""
    file.seek(0)
    end = 0
    while file.readline().startswith("#"):
        end = file.tell()
    file.seek(end)
    file.truncate()


class JaxlikeNutsSampler(JaxlikeSampler):
    """NUTS; section [jaxlikenuts] takes the options of `jaxlike sample --method nuts`."""

    method = "nuts"


class JaxlikeMclmcSampler(JaxlikeSampler):
    """Adjusted microcanonical Langevin; section [jaxlikemclmc]."""

    method = "adjusted_mclmc"
