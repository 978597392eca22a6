"""What the benchmarks compare the server with is what they say it is."""

import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from tests import model_factory

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this ONNX Runtime has CUDA"
)
def test_no_bare_session_runs_on_another_provider_than_the_one_asked_for(tmp_path: Path) -> None:
    model_factory.publish(tmp_path)
    command = [sys.executable, "-m", "benchmarks.saturation", f"--models={tmp_path}", "--providers=cuda"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode
    assert "ONNX Runtime has no CUDAExecutionProvider here" in ended.stderr
