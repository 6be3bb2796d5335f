"""What the shapes of stars leave in those of galaxies: additive terms of xi+ or of C_ell.

The ellipticities have p . (e_PSF moments, 1) in them, with the same p for all galaxies, so xi+ has
p1^T S1(theta) p1 + p2^T S2(theta) p2, S1 and S2 the correlations of the moments and p1, p2 the
factors of the two components (HSC-Y3: Zhang et al. 2023, arXiv:2212.03257; Li et al. 2023,
arXiv:2304.00702). xi- has no such terms. C_ell has p^T S_b p in every band b, to which a constant
adds nothing (Dalal et al. 2023, arXiv:2304.00701).
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

from jaxlike.errors import ConfigError, ParameterError
from jaxlike.theory.declarations import GIVEN, Declared
from jaxlike.theory.statistics.angular_spectra import C_ELL_SHEAR
from jaxlike.theory.statistics.correlation_functions import XI_PLUS
from jaxlike.theory.systematics.registry import Context, Own, Table, Tracers, register

FACTORS = ("psf_alpha2", "psf_beta2", "psf_alpha4", "psf_beta4")
"""Leakage (alpha) of and error (beta) in the model of second and fourth moments."""
CONSTANTS = ("psf_c1", "psf_c2")
"""Additive shear of the two components."""

_APART = 0.05  # in ln(ell), of a band of the data and of the tables


def _declared(name: str, number: int, latex: str) -> Declared:
    section = "psf_systematics_parameters"
    factor = name in FACTORS
    sections: tuple[str, ...] = (f"{section}--{name}_z1",)
    if factor:  # as pipelines of xi+ have it, and those of C_ell
        sections = f"{section}--psf_cor{number}_z1", f"psf_parameters--{name}"
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
    xi+, or (1, k, k, n_data) in the bands of C_ell; jacobian (k, k), centre (k,): p = J u + centre,
    u being the parameters, which may be decorrelated; constants: whether the tables have them.
    """

    tables: NDArray
    jacobian: NDArray
    centre: NDArray
    sample: int = field(metadata={"static": True})
    constants: bool = field(default=True, metadata={"static": True})
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
        """Of all xi+ or C_ell of shear, as the arrays of the option `psf_file` are."""
        if options["psf_file"] is None:
            return ()
        file = context.files["psf_file"]
        statistic = C_ELL_SHEAR.name if "ell" in file else XI_PLUS.name
        tables = context.of(statistic)
        samples = {one.samples for one in tables}
        if samples != {(i, i) for i, _ in samples} or len(samples) != 1:
            have = f"several samples of {statistic}" if samples else f"no {statistic}"
            raise ConfigError(
                f"option 'psf_file' is given, but the data of {context.source} in use have {have}; "
                f"it is for {statistic} of one sample: leave it out"
            )
        at = np.zeros((*file["tables"].shape[:-1], context.n_data))
        read = _in_bands if "ell" in file else _at_angles
        for table in tables:
            at[..., table.rows] = read(table, file, f"{statistic} of {context.source}", options)
        first = samples.pop()[0]
        return (cls(at, file["jacobian"], file["centre"], first, "ell" not in file),)

    def added(self, tracers: Tracers, own: Own) -> Array:
        """What the PSF adds to the data vector (n_data,); ParameterError on constants of C_ell."""
        given = own[self.sample]
        u = jnp.stack([jnp.asarray(given[name], float) for name in FACTORS])
        p = jnp.asarray(self.jacobian) @ u + self.centre
        if not self.constants:
            for name in CONSTANTS:
                if name in given:
                    raise ParameterError(
                        f"parameter '{name}' has no effect: psf_file is of C_ell, to which a "
                        "constant adds nothing; leave it out"
                    )
            return _form(self.tables[0], p)
        constants = (jnp.asarray(given.get(name, 0.0), float) for name in CONSTANTS)
        first, second = (
            _form(table, jnp.append(p, c)) for table, c in zip(self.tables, constants, strict=True)
        )
        return first + second


def _at_angles(
    table: Table, file: Mapping[str, NDArray], what: str, options: Mapping[str, Any]
) -> NDArray:
    """Tables (..., n) at the angles of the points; ConfigError where they do not reach."""
    theta, low, high = table.theta, file["theta"][0], file["theta"][-1]
    assert theta is not None  # of xi+
    if theta.min() < low * (1 - 1e-6) or theta.max() > high * (1 + 1e-6):
        arcmin = np.degrees([theta.min(), theta.max(), low, high]) * 60
        raise ConfigError(
            f"{what} in use is at {arcmin[0]:.4g} to {arcmin[1]:.4g} arcmin, but psf_file "
            f"'{options['psf_file']}' at {arcmin[2]:.4g} to {arcmin[3]:.4g}: cut the data or extend"
            " the file"
        )
    return np.asarray(CubicSpline(np.log(file["theta"]), file["tables"], axis=-1)(np.log(theta)))


def _in_bands(
    table: Table, file: Mapping[str, NDArray], what: str, options: Mapping[str, Any]
) -> NDArray:
    """Tables (..., n) in the bands of the points; ConfigError on one that there is none of."""
    assert table.ell is not None  # of C_ell
    apart = np.abs(np.log(np.maximum(table.ell, 1e-3)[:, None] / file["ell"]))
    band = apart.argmin(axis=1)
    far = apart.min(axis=1) > _APART
    if far.any():
        listed = ", ".join(f"{ell:g}" for ell in file["ell"])
        raise ConfigError(
            f"{what} in use has a band at ell = {table.ell[far][0]:g}, but psf_file "
            f"'{options['psf_file']}' has those at {listed}: cut the data or extend the file"
        )
    each = np.stack([table.bin1, table.bin2, band])
    if np.unique(each, axis=1).shape[1] < band.size:
        raise ConfigError(
            f"{what} in use has several bands where psf_file '{options['psf_file']}' has one: its "
            "bands must be those of the data"
        )
    return file["tables"][..., band]


def _form(table: ArrayLike, p: Array) -> Array:
    """p^T S p (n_data,)."""
    return jnp.einsum("i,j,ijt->t", p, p, jnp.asarray(table))
