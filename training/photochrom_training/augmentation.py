"""What happens to a photograph on its way into a batch: a random view of it, and simulated age.

Age touches the lightness alone. The model then learns the color of the thing from a picture of it
that is faded, soft and grainy, as old photographs are.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

Random = np.random.Generator


def random_view(picture: Image.Image, side: int, smallest: float, random: Random) -> Image.Image:
    """A random square of ``picture``, resized to ``(side, side)``, mirrored half of the time.

    :param smallest: the least share of the picture's shorter side that the square may have, 0 to 1.
    """
    shorter = min(picture.size)
    crop = shorter * random.uniform(smallest, 1.0)
    left = random.uniform(0, picture.width - crop)
    top = random.uniform(0, picture.height - crop)
    view = picture.resize((side, side), Image.Resampling.BILINEAR, (left, top, left + crop, top + crop))
    return view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else view


def center_view(picture: Image.Image, side: int) -> Image.Image:
    """The central square of ``picture``, resized to ``(side, side)``: for validation."""
    shorter = min(picture.size)
    left, top = (picture.width - shorter) / 2, (picture.height - shorter) / 2
    return picture.resize((side, side), Image.Resampling.BILINEAR, (left, top, left + shorter, top + shorter))


def age(lightness: npt.NDArray[np.float32], random: Random) -> npt.NDArray[np.float32]:
    """Age L* ``(h, w)``, 0 to 100: blur, a bent tone curve, fading, grain, each at random."""
    if random.random() < 0.3:
        lightness = _soften(lightness, random.uniform(0.5, 0.9))
    tone = np.clip(lightness / 100, 0, 1) ** np.exp(random.uniform(-0.35, 0.35))
    black, white = random.uniform(0, 0.15), random.uniform(0.85, 1)
    aged = 100 * (black + (white - black) * tone)
    if random.random() < 0.5:
        aged = aged + random.normal(0, random.uniform(0.5, 4), lightness.shape)
    return np.asarray(np.clip(aged, 0, 100), np.float32)


def _soften(lightness: npt.NDArray[np.float32], share: float) -> npt.NDArray[np.float32]:
    """Keep that share of the resolution: what an old lens left."""
    height, width = lightness.shape
    picture = Image.fromarray(lightness)
    small = picture.resize((round(width * share), round(height * share)), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))
