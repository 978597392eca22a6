"""What became of one photograph among many."""

import dataclasses

from PIL import Image

from photochrom._errors import PhotochromError
from photochrom._photographs import Source


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photograph among many: a picture, or the error in its place."""

    source: Source
    """The photograph, as it was given."""
    picture: Image.Image | None = None
    """In color, as from :meth:`Colorizer.colorize`; None if that failed."""
    error: PhotochromError | None = None
    """Why there is no picture."""

    def result(self) -> Image.Image:
        """The picture.

        :raises PhotochromError: the error, if there is none.
        """
        if self.picture is None:
            assert self.error is not None
            raise self.error
        return self.picture
