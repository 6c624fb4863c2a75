"""The executor contract on AWS Inferentia2, by transformers-neuronx 0.13 (Neuron SDK 2.25, the last with it).

Continuous batching as the developer guide of https://awsdocs-neuron.readthedocs-hosted.com has it: `cache_ids` are
positions, `start_ids` are slots, all of them long; a decode writes every slot, and those that are left out get token 0
at position 0. This file runs on the device only, so what need not be here is elsewhere: shapes and limits in
`neuron_shape`, the compiled folder in `neuron_artefacts`, the proof in `self_test`. The library is imported by the
function that needs it, in the thread of the engine, after Ray has chosen the cores.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from model_server.errors import ConfigurationError, InternalError
from model_server.executors.base import Capabilities, check_decode, check_prefill
from model_server.executors.neuron_artefacts import REMEDY, artefacts_directory, check_note, remove_note, write_note
from model_server.executors.neuron_shape import NeuronShape, shape_for
from model_server.model_configuration import ModelConfiguration
from model_server.weights import Checkpoint

logger = logging.getLogger(__name__)

IMAGE = "public.ecr.aws/neuron/pytorch-inference-neuronx:2.7.0-neuronx-py310-sdk2.25.0-ubuntu22.04"
COMPILERS = 4  # at the same time; one for each graph, as the library would start, can fill the host's memory


class NeuronExecutor:
    """See `model_server.executors.base.Executor`. `model` is the library's, on the device."""

    def __init__(self, model: Any, shape: NeuronShape, vocabulary_size: int) -> None:
        self._model = model
        self._capabilities = Capabilities(shape.slots, shape.maximum_length, vocabulary_size)
        self._owner = threading.get_ident()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def prefill(self, slot: int, tokens: Sequence[int], start: int = 0) -> torch.Tensor:
        check_prefill(self._capabilities, slot, tokens, start)
        return self._forward([list(tokens)], [list(range(len(tokens)))], [slot])[0]

    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        check_decode(self._capabilities, slots, tokens, positions)
        return self._forward([[token] for token in tokens], [[position] for position in positions], list(slots))

    def close(self) -> None:
        self._model = None

    @torch.inference_mode()
    def _forward(self, tokens: list[list[int]], positions: list[list[int]], slots: list[int]) -> torch.Tensor:
        """Return float32 logits, one row for each of `slots` in their order; tokens and positions are [slots, n]."""
        if self._model is None:
            raise InternalError("the executor is closed")
        if threading.get_ident() != self._owner:
            raise InternalError("the executor was called by another thread than the one that made it")
        logits: torch.Tensor = self._model(
            torch.tensor(tokens, dtype=torch.long),
            cache_ids=torch.tensor(positions, dtype=torch.long),
            start_ids=torch.tensor(slots, dtype=torch.long),
        )
        expected = (len(slots), self._capabilities.vocabulary_size)
        if logits.shape != expected or logits.dtype != torch.float32:
            raise InternalError(f"the device gave {logits.dtype} {list(logits.shape)}, not float32 {list(expected)}")
        return logits


def load_neuron_executor(checkpoint: Checkpoint, slots: int, maximum_length: int, cores: int) -> NeuronExecutor:
    """Return an executor on `cores` cores; seconds to minutes where it was compiled, else many minutes."""
    shape = shape_for(checkpoint, slots, maximum_length, cores)
    model, directory = _open_model(checkpoint, shape), artefacts_directory(checkpoint.directory)
    if directory.is_dir():
        check_note(directory, shape, _library_version())
        model.load(str(directory))
    else:
        logger.warning("Nothing is compiled in %s: compiling now, for many minutes. %s", directory, REMEDY)
    try:
        model.to_neuron()
    except FileNotFoundError as error:
        raise ConfigurationError(f"The compiled model in {str(directory)!r} lacks a graph. {REMEDY}") from error
    return NeuronExecutor(model, shape, checkpoint.configuration.vocabulary_size)


def compile_artefacts(checkpoint: Checkpoint, slots: int, maximum_length: int, cores: int, directory: Path) -> None:
    """Compile every graph into `directory`, for many minutes; needs the library, but no device."""
    shape = shape_for(checkpoint, slots, maximum_length, cores)
    model = _open_model(checkpoint, shape)
    remove_note(directory)
    model.cpu_compile()
    model.save(str(directory))
    write_note(directory, shape, _library_version())


def _open_model(checkpoint: Checkpoint, shape: NeuronShape) -> Any:
    """Return the library's model, not yet on a device; its weights are read later."""
    try:
        from transformers_neuronx.config import ContinuousBatchingConfig, NeuronConfig
        from transformers_neuronx.constants import GQA, Layout
        from transformers_neuronx.llama.model import LlamaForSampling
        from transformers_neuronx.mistral.model import MistralForSampling
    except ImportError as error:
        raise ConfigurationError(
            f"EXECUTOR=neuron needs transformers-neuronx, which cannot be imported here ({error}). Use the image of "
            f"Dockerfile-neuron, which is built on {IMAGE}; the package of this name on PyPI is a placeholder."
        ) from error
    models = {"mistral": MistralForSampling, "llama": LlamaForSampling}
    model = models[checkpoint.configuration.model_type].from_pretrained(
        str(checkpoint.directory),
        batch_size=shape.slots,  # must be said here too, and be the same
        n_positions=shape.decode_buckets,
        context_length_estimate=shape.prompt_buckets,  # left out, prompts could fill half of the window only
        amp="bf16",
        tp_degree=shape.cores,
        neuron_config=NeuronConfig(
            continuous_batching=ContinuousBatchingConfig(batch_size_for_shared_caches=shape.slots),
            group_query_attention=GQA.SHARD_OVER_HEADS,
            attention_layout=Layout.BSH,
            collectives_layout=Layout.BSH,
            fuse_qkv=True,
            compilation_worker_count=COMPILERS,
        ),
    )
    _check_understanding(model.config, checkpoint.configuration)
    return model


def _check_understanding(theirs: Any, ours: ModelConfiguration) -> None:
    """Raise ConfigurationError where the library takes config.json for something else.

    Its transformers 4.48 does not know `rope_parameters` and takes a Mistral that says nothing of `sliding_window` to
    have one of 4096; the library itself does not know `head_dim`. Each would be served wrong without a word.
    """
    expected = {
        "attention_head_size": ours.head_size,
        "num_key_value_heads": ours.key_value_heads,
        "rope_theta": ours.rotary_base,
        "sliding_window": None,
    }
    for name, value in expected.items():
        if getattr(theirs, name, value) != value:
            raise ConfigurationError(
                f"transformers-neuronx takes {name} from config.json to be {getattr(theirs, name)}, but it must be "
                f"{value}. Write config.json as transformers 4 does, with every value, and null for no sliding window."
            )


def _library_version() -> str:
    return metadata.version("transformers-neuronx")
