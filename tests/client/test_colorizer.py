"""A photograph in, a colored picture of its size out."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom import Colorizer, colorize
from photochrom_contract import lab, photograph
from photochrom_contract.v1 import colorizer_pb2 as messages
from tests.client import scripted


def _lab(picture: Image.Image) -> np.ndarray:
    return np.asarray(lab.rgb_to_lab(np.asarray(picture.convert("RGB")) / 255.0))


def test_the_result_is_the_photographs_own_lightness_with_the_servers_chroma(
    target: str, gradient: Image.Image
) -> None:
    colored = colorize(gradient, target)
    expected = photograph.merge(photograph.lightness_of(gradient), scripted.CHROMA)
    assert np.array_equal(np.asarray(colored), np.asarray(expected))
    middle = _lab(colored)[30, 45]
    assert middle == pytest.approx([_lab(gradient)[30, 45, 0], 40, -30], abs=1)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I;16", "I", "F"]
)
def test_every_mode_is_colored_at_its_size(mode: str, target: str, gradient: Image.Image) -> None:
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(gradient, np.uint16) * 257)
    elif mode == "I":
        picture = Image.fromarray(np.asarray(gradient, np.int32) * 257)
    elif mode == "LAB":
        picture = Image.merge("LAB", [gradient, Image.new("L", (90, 60), 128), Image.new("L", (90, 60), 128)])
    elif mode == "HSV":
        picture = gradient.convert("RGB").convert("HSV")
    else:
        picture = gradient.convert(mode)
    assert picture.mode == mode
    colored = colorize(picture, target)
    assert colored.size == gradient.size
    assert colored.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    colors = _lab(colored)
    assert colors[:, 45].mean(axis=0)[1] > 5 or mode == "1"
    assert colors[:, 85, 0].mean() > colors[:, 45, 0].mean() - 1 > colors[:, 5, 0].mean()


def test_sepia_is_treated_as_the_greyscale_photograph_it_is(
    target: str,
) -> None:
    grey = Image.new("RGB", (90, 60), (119, 119, 119))
    lightness = float(_lab(grey)[0, 0, 0])
    toned = np.rint(lab.lab_to_rgb(np.array([lightness, 6.0, 20.0])) * 255).astype(np.uint8)
    sepia = Image.fromarray(np.tile(toned, (60, 90, 1)))
    results = [np.asarray(colorize(picture, target), int) for picture in (grey, sepia)]
    assert np.abs(results[0] - results[1]).max() <= 2


def test_transparency_is_kept(target: str, gradient: Image.Image) -> None:
    picture = gradient.convert("RGBA")
    picture.putalpha(gradient)
    assert np.array_equal(np.asarray(colorize(picture, target))[..., 3], np.asarray(gradient))


def test_the_size_is_that_of_the_upright_photograph(target: str, gradient: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    gradient.save(file, "JPEG", exif=exif)
    colored = colorize(file.getvalue(), target)
    assert colored.size == (60, 90)
    assert 0x0112 not in colored.getexif()


def test_a_photograph_is_a_path_or_bytes_or_an_open_file_or_a_picture(target: str, photo: Path) -> None:
    with Colorizer(target) as colorizer, photo.open("rb") as file, Image.open(photo) as picture:
        sources: list[Any] = [photo, str(photo), photo.read_bytes(), file, picture]
        results = [colorizer.colorize(source).tobytes() for source in sources]
    assert len(set(results)) == 1


def test_saturation_scales_the_chroma(target: str, gradient: Image.Image) -> None:
    assert np.ptp(np.asarray(colorize(gradient, target, saturation=0), int), axis=2).max() <= 1
    half = _lab(colorize(gradient, target, saturation=0.5))[30, 45]
    assert half[1:] == pytest.approx([20, -15], abs=1)


def test_the_server_sees_a_square_of_the_models_default_size(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    colorize(gradient, target, model="scripted", version=3)
    (request,) = service.requests
    assert (request.lightness.width, request.lightness.height) == (64, 64)
    assert request.model == messages.ModelSpec(name="scripted", version=3)


def test_a_size_that_is_given_is_sent_and_not_looked_up(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    service.sizes = (64, 96)
    colorize(gradient, target, size=96)
    assert service.requests[0].lightness.width == 96
    assert service.listings == 0


def test_the_default_size_is_looked_up_once(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    with Colorizer(target) as colorizer:
        for _ in range(3):
            colorizer.colorize(gradient)
    assert service.listings == 1


def test_a_model_that_was_replaced_by_one_of_another_size_goes_unnoticed(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    with Colorizer(target) as colorizer:
        colorizer.colorize(gradient)
        service.sizes = (128,)
        assert colorizer.colorize(gradient).size == gradient.size
    assert [request.lightness.width for request in service.requests] == [64, 64, 128]


def test_a_size_that_the_model_does_not_accept_is_the_callers_to_know(
    target: str, gradient: Image.Image
) -> None:
    with pytest.raises(photochrom.InvalidRequestError, match=r"lightness\.width: must be in \(64,\)"):
        colorize(gradient, target, size=65)


@pytest.mark.parametrize(("model", "version"), [("koala", 0), ("scripted", 4), ("koala", 1)])
def test_a_model_that_is_not_there_is_named_with_those_that_are(
    model: str, version: int, target: str, gradient: Image.Image
) -> None:
    with pytest.raises(photochrom.ModelNotFoundError, match=f"{model}.*it has scripted 3"):
        colorize(gradient, target, model=model, version=version)


def test_a_label_names_a_version_and_one_that_no_version_has_is_told(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    colorize(gradient, target, version="stable")
    assert service.requests[0].model == messages.ModelSpec(label="stable")
    with pytest.raises(
        photochrom.ModelNotFoundError, match=r"no model scripted canary; it has scripted 3 \(st"
    ):
        colorize(gradient, target, version="canary")


def test_a_temperature_is_sent_if_one_is_given(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    colorize(gradient, target)
    colorize(gradient, target, temperature=0.5)
    assert [request.HasField("temperature") for request in service.requests] == [False, True]
    assert service.requests[1].temperature == 0.5


def test_a_version_that_could_not_be_loaded_is_named_with_the_reason(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    service.versions = [service.failed(4, "its digest is another")]
    reason = r"could not load model scripted 4 \(its digest is another\); it has scripted 3 \(stable\)$"
    with pytest.raises(photochrom.ModelNotFoundError, match=reason):
        colorize(gradient, target, version=4)
    assert colorize(gradient, target).size == gradient.size


def test_a_full_queue_is_asked_again(target: str, service: scripted.Colorizer, gradient: Image.Image) -> None:
    service.failures = [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "the queue is full"),
        (grpc.StatusCode.UNAVAILABLE, "draining"),
    ]
    assert colorize(gradient, target).size == gradient.size
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, photochrom.BusyError),
        (grpc.StatusCode.UNAVAILABLE, photochrom.BusyError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, photochrom.DeadlineError),
        (grpc.StatusCode.UNAUTHENTICATED, photochrom.AuthenticationError),
        (grpc.StatusCode.PERMISSION_DENIED, photochrom.AuthenticationError),
        (grpc.StatusCode.NOT_FOUND, photochrom.ModelNotFoundError),
        (grpc.StatusCode.INVALID_ARGUMENT, photochrom.InvalidRequestError),
        (grpc.StatusCode.UNIMPLEMENTED, photochrom.UnreachableError),
        (grpc.StatusCode.INTERNAL, photochrom.ServerError),
    ],
)
def test_every_status_is_an_error_of_its_own(
    code: grpc.StatusCode,
    error: type[photochrom.ServerError],
    target: str,
    service: scripted.Colorizer,
    gradient: Image.Image,
) -> None:
    service.failures = [(code, "what the\nserver says")] * 5
    with pytest.raises(photochrom.ServerError) as caught:
        colorize(gradient, target, size=64)
    assert type(caught.value) is error
    assert str(caught.value).startswith(f"{target}: ")
    assert "\n" not in str(caught.value)


def test_an_answer_that_is_no_chroma_plane_is_an_error(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    service.chroma = messages.ChromaPlane(width=16, height=16, data=b"short")
    with pytest.raises(photochrom.ServerError, match="not a chroma plane"):
        colorize(gradient, target)


def test_many_threads_share_one_colorizer(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    with Colorizer(target) as colorizer, ThreadPoolExecutor(8) as pool:
        results = list(pool.map(colorizer.colorize, [gradient] * 24))
    assert {result.tobytes() for result in results} == {results[0].tobytes()}
    assert len(service.requests) == 24


def test_a_closed_colorizer_says_so(target: str, gradient: Image.Image) -> None:
    colorizer = Colorizer(target)
    colorizer.close()
    with pytest.raises(ValueError, match="closed"):
        colorizer.colorize(gradient)


def test_closing_ends_the_calls_under_way_and_says_so(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    service.may_answer.clear()
    colorizer = Colorizer(target)
    try:
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(colorizer.colorize, gradient)
            service.asked.wait()
            colorizer.close()
            with pytest.raises(ValueError, match=f"the connection to {target} was closed during the call"):
                call.result()
    finally:
        service.may_answer.set()


@pytest.mark.parametrize(
    "options",
    [
        {"saturation": -0.1},
        {"saturation": 2.1},
        {"size": -1},
        {"size": 1025},
        {"saturation": float("nan")},
        {"version": -1},
        {"version": 2**64},
        {"version": "not a label"},
        {"version": "3"},
        {"temperature": 0},
        {"temperature": 10.1},
        {"temperature": float("nan")},
        {"timeout": 0},
        {"timeout": float("inf")},
        {"timeout": float("nan")},
    ],
)
def test_a_number_out_of_range_is_told_at_once(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Colorizer("localhost:8500", **options)  # type: ignore[arg-type]
