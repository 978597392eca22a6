"""The clock jumps, as it does when a machine's time is set: no deadline notices."""

import ast
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

import photochrom_serving
from tests.serving.conftest import assert_answers, connected, lightness, request, serving

_PACKAGE = Path(photochrom_serving.__file__).parent
_DAY = 86400

_TELLS_WHEN = {"events.py", "tracing.py", "protocols/statistics.py"}
"""What is told to others has the time of the wall clock; nothing is decided by it."""

_WALL_CLOCK = {
    ("time", "time"),
    ("time", "time_ns"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
}

_SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static int64_t offset(void) {
    static volatile int64_t *seconds = NULL;
    if (!seconds) {
        int file = open(getenv("CLOCK_OFFSET"), O_RDONLY);
        seconds = mmap(NULL, sizeof *seconds, PROT_READ, MAP_SHARED, file, 0);
    }
    return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *) = NULL;
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += offset();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (now) *now = precise.tv_sec;
    return precise.tv_sec;
}
"""


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that holds by how many seconds the wall clock of the processes started from here is wrong."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("the clock of another process is set by a C library, and there is no C compiler")
    source, library, offset = tmp_path / "clock.c", tmp_path / "clock.so", tmp_path / "offset"
    source.write_text(_SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    set_clock(offset, 0)
    monkeypatch.setenv("CLOCK_OFFSET", str(offset))
    monkeypatch.setenv("LD_PRELOAD", str(library))
    return offset


def set_clock(offset: Path, seconds: int) -> None:
    with offset.open("r+b" if offset.exists() else "wb") as file:  # in place: it is mapped
        file.write(struct.pack("=q", seconds))


def test_calls_in_flight_and_calls_to_come_outlive_a_jump(slow_model_repository: Path, clock: Path) -> None:
    planes = [lightness(64, seed) for seed in range(6)]
    flags = (
        "--max-batch-size",
        "1",
        "--no-warm-up",
        "--log-level",
        "debug",
        "--max-connection-age-seconds",
        "600",
    )
    with serving(slow_model_repository, *flags) as server:
        with connected(server.target) as stub:
            for jump in (_DAY, -_DAY):
                calls = [stub.Colorize.future(request(plane), timeout=600) for plane in planes]
                server.wait_for("batch")  # one has run, the others run or wait
                set_clock(clock, jump)
                for plane, call in zip(planes, calls, strict=True):
                    assert_answers(call.result(), plane)
        server.process.terminate()
        assert server.end() == 0
    days = {line["time"][:10] for line in server.of("call")}
    assert len(days) >= 2, "the server's clock did not jump"
    assert {line["code"] for line in server.of("call")} == {"OK"}


def test_nothing_is_decided_by_the_wall_clock() -> None:
    sources = {path.relative_to(_PACKAGE).as_posix(): path for path in _PACKAGE.rglob("*.py")}
    assert sources.keys() > _TELLS_WHEN
    reading = {
        name
        for name, path in sources.items()
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute)
        and (ast.unparse(node.value).rpartition(".")[2], node.attr) in _WALL_CLOCK
    }
    assert reading == _TELLS_WHEN
