"""Triton's own client, in a process of its own, which runs ``clients/triton_*_tests.py``."""

import re
import subprocess
from pathlib import Path

from tests.serving.client_environments import python_with, run_tests
from tests.serving.public_servers import served

README = Path(__file__).parents[2] / "serving" / "README.md"


def test_tritons_client_gets_what_it_expects(tmp_path: Path) -> None:
    python = python_with("tritonclient", "tritonclient[grpc]")
    with served(tmp_path) as environment:
        run_tests(python, "triton_inference_tests.py", "triton_models_tests.py", **environment)


def test_the_readmes_example_runs(tmp_path: Path) -> None:
    python = python_with("tritonclient", "tritonclient[grpc]")
    (example,) = re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    with served(tmp_path) as environment:
        program = example.replace("localhost:8500", environment["TARGET"])
        ended = subprocess.run([*python, "-c", program], capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    assert ended.stdout == "(1, 2, 96, 96)\n"
