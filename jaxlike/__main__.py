"""`python -m jaxlike` is the `jaxlike` command."""

import sys

from jaxlike.cli import main

sys.exit(main())
