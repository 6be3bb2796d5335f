"""How many of something are enough."""

from collections.abc import Callable, Sequence


def fewest(
    counts: Sequence[int], error_of: Callable[[int], float], tolerance: float
) -> tuple[int, float]:
    """The first of ascending `counts` whose error is below `tolerance`, and the error; the last one
    where none is. Found by halves, so that of errors that do not fall throughout it may be another
    that is good enough.

    >>> fewest(range(2, 9), lambda n: 1 / n, 0.21)
    (5, 0.2)
    """
    low, high, error = 0, len(counts) - 1, None
    while low < high:
        middle = (low + high) // 2
        tried = error_of(counts[middle])
        if tried < tolerance:
            high, error = middle, tried
        else:
            low = middle + 1
    return counts[high], error_of(counts[high]) if error is None else error
