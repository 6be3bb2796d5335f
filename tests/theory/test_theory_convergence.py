"""CMB lensing as a tracer: kernel, C_ell with every other tracer, beams, cuts, a 6x2pt survey."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.polynomial.legendre import legvander
from stage3 import cosmology, keys_of, lenses, nuisances, read_point, rows_of, tables

from jaxlike.likelihoods.survey import load_data
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory import wavenumbers
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.limber_grid import Z_NONLINEAR
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.spectra.limber import spectra_of
from jaxlike.theory.spectra.pairs import PairGroup
from jaxlike.theory.spectra.weights import lattice_rules, weights_of
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.projection import Transfer, bin_quadrature, cl_matrix
from jaxlike.theory.statistics.registry import Points
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.tracers.convergence import Convergence, convergence_kernel
from jaxlike.theory.tracers.counts import counts_seen
from jaxlike.theory.tracers.shapes import shapes_seen
from jaxlike.theory.universe import background
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import (
    N_LATTICE,
    Z_LAST_SCATTERING,
    LineOfSight,
    Nodes,
    Sight,
)

FLAT = {"Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8}
Z = np.linspace(0.0, 3.0, 301)
RULE = np.full(Z.size, 0.01)
RULE[[0, -1]] /= 2
LENS, SOURCE = (0.5, 0.08), (0.9, 0.2)
BIAS = 1.6
PAIRS = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2))  # of counts, shear, convergence
ELL = np.unique(np.geomspace(10, 2000, 40).round())


@partial(jax.jit, static_argnums=1)
def distances(cosmo, z):
    """Comoving distances to redshifts in a tuple."""
    return background.comoving_distance(cosmo, np.array(z))


def dndz(middle, width):
    n = np.exp(-0.5 * ((Z - middle) / width) ** 2)
    return n / np.trapezoid(n, Z)


def nodes_to(z_max, n, step=1):
    lattice = np.arange(0, N_LATTICE, step)
    return Nodes.build(Z, n, lattice, z_max=z_max, z_source=Z_LAST_SCATTERING)


def spectra(universe, ell):
    """C_ell (n_pair, n_ell) of PAIRS with the multipole prefactors."""
    sight = universe.sight(0)
    seen = [
        counts_seen(sight, dndz(*LENS)[None], jnp.array([BIAS])),
        shapes_seen(sight, dndz(*SOURCE)[None], np.zeros(1), (), prefactors=True),
        Convergence(prefactors=True).seen(sight, {}),
    ]
    rules = lattice_rules(sight.lattice, RULE)
    groups = [PairGroup(i, j, ((0, 0),)) for i, j in PAIRS]
    weights = weights_of(sight, rules, seen, (1, 1, 1), groups)
    found = spectra_of(groups, seen, weights, universe.power)
    return jnp.stack([c.E[0] for c in found]) @ cl_matrix(ell, np.asarray(sight.nodes.ell)).T


@pytest.mark.parametrize("nonlinear", ["linear", "takahashi"])
def test_all_pairs_are_ccl_s(nonlinear):
    """Within 1e-3 for 10 <= ell <= 2000, structure of every redshift included."""
    ccl = pytest.importorskip("pyccl", reason="pyccl is not installed")
    other = ccl.Cosmology(
        Omega_c=0.254,
        Omega_b=0.046,
        h=0.7,
        n_s=0.96,
        sigma8=0.8,
        Omega_g=0,
        Neff=0,
        T_CMB=2.7255,
        transfer_function="eisenstein_hu",
        matter_power_spectrum={"takahashi": "halofit"}.get(nonlinear, nonlinear),
    )
    # CCL's own tables of P(k, z) leave 7e-3 at z = 90 by default
    other.cosmo.spline_params.A_SPLINE_NLOG_PK = 60
    other.cosmo.spline_params.A_SPLINE_NA_PK = 80
    tracers = [
        ccl.NumberCountsTracer(
            other, has_rsd=False, dndz=(Z, dndz(*LENS)), bias=(Z, np.full_like(Z, BIAS))
        ),
        ccl.WeakLensingTracer(other, dndz=(Z, dndz(*SOURCE)), n_samples=2000),
        ccl.CMBLensingTracer(other, z_source=Z_LAST_SCATTERING, n_samples=4000),
    ]
    grid = UniverseGrid.build(nodes_to(990.0, 330), nonlinear=nonlinear)
    found = jax.jit(lambda c: spectra(grid.universe(c), ELL))(Cosmology(**FLAT, radiation=False))
    for (i, j), row in zip(PAIRS, np.asarray(found), strict=True):
        expected = ccl.angular_cl(other, tracers[i], tracers[j], ELL)
        np.testing.assert_allclose(row, expected, rtol=1e-3, err_msg=f"{i} {j}")


@pytest.mark.parametrize("Omega_k", [0.0, 0.05, -0.05])
def test_kernel_is_a_ratio_of_distances(Omega_k):
    """(3/2) Omega_m H0^2 (1 + z) f_k(chi* - chi) / f_k(chi*), which ends at last scattering."""
    cosmo = Cosmology(**FLAT, Omega_k=Omega_k)
    nodes = nodes_to(900.0, 60, 40)

    @jax.jit  # Omega_k = 0 is a number, which says beforehand that space is flat
    def compute():
        los = LineOfSight.of(cosmo, nodes, growth_factor(cosmo, nodes.z))
        chi, last = (background.comoving_distance(cosmo, z) for z in (nodes.z, Z_LAST_SCATTERING))
        between, _ = background.curvature_functions(Omega_k, last - chi)
        whole, _ = background.curvature_functions(Omega_k, last)
        return convergence_kernel(Sight.of(nodes, los)), between, whole

    found, between, whole = (np.asarray(x) for x in compute())
    expected = 1.5 * 0.3 / HUBBLE_DISTANCE**2 * (1 + nodes.z) * between / whole
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert np.all(np.asarray(found) > 0)


def test_distance_is_that_of_recombination():
    """chi* = 13819 Mpc in CAMB's universe of the stored 6x2pt point."""
    cosmo = Cosmology(
        Omega_m=0.29999914,
        Omega_b=0.048,
        h=0.69,
        n_s=0.97,
        A_s=2.19e-9,
        omega_nu=8.308031e-4,
        neutrinos="degenerate",
    )
    chi = float(distances(cosmo, (1089.35750597,))[0])
    assert chi / 0.69 == pytest.approx(13818.9366, rel=1e-4)


