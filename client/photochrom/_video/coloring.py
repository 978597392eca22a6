"""A video in, the same video out, in color."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

import photochrom
from photochrom._dialogue import ModelVersion, find
from photochrom._errors import VideoError
from photochrom._options import Options
from photochrom._server import Server
from photochrom._video.coherence import Coherent, cohere
from photochrom._video.conversation import predict_in_order
from photochrom._video.decoding import Decoder, Frame
from photochrom._video.encoders import choose_encoding
from photochrom._video.information import read_information
from photochrom._video.joining import join
from photochrom._video.luma import LumaTables, Plane
from photochrom._video.others import check_streams
from photochrom._video.painting import Painter
from photochrom._video.part_writer import Part, Writer
from photochrom._video.problems import SALVAGE_HINT, reading
from photochrom._video.progress import ColoredVideo, VideoProgress
from photochrom._video.resampling import Floats, reduced
from photochrom._video.segments import Parts
from photochrom_contract.files.provenance import DIGITAL_SOURCE_TYPE

_WINDOW: Final = 16
"""Frames that the server has at a time: two batches of its usual size."""
_PART_SECONDS: Final = 10
"""Of a part, at least; at a cut, half of that."""
_SAMPLE: Final = 1 << 20  # bytes


class VideoColoring:
    """Colors one video with one server."""

    def __init__(
        self,
        source: Path,
        destination: Path,
        options: Options,
        *,
        codec: str,
        crf: int | None,
        salvage: bool,
        progress: Callable[[VideoProgress], None] | None,
    ) -> None:
        """Look at the source, and choose how to write the destination.

        :raises VideoError: if the one cannot be read, or the other not be written.
        """
        self._source = source
        self._destination = destination
        self._options = options
        self._salvage = salvage
        self._progress = progress
        _check_apart(source, destination)
        self._information = read_information(source)
        name = str(destination)
        self._encoding = choose_encoding(name, destination.suffix, self._information, codec, crf)
        self._notes = check_streams(source, destination, self._encoding, self._information)
        self._tables = LumaTables(self._information.colorimetry)
        self._parts = Parts(destination, self._encoding, self._information)
        self._done = 0
        self._damage: list[tuple[int, str]] = []

    def run(self, server: Server) -> ColoredVideo:
        """Color it; only once.

        :raises VideoError: if it cannot be read to its end, or the destination cannot be written.
        :raises ServerError: if the server gives no colors.
        """
        version = find(server.models(), self._options, server.name)
        # One version colors all of it, whatever the server loads meanwhile, or before it goes on.
        options = dataclasses.replace(
            self._options,
            model=version.model,
            version=version.version,
            size=self._options.size or version.default_size,
        )
        self._parts.open(self._identity(options, version))
        try:
            return self._finish(server, options, version)
        finally:
            self._parts.close()

    def _finish(self, server: Server, options: Options, version: ModelVersion) -> ColoredVideo:
        """Color what is not colored yet, and put everything together."""
        whole = self._parts.whole
        resumed = self._done = sum(part.frames for part in whole)
        if not whole or whole[-1].following is not None:
            self._color(server, options, whole[-1].following if whole else None)
        damage = [what for part in whole for what in part.damage]
        if damage and not self._salvage:  # found by an earlier run, which was to salvage it
            raise VideoError(str(self._source), f"{damage[0]} {SALVAGE_HINT}")
        damage += join(
            self._source,
            self._destination,
            parts=self._parts,
            encoding=self._encoding,
            information=self._information,
            comment=_comment(version),
            salvage=self._salvage,
        )
        self._parts.clear()
        length = (whole[-1].last + whole[-1].duration - whole[0].first) * self._information.time_base
        return ColoredVideo(
            path=self._destination,
            frames=sum(part.frames for part in whole),
            resumed=resumed,
            duration=float(length),
            codec=self._encoding.codec,
            model=version.model,
            version=version.version,
            notes=(*self._encoding.notes, *self._notes, *dict.fromkeys(damage)),
        )

    def _color(self, server: Server, options: Options, start: int | None) -> None:
        """Color from a timestamp on, or all, part by part."""
        info = self._information
        painter = Painter(info.colorimetry, self._tables, self._encoding.pixels, options.saturation)
        writer: Writer | None = None
        try:
            predictions = self._predictions(server, options, start)
            for colored in cohere(predictions, self._parts.memory, options.upsampling):
                frame = colored.frame
                if writer is not None and self._ends(writer, colored):
                    part, writer = writer.finish(frame.pts), None  # noted or not, the file stays
                    self._parts.add(self._with_damage(part), colored.memory)
                if writer is None:
                    writer = self._parts.begin()
                writer.write(painter.paint(frame.luma, colored.chroma), frame.pts, frame.duration)
                self._tell(frame)
            assert writer is not None, "there is a first frame"
            part, writer = writer.finish(None), None
            self._parts.add(self._with_damage(part), None)
        finally:
            if writer is not None:
                writer.abandon()

    def _predictions(
        self, server: Server, options: Options, start: int | None
    ) -> Iterator[tuple[Frame, Plane, Floats]]:
        turns = self._information.quarter_turns
        decoder = Decoder(self._source, self._information, self._tables, salvage=self._salvage)
        self._damage = decoder.damage
        frames = decoder.frames(start)
        # As the model sees them, but for their orientation.
        seen = ((frame, reduced(self._tables.lightness_of(frame.luma), options.size)) for frame in frames)
        upright = (((frame, plane), np.rot90(plane, turns)) for frame, plane in seen)
        for (frame, plane), _, chroma in predict_in_order(server, options, upright, _WINDOW):
            yield frame, plane, np.rot90(chroma, -turns, axes=(1, 2))

    def _with_damage(self, part: Part) -> Part:
        """Noted with the part, for whoever goes on after it reads no frame of it again."""
        end = part.following
        found = [(pts, what) for pts, what in self._damage if end is None or pts < end]
        for one in found:
            self._damage.remove(one)
        return dataclasses.replace(part, damage=list(dict.fromkeys(what for _, what in found)))

    def _ends(self, writer: Writer, after: Coherent[Frame]) -> bool:
        seconds = (after.frame.pts - writer.first) * self._information.time_base
        enough = _PART_SECONDS / 2 if after.starts_scene else _PART_SECONDS
        return after.starts_block and seconds >= enough

    def _tell(self, frame: Frame) -> None:
        self._done += 1
        if self._progress is not None:
            info = self._information
            seconds = float((frame.pts + frame.duration) * info.time_base - info.origin)
            duration = None if info.duration is None else float(info.duration)
            self._progress(VideoProgress(self._done, seconds, duration))

    def _identity(self, options: Options, version: ModelVersion) -> dict[str, Any]:
        """What makes this video what it is: parts of another one are of no use."""
        about = self._source.stat()
        return {
            "photochrom": photochrom.__version__,
            "pyav": av.__version__,
            "opencv": cv2.__version__,
            "source": {"bytes": about.st_size, "changed": about.st_mtime_ns, "ends": _digest(self._source)},
            "model": version.sha256,
            "options": dataclasses.asdict(options),
            "encoding": dataclasses.asdict(self._encoding),
            "part_seconds": _PART_SECONDS,
        }


def _comment(version: ModelVersion) -> str:
    return (
        f"Colors predicted by Photochrom {photochrom.__version__} with the model {version.model} "
        f"{version.version} (SHA-256 {version.sha256}). Digital source type: {DIGITAL_SOURCE_TYPE}"
    )


def _check_apart(source: Path, destination: Path) -> None:
    """See to it that the destination is a file, and not the source."""
    try:
        same = destination.exists() and destination.samefile(source)
    except OSError:
        same = False
    if same:
        raise VideoError(str(destination), "is the video to color: choose another destination")
    if destination.is_dir():
        raise VideoError(str(destination), "is a folder: name a file in it")


def _digest(path: Path) -> str:
    """Of a file's first and last mebibyte: enough to tell a video from another one of its length."""
    digest = hashlib.sha256()
    with reading(path), path.open("rb") as file:
        digest.update(file.read(_SAMPLE))
        file.seek(max(0, path.stat().st_size - _SAMPLE))
        digest.update(file.read())
    return digest.hexdigest()
