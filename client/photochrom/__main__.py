"""``python -m photochrom``: the command."""

import sys

from photochrom._cli import main

if __name__ == "__main__":
    sys.exit(main())
