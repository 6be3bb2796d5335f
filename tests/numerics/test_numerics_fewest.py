"""How many are enough: the first of all that are, the last where none is, and few trials."""

import pytest

from jaxlike.numerics.fewest import fewest

COUNTS = tuple(range(4, 60, 2))


@pytest.mark.parametrize("enough", COUNTS)
def test_the_first_that_is_good_enough(enough):
    tried = []

    def error(n):
        tried.append(n)
        return 1.0 / n

    found, left = fewest(COUNTS, error, 1.0 / enough + 1e-9)
    assert (found, left) == (enough, 1.0 / enough)
    assert len(tried) <= 6


def test_the_last_where_none_is():
    assert fewest(COUNTS, lambda n: 2.0, 1.0) == (COUNTS[-1], 2.0)
