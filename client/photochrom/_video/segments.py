"""A colored video in parts: each encoded to a file of its own, beside the destination.

A part that is whole is written into a journal, with what coloring needs to go on after it. Whoever
finds the journal and wants the very same video goes on there; for anybody else it is cleared away.

::

    .NAME.photochrom/
        journal.jsonl     what is colored, and how; then a line for each part
        00001.nut         the first part
        00001.npz         the memory at the start of the part after it; none at a cut
"""

import contextlib
import dataclasses
import io
import json
import os
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from photochrom._video.coherence import Mean, Memory
from photochrom._video.encoders import Encoding
from photochrom._video.information import Information
from photochrom._video.problems import writing

_JOURNAL: Final = "journal.jsonl"
_GLOBAL_HEADER: Final = 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER
_FULL_RANGE, _LIMITED_RANGE = 2, 1  # AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG


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


class Parts:
    """The parts of one video, on disk."""

    def __init__(self, destination: Path, encoding: Encoding, information: Information) -> None:
        self._destination = destination
        self._encoding = encoding
        self._information = information
        self._folder = destination.with_name(f".{destination.name}.photochrom")
        self.whole: list[Part] = []
        self.memory: Memory | None = None
        """What the part after the last whole one starts with."""

    def open(self, wanted: dict[str, Any]) -> None:
        """Take up what is there of the same video, or else start anew.

        :param wanted: what is colored, and how; JSON, the same for the same video.
        :raises VideoError: if the folder cannot be written.
        """
        with writing(self._destination):
            header, *lines = self._lines() or [None]
            parts = [Part(**line) for line in lines] if header == wanted else []
            if header != wanted or not all(self.file(part).exists() for part in parts):
                self.clear()
                self._folder.mkdir(parents=True)
                parts = []
            self.whole = parts
            self.memory = self._recall()
            # Anew, for a line may have been cut off when the last run was.
            journal = self._folder / _JOURNAL
            fresh = journal.with_suffix(".new")
            lines = [wanted, *map(dataclasses.asdict, parts)]
            fresh.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
            _sync(fresh)
            fresh.replace(journal)

    def begin(self) -> "Writer":
        """Begin the next part; when it is written, it is to be handed to :meth:`add`.

        :raises VideoError: if the encoder does not start.
        """
        number = len(self.whole) + 1
        with writing(self._destination):
            container = av.open(self._file(number), "w", format=self._encoding.segments)
        return Writer(self._destination, self._file(number), container, self._stream(container), number)

    def add(self, part: Part, memory: Memory | None) -> None:
        """Note that a part is whole, and what coloring needs to go on after it."""
        with writing(self._destination):
            _sync(self._file(part.number))
            if memory is not None:
                buffer = io.BytesIO()
                np.savez(buffer, plane=memory.plane, chroma=memory.past.chroma, count=memory.past.count)
                self._memory_file(part.number).write_bytes(buffer.getvalue())
                _sync(self._memory_file(part.number))
            self._append(dataclasses.asdict(part))
        self._memory_file(part.number - 1).unlink(missing_ok=True)
        self.whole.append(part)
        self.memory = memory

    def file(self, part: Part) -> Path:
        """Where a part is."""
        return self._file(part.number)

    def clear(self) -> None:
        """Remove everything."""
        if self._folder.exists():
            shutil.rmtree(self._folder)

    def _stream(self, container: OutputContainer) -> VideoStream:
        info, encoding = self._information, self._encoding
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
            context.global_quality = 118 * int(encoding.options["qscale"])
        return stream

    def _recall(self) -> Memory | None:
        if not self.whole:
            return None
        file = self._memory_file(self.whole[-1].number)
        if not file.exists():
            return None
        with np.load(file, allow_pickle=False) as saved:
            return Memory(saved["plane"], Mean(saved["chroma"], saved["count"]))

    def _lines(self) -> list[Any]:
        """The journal's lines, as far as they are whole."""
        try:
            text = (self._folder / _JOURNAL).read_text("utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def _append(self, line: dict[str, Any]) -> None:
        with (self._folder / _JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")
            journal.flush()
            os.fsync(journal.fileno())

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:05}.{self._encoding.segments}"

    def _memory_file(self, number: int) -> Path:
        return self._folder / f"{number:05}.npz"


class Writer:
    """Encodes one part."""

    def __init__(
        self, destination: Path, file: Path, container: OutputContainer, stream: VideoStream, number: int
    ) -> None:
        self._destination = destination
        self._file = file
        self._container = container
        self._stream = stream
        self._number = number
        self._pts: list[int] = []
        self._duration = 0

    @property
    def first(self) -> int:
        """The first frame's timestamp."""
        return self._pts[0]

    def write(self, frame: VideoFrame, pts: int, duration: int, time_base: Fraction) -> None:
        """Encode a frame.

        :param duration: how long it is shown; 0 if that is not known.
        :raises VideoError: if it cannot be written.
        """
        frame.pts, frame.time_base, frame.duration = pts, time_base, duration
        self._pts.append(pts)
        self._duration = duration
        with writing(self._destination):
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
