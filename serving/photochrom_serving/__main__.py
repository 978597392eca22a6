"""``python -m photochrom_serving``: the same as the command ``photochrom-serve``."""

import sys

from photochrom_serving.cli import main

if __name__ == "__main__":
    sys.exit(main())
