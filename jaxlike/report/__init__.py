"""The page about a run: what was run, whether to trust it, and what came out of it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxlike.report.page import write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> Any:
    """Import on first use: what draws and renders is heavy."""
    if name != "write_report":
        raise AttributeError(f"module 'jaxlike.report' has no attribute '{name}'")
    return import_module("jaxlike.report.page").write_report
