"""TATT: CCL's spectra, the limit of NLA, B modes in xi+ and xi-, tables, gradients."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import check_slope
from three_by_two import Prediction, angular, block, flat

from jaxlike.theory.power import linear
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.alignment import nla_amplitude
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.tatt import TattParameters, tatt_amplitudes, tatt_power
from jaxlike.theory.universe import growth
from jaxlike.theory.universe.background import comoving_distance, hubble
from jaxlike.theory.universe.cosmology import Cosmology

THETA = np.geomspace(3, 200, 5) * np.pi / 180 / 60
NUISANCE = {
    "b1": 1.5, "m1": 0.01, "m2": -0.02, "dz_lens1": 0.003, "dz_source1": 0.01, "dz_source2": -0.01,
    "A_IA": 0.5, "alpha_IA": 0.3, "A2_IA": -1.2, "alpha2_IA": -0.8, "bTA_IA": 0.9, "z0_IA": 0.62,
}  # fmt: skip
NLA = {"A2_IA": 0.0, "bTA_IA": 0.0}
ALIGNMENT = ("A_IA", "alpha_IA", "A2_IA", "alpha2_IA", "bTA_IA", "z0_IA")


@pytest.fixture(scope="module")
def ccl():
    """CCL's numbers (see make_ccl_tatt.py), its universe and its parameters."""
    with np.load(Path(__file__).parent.parent / "reference" / "ccl_tatt.npz") as file:
        stored = dict(file)
    names = stored["parameter_names"].tolist()
    p = dict(zip(names, stored["parameters"].tolist(), strict=True))
    cosmological = {name: p[name] for name in ("Omega_m", "Omega_b", "h", "n_s", "sigma8")}
    cosmo = Cosmology(**cosmological, T_cmb=2.726, radiation=False)
    return SimpleNamespace(stored=stored, cosmo=cosmo, parameters=p)


def samples(stored):
    tables = [Histogram(stored["edges"], stored[name]) for name in ("lens", "source")]
    return redshift.build(tables, "kde", float(stored["bandwidth"]))


SHEAR, CROSS = [(0, 0), (0, 1), (1, 1)], [(0, 0), (0, 1)]


def build(stored, blocks, **options):
    lens, source = samples(stored)
    defaults = {
        "n_z": 20, "z_max": 1.7, "ell_lattice": np.arange(0, 212, 6), "nonlinear": "linear",
        "linear": "eisenstein_hu_no_wiggle", "alignment": "tatt",
    }  # fmt: skip
    return Prediction.build(blocks, lens, source, **defaults | options)


@pytest.fixture(scope="module")
def theories(ccl):
    """xi+, xi- and gamma_t with TATT and with NLA on few nodes."""
    chosen = {"xi_plus": SHEAR, "xi_minus": SHEAR, "gamma_t": CROSS}
    blocks = [angular(statistic, pairs, THETA) for statistic, pairs in chosen.items()]
    tatt, nla = (build(ccl.stored, blocks, alignment=model) for model in ("tatt", "nla"))
    return SimpleNamespace(tatt=tatt, nla=nla)


@pytest.fixture(scope="module")
def spectra(theories, ccl):
    """Function from changes of NUISANCE to C_ell and data vector with TATT; one compilation."""

    @jax.jit
    def compute(nuisance):
        found = theories.tatt.spectra(theories.tatt.universe(ccl.cosmo), nuisance)
        return found, theories.tatt.theory.project(found)

    return lambda **changes: jax.tree.map(np.asarray, compute(NUISANCE | changes))


@pytest.fixture(scope="module")
def vectors(spectra):
    """Function from changes of NUISANCE to the data vector."""
    return lambda **changes: spectra(**changes)[1]


@pytest.fixture(scope="module")
def power_of(ccl):
    """Function from parameters to the power at CCL's wavenumbers and redshifts, the first 0."""
    k, z = ccl.stored["k"], ccl.stored["z"]
    assert z[0] == 0
    compute = jax.jit(lambda p: tatt_power(ccl.cosmo, k, z, p))
    return lambda p: jax.tree.map(np.asarray, compute(TattParameters.of(p)))


