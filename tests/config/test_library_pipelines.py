"""Pipelines of the CosmoSIS standard library's own modules: what becomes of them."""

import shutil
import time

import pytest
from library_pipelines import (
    CAMB,
    COSMOLOGY,
    FIRST_VALUES,
    SECOND_VALUES,
    TATT_VALUES,
    add,
    first_generation,
    second_generation,
    survey,
    survey_values,
    tatt,
    written,
)
from planck_lite_files import write_cosmosis, write_plik_lite

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.cosmosis_values import read_values
from jaxlike.config.explained import Entry
from jaxlike.config.ini_file import defaults_of, read_ini
from jaxlike.config.read import read_config
from jaxlike.config.standard_library.catalogue import with_catalogue
from jaxlike.config.standard_library.registry import MODULES, module_of
from jaxlike.config.translated import translated_yaml
from jaxlike.data.planck_lite import read_plik_lite
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.posterior.parameters import parameter_values


@pytest.fixture
def file(small_folder):
    """The small data set, whose tables are called as the library's are."""
    return str(small_folder / "small.fits")


@pytest.fixture
def first(tmp_path, file):
    """A pipeline of the first generation, with one module's options changed."""

    def make(module="2pt_like", values=FIRST_VALUES, priors="", without=(), **changed):
        modules = first_generation(file)
        options = {key.replace("__", "-"): value for key, value in changed.items()}
        modules[module] = modules[module] | options
        modules = {name: own for name, own in modules.items() if name not in without}
        return written(tmp_path, modules, values, priors)

    return make


def every_entry(path):
    """All entries of a pipeline and of its files of values and priors."""
    for name, section in {"DEFAULT": defaults_of(path, path), **read_ini(path, path)}.items():
        yield from section.listed(name)
    values = read_values(path, read_ini(path, path)["pipeline"].entries, lenient=True)
    for what, files in (("values", (values.values,)), ("priors", values.priors)):
        for sections in files:
            for name, section in sections.items():
                yield from section.listed(f"{what}: {name}")


def named(explanation, entry: Entry):
    """What was said of an entry; sections of modules are called as the pipeline calls them."""
    return [
        row.text
        for row in explanation
        if (row.entry.where.lower(), row.entry.key) == (entry.where.lower(), entry.key)
    ]


def test_a_pipeline_of_the_first_generation(first):
    path = first(priors="[wl_photoz_errors]\nbias_1 = gaussian 0.0 0.01\n")
    config = read_config(path)
    (one,) = config.likelihoods
    assert one.name == "2pt"
    assert one.survey is None
    assert not one.assumed
    assert set(one.probes) == {"xi_plus", "xi_minus", "gamma_t", "w"}
    options = one.options
    assert (options.linear, options.nonlinear, options.neutrinos) == (
        "emulator", "takahashi", "degenerate")  # fmt: skip
    assert (options.alignment, options.projection, options.bias) == ("nla", "flat", "constant")
    assert not options.magnification
    assert not options.rsd
    assert options.point_mass == "none"
    # shapes as smooth curves, lenses between their samples, as the pipeline has them
    assert dict(options.nz) == {"nz_source": "spline", "nz_lens": "histogram"}
    assert "intrinsic_alignment_parameters--a" in {p.name for p in config.sampled}
    shifted = next(p for p in config.sampled if p.name == "wl_photoz_errors--bias_1")
    assert shifted.prior.scale == 0.01


def test_cuts_are_those_of_pairs_as_the_data_have_them(first):
    (one,) = read_config(first()).likelihoods
    low, high = one.scale_cuts["min_angle"], one.scale_cuts["max_angle"]
    assert low["xi_plus"] == {"*-*": 0.0, "1-1": 8.0}  # nobody has 2-1
    assert (low["xi_minus"]["2-2"], high["xi_minus"]["2-2"]) == (30.0, 100.0)
    assert low["w"]["1-1"] == float("inf")
    assert low["w"]["*-*"] == 0.0
    assert low["gamma_t"] == {"*-*": 0.0}


def test_a_limit_that_is_a_point_s_own_angle_keeps_it(first, small_data):
    angle = float(small_data.measurements[0].theta_arcmin[1])
    path = first(angle_range_xip_1_1=f"{angle!r} 250.0")
    (one,) = read_config(path).likelihoods
    from jaxlike.likelihoods.survey import load_data

    data = load_data(one.data_file, one.scale_cuts, one.probes)
    kept = data.measurements[0]
    assert kept.theta_arcmin[(kept.bin1 == 1) & (kept.bin2 == 1)].min() == angle


