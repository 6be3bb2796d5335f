"""The likelihood of C_ell: exact multipoles, and blocks of the covariance in the place of all."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline, RectBivariateSpline
from scipy.linalg import block_diag

from jaxlike.config import TheoryOptions
from jaxlike.data import STATISTICS, TwoPointData, apply_scale_cuts, read_scale_cuts
from jaxlike.errors import DataError
from jaxlike.likelihoods.gaussian import quadratic_form
from jaxlike.likelihoods.two_point import NODE_TOLERANCE, build_likelihood, fine_likelihood
from jaxlike.theory.constants import C1_RHO_CRIT, HUBBLE_DISTANCE
from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.universe import background
from jaxlike.theory.universe.growth import growth_factor

QUICK = TheoryOptions(
    linear="eisenstein_hu_no_wiggle", nonlinear="linear", ell_prefactors=True, radiation=False
)
POINT = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "Omega_k": 0.0,
    "w0": -1.0, "wa": 0.0, "N_eff": 3.046, "b1": 1.4, "b2": 1.6, "m1": 0.01, "m2": -0.01,
    "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62,
    "dz_lens1": 0.0, "dz_lens2": 0.002, "dz_source1": -0.01, "dz_source2": 0.005,
}  # fmt: skip


@pytest.fixture(scope="module")
def likelihood(cl_data):
    return build_likelihood(cl_data, QUICK)


@pytest.fixture(scope="module")
def cut(cl_data, tmp_path_factory):
    """Scale cuts that leave another number of pairs at each multipole."""
    path = tmp_path_factory.mktemp("cuts") / "cuts.yaml"
    path.write_text("min_ell: 0\nmax_ell: {C_ell_shear: 900, C_ell_cross: 400, C_ell_counts: 200}")
    return apply_scale_cuts(cl_data, read_scale_cuts(path))


def dense(likelihood):
    """The same likelihood with its inverse covariance in one piece."""
    inverse = np.linalg.inv(likelihood.data.covariance)
    whole = replace(likelihood.arrays, inverse=jnp.asarray((inverse + inverse.T) / 2), rows=None)
    return replace(likelihood, arrays=whole)


def test_covariance_is_taken_apart(likelihood, cl_data):
    assert likelihood.arrays.inverse.shape == (8, 10, 10)
    sigma = np.sqrt(np.diag(cl_data.covariance))
    product = (likelihood.precision @ cl_data.covariance) * (sigma[:, None] / sigma)
    np.testing.assert_allclose(product, np.eye(80), atol=1e-9)
    assert likelihood.log_det_of_points == pytest.approx(
        np.linalg.slogdet(cl_data.covariance)[1], rel=1e-12
    )


@pytest.fixture(scope="module")
def with_gradient(likelihood):
    """Its log-likelihood and the gradient."""
    return jax.jit(jax.value_and_grad(likelihood.log_likelihood))


@pytest.mark.parametrize("some", [False, True], ids=["all points", "after cuts"])
def test_blocks_and_the_whole_agree(likelihood, cut, some):
    """In value, and in the gradient by the data vector, which is all that differs in that by the
    parameters."""
    one = build_likelihood(cut, QUICK) if some else likelihood
    n_block, largest, _ = one.arrays.inverse.shape
    assert (n_block, largest) == (8, 10)
    assert (one.arrays.rows == one.data.n_data).any() == some
    whole = dense(one)

    @jax.jit
    def compute(p):
        values = one.log_likelihood(p), whole.log_likelihood(p)
        return values, one.log_likelihood(p, normalised=True), one.theory_vector(p)

    (value, expected), normalised, vector = compute(POINT)
    assert float(value) == pytest.approx(float(expected), rel=1e-10)
    slope, expected_slope = (np.asarray(jax.jit(jax.grad(x.chi2_of))(vector)) for x in (one, whole))
    errors = np.sqrt(np.diag(one.data.covariance))
    size = np.abs(expected_slope * errors).max()
    np.testing.assert_allclose(slope * errors, expected_slope * errors, 1e-10, 1e-10 * size)
    logdet = np.linalg.slogdet(one.data.covariance)[1] + one.data.n_data * np.log(2 * np.pi)
    assert float(normalised) == pytest.approx(float(expected) - logdet / 2, rel=1e-10)


def test_gradient_against_finite_differences(with_gradient):
    _, gradient = with_gradient(POINT)
    for name in ("Omega_m", "sigma8", "w0", "b1", "m2", "A_IA", "dz_source1"):
        step = 1e-4
        up, down, up2, down2 = (
            float(with_gradient({**POINT, name: POINT[name] + s * step})[0]) for s in (1, -1, 2, -2)
        )
        slope = (8 * (up - down) - (up2 - down2)) / (12 * step)
        assert float(gradient[name]) == pytest.approx(slope, rel=1e-6), name


def test_quadratic_form_of_blocks_and_its_derivatives():
    rng = np.random.default_rng(1)
    square = rng.normal(size=(4, 3, 3))
    blocks, r = (
        jnp.asarray(square @ np.swapaxes(square, 1, 2)),
        jnp.asarray(rng.normal(size=(4, 3))),
    )
    expected = sum(float(x @ b @ x) for b, x in zip(blocks, r, strict=True))
    assert float(quadratic_form(blocks, r)) == pytest.approx(expected)
    gradient = jax.jit(jax.grad(quadratic_form, argnums=1))(blocks, r)
    np.testing.assert_allclose(gradient, 2 * np.einsum("bij,bj->bi", blocks, r), rtol=1e-13)


def limber_sums(data, likelihood):
    """C_ell (n_data,) as one sum over redshifts at each point's own ell; shares P and chi alone."""
    p, cosmo = POINT, likelihood.cosmology(POINT)
    z = np.arange(0.005, 2.0, 0.0025)
    ln_k = np.log(np.geomspace(1e-4, 60, 400))

    @jax.jit
    def universe(cosmo):
        power = linear_power(cosmo, np.exp(ln_k), z, model="eisenstein_hu_no_wiggle")
        chi, H = background.comoving_distance(cosmo, z), background.hubble(cosmo, z)
        return chi, H, power, growth_factor(cosmo, z)

    chi, H, power, growth = map(np.asarray, universe(cosmo))
    ln_p = RectBivariateSpline(z, ln_k, np.log(power), kx=3, ky=3)

    def galaxies(sample, name):
        shifts = jnp.array([p[f"dz_{name}{i}"] for i in (1, 2)])
        return np.stack(
            [CubicSpline(sample.z, n)(z) * (z < sample.z[-1]) for n in sample.dndz(shifts)]
        )

    lens, source = (
        galaxies(tracer.distributions, tracer.word) for tracer in likelihood.theory.tracers
    )
    closeness = np.maximum(1 - chi[:, None] / chi, 0)
    lensing = (
        1.5 * p["Omega_m"] / HUBBLE_DISTANCE**2 * (1 + z) * chi * (source @ closeness.T) * 0.0025
    )
    alignment = -p["A_IA"] * C1_RHO_CRIT * p["Omega_m"] / growth * ((1 + z) / 1.62) ** p["alpha_IA"]
    m = np.array([[1 + p["m1"]], [1 + p["m2"]]])
    radial = {
        "counts": np.array([[p["b1"]], [p["b2"]]]) * lens * H,
        "shear": m * (lensing + alignment * H * source),
    }
    result = []
    for measurement in data.measurements:
        fields = STATISTICS[measurement.statistic]
        for i, j, ell in zip(measurement.bin1, measurement.bin2, measurement.scale, strict=True):
            power = np.exp(ln_p(z, np.log((ell + 0.5) / chi), grid=False))
            kernels = radial[fields[0]][i - 1] * radial[fields[1]][j - 1]
            spin = np.sqrt((ell + 2) * (ell + 1) * ell * (ell - 1)) / (ell + 0.5) ** 2
            total = np.sum(kernels * power / H / chi**2) * 0.0025
            result.append(total * spin ** fields.count("shear"))
    return np.array(result)


