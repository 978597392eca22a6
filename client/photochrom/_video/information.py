"""What a video file says of itself."""

import contextlib
import dataclasses
import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.format import Flags
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from photochrom._errors import VideoError
from photochrom._video.colorimetry import Colorimetry, UnsupportedColorError
from photochrom._video.naming import name_of
from photochrom._video.problems import reading

_PLANES: Final = re.compile(r"(?:yuvj?(4\d\d)p|gray)(\d*)(?:le)?")
"""FFmpeg's names of the pixel formats whose planes are Y', Cb and Cr, or Y' alone."""

_FULL_RANGE: Final = 2  # AVCOL_RANGE_JPEG
_INFERRED_LIMITED: Final = frozenset({"h264", "hevc"})
"""Codecs whose grey is of limited range unless they say otherwise; elsewhere in FFmpeg it is full."""


@dataclasses.dataclass(frozen=True)
class PixelFormat:
    """How a stream's frames lie in memory."""

    name: str
    """FFmpeg's name of what frames are read as."""
    sampling: str
    """``444``, ``422``, ``420`` and so on; ``400`` where there is no chroma."""
    depth: int
    """Bits a sample."""

    @classmethod
    def of(cls, frame: VideoFrame) -> "PixelFormat":
        """The frame's own, or else the one that it is converted to."""
        own = cls.named(frame.format.name) or cls.named(re.sub("be$", "le", frame.format.name))
        if own is not None:
            return own
        # Packed, half-packed, of colors or with a palette; or of greys, with transparency or of one bit.
        components = frame.format.components
        is_deep = max(component.bits for component in components) > 8
        if len(components) <= 2 and not has_rgb(frame):
            return cls("gray16le", "400", 16) if is_deep else cls("gray", "400", 8)
        return cls("yuv444p10le", "444", 10) if is_deep else cls("yuv444p", "444", 8)

    @classmethod
    def named(cls, name: str) -> "PixelFormat | None":
        """The format of FFmpeg's name, if its planes are Y', Cb and Cr, or Y' alone."""
        match = _PLANES.fullmatch(name)
        return match and cls(name, match[1] or "400", int(match[2] or 8))

    @property
    def shifts(self) -> tuple[int, int]:
        """Powers of two by which its chroma planes are smaller: horizontally, vertically."""
        return {"420": (1, 1), "422": (1, 0), "444": (0, 0)}[self.sampling]


@dataclasses.dataclass(frozen=True)
class Information:
    """About the first video stream of a file that is no cover picture."""

    index: int
    """The stream's, in the file."""
    codec: str
    """FFmpeg's name, such as ``h264``."""
    width: int
    height: int
    pixels: PixelFormat
    colorimetry: Colorimetry
    time_base: Fraction
    """Seconds that one step of a timestamp takes."""
    rate: Fraction
    """Frames a second, in the mean."""
    duration: Fraction | None
    """In seconds, as far as the file says."""
    pixel_aspect: Fraction | None
    """Width to height of a pixel."""
    field_order: int
    """Of interlaced frames, one of FFmpeg's AVFieldOrder from 2 on; less where frames are whole."""
    display_matrix: tuple[int, ...] | None
    """How to turn and flip frames for display, as FFmpeg has it: nine numbers."""
    origin: Fraction
    """Seconds that all timestamps of the file are ahead of 0, in formats whose clock starts anywhere."""

    @property
    def first_field(self) -> str | None:
        """The field of an interlaced frame that is shown first: ``top`` or ``bottom``."""
        return {2: "top", 3: "bottom", 4: "bottom", 5: "top"}.get(self.field_order)

    @property
    def quarter_turns(self) -> int:
        """Counter-clockwise turns by 90 degrees that bring a frame upright, 0 to 3."""
        if self.display_matrix is None:
            return 0
        degrees = math.degrees(math.atan2(self.display_matrix[1], self.display_matrix[0]))
        return round(-degrees / 90) % 4


def chosen_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first video stream that is no cover picture.

    :raises VideoError: if there is none.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise VideoError(str(path), "its video has a codec that there is no decoder for")
            return stream
    types = {"cover picture" if stream.type == "video" else stream.type for stream in container.streams}
    others = ", ".join(sorted(types)) or "nothing"
    raise VideoError(str(path), f"has no video stream: there is {others} in it")


def read_information(path: Path) -> Information:
    """Read what a file says, and its first frame.

    :raises VideoError: if there is no video in it, or none that can be read.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise VideoError(str(path), "is no file: a video is read more than once, so save it to one first")
    with reading(path), av.open(name_of(path), "r") as container:
        stream = chosen_stream(container, path)
        frame = _first_frame(container, stream)
        if frame is None:
            raise VideoError(str(path), "has no frame that can be decoded")
        assert stream.time_base is not None
        length = stream.duration and stream.duration * stream.time_base
        if not length and container.duration:
            length = Fraction(container.duration, av.time_base)
        moving_clock = Flags.ts_discont in Flags(container.format.flags)
        origin = Fraction(container.start_time or 0, av.time_base) if moving_clock else Fraction(0)
        matrix: Any = frame.side_data.get("DISPLAYMATRIX")
        pixels = PixelFormat.of(frame)
        try:
            codec = stream.codec_context.codec.canonical_name  # whichever decoder it is that reads it
            colorimetry = _colorimetry(frame, pixels, codec)
        except UnsupportedColorError as error:
            raise VideoError(str(path), str(error)) from error
        return Information(
            index=stream.index,
            codec=codec,
            width=frame.width,
            height=frame.height,
            pixels=pixels,
            colorimetry=colorimetry,
            time_base=stream.time_base,
            rate=stream.guessed_rate or stream.average_rate or Fraction(25),
            duration=Fraction(length) if length else None,
            pixel_aspect=stream.sample_aspect_ratio or None,
            field_order=stream.codec_context.field_order,
            display_matrix=tuple(np.frombuffer(matrix, np.int32).tolist()) if matrix else None,
            origin=origin,
        )


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """The first that can be decoded; whoever decodes all of them tells of damage before it."""
    for packet in container.demux(stream):
        with contextlib.suppress(FFmpegError):
            if frames := packet.decode():
                return frames[0]
    return None


def has_rgb(frame: VideoFrame) -> bool:
    """Whether a frame has R'G'B', be it in a palette."""
    return bool(frame.format.is_rgb or frame.format.has_palette)


def _colorimetry(frame: VideoFrame, pixels: PixelFormat, codec: str) -> Colorimetry:
    if has_rgb(frame):  # and is converted to this
        return Colorimetry.of(1, 13, 1, full_range=False, depth=pixels.depth, height=frame.height)
    full = frame.color_range == _FULL_RANGE
    if not frame.color_range:
        full = "yuvj" in pixels.name or (pixels.sampling == "400" and codec not in _INFERRED_LIMITED)
    # Without chroma, a matrix says nothing: identity (0) is what some write.
    matrix = 2 if pixels.sampling == "400" and not frame.colorspace else frame.colorspace
    return Colorimetry.of(
        matrix,
        frame.color_trc,
        frame.color_primaries,
        full_range=full,
        depth=pixels.depth,
        height=frame.height,
    )
