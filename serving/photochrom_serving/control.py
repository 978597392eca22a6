"""Model control: loads, switches, unloads and labels model versions while the others serve.

One thing at a time, and what takes its time runs in a thread of its own. A new version answers when it
is warm; the one that it replaces ends with its last user.
"""

import asyncio
import dataclasses
from collections.abc import Coroutine, Mapping
from typing import Any

from photochrom_serving import calls, events, labels, policy, repository
from photochrom_serving.background import Background
from photochrom_serving.errors import (
    ForbiddenError,
    ModelControlError,
    NotFoundError,
    NotReadyError,
    RepositoryError,
)
from photochrom_serving.model import listed
from photochrom_serving.reconciliation import GONE, Reconciler
from photochrom_serving.repository import ModelFolder
from photochrom_serving.servables import Servables
from photochrom_serving.settings import Settings
from photochrom_serving.versions import State, Version


class ModelControl:
    """Keeps the servables as the repository, or whoever calls, wants them. Belongs to one event loop."""

    def __init__(self, servables: Servables, settings: Settings) -> None:
        self._servables = servables
        self._settings = settings
        self._background = Background("model control")
        self._looking = Background("repository")  # a look at the disk does not wait for a load
        self._reconciler = Reconciler(servables, settings, self._background)
        self._lock = asyncio.Lock()
        self._polling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look at the repository every so often, if that is the setting."""
        if self._settings.model_control == "poll":
            self._polling = self._background.spawn(self._poll_for_ever())

    def stop(self) -> None:
        """Look at the repository no more."""
        if self._polling:
            self._polling.cancel()

    async def close(self) -> None:
        """Change nothing any more, once no call uses a servable. What is being loaded is abandoned."""
        await self._background.close()
        await self._looking.close()

    async def poll(self) -> None:
        """Look at the repository once, and do what its changes ask for.

        As long as it cannot be read, or has nothing at all in it, what is loaded goes on serving.
        """
        async with self._lock:
            known = [name for name, _ in self._servables]
            try:
                folders = await self._scan()
                problem = "it has no model version in it any more"
            except NotReadyError as error:
                folders, problem = {}, str(error)
            gone = bool(known) and not any(folder.versions for folder in folders.values())
            self._reconciler.complain("", "repository_unreadable", problem if gone else "")
            if not gone:
                for name in sorted({*folders, *known}):
                    await self._reconciler.follow(name, folders.get(name, GONE))

    async def load(self, name: str, version: int | None = None) -> None:
        """Load a version alone, or without one all that the setting ``versions`` and the labels ask for.

        One that is loaded is loaded again if its folder has changed. Ends when it answers requests.

        :raises ForbiddenError: if the caller may not.
        :raises ModelControlError: if calls may not do that here, or a version was refused.
        :raises NotFoundError: if the repository has no such model or version.
        :raises NotReadyError: if the repository cannot be read.
        """
        self._check_right()
        await self._background.see_through(self._load(name, version))

    async def unload(self, name: str, version: int | None = None) -> None:
        """Unload a version, or all of a model. Ends when its last request has.

        :raises ForbiddenError: if the caller may not.
        :raises ModelControlError: if calls may not do that here, or a label means the version.
        :raises NotFoundError: if no such model or version is loaded.
        """
        self._check_right()
        await self._background.see_through(self._unload(name, version))

    async def set_labels(self, name: str, wanted: Mapping[str, int]) -> None:
        """Replace a model's labels, here and in its ``labels.json``.

        :param wanted: each label with the version that it shall mean.
        :raises ForbiddenError: if the caller may not.
        :raises ModelControlError: if calls may not do that here, a version is not available, or a
            label is no name; then no label changes.
        :raises NotFoundError: if no version of the model is known.
        """
        self._check_right()
        await self._background.see_through(self._set_labels(name, dict(wanted)))

    async def see_through(self, change: Coroutine[Any, Any, None]) -> None:
        """Make a change of several steps to its end, even if whoever asked for it leaves in between."""
        await self._background.see_through(change)

    async def index(self) -> list[Version]:
        """Every version in the repository or in the server; UNLOADED if only in the former.

        :raises NotReadyError: if the repository cannot be read.
        """
        folders = await self._scan()
        known = {str(version): version for _, versions in self._servables for version in versions}
        for folder in folders.values():
            for candidate in folder.versions.values():
                known.setdefault(str(candidate), Version(candidate, State.UNLOADED))
        return sorted(known.values(), key=lambda version: (version.model, version.number))

    async def _load(self, name: str, version: int | None) -> None:
        async with self._lock:
            folders = await self._scan()
            folder = folders.get(name)
            if folder is None:
                raise NotFoundError(name, f"the repository has no model {name!r}; there is {listed(folders)}")
            if version is not None and version not in folder.versions:
                there = listed(folder.versions)
                raise NotFoundError(
                    f"{name}/{version}",
                    f"the repository has no version {version} of {name!r}; there is {there}",
                )
            meant = self._known(name, version)
            for found in meant:
                if found.state == State.FAILED:  # forgotten, so that it is tried again
                    self._servables.put(dataclasses.replace(found, state=State.UNLOADED))
            if version is None:
                self._reconciler.asked_for.pop(name, None)
                await self._reconciler.follow(name, folder)
            else:
                self._reconciler.asked_for.setdefault(name, set()).add(version)
                candidate = folder.versions[version]
                if policy.is_to_load(candidate, self._servables.versions(name)):
                    await self._reconciler.load(candidate)
            meant = self._known(name, version)
        refused = [f"{found} was refused: {found.problem}" for found in meant if found.problem]
        if refused or folder.problem:
            raise ModelControlError("; ".join(refused) or folder.problem)

    async def _unload(self, name: str, version: int | None) -> None:
        async with self._lock:
            leaving = self._known(name, version)
            if not leaving:
                what = name if version is None else f"{name}/{version}"
                raise NotFoundError(
                    what, f"{what} is not loaded; there is {listed(self._servables.available())}"
                )
            for found in leaving:
                if version is not None and found.labels:
                    raise ModelControlError(
                        f"{found} is what {listed(found.labels)} means; move the label first"
                    )
            self._reconciler.asked_for.get(name, set()).difference_update(found.number for found in leaving)
            retiring = [self._reconciler.retire(found) for found in leaving]
        await asyncio.gather(*retiring)

    async def _set_labels(self, name: str, wanted: dict[str, int]) -> None:
        async with self._lock:
            versions = self._servables.versions(name)
            if not versions:
                raise NotFoundError(name, f"no version of a model {name!r} is loaded")
            for label, number in wanted.items():
                if not labels.is_label(label):
                    raise ModelControlError(f"{label!r} is no label: it must be printable, and not empty")
                if number not in versions or versions[number].state != State.AVAILABLE:
                    raise ModelControlError(
                        f"label {label!r}: {name} has no version {number} that is available; load it first"
                    )
            self._reconciler.relabel(name, wanted)
            self._reconciler.labels.pop(name, None)
            try:
                await self._background.in_thread(labels.write, self._servables.repository / name, wanted)
            except OSError as error:
                self._reconciler.labels[name] = wanted
                advice = "they hold until the server ends; make the repository writable and set them again"
                events.warning("labels_not_kept", model=name, problem=str(error), advice=advice)

    async def _poll_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            try:
                await self.poll()
            except Exception as error:  # a bug: no reason never to look again
                events.failure("poll_failed", error)

    def _known(self, name: str, number: int | None) -> list[Version]:
        """A version, or without a number all of them, as far as they are known."""
        versions = self._servables.versions(name).values()
        return [version for version in versions if number in (None, version.number)]

    def _check_right(self) -> None:
        """Whether calls may control models here, and this one's caller may."""
        if self._settings.model_control != "explicit":
            raise ModelControlError(
                "calls do not control the models of this server; start it with --model-control explicit"
            )
        caller = calls.current().caller
        if caller and not caller.grant.control:
            raise ForbiddenError(
                f"the token {caller.grant.name} may not control models: add the word control to its line"
            )

    async def _scan(self) -> dict[str, ModelFolder]:
        try:
            return await self._looking.in_thread(repository.scan, self._servables.repository)
        except RepositoryError as error:
            raise NotReadyError(str(error)) from error
