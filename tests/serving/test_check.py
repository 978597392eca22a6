"""``photochrom-serve check``, and the table that it and a starting server print."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom_serving import labels
from tests import model_factory
from tests.serving.conftest import run_to_its_end, serving

_HEAD = ["MODEL", "VERSION", "STATE", "LABELS", "SIZES", "PROVIDER", "REASON"]


def test_it_prints_what_would_be_served_and_ends_with_0(model_repository: Path) -> None:
    model_factory.publish(model_repository, name="sepia", version=7, sizes=(16,), default_size=16)
    labels.write(model_repository / "sepia", {"stable": 7, "canary": 7})
    ended = run_to_its_end("check", "--models", str(model_repository))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        "MODEL       VERSION  STATE      LABELS          SIZES   PROVIDER              REASON",
        "photochrom  1        AVAILABLE  -               32, 64  CPUExecutionProvider",
        "sepia       7        AVAILABLE  canary, stable  16      CPUExecutionProvider",
    ]


def test_a_broken_version_is_told_with_its_reason_and_status_2(model_repository: Path) -> None:
    path = model_factory.publish(model_repository, version=2) / "model.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    ended = run_to_its_end("check", "--models", str(model_repository))
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"photochrom-serve: {path}: its SHA-256 is")
    assert ended.stderr.count("\n") == 1
    head, serves, refused = (line.split(maxsplit=6) for line in ended.stdout.splitlines())
    assert head == _HEAD
    assert serves[:3] == ["photochrom", "1", "AVAILABLE"]
    assert refused[:6] == ["photochrom", "2", "FAILED", "-", "-", "-"]
    assert refused[6] in ended.stderr


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--models", "/nowhere"], "/nowhere: no such folder; --models takes a model repository"),
        (["--port", "70000"], "--port (PHOTOCHROM_PORT): "),
        (["--versions", "newest"], "--versions (PHOTOCHROM_VERSIONS): must be latest:N, all, or version"),
        (["--versions", "4"], "models/photochrom: --versions 4 chooses none of 1"),
        (["--default-model", "sepia"], "the default model 'sepia' is not among those loaded: photochrom"),
        (["--tls-certificate", "/nowhere.pem", "--tls-key", "/nowhere.pem"], "/nowhere.pem: the TLS file"),
        (["--tokens", "/nowhere"], "/nowhere: the tokens cannot be read"),
        (["--providers", "tpu"], "--providers (PHOTOCHROM_PROVIDERS): "),
    ],
)
def test_a_setting_that_does_not_do_is_one_line_and_status_2(
    model_repository: Path, flags: list[str], says: str
) -> None:
    ended = run_to_its_end("check", "--models", str(model_repository), *flags)
    assert ended.returncode == 2
    assert ended.stderr.startswith("photochrom-serve: ")
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, name="sepia")
    (tmp_path / "sepia" / "labels.json").write_text("{}}")
    flags = (
        "--default-model",
        "autochrome",
        "--tls-certificate",
        "/nowhere.pem",
        "--tls-key",
        "/nowhere.pem",
    )
    ended = run_to_its_end("check", "--models", str(tmp_path), *flags)
    assert ended.returncode == 2
    for part in (
        "sepia/labels.json: cannot be read",
        "the default model 'autochrome'",
        "/nowhere.pem: the TLS",
    ):
        assert part in ended.stderr
    assert ended.stderr.count("photochrom-serve: ") == 3


def test_help_names_it_and_another_word_is_refused() -> None:
    assert "photochrom-serve check" in run_to_its_end("--help").stdout
    ended = run_to_its_end("chek")
    assert ended.returncode == 2
    assert "unrecognized arguments: chek" in ended.stderr


@pytest.mark.parametrize("flags", [[], ["--table"]])
def test_a_server_prints_the_table_where_somebody_reads_it(model_repository: Path, flags: list[str]) -> None:
    """To a terminal, or if it is told to: a log collector may mix its two streams."""
    command = [sys.executable, "-m", "photochrom_serving", "--models", str(model_repository), "--port", "0"]
    reader, writer = pty.openpty() if not flags else os.pipe()
    process = subprocess.Popen([*command, *flags], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    with os.fdopen(reader) as printed:
        assert printed.readline().split() == _HEAD
        assert printed.readline().split()[:3] == ["photochrom", "1", "AVAILABLE"]
        process.terminate()
        _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert all(line.startswith('{"time": ') for line in log.splitlines())


def test_its_standard_output_is_otherwise_empty(
    model_repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(model_repository):
        pass
    assert capfd.readouterr().out == ""
