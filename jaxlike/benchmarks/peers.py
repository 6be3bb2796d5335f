"""Other codes beside a likelihood of jaxlike: what each computes of the same survey, and its time.

None computes all that a posterior is; what each does is said in its line. CCL (Chisari et al. 2019,
arXiv:1812.05995) and jax-cosmo (Campagne et al. 2023, arXiv:2302.05163) compute C_ell of all pairs
of bins at the multipoles of the data; Cobaya (Torrado & Lewis 2021, arXiv:2005.05290) runs CAMB for
P(k, z), of which jaxlike makes the likelihood (`power: host`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from jaxlike.benchmarks.timing import Clock
from jaxlike.config.written import as_cobaya
from jaxlike.data import FOURIER_SPACE
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.sample_nz import histogram_of
from jaxlike.posterior.model import Model

_ROUNDS, _LONGEST_S = 20, 60.0  # of turns of all codes: how many, and after which there are no more
_ELL = 2.0, 3e4  # multipoles that other codes are asked for where the data are of angles
_APART = 1e-7  # relative change of a density from turn to turn: no code may remember a value


@dataclass(frozen=True)
class Peer:
    """A code: what it computes, in words, and a function of the number of the turn that does."""

    name: str
    what: str
    value: Callable[[int], Any]


@dataclass(frozen=True)
class PeerTiming:
    """Median seconds and CPU seconds of one value of a code, all codes having taken turns."""

    name: str
    what: str
    wall_s: float
    cpu_s: float
    rounds: int


@dataclass(frozen=True, eq=False)
class _Survey:
    """What C_ell of other codes are of: z (n_z,), n(z) (n_bin, n_z), the kind and the bias or
    alignment of each sample, pairs of samples and bins, and multipoles (n_ell,)."""

    samples: Sequence[tuple[str, NDArray, NDArray]]
    pairs: Sequence[tuple[int, int, int, int]]
    ell: NDArray
    universe: Mapping[str, float]

    @property
    def in_words(self) -> str:
        return f"{len(self.pairs)} C_ell at {self.ell.size} multipoles"


def peers_of(model: Model, names: Sequence[str]) -> list[Peer]:
    """The codes of these names, ready to compute what a posterior is made of; ConfigError on names
    that are not among PEERS, and where a code is not installed or cannot do it."""
    for name in names:
        if name not in PEERS:
            raise ConfigError(f"option --vs has '{name}'; accepted are {', '.join(PEERS)}")
    return [PEERS[name](model) for name in names]


def compared(peers: Sequence[Peer]) -> list[PeerTiming]:
    """The time of one value of codes that take turns."""
    for peer in peers:  # compiled, or whatever a first call does
        peer.value(-1)
    found: list[list[tuple[float, float]]] = [[] for _ in peers]
    total = Clock()
    for turn in range(_ROUNDS):
        for peer, times in zip(peers, found, strict=True):
            clock = Clock()
            peer.value(turn)
            times.append(clock.read())
        if total.read()[0] > _LONGEST_S:
            break
    return [
        PeerTiming(peer.name, peer.what, float(wall), float(cpu), len(times))
        for peer, times in zip(peers, found, strict=True)
        for wall, cpu in [np.median(times, axis=0)]
    ]


def _survey(model: Model) -> _Survey:
    """The samples and pairs of a posterior's one two-point likelihood, at its reference."""
    if len(model.measured) != 1 or not model.likelihood.data.nz:
        raise ConfigError(
            "option --vs: ccl and jax-cosmo are given the C_ell of one two-point likelihood with "
            f"galaxies, not of {len(model.measured)} (--set likelihoods=NAME)"
        )
    one, data = model.likelihood, model.likelihood.data
    values = {k: float(v) for k, v in model.canonical(model.reference).items()}
    samples = []
    for (name, kind), sample in zip(data.samples, one.samples, strict=True):
        if kind not in ("counts", "shear"):
            raise ConfigError(f"option --vs: ccl and jax-cosmo are not given the map '{name}'")
        table, stem = histogram_of(data.distribution(name)), "b" if kind == "counts" else "A_IA"
        same = values.get(f"{sample.own}{stem}", 0.0)  # an amplitude that all bins share
        every = [values.get(f"{sample.own}{stem}{i + 1}", same) for i in range(sample.n_bin)]
        samples.append((kind, np.stack([table.middle, *table.counts]), np.array(every)))
    scales = [m.scale for m in data.measurements if m.statistic in FOURIER_SPACE]
    nodes = np.asarray(one.grid.nodes.ell)
    ell = np.unique(np.concatenate(scales)) if scales else nodes
    ell = ell[(ell >= _ELL[0]) & (ell <= _ELL[1])]
    pairs = [
        (group.first, i, group.second, j) for group in one.theory.groups for i, j in group.bins
    ]
    cosmo = one.cosmology(values)
    universe = {
        "Omega_c": float(cosmo.Omega_m) - float(cosmo.Omega_b),
        **{name: float(getattr(cosmo, name)) for name in ("Omega_b", "h", "n_s", "w0", "wa")},
        "sigma8": float(values.get("sigma8", 0.81)),
    }
    return _Survey(samples, pairs, ell, universe)


