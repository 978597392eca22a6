"""Every `sh` and `python` block of README.md runs, in order, in one copy of the repository.

A block is left out if the line above it says why: `<!-- not tested: needs a GPU -->`.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

_BLOCK = re.compile(
    r"^(?:<!-- not tested: (?P<excuse>.+?) -->\n)?```(?P<language>sh|python)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LIMIT_SECONDS = 120


class Block(NamedTuple):
    line: int
    language: str
    code: str
    excuse: str | None


def blocks_of(text: str) -> list[Block]:
    return [
        Block(text.count("\n", 0, match.start("code")), match["language"], match["code"], match["excuse"])
        for match in _BLOCK.finditer(text)
    ]


BLOCKS = blocks_of(README.read_text("utf-8")) if README.exists() else []


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's files, so that what a block writes harms nobody and later blocks find it."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def test_a_reader_copies_at_least_three_commands() -> None:
    commands = [block for block in BLOCKS if block.language == "sh"]
    assert len(commands) >= 3
    assert any(block.excuse is None for block in commands)


@pytest.mark.parametrize("block", BLOCKS, ids=[f"line-{block.line}" for block in BLOCKS])
def test_block_runs(block: Block, checkout: Path) -> None:
    if block.excuse:
        pytest.skip(f"README.md:{block.line}: {block.excuse}")
    interpreter = [sys.executable] if block.language == "python" else ["bash", "-euo", "pipefail"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOCHROM_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    output = checkout.with_suffix(".log")
    with output.open("w") as log:
        process = subprocess.Popen(
            [*interpreter, "-c", block.code],
            cwd=checkout, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            ending = f"exit status {process.wait(_LIMIT_SECONDS)}"
        except subprocess.TimeoutExpired:
            ending = f"no end within {_LIMIT_SECONDS} seconds"
        finally:  # a server that the block left running in the background, too
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert ending == "exit status 0", f"README.md:{block.line}: {ending}\n{block.code}\n{output.read_text()}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_documented_make_targets_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    documented = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", text, re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert documented
    assert {first or second for first, second in documented} <= targets


def test_a_block_is_left_out_only_by_the_line_above_it() -> None:
    text = "\n".join([
        "<!-- not tested: needs a GPU -->", "```sh", "nvidia-smi", "```",
        "```python", "print(1)", "```",
        "```text", "no code", "```",
    ])  # fmt: skip
    assert blocks_of(text) == [
        Block(2, "sh", "nvidia-smi\n", "needs a GPU"),
        Block(5, "python", "print(1)\n", None),
    ]
