"""Lensed spectra of the CMB, from a table trained on CAMB (docs/emulator.md)."""
