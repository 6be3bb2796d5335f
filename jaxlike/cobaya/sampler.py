"""Cobaya samplers that follow the gradients of a posterior that is jaxlike's from end to end.

The input is read again as the package's own commands read it, so that priors, fixed values and
functions of parameters become one compiled JAX function; chains are written as Cobaya writes them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from cobaya import mpi
from cobaya.collection import SampleCollection
from cobaya.conventions import Extension, get_chi2_name
from cobaya.log import LoggedError
from cobaya.model import LogPosterior
from cobaya.sampler import Sampler

import jaxlike
from jaxlike.cobaya.own_values import NotThere, compared_with
from jaxlike.cobaya.precision import prepare_jax
from jaxlike.config import config_from_info
from jaxlike.config.boltzmann import boltzmann_code
from jaxlike.errors import JaxlikeError
from jaxlike.files import atomic_writer
from jaxlike.inference import (
    Chains,
    complaints,
    summarise,
    together,
    with_chi2s,
    with_derived,
    with_external_priors,
)
from jaxlike.inference.results.diagnostics import MAX_R_HAT
from jaxlike.inference.runs.options import SEED, check_whole
from jaxlike.inference.samplers.by_name import checked_options, options_of, sampler
from jaxlike.loading import model_from_config
from jaxlike.posterior.range_policy import check_prior

_STATE = ".jaxlike.{}.npz"  # of the process of that number, beside Cobaya's own .checkpoint


class ChainSampler(Sampler):
    """Chains of one of the package's methods; options are those of `jaxlike sample`."""

    bibtex_file = "jaxlike.bibtex"
    seed: Any
    check: bool
    _method: str

    def initialize(self) -> None:
        """Build the posterior from the model's own input; name what has no gradient."""
        prepare_jax()
        try:
            given = {name: getattr(self, name) for name in options_of(self._method)}
            given = {name: value for name, value in given.items() if value is not None}
            self._options = checked_options(self._method, given)
            info = self.model.info()
            self._posterior = model_from_config(config_from_info(info, "input"))
            check_prior(self._posterior, lambda sentence: self.mpi_warning("%s", sentence))
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error
        self._check_sampled()
        if self.check:
            self._check_against_cobaya()
        self._check_derived()
        seed = self.seed if self.seed is not None else int(self._rng.integers(2**31))
        self._options["seed"] = seed + mpi.rank() * self._options["chains"]

    def _set_rng(self) -> None:
        """Cobaya's random numbers, which it makes before `initialize`, of a seed that is one."""
        if self.seed is not None:
            try:
                check_whole("seed", self.seed, *SEED)
            except JaxlikeError as error:
                raise LoggedError(self.log, "%s: %s", self, error) from error
        super()._set_rng()

    def _check_sampled(self) -> None:
        """LoggedError on a parameter that Cobaya samples and that nothing here sees."""
        theirs = self.model.parameterization.sampled_params()
        if not self._posterior.parameters:
            raise LoggedError(
                self.log, "%s: nothing is sampled: give a parameter of params a prior", self
            )
        idle = next((name for name in theirs if name not in self._posterior.parameters), None)
        if idle is not None:
            raise LoggedError(
                self.log,
                "%s: parameter '%s' is sampled, but no likelihood sees it with jaxlike's theory: "
                "give it a value, or leave it out",
                *(self, idle),
            )

    def _check_against_cobaya(self) -> None:
        """Compare the likelihoods with Cobaya's own at the reference, once."""
        if not mpi.is_main_process():
            return
        try:
            found = compared_with(self.model, self._posterior)
            if found is not None:
                found.check()
                self.log.info("%s", found.text)
        except NotThere as reason:
            self.log.warning("not checked against Cobaya: %s", reason)
        except JaxlikeError as error:
            raise LoggedError(
                self.log, "%s: %s (check: false in the sampler)", self, error
            ) from error

    def _check_derived(self) -> None:
        """Say what derived parameters cost that only Cobaya computes."""
        known = {*self._posterior.derived_parameters, *self._sums}
        unknown = [n for n in self.model.parameterization.derived_params() if n not in known]
        self._own_derived = not unknown
        if unknown and boltzmann_code(self.model.info()) is not None:
            self.log.warning(
                "%s are computed by Cobaya alone, which evaluates its theory for every draw: leave "
                "them out of params to save the time",
                ", ".join(unknown),
            )

    def run(self) -> None:
        """Make the chains; what there is of them is on disk every few seconds."""
        first = 1 + mpi.rank() * self._options["chains"]
        resuming = bool(self.output) and self.output.is_resuming()
        self._collections = [
            SampleCollection(self.model, self.output, name=str(first + i), sample_type="mcmc")
            for i in range(self._options["chains"])
        ]
        where = {}
        if self.output:
            path = Path(self.output.folder) / (self.output.prefix + _STATE.format(mpi.rank()))
            where = {"checkpoint": path, "resume": resuming and path.exists()}
        try:
            chains = sampler(self._method)(
                self._posterior,
                **self._options,
                **where,
                progress=mpi.is_main_process(),
                save=self._save,
            )
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error
        self._finish(chains)

    def _save(self, chains: Chains) -> None:
        """Add the new draws to Cobaya's collections."""
        done = len(self._collections[0])
        new = replace(
            chains,
            draws=chains.draws[:, done:],
            log_prior=chains.log_prior[:, done:],
            log_posterior=chains.log_posterior[:, done:],
        )
        factors = with_external_priors(self._posterior, new).log_priors
        each_factor = [factors[name] for name in self.model.prior]
        chi2s = with_chi2s(self._posterior, new).chi2s
        each = [chi2s[name] for name in self.model.likelihood] if chi2s else [new.chi2]
        derived = self._derived(new, each) if self._own_derived else None
        for i, collection in enumerate(self._collections):
            for j in range(done, chains.n_draws):
                point = chains.draws[i, j]
                if derived is not None:
                    collection.add(
                        point,
                        logpost=LogPosterior(
                            logpost=float(chains.log_posterior[i, j]),
                            logpriors=[float(factor[i, j - done]) for factor in each_factor],
                            loglikes=[float(-0.5 * chi2[i, j - done]) for chi2 in each],
                            derived=derived[i, j - done].tolist(),
                        ),
                    )
                else:  # Cobaya computes what only it knows
                    collection.add(point, logpost=self.model.logposterior(point))
            collection.out_update()
        if self.output and mpi.is_main_process():
            self._write_progress(chains)

    def _derived(self, chains: Chains, chi2s: Sequence[np.ndarray]) -> np.ndarray:
        """Derived parameters in the input's order (chain, draw, m); chi2s: of each likelihood."""
        names = list(self.model.parameterization.derived_params())
        if not names or not chains.draws.size:
            return np.zeros((*chains.draws.shape[:2], 0))
        values = np.asarray(with_derived(self._posterior, chains).derived)
        own = dict(zip(self._posterior.derived_parameters, np.moveaxis(values, -1, 0), strict=True))
        for name, numbers in self._sums.items():
            own[name] = np.sum([chi2s[i] for i in numbers], axis=0)
        return np.stack([own[name] for name in names], axis=-1)

    @property
    def _sums(self) -> dict[str, list[int]]:
        """Cobaya's chi2__TYPE and chi2__NAME -> the numbers of the likelihoods that it is of."""
        found: dict[str, list[int]] = {}
        for i, (name, one) in enumerate(self.model.likelihood.items()):
            for word in {name, *one.type_list}:
                found.setdefault(get_chi2_name(word), []).append(i)
        return found

    def _write_progress(self, chains: Chains) -> None:
        """Cobaya's .progress, one row a call, and its .checkpoint."""
        summary = summarise(chains)
        worst = float(np.max(summary.r_hat)) - 1
        path = Path(self.progress_filename())
        rows = path.read_text() if path.exists() else "# N acceptance_rate Rminus1\n"
        total = chains.n_draws * len(self._collections) * mpi.size()
        with atomic_writer(path) as file:
            file.write(f"{rows}{total} 1 {worst:.6g}\n".encode())
        finished = chains.n_draws >= chains.wanted and worst < MAX_R_HAT - 1
        with atomic_writer(Path(self.checkpoint_filename())) as file:
            text = f"sampler:\n  {self.get_name()}:\n    converged: {str(finished).lower()}\n"
            file.write(text.encode())

    def _finish(self, chains: Chains) -> None:
        every = mpi.gather(chains)
        if not mpi.is_main_process():
            return
        every_chain = together(every)
        summary = summarise(every_chain)
        self.log.info(
            "%d chains of %d draws: R-hat %.4f, smallest ESS %.0f (%s)",
            *(
                every_chain.n_chains,
                every_chain.n_draws,
                summary.r_hat.max(),
                summary.ess_bulk.min(),
            ),
            summary.names[int(np.argmin(summary.ess_bulk))],
        )
        for complaint in complaints(every_chain, summary):
            self.log.warning("%s", complaint)
        if self.output:
            covariance = np.cov(every_chain.draws.reshape(-1, every_chain.draws.shape[-1]).T)
            stem = Path(self.output.folder) / self.output.prefix
            with atomic_writer(stem.with_name(stem.name + Extension.covmat)) as file:
                np.savetxt(file, np.atleast_2d(covariance), header=" ".join(every_chain.names))

    def products(self, **_: Any) -> dict[str, Any]:
        """The chains of this process as Cobaya's collections: `sample`, one or a list of them."""
        one = len(self._collections) == 1
        return {"sample": self._collections[0] if one else self._collections}

    def samples(self, **_: Any) -> Any:
        """The same without a name."""
        return self.products()["sample"]

    @classmethod
    def output_files_regexps(
        cls, output: Any, info: Mapping[str, Any] | None = None, minimal: bool = False
    ) -> list[tuple[re.Pattern[str], str | None]]:
        """Patterns of the files that a run writes."""
        chains: list[tuple[re.Pattern[str], str | None]] = [
            (output.collection_regexp(name=None), None)
        ]
        if minimal:
            return chains
        endings = (Extension.checkpoint, Extension.progress, Extension.covmat)
        patterns = [re.escape(ending.lstrip(".")) for ending in endings]
        patterns.append(re.escape(_STATE.lstrip(".")).replace(r"\{\}", r"\d+"))
        return chains + [(re.compile(f"{output.prefix_regexp_str}{p}$"), None) for p in patterns]

    @classmethod
    def get_version(cls) -> str:
        """Version of jaxlike."""
        return jaxlike.__version__


class NUTS(ChainSampler):
    r"""No-U-Turn sampler \cite{Hoffman:2011ukg} of BlackJAX \cite{Cabezas:2024bj}, with a warm-up
    that needs no start and no covariance matrix."""

    _method = "nuts"


class MCLMC(ChainSampler):
    r"""Adjusted microcanonical Langevin sampler \cite{Robnik:2025mams} of BlackJAX
    \cite{Cabezas:2024bj}, after the same warm-up as NUTS."""

    _method = "adjusted_mclmc"
