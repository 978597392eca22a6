"""Pictures side by side: a row for each photograph, a column for each way to color it."""

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from photochrom_training.evaluation.aged import old_print
from photochrom_training.evaluation.evaluation import merged
from photochrom_training.evaluation.predictors import Predictor
from photochrom_training.evaluation.test_set import Photograph

_CELL = 256
_GAP = 6
_HEADING = 24
_PAPER = (255, 255, 255)
_INK = (40, 40, 40)


def draw(
    photographs: Iterable[Photograph],
    predictors: Sequence[Predictor],
    *,
    truth: bool,
    ageing_seed: int | None = None,
) -> Image.Image:
    """Draw a sheet; its cells have a longer side of 256 px at most.

    :param predictors: the columns.
    :param truth: whether the photographs themselves are the last column.
    :param ageing_seed: if given, the photographs as this seed ages them are the last but one.
    """
    headings = [predictor.name for predictor in predictors]
    headings += ["as aged"] * (ageing_seed is not None) + ["truth"] * truth
    rows = [_row(one, predictors, truth, ageing_seed) for one in photographs]
    heights = [max(cell.height for cell in row) for row in rows]
    width = _GAP + (_CELL + _GAP) * len(headings)
    sheet = Image.new("RGB", (width, _HEADING + _GAP + sum(heights) + _GAP * len(rows)), _PAPER)

    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    lefts = range(_GAP, width, _CELL + _GAP)
    for left, heading in zip(lefts, headings, strict=True):
        pen.text((left, _GAP), _fitting(heading, font), _INK, font)
    top = _HEADING + _GAP
    for row, height in zip(rows, heights, strict=True):
        for left, cell in zip(lefts, row, strict=True):
            sheet.paste(cell, (left + (_CELL - cell.width) // 2, top))
        top += height + _GAP
    return sheet


def _row(
    one: Photograph, predictors: Sequence[Predictor], truth: bool, ageing_seed: int | None
) -> list[Image.Image]:
    planes = [predictor.predict([one])[0] for predictor in predictors]
    pictures = [Image.fromarray(merged(one, plane)) for plane in planes]
    if ageing_seed is not None:
        pictures.append(old_print(one, ageing_seed).picture)
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
