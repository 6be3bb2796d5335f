"""What a sample sees of the matter: a sum of terms, each a field times a radial kernel.

A kernel has two parts: what sits where the galaxies are (`local`, their n(z) on the lattice times
an amplitude that is smooth in redshift), and what the matter in front of them adds (`smooth`, at
the redshift nodes). Counts of galaxies have a local part, b n(z), and with magnification a smooth
one; shapes have intrinsic alignment and lensing; the convergence of the microwave background is
smooth alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.declarations import Declared
from jaxlike.theory.power.fields import MATTER
from jaxlike.theory.power.one_loop_kernels import Family
from jaxlike.theory.tracers.redshift import ShiftedDistributions
from jaxlike.theory.universe.line_of_sight import Sight

Parameters = Mapping[str, ArrayLike]
"""Canonical parameters of one sample, without its prefix."""


Angular = Literal["density", "velocity", "convergence", "shear"]
"""What a kernel is projected with beyond Limber's approximation: the density by j_ell(x), x = k r,
velocities by -j_ell''(x), convergence by ell (ell + 1) j_ell(x) / x^2, shear by
sqrt((ell + 2)! / (ell - 2)!) j_ell(x) / x^2."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Term:
    """A field times a radial kernel, for every bin of a sample.

    local: (n_bin, n) or, where it depends on the multipole, (n_bin, n_ell, n), on the first points
    of the lattice; amplitude of it: (n_bin or 1, n_q or 1) at the nodes; smooth: (n_bin, n_q);
    smooth_factor: (n_ell,) of it in Limber's approximation; field: whose power spectrum it meets;
    angular: how `local` is projected, velocities beyond Limber's approximation alone; `smooth` is
    shear where that is, and convergence where it is not.
    """

    local: Array | None = None
    amplitude: Array | None = None
    smooth: Array | None = None
    smooth_factor: Array | None = None
    angular: Angular = field(default="density", metadata={"static": True})
    field: str = field(default=MATTER, metadata={"static": True})

    @property
    def limber_smooth(self) -> Array | None:
        """`smooth` with its factor: (n_bin, n_q) or (n_bin, n_ell, n_q)."""
        if self.smooth is None or self.smooth_factor is None:
            return self.smooth
        return self.smooth[:, None] * self.smooth_factor[:, None]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Seen:
    """A sample in one universe: its terms, the response (n_bin,) of all of them to the signal
    (1 + m of shapes), and the factor (n_ell,) that the sky's curvature puts on its C_ell; across:
    its terms in pairs with another kind of tracer, where these differ; own_mix (n_bin,): a factor
    on what local and smooth parts make with each other in a bin with itself (nla_m_twice)."""

    terms: tuple[Term, ...]
    response: Array | None = None
    ell_factor: Array | None = None
    across: tuple[Term, ...] | None = None
    own_mix: Array | None = None


class Tracer(Protocol):
    """A sample of galaxies, or the microwave background, as a pytree: arrays and static options.

    kind: its name among TRACERS; word: what people call its bins; parameters: what it takes; n_bin:
    number of its bins.
    """

    kind: ClassVar[str]
    word: ClassVar[str]
    parameters: ClassVar[tuple[Declared, ...]]

    @classmethod
    def of(cls, distributions: Any, options: Mapping[str, Any]) -> "Tracer":
        """The tracer of n(z) (None where its kind has none) and of a likelihood's options."""
        ...

    @property
    def n_bin(self) -> int: ...
    @property
    def n_z(self) -> int:
        """Points of the lattice that its n(z) are given on; 0 where it has none."""
        ...

    def seen(self, sight: Sight, parameters: Parameters) -> Seen:
        """Its terms in the universe of `sight`, for parameters of its own."""
        ...

    def plain(self) -> "Tracer":
        """The same without what is smooth or small beside the rest: what nodes are chosen for."""
        ...


@dataclass(frozen=True)
class Galaxies:
    """What tracers that are galaxies have in common: bins with an n(z) each."""

    distributions: ShiftedDistributions

    @property
    def n_bin(self) -> int:
        """Number of bins."""
        return self.distributions.n_bin

    @property
    def n_z(self) -> int:
        """Points of the lattice that n(z) are given on."""
        return int(np.size(self.distributions.z))


def loops_of(tracers: Iterable[Tracer]) -> tuple[Family, ...]:
    """Families of the fields beyond the matter that tracers have, each once.

    A tracer with such fields says so by a property `loops`.
    """
    return tuple(sorted({family for one in tracers for family in getattr(one, "loops", ())}))


