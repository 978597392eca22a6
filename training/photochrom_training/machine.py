"""How a run uses the machines that it is on: this changes how fast it learns, not what."""

import dataclasses

import keras

from photochrom_training.processes import Processes, joined

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
    """Whether each batch is shared out over all devices, of this machine and of others."""

    def prepare(self, batch_size: int) -> Processes:
        """Set Keras up, before any layer is built.

        :returns: which of the processes this one is, that share each batch out over their devices.
        :raises MachineError: if Keras's backend or the batch does not allow it.
        :raises ProcessesError: if the processes do not come together.
        """
        if self.precision not in PRECISIONS:
            raise MachineError(f"no precision {self.precision!r}; there are: {', '.join(PRECISIONS)}")
        keras.config.set_dtype_policy(self.precision)
        if not self.distribute:
            return Processes()
        if keras.backend.backend() != "jax":
            raise MachineError(
                "Keras distributes a run over devices with its JAX backend alone: "
                "set KERAS_BACKEND=jax, and when the run has finished, give the same command without both"
            )
        processes = joined()
        if batch_size % processes.devices:
            raise MachineError(
                f"a batch of {batch_size} cannot be shared out evenly over {processes.devices} devices"
            )
        # Each process makes its own part of a batch: nothing is left to shard.
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
        return processes