def test_no_entry_goes_unsaid(first, tmp_path, file):
    path = first(priors="[planck]\na_planck = gaussian 1.0 0.0025\n")
    path.write_text(
        "[DEFAULT]\nRUN = one\n" + path.read_text() + "[6dfgs]\nfile = likelihood/6dfgs/6dfgs.py\n"
        "bao_mode = rs_dv\n[output]\nfilename = chains/%(RUN)s.txt\n[emcee]\nwalkers = 8\n"
    )
    explanation = library_of(path, {}).explanation
    entries = list(every_entry(path))
    assert len(entries) > 90
    assert [entry for entry in entries if len(named(explanation, entry)) != 1] == []
    said = {(row.entry.where, row.entry.key): row.text for row in explanation}
    assert "no effect here" in said["6dfgs", "bao_mode"]
    assert said["camb", "halofit_version"] == "nonlinear = takahashi"
    assert said["values: bin_bias", "b1"] == "b1"
    assert "no effect here" in said["values: cosmological_parameters", "tau"]
    assert "no effect here" in said["priors: planck", "a_planck"]
    assert said["output", "filename"] == "output = chains/one"
    assert "not recorded here: data_vector/2pt_chi2" in said["pipeline", "extra_output"]
    lines = list(explanation.lines())
    assert "[emcee] " not in lines
    assert any("walkers = 8" in line for line in lines)


def test_a_pipeline_of_the_second_generation(tmp_path, file):
    path = written(tmp_path, second_generation(file), SECOND_VALUES)
    library = library_of(path, {})
    (one,) = library.config.likelihoods
    options = one.options
    assert (options.alignment, options.projection, options.b_modes) == ("tatt", "curved", True)
    assert options.magnification
    assert options.rsd
    assert options.point_mass == "marginalised"
    assert options.limber == "beyond"
    names = {p.name for p in library.config.parameters}
    assert {"mag_alpha_lens--alpha_2", "lens_photoz_errors--width_2", "bias_lens--b1"} <= names


def test_e_modes_alone(tmp_path, file):
    modules = second_generation(file)
    modules["2pt_shear"] = modules["2pt_shear"] | {
        "xi_type": "22",
        "output_section_name": "shear_xi",
    }
    del modules["2pt_shear"]["input_section_name"]
    (one,) = read_config(written(tmp_path, modules, SECOND_VALUES)).likelihoods
    assert one.options.alignment == "tatt"
    assert not one.options.b_modes


def test_tatt_without_its_second_order_is_nla(tmp_path, file):
    values = SECOND_VALUES
    for line in ("A2 = -5.0 -1.36 5.0", "bias_ta = 0.0 1.0 2.0"):
        values = values.replace(line, line.split()[0] + " = 0.0")
    config = read_config(written(tmp_path, second_generation(file), values))
    assert config.theory.alignment == "nla"
    names = {p.name for p in config.parameters}
    assert "intrinsic_alignment_parameters--a1" in names
    assert not {n for n in names if n.endswith(("a2", "alpha2", "bias_ta"))}


def test_what_a_module_takes_where_there_is_no_value(tmp_path, file):
    """tatt has z_piv = 0 and bias_ta = 1, other than this package."""
    values = SECOND_VALUES.replace("z_piv = 0.62\n", "").replace("bias_ta = 0.0 1.0 2.0\n", "")
    config = read_config(written(tmp_path, second_generation(file), values))
    fixed = {p.name: p.value for p in config.parameters if p.value is not None}
    assert [v for n, v in fixed.items() if n.startswith("intrinsic")] == [0.0, 1.0]


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


def test_one_calibration_for_all_bins(first):
    path = first(
        "shear_m_bias",
        values=FIRST_VALUES.replace("m1 = -0.1 0.0 0.1\nm2 =", "m0 ="),
        m_per_bin="F",
    )
    config = read_config(path)
    assert "shear_calibration_parameters--m0" in {p.name for p in config.sampled}
    at = parameter_values(
        config.parameters,
        {p.name: p.ref_loc for p in config.sampled} | {"shear_calibration_parameters--m0": 0.02},
    )
    assert [float(at[f"shear_calibration_parameters--m{i}"]) for i in (1, 2)] == [0.02, 0.02]


