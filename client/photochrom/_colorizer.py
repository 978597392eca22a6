"""The SDK: a photograph in, a colored picture out."""

import os
import threading
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from PIL import Image

from photochrom import _video
from photochrom._coloring import Coloring
from photochrom._dialogue import Dialogue, Done, Response, advance
from photochrom._errors import PhotochromError, ServerError
from photochrom._identity import Pem
from photochrom._options import Options, Upsampling, check_patience, check_timeout
from photochrom._outcome import Outcome
from photochrom._photographs import Source
from photochrom._restart import PATIENCE
from photochrom._server import Server, connect
from photochrom._video.progress import ColoredVideo, VideoProgress
from photochrom._window import WINDOW, check_window, work_through
from photochrom_contract.files.provenance import Provenance

T = TypeVar("T")


def colorize(
    photograph: Source,
    target: str | None = None,
    *,
    model: str = "",
    version: int | str = 0,
    size: int = 0,
    saturation: float = 1.0,
    temperature: float | None = None,
    upsampling: Upsampling = "guided",
) -> Image.Image:
    """Color one photograph.

    For many, a :class:`Colorizer` keeps its connection. The parameters are those of a Colorizer and of
    its :meth:`~Colorizer.colorize`, and so are the errors.
    """
    with Colorizer(
        target,
        model=model,
        version=version,
        size=size,
        saturation=saturation,
        temperature=temperature,
        upsampling=upsampling,
    ) as colorizer:
        return colorizer.colorize(photograph)


