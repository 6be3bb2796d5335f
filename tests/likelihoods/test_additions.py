"""What adds to a data vector or counts beside it: point masses, PSF terms, shear ratios."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ConfigError, DataError, ParameterError
from jaxlike.likelihoods.assembly import arrays_of, covariance_of, precision_of
from jaxlike.likelihoods.marginal import Marginal
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import Sample, own_parameters
from jaxlike.theory.declarations import Declared
from jaxlike.theory.systematics import SYSTEMATICS, register
from jaxlike.theory.universe.cosmology import from_parameters

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
POINT = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "b1": 1.4, "b2": 1.6,
    "m1": 0.01, "m2": -0.01, "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62, "dz_lens1": 0.01,
    "dz_lens2": -0.02, "dz_source1": -0.01, "dz_source2": 0.015,
}  # fmt: skip
MASSES = {"A_pm1": 3.0, "A_pm2": -2.0}
PSF = {"psf_alpha2": 0.3, "psf_beta2": -0.9, "psf_alpha4": 0.2, "psf_beta4": 0.5, "psf_c1": 0.01}


@pytest.fixture(scope="module")
def plain(small_data):
    return build_likelihood(small_data, QUICK)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A PSF file, its transform and a file of shear ratios, all made up."""
    folder, rng = tmp_path_factory.mktemp("files"), np.random.default_rng(3)
    r = np.geomspace(2.0, 300.0, 15)
    tables = rng.normal(size=(2, 5, 5, 1)) * 1e-5 * (r / 10) ** -0.8
    tables = tables + np.swapaxes(tables, 1, 2)
    theta = np.geomspace(2.0, 10.0, 4)
    arrays = {
        "psf_file": {"r": r, "sys1": tables[0], "sys2": tables[1]},
        "psf_transform": {"jacobian": rng.normal(size=(4, 4)), "center": rng.normal(size=4)},
        "shear_ratios": {
            "theta": theta,
            "measured_ratios": np.array([0.5, 0.2]),
            "ratio_cov": np.diag([0.01, 0.02]),
            "inv_cov_individual": np.stack([np.diag([1.0, 2.0, 4.0, 8.0])] * 2),
            "theta_min": np.array([[2.5, 1.0]]),
            "theta_max": np.array([20.0, 5.0]),
        },
    }
    for name, content in arrays.items():
        np.savez(folder / f"{name}.npz", **content)
    return SimpleNamespace(
        arrays=arrays, **{name: str(folder / f"{name}.npz") for name in arrays}, folder=folder
    )


def made(plain, **options):
    """The likelihood with other options on the same nodes."""
    options = replace(QUICK, **options)
    arrays = arrays_of(plain.data, options, plain.samples, plain.survey, plain.grid, 0)
    return replace(plain, options=options, arrays=arrays)


@pytest.fixture(scope="module")
def universe(plain):
    return jax.jit(lambda p: plain.grid.universe(from_parameters(p, radiation=True)))(POINT)


@pytest.fixture(scope="module")
def sampled(plain, files):
    """Point masses, PSF terms and shear ratios, all sampled."""
    both = {"psf_file": files.psf_file, "psf_transform": files.psf_transform}
    return made(plain, point_mass="sampled", shear_ratios=files.shear_ratios, **both)


@pytest.fixture(scope="module")
def marginal(plain):
    return made(plain, point_mass="marginalised")


@jax.jit
def evaluate(arrays, point, universe):
    return arrays.evaluate(point, universe)


def own(likelihood, point):
    return [own_parameters(point, sample) for sample in likelihood.samples]


def test_without_options_nothing_is_added(plain):
    one = plain.arrays
    assert one.systematics == ()
    assert (one.marginal, one.ratios, one.form.power) == (None, None, None)
    assert plain.covariance is plain.data.covariance
    assert (
        len(jax.tree.leaves(one)) == len(jax.tree.leaves((one.theory, one.value, one.inverse))) + 1
    )