def test_gradients_are_finite_differences():
    models = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
    grid = UniverseGrid.build(nodes_to(990.0, 60, 4), **models)

    def total(x):
        cosmo = Cosmology(**FLAT | {"Omega_m": x[0], "sigma8": x[1]}, Omega_k=x[2])
        return jnp.log(spectra(grid.universe(cosmo), ELL[::8])).sum(axis=1)

    x = np.array([0.3, 0.8, 0.01])
    both = jax.jit(jax.jacfwd(lambda x: (total(x),) * 2, has_aux=True))
    jacobian = np.asarray(both(x)[0])
    np.testing.assert_allclose(jax.jit(jax.jacrev(total))(x), jacobian, rtol=1e-6)
    for i in range(3):
        step = 1e-4 * np.eye(3)[i]
        high, low = (np.asarray(both(x + s * step)[1]) for s in (1, -1))
        expected = (high - low) / 2e-4
        np.testing.assert_allclose(jacobian[:, i], expected, rtol=1e-4)


@jax.jit
def matter(grid, cosmo):
    return grid.universe(cosmo).matter


@pytest.mark.parametrize("nonlinear", ["takahashi", "hmcode2020"])
def test_power_is_that_of_nodes_that_end_before(nonlinear):
    """Structure that only the CMB sees changes nothing before it, and is linear."""
    cosmo = Cosmology(**FLAT, omega_nu=8e-4)
    far = nodes_to(990.0, 80, 8)
    z_end = float(far.z[far.z < 2.9][-1])
    n = int((far.z <= z_end).sum())
    near = Nodes.build(Z, n, far.ell_lattice, z_max=z_end)
    np.testing.assert_allclose(near.z, far.z[:n], rtol=1e-12)
    power = {}
    for name, nodes, model in (
        ("far", far, nonlinear),
        ("near", near, nonlinear),
        ("linear", far, "linear"),
    ):
        grid = UniverseGrid.build(nodes, linear="emulator", nonlinear=model)
        power[name] = np.asarray(matter(grid, cosmo))
    seen = np.outer(1 / distances(cosmo, tuple(near.z)), near.ell) < 5
    np.testing.assert_allclose(power["far"][:n][seen], power["near"][seen], rtol=1e-3)
    early = far.z > Z_NONLINEAR[nonlinear == "hmcode2020"]
    np.testing.assert_array_equal(power["far"][early], power["linear"][early])
    assert np.all(np.isfinite(power["far"]))


