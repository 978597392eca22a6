"""How far a clip's color is from the truth, and how much it flickers: frame by frame, and coherent."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom._options import Options
from photochrom._server import Server
from photochrom._video.coherence import cohere
from photochrom._video.conversation import predict_in_order
from photochrom._video.resampling import stretch
from photochrom_contract import lab, photograph
from tests.client.video.moving_photographs import HEIGHT, WIDTH, Clip, warped_chroma_error

Chroma = npt.NDArray[np.float32]
"""a* and b* of all frames, ``(n, h, w, 2)``, CIE units."""


class Score(NamedTuple):
    """Of one way to color one clip."""

    flicker: float
    """The mean distance of a thing's color to its own one frame before, along the true motion; CIE a*b*."""
    rmse: float
    """Root of the mean squared distance to the truth, CIE a*b*."""
    psnr: float
    """Of sRGB with the truth's lightness, in dB: the mean of the frames."""


def truth(clip: Clip) -> Score:
    """The score of the truth itself: what the measure of flicker cannot fall below by much."""
    return _score(_chroma(clip), clip)


def compare(server: Server, clip: Clip, size: int) -> tuple[Score, Score]:
    """Color a clip with what a server has: frame by frame, and coherent."""
    planes = [
        (index, photograph.reduce_lightness(photograph.lightness_of(Image.fromarray(grey)), size))
        for index, grey in enumerate(clip.grey)
    ]
    predictions = list(predict_in_order(server, Options(size=size), planes, 16))
    plain = [np.ascontiguousarray(chroma.transpose(1, 2, 0)) for _, _, chroma in predictions]
    coherent = [frame.chroma for frame in cohere(predictions)]
    one, other = (
        _score(np.stack([stretch(frame, WIDTH, HEIGHT) for frame in frames]), clip)
        for frames in (plain, coherent)
    )
    return one, other


def _score(chroma: Chroma, clip: Clip) -> Score:
    true = _chroma(clip)
    lightness = lab.rgb_to_lab(clip.frames.astype(np.float32) / 255)[..., :1]
    rgb = lab.lab_to_rgb(np.concatenate([lightness, chroma], axis=-1)) * 255
    errors = ((rgb - clip.frames) ** 2).mean(axis=(1, 2, 3))
    return Score(
        flicker=warped_chroma_error(chroma, clip),
        rmse=float(np.sqrt(((chroma - true) ** 2).sum(axis=-1).mean())),
        psnr=float((10 * np.log10(255**2 / np.maximum(errors, 1e-9))).mean()),
    )


def _chroma(clip: Clip) -> Chroma:
    true: Chroma = lab.rgb_to_lab(clip.frames.astype(np.float32) / 255)[..., 1:]
    return true
