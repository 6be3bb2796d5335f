"""The command line of `jaxlike`."""
