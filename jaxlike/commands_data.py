"""The commands of data sets and of the paper's figures."""

import argparse
from pathlib import Path


def data_get(arguments: argparse.Namespace) -> int:
    """Fetch a published data set and print where it is."""
    from jaxlike.data import get_data_set

    print(get_data_set(arguments.name, from_file=arguments.from_file, folder=arguments.folder))
    return 0


def data_sacc(arguments: argparse.Namespace) -> int:
    """Write a data file of any format as SACC."""
    from jaxlike.data import find_data_file, read_two_point, write_sacc

    data = read_two_point(find_data_file(arguments.input))
    write_sacc(data, arguments.output, overwrite=arguments.force)
    size = Path(arguments.output).stat().st_size / 1e6
    tables = ", ".join(f"{m.value.size} {m.statistic}" for m in data.measurements)
    print(f"{arguments.output}: {data.n_data} points ({tables}), {size:.1f} MB")
    return 0
