"""Limber spectra: CCL's numbers in every pair, and a direct sum over redshifts.

CCL's definitions are matched where they differ from ours:
- n(z) is taken at the redshifts of CCL's own table, which serve as the lattice;
- in curved space CCL's Limber integral has the radial chi where f_k belongs (k = (ell + 1/2) / chi,
  1 / chi^2, and the factor in front of the lensing efficiency, whose integrand has f_k);
- CCL's halofit has w0 in the place of w(a), and no largest scale above which P is linear.
"""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import three_by_two
from scipy.interpolate import RectBivariateSpline

from jaxlike.theory import wavenumbers
from jaxlike.theory.constants import C1_RHO_CRIT, HUBBLE_DISTANCE
from jaxlike.theory.power import halofit, linear
from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_power
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.universe import background
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import N_LATTICE, LineOfSight, Nodes

N_LENS, N_SOURCE = 5, 4
PAIRS = three_by_two.all_pairs(N_LENS, N_SOURCE)

# Single multipoles where CCL's adaptive integral jumps by 1.2e-3 or 2.8e-3 and its neighbours do
# not: `test_jumps_are_ccls` shows that a direct sum goes through.
CCL_JUMPS = {
    ("w0wa_a", "des_ia"): {
        (1, 4): [32],
        (2, 4): [10, 12],
        (2, 7): [22, 23, 30, 37, 49, 50, 51, 55, 56],
    },
}


@pytest.fixture(scope="module")
def ccl_nodes(ccl_tables):
    """Nodes so dense that they leave no error, on CCL's redshifts."""
    return Nodes.build(ccl_tables["zf"], 200, np.arange(N_LATTICE))


@pytest.fixture(scope="module")
def compute_power(ccl_nodes):
    grid = PowerGrid.build(ccl_nodes)

    @jax.jit
    def nonlinear(cosmo):
        return limber_power(cosmo, ccl_nodes, grid, linear="eisenstein_hu", nonlinear="takahashi")

    return nonlinear


@pytest.fixture(scope="module")
def limber(ccl_tables, ccl_nodes):
    """Function that gives the spectra of all pairs from n(z), bias and alignment."""
    *_, rule = distributions(ccl_tables, "gauss")

    @jax.jit
    def compute(los, power, lens, source, bias, ia):
        pairs = three_by_two.all_pairs(len(lens), len(source))
        nuisance = three_by_two.Nuisance(bias, jnp.zeros(len(source)), *ia)
        weights = three_by_two.pair_weights(ccl_nodes, los, pairs, lens, source, rule, nuisance)
        return three_by_two.limber_spectra(ccl_nodes, weights, power)

    return lambda *arguments: jax.tree.map(np.asarray, compute(*arguments))


def ccl_table(cosmo, z, nonlinear):
    """P(k, z) (n_z, n_k) on the core's k lattice, with CCL's dark energy in halofit at every k."""
    pk = linear.linear_power(cosmo, wavenumbers.K, z)
    if nonlinear == "linear":
        return pk
    smoothed = linear.linear_power(cosmo, wavenumbers.K_NODES[halofit.SMOOTHING], z)
    scale = halofit.nonlinear_scale(smoothed)
    a = 1 / (1 + z)
    curvature = cosmo.Omega_k / a**2 / background.E_squared(cosmo, a)

    def row(Omega_m, Omega_k, power, *scale):
        then = replace(cosmo, Omega_m=Omega_m, Omega_k=Omega_k, wa=0.0)
        there = halofit.NonlinearScale(*(x[None] for x in scale))
        k, today = jnp.asarray(wavenumbers.K), jnp.zeros(1)
        return halofit.halofit(then, k, power[None], today, there, linear_below=0.0)[0]

    densities = background.Omega_m_of_a(cosmo, a), curvature
    return jax.vmap(row)(*densities, pk, scale.ln_k_sigma, scale.n_eff, scale.curvature)


