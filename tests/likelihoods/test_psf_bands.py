"""PSF terms of C_ell: HSC-Y3's formula, data in the layout of its file, and bad input."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from jaxlike.data import apply_scale_cuts, from_sacc, read_psf, read_scale_cuts
from jaxlike.errors import ConfigError, DataError, ParameterError
from jaxlike.likelihoods.assembly import arrays_of
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import own_parameters
from jaxlike.theory.systematics.psf import PsfTerms
from jaxlike.theory.systematics.registry import Context, Table

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
PSF = {"psf_alpha2": 0.8, "psf_beta2": -1.1, "psf_alpha4": 0.5, "psf_beta4": 1.4}
POINT = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "b1": 1.4, "b2": 1.6,
    "m1": 0.01, "m2": -0.01, "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62, "dz_lens1": 0.01,
    "dz_lens2": -0.02, "dz_source1": -0.01, "dz_source2": 0.015, **PSF,
}  # fmt: skip
# of HSC-Y3's bands, of which its analysis has those from 300 to 1800
EDGES = np.array([100, 200, 300, 400, 600, 800, 1000, 1400, 1800, 2200, 3000, 3800])
USED = slice(2, 8)


def nominal(edges):
    return (edges[1:] + edges[:-1]) / 2


def as_published(folder, ell, n, used):
    """Tables of all `n` bands, zero but for those at `ell`, and what decorrelates the factors."""
    rng = np.random.default_rng(5)
    table = np.zeros((4, 4, n))
    half = rng.normal(size=(4, 4, ell.size)) * 1e-9
    table[..., used] = half + np.swapaxes(half, 0, 1)
    matrix, centre = rng.normal(size=(4, 4)), rng.normal(size=4)
    np.savez(folder / "psf.npz", ell, table)
    np.savez(folder / "transform.npz", matrix, centre)
    paths = (str(folder / f"{name}.npz") for name in ("psf", "transform"))
    return SimpleNamespace(
        table=table, matrix=matrix, centre=centre, ell=ell, paths=tuple(paths), folder=folder
    )


def expected(files):
    """p^T S p in every band, p = M^-1 u + centre, as CosmoSIS's hsc_cosmic_shear_like has it."""
    p = np.linalg.inv(files.matrix) @ np.array(list(PSF.values())) + files.centre
    return sum(p[i] * p[j] * files.table[i, j] for i in range(4) for j in range(4))


@pytest.fixture(scope="module")
def files(tmp_path_factory, cl_data):
    """Of the bands of the small data."""
    ell = np.unique(cl_data.measurements[0].scale)
    return as_published(tmp_path_factory.mktemp("psf"), ell, ell.size, slice(None))


@pytest.fixture(scope="module")
def plain(cl_data):
    return build_likelihood(cl_data, QUICK)


def made(plain, files, paths=None):
    """The likelihood with PSF terms on the same nodes."""
    path, transform = paths or files.paths
    options = replace(QUICK, psf_file=path, psf_transform=transform)
    arrays = arrays_of(plain.data, options, plain.samples, plain.survey, plain.grid, 0)
    return replace(plain, options=options, arrays=arrays)


def test_every_pair_has_the_same_terms(plain, files):
    """In C_ell of shear alone."""
    likelihood = made(plain, files)
    (terms,) = likelihood.arrays.systematics
    own = [own_parameters(POINT, sample) for sample in likelihood.samples]
    found, first = np.asarray(terms.added((), own)), 0
    for m in plain.data.measurements:
        here = found[first : first + m.value.size]
        first += m.value.size
        if m.statistic == "C_ell_shear":
            np.testing.assert_allclose(here.reshape(3, -1), [expected(files)] * 3, rtol=1e-12)
        else:
            assert not here.any()


def test_gradient_and_batches(plain, files):
    likelihood = made(plain, files)
    (terms,) = likelihood.arrays.systematics
    weight = np.cos(np.arange(plain.data.n_data))

    def function(u):
        point = {**POINT, **dict(zip(PSF, u, strict=True))}
        own = [own_parameters(point, sample) for sample in likelihood.samples]
        return terms.added((), own) @ weight * 1e9

    u = np.array(list(PSF.values()))
    value_and_gradient = jax.jit(jax.value_and_grad(function))
    gradient, step = np.asarray(value_and_gradient(u)[1]), 1e-4 * np.eye(4)
    at = np.concatenate([u + step, u - step])
    found = np.asarray(jax.jit(jax.vmap(function))(at))
    np.testing.assert_allclose((found[:4] - found[4:]) / 2e-4, gradient, rtol=1e-7)
    loop = [float(value_and_gradient(one)[0]) for one in at]
    np.testing.assert_allclose(found, loop, rtol=1e-12)


