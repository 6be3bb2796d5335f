"""outputs: what the module writes for others is what the standard library's modules write."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.interpolate import CubicSpline
from stored_block import put_stored, values_of

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from jaxlike.config.cosmosis_output import OUTPUTS
from jaxlike.cosmosis import block as block_contents
from jaxlike.cosmosis.module import _nuisance, execute
from jaxlike.cosmosis.outputs import OF_COSMOLOGY, SECTIONS
from jaxlike.errors import ConfigError
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.statistics.data_vector import TwoPointTheory

EVERYTHING = "distances growth matter_power cl xi"
SPECTRA = {
    "shear_cl": ("shear_cl", "shear_cl"),
    "galaxy_shear_cl": ("galaxy_cl", "shear_cl"),
    "galaxy_cl": ("galaxy_cl", "galaxy_cl"),
}
SECTION_OF = {
    "xi_plus": "shear_xi_plus",
    "xi_minus": "shear_xi_minus",
    "gamma_t": "galaxy_shear_xi",
    "w": "galaxy_xi",
}


@pytest.fixture(scope="module")
def writer(make_module):
    return make_module(outputs=EVERYTHING, linear="emulator", radiation="T")


@pytest.fixture
def written(writer, make_block, values):
    """A block at the start of values.ini after the module that writes everything."""
    block = make_block(values)
    assert execute(block, writer) == 0
    return block


def test_universe_and_spectra_are_computed_once(make_module, make_block, values, monkeypatch):
    """For the likelihood, for what is written, and for BAO beside it."""
    module = make_module(outputs="distances growth cl xi", bao="desi_dr2")
    block = make_block(values)
    parameters = block_contents.cosmology(block, block_contents.cosmology_names(block))
    calls = []
    for owner, name in ((UniverseGrid, "universe"), (TwoPointTheory, "spectra")):
        own = getattr(owner, name)

        def counted(self, *given, own=own, name=name):
            calls.append(name)
            return own(self, *given)

        monkeypatch.setattr(owner, name, counted)
    jax.eval_shape(module.own_theory, parameters | _nuisance(block, module))
    assert sorted(calls) == ["spectra", "universe"]


def test_another_module_reads_the_power_that_one_has_written(
    written, make_module, make_block, values
):
    """Chi^2 moves by 0.04, which is what nodes and interpolations leave."""
    reader = make_module(power="block")
    block = make_block(values)
    for section in ("cosmological_parameters", "distances", "growth_parameters"):
        for _, name in written.keys(section):
            block[section, name] = written[section, name]
    for kind in ("nl", "lin"):
        z, k, power = written.get_grid(f"matter_power_{kind}", "z", "k_h", "p_k")
        block.put_grid(f"matter_power_{kind}", "z", z, "k_h", k, "p_k", power)
    assert execute(block, reader) == 0
    first, second = (b["data_vector", "jaxlike_theory"] for b in (written, block))
    precision = block["data_vector", "jaxlike_inverse_covariance"]
    assert (second - first) @ precision @ (second - first) < 5e-4
    chi2 = [b["data_vector", "jaxlike_chi2"] for b in (written, block)]
    assert chi2[1] == pytest.approx(chi2[0], abs=0.1)


def test_data_vectors_are_found_as_the_standard_library_looks_for_them(written, writer):
    theory = []
    for m in writer.likelihood.data.measurements:
        section = SECTION_OF[m.statistic]
        assert written[section, "sep_name"] == "theta"
        assert not written[section, "bin_avg"]
        theta = written[section, "theta"]
        for i, j, angle in zip(m.bin1, m.bin2, np.radians(m.theta_arcmin / 60), strict=True):
            name = f"bin_{i}_{j}"
            if written[section, "is_auto"] and not written.has_value(section, name):
                name = f"bin_{j}_{i}"
            found = np.flatnonzero(np.isclose(theta, angle, rtol=1e-9))
            theory.append(written[section, name][found.item()])
    assert_allclose(theory, written["data_vector", "jaxlike_theory"], rtol=1e-10)


def test_sections_say_what_they_hold(written, writer):
    n_lens, n_source = 5, 4
    both = {
        "shear_cl": ("source", "source", n_source, n_source, True),
        "galaxy_shear_cl": ("lens", "source", n_lens, n_source, False),
        "galaxy_cl": ("lens", "lens", n_lens, n_lens, True),
    }
    for section, expected in both.items():
        for name in (section, section.replace("cl", "xi")):
            if name == "shear_xi":
                name = "shear_xi_minus"
            entries = ("sample_a", "sample_b", "nbin_a", "nbin_b", "is_auto")
            assert tuple(written[name, entry] for entry in entries) == expected
            assert written[name, "save_name"] == ""
        ell, c_ell = written[section, "ell"], written[section, "bin_2_2"]
        assert ell[0] <= 1 < ell[-1]
        assert c_ell.shape == ell.shape
    assert written["galaxy_cl", "auto_only"]
    assert written.has_value("shear_cl", "bin_4_1")
    assert not written.has_value("shear_cl", "bin_1_4")  # which project_2d does not write either
    assert written.has_value("galaxy_shear_cl", "bin_5_1")


def test_the_likelihood_is_the_same_with_and_without(written, make_module, make_block, values):
    plain = make_block(values)
    assert execute(plain, make_module(linear="emulator")) == 0
    for name in ("theory", "chi2"):
        assert np.array_equal(
            written["data_vector", f"jaxlike_{name}"], plain["data_vector", f"jaxlike_{name}"]
        )
    assert not any(section.startswith(("matter_power", "shear_cl")) for section in plain.sections())


@pytest.fixture
def fiducial(shared):
    """What CosmoSIS had in its block at its default point."""
    with np.load(shared / "reference" / "cosmosis" / "fiducial.npz") as file:
        return {name: file[name] for name in file.files}


def test_universe_is_that_of_camb(writer, make_block, values, fiducial):
    """At CosmoSIS's fiducial point, against its own CAMB's sections."""
    cosmology = values["cosmological_parameters"]
    cosmology |= {name: fiducial[f"cosmo_{name}"].item() for name in cosmology}
    block = make_block(values)
    assert execute(block, writer) == 0
    z, stored_z = block["distances", "z"], fiducial["distances_z"]
    for name in ("d_m", "d_c", "h"):
        ours = CubicSpline(z, block["distances", name])(stored_z[1:])
        assert_allclose(ours, fiducial[f"distances_{name}"][1:], rtol=1e-6)
    z, stored_z = block["growth_parameters", "z"], fiducial["growth_z"]
    for name in ("d_z", "f_z", "sigma_8", "fsigma_8"):
        ours = CubicSpline(z, block["growth_parameters", name])(stored_z)
        assert_allclose(ours, fiducial[f"growth_{name}"], rtol=7e-4)
    for kind in ("lin", "nl"):
        _, k, power = block.get_grid(f"matter_power_{kind}", "z", "k_h", "p_k")
        at = (k > 0.01) & (k < 10)
        x = np.log(fiducial[f"matter_power_{kind}_k_h"])
        expected = CubicSpline(x, np.log(fiducial[f"matter_power_{kind}"][0]))(np.log(k[at]))
        assert_allclose(np.log(power[0, at]), expected, atol=3e-3)


def test_spectra_are_those_of_cosmosis(shared, make_module, make_block, fiducial):
    """C_ell of real n(z) with CosmoSIS's own power, over those of both bins with themselves."""
    module = make_module(
        power="block",
        nz="histogram",
        data_file=str(shared / "data" / "des_y1_3x2pt.fits"),
        scale_cuts="des_y1",
        outputs="cl",
    )
    block = make_block(values_of(fiducial))
    put_stored(block, fiducial)
    assert execute(block, module) == 0
    for section, kinds in SPECTRA.items():
        ell = fiducial[f"{section}_ell"]
        at = (ell > 10) & (ell < 3000)
        names = [name for _, name in block.keys(section) if name.startswith("bin_")]
        assert len(names) == sum(key.startswith(f"{section}_bin_") for key in fiducial)
        for name in names:
            ours = CubicSpline(np.log(block[section, "ell"]), block[section, name])(np.log(ell[at]))
            bins = name.removeprefix("bin_").split("_")
            autos = [fiducial[f"{k}_bin_{i}_{i}"][at] for k, i in zip(kinds, bins, strict=True)]
            difference = ours - fiducial[f"{section}_{name}"][at]
            assert np.abs(difference / np.sqrt(autos[0] * autos[1])).max() < 8e-3


REFUSED = {
    "word": ({"outputs": "cls"}, "'outputs' is 'cls'; accepted are words of distances, growth"),
    "block": ({"outputs": "xi growth", "power": "block"}, "takes growth from the block"),
    "multipoles": (
        {"outputs": "xi", "data_file": "paper_mock", "scale_cuts": "none"},
        "'outputs' has xi, but .* no correlation functions",
    ),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_written_is_refused(make_module, options, message):
    with pytest.raises(ConfigError, match=message):
        make_module(**options)


def test_what_is_there_already_is_not_overwritten(writer, make_block, values):
    block = make_block(values)
    block["distances", "z"] = np.linspace(0, 3, 10)
    with pytest.raises(ConfigError, match="the block has 'distances--z' already"):
        execute(block, writer)


def test_sections_end_with_the_suffix(make_module):
    module = make_module(probes="shear", suffix="ngc", outputs="cl xi")
    sections = module.outputs.sections
    names = {"shear_cl_ngc", "shear_xi_plus_ngc", "shear_xi_minus_ngc"}
    assert {one.name for one in sections} == names


def test_words_of_the_option_are_those_that_there_are():
    assert (*OF_COSMOLOGY, *SECTIONS) == OUTPUTS
