"""The journal: what was added is there, whatever ended the program."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom import PictureError
from photochrom._batch._journal import Journal, Record, Stamp

_STAMPS = st.none() | st.builds(Stamp, st.integers(0, 2**63), st.integers(0, 2**63))
_NAMES = st.binary(min_size=1, max_size=20).map(os.fsdecode)  # a file's name may be any bytes
_WAYS = st.lists(_NAMES.map(lambda name: name.replace("/", "_").replace("..", "__")), min_size=1).map(
    "/".join
)
_RECORDS = st.builds(
    Record, place=_WAYS, source=_NAMES, output=_WAYS, stamp=_STAMPS, replaced=_STAMPS, cause=st.text()
)


def _latest(journal: Journal) -> dict[str, Record]:
    return {record.place: record for record in journal.records()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "batch" / "journal.jsonl"


@given(records=st.lists(_RECORDS, max_size=8))
def test_what_was_added_is_read_again_the_latest_of_each_place(
    records: list[Record], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with Journal(path) as journal:
        assert _latest(journal) == {}
        for record in records:
            journal.add(record)
    with Journal(path) as journal:
        assert _latest(journal) == {record.place: record for record in records}


@given(cut=st.integers(0, 2**31))
def test_a_journal_cut_off_anywhere_goes_on_with_what_is_whole(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with Journal(path) as journal:
        for number in range(4):
            journal.add(Record(place=str(number), source="s"))
    content = path.read_bytes()
    kept = content[: cut % (len(content) + 1)]
    path.write_bytes(kept)
    whole = max(0, kept.count(b"\n") - 1)
    with Journal(path) as journal:
        assert sorted(_latest(journal)) == [str(number) for number in range(whole)]
        journal.add(Record(place="next", source="s"))
    with Journal(path) as journal:
        assert len(_latest(journal)) == whole + 1


def test_threads_add_whole_lines(path: Path) -> None:
    with Journal(path) as journal, ThreadPoolExecutor(8) as pool:
        list(pool.map(journal.add, [Record(place=str(n), source="s" * n) for n in range(200)]))
    lines = path.read_text("ascii").splitlines()
    assert len(lines) == 201
    assert {json.loads(line)["place"] for line in lines[1:]} == {str(n) for n in range(200)}


def test_what_add_returned_from_survives_kill_9(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from photochrom._batch._journal import Journal, Record\n"
        "journal = Journal(Path(sys.argv[1])); n = 0\n"
        "while True:\n"
        "    journal.add(Record(place=str(n), source='s')); n += 1; print(n, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    with Journal(path) as journal:  # and its lock died with it
        assert len(_latest(journal)) >= int(told[-1])


def test_one_batch_at_a_time(path: Path) -> None:
    with Journal(path), pytest.raises(PictureError, match="another batch is writing here"):
        Journal(path)
    with Journal(path):
        pass


@pytest.mark.parametrize(
    "content", ["no journal\n", "[]\n", '{"journal": "photochrom batch", "format": 2}\n']
)
def test_what_is_no_journal_is_left_alone(content: str, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(PictureError, match="is not the journal of a batch"):
        Journal(path)
    assert path.read_text() == content


def test_a_line_that_is_no_record_is_passed_over(path: Path) -> None:
    with Journal(path) as journal:
        journal.add(Record(place="1", source="s"))
    with path.open("ab") as file:
        file.write(b'\0\0\0\n{"place": "2"}\n{"place": "3", "colour": 1}\n')
    with Journal(path) as journal:
        assert list(_latest(journal)) == ["1"]


@pytest.mark.parametrize("name", ["../1", "a/../../1", "/1"])
def test_a_record_that_leads_out_of_the_destination_is_passed_over(name: str, path: Path) -> None:
    with Journal(path) as journal:
        journal.add(Record(place=name, source="s"))
        journal.add(Record(place="1", source="s", output=name))
    with Journal(path) as journal:
        assert _latest(journal) == {}


def test_where_it_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PictureError, match="cannot be written"):
        Journal(tmp_path / "file" / "journal.jsonl")