def test_a_constant_adds_nothing(plain, files):
    with pytest.raises(ParameterError, match="'psf_c1' has no effect: psf_file is of C_ell"):
        made(plain, files).chi2({**POINT, "psf_c1": 0.1})
    with pytest.raises(ParameterError, match="psf_alpha2 is missing: psf_file = a file needs"):
        made(plain, files).chi2({k: v for k, v in POINT.items() if k not in PSF})


def test_data_in_the_layout_of_hsc_y3(tmp_path):
    """Tracers wl_0 to wl_3, types of the short kind, a window of 11 bands for all pairs."""
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    z, ell = np.linspace(0.0, 4.0, 161), np.arange(2, 4000.0)
    weight = np.stack([(ell >= a) & (ell < b) for a, b in pairwise(EDGES)], 1)
    window = sacc.BandpowerWindow(ell, weight / weight.sum(axis=0))
    s = sacc.Sacc()
    for i in range(4):
        s.add_tracer("NZ", f"wl_{i}", z, z**2 * np.exp(-((z / (0.3 + 0.2 * i)) ** 2)))
    for i in range(4):
        for j in range(i, 4):
            for k, one in enumerate(nominal(EDGES)):
                tags = {"ell": one, "window": window, "window_ind": k}
                s.add_data_point("cl_ee", (f"wl_{i}", f"wl_{j}"), 1e-9, **tags)
    s.add_covariance(np.full(len(s.data), 1e-20))
    cuts = tmp_path / "cuts.yaml"
    cuts.write_text("min_ell: {C_ell_shear: 300}\nmax_ell: {C_ell_shear: 1800}\n")
    data = apply_scale_cuts(from_sacc(s, "hsc"), read_scale_cuts(cuts))
    (m,) = data.measurements
    assert m.value.size == 10 * 6
    np.testing.assert_array_equal(np.unique(m.scale), nominal(EDGES)[USED])

    files = as_published(tmp_path, nominal(EDGES)[USED], EDGES.size - 1, USED)
    rows = np.arange(m.value.size)
    table = Table(m.statistic, (0, 0), m.bin1 - 1, m.bin2 - 1, None, rows, m.scale)
    read = {"psf_file": read_psf(*files.paths)}
    context = Context((table,), rows.size, (), None, None, None, read, "HSC")
    (terms,) = PsfTerms.of(context, {"psf_file": files.paths[0]})
    found = np.asarray(terms.added((), [PSF]))
    np.testing.assert_allclose(found, expected(files)[USED][np.arange(60) % 6], rtol=1e-12)


BAD = {
    "shape": ("psf.npz", {"arr_1": np.ones((3, 3, 8))}, r"arr_1 has shape \(3, 3, 8\)"),
    "bands": ("psf.npz", {"arr_1": np.ones((4, 4, 9))}, "9 bands that are not zero, but arr_0 h"),
    "multipoles": ("psf.npz", {"arr_0": np.ones(8)}, "arr_0 must be ascending multipoles > 0"),
    "matrix": ("transform.npz", {"arr_0": np.ones((4, 4))}, "arr_0 has no inverse"),
    "centre": ("transform.npz", {"arr_1": np.ones(3)}, r"arr_1 has shape \(3,\)"),
    "other": ("transform.npz", {"arr_0": None}, "psf_transform '.*' has no array 'arr_0'; it has"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_an_error_that_names_it(files, tmp_path, case):
    name, changes, message = BAD[case]
    for path in files.paths:
        with np.load(path) as file:
            content = dict(file) | (changes if path.endswith(name) else {})
        kept = {k: v for k, v in content.items() if v is not None}
        np.savez(tmp_path / path.rsplit("/", 1)[-1], **kept)
    with pytest.raises(DataError, match=message):
        read_psf(str(tmp_path / "psf.npz"), str(tmp_path / "transform.npz"))


def test_bands_of_other_data_are_errors(plain, files, small_data, tmp_path):
    far = as_published(tmp_path, files.ell[:-1], files.ell.size - 1, slice(None))
    with pytest.raises(ConfigError, match=r"C_ell_shear of .* has a band at ell = 800, but psf_f"):
        made(plain, far)
    context = Context((), 0, (), None, None, None, {"psf_file": read_psf(*files.paths)}, "xi.fits")
    with pytest.raises(ConfigError, match=r"xi\.fits in use have no C_ell_shear; it is for C_ell"):
        PsfTerms.of(context, {"psf_file": "psf.npz"})
    ell = np.repeat(files.ell, 2) * np.tile([0.99, 1.01], files.ell.size)
    zero = np.zeros(ell.size, int)
    table = Table("C_ell_shear", (0, 0), zero, zero, None, np.arange(ell.size), ell)
    with pytest.raises(ConfigError, match=r"has several bands where psf_file 'psf\.npz' has one"):
        PsfTerms.of(replace(context, tables=(table,), n_data=ell.size), {"psf_file": "psf.npz"})
