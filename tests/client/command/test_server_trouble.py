"""The commands when the server is none, refuses or is busy."""

import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted
from tests.client.command.conftest import files_in


@pytest.mark.parametrize("command", [["colorize", "photo.jpg"], ["models"], ["health"]])
@pytest.mark.parametrize("target", ["127.0.0.1:1", "no-such-host.invalid:8500", "http://localhost:8500"])
def test_no_server_is_one_line_with_the_target_and_status_3(
    command: list[str], target: str, photo: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--target", target]) == 3
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("photochrom: ")
    assert f" {target}: " in captured.err
    assert captured.err.count("\n") == 1
    assert files_in(tmp_path) == {"photo.jpg"}


def test_trouble_with_tls_is_one_line_whatever_grpc_logs(target: str, photo: Path) -> None:
    # gRPC's C core writes past sys.stderr, and learns at its import not to: hence a new process.
    ended = subprocess.run(
        [sys.executable, "-m", "photochrom", "colorize", photo, "--target", f"grpcs://{target}"],
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "GRPC_VERBOSITY"},
    )
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert f"grpcs://{target}: " in ended.stderr


def test_what_the_server_refuses_is_status_3(
    photo: Path, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    service.failures = [(grpc.StatusCode.INTERNAL, "it broke")]
    assert main(["colorize", "photo.jpg"]) == 3
    assert "INTERNAL (it broke)" in capsys.readouterr().err


@pytest.mark.parametrize("code", [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED])
def test_a_photograph_that_a_busy_server_does_not_get_to_does_not_stop_the_others(
    code: grpc.StatusCode,
    gradient: Image.Image,
    service: scripted.Colorizer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("one.png", "two.png"):
        gradient.save(name)
    service.failures = [(code, "busy")] * (1 if code is grpc.StatusCode.DEADLINE_EXCEEDED else 5)
    assert main(["colorize", "one.png", "two.png", "absent.png"]) == 3
    captured = capsys.readouterr()
    assert captured.out == "two-color.png\n"
    assert [line.split(": ")[1] for line in captured.err.splitlines()] == ["one.png", "absent.png"]


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED]
)
def test_what_the_server_has_against_all_ends_the_command(
    code: grpc.StatusCode,
    gradient: Image.Image,
    service: scripted.Colorizer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("one.png", "two.png"):
        gradient.save(name)
    service.failures = [(code, "no")]
    assert main(["colorize", "absent.png", "one.png", "two.png"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split(": ")[1] for line in captured.err.splitlines()] == ["absent.png", "one.png"]
