"""What a video file has beside its video: sound, subtitles and attachments, which are copied."""

import os
from pathlib import Path
from typing import Final

import av
from av.container import OutputContainer
from av.stream import Stream

from photochrom._errors import VideoError
from photochrom._video.encoders import Encoding
from photochrom._video.information import Information
from photochrom._video.naming import name_of

COPIED: Final = frozenset({"audio", "subtitle", "attachment"})
"""Types of streams."""
_ROOMIEST: Final = {".mkv": "matroska", ".mov": "mov", ".mp4": "mp4"}
"""Extensions to suggest, and FFmpeg's names of their formats: what holds most comes first."""


def check_streams(source: Path, destination: Path, encoding: Encoding, information: Information) -> list[str]:
    """See to it that the destination can hold what the source has beside its video.

    :returns: what will not be in the destination, and why: a sentence each.
    :raises VideoError: if it cannot hold an audio or a subtitle stream.
    """
    notes = []
    with (
        av.open(name_of(source), "r") as container,
        av.open(os.devnull, "w", format=encoding.container) as trial,
    ):
        for stream in container.streams:
            if stream.index == information.index:
                continue
            if stream.type not in COPIED:
                notes.append(f"stream {stream.index} ({stream.type}) is left out")
                continue
            if not _holds(trial, stream):
                name = stream.codec_context.name if stream.codec_context else stream.type
                raise VideoError(
                    str(destination),
                    f"{destination.suffix} holds no {name}, which the source's stream {stream.index} "
                    f"({stream.type}) is: {_where_else(stream)}",
                )
    return notes


def _holds(container: OutputContainer, stream: Stream) -> bool:
    try:
        container.add_stream_from_template(stream)
    except ValueError:
        return False
    return True


def _where_else(stream: Stream) -> str:
    for suffix, name in _ROOMIEST.items():
        with av.open(os.devnull, "w", format=name) as trial:
            if _holds(trial, stream):
                return f"choose {suffix}"
    return "nothing else here does, so color a copy of the source without it"
