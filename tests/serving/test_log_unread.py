"""A log that nobody reads does not stop the server, and says afterwards what is missing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom_serving.unblocked import Unblocked
from tests.serving.conftest import connected, lightness, request


def lost(lines: int) -> str:
    return f"{lines} lost"


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_what_there_is_no_room_for_comes_when_there_is(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    stream = Unblocked(writer, lost)
    lines = [f"{number} {'x' * 5000}\n" for number in range(100)]  # more than a pipe holds
    for line in lines:
        stream.write(line)
        stream.flush()
    read = b""
    while len(read) < sum(map(len, lines)):
        read += os.read(reader, 1 << 16)
        stream.flush()
    assert read.decode() == "".join(lines)


def test_beyond_its_limit_lines_are_counted(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    stream = Unblocked(writer, lost)
    for _ in range(3000):
        stream.write("x" * 999 + "\n")
        stream.flush()
    read = os.read(reader, 1 << 20)
    stream.flush()
    stream.write("last\n")
    while not read.endswith(b"last\n"):
        stream.flush()
        read += os.read(reader, 1 << 20)
    *whole, told, last = read.decode().splitlines()
    assert set(whole) == {"x" * 999}
    assert (told, last) == (f"{3000 - len(whole)} lost", "last")
    assert len(whole) < 1500


def test_a_reader_that_is_gone_costs_nothing(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    stream = Unblocked(writer, lost)
    os.close(reader)
    stream.write("for nobody\n")
    stream.flush()
    stream.drain(60)


def test_a_server_whose_log_nobody_reads_goes_on_answering(model_repository: Path) -> None:
    command = [sys.executable, "-m", "photochrom_serving", "--models", str(model_repository), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, bufsize=0) as process:
        log = process.stderr
        assert log
        try:
            read = b""
            while b'"event": "ready"' not in read or not read.endswith(b"\n"):
                read += log.read(4096)
            with connected(json.loads(read.splitlines()[-1])["address"]) as stub:
                for _ in range(400):  # a line each, and a pipe holds fewer
                    stub.Colorize(request(lightness(32)), timeout=10)
            process.send_signal(signal.SIGTERM)
            written = b"".join(iter(lambda: log.read(1 << 16), b""))
        finally:
            process.kill()
    events = [json.loads(line)["event"] for line in written.splitlines()]
    assert events.count("call") == 400
    assert events[-1] == "stopped"
    assert process.returncode == 0
