"""What happens to a photograph on its way into a batch: a random view of it."""

import dataclasses

import numpy as np
from PIL import Image

Random = np.random.Generator


@dataclasses.dataclass(frozen=True)
class Distortion:
    """How far a view may be turned, sheared and zoomed: each up to this much either way."""

    rotation: float
    """Degrees."""
    shear: float
    """Degrees."""
    zoom: float
    """A share of the size, of height and width each by itself."""


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


def distorted_view(picture: Image.Image, side: int, most: Distortion, random: Random) -> Image.Image:
    """The central square of ``picture``, distorted about its center and mirrored half of the time.

    Where the distortion reaches beyond the picture, its edge is repeated, as Keras's image generator does.
    """
    view = center_view(picture, side)
    turn, shear = np.radians(
        [random.uniform(-most.rotation, most.rotation), random.uniform(-most.shear, most.shear)]
    )
    zoom = random.uniform(1 - most.zoom, 1 + most.zoom, 2)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = turned @ np.array([[1, -np.sin(shear)], [0, np.cos(shear)]]) @ np.diag(zoom)
    rim = side // 2  # a square's corners reach no further, turned and zoomed out by less than a third
    center = np.full(2, side / 2)
    shift = center + rim - matrix @ center
    wide = Image.fromarray(np.pad(np.asarray(view), ((rim, rim), (rim, rim), (0, 0)), mode="edge"))
    coefficients = (*matrix[0], shift[0], *matrix[1], shift[1])
    distorted = wide.transform((side, side), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    return distorted.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else distorted
