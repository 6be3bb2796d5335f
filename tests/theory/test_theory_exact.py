"""C_ell beyond Limber's approximation: against integrals over Bessel functions, and limits."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import three_by_two
from scipy.special import jv

from jaxlike.errors import ParameterError
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.spectra.exact import ExactGrid
from jaxlike.theory.statistics.exact_choice import radial_step
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.universe.background import comoving_distance, hubble
from jaxlike.theory.universe.growth import growth_factor, growth_rate
from jaxlike.theory.universe.line_of_sight import LN_ELL_START
from jaxlike.theory.wavenumbers import LN_K_STEP

ELL_LATTICE = np.arange(2, 160, 6)
ELL = np.exp(LN_ELL_START + LN_K_STEP * ELL_LATTICE) - 0.5
CHECKED = np.array([2.0, 8.0, 40.0, 120.0])
EDGES = np.linspace(0, 1.2, 241)
MEANS, WIDTHS, SOURCES = np.array([0.5, 0.62]), np.array([0.04, 0.05]), (0.9, 0.08)
BIAS, ALPHA, A_IA = np.array([1.3, 1.8]), np.array([1.6, 2.4]), 0.7
NUISANCE = {
    "b1": BIAS[0], "b2": BIAS[1], "alpha_mag1": ALPHA[0], "alpha_mag2": ALPHA[1],
    "dz_lens1": 0.0, "dz_lens2": 0.0, "dz_source1": 0.0, "m1": 0.02, "A_IA": A_IA,
    "alpha_IA": 0.0, "z0_IA": 0.62,
}  # fmt: skip
PAIRS = {"counts": [(0, 0), (0, 1), (1, 1)], "cross": [(0, 0), (1, 0)], "shear": [(0, 0)]}


def gaussian(z, mean, width):
    return np.exp(-0.5 * ((z - mean) / width) ** 2) / np.sqrt(2 * np.pi) / width


def sample(means, widths):
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    counts = gaussian(middle, np.atleast_1d(means)[:, None], np.atleast_1d(widths)[:, None])
    return Histogram(EDGES, counts)


@pytest.fixture(scope="module")
def both():
    """Linear theory within and beyond Limber's approximation, with all that galaxies may have."""
    lens, source = redshift.build([sample(MEANS, WIDTHS), sample(*SOURCES)], "spline", 0.01)
    prediction = three_by_two.Prediction.build(
        [
            three_by_two.block(f"C_ell_{field}", pairs, 4, lambda nodes: cl_matrix(CHECKED, nodes))
            for field, pairs in PAIRS.items()
        ],
        lens,
        source,
        n_z=80,
        ell_lattice=ELL_LATTICE,
        linear="eisenstein_hu_no_wiggle",
        nonlinear="linear",
        magnification=True,
        rsd=True,
        prefactors=True,
        limber="beyond",
    )
    cosmo = three_by_two.Cosmology(
        Omega_m=0.3, Omega_b=0.046, h=0.7, n_s=0.96, sigma8=0.8, radiation=False
    )
    step = radial_step(prediction.theory.tracers, cosmo)
    exact = ExactGrid.build(prediction.nodes, 0, [ELL.size] * 3, step)
    beyond = replace(prediction, theory=replace(prediction.theory, exact=exact))
    return SimpleNamespace(limber=prediction, beyond=beyond, cosmo=cosmo)


@jax.jit
def spectra_of(theory, grid, cosmo, nuisance):
    """C_ell (n_pair, n_ell) of every group."""
    found = theory.spectra(grid.universe(cosmo), [nuisance] * 2)
    return [one.E for one in found]


def spectra(prediction, cosmo, nuisance=NUISANCE):
    return spectra_of(prediction.theory, prediction.grid, cosmo, nuisance)


def spherical(ell, x):
    """j_ell(x) of any order."""
    return np.sqrt(np.pi / 2 / x) * jv(ell + 0.5, x)


class Direct:
    """Integrals over redshift and k by sums, with nothing in common but P(k), chi and growth."""

    def __init__(self, cosmo):
        self.k = np.geomspace(1e-4, 1.0, 700)
        self.power = np.asarray(
            linear_power(cosmo, self.k, 0.0, model="eisenstein_hu_no_wiggle")[0]
        )
        self.z = np.linspace(0.003, 1.2, 1200)
        self.chi = np.asarray(comoving_distance(cosmo, self.z))
        self.hubble, self.growth = (np.asarray(f(cosmo, self.z)) for f in (hubble, growth_factor))
        self.rate = np.asarray(growth_rate(cosmo, self.z))
        self.lensing = 1.5 * cosmo.Omega_m / HUBBLE_DISTANCE**2 * (1 + self.z) * self.chi
        self.cosmo = cosmo

    def efficiency(self, n):
        """int_z n (chi' - chi) / chi' dz' times the lensing prefactor."""

        def above(f):
            steps = (f[1:] + f[:-1]) / 2 * np.diff(self.z)
            return np.append(np.cumsum(steps[::-1])[::-1], 0.0)

        return self.lensing * (above(n) - self.chi * above(n / self.chi))

    def transfer(self, ell, lens=None):
        """Delta_ell(k) of a lens bin, or of the sources."""
        x = self.k[:, None] * self.chi
        j = spherical(ell, x)
        rule = self.growth * np.gradient(self.z)
        second = (ell * (ell - 1) / x**2 - 1) * j + 2 / x * spherical(ell + 1, x)
        if lens is None:
            n = gaussian(self.z, *SOURCES)
            aligned = -A_IA * 0.0138730737 * self.cosmo.Omega_m / self.growth * n
            seen = self.efficiency(n) / self.hubble + aligned
            factor = 1.02 * np.sqrt((ell + 2) * (ell + 1) * ell * (ell - 1))
            return factor * (j / x**2) @ (seen * rule)
        n = gaussian(self.z, MEANS[lens], WIDTHS[lens])
        magnified = 2 * (ALPHA[lens] - 1) * self.efficiency(n) / self.hubble
        near = j @ (BIAS[lens] * n * rule) - second @ (self.rate * n * rule)
        return near + ell * (ell + 1) * (j / x**2) @ (magnified * rule)

    def spectra(self, ell):
        lens, source = [self.transfer(ell, i) for i in range(2)], self.transfer(ell)
        ends = {"counts": (lens, lens), "cross": (lens, [source]), "shear": ([source], [source])}
        weight = 2 / np.pi * self.k**3 * self.power * np.gradient(np.log(self.k))
        return {
            field: np.array([weight @ (ends[field][0][i] * ends[field][1][j]) for i, j in pairs])
            for field, pairs in PAIRS.items()
        }


