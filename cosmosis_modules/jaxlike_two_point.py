"""CosmoSIS module: likelihood of DES-like two-point data, differentiable theory included.

See module.yaml beside this file for options, inputs and outputs.
"""

from jaxlike.cosmosis import cleanup, execute, setup

__all__ = ["cleanup", "execute", "setup"]