def test_the_same_input_with_a_survey_s_own_file(first, file, tmp_path):
    """A keyword replaces a file that is not there, the n(z) in it too."""
    path = first()
    path.write_text(path.read_text().replace(file, "likelihood/not_there.fits"))
    with pytest.raises(ConfigError, match=r"line \d+: option 'nz_file' of fits_nz is .*not_there"):
        read_config(path)
    (one,) = read_config(path, data_file=file).likelihoods
    assert one.data_file == file
    assert one.nz_file is None


def test_what_is_written_is_the_same_posterior(first, tmp_path):
    library = library_of(first(), {})
    text = translated_yaml(library.config, library.explanation)
    (tmp_path / "own.yaml").write_text(text)
    again = read_config(tmp_path / "own.yaml")
    (one,), (other,) = library.config.likelihoods, again.likelihoods
    assert one.options == other.options
    assert one.scale_cuts == other.scale_cuts
    names = library.config.names
    assert {names.canonical(p.name): p.prior for p in library.config.sampled} == {
        p.name: p.prior for p in again.sampled
    }
    assert "nonlinear = takahashi" in text.partition("theory:")[0]


def test_no_file_is_known_twice():
    files = [file for module in MODULES for file in module.files]
    assert len(files) == len(set(files)) > 60
    assert all(module_of(f"/anywhere/{file}.py").files.count(file) == 1 for file in files)


def test_explaining_takes_less_than_five_seconds(first):
    path = first()
    start = time.process_time()
    list(library_of(path, {}).explanation.lines())
    assert time.process_time() - start < 5


