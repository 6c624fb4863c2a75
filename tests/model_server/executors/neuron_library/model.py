"""The library's models: built on the host, compiled or loaded, put on the device, called from one thread at a time."""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from bisect import bisect_left
from pathlib import Path
from typing import Any

import torch

from tests.model_server.executors.neuron_library.config import ModelConfig, NeuronConfig
from tests.model_server.executors.neuron_library.device import Device

NUMBER_FORMATS = ("f32", "f16", "bf16")


class ForSampling:
    """What MistralForSampling and LlamaForSampling have in common. As there, other keywords are ignored."""

    model_type = ""

    def __init__(
        self,
        config: ModelConfig,
        *,
        n_positions: int | list[int] = 2048,
        batch_size: int = 1,
        amp: str = "f32",
        tp_degree: int = 2,
        context_length_estimate: int | list[int] | None = None,
        neuron_config: NeuronConfig | None = None,
        **ignored: Any,
    ) -> None:
        assert config.model_type == self.model_type, f"{type(self).__name__} for a {config.model_type}"
        assert amp in NUMBER_FORMATS, amp
        self.config = config
        self.neuron_config = neuron_config or NeuronConfig()
        self.batch_size, self.amp, self.tp_degree = batch_size, amp, tp_degree
        self.token_buckets = sorted(n_positions) if isinstance(n_positions, list) else [n_positions]
        self.context_buckets = _context_buckets(context_length_estimate, self.token_buckets)
        self.ignored = ignored
        self.compilations = 0
        self._graphs: set[str] | None = None
        self._artefacts: Path | None = None
        self._device: Device | None = None
        self._in_use = threading.Lock()
        self._thread: int | None = None

    @classmethod
    def from_pretrained(cls, path: str, **words: Any) -> ForSampling:
        estimate, positions = words.get("context_length_estimate"), words.get("n_positions", 2048)
        if isinstance(estimate, list):
            assert max(positions if isinstance(positions, list) else [positions]) >= max(estimate)
        batching = words["neuron_config"].continuous_batching if words.get("neuron_config") else None
        if batching:
            assert batching.batch_size_for_shared_caches == words.get("batch_size"), "invalid batch size"
        raw = json.loads((Path(path) / "config.json").read_text(encoding="utf-8"))
        model = cls(ModelConfig(raw), **words)
        model.path = path
        return model

    path = ""

    def load(self, directory: str) -> None:
        self._artefacts = Path(directory)

    def save(self, directory: str) -> None:
        assert self._graphs is not None, "cannot save a model which has not been compiled"
        Path(directory).mkdir(parents=True, exist_ok=True)
        for graph in self._graphs:
            (Path(directory) / graph).write_bytes(b"NEFF")

    def to_neuron(self) -> None:
        if self.config.num_key_value_heads % self.tp_degree:
            warnings.warn("KV head replication will be enabled", stacklevel=2)
        if self._artefacts is None:
            self._compile()
        elif missing := [graph for graph in self._graph_names() if not (self._artefacts / graph).is_file()]:
            raise FileNotFoundError(f"Could not find a matching NEFF for your HLO in this directory: {missing[0]}")
        self._device = Device(Path(self.path), self.config, self.batch_size, self.token_buckets[-1])

    def cpu_compile(self) -> None:
        self._compile()

    def __call__(
        self, input_ids: torch.Tensor, cache_ids: torch.Tensor | None = None, start_ids: torch.Tensor | None = None
    ) -> torch.Tensor:
        if self._device is None:
            raise RuntimeError("the model is not on a device: call to_neuron first")
        self._thread = self._thread or threading.get_ident()
        if self._thread != threading.get_ident() or not self._in_use.acquire(blocking=False):
            raise RuntimeError("two threads share the buffers of one model")
        try:
            return self._forward(self._device, input_ids, cache_ids, start_ids)
        finally:
            self._in_use.release()

    def _forward(
        self, device: Device, ids: torch.Tensor, cache_ids: torch.Tensor | None, start_ids: torch.Tensor | None
    ) -> torch.Tensor:
        if cache_ids is None or start_ids is None:
            raise AttributeError("continuous batching needs cache_ids and start_ids")
        assert ids.ndim == cache_ids.ndim == 2, f"ids {list(ids.shape)}, cache_ids {list(cache_ids.shape)}"
        assert self.neuron_config.continuous_batching, "without continuous batching, start_ids are paddings"
        assert ids.dtype == start_ids.dtype == torch.long, "long tensors only"
        logits = (
            self._read_prompt(device, ids, cache_ids, start_ids)
            if ids.shape[1] > 1
            else self._decode(device, ids, cache_ids, start_ids)
        )
        return logits.to(getattr(torch, self.neuron_config.cast_logits_dtype))

    def _read_prompt(
        self, device: Device, ids: torch.Tensor, cache_ids: torch.Tensor, start_ids: torch.Tensor
    ) -> torch.Tensor:
        assert int(cache_ids.flatten()[0]) == 0, "speculative forward: no such model was compiled"
        count, length = ids.shape
        bucket = self.context_buckets[bisect_left(self.context_buckets, length, hi=len(self.context_buckets) - 1)]
        assert length <= bucket, f"invalid input prompt length ({length} <= {bucket})"
        if count > 1:
            raise TypeError("several prompts at once lose their arguments on the way")
        assert cache_ids.shape == ids.shape, f"invalid cache_ids {list(cache_ids.shape)}"
        padded = torch.nn.functional.pad(ids[0], (0, bucket - length))
        return device.read_prompt(int(start_ids[0]), padded, int(cache_ids.max()))[None]

    def _decode(
        self, device: Device, ids: torch.Tensor, cache_ids: torch.Tensor, start_ids: torch.Tensor
    ) -> torch.Tensor:
        """All slots are written; what is not named is token 0 at position 0."""
        rows = start_ids.flatten()[:, None].to(torch.int64)
        all_ids, all_positions = (torch.zeros(self.batch_size, 1, dtype=ids.dtype) for _ in range(2))
        all_ids.scatter_(0, rows, ids)
        all_positions.scatter_(0, rows, cache_ids)
        longest = int(all_positions.max())
        next(bucket for bucket in self.token_buckets if bucket > longest)  # StopIteration where there is none
        return device.decode(all_ids[:, 0], all_positions[:, 0])[rows[:, 0]]

    def _compile(self) -> None:
        self.compilations += 1
        self._graphs = set(self._graph_names())

    def _graph_names(self) -> list[str]:
        layouts = [self.neuron_config.attention_layout.value, self.neuron_config.collectives_layout.value]
        common = [self.model_type, self.batch_size, self.tp_degree, self.amp, *layouts]
        graphs = [("token", size) for size in self.token_buckets] + [("context", size) for size in self.context_buckets]
        texts = [json.dumps([*graph, *common]) for graph in graphs]
        return [hashlib.sha256(text.encode()).hexdigest()[:20] + ".neff" for text in texts]


class MistralForSampling(ForSampling):
    model_type = "mistral"


class LlamaForSampling(ForSampling):
    model_type = "llama"


def _context_buckets(estimate: int | list[int] | None, token_buckets: list[int]) -> list[int]:
    if estimate is None:
        return [size // 2 for size in token_buckets]
    return sorted(estimate) if isinstance(estimate, list) else [estimate]
