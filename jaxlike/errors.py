"""Errors a user can cause: one sentence each, naming the file, HDU, parameter or option."""


class JaxlikeError(ValueError):
    """Base class of every error that user input can cause."""


class DataError(JaxlikeError):
    """A data file, scale cut or data vector is unusable."""


class ParameterError(JaxlikeError):
    """A parameter is unknown, missing, given twice or outside the theory's range."""


class ConfigError(JaxlikeError):
    """A configuration file, option or command-line argument is unusable."""
