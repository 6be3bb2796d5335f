"""Errors a user can cause: one sentence each, naming the file, HDU, parameter or option."""


class JaxlikeError(ValueError):
    """Base class of every error that user input can cause.

    Example:
        >>> try:
        ...     jaxlike.load("small.yaml", nz="histgram")
        ... except jaxlike.JaxlikeError as error:
        ...     print(type(error).__name__)
        ConfigError
    """


class DataError(JaxlikeError):
    """A data file, scale cut or data vector is unusable.

    Example:
        >>> jaxlike.read_two_point("small.fits", probes=["xi"])
        Traceback (most recent call last):
        jaxlike.errors.DataError: ...unknown probe 'xi'; the probes are ...
    """


class ParameterError(JaxlikeError):
    """A parameter is unknown, missing, given twice or outside the theory's range.

    Example:
        >>> model.theory_vector({"omegam": 0.3, "B1": 1.4})
        Traceback (most recent call last):
        jaxlike.errors.ParameterError: ...
    """


class ConfigError(JaxlikeError):
    """A configuration file, option or command-line argument is unusable.

    Example:
        >>> jaxlike.TheoryOptions(nonlinear="halofit")
        Traceback (most recent call last):
        jaxlike.errors.ConfigError: option 'nonlinear' is halofit; accepted are takahashi, ...
    """
