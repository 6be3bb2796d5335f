"""The evidence benchmark on a Gaussian whose evidence is known, and its table."""

import json
from dataclasses import replace

import numpy as np
import pytest

from jaxlike.benchmarks import evidence
from jaxlike.cli.main import main

pytest.importorskip("nautilus", reason="nautilus is not installed")


@pytest.mark.slow
def test_both_methods_find_it_and_the_table_compares(make_gaussian, tmp_path):
    # of a width that few of nautilus's networks find
    model = replace(make_gaussian(2), precision=np.array([[8.0, 5.0], [5.0, 12.0]]))
    options = {"live": 200, "seed": 1}
    first = evidence.nested("a/one.yaml", model, options, False, tmp_path)
    second = evidence.nautilus("a/one.yaml", model, 200, 1, False, n_eff=1000, networks=1)
    constant = 7.0  # of its log-density, which an evidence without a likelihood's own has
    assert first.ln_z == pytest.approx(model.ln_z, abs=max(3 * first.error, 0.3))
    assert second.ln_z - constant == pytest.approx(model.ln_z, abs=0.1)
    assert 0 < second.error < 0.05
    assert min(first.values, second.values) > 1000
    other = [replace(e, config="two.yaml", ln_z=e.ln_z - 1.5) for e in (first, second)]
    files = evidence.write([first, second, *other], tmp_path)
    rows = files[1].read_text().splitlines()[2:]
    assert [row.split("|")[4].strip() for row in rows] == ["+0.00", "+0.00", "-1.50", "-1.50"]
    kept = json.loads(files[0].read_text())
    assert np.isclose(kept[3]["ln_z"], second.ln_z - 1.5)


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        ("evidence", ["--resume"]),
        ("evidence", ["--methods", "nuts"]),
        ("sbc", ["--methods", "nuts"]),
        ("ess", ["--mocks", "3"]),
    ],
)
def test_options_without_effect_are_refused(kind, option, capsys):
    assert main(["benchmark", kind, "none.yaml", *option]) == 2
    assert f"option {option[0]} has no effect with {kind}" in capsys.readouterr().err
