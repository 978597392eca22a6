"""Clips made from photographs in motion: the truth's color and the true motion are known.

Deterministic: a clip depends on its photographs and its seed only.
"""

import dataclasses
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from photochrom_contract import lab

WIDTH: Final = 176
HEIGHT: Final = 132
_MARGIN = 8  # pixels of the photograph that the camera keeps away from its edges

Matrix = npt.NDArray[np.float64]
"""``(3, 3)``: from a frame's pixels to a photograph's."""
Floats = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]
"""A photograph in color, ``(h, w, 3)`` sRGB."""

_LUMINANCE = np.array([0.212671, 0.715160, 0.072169], np.float32)  # of linear sRGB


@dataclasses.dataclass(frozen=True)
class Clip:
    """Frames, and what is known about them."""

    name: str
    frames: npt.NDArray[np.uint8]
    """The truth ``(n, h, w, 3)``, sRGB."""
    grey: npt.NDArray[np.uint8]
    """What a colorizer gets, ``(n, h, w)``: the truth's lightness, aged in the clip "film"."""
    origins: Floats
    """Where, in the frame before, each pixel was: ``(n, h, w, 2)``, x then y, in pixels."""
    visible: npt.NDArray[np.bool_]
    """Whether it was to be seen there, ``(n, h, w)``: nowhere in the first frame and after a cut."""


