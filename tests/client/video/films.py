"""Tiny video files, made and read with PyAV."""

from __future__ import annotations  # PyAV's packets are generic for type checkers only

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from photochrom._video import scheduling

WIDTH, HEIGHT = 64, 48
RATE = 25
MILLISECONDS = Fraction(1, 1000)


def grey_frames(count: int, width: int = WIDTH, height: int = HEIGHT) -> npt.NDArray[np.uint8]:
    """A soft pattern that moves a pixel a frame, ``(n, h, w)``: Y' within 16 to 235."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    waves = [np.sin((x + t) / 7) * np.cos(y / 5) + np.sin((x + t + 2 * y) / 17) for t in range(count)]
    luma: npt.NDArray[np.uint8] = np.rint(125 + 50 * np.stack(waves)).astype(np.uint8)
    return luma


def write(
    path: Path,
    luma: npt.NDArray[Any],
    *,
    codec: str = "ffv1",
    pixels: str = "gray",
    times: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, RATE),
    chroma: tuple[int, int] | None = None,
    sound: bool = False,
    sound_seconds: float | None = None,
    subtitles: str = "",
    turned: int = 0,
    options: dict[str, str] | None = None,
    context: dict[str, Any] | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write a film.

    :param luma: Y' of the frames, ``(n, h, w)``, uint8 or uint16.
    :param times: the frames' timestamps in ``time_base``; one after the other without.
    :param chroma: the codes of Cb and Cr, all over; neutral without.
    :param sound_seconds: how long the sound lasts; as long as the frames at ``RATE`` without.
    :param subtitles: FFmpeg's name of the codec of a subtitle stream.
    :param turned: degrees, counter-clockwise, to turn frames by for display.
    :param context: attributes of the encoder's context.
    """
    count, height, width = luma.shape
    with av.open(path, "w") as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(codec, rate=RATE, options=options or {})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.time_base = time_base
        for name, value in (context or {}).items():
            setattr(stream.codec_context, name, value)
        if turned:
            stream.set_display_rotation(turned)
        voice = "pcm_s16le" if path.suffix == ".mkv" else "aac"
        tone = container.add_stream(voice, rate=8000, layout="mono") if sound else None
        text = container.add_mux_stream(subtitles) if subtitles else None
        with scheduling.kept():  # or SVT-AV1 would make the tests' process a real-time one
            container.start_encoding()
        for index in range(count):
            frame = VideoFrame(width, height, pixels)
            fill(frame, 0, luma[index])
            for plane in range(1, len(frame.planes)):
                neutral = 128 << (frame.format.components[0].bits - 8)
                fill(frame, plane, np.array([[chroma[plane - 1] if chroma else neutral]]))
            frame.pts = times[index] if times is not None else index
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            assert isinstance(tone, AudioStream)
            for packet in _tone(tone, sound_seconds or count / RATE):
                container.mux(packet)
        if text is not None:
            container.mux(_subtitle(text))
    return path


def write_converted(path: Path, luma: npt.NDArray[np.uint8], *, codec: str, pixels: str) -> Path:
    """Write a film in any pixel format, of greys of full range ``(n, h, w)``."""
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = luma.shape[1:]
        stream.pix_fmt = pixels
        for grey in luma:
            if "rgb" in pixels:
                frame = VideoFrame.from_ndarray(np.repeat(grey[..., None], 3, axis=-1), "rgb24")
            else:
                frame = VideoFrame.from_ndarray(grey, "gray")
            container.mux(stream.encode(frame.reformat(format=pixels)))
        container.mux(stream.encode(None))
    return path


@dataclasses.dataclass(frozen=True)
class Film:
    """A film that was read."""

    luma: npt.NDArray[Any]
    """``(n, h, w)``"""
    chroma: npt.NDArray[Any]
    """Cb and Cr of the frames ``(n, 2, h', w')``."""
    codec: str
    aspect: Fraction | None
    """Width to height of a pixel."""
    times: list[Fraction]
    """In seconds."""
    stream: VideoStream
    frames: list[VideoFrame]
    metadata: dict[str, str]

    @property
    def rgb(self) -> npt.NDArray[np.float64]:
        """``(n, h, w, 3)``, 0 to 1, by the formulas of the stream's matrix and range."""
        return np.stack([_rgb(frame) for frame in self.frames])


def read(path: Path) -> Film:
    """Read a film of planes of Y', Cb and Cr, or of Y'."""
    with av.open(path, "r") as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert stream.time_base is not None
        luma = np.stack([samples(frame, 0) for frame in frames])
        chroma = np.stack(
            [
                np.stack([samples(frame, plane) for plane in range(1, len(frame.planes))])
                if len(frame.planes) > 1
                else np.zeros((2, 0, 0), np.uint8)
                for frame in frames
            ]
        )
        return Film(
            luma,
            chroma,
            stream.codec_context.codec.canonical_name,
            stream.sample_aspect_ratio,
            [frame.pts * stream.time_base for frame in frames if frame.pts is not None],
            stream,
            frames,
            dict(container.metadata),
        )


def packets(path: Path, kind: str) -> list[tuple[Fraction, bytes]]:
    """The packets of the first stream of a kind: when, and what."""
    with av.open(path, "r") as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None
        ]


