"""What every part's tests share: a model repository with a tiny real model in it."""

import signal
from pathlib import Path

import hypothesis
import pytest

from tests import model_factory

# No test is timed: the machine may be busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# A shell that runs the tests in the background has them, and all that they start, ignore interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def model_repository(tmp_path: Path) -> Path:
    """A model repository with version 1 of the tiny model "photochrom": sizes 32 and 64, default 64."""
    repository = tmp_path / "models"
    model_factory.publish(repository)
    return repository


@pytest.fixture
def slow_model_repository(tmp_path: Path) -> Path:
    """The same, but every batch takes some tens of milliseconds, whatever its size."""
    repository = tmp_path / "slow-models"
    model_factory.publish(repository, model=model_factory.build_model(work=40))
    return repository
