"""Cobaya's own likelihoods at one point, beside those that stand for them here."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cobaya.component import ComponentNotInstalledError, get_component_class
from cobaya.log import LoggedError
from cobaya.model import get_model

from jaxlike.config.boltzmann import boltzmann_code
from jaxlike.config.lensing_names import BY_COMPONENT
from jaxlike.config.others import KINDS
from jaxlike.config.records import expand, parameter_from
from jaxlike.data.packages import packages_path
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.protocol import SPECTRA_OF_CMB
from jaxlike.posterior.model import Model
from jaxlike.registry.options import THEORY_OPTIONS

OF_BOLTZMANN = 0.1
"""Largest difference in chi^2 where distances and power are those of a Boltzmann code there."""

OF_SPECTRA = 0.5
"""The same of spectra of the CMB, which here are those of a table."""

OF_SAME = 0.01
"""The same where they are jaxlike's in both."""

_THEORY = "jaxlike.cobaya.Theory"
_PREFIX = "jaxlike."
_OWN = frozenset(kind for kind in (*KINDS, *BY_COMPONENT) if not kind.startswith(_PREFIX))


@dataclass(frozen=True)
class Compared:
    """chi^2 of a likelihood of n numbers here and in Cobaya, and what they may differ by near its
    best fit."""

    name: str
    n: int
    here: float
    there: float
    tolerance: float

    @property
    def apart(self) -> float:
        """By how much they differ."""
        return self.here - self.there

    @property
    def allowed(self) -> float:
        """What they may differ by where they are: residuals of s errors make s times as much of the
        same difference in what is predicted."""
        return self.tolerance * max(1.0, np.sqrt(abs(self.there) / max(self.n, 1)))

    @property
    def agrees(self) -> bool:
        """Whether they differ by no more."""
        return bool(abs(self.apart) <= self.allowed)

    @property
    def text(self) -> str:
        """Both numbers in words."""
        return f"{self.name} {self.here:.3f} ({self.there:.3f})"


class NotThere(Exception):
    """Cobaya cannot say, for a reason that is no fault of the input."""


class _NoTheory(NotThere):
    """The theory of an input is not installed."""


@dataclass(frozen=True)
class Comparison:
    """What Cobaya says of an input: with which theory, of which likelihoods, and of which not for
    want of its data."""

    theory: str
    rows: tuple[Compared, ...]
    missing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """A line with the numbers of all."""
        line = ", ".join(row.text for row in self.rows)
        if line:
            line = f"checked against Cobaya with {self.theory}, chi^2 here (there): {line}"
        if self.missing:
            line += f"{'; ' if line else ''}not checked, for Cobaya has not got their data: "
            line += ", ".join(self.missing)
        return line

    def check(self) -> None:
        """ConfigError, naming the likelihood with both numbers, where two differ."""
        for row in self.rows:
            if not row.agrees:
                raise ConfigError(
                    f"likelihood '{row.name}' has chi^2 = {row.here:.3f} here at the reference "
                    f"point, but {row.there:.3f} in Cobaya with {self.theory}, more than "
                    f"{row.allowed:.2g} apart: leave it to cobaya-run, or skip the comparison"
                )


def compared(info: Mapping[str, Any], model: Model, *, every: bool = False) -> Comparison:
    """Each of Cobaya's own likelihoods in an input at the model's reference, with the input's own
    theory where that is installed, else with jaxlike's, once.

    every: two-point likelihoods of jaxlike too, with the power of the Boltzmann code of the input.
    NotThere where there is no value there or here.
    """
    found, block = boltzmann_code(info), _block(info)
    own = [name for name, options in block.items() if _class_of(name, options) in _OWN]
    chosen = [name for name in (block if every else own) if name in model.parts]
    packages = packages_path(info.get("packages_path"))
    there = [name for name in chosen if _has_data(name, block[name], packages)]
    missing = tuple(name for name in chosen if name not in there)
    here = {name: float(value) for name, value in model.chi2s(model.reference).items()}
    if not all(np.isfinite(here[name]) for name in there):
        raise NotThere("the posterior has no value at the reference point")
    values: dict[str, float] = {}
    theory = _THEORY
    if found is not None and there:
        try:
            values = _values(info, there, model, found[0])
            theory = found[1].name
        except _NoTheory:  # what is there of jaxlike's power is what it is here
            there = [name for name in there if name in own]
    if there and not values:
        values = _values(info, there, model, None)
    return Comparison(theory, _rows(there, model, here, values, theory), missing)


