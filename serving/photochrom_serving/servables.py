"""The servables: which model versions answer, which could not be loaded and why, and which one is meant."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from typing import Self

from photochrom_contract.manifest import Manifest
from photochrom_serving import events, repository
from photochrom_serving.batcher import Batcher, Watch, ignore
from photochrom_serving.errors import NotFoundError, RepositoryError, SettingsError
from photochrom_serving.session import Session
from photochrom_serving.settings import Settings

_PREFERRED = "photochrom"


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """Which model version a request means."""

    model: str = ""
    """Empty for the default model."""
    version: int = 0
    """0 for the latest one that answers."""
    label: str = ""
    """In place of a version, such as ``stable``."""


@dataclasses.dataclass(frozen=True)
class Servable:
    """A model version that answers."""

    manifest: Manifest
    provider: str
    batcher: Batcher
    has_temperature: bool = False


@dataclasses.dataclass(frozen=True)
class Version:
    """A version folder: a servable, or the reason why it is none."""

    number: int
    servable: Servable | None
    problem: str = ""


class Servables:
    """Every version of every model in the repository, loaded once."""

    def __init__(self, models: dict[str, list[Version]], default_model: str) -> None:
        self._models = models
        self.default_model = default_model

    @classmethod
    def load(cls, settings: Settings, watch: Watch = ignore) -> Self:
        """Verify, load and warm up all there is; this takes seconds. Broken versions are left out.

        :param watch: is told of every batch.
        :raises RepositoryError: if nothing can be loaded, with every reason.
        :raises ProviderError: if the provider asked for is not there.
        :raises SettingsError: if the default model asked for cannot be loaded.
        """
        root = repository.locate(settings.models)
        models: dict[str, list[Version]] = {}
        for candidate in repository.scan(root):
            models.setdefault(candidate.name, []).append(_load(candidate, settings, watch))
        problems = [
            version.problem for versions in models.values() for version in versions if version.problem
        ]
        available = [name for name, versions in models.items() if any(v.servable for v in versions)]
        if not available:
            empty = f"{root}: no model version in it; expected NAME/VERSION/model.onnx and manifest.json"
            raise RepositoryError("; ".join(problems) or empty)
        default = settings.default_model or (_PREFERRED if _PREFERRED in available else available[0])
        if default not in available:
            raise SettingsError(
                f"the default model {default!r} is not among those loaded: {_listed(available)}"
            )
        return cls(models, default)

    @contextlib.contextmanager
    def use(self, reference: Reference) -> Iterator[Servable]:
        """The servable that a request means, kept loaded for the time of a ``with`` block.

        :raises NotFoundError: listing what there is.
        """
        yield self._resolve(reference)

    def _resolve(self, reference: Reference) -> Servable:
        name, version = reference.model or self.default_model, reference.version
        versions = self._models.get(name)
        if versions is None:
            raise NotFoundError(name, f"there is no model {name!r}; there is {_listed(self._models)}")
        servables = {entry.number: entry.servable for entry in versions if entry.servable}
        servable = servables.get(version or max(servables, default=0))
        if servable is None:
            have = f"there is {_listed(servables)}" if servables else "none of its versions could be loaded"
            wanted = f"version {version}" if version else "version that answers"
            raise NotFoundError(f"{name}/{version}", f"model {name!r} has no {wanted}; {have}")
        return servable

    def __iter__(self) -> Iterator[tuple[str, list[Version]]]:
        """Each model's name and its versions, ascending."""
        return iter(self._models.items())

    def available(self) -> list[str]:
        """The versions that answer, such as ``photochrom/1``."""
        return [f"{name}/{v.number}" for name, versions in self for v in versions if v.servable]

    def close(self) -> None:
        """Let every runner thread end."""
        for _, versions in self:
            for version in versions:
                if version.servable:
                    version.servable.batcher.close()


def _load(candidate: repository.Candidate, settings: Settings, watch: Watch) -> Version:
    label = f"{candidate.name}/{candidate.version}"
    start = time.monotonic()
    try:
        manifest, model = candidate.verify()
        session = Session(model, manifest, settings)
        if settings.warm_up:
            session.warm_up()
        else:
            session.check()
    except RepositoryError as error:
        events.error("refused_model", model=label, problem=str(error))
        return Version(candidate.version, None, str(error))
    seconds = round(time.monotonic() - start, 3)
    events.info("loaded", model=label, provider=session.provider, sha256=manifest.sha256, seconds=seconds)
    batcher = Batcher(label, session.run, settings.max_batch_size, watch)
    servable = Servable(manifest, session.provider, batcher, session.has_temperature)
    return Version(candidate.version, servable)


def _listed(names: object) -> str:
    assert isinstance(names, (list, dict))
    return ", ".join(map(str, names)) or "none"
