"""Quadrature, interpolation and special functions: no cosmology.

Everything here that builds a matrix runs in NumPy, once, when a grid is chosen; the matrices
are then constants of the jitted theory.
"""
