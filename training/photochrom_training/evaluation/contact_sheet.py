"""Pictures side by side: a row for each photograph, a column for each way to color it."""

from collections.abc import Iterable, Sequence

import numpy as np
from photochrom_contract import photograph
from photochrom_training.evaluation.predictors import Predictor
from photochrom_training.evaluation.test_set import Photograph
from PIL import Image, ImageDraw, ImageFont

_CELL = 256
_GAP = 6
_HEADING = 24
_PAPER = (255, 255, 255)
_INK = (40, 40, 40)


def draw(photographs: Iterable[Photograph], predictors: Sequence[Predictor], truth: bool) -> Image.Image:
    """Draw a sheet of cells of 256 px.

    :param predictors: the columns.
    :param truth: whether the photographs themselves are the last column.
    """
    headings = [predictor.name for predictor in predictors] + ["truth"] * truth
    rows = [_row(one, predictors, truth) for one in photographs]
    step = _CELL + _GAP
    sheet = Image.new("RGB", (step * len(headings) + _GAP, step * len(rows) + _GAP + _HEADING), _PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for column, heading in enumerate(headings):
        pen.text((_GAP + step * column, _GAP), _fitting(heading, font), _INK, font)
        for line, row in enumerate(rows):
            cell = row[column]
            left = _GAP + step * column + (_CELL - cell.width) // 2
            top = _GAP + _HEADING + step * line + (_CELL - cell.height) // 2
            sheet.paste(cell, (left, top))
    return sheet


def _row(one: Photograph, predictors: Sequence[Predictor], truth: bool) -> list[Image.Image]:
    planes = [predictor.predict([one])[0] for predictor in predictors]
    pictures = [photograph.merge(one.lightness, plane) for plane in planes]
    if truth:
        pictures.append(Image.fromarray(np.array(one.rgb)))
    for picture in pictures:
        picture.thumbnail((_CELL, _CELL), Image.Resampling.LANCZOS)
    return pictures


def _fitting(heading: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """The heading, cut so that it stays in its column."""
    if font.getlength(heading) <= _CELL:
        return heading
    while font.getlength(heading + "…") > _CELL:
        heading = heading[:-1]
    return heading + "…"
