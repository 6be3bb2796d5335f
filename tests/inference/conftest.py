"""A posterior with known moments, in the shape that samplers expect of a model."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.inference.runs.compiled_functions import CompiledFunctions
from jaxlike.inference.runs.device_placement import Placement
from jaxlike.inference.runs.transitions import compile_segment
from jaxlike.inference.samplers.hmc import hmc_method
from jaxlike.inference.samplers.mclmc import adjusted_method, unadjusted_method
from jaxlike.inference.target import points_at_once, sloped_density
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Normal

PRIOR = Normal(0.5, 2.0)

#: methods that make chains -> what goes on where NUTS has warmed up
CHAINS = {
    "nuts": lambda: None,
    "hmc": hmc_method,
    "adjusted_mclmc": adjusted_method,
    "mclmc": unadjusted_method,
}


@dataclass(frozen=True)
class GaussianModel:
    """Normal priors times a Gaussian likelihood exp(-(x - mu).P.(x - mu) / 2)."""

    mu: np.ndarray
    precision: np.ndarray
    prior: Normal = PRIOR
    start: np.ndarray | None = None
    walls: float | None = None  # the density is zero where the first parameter is larger
    data: object = field(
        default_factory=lambda: SimpleNamespace(n_data=3, source="fake.fits"), compare=False
    )

    @property
    def parameters(self):
        return tuple(f"p{i}" for i in range(len(self.mu)))

    @property
    def specs(self):
        return tuple(
            Parameter(p, prior=self.prior, latex=f"p_{{{p[1:]}}}") for p in self.parameters
        )

    @property
    def reference(self):
        return np.full(len(self.mu), self.prior.loc) if self.start is None else self.start

    def from_unconstrained(self, u):
        return self.prior.from_unit_normal(jnp.asarray(u))

    def to_unconstrained(self, x):
        return self.prior.to_unit_normal(jnp.asarray(x))

    def log_prior(self, x):
        return jnp.sum(self.prior.log_density(x))

    def log_likelihood(self, x):
        d = jnp.asarray(x) - self.mu
        value = -0.5 * d @ self.precision @ d - 3.0
        return value if self.walls is None else jnp.where(x[0] > self.walls, -jnp.inf, value)

    def log_posterior(self, x):
        return self.log_prior(x) + self.log_likelihood(x)

    def log_density(self, u):
        return self.log_likelihood(self.from_unconstrained(u)) + self.log_reference(u) + 7.0

    def log_reference(self, u):
        return -0.5 * u @ u

    @property
    def posterior(self):
        """Mean and covariance of the posterior."""
        weight = np.eye(len(self.mu)) / self.prior.scale**2
        covariance = np.linalg.inv(self.precision + weight)
        return covariance @ (self.precision @ self.mu + weight @ self.reference_mean), covariance

    @property
    def ln_z(self):
        """Logarithm of the evidence."""
        mean, covariance = self.posterior
        log_volume = 0.5 * np.linalg.slogdet(2.0 * np.pi * covariance)[1]
        inside = GaussianModel(self.mu, self.precision, self.prior)
        return float(inside.log_posterior(mean)) + log_volume

    @property
    def reference_mean(self):
        return np.full(len(self.mu), self.prior.loc)


@dataclass(frozen=True)
class Movable(GaussianModel):
    """The same, of which one compilation serves all means, precisions and walls."""

    walls: float = np.inf

    @property
    def context(self):
        return self.mu, self.precision, self.walls

    def in_context(self, context):
        mu, precision, walls = context
        return replace(self, mu=mu, precision=precision, walls=walls)


@pytest.fixture(scope="session")
def make_gaussian():
    def make(n=10, seed=1, **changes):
        rng = np.random.default_rng(seed)
        axes = np.linalg.qr(rng.standard_normal((n, n)))[0]
        precision = (axes * np.geomspace(1e-2, 1e4, n)) @ axes.T
        return GaussianModel(rng.standard_normal(n), precision, **changes)

    return make


@pytest.fixture(scope="session")
def make_movable(make_gaussian):
    def make(n, seed=1, **changes):
        model = make_gaussian(n, seed)
        return Movable(model.mu, model.precision, **changes)

    return make


def functions_of(method, model, chains, known=None):
    """What runs on a Movable need compiled; what another method needs too is taken from `known`."""
    chosen = CHAINS[method]()
    with ThreadPoolExecutor(4) as pool:
        known = known or CompiledFunctions.start(model, None, chains, 10, pool)
        if chosen is None:
            return known
        placement = Placement.of(chains, points_at_once(model))
        own = pool.submit(compile_segment, chosen.kernel, model, sloped_density(model), placement)
    return replace(known, placements=(known.placements[0], placement), own=own)


@pytest.fixture(scope="session")
def functions(make_movable):
    """A function of a method, dimensions and chains: `functions_of`, once."""

    @cache
    def make(method, n, chains):
        known = None if method == "nuts" else make("nuts", n, chains)
        return functions_of(method, make_movable(n), chains, known)

    return make


@pytest.fixture
def interrupt(monkeypatch):
    """Interrupt a run at the given update of its progress bar."""
    import tqdm

    def arrange(after):
        def update(bar, count=1):
            bar.updates = getattr(bar, "updates", 0) + 1
            if bar.updates == after:
                raise KeyboardInterrupt

        monkeypatch.setattr(tqdm.tqdm, "update", update)

    return arrange