@pytest.fixture(scope="module")
def power_as_ccl(ccl_nodes):
    """Function that gives P (n_q, n_ell) at CCL's Limber points, and our own line of sight."""
    z = np.expm1(np.linspace(0, np.log(4.51), 80))
    grid = PowerTableGrid.build(ccl_nodes, z, wavenumbers.K, z)

    @partial(jax.jit, static_argnums=1)
    def compute(cosmo, nonlinear):
        distances = background.comoving_distance(cosmo, z), background.hubble(cosmo, z)
        growth = growth_factor(cosmo, z)
        table = PowerTable(ccl_table(cosmo, z, nonlinear), *distances, growth, cosmo.Omega_m)
        # the table is told of no curvature: f_k = chi
        power, _ = grid.limber_power(table)
        return power, LineOfSight.of(cosmo, ccl_nodes, growth_factor(cosmo, ccl_nodes.z))

    return compute


def distributions(tables, kind):
    z = tables["zf"]
    rule = np.full(z.size, z[1] - z[0])
    rule[0] /= 2
    lens, source = tables[f"lens_{kind}"], tables[f"src_{kind}"]
    return *(n / (n @ rule)[:, None] for n in (lens, source)), rule


def weights_as_ccl(tables, nodes, los, lens, source, alignment):
    """Our weights times powers of f_k / chi: as many as there are radial kernels without lensing.

    Terms without, with one and with two alignment kernels are told apart by the sign of A.
    """
    *_, rule = distributions(tables, "gauss")
    A, alpha, z0 = tables["ia"]
    bias = jnp.asarray(tables["bias"])

    @jax.vmap
    def weights(amplitude):
        nuisance = three_by_two.Nuisance(bias, jnp.zeros(N_SOURCE), amplitude, alpha, z0)
        return three_by_two.pair_weights(nodes, los, PAIRS, lens, source, rule, nuisance)

    found = weights(jnp.array([0.0, A, -A]) * alignment)
    none, plus, minus = (jax.tree.map(lambda x, i=i: x[i], found) for i in range(3))
    r = los.f_k / los.chi
    return three_by_two.ThreeByTwo(
        none.counts * r**2,
        none.cross * r + (plus.cross - none.cross) * r**2,
        none.shear
        + (plus.shear - minus.shear) / 2 * r
        + ((plus.shear + minus.shear) / 2 - none.shear) * r**2,
    )


@pytest.fixture(scope="module")
def spectra_as_ccl(ccl_tables, ccl_nodes):
    """Function that gives (i, j) -> C_ell with prefactors; sources 0..3 and lenses 4..8."""
    ell = ccl_tables["ell"]
    at, (once, twice) = cl_matrix(ell, ccl_nodes.ell), three_by_two.ell_prefactors(ell)

    @jax.jit
    def compute(los, power, lens, source, alignment):
        weights = weights_as_ccl(ccl_tables, ccl_nodes, los, lens, source, alignment)
        spectra = three_by_two.limber_spectra(ccl_nodes, weights, power)
        projected = (spectra.counts @ at.T, spectra.cross @ at.T * once)
        return *projected, spectra.shear @ at.T * twice

    def spectra(los, power, kind, alignment):
        lens, source, _ = distributions(ccl_tables, kind)
        counts, cross, shear = map(np.asarray, compute(los, power, lens, source, alignment))
        found = {}
        for (i, j), row in zip(PAIRS.counts, counts, strict=True):
            found[i + N_SOURCE, j + N_SOURCE] = row
        for (i, j), row in zip(PAIRS.cross, cross, strict=True):
            found[j, i + N_SOURCE] = row
        for (i, j), row in zip(PAIRS.shear, shear, strict=True):
            found[i, j] = row
        return found

    return spectra


