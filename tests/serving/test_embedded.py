"""The embedded server: a real one, inside another program."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from photochrom_contract import manifest
from photochrom_serving.embedded import EmbeddedServer
from tests.serving.conftest import assert_answers, connected, lightness, request


def test_it_answers_until_it_is_closed_and_leaves_nothing_behind(
    model_repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = set(threading.enumerate())  # another test's, or the SDK's own embedded server
    server = EmbeddedServer(model_repository)
    with connected(server.target) as stub:
        assert_answers(stub.Colorize(request(lightness(32))), lightness(32))
    assert set(threading.enumerate()) > before
    server.close()
    server.close()
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if "photochrom" in thread.name]
    if server.target.startswith("unix:"):
        assert not Path(server.target.removeprefix("unix:")).parent.exists()
    assert capfd.readouterr() == ("", "")


def test_two_at_a_time_are_two(model_repository: Path) -> None:
    with EmbeddedServer(model_repository) as one, EmbeddedServer(model_repository) as other:
        assert one.target != other.target
        for server in (one, other):
            with connected(server.target) as stub:
                assert_answers(stub.Colorize(request(lightness(32))), lightness(32))


def test_the_environments_server_settings_do_not_reach_it(
    model_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOCHROM_PROVIDERS", "cuda")
    monkeypatch.setenv("PHOTOCHROM_TLS_KEY", "/nowhere/key.pem")
    monkeypatch.setenv("PHOTOCHROM_QUEUE_LIMIT", "abc")
    monkeypatch.setenv("PHOTOCHROM_DEFAULT_MODEL", "sepia")
    with EmbeddedServer(model_repository) as server, connected(server.target) as stub:
        assert_answers(stub.Colorize(request(lightness(32))), lightness(32))


def test_a_program_that_forgets_to_close_it_ends_all_the_same(model_repository: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from photochrom_serving.embedded import EmbeddedServer;"
        "print(EmbeddedServer(Path(sys.argv[1])).target)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(model_repository)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert not Path(ended.stdout.strip().removeprefix("unix:")).exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a model that never comes is a named pipe")
@pytest.mark.parametrize("caught", [False, True])
def test_an_interrupt_while_it_loads_is_not_waited_out(model_repository: Path, caught: bool) -> None:
    path = model_repository / "photochrom" / "1" / manifest.MODEL_FILE
    path.unlink()
    os.mkfifo(path)
    program = (
        "import signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job inherits: ignore it
        "from photochrom_serving.embedded import EmbeddedServer\n"
    )
    start = "EmbeddedServer(Path(sys.argv[1]))"
    program += f"try: {start}\nexcept KeyboardInterrupt: sys.exit(130)" if caught else start
    process = subprocess.Popen([sys.executable, "-c", program, str(model_repository)], stderr=subprocess.PIPE)
    with process, path.open("wb"):  # it opens when the other end is read: now the server loads, without end
        process.send_signal(signal.SIGINT)
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == (130 if caught else -signal.SIGINT)
    assert (b"KeyboardInterrupt" in said) != caught


def test_a_folder_whose_path_is_too_long_for_a_socket_will_do(
    model_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with EmbeddedServer(model_repository) as server, connected(server.target) as stub:
        assert server.target.startswith("127.0.0.1:")
        assert_answers(stub.Colorize(request(lightness(32))), lightness(32))
    assert not list(long.iterdir())
