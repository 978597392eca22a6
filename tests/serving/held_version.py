"""A version that is being loaded until a test lets it go on: its manifest is a named pipe."""

import os
from pathlib import Path

import pytest

from photochrom_contract import manifest
from tests import model_factory


class HeldVersion:
    """Published in a repository whose server does not poll."""

    def __init__(self, repository: Path, version: int) -> None:
        if not hasattr(os, "mkfifo"):
            pytest.skip("a version that is slow to come is a named pipe")
        self._path = model_factory.publish(repository, version=version) / manifest.MANIFEST_FILE
        self._text = self._path.read_text("utf-8")
        self._path.unlink()
        os.mkfifo(self._path)

    def let_go(self) -> None:
        """Let it load, once it is being loaded; whoever calls waits for that."""
        self._path.write_text(self._text, "utf-8")