def relative(found, case, key, ell):
    """(n_pair, n_ell) differences over |C_ij|, or a tenth of sqrt(C_ii C_jj) where that is larger.

    Bins that hardly overlap have spectra that are all n(z) tails and nothing in a data vector.
    """
    pairs = [tuple(pair) for pair in case.tables["pairs"].tolist()]
    reference = dict(zip(pairs, case[key], strict=True))
    rows = []
    for i, j in pairs:
        floor = 0.1 * np.sqrt(reference[i, i] * reference[j, j])
        size = np.maximum(np.abs(reference[i, j]), floor)
        rows.append(np.abs(np.asarray(found[i, j]) - reference[i, j]) / size)
        rows[-1][CCL_JUMPS.get((case.name, key[3:]), {}).get((i, j), [])] = 0.0
    return np.stack(rows)


@pytest.mark.parametrize("kind", ["gauss", "des"])
def test_every_pair_against_ccl(ccl, power_as_ccl, spectra_as_ccl, kind):
    """45 spectra x 60 multipoles: 1e-3 at most and 2e-4 rms."""
    ell = ccl.tables["ell"]
    for nonlinear, suffix in (("takahashi", ""), ("linear", "_linP")):
        for alignment, name in ((1.0, "ia"), (0.0, "noia")):
            key = f"cl_{kind}_{name}{suffix}"
            if key not in ccl:
                continue
            power, los = power_as_ccl(ccl.cosmo, nonlinear)
            found = spectra_as_ccl(los, power, kind, alignment)
            difference = relative(found, ccl, key, ell)
            assert difference.max() < 1e-3, key
            assert np.sqrt(np.mean(difference**2)) < 2e-4, key


@partial(jax.jit, static_argnums=1)
def geometry(cosmo, z):
    """f_k to redshifts and from each to each, H, growth."""
    z = np.array(z)
    chi = background.comoving_distance(cosmo, z)
    between = jnp.maximum(chi[None, :] - chi[:, None], 0.0)
    f_k, f_k_between = (background.curvature_functions(cosmo.Omega_k, x)[0] for x in (chi, between))
    return f_k, f_k_between, background.hubble(cosmo, z), growth_factor(cosmo, z)


COARSE = np.linspace(0, 3.5, 60)


@jax.jit
def coarse_power(cosmo):
    return halofit.nonlinear_power(cosmo, wavenumbers.K, COARSE)


def direct_spectra(cosmo, tables, kind, ell, z, P):
    """C_ell (n_tracer, n_tracer, n_ell) as one sum over redshifts: our definitions, no nodes.

    P(ln k, z) interpolates; the lensing efficiency is the double integral with f_k(chi' - chi).
    """
    f_k, f_k_between, H, growth = (np.asarray(x) for x in geometry(cosmo, tuple(z)))
    lens, source, _ = distributions(tables, kind)
    lens, source = (
        np.stack([np.interp(z, tables["zf"], n) for n in np.asarray(sample)])
        for sample in (lens, source)
    )
    step = z[1] - z[0]
    efficiency = source @ (f_k_between / f_k).T * step
    A, alpha, z0 = tables["ia"]
    F = -A * C1_RHO_CRIT * cosmo.Omega_m / growth * ((1 + z) / (1 + z0)) ** alpha
    lensing = 1.5 * cosmo.Omega_m / HUBBLE_DISTANCE**2 * (1 + z) * f_k * efficiency
    radial = np.concatenate([lensing + F * H * source, tables["bias"][:, None] * lens * H])
    result = []
    for one in ell:
        power = P(np.log((one + 0.5) / f_k), z, grid=False)
        result.append((radial * np.exp(power) * step / H / f_k**2) @ radial.T)
    return np.stack(result, axis=-1)


