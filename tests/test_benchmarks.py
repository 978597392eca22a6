"""What the benchmarks compare the server with is what they say it is."""

import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from photochrom_contract.manifest import MODEL_FILE
from tests import model_factory

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this ONNX Runtime has CUDA"
)
def test_no_bare_session_runs_on_another_provider_than_the_one_asked_for(tmp_path: Path) -> None:
    model_factory.publish(tmp_path)
    assert "ONNX Runtime has no CUDAExecutionProvider here" in complaint_of(
        "saturation", f"--models={tmp_path}", "--providers=cuda"
    )


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    folder = model_factory.publish(tmp_path)
    (folder / MODEL_FILE).write_bytes(b"damaged")
    said = complaint_of("memory", f"--models={tmp_path}")
    assert said.startswith("the server did not start: photochrom-serve: ")
    assert "publish the version again" in said


def test_arrivals_come_until_the_end_of_the_time_that_counts() -> None:
    program = """
import asyncio, time
from benchmarks import load

moments = []

async def call():
    moments.append(time.perf_counter())

start = time.perf_counter()
asyncio.run(load.open_loop(call, rate=100, seconds=1, warm_up=0, seed=263))  # 120 of them take 0.92 seconds
print(moments[-1] - start)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert float(ended.stdout) > 0.95


def complaint_of(benchmark: str, *arguments: str) -> str:
    """What a benchmark says as it fails."""
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode
    return ended.stderr
