"""Replacing the whole set of models that are served, as TensorFlow Serving's clients ask for it."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from photochrom_serving.control import ModelControl
from photochrom_serving.errors import ModelControlError, NotFoundError
from photochrom_serving.versions import State, Version

Choice = Callable[[Sequence[int]], Iterable[int]]
"""Chooses the versions to serve from the numbers in the repository, ascending."""


@dataclasses.dataclass(frozen=True)
class WantedModel:
    """What is to be served of a model."""

    choose: Choice
    labels: Mapping[str, int]


async def replace(control: ModelControl, wanted: Mapping[str, WantedModel]) -> None:
    """Serve these models and no others.

    What is new is loaded and labelled before anything is unloaded, so that a failure leaves at least as
    much serving as before.

    :raises NotFoundError: if the repository has no such model or version.
    :raises ModelControlError: if calls may not do that here, a version is refused, or a label means a
        version that is not to be served.
    """
    found: dict[str, list[Version]] = {}
    for version in await control.index():
        found.setdefault(version.model, []).append(version)
    chosen = {name: _choose(name, model, found) for name, model in wanted.items()}
    for name, numbers in chosen.items():
        for number in numbers:
            await control.load(name, number)
        await control.set_labels(name, wanted[name].labels)
    for version in await control.index():
        if version.state in (State.AVAILABLE, State.FAILED) and version.number not in chosen.get(
            version.model, ()
        ):
            await control.unload(version.model, None if version.model not in chosen else version.number)


def _choose(name: str, model: WantedModel, found: Mapping[str, Sequence[Version]]) -> list[int]:
    if name not in found:
        raise NotFoundError(
            name, f"the repository has no model {name!r}; there is {', '.join(found) or 'none'}"
        )
    there = [version.number for version in found[name]]
    numbers = sorted(set(model.choose(there)))
    for number in numbers:
        if number not in there:
            raise NotFoundError(
                f"{name}/{number}",
                f"the repository has no version {number} of {name!r}; there is {', '.join(map(str, there))}",
            )
    for label, number in model.labels.items():
        if number not in numbers:
            raise ModelControlError(
                f"label {label!r}: {name} version {number} is not among those to be served"
            )
    return numbers
