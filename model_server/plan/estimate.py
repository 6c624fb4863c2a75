"""The arithmetic of one replica: bytes on each core and on the host, and how fast memory alone lets it be.

Weights and caches follow from the shape of the model, as the Neuron executor computes them. What nobody publishes is a
named assumption, on the safe side. Nothing here was measured on a device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from model_server.executors.neuron_shape import BYTES_PER_NUMBER, CORE_MEMORY_BYTES, NeuronShape, core_bytes
from model_server.plan.instances import CORE_BANDWIDTH_BYTES_PER_SECOND, GIB, INSTANCES, Instance
from model_server.settings import MAXIMUM_SLOTS, NEURON_CORE_COUNTS
from model_server.weights import Checkpoint

# Assumed, because no figure is published: the executables of all graphs, activations, collectives and the runtime.
GRAPHS_ASSUMED_BYTES = 2 * GIB
# Assumed: operating system, kubelet, Ray's processes, Python with its libraries.
SYSTEM_ASSUMED_BYTES = 4 * GIB
SHORTEST_WINDOW = 128


@dataclass(frozen=True, slots=True)
class Estimate:
    """One replica of one model on one instance."""

    checkpoint: Checkpoint
    instance: Instance
    shape: NeuronShape

    @property
    def token_bytes(self) -> int:
        """Return what one token takes in the caches of all cores together."""
        configuration = self.checkpoint.configuration
        numbers = 2 * configuration.layers * configuration.key_value_heads * configuration.head_size
        return numbers * BYTES_PER_NUMBER

    @property
    def host_weights_bytes(self) -> int:
        return self.checkpoint.parameter_count * BYTES_PER_NUMBER

    @property
    def core_weights_bytes(self) -> int:
        return core_bytes(self.checkpoint, replace(self.shape, slots=0))

    @property
    def core_cache_bytes(self) -> int:
        return core_bytes(self.checkpoint, self.shape) - self.core_weights_bytes

    @property
    def core_bytes(self) -> int:
        return core_bytes(self.checkpoint, self.shape) + GRAPHS_ASSUMED_BYTES

    @property
    def host_bytes(self) -> int:
        return self.host_weights_bytes + SYSTEM_ASSUMED_BYTES

    @property
    def graphs(self) -> int:
        return len(self.shape.prompt_buckets) + len(self.shape.decode_buckets)

    def step_seconds_at_least(self, bucket: int) -> float:
        """Return the time to read all weights and `bucket` tokens of every slot once: no decode step is faster."""
        read_bytes = core_bytes(self.checkpoint, replace(self.shape, maximum_length=bucket))
        return read_bytes / CORE_BANDWIDTH_BYTES_PER_SECOND

    def problems(self) -> list[str]:
        """Return what does not fit, a sentence each; nothing where all does."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        configuration, cores = self.checkpoint.configuration, self.shape.cores
        longest = configuration.sliding_window or configuration.maximum_length
        if self.shape.maximum_length > longest:
            yield f"--length is {self.shape.maximum_length}, but this model was made for at most {longest} tokens."
        if cores > self.instance.cores:
            yield f"--cores is {cores}, but {self.instance.name} has {self.instance.cores}."
        if configuration.key_value_heads % cores:
            yield f"--cores is {cores}, which does not divide the {configuration.key_value_heads} key-value heads."
        if self.core_bytes > CORE_MEMORY_BYTES:
            yield f"Each core needs {_gib(self.core_bytes)} GiB, and has {_gib(CORE_MEMORY_BYTES)}."
        if self.host_bytes > self.instance.host_bytes:
            yield f"The host needs {_gib(self.host_bytes)} GiB, and has {_gib(self.instance.host_bytes)}."

    def remedies(self) -> list[str]:
        """Return each single change that makes it fit, the smallest first."""
        fewer = self._largest(lambda slots: replace(self, shape=replace(self.shape, slots=slots)), MAXIMUM_SLOTS)
        shorter = self._largest(
            lambda units: replace(self, shape=replace(self.shape, maximum_length=units * SHORTEST_WINDOW)),
            self.shape.maximum_length // SHORTEST_WINDOW,
        )
        remedies = [f"--slots {fewer}"] if fewer else []
        remedies += [f"--length {shorter * SHORTEST_WINDOW}"] if shorter else []
        return remedies + self._other_hardware()

    def _largest(self, change: Callable[[int], Estimate], upper: int) -> int:
        """Return the largest number with which it fits; 0 where none does. What fits with n fits with n - 1."""
        lower = 0
        while lower < upper:
            middle = (lower + upper + 1) // 2
            lower, upper = (middle, upper) if not change(middle).problems() else (lower, middle - 1)
        return lower

    def _other_hardware(self) -> list[str]:
        for instance in INSTANCES.values():
            for cores in NEURON_CORE_COUNTS:
                other = replace(self, instance=instance, shape=replace(self.shape, cores=cores))
                if not other.problems():
                    return [f"--instance {instance.name} --cores {cores}"]
        return []


def _gib(count_bytes: int) -> str:
    return f"{count_bytes / GIB:.2f}"
