"""Encodes one part of a colored video to a file of its own."""

import contextlib
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import av
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from photochrom._video import scheduling
from photochrom._video.encoders import Encoding
from photochrom._video.information import Information
from photochrom._video.naming import name_of
from photochrom._video.problems import writing

_GLOBAL_HEADER: Final = 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER
_FULL_RANGE, _LIMITED_RANGE = 2, 1  # AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG
_QUALITY_UNIT: Final = 118  # FF_QP2LAMBDA


@dataclasses.dataclass(frozen=True)
class Part:
    """A part that is whole."""

    number: int
    """From 1."""
    frames: int
    first: int
    """The first frame's timestamp, in the source's time base."""
    last: int
    """The last frame's."""
    duration: int
    """How long the last frame is shown, in the same."""
    following: int | None
    """The timestamp of the frame after it; None at the end of the video."""
    damage: Sequence[str] = ()
    """What was found damaged up to its end."""


class Writer:
    """Encodes one part."""

    def __init__(
        self, destination: Path, file: Path, number: int, encoding: Encoding, information: Information
    ) -> None:
        """Begin the file.

        :param destination: what messages speak of.
        :param number: the part's.
        :raises VideoError: if it cannot be written.
        """
        self._destination = destination
        self._file = file
        self._number = number
        self._time_base = information.time_base
        with writing(destination):
            self._container = av.open(name_of(file), "w", format=encoding.segments)
        self._stream = _add_stream(self._container, encoding, information)
        self._pts: list[int] = []
        self._duration = 0

    @property
    def first(self) -> int:
        """The first frame's timestamp."""
        return self._pts[0]

    def write(self, frame: VideoFrame, pts: int, duration: int) -> None:
        """Encode a frame.

        :param pts: when it is shown, in the source's time base.
        :param duration: how long it is shown; 0 if that is not known.
        :raises VideoError: if it cannot be written.
        """
        frame.pts, frame.time_base, frame.duration = pts, self._time_base, duration
        with writing(self._destination):
            if not self._pts:
                with scheduling.kept():
                    self._container.start_encoding()
            self._pts.append(pts)
            self._duration = duration
            self._container.mux(self._stream.encode(frame))

    def finish(self, following: int | None) -> Part:
        """Finish the file.

        :param following: the timestamp of the frame after the last; None if there is none.
        :raises VideoError: if it cannot be written.
        """
        with writing(self._destination):
            self._container.mux(self._stream.encode(None))
            self._container.close()
        last = self._pts[-1]
        if following is not None:
            duration = following - last
        else:  # as long as the frame before, if the file does not say
            duration = self._duration or (last - self._pts[-2] if len(self._pts) > 1 else 1)
        return Part(self._number, len(self._pts), self._pts[0], last, duration, following)

    def abandon(self) -> None:
        """Remove what is written of a part that will not be whole."""
        with contextlib.suppress(Exception):  # there is an error on its way already
            self._container.close()
        self._file.unlink(missing_ok=True)


def tag(context: VideoCodecContext, information: Information) -> None:
    """Say what the samples mean, of what shape a pixel is, and which field comes first."""
    if information.pixel_aspect:
        context.sample_aspect_ratio = information.pixel_aspect
    if information.first_field is not None:
        context.field_order = information.field_order
    meaning = information.colorimetry
    context.color_range = _FULL_RANGE if meaning.full_range else _LIMITED_RANGE
    context.colorspace = meaning.matrix
    context.color_trc = meaning.transfer
    context.color_primaries = meaning.primaries


def _add_stream(container: OutputContainer, encoding: Encoding, info: Information) -> VideoStream:
    os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder's: errors only
    stream = container.add_stream(encoding.encoder, rate=info.rate, options=encoding.options)
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.width, context.height = info.width, info.height
    context.pix_fmt = encoding.pixels.name
    context.time_base = info.time_base
    tag(context, info)
    context.flags |= _GLOBAL_HEADER
    if "qscale" in encoding.options:
        context.qscale = True
        context.global_quality = _QUALITY_UNIT * int(encoding.options["qscale"])
    return stream
