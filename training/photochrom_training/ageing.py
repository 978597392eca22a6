"""What age does to a photograph: for training, some of it and on lightness alone; for evaluation, all of it.

Every step is on L* ``(h, w)`` float32, 0 to 100, and draws from a generator that it is given: the same seed,
the same scratches.
"""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from photochrom_contract import lab

Lightness = npt.NDArray[np.float32]
Random = np.random.Generator

_SEPIA = (10.0, 25.0)
"""a* and b* of a sepia print's middle tones at its strongest, CIE units."""


def age(lightness: Lightness, random: Random) -> Lightness:
    """What a model learns to see through: the steps of :func:`old_print`, each drawn, by itself, at random.

    Lightness is all that the model sees, so nothing is toned.
    """
    aged = lightness
    if random.random() < 0.5:
        aged = _soften(aged, random.uniform(0.4, 0.9))
    if random.random() < 0.4:
        aged = aged * _vignette(aged.shape, random.uniform(0.1, 0.5))
    aged = _fade(aged, np.exp(random.uniform(-0.35, 0.35)), random.uniform(0, 0.2), random.uniform(0.8, 1))
    if random.random() < 0.6:
        aged = aged + _grain(aged.shape, random.uniform(0.5, 4), random)
    aged = np.asarray(np.clip(aged, 0, 100), np.float32)
    if random.random() < 0.3:
        aged = _scratch(aged, int(random.integers(1, 6)), random)
    if random.random() < 0.4:
        print_ = Image.fromarray(np.rint(aged * 2.55).astype(np.uint8))
        scan = _compressed(print_, int(random.integers(40, 81)))
        aged = np.asarray(scan, np.float32) / np.float32(2.55)
    return aged


def old_print(lightness: Lightness, random: Random) -> Image.Image:
    """A scan of an old print of the photograph: RGB, as a JPEG file gives it back.

    A soft lens, vignetting, a faded tone curve, grain, scratches, sepia and JPEG, in the order in which they
    happen to a photograph; how much of each is drawn at random, none of it left out.
    """
    aged = _soften(lightness, random.uniform(0.4, 0.8))
    aged = aged * _vignette(aged.shape, random.uniform(0.15, 0.5))
    aged = _fade(
        aged, np.exp(random.uniform(-0.35, 0.35)), random.uniform(0.05, 0.2), random.uniform(0.8, 0.95)
    )
    aged = aged + _grain(aged.shape, random.uniform(1, 4), random)
    aged = _scratch(np.asarray(np.clip(aged, 0, 100), np.float32), int(random.integers(2, 7)), random)
    return _compressed(_toned(aged, random.uniform(0.3, 1)), int(random.integers(40, 81)))


def _soften(lightness: Lightness, share: float) -> Lightness:
    """Keep that share of the resolution: what an old lens left."""
    height, width = lightness.shape
    picture = Image.fromarray(lightness)
    small = picture.resize((round(width * share), round(height * share)), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


def _fade(lightness: Lightness, gamma: float, black: float, white: float) -> Lightness:
    """Bend the tone curve, and let black and white come to these shares of the whole range."""
    tone = np.clip(lightness / 100, 0, 1) ** gamma
    return np.asarray(100 * (black + (white - black) * tone))


def _vignette(shape: tuple[int, ...], depth: float) -> Lightness:
    """Factors ``(h, w)`` from 1 in the middle to ``1 - depth`` in the corners."""
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape)
    return np.asarray(1 - depth * np.square((np.square(y)[:, None] + np.square(x)) / 2), np.float32)


def _grain(shape: tuple[int, ...], deviation: float, random: Random) -> Lightness:
    """Noise of that deviation in L*; half of it in clumps of two pixels, as silver lies."""
    height, width = shape
    clumps = random.normal(size=((height + 1) // 2, (width + 1) // 2)).repeat(2, 0).repeat(2, 1)
    noise = (random.normal(size=(height, width)) + clumps[:height, :width]) / np.sqrt(2)
    return np.asarray(deviation * noise, np.float32)


def _scratch(lightness: Lightness, count: int, random: Random) -> Lightness:
    """Scratches, light, thin and nearly straight, and as many specks of dust."""
    height, width = lightness.shape
    picture = Image.fromarray(lightness)
    pen = ImageDraw.Draw(picture)
    for _ in range(count):
        direction = random.normal(0, (0.3, 1), 2)  # film and prints are pulled along: most run down
        length = random.uniform(0.1, 0.6) * height
        steps = np.linspace(0, length, 6)[:, None] * direction / np.hypot(*direction)
        bends = random.normal(0, length / 60, steps.shape)
        line = random.uniform((0, 0), (width, height)) + steps + bends
        pen.line([(x, y) for x, y in line.tolist()], float(random.uniform(65, 95)))
        x, y = random.uniform((0, 0), (width, height))
        radius = random.uniform(0.5, 1.5)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), float(random.uniform(5, 95)))
    return np.asarray(picture)


def _toned(lightness: Lightness, strength: float) -> Image.Image:
    """The print's colors: sepia in the middle tones, none in black and white."""
    middle = strength * 4 * lightness / 100 * (1 - lightness / 100)
    planes = np.stack([lightness, *(middle * np.float32(value) for value in _SEPIA)], axis=-1)
    rgb = lab.lab_to_rgb(lab.desaturate_to_gamut(planes))
    return Image.fromarray(np.rint(rgb * 255).astype(np.uint8))


def _compressed(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    with Image.open(file) as again:
        return again.copy()
