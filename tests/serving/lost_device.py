"""``photochrom-serve`` on a device that is lost while a file is there: ``lost_device.py FILE FLAG...``.

ONNX Runtime on a CPU cannot lose its device, so what runs a batch raises as it does when CUDA has failed.
"""

import sys
from pathlib import Path
from typing import Any

from photochrom_serving import cli, pulse
from photochrom_serving.session.stage import Stage

if __name__ == "__main__":
    lost, run = Path(sys.argv[1]), Stage.run
    pulse._PAUSE_SECONDS, pulse._PATIENCE_SECONDS = 0.1, 3.0  # a test does not wait for a minute

    def run_unless_lost(stage: Stage, *arguments: Any, **options: Any) -> None:
        if lost.exists():
            raise RuntimeError("CUDA failure 700: an illegal memory access was encountered")
        run(stage, *arguments, **options)

    Stage.run = run_unless_lost  # type: ignore[assignment, method-assign]
    sys.exit(cli.main(sys.argv[2:]))
