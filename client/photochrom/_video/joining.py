"""The parts of a colored video, and everything else of the source, into one file."""

from __future__ import annotations  # PyAV's packets are generic for type checkers only

import heapq
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.error import ArgumentError, InvalidDataError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from photochrom._errors import VideoError
from photochrom._video.durability import sync
from photochrom._video.encoders import Encoding
from photochrom._video.information import Information
from photochrom._video.naming import name_of
from photochrom._video.others import COPIED
from photochrom._video.part_writer import Part, tag
from photochrom._video.problems import SALVAGE_HINT, clock, writing
from photochrom._video.segments import Parts


def join(
    source: Path,
    destination: Path,
    *,
    parts: Parts,
    encoding: Encoding,
    information: Information,
    comment: str,
    salvage: bool,
) -> list[str]:
    """Write the destination: the whole file or none.

    :param salvage: whether to leave out what is damaged beside the video.
    :returns: of what something was left out, and where first: a sentence each.
    :raises VideoError: if it cannot be written, or for damage that is not to be left out.
    """
    partial = parts.joined
    damage: dict[int, str] = {}  # by stream
    try:
        with (
            writing(destination),
            av.open(name_of(source), "r") as original,
            av.open(name_of(parts.file(parts.whole[0])), "r") as first,
            av.open(name_of(partial), "w", format=encoding.container, options=_options(encoding)) as joined,
        ):
            video = _add_video(joined, first.streams.video[0], original, information)
            copies = _add_others(joined, original, information)
            _describe(joined, original, comment)
            streams = heapq.merge(
                _timed(_video_packets(parts, video, information)),
                _timed(_copied_packets(original, copies, information)),
                key=lambda timed: timed[0],
            )
            for _, packet in streams:
                try:
                    joined.mux(packet)
                except (InvalidDataError, ArgumentError) as error:  # damaged, or with times in disorder
                    if packet.stream_index == video.index:
                        raise
                    what = f"not all of its {packet.stream.type} can be copied from there on"
                    damage.setdefault(packet.stream_index, f"is damaged at {_clock(packet)}: {what}")
                    if not salvage:
                        said = damage[packet.stream_index]
                        raise VideoError(str(source), f"{said} {SALVAGE_HINT}") from error
        with writing(destination):
            sync(partial)
            partial.replace(destination)
            sync(destination.parent)
    finally:
        partial.unlink(missing_ok=True)
    return list(damage.values())


def _options(encoding: Encoding) -> dict[str, str]:
    return {"movflags": "+faststart"} if encoding.container in ("mp4", "mov") else {}


def _add_video(
    joined: OutputContainer, part: VideoStream, original: InputContainer, information: Information
) -> VideoStream:
    video = joined.add_stream_from_template(part, opaque=True)
    # What not every codec carries, and with it not every part.
    tag(video.codec_context, information)
    video.codec_context.framerate = information.rate
    video.time_base = information.time_base
    if information.display_matrix is not None:
        video.set_display_matrix(information.display_matrix)
    source = original.streams[information.index]
    video.metadata.update({key: value for key, value in source.metadata.items() if key != "encoder"})
    video.disposition = source.disposition
    return video


def _add_others(
    joined: OutputContainer, original: InputContainer, information: Information
) -> dict[int, Stream]:
    copies: dict[int, Stream] = {}
    for stream in original.streams:
        if stream.index == information.index or stream.type not in COPIED:
            continue
        copy = joined.add_stream_from_template(stream)
        copy.metadata.update(stream.metadata)
        copy.disposition = stream.disposition
        copies[stream.index] = copy
    return copies


def _describe(joined: OutputContainer, original: InputContainer, comment: str) -> None:
    said = dict(original.metadata)
    for key in ("major_brand", "minor_version", "compatible_brands", "encoder", "ENCODER"):
        said.pop(key, None)
    before = said.pop("COMMENT", None) or said.pop("comment", None)
    said["comment"] = f"{before}\n{comment}" if before else comment
    joined.metadata.update(said)
    if chapters := original.chapters():
        joined.set_chapters(chapters)


def _timed(packets: Iterator[Packet[Any]]) -> Iterator[tuple[Fraction, Packet[Any]]]:
    for packet in packets:
        time = packet.dts if packet.dts is not None else packet.pts
        yield (time or 0) * packet.time_base, packet


def _copied_packets(
    original: InputContainer, copies: dict[int, Stream], information: Information
) -> Iterator[Packet[Stream]]:
    if not copies:
        return
    streams = [original.streams[index] for index in copies]
    for packet in original.demux(*streams):
        if not packet.size:  # the end
            continue
        shift = round(information.origin / packet.time_base)
        if packet.pts is not None:
            packet.pts -= shift
        if packet.dts is not None:
            packet.dts -= shift
        packet.stream = copies[packet.stream_index]
        yield packet


def _video_packets(
    parts: Parts, video: VideoStream, information: Information
) -> Iterator[Packet[VideoStream]]:
    """The packets of all parts, with the source's timestamps.

    Encoders make decoding times for each part on its own, which overlap where frame durations vary; and
    containers shift them. So they are made again: the frames' times in order, as late as the deepest
    reordering of all parts demands.
    """
    shift = round(information.origin / information.time_base)
    delay = max(_reordering(_times(parts, part, information)) for part in parts.whole)
    times: list[int] = []
    for part in parts.whole:
        own = _times(parts, part, information)
        offset = part.first - min(own)
        shown = sorted(pts + offset for pts in own)
        ends = [*shown[1:], part.last + part.duration]
        durations = {pts: end - pts for pts, end in zip(shown, ends, strict=True)}
        if not times:
            step = min(durations.values())
            times = [shown[0] - (delay - index) * step for index in range(delay)]
        times += shown
        for packet in _packets(parts, part, information):
            pts = _pts(packet) + offset
            packet.pts, packet.dts, packet.duration = pts - shift, times.pop(0) - shift, durations[pts]
            packet.stream = video
            yield packet


def _packets(parts: Parts, part: Part, information: Information) -> Iterator[Packet[VideoStream]]:
    """A part's packets in the order of decoding, their ``pts`` in the source's time base."""
    with av.open(name_of(parts.file(part)), "r") as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.size:
                # NUT takes finer steps than it is told.
                packet.pts = round(_pts(packet) * packet.time_base / information.time_base)
                packet.time_base = information.time_base
                yield packet


def _times(parts: Parts, part: Part, information: Information) -> list[int]:
    return [_pts(packet) for packet in _packets(parts, part, information)]


def _reordering(times: list[int]) -> int:
    """How many frames later a frame is decoded, at most, than it would be in the order of display."""
    ranks = {pts: rank for rank, pts in enumerate(sorted(times))}
    return max(index - ranks[pts] for index, pts in enumerate(times))


def _clock(packet: Packet[Any]) -> str:
    return clock((packet.pts or packet.dts or 0) * packet.time_base)


def _pts(packet: Packet[VideoStream]) -> int:
    assert packet.pts is not None
    return packet.pts