@pytest.mark.parametrize("name", ["w0wa_a", "open"])
def test_direct_sum_over_redshifts(ccl_case, ccl_nodes, compute_power, limber, name):
    """Our own definitions, flat and curved, against a sum that shares only P and chi."""
    case = ccl_case(name)
    tables, cosmo = case.tables, case.cosmo
    ell = np.array([10.0, 60.0, 300.0, 1500.0, 3000.0])
    power, los = compute_power(cosmo)
    lens, source, _ = distributions(tables, "gauss")
    spectra = limber(los, power, lens, source, tables["bias"], tables["ia"])
    at = cl_matrix(ell, ccl_nodes.ell)

    z = tables["zf"][1:]
    table = np.log(coarse_power(cosmo))
    P = RectBivariateSpline(wavenumbers.LN_K, COARSE, table.T, kx=3, ky=3)
    expected = direct_spectra(cosmo, tables, "gauss", ell, z, P)
    auto = np.sqrt(np.einsum("iil->il", expected))
    sources, lenses = np.arange(N_SOURCE), np.arange(N_SOURCE, N_SOURCE + N_LENS)
    for rows, pairs, first, second in (
        (spectra.counts, PAIRS.counts, lenses, lenses),
        (spectra.cross, PAIRS.cross, lenses, sources),
        (spectra.shear, PAIRS.shear, sources, sources),
    ):
        for (i, j), row in zip(pairs, np.asarray(rows) @ at.T, strict=True):
            a, b = first[i], second[j]
            size = np.maximum(np.abs(expected[a, b]), 0.1 * auto[a] * auto[b])
            np.testing.assert_array_less(np.abs(row - expected[a, b]) / size, 5e-4)


def test_jumps_are_ccls(ccl_case, power_as_ccl, spectra_as_ccl):
    """At the multipoles left out above, CCL is off a direct sum and we are on it."""
    (name, key), jumps = next(iter(CCL_JUMPS.items()))
    case = ccl_case(name)
    tables, cosmo = case.tables, case.cosmo
    power, los = power_as_ccl(cosmo, "takahashi")
    found = spectra_as_ccl(los, power, "des", 1.0)
    table = np.log(jax.jit(lambda c: ccl_table(c, COARSE, "takahashi"))(cosmo))
    P = RectBivariateSpline(wavenumbers.LN_K, COARSE, table.T, kx=3, ky=3)
    once, twice = (np.asarray(x) for x in three_by_two.ell_prefactors(tables["ell"]))
    pairs = tables["pairs"].tolist()
    for (i, j), indices in jumps.items():
        ell = tables["ell"][indices]
        factor = (twice if j < N_SOURCE else once)[indices]
        truth = direct_spectra(cosmo, tables, "des", ell, tables["zf"][1:], P)[i, j] * factor
        ccls = case[f"cl_{key}"][pairs.index([i, j])][indices]
        assert np.all(np.abs(ccls / truth - 1) > 1e-3)
        np.testing.assert_allclose(np.asarray(found[i, j])[indices], truth, rtol=2e-4)


def test_curvature_changes_the_spectra(universe, ccl_nodes, compute_power, limber):
    """An Omega_k that is accepted is used, by the Limber integral as by the background."""
    z = ccl_nodes.lattices[0].z
    lens = np.exp(-0.5 * ((z - 0.5) / 0.05) ** 2)[None]
    rule = np.full(z.size, 0.0025)
    lens = lens / (lens @ rule)[:, None]
    found = []
    for Omega_k in (0.0, 0.1):
        power, los = compute_power(universe(Omega_k=Omega_k, radiation=False))
        spectra = limber(los, power, lens, lens, np.ones(1), np.array([0.0, 0.0, 0.62]))
        found.append([spectra.counts[0, 120], spectra.shear[0, 120], spectra.cross[0, 120]])
    assert np.abs(np.divide(*found) - 1).min() > 0.01


def test_prefactors_are_factors(universe, ccl_nodes, compute_power):
    power, _ = compute_power(universe(radiation=False))
    ones = jnp.ones((1, ccl_nodes.z.size))
    weights = three_by_two.ThreeByTwo(ones, ones, ones)
    plain, with_factors = (
        three_by_two.limber_spectra(ccl_nodes, weights, power, prefactors=p) for p in (False, True)
    )
    once, twice = three_by_two.ell_prefactors(ccl_nodes.ell)
    np.testing.assert_array_equal(with_factors.counts, plain.counts)
    np.testing.assert_allclose(with_factors.cross, plain.cross * once)
    np.testing.assert_allclose(with_factors.shear, plain.shear * twice)
