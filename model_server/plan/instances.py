"""What AWS publishes about the Inf2 family: the only numbers here that are not computed.

Sizes: https://awsdocs-neuron.readthedocs-hosted.com/en/latest/about-neuron/arch/neuron-hardware/inf2-arch.html
Chip: https://awsdocs-neuron.readthedocs-hosted.com/en/latest/about-neuron/arch/neuron-hardware/inferentia2.html
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1024**3
CORES_PER_CHIP = 2
CHIP_BANDWIDTH_BYTES_PER_SECOND = 820 * GIB
CORE_BANDWIDTH_BYTES_PER_SECOND = CHIP_BANDWIDTH_BYTES_PER_SECOND // CORES_PER_CHIP  # if the cores share evenly


@dataclass(frozen=True, slots=True)
class Instance:
    """One size of the family."""

    name: str
    chips: int
    virtual_processors: int
    host_bytes: int

    @property
    def cores(self) -> int:
        return self.chips * CORES_PER_CHIP


INSTANCES = {
    instance.name: instance
    for instance in (  # the smallest first
        Instance("inf2.xlarge", 1, 4, 16 * GIB),
        Instance("inf2.8xlarge", 1, 32, 128 * GIB),
        Instance("inf2.24xlarge", 6, 96, 384 * GIB),
        Instance("inf2.48xlarge", 12, 192, 768 * GIB),
    )
}
