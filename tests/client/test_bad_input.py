"""Whatever the file and wherever it goes: one clear error or a right copy, and never half a file."""

import io
import os
import resource
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from photochrom import Colorizer, PictureError
from photochrom._photographs import Photograph

CHROMA = np.stack([np.full((4, 4), 30), np.full((4, 4), -20)]).astype(np.float32)
SMALL = Image.effect_noise((48, 32), 60)


def encoded(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


FILES = {
    kind: encoded(SMALL, kind) for kind in ("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "AVIF")
}


def color(source: bytes | str | Path, destination: Path) -> tuple[int, int]:
    """Color a photograph by a color of our own; its size."""
    with Photograph.open(source) as photograph:
        planes = [photograph.plane(page, 32) for page in range(photograph.pages)]
        assert all(plane.shape == (32, 32) for plane in planes)
        photograph.write([CHROMA] * len(planes), destination)
        return photograph.picture(0, CHROMA).size


def tried(source: bytes, destination: Path) -> tuple[tuple[int, int], PictureError | None]:
    """The size of the colored picture, or why there is none."""
    try:
        return color(source, destination), None
    except PictureError as error:
        return (0, 0), error


@given(st.sampled_from(sorted(FILES)), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_broken_bytes_are_one_error_or_a_whole_copy(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    content = bytearray(FILES[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))]
    destination = tmp_path / "copy.tif"
    destination.unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's of odd tags
        size, error = tried(bytes(content), destination)
    if error is not None:
        assert "\n" not in str(error)
        assert list(tmp_path.iterdir()) == []
        return
    with Image.open(destination) as copy:
        assert copy.size in (size, size[::-1])  # as it is stored
        copy.load()
    assert [path.name for path in tmp_path.iterdir()] == ["copy.tif"]


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (2, 3), (7, 500)])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_of_every_shape_is_colored(size: tuple[int, int], mode: str, tmp_path: Path) -> None:
    kind = "TIFF" if mode in ("CMYK", "I;16", "F") else "PNG"
    picture = Image.new(mode, size, 0 if mode == "1" else None)
    assert color(encoded(picture, kind), tmp_path / "copy.png") == size
    with Image.open(tmp_path / "copy.png") as copy:
        assert copy.size == size
        assert copy.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")


def test_a_destination_that_is_the_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(FILES["PNG"])
    (tmp_path / "link.png").symlink_to(path)
    for destination in (path, tmp_path / "link.png", tmp_path / "." / "photo.png"):
        with pytest.raises(PictureError, match="is the photograph itself"):
            color(path, destination)
    assert path.read_bytes() == FILES["PNG"]


def test_links_in_a_circle_are_one_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(PictureError):
        color(tmp_path / "a.png", tmp_path / "copy.png")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(PictureError, match="cannot be written"):
        color(FILES["PNG"], tmp_path / "loop" / "copy.png")


def test_a_full_disk_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    destination = tmp_path / "copy.tif"
    destination.write_bytes(b"older")
    large = encoded(Image.effect_noise((400, 400), 60), "PNG")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # a write beyond it fails, as on a full disk
    try:
        with pytest.raises(PictureError, match=r"copy\.tif: cannot be written: File too large"):
            color(large, destination)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"copy.tif": b"older"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PictureError, match="cannot be written: Permission denied"):
        color(FILES["PNG"], tmp_path / "copy.png")


def test_a_name_of_any_bytes_is_written(tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"caf\xe9.png")
    source.write_bytes(FILES["PNG"])
    color(source, tmp_path / os.fsdecode(b"\xff.png"))
    assert os.fsencode(tmp_path) + b"/\xff.png" in [os.fsencode(path) for path in tmp_path.iterdir()]


def test_a_picture_too_long_for_its_format_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"copy\.webp: cannot be written"):
        color(encoded(Image.new("L", (20_000, 1)), "PNG"), tmp_path / "copy.webp")
    assert list(tmp_path.iterdir()) == []


def test_twice_the_size_does_not_turn_the_colors_upside_down() -> None:
    examples = Path(__file__).parents[2] / "examples"
    for name in ("astronaut.jpg", "chelsea.jpg", "coffee.jpg", "rocket.jpg"):
        chroma = []
        for size in (160, 320):
            with Colorizer(size=size) as colorizer:
                lab = colorizer.colorize(examples / name).convert("RGB").resize((32, 32)).convert("YCbCr")
            chroma.append(np.asarray(lab, float)[..., 1:] - 128)
        once, twice = (planes.ravel() for planes in chroma)
        likeness = once @ twice / (np.linalg.norm(once) * np.linalg.norm(twice))
        assert likeness > 0.5, f"{name}: {likeness:.2f}"  # opposite colors would be below 0
