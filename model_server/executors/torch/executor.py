"""The executor contract on torch: checks the limits, moves token ids to the device, runs the forward pass."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from model_server.errors import InternalError
from model_server.executors.base import Capabilities, check_decode, check_prefill
from model_server.executors.torch.attention import mask_runs
from model_server.executors.torch.cache import Cache
from model_server.executors.torch.device import choose_device, choose_number_format, choose_threads
from model_server.executors.torch.model import Model, forward_prompt, forward_tokens
from model_server.executors.torch.parameters import load_parameters
from model_server.executors.torch.rotary import RotaryTable
from model_server.executors.torch.runs import plan_runs
from model_server.weights import Checkpoint


class TorchExecutor:
    """See `model_server.executors.base.Executor`."""

    def __init__(self, model: Model, slots: int, device: torch.device) -> None:
        self._model: Model | None = model
        self._device = device
        self._capabilities = Capabilities(
            slots, model.cache.maximum_length, model.configuration.vocabulary_size, extends_prefix=True
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @torch.inference_mode()
    def prefill(self, slot: int, tokens: Sequence[int], start: int = 0) -> torch.Tensor:
        check_prefill(self._capabilities, slot, tokens, start)
        return forward_prompt(self._open_model(), slot, self._on_device(tokens), start)

    @torch.inference_mode()
    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        check_decode(self._capabilities, slots, tokens, positions)
        order = sorted(range(len(slots)), key=slots.__getitem__)
        if order == list(range(len(slots))):
            return self._decode_ascending(slots, tokens, positions)
        logits = self._decode_ascending(*([column[row] for row in order] for column in (slots, tokens, positions)))
        return logits[self._on_device(order).argsort()]

    def close(self) -> None:
        self._model = None

    def _decode_ascending(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        model = self._open_model()
        runs = plan_runs(slots, positions, model.cache.position_bytes, model.cache.maximum_length)
        slot_ids, token_ids, position_ids = self._on_device([slots, tokens, positions])
        masked = mask_runs(runs, position_ids, model.configuration.key_value_heads)
        return forward_tokens(model, slot_ids, token_ids, position_ids, masked)

    def _on_device(self, numbers: Sequence[int] | Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor(numbers, dtype=torch.long, device=self._device)

    def _open_model(self) -> Model:
        if self._model is None:
            raise InternalError("the executor is closed")
        return self._model


@torch.inference_mode()
def load_torch_executor(
    checkpoint: Checkpoint,
    slots: int,
    maximum_length: int,
    threads: int | None,
    *,
    device: torch.device | None = None,
    number_format: torch.dtype | None = None,
) -> TorchExecutor:
    """Return an executor with its weights loaded; threads, device and number format are chosen where not given."""
    torch.set_num_threads(threads or choose_threads(checkpoint.parameter_count))
    device = device or choose_device()
    number_format = number_format or choose_number_format(device)
    model = Model(
        configuration=checkpoint.configuration,
        parameters=load_parameters(checkpoint, device, number_format),
        rotary=RotaryTable(checkpoint.configuration, maximum_length, device, number_format),
        cache=Cache(checkpoint.configuration, slots, maximum_length, device, number_format),
    )
    return TorchExecutor(model, slots, device)