def test_without_it_nothing_knows_of_last_scattering():
    cosmo = Cosmology(**FLAT)
    nodes = Nodes.build(Z, 12, np.arange(0, N_LATTICE, 40))
    los = jax.jit(lambda c: LineOfSight.of(c, nodes, growth_factor(c, nodes.z)))(cosmo)
    assert nodes.last_scattering is None
    assert los.cot_last is None
    with pytest.raises(ValueError, match="need the redshift of last scattering"):
        convergence_kernel(Sight.of(nodes, los))
    kappa = TRACERS["convergence"].of(None, {"ell_prefactors": False})
    assert (kappa.n_bin, kappa.n_z, kappa.parameters) == (1, 0, ())
    assert kappa.plain() == kappa


def test_distances_of_a_host():
    """The table's own where it reaches last scattering, else a number; none is an error."""
    cosmo, nodes = Cosmology(**FLAT), nodes_to(2.9, 12, 40)
    z = {"long": np.expm1(np.linspace(0, np.log(1101), 300)), "short": np.linspace(0, 4, 200)}
    k, redshift = wavenumbers.K[::20], np.linspace(0, 3, 10)
    last = float(distances(cosmo, (Z_LAST_SCATTERING,))[0])

    def cot(which, **more):
        grid = PowerTableGrid.build(nodes, redshift, k, z[which])

        @jax.jit
        def compute():
            chi = background.comoving_distance(cosmo, z[which])
            hubble = background.hubble(cosmo, z[which])
            table = PowerTable(np.ones((10, k.size)), chi, hubble, np.ones(10), 0.3, **more)
            return grid.line_of_sight(table).cot_last

        return float(compute())

    assert cot("long") == pytest.approx(1 / last, rel=1e-6)
    assert cot("short", chi_last=last) == pytest.approx(1 / last, rel=1e-12)
    with pytest.raises(ValueError, match="ask the host for distances to z = 1100, or give chi_la"):
        cot("short")


def gaussian(fwhm):
    sigma = fwhm * np.pi / 180 / 60 / np.sqrt(8 * np.log(2))
    return lambda ell: np.exp(-ell * (ell + 1) * sigma**2 / 2)


@pytest.mark.parametrize(("ell_min", "ell_max"), [(0, np.inf), (8, 1200), (30, 3000.5)])
def test_beam_and_cuts_act_on_multipoles(ell_min, ell_max):
    """w_kappa on the curved sky is the sum over the multipoles that the map has."""
    transfer = Transfer(gaussian(7.0), ell_min, ell_max)
    edges = np.array([[20.0, 60.0, 150.0], [30.0, 80.0, 200.0]]) * np.pi / 180 / 60
    points = Points(edges.mean(axis=0), (edges[0], edges[1]), "curved", transfer=transfer)
    nodes = np.geomspace(0.1, 7e4, 200)
    found = STATISTICS["w_kappa"].operator(points, nodes) @ (nodes + 20.0) ** -1.2
    ell = np.arange(1, 9000)
    x, weight = bin_quadrature(*edges)
    legendre = np.moveaxis(legvander(x, ell[-1]), -1, 0)[1:] @ weight
    inside = (ell >= ell_min) & (ell <= ell_max)
    size = (2 * ell + 1) / (4 * np.pi) * gaussian(7.0)(ell) * inside
    expected = (size * (ell + 20.0) ** -1.2) @ legendre
    np.testing.assert_allclose(found, expected, rtol=3e-4, atol=3e-4 * abs(expected).max())


