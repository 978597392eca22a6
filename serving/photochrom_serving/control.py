"""Model control: loads, switches, unloads and labels model versions while the others serve.

One thing at a time, and what takes its time runs in a thread of its own. A new version answers when it
is warm; the one that it replaces ends with its last user.
"""

import asyncio
import concurrent.futures
import dataclasses
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ParamSpec, TypeVar

from photochrom_serving import events, labels, loading, repository
from photochrom_serving.errors import (
    ModelControlError,
    NotFoundError,
    NotReadyError,
    RepositoryError,
    StartupError,
)
from photochrom_serving.repository import Candidate, ModelFolder
from photochrom_serving.servables import Servables, listed
from photochrom_serving.settings import Settings
from photochrom_serving.versions import Servable, State, Version

P = ParamSpec("P")
T = TypeVar("T")

_GONE = ModelFolder({}, {})
"""Of a model whose folder is not in the repository any more."""


class ModelControl:
    """Keeps the servables as the repository, or whoever calls, wants them. Belongs to one event loop."""

    def __init__(self, servables: Servables, settings: Settings) -> None:
        self._servables = servables
        self._settings = settings
        self._root = servables.repository
        self._thread = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="model control")
        self._work: concurrent.futures.Future[Any] | None = None  # what the thread does
        self._lock = asyncio.Lock()
        self._polling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._asked_for: dict[str, set[int]] = {}
        self._labels_here: dict[str, Mapping[str, int]] = {}  # set by a call, not written to disk
        self._complaints: dict[tuple[str, str], str] = {}

    def start(self) -> None:
        """Begin to look at the repository every so often, if that is the setting."""
        if self._settings.model_control == "poll":
            self._polling = self._spawn(self._poll_for_ever())

    def stop(self) -> None:
        """Look at the repository no more."""
        if self._polling:
            self._polling.cancel()

    async def close(self) -> None:
        """Change nothing any more, once no call uses a servable. What is being loaded is abandoned."""
        await asyncio.sleep(0)  # every task has begun, so none is cancelled before its ``finally``
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def is_working(self) -> bool:
        """Whether the thread loads, or waits for a disk: nothing can cut that short."""
        return self._work is not None and self._work.running()

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
            self._complain("", "repository_unreadable", problem if gone else "")
            if not gone:
                for name in sorted({*folders, *known}):
                    await self._follow(name, folders.get(name, _GONE))

    async def load(self, name: str, version: int | None = None) -> None:
        """Load a version, or without one all that the setting ``versions`` and the labels ask for.

        One that is loaded is loaded again if its folder has changed. Ends when it answers requests.

        :raises ModelControlError: if calls may not do that here, or a version was refused.
        :raises NotFoundError: if the repository has no such model or version.
        :raises NotReadyError: if the repository cannot be read.
        """
        self._check_mode()
        await self._finish(self._load(name, version))

    async def unload(self, name: str, version: int | None = None) -> None:
        """Unload a version, or all of a model. Ends when its last request has.

        :raises ModelControlError: if calls may not do that here, or a label means the version.
        :raises NotFoundError: if no such model or version is loaded.
        """
        self._check_mode()
        await self._finish(self._unload(name, version))

    async def set_labels(self, name: str, wanted: Mapping[str, int]) -> None:
        """Replace a model's labels, here and in its ``labels.json``.

        :param wanted: each label with the version that it shall mean.
        :raises ModelControlError: if calls may not do that here, a version is not available, or a
            label is no name; then no label changes.
        :raises NotFoundError: if no version of the model is known.
        """
        self._check_mode()
        await self._finish(self._set_labels(name, dict(wanted)))

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
            meant = [found for found in self._known(name) if version in (None, found.number)]
            for found in meant:
                if found.state == State.FAILED:  # forgotten, so that it is tried again
                    self._servables.put(dataclasses.replace(found, state=State.UNLOADED))
            if version is None:
                self._asked_for.pop(name, None)
                await self._follow(name, folder)
            else:
                self._asked_for.setdefault(name, set()).add(version)
                await self._bring_up(name, folder)
            meant = [found for found in self._known(name) if version in (None, found.number)]
        refused = [f"{found} was refused: {found.problem}" for found in meant if found.problem]
        if refused or folder.problem:
            raise ModelControlError("; ".join(refused) or folder.problem)

    async def _unload(self, name: str, version: int | None) -> None:
        async with self._lock:
            leaving = [found for found in self._known(name) if version in (None, found.number)]
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
            self._asked_for.get(name, set()).difference_update(found.number for found in leaving)
            retiring = [self._retire(found) for found in leaving]
        await asyncio.gather(*retiring)

    async def _set_labels(self, name: str, wanted: dict[str, int]) -> None:
        async with self._lock:
            if not self._known(name):
                raise NotFoundError(name, f"no version of a model {name!r} is loaded")
            for label, number in wanted.items():
                if not labels.is_label(label):
                    raise ModelControlError(f"{label!r} is no label: it must be printable, and not empty")
                found = self._servables.find(name, number)
                if found is None or found.state != State.AVAILABLE:
                    raise ModelControlError(
                        f"label {label!r}: {name} has no version {number} that is available; load it first"
                    )
            self._relabel(name, wanted)
            self._labels_here.pop(name, None)
            try:
                await self._in_thread(labels.write, self._root / name, wanted)
            except OSError as error:
                self._labels_here[name] = wanted
                advice = "they hold until the server ends; make the repository writable and set them again"
                events.warning("labels_not_kept", model=name, problem=str(error), advice=advice)

    async def _poll_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            try:
                await self.poll()
            except Exception as error:  # a bug: no reason never to look again
                events.failure("poll_failed", error)

    async def _follow(self, name: str, folder: ModelFolder) -> None:
        """Let a model be as its folder is."""
        self._complain(name, "folder_unreadable", folder.problem)
        if not folder.versions and folder is not _GONE and self._known(name):
            # Unreadable, or a volume that is not mounted: no reason to end what serves.
            return
        if name in self._labels_here:
            folder = dataclasses.replace(folder, labels=self._labels_here[name])
        await self._bring_up(name, folder)
        if folder.labels is not None:
            pending = self._relabel(name, folder.labels)
            problem = f"no available version for {listed(pending)}" if pending else ""
            self._complain(f"{name} labels", "labels_pending", problem)
        for version in self._servables.surplus(name, folder, self._asked_for.get(name, ())):
            self._retire(version)

    async def _bring_up(self, name: str, folder: ModelFolder) -> None:
        """Load what should be there and is not, the newest first."""
        asked_for = self._asked_for.get(name, set())
        while candidate := self._servables.next_to_load(name, folder, asked_for):
            before = self._servables.find(name, candidate.version)
            serving = before.servable if before and before.state == State.AVAILABLE else None
            if not serving:
                self._servables.put(Version(candidate, State.LOADING))
            replaced = self._servables.settle(candidate, await self._try(candidate, serving))
            if replaced:
                self._spawn(replaced.retire())

    async def _try(self, candidate: Candidate, serving: Servable | None) -> Servable | RepositoryError:
        """Load a version, unless what serves already is just that."""
        try:
            if serving and serving.manifest == (await self._in_thread(candidate.verify))[0]:
                return serving
            return await self._in_thread(loading.load, candidate, self._settings, self._servables.device)
        except StartupError as error:
            return RepositoryError(str(error))
        except Exception as error:  # a bug, or no memory: no reason to end what serves
            events.failure("load_failed", error, model=str(candidate))
            return RepositoryError(f"{candidate}: the server failed to load it; its log says how")

    def _retire(self, version: Version) -> asyncio.Task[None]:
        leaving = dataclasses.replace(version, state=State.UNLOADING)
        self._servables.put(leaving)

        async def retire() -> None:
            if leaving.servable:
                await leaving.servable.retire()
                events.info("unloaded", model=str(leaving))
            now = self._servables.find(leaving.model, leaving.number)
            if now and now.state == State.UNLOADING and now.servable is leaving.servable:
                self._servables.put(dataclasses.replace(leaving, state=State.UNLOADED, servable=None))

        return self._spawn(retire())

    def _relabel(self, name: str, wanted: Mapping[str, int]) -> list[str]:
        before = self._servables.labels(name)
        pending = self._servables.set_labels(name, wanted)
        now = self._servables.labels(name)
        if now != before:
            events.info("labelled", model=name, labels=now)
        return pending

    def _known(self, name: str) -> list[Version]:
        return dict(self._servables).get(name, [])

    def _complain(self, where: str, event: str, problem: str) -> None:
        """Warn of a problem once, and tell when it is over."""
        before = self._complaints.get((where, event), "")
        self._complaints[where, event] = problem
        fields = {"model": where} if where else {"repository": str(self._root)}
        if problem and problem != before:
            events.warning(event, **fields, problem=problem, advice="what is loaded goes on serving")
        elif before and not problem:
            events.info(f"{event}_no_more", **fields)

    def _check_mode(self) -> None:
        if self._settings.model_control != "explicit":
            raise ModelControlError(
                "calls do not control the models of this server; start it with --model-control explicit"
            )

    async def _scan(self) -> dict[str, ModelFolder]:
        try:
            return await self._in_thread(repository.scan, self._root)
        except RepositoryError as error:
            raise NotReadyError(str(error)) from error

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        work = self._work = self._thread.submit(function, *args, **kwargs)
        try:
            return await asyncio.wrap_future(work)
        finally:
            if work.done():
                self._work = None  # it has its result, a whole session maybe

    async def _finish(self, change: Coroutine[Any, Any, None]) -> None:
        """See a change through, whether or not its caller waits for it."""
        await asyncio.shield(self._spawn(change))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever awaits it has it; if nobody does any more, nobody wants it
