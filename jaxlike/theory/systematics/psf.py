"""What the shapes of stars leave in those of galaxies: additive terms of xi+.

The ellipticities have p . (e_PSF moments, 1) in them, with the same p for all galaxies, so xi+ has
p1^T S1(theta) p1 + p2^T S2(theta) p2, S1 and S2 the correlations of the moments and p1, p2 the
factors of the two components (HSC-Y3: Zhang et al. 2023, arXiv:2212.03257; Li et al. 2023,
arXiv:2304.00702). xi- has no such terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from jaxlike.errors import ConfigError
from jaxlike.theory.declarations import GIVEN, Declared
from jaxlike.theory.statistics.correlation_functions import XI_PLUS
from jaxlike.theory.systematics.registry import Context, Own, Tracers, register

FACTORS = ("psf_alpha2", "psf_beta2", "psf_alpha4", "psf_beta4")
"""Leakage (alpha) of and error (beta) in the model of second and fourth moments."""
CONSTANTS = ("psf_c1", "psf_c2")
"""Additive shear of the two components."""


def _declared(name: str, number: int, latex: str) -> Declared:
    section = "psf_systematics_parameters"
    factor = name in FACTORS
    sections = (f"{section}--psf_cor{number}_z1",) if factor else (f"{section}--{name}_z1",)
    return Declared(
        name,
        (),
        sections,
        latex,
        needs=("psf_file", (GIVEN,)),
        required_by=(("psf_file", GIVEN),) if factor else (),
    )


@register("psf")
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PsfTerms:
    """Additive terms of one sample of shapes.

    tables: (2, k + 1, k + 1, n_data) of each component at the angle of every point, zero but for
    xi+; jacobian (k, k), centre (k,): p = J u + centre, u being the parameters, which may be
    decorrelated.
    """

    tables: NDArray
    jacobian: NDArray
    centre: NDArray
    sample: int = field(metadata={"static": True})
    kind: ClassVar[str] = "shear"
    parameters: ClassVar[tuple[Declared, ...]] = (
        _declared("psf_alpha2", 1, r"\alpha^{(2)}_\mathrm{PSF}"),
        _declared("psf_beta2", 2, r"\beta^{(2)}_\mathrm{PSF}"),
        _declared("psf_alpha4", 3, r"\alpha^{(4)}_\mathrm{PSF}"),
        _declared("psf_beta4", 4, r"\beta^{(4)}_\mathrm{PSF}"),
        _declared("psf_c1", 0, "c_1"),
        _declared("psf_c2", 0, "c_2"),
    )

    @classmethod
    def of(cls, context: Context, options: Mapping[str, Any]) -> tuple[Self, ...]:
        """Of all xi+, with the option `psf_file` and the arrays of its file."""
        if options["psf_file"] is None:
            return ()
        tables, file = context.of(XI_PLUS.name), context.files["psf_file"]
        samples = {one.samples for one in tables}
        if samples != {(i, i) for i, _ in samples} or len(samples) != 1:
            have = "several samples of xi_plus" if samples else "no xi_plus"
            raise ConfigError(
                f"option 'psf_file' is given, but the data of {context.source} in use have {have}; "
                "it is for xi_plus of one sample: leave it out"
            )
        at = np.zeros((*file["tables"].shape[:-1], context.n_data))
        x, low, high = np.log(file["theta"]), file["theta"][0], file["theta"][-1]
        curve = CubicSpline(x, file["tables"], axis=-1)
        for table in tables:
            theta = table.theta
            assert theta is not None  # of xi+
            if theta.min() < low * (1 - 1e-6) or theta.max() > high * (1 + 1e-6):
                arcmin = np.degrees([theta.min(), theta.max(), low, high]) * 60
                raise ConfigError(
                    f"xi_plus of {context.source} in use is at {arcmin[0]:.4g} to {arcmin[1]:.4g} "
                    f"arcmin, but psf_file '{options['psf_file']}' at {arcmin[2]:.4g} to "
                    f"{arcmin[3]:.4g}: cut the data or extend the file"
                )
            at[..., table.rows] = curve(np.log(theta))
        return (cls(at, file["jacobian"], file["centre"], samples.pop()[0]),)

    def added(self, tracers: Tracers, own: Own) -> Array:
        """What the PSF adds to the data vector (n_data,)."""
        given = own[self.sample]
        u = jnp.stack([jnp.asarray(given[name], float) for name in FACTORS])
        p = jnp.asarray(self.jacobian) @ u + self.centre
        constants = (jnp.asarray(given.get(name, 0.0), float) for name in CONSTANTS)
        first, second = (
            _form(table, jnp.append(p, c)) for table, c in zip(self.tables, constants, strict=True)
        )
        return first + second


def _form(table: ArrayLike, p: Array) -> Array:
    """p^T S p (n_data,)."""
    return jnp.einsum("i,j,ijt->t", p, p, jnp.asarray(table))
