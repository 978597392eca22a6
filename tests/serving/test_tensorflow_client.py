"""The official TensorFlow Serving stubs, in a process that runs ``clients/tensorflow_*_tests.py``."""

import sys
from pathlib import Path

from tests.serving.client_environments import beside_development, run_tests
from tests.serving.public_servers import served


def test_tensorflow_servings_stubs_get_what_they_expect(tmp_path: Path) -> None:
    package = beside_development("tensorflow-serving-api")
    with served(tmp_path) as environment:
        tests = ("tensorflow_prediction_tests.py", "tensorflow_models_tests.py")
        run_tests([sys.executable], *tests, **environment, **package)
