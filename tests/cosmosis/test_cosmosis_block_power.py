"""power = block: CosmoSIS's own power and distances in, its own data vector out."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from stored_block import put_stored, values_of

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from jaxlike.cosmosis.block_tables import tables
from jaxlike.cosmosis.module import execute
from jaxlike.errors import DataError
from jaxlike.theory.constants import HUBBLE_DISTANCE

MAX_DELTA_CHI2 = 0.5
MAX_DISTANCE = 0.01  # Delta^T C^-1 Delta

_HERE = Path(__file__).parent


def check_against(stored, theory, chi2, precision):
    difference = theory - stored["theory"]
    distance = difference @ precision @ difference
    print(f"chi2 {chi2:.4f} - {float(stored['chi2']):.4f}, distance {distance:.5f}")
    assert abs(chi2 - stored["chi2"]) <= MAX_DELTA_CHI2
    assert distance <= MAX_DISTANCE


def test_stored_points(stored, block_module, make_block):
    block = make_block(values_of(stored))
    put_stored(block, stored)
    assert execute(block, block_module) == 0
    assert_allclose(block["data_vector", "jaxlike_data"], stored["data"], rtol=1e-12)
    assert_allclose(block["data_vector", "jaxlike_angle"], stored["angle"], rtol=1e-6)
    for name in ("bin1", "bin2"):
        assert np.array_equal(block["data_vector", f"jaxlike_{name}"], stored[name])
    check_against(
        stored,
        block["data_vector", "jaxlike_theory"],
        block["data_vector", "jaxlike_chi2"],
        block["data_vector", "jaxlike_inverse_covariance"],
    )
    # the host's parameters are left as they were
    assert block["cosmological_parameters", "sigma_8"] == stored["cosmo_sigma_8"]


@pytest.mark.slow
@pytest.mark.parametrize("stored", ["low_omega_m"], indirect=True)
def test_stored_point_with_the_runner(stored, shared, repository, cosmosis_here, tmp_path):
    lines = []
    for section, entries in values_of(stored).items():
        lines += [f"[{section}]", *(f"{name} = {value!r}" for name, value in entries.items())]
    (tmp_path / "values.ini").write_text("\n".join(lines))
    (tmp_path / "pipeline.ini").write_text(f"""\