def test_a_mass_adds_sigma_crit_over_theta_squared(sampled, plain):
    """With Sigma_crit^-1 by direct integration over both n(z) in the fixed cosmology."""
    masses = next(s for s in sampled.arrays.systematics if hasattr(s, "elements"))
    tracers = sampled.theory.tracers
    found = np.asarray(masses.inverse_critical_density(tracers))
    z = np.linspace(0.0, 2.0, 4001)[1:]
    inverse_hubble = 2997.92458 / np.sqrt(0.7 + 0.3 * (1 + z) ** 3)
    chi = (np.cumsum(inverse_hubble) - inverse_hubble / 2) * (z[1] - z[0])
    lens = np.exp(-0.5 * ((z - np.array([[0.3], [0.5]])) / 0.04) ** 2)
    source = np.exp(-0.5 * ((z - np.array([[0.6], [0.95]])) / 0.15) ** 2)
    far = np.clip(1 - chi[:, None] / chi, 0, None)  # lens, source
    expected = 1e13 * 6.01353e-19 * (lens * (1 + z) / chi) @ far @ source.T
    expected /= lens.sum(axis=1)[:, None] * source.sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=2e-3)

    @jax.jit
    def computed(masses, tracers, mine, neutral):
        return masses.added(tracers, mine), masses.inverse_critical_density(tracers, neutral)

    mine, neutral = own(sampled, {**POINT, **MASSES}), own(sampled, POINT)
    added, moved = map(np.asarray, computed(masses, tracers, mine, neutral))
    assert np.all(moved != found)
    first = 0
    for m in plain.data.measurements:
        here = added[first : first + m.value.size]
        first += m.value.size
        if m.statistic != "gamma_t":
            assert not here.any()
            continue
        theta = np.radians(m.theta_arcmin / 60)
        A = np.array([MASSES["A_pm1"], MASSES["A_pm2"]])[m.bin1 - 1]
        np.testing.assert_allclose(here, A * moved[m.bin1 - 1, m.bin2 - 1] / theta**2, rtol=1e-10)


def test_marginalising_is_integrating_over_the_amplitudes(plain, sampled, marginal, universe):
    """At shifted n(z), where the templates are not those that were read."""
    masses = next(s for s in sampled.arrays.systematics if hasattr(s, "elements"))
    tracers = sampled.theory.tracers

    def added(A):
        point = {**POINT, "A_pm1": A[0], "A_pm2": A[1]}
        return masses.added(tracers, own(sampled, point))

    T = 1e4 * np.asarray(jax.jit(jax.jacfwd(added))(np.zeros(2)))  # for amplitudes of variance one
    root = np.linalg.cholesky(plain.data.covariance)
    t = np.linalg.solve(root, T)
    plain_one = evaluate(plain.arrays, POINT, universe)
    vector = np.asarray(plain_one.vector)
    r = np.linalg.solve(root, plain.data.value - vector)
    system = np.concatenate([t, np.eye(2)])
    best = np.linalg.lstsq(system, np.append(r, [0, 0]), rcond=None)[0]
    chi2 = np.sum((np.append(r, [0, 0]) - system @ best) ** 2)
    log_det = np.linalg.slogdet(np.eye(2) + t.T @ t)[1]

    one = marginal.arrays
    found = evaluate(one, POINT, universe)
    np.testing.assert_allclose(found.vector, vector, rtol=1e-12)
    assert float(found.chi2) == pytest.approx(chi2, rel=1e-9)
    whole = float(found.deviance) + float(one.log_det)
    plain_det = float(plain.arrays.log_det)
    assert whole == pytest.approx(chi2 + log_det + plain_det, rel=1e-9)
    assert chi2 < float(plain_one.chi2)
    assert float(found.deviance) != float(found.chi2)  # the determinant has moved

    unmoved = {**POINT, **{name: 0.0 for name in POINT if name.startswith("dz")}}
    found = evaluate(one, unmoved, universe)
    assert float(found.deviance) == pytest.approx(float(found.chi2), rel=1e-12)
    assert float(one.chi2_of(found.vector)) == pytest.approx(float(found.chi2), rel=1e-12)


