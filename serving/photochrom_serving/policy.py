"""Which versions of a model are served: pure functions of what was found and what there is."""

import re
from collections.abc import Collection, Iterable, Mapping

from photochrom_serving.repository import Candidate, ModelFolder
from photochrom_serving.versions import State, Version


def wanted(
    policy: str, folder: ModelFolder, versions: Mapping[int, Version], besides: Iterable[int] = ()
) -> set[int]:
    """The numbers of the versions to serve, of those in a model's folder.

    ``latest:2`` are the two newest that can be loaded: a broken one does not end the service of those
    before it. A version that a label means is served, whatever the policy says.

    :param policy: the setting ``versions``: ``latest:2``, ``all`` or numbers, ``3,4``.
    :param versions: what is known of them.
    :param besides: further ones that were asked for.
    """
    labelled = set((folder.labels or {}).values())
    labelled.update(number for number, version in versions.items() if version.labels)
    return (_chosen(policy, folder, versions) | labelled | set(besides)) & set(folder.versions)


def next_to_load(
    numbers: Collection[int], folder: ModelFolder, versions: Mapping[int, Version]
) -> Candidate | None:
    """The newest of the wanted versions that was not looked at yet, or whose folder has changed since."""
    for number in sorted(numbers, reverse=True):
        known, candidate = versions.get(number), folder.versions[number]
        if not known or known.state == State.UNLOADING or known.candidate.signature != candidate.signature:
            return candidate
    return None


def _chosen(policy: str, folder: ModelFolder, versions: Mapping[int, Version]) -> set[int]:
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
