"""`python -m jaxlike` is the `jaxlike` command."""

import sys

from jaxlike.cli.main import main

sys.exit(main())
