"""How many cores this process may use."""

import math
import os
from pathlib import Path

_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def available() -> int:
    """The cores of the affinity mask, fewer if the container's CPU quota (cgroup v2) is smaller.

    More threads than that make a batch slower, not faster: they wait for each other's turns.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(affinity, _quota(affinity))


def _quota(otherwise: int) -> int:
    try:
        quota, period = _CGROUP_QUOTA.read_text("ascii").split()
        return otherwise if quota == "max" else max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        return otherwise
