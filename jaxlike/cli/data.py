"""The commands of data sets and of the paper's figures."""

import argparse
from pathlib import Path

from jaxlike.errors import ConfigError


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


def figures(arguments: argparse.Namespace) -> int:
    """Draw figures of the paper into a folder, with a table of their numbers, which is printed."""
    from jaxlike.figures import NUMBERS, paper_figures, table_of
    from jaxlike.files import atomic_writer

    wanted = (arguments.only or ",".join(map(str, NUMBERS))).split(",")
    for item in wanted:
        if item.strip() not in map(str, NUMBERS):
            accepted = ", ".join(map(str, NUMBERS))
            raise ConfigError(f"option --only has {item.strip()!r}; accepted are {accepted}")
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for figure in paper_figures(sorted({int(n) for n in wanted}), data_file=arguments.data_file):
        print(f"{figure.save(folder)}: {figure.title}", flush=True)
        for name, value in figure.numbers.items():
            print(f"  {value:11.4g}  {name}", flush=True)
        drawn.append(figure)
    with atomic_writer(folder / "figures.txt") as file:
        file.write(table_of(drawn).encode())
    return 0