def _changed(universe: Mapping[str, float], turn: int) -> dict[str, float]:
    return {**universe, "Omega_c": universe["Omega_c"] * (1 + _APART * turn)}


def _module(name: str, package: str, what: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(f"option --vs: {what} is not installed: pip install {package}") from error


def _ccl(model: Model) -> Peer:
    ccl = _module("pyccl", "pyccl", "CCL")
    survey = _survey(model)

    def tracer(cosmo: Any, kind: str, z: NDArray, dndz: NDArray, size: float) -> Any:
        beside = (z, np.full_like(z, size))
        if kind == "counts":
            return ccl.NumberCountsTracer(cosmo, has_rsd=False, dndz=(z, dndz), bias=beside)
        return ccl.WeakLensingTracer(cosmo, dndz=(z, dndz), ia_bias=beside, use_A_ia=True)

    def value(turn: int) -> Any:
        cosmo = ccl.Cosmology(
            **_changed(survey.universe, turn),
            transfer_function="eisenstein_hu",
            matter_power_spectrum="halofit",
        )
        tracers = [
            [tracer(cosmo, kind, z, n, a) for n, a in zip(dndz, sizes, strict=True)]
            for kind, (z, *dndz), sizes in survey.samples
        ]
        return [
            ccl.angular_cl(cosmo, tracers[first][i], tracers[second][j], survey.ell)
            for first, i, second, j in survey.pairs
        ]

    return Peer("ccl", f"{survey.in_words}, Eisenstein & Hu, halofit", value)


def _jax_cosmo(model: Model) -> Peer:
    jc = _module("jax_cosmo", "jax-cosmo", "jax-cosmo")
    probes = _module("jax_cosmo.probes", "jax-cosmo", "jax-cosmo")
    bias = _module("jax_cosmo.bias", "jax-cosmo", "jax-cosmo")
    survey = _survey(model)

    def probe(kind: str, table: NDArray, sizes: NDArray) -> Any:
        z, *dndz = table
        width = (z[-1] - z[0]) / (z.size - 1)
        bins = [jc.redshift.kde_nz(z, n, bw=width, zmax=float(z[-1])) for n in dndz]
        if kind == "counts":
            return probes.NumberCounts(bins, [bias.constant_linear_bias(b) for b in sizes])
        return probes.WeakLensing(bins, ia_bias=bias.constant_linear_bias(sizes[0]))

    # its order of pairs is its own, and all pairs of all bins are computed
    several = [probe(*one) for one in survey.samples]
    n = sum(len(sizes) for *_, sizes in survey.samples)

    @jax.jit
    def spectra(universe: dict[str, Any]) -> Any:
        cosmo = jc.Cosmology(Omega_k=0.0, **universe)
        return jc.angular_cl.angular_cl(cosmo, survey.ell, several)

    def value(turn: int) -> Any:
        return jax.block_until_ready(spectra(_changed(survey.universe, turn)))

    what = f"{n * (n + 1) // 2} C_ell at {survey.ell.size} multipoles, Eisenstein & Hu, halofit"
    return Peer("jax-cosmo", what, value)


def _camb(model: Model) -> Peer:
    """Cobaya's model of CAMB and of the same likelihoods, in which one density varies."""
    _module("camb", "camb", "CAMB")
    host = _module("cobaya.model", "cobaya", "Cobaya")
    written = as_cobaya(model.config)
    canonical = {k: float(v) for k, v in model.canonical(model.reference).items()}
    cosmo = next(iter(model.measured.values())).cosmology(canonical)
    h2, omega_b = float(cosmo.h) ** 2, float(cosmo.Omega_b * cosmo.h**2)
    omega_nu = 0.0 if cosmo.omega_nu is None else float(cosmo.omega_nu)
    omega_c = float(cosmo.Omega_m) * h2 - omega_b - omega_nu
    own = {name for one in model.measured.values() for name in one.arrays.parameters}
    nuisance = {name: value for name, value in canonical.items() if name in own}
    likelihoods = {
        name: {**written["likelihood"][name], "power": "host"} for name in model.measured
    }
    info = {
        "theory": {"camb": {"extra_args": {"halofit_version": "takahashi"}}},
        "likelihood": likelihoods,
        "params": {
            "ombh2": omega_b,
            "omch2": {"prior": {"min": 0.5 * omega_c, "max": 2 * omega_c}, "ref": omega_c},
            "H0": 100 * float(cosmo.h),
            "ns": float(cosmo.n_s),
            "As": canonical.get("A_s", 2.1e-9),
            "w": float(cosmo.w0),
            "wa": float(cosmo.wa),
            "mnu": float(cosmo.mnu),
            **nuisance,
        },
        "stop_at_error": True,
    }
    theirs = host.get_model(info)

    def value(turn: int) -> float:
        return float(theirs.loglike({"omch2": omega_c * (1 + _APART * turn)})[0])

    return Peer("camb", "P(k, z) of CAMB in Cobaya, halofit, and jaxlike's likelihood of it", value)


PEERS: Mapping[str, Callable[[Model], Peer]] = MappingProxyType(
    {"ccl": _ccl, "jax-cosmo": _jax_cosmo, "camb": _camb}
)
"""Name -> what makes the code's value for a posterior; ConfigError where it cannot."""
