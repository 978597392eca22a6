"""TensorFlow and tf2onnx, kept quiet: their C++ parts write to the descriptor, whatever is configured."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from photochrom_export.errors import ExportError

_STDERR = 2

_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",  # the reference runs on the CPU, as the proof does
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # the plain kernels: the same sums on every machine
}


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Hold back what is written to standard error; let it out if the block fails with no error of ours.

    TensorFlow must be imported inside such a block the first time: its environment is set here.
    """
    os.environ.update(_ENVIRONMENT)
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        unexpected = False
        try:
            yield
        except BaseException as error:
            unexpected = not isinstance(error, ExportError | KeyboardInterrupt)
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, _STDERR)
            os.close(kept)
            if unexpected:
                held.seek(0)
                sys.stderr.write(held.read().decode(errors="replace"))
