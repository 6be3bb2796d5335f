"""What surveys see of matter: n(z), galaxy counts, shapes, alignment, bias, and their kernels."""

from jaxlike.theory.tracers import counts, shapes, tatt
from jaxlike.theory.tracers.terms import TRACERS, Seen, Term, Tracer, register

__all__ = ["TRACERS", "Seen", "Term", "Tracer", "counts", "register", "shapes", "tatt"]