T = TypeVar("T", bound=type)

TRACERS: dict[str, type[Tracer]] = {}
"""Kind -> class of tracer; what is put here can be asked for by data and by statistics."""


def register(tracer: T) -> T:
    """Make a class of tracer known by its `kind`."""
    TRACERS[tracer.kind] = tracer  # type: ignore[attr-defined]
    return tracer


def lensing_weight(sight: Sight, dndz: Array) -> Array:
    """(3/2) Omega_m H0^2 (1 + z) int_z^oo n(z') f_k(chi' - chi) / f_k(chi') dz', (n_bin, n_q).

    f_k(chi' - chi) / f_k(chi') = c_k(chi) - f_k(chi) c_k(chi') / f_k(chi') in any curvature, so
    the efficiency is two integrals of n(z).
    """
    los, n = sight.los, dndz.shape[1]
    both = (
        jnp.concatenate([dndz, dndz * sight.cot_fine[:n]]) @ jnp.asarray(sight.lattice.beyond)[:n]
    )
    galaxies, closeness = jnp.split(both, 2)
    return lensing_prefactor(sight) * (los.c_k * galaxies - los.f_k * closeness)


def lensing_prefactor(sight: Sight) -> Array:
    """(3/2) Omega_m H0^2 (1 + z) at the nodes (n_q,): from the density to the convergence."""
    return 1.5 * sight.los.Omega_m / HUBBLE_DISTANCE**2 * jnp.asarray(sight.nodes.one_plus_z)


def spin_factor(ell: ArrayLike) -> Array:
    """sqrt((ell+2)!/(ell-2)!) / (ell+1/2)^2 of a shear field; zero below ell = 2.

    Kilbinger et al. 2017 (arXiv:1702.05301), eq. 20.
    """
    ell = jnp.asarray(ell)
    product = (ell + 2) * (ell + 1) * ell * (ell - 1)
    seen = product > 0
    return jnp.where(seen, jnp.sqrt(jnp.where(seen, product, 1.0)), 0.0) / (ell + 0.5) ** 2


def convergence_factor(ell: ArrayLike) -> Array:
    """ell (ell + 1) / (ell + 1/2)^2 of a convergence, from the Laplacian on the sphere."""
    ell = jnp.asarray(ell)
    return ell * (ell + 1) / (ell + 0.5) ** 2


def per_bin(parameters: Parameters, stem: str, n: int) -> Array:
    """Parameters stem1, stem2, ... of n bins, (n,)."""
    values = [jnp.asarray(parameters[f"{stem}{i + 1}"], float) for i in range(n)]
    return jnp.stack(values) if values else jnp.zeros(0)


def redshift_errors(which: str, section: str, *aliases: str) -> tuple[Declared, ...]:
    """The parameters that `dndz_of` takes of bins of `which`: shifts, stretches and modes.

    section: where CosmoSIS has the first two; aliases: other names of the shift.
    """
    letter = which[0]
    return (
        Declared(
            f"dz_{which}",
            (*aliases, f"DES_Dz{letter.upper()}"),
            # the second one is that of KiDS's pipelines
            (f"{section}--bias_", *(["nofz_shifts--bias_"] * (which == "source"))),
            rf"\Delta z_\mathrm{{{letter}}}^{{#}}",
            per="bin",
            default=0.0,
        ),
        Declared(
            f"sz_{which}",
            (f"DES_sz{letter.upper()}",),
            (f"{section}--width_",),
            rf"\sigma_{{z,\mathrm{{{letter}}}}}^{{#}}",
            per="bin",
            beside=1.0,
        ),
        Declared(
            f"u_{which}",
            (),
            (f"{which}_photoz_u--u_",),
            rf"u_\mathrm{{{letter}}}^{{#}}",
            per="mode",
            beside=0.0,
        ),
    )


def dndz_of(distributions: ShiftedDistributions, parameters: Parameters, which: str) -> Array:
    """n(z) (n_bin, n) shifted by dz_`which`, stretched by sz_`which`, with modes u_`which`."""

    def if_given(stem: str, n: int) -> Array | None:
        return per_bin(parameters, stem, n) if f"{stem}1" in parameters else None

    return distributions.dndz(
        per_bin(parameters, f"dz_{which}", distributions.n_bin),
        if_given(f"sz_{which}", distributions.n_bin),
        if_given(f"u_{which}", distributions.n_mode),
    )
