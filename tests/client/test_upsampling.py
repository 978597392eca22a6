"""``upsampling``: color along the photograph's edges or across them, the photograph as light as it was."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom import AsyncColorizer, Colorizer, colorize
from photochrom._cli._app import app
from photochrom._options import Options, Upsampling
from photochrom._video.coherence import cohere
from photochrom_contract import lab
from photochrom_serving.embedded import EmbeddedServer
from tests import model_factory

WAYS: tuple[Upsampling, ...] = ("guided", "bilinear")
DARK, LIGHT = 70, 190
EDGE = 645
"""A column; samples of the model's chroma are 40 pixels apart, and this is within one."""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose a* and b* are a line over L*: what is dark is green, what is light is red."""
    repository = tmp_path_factory.mktemp("upsampling") / "models"
    model_factory.publish(repository)
    with EmbeddedServer(repository) as server:
        yield server.target


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    """A sharp edge between two greys, 1280 x 1280."""
    row = np.where(np.arange(1280) < EDGE, DARK, LIGHT).astype(np.uint8)
    return Image.fromarray(np.tile(row, (1280, 1)))


def lab_of(picture: Image.Image) -> npt.NDArray[np.float32]:
    return np.asarray(lab.rgb_to_lab(np.asarray(picture.convert("RGB"), np.float32) / 255))


def same(one: Image.Image, other: Image.Image) -> bool:
    return np.array_equal(np.asarray(one), np.asarray(other))


def distance_from_sides(picture: Image.Image) -> float:
    """How far a* near the edge is from what it is away from it, on the same side; CIE units."""
    a = lab_of(picture)[640, :, 1]
    dark, light = np.median(a[400:500]), np.median(a[800:900])
    return float(np.abs(a[EDGE - 20 : EDGE] - dark).mean() + np.abs(a[EDGE : EDGE + 20] - light).mean())


def test_guided_color_ends_at_an_edge_and_bilinear_color_runs_over_it(
    target: str, photograph: Image.Image
) -> None:
    bled = {way: distance_from_sides(colorize(photograph, target, upsampling=way)) for way in WAYS}
    assert bled["guided"] < bled["bilinear"] / 2
    assert bled["bilinear"] > 2


@pytest.mark.parametrize("way", WAYS)
def test_the_lightness_is_the_photographs(target: str, photograph: Image.Image, way: Upsampling) -> None:
    colored = colorize(photograph, target, upsampling=way)
    assert np.abs(lab_of(colored) - lab_of(photograph))[..., 0].mean() < 0.5


def test_guided_is_the_default_and_files_and_asyncio_follow_the_choice(
    target: str, photograph: Image.Image, tmp_path: Path
) -> None:
    async def color(way: Upsampling) -> Image.Image:
        async with AsyncColorizer(target, upsampling=way) as colorizer:
            return await colorizer.colorize(photograph)

    expected = {way: colorize(photograph, target, upsampling=way) for way in WAYS}
    assert same(colorize(photograph, target), expected["guided"])
    for way in WAYS:
        with Colorizer(target, upsampling=way) as colorizer:
            colorizer.colorize_file(photograph, tmp_path / f"{way}.png")
        with Image.open(tmp_path / f"{way}.png") as written:
            assert same(written, expected[way])
        assert same(asyncio.run(color(way)), expected[way])


@pytest.mark.parametrize("command", ["colorize", "batch"])
def test_the_commands_follow_the_choice(
    target: str, photograph: Image.Image, tmp_path: Path, command: str
) -> None:
    (tmp_path / "album").mkdir()
    photograph.save(tmp_path / "album" / "1.png")
    output = tmp_path / "out" / "1.png"
    places = [str(tmp_path / "album"), str(output.parent)]
    if command == "colorize":
        output.parent.mkdir()
        places = [f"{places[0]}/1.png", "-o", str(output)]
    for way in reversed(WAYS):  # a batch colors again what was colored otherwise
        ran = CliRunner().invoke(app, [command, *places, "--target", target, "--upsampling", way])
        assert ran.exit_code == 0, ran.output
        with Image.open(output) as written:
            assert same(written, colorize(photograph, target, upsampling=way)), way


def test_a_videos_chroma_follows_the_choice() -> None:
    row = np.where(np.arange(64) < 29, DARK, LIGHT).astype(np.uint8)
    plane, chroma = np.tile(row, (64, 1)), np.zeros((2, 16, 16), np.float32)
    chroma[:, :, 8:] = 40
    chroma[:, :, 7] = 30  # of its four columns, three are light
    bled = {}
    for way in WAYS:
        (frame,) = cohere([(0, plane, chroma)], upsampling=way)
        a = frame.chroma[32, :, 0]
        bled[way] = np.abs(a[20:29]).mean() + np.abs(a[29:38] - 40).mean()
    assert bled["guided"] < bled["bilinear"]


@pytest.mark.parametrize("way", ["", "cubic", "Guided", None])
def test_any_other_way_is_refused(way: str) -> None:
    for made in (Options, Colorizer, AsyncColorizer):
        with pytest.raises(ValueError, match=r"upsampling is .*, but must be guided or bilinear"):
            made(upsampling=way)  # type: ignore[arg-type]


@pytest.mark.parametrize("command", ["colorize", "batch", "video"])
def test_the_commands_refuse_any_other_way(command: str) -> None:
    ran = CliRunner().invoke(app, [command, "in", "out", "--upsampling", "cubic"])
    assert ran.exit_code == 2
    assert "'cubic' is not one of 'guided', 'bilinear'" in ran.stderr
