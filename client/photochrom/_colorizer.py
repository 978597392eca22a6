"""The SDK: a photograph in, a colored picture out."""

import os
import threading
from functools import partial
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom import _pictures
from photochrom._dialogue import Speaker
from photochrom._options import Options, check_timeout
from photochrom._server import Server, connect
from photochrom_contract import photograph as lab_work


def colorize(
    photograph: _pictures.Source,
    target: str | None = None,
    *,
    model: str = "",
    version: int | str = 0,
    size: int = 0,
    saturation: float = 1.0,
    temperature: float | None = None,
) -> Image.Image:
    """Color one photograph.

    For many, a :class:`Colorizer` keeps its connection. The parameters are those of a Colorizer and of
    its :meth:`~Colorizer.colorize`, and so are the errors.
    """
    with Colorizer(
        target, model=model, version=version, size=size, saturation=saturation, temperature=temperature
    ) as colorizer:
        return colorizer.colorize(photograph)


class Colorizer:
    """A connection to a server, for any number of photographs and threads.

    >>> with Colorizer("localhost:8500") as colorizer:
    ...     for path in Path("album").glob("*.jpg"):
    ...         colorizer.colorize(path).save(f"colored/{path.name}")
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
        timeout: float = 60.0,
        root_certificates: str | os.PathLike[str] | bytes | None = None,
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
        :param timeout: seconds that a call to the server may take, retries included; a day at most.
        :param root_certificates: for TLS, PEM certificates to trust in place of the public
            authorities': a file's path, or the bytes.
        :raises ValueError: for a number out of its range.
        """
        self._options = Options(model, version, size, saturation, temperature)
        check_timeout(timeout)
        self._lock = threading.Lock()
        # Late, so that a bad picture is told before an embedded server is started for it.
        self._connect = partial(connect, target, timeout=timeout, root_certificates=root_certificates)
        self._server: Server | None = None
        self._closed = False

    def colorize(self, photograph: _pictures.Source) -> Image.Image:
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
        decoded = _pictures.read(photograph)
        lightness = lab_work.lightness_of(decoded.picture)
        colored = lab_work.merge(lightness, self._predict(lightness), self._options.saturation)
        if decoded.alpha is not None:
            colored.putalpha(decoded.alpha)
        return colored

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

    def _predict(self, lightness: lab_work.Lightness) -> npt.NDArray[np.float32]:
        server = self._connected()
        return server.run(self._speaker.predict(lightness)).chroma

    def _connected(self) -> Server:
        with self._lock:
            if self._closed:
                raise ValueError("the Colorizer is closed")
            if self._server is None:
                self._server = self._connect()
                self._speaker = Speaker(self._options, self._server.name)
            return self._server
