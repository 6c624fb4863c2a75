"""The one factory of executors: the only place where a device library is imported, and only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_server.errors import ConfigurationError
from model_server.executors.self_test import check_executor
from model_server.settings import ServerSettings
from model_server.weights import Checkpoint

if TYPE_CHECKING:
    from model_server.executors.base import Executor


def load_executor(settings: ServerSettings, checkpoint: Checkpoint, maximum_length: int) -> Executor:
    """Return a ready executor for `settings.executor`; takes seconds. Call it in the thread that will own it."""
    if settings.executor == "torch":
        from model_server.executors.torch.executor import load_torch_executor  # torch takes over a second to import

        return load_torch_executor(checkpoint, settings.slots, maximum_length, settings.torch_threads)
    if settings.executor == "neuron":
        from model_server.executors.neuron import load_neuron_executor  # imports torch, and the library on the device

        executor = load_neuron_executor(checkpoint, settings.slots, maximum_length, settings.neuron_cores)
        check_executor(executor)
        return executor
    raise ConfigurationError(f"EXECUTOR is {settings.executor!r}, which this server does not have.")
