"""The Neuron executor over a stand-in for its library; see `neuron_library`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from model_server.errors import ConfigurationError, InternalError
from model_server.executors.base import Executor
from model_server.executors.load import load_executor
from model_server.executors.neuron import IMAGE, NeuronExecutor, compile_artefacts, load_neuron_executor
from model_server.executors.neuron_artefacts import NOTE, artefacts_directory
from model_server.executors.neuron_shape import NeuronShape
from model_server.executors.torch.executor import load_torch_executor
from model_server.settings import ServerSettings
from model_server.weights import open_checkpoint
from tests.model_server.checkpoints import write_checkpoint
from tests.model_server.executors.contract import PROMPTS, WholePromptContract
from tests.model_server.executors.neuron_library.config import GQA, Layout
from tests.model_server.executors.neuron_library.model import ForSampling, LlamaForSampling, MistralForSampling


def load(directory: Path, slots: int = 4) -> NeuronExecutor:
    return load_neuron_executor(open_checkpoint(directory), slots, 300, 2)


def model_of(executor: NeuronExecutor) -> ForSampling:
    model = executor._model
    assert isinstance(model, ForSampling)
    return model


@pytest.mark.usefixtures("neuron_library")
class TestNeuronExecutor(WholePromptContract):
    @pytest.fixture
    def executor(self, checkpoint_dir: Path) -> Executor:
        return load(checkpoint_dir)


@pytest.mark.usefixtures("neuron_library")
def test_it_computes_what_the_torch_executor_computes(checkpoint_dir: Path) -> None:
    neuron = load(checkpoint_dir)
    reference = load_torch_executor(open_checkpoint(checkpoint_dir), 4, 300, 1, number_format=torch.float32)
    for slot, prompt in PROMPTS.items():
        logits = neuron.prefill(slot, prompt)
        assert torch.equal(logits, reference.prefill(slot, prompt))
        assert logits.is_inference()
    for step in range(3):
        order = [2, 0, 3, 1]
        arguments = (order, [9, 8, 7, 6], [len(PROMPTS[slot]) + step for slot in order])
        torch.testing.assert_close(neuron.decode(*arguments), reference.decode(*arguments))


@pytest.mark.usefixtures("neuron_library")
def test_the_library_is_told_everything_in_words(checkpoint_dir: Path) -> None:
    model = model_of(load(checkpoint_dir))
    assert type(model) is MistralForSampling
    assert (model.batch_size, model.amp, model.tp_degree, model.ignored) == (4, "bf16", 2, {})
    assert (model.token_buckets, model.context_buckets) == ([300], [128, 256, 300])
    words = dict(model.neuron_config.words)
    assert words.pop("continuous_batching").batch_size_for_shared_caches == 4
    assert words == {
        "group_query_attention": GQA.SHARD_OVER_HEADS,
        "attention_layout": Layout.BSH,
        "collectives_layout": Layout.BSH,
        "fuse_qkv": True,
        "compilation_worker_count": 4,
    }


@pytest.mark.usefixtures("neuron_library")
def test_a_llama_is_served_as_a_llama(tmp_path: Path) -> None:
    directory = write_checkpoint(tmp_path, model_type="llama", architectures=["LlamaForCausalLM"])
    assert type(model_of(load(directory))) is LlamaForSampling


@pytest.mark.usefixtures("no_neuron_library")
@pytest.mark.parametrize("missing", [None, "raise ImportError('WRONG PACKAGE')", ""])
def test_without_the_library_or_with_its_placeholder_the_image_is_named(
    missing: str | None, checkpoint_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing is not None:
        (tmp_path / "transformers_neuronx").mkdir()
        (tmp_path / "transformers_neuronx" / "__init__.py").write_text(missing, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
    settings = ServerSettings(model_dir=checkpoint_dir, executor="neuron", slots=1)
    with pytest.raises(ConfigurationError, match="Dockerfile-neuron") as caught:
        load_executor(settings, open_checkpoint(checkpoint_dir), 300)
    assert IMAGE in caught.value.user_message
    assert "placeholder" in caught.value.user_message


@pytest.mark.usefixtures("neuron_library")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rope_theta": None, "rope_parameters": {"rope_theta": 1e6, "rope_type": "default"}}, "takes rope_theta"),
        ({"sliding_window": 4096}, "takes sliding_window from config.json to be 4096, but it must be None"),
        ({"head_dim": 16}, "takes attention_head_size from config.json to be 8, but it must be 16"),
    ],
)
def test_what_the_library_reads_differently_is_refused(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        load(write_checkpoint(tmp_path, **change))


@pytest.mark.usefixtures("neuron_library")
@pytest.mark.parametrize(("name", "default"), [("sliding_window", 4096), ("num_key_value_heads", 8)])
def test_what_is_left_out_is_refused_where_the_library_would_take_another_value(
    name: str, default: int, tmp_path: Path
) -> None:
    directory = write_checkpoint(tmp_path, num_key_value_heads=4)
    raw = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    del raw[name]
    (directory / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"takes {name} from config\.json to be {default}"):
        load(directory)


@pytest.mark.usefixtures("neuron_library")
def test_what_the_device_cannot_hold_is_refused_before_the_library_is_asked(checkpoint_dir: Path) -> None:
    with pytest.raises(ConfigurationError, match="NEURON_CORES is 8"):
        load_neuron_executor(open_checkpoint(checkpoint_dir), 4, 300, 8)


@pytest.mark.usefixtures("neuron_library")
def test_a_closed_executor_refuses_to_compute(checkpoint_dir: Path) -> None:
    executor = load(checkpoint_dir)
    executor.close()
    with pytest.raises(InternalError, match="closed"):
        executor.prefill(0, [1, 2])


@pytest.mark.usefixtures("neuron_library")
@pytest.mark.parametrize("call", [lambda e: e.prefill(0, [1, 2]), lambda e: e.decode([0], [1], [2])])
def test_another_thread_is_refused(call: Callable[[Executor], object], checkpoint_dir: Path) -> None:
    executor, errors = load(checkpoint_dir), []

    def run() -> None:
        try:
            call(executor)
        except InternalError as error:
            errors.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert errors == ["the executor was called by another thread than the one that made it"]


@pytest.mark.parametrize(
    "logits",
    [torch.zeros(1, 399), torch.zeros(2, 400), torch.zeros(1, 400, dtype=torch.bfloat16), torch.zeros(400)],
)
def test_an_answer_of_another_form_is_never_handed_on(logits: torch.Tensor) -> None:
    executor = NeuronExecutor(lambda *_, **__: logits, NeuronShape(4, 300, 2), 400)
    with pytest.raises(InternalError, match="the device gave"):
        executor.prefill(0, [1, 2])


def test_nothing_outside_of_the_limits_reaches_the_library() -> None:
    """Where it would raise StopIteration, write elsewhere, or take a prompt of one token for a decode."""
    executor = NeuronExecutor(None, NeuronShape(4, 300, 2), 400)  # would say that it is closed
    for slots, tokens, positions in [([0], [1], [300]), ([4], [1], [2]), ([-1], [1], [2]), ([0, 0], [1, 1], [2, 2])]:
        with pytest.raises(InternalError, match="decode"):
            executor.decode(slots, tokens, positions)
    for slot, prompt in [(0, [1]), (0, [1] * 301), (4, [1, 2]), (-1, [1, 2])]:
        with pytest.raises(InternalError, match="prefill"):
            executor.prefill(slot, prompt)


@pytest.mark.usefixtures("neuron_library")
class TestArtefacts:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        return write_checkpoint(tmp_path / "model")

    @pytest.fixture
    def compiled(self, directory: Path) -> Path:
        compile_artefacts(open_checkpoint(directory), 4, 300, 2, artefacts_directory(directory))
        return artefacts_directory(directory)

    def test_what_was_compiled_is_not_compiled_again(self, directory: Path, compiled: Path) -> None:
        assert len(list(compiled.glob("*.neff"))) == 4
        executor = load(directory)
        assert model_of(executor).compilations == 0
        assert executor.prefill(0, [1, 2]).isfinite().all()

    def test_without_it_it_is_compiled_and_that_is_said(
        self, directory: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert model_of(load(directory)).compilations == 1
        assert "python -m model_server prepare" in caplog.text

    def test_what_was_compiled_for_other_settings_is_refused(self, directory: Path, compiled: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"is for SLOTS=4, but .* SLOTS=3\. Run `python -m model_server"):
            load(directory, slots=3)

    def test_what_was_compiled_in_part_is_refused(
        self, directory: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(self: ForSampling, directory: str) -> None:
            raise OSError("disk full")

        monkeypatch.setattr(ForSampling, "save", fail)
        with pytest.raises(OSError, match="disk full"):
            compile_artefacts(open_checkpoint(directory), 4, 300, 2, compiled)
        with pytest.raises(ConfigurationError, match="is not complete"):
            load(directory)

    def test_a_graph_that_is_missing_is_refused(self, directory: Path, compiled: Path) -> None:
        next(compiled.glob("*.neff")).unlink()
        with pytest.raises(ConfigurationError, match="lacks a graph"):
            load(directory)

    def test_the_note_names_the_version_of_the_library(self, compiled: Path) -> None:
        assert '"transformers-neuronx": "0.13.1216"' in (compiled / NOTE).read_text(encoding="utf-8")


def test_a_library_that_hides_its_configuration_is_taken_at_its_word() -> None:
    """What it shows of it is not promised; only what it shows otherwise is refused."""
    from model_server.executors.neuron import _check_understanding
    from tests.model_server.executors.test_neuron_shape import MISTRAL_7B

    _check_understanding(SimpleNamespace(), MISTRAL_7B)
