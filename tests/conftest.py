"""What all tests share: double precision, data sets, and the folder of reference material."""

import ctypes
import gc
import logging
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from quick_xla import XLA_FLAGS

REPOSITORY = Path(__file__).resolve().parent.parent

# Many tests, and the programs they start, compile the same functions: once is enough, and the next
# run of the tests begins with what this one kept. What they compile they run a few times only. JAX
# reads these when it is imported.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(REPOSITORY / ".pytest_cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
# where in the sources an operation stands takes a twentieth of the time, and nobody reads it
os.environ.setdefault("JAX_TRACEBACK_IN_LOCATIONS_LIMIT", "0")
# what jaxlike itself keeps is found without tracing, so that a test would not see what it patches
os.environ.setdefault("JAXLIKE_KEEP", "no")
os.environ["XLA_FLAGS"] = f"{XLA_FLAGS} {os.environ.get('XLA_FLAGS', '')}"
# threads of NumPy's BLAS and of CAMB would mostly wait for those of other workers
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import jax  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

from jaxlike.data import (  # noqa: E402
    Convergence,
    Measurement,
    RedshiftDistribution,
    TwoPointData,
    write_two_point_fits,
)
from jaxlike.loading import load  # noqa: E402
from jaxlike.posterior.model import Model  # noqa: E402
from jaxlike.theory.spectra.pairs import pair_array  # noqa: E402
from jaxlike.theory.statistics.covariance import Field, gaussian_cl_covariance  # noqa: E402

# With this variable set (as CI does) a host that is not there fails the tests of its interface.
_REQUIRE_HOSTS = "JAXLIKE_REQUIRE_HOSTS"

PIPELINE = """\
[runtime]
sampler = test
[pipeline]
modules = jaxlike
values = {folder}/values.ini
priors = {folder}/priors.ini
likelihoods = jaxlike
[jaxlike]
file = cosmosis_modules/jaxlike_two_point.py
data_file = {folder}/small.fits
scale_cuts = none
linear = eisenstein_hu_no_wiggle
nonlinear = linear
"""
VALUES = """\
[cosmological_parameters]
omega_m = 0.1 0.3 0.9
A_s = 5e-10 2.1e-9 5e-9
h0 = 0.7
omega_b = 0.046
n_s = 0.87 0.96 1.07
w = -3.0 -1.0 1.0
[bin_bias]
b1 = 0.8 1.4 3.0
b2 = 0.8 1.6 3.0
[wl_photoz_errors]
bias_1 = -0.1 0.0 0.1
"""
PRIORS = """\
[wl_photoz_errors]
bias_1 = gaussian 0.001 0.016
"""


def pytest_configure(config: pytest.Config) -> None:
    """Choose float64, as every entry point of the package does; the library itself never does."""
    jax.config.update("jax_enable_x64", True)
    gc.set_threshold(200_000, 20, 50)  # tracing makes millions of objects, and few cycles
    gc.freeze()  # what is imported stays
    if os.environ.get(_REQUIRE_HOSTS):
        for host, command in (("cobaya", "cobaya-run"), ("cosmosis", "cosmosis")):
            if find_spec(host) is None or shutil.which(command) is None:
                raise pytest.UsageError(f"{_REQUIRE_HOSTS} is set, but {command} is not installed")


