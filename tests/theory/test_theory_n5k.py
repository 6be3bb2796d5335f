"""The non-Limber challenge N5K: 10 bins of counts and 5 of shear against brute-force integrals.

LSSTDESC/N5K, arXiv:2212.04291: the sum over modes below ell = 200 of Tr[(Delta C C^-1)^2] with the
noise of LSST-Y10 on 0.4 of the sky must be below one.
"""

from dataclasses import replace

import jax
import numpy as np
import pytest
import three_by_two

from jaxlike.theory.power.power_table import PowerTable
from jaxlike.theory.spectra.exact import ExactGrid
from jaxlike.theory.statistics.exact_choice import radial_step
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import lattice_between

h, OMEGA_M, F_SKY = 0.6727, 0.3156, 0.4
BIAS = np.array([
    1.376695, 1.451179, 1.528404, 1.607983, 1.689579, 1.772899, 1.857700, 1.943754, 2.030887,
    2.118943,
])  # fmt: skip
NUISANCE = (
    {f"b{i + 1}": b for i, b in enumerate(BIAS)}
    | {f"dz_lens{i + 1}": 0.0 for i in range(10)}
    | {f"{name}{i + 1}": 0.0 for i in range(5) for name in ("dz_source", "m")}
    | {"A_IA": 0.0, "alpha_IA": 0.0, "z0_IA": 0.62}
)
PAIRS = (
    [(i, j) for i in range(10) for j in range(i, 10)],
    [(i, j) for i in range(10) for j in range(5)],
    [(i, j) for i in range(5) for j in range(i, 5)],
)
MATRIX = np.array([*PAIRS[0], *((i, j + 10) for i, j in PAIRS[1]),
                   *((i + 10, j + 10) for i, j in PAIRS[2])])  # fmt: skip


def read(shared, name):
    path = shared / "reference" / "n5k" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"reference material is not there: {path}")
    with np.load(path) as file:
        return dict(file)


def histogram(z, dndz, every):
    z, dndz = z[::every], dndz[::every]
    step = z[1] - z[0]
    return Histogram(np.append(z - step / 2, z[-1] + step / 2), dndz.T)


def as_matrices(c):
    found = np.zeros((c.shape[1], 15, 15))
    i, j = MATRIX.T
    found[:, i, j] = found[:, j, i] = c.T
    return found


def per_multipole(ell, found, truth, dndz):
    """Modes times Tr[(Delta C C^-1)^2] at each multipole."""
    counts, shear = (np.trapezoid(dndz[f"dNdz_{s}"], dndz[f"z_{s}"], axis=0) for s in ("cl", "sh"))
    per_steradian = (180 * 60 / np.pi) ** 2
    noise = np.append(
        counts.sum() / counts / 40 / per_steradian,
        0.28**2 * shear.sum() / shear / 27 / per_steradian,
    )
    ratio = as_matrices(found - truth) @ np.linalg.inv(as_matrices(truth) + np.diag(noise))
    edges = np.append(ell, ell[-1] ** 2 / ell[-2])
    modes = F_SKY * np.diff(edges**2) / 2
    return modes * np.einsum("lij,lji->l", ratio, ratio)


@jax.jit
def data_vector(theory, grid, table_grid, table, nuisance):
    return theory.data_vector(grid.universe_of_tables(table_grid, table), [nuisance] * 2)


# every so many samples of n(z), and how much is left: below ell = 200, and of all
@pytest.mark.parametrize(
    ("width", "every", "low", "all_of_it"), [("full", 4, 0.1, 6), ("half", 2, 0.3, 4)]
)
def test_n5k(shared, width, every, low, all_of_it):
    """Below 0.3 and 0.5, where Limber's approximation leaves 75 and 229."""
    background, pk = read(shared, "background"), read(shared, "pk")
    dndz = read(shared, f"dNdzs_{width}width")
    stored = [read(shared, f"benchmarks_nl_{width}_cl{s}") for s in ("gg", "gs", "ss")]
    ell, truth = stored[0]["ls"], np.concatenate([one["cls"] for one in stored])
    lens, source = redshift.build(
        [histogram(dndz[f"z_{s}"], dndz[f"dNdz_{s}"], every) for s in ("cl", "sh")], "spline", 0.01
    )
    limber = three_by_two.Prediction.build(
        [
            three_by_two.block(f"C_ell_{f}", p, ell.size, lambda nodes: cl_matrix(ell, nodes))
            for f, p in zip(three_by_two.FIELDS, PAIRS, strict=True)
        ],
        lens,
        source,
        n_z=192,
        z_max=3.4,
        ell_lattice=lattice_between(2, 2000)[::2],
        prefactors=True,
        limber="beyond",
    )
    growth = np.sqrt(pk["pk_lin"][:, 20] / pk["pk_lin"][0, 20])
    table_grid = limber.grid.tables(pk["z"], pk["k"] / h, background["z"])
    table = PowerTable(
        pk["pk_nl"] * h**3, background["chi"] * h, background["Ez"] / 2997.92458, growth, OMEGA_M,
        P_lin=pk["pk_lin"][0] * h**3,
    )  # fmt: skip
    cosmo = Cosmology(
        Omega_m=OMEGA_M, Omega_b=0.0492, h=h, n_s=0.9645, sigma8=0.83, radiation=False
    )
    step = radial_step(limber.theory.tracers, cosmo)
    n = int(np.sum(limber.nodes.ell < 1000))
    exact = ExactGrid.build(limber.nodes, 0, [n] * 3, step)
    given = limber.grid, table_grid, table, NUISANCE
    found = data_vector(replace(limber.theory, exact=exact), *given)
    left = per_multipole(ell, np.reshape(found, truth.shape), truth, dndz)
    assert left[ell < 200].sum() < low
    assert left.sum() < all_of_it
