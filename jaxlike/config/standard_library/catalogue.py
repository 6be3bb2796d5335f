"""The catalogue of modules and options in docs/your_input.md, from the reader's own tables."""

from collections.abc import Iterator
from itertools import groupby

from jaxlike.config.standard_library.module import SILENT, Module, Option
from jaxlike.config.standard_library.registry import GROUPS

BEGIN, END = "<!-- catalogue -->", "<!-- end of the catalogue -->"
"""Between which lines it stands."""


def catalogue() -> str:
    """Markdown: the modules by groups, what each becomes here and its options but for what is
    printed, and those that are refused, with the reason."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for group, modules in GROUPS.items():
        yield f"### {group}"
        yield ""
        for module in (one for one in modules if not one.refused):
            yield from _module(module)
        for module in (one for one in modules if one.refused):
            files = ", ".join(f"`{file}`" for file in module.files)
            yield f"- refused, {module.refused}: {files}"
        yield ""


def _module(module: Module) -> Iterator[str]:
    files = ", ".join(f"`{file}`" for file in module.files)
    yield f"- {files}: {module.does}"
    own = (option for option in module.options if option not in SILENT)
    for text, options in groupby(own, key=_said):
        names = ", ".join(f"`{option.name}`" for option in options)
        yield f"    - {names}: {text}"


def _said(option: Option) -> str:
    if option.fate == "only":
        accepted = ", ".join(f"`{value}`" for value in option.values if value) or "empty"
        return f"{accepted} alone ({option.meaning})"
    return f"no effect ({option.meaning})" if option.fate == "idle" else option.meaning


def with_catalogue(text: str) -> str:
    """A document with the catalogue between its lines."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{catalogue()}\n{END}{tail}"
