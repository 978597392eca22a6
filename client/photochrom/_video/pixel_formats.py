"""In which pixel format a codec writes a colored video."""

from typing import Final

import av

from photochrom._errors import VideoError
from photochrom._video.information import Information, PixelFormat

_WHOLE_CHROMA: Final = frozenset({"h264", "hevc"})
"""Codecs whose encoders here take no size that chroma planes do not divide."""


def choose_pixels(
    name: str, codec: str, encoder: str, information: Information
) -> tuple[PixelFormat, list[str]]:
    """The encoder's pixel format that keeps the source's samples, or most of them.

    :param name: what messages call the destination.
    :param encoder: FFmpeg's name of it.
    :returns: and what a user should know of it, a sentence each.
    :raises VideoError: if it has none for the source's size.
    """
    formats = _formats(encoder)
    fitting = [pixels for pixels in formats if _divides(pixels, codec, information)]
    source, size = information.pixels, f"{information.width} x {information.height}"
    if not fitting:
        raise VideoError(name, f"{codec} takes no interlaced frames of {size}: choose another codec")
    pixels = _closest(fitting, source)
    notes = []
    if pixels != _closest(formats, source):
        sampling = ":".join(pixels.sampling)
        notes.append(f"its size, {size}, takes {sampling} chroma with {codec}, which not every player shows")
    if pixels.depth < source.depth:
        notes.append(f"of its {source.depth} bits a sample, {codec} keeps {pixels.depth}")
    return pixels, notes


def _formats(encoder: str) -> list[PixelFormat]:
    """The encoder's pixel formats that a colored frame can have."""
    named = [PixelFormat.named(form.name) for form in av.Codec(encoder, "w").video_formats or ()]
    return [
        pixels
        for pixels in named
        if pixels is not None and pixels.sampling in ("420", "422", "444") and pixels.depth <= 12
    ]


def _divides(pixels: PixelFormat, codec: str, information: Information) -> bool:
    """Whether the codec takes a video of this size with this pixel format."""
    if codec not in _WHOLE_CHROMA:
        return True
    across, down = pixels.shifts
    fields = codec == "h264" and information.first_field is not None  # each has half of the lines
    return not information.width % (1 << across) and not information.height % (1 << down + fields)


def _closest(formats: list[PixelFormat], source: PixelFormat) -> PixelFormat:
    """The one that keeps the source's samples, or most of them.

    A source without chroma, or that was converted from other colors, gets 4:2:0 if it is there: chroma is
    smooth, and everything plays that.
    """
    wanted = source.sampling if source.sampling in ("422", "444") else "420"

    def distance(pixels: PixelFormat) -> tuple[int, int, str]:
        depth = pixels.depth - source.depth
        return (depth if depth >= 0 else 100 - depth, abs(int(pixels.sampling) - int(wanted)), pixels.name)

    return min(formats, key=distance)
