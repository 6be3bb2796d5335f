"""`jaxlike explain` of Cobaya inputs: no entry without a row, and the input that it writes."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from jaxlike.cli.main import main
from jaxlike.config import config_from_info, read_config
from jaxlike.config.explain_yaml import explained_info, explained_yaml
from jaxlike.config.yaml_entries import entries_of
from jaxlike.config.yaml_text import load_yaml
from jaxlike.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = [  # of posteriors
    path
    for path in sorted((REPOSITORY / "cobaya_yaml").glob("*.yaml"))
    if "\nlikelihood:" in path.read_text()
]

CAMB = """\
    # as people have it
    packages_path: /nowhere
    theory:
      camb:
        stop_at_error: true
        extra_args:
          halofit_version: mead
          num_massive_neutrinos: 1
          nnu: 3.044
          theta_H0_range: [20, 100]
    likelihood:
      bao.desi_dr2.desi_bao_all:
      union: {class: sn.union3, speed: 100}
      jaxlike.cobaya.shear: {power: host, data_file: paper_mock}
    params:
      logA: {prior: {min: 1.61, max: 3.91}, ref: 3.05, drop: true, latex: A}
      As: {value: 'lambda logA: 1e-10*np.exp(logA)'}
      ns: 0.966
      theta_MC_100: {prior: {min: 0.5, max: 10}, ref: 1.041, drop: true, renames: theta}
      cosmomc_theta: {value: 'lambda theta_MC_100: 1.e-2*theta_MC_100', derived: false}
      ombh2: 0.0222
      omch2: {prior: [0.001, 0.99], ref: 0.12}
      tau: 0.055
      H0: {latex: H_0}
      zrei:
      clamp: {derived: 'lambda As, tau: 1e9*As*np.exp(-2*tau)'}
    prior:
      theta: 'lambda theta_MC_100: -0.5 * (theta_MC_100 - 1.04)**2 / 0.01**2'
    sampler:
      mcmc: {Rminus1_stop: 0.01}
    output: chains/a
    timing: true
    """


@pytest.fixture
def camb(tmp_path: Path) -> Path:
    path = tmp_path / "input.yaml"
    path.write_text(dedent(CAMB))
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_every_entry_of_an_example_has_a_row(path: Path) -> None:
    info = load_yaml(path.read_text(), str(path))
    _, rows = explained_yaml(path, {})
    entries = entries_of(info)
    assert rows.missing(entries) == []
    assert len(rows.rows) == len(entries)
    assert all(row.text for row in rows)
    assert not [row for row in rows if row.becomes == "not read"]


def test_every_entry_of_an_input_with_camb_has_a_row_and_a_line(camb: Path) -> None:
    _, rows = explained_yaml(camb, {})
    assert rows.missing(entries_of(load_yaml(camb.read_text(), "x"))) == []
    fates = {(row.entry.where, row.entry.key): row for row in rows}
    extra = "theory: camb: extra_args"
    assert {key: fates[key].fate for key in fates if key[0] == extra} == {
        (extra, "halofit_version"): "option",
        (extra, "num_massive_neutrinos"): "option",
        (extra, "nnu"): "parameter",
        (extra, "theta_H0_range"): "idle",
    }
    assert fates[extra, "nnu"].entry.line == 9
    assert fates["theory: camb", "stop_at_error"].fate == "idle"
    assert fates["params", "tau"].fate == "idle"
    assert fates["params", "zrei"].becomes.startswith("it is not computed here")
    assert fates["params", "clamp"].becomes == "recorded"
    assert fates["params", "cosmomc_theta"].becomes == "a function of theta_MC_100"
    assert fates["likelihood: union", "class"].fate == "option"
    assert fates["sampler: mcmc", "Rminus1_stop"].fate == "idle"
    assert any("nonlinear = hmcode2016" in note for note in rows.notes)
    assert any("mnu = 0.06" in note for note in rows.notes)  # which CAMB assumes


def test_explain_prints_the_rows_and_writes_an_input_of_our_own(
    camb: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "own.yaml"
    assert main(["explain", str(camb), "--output", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "    7  halofit_version = mead" in printed
    before, after = read_config(camb), read_config(out)
    assert f"\n{len(before.sampled)} parameters are sampled" in printed
    assert after.theory == before.theory
    assert [(p.name, p.prior, p.ref_loc) for p in after.sampled] == [
        (p.name, p.prior, p.ref_loc) for p in before.sampled
    ]
    assert [one.kind for one in after.others] == [one.kind for one in before.others]
    text = out.read_text()
    assert "# [theory: camb: extra_args]" in text
    assert "zrei:" not in text.partition("\n\n")[2]
    assert main(["explain", str(camb), "--output", str(out)]) == 2
    assert main(["explain", str(camb), "--output", str(tmp_path / "own.ini")]) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace("mead", "casarini"), ("line 7: option 'halofit_version'", "accepted")),
        (lambda t: t.replace("theta_H0_range", "magic"), ("line 10: option 'magic'", "leave it")),
        (lambda t: t.replace("ns: 0.966", "ns: 0.966\n  YHe: 0.24"), ("line 19", "'YHe'")),
    ],
)
def test_what_is_refused_is_named_with_its_line(
    camb: Path, change: Callable[[str], str], words: tuple[str, ...]
) -> None:
    camb.write_text(change(camb.read_text()))
    for reading in (read_config, lambda path: explained_yaml(path, {})):
        with pytest.raises(ConfigError) as error:
            reading(camb)
        for word in (f"{camb}: ", *words):
            assert word in str(error.value)


def test_an_input_as_a_mapping_has_rows_too() -> None:
    info = load_yaml(dedent(CAMB), "in")
    config, rows = explained_info(info, "in")
    assert config.sampled == config_from_info(info, "in").sampled
    assert rows.missing(entries_of(info)) == []


def test_check_compares_with_cobaya(
    packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With jaxlike's own theory, of which Cobaya's likelihoods get the distances."""
    path = tmp_path / "bao.yaml"
    path.write_text(
        dedent(
            f"""\
            packages_path: {packages}
            theory: {{jaxlike.cobaya.Theory: {{linear: eisenstein_hu, nonlinear: linear}}}}
            likelihood: {{bao.desi_dr2: , sn.union3: }}
            params: {{H0: [60, 80], omegam: 0.31, omegab: 0.049, ns: 0.966, As: 2.1e-9}}
            """
        )
    )
    assert main(["explain", str(path), "--check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = (line.split() for line in lines if line.startswith("sn.union3 "))
    assert row[1] == "22"
    assert float(row[2]) == pytest.approx(float(row[3]), abs=2e-3)
    assert lines[-1] == "Cobaya with jaxlike.cobaya.Theory"
