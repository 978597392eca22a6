"""What people may import, and what that costs."""

import subprocess
import sys

import photochrom


def test_everything_public_is_exported_and_nothing_else() -> None:
    public = {name for name in vars(photochrom) if not name.startswith("_")} - {"TYPE_CHECKING"}
    lazy = {"AsyncColorizer", "ColoredVideo", "Colorizer", "Outcome", "VideoProgress", "colorize"}
    lazy |= {"Provenance", "read_provenance"}
    assert set(photochrom.__all__) == public | lazy | {"__version__"}
    assert photochrom.__all__ == sorted(photochrom.__all__)


def test_every_exported_name_exists_and_has_a_docstring() -> None:
    for name in set(photochrom.__all__) - {"__version__"}:
        assert getattr(photochrom, name).__doc__, name


def test_every_error_is_a_photochrom_error() -> None:
    errors = [getattr(photochrom, name) for name in photochrom.__all__ if name.endswith("Error")]
    assert len(errors) > 5
    assert all(issubclass(error, photochrom.PhotochromError) for error in errors)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(photochrom, "decolorize")


def test_the_command_shows_its_help_without_what_colors() -> None:
    # So that a shell completes at once.
    code = "import sys; from photochrom._cli import main; main(['--help']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert "typer" in modules
    assert not modules & {"grpc", "numpy", "PIL", "photochrom_contract", "google"}


def test_the_sdk_imports_neither_the_command_nor_a_model_runtime() -> None:
    code = "import sys; from photochrom import colorize; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert "photochrom" in modules
    assert not modules & {
        "typer",
        "rich",
        "pydantic",
        "av",
        "cv2",
        "onnxruntime",
        "tensorflow",
        "keras",
        "photochrom_serving",
    }
