"""How a run uses the machine that it is on: this changes how fast it learns, not what."""

import dataclasses

import keras

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


class MachineError(ValueError):
    """What was asked of the machine cannot be had; the message says what can."""


@dataclasses.dataclass(frozen=True)
class Machine:
    """The choices."""

    workers: int = 2
    """Threads that read photographs."""
    precision: str = PRECISIONS[0]
    """What layers compute in; weights and the chroma stay float32."""
    distribute: bool = False
    """Whether each batch is shared out over all devices of this machine."""

    def prepare(self, batch_size: int) -> int:
        """Set Keras up, before any layer is built.

        :returns: over how many devices a batch is shared out.
        :raises MachineError: if Keras's backend or the batch does not allow it.
        """
        if self.precision not in PRECISIONS:
            raise MachineError(f"no precision {self.precision!r}; there are: {', '.join(PRECISIONS)}")
        keras.config.set_dtype_policy(self.precision)
        if not self.distribute:
            return 1
        if keras.backend.backend() != "jax":
            raise MachineError(
                "Keras distributes a run over devices with its JAX backend alone: "
                "set KERAS_BACKEND=jax, and when the run has finished, give the same command without both"
            )
        devices: int = len(keras.distribution.list_devices())
        if batch_size % devices:
            raise MachineError(f"a batch of {batch_size} cannot be shared out evenly over {devices} devices")
        keras.distribution.set_distribution(keras.distribution.DataParallel())
        return devices
