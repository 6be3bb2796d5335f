"""Forecasts of surveys: against another form of the Fisher matrix, CCL, and differences."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ConfigError, JaxlikeError, ParameterError
from jaxlike.forecast.design import Design, Sample, as_arrays, edges_from, gaps_from
from jaxlike.forecast.optimise import gradient, optimise
from jaxlike.forecast.options import Optimise
from jaxlike.forecast.shapes import Smail
from jaxlike.forecast.survey import build_forecast
from jaxlike.forecast.universe import build_universe
from jaxlike.theory.tracers.distributions import per_steradian

FIDUCIAL = {
    "Omega_m": 0.3, "sigma8": 0.8, "Omega_b": 0.048, "h": 0.68, "n_s": 0.965, "w0": -1.0, "wa": 0.0,
}  # fmt: skip
ELL = np.geomspace(30, 600, 6)
DESIGN = Design(
    area=5000.0,
    sigma_e=0.26,
    source=Sample(20.0, np.array([0.0, 0.8, 3.0]), 0.05, Smail(2.0, 1.0, 0.3)),
    lens=Sample(3.0, np.array([0.2, 0.5, 0.9]), 0.03, Smail(2.0, 1.5, 0.5)),
)
VARY = ("A_IA", "b", "m", "dz_source", "dz_lens")
PRIORS = {"m": 0.01, "dz_source": 0.005, "dz_lens": 0.005, "h": 0.05, "n_s": 0.02}


@pytest.fixture(scope="module")
def universe():
    names = ("Omega_m", "sigma8", "h", "n_s", "w0", "wa")
    return build_universe(
        FIDUCIAL,
        names,
        ell_min=ELL[0],
        ell_max=ELL[-1],
        linear="eisenstein_hu_no_wiggle",
        nonlinear="linear",
    )


@pytest.fixture(scope="module")
def forecast(universe):
    return build_forecast(
        universe, DESIGN, vary=VARY, bias=(1.4, 1.7), A_IA=0.5, priors=PRIORS, ell=ELL
    )


@pytest.fixture(scope="module")
def matrix(forecast):
    return np.asarray(jax.jit(forecast.fisher)(as_arrays(DESIGN)))


@pytest.fixture(scope="module")
def covariance(forecast):
    return np.asarray(jax.jit(forecast.covariance)(as_arrays(DESIGN)))


@pytest.fixture(scope="module")
def merit(forecast):
    return jax.jit(forecast.merit)


def test_names_and_priors(forecast):
    assert forecast.names == (
        *("Omega_m", "sigma8", "h", "n_s", "w0", "wa", "A_IA", "b1", "b2", "m1", "m2"),
        *("dz_source1", "dz_source2", "dz_lens1", "dz_lens2"),
    )
    width = np.array([np.inf, np.inf, 0.05, 0.02, *5 * [np.inf], 0.01, 0.01, *4 * [0.005]])
    np.testing.assert_allclose(forecast.prior, 1 / width**2)


def test_the_fields_tell_the_same_as_their_spectra(forecast, matrix):
    """Gaussian fields of unknown variance: (2 ell + 1) f_sky / 2 tr(C^-1 dC C^-1 dC)."""
    n, (first, second) = 4, forecast.ends.T

    def square(cl):
        out = jnp.zeros((n, n, ELL.size)).at[first, second].set(cl.T)
        return jnp.moveaxis(out.at[second, first].set(cl.T), -1, 0)

    lens, source = forecast._bins(DESIGN)
    noise = np.concatenate([1 / np.asarray(lens.density), 0.26**2 / np.asarray(source.density)])
    step = 1e-3

    @jax.jit
    def aligned(A_IA):
        other = replace(forecast.systematics, A_IA=A_IA)
        return square(replace(forecast, systematics=other).spectra(DESIGN))

    cl, more, less = (np.asarray(aligned(A_IA)) for A_IA in (0.5, 0.5 + step, 0.5 - step))
    observed = cl + np.diag(noise) / per_steradian(1.0)
    modes = (2 * ELL + 1) * np.gradient(ELL) * DESIGN.f_sky
    # the slopes of the spectra by differences: linear power goes as sigma8^2
    slopes = [(more - less) / (2 * step), 2 * cl / 0.8]
    relative = [np.linalg.solve(observed, slope) for slope in slopes]
    expected = [
        [0.5 * np.sum(modes * np.einsum("eij,eji->e", a, b)) for b in relative] for a in relative
    ]
    at = [forecast.names.index("A_IA"), forecast.names.index("sigma8")]
    np.testing.assert_allclose(matrix[np.ix_(at, at)], expected, rtol=2e-5)


def test_shifts_of_the_bins_move_them(forecast, matrix, covariance):
    """The information on dz against spectra of n(z) that were moved on the lattice."""
    from jaxlike.theory.tracers.photo_z import shift

    lens, source = forecast._bins(DESIGN)
    z, step = forecast.universe.z, 1e-3

    @jax.jit
    def spectra(dz):
        moved = shift(z, source.dndz, jnp.array([dz, 0.0]))
        return forecast._spectra(
            forecast.universe.structure, forecast.systematics, lens.dndz, moved
        )

    slope = (spectra(step) - spectra(-step)) / (2 * step)
    inverse = np.linalg.inv(covariance)
    expected = np.einsum("ep,epq,eq->", slope, inverse, slope)
    i = forecast.names.index("dz_source1")
    assert matrix[i, i] - forecast.prior[i] == pytest.approx(expected, rel=2e-3)


def test_spectra_are_those_of_ccl(forecast, covariance):
    """To a thousandth of the larger of signal and noise; CCL has no radiation here, a few 1e-4."""
    ccl = pytest.importorskip("pyccl", reason="CCL is not installed")
    p = FIDUCIAL
    cosmo = ccl.Cosmology(
        Omega_c=p["Omega_m"] - p["Omega_b"], Omega_b=p["Omega_b"], h=p["h"], n_s=p["n_s"],
        sigma8=p["sigma8"], T_CMB=2.7255, Neff=3.046,
        transfer_function="eisenstein_hu_nowiggles", matter_power_spectrum="linear",
    )  # fmt: skip
    z = forecast.universe.z
    lens, source = forecast._bins(DESIGN)
    ones = np.ones_like(z)
    tracers = [
        ccl.NumberCountsTracer(
            cosmo, has_rsd=False, dndz=(z, np.asarray(n)), bias=(z, b * ones), n_samples=800
        )
        for n, b in zip(lens.dndz, (1.4, 1.7), strict=True)
    ]
    tracers += [
        ccl.WeakLensingTracer(
            cosmo, dndz=(z, np.asarray(n)), ia_bias=(z, 0.5 * ones), use_A_ia=True, n_samples=800
        )
        for n in source.dndz
    ]
    found = np.asarray(jax.jit(forecast.spectra)(as_arrays(DESIGN)))
    sigma = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    ell = np.array([30.0, 100.0, 600.0])
    for (i, j), spectrum, error in zip(forecast.ends, found.T, sigma.T, strict=True):
        theirs = ccl.angular_cl(cosmo, tracers[i], tracers[j], ell)
        prefactor = 1.0
        for field in (i, j):  # which this forecast leaves out
            if field >= 2:
                factors = (ell + 2) * (ell + 1) * ell * (ell - 1)
                prefactor = prefactor * np.sqrt(factors) / (ell + 0.5) ** 2
        ours, width = (np.interp(np.log(ell), np.log(ELL), y) for y in (spectrum, error))
        at = [0, 2]  # the ends of the lattice, where nothing is interpolated
        off = np.abs(ours - theirs / prefactor)[at]
        assert np.all(off < np.maximum(3e-3 * np.abs(ours), 0.1 * width)[at]), (i, j)


def test_the_merit_has_its_gradient(forecast, merit):
    function = jax.jit(lambda d: gradient(forecast, d, "fom"))
    design = as_arrays(DESIGN)
    value, slopes = function(design)
    assert jnp.exp(value) == pytest.approx(float(merit(design).fom), rel=1e-10)
    leaves, tree = jax.tree.flatten(design)
    for i, (leaf, slope) in enumerate(zip(leaves, jax.tree.leaves(slopes), strict=True)):
        direction = np.zeros(np.shape(leaf))
        direction.flat[-1 if direction.size == 1 else 1] = 1.0
        step = 1e-4 * max(float(np.sum(leaf * direction)), 0.1)
        ends = [
            merit(jax.tree.unflatten(tree, [*leaves[:i], leaf + s * direction, *leaves[i + 1 :]]))
            for s in (step, -step)
        ]
        difference = float(jnp.log(ends[0].fom / ends[1].fom)) / (2 * step)
        along = float(np.sum(np.asarray(slope) * direction))
        assert along == pytest.approx(difference, rel=1e-4, abs=1e-6), i


def test_more_of_everything_is_better(merit):
    design = as_arrays(DESIGN)
    fom = float(merit(design).fom)
    bigger = replace(design, area=2 * design.area)
    assert fom < float(merit(bigger).fom) < 2 * fom * (1 + 1e-9)  # priors do not grow
    worse = [
        replace(design, sigma_e=2 * design.sigma_e),
        replace(design, source=replace(design.source, density=design.source.density / 2)),
    ]
    for other in worse:
        assert float(merit(other).fom) < fom
    # the same time on twice the area
    moved = design.at_equal_cost(2 * design.area, 2.6)
    time = [d.area * d.source.density**2.6 for d in (design, moved)]
    assert float(time[1]) == pytest.approx(float(time[0]))


def test_what_is_not_measured_does_not_count(universe, forecast, matrix):
    cut = build_forecast(
        universe, DESIGN, vary=VARY, bias=(1.4, 1.7), A_IA=0.5, ell=ELL, ell_max_counts=1.0
    )
    assert not cut.kept[:, :7].any()
    assert cut.kept[:, 7:].all()
    shear = np.asarray(jax.jit(cut.fisher)(as_arrays(DESIGN)))
    b1 = cut.names.index("b1")
    assert shear[b1, b1] == 0.0
    i = cut.names.index("sigma8")
    assert 0 < shear[i, i] < matrix[i, i]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"vary": ["A_I"]}, "'vary' names 'A_I', which has no effect; accepted are"),
        ({"vary": ["b3"]}, "'vary' names 'b3'"),
        ({"vary": [], "priors": {"m": 0.01}}, "'priors' names 'm', which has no effect"),
    ],
)
def test_idle_names(universe, arguments, words):
    with pytest.raises(ParameterError, match=words):
        build_forecast(universe, DESIGN, bias=(1.4, 1.7), ell=ELL, **arguments)


def test_edges_stay_in_order():
    gaps = jnp.array([30.0, -30.0, 0.0, 2.0])
    edges_of = jax.jit(edges_from, static_argnums=(1, 2, 3))
    edges = edges_of(gaps, 0.1, 2.0, 0.05)
    assert (float(edges[0]), float(edges[-1])) == (0.1, 2.0)
    assert np.diff(edges).min() >= 0.05 - 1e-12
    given = np.array([0.0, 0.3, 0.5, 2.0])
    np.testing.assert_allclose(edges_of(gaps_from(given, 0.05), 0.0, 2.0, 0.05), given)
    assert np.isfinite(jax.jit(jax.jacfwd(lambda g: edges_from(g, 0.1, 2.0, 0.05)))(gaps)).all()


def test_the_optimum_is_better_at_equal_cost(forecast):
    options = Optimise(adjust=("source_edges", "area"), steps=15, learning_rate=0.1)
    found = optimise(forecast, DESIGN, options)
    assert found.history.shape == (16,)
    assert float(found.merit.fom) == pytest.approx(found.history.max(), rel=1e-8)
    assert found.history.max() > 1.05 * found.history[0]
    better = found.design
    cost = [float(d.area * d.source.density**2.6) for d in (DESIGN, better)]
    assert cost[1] == pytest.approx(cost[0], rel=1e-9)
    assert np.all(np.diff(better.source.edges) > 0.05)
    np.testing.assert_array_equal(better.lens.edges, DESIGN.lens.edges)


def test_optimisations_that_cannot_start(universe, forecast):
    with pytest.raises(ConfigError, match=r"narrowest_bin is 0\.9, but the narrowest of source_e"):
        optimise(forecast, DESIGN, Optimise(narrowest_bin=0.9))
    no_w = replace(forecast, names=tuple(n.replace("wa", "w_a") for n in forecast.names))
    with pytest.raises(ConfigError, match="needs w0 and wa among the parameters"):
        optimise(no_w, DESIGN, Optimise())
    assert issubclass(ConfigError, JaxlikeError)
