"""`jaxlike mock`: mock data in the layout of a survey."""

import argparse
from pathlib import Path
from typing import Any

from jaxlike.cli.common_options import Parents, add_force
from jaxlike.errors import ConfigError
from jaxlike.outputs import check_output_file, locked

_PAPER = "paper"  # the C_ell of arXiv:2302.05163, which are of no survey


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `mock` to the commands."""
    parser = subparsers.add_parser(
        "mock", parents=[shared.device], help="make mock data in the layout of a survey"
    )
    parser.add_argument(
        "--survey",
        metavar="NAME",
        default="des_y1",
        help="a survey (`jaxlike info` lists them), the path of a folder with a survey.yaml and a "
        f"mock.yaml, or {_PAPER} for the C_ell of arXiv:2302.05163 (des_y1)",
    )
    parser.add_argument(
        "--space",
        choices=("harmonic", "real"),
        help="C_ell, or anything of angles, where a survey's mock.yaml has both (its `points`)",
    )
    parser.add_argument("--output", metavar="FILE", required=True, help="FITS file to write")
    add_force(parser, "an existing file")
    parser.set_defaults(run=mock)


def mock(arguments: argparse.Namespace) -> int:
    """Make a mock survey, say so."""
    from jaxlike.mocks.files import write_survey_mock
    from jaxlike.mocks.paper import write_paper_mock

    force = arguments.force
    folder = Path(arguments.survey)
    own = [*folder.glob("*.yaml")] if folder.is_dir() else []
    output = check_output_file(arguments.output, own, force=force)
    arguments.held.enter_context(locked(output))
    if arguments.survey == _PAPER:
        if arguments.space == "real":
            raise ConfigError(f"option --space is real; the survey {_PAPER} has harmonic alone")
        data = write_paper_mock(arguments.output, overwrite=force)
        print(f"{arguments.output}: a mock of {data.n_data} points, without noise")
    else:
        data, layout = write_survey_mock(
            arguments.survey, arguments.output, space=arguments.space, overwrite=force
        )
        noise = "without noise" if layout.seed is None else f"seed {layout.seed}"
        print(
            f"{arguments.output}: a mock of {layout.analysis.title}, {data.n_data} points, {noise}"
        )
    return 0
