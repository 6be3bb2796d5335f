"""Expansion, distances and growth of a universe, and the redshifts at which they are evaluated."""