BAD = {
    "no such module": ({"module": "unbiased_galaxies", "file": "bias/other/other.py"},
                       r"line \d+: option 'file' of unbiased_galaxies .* no module"),
    "a module without counterpart": (
        {"module": "unbiased_galaxies", "file": "bias/clerkin/clerkin_interface.py"},
        "galaxy bias is none of those here"),
    "an option that is unknown": ({"module": "camb", "kmx": "3"},
                                  r"line \d+: option 'kmx' of camb is 3: .* known here"),
    "a halofit": ({"module": "camb", "halofit_version": "casarini"},
                  r"line \d+: option 'halofit_version' of camb is casarini"),
    "a neutrino hierarchy": ({"module": "camb", "neutrino_hierarchy": "inverted"},
                             "accepted are degenerate, normal"),
    "tabulated dark energy": ({"module": "camb", "use_tabulated_w": "T"}, "w0 and wa"),
    "a pivot": ({"module": "camb", "pivot_scalar": "0.002"}, "accepted are 0.05"),
    "a method of alignment": ({"module": "IA", "method": "KRHB"}, "accepted is bk_corrected"),
    "an n(z) that nobody makes": ({"module": "pk_to_cl", "shear__shear": "wl-wl"},
                                  r"option 'shear-shear' of pk_to_cl .* \[nz_wl\]"),
    "a table that is not there": ({"data_sets": "xip other"}, "no two-point table 'other'"),
    "a covariance elsewhere": ({"covmat_name": "OTHER"}, "accepted are COVMAT"),
    "a limit": ({"angle_range_xip_1_1": "8"}, "least and largest"),
    "a pair": ({"cut_xip": "1-1"}, "pairs of bins are needed"),
    "sellentin alone": ({"sellentin": "T"}, "covariance_realizations"),
    "no calibration": ({"without": ("shear_m_bias",), "values": FIRST_VALUES}, None),
    "no transform": ({"without": ("2pt_gal",)}, r"\[galaxy_xi\], which no module"),
    "no bias": ({"without": ("bin_bias",)}, "galaxies of its data a bias"),
    "no P(k)": ({"without": ("camb",)}, "put camb there"),
    "no likelihood": ({"without": ("2pt_like",), "module": "camb"}, "is a likelihood"),
    "a parameter without value": ({"values": FIRST_VALUES.replace("m2 = -0.1 0.0 0.1\n", "")},
                                  "reads 'shear_calibration_parameters--m2', which has no value"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_that_names_module_and_option(case, first):
    changed, expected = BAD[case]
    path = first(**changed)
    if expected is None:  # nothing is wrong: m has no effect, and that is said
        library = library_of(path, {})
        said = {(row.entry.where, row.entry.key): row.text for row in library.explanation}
        assert "no module of this pipeline reads it" in said[
            "values: shear_calibration_parameters", "m1"]  # fmt: skip
        return
    with pytest.raises(JaxlikeError, match=expected) as error:
        read_config(path)
    assert "\n" not in str(error.value)
    assert str(path.parent) in str(error.value)


def test_two_modules_that_do_the_same(tmp_path, file):
    modules = first_generation(file)
    with pytest.raises(ConfigError, match="again and camb both compute"):
        read_config(written(tmp_path, {**modules, "again": CAMB}, FIRST_VALUES))
    with pytest.raises(ConfigError, match="has the likelihood '2pt', as another"):
        read_config(written(tmp_path, {**modules, "again": modules["2pt_like"]}, FIRST_VALUES))
    twice = {}
    for name, options in modules.items():
        twice[name] = options
        if name == "fits_nz":
            twice["again"] = options
    with pytest.raises(ConfigError, match=r"again makes \[nz_source\], which another"):
        read_config(written(tmp_path, twice, FIRST_VALUES))


def test_data_that_do_not_agree(tmp_path, file):
    modules = second_generation(file)
    modules["shear_m_bias"] = modules["shear_m_bias"] | {"cross_section": "other"}
    with pytest.raises(ConfigError, match="'gammat' has none"):
        read_config(written(tmp_path, modules, SECOND_VALUES))
    modules = second_generation(file)
    modules["add_intrinsic"] = add(**{"position-shear": "F"})
    with pytest.raises(ConfigError, match="'xip' has a model of intrinsic alignment"):
        read_config(written(tmp_path, modules, SECOND_VALUES))


def test_likelihoods_of_other_data_join(tmp_path, file):
    """BAO from the package, supernovae by Cobaya's name with the absolute magnitude sampled."""
    modules = first_generation(file) | {
        "desi": {"file": "likelihood/bao/desi-dr2/desi_dr2.py", "desi_data_sets": "BGS,Lya"},
        "sn": {"file": "likelihood/pantheon_plus/pantheon_plus_shoes.py", "include_shoes": "F"},
    }
    values = FIRST_VALUES + "[supernova_params]\nM = -20.0 -19.3 -18.0\n"
    config = read_config(written(tmp_path, modules, values))
    assert [one.kind for one in config.others] == [
        "bao.desi_dr2.desi_bao_bgs", "bao.desi_dr2.desi_bao_lya", "sn.pantheonplus"]  # fmt: skip
    assert config.own == ("Mb",)
    assert next(p for p in config.sampled if p.name == "Mb").prior.low == -20.0
    assert any("DESI's release" in note for note in config.notes)
    with pytest.raises(ConfigError, match="sn reads 'supernova_params--m', which has no value"):
        read_config(written(tmp_path, modules, FIRST_VALUES))


PLANCK = {
    "file": "likelihood/planck_py/planck_py_interface.py",
    "use_low_ell_bins": "T",
    "spectra": "TTTEEE",
    "year": "2018",
}
OF_THE_CMB = {"mode": "all", "do_lensing": "T", "nonlinear": "both"}


@pytest.fixture(scope="module")
def planck_data(tmp_path_factory):
    """A folder of data of the library's Planck likelihood, of made-up band powers."""
    folder = tmp_path_factory.mktemp("planck")
    made_up = read_plik_lite(write_plik_lite(folder / "plik"))
    return write_cosmosis(folder / "data", made_up).parent


@pytest.fixture
def with_planck(tmp_path, file, planck_data):
    """Planck's band powers beside galaxies, with options of the two modules changed."""

    def make(camb=None, values=FIRST_VALUES, **changed):
        modules = first_generation(file)
        modules["camb"] = modules["camb"] | OF_THE_CMB | (camb or {})
        options = {"data_directory": str(planck_data)} | PLANCK | changed
        return written(tmp_path, modules | {"planck": options}, values)

    return make


def test_planck_s_band_powers_join(with_planck, planck_data, tmp_path):
    library = library_of(with_planck(), {})
    high, low = library.config.others
    assert high.kind == "planck_2018_highl_plik.TTTEEE_lite_native"
    assert high.build().n_points == 17
    assert low.build().n_points == 2
    assert library.translation.other_likes == {"planck": "planck", "planck_2": "planck"}
    # the module reads tau, and takes the map as calibrated
    given = {p.name: p for p in library.config.parameters}
    assert given["tau"].value == 0.07
    assert given["A_planck"].value == 1.0
    again = read_config(tmp_path / "pipeline.ini", likelihoods=["planck"])
    assert [one.name for one in again.others] == ["planck"]
    (tmp_path / "own.yaml").write_text(translated_yaml(library.config, library.explanation))
    assert read_config(tmp_path / "own.yaml").others == library.config.others


def test_planck_s_band_powers_beside_the_module(with_planck, planck_data, tmp_path, monkeypatch):
    """Where no option says where they are."""
    path = with_planck(use_low_ell_bins="F", spectra="TT", ell_max_tt="700")
    lines = [line for line in path.read_text().splitlines() if "data_directory" not in line]
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="there is no likelihood/planck_py/data/2018/planck_lite"):
        read_config(path)
    shutil.copytree(planck_data, tmp_path / "library" / "likelihood" / "planck_py" / "data")
    monkeypatch.setenv("CSL_DIR", str(tmp_path / "library"))
    (one,) = read_config(path).others
    assert one.build().ell_max == {"tt": 1199}  # of bins that begin at 700 or below


WITH_PLANCK = {
    "of 2015": (
        {"year": "2015"},
        r"line \d+: option 'year' of planck is 2015: .* are 2018",
    ),
    "no spectra of the CMB": ({"camb": {"mode": "power"}}, "'mode' of camb is power: take all or"),
    "no lensing": ({"camb": {"do_lensing": "F"}}, "'do_lensing' of camb is F: spectra here are"),
    "of linear lensing": ({"camb": {"nonlinear": "pk"}}, "'nonlinear' of camb is pk: take lens or"),
    "TE alone": ({"spectra": "TE"}, "option 'spectra' of planck is TE: accepted are TTTEEE, TT"),
    "limits": ({"ell_max_te": "300"}, "option 'ell_max_te' of planck is 300: .* give the three"),
    "a mock": ({"use_data_from_test": "out"}, "data are Planck's here"),
    "elsewhere": ({"data_directory": "there"}, "there is no there/2018/planck_lite_2018_v22.dat"),
    "no tau": (
        {"values": FIRST_VALUES.replace("tau = ", "tau_ = ")},
        "planck needs 'cosmological_parameters--tau', which has no value",
    ),
}


@pytest.mark.parametrize("case", WITH_PLANCK)
def test_what_planck_s_module_cannot_have_is_said(case, with_planck):
    changed, sentence = WITH_PLANCK[case]
    with pytest.raises(ConfigError, match=sentence):
        read_config(with_planck(**changed))


def test_a_sound_horizon_that_is_free(tmp_path):
    modules = {
        "consistency": {"file": "utility/consistency/consistency_interface.py"},
        "camb": CAMB | {"mode": "background"},
        "free": {"file": "utility/rescale_distances_rdh/rescale_distances_rdh.py"},
        "desi": {"file": "likelihood/bao/desi-dr2/desi_dr2.py"},
    }
    values = COSMOLOGY + "rdh = 10.0 100.0 1000.0\n"
    config = read_config(written(tmp_path, modules, values))
    (bao,) = config.others
    assert bao.parameters == ("rdh",)
    assert "rdh" in {p.name for p in config.sampled}
    again = bao.as_cobaya
    assert again == {"class": "bao.desi_dr2", "by_rdh": True}


def test_the_catalogue_in_the_docs(repository):
    """Made from the tables that the reader has: `with_catalogue` writes it."""
    text = (repository / "docs" / "your_input.md").read_text()
    assert with_catalogue(text) == text


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
    assert [one.kind for one in read_config(path).others] == ["bao.desi_dr2"]
    path.write_text(text.replace("timing = F", "likelihoods = planck"))
    with pytest.raises(ConfigError, match="has 'planck'; modules make 2pt, desi_bao"):
        read_config(path)


def test_an_option_from_default_counts_as_well(first):
    path = first()
    path.write_text("[DEFAULT]\nuse_tabulated_w = T\n" + path.read_text())
    with pytest.raises(ConfigError, match="option 'use_tabulated_w' of camb is T: dark energy is"):
        read_config(path)
