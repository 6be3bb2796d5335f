"""Chain files: read back by GetDist and by Cobaya, and never overwritten unasked."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from getdist.mcsamples import loadMCSamples

from jaxlike.errors import ConfigError
from jaxlike.inference import Chains, check_unused, write_chains
from jaxlike.inference.results.diagnostics import e_bfmi

NAMES = ("omegam", "DES_m1")
LABELS = (r"\Omega_\mathrm{m}", "m^{1}")
INFO = {"likelihood": {"jaxlike.cobaya.3x2pt": {"data_file": None}}, "params": {"mnu": 0.06}}


@pytest.fixture
def chains():
    rng = np.random.default_rng(0)
    draws = rng.normal([0.3, 0.01], [0.05, 0.02], size=(3, 50, 2)).clip(0.1 - 1, 0.9)
    log_prior = rng.normal(-2, 0.1, (3, 50))
    return Chains(
        names=NAMES,
        latex=LABELS,
        priors=({"min": 0.1, "max": 0.9}, {"dist": "norm", "loc": 0.012, "scale": 0.023}),
        draws=draws,
        log_posterior=log_prior - rng.chisquare(2, (3, 50)) / 2 + 5000.0,
        log_prior=log_prior,
        divergent=np.zeros((3, 50), bool),
        wanted=50,
    )


def check_samples(samples, chains):
    names = [p.name for p in samples.paramNames.names]
    assert tuple(names[:2]) == NAMES
    assert tuple(p.label for p in samples.paramNames.names[:2]) == LABELS
    np.testing.assert_allclose(samples.samples[:, :2], chains.draws.reshape(-1, 2), rtol=1e-9)
    np.testing.assert_allclose(samples.loglikes, -chains.log_posterior.ravel(), rtol=1e-9)
    chi2 = samples.samples[:, names.index("chi2")]
    np.testing.assert_allclose(chi2, chains.chi2.ravel(), rtol=1e-9)
    assert (samples.ranges.getLower("omegam"), samples.ranges.getUpper("omegam")) == (0.1, 0.9)
    assert len(samples.chain_offsets) == 4


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_e_bfmi_is_what_energies_change_by(chains, correlation):
    """Of energies that forget all of the last one, 2; of an autoregression, 2 (1 - correlation)."""
    rng = np.random.default_rng(1)
    energy = rng.standard_normal((3, 4000))
    for i in range(1, 4000):
        energy[:, i] = correlation * energy[:, i - 1] + np.sqrt(1 - correlation**2) * energy[:, i]
    longer = replace(chains, draws=np.zeros((3, 4000, 2)), energy=energy)
    np.testing.assert_allclose(e_bfmi(longer), 2 * (1 - correlation), rtol=0.3)
    assert e_bfmi(chains) == ()


@pytest.mark.parametrize("removed", [(), (".paramnames", ".ranges"), (".updated.yaml",)])
def test_getdist_reads_names_labels_ranges_from_either_description(tmp_path, chains, removed):
    prefix = tmp_path / "new" / "run"
    files = write_chains(chains, prefix, info=INFO)
    assert all(file.is_file() for file in files)
    for extra in removed:
        prefix.with_name(f"run{extra}").unlink()
    samples = loadMCSamples(str(prefix), no_cache=True)
    check_samples(samples, chains)
    assert samples.ranges.getLower("DES_m1") is None


def test_cobaya_reads_its_own_format(tmp_path, chains):
    load_samples = pytest.importorskip("cobaya.output").load_samples
    write_chains(chains, tmp_path / "run", info=INFO)
    check_samples(load_samples(str(tmp_path / "run"), to_getdist=True), chains)


def test_header_and_record(tmp_path, chains):
    write_chains(chains, tmp_path / "run", info=INFO)
    header = (tmp_path / "run.1.txt").read_text().splitlines()[0].split()
    assert header[:5] == ["#", "weight", "minuslogpost", *NAMES]
    record = yaml.safe_load((tmp_path / "run.updated.yaml").read_text())
    assert record["params"]["omegam"] == {"prior": {"min": 0.1, "max": 0.9}, "latex": LABELS[0]}
    assert record["params"]["mnu"] == 0.06
    assert record["sampler"]["jaxlike_nuts"]["chains"] == 3


def test_an_input_has_each_parameter_under_one_name(tmp_path, chains):
    """CosmoSIS's name of a column, in a section, is another in an input that Cobaya can read."""
    names = ("cosmological_parameters--omega_m", "shear_calibration_parameters--m1")
    info = {**INFO, "params": {"Omega_m": [0.1, 0.9], "m1": [-1, 1]}}
    write_chains(replace(chains, names=names), tmp_path / "run", info=info)
    record = yaml.safe_load((tmp_path / "run.updated.yaml").read_text())
    assert list(record["params"])[:2] == ["Omega_m", "m1"]
    assert not any("--" in name for name in record["params"])


@pytest.mark.parametrize(
    ("prior", "low", "high"),
    [
        ({"dist": "halfnorm", "loc": 0.0, "scale": 0.1}, 0.0, None),
        ({"dist": "weibull_max", "c": 2.0, "loc": 1.0, "scale": 2.0}, None, 1.0),
        ({"dist": "beta", "a": 2.0, "b": 3.0, "loc": -1.0, "scale": 3.0}, -1.0, 2.0),
        ({"dist": "truncnorm", "loc": 0.0, "scale": 1.0, "min": -1.0, "max": 2.0}, -1.0, 2.0),
        ({"dist": "cauchy", "loc": 0.0, "scale": 1.0}, None, None),
    ],
)
def test_ends_of_priors(tmp_path, chains, prior, low, high):
    chains = replace(chains, priors=(chains.priors[0], prior))
    write_chains(chains, tmp_path / "run", info=INFO)
    line = (tmp_path / "run.ranges").read_text().splitlines()[1]
    assert line.split() == ["DES_m1", *("N" if end is None else repr(end) for end in (low, high))]
    record = yaml.safe_load((tmp_path / "run.updated.yaml").read_text())
    assert record["params"]["DES_m1"]["prior"] == prior
    ranges = loadMCSamples(str(tmp_path / "run"), no_cache=True).ranges
    assert (ranges.getLower("DES_m1"), ranges.getUpper("DES_m1")) == (low, high)


def test_existing_chains_are_not_overwritten_unasked(tmp_path, chains):
    prefix = tmp_path / "run"
    check_unused(prefix)
    write_chains(chains, prefix)
    before = (tmp_path / "run.1.txt").read_bytes()
    for refuse in (check_unused, lambda p: write_chains(chains, p)):
        with pytest.raises(ConfigError, match=r"run\.1\.txt exists already.*--force"):
            refuse(prefix)
    assert (tmp_path / "run.1.txt").read_bytes() == before


def test_overwriting_leaves_nothing_of_the_former_run(tmp_path, chains):
    prefix = tmp_path / "run"
    write_chains(chains, prefix)
    for other in ("run.9.txt", "run2.1.txt", "run.notes.txt"):
        (tmp_path / other).write_text("1 2 3 4\n")
    write_chains(chains, prefix, overwrite=True)
    assert not (tmp_path / "run.9.txt").exists()
    assert (tmp_path / "run2.1.txt").exists()
    assert (tmp_path / "run.notes.txt").exists()


@pytest.mark.parametrize("bad", ["folder/", "folder", "file/run"])
def test_impossible_prefixes(tmp_path, bad):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="output"):
        check_unused(f"{tmp_path}/{bad}")
