"""Anyone's likelihood in an input: by a dotted path, or by the name of an entry point."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxlike.config.others.imported import EXAMPLE, built, found_at
from jaxlike.config.others.other_config import Kinds, OtherConfig
from jaxlike.config.records import expand
from jaxlike.errors import ConfigError, JaxlikeError, ParameterError
from jaxlike.likelihoods.function import words_of
from jaxlike.likelihoods.protocol import LogLikelihood
from jaxlike.registry.names import find

EXTERNAL = "jaxlike.cobaya.external"


@dataclass(frozen=True)
class ExternalConfig(OtherConfig):
    """A function or an object that somebody wrote.

    found: what the dotted path names.
    """

    found: Any = None

    accepted = ("function", "data", "python_path", "input_params")
    places = ("data", "python_path")

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "ExternalConfig":
        """function: a dotted path, the name of an entry point, or itself; data: a file or a mapping
        of numbers; python_path: folder where the module is; input_params: names of its own
        parameters, as Cobaya writes them."""
        options = dict(given)
        if kind != EXTERNAL:
            if "function" in options:
                raise ConfigError(f"option 'function' has no effect on {kind}, which is one itself")
            options["function"] = kind
        if options.get("function") is None:
            raise ConfigError(
                f"likelihood '{name}' has no option 'function'; accepted is a dotted path such as "
                f"{EXAMPLE}"
            )
        try:
            found = found_at(options["function"], options.get("python_path"))
            words_of(found, "needs")
            for parameter in words_of(found, "parameters") or ():
                check_own(parameter)
        except (ConfigError, ParameterError) as error:
            raise ConfigError(f"likelihood '{name}': {error}") from error
        return cls(name, kind, options, found=found)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Those that it says it has, else those of its block; not those of a universe."""
        declared: Any = words_of(self.found, "parameters")
        if declared is None:
            declared = self.options.get("input_params")
        if declared is None:
            declared = [name for name, info in self.params.items() if _is_taken(name, info)]
        return tuple(name for name in declared if find(name) is None)

    @property
    def needs(self) -> tuple[str, ...]:
        """r_drag, by the name that it has among derived parameters, where it says that."""
        return ("rdrag",) if "r_drag" in (words_of(self.found, "needs") or ()) else ()

    @property
    def as_cobaya(self) -> dict[str, Any]:
        """Its block in a Cobaya input, with files from the root on."""
        written: dict[str, Any] = {**self.options, "input_params": list(self.parameters)}
        function = written["function"]
        if not isinstance(function, str):
            written["function"] = f"{function.__module__}.{function.__qualname__}"
        for option in ("data", "python_path"):
            if isinstance(written.get(option), str):
                written[option] = str(Path(written[option]).resolve())
        return {"class": EXTERNAL, **written}

    @property
    def source(self) -> str:
        """Where it and its data are from, in words."""
        data = self.options.get("data")
        return f"{self.options['function']}" + (f" of {data}" if isinstance(data, str) else "")

    def build(self) -> LogLikelihood:
        """The likelihood itself; JaxlikeError says what it lacks."""
        try:
            return built(self.found, self.options.get("data"), self.parameters)
        except JaxlikeError as error:
            raise type(error)(f"likelihood '{self.name}': {error}") from error


def check_own(parameter: str) -> None:
    """ConfigError on a parameter that would be taken for one of a survey."""
    named = find(parameter)
    if named is not None and named.sample is not None:
        raise ConfigError(
            f"its parameter '{parameter}' has the name of one of surveys: give it another name"
        )


def _is_taken(name: str, info: object) -> bool:
    """Whether an entry of params is the value of a parameter, and not only for functions or an
    output."""
    terms = expand(name, info)
    return not terms.get("drop") and not {"prior", "value"}.isdisjoint(terms)


KINDS: Kinds = {EXTERNAL: ExternalConfig}
