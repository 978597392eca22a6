"""``photochrom batch`` cut off, by kill -9, Ctrl-C or a lost server: nothing is lost or done twice."""

import collections
import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted
from tests.client.command.test_batch import colored_in

COUNT = 300


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Three hundred small photographs, each of its own grey."""
    folder = tmp_path / "album"
    for number in range(COUNT):
        path = folder / str(number % 7) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (32, 32), number % 256).save(path)
    return folder


def _start(target: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "photochrom", "batch", "album", "colored", "--target", target, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _run_on_a_small_disk(target: str) -> subprocess.CompletedProcess[str]:
    """The same, where no file may have more than 20 KiB."""
    command = f"ulimit -f 20; exec {sys.executable} -m photochrom batch album colored --target {target}"
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)


def _wait_for_requests(service: scripted.Colorizer, more: int) -> None:
    with service.arrival:
        wanted = len(service.requests) + more
        service.arrival.wait_for(lambda: len(service.requests) >= wanted)


def _records() -> list[dict[str, str]]:
    lines = Path("colored/.photochrom/journal.jsonl").read_text("ascii").splitlines()
    return [json.loads(line) for line in lines[1:]]


def _check_each_is_there_once_and_whole(album: Path) -> None:
    assert colored_in(Path("colored")) == {
        str(path.relative_to(album)) for path in album.rglob("*") if path.is_file()
    }
    for path in album.rglob("*.png"):
        with Image.open(path) as before, Image.open("colored" / path.relative_to(album)) as after:
            assert after.convert("RGB").size == before.size
    assert list(Path("colored/.photochrom/staging").iterdir()) == []
    colored = collections.Counter(record["place"] for record in _records() if not record["error"])
    assert set(colored.values()) == {1}
    assert len(colored) == COUNT


def test_killed_at_five_random_moments_each_output_is_there_once_and_whole(
    album: Path, target: str, service: scripted.Colorizer
) -> None:
    chance = random.Random(5)
    for _ in range(5):
        with _start(target) as process:
            _wait_for_requests(service, chance.randrange(1, COUNT // 6))
            process.kill()
    assert len(_records()) < COUNT
    assert main(["batch", "album", "colored"]) == 0
    _check_each_is_there_once_and_whole(album)
    assert len(service.requests) <= COUNT + 5 * 16  # but for what was in work, nothing was asked again


def test_ctrl_c_ends_it_in_good_order_and_it_goes_on_from_there(
    album: Path, target: str, service: scripted.Colorizer
) -> None:
    with _start(target) as process:
        _wait_for_requests(service, 50)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "left" in out.splitlines()[0]
    assert out.splitlines()[-1] == "the same command goes on from here"
    assert err == "photochrom: finishing what is in work; once more to end at once\n"
    done = len(_records())
    assert done == len(service.requests) < COUNT
    assert main(["batch", "album", "colored"]) == 0
    assert len(service.requests) == COUNT
    _check_each_is_there_once_and_whole(album)


def test_a_file_that_was_finished_but_not_in_its_place_is_moved_there(
    album: Path, service: scripted.Colorizer
) -> None:
    main(["batch", "album", "colored"])
    for record in _records()[:10]:  # as if it had been killed just before
        (Path("colored") / record["output"]).rename(Path("colored/.photochrom/staging") / record["staged"])
    Path("colored/.photochrom/staging/half.png").write_text("never finished")
    assert main(["batch", "album", "colored"]) == 0
    assert len(service.requests) == COUNT
    _check_each_is_there_once_and_whole(album)


@pytest.fixture
def unix_target(tmp_path: Path) -> str:
    return f"unix:{tmp_path}/server.sock"


def test_a_connection_lost_in_the_middle_is_found_again(
    album: Path, unix_target: str, service: scripted.Colorizer
) -> None:
    with scripted.serve(service, address=unix_target):
        process = _start(unix_target)
        _wait_for_requests(service, 50)
    with scripted.serve(service, address=unix_target), process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out == f"colored: {COUNT} colored\n"
    _check_each_is_there_once_and_whole(album)


def test_where_it_is_not_what_is_done_stays_done(
    album: Path, unix_target: str, service: scripted.Colorizer
) -> None:
    with scripted.serve(service, address=unix_target):
        process = _start(unix_target, "--patience", "0.5")
        _wait_for_requests(service, 100)
    with process:
        _, err = process.communicate()
    assert process.returncode == 3
    assert err.startswith(f"photochrom: {unix_target}: ")
    assert err.count("\n") == 1
    report = json.loads(Path("colored/photochrom-report.json").read_text())
    assert report["colored"] == len(colored_in(Path("colored"))) == len(_records())
    assert report["colored"] + report["left"] == COUNT
    assert unix_target in report["stopped_by"]
    with scripted.serve(service, address=unix_target):
        assert main(["batch", "album", "colored", "--target", unix_target]) == 0
    _check_each_is_there_once_and_whole(album)


def test_a_server_that_is_not_there_at_all_is_told_at_once(
    album: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", "album", "colored", "--target", "127.0.0.1:1"]) == 3
    assert "no server listens there" in capsys.readouterr().err
    assert not Path("colored").exists()


def test_a_second_ctrl_c_ends_it_at_once(album: Path, target: str, service: scripted.Colorizer) -> None:
    service.may_answer.clear()
    try:
        with _start(target) as process:
            _wait_for_requests(service, 1)
            assert process.stderr is not None
            process.send_signal(signal.SIGINT)
            assert "once more to end at once" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
    finally:
        service.may_answer.set()


def test_a_disk_that_takes_no_more_of_the_journal_ends_it_and_nothing_is_lost(
    album: Path, target: str, service: scripted.Colorizer
) -> None:
    ended = _run_on_a_small_disk(target)
    assert ended.returncode == 2
    assert (
        ended.stderr == "photochrom: colored/.photochrom/journal.jsonl: cannot be written: File too large\n"
    )
    assert 0 < len(colored_in(Path("colored"))) < COUNT
    report = json.loads(Path("colored/photochrom-report.json").read_text())
    assert report["colored"] > 0
    assert "journal.jsonl: cannot be written" in report["stopped_by"]
    assert main(["batch", "album", "colored"]) == 0
    _check_each_is_there_once_and_whole(album)


def test_a_copy_that_the_disk_does_not_take_fails_alone(target: str, tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    Image.new("L", (32, 32), 90).save(tmp_path / "album" / "small.png")
    Image.effect_noise((200, 200), 90).save(tmp_path / "album" / "large.png")
    ended = _run_on_a_small_disk(target)
    assert ended.returncode == 2
    assert ended.stderr == "photochrom: colored/large.png: cannot be written: File too large\n"
    assert colored_in(Path("colored")) == {"small.png"}
    assert list(Path("colored/.photochrom/staging").iterdir()) == []
