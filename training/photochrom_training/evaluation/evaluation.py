"""Predictors times photographs: one row of scores each."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from photochrom_contract import lab, photograph
from photochrom_contract.upsampling import ChromaField
from photochrom_training.evaluation import chroma_prior, metrics
from photochrom_training.evaluation.ciede2000 import ciede2000
from photochrom_training.evaluation.predictors import ChromaPlane, Predictor
from photochrom_training.evaluation.test_set import Photograph
from photochrom_training.photographs import PhotographsError

if TYPE_CHECKING:  # importing it for real takes Keras's seconds
    from photochrom_training.evaluation.embeddings import Embeddings
    from photochrom_training.evaluation.lpips import Lpips

TRUTH = "truth"
"""The photographs themselves, among sets of pictures."""

_BATCH = 16
_BATCH_PIXELS = _BATCH * 256 * 256


@dataclasses.dataclass(frozen=True)
class Score:
    """The figures of one prediction for one photograph.

    Of the picture that a viewer gets, the truth's L* with as much of the chroma as 8-bit sRGB shows:
    ``lpips``, ``psnr``, ``ciede2000`` and ``colorfulness``. Of the chroma as predicted:
    ``ab_rmse`` and both AuC.
    """

    photograph: str
    pixels: int
    lpips: float
    psnr: float
    """dB."""
    ciede2000: float
    """Mean over the pixels."""
    ab_rmse: float
    """Root of the mean square distance in the a*b* plane, CIE units."""
    auc: float
    """Percent."""
    auc_rebalanced: float
    """Percent; each pixel weighs one over the share of its true color in the training photographs."""
    rebalancing: float
    """The sum of those weights."""
    colorfulness: float
    truth_colorfulness: float


def evaluate(
    predictors: Sequence[Predictor],
    photographs: Iterable[Photograph],
    lpips: "Lpips",
    progress: Callable[[int], None],
    embeddings: "Embeddings | None" = None,
) -> dict[str, list[Score]]:
    """Score every predictor on every photograph.

    :param embeddings: given the truth's pictures, and each predictor's under its name.
    :param progress: told how many photographs are done.
    :raises PhotographsError: for a photograph that cannot be read, or is too small to be measured.
    :returns: for each predictor's name its scores, in the order of the photographs.
    """
    scores: dict[str, list[Score]] = {predictor.name: [] for predictor in predictors}
    done = 0
    for batch in batches(photographs):
        truths = np.stack([one.rgb for one in batch])
        try:
            truth_features = lpips.features(truths)
        except ValueError as error:
            raise PhotographsError(f"{batch[0].name}: {error}") from error
        if embeddings:
            embeddings.add(TRUTH, truths)
        for predictor in predictors:
            planes = predictor.predict(batch)
            pictures = np.stack([merged(one, plane) for one, plane in zip(batch, planes, strict=True)])
            distances = lpips.distance(lpips.features(pictures), truth_features)
            if embeddings:
                embeddings.add(predictor.name, pictures)
            scores[predictor.name] += map(_score, batch, planes, pictures, distances.tolist())
        done += len(batch)
        progress(done)
    return scores


def batches(photographs: Iterable[Photograph]) -> Iterator[list[Photograph]]:
    """Neighbors of one size, together: at most 16, and no more pixels than 16 of 256 x 256."""
    for (width, height), alike in itertools.groupby(photographs, lambda one: one.picture.size):
        yield from map(list, _batched(alike, max(1, min(_BATCH, _BATCH_PIXELS // (width * height)))))


def merged(truth: Photograph, plane: ChromaPlane) -> npt.NDArray[np.uint8]:
    """The colored picture ``(h, w, 3)`` as a client makes it where told to upsample bilinearly.

    By itself a client follows the lightness's edges: figures are of the model's chroma, not of that.
    """
    return np.asarray(photograph.merge(truth.lightness, plane, upsampling="bilinear"))


def stretched(truth: Photograph, plane: ChromaPlane) -> metrics.Chroma:
    """The chroma plane at its photograph's size, as :func:`merged` stretches it."""
    height, width = truth.lightness.shape
    field = ChromaField(plane, plane[0], height, width, "bilinear")
    return field.rows(slice(0, height), truth.lightness).copy()  # out of the thread's scratch memory


def _score(truth: Photograph, plane: ChromaPlane, picture: npt.NDArray[np.uint8], perceptual: float) -> Score:
    distance = metrics.chroma_distance(stretched(truth, plane), truth.chroma)
    weights = chroma_prior.rebalancing_weights(truth.chroma)
    seen = lab.rgb_to_lab(picture.astype(np.float32) / 255)
    return Score(
        photograph=truth.name,
        pixels=distance.size,
        lpips=perceptual,
        psnr=metrics.psnr(metrics.rgb_square_error(picture, truth.rgb)),
        ciede2000=float(ciede2000(seen, truth.lab).mean(dtype=np.float64)),
        ab_rmse=metrics.root_mean_square(distance),
        auc=metrics.area_under_accuracy(distance),
        auc_rebalanced=metrics.area_under_accuracy(distance, weights),
        rebalancing=float(weights.sum(dtype=np.float64)),
        colorfulness=metrics.colorfulness(picture),
        truth_colorfulness=metrics.colorfulness(truth.rgb),
    )


def _batched(photographs: Iterable[Photograph], count: int) -> Iterator[tuple[Photograph, ...]]:
    """``itertools.batched``, which Python 3.11 lacks."""
    source = iter(photographs)
    while batch := tuple(itertools.islice(source, count)):
        yield batch
