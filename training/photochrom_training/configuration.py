"""What a model configuration is: code that states its case. Each lies in ``configurations/``."""

import dataclasses
import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import keras

from photochrom_contract.description import Description
from photochrom_training import configurations
from photochrom_training.batches import Batch, View
from photochrom_training.history import History
from photochrom_training.learner import Objective
from photochrom_training.photographs import Photograph


class ConfigurationError(ValueError):
    """No such configuration, or one that contradicts itself; the message says which."""


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Everything that decides what a run learns; a run is repeatable from this and its seed."""

    name: str
    """The model's name: of its SavedModel, and of its folder in a model repository."""
    description: str
    """One sentence for people who list models."""
    build: Callable[[], keras.Model]
    """The untrained network, its pretrained parts loaded."""
    optimizer: Callable[[int], keras.optimizers.Optimizer]
    """The optimizer for a run of that many steps."""
    objective: Callable[[Sequence[Photograph]], Objective]
    """Makes what is minimized, from the photographs to learn from."""
    view: View
    """How training looks at photographs."""
    batch_size: int
    epochs: int
    steps_per_epoch: int | None
    """Batches in an epoch; None for as many as make one pass over the photographs."""
    sizes: tuple[int, ...]
    """Sides, in pixels, of the lightness planes that the model is published for."""
    default_size: int
    prepare: Callable[[keras.Model, Batch], None] | None = None
    """What is done to a new network, with a batch of what it will learn from; not to one that goes on."""
    validation_share: float = 0.02
    callbacks: Callable[[History], list[keras.callbacks.Callback]] = lambda _: []
    """More callbacks, made anew for each run; called after its history, which they may read."""
    averaged: bool = False
    """Whether the optimizer keeps a moving average of the weights, and that average is the model."""
    vividness: float = 1.0
    """A factor on the final chroma, chosen on held-out photographs: regression is greyer than truth."""
    temperature: float | None = None
    """The default of the network's input of that name, if it has one."""
    size_multiple: int = 1
    """What every input side is a multiple of: the network's strides multiplied."""

    def described(self, provenance: dict[str, Any]) -> Description:
        """What a SavedModel of it says of itself."""
        return Description(
            self.name, self.description, self.sizes, self.default_size, provenance, self.temperature
        )

    def __post_init__(self) -> None:
        odd = [size for size in (self.view.side, *self.sizes) if size % self.size_multiple]
        if odd or self.default_size not in self.sizes:
            raise ConfigurationError(
                f"{self.name}: size {(odd or [self.default_size])[0]} does not do: sizes are multiples "
                f"of {self.size_multiple}, and the default is one of those listed"
            )
        if min(self.epochs, self.batch_size, 1 if self.steps_per_epoch is None else self.steps_per_epoch) < 1:
            raise ConfigurationError(f"{self.name}: epochs, batches and photographs are counted from 1")
        if not 0 < self.vividness < math.inf:
            raise ConfigurationError(
                f"{self.name}: a vividness of {self.vividness} does not do: it is a factor above 0"
            )


def names() -> list[str]:
    """The names of all configurations."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(configurations.__path__))


def module(name: str) -> ModuleType:
    """The file of the configuration of that name.

    :raises ConfigurationError: if there is none.
    """
    if name not in names():
        raise ConfigurationError(f"no model configuration {name!r}; there are: {', '.join(names())}")
    return importlib.import_module(f"{configurations.__name__}.{name.replace('-', '_')}")


def find(name: str, **choices: Any) -> Configuration:
    """The configuration of that name.

    :param choices: fields of the configuration, or arguments that its file takes, with other values.
    :raises ConfigurationError: if there is none of that name, or it has no such choice.
    """
    factory = module(name).configuration
    accepted = inspect.signature(factory).parameters
    own = {key: value for key, value in choices.items() if key in accepted}
    fields = {key: value for key, value in choices.items() if key not in accepted}
    unknown = fields.keys() - {field.name for field in dataclasses.fields(Configuration)}
    if unknown:
        raise ConfigurationError(f"the configuration {name} has no choice of {', '.join(sorted(unknown))}")
    chosen: Configuration = dataclasses.replace(factory(**own), **fields)
    return chosen
