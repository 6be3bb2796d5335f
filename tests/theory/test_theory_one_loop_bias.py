"""Galaxy bias to one loop: CCL's spectra, the limit of linear bias, coevolution, gradients."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import check_slope
from three_by_two import Prediction, angular, block

from jaxlike.theory.power.fields import (
    CONTRACTED_TIDE,
    MATTER,
    SQUARED_DENSITY,
    SQUARED_TIDE,
    THIRD_ORDER,
    TIDE,
    WEIGHTED_TIDE,
    meet,
)
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.bias import one_loop_amplitudes
from jaxlike.theory.tracers.histogram import Histogram

STEP, ELL = 0.01, np.geomspace(10, 2000, 12)
EDGES = STEP * np.arange(161)
CENTRES = (EDGES[1:] + EDGES[:-1]) / 2
LENS = [np.exp(-0.5 * ((CENTRES - mean) / width) ** 2) for mean, width in ((0.4, 0.06), (0.6, 0.1))]
SOURCE = [np.exp(-0.5 * ((CENTRES - 0.9) / 0.2) ** 2)]
COUNTS, CROSS = [(0, 0), (0, 1), (1, 1)], [(0, 0), (1, 0)]
THETA = np.geomspace(3, 200, 5) * np.pi / 180 / 60
BIAS = {
    "b1": 1.5, "b2": 1.9, "b2_1": 0.4, "b2_2": -0.7, "bs2_1": 0.3, "bs2_2": -0.5,
    "b3nl_1": 0.6, "b3nl_2": 1.2,
}  # fmt: skip
LINEAR = {name: value if name in ("b1", "b2") else 0.0 for name, value in BIAS.items()}
OTHERS = {
    "m1": 0.0, "dz_lens1": 0.0, "dz_lens2": 0.0, "dz_source1": 0.0, "A_IA": 0.8,
    "alpha_IA": 0.0, "z0_IA": 0.62,
}  # fmt: skip
POINT = {**BIAS, **OTHERS}


def samples():
    tables = [Histogram(EDGES, np.stack(sample)) for sample in (LENS, SOURCE)]
    return redshift.build(tables, "kde", 0.004)


def prediction(blocks, **options):
    lens, source = samples()
    defaults = {"nonlinear": "linear", "bias": "one_loop"}
    return Prediction.build(blocks, lens, source, **defaults | options)


@pytest.fixture(scope="module")
def cosmo(universe):
    return universe(radiation=False, T_cmb=2.726)


@pytest.fixture(scope="module")
def angles(cosmo):
    """w and gamma_t on few nodes with linear bias and to one loop, as functions of parameters."""
    blocks = [angular("gamma_t", CROSS, THETA), angular("w", COUNTS, THETA)]
    few = {"n_z": 16, "z_max": 1.5, "ell_lattice": np.arange(0, 212, 8)}
    some = {model: prediction(blocks, bias=model, **few) for model in ("constant", "one_loop")}
    return SimpleNamespace(
        **{
            model: jax.jit(lambda p, one=one: one.data_vector(cosmo, p))
            for model, one in some.items()
        },
        theory=some["one_loop"],
    )


def test_c_ell_are_ccls(cosmo):
    """Clustering, with magnification, and lensing with aligned shapes, to 1e-3."""
    ccl = pytest.importorskip("pyccl", reason="CCL is not installed")
    pytest.importorskip("fastpt", reason="CCL's one-loop spectra need fast-pt")
    blocks = [
        block(f"C_ell_{name}", pairs, ELL.size, lambda nodes: cl_matrix(ELL, nodes))
        for name, pairs in (("cross", CROSS), ("counts", COUNTS))
    ]
    one = prediction(blocks, magnification=True, prefactors=True, n_z=80, z_max=1.59)
    p = POINT | {"alpha_mag1": 1.6, "alpha_mag2": 2.2}
    vector = np.asarray(jax.jit(lambda: one.data_vector(cosmo, p))())
    found = np.split(vector, [len(CROSS) * ELL.size])

    theirs = ccl.Cosmology(
        Omega_c=cosmo.Omega_m - cosmo.Omega_b, Omega_b=cosmo.Omega_b, h=cosmo.h, n_s=cosmo.n_s,
        sigma8=cosmo.sigma8, Omega_g=0, Neff=0, T_CMB=2.726,
        transfer_function="eisenstein_hu", matter_power_spectrum="linear",
    )  # fmt: skip
    pt = ccl.nl_pt.EulerianPTCalculator(
        with_NC=True, b1_pk_kind="linear", log10k_min=-4, log10k_max=3, nk_per_decade=120,
        a_arr=np.linspace(0.38, 1, 40), cosmo=theirs,
    )  # fmt: skip
    matter = ccl.nl_pt.PTMatterTracer()
    galaxies = [
        ccl.nl_pt.PTNumberCountsTracer(
            b1=p[f"b{i}"], b2=p[f"b2_{i}"], bs=p[f"bs2_{i}"], b3nl=p[f"b3nl_{i}"]
        )
        for i in (1, 2)
    ]
    curves = [(np.asarray(s.z), np.asarray(s.dndz(np.zeros(s.n_bin)))) for s in samples()]
    lens, (of_sources,) = [[(z, one) for one in n] for z, n in curves]

    def counts(dndz, **what):
        return ccl.NumberCountsTracer(theirs, dndz=dndz, n_samples=1000, has_rsd=False, **what)

    dense = [counts((z, n), bias=(z, np.ones(z.size))) for z, n in lens]
    magnified = [
        counts((z, n), bias=None, mag_bias=(z, np.full(z.size, p[f"alpha_mag{i}"] / 2.5)))
        for i, (z, n) in enumerate(lens, start=1)
    ]
    sheared = ccl.WeakLensingTracer(theirs, dndz=of_sources, n_samples=1000)
    amplitude = np.full(of_sources[0].size, p["A_IA"])
    aligned = ccl.WeakLensingTracer(
        theirs, dndz=of_sources, n_samples=1000, has_shear=False,
        ia_bias=(of_sources[0], amplitude),
    )  # fmt: skip

    def cl(one, other, power=None):
        return ccl.angular_cl(theirs, one, other, ELL, p_of_k_a=power)

    with_matter = [pt.get_biased_pk2d(g, tracer2=matter) for g in galaxies]
    cross, clustering = [], []
    for i, _ in CROSS:
        gI = p[f"b{i + 1}"] * cl(dense[i], aligned)
        of_mass = cl(magnified[i], sheared) + cl(magnified[i], aligned)
        cross.append(cl(dense[i], sheared, with_matter[i]) + gI + of_mass)
    for i, j in COUNTS:
        total = cl(dense[i], dense[j], pt.get_biased_pk2d(galaxies[i], tracer2=galaxies[j]))
        total = total + cl(dense[i], magnified[j], with_matter[i])
        total = total + cl(magnified[i], dense[j], with_matter[j])
        clustering.append(total + cl(magnified[i], magnified[j]))
    for ours, expected in zip(found, (cross, clustering), strict=True):
        np.testing.assert_allclose(ours, np.concatenate(expected), rtol=1e-3)


def test_without_loops_it_is_linear_bias(angles):
    """To rounding; and with them it is not."""
    linear = np.asarray(angles.constant(POINT))
    np.testing.assert_allclose(angles.one_loop(POINT | LINEAR), linear, rtol=1e-13)
    assert np.max(np.abs(angles.one_loop(POINT) / linear - 1)) > 0.05


def test_what_is_not_given_is_of_coevolution(angles):
    given = {name: value for name, value in POINT.items() if not name.startswith(("bs2", "b3nl"))}
    explicit = {}
    for i in (1, 2):
        excess = POINT[f"b{i}"] - 1
        explicit |= {f"bs2_{i}": -4 / 7 * excess, f"b3nl_{i}": excess}
    found = angles.one_loop(given)
    np.testing.assert_allclose(found, angles.one_loop(POINT | explicit), rtol=1e-12)
    b = jnp.array([1.5, 1.9])
    sizes = one_loop_amplitudes({**given, "bs2_2": 0.25}, b)
    np.testing.assert_allclose(sizes[SQUARED_DENSITY], [0.2, -0.35])
    np.testing.assert_allclose(sizes[CONTRACTED_TIDE], [-1 / 7, 0.125])
    np.testing.assert_allclose(sizes[THIRD_ORDER], [0.25, 0.45])


def test_lensing_sees_all_of_the_bias_times_its_ratio(angles):
    n = len(CROSS) * THETA.size
    plain, less = (angles.one_loop(p) for p in (POINT, POINT | {"X_lens": 0.9}))
    np.testing.assert_allclose(less[:n], 0.9 * plain[:n], rtol=1e-12)
    np.testing.assert_array_equal(less[n:], plain[n:])


@pytest.mark.parametrize("name", ["sigma8", "n_s", "b1", "b2_1", "bs2_2", "b3nl_1", "dz_lens1"])
def test_gradient_is_that_of_finite_differences(gradient, name):
    check_slope(*gradient, name)


@pytest.fixture(scope="module")
def gradient(angles, cosmo):
    """A weighted sum of the data vector with its gradient, the latter at a point, and the point."""
    point = {name: float(getattr(cosmo, name)) for name in ("sigma8", "n_s")} | POINT
    vector = np.asarray(angles.one_loop(POINT))
    weights = np.random.default_rng(3).normal(size=vector.size) / np.abs(vector)

    def total(p):
        there = replace(cosmo, sigma8=p["sigma8"], n_s=p["n_s"])
        return jnp.vdot(weights, angles.theory.data_vector(there, p))

    compute = jax.jit(jax.value_and_grad(total))
    return compute, compute(point)[1], point


def test_which_fields_meet():
    """Galaxies and intrinsic shapes by linear bias alone; the third order with matter alone."""
    beyond = (SQUARED_DENSITY, CONTRACTED_TIDE, THIRD_ORDER)
    for field in beyond:
        assert meet(field, MATTER)
        assert not any(meet(field, other) for other in (TIDE, WEIGHTED_TIDE, SQUARED_TIDE))
    assert meet(SQUARED_DENSITY, CONTRACTED_TIDE)
    assert not any(meet(THIRD_ORDER, other) for other in beyond)
    assert meet(MATTER, TIDE)
    assert meet(TIDE, SQUARED_TIDE)
