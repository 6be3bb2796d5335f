"""A best fit in Cobaya's and GetDist's files: .minimum, .minimum.txt and .covmat."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxlike.inference.geometry.best_fit import BestFit
from jaxlike.inference.results.covmat import covmat_text
from jaxlike.inference.results.text_files import check_unused_texts, existing_texts, write_texts

_SUFFIXES = (".minimum", ".minimum.txt", ".covmat")


def existing_best_fit(prefix: str | os.PathLike[str]) -> list[Path]:
    """The files of a best fit of this prefix that are there."""
    return existing_texts(prefix, _SUFFIXES)


def check_unused_best_fit(prefix: str | os.PathLike[str]) -> None:
    """Raise ConfigError if a best fit of this prefix exists already, or cannot be written."""
    check_unused_texts(prefix, _SUFFIXES)


def write_best_fit(
    fit: BestFit,
    prefix: str | os.PathLike[str],
    *,
    names: Sequence[str],
    latex: Sequence[str],
    chi2s: Mapping[str, float],
    fixed: Mapping[str, float],
    derived: Mapping[str, tuple[float, str]],
    external: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write PREFIX.minimum (GetDist's format), .minimum.txt and .covmat (Cobaya's); their paths.

    chi2s: of each likelihood, by name; derived: name -> (value, LaTeX); external: external priors'
    names -> logarithms.  Each file is replaced as a whole.
    """
    texts = {
        ".minimum": _point(fit, names, latex, chi2s, fixed, derived),
        ".minimum.txt": _row(fit, names, chi2s, derived, external or {}),
        ".covmat": covmat_text(fit.covariance, names),
    }
    return write_texts(prefix, texts)


def _point(
    fit: BestFit,
    names: Sequence[str],
    latex: Sequence[str],
    chi2s: Mapping[str, float],
    fixed: Mapping[str, float],
    derived: Mapping[str, tuple[float, str]],
) -> str:
    sections = [
        list(zip(names, fit.x, latex, strict=True)),
        [(name, value, name) for name, value in fixed.items()],
        [(name, value, tex) for name, (value, tex) in derived.items()]
        + [(f"chi2__{name}", chi2, r"\chi^2") for name, chi2 in chi2s.items()],
    ]
    width = max(len(name) for section in sections for name, *_ in section) + 2
    # GetDist's first line is what was minimised: the posterior, with its priors
    lines = [
        f" -log(Like) = {-fit.log_posterior:.9g}",
        f"  chi-sq    = {-2 * fit.log_posterior:.9g}",
    ]
    number = 0
    for section in sections:
        lines.append("")
        for name, value, tex in section:
            number += 1
            lines.append(f"{number:5d}  {value:<17.9e} {name:<{width}} {tex}")
    return "\n".join(lines) + "\n"


def _row(
    fit: BestFit,
    names: Sequence[str],
    chi2s: Mapping[str, float],
    derived: Mapping[str, tuple[float, str]],
    external: Mapping[str, float],
) -> str:
    priors = {"0": fit.log_prior - sum(external.values()), **external}
    header = ["weight", "minuslogpost", *names, *derived, "minuslogprior"]
    header += [*(f"minuslogprior__{name}" for name in priors), "chi2"]
    header += [f"chi2__{name}" for name in chi2s]
    values = [1.0, -fit.log_posterior, *fit.x, *(value for value, _ in derived.values())]
    values += [-fit.log_prior, *(-value for value in priors.values()), fit.chi2, *chi2s.values()]
    return "# " + " ".join(header) + "\n" + " ".join(f"{v:.10g}" for v in values) + "\n"
