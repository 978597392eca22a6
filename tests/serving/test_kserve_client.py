"""KServe's own client, in a process of its own, which runs ``clients/kserve_tests.py``."""

from pathlib import Path

from tests.serving.client_environments import python_with, run_tests
from tests.serving.public_servers import served


def test_kserves_client_gets_what_it_expects(tmp_path: Path) -> None:
    python = python_with("kserve", "kserve")
    with served(tmp_path) as environment:
        run_tests(python, "kserve_tests.py", **environment)
