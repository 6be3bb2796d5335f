"""Which n(z) HDU, or which map of the convergence, the kernels of a two-point table are."""

from collections.abc import Iterable, Mapping

from jaxlike.data.fits2pt.hdus import Hdu, keyword, logical
from jaxlike.errors import DataError

KEYWORDS = ("KERNEL_1", "KERNEL_2")


def kernels_of(
    table: Hdu,
    kinds: tuple[str, str],
    hdus: Iterable[Hdu],
    options: Mapping[str, str],
    tables: Iterable[Hdu],
    *,
    elsewhere: bool = False,
) -> tuple[str, str]:
    """The names of a table's two kernels, as their HDUs spell them.

    `options` maps a keyword's value, or NAME_OF_TABLE.VALUE for one table, to the name that is
    meant. A map of convergence needs no HDU, nor does what may be `elsewhere`. DataError for an
    n(z) that is not there.
    """
    nz = {hdu[0].lower(): hdu[0] for hdu in hdus if logical(hdu, "NZDATA")}
    chosen = {key.lower(): name for key, name in options.items()}
    names = []
    for key, kind in zip(KEYWORDS, kinds, strict=True):
        given = keyword(table, key)
        name = chosen.get(f"{table[0]}.{given}".lower(), chosen.get(given.lower(), given))
        if kind != "convergence" and name.lower() not in nz and not elsewhere:
            raise DataError(
                f"HDU {table[0]!r} keyword {key} names {name!r}, which is not an n(z) HDU;"
                f" option nz_file reads those of another file, and the n(z) HDUs are:"
                f" {', '.join(nz.values()) or 'none'}" + _advice(given, nz, tables)
            )
        names.append(nz.get(name.lower(), name))
    return names[0], names[1]


def _advice(given: str, nz: Mapping[str, str], tables: Iterable[Hdu]) -> str:
    """The option that helps, with the name to give where only one can be meant."""
    if not nz:
        return ""
    claimed = {str(table[2].get(key)).strip().lower() for table in tables for key in KEYWORDS}
    free = [name for low, name in nz.items() if low not in claimed]
    alike = [name for name in free if name.lower().startswith(given.lower())]
    candidates = alike or free
    if len(candidates) == 1:
        return f"; if {candidates[0]!r} is meant give kernels: {{{given}: {candidates[0]}}}"
    return f"; if one of these is meant give kernels: {{{given}: NAME}}"


def check_options(options: Mapping[str, str], tables: Iterable[Hdu]) -> None:
    """Raise DataError for an option of `kernels` that no table in use has a kernel for."""
    known: dict[str, str] = {}
    for table in tables:
        for key in KEYWORDS:
            name = keyword(table, key)
            known |= {name.lower(): name, f"{table[0]}.{name}".lower(): name}
    for key, name in options.items():
        if not isinstance(key, str) or not isinstance(name, str):
            raise DataError(f"option kernels has {key!r}: {name!r}; names of HDUs are needed")
        if key.lower() not in known:
            raise DataError(
                f"option kernels has {key!r}, which has no effect; KERNEL_1 and KERNEL_2 of the"
                f" tables in use are {', '.join(dict.fromkeys(known.values()))}"
            )
