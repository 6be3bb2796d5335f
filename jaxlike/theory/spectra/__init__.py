"""Angular power spectra of pairs of tracers."""