@pytest.mark.parametrize("statistic", ["w_kappa", "gamma_t_kappa"])
def test_flat_sky_takes_them_too(statistic):
    """At small angles the flat sky is the curved one at the bin's centre."""
    theta = np.array([30.0, 80.0]) * np.pi / 180 / 60
    transfer = Transfer(gaussian(5.0), 100.0, 2500.0)
    nodes = np.geomspace(0.1, 7e4, 200)
    flat = Points(theta, transfer=transfer)
    curved = Points(theta, (0.999 * theta, 1.001 * theta), "curved", transfer=transfer)
    cl = (nodes + 20.0) ** -1.2
    found, expected = (STATISTICS[statistic].operator(p, nodes) @ cl for p in (flat, curved))
    np.testing.assert_allclose(found, expected, atol=8e-3 * abs(expected).max())


def test_spectra_take_them_too():
    at, nodes = np.array([5.0, 50.0, 500.0]), np.geomspace(0.1, 7e4, 200)
    transfer = Transfer(gaussian(8.0), 8.0)
    operator = STATISTICS["C_ell_kappa_counts"].operator
    plain, found = operator(Points(at), nodes), operator(Points(at, transfer=transfer), nodes)
    np.testing.assert_allclose(found, plain * transfer(at)[:, None], rtol=1e-12)
    assert not found[0].any()
    windows = (np.arange(2.0, 400.0), np.ones((1, 398)) / 398)
    found = operator(Points(at[:1], windows=windows, transfer=transfer), nodes)
    expected = windows[1] * transfer(windows[0]) @ cl_matrix(windows[0], nodes)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


# DES-Y3 x SPT and Planck of CosmoSIS's 6x2pt pipeline

KERNELS = {"nz_cmb": "spt"} | {
    f"{what}_cmbkappa_xi_planck.nz_cmb": "planck" for what in ("galaxy", "shear")
}
KAPPA = {
    "kappa_beam_fwhm": {"spt": 6.0, "planck": 8.0},
    "kappa_ell_min": 8.0,
    "kappa_ell_max": {"spt": 5000.0, "planck": 4000.0},
}
OPTIONS = TheoryOptions(
    nz="spline", projection="curved", alignment="tatt", magnification=True, linear="emulator"
)


@pytest.fixture(scope="module")
def stored(shared):
    """Name of a stored point -> its arrays."""
    return {name: read_point(shared, f"desy3mock_6x2_{name}") for name in ("p0", "p1")}


@pytest.fixture(scope="module")
def cross_correlations(shared, stored):
    """The likelihood of w_kappa and gamma_t_kappa at the angles that the pipeline kept, and where
    its points are among the stored ones."""
    file = shared / "data" / "stage3" / "mock_des_y3_6x2pt.fits"
    probes = ("w_kappa", "gamma_t_kappa")
    data = load_data(str(file), "none", probes, kernels=KERNELS, kappa=KAPPA)
    kept, own = rows_of(stored["p0"], "2pt"), keys_of(data)
    data = data.select(np.array([point in kept for point in own]))
    assert data.n_data == 257
    assert [m.kernel2 for m in data.measurements] == ["spt", "spt", "planck", "planck"]
    return build_likelihood(data, OPTIONS), [kept[point] for point in own if point in kept]


@pytest.mark.parametrize("name", ["p0", "p1"])
def test_stored_tables_give_cosmosis_6x2pt(cross_correlations, stored, name):
    """Delta^T C^-1 Delta <= 0.1 with the stored P(k, z) and distances.

    CosmoSIS multiplies every shear x kappa by 1 + m of the first bin, so here all bins have that.
    Its cubic spline of C_ell across the cuts rings; ours are sharp.
    """
    likelihood, rows = cross_correlations
    a = stored[name]
    p = nuisances(a) | lenses(a)
    p |= {f"m{i}": p["m1"] for i in range(1, 5)}
    grid, table = tables(a, likelihood)
    table = replace(table, chi_last=a["distances/chistar"] * cosmology(a)["h"])
    found = np.asarray(likelihood.theory_vector_from_tables(grid, table, p))
    difference = found - a["2pt/theory"][rows]
    assert difference @ likelihood.precision @ difference <= 0.1
