"""The shipped pipeline with the real `cosmosis` command, as a user runs it, or its function."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

import jaxlike
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.mocks import paper

pytestmark = pytest.mark.slow

PIPELINE = "cosmosis_modules/pipeline.ini"
QUICK = ("jaxlike.linear=eisenstein_hu_no_wiggle", "jaxlike.nonlinear=linear")


def printed(done) -> dict[str, float]:
    """Prior, Likelihood and Posterior as the test sampler prints them."""
    found = re.findall(r"^(Prior|Likelihood|Posterior) +=  +(\S+)$", done.stdout, re.MULTILINE)
    return {name: float(number) for name, number in found}


def check_point(done, model):
    """CosmoSIS's numbers at its starting point are those of the model made of the same files."""
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout, "CosmoSIS warns of options that nobody has read"
    found = printed(done)
    prior, posterior = (float(f(model.reference)) for f in (model.log_prior, model.log_posterior))
    assert_allclose(found["Likelihood"], posterior - prior, rtol=1e-9)
    assert_allclose(found["Prior"], prior, rtol=1e-9)
    assert_allclose(found["Posterior"], posterior, rtol=1e-9)


def test_pipeline_as_it_is(run_cosmosis, repository):
    model = jaxlike.load(repository / PIPELINE)
    check_point(run_cosmosis(PIPELINE), model)
    assert model.data.n_data == 457


def test_pipeline_of_the_paper(cosmosis_here, repository):
    """It starts where its mock was made without noise: chi^2 is the error of the nodes."""
    pipeline = "cosmosis_modules/paper_pipeline.ini"
    done = cosmosis_here(pipeline)
    model = jaxlike.load(repository / pipeline)
    check_point(done, model)
    assert 0 < -2 * printed(done)["Likelihood"] < 1e-3
    cobaya = jaxlike.load(repository / "cobaya_yaml" / "paper_3x2pt.yaml")
    assert_allclose(cobaya.chi2(paper.FIDUCIAL), -2 * printed(done)["Likelihood"], rtol=1e-6)


def test_real_data_with_three_samplers(cosmosis_here, repository, shared, tmp_path):
    """The test sampler, then emcee, then Metropolis from its covariance, in one run."""
    data_file = shared / "data" / "des_y1_3x2pt.fits"
    done = cosmosis_here(
        PIPELINE,
        "-p",
        f"jaxlike.data_file={data_file}",
        "runtime.sampler=test emcee metropolis",
        f"output.filename={tmp_path / 'chain.txt'}",
        "metropolis.samples=40",
        "metropolis.nsteps=20",
        "emcee.walkers=54",
        "emcee.samples=2",
        "emcee.nsteps=1",
    )
    model = jaxlike.load(repository / PIPELINE, data_file=str(data_file))
    check_point(done, model)
    for name, n_rows in (("chain.emcee.txt", 2 * 54), ("chain.txt", 40)):
        text = (tmp_path / name).read_text()
        columns = text.splitlines()[0].lstrip("#").lower().split()
        rows = np.loadtxt(tmp_path / name, ndmin=2)
        assert rows.shape == (n_rows, len(columns))
        assert np.all(np.isfinite(rows))
        n = len(model.parameters)
        assert columns[:n] == list(model.parameters)
        sigma_8, S_8, prior, posterior = rows[:, n:].T
        Omega_m = rows[:, columns.index("cosmological_parameters--omega_m")]
        assert_allclose(S_8, sigma_8 * np.sqrt(Omega_m / 0.3), rtol=1e-9)
        x = rows[-1, :n]
        assert_allclose(posterior[-1], model.log_posterior(x), rtol=1e-8)
        assert_allclose(prior[-1], model.log_prior(x), rtol=1e-8)
        assert np.unique(posterior).size > 1, "the chain moves"


def test_impossible_cosmology_is_zero_likelihood(cosmosis_here):
    done = cosmosis_here(
        PIPELINE,
        "-p",
        "jaxlike.probes=xi_plus",
        *QUICK,
        "test.fatal_errors=F",
        "-v",
        "cosmological_parameters.omega_m=0.02 0.03 0.9",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed(done)["Likelihood"] == -np.inf
    assert done.stdout.count("zero likelihood for a cosmology without a solution") == 1


def test_bad_option_stops_with_a_sentence(cosmosis_here):
    sentence = r"\[jaxlike\]: option 'nz' is 'cubic'; accepted are kde, histogram"
    with pytest.raises(ConfigError, match=sentence):
        cosmosis_here(PIPELINE, "-p", "jaxlike.nz=cubic")


def test_bad_parameter_stops_the_run(cosmosis_here, tmp_path):
    """A parameter without effect ends even a run that forgives impossible cosmologies."""
    with pytest.raises(ParameterError, match="'cosmological_parameters--n_run' has no effect"):
        cosmosis_here(
            PIPELINE,
            "-p",
            "jaxlike.probes=xi_plus",
            *QUICK,
            "runtime.sampler=metropolis",
            f"output.filename={tmp_path / 'chain.txt'}",
            "-v",
            "cosmological_parameters.n_run=0.0",
        )


def test_kids_1000(cosmosis_here, repository, shared):
    """Whose S_8, omch2 and h0 are sampled, and whose n(z) shifts are correlated: the posterior of
    the Cobaya input, in which H0 is a hundred times h0."""
    pipeline = "cosmosis_modules/kids_1000_cosebis_pipeline.ini"
    data_file = str(shared / "data" / "stage3" / "kids_1000_cosebis.fits")
    done = cosmosis_here(pipeline, "-p", f"jaxlike.data_file={data_file}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout
    assert "Gaussian prior 'dz_source' of 5 parameters, nofz_shifts--bias_1 to" in done.stdout
    found = printed(done)["Posterior"]
    ini, cobaya = (
        jaxlike.load(repository / file, data_file=data_file)
        for file in (pipeline, "cobaya_yaml/kids_1000_cosebis.yaml")
    )
    assert_allclose(ini.log_posterior(ini.reference), found, rtol=1e-9)
    assert_allclose(cobaya.log_posterior(cobaya.reference) + np.log(100), found, rtol=1e-9)
