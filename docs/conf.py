"""Settings of Sphinx, which makes a site of docs/: `make site`, warnings being errors."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests")]
# the kernels of the tutorials have these from here: what they compile they run a few times only
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import quick_xla  # noqa: E402

os.environ["XLA_FLAGS"] = f"{quick_xla.XLA_FLAGS} {os.environ.get('XLA_FLAGS', '')}"

import reference_pages  # noqa: E402

import jaxlike  # noqa: E402

project = "jaxlike"
author = "The jaxlike developers"
copyright = "2026, the jaxlike developers"
release = version = jaxlike.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml"]
exclude_patterns = ["_build", "images/*.txt"]
default_role = "code"  # `name` in docstrings
highlight_language = "none"  # what has no language is a command or a formula

myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 4  # links to headings, as GitHub has them

# tutorials are executed, and again only where their code has changed
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_execution_in_temp = True  # what they write stays out of docs/
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"jaxlike {release}"
html_show_sphinx = False
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["wide.css"]


def setup(app):
    """Put what is generated where a page asks for it."""
    app.connect("source-read", reference_pages.fill)
