"""Training of the emulated linear power spectrum: the only part of the package that sees CAMB."""