def samples(frame: VideoFrame, index: int) -> npt.NDArray[Any]:
    """A plane's samples, without the rows' padding."""
    plane: Any = frame.planes[index]
    kind = np.uint16 if frame.format.components[0].bits > 8 else np.uint8
    return np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width].copy()


def fill(frame: VideoFrame, index: int, values: npt.NDArray[Any]) -> None:
    """Write a plane's samples."""
    plane: Any = frame.planes[index]
    kind = np.uint16 if frame.format.components[0].bits > 8 else np.uint8
    np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width] = values


def _rgb(frame: VideoFrame) -> npt.NDArray[np.float64]:
    """In double precision, for FFmpeg's own conversion rounds on the way."""
    depth = frame.format.components[0].bits
    full = frame.color_range == 2 or len(frame.planes) == 1
    scale = 1 << depth - 8
    luma = samples(frame, 0).astype(float)
    unit = luma / ((1 << depth) - 1) if full else (luma / scale - 16) / 219
    if len(frame.planes) == 1:
        return np.repeat(unit[..., None], 3, axis=-1)
    span = (1 << depth) - 1 if full else 224 * scale
    blue, red = (
        _stretched((samples(frame, index).astype(float) - 128 * scale) / span, unit.shape) for index in (1, 2)
    )
    k_r, k_b = {1: (0.2126, 0.0722), 9: (0.2627, 0.0593)}.get(frame.colorspace, (0.299, 0.114))
    rgb_r, rgb_b = unit + 2 * (1 - k_r) * red, unit + 2 * (1 - k_b) * blue
    rgb_g = (unit - k_r * rgb_r - k_b * rgb_b) / (1 - k_r - k_b)
    return np.clip(np.stack([rgb_r, rgb_g, rgb_b], axis=-1), 0, 1)


def _stretched(plane: npt.NDArray[np.float64], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Bilinear, as players do."""
    height, width = shape
    picture = Image.fromarray(plane.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), float)


def _tone(stream: AudioStream, seconds: float) -> list[Packet[AudioStream]]:
    made = []
    size = 1024
    for start in range(0, int(seconds * 8000), size):
        wave = np.sin(np.arange(start, start + size) / 8000 * 2 * np.pi * 440)
        stored = stream.format.name
        data = wave[None].astype(np.float32) if stored == "fltp" else (wave[None] * 9000).astype(np.int16)
        frame = AudioFrame.from_ndarray(data, format=stored, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, start, Fraction(1, 8000)
        made += stream.encode(frame)
    return made + stream.encode(None)


def _subtitle(stream: Stream) -> Packet[Any]:
    packet = Packet(b"Grandmother, 1931")
    packet.stream, packet.time_base = stream, Fraction(1, 1000)
    packet.pts = packet.dts = 200
    packet.duration = 500
    packet.is_keyframe = True
    return packet


def copy_sound(source: Path, destination: Path) -> None:
    """The sound of a film, alone."""
    with av.open(source, "r") as container, av.open(destination, "w") as alone:
        copy = alone.add_stream_from_template(container.streams.audio[0])
        for packet in container.demux(container.streams.audio[0]):
            if packet.size:
                packet.stream = copy
                alone.mux(packet)


def sound_with_cover(path: Path) -> None:
    """An MP3 with a cover picture."""
    with av.open(path, "w") as container:
        tone = container.add_stream("mp3", rate=8000, layout="mono", format="fltp")
        cover = container.add_stream("mjpeg", rate=1)
        assert isinstance(tone, AudioStream)
        assert isinstance(cover, VideoStream)
        cover.width, cover.height, cover.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        picture = VideoFrame(WIDTH, HEIGHT, "yuvj420p")
        picture.pts = 0
        for packet in [*cover.encode(picture), *cover.encode(None), *_tone(tone, 1)]:
            container.mux(packet)


def join_of_sizes(path: Path, sizes: Sequence[tuple[int, int]]) -> None:
    """A film whose frames change their size: ten frames of each, in one stream."""
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *sizes[0], "yuv420p"
        number = 0
        for width, height in sizes:
            encoder = VideoCodecContext.create("mpeg4", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base = Fraction(1, RATE)
            for index in range(10):
                frame = VideoFrame(width, height, "yuv420p")
                fill(frame, 0, grey_frames(10, width, height)[index])
                for plane in (1, 2):
                    fill(frame, plane, np.array([[128]]))
                frame.pts, frame.time_base = index, Fraction(1, RATE)
                for packet in [*encoder.encode(frame), *(encoder.encode(None) if index == 9 else [])]:
                    packet.stream = stream
                    packet.pts = packet.dts = number
                    packet.time_base = Fraction(1, RATE)
                    number += 1
                    container.mux(packet)


def with_chapters(source: Path, destination: Path, titles: Sequence[str]) -> Path:
    """A film's copy with chapters of half a second each."""
    with av.open(source, "r") as container, av.open(destination, "w") as copy:
        stream = container.streams.video[0]
        twin = copy.add_stream_from_template(stream, opaque=True)
        copy.metadata.update(container.metadata)
        copy.set_chapters(
            [
                {
                    "id": number,
                    "start": 500 * number,
                    "end": 500 * (number + 1),
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
                for number, title in enumerate(titles)
            ]
        )
        for packet in container.demux(stream):
            if packet.size:
                packet.stream = twin
                copy.mux(packet)
    return destination
