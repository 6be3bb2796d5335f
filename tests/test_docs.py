"""What docs show is what runs."""

import re

import numpy as np
import pytest

from jaxlike.registry.options import theory_options
from jaxlike.theory.power.provider import PARAMETERS

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def blocks(repository):
    """(Language, text) of every example of docs/own_likelihood.md."""
    return FENCE.findall((repository / "docs" / "own_likelihood.md").read_text())


def test_somebody_s_own_likelihood(blocks, tmp_path, monkeypatch):
    """The module, its data and the input in files, then the example in Python, with its draws."""
    module, table, text = (text for _, text in blocks[:3])
    assert [language for language, _ in blocks[:3]] == ["python", "text", "yaml"]
    (tmp_path / "chronometers.py").write_text(module)
    (tmp_path / "chronometers.txt").write_text(table)
    (tmp_path / "chronometers.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    python = [text for language, text in blocks if language == "python"]
    assert len(python) == 3
    names = {}
    exec(python[1], names)
    both, draws = names["both"], np.array(names["draws"])
    assert both.likelihood_names == ("clocks", "calibrators")
    assert draws.shape == (200, 3)
    H0 = draws[:, both.parameters.index("H0")]
    assert abs(H0.mean() - 73) < 1.5
    assert 0.4 < H0.std() < 2
    z, H, error = np.loadtxt("chronometers.txt").T
    rate = 70 * np.sqrt(0.3 * (1 + z) ** 3 + 0.7)
    clocks = names["clocks"]
    chi2 = float(clocks.chi2(clocks.reference))
    assert chi2 == pytest.approx(np.sum(((rate - H) / error) ** 2), abs=0.01)  # radiation apart
    assert clocks.parameters == ("H0", "omegam", "stretch")
    compile(python[2], "numpyro", "exec")


def test_the_table_of_quantities(repository):
    """Every name that a likelihood may need is there, and is one of a universe."""
    from jaxlike.theory.power.quantities import QUANTITIES
    from jaxlike.theory.power.universe import Universe

    text = (repository / "docs" / "own_likelihood.md").read_text()
    for name in QUANTITIES:
        assert hasattr(Universe, name)
        assert re.search(rf"\b{name}\b", text), name


def test_a_provider(repository, tmp_path, monkeypatch):
    """The example of docs/power.md, as an input names it, and the names of what it is given."""
    text = (repository / "docs" / "power.md").read_text()
    for name in PARAMETERS:
        assert f"`{name}`" in text, name
    ((_, module),) = [block for block in FENCE.findall(text) if block[0] == "python"]
    (tmp_path / "somebodys_power.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("power", "NARROW"):
        options = theory_options({"power": {"provider": f"somebodys_power.{name}"}})
        assert options.linear == f"somebodys_power.{name}"
