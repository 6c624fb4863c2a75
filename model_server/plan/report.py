"""An estimate as text: a table of memory, the graphs, the bound on speed, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator

from model_server.executors.neuron_shape import CORE_MEMORY_BYTES
from model_server.plan.estimate import GRAPHS_ASSUMED_BYTES, SYSTEM_ASSUMED_BYTES, Estimate
from model_server.plan.instances import CORE_BANDWIDTH_BYTES_PER_SECOND, GIB


def render(estimate: Estimate, model: str) -> str:
    """Return the whole report, ending with a verdict and, where it does not fit, with what to change."""
    return "\n".join(
        [*_title(estimate, model), *_memory(estimate), *_graphs(estimate), *_speed(estimate), *_verdict(estimate)]
    )


def _title(estimate: Estimate, model: str) -> Iterator[str]:
    shape = estimate.shape
    what = f"{shape.slots} slots of {shape.maximum_length} tokens, tensor parallel over {shape.cores}"
    yield f"{model} on {estimate.instance.name}: {what}"


def _memory(estimate: Estimate) -> Iterator[str]:
    shape = estimate.shape
    cache = (
        f"cache: {shape.slots} x {shape.maximum_length} tokens x {estimate.token_bytes / 1024:g} KiB / {shape.cores}"
    )
    yield "\nEach core                                               GiB"
    yield _row(f"weights: bfloat16, divided by {shape.cores}, without embeddings", estimate.core_weights_bytes)
    yield _row(cache, estimate.core_cache_bytes)
    yield _row(
        f"{estimate.graphs} graphs, activations, runtime", GRAPHS_ASSUMED_BYTES, "assumed: no figure is published"
    )
    yield _row("needed", estimate.core_bytes)
    yield _row("there is", CORE_MEMORY_BYTES)
    yield "\nHost"
    yield _row("weights: whole, while they are loaded", estimate.host_weights_bytes)
    yield _row("system, Kubernetes, Ray, Python", SYSTEM_ASSUMED_BYTES, "assumed; compiling needs more")
    yield _row("needed", estimate.host_bytes)
    yield _row("there is", estimate.instance.host_bytes)
    yield "\nVolume"
    yield _row("weights", estimate.host_weights_bytes, "the graphs come on top: no figure is published")


def _graphs(estimate: Estimate) -> Iterator[str]:
    yield "\nGraphs, by tokens"
    yield f"  prompts: {', '.join(map(str, estimate.shape.prompt_buckets))}"
    yield f"  decodes: {', '.join(map(str, estimate.shape.decode_buckets))}"


def _speed(estimate: Estimate) -> Iterator[str]:
    bandwidth = CORE_BANDWIDTH_BYTES_PER_SECOND // GIB
    buckets = estimate.shape.decode_buckets
    yield "\nDecoding: a lower bound from reading weights and caches once a step; never measured, real steps are slower"
    yield f"  (memory bandwidth as published: {bandwidth} GiB/s a core, half of a chip's {2 * bandwidth})"
    for bucket in buckets[:1] if len(buckets) == 1 else [buckets[0], buckets[-1]]:
        seconds = estimate.step_seconds_at_least(bucket)
        speed = f"at most {1 / seconds:.0f} tokens/s a chat, {estimate.shape.slots / seconds:.0f} together"
        yield f"  chats up to {bucket} tokens: at least {seconds * 1000:.1f} ms a step, {speed}"


def _verdict(estimate: Estimate) -> Iterator[str]:
    problems = estimate.problems()
    if not problems:
        yield "\nIt fits."
        return
    yield "\nIt does not fit."
    for problem in problems:
        yield f"  {problem}"
    remedies = estimate.remedies()
    yield (
        f"Change one: {', or '.join(remedies)}."
        if remedies
        else "No Inf2 instance holds this: lower --slots and --length."
    )


def _row(text: str, count_bytes: int, note: str = "") -> str:
    return f"  {text:<50}{count_bytes / GIB:>7.2f}  {note}".rstrip()
