"""Several surveys in one pipeline of the standard library, and those that count."""

import shutil

import pytest
from library_pipelines import (
    CAMB,
    COSMOLOGY,
    FIRST_VALUES,
    TATT_VALUES,
    first_generation,
    like,
    nz,
    survey,
    survey_values,
    tatt,
    written,
)

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.read import read_config
from jaxlike.errors import ConfigError
from jaxlike.posterior.parameters import parameter_values


def test_surveys_have_their_own_parameters(tmp_path, file):
    modules = {"camb": CAMB, **survey(file, "one"), **survey(file, "two", data_sets="xip")}
    modules["2pt_two"]["data_file"] = str(tmp_path / "copy.fits")
    shutil.copy(file, tmp_path / "copy.fits")
    path = written(tmp_path, modules, COSMOLOGY + survey_values("one") + survey_values("two"))
    config = read_config(path)
    assert [one.name for one in config.likelihoods] == ["2pt_one", "2pt_two"]
    assert [one.suffix for one in config.likelihoods] == ["one", "two"]
    assert config.likelihoods[1].probes == ("xi_plus",)
    # n(z) of the second are those of the first one's file
    assert config.likelihoods[1].nz_file == file
    assert config.likelihoods[0].nz_file is None
    names = {p.name for p in config.sampled}
    assert "intrinsic_alignment_parameters_two--bias_ta" in names
    assert "shear_calibration_parameters_one--m2" in names


def test_a_section_that_two_surveys_read_is_sampled_once(tmp_path, file):
    modules = {"camb": CAMB, **survey(file, "one"), **survey(file, "two")}
    modules["2pt_two"]["data_file"] = str(tmp_path / "copy.fits")
    shutil.copy(file, tmp_path / "copy.fits")
    for name in ("one", "two"):
        modules[f"IA_{name}"] = tatt(name=name)
    values = COSMOLOGY + "[intrinsic_alignment_parameters]\n" + TATT_VALUES
    for name in ("one", "two"):
        values += survey_values(name).partition("[intrinsic")[0]
    config = read_config(written(tmp_path, modules, values))
    sampled = {p.name: p.ref_loc for p in config.sampled}
    assert "intrinsic_alignment_parameters--a1" in sampled
    assert not {n for n in sampled if n.startswith("intrinsic_alignment_parameters_")}
    at = parameter_values(config.parameters, sampled | {"intrinsic_alignment_parameters--a1": 0.3})
    of_one = [float(v) for n, v in at.items() if config.names.find(n) is not None
              and config.names.canonical(n) in ("one_A_IA", "two_A_IA")]  # fmt: skip
    assert of_one == [0.3, 0.3]


def test_the_likelihoods_that_a_pipeline_lists(tmp_path, file):
    """The others do not count."""
    modules = first_generation(file) | {"bao": {"file": "likelihood/bao/desi-dr2/desi_dr2.py"}}
    path = written(tmp_path, modules, FIRST_VALUES)
    text = path.read_text()
    path.write_text(text.replace("timing = F", "likelihoods = 2pt"))
    assert [one.name for one in read_config(path).likelihoods] == ["2pt"]
    assert read_config(path).others == ()
    path.write_text(text.replace("timing = F", "likelihoods = desi_bao"))
    assert read_config(path).likelihoods == ()
    assert [one.kind for one in read_config(path).others] == ["bao.desi_dr2_cosmosis"]
    path.write_text(text.replace("timing = F", "likelihoods = planck"))
    with pytest.raises(ConfigError, match="has 'planck'; modules make 2pt, desi_bao"):
        read_config(path)


@pytest.fixture
def one_is_absent(tmp_path, file):
    """Two surveys, of which the data of the first are not there."""
    one, two = survey("absent.fits", "one"), survey(file, "two")
    values = COSMOLOGY + survey_values("one") + survey_values("two")
    return written(tmp_path, {"camb": CAMB, **one, **two}, values)


def test_files_of_likelihoods_that_do_not_count_are_not_needed(one_is_absent):
    with pytest.raises(ConfigError, match=r"option 'data_file' of 2pt_one is absent\.fits"):
        read_config(one_is_absent)
    library = library_of(one_is_absent, {"likelihoods": "2pt_two"})
    assert [one.name for one in library.config.likelihoods] == ["2pt_two"]
    # under the names that they have beside the others
    names = {p.name for p in library.config.sampled}
    assert "shear_calibration_parameters_two--m1" in names
    assert not {name for name in names if "_one" in name}
    left_out = {one.name for one in library.translation.modules if one.left_out}
    assert left_out == {"nz_one", "shift_one", "cl_one", "add_one", "xi_one", "m_one", "2pt_one"}
    said = {(row.entry.where, row.entry.key): row.text for row in library.explanation}
    assert "none of those that count" in said["2pt_one", "data_file"]
    assert "no likelihood that counts reads" in said["nz_one", "nz_file"]
    assert "nothing that counts reads" in said["values: wl_photoz_errors_one", "bias_1"]


def test_those_that_the_pipeline_s_own_list_leaves_out_as_well(one_is_absent):
    text = one_is_absent.read_text()
    one_is_absent.write_text(text.replace("timing = F", "likelihoods = 2pt_two"))
    config = read_config(one_is_absent)
    # alone by the pipeline itself
    assert "shear_calibration_parameters--m1" in {p.name for p in config.sampled}


def test_a_likelihood_that_none_has_is_refused_before_files_are_looked_for(one_is_absent):
    with pytest.raises(ConfigError, match=r"'likelihoods' has 'two', .* they are 2pt_one, 2pt_two"):
        read_config(one_is_absent, likelihoods=["two"])


def test_modules_that_a_used_one_needs_stay(tmp_path, file):
    """The projection is of both samples, though no likelihood that counts sees the lenses."""
    modules = first_generation(file)
    modules["fits_nz"] = nz(file, "source")
    lenses = {"nz_of_lenses": nz(file, "lens")}
    modules["2pt_like"] = like(file, "xip xim")
    names = list(modules)
    at = names.index("fits_nz")
    modules = {n: modules[n] for n in names[:at]} | lenses | {n: modules[n] for n in names[at:]}
    library = library_of(written(tmp_path, modules, FIRST_VALUES), {})
    assert [one.name for one in library.translation.modules if one.left_out] == []
