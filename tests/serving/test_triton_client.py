"""Triton's own client, in a process of its own, which runs ``clients/tritonclient_tests.py``."""

from pathlib import Path

from tests.serving.client_environments import python_with, run_tests
from tests.serving.public_servers import served


def test_tritons_client_gets_what_it_expects(tmp_path: Path) -> None:
    python = python_with("tritonclient", "tritonclient[grpc]")
    with served(tmp_path) as environment:
        run_tests(python, "tritonclient_tests.py", **environment)
