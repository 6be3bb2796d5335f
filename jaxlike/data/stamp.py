"""The word in a data file that says that its values are blinded, and by which key."""

STAMP = "BLINDKEY"
"""Keyword of the primary HDU of a 2pt FITS file; in small letters, of a SACC file's metadata."""
