"""Puts the checkout's shipped model into the wheel, so that an installation has something to serve."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShippedModel(BuildHookInterface):  # type: ignore[type-arg] # any builder's configuration
    """Adds ``models/photochrom`` beside this distribution, if it is there, as package data."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        model = Path(self.root).parent / "models" / "photochrom"
        if version != "editable" and model.is_dir():  # an editable installation finds it in the checkout
            build_data["force_include"][str(model)] = "photochrom_serving/models/photochrom"
