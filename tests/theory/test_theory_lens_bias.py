"""Bias as surveys sample it: X_lens between clustering and lensing, and b sigma_8."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import three_by_two

from jaxlike.errors import ParameterError
from jaxlike.registry.names import Names
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import Sample
from jaxlike.theory.power.linear import linear_power, sigma8
from jaxlike.theory.power.power_table import PowerTable
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.universe.background import comoving_distance, hubble
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes
from jaxlike.theory.wavenumbers import K

ELL = np.array([30.0, 300.0])
EDGES = np.linspace(0, 1.8, 91)
MIDDLE = (EDGES[1:] + EDGES[:-1]) / 2
TABLES = [
    Histogram(EDGES, np.exp(-0.5 * ((MIDDLE - np.array(c)[:, None]) / w) ** 2))
    for c, w in (((0.3, 0.5), 0.05), ((0.6, 0.95), 0.15))
]
LENSES, SOURCES = redshift.build(TABLES, "kde", 0.006)
LENS = {"dz_lens1": 0.0, "dz_lens2": 0.0, "alpha_mag1": 1.8, "alpha_mag2": 0.7}
PLAIN = {"b1": 1.4, "b2": 1.9}
SOURCE = {"A_IA": 0.5, "alpha_IA": 0.3, "z0_IA": 0.62}
SOURCE |= {f"{name}{i}": 0.01 * i for name in ("m", "dz_source") for i in (1, 2)}
PAIRS = {"C_ell_counts": 3, "C_ell_cross": 4, "C_ell_shear": 3}
TRIANGLE, SQUARE = [(0, 0), (0, 1), (1, 1)], [(0, 0), (0, 1), (1, 0), (1, 1)]


def block(statistic, pairs):
    return three_by_two.block(statistic, pairs, ELL.size, lambda ell: cl_matrix(ELL, ell))


def survey_of(*blocks, **options):
    return three_by_two.survey_of(blocks, LENSES, SOURCES, **options)


FULL = [
    block("C_ell_counts", TRIANGLE),
    block("C_ell_cross", SQUARE),
    block("C_ell_shear", TRIANGLE),
]
NODES = Nodes.build(LENSES.z, 20, np.arange(0, N_LATTICE, 6), z_max=1.3)
GRID = UniverseGrid.build(NODES, nonlinear="linear")


in_universe = jax.jit(lambda cosmo: GRID.universe(cosmo))


@jax.jit
def vector(theory, there, lens):
    return theory.data_vector(there, [LENS | lens, SOURCE])


def parts(theory, there, lens):
    """C_ell (n_pair, n_ell) of counts, of counts with shear, of shear."""
    found = np.asarray(vector(theory, there, lens)).reshape(-1, ELL.size)
    return dict(zip(PAIRS, np.split(found, np.cumsum([*PAIRS.values()])[:-1]), strict=True))


@pytest.mark.parametrize(
    "options", [{}, {"magnification": True, "rsd": True, "bias": "inverse_growth"}]
)
def test_lensing_sees_another_bias(universe, options):
    """gamma_t has that of X_lens b, w that of b: whatever else there is, magnification for one."""
    theory = survey_of(*FULL, **options).on(NODES)
    there = in_universe(universe(A_s=2.1e-9))
    X = np.array([0.9, 1.2])
    found = parts(theory, there, PLAIN | {"X_lens1": X[0], "X_lens2": X[1]})
    plain = parts(theory, there, PLAIN)
    scaled = parts(theory, there, {"b1": PLAIN["b1"] * X[0], "b2": PLAIN["b2"] * X[1]})
    np.testing.assert_allclose(found["C_ell_cross"], scaled["C_ell_cross"], rtol=1e-12)
    assert np.abs(found["C_ell_cross"] / plain["C_ell_cross"] - 1).min() > 0.05
    for name in ("C_ell_counts", "C_ell_shear"):
        np.testing.assert_array_equal(found[name], plain[name])
    both = parts(theory, there, PLAIN | {"X_lens": 0.5, "X_lens1": 1.8, "X_lens2": 2.4})
    np.testing.assert_allclose(both["C_ell_cross"], found["C_ell_cross"], rtol=1e-12)


def test_slope_in_the_ratio_and_the_bias(universe):
    theory, there = survey_of(*FULL).on(NODES), in_universe(universe(A_s=2.1e-9))

    def total(x):
        lens = {"X_lens": x[0], "b_sigma8_1": x[1], "b_sigma8_2": x[2]}
        return jnp.sum(jnp.log(vector(theory, there, lens)))

    x, steps = np.array([0.9, 1.1, 1.5]), 1e-4 * np.eye(3)
    values, slopes = jax.vmap(jax.value_and_grad(total))(np.stack([x, *(x + steps), *(x - steps)]))
    np.testing.assert_allclose(slopes[0], (values[1:4] - values[4:]) / 2e-4, rtol=1e-6)
    assert np.all(np.abs(slopes[0]) > 1)


def test_the_amplitude_of_clustering(universe):
    """b sigma_8 is b times sigma_8 of the point: linear clustering does not know A_s any more."""
    theory = survey_of(*FULL).on(NODES)
    cosmo = universe(A_s=2.1e-9)
    there, more = in_universe(cosmo), in_universe(replace(cosmo, A_s=2.6e-9))
    size = float(jax.jit(sigma8, static_argnums=1)(cosmo, 0.0)[0])
    given = {"b_sigma8_1": PLAIN["b1"] * size, "b_sigma8_2": PLAIN["b2"] * size}
    found, plain = parts(theory, there, given), parts(theory, there, PLAIN)
    for name in PAIRS:
        np.testing.assert_allclose(found[name], plain[name], rtol=1e-6)
    brighter = parts(theory, more, given)
    np.testing.assert_allclose(brighter["C_ell_counts"], found["C_ell_counts"], rtol=1e-10)
    assert np.all(brighter["C_ell_shear"] > 1.2 * found["C_ell_shear"])


def test_tables_from_outside_say_it_by_their_linear_power(universe):
    theory, cosmo = survey_of(*FULL).on(NODES), universe(A_s=2.1e-9)
    z, far = np.linspace(0, 1.4, 30), np.linspace(0, 2, 40)
    grid = GRID.tables(z, K, far)
    given = {"b_sigma8_1": 1.1, "b_sigma8_2": 1.5}

    @partial(jax.jit, static_argnums=1)
    def of_tables(c, linear):
        power, growth = linear_power(c, K, z), growth_factor(c, z)
        lines = comoving_distance(c, far), hubble(c, far)
        table = PowerTable(power, *lines, growth, 0.3, P_lin=power[0] if linear else None)
        return theory.data_vector(GRID.universe_of_tables(grid, table), [LENS | given, SOURCE])

    expected = vector(theory, in_universe(cosmo), given)
    np.testing.assert_allclose(of_tables(cosmo, True), expected, rtol=2e-3)
    with pytest.raises(ParameterError, match=r"b_sigma8_1 needs sigma8 .* power = jaxlike"):
        of_tables(cosmo, False)


def test_a_ratio_that_nothing_sees(universe):
    theory = survey_of(block("C_ell_counts", TRIANGLE)).on(NODES)
    there = in_universe(universe(A_s=2.1e-9))
    with pytest.raises(ParameterError, match="X_lens has no effect: no statistic correlates"):
        vector(theory, there, PLAIN | {"X_lens": 0.9})


UNIVERSE = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9}


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("b1_sigma8", "b_sigma8_1"),
        ("b12_sigma8", "b_sigma8_12"),
        ("bin_bias--b2_sigma8", "b_sigma8_2"),
        ("X_lens", "X_lens"),
        ("X_lens2", "X_lens2"),
        ("bin_bias--r0", "X_lens"),
        ("bin_bias--r2", "X_lens2"),
    ],
)
def test_names(given, canonical):
    assert Names([Sample("counts", 12)]).canonical(given) == canonical


def test_names_with_an_owner():
    names = Names([Sample("counts", 2, prefix="LRG_"), Sample("counts", 2, suffix="mag")])
    assert names.canonical("LRG_b2_sigma8") == "LRG_b_sigma8_2"
    assert names.canonical("bin_bias_mag--b2_sigma8") == "mag_b_sigma8_2"
    assert names.canonical("bin_bias--b2_sigma8_mag") == "mag_b_sigma8_2"


@pytest.mark.parametrize(
    ("bias", "message"),
    [
        ({"b1": 1.0}, "b2 is missing: the data have 2 lens bins"),
        ({"b1_sigma8": 1.0}, "b2 is missing: the data have 2 lens bins"),
        ({"b1": 1.0, "b2": 1.0, "b2_sigma8": 1.0}, "'b2' and 'b2_sigma8' are both given: give one"),
        ({"b1": 1.0, "b2": 1.0, "X_lens3": 1.0}, "'X_lens3' is for lens bin 3, but the data have"),
    ],
)
def test_bad_parameters(bias, message):
    with pytest.raises(ParameterError, match=message):
        resolve(UNIVERSE | bias, [Sample("counts", 2)])
    mixed = resolve(UNIVERSE | {"b1": 1.0, "b2_sigma8": 1.1, "X_lens2": 0.9}, [Sample("counts", 2)])
    assert float(mixed["X_lens1"]) == 1
    assert "b2" not in mixed
