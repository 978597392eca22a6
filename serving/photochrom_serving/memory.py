"""How much memory this process has."""

import os
from pathlib import Path

_STATM = Path("/proc/self/statm")  # Linux; proc(5)


def resident_bytes() -> int:
    """The process's resident memory; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