def test_power_is_ccls(ccl, power_of):
    """Above k = 0.005 h/Mpc, below which halofit is linear here and in CAMB, but not in CCL."""
    stored = ccl.stored
    seen = stored["k"] > 0.005
    found = power_of(ccl.parameters)
    for name in ("GI", "II_EE", "II_BB"):
        power, expected = getattr(found, name)[:, seen], stored[name][:, seen]
        size = np.maximum(np.abs(expected), 0.03 * np.abs(expected).max(axis=1, keepdims=True))
        assert np.max(np.abs(power - expected) / size) < 1e-3, name


def test_c_ell_are_ccls(ccl):
    """And what alignment adds to the shear to 3e-4 of the shear (it crosses zero)."""
    stored = ccl.stored
    ell = stored["ell"]
    blocks = [
        block("C_ell_cross", CROSS, ell.size, lambda nodes: cl_matrix(ell, nodes)),
        block("C_ell_shear", SHEAR, ell.size, lambda nodes: cl_matrix(ell, nodes)),
    ]
    theory = build(
        stored,
        blocks,
        n_z=64,
        ell_lattice=None,
        linear="eisenstein_hu",
        nonlinear="takahashi",
        prefactors=True,
    )
    still = dict.fromkeys(("m1", "m2", "dz_lens1", "dz_source1", "dz_source2"), 0.0)

    @jax.jit
    def compute(nuisance):
        cross, shear = theory.spectra(theory.universe(ccl.cosmo), nuisance)
        return {"cross": cross.E, "shear": shear.E, "shear_B": shear.B}

    found = compute(ccl.parameters | still)
    matrix = cl_matrix(ell, theory.nodes.ell)
    for name in ("cross", "shear", "shear_B"):
        cl, expected = np.asarray(found[name]) @ matrix.T, stored[f"C_ell_{name}"]
        np.testing.assert_allclose(cl, expected, rtol=1e-3, err_msg=name)
    without = compute(ccl.parameters | still | {"A_IA": 0.0, "A2_IA": 0.0})
    lensing = np.asarray(without["shear"]) @ matrix.T
    aligned = np.asarray(found["shear"] - without["shear"]) @ matrix.T
    np.testing.assert_allclose(lensing, stored["C_ell_GG"], rtol=1e-3)
    expected = stored["C_ell_shear"] - stored["C_ell_GG"]
    assert np.max(np.abs(aligned - expected) / stored["C_ell_GG"]) < 3e-4


def test_without_loops_it_is_nla(theories, vectors, ccl):
    nla = np.asarray(jax.jit(theories.nla.data_vector)(ccl.cosmo, NUISANCE))
    np.testing.assert_allclose(vectors(**NLA), nla, rtol=1e-11)
    difference = np.abs(vectors() / nla - 1)
    assert difference.max() > 0.01  # and with them it is not


def test_b_modes_enter_xi_plus_and_xi_minus_with_opposite_signs(theories, spectra):
    (_, shear), vector = spectra()
    assert np.all(shear.B > 0)
    expected = []
    for statistic, sign in (("xi_plus", 1), ("xi_minus", -1)):
        matrix = flat(statistic, THETA, theories.tatt.nodes.ell)
        expected.append((shear.E + sign * shear.B) @ matrix.T)
    found = vector[: 2 * len(SHEAR) * THETA.size]
    np.testing.assert_allclose(found, np.concatenate(expected).ravel(), rtol=1e-10)


def test_b_modes_vanish_where_both_operators_cancel(power_of):
    """C1delta + C2 / 3 = 0: A2 = 3/5 bTA A1 at z = 0 with equal power laws."""
    p = {"A_IA": 1.0, "alpha_IA": 0.0, "A2_IA": 0.6, "alpha2_IA": 0.0, "bTA_IA": 1.0, "z0_IA": 0.62}
    power = power_of(p)
    assert np.max(np.abs(power.II_BB[0])) < 1e-20 * np.max(np.abs(power.II_EE[0]))
    assert np.all(np.max(np.abs(power.II_BB[1:]), axis=1) > 0)


