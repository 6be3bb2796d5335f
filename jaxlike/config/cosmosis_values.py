"""The values and priors of a CosmoSIS pipeline as parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jaxlike.config.cosmosis_priors import prior_of_line
from jaxlike.config.cosmosis_unused import is_unused
from jaxlike.config.ini_file import Sections, read_ini
from jaxlike.config.places import find_file
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Prior, Uniform
from jaxlike.registry.names import Names, default_latex

UNMAPPED = "uncorr_"
"""What pipelines call the unit normals of correlated parameters by, in the section of these."""


def _numbers(path: Path, name: str, texts: list[str], accepted: str) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError as error:
        raise ConfigError(
            f"{path}: parameter '{name}' is '{' '.join(texts)}'; accepted are {accepted}"
        ) from error


@dataclass(frozen=True)
class Values:
    """The values file of a pipeline, its parameters with their priors, and what stands in that
    file and in the files of priors."""

    path: Path
    parameters: tuple[Parameter, ...]
    values: Sections
    priors: tuple[Sections, ...] = ()


def read_values(path: Path, pipeline: Mapping[str, str], *, lenient: bool = False) -> Values:
    """The values and priors that section [pipeline] of `path` names; with `lenient` priors of what
    has no value are left out, as CosmoSIS does."""
    if "values" not in pipeline:
        raise ConfigError(f"{path}: section [pipeline] has no 'values', the file of parameters")
    values_path = _beside(path, pipeline["values"], "values")
    values = read_ini(values_path, path)
    found = _parameters_in(values)
    priors: dict[str, tuple[Path, str]] = {}
    files = []
    for name in pipeline.get("priors", "").split():
        priors_path = _beside(path, name, "priors")
        files.append(read_ini(priors_path, path))
        for key, text in _parameters_in(files[-1]).items():
            if key in found or not lenient:
                priors[key] = (priors_path, text)
    return Values(values_path, parameters_of(values_path, found, priors), values, tuple(files))


def _beside(path: Path, name: str, what: str) -> Path:
    """A file named in the pipeline: seen from here, from its folder, or from the folder above."""
    found = Path(find_file(name, path, above=True))
    if not found.is_file():
        raise ConfigError(f"{path}: {what} file '{name}' in section [pipeline] does not exist")
    return found


def _parameters_in(ini: Sections) -> dict[str, str]:
    return {
        f"{section}--{key}": text
        for section, entries in ini.items()
        for key, text in entries.own.items()
    }


def parameters_of(
    path: Path, found: Mapping[str, str], priors: Mapping[str, tuple[Path, str]]
) -> tuple[Parameter, ...]:
    """The parameters of a values file, section--name -> text of numbers, with the priors that lines
    of files of priors give them; ConfigError and ParameterError name the file and the culprit."""
    accepted = "a number, 'min max', or 'min start max'"
    for name, (priors_path, _) in priors.items():
        if name not in found and not is_unused(name, Names(())):
            raise ConfigError(f"{priors_path}: prior for '{name}', which is no parameter in {path}")
    parameters = []
    for name, text in found.items():
        numbers = _numbers(path, name, text.split(), accepted)
        if len(numbers) == 2:
            numbers.insert(1, 0.5 * sum(numbers))
        if len(numbers) not in (1, 3):
            raise ConfigError(f"{path}: parameter '{name}' is '{text}'; accepted are {accepted}")
        if len(numbers) == 1 or numbers[0] == numbers[2]:
            # A prior on a parameter that is held fixed is CosmoSIS's way to free it later.
            parameters.append(
                Parameter(name, value=numbers[len(numbers) // 2], latex=default_latex(name))
            )
            continue
        low, start, high = numbers
        if not low <= start <= high:
            raise ConfigError(
                f"{path}: parameter '{name}' is '{text}', which is not in the order min start max"
            )
        prior: Prior = Uniform(low, high)
        if name in priors:
            prior = _prior(*priors[name], name, low, high)
        if not prior.support[0] <= start <= prior.support[1]:
            raise ConfigError(
                f"{path}: parameter '{name}' starts at {start:g}, outside its prior, "
                f"{prior.support[0]:g} to {prior.support[1]:g}"
            )
        parameters.append(Parameter(name, prior=prior, latex=default_latex(name), ref_loc=start))
    return tuple(parameters)


def _prior(path: Path, text: str, name: str, low: float, high: float) -> Prior:
    """A line of the priors file, cut to the limits of the values file."""
    try:
        return prior_of_line(text, low, high)
    except ParameterError as error:
        raise ConfigError(f"{path}: prior of '{name}' is '{text}': {error}") from error
