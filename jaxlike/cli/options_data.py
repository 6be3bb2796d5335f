"""Options of the commands of data sets and of the paper's figures."""

import argparse
from typing import Any


def add_commands(subparsers: Any, device: argparse.ArgumentParser) -> None:
    """Add the commands; `device` is a parent with the options that others have too."""
    data = subparsers.add_parser("data", help="published data sets; conversion of formats")
    data_subparsers = data.add_subparsers(metavar="COMMAND", required=True)
    get = data_subparsers.add_parser("get", parents=[device], help="fetch a data set")
    get.add_argument("name", metavar="NAME", help="data set, such as des_y1")
    get.add_argument("--from", dest="from_file", metavar="FILE", help="take it from FILE instead")
    get.add_argument("--folder", metavar="DIR", help="folder to keep it in")
    get.set_defaults(run=data.data_get)

    sacc = data_subparsers.add_parser(
        "sacc", parents=[device], help="write a data file as SACC (needs jaxlike[sacc])"
    )
    sacc.add_argument("input", metavar="IN", help="2pt FITS file, data set or shipped mock")
    sacc.add_argument("output", metavar="OUT", help="SACC file to write")
    sacc.add_argument("--force", action="store_true", help="replace an existing file")
    sacc.set_defaults(run=data.data_sacc)

    figures = subparsers.add_parser(
        "figures",
        parents=[device],
        help="draw figures 1 to 7 of arXiv:2302.05163 (1, 2, 3 and 5 need jaxlike[ccl])",
    )
    figures.add_argument(
        "--output", metavar="DIR", default="figures", help="folder of images and numbers (figures)"
    )
    figures.add_argument("--only", metavar="N,...", help="numbers of the figures, such as 1,3")
    figures.add_argument(
        "--data-file", metavar="FILE", help="n(z) of figure 7 (DES-Y1 if fetched, else the mock)"
    )
    figures.set_defaults(run=data.figures)
