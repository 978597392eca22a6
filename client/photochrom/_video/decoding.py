"""A video's frames, in the order in which they are shown, as the greys they are."""

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from photochrom._errors import VideoError
from photochrom._video.information import Information, chosen_stream, has_rgb
from photochrom._video.luma import LumaTables, Plane
from photochrom._video.naming import name_of
from photochrom._video.problems import SALVAGE_HINT, clock, reading
from photochrom._video.resampling import stretch

_LACK: Final = 1.0
"""Seconds that a file may be shorter than it says."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """One frame of a video."""

    pts: int
    """When it is shown, in the video's time base."""
    duration: int
    """How long, in the same; 0 where the file does not say."""
    luma: Plane
    """The Y' of the greys that are as light as its colors: ``(h, w)``."""


class Decoder:
    """Reads the frames of one file."""

    def __init__(
        self, path: Path, information: Information, tables: LumaTables, *, salvage: bool = False
    ) -> None:
        """Prepare to read.

        :param salvage: whether to go on after damage, and to note it, instead of raising it.
        """
        self._path = path
        self._information = information
        self._tables = tables
        self._salvage = salvage
        self._reformatter = VideoReformatter()
        self.damage: list[tuple[int, str]] = []
        """What was salvaged from: the timestamp, and a few words with the time."""

    def frames(self, start: int | None = None) -> Iterator[Frame]:
        """All frames, or those from the one with this timestamp on.

        :raises VideoError: naming the time, at what cannot be decoded, or where the file is cut off,
            unless that is to be salvaged; and where the size changes.
        """
        for pts, frame in self._decoded(start):
            self._check(frame, pts)
            yield Frame(pts, frame.duration or 0, self._grey(frame))

    def _decoded(self, start: int | None) -> Iterator[tuple[int, VideoFrame]]:
        if start is not None:
            # Where seeking does not arrive at the very frame, reading from the beginning does.
            for position in (start, None):
                with reading(self._path), av.open(name_of(self._path), "r") as container:
                    stream = chosen_stream(container, self._path)
                    if position is not None and not _seek(container, stream, position):
                        continue
                    timed = self._timed(self._read(container, stream), 0 if position is None else None)
                    found = self._from(timed, start)
                    first = next(found, None)
                    if first is None:
                        continue
                    yield first
                    yield from found
                    return
            raise VideoError(str(self._path), f"has no frame at {self._clock(start)} any more")
        with reading(self._path), av.open(name_of(self._path), "r") as container:
            yield from self._timed(self._read(container, chosen_stream(container, self._path)), 0)

    @staticmethod
    def _from(timed: Iterator[tuple[int, VideoFrame]], start: int) -> Iterator[tuple[int, VideoFrame]]:
        """The frames from that time on; none if there is not one of exactly that time."""
        for pts, frame in timed:
            if pts > start:
                return
            if pts == start:
                yield pts, frame
                yield from timed
                return

    def _timed(self, frames: Iterator[VideoFrame], first: int | None) -> Iterator[tuple[int, VideoFrame]]:
        """The frames with their times; one without follows the one before it at the mean rate.

        :param first: the time of a first frame without; if it is not known, there are no frames.
        """
        step = max(1, round(1 / (self._information.rate * self._information.time_base)))
        last: int | None = None
        behind = False
        for frame in frames:
            following = first if last is None else last + step
            pts = frame.pts if frame.pts is not None else following
            if pts is None:
                return
            if last is not None and pts <= last:  # a player would not show it either
                if not behind and (last - pts) * self._information.time_base > _LACK:
                    behind = True
                    self._note(last, f"its clock goes back there, to {self._clock(pts)}: split it there")
                continue
            last, behind = pts, False
            yield pts, frame

    def _read(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        stream.thread_type = "AUTO"
        info = self._information
        ends = {stream.index: Fraction(0)}  # in seconds; of all streams: sound may go on without a picture
        packets = container.demux()
        while True:
            frames: list[VideoFrame] = []
            try:
                packet = next(packets, None)
                if packet is None:
                    break
                index = packet.stream.index
                if packet.pts is not None:
                    end = (packet.pts + (packet.duration or 0)) * packet.time_base
                    ends[index] = max(ends.get(index, end), end)
                if index == stream.index:
                    if packet.is_corrupt:
                        self._note(round(ends[index] / info.time_base), "something there is missing")
                    frames = stream.decode(packet)
            except FFmpegError:
                self._note(round(ends[stream.index] / info.time_base), "something there cannot be decoded")
            yield from frames
        if stream.duration:
            said = ((stream.start_time or 0) + stream.duration) * info.time_base
            lack = said - ends[stream.index]
        elif container.duration is not None:
            said = Fraction((container.start_time or 0) + container.duration, av.time_base)
            lack = said - max(ends.values())
        else:
            return
        if lack > _LACK:
            lasts = f"it ends there, but says that it lasts until {clock(said - info.origin)}"
            self._note(round(ends[stream.index] / info.time_base), lasts)

    def _check(self, frame: VideoFrame, pts: int) -> None:
        info = self._information
        if (frame.width, frame.height) != (info.width, info.height):
            raise VideoError(
                str(self._path),
                f"changes its size from {info.width} x {info.height} to {frame.width} x {frame.height} "
                f"at {self._clock(pts)}: split it there",
            )
        if frame.is_corrupt:
            self._note(pts, "the frame there is not whole")

    def _note(self, pts: int, what: str) -> None:
        damage = f"is damaged at {self._clock(pts)}: {what}"
        if not self._salvage:
            raise VideoError(str(self._path), f"{damage} {SALVAGE_HINT}")
        self.damage.append((pts, damage))

    def _clock(self, pts: int) -> str:
        return clock(pts * self._information.time_base - self._information.origin)

    def _grey(self, frame: VideoFrame) -> Plane:
        pixels = self._information.pixels
        if frame.format.name != pixels.name:
            if has_rgb(frame):  # as which their range is full, whatever comes of them
                meaning = {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG}
            else:
                meaning = {}
            frame = self._reformatter.reformat(frame, format=pixels.name, **meaning)
        planes = [_plane(frame, index) for index in range(len(frame.planes))]
        neutral = self._information.colorimetry.neutral
        if len(planes) == 1 or all((plane == neutral).all() for plane in planes[1:]):
            return planes[0].copy()
        blue, red = (stretch(plane, frame.width, frame.height) for plane in planes[1:3])
        return self._tables.to_grey(planes[0], blue, red)


def _plane(frame: VideoFrame, index: int) -> Plane:
    """A view of the samples, without the padding of the rows."""
    plane: Any = frame.planes[index]
    kind = np.uint16 if frame.format.components[0].bits > 8 else np.uint8
    rows: Plane = np.frombuffer(plane, kind).reshape(plane.height, -1)
    return rows[:, : plane.width]


def _seek(container: InputContainer, stream: VideoStream, pts: int) -> bool:
    try:
        container.seek(pts, stream=stream)
    except FFmpegError:
        return False
    return True
