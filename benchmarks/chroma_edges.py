"""Color at edges: guided upsampling against bilinear, on the photographs of a test set that lies outside.

For each photograph chroma is stretched from the model's chroma size, its own and the truth's averaged down
(which leaves nothing but the stretching), and compared with the truth within 4 pixels of strong lightness
edges and everywhere. Overshoot is how far chroma leaves the range of the samples around it: a halo. Writes
markdown.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks import subjects
from photochrom_contract import photograph, reduction, tensors
from photochrom_contract.upsampling import ChromaField, Upsampling
from photochrom_serving import cores
from photochrom_training.evaluation.test_set import TestSet

METHODS: tuple[Upsampling, ...] = ("bilinear", "guided")
NEAR = 4
STRONG = 12.0
"""L* a pixel, by Sobel's filter."""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, default=subjects.ROOT / "../shared/data/test-open.tar")
    parser.add_argument("--every", type=int, default=3, help="take every n-th")
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    arguments = parser.parse_args()
    if not arguments.photographs.exists():
        raise SystemExit(f"skipped: {arguments.photographs} is not there")
    manifest = subjects.latest(arguments.models, arguments.name)
    samples = manifest.default_size // manifest.chroma_stride
    model = subjects.model_file(arguments.models, manifest)
    run = subjects.bare_session(model, cores.available())
    totals = {(kind, method): np.zeros(5) for kind in ("model", "truth") for method in METHODS}
    count = 0
    for one in TestSet.open(arguments.photographs, arguments.every):
        count += 1
        truth = one.lab
        lightness = np.ascontiguousarray(truth[..., 0])
        plane = photograph.reduce_lightness(lightness, manifest.default_size)
        (predicted,) = run(tensors.lightness_to_tensor(plane[None]))
        for kind, chroma in {"model": predicted[0], "truth": reduced(truth, samples)}.items():
            for method in METHODS:
                totals[kind, method] += measured(truth, chroma, method)
    what = f"{manifest.name} {manifest.version}, chroma {samples} x {samples}"
    print(f"\n{what}: {count} photographs of {arguments.photographs.name}, mean distance in a*b*\n")
    print(
        "| chroma of | upsampling | near edges | everywhere | overshoot |\n| --- | --- | ---: | ---: | ---: |"
    )
    for (kind, method), (near, near_pixels, all_pixels, pixels, overshoot) in totals.items():
        print(f"| {kind} | {method} | {near / near_pixels:.3f} | {all_pixels / pixels:.3f} ", end="")
        print(f"| {overshoot / pixels:.4f} |")


def reduced(truth: np.ndarray, samples: int) -> np.ndarray:
    """The truth's chroma, averaged down as the model's is small."""
    height, width = truth.shape[:2]
    planes = [np.ascontiguousarray(truth[..., channel]) for channel in (1, 2)]
    return np.stack(
        [reduction.reduce(plane.__getitem__, height, width, samples, samples) for plane in planes]
    )


def measured(truth: np.ndarray, chroma: np.ndarray, method: Upsampling) -> np.ndarray:
    """Summed distance near edges, of so many pixels; everywhere, of so many; summed overshoot."""
    height, width = truth.shape[:2]
    lightness = np.ascontiguousarray(truth[..., 0])
    guide = reduction.reduce(lightness.__getitem__, height, width, *chroma.shape[1:])
    rows = slice(0, height)
    result = ChromaField(chroma, guide, height, width, method).rows(rows, lightness).copy()
    distance = np.hypot(*(result[channel] - truth[..., channel + 1] for channel in (0, 1)))
    slope = np.hypot(ndimage.sobel(lightness, 0), ndimage.sobel(lightness, 1)) / 8
    edges = slope > STRONG
    # Without an edge there is nothing to be near to, and the transform would measure from its corner.
    near = ndimage.distance_transform_edt(~edges) <= NEAR if edges.any() else edges
    ends = [
        ChromaField(np.stack([extreme(plane, 3) for plane in chroma]), guide, height, width, "bilinear")
        .rows(rows, lightness)
        .copy()
        for extreme in (ndimage.minimum_filter, ndimage.maximum_filter)
    ]
    overshoot = np.maximum(np.maximum(ends[0] - result, result - ends[1]), 0).max(axis=0)
    return np.array([distance[near].sum(), near.sum(), distance.sum(), distance.size, overshoot.sum()])


if __name__ == "__main__":
    main()
