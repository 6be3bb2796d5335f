"""Where the files and folders that an input names are: seen from here, or from the input."""

from pathlib import Path

from jaxlike.surveys import ABOUT, known_surveys


def find_file(name: str, beside: Path, *, above: bool = False) -> str:
    """`name` where it is a file as seen from here, else from the folder of `beside`, else as given.

    With `above` also from the folder that holds that folder.
    """
    folders = [Path(), beside.parent, *([beside.parent.resolve().parent] if above else [])]
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    return name


def find_place(given: object, beside: Path) -> object:
    """A file or a folder as `find_file` finds files; what is no text, and no place, as given."""
    if isinstance(given, str):
        for folder in (Path(), beside.parent):
            if (folder / given).exists():
                return str(folder / given)
    return given


def find_survey(name: str, beside: Path) -> str:
    """The name of a survey, or its folder from the root on, found as `find_file` finds files."""
    if name in known_surveys():
        return name
    about = Path(find_file(str(Path(name) / ABOUT), beside))
    return str(about.resolve().parent) if about.is_file() else name