[runtime]
sampler = test
[test]
fatal_errors = T
save_dir = {tmp_path / "block"}
[pipeline]
modules = stored two_point
values = {tmp_path / "values.ini"}
likelihoods = des
[stored]
file = {_HERE / "stored_block.py"}
npz = {shared / "reference" / "cosmosis" / "low_omega_m.npz"}
[two_point]
file = {repository / "cosmosis_modules" / "jaxlike_two_point.py"}
data_file = {shared / "data" / "des_y1_3x2pt.fits"}
scale_cuts = des_y1
power = block
nz = histogram
like_name = des
include_norm = T
""")
    done = cosmosis_here(tmp_path / "pipeline.ini")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout
    folder = tmp_path / "block" / "data_vector"
    saved = dict(line.split(" = ") for line in (folder / "values.txt").read_text().splitlines())
    check_against(
        stored,
        np.loadtxt(folder / "des_theory.txt"),
        float(saved["des_chi2"]),
        np.loadtxt(folder / "des_inverse_covariance.txt"),
    )
    assert_allclose(float(saved["des_log_det"]), stored["log_det"], rtol=1e-6)
    (likelihood,) = (line for line in done.stdout.splitlines() if line.startswith("Likelihood ="))
    assert abs(float(likelihood.split("=")[1]) - stored["loglike"]) <= MAX_DELTA_CHI2 / 2 + 1e-3


def tables_block(make_block, Omega_k=0.0, drop=(), k=(1e-4, 50), n_z=61):
    """A block with an invented power spectrum and the distances of an empty-ish universe."""
    z = np.linspace(0, 3, n_z)
    k = np.geomspace(*k, 120)
    power = 1e4 * k[None] / (1 + (k[None] / 0.02) ** 2.5) / (1 + z[:, None]) ** 2
    h = 0.7
    chi = 3000 / h * np.log1p(z)
    root = np.sqrt(abs(Omega_k)) * h / HUBBLE_DISTANCE
    f_k = chi
    if Omega_k:
        f_k = (np.sinh if Omega_k > 0 else np.sin)(root * chi) / root
    block = make_block(
        {
            "cosmological_parameters": {"omega_m": 0.3, "h0": h, "omega_k": Omega_k},
            "distances": {
                name: x
                for name, x in {
                    "z": z,
                    "d_c": chi,
                    "d_m": f_k,
                    "d_a": f_k / (1 + z),
                    "h": h / 3000 * (1 + z),
                }.items()
                if f"distances--{name}" not in drop
            },
        }
    )
    if "matter_power_nl--p_k" not in drop:
        block.put_grid("matter_power_nl", "z", z, "k_h", k, "p_k", power)
    return block


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"k": (1e-4, 0.2)},
            "k = 0.0001 to 0.2 h/Mpc, but at least 0.005 to 2 is needed: set kmin",
        ),
        ({"k": (0.01, 50)}, "is for k = 0.01 to 50 h/Mpc"),
        ({"n_z": 8}, "steps of 0.429 in redshift below 3, but steps of at most 0.35 are needed"),
    ],
)
def test_tables_that_would_be_extrapolated_are_refused(make_block, changes, message):
    with pytest.raises(DataError, match=message):
        tables(tables_block(make_block, **changes))


def test_units_and_growth(make_block):
    found = tables(tables_block(make_block))
    z = found.z
    assert_allclose(found.power.chi, 3000 * np.log1p(z))
    assert_allclose(found.power.hubble, (1 + z) / 3000)
    assert_allclose(found.power.growth, 1 / (1 + z))
    assert (found.power.Omega_m, found.power.Omega_k) == (0.3, 0.0)
    assert_allclose(found.power.P_nl[0], 1e4 * found.k / (1 + (found.k / 0.02) ** 2.5))


def test_linear_power_today_for_tidal_torquing(make_block):
    """On wavenumbers of its own; every fault of the table has a sentence."""
    block = tables_block(make_block)
    with pytest.raises(DataError, match="no 'matter_power_lin--z'"):
        tables(block, linear=True)
    assert tables(block).power.P_lin is None
    z, k = np.linspace(0, 3, 4), np.geomspace(5e-5, 80, 500)
    power = 1e4 * k / (1 + (k / 0.02) ** 2.5)
    block.put_grid("matter_power_lin", "z", z, "k_h", k, "p_k", power / (1 + z[:, None]) ** 2)
    found = tables(block, linear=True)
    assert_allclose(found.power.P_lin, 1e4 * found.k / (1 + (found.k / 0.02) ** 2.5), rtol=1e-5)
    block.replace_grid("matter_power_lin", "z", z, "k_h", k / 10, "p_k", power * np.ones((4, 1)))
    with pytest.raises(DataError, match=r"matter_power_lin .*k = .* to 8, but alignment = tatt"):
        tables(block, linear=True)


@pytest.mark.parametrize("Omega_k", [0.0, 0.2, -0.2])
def test_radial_distance_from_what_there_is(make_block, Omega_k):
    wanted = tables(tables_block(make_block, Omega_k)).power.chi
    block = tables_block(make_block, Omega_k, drop=("distances--d_c",))
    assert_allclose(tables(block).power.chi, wanted, rtol=1e-12)


def test_tables_in_descending_redshift(make_block):
    wanted = tables_block(make_block)
    block = tables_block(make_block)
    z, k, power = wanted.get_grid("matter_power_nl", "z", "k_h", "p_k")
    block.replace_grid("matter_power_nl", "k_h", k[::-1], "z", z[::-1], "p_k", power.T[::-1, ::-1])
    for name in ("z", "d_c", "h"):
        block["distances", name] = wanted["distances", name][::-1]
    first, second = tables(wanted), tables(block)
    assert_allclose(second.z_distance, first.z_distance)
    for name in ("P_nl", "chi", "hubble", "growth"):
        assert_allclose(getattr(second.power, name), getattr(first.power, name))


@pytest.mark.parametrize(
    "missing", ["matter_power_nl--p_k", "distances--h", "distances--z", "distances--d_a"]
)
def test_missing_tables(make_block, missing):
    drop = (missing, "distances--d_c")
    with pytest.raises(DataError, match=f"no '{missing.replace('p_k', 'z')}'.*power = jaxlike"):
        tables(tables_block(make_block, 0.1, drop=drop))


@pytest.mark.parametrize("section", ["matter_power_nl", "distances"])
def test_tables_must_start_today(make_block, section):
    block = tables_block(make_block)
    block[section, "z"] = block[section, "z"] + 0.01
    with pytest.raises(DataError, match=f"{section}--z.*starts at 0.01, but must start at 0"):
        tables(block)


@pytest.mark.parametrize("stored", ["fiducial"], indirect=True)
def test_tables_must_reach_the_galaxies(stored, block_module, make_block):
    block = make_block(values_of(stored))
    put_stored(block, stored)
    for name in ("z", "d_c", "d_m", "h"):
        block["distances", name] = block["distances", name][:50]
    with pytest.raises(DataError, match=r"distances end at z = 0.49, but .* higher redshift"):
        execute(block, block_module)


@pytest.mark.parametrize("stored", ["fiducial"], indirect=True)
def test_power_that_is_no_power_is_zero_likelihood(stored, block_module, make_block, capsys):
    power = stored["matter_power_nl"].copy()
    power[3, 100] = -1.0
    block = make_block(values_of(stored))
    put_stored(block, {**stored, "matter_power_nl": power})
    assert execute(block, block_module) == 1
    assert "it needs matter_power_nl--p_k > 0" in capsys.readouterr().out
