"""The servables: which model versions answer, which could not be loaded and why, and which one is meant.

All of it is read and changed in one event loop, so nobody waits for a lock. What takes time happens
elsewhere: :mod:`photochrom_serving.control` loads in a thread and puts the outcome here.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

from photochrom_serving import events, loading, policy, repository
from photochrom_serving.batcher import Watch, ignore
from photochrom_serving.device import Device
from photochrom_serving.errors import NotFoundError, RepositoryError, SettingsError
from photochrom_serving.model import Model, listed
from photochrom_serving.repository import Candidate
from photochrom_serving.settings import Settings
from photochrom_serving.versions import Servable, State, Version

__all__ = ["Listener", "Reference", "Servable", "Servables", "State", "Version"]

_PREFERRED = "photochrom"

Listener = Callable[[Version], None]
"""Is told of a version whenever its state or its labels change, on the event loop; it has to be quick."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """Which model version a request means."""

    model: str = ""
    """Empty for the default model."""
    version: int = 0
    """0 for the latest one that answers."""
    label: str = ""
    """In place of a version, such as ``stable``."""
    servable: Servable | None = None
    """In place of all that, one that the caller is using already: it answers even while it is unloading."""


class Servables:
    """The versions of every model that the server knows of."""

    def __init__(self, settings: Settings, watch: Watch = ignore) -> None:
        """Know of nothing yet.

        :param watch: is told of every batch.
        :raises RepositoryError: if there is no model repository.
        """
        self.repository = repository.locate(settings.models)
        self.device = Device.of(settings, watch)
        """What runs the batches of all of them."""
        self._settings = settings
        self._models: dict[str, Model] = {}
        self._listeners: list[Listener] = []
        self.default_model = settings.default_model
        """The model that answers when a request names none; empty if there is none."""

    @classmethod
    def load(cls, settings: Settings, watch: Watch = ignore) -> Self:
        """Verify, load and warm up what is to be served; this takes seconds. Broken versions are left out.

        :param watch: is told of every batch.
        :raises RepositoryError: if nothing can be loaded, with every reason.
        :raises ProviderError: if the provider asked for is not there.
        :raises SettingsError: if the default model asked for cannot be loaded.
        """
        servables = cls(settings, watch)
        try:
            servables.require(servables.load_all())
        except BaseException:
            servables.close()
            raise
        return servables

    def load_all(self) -> list[str]:
        """Verify, load and warm up what is to be served of the repository; broken versions are left out.

        :returns: what is wrong with it, each problem naming its file.
        :raises RepositoryError: if the repository cannot be read.
        :raises ProviderError: if the provider asked for is not there.
        """
        problems = []
        for name, folder in repository.scan(self.repository).items():
            if folder.problem:
                events.warning("folder_unreadable", model=name, problem=folder.problem)
                problems.append(folder.problem)
            while candidate := policy.next_to_load(self._settings.versions, folder, self.versions(name)):
                self.put(Version(candidate, State.LOADING))
                try:
                    self.settle(candidate, loading.load(candidate, self._settings, self.device))
                except RepositoryError as error:
                    self.settle(candidate, error)
            problems += [version.problem for version in self.versions(name).values() if version.problem]
            if folder.versions and not self.versions(name):
                problem = f"--versions {self._settings.versions} chooses none of {listed(folder.versions)}"
                events.warning("no_version_chosen", model=name, problem=problem)
                problems.append(f"{self.repository / name}: {problem}")
            pending = self.set_labels(name, folder.labels or {})
            if pending:
                problem = f"no available version for {listed(pending)}"
                events.warning("labels_pending", model=name, problem=problem)
                problems.append(f"{self.repository / name}: {problem}")
        return problems

    def require(self, problems: Sequence[str] = ()) -> None:
        """Check that what is loaded is enough to start with.

        :param problems: why less may be loaded than should be.
        :raises RepositoryError: if nothing is.
        :raises SettingsError: if the default model asked for is not.
        """
        default, available = self._settings.default_model, self._available_models()
        if not available:
            empty = "no model version in it; expected NAME/VERSION/model.onnx and manifest.json"
            raise RepositoryError("; ".join(problems) or f"{self.repository}: {empty}")
        if default and default not in available:
            raise SettingsError(
                f"the default model {default!r} is not among those loaded: {listed(available)}"
            )

    def use(self, reference: Reference) -> contextlib.AbstractContextManager[Servable]:
        """The servable that a request means, kept loaded for the time of a ``with`` block.

        :raises NotFoundError: listing what there is.
        :raises NotReadyError: if it is being loaded.
        """
        return (reference.servable or self._resolve(reference)).hold()

    def __iter__(self) -> Iterator[tuple[str, list[Version]]]:
        """Each model's name and its versions, ascending."""
        return ((name, list(model.versions.values())) for name, model in self._models.items())

    def available(self) -> list[str]:
        """The versions that answer, such as ``photochrom/1``."""
        return [f"{name}/{number}" for name, model in self._models.items() for number in model.available]

    def loaded(self) -> list[Servable]:
        """The servables of those."""
        return [servable for model in self._models.values() for servable in model.available.values()]

    def versions(self, name: str) -> dict[int, Version]:
        """A model's versions, whatever their state, by number, ascending."""
        return dict(self._model(name).versions)

    def labels(self, name: str) -> dict[str, int]:
        """The labels in effect of a model, each with the version that it means."""
        return dict(self._model(name).labels)

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` of every version there is, now, and of every change from now on.

        A version that is gone is told of once more, as UNLOADED.
        """
        for _, versions in self:
            for version in versions:
                listener(version)
        self._listeners.append(listener)

    def put(self, version: Version) -> None:
        """Know a version as it is now; once it is UNLOADED, no longer. The listeners are told."""
        model = self._models.setdefault(version.model, Model(version.model))
        version = model.put(version)
        if not model.versions:
            del self._models[version.model]
        self._models = dict(sorted(self._models.items()))
        available = self._available_models()
        preferred = _PREFERRED if _PREFERRED in available else next(iter(available), "")
        self.default_model = self._settings.default_model or preferred
        self._tell(version)

    def settle(self, candidate: Candidate, outcome: Servable | RepositoryError) -> Servable | None:
        """Know what came of loading a version; what was refused does not take the place of what serves.

        :returns: the servable that nothing leads to any more, to be retired.
        """
        before = self.versions(candidate.name).get(candidate.version)
        serving = before.servable if before and before.state == State.AVAILABLE else None
        if isinstance(outcome, Servable):
            self.put(Version(candidate, State.AVAILABLE, outcome))
            return None if serving is outcome else serving
        events.error("refused_model", model=str(candidate), problem=str(outcome))
        self.put(
            Version(candidate, State.AVAILABLE if serving else State.FAILED, serving, problem=str(outcome))
        )
        return None

    def set_labels(self, name: str, labels: Mapping[str, int]) -> list[str]:
        """Let labels mean versions. One whose version is not available goes on meaning what it does.

        :param labels: all of the model's; those left out are gone.
        :returns: the labels whose version is not available.
        """
        model = self._model(name)
        for version in model.set_labels(labels):
            self._tell(version)
        return [label for label, number in labels.items() if number not in model.available]

    def close(self) -> None:
        """Let the device's threads end."""
        for _, versions in self:
            for version in versions:
                if version.servable:
                    version.servable.batcher.close()
        self.device.close()

    def _resolve(self, reference: Reference) -> Servable:
        name = reference.model or self.default_model
        if not name:
            raise NotFoundError(name, "no model is loaded, so there is none to answer")
        if name not in self._models:
            raise NotFoundError(name, f"there is no model {name!r}; there is {listed(self._models)}")
        return self._models[name].resolve(reference.version, reference.label)

    def _model(self, name: str) -> Model:
        return self._models.get(name) or Model(name)

    def _available_models(self) -> list[str]:
        return [name for name, model in self._models.items() if model.available]

    def _tell(self, version: Version) -> None:
        for listener in self._listeners:
            try:
                listener(version)
            except Exception as error:  # the others are told all the same
                events.failure("listener_failed", error, model=str(version))
