"""Redshift distributions: normalisation, shifts, smoothness, and CosmoSIS's shifted histograms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

from jaxlike.data import read_two_point_fits
from jaxlike.theory.tracers import nz_lattice, redshift
from jaxlike.theory.tracers.histogram import Histogram

EDGES = np.linspace(0.0001, 3.0001, 301)
MIDDLE = (EDGES[1:] + EDGES[:-1]) / 2
SHAPES = np.stack(
    [
        np.exp(-0.5 * ((MIDDLE - 0.3) / 0.06) ** 2),
        np.exp(-0.5 * ((MIDDLE - 0.8) / 0.15) ** 2) + 0.2 * np.exp(-((MIDDLE - 0.4) ** 2) / 0.005),
    ]
)
SMOOTH = Histogram(EDGES, SHAPES)
JAGGED = Histogram(EDGES, SHAPES * np.random.default_rng(5).uniform(0.6, 1.4, SHAPES.shape))
BANDWIDTHS = (0.0005, 0.003, 0.01, 0.05)


REACHES_FAR = Histogram(EDGES, np.ones((1, MIDDLE.size)))


def one(histogram, model, bandwidth=0.003):
    """On a lattice up to z = 3, whatever the histogram needs."""
    return redshift.build([histogram, REACHES_FAR], model, bandwidth)[0]


@jax.jit
def dndz_of(distribution, dz, width=None, u=None):
    return distribution.dndz(dz, width, u)


def moments(distribution, dz):
    """Integral and mean of every bin, by the integral of a spline through the lattice."""
    values = np.asarray(dndz_of(distribution, np.asarray(dz)))
    spline = make_interp_spline(distribution.z, values, k=3, axis=1)
    first = make_interp_spline(distribution.z, values * distribution.z, k=3, axis=1)
    ends = distribution.z[0], distribution.z[-1]
    total = spline.integrate(*ends)
    return total, first.integrate(*ends) / total


@pytest.mark.parametrize("bandwidth", BANDWIDTHS)
def test_kernel_density_is_the_histogram_smoothed(bandwidth):
    """Unit integral, the histogram's mean, and its variance plus the kernel's."""
    z = np.arange(-0.5, 3.5, bandwidth / 4)
    density = redshift.kernel_density(JAGGED, bandwidth, z)
    weight = JAGGED.counts / JAGGED.counts.sum(axis=1, keepdims=True)
    mean = weight @ MIDDLE
    variance = weight @ MIDDLE**2 - mean**2 + 0.01**2 / 12
    np.testing.assert_allclose(np.trapezoid(density, z), 1, atol=1e-9)
    np.testing.assert_allclose(np.trapezoid(density * z, z), mean, atol=1e-8)
    spread = np.trapezoid(density * (z - mean[:, None]) ** 2, z)
    np.testing.assert_allclose(spread, variance + bandwidth**2, rtol=1e-6)


def test_kernel_density_is_a_sum_over_galaxies():
    """Many galaxies spread evenly over each bin, one Gaussian each."""
    z, bandwidth, per_bin = np.linspace(0.1, 1.2, 50), 0.02, 40
    inside = (np.arange(per_bin) + 0.5) / per_bin * 0.01
    galaxies = (EDGES[:-1, None] + inside).ravel()
    weight = np.repeat(
        JAGGED.counts / JAGGED.counts.sum(axis=1, keepdims=True) / per_bin, per_bin, 1
    )
    kernel = np.exp(-0.5 * ((z[:, None] - galaxies) / bandwidth) ** 2)
    expected = weight @ kernel.T / bandwidth / np.sqrt(2 * np.pi)
    found = redshift.kernel_density(JAGGED, bandwidth, z)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("dz", [0.0, 0.0137, -0.05, 0.1])
@pytest.mark.parametrize("bandwidth", BANDWIDTHS)
def test_kde_is_normalised_whatever_the_bandwidth_and_shift(bandwidth, dz):
    """Galaxies at z > 0 count as one; those that kernel or shift put below do not exist."""
    total, _ = moments(one(JAGGED, "kde", bandwidth), [dz, -dz])
    np.testing.assert_allclose(total, 1, atol=1e-6)


@pytest.mark.parametrize("dz", [0.0137, -0.03])
@pytest.mark.parametrize(("model", "bandwidth"), [("kde", 0.0005), ("kde", 0.01), ("histogram", 0)])
def test_mean_moves_by_the_shift(model, bandwidth, dz):
    distribution = one(SMOOTH, model, bandwidth)
    _, before = moments(distribution, [0.0, 0.0])
    _, after = moments(distribution, [dz, -dz])
    np.testing.assert_allclose(after - before, [dz, -dz], atol=2e-6)


@pytest.mark.parametrize(("bandwidth", "tolerance"), [(0.003, 5e-3), (0.01, 2e-5), (0.05, 1e-6)])
def test_kde_shifts_rigidly(bandwidth, tolerance):
    """n(z - dz) at the lattice points, as the estimate itself at z - dz.

    A kernel narrower than the table's bins leaves their edges, which the lattice just resolves.
    """
    distribution = one(SMOOTH, "kde", bandwidth)
    shifts = (0.0137, -0.0251)
    found = dndz_of(distribution, np.array(shifts))
    expected = np.stack(
        [
            redshift.kernel_density(SMOOTH, bandwidth, distribution.z - dz)[i]
            for i, dz in enumerate(shifts)
        ]
    )
    # the estimate counts what lies below z = 0
    expected /= (expected @ distribution.norm)[:, None]
    np.testing.assert_allclose(found, expected, atol=tolerance * np.max(expected))


def test_kde_is_smooth_in_its_shift():
    """Value, first and second derivative go on through dz = 0 and through every lattice point."""
    distribution = one(JAGGED, "kde")

    def observable(dz):
        values = distribution.dndz(jnp.stack([dz, dz]))
        return jnp.sum(values**2 @ distribution.weights)

    slope = jax.grad(observable)

    @jax.jit
    def derivatives(dz):
        return observable(dz), slope(dz), jax.grad(slope)(dz)

    value, first, second = (lambda dz, i=i: float(derivatives(dz)[i]) for i in range(3))
    step = distribution.step
    for point in (0.0, step, -step, 3 * step, 0.5 * step):
        below, above = point - 1e-9, point + 1e-9
        bend = second(above)
        assert first(below) == pytest.approx(first(above), abs=1e-8 * abs(bend))
        assert second(below) == pytest.approx(bend, rel=1e-4)
        difference = (value(point + 1e-5) - value(point - 1e-5)) / 2e-5
        assert difference == pytest.approx(first(point), rel=1e-4, abs=1e-4)


def test_histogram_keeps_its_samples():
    """At dz = 0 the odd lattice points are the tabulated values, over their trapezoidal sum."""
    distribution = one(JAGGED, "histogram")
    values = np.asarray(dndz_of(distribution, np.zeros(2)))[:, 1::2]
    z = distribution.z[1::2]
    expected = np.stack([np.interp(z, MIDDLE, row) for row in JAGGED.counts])
    scale = values[:, 30] / expected[:, 30]
    used = slice(1, 250)
    np.testing.assert_allclose(values[:, used], (scale[:, None] * expected)[:, used], rtol=1e-9)
    np.testing.assert_allclose(np.trapezoid(values, z), 1, rtol=2e-3)


@pytest.mark.parametrize("first", [0.035, 0.025, 0.01])
def test_lattice_stands_on_the_tables_own_samples(first):
    """Coarse samples are not read between themselves; halfway they are CosmoSIS's spline."""
    middle = first + 0.05 * np.arange(30)
    counts = SHAPES[:, :1] + np.stack([np.interp(middle, MIDDLE, row) for row in SHAPES])
    counts = counts * np.random.default_rng(7).uniform(0.6, 1.4, counts.shape)
    counts[:, -1] = 0.0
    histogram = Histogram(np.append(middle - 0.025, middle[-1] + 0.025), counts)
    distribution = redshift.build([histogram], "histogram", 0.0)[0]
    values = np.asarray(dndz_of(distribution, np.zeros(2)))
    table = np.append(0.0, middle)
    rows = np.insert(counts, 0, 0.0, axis=1)
    rows /= np.trapezoid(rows, table)[:, None]
    spline = make_interp_spline(table, rows, k=3, axis=1)
    inside = (distribution.z > 0) & (distribution.z < middle[-8])
    # the lattice ends where a thousandth of the galaxies is left, and the norm with it
    assert distribution.parts == 4  # coarse samples have three points between them
    np.testing.assert_allclose(distribution.z[3], first, atol=1e-12)
    np.testing.assert_allclose(values[:, 3::4], spline(distribution.z[3::4]), rtol=1e-3)
    np.testing.assert_allclose(
        values[:, inside], spline(distribution.z[inside]), rtol=1e-3, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["lens", "source"])
