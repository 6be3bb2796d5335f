"""Training of the emulated spectra of the CMB: lensed C_ell of temperature and polarisation."""