def clips(photographs: list[Picture], seed: int, frames: int) -> list[Clip]:
    """One clip of each kind: pan, zoom, object, cut, film.

    :param photographs: at least two, ``(h, w, 3)`` sRGB; of 224 pixels a side or more.
    """
    random = np.random.default_rng(seed)
    first, second = photographs[0], photographs[1]
    made = [
        _shot("pan", first, _pan(first, frames, random)),
        _shot("zoom", first, _zoom(first, frames)),
        _with_object(_shot("object", first, _pan(first, frames, random)), second, random),
        _joined("cut", [_shot("", photo, _pan(photo, frames // 2, random)) for photo in (first, second)]),
    ]
    return [*made, _aged("film", made[0], random)]


def warped(plane: Floats, origins: Floats) -> Floats:
    """The frame before ``(h, w, c)``, moved to where its things are now."""
    call: Any = cv2.remap  # its types know no absent second map
    moved: Floats = call(plane, origins, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved


def warped_chroma_error(chroma: Floats, clip: Clip) -> float:
    """The mean distance, CIE units, of a clip's chroma ``(n, h, w, 2)`` to the same thing's one frame ago."""
    distances = [
        np.linalg.norm(chroma[t] - warped(chroma[t - 1], clip.origins[t]), axis=-1)[clip.visible[t]]
        for t in range(1, len(chroma))
    ]
    return float(np.concatenate(distances).mean())


def _pan(photo: Picture, frames: int, random: np.random.Generator) -> list[Matrix]:
    """About a pixel and a half a frame in the mean, in any direction, eased at both ends."""
    height, width = photo.shape[:2]
    room = np.array([width - WIDTH, height - HEIGHT]) / 2 - _MARGIN
    angle = random.uniform(0, 2 * np.pi)
    reach = np.clip(np.array([np.cos(angle), np.sin(angle)]) * frames, -room, room)
    swings = -np.cos(np.linspace(0, np.pi, frames))
    return [_placed(1.0, np.array([width, height]) / 2 + reach * swing) for swing in swings]


def _zoom(photo: Picture, frames: int) -> list[Matrix]:
    """To 70 % of what is seen at first."""
    height, width = photo.shape[:2]
    widest = min((width - 2 * _MARGIN) / WIDTH, (height - 2 * _MARGIN) / HEIGHT)
    scales = widest * 0.7 ** np.linspace(0, 1, frames)
    return [_placed(scale, np.array([width, height]) / 2) for scale in scales]


def _placed(scale: float, center: npt.NDArray[np.float64]) -> Matrix:
    x, y = center - scale * np.array([WIDTH - 1, HEIGHT - 1]) / 2
    return np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])


def _shot(name: str, photo: Picture, cameras: list[Matrix]) -> Clip:
    frames = np.stack([_seen(photo, camera) for camera in cameras])
    origins = np.stack([_origins(*pair) for pair in zip([cameras[0], *cameras], cameras, strict=False)])
    inside = (origins >= 0) & (origins <= np.array([WIDTH - 1, HEIGHT - 1]))
    visible: npt.NDArray[np.bool_] = np.all(inside, axis=-1)
    visible[0] = False
    return Clip(name, frames, _grey(frames), origins, visible)


def _with_object(shot: Clip, photo: Picture, random: np.random.Generator) -> Clip:
    """An ellipse of another photograph that crosses the frame, turning slightly."""
    count = len(shot.frames)
    start, end = (0.2 * WIDTH, random.uniform(0.35, 0.65) * HEIGHT), (0.8 * WIDTH, 0.5 * HEIGHT)
    middle = np.array([photo.shape[1], photo.shape[0]]) / 2
    places = []
    for part in np.linspace(0, 1, count):
        angle = 0.3 * (part - 0.5)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        place = np.eye(3)
        place[:2, :2] = turn
        place[:2, 2] = middle - turn @ ((1 - part) * np.array(start) + part * np.array(end))
        places.append(place)
    ellipse = np.zeros(photo.shape[:2], np.float32)
    cv2.ellipse(ellipse, tuple(middle.astype(int).tolist()), (34, 26), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    masks: Floats = np.stack([_seen(ellipse, place) for place in places])
    objects = np.stack([_seen(photo, place) for place in places])
    frames = np.rint(masks[..., None] * objects + (1 - masks[..., None]) * shot.frames).astype(np.uint8)
    moves = np.stack([_origins(*pair) for pair in zip([places[0], *places], places, strict=False)])
    inside = masks > 0.5
    origins = np.where(inside[..., None], moves, shot.origins)
    visible: npt.NDArray[np.bool_] = shot.visible & np.logical_or(masks < 0.02, masks > 0.98)
    for t in range(1, count):
        # What was under the object was not to be seen, and on its rim two colors mix.
        before = warped(masks[t - 1], origins[t])
        visible[t] &= np.where(inside[t], before > 0.98, before < 0.02)
    return Clip(shot.name, frames, _grey(frames), origins, visible)


def _joined(name: str, shots: list[Clip]) -> Clip:
    parts = (
        np.concatenate([getattr(shot, field.name) for shot in shots])
        for field in dataclasses.fields(Clip)
        if field.name != "name"
    )
    return Clip(name, *parts)


def _aged(name: str, clip: Clip, random: np.random.Generator) -> Clip:
    """Grain, and an exposure that flickers."""
    exposure = 1 + random.normal(0, 0.02, (len(clip.grey), 1, 1))
    grain = random.normal(0, 4, clip.grey.shape)
    grey = np.clip(np.rint(clip.grey * exposure + grain), 0, 255).astype(np.uint8)
    return dataclasses.replace(clip, name=name, grey=grey)


def _seen(photo: npt.NDArray[Any], camera: Matrix) -> npt.NDArray[Any]:
    return cv2.warpAffine(
        photo,
        camera[:2],
        (WIDTH, HEIGHT),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _origins(before: Matrix, now: Matrix) -> Floats:
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    pixels = np.stack([x, y, np.ones_like(x)], axis=-1)
    return (pixels @ (np.linalg.inv(before) @ now).T)[..., :2].astype(np.float32)


def _grey(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The sRGB grey of each color's lightness."""
    luminance = lab.srgb_to_linear(frames.astype(np.float32) / 255) @ _LUMINANCE
    grey: npt.NDArray[np.uint8] = np.rint(lab.linear_to_srgb(luminance) * 255).astype(np.uint8)
    return grey
