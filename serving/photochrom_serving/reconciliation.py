"""Bringing a model in the server to what it should be: loads, switches, relabels and retires its versions."""

import asyncio
import dataclasses
from collections.abc import Mapping

from photochrom_serving import events, loading, policy
from photochrom_serving.background import Background
from photochrom_serving.errors import RepositoryError, StartupError
from photochrom_serving.model import listed
from photochrom_serving.repository import Candidate, ModelFolder
from photochrom_serving.servables import Servables
from photochrom_serving.settings import Settings
from photochrom_serving.versions import Servable, State, Version

GONE = ModelFolder({}, {})
"""Of a model whose folder is not in the repository any more."""


class Reconciler:
    """Changes the servables. Only one change of a model may be under way at a time."""

    def __init__(self, servables: Servables, settings: Settings, background: Background) -> None:
        self._servables = servables
        self._settings = settings
        self._background = background
        self._complaints: dict[tuple[str, str], str] = {}
        self._leaving: dict[Servable, asyncio.Task[None]] = {}
        self.asked_for: dict[str, set[int]] = {}
        """Versions to serve of a model that the policy alone would not."""
        self.labels: dict[str, Mapping[str, int]] = {}
        """A model's labels, in place of those in its folder, which could not be written."""

    async def follow(self, name: str, folder: ModelFolder) -> None:
        """Let a model be as its folder is."""
        self.complain(name, "folder_unreadable", folder.problem)
        if not folder.versions and folder is not GONE and self._servables.versions(name):
            return  # unreadable, or a volume that is not mounted: no reason to end what serves
        if name in self.labels:
            folder = dataclasses.replace(folder, labels=self.labels[name])
        await self.bring_up(name, folder)
        if folder.labels is not None:
            pending = self.relabel(name, folder.labels)
            problem = f"no available version for {listed(pending)}" if pending else ""
            self.complain(f"{name} labels", "labels_pending", problem)
        asked_for = self.asked_for.get(name, ())
        versions = self._servables.versions(name)
        for version in policy.surplus(self._settings.versions, folder, versions, asked_for):
            self.retire(version)

    async def bring_up(self, name: str, folder: ModelFolder) -> None:
        """Load what should be there and is not, the newest first."""
        wanted, asked_for = self._settings.versions, self.asked_for.get(name, ())
        while candidate := policy.next_to_load(wanted, folder, self._servables.versions(name), asked_for):
            await self.load(candidate)

    async def load(self, candidate: Candidate) -> None:
        """Load a version, for better or worse; what it replaces serves until then."""
        before = self._servables.versions(candidate.name).get(candidate.version)
        serving = before.servable if before and before.state == State.AVAILABLE else None
        if not serving:
            self._servables.put(Version(candidate, State.LOADING))
        replaced = self._servables.settle(candidate, await self._load(candidate, serving))
        if replaced:
            self._background.spawn(replaced.retire())

    def retire(self, version: Version) -> asyncio.Task[None]:
        """Take a version out of service, now, and free it when its last user has left: the task's end."""
        servable = version.servable
        if servable in self._leaving:
            return self._leaving[servable]
        leaving = dataclasses.replace(version, state=State.UNLOADING)
        self._servables.put(leaving)
        task = self._background.spawn(self._free(leaving))
        if servable:
            self._leaving[servable] = task
            task.add_done_callback(lambda _: self._leaving.pop(servable))
        return task

    def relabel(self, name: str, wanted: Mapping[str, int]) -> list[str]:
        """Let a model's labels mean what they should; those that cannot yet are returned."""
        before = self._servables.labels(name)
        pending = self._servables.set_labels(name, wanted)
        now = self._servables.labels(name)
        if now != before:
            events.info("labelled", model=name, labels=now)
        return pending

    def complain(self, where: str, event: str, problem: str) -> None:
        """Warn of a problem, once; tell when it is over, which an empty one means.

        :param where: the model's name; empty for the repository.
        """
        before = self._complaints.get((where, event), "")
        self._complaints[where, event] = problem
        fields = {"model": where} if where else {"repository": str(self._servables.repository)}
        if problem and problem != before:
            events.warning(event, **fields, problem=problem, advice="what is loaded goes on serving")
        elif before and not problem:
            events.info(f"{event}_no_more", **fields)

    async def _load(self, candidate: Candidate, serving: Servable | None) -> Servable | RepositoryError:
        """Load a version, unless what serves already is just that."""
        in_thread = self._background.in_thread
        try:
            if serving and serving.manifest == (await in_thread(candidate.verify))[0]:
                return serving
            return await in_thread(loading.load, candidate, self._settings, self._servables.device)
        except StartupError as error:
            return RepositoryError(str(error))
        except Exception as error:  # a bug, or no memory: no reason to end what serves
            events.failure("load_failed", error, model=str(candidate))
            return RepositoryError(f"{candidate}: the server failed to load it; its log says how")

    async def _free(self, leaving: Version) -> None:
        if leaving.servable:
            await leaving.servable.retire()
            events.info("unloaded", model=str(leaving))
        now = self._servables.versions(leaving.model).get(leaving.number)
        if now and now.state == State.UNLOADING and now.servable is leaving.servable:
            self._servables.put(dataclasses.replace(leaving, state=State.UNLOADED, servable=None))
