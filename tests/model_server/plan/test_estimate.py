"""The arithmetic, against figures that others published or that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model_server.executors.neuron_shape import NeuronShape
from model_server.plan.command_line import MISTRAL
from model_server.plan.estimate import GRAPHS_ASSUMED_BYTES, Estimate
from model_server.plan.instances import GIB, INSTANCES
from model_server.weights import describe_checkpoint


def estimate(instance: str = "inf2.8xlarge", slots: int = 4, length: int = 4096, cores: int = 2) -> Estimate:
    return Estimate(describe_checkpoint(MISTRAL), INSTANCES[instance], NeuronShape(slots, length, cores))


def test_mistral_has_its_published_size() -> None:
    plan = estimate()
    assert plan.checkpoint.parameter_count == 7_241_732_096
    assert plan.host_weights_bytes == 14_483_464_192
    assert plan.token_bytes == 128 * 1024


@pytest.mark.parametrize(("slots", "gib"), [(4, 1), (8, 2)])
def test_the_cache_is_shared_by_the_cores(slots: int, gib: int) -> None:
    assert estimate(slots=slots).core_cache_bytes == gib * GIB
    assert estimate(slots=slots, cores=4).core_cache_bytes == gib * GIB // 2


def test_weights_are_divided_and_embeddings_stay_on_the_host() -> None:
    plan = estimate()
    assert plan.core_weights_bytes == (7_241_732_096 - 32_000 * 4096) * 2 // 2
    assert plan.core_bytes == plan.core_weights_bytes + plan.core_cache_bytes + GRAPHS_ASSUMED_BYTES


def test_the_least_instance_is_an_8xlarge() -> None:
    assert estimate("inf2.8xlarge").problems() == []
    (problem,) = estimate("inf2.xlarge").problems()
    assert problem.startswith("The host needs 17.49 GiB, and has 16.00.")
    assert estimate("inf2.xlarge").remedies() == ["--instance inf2.8xlarge --cores 2"]


def test_a_step_is_no_faster_than_memory() -> None:
    plan = estimate()
    assert plan.step_seconds_at_least(512) == pytest.approx((plan.core_weights_bytes + GIB / 8) / (410 * GIB))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"slots": 8, "length": 32_768}, "Each core needs 24.62 GiB, and has 16.00."),
        ({"cores": 4}, "--cores is 4, but inf2.8xlarge has 2."),
        ({"length": 40_000, "slots": 1}, "--length is 40000, but this model was made for at most 32768 tokens."),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, int], problem: str) -> None:
    assert estimate(**changes).problems() == [problem]  # type: ignore[arg-type]  # all are numbers


def test_every_remedy_helps_and_the_next_larger_does_not() -> None:
    plan = estimate(slots=8, length=32_768)
    assert plan.remedies() == ["--slots 3", "--length 15104", "--instance inf2.24xlarge --cores 4"]
    assert estimate(slots=3, length=32_768).problems() == []
    assert estimate(slots=4, length=32_768).problems() != []
    assert estimate(slots=8, length=15_104).problems() == []
    assert estimate(slots=8, length=15_104 + 128).problems() != []
    assert estimate("inf2.24xlarge", 8, 32_768, 4).problems() == []


def test_nothing_helps_a_model_that_no_instance_holds() -> None:
    huge = replace(MISTRAL, layers=4000)
    plan = replace(estimate(), checkpoint=describe_checkpoint(huge))
    assert plan.remedies() == []


def test_cores_that_do_not_divide_the_heads_are_refused() -> None:
    odd = replace(MISTRAL, heads=9, key_value_heads=3)
    plan = replace(estimate(), checkpoint=describe_checkpoint(odd))
    assert plan.problems() == ["--cores is 2, which does not divide the 3 key-value heads."]


def test_cores_follow_from_chips() -> None:
    assert [instance.cores for instance in INSTANCES.values()] == [2, 2, 12, 24]
