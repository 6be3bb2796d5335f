"""Amplitudes of the modes of n(z) as parameters: in the likelihood, in files, in the hosts."""

from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cobaya.yaml import yaml_load

from jaxlike.config import TheoryOptions
from jaxlike.data import write_two_point_fits
from jaxlike.errors import ParameterError
from jaxlike.likelihoods.survey import build_survey
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.loading import load
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import lenses_and_sources

REPOSITORY = Path(__file__).resolve().parents[2]

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
PARAMS = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "b1": 1.4, "b2": 1.6,
    "A_IA": 0.5, "dz_source1": -0.01,
}  # fmt: skip
U = {"u_source1": 0.8, "u_source2": -1.2, "u_lens1": 0.5}


def modes_of(table, n_mode):
    """Smooth changes of n(z), of a tenth of it."""
    z = table.z_mid
    return 0.1 * np.stack([table.dndz * np.sin((i + 2) * np.pi * z) for i in range(n_mode)])


@pytest.fixture(scope="module")
def data(small_data):
    lens, source = small_data.nz
    tables = (replace(lens, modes=modes_of(lens, 1)), replace(source, modes=modes_of(source, 2)))
    return replace(small_data, nz=tables)


@pytest.fixture(scope="module")
def likelihood(data):
    return build_likelihood(data, QUICK)


@pytest.fixture(scope="module")
def canonical(likelihood):
    return lambda changes: resolve({**PARAMS, **changes}, likelihood.samples)


def test_amplitudes_are_another_table(data, likelihood, canonical):
    """The data vector at u is that of tables to which the modes were added by hand."""
    assert likelihood.samples == lenses_and_sources(2, 2, lens_modes=1, source_modes=2)
    lens, source = data.nz
    changed = source.dndz + 0.8 * source.modes[0] - 1.2 * source.modes[1]
    by_hand = (
        replace(lens, dndz=lens.dndz + 0.5 * lens.modes[0], modes=None),
        replace(source, dndz=changed, modes=None),
    )
    # on the same nodes, for what is chosen depends on n(z) a little
    nodes, survey = likelihood.grid.nodes, build_survey(replace(data, nz=by_hand), QUICK)
    theory = jax.tree.map(jnp.asarray, survey.on(nodes))
    other = replace(likelihood, arrays=replace(likelihood.arrays, theory=theory))
    found = likelihood.theory_vector(canonical(U))
    expected = other.theory_vector(canonical({}))
    difference = np.asarray(found - expected)
    assert difference @ likelihood.precision @ difference < 1e-6
    plain = likelihood.theory_vector(canonical({}))
    change = np.asarray(found - plain)
    assert change @ likelihood.precision @ change > 0.1


def test_those_not_given_are_zero(likelihood, canonical):
    some = canonical({"u_source2": 0.3})
    assert float(some["u_source1"]) == 0
    assert "u_lens1" not in some
    assert "u_source1" not in canonical({})


def test_gradient_is_that_of_the_values(likelihood):
    names = list(U)

    def chi2(x):
        values = {**PARAMS, **dict(zip(names, x, strict=True))}
        return likelihood.chi2(resolve(values, likelihood.samples))

    x = np.array([U[name] for name in names])
    with_gradient = jax.jit(jax.value_and_grad(chi2))
    gradient = with_gradient(x)[1]
    step = 1e-4 * np.eye(len(names))
    values = np.array([with_gradient(one)[0] for one in (*(x + step), *(x - step))])
    difference = (values[:3] - values[3:]) / 2e-4
    np.testing.assert_allclose(gradient, difference, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("u_source3", "'u_source3' is for mode 3 of the source n.z., .* have 2: .* modes 1 to 2"),
        ("lens_photoz_u--u_2", "mode 2 of the lens n.z., but the data have 1: .* modes 1 to 1"),
    ],
)
def test_modes_that_are_not_there(likelihood, name, message):
    with pytest.raises(ParameterError, match=message):
        resolve({**PARAMS, name: 0.1}, likelihood.samples)
    with pytest.raises(ParameterError, match=r"data have 0: there is no (source|lens) mode"):
        resolve({**PARAMS, name: 0.1}, lenses_and_sources(2, 2))


YAML = """
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}
likelihood:
  jaxlike.cobaya.3x2pt: {{data_file: {folder}/small.fits, scale_cuts: none}}
params:
  omegam: 0.3
  As: 2.1e-9
  H0: 70
  omegab: 0.046
  ns: 0.96
  DES_b1: {{prior: [0.8, 3]}}
  DES_b2: 1.6
  u_source1: {{prior: {{dist: norm, loc: 0, scale: 1}}, ref: 0}}
  u_source2: -0.3
  u_lens1: {{prior: {{dist: norm, loc: 0, scale: 1}}, ref: 0}}
"""
SECTIONS = """
[source_photoz_u]
u_1 = -5 0 5
u_2 = -0.3
[lens_photoz_u]
u_1 = -5 0 5
"""


@pytest.fixture(scope="module")
def folder(small_folder, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("modes")
    write_two_point_fits(data, folder / "small.fits")
    for name in ("pipeline.ini", "values.ini", "priors.ini"):
        text = (small_folder / name).read_text().replace(str(small_folder), str(folder))
        (folder / name).write_text(text)
    with (folder / "values.ini").open("a") as handle:
        handle.write(SECTIONS)
    (folder / "input.yaml").write_text(YAML.format(folder=folder))
    return folder


def test_both_kinds_of_files_sample_them(folder):
    ini, yaml = load(folder / "pipeline.ini"), load(folder / "input.yaml")
    assert {"source_photoz_u--u_1", "lens_photoz_u--u_1"} < set(ini.parameters)
    assert {"u_source1", "u_lens1"} < set(yaml.parameters)
    other = yaml.canonical({**dict(zip(yaml.parameters, yaml.reference, strict=True))})
    assert float(other["u_source2"]) == -0.3
    first = ini.canonical({**dict(zip(ini.parameters, ini.reference, strict=True))})
    assert {k for k in first if k[:2] == "u_"} == {"u_source1", "u_source2", "u_lens1"}


def test_cobaya_has_them(folder):
    get_model = pytest.importorskip("cobaya.model").get_model
    ours = load(folder / "input.yaml")
    info = {**yaml_load((folder / "input.yaml").read_text())}
    theirs = get_model(info)
    point = dict(zip(ours.parameters, ours.reference + 0.1, strict=True))
    assert theirs.loglike(point)[0] == pytest.approx(
        float(ours.log_likelihood(ours.params_dict([*point.values()])))
    )


def test_cosmosis_has_them(folder):
    pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")
    from cosmosis.runtime import Inifile, LikelihoodPipeline

    ini = Inifile(str(folder / "pipeline.ini"))
    ini.set("jaxlike", "file", str(REPOSITORY / "cosmosis_modules" / "jaxlike_two_point.py"))
    pipeline = LikelihoodPipeline(ini)
    assert ("source_photoz_u", "u_1") in [(p.section, p.name) for p in pipeline.varied_params]
    ours = load(folder / "pipeline.ini")
    start = pipeline.start_vector()
    expected = float(ours.log_likelihood(ours.params_dict(start)))
    assert pipeline.likelihood(start)[0] == pytest.approx(expected)
