"""Good files of every kind that the package reads, to be spoilt."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from library_pipelines import FIRST_VALUES, first_generation, written

from jaxlike.data import BandpowerWindows, TwoPointData, write_sacc, write_two_point_fits
from jaxlike.inference.results.chains import Cost
from jaxlike.inference.runs.checkpoint import Checkpoint
from jaxlike.inference.runs.run_state import Run

INPUT = """\
theory:
  jaxlike.cobaya.Theory: {linear: eisenstein_hu_no_wiggle, nonlinear: linear}
likelihood:
  jaxlike.cobaya.3x2pt:
    data_file: small.fits
    scale_cuts: cuts.yaml
    nz: histogram
    params: {}
prior:
  ratio: "lambda omegab, H0: stats.norm.logpdf(omegab * (H0/100)**2, loc=0.0224, scale=0.001)"
params:
  omegam: {prior: {min: 0.1, max: 0.9}, ref: {dist: norm, loc: 0.3, scale: 0.01}, proposal: 0.01}
  As: {prior: [5.0e-10, 5.0e-9], ref: 2.1e-9, latex: A_s}
  H0: 70
  omegab: [0.03, 0.07, 0.046, 0.001]
  ns: {value: 'lambda omegam: 0.96 + 0 * omegam'}
  b1: [0.8, 3.0, 1.4, 0.1]
  b2: {prior: {dist: lognorm, s: 0.3, scale: 1.6}, ref: 1.6}
  m1: {prior: {dist: norm, loc: 0, scale: 0.01}}
  S8: {latex: S_8}
sampler: {mcmc: {max_tries: 1000}}
output: chains/small
"""
FOREIGN = """\
theory:
  camb: {stop_at_error: true, extra_args: {halofit_version: mead2020, num_massive_neutrinos: 1}}
likelihood:
  jaxlike.cobaya.bao: {data: desi_dr2}
  jaxlike.cobaya.sn: {data: union3}
  jaxlike.cobaya.cmb: {mean: {ombh2: 0.0222, omch2: 0.12}, error: {ombh2: 0.0002, omch2: 0.001}}
  H0.riess2020:
  jaxlike.cobaya.3x2pt:
    data_file: small.fits
    scale_cuts: {min_angle: {xi_plus: 8, xi_minus: 20, gamma_t: 10, w: 12}}
    nz: {NZ_SOURCE: kde, NZ_LENS: spline}
    alignment: tatt
    params: {b1: 1.4, b2: [1, 2]}
params:
  logA: {prior: {min: 1.6, max: 3.9}, ref: {dist: norm, loc: 3.05, scale: 0.001}, drop: true}
  As: {value: 'lambda logA: 1e-10*np.exp(logA)', latex: A_s}
  ns: {prior: {min: 0.8, max: 1.2}, ref: 0.965}
  theta_MC_100: {prior: {min: 0.5, max: 10}, ref: 1.0411, drop: true, renames: theta}
  cosmomc_theta: {value: 'lambda theta_MC_100: 1.e-2*theta_MC_100', derived: false}
  ombh2: {prior: {dist: norm, loc: 0.0222, scale: 0.0005}}
  omch2: {prior: {min: 0.001, max: 0.99}, ref: 0.12}
  mnu: 0.06
  H0: {latex: H_0}
  omegam:
