"""``python -m photochrom_export``."""

import sys

from photochrom_export.cli import main

sys.exit(main())
