"""Likelihoods of COSEBIs and band powers: their options, derivatives, nodes and B modes."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.config import read_config
from jaxlike.config.written import as_cobaya
from jaxlike.data import Measurement, TwoPointData, read_two_point, write_two_point_fits
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.survey import build_survey
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.plots.data_vector import data_vector_plot
from jaxlike.registry.options import TheoryOptions, theory_options
from jaxlike.theory.spectra.limber import Spectra
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.universe.line_of_sight import Nodes

ARCMIN = np.pi / 180 / 60
EDGES = np.geomspace(100, 1500, 5)
BANDS = np.sqrt(EDGES[1:] * EDGES[:-1])
QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
OPTIONS = replace(
    QUICK,
    cosebis_theta=(2, 100),
    band_power_theta=(2, 100),
    band_power_apodisation=0.5,
    band_power_ell=(100, 1500, 4),
)
PAIRS = {
    "E_n": [(1, 1), (1, 2), (2, 2)],
    "B_n": [(1, 2)],
    "bandpower_EE": [(1, 1), (1, 2), (2, 2)],
    "bandpower_BB": [(2, 2)],
    "bandpower_nE": [(1, 1), (2, 2)],
    "bandpower_nn": [(1, 1), (2, 2)],
}
SIZES = {"E_n": 1e-10, "B_n": 1e-11, "bandpower_nE": 3e-3, "bandpower_nn": 1.0}


def table(statistic, pairs):
    """One table of four modes or bands a pair, with a value of about their size."""
    mode = STATISTICS[statistic].scale == "mode"
    kernels = {"counts": "NZ_LENS", "shear": "NZ_SOURCE"}
    first, second = (kernels[kind] for kind in STATISTICS[statistic].tracers)
    bin1, bin2 = np.array(pairs).repeat(4, axis=0).T
    n = np.tile(np.arange(1, 5), len(pairs))
    return Measurement(
        name=statistic,
        statistic=statistic,
        kernel1=first,
        kernel2=second,
        bin1=bin1,
        bin2=bin2,
        angle_bin=n,
        theta_arcmin=None,
        value=SIZES.get(statistic, 1e-4) * (1 + 0.1 * n),
        ell=None if mode else np.tile(BANDS, len(pairs)),
    )


@pytest.fixture(scope="module")
def data(small_data):
    """Every such statistic of two lens and two source bins; errors are a tenth of the values."""
    tables = tuple(table(name, pairs) for name, pairs in PAIRS.items())
    value = np.concatenate([m.value for m in tables])
    return TwoPointData(tables, small_data.nz, np.diag((0.1 * value) ** 2), "made.fits")


@pytest.fixture(scope="module")
def built(data):
    """Its likelihood, parameters, and compiled log-likelihood with its gradient."""
    likelihood = build_likelihood(data, OPTIONS)
    p = {"Omega_m": 0.3, "Omega_b": 0.047, "h": 0.69, "n_s": 0.96, "sigma8": 0.82}
    p |= {"b1": 1.6, "b2": 1.9, "A_IA": 0.5, "alpha_IA": 0.0, "z0_IA": 0.62, "m1": 0.0, "m2": 0.01}
    p |= {f"dz_{kind}{i}": 0.005 for kind in ("lens", "source") for i in (1, 2)}
    p = {name: jnp.asarray(value) for name, value in p.items()}
    compiled = jax.jit(jax.value_and_grad(likelihood.log_likelihood))
    return SimpleNamespace(likelihood=likelihood, parameters=p, compiled=compiled)


@pytest.fixture(scope="module")
def vector(built):
    return np.asarray(built.likelihood.theory_vector(built.parameters))


def test_gradients_are_those_of_finite_differences(built):
    gradient = built.compiled(built.parameters)[1]
    for name in ("Omega_m", "sigma8", "b1", "A_IA", "m2", "dz_source2"):
        step = 1e-4
        up, down = (
            float(built.compiled(built.parameters | {name: built.parameters[name] + s})[0])
            for s in (step, -step)
        )
        assert float(gradient[name]) == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-3)


def test_a_batch_is_a_loop(built, vector):
    """Over the spectra, by which a data vector is linear: vmap, loop, and any sum of them."""
    theory = built.likelihood.theory
    n_ell = built.likelihood.grid.nodes.ell.size
    shapes = [(len(group.bins), n_ell) for group in theory.groups]
    rng = np.random.default_rng(3)
    batch = [Spectra(rng.normal(size=(3, *shape))) for shape in shapes]
    found = jax.jit(jax.vmap(theory.project))(batch)
    project = jax.jit(theory.project)
    loop = [project([Spectra(s.E[i]) for s in batch]) for i in range(3)]
    np.testing.assert_allclose(found, np.stack(loop), rtol=1e-12, atol=1e-14)
    assert found.shape[1:] == vector.shape


def test_the_nodes_leave_little(built, data, vector):
    assert built.likelihood.node_error < 2e-3
    finer = build_likelihood(data, OPTIONS, tolerance=2e-5)
    assert finer.grid.nodes.ell.size > built.likelihood.grid.nodes.ell.size
    difference = np.asarray(finer.theory_vector(built.parameters)) - vector
    assert difference @ built.likelihood.precision @ difference < 4e-3


def values_of(vector, data, statistic):
    names = np.concatenate([[m.statistic] * m.value.size for m in data.measurements])
    return vector[names == statistic]


def test_values(data, vector):
    """No B_n without B modes; band powers leak; EE is ell^2 C_ell within its bands' reach."""
    np.testing.assert_array_equal(values_of(vector, data, "B_n"), 0.0)
    EE, BB = (values_of(vector, data, f"bandpower_{mode}") for mode in ("EE", "BB"))
    assert np.all(EE > 0)
    assert np.all(np.abs(BB) < EE[8:])
    assert np.abs(BB).max() > 1e-3 * EE.max()
    for statistic in ("E_n", "bandpower_nE", "bandpower_nn"):
        assert np.all(values_of(vector, data, statistic)[[0, 4]] > 0)


