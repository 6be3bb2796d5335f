"""What surveys see of matter: n(z), galaxy counts, shapes, alignment, bias, and their kernels."""
