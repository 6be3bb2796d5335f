"""`emulator check --against`: errors and cost of somebody else's power beside the emulator's."""

import numpy as np
import pytest

from jaxlike.cli.main import main
from jaxlike.emulator import against, library
from jaxlike.emulator.spectra import Transfer

PLAIN = "provider_functions.PLAIN"


def emulated(folder, universes, settings, *, jobs):
    """Spectra as CAMB's would be, if the emulator had no error."""
    k = np.geomspace(1e-4, 20.0, 200)
    a = np.array(universes[0].a)
    zero = Transfer(k, a, np.ones((a.size, k.size)), np.ones((a.size, k.size)), 150.0)
    error = against._errors_of("emulator")
    for universe in universes:
        found = np.exp(error(universe, zero, "total") / 2)
        yield Transfer(k, a, found, found, 150.0)


def test_both_tables_and_costs(monkeypatch, capsys):
    monkeypatch.setattr(library, "spectra", lambda *all, **named: list(emulated(*all, **named)))
    monkeypatch.setattr(against, "_CALLS", 1)
    assert main(["emulator", "check", "--against", PLAIN, "--n-check", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    theirs, ours = lines.index(PLAIN), lines.index("emulator")
    # universes that the provider is not made for are left out, and so are no others
    assert [line.split()[0] for line in lines[theirs + 2 : ours]] == ["massless"] * 3
    errors = [[float(line.split()[-1]) for line in lines[i + 2 : i + 5]] for i in (theirs, ours)]
    assert min(errors[0][1:]) > 0.5
    assert errors[1] == [0.0, 0.0, 0.0]
    assert f"{PLAIN}: " in lines[-3]
    assert "ms with its gradient" in lines[-3]
    assert lines[-1].startswith(f"{PLAIN} costs ")


def test_cosmologies_are_within_the_ranges_of_both():
    groups = against.within(against._ranges(PLAIN) | {"mnu": (0.0, 0.3), "w0": (-1.2, -0.8)}, 20)
    assert list(groups) == ["massless", "one_massive", "degenerate", "w0-wa"]
    for members in groups.values():
        assert all(0.02 <= one.omega_b <= 0.024 for one in members)
        assert all(0.55 <= one.h <= 0.91 for one in members)
        assert all(one.Omega_k == 0 for one in members)
    assert {one.omega_nu for one in groups["massless"]} == {0.0}
    assert max(one.omega_nu for one in groups["degenerate"]) < 0.0033


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "nothing"], "option 'linear' is 'nothing'; accepted are eisenstein_hu"),
        (["--against", PLAIN, "--table", "x"], "--table has no effect with --against"),
        (["--against", "provider_functions.ELSEWHERE"], "is for h from 0.2 to 0.4, where the"),
    ],
)
def test_what_cannot_be_compared(capsys, arguments, message):
    assert main(["emulator", "check", *arguments]) != 0
    assert message in capsys.readouterr().err
