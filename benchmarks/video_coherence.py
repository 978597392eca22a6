"""How much the color of video flickers, and how far it is from the truth: frame by frame, and coherent.

Clips are made from photographs in motion, whose color and whose motion are known. The photographs are
those of a tar file of pictures, or those of scikit-image. Writes markdown.
"""

import argparse
import io
import random
import tarfile
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from benchmarks import report, subjects
from photochrom._server import Server
from photochrom._target import Target
from tests.client.video import moving_photographs, scoring
from tests.client.video.moving_photographs import Picture

_SCENES = subjects.ROOT.parent / "shared" / "data" / "test-scenes.tar"
_SIDE = 224  # pixels that a photograph has at least


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--photographs", type=Path, default=_SCENES, help="a tar file of pictures")
    parser.add_argument("--pairs", type=int, default=10, help="of photographs: five clips each")
    parser.add_argument("--frames", type=int, default=24, help="of a clip")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    photographs = read_photographs(arguments.photographs, 2 * arguments.pairs, arguments.seed)
    size = subjects.latest(arguments.models, arguments.name).default_size
    scores: dict[str, list[tuple[scoring.Score, scoring.Score, scoring.Score]]] = {}
    with (
        subjects.photochrom(arguments.models) as (target, _),
        Server(Target.parse(target), timeout=60) as server,
    ):
        for index in range(0, len(photographs) - 1, 2):
            pair = photographs[index : index + 2]
            for clip in moving_photographs.clips(pair, arguments.seed + index, arguments.frames):
                plain, coherent = scoring.compare(server, clip, size)
                scores.setdefault(clip.name, []).append((plain, coherent, scoring.truth(clip)))
    rows = [row(name, np.array(scores[name])) for name in scores]
    rows.append(row("all", np.concatenate([np.array(values) for values in scores.values()])))
    head = (
        "clips", "flicker, by frame", "coherent", "ratio", "truth",
        "RMSE, by frame", "coherent", "PSNR, by frame", "coherent",
    )  # fmt: skip
    text = (
        f"{report.machine()}\n\n{arguments.name} at {size} px, {len(photographs) // 2} clips of each kind, "
        f"{arguments.frames} frames of {moving_photographs.WIDTH} x {moving_photographs.HEIGHT}\n\n"
        + report.table(head, rows)
    )
    report.save("video_coherence", text)


def row(name: str, scores: np.ndarray) -> list[str]:
    """The means of ``(clips, 3, 3)`` scores: frame by frame, coherent, the truth; RMSE as a root again."""
    flicker, psnr = scores[..., 0].mean(axis=0), scores[..., 2].mean(axis=0)
    rmse = np.sqrt((scores[..., 1] ** 2).mean(axis=0))
    cells = [
        *(f"{value:.2f}" for value in flicker[:2]),
        f"{flicker[1] / flicker[0]:.2f}",
        f"{flicker[2]:.2f}",
        *(f"{value:.2f}" for value in (*rmse[:2], *psnr[:2])),
    ]
    return [name, *cells]


def read_photographs(tar: Path, count: int, seed: int) -> list[Picture]:
    """So many photographs, drawn with the seed; scikit-image's few, in turn, where there is no tar file."""
    if not tar.exists():
        names = ("astronaut", "coffee", "rocket", "chelsea")
        own = [Image.fromarray(getattr(skimage.data, name)()).convert("RGB") for name in names]
        return [np.asarray(own[index % len(own)].resize((256, 256))) for index in range(count)]
    drawn: list[Picture] = []
    with tarfile.open(tar) as archive:
        members = sorted((member for member in archive if member.isfile()), key=lambda member: member.name)
        random.Random(seed).shuffle(members)  # which photographs
        for member in members:
            file = archive.extractfile(member)
            assert file is not None
            picture = Image.open(io.BytesIO(file.read()))
            if min(picture.size) >= _SIDE:
                drawn.append(np.asarray(picture.convert("RGB")))
            if len(drawn) == count:
                break
    return drawn


if __name__ == "__main__":
    main()
