"""What modules hand on to each other in CosmoSIS's block, as far as it is of importance here.

Modules run in the order of the pipeline, each on what those before it have left: a redshift
distribution is what it was read from and what has shifted it, a spectrum is of two samples, with
the terms that have been added to it. What a likelihood finds there is what it is computed from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jaxlike.config.explained import Entry
from jaxlike.config.standard_library.cuts import Cuts

Kind = Literal["counts", "shear", "convergence"]


@dataclass(frozen=True)
class Source:
    """Where a module reads a parameter from: names `section--key` of values, by number of the bin;
    or one for all bins.

    of: canonical stem here, such as m; default: what the module takes where there is none, None
    where it needs it; left_out: whether it may be missing, and is then left out here too; module:
    its section.
    """

    of: str
    section: str
    stem: str
    numbered: bool = True
    default: float | None = None
    left_out: bool = False
    module: str = field(default="", compare=False)

    def key(self, number: int | None) -> str:
        """The name of the parameter of a bin, from 1."""
        end = "" if not self.numbered or number is None else str(number)
        return f"{self.section}--{self.stem}{end}"


@dataclass(frozen=True)
class Nz:
    """Redshift distributions of a sample: a table of a file, and what shifts and stretches it."""

    file: Path
    table: str
    entry: Entry
    curve: str = ""
    shift: Source | None = None
    width: Source | None = None


@dataclass(frozen=True)
class Alignment:
    """Power spectra of intrinsic alignment: the model, and its parameters; values: of options."""

    model: str
    sources: tuple[Source, ...]
    values: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Spectrum:
    """C_ell of two samples, or what is made of it.

    samples: names of the n(z).  alignment: of shapes, once it has been added.  bias: of counts.
    one_loop: what their bias is beyond the linear one.  m: calibration of shear.  magnified: by
    which section, once it has been added.  exact: not in Limber's approximation.  b_modes: whether
    those of alignment are in it.  transform: what has been made of it, with the options that this
    has here.
    """

    kinds: tuple[Kind, Kind]
    samples: tuple[str, str]
    alignment: Alignment | None = None
    bias: Source | None = None
    one_loop: tuple[Source, ...] = ()
    m: Source | None = None
    magnified: Source | None = None
    exact: bool = False
    rsd: bool = False
    b_modes: bool = False
    transform: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    psf: Mapping[str, Any] = field(default_factory=dict)
    point_mass: tuple[str, Source | None] | None = None
    lost: tuple[str, ...] = ()


@dataclass
class TwoPoint:
    """A likelihood of two-point data: its section and name, its file, the tables of it that count,
    each with what the theory of it is; cuts; options."""

    section: str
    like_name: str
    entry: Entry
    file: Path
    theory: dict[str, Spectrum]
    nz: dict[str, Nz]
    statistics: dict[str, str]
    kernels: dict[str, tuple[str, str]]
    cuts: Cuts | None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class OtherLikelihood:
    """A likelihood of other data: its section, its name in CosmoSIS, and how a Cobaya input has
    it."""

    section: str
    like_name: str
    kind: str
    entry: Entry
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Block:
    """What stands in the block when a module runs.

    universe: options of the theory.  values: names of parameters -> what they are of among those of
    the pipeline; numbers: of those that are fixed.  fixed: parameters that
    modules have without a value; dropped: parameters without effect, and why; options: those that
    are options here.  own: names of parameters of likelihoods of other data -> those that they are
    among the values.  left_out: likelihoods that do not count.  cmb: why C_ell of the CMB are not
    those that are computed here, if so.  helium: the table of it, CAMB's own where it is empty.
    nz, alignment, spectra: by their sections; taken,
    projected: sections of spectra, and ends of alignment, of which a module has made something.
    """

    values: dict[str, str]
    numbers: dict[str, float | None]
    universe: dict[str, Any] = field(default_factory=dict)
    fixed: dict[str, float] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    nz: dict[str, Nz] = field(default_factory=dict)
    alignment: dict[str, Alignment] = field(default_factory=dict)
    spectra: dict[str, Spectrum] = field(default_factory=dict)
    point_mass: dict[str, tuple[str, str]] = field(default_factory=dict)
    two_point: list[TwoPoint] = field(default_factory=list)
    others: list[OtherLikelihood] = field(default_factory=list)
    boltzmann: str = ""
    cmb: str = "no module computes them"
    helium: str = ""
    own: dict[str, str] = field(default_factory=dict)
    cosmology: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    projected: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)

    def is_waiting(self, section: str) -> bool:
        """Whether a spectrum, or what is made of one, stands there that no module has taken."""
        return section in self.spectra and section not in self.taken

    def has(self, section: str, key: str) -> bool:
        """Whether there is a parameter of this name."""
        return f"{section}--{key}" in self.values
