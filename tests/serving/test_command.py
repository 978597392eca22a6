"""The command: its settings, and what it says when it cannot start."""

import re
import socket
import subprocess
from pathlib import Path

import onnxruntime
import pytest
from PIL import Image

from photochrom_serving import settings, tls
from photochrom_serving.errors import SettingsError
from tests.serving.conftest import make_certificate, run_to_its_end, serving

README = Path(__file__).parents[2] / "serving" / "README.md"


def test_a_flag_wins_over_its_variable_which_wins_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_MAX_BATCH_SIZE", "3")
    monkeypatch.setenv("PHOTOCHROM_QUEUE_LIMIT", "5")
    chosen = settings.parse(["--queue-limit", "7", "--no-warm-up"])
    assert (chosen.max_batch_size, chosen.queue_limit, chosen.warm_up, chosen.port) == (3, 7, False, 8500)


def test_every_setting_is_documented() -> None:
    assert all(field.description for field in settings.Settings.model_fields.values())


def test_the_readmes_table_is_current() -> None:
    table = re.search(r"<!-- settings -->\n(.*)<!-- /settings -->", README.read_text("utf-8"), re.DOTALL)
    assert table
    assert table[1] == settings.markdown_table(), "write it with: python -m photochrom_serving.settings"


@pytest.mark.parametrize(
    ("flags", "environment", "says"),
    [
        (["--port", "99999"], {}, "--port (PHOTOCHROM_PORT): "),
        (["--providers", "tpu"], {}, "--providers (PHOTOCHROM_PROVIDERS): Input should be 'cpu', 'cuda'"),
        ([], {"PHOTOCHROM_THREADS": "many"}, "--threads (PHOTOCHROM_THREADS): "),
        (["--tls-key", "key.pem"], {}, "tls_certificate and tls_key belong together"),
        (["--models", "/nowhere"], {}, "/nowhere: no such folder"),
        (
            ["--max-photo-pixels", str(2 * (Image.MAX_IMAGE_PIXELS or 0) + 1)],  # Pillow refuses it itself
            {},
            "--max-photo-pixels (PHOTOCHROM_MAX_PHOTO_PIXELS): Input should be less than",
        ),
        ([], {"PHOTOCHROM_MODELS": ""}, "--models (PHOTOCHROM_MODELS): must not be empty"),
        ([], {"PHOTOCHROM_TOKENS": ""}, "--tokens (PHOTOCHROM_TOKENS): must not be empty"),
        (
            ["--batch-sizes", "1, 4"],
            {},
            "--batch-sizes (PHOTOCHROM_BATCH_SIZES): must be numbers such as 1,4",
        ),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    flags: list[str], environment: dict[str, str], says: str
) -> None:
    ended = run_to_its_end(*flags, **environment)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"photochrom-serve: {says}")
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this ONNX Runtime has CUDA"
)
def test_cuda_where_there_is_none_is_an_error_and_never_replaced(model_repository: Path) -> None:
    ended = run_to_its_end("--models", str(model_repository), "--port", "0", "--providers", "cuda")
    assert ended.returncode == 2
    assert "CUDAExecutionProvider" in ended.stderr
    assert "pip install 'photochrom-serving[gpu]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_named(model_repository: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run_to_its_end("--models", str(model_repository), "--port", port, "--log-level", "error")
    assert ended.returncode == 2
    complaint = f"cannot listen on 127.0.0.1:{port}: the port is taken; choose another with --port"
    assert ended.stderr == f"photochrom-serve: {complaint}\n"


@pytest.mark.parametrize(
    ("host", "says"),
    [
        (
            "no-such-host.invalid",
            "no address is known for 'no-such-host.invalid'; choose another with --host",
        ),
        ("192.0.2.1", "the address is not this machine's; choose another with --host"),  # RFC 5737
    ],
)
def test_a_host_that_does_not_do_is_named(model_repository: Path, host: str, says: str) -> None:
    flags = ("--host", host, "--port", "0", "--log-level", "error", "--no-warm-up")
    ended = run_to_its_end("--models", str(model_repository), *flags)
    assert ended.returncode == 2
    assert ended.stderr == f"photochrom-serve: cannot listen on {host}:0: {says}\n"


def test_a_tls_file_that_does_not_do_is_named(model_repository: Path, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    (tmp_path / "other").mkdir()
    _, other = make_certificate(tmp_path / "other")
    locked, text = tmp_path / "locked.pem", tmp_path / "text.pem"
    subprocess.run(
        f"openssl pkcs8 -topk8 -in {key} -out {locked} -passout pass:1234".split(),
        check=True,
        capture_output=True,
    )
    text.write_text("not PEM")
    for pair, complaint in (
        ((text, key), f"{text}: no certificate in PEM form"),
        ((certificate, text), f"{text}: not the private key of {certificate}"),
        ((certificate, other), f"{other}: not the private key of {certificate}"),
        ((certificate, locked), f"{locked}: not the private key of {certificate}"),
        ((certificate, tmp_path / "none.pem"), f"{tmp_path}/none.pem: the TLS file cannot be read"),
    ):
        chosen = settings.Settings(models=model_repository, tls_certificate=pair[0], tls_key=pair[1])
        with pytest.raises(SettingsError, match=f"^{re.escape(complaint)}"):
            tls.credentials(chosen)


def test_the_ready_line_names_the_address_the_models_and_the_provider(model_repository: Path) -> None:
    with serving(model_repository) as server:
        (ready,) = server.of("ready")
    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", ready["address"])
    assert (ready["models"], ready["default_model"]) == (["photochrom/1"], "photochrom")
    assert ready["providers"] == "cpu"


def test_a_default_model_that_is_not_there_is_an_error(model_repository: Path) -> None:
    ended = run_to_its_end("--models", str(model_repository), "--default-model", "sepia")
    assert ended.returncode == 2
    assert "'sepia' is not among those loaded: photochrom" in ended.stderr


@pytest.mark.parametrize("word", ["None", "null"])
def test_no_word_switches_a_setting_off(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    given = settings.parse(["--tokens", word]).tokens
    monkeypatch.setenv("PHOTOCHROM_TOKENS", word)
    assert given == settings.parse([]).tokens == Path(word)


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.Settings().port = 1
    with pytest.raises(SettingsError):
        settings.parse(["--drain-seconds", "-1"])
