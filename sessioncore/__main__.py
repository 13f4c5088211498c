"""``python -m sessioncore``: the command line."""

import sys

try:
    from .cli import main

    sys.exit(main())
except KeyboardInterrupt:  # while the command line itself is imported
    sys.exit(130)