_QUICK_ROOMS = ("config", "data", "numerics", "plots", "registry", "surveys")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules of rooms that compile little come last, so that no worker waits for another's long
    one."""
    items.sort(key=lambda item: item.path.parent.name in _QUICK_ROOMS)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where hosts are required, no test of them may have been skipped for want of one.

    CLASS is excused: it is built from source, which not every machine can do.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get(_REQUIRE_HOSTS):
        return
    for report in reporter.stats.get("skipped", []):
        here = report.nodeid.startswith(("tests/cobaya", "tests/cosmosis", "tests/test_mpi"))
        excused = any(word in str(report.longrepr) for word in ("shared", "classy"))
        if here and not excused:
            reporter.write_line(f"skipped, but hosts are required: {report.nodeid}", red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def compilations_are_shared() -> Iterator[None]:
    """Commands that time compilation share nothing with others, in their process for good."""
    jax.config.update("jax_enable_compilation_cache", True)
    yield
    jax.config.update("jax_enable_compilation_cache", True)


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Cobaya logs through the root logger, to the stream that a test captured and then closes."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


def _let_go(above: float) -> None:
    """Free what JAX keeps of compiled functions where this process has more than `above` GB."""
    statm = Path("/proc/self/statm")
    if not statm.exists():  # not Linux
        return
    if int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") < above * 1e9:
        return
    jax.clear_caches()
    gc.collect()
    # glibc keeps the many small pieces of freed programs, unless it is told
    ctypes.CDLL(None).malloc_trim(0)


@pytest.fixture(autouse=True, scope="module")
def bounded_memory() -> Iterator[None]:
    """Modules compile different functions: those of the last one are of little use to the next."""
    yield
    _let_go(2.2)


@pytest.fixture(autouse=True)
def bounded_memory_within_a_module() -> Iterator[None]:
    """The same where one module compiles very much."""
    yield
    _let_go(2.5)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data and of other codes' numbers, beside the repository; skips without it."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"reference material is not there: {folder}")
    return folder


@pytest.fixture(scope="session")
def small_data() -> TwoPointData:
    """Two lens and two source bins, six angles in every pair: 72 points of plausible size."""
    edges = np.geomspace(5.0, 200.0, 7)
    theta = np.sqrt(edges[1:] * edges[:-1])
    laws = {  # statistic -> name, n(z), value at 10 arcmin, slope
        "xi_plus": ("xip", "NZ_SOURCE", "NZ_SOURCE", 2e-5, -0.8),
        "xi_minus": ("xim", "NZ_SOURCE", "NZ_SOURCE", 6e-6, -0.4),
        "gamma_t": ("gammat", "NZ_LENS", "NZ_SOURCE", 6e-4, -0.8),
        "w": ("wtheta", "NZ_LENS", "NZ_LENS", 0.15, -0.8),
    }
    pairs = {"gamma_t": [(1, 1), (1, 2), (2, 1), (2, 2)], "w": [(1, 1), (2, 2)]}
    measurements = []
    for statistic, (name, kernel1, kernel2, size, slope) in laws.items():
        chosen = pairs.get(statistic, [(1, 1), (1, 2), (2, 2)])
        n, n_pair = theta.size, len(chosen)
        bin1, bin2 = np.repeat(np.array(chosen), n, axis=0).T
        measurements.append(
            Measurement(
                name=name,
                statistic=statistic,
                kernel1=kernel1,
                kernel2=kernel2,
                bin1=bin1,
                bin2=bin2,
                angle_bin=np.tile(np.arange(1, n + 1), n_pair),
                theta_arcmin=np.tile(theta, n_pair),
                value=np.tile(size * (theta / 10) ** slope, n_pair),
                theta_min_arcmin=np.tile(edges[:-1], n_pair),
                theta_max_arcmin=np.tile(edges[1:], n_pair),
            )
        )
    cells = np.linspace(0.0, 1.8, 91)
    middle = (cells[1:] + cells[:-1]) / 2
    samples = {"NZ_LENS": ((0.3, 0.5), 0.04), "NZ_SOURCE": ((0.6, 0.95), 0.15)}
    nz = [
        RedshiftDistribution(
            name,
            cells[:-1],
            middle,
            cells[1:],
            np.stack([np.exp(-0.5 * ((middle - z) / width) ** 2) for z in centres]),
        )
        for name, (centres, width) in samples.items()
    ]
    sigma = 0.1 * np.concatenate([m.value for m in measurements])
    row = np.arange(sigma.size)
    correlation = 0.3 ** np.abs(np.subtract.outer(row, row))
    return TwoPointData(
        tuple(measurements), tuple(nz), correlation * np.outer(sigma, sigma), "small.fits"
    )


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory, small_data: TwoPointData) -> Path:
    """A CosmoSIS pipeline of the small data set, with seven free parameters."""
    folder = tmp_path_factory.mktemp("small")
    write_two_point_fits(small_data, folder / "small.fits")
    (folder / "pipeline.ini").write_text(PIPELINE.format(folder=folder))
    (folder / "values.ini").write_text(VALUES)
    (folder / "priors.ini").write_text(PRIORS)
    return folder


@pytest.fixture(scope="session")
def small_model(small_folder: Path) -> Model:
    """The posterior of that pipeline."""
    return load(small_folder / "pipeline.ini")


@pytest.fixture(scope="session")
def cl_data(small_data: TwoPointData) -> TwoPointData:
    """C_ell of every pair of the same bins at eight multipoles, 80 points, Gaussian covariance."""
    ell = np.geomspace(20.0, 800.0, 8)
    amplitude = np.array([2e-3, 2.5e-3, 2e-5, 4e-5])  # of two lenses and two sources at ell = 100
    fields = [Field("counts", 0, 1e-7), Field("counts", 1, 1e-7)]
    fields += [Field("shear", 0, 4e-9), Field("shear", 1, 4e-9)]
    correlation = 0.3 + 0.7 * np.eye(4)
    cl = (correlation * np.outer(amplitude, amplitude))[:, :, None] * (ell / 100) ** -1.2
    auto, cross, sources = pair_array(2), pair_array(2, 2), np.array([2, 2])
    tables = {  # statistic -> name, n(z), pairs of bins, pairs of fields
        "C_ell_shear": ("shear_cl", "NZ_SOURCE", "NZ_SOURCE", auto, auto + sources),
        "C_ell_cross": ("cross_cl", "NZ_LENS", "NZ_SOURCE", cross, cross + [0, 2]),
        "C_ell_counts": ("counts_cl", "NZ_LENS", "NZ_LENS", auto, auto),
    }
    measurements = tuple(
        Measurement(
            name=name,
            statistic=statistic,
            kernel1=kernel1,
            kernel2=kernel2,
            bin1=bins[:, 0].repeat(ell.size) + 1,
            bin2=bins[:, 1].repeat(ell.size) + 1,
            angle_bin=np.tile(np.arange(ell.size) + 1, len(bins)),
            theta_arcmin=None,
            value=cl[tuple(ends.T)].ravel(),
            ell=np.tile(ell, len(bins)),
        )
        for statistic, (name, kernel1, kernel2, bins, ends) in tables.items()
    )
    ends = np.concatenate([ends for *_, ends in tables.values()])
    blocks = gaussian_cl_covariance(ends, fields, cl, ell, 0.1)
    n = len(ends) * ell.size
    covariance = np.zeros((len(ends), ell.size, len(ends), ell.size))
    at = np.arange(ell.size)
    covariance[:, at, :, at] = blocks
    return TwoPointData(measurements, small_data.nz, covariance.reshape(n, n), "small_cl.fits")


@pytest.fixture(scope="session")
def kappa_data(small_data: TwoPointData) -> TwoPointData:
    """C_ell of the small data's bins with a map of the CMB's convergence, and of that with itself,
    at six multipoles; errors are a tenth of the values."""
    kernels = {"counts": "NZ_LENS", "shear": "NZ_SOURCE", "convergence": "spt"}
    tables = {  # statistic -> tracers, number of bins, size at ell = 100
        "C_ell_kappa_counts": ("counts", "convergence", 2, 1e-7),
        "C_ell_kappa_shear": ("shear", "convergence", 2, 1e-8),
        "C_ell_kappa": ("convergence", "convergence", 1, 5e-8),
    }
    ell = np.geomspace(20.0, 1500.0, 6)
    measurements = tuple(
        Measurement(
            name=statistic,
            statistic=statistic,
            kernel1=kernels[one],
            kernel2=kernels[other],
            bin1=np.arange(1, n + 1).repeat(ell.size),
            bin2=np.ones(n * ell.size, int),
            angle_bin=np.tile(np.arange(1, ell.size + 1), n),
            theta_arcmin=None,
            value=np.tile(size * (ell / 100) ** -1.0, n),
            ell=np.tile(ell, n),
        )
        for statistic, (one, other, n, size) in tables.items()
    )
    value = np.concatenate([m.value for m in measurements])
    covariance = np.diag((0.1 * value) ** 2)
    return TwoPointData(measurements, small_data.nz, covariance, "made.fits", (Convergence("spt"),))


@pytest.fixture(scope="session")
def real_model(shared: Path, repository: Path) -> Model:
    """The posterior of cobaya_yaml/des_y1_3x2pt.yaml on the real DES-Y1 data."""
    data_file = shared / "data" / "des_y1_3x2pt.fits"
    return load(repository / "cobaya_yaml" / "des_y1_3x2pt.yaml", data_file=str(data_file))


_INSTALLED = {  # Cobaya's package of data, with a version that it takes -> its files -> ours
    "bao_data": {
        "desi_bao_dr2/desi_gaussian_bao_ALL_GCcomb_mean.txt": "desi_dr2_bao_mean.txt",
        "desi_bao_dr2/desi_gaussian_bao_ALL_GCcomb_cov.txt": "desi_dr2_bao_cov.txt",
    },
    "sn_data": {
        "Union3/lcparam_full.txt": "union3_magnitudes.txt",
        "Union3/mag_covmat.txt": "union3_cov.txt",
    },
}


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cobaya's `packages_path`, with the data of others that come with jaxlike."""
    folder = tmp_path_factory.mktemp("packages")
    for package, names in _INSTALLED.items():
        for theirs, ours in names.items():
            target = folder / "data" / package / theirs
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / "jaxlike" / "data" / "files" / ours, target)
        (folder / "data" / package / "version.dat").write_text("9.9")
    (folder / "data/sn_data/Union3/full_long.dataset").write_text(
        "name = Union3\ndata_file = Union3/lcparam_full.txt\n"
        "mag_covmat_file = Union3/mag_covmat.txt\n"
    )
    return folder