def test_information_is_what_is_left_beside_sampled_masses(plain, sampled, marginal):
    masses = next(s for s in sampled.arrays.systematics if hasattr(s, "elements"))
    templates = np.asarray(masses.elements @ masses.mixing(sampled.theory.tracers).T)
    jacobian = np.random.default_rng(1).normal(size=(plain.data.n_data, 3)) * 1e-5
    both = jnp.asarray(np.hstack([jacobian, templates]))
    whole = np.array(plain.arrays.information(both))
    whole[3:, 3:] += np.eye(2) / 1e8
    expected = np.linalg.inv(np.linalg.inv(whole)[:3, :3])
    found = np.asarray(marginal.arrays.information(jnp.asarray(jacobian)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    precision = precision_of(marginal.arrays, plain.data.n_data)
    np.testing.assert_allclose(jacobian.T @ precision @ jacobian, expected, rtol=1e-6)
    covariance = covariance_of(plain.data, marginal.options, marginal.arrays.marginal)
    wide = plain.data.covariance + 1e8 * templates @ templates.T
    np.testing.assert_allclose(covariance, wide, rtol=1e-10)


def test_psf_terms_are_a_quadratic_form(sampled, files, plain):
    terms = next(s for s in sampled.arrays.systematics if hasattr(s, "tables"))
    added = np.asarray(terms.added(sampled.theory.tracers, own(sampled, {**POINT, **PSF})))
    transform, file = files.arrays["psf_transform"], files.arrays["psf_file"]
    u = np.array([PSF[f"psf_{name}"] for name in ("alpha2", "beta2", "alpha4", "beta4")])
    p = transform["jacobian"] @ u + transform["center"]
    p1, p2 = np.append(p, PSF["psf_c1"]), np.append(p, 0.0)
    table = np.einsum("i,j,ijt", p1, p1, file["sys1"]) + np.einsum("i,j,ijt", p2, p2, file["sys2"])
    m = plain.data.measurements[0]
    assert m.statistic == "xi_plus"
    power = np.interp(np.log(m.theta_arcmin), np.log(file["r"]), np.log(np.abs(table)))
    np.testing.assert_allclose(np.abs(added[: m.value.size]), np.exp(power), rtol=1e-3)
    assert not added[m.value.size :].any()


def test_ratios_are_means_over_angles(sampled, universe):
    """Of gamma_t at their own angles, by fixed weights within the limits."""
    ratios, theory = sampled.arrays.ratios, sampled.theory
    spectra = jax.jit(theory.spectra)(universe, own(sampled, POINT))
    gamma_t = np.asarray(spectra[ratios.group].E)[np.asarray(ratios.pairs)] @ ratios.projection.T
    gamma_t = gamma_t.reshape(2, 2, -1)
    share = np.array([[0, 2, 4, 8], [1, 2, 0, 0]]) / np.array([[14], [3]])  # within both limits
    expected = np.sum(share * gamma_t[:, 0] / gamma_t[:, 1], axis=1)
    np.testing.assert_allclose(ratios.theory(spectra), expected, rtol=1e-12)
    r = np.asarray(np.array([0.5, 0.2]) - expected)
    found = evaluate(sampled.arrays, {**POINT, **MASSES, **PSF}, universe)
    data = sampled.arrays.chi2_of(found.vector)
    assert float(found.chi2 - data) == pytest.approx(
        np.sum(r**2 / np.array([0.01, 0.02])), rel=1e-9
    )
    assert sampled.n_points == sampled.data.n_data + 2
    log_det = float(sampled.arrays.log_det) - np.log(0.01 * 0.02)
    assert log_det == pytest.approx(np.linalg.slogdet(sampled.data.covariance)[1], rel=1e-9)
    with pytest.raises(ParameterError, match="leave out the option shear_ratios"):
        sampled.arrays.information(jnp.ones((sampled.data.n_data, 1)))


@pytest.mark.parametrize("which", ["sampled", "marginal"])
def test_gradient_is_that_of_the_values(request, which):
    likelihood = request.getfixturevalue(which)
    own_names = [*MASSES, *PSF] if which == "sampled" else []
    names = [*own_names, "dz_lens1", "dz_source2", "m2", "b1"]
    point = {**POINT, **(MASSES | PSF if which == "sampled" else {})}

    def deviance(x):
        return likelihood.evaluate({**point, **dict(zip(names, x, strict=True))}).deviance

    x = np.array([point[name] for name in names])
    with_gradient = jax.jit(jax.value_and_grad(deviance))
    gradient = np.asarray(with_gradient(x)[1])
    assert np.all(gradient != 0)
    step = 1e-4 * np.eye(len(names))
    at = np.concatenate([x + step, x - step])
    found = np.asarray(jax.jit(jax.vmap(deviance))(at))
    difference = (found[: len(names)] - found[len(names) :]) / 2e-4
    np.testing.assert_allclose(difference, gradient, rtol=2e-4, atol=1e-5 * np.abs(gradient).max())
    assert found[0] == pytest.approx(float(with_gradient(at[0])[0]), rel=1e-10)


def test_names_and_what_needs_them(plain, files):
    masses = made(plain, point_mass="sampled")
    with pytest.raises(ParameterError, match="A_pm1 is missing: point_mass = sampled needs A_pm"):
        masses.chi2(POINT)
    with pytest.raises(ParameterError, match="'A_pm1' has no effect with point_mass = none"):
        plain.chi2({**POINT, **MASSES})
    stars = made(plain, psf_file=files.psf_file)
    with pytest.raises(ParameterError, match="psf_alpha2 is missing: psf_file = a file needs"):
        stars.chi2(POINT)
    with pytest.raises(ParameterError, match="'psf_alpha2' has no effect with psf_file = null"):
        plain.chi2({**POINT, **PSF})


WITHOUT = {
    "masses": ({"point_mass": "sampled"}, "shear", "'point_mass' is sampled.* no gamma_t"),
    "stars": ({"psf_file": ""}, "2x2pt", "'psf_file' is given.* have no xi_plus"),
    "ratios": ({"shear_ratios": ""}, "shear", "'shear_ratios' needs gamma_t of one sample"),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_what_the_data_cannot_have_is_an_error(plain, files, name):
    options, probes, message = WITHOUT[name]
    options = {k: v or getattr(files, k) for k, v in options.items()}
    wanted = {"shear": ("xi_plus", "xi_minus"), "2x2pt": ("gamma_t", "w")}[probes]
    keep = [m.statistic in wanted for m in plain.data.measurements for _ in m.value]
    data = plain.data.select(np.array(keep))
    with pytest.raises(ConfigError, match=message):
        build_likelihood(data, replace(QUICK, **options))


BAD = {
    "no array": ("psf_file", {"sys2": None}, "psf_file '.*' has no array 'sys2'; it has r, sys1"),
    "shape": ("psf_file", {"sys1": np.ones((3, 3, 15))}, r"sys1 has shape \(3, 3, 15\)"),
    "angles": ("psf_file", {"r": np.ones(15)}, "r must be two or more ascending angles > 0"),
    "not finite": ("psf_file", {"sys1": np.full((5, 5, 15), np.nan)}, "sys1 has the value nan"),
    "transform": ("psf_transform", {"center": np.ones(3)}, r"center has shape \(3,\)"),
    "ratios": ("shear_ratios", {"ratio_cov": np.eye(3)}, r"ratio_cov has shape \(3, 3\)"),
    "covariance": ("shear_ratios", {"ratio_cov": -np.eye(2)}, "ratio_cov is not positive definite"),
    "limits": ("shear_ratios", {"theta_max": np.zeros(2)}, "leave no angle to lens bin 1"),
    "rows": ("shear_ratios", {"theta_min": np.ones((3, 2))}, "a row for each ratio of a lens bin"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_an_error_that_names_it(plain, files, tmp_path, name):
    option, changes, message = BAD[name]
    content = {k: v for k, v in {**files.arrays[option], **changes}.items() if v is not None}
    np.savez(tmp_path / "bad.npz", **content)
    options = {"psf_file": files.psf_file} if option == "psf_transform" else {}
    with pytest.raises(DataError, match=message):
        made(plain, **options, **{option: str(tmp_path / "bad.npz")})


def test_a_file_may_be_a_data_set(plain, files, tmp_path, monkeypatch):
    """By its name, as inputs have it."""
    monkeypatch.setenv("JAXLIKE_DATA", str(tmp_path))
    with pytest.raises(DataError, match="data set 'hsc_y3_psf' has not been fetched: run"):
        made(plain, psf_file="hsc_y3_psf")
    names = {"psf_file": "hsc_y3_psf", "psf_transform": "hsc_y3_psf_transform"}
    for option, name in names.items():
        np.savez(tmp_path / f"{name}.npz", **files.arrays[option])
    (terms,) = made(plain, **names).arrays.systematics
    np.testing.assert_array_equal(terms.centre, files.arrays["psf_transform"]["center"])


def test_a_file_that_is_none_or_too_short_is_an_error(plain, files, tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    for path in (tmp_path / "text.npz", tmp_path / "absent.npz"):
        with pytest.raises(DataError, match=f"'{path}' cannot be read as a .npz file"):
            made(plain, psf_file=str(path))
    file = files.arrays["psf_file"]
    np.savez(tmp_path / "short.npz", **{k: v[..., :8] for k, v in file.items()})
    with pytest.raises(ConfigError, match=r"xi_plus of small\.fits in use is at .* but psf_file"):
        made(plain, psf_file=str(tmp_path / "short.npz"))
    ratios = {**files.arrays["shear_ratios"], "theta_min": np.ones((2, 1))}
    np.savez(tmp_path / "three.npz", **ratios)
    with pytest.raises(ConfigError, match="file is of 3 source bins, and the data in use have 2"):
        made(plain, shear_ratios=str(tmp_path / "three.npz"))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Constant:
    """An additive shear of all xi+, c^2: a template without a file."""

    elements: jax.Array
    marginal: bool = field(default=True, metadata={"static": True})
    sigma: ClassVar[float] = 1e-6
    kind: ClassVar[str] = "shear"
    parameters: ClassVar[tuple[Declared, ...]] = (Declared("c_add", ()),)

    @classmethod
    def of(cls, context, options):
        one = np.zeros((context.n_data, 1))
        for table in context.of("xi_plus"):
            one[table.rows] = 1.0
        return (cls(one),)

    def mixing(self, tracers, own=None):
        return jnp.ones((1, 1))

    def added(self, tracers, own):
        return self.elements[:, 0] * own[1]["c_add"]


def test_a_systematic_from_outside(plain, universe, monkeypatch):
    """A class in a registry: its parameter has a name, its amplitude is marginalised."""
    monkeypatch.setattr(
        "jaxlike.theory.systematics.registry.SYSTEMATICS", found := dict(SYSTEMATICS)
    )
    monkeypatch.setattr("jaxlike.likelihoods.assembly.SYSTEMATICS", found)
    register("constant")(Constant)
    assert "constant" in found
    assert "c_add" in [d.name for d in Sample("shear", 2).parameters]
    one = made(plain).arrays
    assert isinstance(one.marginal, Marginal)
    assert one.systematics == ()
    direct = plain.data.covariance.copy()
    n = plain.data.measurements[0].value.size
    direct[:n, :n] += 1e-12
    r = plain.data.value - np.asarray(evaluate(plain.arrays, POINT, universe).vector)
    chi2 = float(evaluate(one, POINT, universe).chi2)
    assert chi2 == pytest.approx(r @ np.linalg.solve(direct, r), rel=1e-8)

    @jax.jit
    @jax.value_and_grad
    def moved(shift):
        return one.evaluate({**POINT, "b1": 1.4 + shift}, universe).deviance

    slope = (moved(1e-4)[0] - moved(-1e-4)[0]) / 2e-4
    assert float(moved(0.0)[1]) == pytest.approx(float(slope), rel=1e-5)