class Colorizer:
    """A connection to a server, for any number of photographs and threads.

    >>> with Colorizer() as colorizer:
    ...     picture = colorizer.colorize("astronaut.jpg")
    >>> picture
    <PIL.Image.Image image mode=RGB size=512x512 at 0x...>
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        model: str = "",
        version: int | str = 0,
        size: int = 0,
        saturation: float = 1.0,
        temperature: float | None = None,
        upsampling: Upsampling = "guided",
        timeout: float = 60.0,
        patience: float = PATIENCE,
        root_certificates: Pem | None = None,
        client_certificate: Pem | None = None,
        token: str | None = None,
    ) -> None:
        """Choose the server and how it colors. It connects with the first photograph.

        :param target: ``host:port``, ``grpc://host:port``, ``grpcs://host:port`` (TLS) or
            ``unix:/path``; without one, the environment's ``PHOTOCHROM_TARGET``; without that, the
            embedded server: in this process, on its CPU, with the model that it ships.
        :param model: the model's name; empty for the server's default.
        :param version: the model's version; 0 for the latest; or a label that the server's operator
            gave one, such as ``"stable"``.
        :param size: the side, in pixels, of the square that the model sees, one of those that it
            accepts; 0 for its default. The result has the photograph's size, whatever this is.
        :param saturation: a factor on the predicted chroma, within 0 (grey) to 2.
        :param temperature: of the model's annealed mean, for a model that has one: near 0 vivid and
            spotty, 1 smooth and pale, at most 10; None for the model's own.
        :param upsampling: how the model's chroma is stretched over the photograph: ``"guided"`` along the
            photograph's edges, or ``"bilinear"``, by interpolation alone.
        :param timeout: seconds that a call to the server may take, retries included; a day at most.
        :param patience: seconds, within the timeout, to wait for a server that has answered before and is
            gone: it may be restarting. A server that never answered is told of at once.
        :param root_certificates: for TLS, PEM certificates to trust in place of the public
            authorities': a file's path, or the bytes.
        :param client_certificate: for a server that asks for one, a PEM certificate and its private key,
            in one file; without it, the environment's ``PHOTOCHROM_CLIENT_CERTIFICATE``.
        :param token: for a server that asks for one; without it, the environment's ``PHOTOCHROM_TOKEN``.
            It is sent over TLS, or to a server on this machine.
        :raises ValueError: for a value out of its range.
        """
        self._options = Options(model, version, size, saturation, temperature, upsampling)
        self._coloring = Coloring(self._options)
        check_timeout(timeout)
        check_patience(patience)
        self._lock = threading.Lock()
        # Late, so that a bad picture is told before an embedded server is started for it.
        self._connect = partial(
            connect,
            target,
            timeout=timeout,
            patience=patience,
            root_certificates=root_certificates,
            client_certificate=client_certificate,
            token=token,
        )
        self._server: Server | None = None
        self._closed = False

    def colorize(self, photograph: Source) -> Image.Image:
        """Color a photograph.

        Whatever colors it has are ignored: a sepia or color picture is treated as the black-and-white
        photograph it is. Its transparency is kept.

        :param photograph: a file's path, an encoded picture (bytes, or an open binary file), or a
            Pillow picture, which is left as it is.
        :returns: a picture in sRGB, mode ``RGB`` or ``RGBA``, of the photograph's size once its EXIF
            orientation is applied.
        :raises PictureError: if there is no picture in it, or not all of one.
        :raises TargetError: if there is no server to ask.
        :raises ServerError: if the server gives no colors.
        :raises ValueError: if the Colorizer is closed, before or meanwhile.
        """
        return self._run(self._coloring.colorize(photograph))

    def colorize_file(self, photograph: Source, destination: str | os.PathLike[str]) -> Provenance:
        """Color a photograph into a file that is its faithful copy, plus color.

        Every page of it, as it is stored, with its metadata and what its colors are from.

        :param photograph: as for :meth:`colorize`.
        :param destination: the file to write: the whole of it or nothing, over an older one. Its
            extension names the format: ``.avif .bmp .heic .jp2 .jpg .png .ppm .tif .webp``.
        :returns: what the copy says of its colors.
        :raises PictureError: if there is no picture in it, or not all of one, or if ``destination``
            cannot be written.
        :raises TargetError: if there is no server to ask.
        :raises ServerError: if the server gives no colors.
        :raises ValueError: if the Colorizer is closed, before or meanwhile.
        """
        return self._run(self._coloring.colorize_file(photograph, destination))

    def colorize_many(
        self, photographs: Iterable[Source], *, in_order: bool = True, window: int = WINDOW
    ) -> Generator[Outcome, None, None]:
        """Color any number of photographs, several at a time.

        >>> with Colorizer() as colorizer:
        ...     for outcome in colorizer.colorize_many(["astronaut.jpg", "missing.jpg"]):
        ...         print(outcome.source, outcome.error or outcome.picture.size)
        astronaut.jpg (512, 512)
        missing.jpg missing.jpg: no such file

        Memory is bounded: ``photographs`` is read as places in the window become free, and an outcome
        that was handed on is no longer held.

        :param photographs: each as for :meth:`colorize`; any iterable, also an endless one.
        :param in_order: whether outcomes come in the order of the photographs, or each as soon as it is
            there.
        :param window: how many photographs are in work or waiting to be handed on, 1 to 1024. The default
            keeps a server busy; large scans need memory for so many.
        :returns: for each photograph its :class:`Outcome`: the picture, or the error in its place.
        :raises ValueError: for a window out of its range, and if the Colorizer is closed meanwhile.
        """
        check_window(window)
        return work_through(self._outcome, photographs, window=window, in_order=in_order)

    def colorize_video(
        self,
        source: str | os.PathLike[str],
        destination: str | os.PathLike[str],
        *,
        codec: str = "",
        crf: int | None = None,
        salvage: bool = False,
        progress: Callable[[VideoProgress], None] | None = None,
    ) -> ColoredVideo:
        """Color a video, coherently over time. Needs the extra ``photochrom[video]``.

        Each frame keeps its lightness, its time and its place; sound, subtitles, chapters and metadata
        are copied. Memory does not grow with the length. What is colored lies beside the destination in
        a folder ``.NAME.photochrom`` until all of it is there: a run that was interrupted, however hard,
        goes on from there when it is started again with the same values.

        :param source: the file's path; any format that FFmpeg reads.
        :param destination: where to write: ``.mp4``, ``.m4v``, ``.mov``, ``.mkv`` or ``.webm``. A file
            that exists is replaced once the new one is whole.
        :param codec: ``h264``, ``hevc``, ``av1``, ``vp9``, ``vp8``, ``ffv1``, ``prores`` or ``mjpeg``; empty
            for the source's, or where that is not written, H.264 (in WebM, VP9).
        :param crf: the encoder's measure of quality, lower is better; None for nearly lossless.
        :param salvage: go on after damage, without what cannot be decoded, and note where it was; else
            damage is an error, and nothing is written.
        :param progress: called after each frame, in this thread.
        :returns: what was written, and what in it is otherwise than in the source.
        :raises VideoError: if the source cannot be read, or the destination cannot be written, or the
            extra is not installed.
        :raises TargetError: if there is no server to ask.
        :raises ServerError: if the server gives no colors; the same call goes on later.
        :raises ValueError: if the Colorizer is closed, before or meanwhile.
        """
        _video.check_installed(os.fspath(source))
        from photochrom._video.coloring import VideoColoring

        coloring = VideoColoring(
            Path(source),
            Path(destination),
            self._options,
            codec=codec,
            crf=crf,
            salvage=salvage,
            progress=progress,
        )
        return coloring.run(self._connected())

    def close(self) -> None:
        """End the calls that are under way, and the connection."""
        with self._lock:
            self._closed = True
            if self._server is not None:
                self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _outcome(self, photograph: Source) -> Outcome:
        try:
            return Outcome(photograph, picture=self.colorize(photograph))
        except PhotochromError as error:
            return Outcome(photograph, error=error)

    def _run(self, dialogue: Dialogue[T]) -> T:
        reply: Response | ServerError | None = None
        while not isinstance(step := advance(dialogue, reply), Done):
            try:
                reply = self._connected().call(step)
            except ServerError as error:
                reply = error
        return step.result

    def _connected(self) -> Server:
        with self._lock:
            if self._closed:
                raise ValueError("the Colorizer is closed")
            if self._server is None:
                self._server = self._connect()
                self._coloring.server = self._server.name
            return self._server