def test_amplitudes():
    D, z = jnp.array([1.0, 0.6]), np.array([0.0, 1.0])
    found = tatt_amplitudes(0.3, D, z, TattParameters(0.8, 0.4, -1.5, 2.0, 0.7, 0.62))
    np.testing.assert_allclose(found.C1, nla_amplitude(0.3, D, z, 0.8, 0.4, 0.62))
    np.testing.assert_allclose(found.C1delta, 0.7 * found.C1)
    size = 5 * -1.5 * 0.0138730737 * 0.3
    np.testing.assert_allclose(found.C2, size / D**2 * ((1 + z) / 1.62) ** 2, rtol=1e-12)


def test_what_is_not_given_is_as_documented():
    p = TattParameters.of({"A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62})
    assert (float(p.A2_IA), float(p.alpha2_IA), float(p.bTA_IA)) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("name", ["Omega_m", "n_s", "sigma8", *ALIGNMENT, "b1", "m2", "dz_source1"])
def test_gradient_is_that_of_finite_differences(gradient, name):
    check_slope(*gradient, name)


@pytest.fixture(scope="module")
def gradient(theories, vectors, ccl):
    """A weighted sum of the data vector with its gradient, the latter at a point, and the point."""
    names = ("Omega_m", "Omega_b", "h", "n_s", "sigma8")
    point = {name: float(getattr(ccl.cosmo, name)) for name in names} | NUISANCE
    weights = np.random.default_rng(3).normal(size=vectors().size) / np.abs(vectors())

    def total(p):
        cosmo = replace(ccl.cosmo, **{name: p[name] for name in names})
        return jnp.vdot(weights, theories.tatt.data_vector(cosmo, p))

    compute = jax.jit(jax.value_and_grad(total))
    return compute, compute(point)[1], point


def test_tables_with_the_linear_power_are_worth_the_cores_own(theories, vectors, ccl):
    z, k = np.linspace(0, 1.8, 60), np.geomspace(5e-5, 2e4, 900)
    cosmo = ccl.cosmo

    @jax.jit
    def make():
        power = linear.linear_power(cosmo, k, z, model="eisenstein_hu_no_wiggle")
        distances = comoving_distance(cosmo, z), hubble(cosmo, z)
        return PowerTable(power, *distances, growth.growth_factor(cosmo, z), 0.3, P_lin=power[0])

    table = make()
    grid = PowerTableGrid.build(theories.tatt.nodes, z, k, z)
    tatt = theories.tatt
    found = jax.jit(lambda t: tatt.data_vector_from_tables(grid, t, NUISANCE))(table)
    np.testing.assert_allclose(found, vectors(), rtol=2e-4)
    with pytest.raises(ValueError, match="needs P_lin"):
        jax.eval_shape(
            lambda t: tatt.data_vector_from_tables(grid, t, NUISANCE), replace(table, P_lin=None)
        )


def test_nodes_chosen_for_nla_serve(theories, ccl):
    """The error in units of one per cent errors is that of NLA's own nodes, within a factor."""
    fine = build(ccl.stored, theories.tatt.survey.blocks, n_z=64, ell_lattice=None)
    truth = np.asarray(jax.jit(fine.data_vector)(ccl.cosmo, NUISANCE))
    whiten = np.diag(1 / (0.02 * np.abs(truth)))
    coarse, choice = fine.on_chosen_nodes([(ccl.cosmo, NUISANCE)], whiten, 2e-3)
    assert coarse.grid.one_loop is not None
    found = np.asarray(jax.jit(coarse.data_vector)(ccl.cosmo, NUISANCE))
    assert np.sum((whiten @ (found - truth)) ** 2) < 3 * 2e-3
    assert choice.error < 2e-3


def test_tree_level_is_nonlinear_power(ccl, power_of):
    """P_GI = C1 P_nl, P_II = C1^2 P_nl without loops."""
    k, z = ccl.stored["k"], ccl.stored["z"]
    p = ccl.parameters | NLA
    power = power_of(p)

    @jax.jit
    def both():
        D = growth.growth_factor(ccl.cosmo, z)
        C1 = nla_amplitude(0.3, D, z, p["A_IA"], p["alpha_IA"], p["z0_IA"])
        return nonlinear_power(ccl.cosmo, k, z), C1[:, None]

    matter, C1 = (np.asarray(x) for x in both())
    np.testing.assert_allclose(power.GI, C1 * matter, rtol=1e-12)
    np.testing.assert_allclose(power.II_EE, C1**2 * matter, rtol=1e-12)
    assert np.all(np.asarray(power.II_BB) == 0)
