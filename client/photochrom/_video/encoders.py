"""Which encoder writes a colored video, and how well."""

import dataclasses
from typing import Final

import av
from av.codec.codec import UnknownCodecError

from photochrom._errors import VideoError
from photochrom._video.information import Information, PixelFormat
from photochrom._video.pixel_formats import choose_pixels

_CONTAINERS: Final = {
    ".m4v": "mp4",
    ".mkv": "matroska",
    ".mov": "mov",
    ".mp4": "mp4",
    ".webm": "webm",
}


@dataclasses.dataclass(frozen=True)
class _Encoder:
    """An encoder of FFmpeg's."""

    name: str
    quality: str = ""
    """The option that says how well: its name."""
    default: int = 0
    """Its default: visually lossless or nearly so."""
    highest: int = 0
    """The worst that it takes."""
    options: tuple[tuple[str, str], ...] = ()
    containers: frozenset[str] = frozenset({"mp4", "mov", "matroska"})
    segments: str = "nut"
    """The container of what is to be joined: one that keeps timestamps as they are."""


_ENCODERS: Final[dict[str, _Encoder]] = {
    "av1": _Encoder("libsvtav1", "crf", 24, 63, (("preset", "8"),), frozenset({"mp4", "matroska", "webm"})),
    "ffv1": _Encoder("ffv1", options=(("level", "3"),), containers=frozenset({"matroska"})),
    "h264": _Encoder("libx264", "crf", 18, 51, (("preset", "medium"),)),
    "hevc": _Encoder("libx265", "crf", 20, 51, (("preset", "medium"), ("x265-params", "log-level=none"))),
    "mjpeg": _Encoder(
        # Unofficial is any range but the full one; a comment in each frame says which it is.
        "mjpeg",
        "qscale",
        2,
        31,
        (("strict", "unofficial"),),
        frozenset({"mov", "matroska"}),
    ),
    "prores": _Encoder("prores_ks", containers=frozenset({"mov", "matroska"}), segments="mov"),
    "vp8": _Encoder(
        "libvpx", "crf", 8, 63, (("b", "8M"), ("cpu-used", "4")), frozenset({"matroska", "webm"})
    ),
    "vp9": _Encoder(
        "libvpx-vp9",
        "crf",
        24,
        63,
        (("b", "0"), ("cpu-used", "4"), ("row-mt", "1")),
        frozenset({"mp4", "matroska", "webm"}),
    ),
}

_WITHOUT_ASPECT: Final = frozenset({"av1", "vp8", "vp9"})
"""Codecs that do not carry the shape of a pixel; PyAV does not let a Matroska file say it either."""

_WITHOUT_FIELDS: Final = frozenset({"av1", "hevc", "vp8", "vp9"})
"""Codecs whose encoders here make no interlaced frames."""

CODECS: Final = tuple(sorted(_ENCODERS))
"""The codecs that a colored video can have."""


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How a colored video is written."""

    codec: str
    """One of ``CODECS``."""
    encoder: str
    """FFmpeg's name of what writes it."""
    options: dict[str, str]
    """Of the encoder."""
    pixels: PixelFormat
    container: str
    """FFmpeg's name of the file's format."""
    segments: str
    """FFmpeg's name of the format of its parts."""
    notes: list[str]
    """What a user should know of the choice, a sentence each."""


def container_of(name: str, suffix: str) -> str:
    """FFmpeg's name of the format that a file's extension means.

    :raises VideoError: if it means none that a colored video is written in.
    """
    container = _CONTAINERS.get(suffix.lower())
    if container is None:
        known = " ".join(sorted(_CONTAINERS))
        raise VideoError(name, f"its extension names no format for colored video; use one of {known}")
    return container


def choose_encoding(
    name: str, suffix: str, information: Information, codec: str = "", crf: int | None = None
) -> Encoding:
    """Choose how to write: with the source's codec if its encoder is there and the container takes it.

    :param name: what messages call the destination.
    :param suffix: its extension.
    :param codec: one of ``CODECS``, or empty for the source's, or else H.264 (in WebM, VP9).
    :param crf: quality, lower is better, in the encoder's own measure; None for a good default.
    :raises VideoError: for a codec, a quality or an extension that does not do.
    """
    container = container_of(name, suffix)
    notes = []
    if codec:
        if codec not in _ENCODERS:
            raise VideoError(name, f"codec is {codec}, but must be one of {', '.join(CODECS)}")
        if container not in _ENCODERS[codec].containers:
            fits = ", ".join(key for key in CODECS if container in _ENCODERS[key].containers)
            raise VideoError(name, f"{suffix} holds no {codec} here; use one of {fits}")
    else:
        own = information.codec
        kept = _ENCODERS.get(own)
        codec = own if kept and container in kept.containers and _exists(kept.name) else ""
        if not codec:
            codec = "vp9" if container == "webm" else "h264"
            notes.append(f"its codec, {own}, is not written to {suffix} here: {codec} is")
    encoder = _ENCODERS[codec]
    if not _exists(encoder.name):
        raise VideoError(name, f"this installation of PyAV has no {encoder.name}: choose another codec")
    options = dict(encoder.options)
    if encoder.quality:
        level = encoder.default if crf is None else crf
        if not 0 <= level <= encoder.highest:
            raise VideoError(name, f"crf is {level}, but for {codec} must be within 0 to {encoder.highest}")
        options[encoder.quality] = str(level)
    elif crf is not None:
        raise VideoError(name, f"crf is {crf}, but {codec} has no such measure of quality")
    aspect = information.pixel_aspect
    if aspect not in (None, 1) and codec in _WITHOUT_ASPECT and container in ("matroska", "webm"):
        shape = f"{aspect.numerator}:{aspect.denominator}" if aspect else ""
        notes.append(f"the shape of its pixels, {shape}, is not written with {codec} to {suffix}")
    if information.first_field is not None and codec == "h264":
        options["x264-params"] = "tff=1" if information.first_field == "top" else "bff=1"
    elif information.first_field is not None and codec in _WITHOUT_FIELDS:
        notes.append(f"its frames are interlaced, which is not written with {codec}")
    pixels, remarks = choose_pixels(name, codec, encoder.name, information)
    notes += remarks
    return Encoding(codec, encoder.name, options, pixels, container, encoder.segments, notes)


def _exists(encoder: str) -> bool:
    try:
        av.Codec(encoder, "w")
    except UnknownCodecError:
        return False
    return True