def size(field, c):
    """The geometric mean of the auto-spectra of each pair of a field, from all of them."""
    counts, shear = c["counts"][[0, 2]], c["shear"][0]
    if field == "shear":
        return np.array([shear])
    ends = {"counts": counts, "cross": np.array([shear])}[field]
    return np.sqrt([counts[i] * ends[j] for i, j in PAIRS[field]])


@pytest.mark.slow
def test_integrals_over_bessel_functions(both):
    """Density, velocities, magnification, shear and alignment, and all their pairs; Limber's
    approximation has distortions of the wrong sign there."""
    direct = Direct(both.cosmo)
    found, limber = (
        [np.asarray(c) for c in spectra(one, both.cosmo)] for one in (both.beyond, both.limber)
    )
    for e in (8, 12, 15):
        expected = direct.spectra(ELL[e])
        for c, field, tolerance in zip(found, PAIRS, (1e-5, 1e-4, 2e-3), strict=True):
            off = np.abs(c[:, e] - expected[field]) / size(field, expected)
            assert off.max() < tolerance, (ELL[e], field, off)
    rough = np.abs(limber[0][:, 8] - direct.spectra(ELL[8])["counts"])
    assert rough.min() > 0.1 * found[0][0, 8]


def test_limber_at_large_multipoles(both):
    """The approximation is recovered where it is good: 1e-5 of counts, of shear 1e-4."""
    exact, limber = (
        [np.asarray(c)[:, -2] for c in spectra(one, both.cosmo)]
        for one in (both.beyond, both.limber)
    )
    assert 1000 < ELL[-2] < 3000
    there = dict(zip(PAIRS, limber, strict=True))
    for one, field, tolerance in zip(exact, PAIRS, (1e-5, 1e-5, 1e-4), strict=True):
        assert (np.abs(one - there[field]) / size(field, there)).max() < tolerance


_SEEN = 4  # from ell = 2 on


def total(both, scales, x):
    """The sum of all spectra in units of their size."""
    names = ("Omega_m", "h", "n_s", "w0")
    cosmo = replace(both.cosmo, **{name: x[i] for i, name in enumerate(names)})
    nuisance = NUISANCE | {"b1": x[4], "dz_lens1": x[5], "alpha_mag2": x[6], "dz_source1": x[7]}
    found = spectra_of(both.beyond.theory, both.beyond.grid, cosmo, nuisance)
    return sum(jnp.sum((c / scale)[:, _SEEN:]) for c, scale in zip(found, scales, strict=True))


POINT = np.array([0.31, 0.69, 0.95, -0.95, 1.4, 0.004, 1.7, -0.003])


def test_gradients_are_finite_differences(both):
    """Of a sum over all spectra, along cosmology, bias, shifts and magnification; and a batch is
    its points one by one."""
    found = dict(zip(PAIRS, (np.asarray(c) for c in spectra(both.beyond, both.cosmo)), strict=True))
    scales = [np.maximum(size(field, found), 1e-30) for field in PAIRS]
    value = jax.jit(lambda x: total(both, scales, x))
    gradient = np.asarray(jax.jit(jax.grad(lambda x: total(both, scales, x)))(POINT))
    for i, step in enumerate([1e-3, 1e-3, 1e-3, 2e-3, 1e-3, 2e-4, 1e-3, 2e-4]):
        there = [value(POINT + n * step * np.eye(POINT.size)[i]) for n in (-2, -1, 1, 2)]
        slope = (there[0] - 8 * there[1] + 8 * there[2] - there[3]) / (12 * step)
        assert gradient[i] == pytest.approx(float(slope), rel=1e-5), i
    batch = np.stack([POINT, POINT * 1.001])
    np.testing.assert_allclose(
        jax.jit(jax.vmap(value))(batch), [value(x) for x in batch], rtol=1e-10
    )


def test_tables_without_linear_power_are_refused(both):
    """What a host must give for it, in one sentence."""

    def spectra(cosmo):
        universe = both.beyond.grid.universe(cosmo)
        return both.beyond.theory.spectra(replace(universe, linear=None), [NUISANCE] * 2)

    with pytest.raises(ParameterError, match=r"limber = beyond.*give P_lin"):
        jax.eval_shape(spectra, both.cosmo)
