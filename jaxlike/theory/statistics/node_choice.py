"""How many nodes, and where: chosen so that the data vector's error is small against its own.

The error is Delta^T C^-1 Delta between the data vector on candidate nodes and on a fine grid, the
largest over reference cosmologies. Multipole nodes are placed by the fourth derivative of the
spectra, weighted by what the data can see of it: spline errors go as h^4 |f''''|, and the step
h ~ weight^(-2/9) makes their summed squares least for a given number of nodes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.splines import cardinal_splines
from jaxlike.theory.spectra.tatt_cl import PowerAndLoops
from jaxlike.theory.statistics.data_vector import TwoPointTheory
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers.kernels import lensing_weight
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import z_nodes

_ELL_COUNTS = (16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 80, 100)
_Z_COUNTS = (12, 16, 20, 24, 28, 32, 40, 48, 64)
_Z_MAX_STEP = 0.2


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Reference:
    """One cosmology on the fine nodes: C_ell = weights @ power.

    weights: (n_pair, n_q); smooth: (n_pair, n_q) their smooth factor; power: (n_q, n_ell).
    """

    weights: Array
    smooth: Array
    power: Array


def _reference(
    theory: TwoPointTheory, cosmo: Cosmology, nuisance: Mapping[str, ArrayLike]
) -> Reference:
    power, los = theory.power(cosmo)
    if isinstance(power, PowerAndLoops):  # nodes that serve NLA serve its smoother loops
        power = power.matter
    weights = theory.weights(los, nuisance)
    lensing = lensing_weight(theory.nodes, los, theory.unshifted_source())
    pairs = theory.pairs
    i, j = pairs.shear.T
    smooth = [
        jnp.broadcast_to(los.hubble / los.f_k**2, weights.counts.shape),
        lensing[pairs.cross[:, 1]] / los.f_k,
        lensing[i] * lensing[j] / los.hubble,
    ]
    stacked = jnp.concatenate([weights.counts, weights.cross, weights.shear])
    # no division by the vanishing efficiency behind the last source
    factor = jnp.concatenate(smooth)
    return Reference(stacked, factor + 1e-6 * factor.max(axis=1, keepdims=True), power)


def _node_density(theory: TwoPointTheory, spectra: Sequence[NDArray], whiten: NDArray) -> NDArray:
    """Wanted density of nodes (n_lattice,) in ln ell, up to a factor."""
    ell = theory.nodes.ell
    projection, rows = theory.points_on_spectra()
    per_unit = projection / (ell + 0.5)
    weight = np.zeros(ell.size)
    for c in spectra:
        f = (ell + 0.5) * c
        fourth = np.zeros_like(f)
        fourth[:, 2:-2] = np.diff(f, n=4, axis=1)
        seen = whiten @ (per_unit * fourth[rows])
        weight += (seen**2).sum(axis=0)
    window = np.exp(-((np.arange(-15, 16) / 6) ** 2) / 2)
    density = np.convolve(weight, window / window.sum(), mode="same") ** (1 / 9)
    return np.maximum(density, 0.1 * density.max())


def _place(density: NDArray, n: int) -> NDArray:
    """Lattice indices of about `n` nodes that share the density equally."""
    cumulative = np.append(0, np.cumsum((density[1:] + density[:-1]) / 2))
    wanted = np.linspace(0, cumulative[-1], n)
    return np.unique(np.rint(np.interp(wanted, cumulative, np.arange(density.size))).astype(int))


def choose_ell(
    theory: TwoPointTheory, spectra: Sequence[NDArray], whiten: NDArray, tolerance: float
) -> tuple[NDArray, float]:
    """Fewest of the multipole nodes (indices) within `tolerance`, and the error they leave."""
    density = _node_density(theory, spectra, whiten)
    ell = theory.nodes.ell
    projection, rows = theory.points_on_spectra()
    for n in _ELL_COUNTS:
        index = _place(density, n)
        coarse = projection @ cl_matrix(ell, ell[index])
        difference = [
            np.sum(coarse * c[rows][:, index], axis=1) - np.sum(projection * c[rows], axis=1)
            for c in spectra
        ]
        error = max(_size(whiten, vector) for vector in difference)
        if error < tolerance:
            return index, error
    return np.arange(ell.size), 0.0


def choose_z(
    theory: TwoPointTheory, references: Sequence[Reference], whiten: NDArray, tolerance: float
) -> tuple[int, float, float]:
    """Fewest redshift nodes and lowest last node within `tolerance`, and the error they leave.

    An integral int w(z) s(z) P dz over the fine nodes becomes one over the spline of s P through
    the coarse ones; w holds n(z) or dz, s what is smooth.
    """
    z = theory.nodes.z
    projection, rows = theory.points_on_spectra()
    # (n_pair, n_q, n_ell) each
    shares = [np.asarray(r.weights[:, :, None] * r.power) for r in references]

    def error(per_pair: Sequence[NDArray]) -> float:
        return max(_size(whiten, np.sum(projection * c[rows], axis=1)) for c in per_pair)

    z_max = z[-1]
    for last in np.arange(z[-1], 0.5, -_Z_MAX_STEP):
        if error([share[:, z > last].sum(axis=1) for share in shares]) > tolerance / 100:
            break
        z_max = float(last)
    used = z <= z_max
    for n in _Z_COUNTS:
        nodes = z_nodes(n, z_max)
        there = cardinal_splines(np.log(0.3 + z), np.log(0.3 + nodes))
        back = cardinal_splines(np.log(0.3 + nodes), np.log(0.3 + z[used])) @ there
        lost = []
        for r in references:
            w = (r.weights / r.smooth)[:, used]
            # sum_q w_q (f_q - (spline of f)_q) with f = s P: move the spline onto the weights
            moved = r.weights.copy()
            moved -= (w @ back) * r.smooth
            lost.append(moved @ r.power)
        left = error(lost)
        if left < tolerance:
            return n, z_max, left
    return z.size, float(z[-1]), 0.0


def _size(whiten: NDArray, difference: NDArray) -> float:
    return float(np.sum((whiten @ difference) ** 2))


def choose_nodes(
    theory: TwoPointTheory,
    points: Sequence[tuple[Cosmology, Mapping[str, ArrayLike]]],
    whiten: NDArray,
    *,
    tolerance: float,
) -> tuple[TwoPointTheory, float]:
    """`theory` on the fewest nodes within `tolerance` at the reference points.

    whiten: (n_data, n_data) with whiten^T whiten = C^-1. Returns the estimated Delta^T C^-1 Delta.
    Magnification is smooth as shear is, and distortions are small: the nodes of the densities do.
    """
    densities = theory.of_densities_alone()
    stacked = jax.tree.map(lambda *x: jnp.stack([jnp.asarray(v, float) for v in x]), *points)
    evaluate = jax.jit(jax.vmap(lambda point: _reference(densities, *point)))
    batch = jax.tree.map(np.asarray, evaluate(stacked))
    references = [jax.tree.map(lambda x, i=i: x[i], batch) for i in range(len(points))]
    spectra = [np.asarray(r.weights @ r.power) for r in references]
    index, error_ell = choose_ell(theory, spectra, whiten, tolerance / 2)
    n_z, z_max, error_z = choose_z(theory, references, whiten, tolerance / 2)
    lattice = theory.nodes.ell_lattice[index]
    return theory.with_nodes(n_z=n_z, z_max=z_max, ell_lattice=lattice), error_ell + error_z
