"""Which versions of a model are served: pure functions of what was found and of what there is."""

import re
from collections.abc import Iterable, Mapping

from photochrom_serving.repository import Candidate, ModelFolder
from photochrom_serving.versions import State, Version

Versions = Mapping[int, Version]
"""What is known of a model's versions, by number, ascending."""


def next_to_load(
    policy: str, folder: ModelFolder, versions: Versions, besides: Iterable[int] = ()
) -> Candidate | None:
    """The newest version that should be loaded and was not tried yet, or whose folder has changed since.

    :param policy: the setting ``versions``: ``latest:2``, ``all`` or numbers, ``3,4``.
    :param besides: numbers of further ones that were asked for.
    """
    for number in sorted(_wanted(policy, folder, versions, besides), reverse=True):
        candidate = folder.versions[number]
        if is_to_load(candidate, versions):
            return candidate
    return None


def is_to_load(candidate: Candidate, versions: Versions) -> bool:
    """Whether a version that should be there was not tried yet, or its folder has changed since."""
    known = versions.get(candidate.version)
    return not known or known.state == State.UNLOADING or known.candidate.signature != candidate.signature


def surplus(
    policy: str, folder: ModelFolder, versions: Versions, besides: Iterable[int] = ()
) -> list[Version]:
    """The versions that should be there no longer, once all that should be is.

    While the model's folder has any version, the last one that answers is not among them.
    """
    available = [number for number, version in versions.items() if version.state == State.AVAILABLE]
    wanted = _wanted(policy, folder, versions, besides)
    if folder.versions and wanted.isdisjoint(available):
        wanted.update(available[-1:])
    return [
        version
        for number, version in versions.items()
        if (version.state == State.AVAILABLE and number not in wanted)
        or (version.state == State.FAILED and number not in folder.versions)
    ]


def _wanted(policy: str, folder: ModelFolder, versions: Versions, besides: Iterable[int]) -> set[int]:
    """The numbers of the versions to serve, of those in the folder: a label's too, whatever the policy."""
    labelled = set((folder.labels or {}).values())
    labelled.update(number for number, version in versions.items() if version.labels)
    return (_chosen(policy, folder, versions) | labelled | set(besides)) & set(folder.versions)


def _chosen(policy: str, folder: ModelFolder, versions: Versions) -> set[int]:
    """``latest`` are those that load: a broken one does not end the service of those before it."""
    if policy == "all":
        return set(folder.versions)
    latest = re.fullmatch(r"latest:(\d+)", policy)
    if not latest:
        return set(map(int, policy.split(",")))
    loadable = [
        number
        for number, candidate in folder.versions.items()
        if not _failed(versions.get(number), candidate)
    ]
    return set(loadable[-int(latest[1]) :])


def _failed(version: Version | None, candidate: Candidate) -> bool:
    return (
        version is not None
        and version.state == State.FAILED
        and version.candidate.signature == candidate.signature
    )
