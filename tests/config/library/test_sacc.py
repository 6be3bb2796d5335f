"""Likelihoods of SACC files in pipelines of the standard library."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from library_pipelines import FIRST_VALUES, first_generation, written

from jaxlike.config.read import read_config
from jaxlike.data import BandpowerWindows, read_two_point
from jaxlike.data.sacc.writer import to_sacc
from jaxlike.errors import ConfigError
from jaxlike.loading import data_set_of

pytest.importorskip("sacc", reason="sacc is not installed")

LIKE = {"file": "likelihood/sacc/sacc_like.py", "like_name": "sacc"}
OF_HSC = {"file": "likelihood/hsc_cosmic_shear/hsc_cosmic_shear_like.py"}
NZ = {"file": "number_density/load_nz_sacc/load_nz_sacc.py", "data_sets": "source lens"}


def write(data, path):
    """Data in SACC, whose tracers are numbered from 0 as CosmoSIS has it."""
    content = to_sacc(data, path)
    new = {name: f"{name[:-1]}{int(name[-1]) - 1}" for name in content.tracers}
    tracers = {new[name]: tracer for name, tracer in content.tracers.items()}
    for name, tracer in tracers.items():
        tracer.name = name
    content.tracers = tracers
    for point in content.data:
        point.tracers = tuple(new[name] for name in point.tracers)
    content.save_fits(str(path), overwrite=True)
    return path


def with_windows(data):
    """The same whose points are means over three multipoles."""
    measurements = []
    for m in data.measurements:
        ell = np.arange(19, 803)
        at = np.round(np.unique(m.ell)).astype(int)
        weight = (np.abs(ell - at[:, None]) <= 1) / 3
        windows = BandpowerWindows(ell, weight, np.searchsorted(np.unique(m.ell), m.ell))
        measurements.append(replace(m, windows=windows))
    return replace(data, measurements=tuple(measurements))


@pytest.fixture
def sacc_file(cl_data, tmp_path):
    """C_ell of the small data set."""
    return write(cl_data, tmp_path / "data.sacc")


@pytest.fixture
def with_sacc(sacc_file, tmp_path):
    """A pipeline of SACC's likelihood, with its options changed."""

    def make(like=LIKE, values=FIRST_VALUES, **changed):
        modules = first_generation(str(sacc_file))
        modules["fits_nz"] = NZ | {"nz_file": str(sacc_file)}
        for name in ("2pt_gal", "2pt_gal_shear", "2pt_shear", "2pt_like"):
            del modules[name]
        modules["sacc"] = like | {"data_file": str(sacc_file)} | changed
        return written(tmp_path, modules, values)

    return make


def test_c_ell_of_a_sacc_file(with_sacc, sacc_file):
    (one,) = read_config(with_sacc()).likelihoods
    assert one.name == "sacc"
    assert Path(one.data_file) == sacc_file
    assert set(one.probes) == {"C_ell_shear", "C_ell_cross", "C_ell_counts"}
    assert (one.kernels, one.nz_file) == (None, None)
    data = data_set_of(one).data
    np.testing.assert_array_equal(
        np.concatenate([m.value for m in data.measurements]),
        np.concatenate([m.value for m in read_two_point(sacc_file).measurements]),
    )


def test_its_cuts_are_by_the_names_of_tracers(with_sacc):
    path = with_sacc(
        data_sets="galaxy_shear_cl_ee galaxy_shearDensity_cl_e",
        angle_range_galaxy_shear_cl_ee_source_0_source_1="30.0 500.0",
        cut_galaxy_shearDensity_cl_e="lens_0,source_1",
    )
    (one,) = read_config(path).likelihoods
    assert set(one.probes) == {"C_ell_shear", "C_ell_cross"}
    shear, cross = data_set_of(one).data.measurements
    kept = shear.ell[(shear.bin1 == 1) & (shear.bin2 == 2)]
    assert 30 <= kept.min() < kept.max() <= 500
    assert shear.ell[shear.bin2 == shear.bin1].max() > 500
    assert {*zip(cross.bin1, cross.bin2, strict=True)} == {(1, 1), (2, 1), (2, 2)}


def test_the_psf_s_terms_of_hsc(with_sacc, cl_data, tmp_path):
    np.savez(tmp_path / "psf.npz", np.geomspace(20, 800, 8), np.ones((4, 4, 8)))
    np.savez(tmp_path / "transform.npz", np.eye(4), np.zeros(4))
    values = FIRST_VALUES + "[psf_parameters]\n"
    values += "".join(f"psf_{one} = -5 0.0 5\n" for one in ("alpha2", "beta2", "alpha4", "beta4"))
    places = {
        "psf_file": str(tmp_path / "psf.npz"),
        "psf_transformation_file": str(tmp_path / "transform.npz"),
    }
    of_shear = {"data_sets": "galaxy_shear_cl_ee", **places}
    with pytest.raises(ConfigError, match="windows of galaxy_shear_cl_ee do not have the sum 1"):
        read_config(with_sacc(OF_HSC, values, **of_shear))
    write(with_windows(cl_data), tmp_path / "data.sacc")
    config = read_config(with_sacc(OF_HSC, values, **of_shear))
    (one,) = config.likelihoods
    assert one.name == "hsc"
    assert one.options.psf_file == places["psf_file"]
    names = {config.names.canonical(p.name) for p in config.sampled}
    assert {"psf_alpha2", "psf_beta4"} <= names
    assert data_set_of(one).data.measurements[0].windows is not None


NONE = "no_such"
BAD = {
    "a data type": ({"data_sets": "cl_bb"}, "option 'data_sets' of sacc is cl_bb: the file has no"),
    "tracers": ({"keep_tracers": "source.*"}, "pairs of tracers are left out by cut_NAME here"),
    "the order of tracers": ({"flip": "galaxy_shearDensity_cl_e"}, r"\[nz_source\] is of the"),
    "limits": ({"angle_range_galaxy_density_cl_lens_0_lens_0": "3"}, "least and largest"),
    "a pair": ({"cut_galaxy_density_cl": "1"}, "pairs of tracers are needed"),
    "a section": ({"galaxy_density_cl_section": NONE}, rf"with \[{NONE}\], which no module"),
    "a file": ({"data_file": NONE}, "option 'data_file' of sacc is no_such: there is no such"),
    "a sum of nothing": ({"covariance_realizations": "-1", "sellentin": "T"}, "sellentin"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_it_cannot_have_is_said(case, with_sacc):
    changed, sentence = BAD[case]
    with pytest.raises(ConfigError, match=sentence):
        read_config(with_sacc(**changed))
