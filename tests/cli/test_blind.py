"""Blinding of data vectors: other cosmologies in the place of the true one, undone exactly."""

import json
import stat

import numpy as np
import pytest

import jaxlike
from jaxlike.cli.main import main
from jaxlike.data import read_two_point, write_sacc, write_two_point_fits
from jaxlike.data.blinded import difference, undone
from jaxlike.forecast.blinding import Blinding, default_ranges


@pytest.fixture
def folder(tmp_path, small_folder):
    """The small pipeline and its data."""
    for name in ("pipeline.ini", "values.ini", "priors.ini", "small.fits"):
        text = (small_folder / name).read_bytes()
        (tmp_path / name).write_bytes(text.replace(bytes(small_folder), bytes(tmp_path)))
    return tmp_path


def blind(folder, *more, output="blinded.fits", key="k.key"):
    """Status of the command on the small pipeline."""
    command = ["blind", str(folder / "pipeline.ini"), "--output", str(folder / output)]
    return main([*command, "--key", str(folder / key), *map(str, more)])


def unblind(folder, *more, blinded="blinded.fits", output="true.fits", key="k.key"):
    command = ["blind", str(folder / blinded), "--unblind", "--output", str(folder / output)]
    return main([*command, "--key", str(folder / key), *map(str, more)])


def test_blinded_data_are_those_of_the_drawn_cosmology(small_model):
    """Without noise they are the prediction there, whatever the secret is."""
    here = small_model.reference
    drawn = Blinding("a secret", default_ranges(small_model))
    assert set(drawn.ranges) == {
        f"cosmological_parameters--{name}" for name in ("omega_m", "a_s", "w")
    }
    value = np.asarray(small_model.mean(here)) + drawn.shift(small_model)
    there = dict(zip(small_model.parameters, here, strict=True)) | drawn.drawn()
    assert float(small_model.with_data(value).chi2(there)) == pytest.approx(0, abs=1e-12)
    for name, (low, high) in drawn.ranges.items():
        assert low < drawn.drawn()[name] < high
    assert Blinding("another", drawn.ranges).drawn() != drawn.drawn()
    assert Blinding("a secret", drawn.ranges).name == drawn.name


def test_there_and_back(folder, capsys):
    """Values change, all of them and nothing else; the key undoes it to the last bit."""
    assert blind(folder) == 0
    said = capsys.readouterr().out
    key = json.loads((folder / "k.key").read_text())
    assert key["secret"] not in said
    assert stat.S_IMODE((folder / "k.key").stat().st_mode) == 0o600
    true, blinded = (read_two_point(folder / name) for name in ("small.fits", "blinded.fits"))
    assert np.all(blinded.value != true.value)
    np.testing.assert_array_equal(blinded.covariance, true.covariance)
    np.testing.assert_array_equal(blinded.nz[0].dndz, true.nz[0].dndz)
    assert blinded.blinded in said
    model = jaxlike.load(folder / "pipeline.ini", data_file=str(folder / "blinded.fits"))
    moved = blinded.value - true.value
    np.testing.assert_allclose(
        moved, Blinding(key["secret"], key["ranges"]).shift(model), rtol=1e-6, atol=1e-16
    )
    assert main(["data", "show", str(folder / "blinded.fits")]) == 0
    assert "values are blinded with key" in capsys.readouterr().out
    assert unblind(folder, "--reason", "accepted by all") == 0
    again = read_two_point(folder / "true.fits")
    np.testing.assert_array_equal(again.value, true.value)
    assert again.blinded == ""
    (row,) = map(json.loads, (folder / "k.key.log").read_text().splitlines())
    assert row["reason"] == "accepted by all"
    assert row["output"].endswith("true.fits")


def test_one_secret_for_several_files(folder, small_data):
    """The same difference of the same cosmologies."""
    assert blind(folder) == 0
    first = read_two_point(folder / "blinded.fits")
    assert blind(folder, output="second.fits") == 0
    np.testing.assert_array_equal(read_two_point(folder / "second.fits").value, first.value)
    assert blind(folder, output="third.fits", key="other.key") == 0
    assert np.any(read_two_point(folder / "third.fits").value != first.value)


