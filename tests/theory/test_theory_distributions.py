"""Analytic redshift distributions, photometric redshift errors, and what is done to either."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import gamma

from jaxlike.errors import ParameterError
from jaxlike.theory.tracers import distributions, photo_z
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.redshift import kernel_density

Z = np.linspace(0.0, 4.0, 401)
W = distributions.lattice_weights(Z)
EDGES = np.linspace(0.0, 1.5, 31)
COUNTS = np.random.default_rng(2).uniform(0.5, 2.0, (2, 30)) * np.exp(
    -0.5 * ((EDGES[1:] - np.array([[0.5], [0.9]])) / 0.2) ** 2
)
smail = jax.jit(partial(distributions.smail, Z))
gaussian = jax.jit(partial(distributions.gaussian, Z))
BASE = np.asarray(smail(2.0, 1.5, 0.5))
PAIR = np.asarray(gaussian(np.array([0.8, 1.4]), np.array([0.1, 0.2])))
transformed = jax.jit(partial(photo_z.transformed, Z, PAIR))
shift = jax.jit(partial(photo_z.shift, Z))
stretch = jax.jit(partial(photo_z.stretch, Z))
delta = jax.jit(partial(distributions.delta, Z))
MODES = np.stack([np.gradient(PAIR, Z, axis=1), PAIR * np.sin(9 * Z)])


def moment(dndz, power=1):
    return np.asarray(dndz) @ (W * Z**power)


def test_rule_of_the_lattice():
    """Smooth curves to fourth order on a uniform lattice, straight lines exactly on any other."""
    z = np.linspace(0, 2, 41)
    assert distributions.lattice_weights(z) @ np.exp(-z) == pytest.approx(1 - np.exp(-2), rel=1e-6)
    uneven = np.array([0.0, 0.1, 0.4, 1.0])
    assert distributions.lattice_weights(uneven) @ (1 + 2 * uneven) == pytest.approx(2.0)


@pytest.mark.parametrize(("a", "b", "z0"), [(2.0, 1.5, 0.5), (5.0, 4.0, 1.5), (1.0, 2.0, 0.4)])
def test_smail_in_closed_form(a, b, z0):
    """b z^a exp(-(z/z0)^b) / (z0^(a+1) Gamma((a+1)/b)); its mean is a ratio of Gamma functions."""
    found = np.asarray(smail(a, b, z0))
    norm = b / z0 ** (a + 1) / gamma((a + 1) / b)
    expected = norm * Z**a * np.exp(-((Z / z0) ** b))
    np.testing.assert_allclose(found, expected, atol=2e-6 * expected.max())
    mean = z0 * gamma((a + 2) / b) / gamma((a + 1) / b)
    assert float(distributions.mean_redshift(Z, found)) == pytest.approx(mean, rel=1e-5)


def test_fu():
    a, b, c = 0.612, 8.125, 0.620  # Fu et al. 2008, table 2

    def shape(z):
        return (z**a + z ** (a * b)) / (z**b + c)

    z = np.linspace(0, 4, 4001)
    found = jax.jit(partial(distributions.fu, z))(a, b, c)
    norm = integrate.quad(shape, 0, 4, limit=200)[0]
    np.testing.assert_allclose(found, shape(z) / norm, rtol=2e-5, atol=1e-12)


def test_many_bins_at_once():
    found = smail(np.array([2.0, 1.0]), 1.5, np.array([0.5, 0.7]))
    assert found.shape == (2, Z.size)
    np.testing.assert_allclose(found[0], BASE, rtol=1e-12)


@pytest.mark.parametrize("z_s", [0.5, 0.50371, 1.237, 3.9])
def test_delta_has_its_mean_exactly_and_next_to_no_width(z_s):
    found = delta(z_s)
    assert moment(found, 0) == pytest.approx(1, abs=1e-13)
    assert moment(found) == pytest.approx(z_s, abs=1e-12)
    assert moment(found, 2) - z_s**2 == pytest.approx(0.01**2 / 3, rel=1e-6)


def test_table_and_kernel_density():
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    found = np.asarray(distributions.tabulated(Z, middle, COUNTS))
    expected = np.stack([np.interp(Z, middle, row, left=0, right=0) for row in COUNTS])
    np.testing.assert_allclose(found, expected / (expected @ W)[:, None], rtol=1e-12)
    smooth = jax.jit(partial(distributions.kde, Z, EDGES))(COUNTS, 0.03)
    stored = kernel_density(Histogram(EDGES, COUNTS), 0.03, Z)
    np.testing.assert_allclose(smooth, stored / (stored @ W)[:, None], rtol=1e-9, atol=1e-12)


def test_mixture_and_product():
    both, total = jax.jit(partial(distributions.mixture, Z))(PAIR, np.array([1.0, 3.0]))
    assert float(total) == 4
    assert moment(both) == pytest.approx((0.8 + 3 * 1.4) / 4, rel=1e-6)
    narrow = jax.jit(partial(distributions.product, Z))(PAIR[0], PAIR[1])
    weight = np.array([1 / 0.1**2, 1 / 0.2**2])
    assert moment(narrow) == pytest.approx(weight @ [0.8, 1.4] / weight.sum(), rel=1e-6)


def test_density_per_steradian():
    square_degree = (np.pi / 180) ** 2
    assert float(distributions.per_steradian(1.0)) * square_degree == pytest.approx(3600)


def test_quantiles_make_bins_of_equal_numbers():
    z = np.linspace(0.0, 4.0, 4001)
    base = jax.jit(partial(distributions.smail, z))(2.0, 1.5, 0.5)
    edges = jax.jit(partial(distributions.quantile, z))(base, np.linspace(0, 1, 6))
    bins = jax.jit(partial(photo_z.photo_z_bins, z))(base, edges, 1e-3, density=10.0)
    np.testing.assert_allclose(bins.density, 2.0, rtol=3e-3)
    np.testing.assert_allclose(bins.density.sum(), 10, rtol=1e-3)


def test_bins_of_photometric_redshifts():
    """Against galaxies drawn and scattered one by one."""
    options = {"bias": 0.01, "outlier_fraction": 0.15, "outlier_sigma": 0.03, "outlier_bias": -0.1}
    edges = np.array([0.2, 0.6, 1.0, 1.8])
    found = jax.jit(partial(photo_z.photo_z_bins, Z))(BASE, edges, 0.05, density=7.0, **options)
    draw = np.random.default_rng(1)
    n = 400_000
    z = 0.5 * draw.gamma(2.0, size=n) ** (1 / 1.5)  # (z / z0)^b is a gamma variate of (a + 1) / b
    stray = draw.uniform(size=n) < options["outlier_fraction"]
    centre, scatter = np.where(stray, [[-0.1], [0.03]], [[0.01], [0.05]])
    seen = z + (1 + z) * (centre + scatter * draw.normal(size=n))
    for i, (low, high) in enumerate(pairwise(edges)):
        chosen = z[(seen >= low) & (seen < high)]
        error = np.sqrt(chosen.size)
        assert float(found.density[i]) == pytest.approx(7 * chosen.size / n, rel=5 / error)
        assert moment(found.dndz[i]) == pytest.approx(chosen.mean(), abs=5 * chosen.std() / error)
        spread = np.sqrt(moment(found.dndz[i], 2) - moment(found.dndz[i]) ** 2)
        assert spread == pytest.approx(chosen.std(), rel=0.02)


def test_bins_without_scatter_are_the_bins():
    found = jax.jit(partial(photo_z.photo_z_bins, Z))(BASE, np.array([0.305, 0.705]), 1e-6)
    inside = (Z > 0.305) & (Z < 0.705)
    np.testing.assert_allclose(np.asarray(found.dndz[0])[~inside], 0, atol=1e-12)
    ratio = np.asarray(found.dndz[0])[inside] / BASE[inside]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)


@pytest.mark.parametrize(("dz", "width"), [(0.013, 1.0), (-0.04, 1.0), (0.0, 1.2), (0.02, 0.85)])
def test_shift_and_stretch_of_gaussians(dz, width):
    """A Gaussian stays one: its mean moves by dz, and its width by the factor."""
    found = transformed(dz, width)
    mean, sigma = np.array([[0.8], [1.4]]), np.array([[0.1], [0.2]])
    expected = stats.norm.pdf(Z, mean + dz, width * sigma)
    np.testing.assert_allclose(found, expected, atol=2e-5 * expected.max())
    same = stretch(shift(PAIR, dz), width)
    np.testing.assert_allclose(same, found, atol=1e-4 * expected.max())


def test_no_galaxies_come_from_beyond_the_lattice():
    moved = shift(gaussian(0.0, 0.2), 0.3)
    assert np.all(np.asarray(moved)[Z < 0.29] == 0)


def test_modes():
    found = jax.jit(partial(photo_z.pca_modes, Z))(PAIR, MODES, np.array([-0.01, 0.05]))
    expected = PAIR - 0.01 * MODES[0] + 0.05 * MODES[1]
    np.testing.assert_allclose(found, expected / (expected @ W)[:, None], rtol=1e-12)


BINS = partial(photo_z.photo_z_bins, Z, outlier_sigma=0.04)
FUNCTIONS = {
    "smail": (lambda x: distributions.smail(Z, x[0], x[1], x[2]), [2.0, 1.5, 0.5]),
    "smail from zero": (lambda x: distributions.smail(Z, x[0], 2.0, 0.5), [1e-3]),
    "fu": (lambda x: distributions.fu(Z, x[0], x[1], x[2]), [0.6, 8.1, 0.6]),
    "gaussian": (lambda x: distributions.gaussian(Z, x[0], x[1]), [0.8, 0.1]),
    "delta": (lambda x: distributions.delta(Z, x), [0.803, 1.21]),
    "tabulated": (lambda x: distributions.tabulated(Z, [0.1, 0.5, 1.0], x), [0.3, 1.0, 0.2]),
    "kde": (lambda x: distributions.kde(Z, EDGES, COUNTS * x[0], x[1]), [1.1, 0.03]),
    "mixture": (lambda x: distributions.mixture(Z, PAIR, x), [1.0, 3.0]),
    "product": (lambda x: distributions.product(Z, BASE, PAIR ** x[0]), [1.1]),
    "quantile": (lambda x: distributions.quantile(Z, BASE ** x[0], [0.3, 0.6]), [1.1]),
    "photo_z_bins": (
        lambda x: BINS(BASE, x[:3], x[3], bias=x[4], outlier_fraction=x[5], density=x[6]),
        [0.3, 0.7, 1.4, 0.05, 0.01, 0.1, 3.0],
    ),
    "transformed": (lambda x: photo_z.transformed(Z, PAIR, x[:2], x[2:]), [0.01, -0.02, 1.1, 0.9]),
    "shift": (lambda x: photo_z.shift(Z, PAIR, x), [0.013, -0.021]),
    "stretch": (lambda x: photo_z.stretch(Z, PAIR, x), [0.93, 1.21]),
    "pca_modes": (lambda x: photo_z.pca_modes(Z, PAIR, MODES, x), [0.002, -0.05]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_gradient_jit_and_vmap(name):
    """Unit integrals, a batch that is the loop over it, and slopes in each parameter."""
    function, centre = FUNCTIONS[name]

    def compute(x):
        return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(function(x))])

    centre = np.array(centre)
    step = 1e-5 * np.abs(centre)
    points = np.concatenate([centre + np.diag(step), centre - np.diag(step)])
    values = np.asarray(jax.jit(jax.vmap(compute))(points))
    assert np.all(np.isfinite(values))
    weight = np.random.default_rng(3).normal(size=values.shape[1])
    # one program: the value, and the slopes of its sum with weights
    one = jax.jit(jax.grad(lambda x: (compute(x) @ weight, compute(x)), has_aux=True))
    loop = np.stack([one(x)[1] for x in points[:2]])
    np.testing.assert_allclose(values[:2], loop, rtol=1e-9, atol=1e-11 * np.abs(loop).max())
    gradient, _ = one(centre)
    above, below = np.split(values @ weight, 2)
    size = np.abs(weight * values[0]).sum() / np.abs(centre)
    difference = (above - below) / 2 / step
    allowed = 1e-4 * np.abs(difference) + 1e-6 * size
    np.testing.assert_array_less(np.abs(np.asarray(gradient) - difference), allowed)
    if name not in ("mixture", "quantile", "photo_z_bins"):
        np.testing.assert_allclose(values.reshape(-1, Z.size) @ W, 1, rtol=1e-12)


BAD = {
    "lattice": (lambda: distributions.lattice_weights([0.0, 0.2, 0.1]), "ascending"),
    "delta": (lambda: distributions.delta([0.0, 0.1, 0.3, 0.7], 0.2), "delta needs a uniform"),
    "shift": (lambda: photo_z.shift([0.0, 0.1, 0.3, 0.7], np.ones(4), 0.1), "uniform lattice"),
    "edges": (lambda: BINS(BASE, [0.2, 0.9, 0.6], 0.05), r"0\.2, 0\.9, 0\.6.*ascend"),
    "sigma": (lambda: BINS(BASE, [0.2, 0.9], 0.0), r"sigma_z is 0\.0.*positive"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    call, message = BAD[case]
    with pytest.raises(ParameterError, match=message):
        call()
