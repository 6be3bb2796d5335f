"""The DES 2pt FITS format."""
