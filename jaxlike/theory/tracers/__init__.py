"""What surveys see of matter: n(z), galaxy counts, shapes, alignment, bias, and their kernels."""

from jaxlike.theory.tracers import convergence, counts, shapes, tatt
from jaxlike.theory.tracers.terms import TRACERS, Seen, Term, Tracer, register

__all__ = [
    "TRACERS",
    "Seen",
    "Term",
    "Tracer",
    "convergence",
    "counts",
    "register",
    "shapes",
    "tatt",
]
