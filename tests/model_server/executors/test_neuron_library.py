"""The stand-in for transformers-neuronx springs the traps of the library, so that the tests over it mean something."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.model_server.checkpoints import write_checkpoint
from tests.model_server.executors.contract import PROMPTS
from tests.model_server.executors.neuron_library.config import ContinuousBatchingConfig, NeuronConfig
from tests.model_server.executors.neuron_library.model import ForSampling, MistralForSampling

LENGTH = 300


def build(directory: Path, **changes: Any) -> ForSampling:
    words = {
        "batch_size": 4,
        "n_positions": [LENGTH],
        "context_length_estimate": [128, 200],
        "amp": "bf16",
        "neuron_config": NeuronConfig(continuous_batching=ContinuousBatchingConfig(batch_size_for_shared_caches=4)),
    }
    return MistralForSampling.from_pretrained(str(directory), **{**words, **changes})


@pytest.fixture
def model(checkpoint_dir: Path) -> ForSampling:
    model = build(checkpoint_dir)
    model.to_neuron()
    return model


def read(model: ForSampling, slot: int, prompt: list[int]) -> torch.Tensor:
    return model(torch.tensor([prompt]), torch.arange(len(prompt))[None], torch.tensor([slot]))[0]


def decode(model: ForSampling, slots: list[int], tokens: list[int], positions: list[int]) -> torch.Tensor:
    return model(torch.tensor(tokens)[:, None], torch.tensor(positions)[:, None], torch.tensor(slots))


def spoils(model: ForSampling, disturb: Callable[[], object]) -> bool:
    """Say whether `disturb` changes what comes after the prompt in slot 3."""
    results = []
    for is_disturbed in (False, True):
        read(model, 3, PROMPTS[3])
        if is_disturbed:
            disturb()
        results.append(decode(model, [3], [50], [len(PROMPTS[3])])[0])
    return not torch.allclose(results[0], results[1], atol=1e-3)


def test_a_live_slot_that_is_left_out_of_a_decode_loses_its_first_position(model: ForSampling) -> None:
    read(model, 0, PROMPTS[0])
    assert spoils(model, lambda: decode(model, [0], [5], [3]))
    assert not spoils(model, lambda: decode(model, [0, 3], [5, 50], [3, len(PROMPTS[3])]))


def test_a_prompt_of_one_token_is_a_decode_that_spoils_the_others(model: ForSampling) -> None:
    assert spoils(model, lambda: read(model, 0, [5]))
    assert not spoils(model, lambda: read(model, 0, [5, 6]))


def test_a_decode_past_the_last_bucket_raises_what_generators_swallow(model: ForSampling) -> None:
    assert decode(model, [0], [5], [LENGTH - 1]).shape == (1, 400)
    with pytest.raises(StopIteration):
        decode(model, [0], [5], [LENGTH])


def test_a_prompt_past_the_largest_bucket_is_refused(model: ForSampling) -> None:
    read(model, 0, [5] * 200)
    with pytest.raises(AssertionError, match=r"invalid input prompt length \(201 <= 200\)"):
        read(model, 0, [5] * 201)


def test_rows_come_in_the_order_of_the_slots_asked_for(model: ForSampling) -> None:
    for slot in (1, 3):
        read(model, slot, PROMPTS[slot])
    arguments = ([1, 3], [8, 9], [len(PROMPTS[1]), len(PROMPTS[3])])
    ascending = decode(model, *arguments).clone()
    descending = decode(model, *(values[::-1] for values in arguments))
    assert torch.equal(ascending.flip(0), descending)


def test_a_slot_named_twice_loses_one_token_silently(model: ForSampling) -> None:
    read(model, 0, PROMPTS[0])
    first, second = decode(model, [0, 0], [5, 6], [3, 3])
    assert torch.equal(first, second)


ONE, TWO, SLOT = torch.tensor([[5]]), torch.tensor([[5, 6]]), torch.tensor([0])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((ONE, torch.tensor([[3]], dtype=torch.int32), SLOT), RuntimeError),  # two types of integers
        ((ONE.int(), torch.tensor([[3]]), SLOT), AssertionError),
        ((TWO, torch.tensor([0, 1]), SLOT), AssertionError),  # one dimension
        ((TWO[0], torch.tensor([[0, 1]]), SLOT), AssertionError),
        ((TWO, None, SLOT), AttributeError),
        ((TWO, torch.tensor([[0, 1]]), None), AttributeError),
        ((TWO, torch.tensor([[3, 4]]), SLOT), AssertionError),  # not from the beginning
        ((TWO.repeat(2, 1), torch.tensor([[0, 1]] * 2), torch.tensor([0, 1])), TypeError),  # two prompts
        ((ONE, torch.tensor([[3]]), torch.tensor([4])), RuntimeError),  # no such slot
        ((torch.tensor([[5, 400]]), torch.tensor([[0, 1]]), SLOT), IndexError),  # no such token
    ],
)
def test_what_it_cannot_read_is_an_error(arguments: Any, error: type[Exception], model: ForSampling) -> None:
    with pytest.raises(error):
        model(*arguments)


def test_the_positions_say_where_a_prompt_ends(model: ForSampling) -> None:
    whole = read(model, 0, PROMPTS[3])
    wrong = model(torch.tensor([PROMPTS[3]]), torch.zeros(1, len(PROMPTS[3]), dtype=torch.long), SLOT)[0]
    assert not torch.allclose(whole, wrong, atol=1e-3)


def test_a_wrong_position_gives_a_wrong_answer(model: ForSampling) -> None:
    read(model, 0, PROMPTS[3])
    right = decode(model, [0], [5], [21]).clone()
    assert not torch.allclose(right, decode(model, [0], [5], [22]), atol=1e-3)


def test_a_second_thread_is_an_error(model: ForSampling) -> None:
    read(model, 0, PROMPTS[0])
    errors: list[str] = []

    def run() -> None:
        try:
            read(model, 0, PROMPTS[0])
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert errors == ["two threads share the buffers of one model"]


def test_it_computes_nothing_before_it_is_on_the_device(checkpoint_dir: Path) -> None:
    with pytest.raises(RuntimeError, match="to_neuron"):
        read(build(checkpoint_dir), 0, [1, 2])


def test_without_a_word_on_context_lengths_half_of_the_window_is_lost(checkpoint_dir: Path) -> None:
    model = build(checkpoint_dir, context_length_estimate=None)
    model.to_neuron()
    with pytest.raises(AssertionError, match="151 <= 150"):
        read(model, 0, [5] * 151)


@pytest.mark.parametrize(
    "change",
    [{"batch_size": 3}, {"batch_size": None}, {"context_length_estimate": [301]}, {"amp": "bfloat16"}],
)
def test_contradictions_are_refused(change: dict[str, Any], checkpoint_dir: Path) -> None:
    with pytest.raises(AssertionError):
        build(checkpoint_dir, **change)


def test_unknown_words_are_refused_by_the_configurations_and_ignored_by_the_model(checkpoint_dir: Path) -> None:
    with pytest.raises(AssertionError):
        NeuronConfig(fuse_kqv=True)
    with pytest.raises(AssertionError):
        ContinuousBatchingConfig(batch_size_for_shared_caches=4, slots=4)
    with pytest.raises(KeyError):
        ContinuousBatchingConfig()
    with pytest.raises(ValueError, match="shard-over-everything"):
        NeuronConfig(group_query_attention="shard-over-everything")
    assert build(checkpoint_dir, context_lengths=[300]).ignored == {"context_lengths": [300]}


def test_heads_that_cannot_be_divided_are_only_warned_of(checkpoint_dir: Path) -> None:
    with pytest.warns(UserWarning, match="replication"):
        build(checkpoint_dir, tp_degree=8).to_neuron()


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="MistralForSampling for a llama"):
        build(write_checkpoint(tmp_path, model_type="llama"))


def test_graphs_of_other_arguments_are_not_found(checkpoint_dir: Path, tmp_path: Path) -> None:
    model = build(checkpoint_dir)
    with pytest.raises(AssertionError, match="not been compiled"):
        model.save(str(tmp_path))
    model.cpu_compile()
    model.save(str(tmp_path))
    for buckets, is_found in [([128, 200], True), ([128, 256], False)]:
        other = build(checkpoint_dir, context_length_estimate=buckets)
        other.load(str(tmp_path))
        if is_found:
            other.to_neuron()
            assert other.compilations == 0
        else:
            with pytest.raises(FileNotFoundError, match="NEFF"):
                other.to_neuron()
