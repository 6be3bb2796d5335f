"""Units of what files hold, in those of the theory."""

from math import pi

ARCMIN = pi / 180 / 60
"""An arcminute in radians."""
