"""A posterior of Cobaya's whose only part that computes is the theory component."""

from collections.abc import Mapping
from typing import Any

from cobaya.model import Model, get_model

THEORY = "jaxlike.cobaya.Theory"


def model(params: Mapping[str, Any], **options: Any) -> Model:
    info = {"theory": {THEORY: options}, "likelihood": {"one": None}, "params": dict(params)}
    return get_model({**info, "stop_at_error": True})
