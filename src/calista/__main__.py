"""`python -m calista` is `calista`."""

import sys

from calista.cli import main

sys.exit(main())
