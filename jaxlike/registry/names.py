"""Parameter names: canonical ones, and the aliases that are accepted everywhere.

Every quantity has one canonical name (Omega_m, h, b1, dz_source3, ...) and aliases from Cobaya and
CAMB, from CosmoSIS (bare, or as `section--name`) and from Campagne et al. 2023 (arXiv:2302.05163).
They are declared where the theory uses them. Those of a universe all likelihoods share; those of a
sample begin with its likelihood's prefix.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

from jaxlike.registry.hints import spelt_like, unknown_parameter, without_owner
from jaxlike.registry.samples import DES, WORD, Sample, check_distinct
from jaxlike.theory.declarations import Declared
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.universe.cosmology import PARAMETERS as COSMOLOGY


class Named(NamedTuple):
    """A parameter: what was declared, its number, and whose it is (None: the universe's)."""

    declared: Declared
    number: int | None
    sample: Sample | None

    @property
    def canonical(self) -> str:
        """Its canonical name."""
        own = "" if self.sample is None else self.sample.own
        return own + self.declared.numbered(self.number)

    @property
    def there(self) -> bool:
        """Whether the data have its bin or mode."""
        if self.sample is None:
            return True
        if self.number is None:
            return self.sample.n_bin > 0
        return self.number <= self.sample.count(self.declared)

    @property
    def accepted(self) -> tuple[str, ...]:
        """All its names."""
        if self.sample is None:
            return (*self.declared.bare, *self.declared.sections)
        return self.sample.accepted(self.declared, self.number)


class Names:
    """The names of the parameters of a universe and of samples; ParameterError where two samples
    would have a parameter in common."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.samples = tuple(samples)
        check_distinct(self.samples)
        self._single: dict[str, Named] = {}
        self._stems: dict[str, Named] = {}
        for declared in COSMOLOGY:
            self._add(Named(declared, None, None))
        for sample in self._with_absent():
            for declared in sample.parameters:
                self._add(Named(declared, None, sample))

    def _with_absent(self) -> list[Sample]:
        """The samples, and for every prefix one without bins of each kind that it has not got."""
        every = list(self.samples)
        have = {(s.own, s.kind) for s in every}
        for sample in self.samples or _unprefixed()[:1]:
            for kind in TRACERS:
                if (sample.own, kind) not in have:
                    have.add((sample.own, kind))
                    every.append(replace(sample, kind=kind, n_bin=0, n_mode=0))
        return every

    def _add(self, named: Named) -> None:
        table = self._stems if named.declared.per else self._single
        for alias in named.accepted:
            table.setdefault(alias.lower() if "--" in alias else alias, named)

    def find(self, name: str) -> Named | None:
        """The parameter of this name, None where there is none."""
        key = name.lower() if "--" in name else name
        if key in self._single:
            return self._single[key]
        suffixes = {f"_{s.suffix}".lower() for s in self.samples if s.suffix and "--" in key}
        for end in ("", *(end for end in sorted(suffixes) if key.endswith(end))):
            whole = key[: len(key) - len(end)]
            # a stem may end in a digit itself
            for at in range(len(whole.rstrip("0123456789")), len(whole)):
                stem = self._stems.get(whole[:at] + end)
                if stem and whole[at] != "0":
                    return stem._replace(number=int(whole[at:]))
            for run in re.finditer(r"[1-9]\d*", whole):
                stem = self._stems.get(f"{whole[: run.start()]}#{whole[run.end() :]}{end}")
                if stem:
                    return stem._replace(number=int(run[0]))
        return None

    def named(self, name: str) -> Named:
        """The parameter of this name; ParameterError, with a hint, where there is none."""
        found = self.find(name)
        if found is None:
            guess = guessed(name)
            sample = None if guess is None else guess.sample
            raise unknown_parameter(name, self._hints(name), self.samples, sample)
        return found

    def is_known(self, name: str) -> bool:
        """Whether `name` is an accepted parameter name."""
        return self.find(name) is not None

    def canonical(self, name: str) -> str:
        """The canonical name that `name` stands for; ParameterError if unknown.

        Quantities that the theory does not take as they are keep names of their own: H0, Omega_c,
        omch2, ombh2, mnu.
        """
        return self.named(name).canonical

    def _hints(self, name: str) -> list[str]:
        """Accepted names, two at most, that an unknown one may stand for: what lacks a prefix or
        suffix or has one too many, else the one that is spelt most alike."""
        for rest, own in ((name, None), *without_owner(name, self.samples)):
            bare = find(rest) or find(DES + rest)
            if bare is None:
                continue
            if bare.sample is None:
                return [rest]
            kind = bare.sample.kind
            owners = [s for s in self.samples if s.kind == kind and own in (None, s.own)]
            if owners:
                return [spelt_like(rest, s, bare.declared, bare.number) for s in owners[:2]]
        digits = name[len(name.rstrip("0123456789")) :].lstrip("0")
        every = [one for d in COSMOLOGY for one in (*d.bare, *d.sections)]
        for sample in self.samples or _unprefixed():
            for declared in sample.parameters:
                every += sample.accepted(declared, int(digits or 1) if declared.per else None)
        return get_close_matches(name, every, n=1, cutoff=0.75)

    def listed(self) -> str:
        """The accepted names in one line, alternatives joined by | and numbers written 1.."""
        names = ["|".join(declared.bare) for declared in COSMOLOGY]
        for sample in self.samples or _unprefixed():
            for declared in sample.parameters:
                end = "1.." if declared.per else None
                names.append("|".join(declared.spelt(one, end) for one in sample.stems(declared)))
        return ", ".join(dict.fromkeys(names)) + ", or CosmoSIS's section--name"

    def of(self, sample: Sample) -> list[str]:
        """Every accepted name of a parameter of a sample."""
        return [
            name
            for declared in sample.parameters
            for number in sample.numbers(declared)
            for name in sample.accepted(declared, number)
        ]


def _unprefixed() -> tuple[Sample, ...]:
    return tuple(Sample(kind, 0) for kind in TRACERS)


def find(name: str) -> Named | None:
    """The parameter of this name without a prefix, of whatever bins."""
    return Names(()).find(name)


def split_name(name: str) -> tuple[str, int | None] | None:
    """(quantity, None), or (stem, bin number from 1), or None for an unknown name."""
    named = find(name)
    return None if named is None else (named.declared.name, named.number)


def canonical_name(name: str) -> str:
    """The quantity that `name` stands for without a prefix, such as "b1" for "DES_b1";
    ParameterError if unknown."""
    return Names(()).canonical(name)


def accepted_names() -> str:
    """The accepted names in one line."""
    return Names(()).listed()


def is_known(name: str) -> bool:
    """Whether `name` is an accepted parameter name without a prefix."""
    return find(name) is not None


def cosmosis_name(name: str) -> str | None:
    """CosmoSIS's section--name of an accepted parameter name; None for an unknown one."""
    named = find(name)
    if named is None:
        return None
    sections = named.declared.sections
    return sections[0] + ("" if named.number is None else str(named.number)) if sections else None


def guessed(name: str) -> Named | None:
    """The parameter of this name where no likelihood tells the prefixes, None where there is none.

    What stands before "_" and a name that Cobaya's likelihoods have, or that ends in a number, is
    taken for a prefix (NGC_A_IA, NGC_DzS1); so is, for a suffix, what ends a section or a name in
    it (shear_calibration_parameters_ngc--m1).
    """
    plain = find(name)
    if plain is not None:
        return plain
    for rest, prefix, suffix in _divided(name):
        named = find(rest) or find(DES + rest)
        if named is None or named.sample is None or not WORD.fullmatch(prefix + suffix):
            continue
        usual = suffix or named.declared.per or named.canonical == rest
        if usual or find(DES + rest) is not None:
            return named._replace(sample=replace(named.sample, prefix=prefix, suffix=suffix))
    return None


def _divided(name: str) -> Iterator[tuple[str, str, str]]:
    """(Rest, prefix, suffix) for all places where a name could have one of the two."""
    section, dashes, key = name.lower().partition("--")
    if not dashes:
        for i, letter in enumerate(name):
            if letter == "_":
                yield name[i + 1 :], name[: i + 1], ""
        return
    for whole, before, after in ((section, "", f"--{key}"), (key, f"{section}--", "")):
        for i, letter in enumerate(whole):
            if letter == "_":
                yield f"{before}{whole[:i]}{after}", "", whole[i + 1 :]


def default_latex(name: str, names: Names | None = None) -> str:
    """A LaTeX label (without $) for an accepted name, with the prefix in it; the name itself in
    text if unknown.  Prefixes are those of `names`, or, where these have not got it, guessed."""
    named = (names.find(name) if names else None) or guessed(name)
    if named is None:
        return r"\mathrm{" + name.replace("_", r"\_") + "}"
    latex = named.declared.latex
    if named.number is not None:
        latex = latex.replace("#", str(named.number))
    own = "" if named.sample is None else named.sample.own.strip("_").replace("_", r"\_")
    return f"{latex}\\,[\\mathrm{{{own}}}]" if own else latex