@pytest.fixture(scope="module")
def tidal(data):
    """The theory of the shear tables for tracers that have B modes, on few nodes."""
    shear = tuple(m for m in data.measurements if "n" not in m.statistic[9:])
    value = np.concatenate([m.value for m in shear])
    chosen = replace(data, measurements=shear, covariance=np.diag(value**2))
    survey = build_survey(chosen, replace(OPTIONS, alignment="tatt"))
    nodes = Nodes.build([survey.z], 12, np.arange(0, 212, 6), z_max=1.8)
    theory, ell = survey.on(nodes), np.asarray(nodes.ell)
    return SimpleNamespace(data=chosen, survey=survey, theory=theory, ell=ell)


def test_b_modes_of_the_model(tidal):
    """E and B change places: E_n(E, B) = B_n(B, E), and EE(E, B) = BB(B, E)."""
    one, other = (1e-9 * (tidal.ell + 1) ** power for power in (-0.8, -1.3))
    n_pair = len(tidal.theory.groups[0].bins)
    E, B = (np.broadcast_to(c, (n_pair, tidal.ell.size)) for c in (one, other))
    here, there, without = (
        np.asarray(tidal.theory.project([Spectra(*modes)])) for modes in ((E, B), (B, E), (E, None))
    )

    def first(vector, statistic):
        return values_of(vector, tidal.data, statistic)[:4]

    for e, b in (("E_n", "B_n"), ("bandpower_EE", "bandpower_BB")):
        np.testing.assert_allclose(first(here, e), first(there, b), rtol=1e-12)
        np.testing.assert_allclose(first(here, b), first(there, e), rtol=1e-12)
    np.testing.assert_array_equal(first(here, "E_n"), first(without, "E_n"))
    np.testing.assert_array_equal(first(without, "B_n"), 0.0)
    assert np.all(first(here, "B_n") > 0)
    assert np.all(first(here, "bandpower_EE") != first(without, "bandpower_EE"))


def test_nodes_are_chosen_for_what_a_statistic_sees_more_of(tidal):
    """Of B modes, by spectra of E modes."""
    found = {block.statistic: block.project(tidal.ell) for block in tidal.survey.plain().blocks}
    for e, b in (("E_n", "B_n"), ("bandpower_EE", "bandpower_BB")):
        np.testing.assert_array_equal(found[e], found[b])


def test_where_nothing_is_seen_few_nodes_do(data):
    likelihood = build_likelihood(only(data, "B_n"), replace(QUICK, cosebis_theta=(2, 100)))
    assert likelihood.grid.nodes.ell.size == 16
    assert likelihood.node_error == 0


def test_without_b_modes_there_are_no_matrices_for_them(built):
    assert built.likelihood.theory.b_projections == ()


def only(data, *statistics):
    return data.with_probes(statistics)


def with_range(data, low, high):
    """COSEBIs whose table says between which angles [arcmin] they are."""
    one = data.measurements[0]
    known = replace(one, theta_min_arcmin=np.full(12, low), theta_max_arcmin=np.full(12, high))
    return replace(only(data, "E_n"), measurements=(known,))


def test_a_table_may_say_its_angles(data):
    nothing = TheoryOptions()
    said = build_survey(with_range(data, 2.0, 100.0), nothing).blocks[0].project
    given = build_survey(only(data, "E_n"), replace(nothing, cosebis_theta=(2, 100))).blocks[0]
    ell = np.geomspace(1, 1e4, 20)
    np.testing.assert_allclose(said(ell), given.project(ell), rtol=1e-12)
    with pytest.raises(ConfigError, match=r"'cosebis_theta' is 2 to 90 arcmin, but .* 2 to 100"):
        build_survey(with_range(data, 2.0, 100.0), replace(nothing, cosebis_theta=(2, 90)))
    with pytest.raises(ConfigError, match="COSEBIs between different angles"):
        build_survey(with_range(data, np.linspace(1, 2, 12), 100.0), nothing)