def test_shifted_histogram_is_cosmosis(cosmosis_point, shared, kind):
    """n(z - dz), interpolated linearly and renormalised, as CosmoSIS stored it, and the spline.

    A lattice 1e-4 off the file's samples, so that these are read between them, is 7e-4 off.
    """
    _, stored = cosmosis_point("low_omega_m")
    values = dict(zip(stored["param_names"], stored["param_values"], strict=True))
    section = {"lens": "lens_photoz_errors", "source": "wl_photoz_errors"}[kind]
    dz = np.array([float(v) for n, v in values.items() if n.startswith(f"{section}--bias_")])
    data = read_two_point_fits(shared / "data" / "des_y1_3x2pt.fits")
    table = data.distribution(f"NZ_{kind.upper()}")
    histogram = Histogram(np.append(table.z_low, table.z_high[-1]), table.dndz)
    distribution = one(histogram, "histogram")
    z, found = distribution.z, np.asarray(dndz_of(distribution, dz))
    spline = make_interp_spline(stored[f"nz_{kind}_z"], stored[f"nz_{kind}"], k=3, axis=1)
    # normalised as ours, for some sources lie beyond the lattice
    expected = spline(z) / (spline(z) @ distribution.norm)[:, None]
    np.testing.assert_allclose(z[1::2], stored[f"nz_{kind}_z"][1:][: z.size // 2], atol=1e-12)
    error = np.abs(found - expected) / expected.max(axis=1, keepdims=True)
    # CosmoSIS's n(0) = 0 is half a step from the table's first sample, ours a whole one if shifted
    assert error[:, 5::2].max() < 2e-5
    # half-way a shift to lower z is seen near 0: CosmoSIS's point there is not zero, but ours is
    assert error[:, z > 0.05].max() < 2e-5
    assert kind == "source" or error.max() < 1e-6


@pytest.mark.parametrize("model", ["kde", "histogram"])
def test_trimming_loses_nothing(model):
    """The lattice ends behind the last galaxy, for shifts up to 0.15."""
    distribution = one(SMOOTH, model)
    short = distribution.trimmed()
    assert short.z.size < distribution.z.size
    for dz in ([0.0, 0.0], [0.15, 0.15]):
        whole, part = (np.asarray(dndz_of(d, np.asarray(dz))) for d in (distribution, short))
        np.testing.assert_allclose(part, whole[:, : short.z.size], rtol=2e-6, atol=1e-9)
        assert np.abs(whole[:, short.z.size :]).max(initial=0) < 2e-6 * whole.max()


def test_lattice_ends_where_a_thousandth_of_the_galaxies_is_left():
    alone = redshift.build([SMOOTH], "kde", 0.003)[0]
    left = np.searchsorted(MIDDLE, alone.z[-1])
    beyond = SMOOTH.counts[:, left:].sum(axis=1) / SMOOTH.counts.sum(axis=1)
    assert beyond.max() < 1e-3
    assert alone.z[-1] < 1.5
    np.testing.assert_allclose(moments(alone, [0.0, 0.0])[0], 1, atol=1e-4)


def test_tables_share_a_lattice_of_the_finer_one():
    fine = Histogram(np.linspace(0, 1, 201), np.ones((1, 200)))
    one_, other = redshift.build([SMOOTH, fine], "kde", 0.003)
    np.testing.assert_array_equal(one_.z, other.z)
    assert one_.step <= 0.0025
    assert one_.z[-1] >= 1.0


def test_reach_of_a_histogram():
    counts = np.zeros((2, 300))
    counts[:, :50] = 1
    counts[1, 200] = 0.01  # one part in five thousand
    assert Histogram(EDGES, counts).z_max() == pytest.approx(EDGES[50])
    counts[1, 200] = 1
    assert Histogram(EDGES, counts).z_max() == pytest.approx(EDGES[201])
    assert Histogram(EDGES, counts).width == pytest.approx(0.01)


def test_no_bins():
    empty = one(SMOOTH, "kde").without_bins()
    assert empty.n_bin == 0
    assert empty.dndz(jnp.zeros(0)).shape == (0, empty.z.size)


@pytest.mark.parametrize("model", ["kde", "histogram"])
@pytest.mark.parametrize(("dz", "width"), [(0.0, 1.0), (0.013, 1.0), (0.0, 1.2), (-0.02, 0.8)])
def test_stretching_keeps_the_mean_and_scales_the_width(model, dz, width):
    """n((z - <z> - dz) / width + <z>) / width: as CosmoSIS's photoz_bias, then photoz_width."""
    middle = np.stack([np.exp(-0.5 * ((MIDDLE - z0) / 0.07) ** 2) for z0 in (0.7, 1.1)])
    distribution = one(Histogram(EDGES, middle), model, 0.01)
    found = np.asarray(dndz_of(distribution, np.array([dz, -dz]), np.array([width, 1 / width])))
    spread = np.hypot(0.07, 0.01) if model == "kde" else 0.07
    mean = np.array([[0.7 + dz], [1.1 - dz]])
    sigma = spread * np.array([[width], [1 / width]])
    expected = np.exp(-0.5 * ((distribution.z - mean) / sigma) ** 2) / sigma / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(found, expected, atol=8e-3 * expected.max())


@pytest.mark.parametrize("model", ["kde", "histogram"])
def test_a_width_of_one_changes_nothing(model):
    distribution = one(JAGGED, model)
    dz = np.array([0.0137, -0.02])
    found, expected = dndz_of(distribution, dz, np.ones(2)), dndz_of(distribution, dz)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


BUMP = np.exp(-0.5 * ((MIDDLE - 0.6) / 0.05) ** 2)
MODES = np.stack([[0.2 * BUMP, -0.1 * BUMP], [0 * BUMP, 0.05 * np.gradient(SHAPES[1], MIDDLE)]])


@pytest.mark.parametrize("width", [None, (1.1, 0.9)])
@pytest.mark.parametrize("model", ["kde", "histogram"])
def test_modes_change_the_table(model, width):
    """n + sum_i u_i U_i, shifted and stretched about its own mean, is a table of that n(z)."""
    u, dz = np.array([0.7, -1.3]), np.array([0.01, -0.02])
    varying = one(Histogram(EDGES, SHAPES, MODES), model)
    table = one(Histogram(EDGES, SHAPES + np.tensordot(u, MODES, axes=1)), model)
    width = None if width is None else np.asarray(width)
    found, expected = dndz_of(varying, dz, width, u), dndz_of(table, dz, width)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(
        dndz_of(varying, dz, width), dndz_of(one(SMOOTH, model), dz, width)
    )
    assert (varying.n_mode, table.n_mode) == (2, 0)


def test_the_lattice_reaches_as_far_as_modes_do():
    far = np.exp(-0.5 * ((MIDDLE - 2.0) / 0.05) ** 2)
    alone, moved = (
        redshift.build([Histogram(EDGES, SHAPES, modes)], "kde", 0.003)[0].trimmed()
        for modes in (None, 0.1 * np.stack([[far, far]]))
    )
    assert alone.z[-1] < 1.8 < 2.1 < moved.z[-1]
    assert moved.without_bins().n_mode == 0


@pytest.mark.parametrize("last", [3.0, 3.0125, 4.0])
def test_a_sample_at_z_0_stands_there(last):
    """Not beside it by rounding, where c_k / f_k would be 1e16: HSC-Y3's samples are at 0.025 i."""
    middle = np.arange(last, 0.01, -0.025)[::-1]
    edges = np.append(middle - 0.0125, middle[-1] + 0.0125)
    table = Histogram(edges, np.exp(-0.5 * ((middle - 0.8) / 0.2) ** 2)[None])
    z = np.asarray(redshift.build([table], "histogram", 0.01)[0].z)
    assert np.min(np.abs(z[np.abs(z) > 0])) > 1e-3


SPACING = 0.05
COARSE_MIDDLE = 0.035 + SPACING * np.arange(40)
COARSE = Histogram(
    np.append(COARSE_MIDDLE - 0.025, COARSE_MIDDLE[-1] + 0.025),
    np.stack([np.interp(COARSE_MIDDLE, MIDDLE, row) for row in SHAPES])
    * np.random.default_rng(3).uniform(0.6, 1.4, (2, 40)),
)


@pytest.mark.parametrize("dz", [0.0, 0.012, -0.02])
def test_products_of_coarse_samples_are_those_of_their_spline(dz):
    """int n_i n_j K with K smooth, n the spline through the shifted samples, which is jagged."""
    distribution = redshift.build([COARSE], "histogram", 0.0)[0]
    n = np.asarray(dndz_of(distribution, np.full(2, dz)))
    found = (n[:, None] * n) @ (distribution.weights * (1 + distribution.z) ** 2)
    table = np.append(0.0, COARSE_MIDDLE)
    rows = np.insert(COARSE.counts, 0, 0.0, axis=1)
    rows = np.stack([np.interp(table - dz, table, row, left=0, right=0) for row in rows])
    rows[:, 0] = 0.0
    rows /= np.trapezoid(rows, table)[:, None]
    z = np.linspace(0, table[-1], 40001)
    spline = make_interp_spline(table, rows, k=3, axis=1)(z)
    expected = np.trapezoid(spline[:, None] * spline * (1 + z) ** 2, z)
    # two points a sample would be 2.5e-3 off at dz = 0, where nothing has smoothed it
    np.testing.assert_allclose(found, expected, atol=1e-3 * expected.max())


MIXED = ("histogram", "kde", "spline")


def test_models_share_a_lattice():
    """Each n(z) is what it is alone, whatever the others are; samples stand on the lattice."""
    tables, dz = [COARSE, SMOOTH, SMOOTH], np.array([0.012, -0.02])
    mixed = redshift.build(tables, MIXED, 0.01)
    z = np.asarray(mixed[0].z)
    assert mixed[0].parts == 2 * round(SPACING / mixed[0].step / 2)
    assert mixed[0].step <= SMOOTH.width / 4 * (1 + 1e-9)
    for model, table, one_ in zip(MIXED, tables, mixed, strict=True):
        np.testing.assert_array_equal(one_.z, z[: one_.z.size])
        found = np.asarray(dndz_of(one_, dz))
        alone = redshift.build([table], model, 0.01)[0]
        expected = np.asarray(dndz_of(alone, dz))
        curve = make_interp_spline(alone.z, expected, k=3, axis=1)
        inside = (one_.z > 0.05) & (one_.z < alone.z[-1])
        difference = found[:, inside] - curve(one_.z[inside])
        assert np.abs(difference).max() < 4e-3 * expected.max()
        rule = mixed[1].weights[: one_.z.size]
        np.testing.assert_allclose(found @ rule, 1, atol=3e-3)


@pytest.mark.parametrize("model", MIXED)
def test_mixed_models_have_gradients(model):
    """Against finite differences, and mapped over shifts against a loop."""
    tables = [COARSE, SMOOTH, SMOOTH]
    one_ = redshift.build(tables, MIXED, 0.01)[MIXED.index(model)]

    def observable(dz):
        return jnp.sum((one_.dndz(dz) ** 2) @ one_.weights)

    both = jax.jit(jax.value_and_grad(observable))
    dz = np.array([0.0123, -0.0171])
    gradient = both(dz)[1]
    for i, step in enumerate(1e-6 * np.eye(2)):
        difference = (both(dz + step)[0] - both(dz - step)[0]) / 2e-6
        assert float(gradient[i]) == pytest.approx(float(difference), rel=1e-6, abs=1e-6)
    many = np.stack([dz, -dz, 0.5 * dz])
    looped = [float(both(one_dz)[0]) for one_dz in many]
    np.testing.assert_allclose(jax.jit(jax.vmap(observable))(many), looped, rtol=1e-12)


def gaussians(width, jagged=0.0):
    """Two bins in cells of 0.01, with every other cell higher by a share."""
    edges = np.linspace(0, 2, 201)
    z = (edges[1:] + edges[:-1]) / 2
    counts = np.exp(-(((z - np.array([[0.6], [0.9]])) / width) ** 2) / 2)
    return Histogram(edges, counts * (1 + jagged * (np.arange(z.size) % 2)))


@pytest.mark.parametrize(("table", "step"), [
    (gaussians(0.1), 0.01),
    (gaussians(0.02), 0.005),
    (gaussians(0.004), 0.0025),
    (gaussians(0.1, jagged=0.3), 0.0025),
])  # fmt: skip
def test_smooth_curves_stand_on_fewer_points(table, step):
    """Whose products, and what lies behind a redshift, are those of the finer lattice."""
    (found,) = redshift.build([table], "spline", 0.003)
    assert found.step == pytest.approx(step)
    assert [nz_lattice.resolves(h, 0.0025, table) for h in (0.005, 0.01)] == [
        step >= 0.005,
        step >= 0.01,
    ]
    (kde,) = redshift.build([table], "kde", 0.003)
    assert kde.step == pytest.approx(0.005)


def test_a_coarser_lattice_has_the_same_integrals(monkeypatch):
    table, dz = gaussians(0.1), jnp.array([0.003, -0.007])
    (coarse,) = redshift.build([table], "spline", 0.003, tail=1e-12)
    monkeypatch.setattr(nz_lattice, "_COARSER", ())
    (fine,) = redshift.build([table], "spline", 0.003, tail=1e-12)
    assert fine.z.size > 1.9 * coarse.z.size
    means = []
    for one in (coarse, fine):
        n = np.asarray(one.dndz(dz))
        means.append([(n * np.cos(3 * one.z)) @ one.weights, (n[0] * n[1]) @ one.weights])
    np.testing.assert_allclose(means[0][0], means[1][0], rtol=1e-6)
    np.testing.assert_allclose(means[0][1], means[1][1], rtol=1e-6)
