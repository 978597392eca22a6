"""The page of the worst: where a model fails, to be looked at."""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from photochrom_contract import photograph
from photochrom_training.evaluation.evaluation import Score, merged
from photochrom_training.evaluation.predictors import Predictor
from photochrom_training.evaluation.report import Scores
from photochrom_training.evaluation.test_set import Photograph, TestSet

_COUNT = 20
_SIDE = 256  # pixels, at most

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The worst</title>
<style>
body {{ font: 14px sans-serif; margin: 2em }}
figure {{ margin: 1em 0 }}
figcaption {{ margin-bottom: .3em }}
</style>
<p>For each model the photographs of the highest LPIPS: grey, the model's picture, the truth.</p>
{sections}
</html>
"""


def write(models: Sequence[Predictor], photographs: TestSet, scores: Scores) -> str:
    """The page in HTML with its pictures inside: each model's 20 worst photographs by LPIPS, the worst first.

    :param scores: each model's, of ``photographs``.
    """
    sections = []
    for model in models:
        worst = sorted(scores[model.name], key=lambda score: score.lpips, reverse=True)[:_COUNT]
        chosen = photographs.named([score.photograph for score in worst])
        figures = [_figure(model, one, score) for one, score in zip(chosen, worst, strict=True)]
        sections.append(f"<h2>{html.escape(model.name)}</h2>\n" + "\n".join(figures))
    return _PAGE.format(sections="\n".join(sections))


def _figure(model: Predictor, one: Photograph, score: Score) -> str:
    (plane,) = model.predict([one])
    grey = photograph.merge(one.lightness, np.zeros((2, 1, 1), np.float32))
    pictures = (grey, Image.fromarray(merged(one, plane)), Image.fromarray(np.array(one.rgb)))
    caption = (
        f"{html.escape(score.photograph)}: LPIPS {score.lpips:.3f}, PSNR {score.psnr:.1f} dB, "
        f"colorfulness {score.colorfulness:.0f} (truth {score.truth_colorfulness:.0f})"
    )
    images = " ".join(
        f'<img alt="{alt}" src="data:image/jpeg;base64,{_encoded(picture)}">'
        for alt, picture in zip(("grey", "result", "truth"), pictures, strict=True)
    )
    return f"<figure><figcaption>{caption}</figcaption>{images}</figure>"


def _encoded(picture: Image.Image) -> str:
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return base64.b64encode(file.getvalue()).decode("ascii")
