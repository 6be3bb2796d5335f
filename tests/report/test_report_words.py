"""What the page about a run says of chains: numbers, verdicts, what was run, without any theory."""

import numpy as np
import pytest

from jaxlike.inference.results.diagnostics import summarise_draws
from jaxlike.inference.results.draws import Draws, kish
from jaxlike.report.record import read_record
from jaxlike.report.table import AS_PRIOR, rows_of, with_error
from jaxlike.report.verdicts import fit_level, fit_words, overall, verdicts_of


def made(values, weights=None, chains=1, limits=None):
    """Draws (n, m) of chains of one length each, of parameters a, b, ..."""
    n, m = values.shape
    names = tuple("abcd"[:m])
    weights = np.ones(n) if weights is None else weights
    density = -0.5 * np.sum(values**2, axis=1)
    lengths = (n // chains,) * chains
    return Draws(
        names, names, (True,) * m, values, weights, density, np.zeros(n), lengths, limits or {}
    )


@pytest.fixture(scope="module")
def normal():
    """Independent draws of two parameters, four chains of 500."""
    return np.random.default_rng(0).standard_normal((2000, 2))


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (0.31234, 0.0345, "0.312 ± 0.035"),
        (2.1e-9, 1.2e-10, "2.10e-9 ± 0.12e-9"),
        (-203.4, 12.0, "-203 ± 12"),
        (1234.5, 345.0, "1234 ± 345"),
        (0.0, 1.5, "0.0 ± 1.5"),
        (3.0, 0.0, "3"),
    ],
)
def test_a_value_has_two_digits_of_its_error(mean, std, text):
    assert with_error(mean, std) == text


def test_a_row_of_the_table(normal):
    rows, _ = rows_of(made(normal, chains=4))
    a = rows[0]
    assert (a.name, a.sampled) == ("a", True)
    assert a.mean == pytest.approx(normal[:, 0].mean())
    assert (a.low, a.high) == pytest.approx(np.quantile(normal[:, 0], (0.16, 0.84)), abs=0.01)
    assert a.best == normal[np.argmin(np.sum(normal**2, axis=1)), 0]
    assert a.r_hat < 1.01
    assert a.ess_bulk > 1000


def test_whole_weights_are_repeated_draws_and_others_have_no_r_hat(normal):
    few = normal[:400]
    weights = np.random.default_rng(1).integers(1, 4, 400).astype(float)
    repeated = summarise_draws(made(np.repeat(few, weights.astype(int), axis=0)))
    weighted = summarise_draws(made(few, weights))
    np.testing.assert_allclose(weighted.r_hat, repeated.r_hat)
    np.testing.assert_allclose(weighted.mean, repeated.mean)
    fractions = summarise_draws(made(few, weights / 3.5))
    assert np.isnan(fractions.r_hat).all()
    np.testing.assert_allclose(fractions.ess_bulk, kish(weights))
    np.testing.assert_allclose(fractions.mean, weighted.mean)
    np.testing.assert_allclose(fractions.std, weighted.std)


def test_what_priors_do_is_said():
    rng = np.random.default_rng(2)
    values = np.column_stack(
        [rng.uniform(0, 1, 4000), np.abs(rng.normal(0, 0.1, 4000)), rng.normal(0.5, 0.05, 4000)]
    )
    rows, _ = rows_of(made(values, limits=dict.fromkeys("abc", (0.0, 1.0))))
    said = {row.name: row.remark for row in rows}
    assert said == {"a": AS_PRIOR, "b": "leans on the lower end of its prior", "c": ""}


def judged(chains, run=None, ours=True):
    verdicts = verdicts_of(chains, summarise_draws(chains), run or {}, ours=ours)
    return {one.name: one for one in verdicts}, overall(verdicts)


def test_good_chains_are_good(normal):
    run = {"divergent": 0, "step_size": 0.3, "e_bfmi": [0.9, 1.1], "wanted": 500, "draws": 500}
    verdicts, whole = judged(made(normal, chains=4), run)
    assert set(verdicts) == {"R-hat", "bulk ESS", "tail ESS", "divergences", "E-BFMI"}
    assert {one.level for one in verdicts.values()} == {"good"}
    assert "can be used" in whole.words


def test_bad_chains_are_bad_and_told_what_to_do(normal):
    apart = normal + 3.0 * np.repeat(np.arange(4), 500)[:, None]
    verdicts, whole = judged(made(apart, chains=4), {"divergent": 40, "step_size": 0.1})
    assert verdicts["R-hat"].level == verdicts["divergences"].level == "bad"
    assert "--target-accept" in verdicts["divergences"].advice
    assert "--samples" in verdicts["R-hat"].advice
    assert whole.words.startswith("Do not use the numbers below yet: see R-hat")
    others, _ = judged(made(apart, chains=4), ours=False)
    assert "--" not in others["R-hat"].advice


@pytest.mark.parametrize(
    ("run", "name", "level"),
    [
        ({"divergent": 1, "step_size": 0.1}, "divergences", "good"),
        ({"e_bfmi": [0.9, 0.2]}, "E-BFMI", "care"),
        ({"wanted": 1000, "draws": 500}, "length", "care"),
        ({"cautions": ["biased here"]}, "the method itself", "bad"),
    ],
)
def test_what_a_run_records_is_judged(normal, run, name, level):
    verdicts, whole = judged(made(normal, chains=4), run)
    assert verdicts[name].level == whole.level == level


def test_weighted_draws_are_not_called_chains(normal):
    weights = np.random.default_rng(3).uniform(0.5, 1.5, len(normal))
    verdicts, whole = judged(made(normal, weights))
    assert verdicts["R-hat"].level == "unknown"
    assert whole.level == "good"


@pytest.mark.parametrize(
    ("p", "level", "words"),
    [
        (0.4, "good", "describes the data (p = 0.400)"),
        (0.02, "care", "poorly"),
        (0.001, "bad", "does not describe"),
        (0.999, "bad", "errors that are too large"),
    ],
)
def test_how_well_the_model_fits(p, level, words):
    assert fit_level(p) == level
    assert words in fit_words(p, mock=False)
    assert ("mock without noise" in fit_words(p, mock=True)) == (p > 0.9)


def test_records_of_three_programs(tmp_path):
    (tmp_path / "cobaya.1.txt").write_text("# weight minuslogpost a\n1 2 3\n")
    (tmp_path / "cobaya.updated.yaml").write_text("sampler:\n  mcmc: {}\nparams: {}\n")
    (tmp_path / "cobaya.input.yaml").write_text("likelihood: {one: null}\n")
    cobaya = read_record(tmp_path / "cobaya")
    assert (cobaya.program, cobaya.method) == ("Cobaya", "mcmc")
    assert list(cobaya.inputs) == ["The input", "The input, with all defaults"]
    (tmp_path / "chain.txt").write_text(
        "#a--b\tprior\tpost\n#sampler=emcee\n## [pipeline]\n## modules = one\n1 2 3\n"
    )
    cosmosis = read_record(tmp_path / "chain.txt")
    assert (cosmosis.program, cosmosis.method) == ("CosmoSIS", "emcee")
    assert list(cosmosis.inputs.values()) == ["[pipeline]\nmodules = one"]
    (tmp_path / "getdist.1.txt").write_text("1 2 3\n")
    assert read_record(tmp_path / "getdist").program == "GetDist's format"
