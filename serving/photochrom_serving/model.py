"""One model: its versions, the labels in effect, and which of them a request means."""

import dataclasses
from collections.abc import Iterable, Mapping

from photochrom_serving.errors import NotFoundError, NotReadyError, UnknownLabelError
from photochrom_serving.versions import Servable, State, Version


class Model:
    """What the server knows of a model."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.versions: dict[int, Version] = {}
        """By number, ascending."""
        self.available: dict[int, Servable] = {}
        """Those that answer, by number, ascending."""
        self.labels: dict[str, int] = {}
        """Those in effect: each means a version that answers."""

    def put(self, version: Version) -> Version:
        """Know a version as it is now; once it is UNLOADED, no longer.

        :returns: the same, with the labels that mean it now.
        """
        self.versions = dict(sorted({**self.versions, version.number: version}.items()))
        self.available = {
            number: known.servable
            for number, known in self.versions.items()
            if known.state == State.AVAILABLE and known.servable
        }
        self.labels = {label: number for label, number in self.labels.items() if number in self.available}
        version = self._relabelled(version)
        if version.state == State.UNLOADED:
            del self.versions[version.number]
        else:
            self.versions[version.number] = version
        return version

    def set_labels(self, labels: Mapping[str, int]) -> list[Version]:
        """Let labels mean versions. One whose version does not answer goes on meaning what it does.

        :param labels: all of the model's; those left out are gone.
        :returns: the versions whose labels have changed.
        """
        self.labels = {
            label: number if number in self.available else self.labels[label]
            for label, number in labels.items()
            if number in self.available or label in self.labels
        }
        relabelled = [self._relabelled(version) for version in self.versions.values()]
        changed = [version for version in relabelled if version != self.versions[version.number]]
        self.versions = {version.number: version for version in relabelled}
        return changed

    def resolve(self, number: int, label: str) -> Servable:
        """The version that answers a request.

        :param number: 0 for the latest one.
        :param label: in place of a number, if not empty.
        :raises UnknownLabelError: listing the labels there are.
        :raises NotReadyError: if the version is being loaded.
        :raises NotFoundError: listing the versions there are.
        """
        if label and label not in self.labels:
            message = f"model {self.name!r} has no label {label!r}; there is {listed(self.labels)}"
            raise UnknownLabelError(f"{self.name}:{label}", message)
        number = self.labels[label] if label else number
        servable = self.available.get(number or next(reversed(self.available), 0))
        if servable is None:
            raise self._missing(number)
        return servable

    def _missing(self, number: int) -> NotFoundError | NotReadyError:
        meant = [version for version in self.versions.values() if number in (0, version.number)]
        if any(version.state == State.LOADING for version in meant):
            which = f" version {number}" if number else ""
            return NotReadyError(f"model {self.name!r} is loading{which}; try again soon")
        have = f"there is {listed(self.available)}" if self.available else "none of its versions is loaded"
        wanted = f"version {number}" if number else "version that answers"
        return NotFoundError(f"{self.name}/{number}", f"model {self.name!r} has no {wanted}; {have}")

    def _relabelled(self, version: Version) -> Version:
        labels = sorted(label for label, number in self.labels.items() if number == version.number)
        return dataclasses.replace(version, labels=tuple(labels))


def listed(things: Iterable[object]) -> str:
    """Things in a message, such as ``1, 2``."""
    return ", ".join(map(str, things)) or "none"