def test_every_point_is_the_limber_sum_at_its_own_ell(likelihood, cl_data):
    found = np.asarray(likelihood.theory_vector(POINT))
    expected = limber_sums(cl_data, likelihood)
    sigma = np.sqrt(np.diag(cl_data.covariance))
    # lenses of bin 2 behind the sources of bin 1 leave next to nothing
    assert np.max(np.abs(found - expected) / np.maximum(np.abs(expected), 0.02 * sigma)) < 2e-3
    difference = found - expected
    assert difference @ likelihood.precision @ difference < 4 * NODE_TOLERANCE


def test_nodes_lie_about_the_multipoles(likelihood, small_data):
    nodes = likelihood.grid.nodes.ell
    assert 10 < nodes[0] < 20
    assert 800 < nodes[-1] < 1200
    assert likelihood.node_error < NODE_TOLERANCE
    everything = fine_likelihood(small_data, QUICK).grid.nodes.ell
    assert everything[0] < 1
    assert everything[-1] > 6e4


@pytest.mark.parametrize("n_ell", [1, 2])
def test_multipoles_may_be_one_or_next_to_each_other(likelihood, cl_data, n_ell):
    """Nodes are chosen there too, where the largest multipole is below 3.2 times the smallest."""
    ell = np.concatenate([m.ell for m in cl_data.measurements])
    few = np.isin(ell, np.unique(ell)[2 : 2 + n_ell])
    assert ell[few].max() < 3.2 * ell[few].min()
    narrow = build_likelihood(cl_data.select(few), QUICK)
    found = np.asarray(narrow.theory_vector(POINT))
    difference = found - np.asarray(likelihood.theory_vector(POINT))[few]
    assert difference @ narrow.precision @ difference < 4 * NODE_TOLERANCE


def test_angles_and_multipoles_in_one_data_set(cl_data, small_data, likelihood):
    """Each statistic is projected by its own matrix, and the blocks are of unequal size."""
    xi = small_data.with_probes(["xi_plus"])
    covariance = block_diag(cl_data.covariance, xi.covariance)
    both = TwoPointData(
        (*cl_data.measurements, *xi.measurements), cl_data.nz, covariance, "both.fits"
    )
    theory = build_likelihood(both, QUICK)
    found = np.asarray(theory.theory_vector(POINT))
    alone = np.asarray(likelihood.theory_vector(POINT))
    difference = found[:80] - alone
    assert difference @ likelihood.precision @ difference < 4 * NODE_TOLERANCE
    assert found[80] > found[85] > 1e-7, "xi_plus falls with the angle"
    assert theory.arrays.inverse.shape == (9, 18, 18)
    chi2 = float(theory.chi2_of(jnp.asarray(found)))
    r = both.value - found
    assert chi2 == pytest.approx(r @ np.linalg.solve(both.covariance, r), rel=1e-9)


def test_a_probe_that_is_not_there_is_named(cl_data):
    with pytest.raises(DataError, match="no HDU of probe 'xi_plus'; the file has C_ell_shear"):
        cl_data.with_probes(("xi_plus", "xi_minus"))
