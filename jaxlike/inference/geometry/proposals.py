"""Densities that are known everywhere, drawn from at will, and learned from draws of a posterior.

A normal one, or a normalising flow of FlowJAX (Ward 2023) where a posterior is far from normal.
"""

from typing import Any, Protocol

import numpy as np
from scipy.linalg import solve_triangular

from jaxlike.errors import ConfigError

PROPOSALS = ("normal", "flow")

_LAYERS, _WIDTH = 8, 128  # of a flow
_RATE, _BATCH, _EPOCHS, _PATIENCE = 1e-3, 128, 200, 10


class Proposal(Protocol):
    """A normalised density over u (n,)."""

    def log_density(self, u: np.ndarray) -> np.ndarray:
        """ln g (m,) at points u (m, n)."""
        ...

    def draw(self, m: int, seed: int) -> np.ndarray:
        """Independent draws (m, n)."""
        ...


class NormalProposal:
    """The normal density of mean and covariance of draws u (m, n)."""

    def __init__(self, u: np.ndarray) -> None:
        self.mean = u.mean(axis=0)
        self.root = np.linalg.cholesky(np.cov(u, rowvar=False).reshape(2 * self.mean.shape))

    def log_density(self, u: np.ndarray) -> np.ndarray:
        z = self.whitened(u)
        return -0.5 * np.sum(z**2, axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi) - self.ln_root

    def draw(self, m: int, seed: int) -> np.ndarray:
        return self.coloured(np.random.default_rng(seed).standard_normal((m, len(self.mean))))

    @property
    def ln_root(self) -> float:
        """ln of the determinant of the covariance's root."""
        return float(np.log(np.diag(self.root)).sum())

    def whitened(self, u: np.ndarray) -> np.ndarray:
        """z (m, n) of mean zero and unit covariance."""
        return np.asarray(solve_triangular(self.root, (u - self.mean).T, lower=True).T)

    def coloured(self, z: np.ndarray) -> np.ndarray:
        """u (m, n) of z."""
        return np.asarray(self.mean + z @ self.root.T)


class FlowProposal:
    """Affine coupling layers, trained by maximum likelihood on draws u (m, n) made white.

    A tenth of the draws says when to stop.
    """

    def __init__(self, u: np.ndarray, seed: int) -> None:
        try:
            import equinox as eqx
            from flowjax.distributions import Normal
            from flowjax.flows import coupling_flow
            from flowjax.train import fit_to_data
        except ImportError as error:
            raise ConfigError(
                "proposal 'flow' needs FlowJAX: pip install 'jaxlike[evidence]'"
            ) from error
        import jax
        import jax.numpy as jnp

        if u.shape[1] < 2:
            raise ConfigError("proposal 'flow' needs two parameters or more; 'normal' takes one")

        def cast(flow: Any, dtype: Any) -> Any:
            return jax.tree.map(lambda a: a.astype(dtype) if eqx.is_inexact_array(a) else a, flow)

        self.normal = NormalProposal(u)
        keys = jax.random.split(jax.random.key(seed))
        flow = coupling_flow(
            keys[0],
            base_dist=Normal(jnp.zeros(u.shape[1])),
            flow_layers=_LAYERS,
            nn_width=_WIDTH,
        )
        # a flow of single precision serves as well, and is trained in half the time
        flow, _ = fit_to_data(
            keys[1],
            cast(flow, jnp.float32),
            jnp.asarray(self.normal.whitened(u), jnp.float32),
            learning_rate=_RATE,
            batch_size=min(_BATCH, len(u) // 4),
            max_epochs=_EPOCHS,
            max_patience=_PATIENCE,
            show_progress=False,
        )
        # but its density is what the estimate rests on
        whole = cast(flow, jnp.result_type(float))
        self.log_prob = jax.jit(lambda z: whole.log_prob(z))
        self.sample = jax.jit(lambda key, m: whole.sample(key, (m,)), static_argnums=1)

    def log_density(self, u: np.ndarray) -> np.ndarray:
        return np.asarray(self.log_prob(self.normal.whitened(u))) - self.normal.ln_root

    def draw(self, m: int, seed: int) -> np.ndarray:
        import jax

        return self.normal.coloured(np.asarray(self.sample(jax.random.key(seed), m)))


def fit_proposal(kind: str, u: np.ndarray, seed: int) -> Proposal:
    """The proposal `kind`, one of PROPOSALS, learned from draws u (m, n)."""
    return FlowProposal(u, seed) if kind == "flow" else NormalProposal(u)
