"""The Fréchet distance of two sets of pictures: how far apart two clouds of a network's features lie.

Source: Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, *GANs Trained by a Two Time-Scale Update Rule
Converge to a Local Nash Equilibrium*, 2017, equation 6, after Dowson and Landau, *The Fréchet distance
between multivariate normal distributions*, 1982. With means m and covariances C::

    d² = |m1 - m2|² + tr C1 + tr C2 - 2 tr (C1 C2)^½

Theirs is of Inception's features, and called FID. This one is of another network's, carries that network's
name, and has nothing to do with anyone's FID. (As FID does, it grows as the photographs get fewer.)
"""

import numpy as np
import numpy.typing as npt

from photochrom_training.evaluation.report import Figure

RESAMPLES = 100
"""Bootstrap resamples: each takes a decomposition, and its deviation alone is used."""

Features = npt.NDArray[np.floating]
"""``(n, d)``: a row of d features for each picture."""


def frechet_distance(first: Features, second: Features) -> float:
    """The squared distance of the normal distributions that two sets of features have, 0 or more.

    :param first: of two pictures or more.
    :param second: likewise; not necessarily as many.
    """
    return _distance(first, second, np.ones(len(first)), np.ones(len(second)))


def figure(features: Features, truth: Features) -> Figure:
    """The distance with a 95 % bootstrap interval over the photographs, row for row the same in both sets.

    Repeated photographs, which resamples have, move the distance itself: the interval is the distance,
    give or take 1.96 standard deviations of the resamples'.
    """
    count = len(features)
    value = frechet_distance(features, truth)
    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    spread = 1.96 * float(np.std([_distance(features, truth, counts, counts) for counts in draws], ddof=1))
    return Figure(value, max(0.0, value - spread), value + spread)


def _distance(first: Features, second: Features, first_counts: Features, second_counts: Features) -> float:
    mean, rows = _centered(first, first_counts)
    other_mean, other_rows = _centered(second, second_counts)
    # With C1 = A'A and C2 = B'B, C1 C2 has the eigenvalues of (AB')'AB' besides zeros, so the trace of its
    # root is the sum of AB's singular values: no root of a matrix that rounding has made indefinite, and
    # no more rows than the lesser of n and d.
    shared = np.linalg.svd(rows @ other_rows.T, compute_uv=False).sum()
    traces = np.square(rows).sum() + np.square(other_rows).sum()
    return max(0.0, float(np.square(mean - other_mean).sum() + traces - 2 * shared))


def _centered(
    features: Features, counts: npt.NDArray[np.number]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The mean ``(d,)``, and the at most d rows A of a factor of the covariance: A'A, unbiased.

    :param counts: how often each row of ``features`` occurs.
    """
    there = counts > 0
    chosen, weights = np.asarray(features[there], np.float64), counts[there, None]
    total = counts.sum()
    mean = (weights * chosen).sum(axis=0) / total
    rows = np.sqrt(weights / (total - 1)) * (chosen - mean)
    if len(rows) > rows.shape[1]:
        rows = np.asarray(np.linalg.qr(rows, mode="r"))
    return mean, rows
