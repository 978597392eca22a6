"""Whatever happens to a model's folder, in whatever order: what serves is what the rules say."""

import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
from hypothesis import strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from photochrom_contract import manifest
from photochrom_serving import labels
from photochrom_serving.control import ModelControl
from photochrom_serving.servables import Reference, Servables, State
from photochrom_serving.settings import Settings
from tests import model_factory

NUMBERS = strategies.integers(1, 4)
LABELS = strategies.dictionaries(strategies.sampled_from(["stable", "canary"]), NUMBERS)


class Life(RuleBasedStateMachine):
    """A model's folder, a server that polls it, and what should be loaded, by the rules in a few lines."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.temporary = tempfile.TemporaryDirectory(prefix="photochrom-")
        self.root = Path(self.temporary.name)
        self.folder = self.root / "photochrom"
        self.writes = 0
        self.there: dict[int, str | None] = {}  # what is in each version's folder; None: damaged
        self.labels_there: dict[str, int] = {}
        self.loaded: dict[int, str] = {}
        self.labels: dict[str, int] = {}

    @initialize()
    def start(self) -> None:
        self.publish(1)
        settings = Settings(models=self.root, versions="latest:1", warm_up=False)
        self.servables = Servables.load(settings)
        self.loaded = {1: self.there[1] or ""}

        async def control() -> ModelControl:
            return ModelControl(self.servables, settings)

        self.control = self.runner.run(control())

    @rule(number=NUMBERS)
    def publish(self, number: int) -> None:
        """Publish a version, in place of one that is there."""
        shutil.rmtree(self.folder / str(number), ignore_errors=True)
        folder = model_factory.publish(self.root, version=number)
        self.writes += 1
        self.there[number] = f"write {self.writes}"
        path = folder / manifest.MANIFEST_FILE
        path.write_text(json.dumps({**json.loads(path.read_text()), "description": self.there[number]}))
        # Several writes may fall on one tick of the file system's clock, and on one inode.
        os.utime(path, ns=(self.writes, self.writes))

    @rule(number=NUMBERS)
    def damage(self, number: int) -> None:
        if number in self.there:
            self.writes += 1
            self.there[number] = None
            path = self.folder / str(number) / manifest.MODEL_FILE
            path.write_bytes(b"not what was published")
            os.utime(path, ns=(self.writes, self.writes))

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        if number in self.there:
            del self.there[number]
            shutil.rmtree(self.folder / str(number))

    @rule(wanted=LABELS)
    def label(self, wanted: dict[str, int]) -> None:
        labels.write(self.folder, wanted)
        self.labels_there = wanted

    @rule()
    def poll(self) -> None:
        self.runner.run(self.control.poll())
        if not self.there:
            return  # an empty repository is not believed, and neither are its labels
        before = self.loaded
        usable = {
            number: content or before[number]
            for number, content in self.there.items()
            if content or number in before
        }
        latest = {max(usable)} if usable else set()
        meant = set(self.labels_there.values())
        loaded = {number: usable[number] for number in usable if number in latest | meant or number in before}
        answering = before | loaded  # until the rest is unloaded
        self.labels = {
            label: number if number in answering else self.labels[label]
            for label, number in self.labels_there.items()
            if number in answering or label in self.labels
        }
        kept = (latest | meant | set(self.labels.values())) & self.there.keys()
        self.loaded = {number: content for number, content in loaded.items() if number in kept}
        if not self.loaded:  # the last one that answers goes on doing so
            self.loaded = {max(before): before[max(before)]}
        self.labels = {label: number for label, number in self.labels.items() if number in self.loaded}

    @invariant()
    def serves_what_it_should(self) -> None:
        found = {
            version.number: version.servable.manifest.description
            for _, versions in self.servables
            for version in versions
            if version.state == State.AVAILABLE and version.servable
        }
        assert found == self.loaded
        assert self.servables.labels("photochrom") == self.labels
        with self.servables.use(Reference()) as servable:
            assert servable.manifest.version == max(self.loaded)

    def teardown(self) -> None:
        if hasattr(self, "control"):
            self.runner.run(self.control.close())
            self.servables.close()
        self.runner.close()
        self.temporary.cleanup()


TestLife = Life.TestCase
TestLife.settings = hypothesis.settings(max_examples=40, stateful_step_count=15, deadline=None)