def test_sacc(folder, small_data):
    pytest.importorskip("sacc", reason="sacc is not installed")
    write_sacc(small_data, folder / "small.sacc")
    data = str(folder / "small.sacc")
    assert blind(folder, "--data-file", data, output="blinded.sacc") == 0
    true, blinded = read_two_point(data), read_two_point(folder / "blinded.sacc")
    assert blinded.blinded
    assert blinded.statistics == true.statistics
    assert blind(folder) == 0  # the same secret moves the same points in the other format
    moved = read_two_point(folder / "blinded.fits").value - small_data.value
    np.testing.assert_allclose(blinded.value - true.value, moved, rtol=1e-6, atol=1e-16)
    assert unblind(folder, "--reason", "x", blinded="blinded.sacc", output="true.sacc") == 0
    again = read_two_point(folder / "true.sacc")
    np.testing.assert_array_equal(again.value, true.value)
    assert again.blinded == ""


def test_bits_are_exact():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=50) * 1e-6, rng.normal(size=50)
    np.testing.assert_array_equal(undone(other, difference(one, other)), one)
    with pytest.raises(ValueError, match="of 50 numbers, not of 49"):
        undone(other[1:], difference(one, other))


REFUSED = {
    "a range": (("--range", "w=1"), "option --range is 'w=1'; accepted is PARAMETER=LOW:HIGH"),
    "an empty range": (("--range", "w=1:0"), "LOW below HIGH"),
    "not sampled": (("--range", "h0=0.6:0.7"), "parameter 'h0' is not sampled; accepted are"),
    "no such likelihood": (("--likelihood", "none"), "has the data of jaxlike: name one of them"),
    "a reason": (("--reason", "x"), "option --reason has no effect without --unblind"),
    "too wide": (
        ("--range", "cosmological_parameters--omega_m=-0.2:-0.1"),
        "the drawn point has no prediction; take narrower ranges",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said(case, folder, capsys):
    options, sentence = REFUSED[case]
    assert blind(folder, *options) == 2
    assert sentence in capsys.readouterr().err
    assert not (folder / "blinded.fits").exists()
    assert not (folder / "k.key").exists()


def test_nothing_is_lost_or_left_as_it_was(folder, small_data, capsys):
    """Existing files, keys of others, tables that the input does not predict, twice blinded."""
    assert blind(folder) == 0
    assert blind(folder) == 2
    assert "blinded.fits exists already" in capsys.readouterr().err
    true = (folder / "small.fits").read_bytes()
    assert blind(folder, "--force", output="small.fits") == 2
    assert "small.fits' is the input" in capsys.readouterr().err
    assert (folder / "small.fits").read_bytes() == true
    assert blind(folder, "--force", output="k.key") == 2
    assert "options --output and --key are both" in capsys.readouterr().err
    assert blind(folder, "--data-file", folder / "blinded.fits", output="twice.fits") == 2
    assert "is blinded already, with key" in capsys.readouterr().err
    assert blind(folder, "--range", "cosmological_parameters--w=-1.1:-1", output="b.fits") == 2
    assert "already, which other data are blinded with" in capsys.readouterr().err
    assert blind(folder, "--set", "probes=2x2pt", output="part.fits") == 2
    assert "has xi_plus, xi_minus too, which would keep their true" in capsys.readouterr().err
    assert unblind(folder) == 2
    assert "--unblind needs --reason TEXT" in capsys.readouterr().err
    assert unblind(folder, "--reason", "x", blinded="small.fits") == 2
    assert "has not been blinded with" in capsys.readouterr().err
    (folder / "k.key").write_text("{}")
    assert unblind(folder, "--reason", "x") == 2
    assert "cannot be read as a key of jaxlike blind (it has other" in capsys.readouterr().err
    assert not (folder / "true.fits").exists()
    write_two_point_fits(small_data, folder / "again.fits", header={"BLINDKEY": "x"})
    assert read_two_point(folder / "again.fits").blinded == "x"