RANGE = {"cosebis_theta": (2, 100)}
BAND = {
    "band_power_theta": (2, 100),
    "band_power_apodisation": 0.5,
    "band_power_ell": (100, 1500, 4),
}
MISSING = "option '{}' is needed for the {} of made.fits: HDU '{}'"


@pytest.mark.parametrize(
    ("statistic", "options", "message"),
    [
        ("E_n", {}, MISSING.format("cosebis_theta", "COSEBIs", "E_n")),
        *(
            (
                "bandpower_nE",
                {n: v for n, v in BAND.items() if n != name},
                MISSING.format(name, "band powers", "bandpower_nE"),
            )
            for name in BAND
        ),
        ("bandpower_EE", BAND | RANGE, "'cosebis_theta' has no effect: .* have no COSEBIs"),
        ("E_n", BAND | RANGE, "'band_power_theta' has no effect: .* have no band powers"),
        (
            "bandpower_EE",
            BAND | {"band_power_ell": (200, 1500, 4)},
            "has 4 bands from 200 to 1500, and HDU 'bandpower_EE' of made.fits has ell = 140.29",
        ),
        ("bandpower_nn", BAND | {"band_power_ell": (100, 1500, 2)}, "several ell in one of them"),
    ],
)
def test_options_that_data_contradict(data, statistic, options, message):
    with pytest.raises(ConfigError, match=message):
        build_survey(only(data, statistic), TheoryOptions(**options))


def test_modes_beyond_those_that_are_computed(data):
    one = data.measurements[0]
    high = replace(one, angle_bin=one.angle_bin + 17)
    with pytest.raises(ConfigError, match=r"has mode 21, and modes 1 to 20 .* max_mode: 20"):
        build_survey(
            replace(only(data, "E_n"), measurements=(high,)), TheoryOptions(cosebis_theta=(2, 100))
        )


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("cosebis_theta", "0.5", r"\[MIN, MAX\], angles in arcmin"),
        ("cosebis_theta", [300, 0.5], r"\[MIN, MAX\]"),
        ("cosebis_theta", [0, 300], r"\[MIN, MAX\]"),
        ("cosebis_theta", ["a", 300], r"\[MIN, MAX\]"),
        ("cosebis_theta", {"min": 1, "max": 2}, r"\[MIN, MAX\]"),
        ("cosebis_theta", [True, 3], r"\[MIN, MAX\]"),
        ("band_power_theta", [1, float("inf")], r"\[MIN, MAX\]"),
        ("band_power_theta", [1, 2, 3], r"\[MIN, MAX\]"),
        ("band_power_apodisation", -0.5, "a number >= 0"),
        ("band_power_apodisation", "wide", "a number >= 0"),
        ("band_power_ell", [100, 1500], r"\[FIRST, LAST, NUMBER\]"),
        ("band_power_ell", [100, 1500, 2.5], r"\[FIRST, LAST, NUMBER\]"),
        ("band_power_ell", [1500, 100, 8], r"\[FIRST, LAST, NUMBER\]"),
    ],
)
def test_bad_options(name, value, accepted):
    with pytest.raises(ConfigError, match=rf"option '{name}' is .*; accepted are {accepted}"):
        theory_options({name: value})


@pytest.mark.parametrize("text", ["0.5 300", "0.5, 300", "[0.5, 300]", [0.5, 300], (0.5, "300")])
def test_ranges_are_read_from_text_and_lists(text):
    options = theory_options({"cosebis_theta": text})
    assert options.cosebis_theta == (0.5, 300.0)
    assert hash(options) == hash(TheoryOptions(cosebis_theta=(0.5, 300)))
    assert theory_options({"cosebis_theta": "none"}) == TheoryOptions()


YAML = """
likelihood:
  jaxlike.cobaya.3x2pt:
    data_file: {file}
    scale_cuts: none
    cosebis_theta: [2, 100]
    band_power_theta: [2, 100]
    band_power_apodisation: 0.5
    band_power_ell: [100, 1500, 4]
    params: {{}}
theory: {{jaxlike.cobaya.Theory: {{}}}}
params: {{Omega_m: 0.3, Omega_b: 0.047, h: 0.69, n_s: 0.96, sigma8: 0.82, b1: 1.6, b2: 1.9}}
"""


def test_options_of_an_input_and_of_what_is_written(data, tmp_path):
    write_two_point_fits(data, tmp_path / "made.fits")
    (tmp_path / "x.yaml").write_text(YAML.format(file=tmp_path / "made.fits"))
    config = read_config(tmp_path / "x.yaml")
    assert config.likelihoods[0].options.band_power_ell == (100, 1500, 4)
    again = read_config(as_cobaya(config))
    assert again.likelihoods[0].options == config.likelihoods[0].options
    assert read_two_point(tmp_path / "made.fits").n_data == data.n_data


def test_they_are_drawn(data, vector, tmp_path):
    chosen = ("E_n", "bandpower_nE")
    drawn = np.concatenate([values_of(vector, data, name) for name in chosen])
    path = data_vector_plot(only(data, *chosen), drawn, tmp_path / "x.png")
    assert path.stat().st_size > 10_000
