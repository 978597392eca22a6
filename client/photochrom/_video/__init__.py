"""Video: colored frame by frame, coherent over time.

Needs the extra ``photochrom[video]``, but for this module and :mod:`~photochrom._video.progress`.
"""

import importlib.util
from typing import Final

from photochrom._errors import VideoError

_NEEDED: Final = {"av": "PyAV", "cv2": "OpenCV"}


def check_installed(source: str) -> None:
    """See to it that the extra is there.

    :param source: what messages call the video.
    :raises VideoError: if it is not.
    """
    missing = [name for module, name in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise VideoError(
            source, f"coloring a video takes {' and '.join(missing)}: pip install 'photochrom[video]'"
        )