def _rows(
    names: Iterable[str],
    model: Model,
    here: Mapping[str, float],
    there: Mapping[str, float],
    theory: str,
) -> tuple[Compared, ...]:
    found = []
    for name in names:
        part = model.parts[name]
        tolerance = OF_SAME if theory == _THEORY else OF_BOLTZMANN
        if theory != _THEORY and SPECTRA_OF_CMB in getattr(part, "needs", ()):
            tolerance = OF_SPECTRA
        found.append(Compared(name, part.n_points, here[name], there[name], tolerance))
    return tuple(found)


def compared_with(built: Any, model: Model) -> Comparison | None:
    """Each likelihood of a model that Cobaya has built anyway, at the reference of ours; None where
    both are jaxlike's own. NotThere where there is no value."""
    found = boltzmann_code(built.info())
    theory = _THEORY if found is None else found[1].name
    block = _block(built.info())
    names = [
        name
        for name in built.likelihood
        if found is not None or not _class_of(name, block[name]).startswith(_PREFIX)
    ]
    if not names:
        return None
    x = dict(zip(model.parameters, np.asarray(model.reference).tolist(), strict=True))
    values = -2 * np.asarray(built.loglikes(x, return_derived=False))
    there = dict(zip(built.likelihood, values.tolist(), strict=True))
    here = {name: float(value) for name, value in model.chi2s(model.reference).items()}
    if not np.isfinite([(here[name], there[name]) for name in names]).all():
        raise NotThere("there is no value at the reference point")
    return Comparison(theory, _rows(names, model, here, there, theory))


def _has_data(name: str, options: Any, packages: Path | None) -> bool:
    """Whether Cobaya has installed the data of a likelihood."""
    if (options or {}).get("path"):
        return True
    with _quiet():
        try:
            found = get_component_class(_class_of(name, options), kind="likelihood")
            check = getattr(found, "is_installed", None)
            return check is None or bool(check(path=str(packages or ""), show_error=False))
        except Exception:  # of whatever version or form Cobaya does not take
            return False


def _block(info: Mapping[str, Any]) -> dict[str, Any]:
    block = info.get("likelihood") or {}
    return {block: None} if isinstance(block, str) else {str(k): v for k, v in block.items()}


def _class_of(name: str, options: Any) -> str:
    return str((options or {}).get("class") or name)


def _values(
    info: Mapping[str, Any], names: Collection[str], model: Model, theory: str | None
) -> dict[str, float]:
    """chi^2 of likelihoods of an input in Cobaya; theory: the input's own, None for jaxlike's."""
    params = {
        name: entry for name, entry in dict(info.get("params") or {}).items() if _is_input(entry)
    }
    likelihoods = {}
    for name in names:
        options = dict(_block(info)[name] or {})
        if _class_of(name, options).startswith(_PREFIX):
            options |= {"power": "host"}
        likelihoods[name] = options or None
    asked: dict[str, Any] = {"likelihood": likelihoods, "params": params, "debug": logging.ERROR}
    if info.get("packages_path"):
        asked["packages_path"] = info["packages_path"]
    if theory is not None:
        asked["theory"] = info["theory"]
    else:
        options = vars(model.config.theory)
        asked["theory"] = {_THEORY: {key: options[key] for key in THEORY_OPTIONS}}
        asked["params"] = _of_model(model)
    values = dict(zip(model.parameters, np.asarray(model.reference).tolist(), strict=True))
    with _quiet():
        try:
            built = get_model(asked)
            sampled = built.parameterization.sampled_params()
            at = {n: values[n] if n in values else _reference(n, params) for n in sampled}
            found = built.loglikes(at, return_derived=False)
            order = list(built.likelihood)
            built.close()
        except ComponentNotInstalledError as error:
            raise _NoTheory(f"{theory} is not installed") from error
        except LoggedError as error:
            raise NotThere(f"Cobaya cannot evaluate it ({' '.join(str(error).split())})") from error
    return {name: -2 * float(one) for name, one in zip(order, found, strict=True)}


def _of_model(model: Model) -> dict[str, Any]:
    """All parameters at the reference, by the names that they have here."""
    found = model.params_dict(model.reference)
    return {name: float(value) for name, value in found.items()}  # type: ignore[arg-type]


def _is_input(entry: Any) -> bool:
    terms = expand("", entry)
    return terms.get("prior") is not None or terms.get("value") is not None


def _reference(name: str, params: Mapping[str, Any]) -> float:
    """Where a parameter starts that has no effect here."""
    found = parameter_from(name, params[name])
    return float(found.ref_loc) if found is not None and found.ref_loc is not None else 0.0


@contextmanager
def _quiet() -> Iterator[None]:
    """Cobaya's messages are about a run that this is not."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
