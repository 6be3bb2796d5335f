"""What a CosmoSIS pipeline saves besides its parameters, `extra_output`, and what the module writes
besides its likelihood, `outputs`."""

from dataclasses import replace

from jaxlike.config.container import Config
from jaxlike.config.cosmosis_unused import COSMOLOGY_SECTION
from jaxlike.posterior.parameters import Output
from jaxlike.registry.names import default_latex, find
from jaxlike.registry.option_values import bad_value
from jaxlike.theory.power.derived import DERIVED, NEED_RADIATION

OUTPUTS = ("distances", "growth", "matter_power", "cl", "xi")
"""What the module's option `outputs` may list."""


def words_of(given: object) -> tuple[str, ...]:
    """The words of the option `outputs`; ConfigError on one that is not known."""
    words = tuple(given.split()) if isinstance(given, str) else given
    if not isinstance(words, tuple) or not set(words) <= set(OUTPUTS):
        raise bad_value("outputs", given, f"words of {', '.join(OUTPUTS)}")
    return words


def derived_in(extra_output: str, *, radiation: bool) -> dict[str, str]:
    """Names of the cosmology's section, in lower case, among what `extra_output` lists -> the
    quantities of DERIVED that they are; without those that nothing here computes."""
    of = {named.canonical: name for name in DERIVED if (named := find(name)) is not None}
    found = {}
    for word in extra_output.lower().split():
        section, _, name = word.partition("/")
        named = find(f"{section}--{name}") if section == COSMOLOGY_SECTION else None
        quantity = of.get(named.canonical) if named else None
        if quantity and (radiation or quantity not in NEED_RADIATION):
            found[name] = quantity
    return found


def with_outputs(config: Config, extra_output: str) -> Config:
    """A pipeline's Config with the derived parameters that it saves, which are not among its own
    parameters."""
    known = config.names  # which are made anew whenever they are asked for
    own = {named.canonical for p in config.parameters if (named := known.find(p.name))}
    listed = derived_in(extra_output, radiation=config.theory.radiation).values()
    names = [name for name in dict.fromkeys(listed) if known.canonical(name) not in own]
    return replace(
        config,
        outputs=tuple(Output(name) for name in names),
        output_latex={name: default_latex(name) for name in names},
    )