sampler: {jaxlike.cobaya.NUTS: {chains: 2}}
"""
CUTS = """\
min_angle: {xi_plus: {1-1: 8, '*-*': 7}, xi_minus: 20, gamma_t: 10, w: {'*-*': 12}}
max_angle: {xi_plus: 250, xi_minus: 250, gamma_t: 200, w: 150}
"""
PIPELINE = """\
[DEFAULT]
place = .
[runtime]
sampler = test
[test]
fatal_errors = T
[output]
filename = chains/small.txt
[pipeline]
modules = jaxlike
values = %(place)s/values.ini
priors = priors.ini
likelihoods = jaxlike
extra_output = cosmological_parameters/sigma_8
[jaxlike]
file = cosmosis_modules/jaxlike_two_point.py
data_file = small.fits
scale_cuts = none
linear = eisenstein_hu_no_wiggle
nonlinear = linear
%include more.ini
"""
NZ = "# z n1 n2\n" + "".join(
    f"{z:.3f} {np.exp(-((z - 0.5) ** 2) / 0.02):.6g} {np.exp(-((z - 0.9) ** 2) / 0.02):.6g}\n"
    for z in np.arange(0.02, 2.0, 0.04)
)
SURVEY = {
    "survey.yaml": "title: Small\noptions: {nz: histogram}\nreferences: [arXiv:0]\n",
    "scale_cuts.yaml": CUTS,
    "parameters.yaml": "m1: {prior: {dist: norm, loc: 0, scale: 0.02}, ref: 0, latex: m_1}\n",
}

N_CHAIN, N_PARAMETER = 2, 3
SETTINGS = {"method": "nuts", "parameters": ["a", "b", "c"], "chains": N_CHAIN, "seed": 0}


@dataclass(frozen=True)
class Originals:
    """A folder of good files, and the functions that write what a file alone cannot tell.

    spoilt_sacc: a change of a `sacc.Sacc` -> bytes of the file; None without the package sacc.
    """

    folder: Path
    sacc: Callable | None

    def read(self, name: str) -> bytes:
        """The content of one."""
        return (self.folder / name).read_bytes()


def make_originals(
    folder: Path, small: TwoPointData, cl: TwoPointData, pipeline: Path, *, sacc: bool
) -> Originals:
    """Write them all; pipeline: the folder of values and priors."""
    write_two_point_fits(small, folder / "small.fits")
    write_two_point_fits(cl, folder / "cl.fits")
    texts = {
        "input.yaml": INPUT,
        "foreign.yaml": FOREIGN,
        "cuts.yaml": CUTS,
        "pipeline.ini": PIPELINE,
        "nz.txt": NZ,
    }
    texts |= {"pipeline.ini": PIPELINE, "more.ini": "radiation = F\n"}
    for name in ("values.ini", "priors.ini"):
        shutil.copy(pipeline / name, folder)
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "library").mkdir()
    modules = first_generation("../small.fits")
    written(folder / "library", modules, FIRST_VALUES)
    (folder / "survey").mkdir()
    for name, text in SURVEY.items():
        (folder / "survey" / name).write_text(text)
    _write_chains(folder)
    checkpoint().save(folder / "run.checkpoint.npz")
    if not sacc:
        return Originals(folder, None)
    write_sacc(small, folder / "small.sacc")
    write_sacc(with_windows(cl), folder / "cl.sacc")
    return Originals(folder, _load_sacc)


def _load_sacc(file: Path) -> object:
    import sacc

    return sacc.Sacc.load_fits(str(file))


def with_windows(cl: TwoPointData) -> TwoPointData:
    """The same C_ell as band powers."""
    ell = np.arange(10.0, 1201.0)
    measurements = []
    for m in cl.measurements:
        at = np.unique(m.scale)
        weight = np.exp(-0.5 * (np.log(ell / at[:, None]) / 0.2) ** 2)
        row = np.searchsorted(at, m.scale)
        measurements.append(replace(m, windows=BandpowerWindows(ell, weight, row)))
    return replace(cl, measurements=tuple(measurements))


def _write_chains(folder: Path) -> None:
    """Two chains in GetDist's files with Cobaya's record, and one of CosmoSIS's."""
    rng = np.random.default_rng(4)
    names = ("omegam", "As", "S8")
    header = "weight minuslogpost omegam As S8 minuslogprior chi2"
    for i in (1, 2):
        values = rng.normal([0.3, 2.1e-9, 0.8], [0.02, 1e-10, 0.02], (40, 3))
        rows = np.c_[rng.integers(1, 4, 40), rng.random(40), values, rng.random((40, 2))]
        np.savetxt(folder / f"run.{i}.txt", rows, fmt="%.8g", header=header)
    marks = (f"{n}{'*' if n == 'S8' else ''}\t{n}\n" for n in (*names, "minuslogprior*", "chi2*"))
    (folder / "run.paramnames").write_text("".join(marks).replace("**", "*"))
    (folder / "run.ranges").write_text("omegam 0.1 0.9\nAs N N\n")
    params = {"omegam": {"prior": {"min": 0.1, "max": 0.9}, "latex": r"\Omega"}, "As": {}}
    record = {"likelihood": {"one": None}, "params": params, "sampler": {"mcmc": None}}
    (folder / "run.updated.yaml").write_text(yaml.safe_dump(record))
    section = "cosmological_parameters--"
    rows = np.c_[values[:, :2], rng.random((40, 3))]
    lines = [f"#{section}omega_m\t{section}a_s\tprior\tlike\tpost", "#sampler=metropolis"]
    lines += ["#n_varied=2", "## START_OF_VALUES_INI", "## [cosmological_parameters]"]
    lines += ["## omega_m = 0.1 0.3 0.9", "## a_s = 1e-9 2e-9 3e-9", "## END_OF_VALUES_INI"]
    lines += ["\t".join(f"{x:.8g}" for x in row) for row in rows]
    (folder / "cosmosis.txt").write_text("\n".join(lines) + "\n")


def checkpoint() -> Checkpoint:
    """That of a run in its warm-up, with a few draws of it."""
    n, rng = N_PARAMETER, np.random.default_rng(5)
    run = Run.begin(
        rng.normal(size=(N_CHAIN, n)),
        rng.normal(size=N_CHAIN),
        rng.normal(size=(N_CHAIN, n)),
        step_size=0.5,
        inverse_mass=np.eye(n),
        constant=1.5,
        cost=Cost(fit_gradients=3),
    )
    warm = rng.normal(size=(N_CHAIN, 5, n))
    return replace(run, done=5, warm_u=warm, warm_gradient=-warm).checkpoint(SETTINGS)


def arrays_of(content: Checkpoint) -> dict[str, object]:
    """What its file holds, under the names there."""
    header = {"settings": dict(content.settings), "numbers": dict(content.numbers)}
    return {"header": json.dumps(header), **content.arrays}
