"""An input of other programs as a Cobaya input of jaxlike's own, with comments on what it was."""

from collections.abc import Iterator
from typing import Any

import yaml

from jaxlike.config.container import Config
from jaxlike.config.explained import Explanation
from jaxlike.config.written import as_cobaya
from jaxlike.registry.options import LIKELIHOOD_OPTIONS, TheoryOptions


class _Dumper(yaml.SafeDumper):
    """YAML without aliases, numbers of a list and limits of cuts in a row."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def translated_yaml(config: Config, explanation: Explanation | None) -> str:
    """A Cobaya input that reads as the same posterior; above it, as comments, what became of each
    entry of the input that it was made of."""
    info = as_cobaya(config)
    info["likelihood"] = {name: _said(block) for name, block in info["likelihood"].items()}
    info = {key: block for key, block in info.items() if block}
    if config.output:
        info["output"] = config.output
    lines = [f"# Made by jaxlike explain of {config.path}", *_comments(explanation)]
    body = yaml.dump(
        info,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=120,
    )
    return "\n".join([*lines, "", body])


def _comments(explanation: Explanation | None) -> Iterator[str]:
    for line in () if explanation is None else explanation.lines():
        yield f"# {line}".rstrip()


def _said(block: dict[str, Any]) -> dict[str, Any]:
    """A likelihood's options without those that say nothing: null where that is the default."""
    defaults = {name: getattr(TheoryOptions, name, None) for name in LIKELIHOOD_OPTIONS}
    return {
        key: value
        for key, value in block.items()
        if value is not None or defaults.get(key) is not None
    }
