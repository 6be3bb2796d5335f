"""Correlated priors in CosmoSIS: its samplers' posterior is that of the model of the same files."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from cosmosis.runtime.config import Inifile
from cosmosis.runtime.pipeline import LikelihoodPipeline

import jaxlike
from jaxlike.cosmosis.sampler import model_of
from jaxlike.data import write_two_point_fits
from jaxlike.errors import ConfigError

COVARIANCE = np.array([[1e-4, 4e-5], [4e-5, 2.25e-4]])
# what the standard library's module of this name does
MODULE = """\
import numpy as np

def setup(options):
    read = lambda name: options.get_string("module_options", name).split()
    names = [[word.split("/") for word in read(name)] for name in
             ("uncorrelated_parameters", "output_parameters")]
    factor = np.linalg.cholesky(np.loadtxt(read("covariance")[0]))
    return *names, factor, np.array(options["module_options", "mean"])

def execute(block, config):
    inputs, outputs, factor, mean = config
    values = factor @ [block[tuple(name)] for name in inputs] + mean
    for name, value in zip(outputs, values):
        block[tuple(name)] = value
    return 0
"""
PIPELINE = """\
[runtime]
sampler = emcee
[emcee]
walkers = 12
samples = 1
nsteps = 1
[output]
filename = {folder}/chain.txt
[pipeline]
modules = correlated jaxlike
values = {folder}/values.ini
priors = {folder}/priors.ini
likelihoods = jaxlike
extra_output = cosmological_parameters/A_s cosmological_parameters/sigma_8
debug = T
[correlated]
file = {folder}/correlated_priors.py
uncorrelated_parameters = shear_calibration_parameters/uncorr_m1
    shear_calibration_parameters/uncorr_m2
output_parameters = shear_calibration_parameters/m1 shear_calibration_parameters/m2
covariance = {folder}/covariance.txt
mean = 0.01 -0.005
[jaxlike]
file = {repository}/cosmosis_modules/jaxlike_two_point.py
data_file = {folder}/small.fits
scale_cuts = none
probes = shear
linear = eisenstein_hu_no_wiggle
nonlinear = linear
correlated_priors = {{dz_source: {{covariance: {folder}/covariance.txt, mean: [0.002, 0.001]}}}}
"""
VALUES = """\
[cosmological_parameters]
omega_m = 0.1 0.3 0.9
S_8_input = 0.6 0.8 1.0
cosmomc_theta = 1.05
ombh2 = 0.0224
n_s = 0.966
tau = 0.06
[shear_calibration_parameters]
uncorr_m1 = -5.0 0.3 5.0
uncorr_m2 = -5.0 -0.7 5.0
[nofz_shifts]
bias_1 = -0.1 0.01 0.1
bias_2 = -0.2 -0.01 0.2
"""
PRIORS = """\
[shear_calibration_parameters]
uncorr_m1 = gaussian 0.0 1.0
uncorr_m2 = gaussian 0.0 1.0
"""


@pytest.fixture(scope="module")
def folder(small_data, repository, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline")
    write_two_point_fits(small_data, folder / "small.fits")
    np.savetxt(folder / "covariance.txt", COVARIANCE)
    (folder / "correlated_priors.py").write_text(MODULE)
    (folder / "values.ini").write_text(VALUES)
    (folder / "priors.ini").write_text(PRIORS)
    text = PIPELINE.format(folder=folder, repository=repository)
    (folder / "pipeline.ini").write_text(text)
    return folder


@pytest.fixture(scope="module")
def pipeline(folder):
    return LikelihoodPipeline(Inifile(str(folder / "pipeline.ini")))


def test_posterior_is_cosmosis_s(folder, pipeline):
    model = jaxlike.load(folder / "pipeline.ini")
    start = np.array(pipeline.start_vector())
    assert [str(p).lower() for p in pipeline.varied_params] == list(model.parameters)
    other = start + [0.02, -0.03, 0.4, 0.5, -0.012, 0.02]
    for x in (start, other):
        found = pipeline.run_results(x)
        assert found.post == pytest.approx(float(model.log_posterior(x)), rel=1e-9)
        assert_allclose(found.extra, model.derived(x), rtol=1e-9)
    # of the Gaussian, not cut by the limits of the values file
    own = model_of(pipeline)
    assert [*own.derived_parameters] == [*model.derived_parameters] == ["As", "sigma8"]
    assert own.external_priors == model.external_priors == ("dz_source",)
    for x in (start, other):
        assert_allclose(own.log_posterior(x), model.log_posterior(x))
    gradient = model.value_and_gradient(start)[1]
    for i in (1, 2, 4):  # S_8, a unit normal, a shift
        step = 1e-4 * np.eye(6)[i]
        above, below = (float(model.log_posterior(x)) for x in (start + step, start - step))
        assert float(gradient[i]) == pytest.approx((above - below) / 2e-4, rel=1e-4)


@pytest.mark.slow
def test_emcee_samples_it(folder, cosmosis_here):
    done = cosmosis_here(folder / "pipeline.ini")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = np.loadtxt(folder / "chain.txt")
    model = jaxlike.load(folder / "pipeline.ini")
    assert rows.shape == (12, 10)
    assert_allclose(rows[:, -1], [model.log_posterior(row[:6]) for row in rows], rtol=1e-8)


def test_limits_that_would_cut_it_stop_the_run(folder):
    ini = Inifile(str(folder / "pipeline.ini"))
    (folder / "narrow.ini").write_text(VALUES.replace("-0.1 0.01 0.1", "-0.02 0.01 0.1"))
    ini.set("pipeline", "values", str(folder / "narrow.ini"))
    with pytest.raises(ConfigError, match=r"from -0\.02 to 0\.1, which would cut"):
        LikelihoodPipeline(ini)
